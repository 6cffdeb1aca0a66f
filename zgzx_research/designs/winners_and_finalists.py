"""Winners against the other finalists of the same edition and category, on a common clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from zgzx_research.designs.contest_sample import (
    FINALIST,
    WINNER,
    ContestSample,
    check_columns,
    contest_sample,
    refuse_too_few,
)
from zgzx_research.designs.stratified_contrast import Contrast, stratified_contrast
from zgzx_research.errors import ZgzxError

# Below these a comparison is refused. One edition alone could detect 14.6 points of a 24-month
# stay (160 synthetic worlds); design/designs.md, rule R8.
FEWEST_ENTRIES = 20  # winning entries
FEWEST_FIRMS = 10  # firms with a winning entry
LEVEL = 0.95
ESTIMANDS = {
    "persons": "mean over the persons of winning entries of the difference to other finalists of "
    "the same edition and category; every person counts once, so teams weigh by their members",
    "entries": "mean over winning entries of the difference to other finalists of the same "
    "edition and category; every entry counts once, whatever the number of its persons",
}


@dataclass(frozen=True, slots=True)
class ContestEstimate:
    """One estimate of winners less other finalists.

    Attributes
    ----------
    weighting : str
        "persons" or "entries".
    estimand : str
        What is estimated, in words.
    contrast : Contrast
        Estimate, error, degrees of freedom, numbers of rows and of firms.
    """

    weighting: str
    estimand: str
    contrast: Contrast


@dataclass(frozen=True, slots=True)
class WinnersAndFinalists:
    """Winners less other finalists, person-weighted and entry-weighted.

    Attributes
    ----------
    outcome : str
        The column compared.
    covariates : tuple of str
        What was adjusted for.
    estimates : tuple of ContestEstimate
        By persons, then by entries. They are different estimands: never average them.
    arms : pandas.DataFrame
        arm, persons, entries, firms, mean (of the outcome, unadjusted) of the rows used; persons
        in the table, of these employed at the final, of these with an outcome; linked_share.
    left_out : pandas.DataFrame
        reason, rows.
    """

    outcome: str
    covariates: tuple[str, ...]
    estimates: tuple[ContestEstimate, ...]
    arms: pd.DataFrame
    left_out: pd.DataFrame

    def to_frame(self, level: float = LEVEL) -> pd.DataFrame:
        """Return a row per weighting.

        Columns: outcome weighting estimate std_error ci_low ci_high p_value detectable df rows
        firms estimand. `detectable` is the smallest effect that the interval would tell from zero
        with a probability of 80 %.
        """
        return pd.DataFrame([_row(self.outcome, one, level) for one in self.estimates])


def winners_and_finalists(
    table: pd.DataFrame,
    outcome: str = "retention_24_group",
    *,
    covariates: Sequence[str] = (),
    cluster: str = "firm_id",
    linkage: pd.DataFrame | None = None,
) -> WinnersAndFinalists:
    """Compare an outcome of winners with that of the other finalists of the same contest.

    Everybody's clock starts in the month of the final, and only persons employed then take part, so
    nobody has to stay until an award. The comparison says nothing about finalists against no final
    at all: if losing disappoints, that is part of the difference.

    Parameters
    ----------
    table : pandas.DataFrame
        The panel of persons (`build_worker_final`): edition, category, arm, entry_id, the cluster,
        the outcome and covariates; employed and worker_id where they are there.
    outcome : str, default "retention_24_group"
        A column of numbers: a stay (1 or 0), a change of log wages (`log_wage_change`), a level.
    covariates : sequence of str
        Columns of numbers known before the final, adjusted for linearly.
    cluster : str, default "firm_id"
        Errors are clustered by it: colleagues share firm, team and closure.
    linkage : pandas.DataFrame, optional
        `link.audit.linkage_rates`: shares of linked persons by arm, shown beside the result.

    Returns
    -------
    WinnersAndFinalists
        Both weightings, the arms, and what was left out.

    Raises
    ------
    ZgzxError
        One edition alone, fewer than 20 winning entries or 10 winning firms (the message says what
        could be detected); a missing column; texts where numbers must be.

    Notes
    -----
    Weighted least squares with a constant per edition and category (`stratified_contrast`); CR1
    errors, t distribution with firms - 1 degrees of freedom (Cameron & Miller 2015, Journal of
    Human Resources 50, equation 10).

    Examples
    --------
    >>> rows = [(e, n, n % 3 == 0, (7 * n + e) % 5 > 1) for e in (1, 2) for n in range(45)]
    >>> table = pd.DataFrame(rows, columns=["edition", "entry_id", "won", "stayed"])
    >>> table["arm"] = table["won"].map({True: "winner", False: "finalist"})
    >>> table = table.assign(category="skill", firm_id=table["entry_id"], stayed=1.0 * table.stayed)
    >>> winners_and_finalists(table, "stayed").to_frame()[["weighting", "rows", "firms", "df"]]
      weighting  rows  firms  df
    0   persons    90     45  44
    1   entries    90     45  44
    """
    where = "winners_and_finalists"
    check_columns(table, [outcome, *covariates], where)
    sample = contest_sample(table, [outcome, *covariates], where=where, cluster=cluster)
    refuse_too_few(
        sample,
        where,
        entries=FEWEST_ENTRIES,
        firms=FEWEST_FIRMS,
        detectable=_in_words(sample, outcome, covariates),
    )
    weights = {"persons": np.ones(len(sample.rows)), "entries": sample.entry_weights()}
    estimates = tuple(
        ContestEstimate(name, ESTIMANDS[name], _contrast(sample, outcome, covariates, weight))
        for name, weight in weights.items()
    )
    arms = _arms(table, sample, outcome, linkage)
    return WinnersAndFinalists(outcome, tuple(covariates), estimates, arms, sample.left_out)


def log_wage_change(table: pd.DataFrame) -> pd.Series:
    """Return log wage base after the final less before; missing where one is missing or not > 0.

    Only insured people have a base, and bases have a floor and a ceiling: a raise above the ceiling
    cannot be seen.

    Parameters
    ----------
    table : pandas.DataFrame
        wage_base_before, wage_base_after, in yuan a month.

    Examples
    --------
    >>> before, after = [5000.0, 0.0], [10000.0, 6000.0]
    >>> table = pd.DataFrame({"wage_base_before": before, "wage_base_after": after})
    >>> log_wage_change(table).round(3).tolist()
    [0.693, nan]
    """
    check_columns(table, ["wage_base_before", "wage_base_after"], "log_wage_change")
    before, after = (
        table[name].astype("float64").where(table[name] > 0)
        for name in ("wage_base_before", "wage_base_after")
    )
    return (np.log(after) - np.log(before)).rename("log_wage_change")


def _contrast(
    sample: ContestSample, outcome: str, covariates: Sequence[str], weight: np.ndarray
) -> Contrast:
    return stratified_contrast(
        sample.rows[outcome].to_numpy("float64"),
        sample.won,
        sample.contest,
        sample.firm,
        weight=weight,
        covariates=sample.rows[list(covariates)].to_numpy("float64"),
    )


def _in_words(sample: ContestSample, outcome: str, covariates: Sequence[str]) -> str:
    """Say what could be detected in these rows."""
    try:
        smallest = _contrast(sample, outcome, covariates, np.ones(len(sample.rows))).detectable()
    except ZgzxError as error:
        return f"No effect of any size could be detected: {error.what}"
    return (
        f"The smallest difference in {outcome} that they could tell from zero (80 % power) is "
        f"{smallest:.3g}"
    )


def _arms(
    table: pd.DataFrame, sample: ContestSample, outcome: str, linkage: pd.DataFrame | None
) -> pd.DataFrame:
    """Count by arm who is in the table, in the comparison, and how many were linked."""
    found = []
    for arm in (WINNER, FINALIST):
        mine = table[table["arm"].astype("str").eq(arm)]
        own = sample.won == (arm == WINNER)
        here = (
            mine["employed"].eq(True).fillna(False) if "employed" in mine else mine["arm"].notna()
        )
        found.append(
            {
                "arm": arm,
                "persons": int(own.sum()),
                "entries": len(np.unique(sample.entry[own])),
                "firms": len(np.unique(sample.firm[own])),
                "mean": float(sample.rows.loc[own, outcome].astype("float64").mean()),
                "in_table": len(mine),
                "employed": int(here.sum()),
                "with_outcome": int((here & mine[outcome].notna()).sum()),
                "linked_share": _linked_share(linkage, arm),
            }
        )
    return pd.DataFrame(found)


def _linked_share(linkage: pd.DataFrame | None, arm: str) -> float:
    if linkage is None:
        return np.nan
    mine = linkage[linkage["arm"].eq(arm) & linkage["entity"].eq("worker")]
    return float(mine["linked"].sum() / mine["rows"].sum()) if mine["rows"].sum() else np.nan


def _row(outcome: str, one: ContestEstimate, level: float) -> dict[str, object]:
    contrast = one.contrast
    low, high = contrast.interval(level)
    statistic = abs(contrast.estimate) / contrast.std_error if contrast.std_error else np.nan
    return {
        "outcome": outcome,
        "weighting": one.weighting,
        "estimate": contrast.estimate,
        "std_error": contrast.std_error,
        "ci_low": low,
        "ci_high": high,
        "p_value": float(2 * special.stdtr(contrast.df, -statistic)),
        "detectable": contrast.detectable(level),
        "df": contrast.df,
        "rows": contrast.rows,
        "firms": contrast.clusters,
        "estimand": one.estimand,
    }
