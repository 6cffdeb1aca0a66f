"""Poisson regression with unit and period effects (PPML), from sums.

Given its total Y, a unit's outcomes are multinomial with shares p_t = exp(x_t θ) / Σ exp(x_u θ), so
unit effects never have to be estimated (Hausman, Hall & Griliches 1984). With regressors that are
alike within a stratum the likelihood needs the stratum's sums only, and a unit's score X'(y - p Y)
is linear in its outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from zgzx_research.did.aggregate import CellStatistics
from zgzx_research.did.collinear import independent
from zgzx_research.did.effects import Effects
from zgzx_research.did.fit import Fit, MeanWeights, Rows
from zgzx_research.did.moments import (
    Moments,
    cohort_means,
    influence_covariance,
    mean_weights,
    panel_moments,
)
from zgzx_research.did.prepare import PreparedPanel
from zgzx_research.did.sample import used_rows
from zgzx_research.errors import ZgzxError

DESIGNS = ("event_time", "static", "cohort_event")
STEPS = 100  # Newton needs about six
STRIDE, INFINITE = (
    5.0,
    40.0,
)  # longest step, and the log ratio (of 10^17) that only runs on to infinity
# an estimate that moves by more than this with what a fit leaves undetermined is undetermined too
UNTIED = 1e-8


@dataclass(frozen=True, slots=True)
class PoissonFit:
    """A Poisson regression with unit effects.

    Attributes
    ----------
    coefficient : (regressors,), 0 for those not kept. kept : (regressors,) bool, not a combination
        of earlier ones.
    bread, gram : (regressors, regressors) an inverse, and minus the second derivative that it
        inverts.
    share : (strata, periods) p, a unit's expected share of its total in each period; 0 where not
        used.
    slope : (strata, regressors, periods) influence of a unit's outcomes on the coefficients.
    """

    coefficient: np.ndarray
    kept: np.ndarray
    bread: np.ndarray
    gram: np.ndarray
    share: np.ndarray
    slope: np.ndarray


def inverse_of(gram: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The inverse over the kept regressors, 0 elsewhere."""
    inverse = np.zeros_like(gram)
    inverse[np.ix_(kept, kept)] = np.linalg.inv(gram[np.ix_(kept, kept)])
    return inverse


def poisson_regression(moments: Moments, design: np.ndarray, used: np.ndarray) -> PoissonFit:
    """Fit by Newton's method; the likelihood is concave.

    Parameters
    ----------
    design : (strata, periods, regressors). used : (strata, periods) bool, observations that take
        part.

    Raises
    ------
    ZgzxError : no finite solution.
    """
    total = moments.weight[:, None] * moments.mean * used
    sums = total.sum(axis=1)
    kept = independent(_score(design, used, total, np.zeros(design.shape[2]))[2])
    coefficient = _maximum(design, used, total, kept)
    share = _shares(design, used, coefficient)
    # X'(I - p 1'): what a unit's outcomes do to its score
    centred = np.where(
        used[..., None], design - np.einsum("stk,st->sk", design, share)[:, None], 0.0
    )
    gram = np.einsum("stk,st,stl->kl", centred, sums[:, None] * share, centred)
    bread = _poisson_inverse(gram, kept)
    return PoissonFit(
        coefficient, kept, bread, gram, share, np.einsum("kl,stl->skt", bread, centred)
    )


def _maximum(
    design: np.ndarray, used: np.ndarray, total: np.ndarray, kept: np.ndarray
) -> np.ndarray:
    """(regressors,) where the likelihood is largest."""
    coefficient, value = np.zeros(design.shape[2]), -np.inf
    score, gram = _score(design, used, total, coefficient)[1:]
    step = _stride(gram, kept, score)
    for _ in range(STEPS):
        if np.abs(step).max(initial=0) <= 1e-13 * (1 + np.abs(coefficient).max(initial=0)):
            break
        new, score, gram = _score(design, used, total, coefficient + step)
        # halve steps that lead down, but never for a change that is only rounding
        if not new >= value - 1e-12 * abs(value):
            step = step / 2
            continue
        coefficient, value = coefficient + step, new
        if np.abs(coefficient).max() > INFINITE:
            break
        step = _stride(gram, kept, score)
    if np.abs(step).max(initial=0) > 1e-8:
        raise _no_solution()
    return coefficient


def _no_solution() -> ZgzxError:
    return ZgzxError(
        "the Poisson regression has no finite solution",
        where="poisson_regression",
        remedy="Some periods or event times hold too few outcomes above zero: use longer periods, fewer event times, "
        "or scale='difference'.",
    )


def _poisson_inverse(gram: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """`inverse_of` a second derivative, which on the way to infinity loses its rank."""
    try:
        return inverse_of(gram, kept)
    except np.linalg.LinAlgError:
        raise _no_solution() from None


def _stride(gram: np.ndarray, kept: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Newton's step, shortened where it is long."""
    step = _poisson_inverse(gram, kept) @ score
    return step * min(1.0, STRIDE / np.abs(step).max(initial=STRIDE))


def _shares(design: np.ndarray, used: np.ndarray, coefficient: np.ndarray) -> np.ndarray:
    index = np.where(used, design @ coefficient, -np.inf)
    top = index.max(axis=1, keepdims=True, initial=-np.inf)
    raised = np.exp(index - np.where(np.isfinite(top), top, 0.0))
    below = raised.sum(axis=1, keepdims=True)
    return np.divide(raised, below, out=np.zeros_like(raised), where=below > 0)


def _score(
    design: np.ndarray, used: np.ndarray, total: np.ndarray, coefficient: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Log-likelihood, its gradient, and minus its second derivative."""
    share = _shares(design, used, coefficient)
    sums = total.sum(axis=1)
    with np.errstate(divide="ignore"):
        value = float((total[total > 0] * np.log(share[total > 0])).sum())
    mean = np.einsum("stk,st->sk", design, share)
    score = np.einsum("stk,st->k", design, total - sums[:, None] * share)
    square = np.einsum("stk,st,stl->kl", design, sums[:, None] * share, design)
    return value, score, square - np.einsum("sk,s,sl->kl", mean, sums, mean)


def separated(moments: Moments, dummies: np.ndarray, used: np.ndarray) -> np.ndarray:
    """(dummies,) bool: without outcomes above zero where they are 1, or where they are 0 in the strata they touch.

    Parameters
    ----------
    dummies : (strata, periods, dummies) of 0 and 1. used : (strata, periods) bool.
    """
    total = (moments.weight[:, None] * moments.mean * used)[..., None]
    on = dummies * used[..., None]
    off = (used[..., None] - on) * on.any(axis=1, keepdims=True)
    return ((total * on).sum(axis=(0, 1)) <= 0) | ((total * off).sum(axis=(0, 1)) <= 0)


def ppml(panel: PreparedPanel, design: str = "event_time", *, leave_out: int = 0) -> Effects:
    """Poisson regression of counts on treatment, with unit and period effects.

    Standard errors clustered by unit.

    Parameters
    ----------
    design : "event_time" (one effect per event time; base: the last one before -leave_out),
        "static" (one effect), or "cohort_event" (one per cohort and event time, as Sun & Abraham
        2021, on the log scale).
    leave_out : periods before treatment that take no part in "static", and are marked as left out
        otherwise.

    Returns
    -------
    Effects whose estimates are coefficients: differences of logs, where exp(b) - 1 is the
    proportion.

    Raises
    ------
    ZgzxError : unknown design; negative outcomes; covariates; weights that change within units;
        nothing to estimate.

    References
    ----------
    Santos Silva, J. & Tenreyro, S. (2006), Review of Economics and Statistics 88(4).
    """
    _check(panel, design, leave_out)
    panel, windows = used_rows(panel, leave_out, own_covariates=True)
    moments = panel_moments(panel.y, panel.cohort, panel.weights[:, 0], panel.cluster)
    event = panel.periods - panel.cohorts[:, None]
    allowed = (event >= 0) | (event < -leave_out) | (design != "static")
    total = np.zeros(event.shape)
    np.add.at(total, moments.cohort, moments.weight[:, None] * moments.mean)
    used = moments.observed & allowed[moments.cohort] & (total.sum(axis=0) > 0)
    effects, dummies = _dummies(panel.cohorts, event, design, -leave_out - 1)
    dummies = dummies[moments.cohort]
    gone = separated(moments, dummies, used)
    used &= ~dummies[..., gone].any(
        axis=2
    )  # what only a separated effect explains says nothing about the others
    periods = np.broadcast_to(np.eye(len(panel.periods)), (len(used), *used.shape[1:] * 2))
    fit = poisson_regression(moments, np.concatenate([periods, dummies * ~gone], axis=2), used)
    kept = fit.kept[len(panel.periods) :]
    notes = _effect_notes(effects, gone, kept)
    if not kept.any():
        raise ZgzxError(
            "no effect can be told from unit and period effects",
            where="ppml",
            count=len(kept),
            remedy="Add units never treated, or earlier periods.",
        )
    result = _fit(panel, moments, fit, used, effects[kept], dummies[..., kept], leave_out)
    result.notes.extend([*windows, *notes])
    options = {
        "method": "ppml",
        "design": design,
        "base_period": "universal",
        "leave_out": leave_out,
        "first_period": int(panel.periods[0]),
        "last_period": int(panel.periods[-1]),
    }
    return Effects.from_fit(result, panel.ledger, options)


def check_counts(
    panel: PreparedPanel, design: str, designs: tuple[str, ...], leave_out: int, where: str
) -> None:
    """What any Poisson regression here needs of its panel and options.

    Raises
    ------
    ZgzxError : unknown design; leave_out no whole number; outcomes below zero, or none above it;
        moving weights.
    """
    if design not in designs:
        raise ZgzxError(
            f"design={design!r} is unknown",
            where=where,
            remedy=f"Choose one of {', '.join(designs)}.",
        )
    if isinstance(leave_out, bool) or not isinstance(leave_out, (int, np.integer)) or leave_out < 0:
        raise ZgzxError(
            f"leave_out={leave_out!r} must be 0 or a positive whole number",
            where=where,
            remedy="Pass leave_out=0.",
        )
    outcome, below = f"column {panel.roles['outcome']!r}", panel.y < 0
    if below.any():
        raise ZgzxError(
            "Poisson regression needs outcomes of zero or more",
            where=outcome,
            count=int(below.sum()),
            examples=(f"{value:g}" for value in np.unique(panel.y[below])[:3]),
            remedy="Use counts or amounts, or method='two_way_fixed_effects' of estimate_effects.",
        )
    if not (panel.y > 0).any():
        raise ZgzxError(
            "no outcome is above zero, so there are no proportions",
            where=outcome,
            count=len(panel.y),
            remedy="See that it is the right column.",
        )
    if panel.weights.shape[1] > 1:
        raise ZgzxError(
            "weights change within units", where=where, remedy="Give every unit one weight."
        )


def _check(panel: PreparedPanel, design: str, leave_out: int) -> None:
    check_counts(panel, design, DESIGNS, leave_out, "ppml")
    if panel.covariates is not None:
        raise ZgzxError(
            "ppml uses no covariates, but the panel has some",
            where="ppml",
            count=len(panel.covariate_names),
            examples=panel.covariate_names[:3],
            remedy="Call ppml_with_covariates, or prepare the panel without covariates.",
        )
    if design == "cohort_event" and not np.isinf(panel.cohorts).any():
        raise ZgzxError(
            "every unit is treated in the end, so nobody is left to compare with",
            where="ppml",
            count=len(panel.cohort),
            remedy="Pass design='event_time'.",
        )


def _dummies(
    cohorts: np.ndarray, event: np.ndarray, design: str, base: int
) -> tuple[np.ndarray, np.ndarray]:
    """(effects, 2) cohort and event time of each effect, NaN where for all, and its (cohorts, periods) 0/1 regressor.

    Late event times come first, so that where not all effects are determined the earliest give way.
    """
    if design == "static":
        return np.array([[np.nan, np.nan]]), (event >= 0)[..., None].astype(float)
    finite = np.isfinite(event)
    times = np.unique(event[finite & (event != base)])[::-1]
    if design == "event_time":
        return np.column_stack([np.full(len(times), np.nan), times]), (
            event[..., None] == times
        ).astype(float)
    pairs = np.array([(g, e) for e in times for g in cohorts if (event[cohorts == g] == e).any()])
    of_cohort = cohorts[:, None, None] == pairs[:, 0]
    return pairs, (of_cohort & (event[..., None] == pairs[:, 1])).astype(float)


def _effect_notes(effects: np.ndarray, gone: np.ndarray, kept: np.ndarray) -> list[tuple]:
    notes = []
    for left, reason in (
        (gone, "effect without outcomes above zero to set it by"),
        (~kept & ~gone, "event time that unit and period effects and the others make up"),
    ):
        if left.any():
            shown = tuple(
                f"{e:g}" if np.isnan(g) else f"({g:g}, {e:g})" for g, e in effects[left][:3]
            )
            notes.append(("cells", reason, int(left.sum()), 0, shown))
    return notes


def _fit(
    panel: PreparedPanel,
    moments: Moments,
    fit: PoissonFit,
    used: np.ndarray,
    effects: np.ndarray,
    dummies: np.ndarray,
    leave_out: int,
) -> Fit:
    """Rows in rising order, their clustered covariance with fixest's factor, and who stands behind them."""
    order = np.lexsort((effects[:, 1], effects[:, 0]))
    effects, dummies = effects[order], dummies[..., order]
    chosen = len(panel.periods) + np.flatnonzero(fit.kept[len(panel.periods) :])[order]
    parameters = int(fit.kept.sum()) + 1  # unit effects lie within clusters and do not count
    rows, units, clusters, notes = _informative(panel, moments, used, parameters)
    slope = fit.slope[:, chosen]
    influence = partial(_influence, slope, moments.mean)
    covariance, by_cluster = influence_covariance(moments, influence)
    factor = (rows - 1) / (rows - parameters) * clusters / (clusters - 1)
    by_cluster = None if by_cluster is None else np.sqrt(factor) * by_cluster
    cohort, event = effects.T
    role = np.where(event >= 0, "post", np.where(event >= -leave_out, "left_out", "pre"))
    touched = (dummies * used[..., None] > 0).any(axis=1)  # (strata, rows)
    size = moments.units @ touched
    off = (dummies == 0) & used[..., None] & touched[:, None]
    weight = moments.weight[:, None, None] * off
    base = (weight * moments.mean[..., None]).sum(axis=(0, 1)) / weight.sum(axis=(0, 1))
    labels = Rows(
        cohort,
        cohort + event,
        event,
        np.where(np.isnan(event), "static", role),
        size,
        np.full(len(size), units) - size,
        base,
        clusters_within(moments, touched.T),
    )
    shares = (moments.weight[:, None, None] * dummies * used[..., None]).sum(axis=(0, 1))
    numbers = CellStatistics(
        "difference",
        fit.coefficient[chosen][None],
        np.arange(len(chosen)),
        shares,
        factor * covariance,
    )
    weights = MeanWeights(
        mean_weights(moments, influence, len(panel.cohorts)),
        cohort_means(moments, len(panel.cohorts)),
        panel.cohorts,
        panel.periods,
        "linearised",
    )
    return Fit(labels, numbers, weights, df=clusters - 1.0, notes=notes, influence=by_cluster)


def clusters_within(moments: Moments, strata: np.ndarray) -> np.ndarray:
    """(rows,) clusters, or units where there are none, in the strata of each row.

    Parameters
    ----------
    strata : (rows, strata) bool.
    """
    if moments.clusters is None:
        return strata @ moments.units
    owner = np.repeat(np.arange(strata.shape[1]), np.diff(moments.clusters.starts))
    return np.array(
        [len(np.unique(moments.clusters.cluster[row[owner]])) for row in strata], dtype=np.int64
    )


def _influence(slope: np.ndarray, mean: np.ndarray, s: int) -> tuple[np.ndarray, np.ndarray]:
    return slope[s], slope[s] @ mean[s]


def _informative(
    panel: PreparedPanel, moments: Moments, used: np.ndarray, parameters: int
) -> tuple[int, int, int, list[tuple]]:
    """Rows, units and clusters that say something, and notes on the units that do not.

    Their fit is perfect.
    """
    part = np.zeros((len(panel.cohorts), used.shape[1]), dtype=bool)
    for s, cohort in enumerate(moments.cohort):
        part[cohort] |= used[s]
    seen = np.zeros(len(panel.y), dtype=np.int64)
    positive = np.zeros(len(panel.y), dtype=bool)
    for t, y in enumerate(panel.y.T):
        here = part[panel.cohort, t] & ~np.isnan(y)
        seen += here
        positive |= here & (y > 0)
    notes = []
    for silent, reason in (
        (
            ~positive & (seen > 0),
            "unit without any outcome above zero: says nothing about proportions",
        ),
        (positive & (seen == 1), "unit observed in one period only: its own effect takes it up"),
    ):
        if silent.any():
            notes.append(("units", reason, int(seen[silent].sum()), int(silent.sum()), ()))
    speaks = positive & (seen > 1)
    clusters = speaks.sum() if panel.cluster is None else len(np.unique(panel.cluster[speaks]))
    rows = int(seen[speaks].sum())
    if clusters < 2 or rows <= parameters:
        raise ZgzxError(
            "too few clusters or rows for a standard error",
            where="ppml",
            examples=(f"{clusters} clusters", f"{rows} rows", f"{parameters} parameters"),
            remedy="Use a longer or larger panel, or clusters of fewer units.",
        )
    return rows, int(speaks.sum()), int(clusters), notes
