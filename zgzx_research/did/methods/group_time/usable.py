"""Which comparisons can be made, and ledger rows on the cohorts and units that cannot take part."""

from __future__ import annotations

import numpy as np

from zgzx_research.did.core.comparisons import ComparisonMeans, Comparisons, last_bases
from zgzx_research.did.core.moments import Moments
from zgzx_research.did.core.small_cohorts import cohort_sizes, size_notes
from zgzx_research.did.methods.group_time.result_parts import first_labels
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.errors import ZgzxError


def usable_comparisons(
    panel: Panel,
    plan: Comparisons,
    means: ComparisonMeans,
    scale: str,
    notes: list[LedgerRow],
) -> np.ndarray:
    """Which comparisons can be estimated; the others go to the notes with the reason."""
    empty = (means.weight == 0).any(axis=1)
    ratio = (scale == "ratio") & ~empty
    zero = ratio & (means.value[:, 2:] <= 0).any(axis=1)
    # dropping these would keep the cohorts whose base was high by chance, and these would seem
    # to lose afterwards
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
                (step, reason, int(rows.sum()), 0, first_labels(panel, plan, np.flatnonzero(rows)))
            )
    usable = ~(empty | zero)
    _refuse_nothing(panel, usable, zero | unratioed)
    return usable


def _refuse_nothing(panel: Panel, usable: np.ndarray, no_ratio: np.ndarray) -> None:
    """Refuse panels without any comparison that can be made."""
    cohorts = int(np.isfinite(panel.cohorts).sum())
    if not len(usable):
        raise ZgzxError(
            "no unit is treated after a period that could serve as base",
            where="estimate_effects",
            count=cohorts,
            remedy="See that first_treated is the right column.",
        )
    if no_ratio.all():
        raise ZgzxError(
            "no base or comparison mean is positive, so there is no ratio",
            where="estimate_effects",
            count=len(no_ratio),
            remedy="Pass scale='difference' or base_period='pooled'.",
        )
    if not usable.any():
        raise ZgzxError(
            "no cohort can be compared: none has a base period together with a comparison group",
            where="estimate_effects",
            count=cohorts,
            remedy="Add earlier periods, lower anticipation or leave_out, "
            "or try controls='not_yet_treated'.",
        )


def cohort_notes(panel: Panel, plan: Comparisons, moments: Moments) -> list[LedgerRow]:
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


def note_partial_bases(
    panel: Panel, plan: Comparisons, moments: Moments, notes: list[LedgerRow]
) -> None:
    """Note that a pooled base is over the periods a unit is seen in.

    That is fair only if all groups miss the same ones.
    """
    pooled = (plan.base > 0).sum(axis=1) > 1
    needed = (plan.base[pooled] > 0).any(axis=0)
    partial = ~(moments.observed | ~needed).all(axis=1) & (moments.observed & needed).any(axis=1)
    if pooled.any() and partial.any():
        reason = (
            "units seen in part of a pooled base: "
            "fair only if treated and comparison miss the same periods"
        )
        notes.append(("note", reason, 0, int(moments.units[partial].sum()), ()))


def note_unknown_bases(
    panel: Panel, plan: Comparisons, moments: Moments, notes: list[LedgerRow]
) -> None:
    """Units whose covariates are not known at a base leave the comparisons that need them."""
    if moments.known is None:
        return
    lacking, base = ~moments.known & moments.observed, last_bases(plan)
    cohorts = plan.controls | (
        np.arange(len(panel.cohorts)) == plan.cohort[:, None]
    )  # (comparisons, cohorts)
    lost, touched = np.zeros(lacking.shape, dtype=bool), np.zeros(len(base), dtype=bool)
    for b in np.unique(base):
        here = lacking[:, b]
        lost[:, b] = here & cohorts[base == b].any(axis=0)[moments.cohort]
        touched |= (base == b) & cohorts[:, np.unique(moments.cohort[here])].any(axis=1)
    if touched.any():
        reason = "covariate missing at the base: unit left out of the cells that need it"
        shown = first_labels(panel, plan, np.flatnonzero(touched))
        rows, units = moments.units @ lost.sum(axis=1), moments.units[lost.any(axis=1)].sum()
        notes.append(("units", reason, int(rows), int(units), shown))
