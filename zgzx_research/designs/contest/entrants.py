"""The entrants of every edition: who won, with which probability, and what each weighs.

An award is drawn among the entries of a contest (one category of one edition). With N entries, W
of them winning, and n entries of one firm, the firm wins nothing with probability
q = C(N - n, W) / C(N, W); over the contests of an edition the q multiply. An entrant that did not
win stands for (1 - q) / q winners like itself: with these odds weights the others have the same
expected past as the winners. A firm that wins a later edition within the window is no comparison;
those that entered it and did not win stand for it, with 1 / q of that edition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import gammaln

from zgzx_research.errors import ZgzxError

ENTRY_COLUMNS = (
    "edition",
    "year",
    "firm_id",
    "category",
    "n_entries",
    "n_winners",
    "contest_entries",
    "contest_winners",
)
# Weight of a firm: 1 / (LEVEL_FLOOR + OWN_SHARE × its patents of all kinds a year before).
# The variance of a count grows with its level and beyond, so the weight falls with it.
LEVEL_FLOOR = 3.0  # patents a year; designs.md B.1: 1, 3 and 6 give nearly the same spread
OWN_SHARE = 0.35  # share of inventions among all patents (world.toml, patents.type_share)


@dataclass(frozen=True, slots=True)
class Entrants:
    """Firms in editions, a row for each.

    Attributes
    ----------
    firm : (rows,) object
        The firm of each row; a firm may have a row in several editions.
    edition : (rows,) int
        Codes from 0.
    won : (rows,) bool
        Whether it won its first award in this edition.
    weight : (rows,) float
        Firm weight, times the odds weight of those that did not win.
    base : (rows,) float
        Mean outcome of the base years.
    outcome : (rows, events) float
        Outcome by year since the edition, missing where it is not known.
    events : (events,) int
        Years since the edition.
    ledger : pandas.DataFrame
        reason, rows: what was left out.
    """

    firm: np.ndarray
    edition: np.ndarray
    won: np.ndarray
    weight: np.ndarray
    base: np.ndarray
    outcome: np.ndarray
    events: np.ndarray
    ledger: pd.DataFrame


def chances(firm_entries: pd.DataFrame) -> pd.DataFrame:
    """Compute by edition and firm the probability of no award, and whether it won.

    Parameters
    ----------
    firm_entries : pandas.DataFrame
        A row per firm and contest, with `ENTRY_COLUMNS`.

    Returns
    -------
    pandas.DataFrame
        edition, year, firm_id, log_lose (logarithm of the probability of no award), won.

    Raises
    ------
    ZgzxError
        A missing column, or counts that cannot be.

    Examples
    --------
    A firm with two of four entries, of which one wins, loses with probability C(2, 1) / C(4, 1):

    >>> row = {"edition": 1, "year": 2012, "firm_id": "F1", "category": "team", "n_entries": 2}
    >>> row |= {"n_winners": 0, "contest_entries": 4, "contest_winners": 1}
    >>> float(np.exp(chances(pd.DataFrame([row]))["log_lose"][0]).round(12))
    0.5
    """
    n, winners, total, awards = _counts(firm_entries)
    losers = total - awards
    possible = losers >= n
    log_lose = np.full(len(n), -np.inf)
    log_lose[possible] = (
        _log_factorial(losers)
        - _log_factorial(np.where(possible, losers - n, 0))
        + _log_factorial(total - n)
        - _log_factorial(total)
    )[possible]
    keys = ["edition", "year", "firm_id"]
    rows = firm_entries[keys].assign(log_lose=log_lose, won=winners)
    rows = rows.dropna(subset="firm_id").astype({"year": int, "firm_id": object})
    table = rows.groupby(keys, as_index=False)[["log_lose", "won"]].sum()
    return table.assign(won=table["won"] > 0)


def stack_entrants(
    firm_year: pd.DataFrame,
    firm_entries: pd.DataFrame,
    *,
    outcome: str,
    weights: str,
    window: tuple[int, int],
    base: int,
    first_event: int,
) -> Entrants:
    """Put the entrants of all editions below each other.

    Parameters
    ----------
    firm_year, firm_entries : pandas.DataFrame
        See `contest_effects`.
    outcome, weights : str
        See `contest_effects`.
    window : (int, int)
        First and last year of the effect; an edition needs its last year in the panel.
    base : int
        Last year of the base.
    first_event : int
        First year that is shown.

    Returns
    -------
    Entrants
        Arrays by firm and edition.

    Raises
    ------
    ZgzxError
        A missing column, a firm and year twice, or no edition with winners and others.
    """
    needed = {outcome, "first_award"} | _weight_columns(weights)
    firms, years = _check_panel(firm_year, sorted(needed))
    rows, ledger = _eligible(firm_year, chances(firm_entries), firms, window[1], int(years[-1]))

    edition_year = rows["year"].to_numpy(int)
    place = firms.get_indexer(rows["firm_id"])
    tables = _YearTables(firm_year, firms, years, place, edition_year)
    earliest = int(years[0] - edition_year.max(initial=int(years[0])))
    before = np.arange(min(earliest, base), base + 1)
    base_values = tables.read(outcome, before)
    firm_weight = _firm_weights(tables, weights, before)
    seen = ~np.isnan(base_values).all(axis=1) & (firm_weight > 0)
    ledger.append(("no base year, or no weight", int((~seen).sum())))
    _check_sides(rows["won"].to_numpy()[seen])

    odds = np.expm1(-rows["log_lose"]) * np.exp(-rows["log_lose_later"])
    weight = firm_weight * np.where(rows["won"], 1.0, odds)
    events = np.arange(first_event, window[1] + 1)
    return Entrants(
        firm=rows["firm_id"].to_numpy()[seen],
        edition=pd.factorize(rows["edition"])[0][seen],
        won=rows["won"].to_numpy()[seen],
        weight=weight[seen],
        base=np.nanmean(base_values[seen], axis=1),
        outcome=tables.read(outcome, events)[seen],
        events=events,
        ledger=pd.DataFrame(ledger, columns=["reason", "rows"]),
    )


def _eligible(
    firm_year: pd.DataFrame, chance: pd.DataFrame, firms: pd.Index, last: int, end: int
) -> tuple[pd.DataFrame, list[tuple[str, int]]]:
    """Keep winners at their first award, and entrants without any award until the window ends."""
    first = firm_year.groupby("firm_id")["first_award"].first()
    known = pd.Series(first.to_numpy(float, na_value=np.nan), index=first.index)
    rows = chance.assign(first=chance["firm_id"].map(known))
    rows = rows.merge(_lose_later(chance, last), on=["edition", "firm_id"])
    never = rows["first"].isna() | (rows["first"] > rows["year"] + last)

    reasons = {
        "edition whose window is not over": rows["year"] + last > end,
        "firm not in the panel": ~rows["firm_id"].isin(firms),
        "won before": rows["first"] < rows["year"],
        "won later within the window": ~rows["won"] & ~never & (rows["first"] > rows["year"]),
        "award in one of the two tables only": rows["won"] != rows["first"].eq(rows["year"]),
        "award certain by the lists, but none": ~rows["won"]
        & np.isinf(rows["log_lose"] + rows["log_lose_later"]),
    }
    keep, ledger = pd.Series(True, index=rows.index), []
    for reason, gone in reasons.items():
        ledger.append((reason, int((keep & gone).sum())))
        keep &= ~gone
    return rows[keep].reset_index(drop=True), ledger


def _lose_later(chance: pd.DataFrame, last: int) -> pd.DataFrame:
    """Sum log_lose over the firm's later editions until `last` years after each edition."""
    pairs = chance.merge(chance, on="firm_id", suffixes=("", "_later"))
    gap = pairs["year_later"] - pairs["year"]
    inside = pairs["log_lose_later"].where((gap > 0) & (gap <= last), 0.0)
    pairs = pairs.assign(log_lose_later=inside)
    return pairs.groupby(["edition", "firm_id"], as_index=False)["log_lose_later"].sum()


@dataclass(frozen=True, slots=True)
class _YearTables:
    """Columns of the panel, read at years since an edition.

    Attributes
    ----------
    panel : pandas.DataFrame
        The panel of firms.
    firms : pandas.Index
        The firms.
    years : (years,) int
        First to last year.
    place : (rows,) int
        The firm of each row, as a position in `firms`.
    edition_year : (rows,) int
        The year of the edition of each row.
    """

    panel: pd.DataFrame
    firms: pd.Index
    years: np.ndarray
    place: np.ndarray
    edition_year: np.ndarray

    def read(self, name: str, events: np.ndarray) -> np.ndarray:
        """(rows, events) values of a column, missing outside the panel."""
        first, count = self.years[0], int(self.years[-1] - self.years[0]) + 1
        grid = np.full((len(self.firms), count), np.nan)
        firm = self.firms.get_indexer(self.panel["firm_id"])
        values = self.panel[name].to_numpy(float, na_value=np.nan)
        grid[firm, self.panel["year"].to_numpy(int) - first] = values

        at = self.edition_year[:, None] + events - first
        inside = (at >= 0) & (at < count)
        return np.where(inside, grid[self.place[:, None], np.where(inside, at, 0)], np.nan)


def _firm_weights(tables: _YearTables, weights: str, before: np.ndarray) -> np.ndarray:
    """(rows,) weight of each firm, from the years of the base only; 0 where it is not known."""
    if weights == "one":
        return np.ones(len(tables.place))
    values = tables.read("patents_all" if weights == "level" else weights, before)
    known = ~np.isnan(values)
    mean = np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    weight = 1 / (LEVEL_FLOOR + OWN_SHARE * mean) if weights == "level" else mean
    return np.where(known.any(axis=1), weight, 0.0)


def _weight_columns(weights: str) -> set[str]:
    if weights == "one":
        return set()
    return {"patents_all" if weights == "level" else weights}


def _check_panel(firm_year: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.Index, np.ndarray]:
    """Return the firms and the years; refuse missing columns and a firm and year twice."""
    missing = [name for name in ("firm_id", "year", *columns) if name not in firm_year]
    if missing:
        raise ZgzxError(
            "a column is missing",
            where="firm_year",
            count=len(missing),
            examples=missing,
            remedy="Pass the panel of firms, and name columns that it has.",
        )
    twice = firm_year.duplicated(["firm_id", "year"])
    if twice.any():
        raise ZgzxError(
            "a firm and year stand twice",
            where="firm_year",
            count=int(twice.sum()),
            examples=firm_year.loc[twice, "firm_id"].unique(),
            remedy="Keep one row per firm and year.",
        )
    return pd.Index(firm_year["firm_id"].unique()), np.sort(firm_year["year"].unique())


def _counts(firm_entries: pd.DataFrame) -> tuple[np.ndarray, ...]:
    """Entries and winners of each row, and of its whole contest, checked."""
    missing = [name for name in ENTRY_COLUMNS if name not in firm_entries]
    if missing:
        raise ZgzxError(
            "a column is missing",
            where="firm_entries",
            count=len(missing),
            examples=missing,
            remedy="Pass a row per firm and contest with its entries, winners and their totals.",
        )
    n, winners, total, awards = (
        firm_entries[name].to_numpy(float, na_value=np.nan) for name in ENTRY_COLUMNS[4:]
    )
    right = (n >= 1) & (n <= total) & (awards <= total)
    bad = ~(right & (winners >= 0) & (winners <= n) & (winners <= awards))
    if bad.any():
        raise ZgzxError(
            "more winners than entries, or more of a firm than of the whole contest",
            where="firm_entries",
            count=int(bad.sum()),
            examples=firm_entries.loc[bad, "firm_id"],
            remedy="Count entries and winning entries of the firm and of the contest again.",
        )
    return n, winners, total, awards


def _check_sides(won: np.ndarray) -> None:
    if not won.any() or won.all():
        raise ZgzxError(
            "there are no winners" if not won.any() else "nobody entered without winning",
            where="contest_effects",
            remedy="See that firm_entries lists all entrants, and that the window ends within the "
            "years of the panel.",
        )


def _log_factorial(number: np.ndarray) -> np.ndarray:
    return np.asarray(gammaln(number + 1))
