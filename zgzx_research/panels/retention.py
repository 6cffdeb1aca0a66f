"""Staff at the end of the year, and how many of them are still there one and two years later."""

from __future__ import annotations

from pathlib import Path

import narwhals as nw
import numpy as np
import pandas as pd

from zgzx_research.engine import DUCKDB, Connection, Engine, connect
from zgzx_research.link.spells import join_spells

# A break of up to so many months between two spells with one firm is a missed contribution, not a
# departure: raw records have breaks of one to three months (design/raw-formats.md, C3).
LONGEST_BREAK = 3
# Where somebody may have stayed, and what identifies each place.
LEVELS = {"employer": ["firm_id"], "group": ["group_id"], "district": [], "city": []}
HORIZONS = (12, 24)  # months
SHARES = [f"retention_{months}_{level}" for months in HORIZONS for level in LEVELS]
COUNTS = [f"retained_{months}_{level}" for months in HORIZONS for level in LEVELS]
CHUNK = 250_000  # spells at a time; a chunk holds whole persons, and their counts add up
MEMORY = "350MB"


def count_staff(
    firm: pd.DataFrame,
    employment: pd.DataFrame | Path,
    *,
    years: range,
    longest_break: int = LONGEST_BREAK,
    engine: Engine = DUCKDB,
) -> pd.DataFrame:
    """Count staff and retained staff by firm and year.

    staff_start counts the persons insured at the firm in December of year-1; retained_12_* those of
    them who in December of the year, retained_24_* those who in December of the next, are insured
    at the same employer, with its legal group, at a firm of the district, anywhere in the city's
    records. A person with two employers counts at each.

    Parameters
    ----------
    firm : pandas.DataFrame
        firm_id, group_id, in_district (without them every firm is its own group and in the
        district).
    employment : pandas.DataFrame or Path
        worker_id (a letter and a number), firm_id (null = outside the registry), start_ym, end_ym;
        a Parquet file is read some persons at a time, so that any number of spells fits in memory.
    years : range
        Years of the panel.
    longest_break : int, default 3
        Months without insurance between two spells at one place that still count as insured.
    engine : Engine, optional
        What counts.

    Returns
    -------
    pandas.DataFrame
        firm_id, year, staff_start and COUNTS; a row per firm and year with any staff.
    """
    groups = pd.factorize(firm.get("group_id", firm["firm_id"]))[0]
    places = firm[["firm_id"]].assign(
        firm=range(len(firm)), group=groups, in_district=firm.get("in_district", True)
    )
    decembers = pd.DataFrame({"year": range(years.start - 1, years.stop + 1)})
    with connect(engine, memory=MEMORY) as tables:
        known, when = tables.lazy(places), tables.lazy(decembers)
        spells = _spells(tables.lazy(employment), known)
        total = np.zeros((len(firm), len(years), 1 + len(COUNTS)), dtype="int64")
        for part in tables.parts(spells, "worker_id", CHUNK):
            counts = _chunk_counts(tables, part, when, years.stop - 1, longest_break)
            total[counts["firm_id"], counts["year"] - years.start] += counts[
                ["staff_start", *COUNTS]
            ].to_numpy()
    at, year = np.nonzero(total[:, :, 0])
    staff = pd.DataFrame(total[at, year], columns=["staff_start", *COUNTS])
    staff.insert(0, "year", year + years.start)
    staff.insert(0, "firm_id", firm["firm_id"].to_numpy()[at])
    return staff.sort_values(["firm_id", "year"], ignore_index=True)


def last_month(employment: pd.DataFrame) -> int:
    """Return the last month (YYYYMM) of the export: the latest start or end in it."""
    latest = employment[["start_ym", "end_ym"]].max().max()
    return 0 if pd.isna(latest) else int(latest)


def add_retention(panel: pd.DataFrame, staff: pd.DataFrame, covered_to: int) -> pd.DataFrame:
    """Add staff_start, retained (Int64), retention and SHARES (NaN without staff) to the panel.

    The panel has firm_id, year, closed_year. `retention` is that of 12 months with the legal group,
    `retained` its count. Missing, never 0, in years after closure and where the export, which ends
    with the month `covered_to`, does not reach the December in question. In the year of closure
    leavers count as leavers.
    """
    panel = panel.merge(staff, on=["firm_id", "year"], how="left", validate="one_to_one")
    gone = panel["year"].gt(panel["closed_year"]).fillna(False).astype("bool")
    last_december = covered_to // 100 - (covered_to % 100 < 12)
    ahead = {"staff_start": -1} | {
        f"retained_{months}_{level}": months // 12 - 1 for months in HORIZONS for level in LEVELS
    }
    for column, years in ahead.items():
        known = (panel["year"] + years).le(last_december) & ~gone
        panel[column] = panel[column].astype("Int64").fillna(0).where(known)
    staffed = panel["staff_start"].where(panel["staff_start"].gt(0))
    for share, count in zip(SHARES, COUNTS, strict=True):
        panel[share] = (panel[count] / staffed).to_numpy("float64", na_value=float("nan"))
    return panel.assign(
        retained=panel["retained_12_group"], retention=panel["retention_12_group"]
    ).drop(columns=COUNTS)


def large_enough(panel: pd.DataFrame, min_staff: int) -> pd.DataFrame:
    """Return the firms with at least `min_staff` in their first year with a retention.

    Later sizes play no role.
    """
    first = panel.dropna(subset="retention").sort_values("year").drop_duplicates("firm_id")
    return panel[panel["firm_id"].isin(first.loc[first["staff_start"].ge(min_staff), "firm_id"])]


def level_spells(spells: nw.LazyFrame, level: str, longest_break: int) -> nw.LazyFrame:
    """Spells at one of LEVELS, short breaks bridged.

    Columns worker_id, those of the level, start, end; the spells of one person at one place do not
    overlap. Spells have worker_id, firm_id, group_id, in_district, start, end.
    """
    if level == "district":
        spells = spells.filter(nw.col("in_district"))
    elif level != "city":
        spells = spells.filter(~nw.col("firm_id").is_null())
    return join_spells(spells, ["worker_id", *LEVELS[level]], longest_break)


def _month(column: str) -> nw.Expr:
    """Months since January of year 0."""
    return nw.col(column) // 100 * 12 + nw.col(column) % 100 - 1


def _spells(source: nw.LazyFrame, places: nw.LazyFrame) -> nw.LazyFrame:
    """Spells with their places.

    All identifiers are numbers, which sort faster.
    """
    number = nw.col("worker_id").str.slice(1).cast(nw.Int64)
    spells = source.select(
        "firm_id", worker_id=number, start=_month("start_ym"), end=_month("end_ym")
    )
    return spells.join(places, on="firm_id", how="left").select(
        "worker_id",
        "start",
        "end",
        firm_id=nw.col("firm"),
        group_id=nw.col("group"),
        in_district=nw.col("in_district").fill_null(False),
    )


def _chunk_counts(
    tables: Connection,
    spells: nw.LazyFrame,
    decembers: nw.LazyFrame,
    last_year: int,
    longest_break: int,
) -> pd.DataFrame:
    """Count by firm and year; staff is counted in the December before the year."""
    chunk = tables.kept(spells, "spells")
    there = {
        level: _insured(level_spells(chunk, level, longest_break), decembers, level)
        for level in LEVELS
    }
    base = there["employer"].join(chunk.select("firm_id", "group_id").unique(), on="firm_id")
    for level in list(LEVELS)[1:]:
        base = base.join(there[level], on=["worker_id", *LEVELS[level], "year"], how="left")
    base = base.with_columns(year=nw.col("year") + 1).filter(nw.col("year") <= last_year)
    counts = base.group_by("firm_id", "year").agg(
        staff_start=nw.len(), **{name: nw.col(name).sum() for name in COUNTS}
    )
    whole = counts.with_columns(nw.col("staff_start", *COUNTS).fill_null(0).cast(nw.Int32))
    return tables.collect(whole, by=["firm_id", "year"])


def _insured(spells: nw.LazyFrame, decembers: nw.LazyFrame, level: str) -> nw.LazyFrame:
    """Make a row per person, place and December with insurance there, with both next years."""
    december, year = nw.col("year") * 12 + 11, nw.col("year")
    covering = spells.join(decembers, how="cross").filter(
        nw.col("start") <= december, nw.col("end") >= december
    )
    same, order = ["worker_id", *LEVELS[level]], {"order_by": ["year"]}
    ahead = covering.with_columns(
        first=year.shift(-1).over(*same, **order), second=year.shift(-2).over(*same, **order)
    )
    stays = {
        12: nw.col("first") == year + 1,
        24: (nw.col("first") == year + 2) | (nw.col("second") == year + 2),
    }
    flags = {
        f"retained_{months}_{level}": stay.fill_null(False).cast(nw.Int64)
        for months, stay in stays.items()
    }
    return ahead.with_columns(**flags).select(*same, "year", *flags)
