"""An attack on the demo's report: no count that it leaves blank can be had from all it shows.

The attacker has the tables, the figures' alternative texts and the workbook, and knows which
reasons the rows of each source were set aside for.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from tests.attack import Published
from tests.pipeline.conftest import facts, shown_by
from tests.published import (
    alternative_texts,
    count,
    numbers_after,
    share_limits,
    sheet_rows,
    table_rows,
)
from zgzx_research.evidence.disclosure_rules import written_rules
from zgzx_research.pipeline.disclosure_log import CHECKED, logged, whole_outputs
from zgzx_research.pipeline.page_outputs import Shown
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.workbooks import write
from zgzx_research.report.wording import word
from zgzx_research.report.workbook_words import words

pytestmark = pytest.mark.slow
ROW = ["file", "sheet", "row"]
PERSONS, FIRMS = written_rules().persons, written_rules().firms


@pytest.fixture(scope="module")
def audit(built: Path) -> list[Shown]:
    """What the page of the data shows, in English."""
    notebook = built / "notebooks/1_data_audit/page.ipynb"
    return shown_by(notebook, {"study": "demo", "language": "en"}, built)


@pytest.fixture(scope="module")
def workbook(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("workbook") / "report.xlsx"
    place = Place(built, "demo", built / "data/raw/demo/raw")
    write(place, sorted((built / "data/work/demo/facts").glob("*.json")), "en", True, "", out)
    return out


def rows_published(audit: list[Shown], workbook: Path, built: Path) -> Published:
    """Rows set aside and kept of all, sources and sheets; and by reason."""
    published = Published()
    sources = []
    for row in table_rows(audit, "rows"):
        name = "all" if row["Source"] == "Total" else row["Source"]
        add_balance(published, name, row)
        sources += [name] if name != "all" else []
    published.add_sum("all", sources)
    add_sheets(published, workbook)
    add_reasons(published, audit, built)
    return published


def add_balance(published: Published, name: str, row: dict) -> None:
    """Rows set aside, and rows kept where the table shows the size of the file."""
    published.counts[name] = count(row["Quarantined"])
    if row.get("Read"):
        inside = count(row["Read"]) - count(row["Titles and notes"])
        published.counts[f"{name} kept"] = count(row["Kept"])
        published.can_be_zero.add(f"{name} kept")
        published.rules.append(({name: 1.0, f"{name} kept": 1.0}, inside, inside))


def add_sheets(published: Published, workbook: Path) -> None:
    """Sheets add up to their source."""
    sheets: dict[str, list[str]] = {}
    for at, row in enumerate(sheet_rows(workbook, words("sheet", "rows", "en"))):
        add_balance(published, f"sheet {at}", row)
        sheets.setdefault(row["Source"], []).append(f"sheet {at}")
    for source, own in sheets.items():
        published.add_sum(source, own)


def add_reasons(published: Published, audit: list[Shown], built: Path) -> None:
    """Reasons that only whole rows have add up to the rows set aside of the sources."""
    quarantine = pd.read_parquet(built / "data/work/demo/clean/quarantine.parquet")
    shown = {row["Reason"]: count(row["Entries"]) for row in table_rows(audit, "quarantine")}
    lost = quarantine[quarantine["row_lost"]]
    alone = ~lost["reason"].str.startswith("value_")
    for source, own in lost.groupby("source"):
        of_rows = own[alone[own.index]]
        rows = of_rows.drop_duplicates(ROW)
        inside = [f"{reason}|{source}" for reason in of_rows["reason"].unique()]
        published.counts |= dict.fromkeys(inside)
        if len(of_rows) == len(rows) == len(own.drop_duplicates(ROW)):  # no row has two reasons
            published.add_sum(word(f"source.{source}", "en"), inside)
    for reason, own in lost[alone].groupby("reason"):
        parts = [f"{reason}|{source}" for source in own["source"].unique()]
        if set(parts) <= set(published.counts):
            total = word(f"reason.{reason}", "en")
            published.counts[total] = shown[total]
            published.add_sum(total, parts)


def test_no_row_of_the_quarantine_can_be_counted(
    audit: list[Shown], workbook: Path, built: Path
) -> None:
    published = rows_published(audit, workbook, built)
    blank = [name for name, value in published.counts.items() if value is None]
    told = [name for name in blank if "|" not in name]
    assert told  # the demo has small numbers
    narrow = published.narrow(PERSONS)
    assert {name: ends for name, ends in narrow.items() if name in told} == {}


def test_no_unlinked_person_or_firm_can_be_counted(audit: list[Shown]) -> None:
    for key in ("linkage", "arms"):
        for row in table_rows(audit, key):
            rows, linked = count(row["Rows"]), count(row["Linked"])
            published = Published({"rows": rows, "linked": linked, "other": None})
            if linked is not None and rows == linked:
                continue  # nobody is left out
            published.add_sum("rows", ["linked", "other"])
            if row["Share linked"] != "—":
                published.add_share("linked", "rows", *share_limits(row["Share linked"]))
            low, high = published.range_of("other")
            assert high - low >= PERSONS or (linked is not None and low >= PERSONS), row


def test_firms_left_out_of_the_figure_of_cohorts_are_not_told(
    audit: list[Shown], built: Path
) -> None:
    known = facts(built)
    (in_figure,) = numbers_after(alternative_texts(audit), r"coloured by category, ([\d,]+) in all")
    gone = known["panel.firms"]["value"] - in_figure
    for name in ("never_treated_firms", "left_out_firms"):
        gone -= known[f"panel.{name}"]["value"] or 0
    treated = known["panel.treated_firms"]["value"]
    if treated is not None:
        missing = treated - in_figure
        assert missing == 0 or missing >= FIRMS + 2  # two years or more, each of three values


def test_event_times_and_workbook_leave_the_same_numbers_blank(built: Path, workbook: Path) -> None:
    for outcome, page in (("retention", "3_retention"), ("patents_invention", "4_patents")):
        notebook = built / f"notebooks/{page}/page.ipynb"
        given = {"study": "demo", "language": "en"}
        shown = shown_by(notebook, given, built, last='page.table("event_time"')
        table = [count(row["Winning firms"]) for row in table_rows(shown, "event_time")]
        unit = "percentage_point" if outcome == "retention" else "percent"
        events = words("sheet", "events", "en", unit=words("unit", unit, "en"))
        sheet = [
            count(row["N treated"])
            for row in sheet_rows(workbook, events)
            if row["Claim or outcome"] == word(f"outcome.{outcome}", "en")
            and row["Specification"] == word("spec.main", "en")
        ]
        assert table == sheet
        times = [next(iter(row.values())) for row in table_rows(shown, "event_time")]
        after = sorted(
            {n for time, n in zip(times, table, strict=True) if n and not time.startswith("−")}
        )
        assert all(high - low >= FIRMS for low, high in pairwise(after))


def test_the_log_has_a_row_for_all_that_a_page_shows(audit: list[Shown]) -> None:
    log = {key: one for shown in audit for key, one in shown.kept.facts.items()}
    shown_names = [shown.name for shown in audit if shown.mark["kind"] != "text"]
    for name in shown_names:
        assert log[f"disclosure.1_data_audit.{name}.{CHECKED}"]["value"] == shown_names.count(name)
    blank = sum(sum(shown.blank.values()) for shown in audit)
    assert blank == sum(number for _, _, number in logged(log)) > 0
    assert whole_outputs(log) == sum(not any(shown.blank.values()) for shown in audit) - sum(
        shown.mark["kind"] == "text" for shown in audit
    )
