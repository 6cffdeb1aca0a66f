"""A character that the report fonts lack prints 〓 wherever data bring it, with a note.

In our words it is an error.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.facts import Facts, fact
from zgzx_research.pipeline.steps import pages
from zgzx_research.report import fonts
from zgzx_research.report.assemble import Document
from zgzx_research.report.figures.cohorts import plot_cohorts
from zgzx_research.report.figures.outcome_paths import plot_outcome_paths
from zgzx_research.report.figures.raw_rows import plot_raw_rows
from zgzx_research.report.page_style import label
from zgzx_research.report.prose_rendering import render_prose
from zgzx_research.report.render import render_document
from zgzx_research.report.tables.data_tables import ledger_table, quarantine_table, rows_table
from zgzx_research.report.tables.fact_tables import stamp_table
from zgzx_research.report.wording import LANGUAGES, from_data, word_or_code

ROOT = Path(__file__).parents[2]
RARE = "𬍛"  # U+2C35B: in GB 18030, in no font of the reports
RARER = "䶮㛃龘"


def test_the_characters_are_missing_and_the_sign_for_them_is_not() -> None:
    assert fonts.missing(RARE + RARER) == [RARE, *RARER]
    assert fonts.missing(fonts.GETA) == []


def test_text_of_data_is_printed_with_a_sign_for_each_missing_character() -> None:
    assert from_data(f"深圳{RARE}甲") == "深圳〓甲"
    assert from_data("plain") == "plain"
    assert word_or_code("category", f"{RARER[0]}之星", "zh") == "〓之星"


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_columns_and_files_in_prose(language: str) -> None:
    names = {
        "outcome_name": f"{RARE}产量",
        "unit_name": "厂",
        "first_treated_name": "首年",
        "period_name": "年",
    }
    facts = {f"study.{name}": fact(text, "text", "design", "study") for name, text in names.items()}
    text = render_prose(ROOT / "notebooks/9_any_panel", "question", language, Facts(facts))
    assert "〓产量" in text and RARE not in text


def test_cells_of_every_table() -> None:
    ledger = pd.DataFrame(
        {
            "step": ["units"],
            "reason": [f"covariate {RARER[0]} missing"],
            "rows": [20],
            "units": [10],
        }
    )
    assert ledger_table(ledger, "zh").rows[0][1] == "covariate 〓 missing"
    assert stamp_table({"file": f"{RARER[1]}.csv"}, "zh").rows == (("数据文件", "〓.csv"),)
    sheets = [
        {
            "file": f"roster/{RARE}.xlsx",
            "sheet": "",
            "rows_in": 3,
            "kept": 1,
            "quarantined": 0,
            "non_data_rows": 2,
        }
    ]
    assert rows_table({RARE: sheets}, "zh").rows[0][0] == "〓"
    assert quarantine_table({f"code{RARE}": 12}, "zh").rows == (("code〓", "12"),)


def test_categories_and_labels_in_figures() -> None:
    frame = pd.DataFrame({"year": [2021, 2021], "category": [RARE, "skill"], "firms": [4, 5]})
    plot_cohorts(frame).draw().svg()
    paths = pd.DataFrame({"year": [2020, 2021], "group": "treated", "mean": [1.0, 2.0]})
    drawn = plot_outcome_paths(paths, outcome_label=f"{RARE}量").draw()
    assert any("〓量" in text.get_text() for text in drawn.figure.texts)
    assert "〓量" in drawn.caption and "〓量" in drawn.alt
    drawn.svg()
    sources = {
        RARE: [
            {
                "file": "a",
                "sheet": "",
                "rows_in": 3,
                "kept": 1,
                "quarantined": 0,
                "non_data_rows": 2,
            }
        ]
    }
    plot_raw_rows(sources, language="en").draw().svg()


def rendered(folder: Path, markdown: str, stamp: dict[str, str], language: str = "zh") -> str:
    (path,) = render_document(
        Document(markdown, {}),
        language=language,
        title="题目",
        subtitle="",
        stamp=stamp,
        synthetic=False,
        out=folder / "report",
        formats=("html",),
    )
    return re.sub(r"<style.*?</style>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.slow
def test_a_document_says_once_what_the_sign_stands_for(tmp_path: Path) -> None:
    note = label("geta_note", "zh")
    assert rendered(tmp_path, "深圳〓甲", {"版本": "1"}).count(note) == 1
    assert rendered(tmp_path, "甲", {"文件": from_data(f"{RARE}.csv")}).count(note) == 1
    assert rendered(tmp_path, f"深圳〓甲\n\n> {note}", {"版本": "1"}).count(note) == 1
    assert note not in rendered(tmp_path, "甲", {"版本": "1"})
    english = label("geta_note", "en")
    assert rendered(tmp_path, "firm 〓", {"version": "1"}, "en").count(english) == 1


def test_in_our_own_wording_it_stays_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZgzxError, match=r"𬍛 \(U\+2C35B\)"):
        rendered(tmp_path, f"正文 {RARE}", {"版本": "1"})


def test_the_stamp_is_data(tmp_path: Path) -> None:
    facts = Facts({"stamp.file": fact(f"{RARER[2]}.csv", "text", "stamp", "study")})
    assert pages.stamp(facts, "zh") == {"数据文件": "〓.csv"}
