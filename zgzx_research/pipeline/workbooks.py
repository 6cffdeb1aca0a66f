"""The workbook beside a report: every number it prints, as numbers."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pandas as pd

from zgzx_research.evidence.disclosure import BALANCE, enough_firms, row_balance, sheet_balance
from zgzx_research.evidence.facts import DIGITS_KEPT, Facts
from zgzx_research.pipeline import store
from zgzx_research.pipeline.documents import stamp
from zgzx_research.pipeline.facts import estimated, load_summary
from zgzx_research.pipeline.stages import Place
from zgzx_research.report import fonts
from zgzx_research.report.excel_workbook import SheetTable, write_workbook
from zgzx_research.report.tables.data_tables import all_lines, file_lines
from zgzx_research.report.wording import word, word_or_code

INTERVALS = ("ci_low", "ci_high", "band_low", "band_high")
UNITS = ("n_treated", "n_comparison", "base_mean")
EFFECT_COLUMNS = ("event_time", "role", "estimate", "std_error", *INTERVALS, *UNITS)


def write(place: Place, language: str, synthetic: bool, out: Path) -> None:
    """`report.xlsx`: facts, the event study of each estimate, and where there is one the row ledger."""
    facts = Facts.load(place.work / "facts.json")
    rows = tuple((key, fact["value"], fact["unit"]) for key, fact in sorted(facts.facts.items()))
    columns = tuple(word(f"column.{name}", language) for name in ("item", "value", "unit"))
    sheets = [
        SheetTable(word("sheet.facts", language), word("sheet.facts", language), columns, rows)
    ]
    sheets += [
        _event_sheet(place, facts, outcome, spec, language) for outcome, spec in estimated(facts)
    ]
    if (place.work / "clean" / "ledger.json").is_file():
        sheets.append(_rows_sheet(place, language))
    write_workbook(
        sheets, out, language=language, synthetic=synthetic, stamp=stamp(facts, language)
    )


def _event_sheet(place: Place, facts: Facts, outcome: str, spec: str, language: str) -> SheetTable:
    window = (facts.get("study.event_first"), facts.get("study.event_last"))
    summary = load_summary(place, outcome, spec, window, facts.get("study.seed"))
    frame = enough_firms(summary.event_time)
    table = frame[list(EFFECT_COLUMNS)].astype({"event_time": int}).astype(object)
    rows = tuple(tuple(map(_cell, row)) for row in table.itertuples(index=False))
    own = "study.outcome_name" in facts.facts
    label = (
        fonts.replace_missing(str(facts.get("study.outcome_name")))
        if own
        else word(f"outcome.{outcome}", language)
    )
    scale = word(f"scale.{summary.options.get('scale', 'difference')}", language)
    columns = tuple(word_or_code("sheet.column", name, language) for name in EFFECT_COLUMNS)
    title = f"{label} · {word_or_code('spec', spec, language)} · {scale}"
    return SheetTable(f"{outcome}.{spec}"[:31], title, columns, rows)


def _cell(value: object) -> object:
    """A number as in facts.json: the last bits of two processors may differ."""
    if pd.isna(value):
        return None
    return float(f"{value:.{DIGITS_KEPT}g}") + 0.0 if isinstance(value, float) else value


def _rows_sheet(place: Place, language: str) -> SheetTable:
    """Every sheet of every file.

    Small numbers are blank as in the report's table, of whose lines these are parts.
    """
    sources = store.read_json(place.work / "clean" / "ledger.json")["sources"]
    lines = {source: file_lines(sheets, language) for source, sheets in sources.items() if sheets}
    balance = row_balance(all_lines(sources, language))
    rows: list[tuple[object, ...]] = []
    for source, groups in lines.items():
        blank = [balance[source][name]["kept"] is None for name in groups]
        counts = sheet_balance(list(groups.values()), blank)
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
