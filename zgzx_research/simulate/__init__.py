"""A synthetic world whose truth is known, as the raw files that agencies deliver.

`world` is the model: what truly happens. `files` is how offices write it down. `write` writes both
to a folder. Nothing here knows an estimator or the cleaning code.
"""
