"""From a tidy table to arrays, once: every row or unit left out is written in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.advice import fitting
from zgzx_research.did.blocks import Block, Roles, observed, read_blocks
from zgzx_research.did.categories import DROPPED, level_columns
from zgzx_research.did.clock import CLOCKS, Clock
from zgzx_research.did.collinear import independent_columns
from zgzx_research.did.periods import count_periods
from zgzx_research.did.sample import constant_if_possible
from zgzx_research.did.unit_names import spelled_alike
from zgzx_research.errors import ZgzxError, warn

GAPS = ("pairwise", "balance", "cross_section")
COVARIATES_AT = ("base", "earlier")
NEVER = np.inf
NEVER_TREATED_LOST = "every unit never treated left for the reasons above"
LEFT_OUT = ("unit missing", "period missing", "outcome missing")


@dataclass(frozen=True, slots=True)
class PreparedPanel:
    """A panel as arrays; every estimator starts here and drops nothing more.

    Attributes
    ----------
    y : (units, periods) float, NaN where a unit is not observed.
    cohort : (units,) int, index into `cohorts`.
    cohorts : (cohorts,) float, first treated period in rising order; the never treated come last as
        infinity.
    periods : (periods,) int, rising.
    weights : (units, 1) float, or (units, periods) where they change within a unit, NaN where
        unobserved; ones where none were given.
    gaps : how unobserved cells are used: "pairwise", "balance" or "cross_section".
    ledger : frame of step, reason, rows, units, examples: everything left out, and why.
    roles : the column behind each role.
    cluster : (units,) int from 0, or None where units are independent of each other.
    covariates : (units, 1 or periods, covariates) float, one period where they are constant within
        units, else NaN where unobserved; None without.
    covariate_names : one name per covariate.
    covariates_at : the period that covariates and varying weights are taken from in a comparison:
        its "base", or the "earlier" of its two periods (as R did).
    late : (units,) float, first treated period of the units treated after the last period, infinity
        for all others: these are among the never treated, until a declared window of their own
        opens; None where there are none.
    until : (cohorts,) float, infinity but for cohorts made of such units (see
        `sample.with_late_cohorts`).
    clock : how the periods were counted: its step, and what the table calls each period.
    """

    y: np.ndarray
    cohort: np.ndarray
    cohorts: np.ndarray
    periods: np.ndarray
    weights: np.ndarray
    gaps: str
    ledger: pd.DataFrame
    roles: dict[str, str | None]
    cluster: np.ndarray | None = None
    covariates: np.ndarray | None = None
    covariate_names: tuple[str, ...] = ()
    covariates_at: str = "base"
    late: np.ndarray | None = None
    until: np.ndarray | None = None
    clock: Clock | None = None


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
    data : pandas, polars, arrow or duckdb table, or the path of a Parquet file: one row per unit
        and period. A Parquet file sorted by unit is read in parts and never stands in memory whole.
    outcome, unit, period, first_treated : columns. `first_treated` missing = never treated.
        Periods, and first treated periods alike, are whole numbers, dates, pandas periods, or text
        that writes them (2015, 2015-03, 2015Q1). A unit is treated at an observation if that
        observation is not before its first treated date; dates that all lie at the start or the end
        of their step (year, quarter, month, week) stand for the whole step. `unit=None` makes each
        row its own unit (repeated cross-sections, `gaps="cross_section"`).
    covariates : columns of numbers, or of text or categories (one column per level, the first left
        out), constant within a unit or not. Where a value is missing, the row leaves with
        `gaps="cross_section"`, the unit leaves the comparisons with that base with
        `gaps="pairwise"` and `covariates_at="base"`, and the unit leaves otherwise (as in R), in
        the ledger. A covariate leaves that is constant or a combination of those before it.
    covariates_at : "base" or "earlier" (as R did): which period of a comparison gives covariates
        and varying weights.
    weights : column of positive weights, constant within a unit or not. cluster : column, constant
        within a unit.
    gaps : "pairwise" uses a unit where both periods of a comparison are observed; "balance" drops
        incomplete units; "cross_section" uses every observed row.
    clock : "calendar" counts evenly spaced steps, in which periods may be missing, and refuses
        dates that are not evenly spaced; "observed" numbers the observed periods 1, 2, 3 (trading
        days, irregular survey waves). See docs/methodology/clock.md.

    Raises
    ------
    ZgzxError : missing column, one column in two roles, values of a wrong type, duplicate (unit,
        period), `first_treated` or cluster not constant within a unit, never treated coded as 0,
        infinity, a far year or text, periods that are not evenly spaced or that code dates as
        numbers, more than one time zone, infinite outcome or covariate, unusable weights, missing
        cluster, nothing left.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(u, t, u + t * (u == 1), 2002.0 if u == 1 else None) for u in (1, 2) for t in (2001, 2002)]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents", "first_award"])
    >>> prepare_panel(table, outcome="patents", unit="firm", period="year", first_treated="first_award").y.shape
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
        block = _with_covariates(block, roles, ledger)
    counted, start = count_periods(block, roles, clock, ledger)
    periods = counted.numbers
    _note_units(block, roles, ledger)
    never = np.isnan(start)
    _refuse_weights(block, roles)
    by_base = gaps == "pairwise" and covariates_at == "base"
    start, late, keep = _leave_out(block, periods, start, roles, by_base, gaps, ledger)
    _note_never_treated_lost(never & ~keep, never & keep, block, ledger)
    block = block if keep.all() else block.take(keep)
    cohort, cohorts = pd.factorize(start[keep], sort=True)
    extra, names = _covariates(block, tuple(covariates), ledger)
    weight = block.columns.get("weights")
    columns = ["step", "reason", "rows", "units", "examples"]
    return PreparedPanel(
        block.y,
        cohort,
        cohorts,
        periods,
        np.ones((len(cohort), 1)) if weight is None else weight.astype(float),
        gaps,
        pd.DataFrame(ledger, columns=columns),
        roles,
        None if cluster is None else pd.factorize(block.columns["cluster"][:, 0], sort=True)[0],
        extra,
        names,
        covariates_at,
        late=late[keep] if np.isfinite(late[keep]).any() else None,
        clock=counted,
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
            remedy="Name the unit column, or pass gaps='cross_section' for repeated cross-sections.",
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
    """What was found in the rows and cannot be mended here."""
    pair, once = (
        f"a ({roles['unit']}, {roles['period']}) pair stands more than once",
        "Keep one value per unit.",
    )
    mend = "Mend these values or set them to missing (a logarithm of zero is the usual cause)."
    for found, where, what, remedy in (
        ("outcome infinite", f"column {roles['outcome']!r}", "the outcome is infinite", mend),
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


def _note_units(block: Block, roles: Roles, ledger: list[tuple]) -> None:
    """Units whose names differ only in the way they are written are named, and kept apart."""
    groups = spelled_alike(block.units)
    if groups:
        shown = tuple(" and ".join(map(repr, group)) for group in groups[:3])
        units = sum(map(len, groups))
        ledger.append(
            ("note", "names of units that differ only in the way they are written", 0, units, shown)
        )
        warn(
            f"{units} names in column {roles['unit']!r} differ only in blanks, width, accents or a trailing .0, "
            f"e.g. {'; '.join(shown)}. They count as different units; write them alike if they are one."
        )


def _note_never_treated_lost(
    lost: np.ndarray, left: np.ndarray, block: Block, ledger: list[tuple]
) -> None:
    """That every unit never treated left the panel for another reason.

    No other control group is needed then.
    """
    if lost.any() and not left.any():
        ledger.append(
            ("note", NEVER_TREATED_LOST, 0, int(lost.sum()), _first_few(block.units[lost]))
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


def _leave_out(
    block: Block,
    periods: np.ndarray,
    start: np.ndarray,
    roles: Roles,
    by_base: bool,
    gaps: str,
    ledger: list[tuple],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First treated period of each unit (infinity = not within the panel), that of units treated after the panel
    (infinity for all others), and the mask of units kept.

    Parameters
    ----------
    by_base : whether a unit without a covariate leaves comparisons with that base only.
    """
    start = np.where(np.isnan(start), NEVER, start)
    beyond = np.isfinite(start) & (start > periods[-1])
    late = np.where(beyond, start, NEVER)
    if beyond.any():
        reason = "treated after the last period: serves as never treated"
        ledger.append(("units", reason, 0, int(beyond.sum()), _first_few(block.units[beyond])))
        start = np.where(beyond, NEVER, start)
    holes = (
        np.isnan(block.y).any(axis=1)
        if np.isnan(block.y.min())
        else np.zeros(len(start), dtype=bool)
    )
    lacking = _rows_without_covariates(block, roles)
    lacking = (
        np.zeros(len(start), dtype=bool)
        if lacking is None
        else _units_without(lacking, block, by_base, ledger)
    )
    keep = np.ones(len(start), dtype=bool)
    for gone, reason in (
        (start <= periods[0], "already treated in the first period"),
        (lacking, "covariate missing"),
        (holes & (gaps == "balance"), "not observed in every period (gaps='balance')"),
    ):
        gone = gone & keep
        keep &= ~gone
        if gone.any():
            rows = int((~np.isnan(block.y[gone])).sum())
            ledger.append(("units", reason, rows, int(gone.sum()), _first_few(block.units[gone])))
    if not keep.any():
        raise ZgzxError(
            "no unit is left",
            where="prepare_panel",
            count=len(keep),
            examples=(
                f"{reason}: {units}"
                for step, reason, _, units, _ in ledger[::-1]
                if step == "units"
            ),
            remedy=fitting(
                "Add earlier periods, choose gaps='pairwise', or leave out covariates with missing values."
                if any(role.startswith("covariate") for role in roles)
                else "Add earlier periods, or choose gaps='pairwise'.",
                {"gaps": gaps},
            ),
        )
    if roles["unit"] is None:
        ledger.append(("note", "no unit column: each row is its own unit", 0, int(keep.sum()), ()))
    elif (holes & keep).any():
        reason = f"units with unobserved periods, used by gaps={gaps!r}"
        ledger.append(("note", reason, 0, int((holes & keep).sum()), ()))
    return start, late, keep


def _first_few(units: np.ndarray) -> tuple[str, ...]:
    return tuple(str(unit) for unit in units[:3])


def _rows_without_covariates(block: Block, roles: Roles) -> np.ndarray | None:
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
                remedy="Mend these values or set them to missing.",
            )
        if np.isnan(values.min()):
            missing = np.isnan(values) & ~np.isnan(block.y)
            if missing.any():
                lacking = missing if lacking is None else lacking | missing
    return lacking


def _units_without(
    lacking: np.ndarray, block: Block, by_base: bool, ledger: list[tuple]
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
        reason = "covariate missing in some rows: the unit is in no comparison with such a row as its base"
        ledger.append(("note", reason, rows, int(partly.sum()), _first_few(block.units[partly])))
    return never


def _with_covariates(block: Block, roles: Roles, ledger: list[tuple]) -> Block:
    """The block without rows that lack a covariate, for samples of rows."""
    lacking = _rows_without_covariates(block, roles)
    if lacking is None:
        return block
    units = lacking.any(axis=1)
    ledger.append(
        (
            "rows",
            "covariate missing",
            int(lacking.sum()),
            int(units.sum()),
            _first_few(block.units[units]),
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


def _covariates(
    block: Block, names: tuple[str, ...], ledger: list[tuple]
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
            reason = "covariate dropped: constant, or a combination of the others"
            ledger.append(("note", reason, 0, 0, (str(name),)))
    if used.all():
        return values, kept
    return (values[:, :, used] if used.any() else None), kept


def _covariate_columns(
    block: Block, names: tuple[str, ...], ledger: list[tuple]
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
            reason = "covariate dropped: constant, or a combination of the others"
            ledger.append(("note", reason, 0, 0, (str(name),)))
    return columns, shown
