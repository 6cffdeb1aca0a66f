"""Sensitivity of event studies to violations of parallel trends (Rambachan & Roth 2023).

`honest_bounds.py` is the public function and `result.py` what it gives back. It works on an
`event_path.py`, made from our own event studies (`our_events.py`) or from the numbers of any
package (`raw_estimates.py`). `restrictions.py` says what is assumed about trends,
`confidence_set.py` and `fixed_length.py` compute the two kinds of intervals, and `hull.py` searches
for ends.
"""
