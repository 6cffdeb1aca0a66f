"""What the static two-way coefficient is made of.

Two-group comparisons and their weights (Goodman-Bacon 2021).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from zgzx_research.did.core.moments import cohort_means, panel_moments
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError

UNTREATED = "treated vs untreated"
EARLIER = "earlier vs later treated"
LATER = "later vs earlier treated"
KINDS = {UNTREATED: "never", EARLIER: "not_yet", LATER: "already"}  # short names, for facts


def bacon_decomposition(panel: PreparedPanel) -> pd.DataFrame:
    """Return the comparisons behind the static coefficient of method="two_way_fixed_effects".

    Parameters
    ----------
    panel : PreparedPanel
        Balanced, without covariates; weights may differ between units but not within
        one.

    Returns
    -------
    pandas.DataFrame
        treated, untreated (first treated period, NaN = never), type, weight, estimate; largest
        weight first. Weights sum to 1, weight · estimate to the coefficient. "later vs earlier
        treated" compares with units already treated: where effects grow, these comparisons are
        biased downwards.

    Raises
    ------
    ZgzxError
        Gaps, covariates, weights that change within a unit, or nothing to compare.

    References
    ----------
    Goodman-Bacon, A. (2021), Journal of Econometrics 225(2), 254-277, eq. 7-10.

    Examples
    --------
    >>> from zgzx_research.did.panel.prepare import prepare_panel
    >>> table = pd.DataFrame({"firm": [1, 1, 2, 2], "year": [2001, 2002, 2001, 2002]})
    >>> table["patents"] = [2002, 2003, 2, 2]
    >>> table["first_award"] = [2002.0, 2002.0, None, None]
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = prepare_panel(table, **roles, first_treated="first_award")
    >>> bacon_decomposition(panel)[["type", "weight"]].values.tolist()
    [['treated vs untreated', 1.0]]
    """
    _check(panel)
    moments = panel_moments(panel.y, panel.cohort, panel.weights[:, 0])
    count = len(panel.cohorts)
    size = np.bincount(moments.cohort, moments.weight, minlength=count) / moments.weight.sum()
    pairs = _pairs(panel.cohorts, panel.periods, size, cohort_means(moments, count))
    frame = pd.DataFrame(pairs, columns=["treated", "untreated", "type", "weight", "estimate"])
    if frame.empty:
        raise ZgzxError(
            "there are no two groups treated at different times",
            where="bacon_decomposition",
            count=count,
            remedy="Add units never treated, or treated at other times.",
        )
    frame["weight"] /= frame[
        "weight"
    ].sum()  # the variance of treatment less unit and period effects
    return frame.sort_values("weight", ascending=False, kind="stable", ignore_index=True)


def bacon_by_kind(panel: PreparedPanel) -> pd.DataFrame:
    """Say how much of the static two-way coefficient comes from each kind of comparison.

    Parameters
    ----------
    panel : PreparedPanel
        As for `bacon_decomposition`.

    Returns
    -------
    pandas.DataFrame
        A row per kind that there is, and one for all together. kind ("never": treated against
        never treated; "not_yet": earlier against later treated, before these are treated;
        "already": later treated against those treated already; "all"), pairs (comparisons of two
        groups), share (of the weights, 0 to 1), estimate (their weighted mean, in units of the
        outcome; that of "all" is the coefficient), n_treated, n_comparison (different units).

    Raises
    ------
    ZgzxError
        As `bacon_decomposition`.

    Examples
    --------
    >>> from zgzx_research.did.panel.prepare import prepare_panel
    >>> table = pd.DataFrame({"firm": [1, 1, 2, 2], "year": [2001, 2002, 2001, 2002]})
    >>> table["patents"] = [2002, 2003, 2, 2]
    >>> table["first_award"] = [2002.0, 2002.0, None, None]
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = prepare_panel(table, **roles, first_treated="first_award")
    >>> bacon_by_kind(panel)[["kind", "share", "estimate"]].values.tolist()
    [['never', 1.0, 1.0], ['all', 1.0, 1.0]]
    """
    pairs = bacon_decomposition(panel)
    units = pd.Series(panel.cohorts[panel.cohort]).value_counts()  # infinity = never treated
    kinds = {kind: pairs[pairs["type"].eq(name)] for name, kind in KINDS.items()} | {"all": pairs}
    return pd.DataFrame([_kind_row(kind, part, units) for kind, part in kinds.items() if len(part)])


def _kind_row(kind: str, pairs: pd.DataFrame, units: pd.Series) -> dict[str, object]:
    """Sum up the comparisons of one kind; `units`: how many, by first treated period."""
    share = float(pairs["weight"].sum())
    treated, untreated = pairs["treated"].unique(), pairs["untreated"].fillna(np.inf).unique()
    return {
        "kind": kind,
        "pairs": len(pairs),
        "share": share,
        "estimate": float((pairs["weight"] * pairs["estimate"]).sum() / share),
        "n_treated": int(units[treated].sum()),
        "n_comparison": int(units[untreated].sum()),
    }


def _check(panel: PreparedPanel) -> None:
    holes = int(np.isnan(panel.y).any(axis=1).sum())
    if holes:
        raise ZgzxError(
            "the decomposition needs every unit in every period",
            where="bacon_decomposition",
            count=holes,
            remedy="Prepare the panel with gaps='balance'.",
        )
    if panel.covariates is not None or panel.weights.shape[1] > 1:
        raise ZgzxError(
            "the decomposition takes neither covariates nor weights that change within a unit",
            where="bacon_decomposition",
            remedy="Prepare the panel without them.",
        )


def _pairs(
    cohorts: np.ndarray, periods: np.ndarray, size: np.ndarray, mean: np.ndarray
) -> Iterator[tuple[float, float, str, float, float]]:
    """(treated, untreated, type, weight up to a factor, estimate).

    Size = share of each cohort in the weights.

    With n_k, n_l the shares and D_k > D_l the shares of periods treated, the variance behind each
    comparison is n_k n_l times (1 - D_k) D_k against untreated, (1 - D_k)(D_k - D_l) before l's
    treatment, D_l (D_k - D_l) after k's.
    """
    after = periods >= cohorts[:, None]  # (cohorts, periods)
    share = after.mean(axis=1)

    def change(cohort: np.int_, post: np.ndarray, pre: np.ndarray) -> float:
        return mean[cohort, post].mean() - mean[cohort, pre].mean()

    for k in np.flatnonzero(np.isfinite(cohorts)):
        for l in np.arange(k + 1, len(cohorts)):  # noqa: E741  (k, l as in the paper: l is treated later or never)
            both, between = size[k] * size[l], share[k] - share[l]
            post, pre = after[k] & ~after[l], ~after[k]
            if not post.any():  # both begin between the same two periods observed
                continue
            early = change(k, post, pre) - change(l, post, pre)
            if np.isinf(cohorts[l]):
                yield cohorts[k], np.nan, UNTREATED, both * (1 - share[k]) * share[k], early
                continue
            yield cohorts[k], cohorts[l], EARLIER, both * (1 - share[k]) * between, early
            late = change(l, after[l], post) - change(k, after[l], post)
            yield cohorts[l], cohorts[k], LATER, both * share[l] * between, late
