"""Scores of a preliminary and a final; every expectation by hand."""

from __future__ import annotations

import pytest
from clean_cases import by_row, clean_tables, digest, raw_table, reasons_of

from zgzx_research.errors import ZgzxError

COLUMNS = (
    "draw_no person_name firm_name judge_1 judge_2 judge_3 judge_4 judge_5 mean total rank outcome"
)
TITLE = '第九届"职工之星"职工创新之星决赛成绩表'


def sheet(name: str, *rows: list[str], title: str = TITLE):
    return raw_table(
        "scores/scores", COLUMNS, *rows, file="scores/edition_09.xlsx", sheet=name, title=title
    )


def entry(name: str, *cells: str) -> list[str]:
    return ["1", name, "样例五金", *cells]


def test_a_final() -> None:
    result = clean_tables(
        sheet(
            "创新之星决赛",
            entry("甄　试样", "90", "92.5", "91", "95", "88.00", "", "93.40", "1", "是"),
            entry("贾样本", "80", "", "81", "82", "80", "", "85.1", "2", "否"),
            entry("欧阳测", "弃权", "", "", "", "", "", "", "", ""),
            entry("司徒验", "80", "80", "80", "80", "80", "", "80", "3", ""),
        )
    )
    table = result.tables["entry"]
    columns = (
        "row",
        "edition",
        "category",
        "stage",
        "is_team",
        "firm_name",
        "total",
        "rank",
        "outcome",
    )
    assert by_row(table, *columns) == [
        (2, 9, "innovation", "final", False, "样例五金", 93.4, 1, "awarded"),
        (3, 9, "innovation", "final", False, "样例五金", 85.1, 2, "out"),
        (4, 9, "innovation", "final", False, "样例五金", None, None, "absent"),
        (5, 9, "innovation", "final", False, "样例五金", 80.0, 3, None),  # the sheet does not say
    ]
    assert by_row(table, "name_key", "surname_key")[0] == (digest("甄试样"), digest("甄"))
    score = result.tables["score"]
    assert by_row(score[score["row"] == 3], "part", "score") == [
        (1, 80.0),
        (3, 81.0),
        (4, 82.0),
        (5, 80.0),
    ]
    assert by_row(score, "edition", "category", "stage")[0] == (9, "innovation", "final")
    assert reasons_of(result) == []


def test_a_preliminary_and_its_mean() -> None:
    # without 88 and 95: (90 + 92.5 + 91) / 3 = 91.1667
    scores = ("90", "92.5", "91", "95", "88")
    result = clean_tables(
        sheet(
            "技能之星初赛",
            entry("甄试样", *scores, "91.17", "", "1", "晋级"),
            entry("贾样本", *scores, "91.40", "", "1", "未晋级"),
            entry("司徒验", *scores, "91.17", "", "1", "√"),
            title='第九届"职工之星"职工技能之星初赛成绩表',
        )
    )
    assert by_row(result.tables["entry"], "category", "stage", "total", "outcome") == [
        ("skill", "preliminary", 91.17, "advanced"),
        ("skill", "preliminary", 91.4, "out"),
        ("skill", "preliminary", 91.17, "advanced"),
    ]
    assert reasons_of(result) == [(3, "mean", "value_score_total", False)]


def test_teams() -> None:
    result = clean_tables(
        sheet(
            "班组之星决赛",
            entry("精密加工一班(甄试样、贾样本)", "80", *[""] * 5, "80", "1", "是"),
            entry("甄试样、贾样本、欧阳测", "80", *[""] * 5, "80", "2", "否"),
            entry("装配二班", "80", *[""] * 5, "80", "3", "否"),
            entry("装配三班、甄试样、贾样本", "80", *[""] * 5, "80", "4", "否"),
        )
    )
    table = result.tables["entry"]
    assert table["is_team"].all()
    zhen, jia, ou = digest("甄试样"), digest("贾样本"), digest("欧阳测")
    assert by_row(table, "row", "part", "name_key") == [
        (2, 1, zhen),
        (2, 2, jia),
        (3, 1, zhen),
        (3, 2, jia),
        (3, 3, ou),
        (4, 1, None),
        (5, 1, zhen),
        (5, 2, jia),
    ]
    assert len(result.tables["score"]) == 4  # a team is scored once


def test_what_is_not_taken() -> None:
    result = clean_tables(
        sheet(
            "创新之星决赛",
            entry("甄试样", "101", "x", "90", "", "", "", "120", "首位", "待定"),
            entry("", "90", *[""] * 5, "90", "1", "是"),
        ),
        sheet("其他", entry("贾样本", "90", *[""] * 5, "90", "1", "是"), title="第九届技能之星"),
    )
    assert reasons_of(result) == [
        (2, "stage", "unknown_stage", True),  # of the other sheet
        (2, "judge_1", "value_score", False),
        (2, "judge_2", "value_score", False),
        (2, "outcome", "value_unknown", False),
        (2, "rank", "value_number", False),
        (2, "total", "value_score", False),
        (3, None, "missing_name", True),
    ]
    assert set(result.tables["score"]["row"]) == {2}  # scores of rows that left leave with them
    assert result.ledger[0]["kept"] == 1


def test_a_sheet_without_an_edition() -> None:
    with pytest.raises(ZgzxError, match="no edition"):
        clean_tables(sheet("创新之星决赛", entry("甄试样", "90", *[""] * 8), title="成绩表"))


def test_absent_from_the_final_on_site() -> None:
    table = raw_table(
        "scores/scores",
        f"{COLUMNS} site",
        [*entry("甄试样", *[""] * 9), "弃权"],
        sheet="创新之星决赛",
        title=TITLE,
    )
    assert by_row(clean_tables(table).tables["entry"], "total", "outcome") == [(None, "absent")]
