"""Sex, schooling and skill level of the roster: spellings, unknown ones, teams."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from clean_cases import SECRET_KEY, clean_tables, plain, raw_table

from zgzx_research.cleaning.cleaned import Cleaned
from zgzx_research.cleaning.qualifications import (
    EDUCATION_LEVELS,
    QUALIFICATIONS,
    SKILL_LEVELS,
    read_qualifications,
)
from zgzx_research.cleaning.sources import clean
from zgzx_research.ingest.read import read_raw
from zgzx_research.simulate.files.roster_files import write_rosters
from zgzx_research.simulate.world.constants import Order
from zgzx_research.simulate.world.model import simulate_world

SPELLINGS = {
    "junior": ["初级工", "五级/初级工", "初级工(五级)", "5级"],
    "intermediate": ["中级工", "四级", "技术员", "员级"],
    "senior": ["高级工", "高级工/三级", "国家职业资格三级", "助理工程师", "助工", "助理级"],
    "technician": ["技师", "二级/技师", "工程师", "电气工程师", "中级工程师", "中级职称"],
    "senior_technician": [
        "高级技师",
        "高级技师(一级)",
        "高级工程师",
        "高级电气工程师",
        "副高级",
        "高级讲师",
    ],
    "chief": ["特级技师", "首席技师", "正高级工程师", "教授级高级工程师"],
}
UNKNOWN = ["一级建造师", "普工", "高级焊工", "高级工 技师", "13级", "经济师"]


def read(column: str, *texts: str | None) -> tuple[list, list]:
    rows = pd.DataFrame(
        {name: pd.Series([None] * len(texts), dtype="str") for name in QUALIFICATIONS}
    )
    rows[column] = pd.Series(texts, dtype="str")
    values, reasons = read_qualifications(rows)
    clean = column if column in values else "skill_level"
    return plain(values[clean]), plain(reasons[column])


def roster(columns: str, *rows: tuple[str | None, ...]) -> Cleaned:
    named = "person_name firm_name category edition " + columns
    return clean_tables(raw_table("roster/roster", named, *rows))


@pytest.mark.parametrize("level", SKILL_LEVELS)
@pytest.mark.parametrize("column", ["skill", "title", "skill_or_title"])
def test_every_spelling_of_a_level(level: str, column: str) -> None:
    values, reasons = read(column, *SPELLINGS[level])
    assert set(values) == {level}
    assert set(reasons) == {None}


def test_the_levels_are_in_order_from_the_lowest() -> None:
    assert list(SKILL_LEVELS) == list(SPELLINGS)
    assert EDUCATION_LEVELS[0] == "lower_secondary"
    assert EDUCATION_LEVELS[-1] == "graduate"


def test_unknown_and_contradictory_levels_are_flagged() -> None:
    values, reasons = read("skill", *UNKNOWN, None)
    assert values == [None] * 7
    assert reasons == ["value_choice"] * 6 + [None]


def test_a_bare_level_is_read_by_its_column() -> None:
    bare = ["初级", "中级", "高级"]
    assert read("skill", *bare) == (["junior", "intermediate", "senior"], [None] * 3)
    assert read("title", *bare) == (["senior", "technician", "senior_technician"], [None] * 3)
    assert read("skill_or_title", *bare) == ([None] * 3, ["value_choice"] * 3)


def test_schooling_and_sex() -> None:
    texts = ["初中", "中专", "高中", "大专", "本科", "硕士研究生", "夜校"]
    levels = ["lower_secondary", *["upper_secondary"] * 2, "college", "bachelor", "graduate", None]
    assert read("education", *texts) == (levels, [None] * 6 + ["value_choice"])
    assert read("sex", "男", "女性", "其他") == (
        ["male", "female", None],
        [None, None, "value_choice"],
    )


def test_the_roster_keeps_them_and_the_year_of_birth() -> None:
    result = roster(
        "sex education skill title birth id_no",
        ("甄试样", "甲厂", "技能", "9", "女", "大专", "高级工", "工程师", "1990.05", None),
        ("甄会明", "甲厂", "技能", "9", None, None, "看门", None, None, "990000198502150011"),
    )
    table = result.tables["roster"]
    columns = ["sex", "education", "skill_level", "birth_year"]
    assert plain(table.loc[0, columns]) == ["female", "college", "technician", 1990]
    assert plain(table.loc[1, columns[:3]]) == [None, None, None]
    flagged = result.quarantine[["row", "column", "reason", "value_masked", "row_lost"]]
    assert flagged[flagged["column"].eq("skill")].values.tolist() == [
        [3, "skill", "value_choice", "••", False]
    ]


def test_a_team_has_them_only_where_there_is_one_for_each() -> None:
    result = roster(
        "sex skill",
        ("甄试样、甄会明", "甲厂", "班组", "9", "男、女", "技师"),
    )
    table = result.tables["roster"]
    assert plain(table["sex"]) == ["male", "female"]
    assert plain(table["skill_level"]) == [None, None]
    assert result.quarantine["reason"].tolist() == ["value_team"]


@pytest.mark.slow
def test_rosters_of_a_world_say_what_is_true_of_the_winners(tmp_path: Path) -> None:
    world = simulate_world(Order("null", "tiny", 3, also=("roster_qualifications",)))
    (tmp_path / "roster").mkdir()
    write_rosters(world, tmp_path)
    table = clean(read_raw(tmp_path, "roster"), "roster", key=SECRET_KEY).tables["roster"]
    winners = world.worker.set_index("worker_id").loc[world.award["worker_id"]]
    education = dict(
        zip(["初中及以下", "高中", "大专", "本科", "研究生"], EDUCATION_LEVELS, strict=True)
    )
    assert counts(table["education"]) == counts(winners["edu"].map(education))
    alone = world.award["category"].ne("team").to_numpy()
    levels = ["初级", "中级", "高级", "技师", "高级技师"]  # 无 is missing
    skill = winners["skill_level"][alone].map(dict(zip(levels, SKILL_LEVELS, strict=False)))
    assert counts(table.loc[~table["is_team"], "skill_level"]) == counts(skill)


def counts(values: pd.Series) -> dict[str, int]:
    return values.value_counts().to_dict()
