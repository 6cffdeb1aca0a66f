"""The covariates of a panel as columns of numbers, without those that add nothing."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from zgzx_research.did.panel.categories import DROPPED, level_column
from zgzx_research.did.panel.collinear import (
    Means,
    add_means,
    add_triangles,
    column_means,
    independent_of,
    triangle_about,
)
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import changed, over_parts
from zgzx_research.did.panel.prepared_panel import LedgerRow, PreparedPanel
from zgzx_research.did.panel.sample import changes_within, first_seen
from zgzx_research.did.panel.survey import COVARIATE

ADDS_NOTHING = "covariate dropped: constant, or a combination of the others"

Columns = list[tuple[str, int, float | None]]
"""Name, place among the columns as they were read, and the level that is 1 (None: a number)."""


def with_independent_covariates(
    panel: Panel, levels: Mapping[str, tuple[str, ...]], ledger: list[LedgerRow]
) -> Panel:
    """Return the panel with covariates as numbers, without those that add nothing.

    Parameters
    ----------
    levels : Mapping
        Role -> levels of a covariate that is text; its column holds their places.
    ledger : list[LedgerRow]
        Grows.
    """
    if not panel.has_covariates:
        return panel
    columns = _columns(panel, levels, ledger)
    if levels:
        panel = changed(panel, partial(_with_columns, columns=columns))
    if panel.covariates_vary and not over_parts(panel, _vary, operator.or_):
        panel = changed(panel, _with_first_values)
    used = np.zeros(len(columns), dtype=bool)
    if columns:
        means = over_parts(panel, _means, add_means)
        triangle = over_parts(panel, partial(_triangle, mean=means[0]), add_triangles)
        used = independent_of(triangle, means)
    for name in (name for (name, _, _), use in zip(columns, used, strict=True) if not use):
        ledger.append(("note", ADDS_NOTHING, 0, 0, (str(name),)))
    names = tuple(name for (name, _, _), use in zip(columns, used, strict=True) if use)
    return changed(panel, partial(_with_covariates, used=used, names=names))


def _columns(
    panel: Panel, levels: Mapping[str, tuple[str, ...]], ledger: list[LedgerRow]
) -> Columns:
    """One column per number, and one per level of text but the first."""
    columns: Columns = []
    used = over_parts(panel, _levels_used, _union_of_each) if levels else []
    for k, name in enumerate(panel.covariate_names):
        named = levels.get(f"{COVARIATE}{name}")
        if named is None:
            columns.append((name, k, None))
            continue
        columns += [(f"{name}[{named[int(level)]}]", k, level) for level in used[k][1:]]
        if len(used[k]) > 1:
            ledger.append(("note", DROPPED, 0, 0, (f"{name}[{named[int(used[k][0])]}]",)))
        else:
            ledger.append(("note", ADDS_NOTHING, 0, 0, (str(name),)))
    return columns


def _levels_used(panel: PreparedPanel) -> list[np.ndarray]:
    """Distinct values of each covariate."""
    values = _values(panel)
    distinct = [np.unique(values[..., k]) for k in range(values.shape[2])]
    return [found[~np.isnan(found)] for found in distinct]


def _union_of_each(one: list[np.ndarray], other: list[np.ndarray]) -> list[np.ndarray]:
    return [np.union1d(mine, theirs) for mine, theirs in zip(one, other, strict=True)]


def _values(panel: PreparedPanel) -> np.ndarray:
    assert panel.covariates is not None
    return panel.covariates


def _with_columns(panel: PreparedPanel, *, columns: Columns) -> PreparedPanel:
    """Return the panel with a column of zeros and ones for each level."""
    own = _values(panel)
    values = np.empty((*own.shape[:2], len(columns)))
    for place, (_, k, level) in enumerate(columns):
        column = own[..., k]
        values[..., place] = column if level is None else level_column(column, level)
    return replace(panel, covariates=values)


def _means(panel: PreparedPanel) -> Means:
    return column_means(_values(panel))


def _triangle(panel: PreparedPanel, *, mean: np.ndarray) -> np.ndarray:
    return triangle_about(_values(panel), mean)


def _vary(panel: PreparedPanel) -> bool:
    return changes_within(_values(panel), ~np.isnan(panel.y))


def _with_first_values(panel: PreparedPanel) -> PreparedPanel:
    return replace(panel, covariates=first_seen(_values(panel), ~np.isnan(panel.y)))


def _with_covariates(
    panel: PreparedPanel, *, used: np.ndarray, names: tuple[str, ...]
) -> PreparedPanel:
    values = None
    if used.any():
        values = _values(panel) if used.all() else _values(panel)[:, :, used]
    return replace(panel, covariates=values, covariate_names=names)
