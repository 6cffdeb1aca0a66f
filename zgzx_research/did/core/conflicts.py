"""Options that several methods take: their words, and when a panel does not go with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from zgzx_research.did.core.method import Conflict
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError

Controls = Literal["never_treated", "not_yet_treated"]
Adjustment = Literal["none", "doubly_robust", "outcome_regression", "inverse_probability"]
Scale = Literal["difference", "ratio"]
EventWindow = tuple[int, int]


def controls_conflicts(panel: PreparedPanel, controls: Controls) -> Iterator[Conflict]:
    """Nobody is left to compare with."""
    if controls != "never_treated":
        return
    yield (
        panel.never_treated_lost,
        "every unit that was never treated left the panel for another reason "
        "(see panel.ledger), so nobody is left to compare with",
        "Keep them: complete what they lack, or prepare the panel without the columns or "
        "the gaps='balance' that leave them out.",
    )
    all_treated = not np.isinf(panel.cohorts).any()
    yield (
        all_treated and bool((panel.cohorts == 0).any()),
        "no value of first_treated is missing, and 0 counts as a period: "
        "nobody is left to compare with",
        "Set 0 to missing if it codes 'never treated'; else pass controls='not_yet_treated'.",
    )
    yield (
        all_treated,
        "every unit is treated in the end, so nobody is left to compare with",
        "Pass controls='not_yet_treated'.",
    )


def adjustment_conflicts(panel: PreparedPanel, adjustment: Adjustment) -> Iterator[Conflict]:
    """Covariates without adjustment, or adjustment without covariates."""
    adjusted, without = adjustment != "none", panel.covariates is None
    yield (
        not adjusted and not without,
        "the panel has covariates, but adjustment='none' does not use them",
        "Pass adjustment='doubly_robust', or prepare the panel without covariates.",
    )
    yield (
        adjusted and without and any(role.startswith("covariate") for role in panel.roles),
        "every covariate was dropped: constant, or a combination of the others (see panel.ledger)",
        "Name covariates that differ between units, or pass adjustment='none'.",
    )
    yield (
        adjusted and without,
        "there are no covariates to adjust for",
        "Name covariates in prepare_panel, or pass adjustment='none'.",
    )


def ratio_adjustment_conflict(
    panel: PreparedPanel, scale: Scale, adjustment: Adjustment = "none"
) -> Conflict:
    """Return the conflict of the ratio scale with an adjustment that it does not have."""
    by_rows = panel.covariates is not None and panel.gaps == "cross_section"
    return (
        scale == "ratio" and (adjustment == "doubly_robust" or by_rows),
        "the ratio scale has no such adjustment",
        "Pass adjustment='outcome_regression' (Poisson) or 'inverse_probability', "
        "with gaps='pairwise'.",
    )


def ratio_conflicts(panel: PreparedPanel, scale: Scale) -> Iterator[Conflict]:
    """Yield what is wrong with the ratio scale: weights that change, outcomes below zero."""
    if scale != "ratio":
        return
    yield (
        panel.weights.shape[1] > 1,
        "the ratio scale needs weights that are constant within units",
        "Take the weight of one year, or pass scale='difference'.",
    )
    below = panel.y < 0
    if below.any():
        raise ZgzxError(
            "the ratio scale needs outcomes of zero or more",
            where=f"column {panel.roles['outcome']!r}",
            count=int(below.sum()),
            examples=(f"{value:g}" for value in np.unique(panel.y[below])[:3]),
            remedy="Pass scale='difference'.",
        )
