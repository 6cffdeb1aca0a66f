"""Award rosters: exact rates of dirt, workbooks as an office makes them, records."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from zgzx_research.simulate.files.roster_files import FIRST_LINE, roster_table, write_rosters
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.random_draws import exact_kinds_among, stream

HEADER = [
    "序号",
    "姓名",
    "性别",
    "出生年月",
    "身份证号码",
    "工作单位",
    "所属街道（行业）工会",
    "岗位/职务",
    "联系电话",
]
WITH_COLUMN, HEADER_TWICE = [2, 6, 10], 8


@pytest.fixture(scope="module")
def written(world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    raw = tmp_path_factory.mktemp("raw")
    (raw / "roster").mkdir()
    return raw / "roster", pd.concat(write_rosters(world, raw), ignore_index=True)


@pytest.fixture(scope="module")
def rows(written: tuple[Path, pd.DataFrame]) -> pd.DataFrame:
    """Read winners' rows of all editions by header, with the record of their first name."""
    folder, record = written
    frames = []
    for number, path in enumerate(sorted(folder.iterdir()), start=1):
        cells = grid(path)
        header = [below or above for above, below in zip(cells[2], cells[3], strict=True)]
        found = pd.DataFrame(cells, columns=header).assign(
            row=range(1, len(cells) + 1), edition=number
        )
        frames.append(found[found["序号"].astype(str).str.isdecimal()])
    first = record[record["part"] == 1].assign(edition=record["file"].str[-7:-5].astype(int))
    read = pd.concat(frames, ignore_index=True).fillna("")
    return read.merge(first, on=["edition", "row"], how="left", validate="one_to_one")


def grid(path: Path) -> list[list]:
    sheet = openpyxl.load_workbook(path).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def marked(rows: pd.DataFrame, kind: str) -> pd.Series:
    return rows["dirt"].str.split(";").map(lambda kinds: kind in kinds)


def at_rate(share: float, rows: int) -> int:
    return math.ceil(round(share * rows, 6))


def test_kinds_are_drawn_where_they_may_be() -> None:
    some = np.arange(1000) < 30
    kinds = exact_kinds_among(stream(1, "x"), [0.02, 0.05, 0.0101], [some, some, ~some])
    assert np.bincount(kinds).tolist() == [
        1000 - 20 - 10 - 11,
        20,
        10,
        11,
    ]  # 10 are all that is left for the second
    assert (kinds[:30] > 0).all()


# --- rates
# --------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "share"),
    [
        ("firm_variant", 0.35),
        ("firm_short", 0.06),
        ("firm_branch", 0.03),
        ("firm_former", 0.05),
        ("name_spaced", 0.10),
        ("name_traditional", 0.005),
        ("name_rare", 0.003),
        ("id_missing", 0.12),
        ("id_float", 0.02),
        ("id_masked", 0.15),
    ],
)
def test_rates_are_exact(rows: pd.DataFrame, world: World, kind: str, share: float) -> None:
    entries = len(world.award.drop_duplicates("entry_id"))
    once = rows[~marked(rows, "duplicate")]
    assert len(once) == entries == 150
    assert marked(once, kind).sum() == at_rate(share, entries)


def test_duplicates_repeat_another_row(rows: pd.DataFrame) -> None:
    again = marked(rows, "duplicate")
    assert again.sum() == at_rate(0.01, 150)
    cells = [name for name in HEADER if name != "序号"]
    alike = rows.duplicated(["edition", *cells], keep=False)
    assert alike[again].all()


def test_former_names_are_used_where_firms_have_them(world: World) -> None:
    name, founded = world.events.name, world.firm["founded"]
    chosen = name["firm_rank"].isin(name.loc[name["kind"] == "现名", "firm_rank"].iloc[::3])
    chosen &= (name["kind"] == "现名") & ~name["firm_rank"].isin(
        name.loc[name["kind"] == "曾用名", "firm_rank"]
    )
    birth = founded.to_numpy()[name.loc[chosen, "firm_rank"]]
    old = name[chosen].assign(
        name="旧" + name.loc[chosen, "name"], kind="曾用名", valid_from=birth, valid_to=birth
    )
    new = name[chosen].assign(valid_from=birth + np.timedelta64(1, "D"))
    events = dataclasses.replace(
        world.events, name=pd.concat([name[~chosen], old, new], ignore_index=True)
    )
    table, _ = roster_table(dataclasses.replace(world, events=events), stream(1, "x"))
    written = table["工作单位"].str.startswith("旧")
    assert (~written | marked(table, "firm_former")).all()
    assert written.any()
    assert (marked(table, "firm_former") & ~marked(table, "duplicate")).sum() == at_rate(0.05, 150)


def test_a_former_name_is_written_only_where_the_firm_had_one(
    rows: pd.DataFrame, world: World, names_on
) -> None:
    then = on_the_final(rows, world, names_on)
    assert (then["former"] != "").sum() > at_rate(0.05, 150), "more firms than rows of this dirt"
    assert (rows["工作单位"] == then["former"])[marked(rows, "firm_former")].all()


def test_firm_names_are_as_the_dirt_column_states(
    rows: pd.DataFrame, world: World, names_on
) -> None:
    firm, cell = on_the_final(rows, world, names_on), rows["工作单位"]
    kinds = ("former", "variant", "short", "branch")
    other = pd.concat([marked(rows, f"firm_{kind}") for kind in kinds], axis=1).any(axis=1)
    assert ((cell == firm["name"]) == ~other).all()
    assert (cell == firm["core"])[marked(rows, "firm_short")].all()
    assert (cell == firm["name"] + "龙岗分公司")[marked(rows, "firm_branch")].all()
    variant = marked(rows, "firm_variant")
    assert all(
        core in text for core, text in zip(firm["core"][variant], cell[variant], strict=True)
    )
    for bracket in ("（深圳）", "(深圳)"):
        assert cell.str.contains(bracket, regex=False).any()
    present = world.firm.set_index("firm_id")["name"].loc[rows["firm_id"]].reset_index(drop=True)
    assert (firm["name"] != present).any(), "some have taken another name since"


def on_the_final(rows: pd.DataFrame, world: World, names_on) -> pd.DataFrame:
    """Names the firms bore on the day of the final."""
    return names_on(
        rows["firm_id"], world.edition.set_index("edition")["final_date"].loc[rows["edition"]]
    )


# --- cells
# --------------------------------------------------------------------------------------------------


def test_ids_are_masked_in_public_lists_or_damaged_by_a_spreadsheet(
    rows: pd.DataFrame, world: World
) -> None:
    full = (
        world.worker.set_index("worker_id")["resident_id"]
        .loc[rows["worker_id"]]
        .reset_index(drop=True)
    )
    cell = rows["身份证号码"]
    masked, missing, number = (
        marked(rows, f"id_{kind}") for kind in ("masked", "missing", "float")
    )
    assert rows.loc[masked, "edition"].max() <= 4
    assert cell[masked].str.contains(r"9900\*{10}\d{3}[\dX]").all()
    assert ((cell == "") == missing).all()
    assert {type(value) for value in cell[number]} == {float, str}
    for value, own in zip(cell[number], full[number], strict=True):
        assert value == (f"{float(own):.5E}" if isinstance(value, str) else float(own))
    plain = ~(masked | missing | number)
    assert all(text.startswith(own) for text, own in zip(cell[plain], full[plain], strict=True))


def test_names_are_spaced_traditional_or_rare(rows: pd.DataFrame, world: World) -> None:
    name = world.worker.set_index("worker_id")["name"].loc[rows["worker_id"]].reset_index(drop=True)
    first = rows["姓名"].str.split("、").str[0]
    spaced, rare, old = (marked(rows, f"name_{kind}") for kind in ("spaced", "rare", "traditional"))
    assert ((first == name) == ~(spaced | rare | old)).sum() >= len(
        rows
    ) - old.sum()  # a team's leader may keep his
    assert (first.str.replace("\u3000", "") == name)[spaced].all()
    assert not first[rare].str[-1].map(lambda letter: letter.encode("gbk", "ignore")).any()
    assert rows.loc[old, "姓名"].str.contains("[張劉陳楊黃趙吳孫馬羅鄭謝許鄧韓馮蘇呂歐]").all()
    assert (rows["姓名"].str.count("、") >= 3).sum() >= 40, "teams are in one cell"


def test_birth_months_in_the_style_of_the_edition(rows: pd.DataFrame, world: World) -> None:
    born = world.worker.set_index("worker_id")["born"].loc[rows["worker_id"]].reset_index(drop=True)
    styles = {
        1: "{0.year}年{0.month}月",
        2: "{0.year}-{0.month:02d}",
        3: "{0.year}{0.month:02d}",
        5: "{0.year}.{0.month}",
    }
    for edition, style in styles.items():
        own = rows["edition"] == edition
        first = rows.loc[own, "出生年月"].str.split("、").str[0]
        assert first.tolist() == [style.format(day) for day in born[own]]
    serial = rows[rows["edition"] == 4]["出生年月"]
    days = serial.map(lambda cell: int(str(cell).split("、")[0]))
    assert (
        pd.Timestamp("1899-12-30") + pd.to_timedelta(days, unit="D") == born[serial.index]
    ).all()
    assert any(not isinstance(cell, str) for cell in serial), "numbers where there is one person"


def test_a_blank_after_the_sex_and_streets_of_the_time(rows: pd.DataFrame, world: World) -> None:
    assert ((rows["性别"] == "女 ") == marked(rows, "sex_blank")).all()
    assert marked(rows[~marked(rows, "duplicate")], "sex_blank").sum() == at_rate(0.05, 150)
    union = rows["所属街道（行业）工会"]
    early = rows["edition"] <= 5
    assert not union[early].str.contains("吉华|园山|宝龙").any()
    assert union[~early].str.contains("吉华|园山|宝龙").any()
    assert marked(rows, "old_street").any()
    assert not marked(rows[~early], "old_street").any()
    street = world.firm.set_index("firm_id")["street"].loc[rows["firm_id"]].reset_index(drop=True)
    by_street = union.str.endswith("街道总工会")
    assert (union.str.endswith("行业工会联合会") == ~by_street).all()
    plain = by_street & ~marked(rows, "old_street")
    assert (union == street + "街道总工会")[plain].all()


# --- workbooks
# --------------------------------------------------------------------------------------------------


def test_workbooks_look_like_an_office_made_them(written: tuple[Path, pd.DataFrame]) -> None:
    folder, _ = written
    hidden = [
        openpyxl.load_workbook(path).worksheets[-1].sheet_state == "hidden"
        for path in sorted(folder.iterdir())
    ]
    assert [number for number, is_hidden in enumerate(hidden, start=1) if is_hidden] == [3, 7, 11]
    first = [str(row[0] or "") for row in grid(folder / "edition_09.xlsx")]
    assert first[0] == '龙岗区第九届"职工之星"获奖名单'
    assert first[1] == "龙岗区总工会　2021年3月31日"
    assert [text for text in first if "之星（" in text] == [
        "一、职工创新之星（3名）",
        "二、班组管理之星（4个）",
        "三、职工技能之星（3名）",
        "四、职工才艺之星（3名）",
    ]
    assert first[-2].startswith("备注：")
    assert first[-1].startswith("填表人：")
    sheet = openpyxl.load_workbook(folder / "edition_09.xlsx").active
    assert "B3:E3" in {str(area) for area in sheet.merged_cells.ranges}
    assert grid(folder / "edition_01.xlsx")[0][0] == '龙岗区首届"职工之星"获奖名单'


@pytest.mark.parametrize("number", WITH_COLUMN)
def test_category_in_merged_cells(written: tuple[Path, pd.DataFrame], number: int) -> None:
    path = written[0] / f"edition_{number:02d}.xlsx"
    cells = grid(path)
    assert cells[2][:3] == ["序号", "奖项类别", "个人信息"]
    named = [row[1] for row in cells[4:] if row[1]]
    assert named[0] == "职工创新之星"
    assert len(named) == len(set(named))
    areas = {str(area) for area in openpyxl.load_workbook(path).active.merged_cells.ranges}
    assert any(area.startswith("B5:B") for area in areas)


def test_the_header_is_printed_twice_on_one_sheet(written: tuple[Path, pd.DataFrame]) -> None:
    for number, path in enumerate(sorted(written[0].iterdir()), start=1):
        cells = grid(path)
        headers = [row for row, line in enumerate(cells) if line[0] == "序号"]
        assert len(headers) == (2 if number == HEADER_TWICE else 1)
        assert all(cells[row : row + 2] == cells[2:4] for row in headers)


def test_three_to_six_note_and_section_rows(written: tuple[Path, pd.DataFrame]) -> None:
    for path in written[0].iterdir():
        below = grid(path)[FIRST_LINE:]
        texts = [
            row for row in below if row[0] and not str(row[0]).isdecimal() and row[0] != "序号"
        ]
        assert 3 <= len(texts) <= 6


def test_every_name_has_a_record(
    rows: pd.DataFrame, world: World, written: tuple[Path, pd.DataFrame]
) -> None:
    record = written[1]
    assert len(rows) == len(record.drop_duplicates(["file", "row"]))
    assert not record.duplicated(["file", "sheet", "row", "part"]).any()
    size = record.groupby(["file", "row"])["part"].max().reset_index(drop=True)
    in_cells = rows.sort_values(["file", "row"])["姓名"].str.count("、").reset_index(drop=True) + 1
    assert size.tolist() == in_cells.tolist()
    known = set(zip(world.award["firm_id"], world.award["worker_id"], strict=True))
    assert set(zip(record["firm_id"], record["worker_id"], strict=True)) == known
    rare = marked(record, "name_rare") & (record["part"] == 1)
    no_id = marked(record, "id_missing") | marked(record, "id_masked") | marked(record, "id_float")
    assert not record.loc[rare & no_id, "recoverable"].any()
    assert record.loc[~no_id & (record["part"] == 1), "recoverable"].all()
