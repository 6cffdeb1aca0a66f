"""The covariates of a panel as columns of numbers, without those that add nothing."""

from __future__ import annotations

import numpy as np

from zgzx_research.did.panel.blocks import Block
from zgzx_research.did.panel.categories import DROPPED, level_columns
from zgzx_research.did.panel.collinear import independent_columns
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.did.panel.sample import constant_if_possible

ADDS_NOTHING = "covariate dropped: constant, or a combination of the others"


def independent_covariates(
    block: Block, names: tuple[str, ...], ledger: list[LedgerRow]
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """(units, 1 or periods, covariates) and their names, without those that add nothing."""
    if not names:
        return None, ()
    columns, shown = _covariate_columns(block, names, ledger)
    if not columns:
        return None, ()
    values = np.empty((len(block.units), max(column.shape[1] for column in columns), len(columns)))
    for k, column in enumerate(columns):
        values[:, :, k] = column
    if values.shape[1] > 1:
        values[np.isnan(block.y)] = np.nan
        values = constant_if_possible(values, ~np.isnan(block.y))
    used = independent_columns(values)
    kept = tuple(name for name, use in zip(shown, used, strict=True) if use)
    for name, use in zip(shown, used, strict=True):
        if not use:
            ledger.append(("note", ADDS_NOTHING, 0, 0, (str(name),)))
    if used.all():
        return values, kept
    return (values[:, :, used] if used.any() else None), kept


def _covariate_columns(
    block: Block, names: tuple[str, ...], ledger: list[LedgerRow]
) -> tuple[list[np.ndarray], list[str]]:
    """One column per number, and one per level of text but the first, with their names."""
    columns, shown = [], []
    for name in names:
        values, levels = block.columns[f"covariate {name}"], block.levels.get(f"covariate {name}")
        if levels is None:
            columns.append(values)
            shown.append(name)
            continue
        seen = values if values.shape[1] == 1 else np.where(np.isnan(block.y), np.nan, values)
        dummies, used, dropped = level_columns(seen, levels)
        columns += [dummies[..., k] for k in range(len(used))]
        shown += [f"{name}[{level}]" for level in used]
        if used:
            ledger.append(("note", DROPPED, 0, 0, (f"{name}[{dropped}]",)))
        else:
            ledger.append(("note", ADDS_NOTHING, 0, 0, (str(name),)))
    return columns, shown
