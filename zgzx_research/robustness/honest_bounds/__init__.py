"""Sensitivity of event studies to violations of parallel trends (Rambachan & Roth 2023).

`honest_bounds.py` is the public function, `event_path.py` the estimates it works on (ours or any
other's), `restrictions.py` what may be assumed about the trends, `confidence_set.py` and
`fixed_length.py` the two kinds of intervals.
"""
