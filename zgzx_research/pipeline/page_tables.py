"""The tables of pages: `page.table("<name>", …)` calls the function of that name here.

To add a table, add a function that takes the page and what the table is about, and its name to
`__all__`. Numbers from too few firms or records are left out before a table is made.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.claims import read_claims
from zgzx_research.evidence.disclosure import (
    SAMPLE,
    blank_event_times,
    blank_few_units,
    enough_cohorts,
    enough_firms,
    mark_close_samples,
    shown_event_times,
)
from zgzx_research.evidence.disclosure_rules import SECONDARY, THRESHOLD, rules
from zgzx_research.evidence.grade import grade_rules
from zgzx_research.evidence.quarantine_counts import reason_counts
from zgzx_research.evidence.row_balance import row_balance
from zgzx_research.outcomes import OUTCOMES
from zgzx_research.pipeline import data_facts, estimates
from zgzx_research.pipeline.disclosure_log import blank_entries, logged, whole_outputs
from zgzx_research.pipeline.refused import Refused
from zgzx_research.report.tables import data_tables, effect_tables, fact_tables, value_tables
from zgzx_research.report.tables.changes_table import changes_table
from zgzx_research.report.tables.claims_table import claims_table, described_claims_table
from zgzx_research.report.tables.data_tables import all_lines
from zgzx_research.report.tables.disclosure_table import disclosure_table
from zgzx_research.report.tables.markdown_table import Table, with_note
from zgzx_research.report.tables.method_table import design_of, method_table
from zgzx_research.report.tables.result_table import result_table
from zgzx_research.report.tables.until_table import until_table
from zgzx_research.report.wording import word_or_code

if TYPE_CHECKING:
    from zgzx_research.designs.value_for_money import AwardCosts
    from zgzx_research.did.results.effects import Effects
    from zgzx_research.pipeline.page import Page
    from zgzx_research.pipeline.summaries import Summary

__all__ = [
    "arms",
    "break_even",
    "changes",
    "claims",
    "claims_described",
    "cohort",
    "costs",
    "disclosure",
    "estimates_of",
    "event_time",
    "grade",
    "left_out",
    "left_out_of",
    "linkage",
    "method",
    "panel",
    "prices",
    "quarantine",
    "results",
    "rows",
    "stamp",
    "until",
]

LINKED = ("rows", "linked", "linked_share")


def function(table: str) -> Callable[..., Table | None]:
    """Return the function that makes a table.

    Parameters
    ----------
    table : str
        Its name.

    Returns
    -------
    callable
        Takes the page and what the table is about.

    Raises
    ------
    ZgzxError
        No such table; the nearest is named.
    """
    if table not in __all__:
        near = difflib.get_close_matches(table, __all__, n=1, cutoff=0)
        remedy = f"The tables are {', '.join(__all__)}."
        raise ZgzxError(f"no table {table!r}", where="page", examples=near, remedy=remedy)
    return globals()[table]


def event_time(page: Page, outcome: str, spec: str) -> Table:
    """Return the table of effects by event time."""
    summary = page.summary(outcome, spec)
    shown = shown_event_times(summary.event_time)
    table = effect_tables.event_time_table(
        shown,
        summary.scale,
        page.language,
        share=estimates.is_share(outcome),
        outcome_label=page.label(outcome),
        about=page.about,
    )
    blank = blank_event_times(summary.event_time)
    noted = with_note(table.caption, "few", page.language)
    return replace(table, caption=noted if any(blank.values()) else table.caption, blank=blank)


def cohort(page: Page, outcome: str, spec: str) -> Table:
    """Return the table of effects by cohort; empty for a method without them."""
    summary = page.summary(outcome, spec)
    none = summary.event_time[:0]
    frame = none if summary.cohort is None else enough_cohorts(summary.cohort)
    labels = page.cohort_labels
    share = estimates.is_share(outcome)
    table = effect_tables.cohort_table(
        frame, summary.scale, page.language, share=share, labels=labels, about=page.about
    )
    gone = 0 if summary.cohort is None else len(summary.cohort) - len(frame)
    few = 0 if summary.cohort is None else len(summary.cohort) - len(enough_firms(summary.cohort))
    return replace(table, blank={THRESHOLD: few, SECONDARY: gone - few})


def estimates_of(page: Page, outcome: str) -> Table:
    """Return the table of an outcome's headline effect in all specifications."""
    return effect_tables.estimates_table(page.estimates(outcome), page.language, page.about)


def left_out(page: Page, outcome: str, spec: str) -> Table:
    """Return the table of rows and units that an estimation left out, with reasons."""
    return _ledger_table(page, page.summary(outcome, spec))


def left_out_of(page: Page, effects: Effects, outcome: str) -> Table:
    """Return the table of rows and units left out by an estimation that is not kept."""
    return _ledger_table(page, page.summarise(outcome, effects))


def _ledger_table(page: Page, summary: Summary) -> Table:
    """Return the table of what an estimation left out, without small numbers of units."""
    shown = blank_few_units(summary.ledger)
    few = int(summary.ledger["units"].between(1, rules().firms - 1).sum())
    gone = int(shown["units"].isna().sum())
    table = data_tables.ledger_table(shown, page.language, page.about)
    return replace(table, blank={THRESHOLD: few, SECONDARY: gone - few})


def grade(page: Page, outcome: str, spec: str = "main") -> Table | None:
    """Return the table of the rules by which the evidence on an outcome or claim was graded.

    None where it was not graded.
    """
    start = f"{outcome}.{spec}.grade_rule."
    known = page.facts.facts
    if f"{outcome}.{spec}.grade" not in known:
        return None
    names = [rule.name for rule in grade_rules().rules]
    rules = [name for name in names if f"{start}{name}.value" in known]
    return fact_tables.grade_table(page.facts, outcome, spec, rules, page.language)


def claims(page: Page) -> Table | None:
    """Return the table of the official claims with an estimate; None where there is none."""
    table = claims_table(page.facts, read_claims(page.place.claims), page.language)
    return table if table.rows else None


def claims_described(page: Page) -> Table | None:
    """Return the table of the claims without an estimate; None where all have one."""
    table = described_claims_table(page.facts, read_claims(page.place.claims), page.language)
    return table if table.rows else None


def changes(page: Page) -> Table | None:
    """Return the table of what changed since an earlier report; None without one."""
    return changes_table(page.changes(), page.language)


def results(
    page: Page, key: str, frame: pd.DataFrame | Refused, by: str, unit: str = "number"
) -> Table | None:
    """Return the table of a frame of results, one row for each value of a column.

    None where the frame has no rows, or the design refused.

    A frame with the columns "zh" and "en" brings the words of its rows along; values of other
    columns have words under `[<column>]` in wording.toml, or are shown as they are.
    """
    if isinstance(frame, Refused) or frame.empty:
        return None
    language = page.language
    frame = mark_close_samples(frame) if by == SAMPLE else frame
    if language in frame:
        labels = [str(text) for text in frame[language]]
    else:
        labels = [word_or_code(by, str(value), language) for value in frame.get(by, ())]
    return result_table(
        key, frame, labels, label_column=by, unit=unit, language=language, about=page.about
    )


def rows(page: Page) -> Table:
    """Return the table of rows read, kept and set aside, by source and file."""
    ledger = data_facts.row_ledger(page.place)
    return data_tables.rows_table(ledger, page.language, rules().persons, page.earlier)


def quarantine(page: Page) -> Table:
    """Return the table of reasons for which cells and rows are in quarantine."""
    lines = all_lines(data_facts.row_ledger(page.place), page.language)
    before = page.earlier.tables.get("quarantine")
    balance = row_balance(lines, before=page.earlier)
    counts, blank = reason_counts(page.read("quarantine"), balance, before)
    shown = pd.DataFrame({"entries": pd.Series(counts, dtype="Int64")})
    table = data_tables.quarantine_table(counts, page.language)
    return replace(table, blank=blank, counts=shown)


def linkage(page: Page) -> Table:
    """Return the table of records linked to a firm, by source."""
    rows = data_facts.linkage(page.place, page.earlier)
    table = data_tables.linkage_table(rows, page.language)
    return replace(table, blank={THRESHOLD: blank_entries(rows, LINKED)})


def arms(page: Page) -> Table:
    """Return the table of contest records linked to a firm or a person, by arm."""
    rows = data_facts.arm_linkage(page.place, page.earlier)
    table = data_tables.arms_table(rows, page.language)
    return replace(table, blank={THRESHOLD: blank_entries(rows, LINKED)})


def disclosure(page: Page) -> Table:
    """Return the table of what was left blank on the pages before, by table and rule."""
    return disclosure_table(
        logged(page.facts.facts), page.language, whole_outputs(page.facts.facts)
    )


def until(page: Page) -> Table:
    """Return the table that says until when each source reaches."""
    return until_table(page.facts, page.language)


def method(page: Page, outcome: str, spec: str) -> Table | None:
    """Return the box that says how an estimate was made; its words are in `report/methods.toml`.

    None where no such estimate was kept, or its method has no box.
    """
    known = outcome in OUTCOMES
    numbers = f"{outcome}.{spec}.headline" if known else f"{outcome}.{spec}"
    if not page.facts.has(f"{numbers}.estimate"):
        return None
    declared = page.settings.estimate.specs
    own = f"{declared[spec].method}.{OUTCOMES[outcome].scale}" if spec in declared else spec
    design = design_of(own if known else outcome)
    return method_table(design, page.language) if design else None


def panel(page: Page) -> Table:
    """Return the table of a panel's size."""
    names = [key.removeprefix("panel.") for key in page.facts.facts if key.startswith("panel.")]
    return fact_tables.panel_table(page.facts, names, page.language)


def stamp(page: Page) -> Table:
    """Return the table of what is needed to make the page again."""
    keys = sorted(key for key in page.facts.facts if key.startswith("stamp."))
    entries = {key.removeprefix("stamp."): page.facts.get(key) for key in keys}
    return fact_tables.stamp_table(entries, page.language)


def costs(page: Page, found: AwardCosts | Refused) -> Table | None:
    """Return the table of costs by edition; None where there are no costs."""
    if isinstance(found, Refused):
        return None
    return value_tables.costs_table(
        found.by_edition, found.total, page.language, page.earlier.tables.get("costs")
    )


def prices(page: Page, name: str) -> Table | None:
    """Return the table of what one more costs; `name` is "invention" or "retained_employee"."""
    return value_tables.prices_table(page.facts, name, page.language)


def break_even(page: Page, name: str) -> Table | None:
    """Return the table of steps to the effect that breaks even; None where no worth is given."""
    return value_tables.steps_table(page.facts, name, page.language)
