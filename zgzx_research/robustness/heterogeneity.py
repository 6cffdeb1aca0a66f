"""Do effects differ between groups declared beforehand? Estimates by group, a test per cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from zgzx_research.did.core.inference import wald_test
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.panel.sample import of_units
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.multiple_testing import holm, joint_covariance, romano_wolf
from zgzx_research.robustness.summaries import (
    NUMBERS,
    SummaryInfluence,
    Target,
    check_options,
    summary_influence,
    summary_row,
)
from zgzx_research.robustness.unit_groups import (
    FEWEST_NAMED,
    ByUnit,
    groups_of_units,
    is_treated,
)

MOST_CUTS = 5  # more are a search, not a declared comparison
# treated units; below, standard errors of skewed counts are too small (designs.md C, R8)
FEWEST_TREATED = 10
Comparison = Literal["own_group", "all"]


@dataclass(frozen=True, slots=True, eq=False)
class Heterogeneity:
    """Result of `heterogeneity`.

    Attributes
    ----------
    groups : DataFrame
        One row per group: cut, group, estimate, std_error, ci_low, ci_high, p_value, n_treated,
        n_comparison, difference (to the first group of the cut that has an estimate; of log
        ratios on the ratio scale), difference_std_error, difference_p, difference_p_adjusted
        (Romano-Wolf over all differences of all cuts), reason (why there is no estimate, else
        empty).
    tests : DataFrame
        One row per cut: cut, groups, statistic, df, p_value (Wald test that all groups have the
        same effect), p_adjusted (Holm over the cuts), rejected (at 5 %), reason.
    """

    groups: pd.DataFrame
    tests: pd.DataFrame


def heterogeneity(
    panel: PreparedPanel,
    by: Mapping[str, str | ByUnit],
    *,
    target: Target = (1, 3),
    comparison: Comparison = "own_group",
    fewest_named: int = FEWEST_NAMED,
    **options: Any,
) -> Heterogeneity:
    """Estimate by group, and test whether groups differ.

    Parameters
    ----------
    panel : PreparedPanel
        From `prepare_panel`.
    by : mapping
        At most five declared cuts: name -> "cohort", or a series with the units as index (size
        class, category of the award, industry section). Treated units without a group leave.
    target : (int, int), int, "average" or "overall", default (1, 3)
        The summary.
    comparison : str, default "own_group"
        Treated units are compared with the comparison units of their own group. "all": with all
        units never treated, which a cut that only treated units have (cohort, category) needs.
    fewest_named : int, default 3
        A smaller number of treated units of a group is not told.
    **options
        As in `estimate_effects`.

    Returns
    -------
    Heterogeneity
        Estimates by group and tests by cut. Groups with fewer than ten treated units have no
        estimate and are in no test.

    Raises
    ------
    ZgzxError
        More than five cuts, none, or an unknown comparison.

    Notes
    -----
    With b the estimates of the groups and V their joint covariance (Σψψ' over clusters, for groups
    share comparison units with comparison="all"), the test is Wald's of b_k - b_1 = 0, with
    groups - 1 degrees of freedom; F with cohort_correction, whose degrees of freedom are added over
    groups. On the ratio scale it is of N_k - ρ D_k = 0, with ρ = ΣN / ΣD.

    Examples
    --------
    >>> import zgzx_research as zr
    >>> rows = [(u, t, (5 * u * t) % 7 + (u < 24) * (t > 3)) for u in range(60) for t in range(6)]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents"])
    >>> table["first_award"] = table["firm"].map(dict.fromkeys(range(24), 4.0))
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = zr.prepare_panel(table, **roles, first_treated="first_award")
    >>> size = pd.Series(["small", "large"] * 30)
    >>> zr.heterogeneity(panel, {"size": size}, target=(0, 1)).tests[["cut", "groups", "df"]]
        cut  groups  df
    0  size       2   1
    """
    check_options(options, "heterogeneity")
    _check_cuts(by, comparison)
    rows, tests = list[dict[str, Any]](), list[dict[str, Any]]()
    differences: dict[tuple[str, str], tuple[float, pd.Series]] = {}
    for cut, values in by.items():
        how = (comparison, target, options)
        own, found = _estimates(panel, cut, values, fewest_named, *how)
        rows += own
        tests.append({"cut": cut} | _test(found))
        differences |= {(cut, group): pair for group, pair in _differences(found).items()}
    groups = _with_differences(pd.DataFrame(rows), differences)
    return Heterogeneity(groups, _adjusted(pd.DataFrame(tests)))


def _check_cuts(by: Mapping[str, str | ByUnit], comparison: str) -> None:
    if not 1 <= len(by) <= MOST_CUTS:
        raise ZgzxError(
            f"{len(by)} cuts; with many, some differ by chance",
            where="heterogeneity",
            remedy=f"Declare one to {MOST_CUTS} before looking at the data.",
        )
    if comparison not in ("own_group", "all"):
        raise ZgzxError(
            f"comparison={comparison!r} is unknown",
            where="heterogeneity",
            remedy="Choose one of own_group, all.",
        )


def _estimates(
    panel: PreparedPanel,
    cut: str,
    by: str | ByUnit,
    fewest: int,
    comparison: Comparison,
    target: Target,
    options: dict[str, Any],
) -> tuple[list[dict[str, Any]], dict[str, SummaryInfluence]]:
    """Return a row for each group, and the influence on the estimates that there are."""
    codes, names = groups_of_units(panel, by, "heterogeneity")
    treated = is_treated(panel)
    rows, found = [], {}
    for code, group in enumerate(names):
        kept = codes == code
        count = int((kept & treated).sum())
        row: dict[str, Any] = {"cut": cut, "group": str(group)} | dict.fromkeys(NUMBERS, np.nan)
        shown = count if count >= fewest else np.nan
        row |= {"n_treated": shown, "reason": ""}
        try:
            if count < FEWEST_TREATED:
                raise ZgzxError(f"fewer than {FEWEST_TREATED} treated units")
            part = of_units(panel, kept | ~treated if comparison == "all" else kept)
            row |= summary_row(estimate_effects(part, **options), target)
            found[str(group)] = _of_whole(summary_influence(part, target, **options), panel)
        except ZgzxError as error:
            row["reason"] = error.what
        rows.append(row)
    return rows, found


def _of_whole(one: SummaryInfluence, panel: PreparedPanel) -> SummaryInfluence:
    """Return the influence with the clusters numbered as in the whole panel."""
    if panel.cluster is None or panel.units is None:
        return one
    place = pd.Index(panel.units).get_indexer(one.units)
    return replace(one, cluster=panel.cluster[place])


def _test(found: dict[str, SummaryInfluence]) -> dict[str, Any]:
    """Wald test that all groups have the same effect."""
    if len(found) < 2:
        few = {"groups": len(found), "statistic": np.nan, "df": 0, "p_value": np.nan}
        return few | {"reason": "fewer than two groups have an estimate"}
    departures = _from_common(found)
    contrast = np.hstack([-np.ones((len(found) - 1, 1)), np.eye(len(found) - 1)])
    if next(iter(found.values())).totals is not None:  # departures of totals sum to zero
        contrast = np.eye(len(found))[1:]
    value = contrast @ np.array([one.value for one in departures.values()])
    freedom = sum(one.df for one in found.values())
    spread = joint_covariance(departures, same_clusters=True)
    test = wald_test(value, contrast @ spread @ contrast.T, freedom)
    kept = {name: test[name] for name in ("statistic", "df", "p_value")}
    reason = "" if np.isfinite(test["p_value"]) else "the covariance of the groups is singular"
    return {"groups": len(found)} | kept | {"reason": reason}


def _from_common(found: dict[str, SummaryInfluence]) -> dict[str, SummaryInfluence]:
    """Departure of each group from what is common to all under the null.

    On the difference scale the estimates themselves: what they have in common leaves with the
    contrast. On the ratio scale N_k - ρ D_k, with ρ = ΣN / ΣD the common ratio. It is linear in the
    totals, so it keeps groups whose treated total is zero, where log ratios have no end.
    """
    first = next(iter(found.values()))
    if first.totals is None:
        return found
    totals = np.array([one.totals for one in found.values()])
    n, d = totals.sum(axis=0)
    ratio = n / d
    pooled = pd.concat(
        {group: _series(one, np.array([1.0, -ratio])) for group, one in found.items()}, axis=1
    ).fillna(0.0)
    whole = pooled.sum(axis=1) / d  # influence on ρ
    departures = {}
    for (group, one), (treated, counterfactual) in zip(found.items(), totals, strict=True):
        own = pooled[group] - counterfactual * whole
        names = own.index.to_numpy()
        rest = one.unexplained * treated**2
        value = float(treated - ratio * counterfactual)
        departures[group] = SummaryInfluence(value, own.to_numpy(), names, names, rest)
    return departures


def _series(one: SummaryInfluence, weights: np.ndarray) -> pd.Series:
    """Influence on a weighted sum of the two totals, by cluster."""
    assert one.by_totals is not None
    return pd.Series(one.by_totals @ weights).groupby(one.cluster).sum()


def _differences(found: dict[str, SummaryInfluence]) -> dict[str, tuple[float, pd.Series]]:
    """Difference of each group to the first one, and its influence by cluster."""
    known = [group for group, one in found.items() if np.isfinite(one.value)]
    if not known:
        return {}
    first, *others = known
    base = found[first]
    return {
        group: (
            found[group].value - base.value,
            found[group].by_cluster.sub(base.by_cluster, fill_value=0.0),
        )
        for group in others
    }


def _with_differences(
    groups: pd.DataFrame, differences: dict[tuple[str, str], tuple[float, pd.Series]]
) -> pd.DataFrame:
    """Add the differences to the first group of each cut, adjusted over all of them."""
    names = ("difference", "difference_std_error", "difference_p", "difference_p_adjusted")
    groups = groups.assign(**dict.fromkeys(names, np.nan))
    if not differences:
        return groups
    tests = {
        "|".join(key): SummaryInfluence(
            value, by.to_numpy(), by.index.to_numpy(), by.index.to_numpy(), 0.0
        )
        for key, (value, by) in differences.items()
    }
    adjusted = romano_wolf(tests).set_index("name")
    for (cut, group), name in zip(differences, tests, strict=True):
        at = (groups["cut"] == cut) & (groups["group"] == group)
        own = adjusted.loc[name]
        numbers = (tests[name].value, tests[name].std_error, own["p_value"], own["p_adjusted"])
        groups.loc[at, list(names)] = numbers
    return groups


def _adjusted(tests: pd.DataFrame) -> pd.DataFrame:
    """Add Holm's adjustment over the cuts that could be tested."""
    known = tests["p_value"].notna()
    tests = tests.assign(p_adjusted=np.nan, rejected=False)
    if known.any():
        by_holm = holm(tests.loc[known, "p_value"])
        tests.loc[known, "p_adjusted"] = by_holm["p_adjusted"].to_numpy()
        tests.loc[known, "rejected"] = by_holm["rejected"].to_numpy()
    return tests[
        ["cut", "groups", "statistic", "df", "p_value", "p_adjusted", "rejected", "reason"]
    ]
