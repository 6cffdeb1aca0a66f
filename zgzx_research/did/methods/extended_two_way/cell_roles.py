"""Which cells (a cohort in a period) are untreated, which have an effect, which leave and why."""

from __future__ import annotations

import numpy as np

from zgzx_research.did.core.conflicts import Controls
from zgzx_research.did.core.moments import Moments
from zgzx_research.did.core.small_cohorts import cohort_sizes, size_notes
from zgzx_research.did.methods.extended_two_way import glm
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.errors import ZgzxError

BASE = ("base", "reference")  # roles of cells without coefficients of their own
FULL = 1 - 1e-12  # a share this close to 1 is 1 up to rounding


def plan_roles(
    cohorts: np.ndarray, periods: np.ndarray, *, controls: Controls, masked: int, leave_out: int
) -> np.ndarray:
    """(cohorts, periods) str.

    "base" (untreated), "reference", "post", "pre", "left_out" or "" (takes no part).

    Never-treated controls: of a treated cohort only its last period before treatment (and before
    anticipation and left-out periods) is base, its "reference". Not-yet-treated: all such periods
    are.
    """
    role = np.full((len(cohorts), len(periods)), "", dtype="<U9")
    for c, g in enumerate(cohorts):
        eligible = periods + masked < g
        if np.isinf(g) or not eligible.any():
            role[c] = "base" if np.isinf(g) else ""
            continue
        role[c] = np.where(
            periods >= g, "post", np.where(periods >= g - leave_out, "left_out", "pre")
        )
        if controls == "never_treated":
            role[c, eligible.nonzero()[0][-1]] = "reference"
        else:
            role[c, eligible] = "base"
    return role


def cohort_notes(panel: Panel, role: np.ndarray, moments: Moments, notes: list[LedgerRow]) -> None:
    """Cohorts without a base period leave.

    Those of one unit have no standard error of their own.
    """
    units, clusters = cohort_sizes(moments, len(panel.cohorts))
    taking_part = (role != "").any(axis=1)
    for c in np.flatnonzero(~taking_part):
        label = (f"{panel.cohorts[c]:g}",)
        notes.append(
            ("cohorts", "no period before treatment to serve as base", 0, int(units[c]), label)
        )
    notes.extend(size_notes(panel.cohorts[taking_part], units[taking_part], clusters[taking_part]))
    if not np.isin(role, ("post", "pre", "left_out")).any():
        raise ZgzxError(
            "no unit is treated after a period that could serve as base",
            where="estimate_effects",
            count=int(np.isfinite(panel.cohorts).sum()),
            remedy="See that first_treated is the right column.",
        )


def without_flat_margins(
    panel: Panel,
    role: np.ndarray,
    gram: glm.CellSums,
    units: np.ndarray,
    family: str,
    notes: list[LedgerRow],
) -> np.ndarray:
    """Roles without the cohorts and periods whose untreated outcomes are all at a bound.

    They have no finite effect.
    """
    weight, total, role = gram.curvature[..., 0, 0], gram.gradient[..., 0], role.copy()
    while True:
        base = np.isin(role, BASE) & (weight > 0)
        flat = [
            base.any(axis=a)
            & at_bound((total * base).sum(axis=a), (weight * base).sum(axis=a), family)
            for a in (1, 0)
        ]
        if not (flat[0].any() or flat[1].any()):
            return role
        for name, gone, labels, cells in (
            (
                "cohorts",
                flat[0],
                [_label(g) for g in panel.cohorts],
                flat[0][:, None] & (role != ""),
            ),
            ("periods", flat[1], [str(t) for t in panel.periods], flat[1] & (role != "")),
        ):
            if gone.any():
                shown = tuple(label for label, flag in zip(labels, gone, strict=True) if flag)
                notes.append(
                    (
                        name,
                        "untreated outcomes all 0 (or all 1)",
                        int(units[cells].sum()),
                        0,
                        shown[:3],
                    )
                )
                role[cells] = ""


def determined_cells(
    panel: Panel, role: np.ndarray, gram: glm.CellSums, notes: list[LedgerRow]
) -> np.ndarray:
    """Roles without the cells that the untreated rows say nothing about."""
    base = np.isin(role, BASE) & (gram.curvature[..., 0, 0] > 0)
    linked, _ = glm.determined(gram.curvature[..., :1, :1], base)
    linked &= gram.curvature[..., 0, 0] > 0
    covered, _ = glm.determined(gram.curvature, base)
    asked = (role != "") & (role != "base")
    for gone, reason in (
        (asked & ~linked, "cell without observed treated or comparison units"),
        (asked & linked & ~covered, "cell whose covariates were not seen among its untreated rows"),
    ):
        if gone.any():
            notes.append(("cells", reason, int(gone.sum()), 0, first_cells(panel, gone)))
    role = np.where(asked & ~(linked & covered), "", role)
    if not np.isin(role, ("post", "pre", "left_out")).any():
        raise ZgzxError(
            "no cohort can be compared: none has untreated rows together with a comparison group",
            where="estimate_effects",
            count=int(np.isfinite(panel.cohorts).sum()),
            remedy="Add earlier periods, lower anticipation or leave_out, "
            "or try controls='not_yet_treated'.",
        )
    return role


def at_bound(total: np.ndarray, weight: np.ndarray, family: str) -> np.ndarray:
    """Where every outcome is at a bound that the family's mean cannot reach."""
    if family == "linear":
        return np.zeros(total.shape, dtype=bool)
    return (total <= 0) | ((family == "logit") & (total >= FULL * weight))


def _label(cohort: float) -> str:
    return "never treated" if np.isinf(cohort) else f"{cohort:g}"


def first_cells(panel: Panel, cells: np.ndarray) -> tuple[str, ...]:
    """Return the first few of a (cohorts, periods) mask, for the ledger."""
    return tuple(
        f"({_label(panel.cohorts[c])}, {panel.periods[t]})" for c, t in np.argwhere(cells)[:3]
    )
