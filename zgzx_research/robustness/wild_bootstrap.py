"""Wild cluster bootstrap with the null imposed, from the sums of clusters.

No regression is run again.

With H the normal equations, s_c a cluster's score at the estimate and H_c its part of H, an
estimate h'β has, under the null that it is δ lower, cluster scores s_c + δ g_c, g_c = H_c H⁻¹h /
h'H⁻¹h. A draw flips or scales them (v_c), and its re-estimated coefficient and standard error are
sums of v_c times known vectors, quadratic in δ. So one pass over the draws gives the p-value of
every null, and the confidence interval. MacKinnon, J. (2023), Journal of Econometrics 235(2);
Roodman, D., MacKinnon, J., Nielsen, M. & Webb, M. (2019), Stata Journal 19(1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zgzx_research.did.core.moments import (
    Moments,
    cluster_influence,
    each_stratum,
    panel_moments,
)
from zgzx_research.did.core.perfect_fit import NOTHING, about_units, random_outcomes
from zgzx_research.did.core.regression import (
    Solution,
    is_plain,
    solve,
    sums_of_moments,
)
from zgzx_research.did.core.sample_factor import sample_factor
from zgzx_research.did.methods.interaction_weighted import comparable
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.panel.sample import used_rows
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.wild_targets import Events, chosen_events, wild_target

WEIGHTS = {
    "rademacher": np.array([-1.0, 1.0]),
    "webb": np.sqrt([0.5, 1.0, 1.5])[[2, 1, 0, 0, 1, 2]] * np.repeat([-1, 1], 3),
}
METHODS = ("two_way_fixed_effects", "interaction_weighted")
BATCH = 4_000_000  # draws × clusters held at a time
TIE = 1e-10  # relative: a draw whose t is equal but for rounding counts as at least as large
STILL = 1e-20  # relative: a variance that is only the square of rounding
ROUNDING = 1e-13  # standard error, relative to the outcome, that is only rounding
FARTHEST = 2.0**40  # standard errors; a confidence interval that reaches so far is unbounded


@dataclass(frozen=True, slots=True)
class ClusterScores:
    """What the draws need.

    Attributes
    ----------
    estimate, std_error : float
        Of the estimate h'β; std_error with the factor.
    score : (clusters, columns)
        At the estimate.
    lean : (clusters, columns)
        H_c H⁻¹h.
    inverse : (columns, columns)
        H⁻¹.
    contrast : (columns,)
        h.
    factor : (N-1)
        /(N-K) · G/(G-1).
    """

    estimate: float
    std_error: float
    score: np.ndarray
    lean: np.ndarray
    inverse: np.ndarray
    contrast: np.ndarray
    factor: float


def wild_cluster_bootstrap(
    panel: PreparedPanel,
    *,
    method: str = "two_way_fixed_effects",
    event_time: int | None = None,
    window: tuple[int, int] | None = None,
    anticipation: int = 0,
    leave_out: int = 0,
    draws: int = 9999,
    weights: str = "rademacher",
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Any]:
    """p-value and confidence interval that hold with few clusters.

    Parameters
    ----------
    panel : PreparedPanel
        Its clusters are its `cluster`, or its units. No covariates, weights constant
        within units.
    method : str, default "two_way_fixed_effects"
        "two_way_fixed_effects" or "interaction_weighted".
    event_time : int, optional
        Whose effect; None = the static coefficient, or the "overall" of interaction_weighted.
    window : (int, int), optional
        First and last event time: the mean over them, as `Aggregate.window` (of interaction
        weighted effects, over the cohorts seen at all of them).
    anticipation, leave_out : int, default 0
        Periods before treatment in declared windows, as in `estimate_effects`.
    draws : int, default 9999
        Random draws. All 2^G sign patterns are used instead where there are no more of them
        (Rademacher). The first draw is the sample itself, so no p-value is 0.
    weights : str, default "rademacher"
        "rademacher" (±1) or "webb" (six points; for fewer than about 10 clusters).
    seed : int, default 0
        For the random draws.
    level : float, default 0.95
        Of the confidence interval.

    Returns
    -------
    dict
        estimate std_error t p_value ci_low ci_high clusters draws enumerated weights level. The
        interval holds the nulls that are not rejected; an end is infinite where even the farthest
        nulls on that side are not.

    Raises
    ------
    ZgzxError
        An option out of range; no such estimate; a standard error of zero but for rounding.

    Examples
    --------
    >>> import pandas as pd
    >>> from zgzx_research.did.panel.prepare import prepare_panel
    >>> rows = [(u, t, (u * t) % 5 + 2 * (u < 3 <= t)) for u in range(7) for t in range(1, 5)]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents"])
    >>> table["first_award"] = table["firm"].map({0: 3.0, 1: 3.0, 2: 3.0})
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = prepare_panel(table, **roles, first_treated="first_award")
    >>> wild_cluster_bootstrap(panel)["draws"]
    128
    """
    _check(panel, method, weights)
    _check_numbers(draws, seed, anticipation, leave_out, level)
    events = chosen_events(event_time, window)
    scores = _cluster_scores(panel, method, events, anticipation, leave_out)
    clusters = len(scores.score)
    enumerated = weights == "rademacher" and clusters < 63 and 2**clusters <= draws
    patterns = (
        _all_signs(clusters) if enumerated else _drawn(WEIGHTS[weights], clusters, draws, seed)
    )
    draw = np.concatenate([_draw_sums(scores, batch) for batch in patterns])
    p_value = _p_value(scores, draw, 0.0)
    low, high = (_end(scores, draw, 1 - level, side) for side in (-1, 1))
    return {
        "estimate": scores.estimate,
        "std_error": scores.std_error,
        "t": scores.estimate / scores.std_error,
        "p_value": p_value,
        "ci_low": low,
        "ci_high": high,
        "clusters": clusters,
        "draws": len(draw),
        "enumerated": enumerated,
        "weights": weights,
        "level": level,
    }


def _check_numbers(draws: int, seed: int, anticipation: int, leave_out: int, level: float) -> None:
    whole = {"draws": draws, "seed": seed, "anticipation": anticipation, "leave_out": leave_out}
    for name, value in whole.items():
        least = 1 if name == "draws" else 0
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ZgzxError(
                f"{name}={value!r} must be a whole number of {least} or more",
                where="wild_cluster_bootstrap",
                remedy=f"Pass e.g. {name}={9999 if least else 0}.",
            )
    if (
        isinstance(level, bool)
        or not isinstance(level, (int, float, np.number))
        or not 0 < level < 1
    ):
        raise ZgzxError(
            f"level={level!r} must lie between 0 and 1",
            where="wild_cluster_bootstrap",
            remedy="Pass e.g. level=0.95.",
        )


def _check(panel: PreparedPanel, method: str, weights: str) -> None:
    for name, value, allowed in (("method", method, METHODS), ("weights", weights, tuple(WEIGHTS))):
        if value not in allowed:
            raise ZgzxError(
                f"{name}={value!r} is unknown",
                where="wild_cluster_bootstrap",
                remedy=f"Choose one of {', '.join(allowed)}.",
            )
    if not is_plain(panel):
        raise ZgzxError(
            "the wild bootstrap takes neither covariates nor weights that change within a unit",
            where="wild_cluster_bootstrap",
            remedy="Prepare the panel without them.",
        )


def _cluster_scores(
    panel: PreparedPanel, method: str, events: Events, anticipation: int, leave_out: int
) -> ClusterScores:
    """Return the regression of the method, and its scores by cluster."""
    masked = anticipation + leave_out
    panel, _ = used_rows(panel, masked)
    if method == "interaction_weighted":
        panel = comparable(panel, masked, [])
    if panel.cluster is None:
        panel = replace(panel, cluster=np.arange(len(panel.y)))
    moments = panel_moments(about_units(panel.y), panel.cohort, panel.weights[:, 0], panel.cluster)
    sums = sums_of_moments(moments, len(panel.cohorts))
    design, contrast = wild_target(panel, method, events, masked, sums.weight)
    solution = solve(sums, design)
    contrast = np.concatenate([np.zeros(len(panel.periods) - 1), contrast])
    if (contrast[~solution.kept] != 0).any():
        raise ZgzxError(
            "treatment cannot be separated from unit and period effects",
            where="wild_cluster_bootstrap",
            remedy="Add units never treated, or treated at other times.",
        )
    score, lean = _by_cluster(moments, solution, contrast)
    factor = sample_factor(panel, solution)
    error = np.sqrt(factor * ((score @ solution.inverse @ contrast) ** 2).sum())
    if error <= ROUNDING * np.nanmax(np.abs(panel.y)) or _fits_anything(panel, design, contrast):
        raise ZgzxError(
            "the standard error is zero but for rounding, "
            "so there is nothing to compare draws with",
            where="wild_cluster_bootstrap",
            count=len(score),
            remedy="Use more clusters: each treated one must be able to differ from the others.",
        )
    estimate = float(contrast @ solution.coefficients)
    return ClusterScores(estimate, float(error), score, lean, solution.inverse, contrast, factor)


def _fits_anything(panel: PreparedPanel, design: np.ndarray, contrast: np.ndarray) -> bool:
    """Whether the residuals behind the estimate vanish whatever the outcomes are.

    Its error then is rounding only.
    """
    moments = panel_moments(
        random_outcomes(panel.y), panel.cohort, panel.weights[:, 0], panel.cluster
    )
    solution = solve(sums_of_moments(moments, len(panel.cohorts)), design)
    score, _ = _by_cluster(moments, solution, contrast)
    by_cluster, scale = (
        score @ solution.inverse @ contrast,
        np.sqrt(contrast @ solution.inverse @ contrast),
    )
    return bool(np.sqrt((by_cluster**2).sum()) <= NOTHING * scale)


def _by_cluster(
    moments: Moments, solution: Solution, contrast: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(clusters, columns) scores X_c'e_c at the estimate, and H_c H⁻¹h, without unit effects."""
    fitted, direction = solution.fitted, solution.inverse @ contrast

    def columns(s: int) -> np.ndarray:
        seen = moments.observed[s]
        design = solution.design[moments.cohort[s]] * solution.kept
        return (design - design[seen].mean(axis=0)) * seen[:, None]

    @each_stratum
    def score(s: int) -> tuple[np.ndarray, np.ndarray]:
        within = columns(s)
        return within.T, within.T @ (moments.mean[s] - fitted[moments.cohort[s]])

    @each_stratum
    def lean(s: int) -> tuple[np.ndarray, np.ndarray]:
        within = columns(s)
        return np.zeros_like(within.T), within.T @ (within @ direction)

    return cluster_influence(moments, score), cluster_influence(moments, lean)


def _all_signs(clusters: int) -> Iterator[np.ndarray]:
    """Batches (draws, clusters) of every pattern of signs; the first is all ones."""
    step = max(BATCH // clusters, 1)
    for start in range(0, 2**clusters, step):
        number = np.arange(start, min(start + step, 2**clusters))
        yield 1.0 - 2.0 * ((number[:, None] >> np.arange(clusters)) & 1)


def _drawn(points: np.ndarray, clusters: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Batches (draws, clusters) of random weights; the first draw is all ones."""
    generator, step = np.random.default_rng(seed), max(BATCH // clusters, 1)
    for start in range(0, draws, step):
        batch = points[generator.integers(len(points), size=(min(step, draws - start), clusters))]
        if start == 0:
            batch[0] = 1.0
        yield batch


def _draw_sums(scores: ClusterScores, v: np.ndarray) -> np.ndarray:
    """(draws, 5) coefficients by powers of δ: numerator 1, δ; variance 1, δ, δ².

    A draw moves the estimate by Σ v_c a_c with a_c = h'H⁻¹(score of c), and the re-estimated
    residuals give cluster c the influence v_c a_c - h'H⁻¹H_c H⁻¹ Σ_d v_d (score of d). The sample
    and its multiples, the mirror image among them, have the t of the sample whatever δ: written
    down, for rounding would tell them apart where δ is large.
    """
    direction = scores.inverse @ scores.contrast
    by_power = (scores.score, scores.lean / (scores.contrast @ direction))
    own = [part @ direction for part in by_power]  # (clusters,)
    moved = [
        v @ part @ scores.inverse for part in by_power
    ]  # (draws, columns), of all coefficients
    influence = [
        v * a - shift @ scores.lean.T for a, shift in zip(own, moved, strict=True)
    ]  # (draws, clusters)
    square = [(influence[i] * influence[j]).sum(axis=1) for i, j in ((0, 0), (0, 1), (1, 1))]
    sums = np.column_stack([v @ own[0], v @ own[1], square[0], 2 * square[1], square[2]])
    sums[sums[:, 4] <= STILL * (own[1] ** 2).sum(), 3:] = 0.0
    multiple = (v == v[:, :1]).all(axis=1)
    scale = v[multiple, 0]
    sums[multiple] = 0.0
    sums[multiple, 1], sums[multiple, 2] = scale, scale**2 * scores.std_error**2 / scores.factor
    return sums


def _p_value(scores: ClusterScores, draw: np.ndarray, null: float) -> float:
    """Share of draws whose |t| is at least that of the sample, for h'β = null."""
    delta = scores.estimate - null
    moved = draw[:, 0] + delta * draw[:, 1]
    variance = scores.factor * np.maximum(
        draw[:, 2] + delta * draw[:, 3] + delta**2 * draw[:, 4], 0
    )
    return float(
        (np.abs(moved) * scores.std_error >= abs(delta) * np.sqrt(variance) * (1 - TIE)).mean()
    )


def _end(scores: ClusterScores, draw: np.ndarray, size: float, side: int) -> float:
    """Where, going outwards from the estimate, nulls begin to be rejected.

    Infinite where the farthest are not.

    Far out the sample's t grows with δ; that of a draw keeps up only where its variance does not
    grow.
    """
    level = np.abs(draw[:, 1]) * scores.std_error >= np.sqrt(scores.factor * draw[:, 2]) * (1 - TIE)
    if ((draw[:, 4] == 0) & level).mean() > size:
        return side * np.inf
    step = side * scores.std_error
    while _p_value(scores, draw, scores.estimate + step) > size:
        step *= 2
        if abs(step) > FARTHEST * scores.std_error:
            return side * np.inf
    inside, outside = 0.0, step
    while abs(outside - inside) > 1e-10 * abs(outside):
        middle = (inside + outside) / 2
        inside, outside = (
            (middle, outside)
            if _p_value(scores, draw, scores.estimate + middle) > size
            else (inside, middle)
        )
    return scores.estimate + outside
