"""Outcome models and propensity scores from any learner with `fit` and `predict`, cross-fitted.

Every unit is predicted by models that never saw its cluster; folds are the same for all
comparisons. Doubly robust effects are orthogonal to the errors of both models, so influence values
need no further terms (Chernozhukov et al. 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Protocol

import numpy as np

from zgzx_research.did.core.scaling import Scaling
from zgzx_research.did.core.unit_passes import UnitChunk
from zgzx_research.did.methods.group_time.model_groups import ModelGroup
from zgzx_research.did.methods.group_time.nuisances import CAP, Nuisances
from zgzx_research.did.methods.group_time.passes import Chunk
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError


class Learner(Protocol):
    """A model as scikit-learn writes them."""

    def fit(self, x: np.ndarray, y: np.ndarray, /, **weights: np.ndarray) -> object:
        """Learn y from x (rows, covariates); sample_weight where units have weights."""

    def predict(self, x: np.ndarray, /) -> np.ndarray:
        """(rows,) predictions."""


def check_learner(name: str, model: object) -> None:
    """Refuse what is not a learner, or is the class of one.

    Raises
    ------
    ZgzxError
        No fit and predict.
    """
    usable = hasattr(model, "fit") and hasattr(model, "predict") and not isinstance(model, type)
    if model is not None and not usable:
        raise ZgzxError(
            f"{name} has no fit and predict",
            where="estimate_effects",
            examples=[repr(model)[:60]],
            remedy="Pass a learner, e.g. sklearn.linear_model.LinearRegression() "
            "with its brackets.",
        )


def assign_folds(panel: PreparedPanel, folds: int, seed: int) -> np.ndarray:
    """(units,) fold of each unit; units of a cluster share theirs."""
    group = np.arange(len(panel.cohort)) if panel.cluster is None else panel.cluster
    order = np.random.default_rng(seed).permutation(int(group.max()) + 1)
    return np.asarray((order % folds)[group])


def cross_fit(
    panel: PreparedPanel,
    scaling: Scaling,
    groups: Sequence[ModelGroup],
    outcome_model: Learner,
    propensity_model: Learner,
    fold: np.ndarray,
) -> list[Nuisances]:
    """Cross-fitted models of every group of comparisons.

    Parameters
    ----------
    fold : (units,) int
        From `assign_folds`.
    """
    return [
        _one_group(panel, scaling, group, outcome_model, propensity_model, fold) for group in groups
    ]


def _one_group(
    panel: PreparedPanel,
    scaling: Scaling,
    group: ModelGroup,
    outcome_model: Learner,
    propensity_model: Learner,
    fold: np.ndarray,
) -> Nuisances:
    cohort = panel.cohort
    rows = np.flatnonzero(group.controls[cohort] | (cohort == group.treated))
    chunk = Chunk(UnitChunk(panel, group.treated, rows), scaling)
    (x, weight), change = chunk.sample(group), chunk.changes(group)
    used = weight > 0
    rows, x, weight, change = rows[used], x[used, 1:], weight[used], change[used]
    treated = cohort[rows] == group.treated
    size, count = scaling.width, len(group.comparisons)
    fitted, score = np.full((len(cohort), count), np.nan), np.full(len(cohort), np.nan)
    failed = ""
    for number in range(int(fold.max()) + 1):
        learn, ask = fold[rows] != number, fold[rows] == number
        compared = learn & ~treated
        if not (treated & learn).any() or not compared.any():
            failed = (
                "too few units for cross-fitting: a fold leaves no treated or no comparison unit"
            )
            break
        if not ask.any():
            continue
        for j in range(count):
            model = _fitted(outcome_model, x[compared], change[compared, j], weight[compared])
            fitted[rows[ask], j] = model.predict(x[ask])
        model = _fitted(propensity_model, x[learn], treated[learn].astype(int), weight[learn])
        score[rows[ask]] = _probability(model, x[ask])
    if not failed and not (score[rows[~treated]] > 0).any():
        failed = "no comparison unit has a propensity score above zero"
    nothing, fitted, score = np.zeros((size, size)), np.nan_to_num(fitted), np.nan_to_num(score)
    return Nuisances(
        np.zeros((size, count)), nothing, np.zeros(size), nothing, failed, fitted, score
    )


def _fitted(model: Learner, x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> Learner:
    """Return a copy of the learner, fitted.

    Weights are passed only where they differ, for not every learner takes them.
    """
    copy = deepcopy(model)
    if (weight == weight[0]).all():
        copy.fit(x, y)
    else:
        copy.fit(x, y, sample_weight=weight)
    return copy


def _probability(model: Learner, x: np.ndarray) -> np.ndarray:
    p = model.predict_proba(x)[:, 1] if hasattr(model, "predict_proba") else model.predict(x)
    return np.clip(np.asarray(p, dtype=float), 0.0, CAP)
