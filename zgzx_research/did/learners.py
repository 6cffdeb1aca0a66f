"""Outcome models and propensity scores from any learner with `fit` and `predict`, cross-fitted by cluster.

Every unit is predicted by models that never saw its cluster; folds are the same for all cells.
Doubly robust effects are orthogonal to the errors of both models, so influence values need no
further terms (Chernozhukov et al. 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np

from zgzx_research.did.nuisances import CAP, Comparison, Nuisances, Pass


def assign_folds(panel: Any, folds: int, seed: int) -> np.ndarray:
    """(units,) fold of each unit; units of a cluster share theirs."""
    group = np.arange(len(panel.cohort)) if panel.cluster is None else panel.cluster
    return (np.random.default_rng(seed).permutation(int(group.max()) + 1) % folds)[group]


def cross_fit(
    units: Pass, comparisons: Sequence[Comparison], options: dict[str, Any]
) -> list[Nuisances]:
    """Cross-fitted models of every comparison.

    `options` holds outcome_model, propensity_model, folds, seed.
    """
    fold = assign_folds(units.panel, options["folds"], options["seed"])
    return [_one(units, one, fold, options) for one in comparisons]


def _one(units: Pass, one: Comparison, fold: np.ndarray, options: dict[str, Any]) -> Nuisances:
    cohort = units.panel.cohort
    rows = np.flatnonzero(one.controls[cohort] | (cohort == one.treated))
    x, weight = units.chunk(rows).design(one)
    rows, x, weight = rows[weight > 0], x[weight > 0, 1:], weight[weight > 0]
    change = units.chunk(rows).changes(one)
    treated = cohort[rows] == one.treated
    size, count = 1 + len(units.centre), len(one.cells)
    fitted, score = np.full((len(cohort), count), np.nan), np.full(len(cohort), np.nan)
    failed = ""
    for f in range(options["folds"]):
        learn, ask = fold[rows] != f, fold[rows] == f
        compared = learn & ~treated
        if not (treated & learn).any() or not compared.any():
            failed = (
                "too few units for cross-fitting: a fold leaves no treated or no comparison unit"
            )
            break
        if not ask.any():
            continue
        for j in range(count):
            model = _fitted(
                options["outcome_model"], x[compared], change[compared, j], weight[compared]
            )
            fitted[rows[ask], j] = model.predict(x[ask])
        model = _fitted(
            options["propensity_model"], x[learn], treated[learn].astype(int), weight[learn]
        )
        score[rows[ask]] = _probability(model, x[ask])
    if not failed and not (score[rows[~treated]] > 0).any():
        failed = "no comparison unit has a propensity score above zero"
    nothing, fitted, score = np.zeros((size, size)), np.nan_to_num(fitted), np.nan_to_num(score)
    return Nuisances(
        np.zeros((size, count)), nothing, np.zeros(size), nothing, failed, fitted, score
    )


def _fitted(model: Any, x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> Any:
    """A copy of the learner, fitted.

    Weights are passed only where they differ, for not every learner takes them.
    """
    copy = deepcopy(model)
    if (weight == weight[0]).all():
        copy.fit(x, y)
    else:
        copy.fit(x, y, sample_weight=weight)
    return copy


def _probability(model: Any, x: np.ndarray) -> np.ndarray:
    p = model.predict_proba(x)[:, 1] if hasattr(model, "predict_proba") else model.predict(x)
    return np.clip(np.asarray(p, dtype=float), 0.0, CAP)
