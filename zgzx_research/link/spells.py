"""Unbroken spells out of months and overlapping spells.

The steps of the engine that know no table of the house.
"""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw


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


def paid_months(lines: nw.LazyFrame) -> nw.LazyFrame:
    """Distinct worker, employer, month that stay insured.

    `lines` holds worker, employer, month, paid (numbers), refund, pension (bool).
    """
    same = ("worker", "employer")
    decided = lines.with_columns(
        has_pension=nw.col("pension").cast(nw.Int64).max().over(*same)
    ).filter(nw.col("pension") | (nw.col("has_pension") == 0))
    last = decided.group_by(*same, "month").agg(
        paid=nw.when(~nw.col("refund")).then(nw.col("paid")).max(),
        refunded=nw.when(nw.col("refund")).then(nw.col("paid")).max(),
    )
    stays = nw.col("refunded").is_null() | (nw.col("paid") > nw.col("refunded"))
    return last.filter(~nw.col("paid").is_null(), stays).select(*same, "month")


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
