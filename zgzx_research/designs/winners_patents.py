"""Winners as inventors: their inventions after the final less before, against other finalists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.designs.contest_sample import (
    ContestSample,
    check_columns,
    contest_sample,
    refuse_too_few,
)
from zgzx_research.designs.stratified_contrast import Contrast, odds_weights, stratified_contrast
from zgzx_research.designs.winners_and_finalists import FEWEST_ENTRIES, FEWEST_FIRMS, LEVEL

EARLIER = ["inventions_m5", "inventions_m4"]
BEFORE = ["inventions_m3", "inventions_m2", "inventions_m1"]
AFTER = ["inventions_p1", "inventions_p2", "inventions_p3"]
WHY_NAIVE = (
    "inventions grow everywhere, and people enter after a good year of their own: before-after "
    "counts both as an effect"
)
WORDS = {
    "difference in differences": "inventions a year in years 1 to 3 less years -3 to -1, of "
    "winners less other finalists of the same edition and category",
    "before the final": "years -3 to -1 less years -5 and -4, of winners less finalists: no award "
    "can have moved it",
    "before and after": "years 1 to 3 less years -3 to -1 of winners alone: " + WHY_NAIVE,
}


@dataclass(frozen=True, slots=True)
class WinnersPatents:
    """Inventions of winners as persons.

    Attributes
    ----------
    estimates : dict of str to Contrast
        "difference in differences"; "before the final" where years -5 and -4 are known; and
        "before and after", the naive comparison.
    finalists_after : float
        Inventions a year of the other finalists in years 1 to 3, weighted like the comparison.
    left_out : pandas.DataFrame
        reason, rows.
    """

    estimates: dict[str, Contrast]
    finalists_after: float
    left_out: pd.DataFrame

    def to_frame(self, level: float = LEVEL) -> pd.DataFrame:
        """Return a row per estimate.

        Columns: estimate_of role (estimate, check, naive) estimate std_error ci_low ci_high
        detectable detectable_share (of the finalists' inventions) df rows firms meaning.
        """
        roles = dict(zip(WORDS, ("estimate", "check", "naive"), strict=True))
        rows = []
        for name, contrast in self.estimates.items():
            low, high = contrast.interval(level)
            smallest = contrast.detectable(level)
            share = smallest / self.finalists_after if self.finalists_after > 0 else np.inf
            rows.append(
                {
                    "estimate_of": name,
                    "role": roles[name],
                    "estimate": contrast.estimate,
                    "std_error": contrast.std_error,
                    "ci_low": low,
                    "ci_high": high,
                    "detectable": smallest,
                    "detectable_share": share,
                    "df": contrast.df,
                    "rows": contrast.rows,
                    "firms": contrast.clusters,
                    "meaning": WORDS[name],
                }
            )
        return pd.DataFrame(rows)


def winners_patents(table: pd.DataFrame, *, cluster: str = "firm_id") -> WinnersPatents:
    """Compare the change in a person's inventions between winners and other finalists.

    A person's first award counts: rows with earlier awards are left out where `earlier_awards` is
    there. Both arms entered on the same good year, so its passing is in both.

    Parameters
    ----------
    table : pandas.DataFrame
        The panel of persons: edition, category, arm, entry_id, the cluster, inventions_m3 to
        inventions_m1 and inventions_p1 to inventions_p3 (applications with the person as inventor,
        missing where a year is not complete); inventions_m5 and inventions_m4 for the check.
    cluster : str, default "firm_id"
        Errors are clustered by it.

    Returns
    -------
    WinnersPatents
        The estimate, the check before the final, and the naive comparison beside them.

    Raises
    ------
    ZgzxError
        One edition alone, fewer than 20 winning entries or 10 winning firms; a missing column.

    Examples
    --------
    >>> rows = [(e, n, n % 3 == 0) for e in (1, 2) for n in range(45)]
    >>> table = pd.DataFrame(rows, columns=["edition", "entry_id", "won"])
    >>> table["arm"] = table["won"].map({True: "winner", False: "finalist"})
    >>> table = table.assign(category="skill", firm_id=table["entry_id"])
    >>> table = table.assign(**{name: 1.0 for name in BEFORE + AFTER})
    >>> table["inventions_p3"] = 2.5 + 3 * table["won"]
    >>> found = winners_patents(table).to_frame()
    >>> found[["estimate_of", "role", "estimate"]].round(2)
                     estimate_of      role  estimate
    0  difference in differences  estimate       1.0
    1           before and after     naive       1.5
    """
    where = "winners_patents"
    check_columns(table, [*BEFORE, *AFTER], where)
    first = table
    if "earlier_awards" in table:
        first = table[table["earlier_awards"].fillna(0).eq(0)]
    sample = contest_sample(first, [*BEFORE, *AFTER], where=where, cluster=cluster)
    change = _change(sample.rows, AFTER, BEFORE)
    main = _contrast(sample, change)
    smallest = (
        f"They could tell a difference of {main.detectable():.3g} inventions a year from zero"
    )
    refuse_too_few(sample, where, entries=FEWEST_ENTRIES, firms=FEWEST_FIRMS, detectable=smallest)
    estimates = {"difference in differences": main}
    if set(EARLIER) <= set(table):
        known = contest_sample(first, [*EARLIER, *BEFORE], where=where, cluster=cluster)
        estimates["before the final"] = _contrast(known, _change(known.rows, BEFORE, EARLIER))
    estimates["before and after"] = _mean(change[sample.won], sample.firm[sample.won])
    again = pd.DataFrame({"reason": ["won before"], "rows": [len(table) - len(first)]})
    left_out = pd.concat([again, sample.left_out], ignore_index=True)
    return WinnersPatents(estimates, _finalists_mean(sample), left_out)


def _change(rows: pd.DataFrame, later: list[str], earlier: list[str]) -> np.ndarray:
    """(rows,) mean of the later years less that of the earlier ones."""
    means = (rows[names].to_numpy("float64").mean(axis=1) for names in (later, earlier))
    return np.asarray(next(means) - next(means))


def _contrast(sample: ContestSample, change: np.ndarray) -> Contrast:
    return stratified_contrast(change, sample.won, sample.contest, sample.firm)


def _mean(change: np.ndarray, firm: np.ndarray) -> Contrast:
    """Return the mean change with its error by firm."""
    codes = np.unique(firm, return_inverse=True)[1]
    firms = int(codes.max()) + 1
    score = np.bincount(codes, change - change.mean()) / len(change)
    error = np.sqrt(firms / (firms - 1) * (score**2).sum())
    return Contrast(float(change.mean()), float(error), firms - 1, len(change), firms)


def _finalists_mean(sample: ContestSample) -> float:
    """Return inventions a year of the other finalists in years 1 to 3."""
    after = sample.rows[AFTER].to_numpy("float64").mean(axis=1)
    weight = odds_weights(sample.won, sample.contest, np.ones(len(after)))
    return float(np.average(after[~sample.won], weights=weight[~sample.won]))
