"""What covariates say about each comparison.

Outcome regressions and propensity scores, by passes over the units.

A comparison is a treated cohort, its comparison cohorts and the period its covariates come from; it
serves one or more cells. Units not observed in a pair of periods have weight 0 there, so in a panel
with gaps every cell is a comparison of its own. Covariates are centred and scaled first: effects do
not depend on it, digits do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy import linalg, special

from zgzx_research.did.cells import Cells, last_bases, unit_weights
from zgzx_research.did.chunks import chunk_bounds, in_chunks

TRIM = 0.995  # comparison units at least so likely to be treated take no part (DRDID's default)
CAP = 1 - 1e-6  # of propensity scores
NEWTON_STEPS = 50
SEPARATED = (
    1e6  # variance of a logit coefficient (covariates standardised) that means: nothing holds it
)
ENOUGH = 50_000  # units to take centre and scale from
TINY = 1e-300
SETTLED = 1e-7  # step of Newton's method after which no other is taken
CONVERGED = 1e-14  # relative change of the deviance
# smallest eigenvalue of a correlation matrix of regressors that counts as more than rounding
SINGULAR = 1e-11
SUBSAMPLE = 16  # one chunk of so many gives the first Newton steps their start


@dataclass(frozen=True, slots=True)
class Comparison:
    """Cells with one treated cohort, one comparison group and one period of covariates.

    Attributes
    ----------
    treated : index of the cohort. controls : (cohorts,) bool. at : period index of covariates and
        weights.
    cells : (cells here,) int. period : (cells here,) int. base : (cells here, periods) base
        weights.
    """

    treated: int
    controls: np.ndarray
    at: int
    cells: np.ndarray
    period: np.ndarray
    base: np.ndarray


@dataclass(frozen=True, slots=True)
class Nuisances:
    """Fitted models of one comparison, with covariates standardised.

    Attributes
    ----------
    outcome : (covariates, cells here) coefficients of the outcome's change among comparison units,
        0 when not used.
    outcome_inverse : (covariates, covariates) inverse of their weighted cross products.
    propensity : (covariates,) logit coefficients. propensity_inverse : inverse Hessian.
    failed : why the comparison cannot be made, or "".
    fitted, score : of cross-fitted learners instead: (units, cells here) predicted changes,
        (units,) propensity scores.
    """

    outcome: np.ndarray
    outcome_inverse: np.ndarray
    propensity: np.ndarray
    propensity_inverse: np.ndarray
    failed: str = ""
    fitted: np.ndarray | None = None
    score: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """The units in the order of their cohorts, cut in chunks, with standardised covariates on demand.

    Attributes
    ----------
    pieces : (cohort, start, stop) into `order`. order : (units,) int.
    centre, scale : (covariates,) of the standardisation.
    complete : every outcome and weight is observed. lacking : some covariates are not known.
    """

    panel: Any
    order: np.ndarray
    pieces: list[tuple[int, int, int]]
    centre: np.ndarray
    scale: np.ndarray
    complete: bool
    lacking: bool = False

    def chunk(self, units: np.ndarray) -> Chunk:
        """Some units, loaded once for all comparisons they take part in."""
        return Chunk(self, units, {}, [])


@dataclass(frozen=True, slots=True)
class Chunk:
    """Units of one chunk: their indices.

    Regressors by period and outcomes are read when first asked for.
    """

    units: Pass
    rows: np.ndarray
    loaded: dict[int, tuple[np.ndarray, np.ndarray]]
    read: list[np.ndarray]

    @property
    def y(self) -> np.ndarray:
        """(units, periods) outcomes."""
        if not self.read:
            self.read.append(self.units.panel.y[self.rows])
        return self.read[0]

    def design(self, one: Comparison) -> tuple[np.ndarray, np.ndarray]:
        """(units, 1 + covariates) intercept and standardised covariates.

        (units,) weights, 0 outside the sample.
        """
        if one.at not in self.loaded:
            self.loaded[one.at] = self._load(one.at)
        x, weight = self.loaded[one.at]
        if self.units.complete:
            return x, weight
        seen = ~np.isnan(self.y)
        inside = seen[:, one.period[0]] & (seen & (one.base[0] > 0)).any(axis=1)
        return x, np.where(inside, weight, 0.0)

    def _load(self, at: int) -> tuple[np.ndarray, np.ndarray]:
        panel, centre = self.units.panel, self.units.centre
        x = np.ones((len(self.rows), 1 + len(centre)))
        if len(centre):
            values = panel.covariates[self.rows, at if panel.covariates.shape[1] > 1 else 0]
            x[:, 1:] = (values - centre) / self.units.scale
        weight = panel.weights[self.rows, at if panel.weights.shape[1] > 1 else 0]
        if (
            self.units.lacking
        ):  # without covariates a unit is in no comparison that takes them from this period
            weight = np.where(np.isnan(x).any(axis=1), 0.0, weight)
        keep = self.units.complete and not self.units.lacking
        return (x, weight) if keep else (np.nan_to_num(x, copy=False), weight)

    def outcomes(self, one: Comparison) -> tuple[np.ndarray, np.ndarray]:
        """(units, cells) outcomes at t and at the base; over the base periods a unit is seen in."""
        if self.units.complete:
            return self.y[:, one.period], self.y @ one.base.T
        seen = ~np.isnan(self.y)
        filled = np.where(seen, self.y, 0.0)
        share = seen @ one.base.T
        base = np.divide(filled @ one.base.T, share, out=np.zeros_like(share), where=share > 0)
        return filled[:, one.period], base

    def changes(self, one: Comparison) -> np.ndarray:
        """(units, cells) outcomes at t less those at the base."""
        if self.units.complete:
            contrast = -one.base
            contrast[np.arange(len(contrast)), one.period] += 1
            return self.y @ contrast.T
        now, base = self.outcomes(one)
        return now - base


@dataclass(frozen=True, slots=True)
class AdjustedCells:
    """Cells after adjustment, in the order of the plan.

    Attributes
    ----------
    statistics : (1 or 2, cells) as in CellStatistics. cohort_share : (cells, cohorts) of what
        treated meet.
    trimmed : (cells,) int, comparison units trimmed. failed : (cells,) why a cell cannot be made,
        or "".
    covariance : cohort shares, which of them are drawn -> covariance of (statistics, shares),
        influence by cluster.
    """

    statistics: np.ndarray
    cohort_share: np.ndarray
    trimmed: np.ndarray
    failed: list[str]
    covariance: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray | None]]


def gram_by_cluster(
    units: Pass, kernel: Callable[[int, np.ndarray], tuple[np.ndarray, np.ndarray]], size: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """(size, size) sum over units, or over clusters, of products of influence values made chunk by chunk.

    Where there are clusters, also the (clusters, size) sums themselves.

    Parameters
    ----------
    kernel : cohort, units -> columns (used,) and influence values (units, used); all other columns
        are zero.
    """
    cluster = units.panel.cluster

    def chunk(piece: tuple[int, int, int]) -> tuple:
        rows = units.order[piece[1] : piece[2]]
        used, values = kernel(piece[0], rows)
        if cluster is None:
            return used, used, values.T @ values
        ids, member = np.unique(cluster[rows], return_inverse=True)
        sums = np.zeros((len(ids), values.shape[1]))
        np.add.at(sums, member, values)
        return ids, used, sums

    total = np.zeros((size if cluster is None else int(cluster.max()) + 1, size))
    for rows, used, part in in_chunks(chunk, units.pieces):
        total[np.ix_(rows, used)] += part
    return (total, None) if cluster is None else (total.T @ total, total)


def share_influence(
    panel: Any, shares: np.ndarray, drawn: np.ndarray
) -> Callable[[int, np.ndarray], np.ndarray]:
    """Cohort, its units -> (units, cohorts) influence on the cohort shares.

    Parameters
    ----------
    shares, drawn : (cohorts,) shares, and whether a cohort's size counts as drawn.
    """
    weight = unit_weights(panel.weights)
    total = weight[shares[panel.cohort] > 0].sum()

    def influence(cohort: int, rows: np.ndarray) -> np.ndarray:
        if not drawn[cohort]:
            return np.zeros((len(rows), len(shares)))
        return np.outer(weight[rows] / total, (np.arange(len(shares)) == cohort) - shares)

    return influence


def start_pass(panel: Any, *, standardise: bool = True) -> Pass:
    """Order and cut the units; centre and scale of covariates come from some of them."""
    order = np.argsort(panel.cohort.astype(np.int16), kind="stable")
    pieces = chunk_bounds(np.bincount(panel.cohort, minlength=len(panel.cohorts)))
    centre, scale = np.zeros(0), np.zeros(0)
    if panel.covariates is not None:
        some = panel.covariates[
            :: max(1, len(panel.covariates) // ENOUGH)
        ]  # near the mean is near enough
        flat = some.reshape(-1, some.shape[2])
        centre = np.nanmean(flat, axis=0) if standardise else np.zeros(flat.shape[1])
        scale = np.nanstd(flat, axis=0) if standardise else np.ones(flat.shape[1])
    complete = not (np.isnan(panel.y).any() or np.isnan(panel.weights).any())
    lacking = len(centre) > 0 and bool(np.isnan(panel.covariates.min()))
    return Pass(panel, order, pieces, centre, np.where(scale > 0, scale, 1.0), complete, lacking)


def models_of(adjustment: str) -> dict[str, bool]:
    """Whether an adjustment uses an outcome regression and a propensity score.

    "none" is a regression on a constant.
    """
    return {
        "outcome": adjustment in ("none", "doubly_robust", "outcome_regression"),
        "propensity": adjustment in ("doubly_robust", "inverse_probability"),
    }


def plan_comparisons(panel: Any, cells: Cells, complete: bool) -> list[Comparison]:
    """Group cells that share cohort, comparison group and covariates.

    And, in panels with gaps, their sample.
    """
    constant = panel.weights.shape[1] == 1 and (
        panel.covariates is None or panel.covariates.shape[1] == 1
    )
    latest_base = last_bases(cells)
    source = latest_base if panel.covariates_at == "base" else np.minimum(cells.period, latest_base)
    source = np.zeros_like(source) if constant else source
    groups: dict[tuple, list[int]] = {}
    for j, (cohort, mask) in enumerate(zip(cells.cohort, cells.comparison, strict=True)):
        groups.setdefault((cohort, mask.tobytes(), source[j], -1 if complete else j), []).append(j)
    return [
        Comparison(
            int(g),
            cells.comparison[rows[0]],
            int(at),
            np.array(rows),
            cells.period[rows],
            cells.base[rows],
        )
        for (g, _, at, _), rows in groups.items()
    ]


def fit_nuisances(
    units: Pass, comparisons: Sequence[Comparison], *, outcome: bool, propensity: bool
) -> list[Nuisances]:
    """Outcome regression by least squares and propensity score by logit, for each comparison.

    Parameters
    ----------
    outcome, propensity : which of the two to fit; the other's coefficients are zero.
    """
    size = 1 + len(units.centre)
    fits = _outcome_regressions(units, comparisons) if outcome else None
    logits = fit_logits(units, comparisons) if propensity else None
    result = []
    for k, one in enumerate(comparisons):
        nothing = (np.zeros((size, len(one.cells))), np.zeros((size, size)), "")
        b, b_inverse, b_failed = fits[k] if fits else nothing
        g, g_inverse, g_failed = (
            logits[k] if logits else (np.zeros(size), np.zeros((size, size)), "")
        )
        result.append(Nuisances(b, b_inverse, g, g_inverse, b_failed or g_failed))
    return result


def _outcome_regressions(
    units: Pass, comparisons: Sequence[Comparison]
) -> list[tuple[np.ndarray, np.ndarray, str]]:
    size = 1 + len(units.centre)
    gram = [np.zeros((size, size)) for _ in comparisons]
    cross = [np.zeros((size, len(one.cells))) for one in comparisons]

    def kernel(piece: tuple[int, int, int]) -> list[tuple]:
        cohort, chunk = piece[0], units.chunk(units.order[piece[1] : piece[2]])
        sums = []
        for k, one in enumerate(comparisons):
            if one.controls[cohort]:
                x, weight = chunk.design(one)
                weighted = weight[:, None] * x
                sums.append((k, weighted.T @ x, weighted.T @ chunk.changes(one)))
        return sums

    for part in in_chunks(kernel, units.pieces):
        for k, xx, xy in part:
            gram[k] += xx
            cross[k] += xy
    return [solve_normal(xx, xy) for xx, xy in zip(gram, cross, strict=True)]


def solve_normal(gram: np.ndarray, cross: np.ndarray) -> tuple[np.ndarray, np.ndarray, str]:
    if is_singular(gram):
        return (
            np.zeros_like(cross),
            np.zeros_like(gram),
            "covariates are collinear among the comparison units",
        )
    inverse = linalg.inv(gram)
    return linalg.solve(gram, cross, assume_a="pos"), inverse, ""


def is_singular(gram: np.ndarray) -> bool:
    """Whether a matrix of cross products has lost a direction, whatever the scales of its columns."""
    scale = np.sqrt(np.diag(gram))
    if not (np.isfinite(gram).all() and (scale > 0).all()):
        return True
    return bool(np.linalg.eigvalsh(gram / np.outer(scale, scale))[0] < SINGULAR)


def fit_logits(
    units: Pass, comparisons: Sequence[Comparison]
) -> list[tuple[np.ndarray, np.ndarray, str]]:
    """Coefficients, inverse Hessian and reason of failure of each propensity score, all fitted in the same passes."""
    start = np.zeros((len(comparisons), 1 + len(units.centre)))
    if len(units.pieces) > 2 * SUBSAMPLE:
        few = units.pieces[::SUBSAMPLE]
        trial, _, failed = newton(partial(_logit_sums, units, few, comparisons), start)
        start = np.where(failed[:, None], start, trial)
    value, hessian, failed = newton(partial(_logit_sums, units, units.pieces, comparisons), start)
    typical = np.nanmean(units.panel.weights)
    result = []
    for k, one in enumerate(hessian):
        inverse = np.zeros_like(one) if failed[k] else linalg.inv(one)
        bad = failed[k] or np.diag(inverse).max() * typical > SEPARATED
        reason = (
            "a covariate separates treated from comparison units, or is collinear among them"
            if bad
            else ""
        )
        result.append((value[k], inverse, reason))
    return result


def newton(
    sums: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]],
    start: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Newton's method for several likelihoods at once.

    Steps are halved where the deviance would rise.

    Parameters
    ----------
    sums : (problems, size) coefficients and (problems,) which are still moving -> deviance, score,
        Hessian of each.

    Returns
    -------
    coefficients, Hessians, and (problems,) bool whether each failed: no maximum, or a Hessian
    without full rank.
    """
    value, best, deviance = start.copy(), start.copy(), np.full(len(start), np.inf)
    step, hessian = np.zeros_like(start), np.zeros((*start.shape, start.shape[1]))
    active, failed = np.ones(len(start), bool), np.zeros(len(start), bool)
    for _ in range(NEWTON_STEPS):
        now, score, curved = sums(value, active)
        worse = active & ~(now <= deviance * (1 + 1e-12))
        moved = active & ~worse
        done = moved & (deviance - now <= CONVERGED * (np.abs(now) + 0.1))
        for k in np.flatnonzero(moved):
            failed[k] |= is_singular(curved[k])
        best[moved], deviance[moved], hessian[moved] = value[moved], now[moved], curved[moved]
        active &= ~(done | failed)
        if not active.any():
            return best, hessian, failed
        step[worse] /= 2
        for k in np.flatnonzero(active & ~worse):
            step[k] = linalg.solve(hessian[k], score[k], assume_a="pos")
            if np.abs(step[k]).max() < SETTLED:  # the next step would be its square
                best[k], active[k] = best[k] + step[k], False
        if not active.any():
            return best, hessian, failed
        value = np.where(active[:, None], best + step, best)
    return best, hessian, failed | active


def _logit_sums(
    units: Pass,
    pieces: list,
    comparisons: Sequence[Comparison],
    value: np.ndarray,
    active: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Deviance, score and Hessian of each active logit."""
    deviance, score = np.zeros(len(value)), np.zeros_like(value)
    hessian = np.zeros((*value.shape, value.shape[1]))

    def kernel(piece: tuple[int, int, int]) -> list[tuple]:
        cohort, chunk = piece[0], units.chunk(units.order[piece[1] : piece[2]])
        sums = []
        for k, one in enumerate(comparisons):
            treated = one.treated == cohort
            if active[k] and (treated or one.controls[cohort]):
                x, weight = chunk.design(one)
                index = x @ value[k]
                p = special.expit(index)
                loss = (0.0 if treated else index) - np.log(np.maximum(p, TINY))
                curved = (weight * p * (1 - p))[:, None] * x
                sums.append((k, 2 * (weight @ loss), (weight * (treated - p)) @ x, curved.T @ x))
        return sums

    for part in in_chunks(kernel, pieces):
        for k, loss, slope, curved in part:
            deviance[k] += loss
            score[k] += slope
            hessian[k] += curved
    return deviance, score, hessian
