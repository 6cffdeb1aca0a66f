"""Staff at the end of the year, and how many of them are still there a year later."""

from __future__ import annotations

import narwhals as nw
import pandas as pd

from zgzx_research.engine import collect, connect, lazy
from zgzx_research.link.records import KEY

# A break of up to so many months between two spells with one firm is a missed contribution, not a departure: raw
# records have breaks of one to three months (design/raw-formats.md, C3).
LONGEST_BREAK = 3


def count_staff(
    firm: pd.DataFrame,
    spell: pd.DataFrame,
    spell_worker: pd.DataFrame,
    link_audit: pd.DataFrame,
    *,
    years: range,
    longest_break: int = LONGEST_BREAK,
) -> pd.DataFrame:
    """Staff and retained staff, a row per firm and year with any staff.

    staff_start counts the persons insured at the firm in December of year-1, retained those of them who are insured
    with its legal group in December of the year. A person with two employers counts at each. `firm.group_id` names the
    legal groups; without it every firm is its own. Spells without a firm or a worker stay out.
    """
    groups = firm[["firm_id"]].assign(group_id=firm.get("group_id", firm["firm_id"]))
    linked = link_audit.loc[link_audit["source"].eq("spell"), [*KEY, "firm_id"]].dropna(subset="firm_id")
    decembers = pd.DataFrame({"year": range(years.start - 1, years.stop)})
    with connect() as connection:
        spells = (
            lazy(connection, spell[[*KEY, "start_ym", "end_ym"]])
            .join(lazy(connection, spell_worker.dropna(subset="worker_id")), on=KEY)
            .join(lazy(connection, linked), on=KEY)
            .join(lazy(connection, groups), on="firm_id")
        )
        bridged = _bridged(spells, last_month(spell), longest_break)
        insured = _insured(bridged, lazy(connection, decembers))
        return collect(_counted(insured, years.stop - 1), by=["firm_id", "year"])


def last_month(spell: pd.DataFrame) -> int:
    """The last month (YYYYMM) the export covers: the latest start or end that stands in it."""
    latest = spell[["start_ym", "end_ym"]].max().max()
    return 0 if pd.isna(latest) else int(latest)


def add_retention(panel: pd.DataFrame, staff: pd.DataFrame, covered_to: int) -> pd.DataFrame:
    """The panel (firm_id, year, closed_year) with staff_start, retained (Int64) and retention (share, NaN if no staff).

    Missing, never 0, in years after closure and where the export, which ends with the month `covered_to`, does not
    reach the December in question. In the year of closure leavers count as leavers.
    """
    panel = panel.merge(staff, on=["firm_id", "year"], how="left", validate="one_to_one")
    gone = panel["year"].gt(panel["closed_year"]).fillna(False).astype("bool")
    last_december = covered_to // 100 - (covered_to % 100 < 12)
    for column, december in (("staff_start", panel["year"] - 1), ("retained", panel["year"])):
        known = december.le(last_december) & ~gone
        panel[column] = panel[column].astype("Int64").fillna(0).where(known)
    staffed = panel["staff_start"].where(panel["staff_start"].gt(0))
    panel["retention"] = (panel["retained"] / staffed).to_numpy("float64", na_value=float("nan"))
    return panel


def large_enough(panel: pd.DataFrame, min_staff: int) -> pd.DataFrame:
    """The firms with at least `min_staff` in their first year with a retention; later sizes play no role."""
    first = panel.dropna(subset="retention").sort_values("year").drop_duplicates("firm_id")
    return panel[panel["firm_id"].isin(first.loc[first["staff_start"].ge(min_staff), "firm_id"])]


def _month(column: str) -> nw.Expr:
    """Months since January of year 0."""
    return nw.col(column) // 100 * 12 + nw.col(column) % 100 - 1


def _bridged(spells: nw.LazyFrame, covered_to: int, longest_break: int) -> nw.LazyFrame:
    """Spells as firm_id, group_id, worker_id, start, end (months), reaching up to the next one over a short break."""
    order = {"order_by": ["start", "end"]}
    same = ("firm_id", "worker_id")
    until = nw.col("next_start") - 1
    return (
        spells.with_columns(end_ym=nw.col("end_ym").fill_null(covered_to))
        .select("firm_id", "group_id", "worker_id", start=_month("start_ym"), end=_month("end_ym"))
        .with_columns(
            # the furthest end so far: a short spell inside a long one opens no break
            reach=nw.col("end").cum_max().over(*same, **order),
            next_start=nw.col("start").shift(-1).over(*same, **order),
        )
        .with_columns(bridges=(until > nw.col("reach")) & (until - nw.col("reach") <= longest_break))
        .with_columns(end=nw.when(nw.col("bridges")).then(until).otherwise(nw.col("end")))
        .select("firm_id", "group_id", "worker_id", "start", "end")
    )


def _insured(spells: nw.LazyFrame, decembers: nw.LazyFrame) -> nw.LazyFrame:
    """The persons insured at each firm in each December: distinct firm_id, group_id, worker_id, year."""
    december = nw.col("year") * 12 + 11
    covering = spells.join(decembers, how="cross").filter(nw.col("start") <= december, nw.col("end") >= december)
    return covering.select("firm_id", "group_id", "worker_id", "year").unique()


def _counted(insured: nw.LazyFrame, last_year: int) -> nw.LazyFrame:
    """Counts by firm and year, the year being that after the December in which the staff is counted."""
    person = ["group_id", "worker_id", "year"]
    still = insured.select(person).unique().with_columns(stayed=nw.lit(1))
    return (
        insured.with_columns(year=nw.col("year") + 1)
        .filter(nw.col("year") <= last_year)
        .join(still, on=person, how="left")
        .with_columns(stayed=nw.col("stayed").fill_null(0))
        .group_by("firm_id", "year")
        .agg(staff_start=nw.len(), retained=nw.col("stayed").sum())
        .with_columns(nw.col("year", "staff_start", "retained").cast(nw.Int64))
    )
