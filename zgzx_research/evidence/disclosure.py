"""What may be shown: nothing that rests on fewer firms than the threshold."""

from __future__ import annotations

import pandas as pd

MIN_FIRMS = 3  # firms; no Chinese statutory threshold was found, so the common statistical-office rule of three


def enough_firms(frame: pd.DataFrame, minimum: int = MIN_FIRMS) -> pd.DataFrame:
    """Rows of an effects frame with at least `minimum` treated and comparison units behind them."""
    return frame[(frame["n_treated"] >= minimum) & (frame["n_comparison"] >= minimum)].reset_index(drop=True)


def blank_few(frame: pd.DataFrame, minimum: int = MIN_FIRMS) -> pd.DataFrame:
    """An effects frame whose rows with fewer units than `minimum` tell nothing: neither estimate nor interval."""
    few = (frame["n_treated"] < minimum) | (frame["n_comparison"] < minimum)
    numbers = [name for name in frame.columns if frame[name].dtype == float]
    return frame.assign(**{name: frame[name].mask(few) for name in numbers})
