"""Group-time effects (Callaway & Sant'Anna 2021).

Plan the cells, take means or adjust for covariates, join them up.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zgzx_research.did import adjustment, cross_section, ratio_adjustment
from zgzx_research.did.aggregate import CellStatistics
from zgzx_research.did.cells import (
    BASE_PERIODS,
    CONTROLS,
    CellMeans,
    Cells,
    cell_influence,
    cell_means,
    last_bases,
    plan_cells,
    unit_weights,
)
from zgzx_research.did.counts import SCALES
from zgzx_research.did.fit import EXACT, Fit, MeanWeights, Rows
from zgzx_research.did.lent_variance import lending_notes, lent_covariance
from zgzx_research.did.moments import (
    Moments,
    cohort_means,
    influence_covariance,
    mean_weights,
    panel_moments,
)
from zgzx_research.did.nuisances import TRIM
from zgzx_research.did.sample import covariates_known, shown_cohorts
from zgzx_research.did.small_cohorts import (
    cohort_sizes,
    only_unit,
    size_notes,
    treated_freedom,
    with_freedom_lost,
)
from zgzx_research.errors import ZgzxError

__all__ = ["BASE_PERIODS", "CONTROLS", "fit"]


def fit(panel: Any, options: dict[str, Any]) -> Fit:
    """Group-time effects of a PreparedPanel; `options` as in `estimate_effects`."""
    plan = plan_cells(
        panel.cohorts,
        panel.periods,
        controls=options["controls"],
        base_period=options["base_period"],
        anticipation=options["anticipation"],
        leave_out=options["leave_out"],
        until=panel.until,
    )
    known = covariates_known(panel)
    moments = panel_moments(
        panel.y, panel.cohort, unit_weights(panel.weights), panel.cluster, known
    )
    notes = _cohort_notes(panel, plan, moments)
    if known is not None:
        _note_unknown_bases(panel, plan, known, notes)
    _note_partial_bases(panel, plan, moments, notes)
    means = cell_means(moments, plan, panel.gaps)
    cells = plan.take(_usable(panel, plan, means, options["scale"], notes))
    means = cell_means(moments, cells, panel.gaps)
    if options["adjustment"] == "none" and panel.weights.shape[1] == 1:
        return _unadjusted(panel, moments, cells, options, notes)
    return _adjusted(panel, moments, cells, options, notes)


def _unadjusted(
    panel: Any, moments: Moments, cells: Cells, options: dict[str, Any], notes: list[tuple]
) -> Fit:
    """Everything from the four means of each cell."""
    scale = options["scale"]
    means = cell_means(moments, cells, panel.gaps)
    used, cohort = np.unique(cells.cohort, return_inverse=True)
    shares = _shares(panel.cohorts, used, moments)
    statistics, gradient = SCALES[scale](means.value, means.weight)
    influence = cell_influence(
        moments, cells, means, gradient, shares, _drawn(panel, moments, shares)
    )
    keep = np.concatenate([np.arange(statistics.size), statistics.size + used])
    on_means = mean_weights(moments, influence, len(panel.cohorts))[: statistics.size]
    spread = (
        with_freedom_lost(moments, len(panel.cohorts)) if options["cohort_correction"] else moments
    )
    joint, sums = influence_covariance(spread, influence)
    joint = joint[np.ix_(keep, keep)]
    joint[: statistics.size, : statistics.size] += _lent(
        panel, moments, cells, means, on_means, scale, notes
    )
    numbers = CellStatistics(scale, statistics, cohort, shares[used], joint, panel.cohorts[used])
    plain = moments.observed.all() or (
        panel.gaps == "cross_section" and cells.base.max(axis=1).min() == 1
    )
    kind = "linearised" if scale == "ratio" else EXACT if plain else "pairwise"
    weights = _weights(panel, moments, on_means, kind)
    rooted = None if sums is None else sums[:, : statistics.size]
    df = treated_freedom(moments, panel.cohorts) if options["cohort_correction"] else np.inf
    return Fit(
        cell_rows(panel, moments, cells, means),
        numbers,
        weights,
        df=df,
        notes=notes,
        influence=rooted,
    )


def _adjusted(
    panel: Any, moments: Moments, cells: Cells, options: dict[str, Any], notes: list[tuple]
) -> Fit:
    """Cells reweighted by covariates (or by weights that change within units)."""
    by_rows = panel.gaps == "cross_section"
    room = (
        ratio_adjustment
        if options["scale"] == "ratio"
        else cross_section
        if by_rows
        else adjustment
    )
    result = room.adjust(panel, cells, options)
    kept = np.array([not reason for reason in result.failed])
    for reason in dict.fromkeys(filter(None, result.failed)):
        gone = np.flatnonzero(np.array(result.failed) == reason)
        notes.append(
            ("cells", f"cell left out: {reason}", len(gone), 0, _named(panel, cells, gone))
        )
    if not kept.any():
        raise ZgzxError(
            "no cell can be adjusted for these covariates",
            where="estimate_effects",
            count=len(cells.cohort),
            examples=[result.failed[0]],
            remedy="Leave out or coarsen covariates.",
        )
    if result.trimmed.any():
        reason = f"comparison units with a propensity score of {TRIM} or more, trimmed (in the cell with most)"
        notes.append(
            (
                "units",
                reason,
                0,
                int(result.trimmed.max()),
                _named(panel, cells, result.trimmed.nonzero()[0]),
            )
        )
    means = cell_means(moments, cells.take(kept), panel.gaps)
    rows = cell_rows(panel, moments, cells.take(kept), means)
    used, cohort = np.unique(cells.cohort[kept], return_inverse=True)
    shares = _shares(panel.cohorts, used, moments)
    statistics = result.statistics[:, kept]
    keep = np.concatenate(
        [np.flatnonzero(np.tile(kept, len(statistics))), len(statistics) * len(kept) + used]
    )
    joint, sums = result.covariance(shares, _drawn(panel, moments, shares))
    joint = joint[np.ix_(keep, keep)]
    on_means = _on_means(panel, moments, cells.take(kept), result.cohort_share[kept], statistics)
    joint[: statistics.size, : statistics.size] += _lent(
        panel, moments, cells.take(kept), means, on_means, options["scale"], notes
    )
    kind = "approximate" if by_rows or len(statistics) > 1 else "reweighted"
    weights = _weights(panel, moments, on_means, kind)
    numbers = CellStatistics(
        options["scale"], statistics, cohort, shares[used], joint, panel.cohorts[used]
    )
    rooted = None if sums is None else sums[:, keep[: statistics.size]]
    return Fit(rows, numbers, weights, notes=notes, influence=rooted)


def _on_means(
    panel: Any, moments: Moments, cells: Cells, share: np.ndarray, statistics: np.ndarray
) -> np.ndarray:
    """(statistics, cohorts, periods) weights on means.

    Treated now and at the base, compared by their shares.
    """
    treated = (np.arange(len(panel.cohorts)) == cells.cohort[:, None])[:, :, None]
    now = (np.arange(len(panel.periods)) == cells.period[:, None])[:, None, :]
    base, share = cells.base[:, None, :], share[:, :, None]
    if len(statistics) == 1:
        return (treated * 1.0 - share) * (now - base)
    means = np.nan_to_num(cohort_means(moments, len(panel.cohorts)))

    def level(who: np.ndarray, when: np.ndarray) -> np.ndarray:
        return (who * when * means).sum(axis=(1, 2))[:, None, None]

    total, without = statistics[:, :, None, None]
    grown = share * now / level(share, now) - share * base / level(share, base)
    return np.concatenate(
        [
            _over(total, level(treated, now)) * treated * now,
            without * (_over(treated * base, level(treated, base)) + grown),
        ]
    )


def _over(part: np.ndarray, level: np.ndarray) -> np.ndarray:
    """part / level, 0 where nobody has anything: such a mean moves no total."""
    return np.divide(
        part, level, out=np.zeros(np.broadcast_shapes(part.shape, level.shape)), where=level > 0
    )


def _named(panel: Any, cells: Cells, rows: np.ndarray) -> tuple[str, ...]:
    """The first few of some cells, for the ledger."""
    return tuple(_labels(panel, cells.take(rows))[:3])


def _labels(panel: Any, cells: Cells) -> np.ndarray:
    """(cells,) cohort and period of each as text."""
    at = zip(panel.cohorts[cells.cohort], panel.periods[cells.period], strict=True)
    return np.array([f"({g:g}, {t})" for g, t in at], dtype=object)


def _weights(panel: Any, moments: Moments, on_means: np.ndarray, kind: str) -> MeanWeights:
    return MeanWeights(
        on_means,
        cohort_means(moments, len(panel.cohorts)),
        shown_cohorts(panel),
        panel.periods,
        kind,
    )


def cell_rows(panel: Any, moments: Moments, cells: Cells, means: CellMeans) -> Rows:
    """Labels of the cells."""
    start, now = panel.cohorts[cells.cohort], panel.periods[cells.period].astype(float)
    treated, compared = means.units.T
    _, clusters = cohort_sizes(moments, len(panel.cohorts))
    single = only_unit(moments, means.mask[:, :, :2]).any(axis=1)
    n_clusters = np.where(single, 1, np.minimum(treated, clusters[cells.cohort]))
    return Rows(
        start, now, now - start, cells.role, treated, compared, means.value[:, 1], n_clusters
    )


def _drawn(panel: Any, moments: Moments, shares: np.ndarray) -> np.ndarray:
    """(cohorts,) whether the size of a cohort in use counts as drawn.

    Not where it is one unit or cluster.
    """
    return (shares > 0) & (cohort_sizes(moments, len(panel.cohorts))[1] > 1)


def _lent(
    panel: Any,
    moments: Moments,
    cells: Cells,
    means: CellMeans,
    on_means: np.ndarray,
    scale: str,
    notes: list[tuple],
) -> np.ndarray:
    """The covariance that means of one unit or cluster add.

    Cells to which none can be lent go to the notes.
    """
    by_rows = panel.gaps == "cross_section"
    single = _single_units(moments, cells, means, by_rows)
    single = np.concatenate([single] * (len(on_means) // len(single)))
    lent = lent_covariance(moments, on_means, single, relative=scale == "ratio", samples=by_rows)
    notes += lending_notes(lent, _labels(panel, cells))
    return lent


def _single_units(moments: Moments, cells: Cells, means: CellMeans, by_rows: bool) -> np.ndarray:
    """(cells, cohorts[, periods]) number of the one unit or cluster a mean rests on, 0 where there are several.

    A treated cohort may be one unit, or several of which a cell observes one; a comparison of
    several cohorts has a spread about their common mean, though each be one unit. Where every row
    is used the mean at t and that at the base may rest on different units, so each is looked at by
    itself.
    """
    cohorts = np.arange(cells.comparison.shape[1])
    number = only_unit(moments, means.mask)  # (cells, 4)
    number = np.where(number > 0, number + 1, 0)
    whole = (cohort_sizes(moments, len(cohorts))[1] == 1) * 1
    treated = cells.cohort[:, None] == cohorts

    def among(column: int) -> np.ndarray:
        own = (treated if column < 2 else cells.comparison) * number[:, [column]]
        return np.where((whole > 0) & (own > 0), whole, own)

    if not by_rows:
        return np.maximum(among(0), among(2))
    now = (np.arange(cells.base.shape[1]) == cells.period[:, None])[:, None, :]
    base = (cells.base > 0)[:, None, :] & ~now
    return (
        np.maximum(among(0), among(2))[:, :, None] * now
        + np.maximum(among(1), among(3))[:, :, None] * base
    )


def _shares(cohorts: np.ndarray, used: np.ndarray, moments: Moments) -> np.ndarray:
    """(cohorts,) share of each cohort with cells, and of the never treated, in the units that take part."""
    part = np.isinf(cohorts) | np.isin(np.arange(len(cohorts)), used)
    by_cohort = np.bincount(moments.cohort, moments.weight, minlength=len(cohorts)) * part
    return by_cohort / by_cohort.sum()


def _cohort_notes(panel: Any, plan: Cells, moments: Moments) -> list[tuple]:
    """Cohorts without a base period leave; small ones are flagged."""
    units, clusters = cohort_sizes(moments, len(panel.cohorts))
    based = np.isin(np.arange(len(units)), plan.cohort) | np.isinf(panel.cohorts)
    notes = [
        (
            "cohorts",
            "no period before treatment to serve as base",
            0,
            int(units[c]),
            (f"{panel.cohorts[c]:g}",),
        )
        for c in np.flatnonzero(~based)
    ]
    return notes + size_notes(
        panel.cohorts, np.where(based, units, 0), np.where(based, clusters, 0)
    )


def _note_partial_bases(panel: Any, plan: Cells, moments: Moments, notes: list[tuple]) -> None:
    """A pooled base is over the periods a unit is seen in.

    That is fair only if all groups miss the same ones.
    """
    pooled = (plan.base > 0).sum(axis=1) > 1
    needed = (plan.base[pooled] > 0).any(axis=0)
    partial = ~(moments.observed | ~needed).all(axis=1) & (moments.observed & needed).any(axis=1)
    if pooled.any() and partial.any():
        reason = "units seen in part of a pooled base: fair only if treated and comparison miss the same periods"
        notes.append(("note", reason, 0, int(moments.units[partial].sum()), ()))


def _note_unknown_bases(panel: Any, plan: Cells, known: np.ndarray, notes: list[tuple]) -> None:
    """Units whose covariates are not known at a base leave the cells that need them."""
    lacking, base = ~known & ~np.isnan(panel.y), last_bases(plan)
    cohorts = plan.comparison | (
        np.arange(len(panel.cohorts)) == plan.cohort[:, None]
    )  # (cells, cohorts)
    lost, touched = np.zeros(lacking.shape, dtype=bool), np.zeros(len(base), dtype=bool)
    for b in np.unique(base):
        here = lacking[:, b]
        lost[:, b] = here & cohorts[base == b].any(axis=0)[panel.cohort]
        touched |= (base == b) & cohorts[:, np.unique(panel.cohort[here])].any(axis=1)
    if touched.any():
        reason = "covariate missing at the base: unit left out of the cells that need it"
        shown = _named(panel, plan, np.flatnonzero(touched))
        notes.append(("units", reason, int(lost.sum()), int(lost.any(axis=1).sum()), shown))


def _usable(
    panel: Any, plan: Cells, means: CellMeans, scale: str, notes: list[tuple]
) -> np.ndarray:
    """Which cells can be estimated; the others go to the notes with the reason."""
    empty = (means.weight == 0).any(axis=1)
    ratio = (scale == "ratio") & ~empty
    zero = ratio & (means.value[:, 2:] <= 0).any(axis=1)
    # to drop these would keep the cohorts whose base was a lucky one: winners alone would seem to
    # lose afterwards
    unratioed = ratio & ~zero & (means.value[:, 1] == 0)
    for rows, step, reason in (
        (empty, "cells", "cell without observed treated or comparison units"),
        (zero, "cells", "cell whose comparison mean is not positive"),
        (
            unratioed,
            "note",
            "cell whose treated base is zero: no ratio of its own, stays in totals",
        ),
    ):
        if rows.any():
            notes.append(
                (step, reason, int(rows.sum()), 0, _named(panel, plan, np.flatnonzero(rows)))
            )
    usable = ~(empty | zero)
    if not len(plan.cohort):
        raise ZgzxError(
            "no unit is treated after a period that could serve as base",
            where="estimate_effects",
            count=int(np.isfinite(panel.cohorts).sum()),
            remedy="See that first_treated is the right column.",
        )
    if (zero | unratioed).all():
        raise ZgzxError(
            "no base or comparison mean is positive, so there is no ratio",
            where="estimate_effects",
            count=len(zero),
            remedy="Pass scale='difference' or base_period='pooled'.",
        )
    if not usable.any():
        raise ZgzxError(
            "no cohort can be compared: none has a base period together with a comparison group",
            where="estimate_effects",
            count=int(np.isfinite(panel.cohorts).sum()),
            remedy="Add earlier periods, lower anticipation or leave_out, or try controls='not_yet_treated'.",
        )
    return usable
