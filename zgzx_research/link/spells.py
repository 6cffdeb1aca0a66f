"""Unbroken spells out of months and overlapping spells: steps that know no table of the house."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
import numpy as np
import pandas as pd


def join_spells(spans: nw.LazyFrame, same: Sequence[str], gap: int) -> nw.LazyFrame:
    """Maximal spells of those who are alike in `same`.

    Columns `same`, start, end (months as numbers, both included).

    Spells that overlap, touch or lie at most `gap` months apart become one.
    """
    order = {"order_by": ["start", "end"]}
    return (
        spans.with_columns(reach=nw.col("end").cum_max().over(*same, **order))
        .with_columns(before=nw.col("reach").shift(1).over(*same, **order))
        .with_columns(
            opens=(nw.col("start") > nw.col("before") + gap + 1).fill_null(True).cast(nw.Int64)
        )
        .with_columns(island=nw.col("opens").cum_sum().over(*same, **order))
        .group_by(*same, "island")
        .agg(start=nw.col("start").min(), end=nw.col("end").max())
        .select(*same, "start", "end")
    )


def paid_months(key: np.ndarray, paid: np.ndarray, refund: np.ndarray) -> np.ndarray:
    """The keys (a number per worker, employer and month) that stay insured, sorted.

    A key may stand more than once.

    A refund takes its month away unless the month was paid again after it.

    Parameters
    ----------
    key, paid, refund : (lines,) what each line pays or refunds, the month of the payment, whether
        it is a refund.
    """
    refunded = pd.Series(paid[refund]).groupby(key[refund]).max()
    again = ~refund & pd.Series(key).isin(refunded.index).to_numpy()
    repaid = pd.Series(paid[again]).groupby(key[again]).max().reindex(refunded.index)
    gone = refunded.index[~repaid.gt(refunded)]
    left = pd.Series(key[~refund])
    return np.sort(left[~left.isin(gone)].to_numpy())


def runs(number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last of each unbroken run of sorted numbers, which may repeat."""
    if not len(number):
        return number, number
    breaks = np.flatnonzero(np.diff(number) > 1)
    return number[np.r_[0, breaks + 1]], number[np.r_[breaks, len(number) - 1]]


def resolve_transfers(spells: nw.LazyFrame) -> nw.LazyFrame:
    """Take the last month from a spell where a longer one of the same worker begins in it."""
    longer = spells.filter(nw.col("end") > nw.col("start"))
    begins = longer.select("worker", end=nw.col("start")).unique().with_columns(taken=nw.lit(1))
    shared = nw.col("taken").fill_null(0) * (nw.col("start") < nw.col("end")).cast(nw.Int64)
    return (
        spells.join(begins, on=["worker", "end"], how="left")
        .with_columns(end=nw.col("end") - shared)
        .drop("taken")
    )
