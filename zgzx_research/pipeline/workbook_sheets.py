"""The sheets of the workbook beside a report: estimates, event studies, row balance, all facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from zgzx_research.evidence.earlier_counts import NOTHING, EarlierCounts
from zgzx_research.evidence.facts import (
    DIGITS_KEPT,
    UNIT_FACTORS,
    UNITS,
    Fact,
    Facts,
    is_withheld,
    unit_of_effects,
)
from zgzx_research.evidence.row_balance import BALANCE, row_balance, sheets_of
from zgzx_research.pipeline import estimates
from zgzx_research.pipeline.disclosure_log import logged, whole_outputs
from zgzx_research.pipeline.kept_facts import EVENT_COLUMNS, INTERVALS
from zgzx_research.report import fonts
from zgzx_research.report.excel_workbook import Absent, Amount, SheetTable
from zgzx_research.report.tables.data_tables import all_lines, file_lines
from zgzx_research.report.tables.disclosure_table import disclosure_table
from zgzx_research.report.wording import word, word_or_code
from zgzx_research.report.workbook_words import column, has_words, unit_word, words

NAMED = ("outcome", "spec")
JUDGED = ("verdict", "grade")
MEASURED = ("estimate", "std_error", "ci_low", "ci_high", "mde", "n_treated", "n_comparison")
EFFECTS = ("estimate", "std_error", *INTERVALS)  # columns of an event study in the effect's unit
HIDDEN_TOGETHER = ("n_treated", "base_mean")  # in an event study (`shown_event_times`)
CLAIM, HEADLINE = "claim.", ".headline.estimate"


def estimate_sheets(facts: Facts, language: str) -> list[SheetTable]:
    """Make a sheet of estimates for every unit: first the claims, then all specifications."""
    rows: dict[str, list[tuple[object, ...]]] = {}
    for prefix, own in _estimates(facts):
        unit = facts.record(f"{own}.estimate")["unit"]
        rows.setdefault(unit, []).append(_estimate_row(facts, prefix, own, language))
    keys = (*NAMED, *JUDGED, *MEASURED)
    return [
        _sheet("estimates", unit, keys, rows[unit], language)
        for unit in sorted(rows, key=UNITS.index)
    ]


def _estimates(facts: Facts) -> Iterable[tuple[str, str]]:
    """Yield the name of each estimate, and the first parts of the keys of its numbers."""
    for key in sorted(facts.facts):
        if key.startswith(CLAIM) and key.endswith(".estimate"):
            prefix = key.removesuffix(".estimate")
            yield prefix, prefix
    for outcome, spec in estimates.kept_pairs(facts):
        yield f"{outcome}.{spec}", f"{outcome}.{spec}.headline"


def _estimate_row(facts: Facts, prefix: str, own: str, language: str) -> tuple[object, ...]:
    """Make the row of one estimate."""
    if not prefix.startswith(CLAIM):
        numbers = (_cell(facts, f"{own}.{name}") for name in MEASURED)
        outcome, spec = prefix.split(".")
        named = (outcome_word(facts, outcome, language), word_or_code("spec", spec, language))
        return (*named, None, None, *numbers)
    name, source = prefix.removeprefix(CLAIM), str(facts.get(f"{prefix}.from"))
    numbers = (_cell(facts, f"{own}.{one}", f"{source}.headline.{one}") for one in MEASURED)
    judged = (
        word_or_code(family, str(facts.get(f"{prefix}.{family}")), language) for family in JUDGED
    )
    design = design_word(source, language)
    return (word_or_code("claim", name, language), design, *judged, *numbers)


def outcome_word(facts: Facts, outcome: str, language: str) -> str:
    """Name an outcome; that of a panel without a study file as its column is named."""
    own = "study.outcome_name"
    if facts.has(own):
        return fonts.replace_missing(str(facts.get(own)))
    return word_or_code("outcome", outcome, language)


def design_word(estimate: str, language: str) -> str:
    """Name the design of an estimate "<outcome>.<spec>"."""
    if has_words("design", estimate):
        return words("design", estimate, language)
    return word_or_code("spec", estimate.partition(".")[2], language)


def _cell(facts: Facts, *keys: str) -> object:
    """Return the first fact of these keys for a cell, or why there is none."""
    known = [key for key in keys if facts.has(key)]
    return _value(facts.record(known[0])) if known else Absent.NONE


def _value(record: Fact) -> Any:
    """Return the value of a fact for a cell, or why there is none."""
    if is_withheld(record):
        return Absent.HIDDEN
    return Absent.NONE if record["value"] is None else record["value"]


def event_sheets(
    facts: Facts, events: Mapping[str, Mapping[str, Any]], language: str
) -> list[SheetTable]:
    """Make a sheet of event studies for every unit of effects and of base means."""
    rows: dict[tuple[str, str], list[tuple[object, ...]]] = {}
    for outcome, spec in estimates.kept_pairs(facts):
        event = events.get(f"{outcome}.{spec}")  # the contest design has a path of its own
        if event is None:
            continue
        share = estimates.is_share(outcome)
        units = unit_of_effects(event["scale"], share), "share" if share else "number"
        named = (outcome_word(facts, outcome, language), word_or_code("spec", spec, language))
        found = (named + one for one in _event_rows(event["columns"], units[0], language))
        rows.setdefault(units, []).extend(found)
    keys = (*NAMED, *EVENT_COLUMNS)
    return [
        _sheet("events", effect, keys, own, language, base)
        for (effect, base), own in sorted(rows.items())
    ]


def _event_rows(
    columns: Mapping[str, Sequence[Any]], unit: str, language: str
) -> Iterable[tuple[object, ...]]:
    """Yield the rows of one event study, effects in their unit."""
    for values in zip(*(columns[name] for name in EVENT_COLUMNS), strict=True):
        row = dict(zip(EVENT_COLUMNS, values, strict=True))
        row["role"] = word_or_code("role", str(row["role"]), language)
        for name in EFFECTS:
            if row[name] is not None:
                row[name] = float(f"{UNIT_FACTORS[unit] * row[name]:.{DIGITS_KEPT}g}")
        hidden = HIDDEN_TOGETHER if row["n_treated"] is None else ()
        yield tuple(_shown(name, value, hidden) for name, value in row.items())


def _shown(name: str, value: object, hidden: Sequence[str]) -> object:
    """Return a value of an event study for a cell, or why there is none."""
    if value is None:
        return Absent.HIDDEN if name in hidden else Absent.NONE
    return value


def rows_sheet(
    sources: Mapping[str, Sequence[Mapping[str, Any]]],
    language: str,
    before: EarlierCounts = NOTHING,
) -> SheetTable:
    """Make the sheet with the rows of every sheet of every file; small numbers are hidden."""
    lines = {source: file_lines(sheets, language) for source, sheets in sources.items() if sheets}
    balance = row_balance(all_lines(sources, language), before=before)
    rows: list[tuple[object, ...]] = []
    for source, groups in lines.items():
        counts = [sheets_of(balance[source][name]) for name in groups]
        for sheet, shown in zip(chain(*groups.values()), chain(*counts), strict=True):
            place = (word_or_code("source", source, language), sheet["file"], sheet["sheet"])
            numbers = (Absent.HIDDEN if shown[name] is None else shown[name] for name in BALANCE)
            rows.append((*place, *numbers))
    return _sheet("rows", "", ("source", "file", "sheet", *BALANCE), rows, language)


def disclosure_sheet(facts: Facts, language: str) -> SheetTable:
    """Make the sheet that says how many numbers each table leaves blank, by which rule."""
    table = disclosure_table(logged(facts.facts), language, whole_outputs(facts.facts))
    rows: list[tuple[object, ...]] = [
        (name, rule, int(number) if number.isdigit() else number)
        for name, rule, number in table.rows
    ]
    return _sheet("disclosure", "", ("table", "rule", "blank"), rows, language)


def facts_sheet(facts: Facts, pages: Mapping[str, Mapping[str, Fact]], language: str) -> SheetTable:
    """Make the sheet of all facts, sorted by name.

    Parameters
    ----------
    facts : Facts
        All facts.
    pages : Mapping
        Page -> facts it keeps, by key; the first page that keeps a fact is named.
    language : str
        "zh" or "en".

    Returns
    -------
    SheetTable
        Name, number, text, unit and page of each.
    """
    home = {key: page for page in reversed(list(pages)) for key in pages[page]}
    rows = []
    for key, record in sorted(facts.facts.items()):
        number, text = _number_and_text(record, language)
        rows.append((key, number, text, unit_word(record["unit"], language), home.get(key, "")))
    return _sheet("facts", "", ("key", "number", "text", "unit", "page"), rows, language)


def _number_and_text(record: Fact, language: str) -> tuple[object, object]:
    """Return a fact for the column of numbers or that of texts; the other stays empty."""
    value, unit = _value(record), record["unit"]
    if isinstance(value, bool):
        return None, word("yes" if value else "no", language)
    if isinstance(value, int | float):
        return Amount(value, unit), None
    if isinstance(value, Absent):
        return (None, value) if unit == "text" else (value, None)
    return None, fonts.replace_missing(str(value))


def _sheet(
    key: str,
    unit: str,
    columns: Sequence[str],
    rows: Iterable[tuple[object, ...]],
    language: str,
    base: str = "",
) -> SheetTable:
    """Make a sheet with the words of `workbook.toml`."""
    shown = unit_word(unit, language)
    heads = tuple(column(name, language, unit, base) for name in columns)
    name, title = (words(family, key, language, unit=shown) for family in ("sheet", "title"))
    return SheetTable(name, title, heads, tuple(rows))
