"""From a tidy table to arrays, once: every row or unit left out is written in the ledger."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from zgzx_research.did.panel.blocks import read_blocks
from zgzx_research.did.panel.clock import CLOCKS
from zgzx_research.did.panel.covariate_columns import with_independent_covariates
from zgzx_research.did.panel.make_panel import OneBlock, make_panel, recipe_of, with_ledger
from zgzx_research.did.panel.number_codes import refuse_parts
from zgzx_research.did.panel.panel_in_parts import Panel, PartStore
from zgzx_research.did.panel.part_files import PartFiles
from zgzx_research.did.panel.parts import over_parts, unit_count
from zgzx_research.did.panel.periods import count_periods
from zgzx_research.did.panel.prepared_panel import NEVER_TREATED_LOST, LedgerRow, PreparedPanel
from zgzx_research.did.panel.read_table import Roles
from zgzx_research.did.panel.sources import read_source
from zgzx_research.did.panel.spark_parts import is_spark, spark_blocks
from zgzx_research.did.panel.survey import Found, Survey, survey_of
from zgzx_research.did.panel.units_left_out import (
    LACKING,
    LOST,
    ledger_of_units,
    no_unit_left,
    with_all_covariates,
)
from zgzx_research.errors import ZgzxError, warn

GAPS = ("pairwise", "balance", "cross_section")
COVARIATES_AT = ("base", "earlier")
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
) -> Panel:
    """Check a tidy panel and turn it into arrays.

    Parameters
    ----------
    data : table or path
        One row per unit and period: pandas, polars, arrow or duckdb table, polars lazy frame, arrow
        dataset or reader of record batches, Spark DataFrame; or the path of a Parquet file, of a
        folder of them, or a pattern (``"panels/*.parquet"``). What has more than five million rows
        and is not in memory yet is never there as a whole, and a Spark DataFrame stays where it is;
        see docs/methodology/streams.md.
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
    PreparedPanel or PanelInParts
        Arrays by unit and period, and the ledger of what was left out. Of a table too large for
        memory the same in parts, which `estimate_effects` takes, too.

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
    names = tuple(covariates)
    blocks = _blocks(data, roles)
    if gaps == "cross_section":
        blocks = blocks.map(with_all_covariates)
    survey = blocks.reduce(partial(survey_of, roles=roles), Survey.__add__)
    if survey is None:
        raise _no_row_left({})
    _refuse_found(survey, roles, by_rows=gaps == "cross_section")
    ledger = _rows_left_out(survey)
    counted = count_periods(survey, roles, clock, ledger)
    _note_units(survey, roles, ledger)
    _refuse_values(survey, roles)
    recipe = recipe_of(survey, counted, roles, names, gaps, covariates_at)
    panel, found = make_panel(blocks, survey, recipe)
    units = unit_count(panel)
    ledger += ledger_of_units(found, units, roles, gaps)
    if not units:
        raise no_unit_left(survey.units, roles, gaps, ledger)
    _note_never_treated_lost(panel, found, ledger)
    panel = with_independent_covariates(panel, survey.levels, ledger)
    return with_ledger(panel, ledger)


def _blocks(data: Any, roles: Roles) -> PartStore:
    """Return the rows of a table as blocks of units: one block where they fit into memory."""
    if is_spark(data):
        return spark_blocks(data, roles)
    source = read_source(data, roles)
    return source if isinstance(source, PartFiles) else OneBlock(read_blocks(source, roles))


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


def _refuse_found(survey: Survey, roles: Roles, *, by_rows: bool) -> None:
    """Refuse what was found in the rows and cannot be corrected here."""
    if broken := survey.found.get("period broken"):
        refuse_parts(survey.broken, broken.rows, str(roles["period"]))
    pair, once = (
        f"a ({roles['unit']}, {roles['period']}) pair stands more than once",
        "Keep one value per unit.",
    )
    correct = (
        "Correct these values or set them to missing (a logarithm of zero is the usual cause)."
    )
    for what, where, wrong, remedy in (
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
        if found := survey.found.get(what):
            raise ZgzxError(
                wrong,
                where=where,
                count=found.rows or found.units,
                examples=found.examples,
                remedy=remedy,
            )
    if by_rows:
        _refuse_infinite_covariates(survey, roles)
    if not survey.units:
        _refuse_empty(survey)


def _refuse_empty(survey: Survey) -> None:
    """Refuse a table in which no row can be used."""
    if lacking := survey.found.get(LACKING):
        raise ZgzxError(
            "no row has all covariates",
            where="prepare_panel",
            count=lacking.rows,
            remedy="Leave out covariates with missing values.",
        )
    raise _no_row_left(survey.found)


def _no_row_left(found: Mapping[str, Found]) -> ZgzxError:
    """Return the error for a table without a row that can be used."""
    return ZgzxError(
        "no usable row is left",
        where="prepare_panel",
        remedy="See that the columns are the right ones.",
        examples=(f"{reason} in {found[reason].rows:,}" for reason in LEFT_OUT if reason in found),
    )


def _rows_left_out(survey: Survey) -> list[LedgerRow]:
    """Ledger rows of the rows that left."""
    found = [(reason, survey.found.get(reason)) for reason in (*LEFT_OUT, LACKING)]
    return [
        ("rows", reason, one.rows, one.units, one.examples)
        for reason, one in found
        if one is not None
    ]


def _note_units(survey: Survey, roles: Roles, ledger: list[LedgerRow]) -> None:
    """Units whose names differ only in the way they are written are named, and kept apart."""
    if found := survey.found.get("alike"):
        units, shown = found.units, found.examples
        ledger.append(
            ("note", "names of units that differ only in the way they are written", 0, units, shown)
        )
        warn(
            f"{units} names in column {roles['unit']!r} differ only in blanks, width, accents "
            f"or a trailing .0, e.g. {'; '.join(shown)}. They count as different units; "
            "write them alike if they are one."
        )


def _note_never_treated_lost(
    panel: Panel, found: Mapping[str, Found], ledger: list[LedgerRow]
) -> None:
    """Note that every unit never treated left the panel for another reason.

    No other control group is needed then.
    """
    lost = found.get(LOST)
    if lost is not None and not over_parts(panel, _has_never_treated, operator.or_):
        ledger.append(("note", NEVER_TREATED_LOST, 0, lost.units, lost.examples))


def _has_never_treated(panel: PreparedPanel) -> bool:
    never = np.isinf(panel.cohorts[panel.cohort])
    if panel.late is not None:
        never &= np.isinf(panel.late)
    return bool(never.any())


def _refuse_values(survey: Survey, roles: Roles) -> None:
    """Weights must be positive, clusters known, and covariates finite."""
    for what, role, wrong, remedy in (
        (
            "weights",
            "weights",
            "weights must be positive numbers",
            "Leave these units out, or weight them.",
        ),
        (
            "cluster missing",
            "cluster",
            "the cluster is missing",
            "Leave these units out, or give them a cluster.",
        ),
    ):
        if found := survey.found.get(what):
            raise ZgzxError(
                wrong,
                where=f"column {roles[role]!r}",
                count=found.units,
                examples=found.examples,
                remedy=remedy,
            )
    _refuse_infinite_covariates(survey, roles)


def _refuse_infinite_covariates(survey: Survey, roles: Roles) -> None:
    for role in roles:
        if found := survey.found.get(f"infinite {role}"):
            raise ZgzxError(
                "the covariate is infinite",
                where=f"column {roles[role]!r}",
                count=found.units,
                examples=found.examples,
                remedy="Correct these values or set them to missing.",
            )
