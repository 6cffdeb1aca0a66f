"""Units and rows that leave a panel, each with its reason in the ledger."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zgzx_research.did.panel.blocks import Block, observed
from zgzx_research.did.panel.fitting_remedies import fitting
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.did.panel.read_table import Roles
from zgzx_research.errors import ZgzxError

NEVER = np.inf


def leave_out_units(
    block: Block,
    periods: np.ndarray,
    start: np.ndarray,
    roles: Roles,
    by_base: bool,
    gaps: str,
    ledger: list[LedgerRow],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Leave out units that no estimate can use.

    Parameters
    ----------
    block : Block
        All units.
    periods, start : (periods,) and (units,)
        Counted by the clock; NaN = never treated.
    roles : Mapping
        The column behind each role.
    by_base : bool
        Whether a unit without a covariate leaves comparisons with that base only.
    gaps : str
        How incomplete units are used.
    ledger : list[LedgerRow]
        What was left out so far; grows.

    Returns
    -------
    start : (units,)
        First treated period of each unit, infinity = not within the panel.
    late : (units,)
        That of units treated after the panel, infinity for all others.
    keep : (units,) bool
        Units that stay.

    Raises
    ------
    ZgzxError
        No unit is left.
    """
    start, late = _starts_in_panel(block, periods, start, ledger)
    nothing = np.zeros(len(start), dtype=bool)
    holes = np.isnan(block.y).any(axis=1) if np.isnan(block.y.min()) else nothing
    rows = rows_without_covariates(block, roles)
    lacking = nothing
    if rows is not None:
        lacking = _units_without_covariates(rows, block, by_base, ledger)

    keep = ~nothing
    for gone, reason in (
        (start <= periods[0], "already treated in the first period"),
        (lacking, "covariate missing"),
        (holes & (gaps == "balance"), "not observed in every period (gaps='balance')"),
    ):
        gone = gone & keep
        keep &= ~gone
        if gone.any():
            seen = int((~np.isnan(block.y[gone])).sum())
            ledger.append(("units", reason, seen, int(gone.sum()), first_few(block.units[gone])))
    if not keep.any():
        raise _no_unit_left(len(keep), roles, gaps, ledger)
    if roles["unit"] is None:
        ledger.append(("note", "no unit column: each row is its own unit", 0, int(keep.sum()), ()))
    elif (holes & keep).any():
        reason = f"units with unobserved periods, used by gaps={gaps!r}"
        ledger.append(("note", reason, 0, int((holes & keep).sum()), ()))
    return start, late, keep


def _starts_in_panel(
    block: Block, periods: np.ndarray, start: np.ndarray, ledger: list[LedgerRow]
) -> tuple[np.ndarray, np.ndarray]:
    """(units,) first treated period within the panel, and that after it, infinity elsewhere."""
    start = np.where(np.isnan(start), NEVER, start)
    beyond = np.isfinite(start) & (start > periods[-1])
    late = np.where(beyond, start, NEVER)
    if beyond.any():
        reason = "treated after the last period: serves as never treated"
        ledger.append(("units", reason, 0, int(beyond.sum()), first_few(block.units[beyond])))
        start = np.where(beyond, NEVER, start)
    return start, late


def _no_unit_left(count: int, roles: Roles, gaps: str, ledger: list[LedgerRow]) -> ZgzxError:
    remedy = "Add earlier periods, or choose gaps='pairwise'."
    if any(role.startswith("covariate") for role in roles):
        remedy = (
            "Add earlier periods, choose gaps='pairwise', "
            "or leave out covariates with missing values."
        )
    reasons = [f"{reason}: {units}" for step, reason, _, units, _ in ledger if step == "units"]
    return ZgzxError(
        "no unit is left",
        where="prepare_panel",
        count=count,
        examples=reasons[::-1],
        remedy=fitting(remedy, {"gaps": gaps}),
    )


def first_few(units: np.ndarray) -> tuple[str, ...]:
    """Return the first units as text, for the ledger."""
    return tuple(str(unit) for unit in units[:3])


def rows_without_covariates(block: Block, roles: Roles) -> np.ndarray | None:
    """(units, periods) whether an observed row lacks a covariate; None where none does.

    An infinite one is an error.
    """
    lacking = None
    for role, values in block.columns.items():
        if not role.startswith("covariate "):
            continue
        infinite = np.isinf(values).any(axis=1)
        if infinite.any():
            raise ZgzxError(
                "the covariate is infinite",
                where=f"column {roles[role]!r}",
                count=int(infinite.sum()),
                examples=block.units[infinite][:3],
                remedy="Correct these values or set them to missing.",
            )
        if np.isnan(values.min()):
            missing = np.isnan(values) & ~np.isnan(block.y)
            if missing.any():
                lacking = missing if lacking is None else lacking | missing
    return lacking


def _units_without_covariates(
    lacking: np.ndarray, block: Block, by_base: bool, ledger: list[LedgerRow]
) -> np.ndarray:
    """(units,) whether a unit leaves for its missing covariates.

    With `by_base` only where it never has them all.
    """
    some = np.asarray(lacking.any(axis=1))
    if not by_base:
        return some
    never = np.asarray((lacking | np.isnan(block.y)).all(axis=1))
    partly = some & ~never
    if partly.any():
        rows = int(lacking[partly].sum())
        reason = (
            "covariate missing in some rows: "
            "the unit is in no comparison with such a row as its base"
        )
        ledger.append(("note", reason, rows, int(partly.sum()), first_few(block.units[partly])))
    return never


def with_all_covariates(block: Block, roles: Roles, ledger: list[LedgerRow]) -> Block:
    """Return the block without rows that lack a covariate, for samples of rows."""
    lacking = rows_without_covariates(block, roles)
    if lacking is None:
        return block
    units = lacking.any(axis=1)
    ledger.append(
        (
            "rows",
            "covariate missing",
            int(lacking.sum()),
            int(units.sum()),
            first_few(block.units[units]),
        )
    )
    block = replace(block, y=np.where(lacking, np.nan, block.y))
    if np.isnan(block.y).all():
        raise ZgzxError(
            "no row has all covariates",
            where="prepare_panel",
            count=int(lacking.sum()),
            remedy="Leave out covariates with missing values.",
        )
    return observed(block)
