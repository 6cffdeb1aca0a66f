"""Write the workbook beside a report, which holds all its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from zgzx_research.evidence.facts import Facts
from zgzx_research.evidence.row_balance import BALANCE, row_balance, sheets_of
from zgzx_research.pipeline import store
from zgzx_research.pipeline.disclosure_log import enforce_facts, logged
from zgzx_research.pipeline.estimates import kept_pairs
from zgzx_research.pipeline.kept_facts import EVENT_COLUMNS, load_events
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.steps.pages import stamp
from zgzx_research.report import fonts
from zgzx_research.report.excel_workbook import SheetTable, write_workbook
from zgzx_research.report.tables.data_tables import all_lines, file_lines
from zgzx_research.report.tables.disclosure_table import disclosure_table
from zgzx_research.report.wording import word, word_or_code


def write(
    place: Place, fact_files: Sequence[Path], language: str, synthetic: bool, out: Path
) -> None:
    """Write `report.xlsx`: facts, event studies, and the row ledger where there is one.

    Parameters
    ----------
    place : Place
        Where the study's files are.
    fact_files : sequence of Path
        `facts/<page>.json` of all pages, which hold the event studies.
    language : str
        "zh" or "en".
    synthetic : bool
        Whether the data are synthetic.
    out : Path
        Where to write.
    """
    facts = Facts.load(place.work / "facts.json")
    enforce_facts(facts)
    rows = tuple((key, fact["value"], fact["unit"]) for key, fact in sorted(facts.facts.items()))
    columns = tuple(word(f"column.{name}", language) for name in ("item", "value", "unit"))
    title = word("sheet.facts", language)
    events = load_events(fact_files)
    sheets = [SheetTable(title, title, columns, rows)]
    sheets += [
        _event_sheet(facts, outcome, spec, events[f"{outcome}.{spec}"], language)
        for outcome, spec in kept_pairs(facts)
        if f"{outcome}.{spec}" in events  # the contest design has a path of its own
    ]
    if (place.work / "clean" / "ledger.json").is_file():
        sheets.append(_rows_sheet(place, language))
    sheets.append(_disclosure_sheet(facts, language))
    stamped = stamp(facts, language)
    write_workbook(sheets, out, language=language, synthetic=synthetic, stamp=stamped)


def _event_sheet(
    facts: Facts, outcome: str, spec: str, event: Mapping[str, Any], language: str
) -> SheetTable:
    """Make the sheet of one event study."""
    rows = tuple(zip(*(event["columns"][name] for name in EVENT_COLUMNS), strict=True))
    columns = tuple(word_or_code("sheet.column", name, language) for name in EVENT_COLUMNS)
    own = "study.outcome_name" in facts.facts
    name = str(facts.get("study.outcome_name")) if own else ""
    label = fonts.replace_missing(name) if own else word(f"outcome.{outcome}", language)
    scale = word(f"scale.{event['scale']}", language)
    title = f"{label} · {word_or_code('spec', spec, language)} · {scale}"
    return SheetTable(f"{outcome}.{spec}"[:31], title, columns, rows)


def _disclosure_sheet(facts: Facts, language: str) -> SheetTable:
    """Make the sheet that says how many numbers each table leaves blank, by which rule."""
    table = disclosure_table(logged(facts.facts), language)
    rows = tuple(
        (name, rule, float(number) if number.isdigit() else number)
        for name, rule, number in table.rows
    )
    return SheetTable(word("sheet.disclosure", language), table.caption, table.columns, rows)


def _rows_sheet(place: Place, language: str) -> SheetTable:
    """Make the sheet with the rows of every sheet of every file; small numbers are blank."""
    sources = store.read_json(place.work / "clean" / "ledger.json")["sources"]
    lines = {source: file_lines(sheets, language) for source, sheets in sources.items() if sheets}
    balance = row_balance(all_lines(sources, language))
    rows: list[tuple[object, ...]] = []
    for source, groups in lines.items():
        counts = [sheets_of(balance[source][name]) for name in groups]
        for sheet, shown in zip(chain(*groups.values()), chain(*counts), strict=True):
            place_of = (word_or_code("source", source, language), sheet["file"], sheet["sheet"])
            rows.append((*place_of, *(shown[name] for name in BALANCE)))
    columns = tuple(
        word_or_code("column", name, language) for name in ("source", "file", "sheet", *BALANCE)
    )
    notes = (word("note.few", language),) if any(None in row[3:] for row in rows) else ()
    return SheetTable(
        word("sheet.rows", language), word("table.rows", language), columns, tuple(rows), notes
    )
