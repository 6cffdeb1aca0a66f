"""Difference-in-differences: panels in, effects out.

`panel` prepares, `core` holds what methods share, `methods` has one file or folder per estimator,
`results` is what a user gets, and `estimate` joins them. A new estimator is a module in `methods`
with its `Options`, `fit` and `METHOD`, and one line in the registry `methods/__init__.py`; an
option that is new also stands in the signature of `estimate_effects`.
"""
