"""A synthetic world with known truth, as the raw files agencies deliver.

It sees no estimator and no cleaning.
"""
