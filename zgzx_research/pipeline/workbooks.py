"""Write the workbook beside a report, which holds all its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zgzx_research.evidence.facts import Facts
from zgzx_research.pipeline import store
from zgzx_research.pipeline.disclosure_log import enforce_facts
from zgzx_research.pipeline.kept_facts import load_events, load_facts
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.published_counts import earlier_counts
from zgzx_research.pipeline.steps.pages import stamp
from zgzx_research.pipeline.workbook_sheets import (
    disclosure_sheet,
    estimate_sheets,
    event_sheets,
    facts_sheet,
    rows_sheet,
)
from zgzx_research.report.excel_workbook import write_workbook
from zgzx_research.report.front_matter import front_matter
from zgzx_research.study import load_study


def write(
    place: Place,
    fact_files: Sequence[Path],
    language: str,
    synthetic: bool,
    commit: str,
    out: Path,
) -> None:
    """Write `report.xlsx`: estimates, event studies, the row balance where there is one, all facts.

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
    commit : str
        Git commit of the code, "" where its digest is named.
    out : Path
        Where to write.
    """
    facts = Facts.load(place.work / "facts.json")
    enforce_facts(facts)
    sheets = [
        *estimate_sheets(facts, language),
        *event_sheets(facts, load_events(fact_files), language),
    ]
    ledger = place.work / "clean" / "ledger.json"
    if ledger.is_file():
        before = earlier_counts(place.root, load_study(place.root, place.name))
        sheets.append(rows_sheet(store.read_json(ledger)["sources"], language, before))
    sheets.append(disclosure_sheet(facts, language))
    pages = {path.stem: load_facts(path) for path in fact_files}
    sheets.append(facts_sheet(facts, pages, language))
    said = dict(front_matter(facts, language, commit).lines) | stamp(facts, language)
    write_workbook(sheets, out, language=language, synthetic=synthetic, stamp=said)
