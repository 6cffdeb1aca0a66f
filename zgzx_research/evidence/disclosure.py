"""What may be shown: nothing that rests on fewer firms, or on fewer persons, than the thresholds."""

from __future__ import annotations

import pandas as pd

MIN_FIRMS = 3  # firms; no Chinese statutory threshold was found, so the common statistical-office rule of three
MIN_RECORDS = 10  # lines about persons; winners are publicly named, so the few of a small count could be told apart


def enough_firms(frame: pd.DataFrame, minimum: int = MIN_FIRMS) -> pd.DataFrame:
    """Rows of an effects frame with at least `minimum` treated and comparison units behind them."""
    return frame[(frame["n_treated"] >= minimum) & (frame["n_comparison"] >= minimum)].reset_index(drop=True)


def blank_few(frame: pd.DataFrame, minimum: int = MIN_FIRMS) -> pd.DataFrame:
    """An effects frame whose rows with fewer units than `minimum` tell nothing: neither estimate nor interval."""
    few = (frame["n_treated"] < minimum) | (frame["n_comparison"] < minimum)
    numbers = [name for name in frame.columns if frame[name].dtype == float]
    return frame.assign(**{name: frame[name].mask(few) for name in numbers})


def blank_small_counts(frame: pd.DataFrame, counts: list[str], minimum: int = MIN_RECORDS) -> pd.DataFrame:
    """A frame whose counts below `minimum` are missing, and with a count every share (`…_share`) of its row."""
    small = frame[counts].lt(minimum)
    told = {name: frame[name].astype("Int64").mask(small[name]) for name in counts}
    shares = [name for name in frame.columns if name.endswith("_share")]
    return frame.assign(**told, **{name: frame[name].mask(small.any(axis=1)) for name in shares})
