"""Firms that won an edition against firms that stood in its finals and won nothing.

Who wins a final is drawn by merit, so the chance that a firm wins at least once is known from the
lists: 1 - Π (1 - p)^entries over categories, p = winning entries / entries of the final. Comparison
firms are weighted by the odds of that chance; no model of selection is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.designs.contest_sample import check_columns
from zgzx_research.designs.stratified_contrast import Contrast, stratified_contrast
from zgzx_research.errors import ZgzxError

BASE, AFTER = (-5, -1), (1, 3)  # years about the final; the final's own year is a partial year
FEWEST_FIRMS = 20  # winning firms; fewer leave cohorts of one or two firms


@dataclass(frozen=True, slots=True)
class FirmContrast:
    """Winning firms less finalist firms, change since before the final.

    Attributes
    ----------
    outcome : str
        What is compared, in words.
    contrast : Contrast
        Estimate and error by firm.
    comparison_after : float
        Level of the finalist firms after the final, weighted.
    counts : dict of str to int
        Editions, winning firms, finalist firms, and how many of each were left out.
    reason : str
        What has to be said beside it.
    """

    outcome: str
    contrast: Contrast
    comparison_after: float
    counts: dict[str, int]
    reason: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row.

        Columns: outcome estimate std_error ci_low ci_high detectable detectable_share (of the
        comparison's level) comparison_after df, the counts, reason.
        """
        low, high = self.contrast.interval()
        level, smallest = self.comparison_after, self.contrast.detectable()
        row = {
            "outcome": self.outcome,
            "estimate": self.contrast.estimate,
            "std_error": self.contrast.std_error,
            "ci_low": low,
            "ci_high": high,
            "detectable": smallest,
            "detectable_share": smallest / level if level > 0 else np.inf,
            "comparison_after": level,
            "df": self.contrast.df,
        }
        return pd.DataFrame([row | self.counts | {"reason": self.reason}])


def finalist_firms(finals: pd.DataFrame, where: str = "finalist_firms") -> pd.DataFrame:
    """List winning firms and comparison firms of each edition with their weights.

    Parameters
    ----------
    finals : pandas.DataFrame
        A row per entry of a final: edition, year, category, firm_id, won (bool).
    where : str
        The design, for messages.

    Returns
    -------
    pandas.DataFrame
        edition, year, firm_id, won, odds (1 for winners), next_award (year of the first award of a
        comparison firm, missing = never). Winners with their first award of all; comparison firms
        have won nothing up to and in that edition.

    Raises
    ------
    ZgzxError
        A missing column.
    """
    check_columns(finals, ["edition", "year", "category", "firm_id", "won"], where)
    rows = finals.dropna(subset=["firm_id", "edition", "category"])
    rows = rows.assign(won=rows["won"].astype("bool"))
    chance = rows.groupby(["edition", "category"], observed=True)["won"].transform("mean")
    rows = rows.assign(miss=np.log1p(-chance.clip(upper=1 - 1e-9)))
    firm = rows.groupby(["edition", "year", "firm_id"], as_index=False, observed=True).agg(
        won=("won", "any"), miss=("miss", "sum")
    )
    odds = np.expm1(-firm["miss"])  # p / (1 - p) with 1 - p = exp(miss)
    first = firm[firm["won"]].groupby("firm_id")["year"].min()
    award = firm["firm_id"].map(first)
    firm = firm.assign(odds=odds.where(~firm["won"], 1.0), next_award=award.where(~firm["won"]))
    keep = award.isna() | award.ge(firm["year"])
    columns = ["edition", "year", "firm_id", "won", "odds", "next_award"]
    return firm.loc[keep, columns].reset_index(drop=True)


def firm_windows(firm_years: pd.DataFrame, firms: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Sum columns of firms and years over the base and the years after each final.

    Parameters
    ----------
    firm_years : pandas.DataFrame
        firm_id, year and the columns; missing years have no row.
    firms : pandas.DataFrame
        Rows of `finalist_firms`.
    columns : list of str
        What is summed.

    Returns
    -------
    pandas.DataFrame
        `firms` with years_before, years_after, and each column's sums `_before` and `_after`.
        Years from a comparison firm's own first award on are left out.
    """
    known = firm_years[["firm_id", "year", *columns]].dropna()
    rows = firms.merge(known.rename(columns={"year": "at"}), on="firm_id")
    rows = rows[~rows["at"].ge(rows["next_award"]).fillna(False).astype("bool")]
    event = rows["at"] - rows["year"]
    found = firms
    for name, window in (("before", BASE), ("after", AFTER)):
        part = rows[event.between(*window)].assign(years=1)
        total = part.groupby(["edition", "firm_id"])[["years", *columns]].sum()
        total.columns = [f"{column}_{name}" for column in ["years", *columns]]
        found = found.merge(total.reset_index(), on=["edition", "firm_id"], how="left")
    return found


def compare_firms(
    rows: pd.DataFrame, change: pd.Series, after: pd.Series, weight: pd.Series, **words: str
) -> FirmContrast:
    """Compare the change of winning firms with that of finalist firms of the same edition.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of `firm_windows`.
    change, after, weight : pandas.Series
        By row: the change, the level after the final, and the weight; a row where the change is
        missing or the weight is not positive is left out.
    **words : str
        outcome, reason and where.

    Returns
    -------
    FirmContrast
        The comparison.

    Raises
    ------
    ZgzxError
        One edition alone, or fewer than 20 winning firms.
    """
    usable = change.notna() & weight.gt(0)
    kept = rows[usable]
    won = kept["won"].to_numpy("bool")
    weights = (weight[usable] * kept["odds"]).to_numpy("float64")
    edition, firm = pd.factorize(kept["edition"])[0], pd.factorize(kept["firm_id"])[0]
    counts = {
        "editions": len(np.unique(edition)),
        "winning_firms": int(won.sum()),
        "finalist_firms": int((~won).sum()),
        "winning_firms_left_out": int(rows["won"].sum() - won.sum()),
        "finalist_firms_left_out": int((~rows["won"]).sum() - (~won).sum()),
    }
    _refuse_few(counts, words["where"])
    found = stratified_contrast(
        change[usable].to_numpy("float64"), won, edition, firm, weight=weights
    )
    level = float(np.average(after[usable].to_numpy("float64")[~won], weights=weights[~won]))
    return FirmContrast(words["outcome"], found, level, counts, words["reason"])


def _refuse_few(counts: dict[str, int], where: str) -> None:
    if counts["editions"] > 1 and counts["winning_firms"] >= FEWEST_FIRMS:
        return
    raise ZgzxError(
        f"{counts['editions']} edition(s) with {counts['winning_firms']} winning and "
        f"{counts['finalist_firms']} finalist firms seen before and after are too few: needed are "
        f"2 editions and {FEWEST_FIRMS} winning firms",
        where=where,
        remedy="Pool more editions, or deliver more years of the staff.",
    )
