"""The options of group-time effects, and which panels go with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from zgzx_research.did.core.conflicts import (
    Adjustment,
    Controls,
    Scale,
    adjustment_conflicts,
    controls_conflicts,
    ratio_adjustment_conflict,
    ratio_conflicts,
)
from zgzx_research.did.core.method import Conflict, MethodOptions, check_whole
from zgzx_research.did.methods.group_time.learners import Learner, check_learner
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import is_complete

BasePeriod = Literal["universal", "varying", "pooled"]


@dataclass(frozen=True, kw_only=True)
class Options(MethodOptions):
    """Options of method="group_time", as `estimate_effects` explains them."""

    adjustment: Adjustment
    controls: Controls
    base_period: BasePeriod
    anticipation: int
    leave_out: int
    scale: Scale
    outcome_model: Learner | None
    propensity_model: Learner | None
    folds: int
    seed: int
    cohort_correction: bool

    @property
    def uses_learners(self) -> bool:
        """Whether learners take the place of regressions."""
        return self.outcome_model is not None

    def check_values(self) -> None:
        """Refuse folds, seeds and learners that no panel could use."""
        check_whole("folds", self.folds, least=2)
        check_whole("seed", self.seed)
        check_learner("outcome_model", self.outcome_model)
        check_learner("propensity_model", self.propensity_model)

    def conflicts(self, panel: Panel) -> Iterator[Conflict]:
        """Yield what could be wrong between these options and a panel."""
        yield from controls_conflicts(panel, self.controls)
        yield from adjustment_conflicts(panel, self.adjustment)
        yield from self._learner_conflicts(panel)
        yield ratio_adjustment_conflict(panel, self.scale, self.adjustment)
        varying = panel.covariates_vary or panel.weights_vary
        yield (
            self.base_period == "pooled" and varying and not is_complete(panel),
            "a pooled base with gaps needs covariates and weights that are constant within units",
            "Take them at one period, pass base_period='universal', "
            "or prepare the panel with gaps='balance'.",
        )
        yield (
            self.cohort_correction and (panel.has_covariates or panel.weights_vary),
            "the correction for small cohorts is for estimates without covariates and with "
            "constant weights",
            "Pass cohort_correction=False, or adjustment='none' and weights of one period.",
        )
        yield from ratio_conflicts(panel, self.scale)

    def _learner_conflicts(self, panel: Panel) -> Iterator[Conflict]:
        yield (
            (self.outcome_model is None) != (self.propensity_model is None),
            "learners come in pairs: outcome_model and propensity_model",
            "Pass both, or neither (least squares and logit).",
        )
        fits = self.adjustment == "doubly_robust" and self.scale == "difference"
        yield (
            self.uses_learners and not (fits and panel.gaps != "cross_section"),
            "learners are for doubly robust differences in panels",
            "Pass adjustment='doubly_robust' and scale='difference'; "
            "do not use gaps='cross_section'.",
        )
