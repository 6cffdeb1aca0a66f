"""What awards cost, what one more outcome costs at a given effect, and the effect that breaks even.

All of it is arithmetic. What an invention or a stay is worth is a judgement and must be given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.designs.contest_sample import check_columns, check_numbers
from zgzx_research.errors import ZgzxError

COUNTS = ("winning_entries", "winners", "entrants")
PER = {"cost_per_entry": "winning_entries", "cost_per_winner": "winners"}


@dataclass(frozen=True, slots=True)
class AwardCosts:
    """Costs of the editions that have costs and winners.

    Attributes
    ----------
    by_edition : pandas.DataFrame
        edition, year, cost (yuan), winning_entries, winners (persons), entrants (entries; missing
        where no list names those who won nothing), and cost_per_entry, cost_per_winner,
        cost_per_entrant in yuan.
    total : pandas.Series
        The same columns over all these editions; `edition` is their number. cost_per_entrant is of
        the editions whose entrants are known.
    without_winners : float
        Yuan of editions without a winner in the rosters; not in `total`.
    """

    by_edition: pd.DataFrame
    total: pd.Series
    without_winners: float

    def to_frame(self) -> pd.DataFrame:
        """Return the editions."""
        return self.by_edition

    def of_years(self, first: int, last: int) -> tuple[float, int]:
        """Return the cost in yuan, and the number, of the editions of the years first to last."""
        chosen = self.by_edition[self.by_edition["year"].between(first, last)]
        return float(chosen["cost"].sum()), len(chosen)


def award_costs(cost: pd.DataFrame, contests: pd.DataFrame, roster: pd.DataFrame) -> AwardCosts:
    """Divide the costs of each edition by its winners and by its entrants.

    Parameters
    ----------
    cost : pandas.DataFrame
        The clean table: edition, amount_cny; a row per edition and item.
    contests : pandas.DataFrame
        The panel `firm_entries`: edition, year, category, contest_entries, contest_winners.
    roster : pandas.DataFrame
        The clean table: edition; a row per winner.

    Returns
    -------
    AwardCosts
        By edition and in total.

    Raises
    ------
    ZgzxError
        No costs, missing or negative ones, or no edition that has both costs and winners.

    Examples
    --------
    >>> cost = pd.DataFrame({"edition": [1, 1], "amount_cny": [300_000, 90_000]})
    >>> lists = pd.DataFrame({"edition": [1], "year": 2014, "category": "team",
    ...                       "contest_entries": 40, "contest_winners": 10})
    >>> found = award_costs(cost, lists, pd.DataFrame({"edition": [1] * 30}))
    >>> found.total[["cost_per_entry", "cost_per_winner", "cost_per_entrant"]].tolist()
    [39000.0, 13000.0, 9750.0]
    """
    where = "award_costs"
    _check_costs(cost, where)
    check_columns(contests, ["edition", "year", "category", "contest_entries"], where)
    check_columns(contests, ["contest_winners"], where)
    check_columns(roster, ["edition"], where)
    table = _counts(contests, roster)
    paid = cost.groupby("edition")["amount_cny"].sum().astype("float64").rename("cost")
    table = table.join(paid, how="inner").reset_index()
    if table.empty:
        raise ZgzxError(
            "no edition has both costs and winners",
            where=where,
            count=len(cost),
            remedy="Deliver the costs of the editions in the rosters, with their edition.",
        )
    known = table[table["entrants"].notna()]
    total = table[["cost", "winning_entries", "winners"]].sum()
    total = pd.concat([pd.Series({"edition": len(table)}), total]).astype("float64")
    total["entrants"] = float(known["entrants"].sum()) if len(known) else np.nan
    for name, count in PER.items():
        table[name] = table["cost"] / table[count]
        total[name] = total["cost"] / total[count]
    table["cost_per_entrant"] = table["cost"] / table["entrants"].astype("float64")
    total["cost_per_entrant"] = known["cost"].sum() / total["entrants"]
    return AwardCosts(table, total, float(paid.sum() - table["cost"].sum()))


def _check_costs(cost: pd.DataFrame, where: str) -> None:
    """Refuse costs that are absent, missing or negative."""
    check_columns(cost, ["edition", "amount_cny"], where)
    check_numbers(cost, ["amount_cny"], where)
    if cost.empty:
        raise ZgzxError(
            "there are no costs",
            where=where,
            remedy="Deliver the costs of each edition by item (folder programmes).",
        )
    wrong = cost["amount_cny"].isna() | cost["amount_cny"].lt(0)
    if wrong.any():
        raise ZgzxError("costs are missing or negative", where=where, count=int(wrong.sum()))


def _counts(contests: pd.DataFrame, roster: pd.DataFrame) -> pd.DataFrame:
    """year and COUNTS by edition; every count of a contest stands in the row of each of its firms.

    Where all entries are winners, no list names the others: the entrants are not known.
    """
    once = contests.drop_duplicates(["edition", "category"])
    found = once.groupby("edition").agg(
        year=("year", "first"),
        winning_entries=("contest_winners", "sum"),
        entrants=("contest_entries", "sum"),
    )
    found["winners"] = roster.groupby("edition").size()
    found = found[found["winning_entries"].gt(0) & found["winners"].gt(0)]
    others = found["entrants"].gt(found["winning_entries"])
    found["entrants"] = found["entrants"].astype("Int64").where(others)
    return found[["year", *COUNTS]].astype({"winners": "int64"})


@dataclass(frozen=True, slots=True)
class WinnersAfter:
    """What the winning firms had in the years after their first award.

    Attributes
    ----------
    column : str
        What is added up.
    window : (int, int)
        First and last year after the award.
    years : tuple of int
        Years of first awards whose window is over and known.
    firms : int
        Winning firms of these years.
    total : float
        The sum over these firms and years.
    by_firm : tuple of float
        What each firm contributes to it.
    """

    column: str
    window: tuple[int, int]
    years: tuple[int, ...]
    firms: int
    total: float
    by_firm: tuple[float, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row."""
        first, last = self.years[0], self.years[-1]
        row = {"column": self.column, "first_award": first, "last_award": last}
        return pd.DataFrame([row | {"firms": self.firms, "total": self.total}])


def winners_after(
    firm_year: pd.DataFrame, column: str, *, window: tuple[int, int] = (1, 3)
) -> WinnersAfter:
    """Add up a column over the winning firms and the years after their first award.

    Parameters
    ----------
    firm_year : pandas.DataFrame
        firm_id, year, first_award (year, missing = never) and the column: a count, missing where
        it is not known or not complete.
    column : str
        For example patents_invention.
    window : (int, int), default (1, 3)
        First and last year after the award.

    Returns
    -------
    WinnersAfter
        The sum, and which years of awards it is about: those whose window lies within the years in
        which the column is known.

    Raises
    ------
    ZgzxError
        No award whose window is known.

    Examples
    --------
    >>> rows = [("A", 2013, 2, 2012), ("A", 2014, 1, 2012), ("A", 2015, 4, 2012)]
    >>> rows += [("B", 2014, 9, None)]  # never awarded
    >>> table = pd.DataFrame(rows, columns=["firm_id", "year", "patents_invention", "first_award"])
    >>> found = winners_after(table, "patents_invention")
    >>> found.total
    7.0
    """
    where = "winners_after"
    check_columns(firm_year, ["firm_id", "year", "first_award", column], where)
    check_numbers(firm_year, [column], where)
    known = firm_year.dropna(subset=[column, "first_award"])
    event = known["year"] - known["first_award"]
    seen = firm_year.loc[firm_year[column].notna(), "year"]
    fits = known["first_award"].add(window[0]).ge(seen.min())
    fits &= known["first_award"].add(window[1]).le(seen.max())
    rows = known[(fits & event.between(*window)).astype("bool")]
    if rows.empty:
        raise ZgzxError(
            f"no winning firm is seen in years {window[0]} to {window[1]} after its award",
            where=where,
            remedy="Deliver later years, or shorten the window of the headline.",
        )
    years = tuple(sorted(int(year) for year in rows["first_award"].unique()))
    sums = rows.groupby("firm_id")[column].sum().astype("float64")
    return WinnersAfter(
        column, window, years, len(sums), float(rows[column].sum()), tuple(map(float, sums))
    )


def without_award(observed: float, effect: float) -> float:
    """Return what there would have been without the award: observed / (1 + effect).

    Parameters
    ----------
    observed : float
        What the winning firms had.
    effect : float
        Proportional effect of the award, .12 = 12 percent more. Missing or -1 and below: NaN.

    Examples
    --------
    >>> round(without_award(112, 0.12), 9)
    100.0
    """
    return observed / (1 + effect) if np.isfinite(effect) and effect > -1 else np.nan


def price_of_one_more(cost: float, baseline: float, effect: float) -> float:
    """Return the cost of one more: cost / (baseline · effect).

    Parameters
    ----------
    cost : float
        Yuan.
    baseline : float
        What there would have been without the award, or how many could stay.
    effect : float
        As a proportion of the baseline. Where nothing is added the price is NaN.

    Examples
    --------
    >>> price_of_one_more(1_000_000, 400, 0.05)  # 20 more
    50000.0
    """
    more = baseline * effect
    return cost / more if np.isfinite(more) and more > 0 else np.nan


def break_even(cost: float, baseline: float, amount: float) -> float:
    """Return the effect at which what is added is worth the cost: cost / (amount · baseline).

    Parameters
    ----------
    cost : float
        Yuan.
    baseline : float
        What there would have been without the award, or how many could stay.
    amount : float
        Yuan that one more is worth: a judgement.

    Examples
    --------
    >>> break_even(1_000_000, 400, 50_000)
    0.05
    """
    worth = amount * baseline
    return cost / worth if np.isfinite(worth) and worth > 0 else np.nan


def position(effect: float, low: float, high: float) -> str:
    """Say where an effect lies: "below", "inside" or "above" an interval; "" where it is unknown.

    Parameters
    ----------
    effect : float
        The effect, for instance that which breaks even.
    low, high : float
        Ends of the interval; an end that is infinite is open, one that is missing is not known.
    """
    if np.isnan([effect, low, high]).any():
        return ""
    return "below" if effect < low else "above" if effect > high else "inside"
