"""Unbroken spells out of months and overlapping spells: steps that know no table of the house."""

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
    """The months that stay insured, as pair, month; a month may stand more than once.

    A refund takes its month away unless the month was paid again after it.

    lines : pair (a number per worker and employer), month (that is paid for or refunded), paid (the
    month of the payment), refund.
    """
    same = ["pair", "month"]
    refunds = lines.filter(nw.col("refund")).group_by(*same).agg(refunded=nw.col("paid").max())
    payments = lines.filter(~nw.col("refund")).join(refunds, on=same, how="left")
    later = nw.col("paid") > nw.col("refunded")
    return payments.filter(later | nw.col("refunded").is_null()).select(*same)


def runs(months: nw.LazyFrame) -> nw.LazyFrame:
    """First and last month of each unbroken run of months of a pair, as pair, start, end.

    The months of a run and their ranks rise together.
    """
    rank = nw.col("month").rank("dense").over("pair")
    return (
        months.with_columns(island=nw.col("month") - rank)
        .group_by("pair", "island")
        .agg(start=nw.col("month").min(), end=nw.col("month").max())
        .select("pair", "start", "end")
    )


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
