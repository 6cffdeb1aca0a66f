"""Units and rows that leave a panel, each with its reason in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from zgzx_research.did.panel.blocks import Block, observed
from zgzx_research.did.panel.fitting_remedies import fitting
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.did.panel.read_table import Roles
from zgzx_research.did.panel.survey import COVARIATE, Found
from zgzx_research.errors import ZgzxError

NEVER = np.inf
# reasons in the order of the ledger, each with its step
LATE = "treated after the last period: serves as never treated"
PARTLY = "covariate missing in some rows: the unit is in no comparison with such a row as its base"
EARLY = "already treated in the first period"
LACKING = "covariate missing"
UNBALANCED = "not observed in every period (gaps='balance')"
HOLES = "units with unobserved periods"
REASONS = {
    LATE: "units",
    PARTLY: "note",
    EARLY: "units",
    LACKING: "units",
    UNBALANCED: "units",
    HOLES: "note",
}
LOST = "never treated and left out"


@dataclass(frozen=True, slots=True)
class Sample:
    """Which units of a block stay.

    Attributes
    ----------
    start : (units,)
        First treated period of each unit, infinity = not within the panel.
    late : (units,), optional
        That of units treated after the panel, infinity for all others; None where there are none.
    keep : (units,) bool
    found : dict of reason -> (rows, units, examples)
        Of those that leave, and what is to be noted.
    """

    start: np.ndarray
    late: np.ndarray | None
    keep: np.ndarray
    found: dict[str, tuple[int, int, tuple[str, ...]]]


def sample_units(
    block: Block, periods: np.ndarray, start: np.ndarray, by_base: bool, gaps: str
) -> Sample:
    """Leave out units that no estimate can use.

    Parameters
    ----------
    block : Block
        Some units, in all periods of the panel.
    periods, start : (periods,) and (units,)
        Counted by the clock; NaN = never treated.
    by_base : bool
        Whether a unit without a covariate leaves comparisons with that base only.
    gaps : str
        How incomplete units are used.
    """
    never = np.isnan(start)
    start = np.where(never, NEVER, start)
    beyond = np.isfinite(start) & (start > periods[-1])
    late = None
    if beyond.any():
        late, start = np.where(beyond, start, NEVER), np.where(beyond, NEVER, start)
    nothing = np.zeros(len(start), dtype=bool)
    holes = nothing
    if len(start) and np.isnan(block.y.min()):
        holes = np.isnan(block.y).any(axis=1)
    rows, lacking = rows_without_covariates(block), nothing
    found = {LATE: (0, *_units(block, beyond))}
    if rows is not None:
        lacking = np.asarray(rows.any(axis=1))
        if by_base:
            some = lacking
            lacking = np.asarray((rows | np.isnan(block.y)).all(axis=1))
            partly = some & ~lacking
            found[PARTLY] = (int(rows[partly].sum()), *_units(block, partly))
    keep = ~nothing
    for gone, reason in (
        (start <= periods[0], EARLY),
        (lacking, LACKING),
        (holes & (gaps == "balance"), UNBALANCED),
    ):
        gone = gone & keep
        keep &= ~gone
        seen = int((~np.isnan(block.y[gone])).sum()) if gone.any() else 0
        found[reason] = (seen, *_units(block, gone))
    found[HOLES] = (0, int((holes & keep).sum()), ())
    found[LOST] = (0, *_units(block, never & ~keep))
    return Sample(start, late, keep, {what: one for what, one in found.items() if one[1]})


def _units(block: Block, which: np.ndarray) -> tuple[int, tuple[str, ...]]:
    """Return the number of units, and the first few as text, for the ledger."""
    if not which.any():
        return 0, ()
    return int(which.sum()), tuple(str(unit) for unit in block.units[which][:3])


def ledger_of_units(
    found: dict[str, Found], units: int, roles: Roles, gaps: str
) -> list[LedgerRow]:
    """Return the ledger rows of the units that left, and of what is to be noted."""
    rows = []
    for reason, step in REASONS.items():
        one = found.get(reason)
        if reason == HOLES:
            reason = f"{HOLES}, used by gaps={gaps!r}"
            if roles["unit"] is None:
                one, reason = Found(0, units, ()), "no unit column: each row is its own unit"
        if one is not None:
            rows.append((step, reason, one.rows, one.units, one.examples))
    return rows


def no_unit_left(count: int, roles: Roles, gaps: str, ledger: Sequence[LedgerRow]) -> ZgzxError:
    """Return the error for a panel that every unit has left."""
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


def rows_without_covariates(block: Block) -> np.ndarray | None:
    """(units, periods) whether an observed row lacks a covariate; None where none does."""
    lacking = None
    for role, values in block.columns.items():
        if role.startswith(COVARIATE) and values.size and np.isnan(values.min()):
            missing = np.isnan(values) & ~np.isnan(block.y)
            if missing.any():
                lacking = missing if lacking is None else lacking | missing
    return lacking


def with_all_covariates(block: Block) -> Block:
    """Return the block without rows that lack a covariate, for samples of rows."""
    lacking = rows_without_covariates(block)
    if lacking is None:
        return block
    tally = block.tally | {
        LACKING: (int(lacking.sum()), *_units(block, np.asarray(lacking.any(axis=1))))
    }
    return observed(replace(block, y=np.where(lacking, np.nan, block.y), tally=tally))
