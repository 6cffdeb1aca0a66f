"""From a tidy table to arrays, once: every row or unit left out is written in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.panel.blocks import Block, read_blocks
from zgzx_research.did.panel.clock import CLOCKS
from zgzx_research.did.panel.covariate_columns import independent_covariates
from zgzx_research.did.panel.periods import count_periods
from zgzx_research.did.panel.prepared_panel import NEVER_TREATED_LOST, LedgerRow, PreparedPanel
from zgzx_research.did.panel.read_table import Roles
from zgzx_research.did.panel.unit_names import spelled_alike
from zgzx_research.did.panel.units_left_out import first_few, leave_out_units, with_all_covariates
from zgzx_research.errors import ZgzxError, warn

GAPS = ("pairwise", "balance", "cross_section")
COVARIATES_AT = ("base", "earlier")
LEDGER_COLUMNS = ["step", "reason", "rows", "units", "examples"]
LEFT_OUT = ("unit missing", "period missing", "outcome missing")


def prepare_panel(
    data: Any,
    *,
    outcome: str,
    unit: str | None,
    period: str,
    first_treated: str,
    covariates: Sequence[str] = (),
    covariates_at: str = "base",
    weights: str | None = None,
    cluster: str | None = None,
    gaps: str = "pairwise",
    clock: str = "calendar",
) -> PreparedPanel:
    """Check a tidy panel and turn it into arrays.

    Parameters
    ----------
    data : table or path
        pandas, polars, arrow or duckdb table, or the path of a Parquet file: one row per unit and
        period. A Parquet file sorted by unit is read in parts and is never in memory as a whole.
    outcome, unit, period, first_treated : str
        Columns. `first_treated` missing = never treated. Periods, and first treated periods alike,
        are whole numbers, dates, pandas periods, or text that writes them (2015, 2015-03, 2015Q1).
        A unit is treated at an observation if that observation is not before its first treated
        date; dates that all lie at the start or the end of their step (year, quarter, month, week)
        stand for the whole step. `unit=None` makes each row its own unit (repeated cross-sections,
        `gaps="cross_section"`).
    covariates : Sequence[str], default ()
        Columns of numbers, or of text or categories (one column per level, the first left out),
        constant within a unit or not. Where a value is missing, the row leaves with
        `gaps="cross_section"`, the unit leaves the comparisons with that base with
        `gaps="pairwise"` and `covariates_at="base"`, and the unit leaves otherwise (as in R), in
        the ledger. A covariate leaves that is constant or a combination of those before it.
    covariates_at : str, default "base"
        "base" or "earlier" (as R did): which period of a comparison gives covariates and varying
        weights.
    weights : str, optional
        Column of positive weights, constant within a unit or not.
    cluster : str, optional
        Column, constant within a unit.
    gaps : str, default "pairwise"
        "pairwise" uses a unit where both periods of a comparison are observed; "balance" drops
        incomplete units; "cross_section" uses every observed row.
    clock : str, default "calendar"
        "calendar" counts evenly spaced steps, in which periods may be missing, and refuses dates
        that are not evenly spaced; "observed" numbers the observed periods 1, 2, 3 (trading days,
        irregular survey waves). See docs/methodology/clock.md.

    Returns
    -------
    PreparedPanel
        Arrays by unit and period, and the ledger of what was left out.

    Raises
    ------
    ZgzxError
        Missing column, one column in two roles, values of a wrong type, duplicate (unit, period),
        `first_treated` or cluster not constant within a unit, never treated coded as 0, infinity, a
        far year or text, periods that are not evenly spaced or that code dates as numbers, more
        than one time zone, infinite outcome or covariate, unusable weights, missing cluster,
        nothing left.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"firm": [1, 1, 2, 2], "year": [2001, 2002, 2001, 2002]})
    >>> table["patents"] = [2002, 2003, 2, 2]
    >>> table["first_award"] = [2002.0, 2002.0, None, None]
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> prepare_panel(table, **roles, first_treated="first_award").y.shape
    (2, 2)
    """
    _refuse_words(unit, covariates, covariates_at, gaps, clock)
    roles = {"outcome": outcome, "unit": unit, "period": period, "first_treated": first_treated}
    roles |= {"weights": weights, "cluster": cluster}
    _refuse_shared_columns(roles, covariates)
    roles |= {f"covariate {name}": name for name in covariates}
    block = read_blocks(data, roles)
    _refuse_tally(block, roles)
    ledger = [
        ("rows", reason, *block.tally[reason]) for reason in LEFT_OUT if reason in block.tally
    ]
    if gaps == "cross_section":
        block = with_all_covariates(block, roles, ledger)
    counted, start = count_periods(block, roles, clock, ledger)
    _note_units(block, roles, ledger)
    never = np.isnan(start)
    _refuse_weights(block, roles)
    by_base = gaps == "pairwise" and covariates_at == "base"
    start, late, keep = leave_out_units(block, counted.numbers, start, roles, by_base, gaps, ledger)
    _note_never_treated_lost(never & ~keep, never & keep, block, ledger)
    block = block if keep.all() else block.take(keep)
    cohort, cohorts = pd.factorize(start[keep], sort=True)
    extra, names = independent_covariates(block, tuple(covariates), ledger)
    weight, group = block.columns.get("weights"), block.columns.get("cluster")
    return PreparedPanel(
        block.y,
        cohort,
        cohorts,
        counted.numbers,
        np.ones((len(cohort), 1)) if weight is None else weight.astype(float),
        gaps,
        pd.DataFrame(ledger, columns=LEDGER_COLUMNS),
        roles,
        None if group is None else pd.factorize(group[:, 0], sort=True)[0],
        extra,
        names,
        covariates_at,
        late=late[keep] if np.isfinite(late[keep]).any() else None,
        clock=counted,
        units=block.units,
    )


def _refuse_words(
    unit: str | None, covariates: Sequence[str], covariates_at: str, gaps: str, clock: str
) -> None:
    words = (
        ("gaps", gaps, GAPS),
        ("covariates_at", covariates_at, COVARIATES_AT),
        ("clock", clock, CLOCKS),
    )
    for name, value, allowed in words:
        if value not in allowed:
            remedy = f"Choose one of {', '.join(allowed)}."
            raise ZgzxError(f"{name}={value!r} is unknown", where="prepare_panel", remedy=remedy)
    if isinstance(covariates, str):
        raise ZgzxError(
            f"covariates={covariates!r} is one word, not a list of columns",
            where="prepare_panel",
            remedy=f"Pass covariates=({covariates!r},).",
        )
    if unit is None and gaps != "cross_section":
        raise ZgzxError(
            "unit=None makes each row its own unit, so no unit is seen twice",
            where="prepare_panel",
            remedy="Name the unit column, or pass gaps='cross_section' "
            "for repeated cross-sections.",
        )


def _refuse_shared_columns(roles: Roles, covariates: Sequence[str]) -> None:
    """Every column has one role.

    Only weights may be a covariate too, and clusters anything but outcome and weights.
    """
    taken = [
        (name, role)
        for role, name in roles.items()
        if name is not None and role not in {"weights", "cluster"}
    ]
    taken += [(name, "covariate") for name in covariates]
    allowed = {"weights": {"covariate"}, "cluster": {"unit", "first_treated", "covariate"}}
    for k, (name, role) in enumerate(taken):
        shared = next((other for column, other in taken[:k] if column == name), None)
        for late, fine in allowed.items():
            shared = shared or (late if roles[late] == name and role not in fine else None)
        if shared:
            raise ZgzxError(
                f"column {name!r} is named as {shared} and as {role}",
                where="prepare_panel",
                remedy="Name a column of its own for each.",
            )


def _refuse_tally(block: Block, roles: Roles) -> None:
    """Refuse what was found in the rows and cannot be corrected here."""
    pair, once = (
        f"a ({roles['unit']}, {roles['period']}) pair stands more than once",
        "Keep one value per unit.",
    )
    correct = (
        "Correct these values or set them to missing (a logarithm of zero is the usual cause)."
    )
    for found, where, what, remedy in (
        ("outcome infinite", f"column {roles['outcome']!r}", "the outcome is infinite", correct),
        ("twice", "prepare_panel", pair, "Keep one row per unit and period."),
        (
            "first_treated changes",
            "prepare_panel",
            f"{roles['first_treated']!r} changes within a unit",
            once,
        ),
        ("cluster changes", "prepare_panel", f"{roles['cluster']!r} changes within a unit", once),
    ):
        if found in block.tally:
            rows, units, examples = block.tally[found]
            raise ZgzxError(
                what, where=where, count=rows or units, examples=examples, remedy=remedy
            )
    if not len(block.units):
        raise ZgzxError(
            "no usable row is left",
            where="prepare_panel",
            remedy="See that the columns are the right ones.",
            examples=(
                f"{reason} in {block.tally[reason][0]:,}"
                for reason in LEFT_OUT
                if reason in block.tally
            ),
        )


def _note_units(block: Block, roles: Roles, ledger: list[LedgerRow]) -> None:
    """Units whose names differ only in the way they are written are named, and kept apart."""
    groups = spelled_alike(block.units)
    if groups:
        shown = tuple(" and ".join(map(repr, group)) for group in groups[:3])
        units = sum(map(len, groups))
        ledger.append(
            ("note", "names of units that differ only in the way they are written", 0, units, shown)
        )
        warn(
            f"{units} names in column {roles['unit']!r} differ only in blanks, width, accents "
            f"or a trailing .0, e.g. {'; '.join(shown)}. They count as different units; "
            "write them alike if they are one."
        )


def _note_never_treated_lost(
    lost: np.ndarray, left: np.ndarray, block: Block, ledger: list[LedgerRow]
) -> None:
    """Note that every unit never treated left the panel for another reason.

    No other control group is needed then.
    """
    if lost.any() and not left.any():
        ledger.append(
            ("note", NEVER_TREATED_LOST, 0, int(lost.sum()), first_few(block.units[lost]))
        )


def _refuse_weights(block: Block, roles: Roles) -> None:
    """Weights must be positive, and clusters known."""
    weight, group = block.columns.get("weights"), block.columns.get("cluster")
    if weight is not None:
        bad = ~(np.isfinite(weight) & (weight > 0))
        bad = (bad if weight.shape[1] == 1 else bad & ~np.isnan(block.y)).any(axis=1)
        if bad.any():
            raise ZgzxError(
                "weights must be positive numbers",
                where=f"column {roles['weights']!r}",
                count=int(bad.sum()),
                examples=block.units[bad][:3],
                remedy="Leave these units out, or weight them.",
            )
    if group is not None and (bad := pd.isna(group[:, 0])).any():
        raise ZgzxError(
            "the cluster is missing",
            where=f"column {roles['cluster']!r}",
            count=int(bad.sum()),
            examples=block.units[bad][:3],
            remedy="Leave these units out, or give them a cluster.",
        )
