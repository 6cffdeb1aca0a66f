"""Scores: means by hand, ranks that follow the totals, outcomes of the entries, sheets."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from zgzx_research.simulate.files.score_files import write_scores
from zgzx_research.simulate.world import jury_scores
from zgzx_research.simulate.world.constants import switched
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.random_draws import stream

CONTEST = ["edition", "category", "stage"]


@pytest.fixture(scope="module")
def result(world: World) -> pd.DataFrame:
    return world.result.merge(
        world.entry.drop(columns="stage"), on="entry_id", suffixes=("", "_entry")
    )


@pytest.fixture(scope="module")
def written(world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    raw = tmp_path_factory.mktemp("raw")
    (raw / "scores").mkdir()
    return raw, pd.concat(write_scores(world, raw), ignore_index=True)


def test_means_by_hand() -> None:
    points = np.asarray(
        [[8000, 9000, 8501, 7000, 8600], [5000, 5001, 5002, 9999, 0], [7000, 7001, 7001, 7002, 1]]
    )
    judged = np.asarray(
        [[True] * 5, [True, True, True, False, False], [True, True, True, True, False]]
    )
    assert jury_scores.trimmed_means(points, judged).tolist() == [8367, 5001, 7001]
    assert jury_scores.final_totals(
        switched(), np.asarray([8367]), np.asarray([9000]), 1
    ).tolist() == [8620]  # 36 + 50.202
    assert jury_scores.final_totals(
        switched(), np.asarray([8367]), np.asarray([9000]), 0
    ).tolist() == [8367]


def test_totals_come_from_the_judges(world: World, result: pd.DataFrame) -> None:
    given = world.score.groupby(["entry_id", "stage"])["score"].agg(["sum", "max", "min", "size"])
    site = (given["sum"] - given["max"] - given["min"]) / (given["size"] - 2)
    met = result.join(site.rename("expected"), on=["entry_id", "stage"])
    there = met["rank"].notna()
    assert (met["site"].isna() == ~there).all()
    assert (met["site"] - met["expected"])[there].abs().max() < 0.00501
    final = met["stage"] == "决赛"
    assert (met.loc[~final & there, "total"] == met.loc[~final & there, "site"]).all()
    weighed = 0.4 * met["material"] + 0.6 * met["site"]
    assert (met["total"] - weighed)[final & there].abs().max() < 0.00501
    assert world.score["score"].between(0, 100).all()
    assert (world.score["score"] == world.score["score"].round(2)).all()


def test_a_stage_has_five_to_nine_judges(world: World) -> None:
    count = (
        world.score.groupby(["entry_id", "stage"])["judge_no"].agg(["size", "max"]).reset_index()
    )
    assert (count["size"] == count["max"]).all()
    met = count.merge(world.entry[["entry_id", "edition", "category"]], on="entry_id")
    per_contest = met.groupby(CONTEST)["size"].agg(["min", "max"])
    assert (per_contest["min"] == per_contest["max"]).all()
    assert set(per_contest["min"]) == {5, 6, 7, 8, 9}


def test_ranks_follow_totals_and_outcomes_are_those_of_the_entries(result: pd.DataFrame) -> None:
    expected = result.groupby(CONTEST)["total"].rank(method="min", ascending=False)
    assert result["rank"].astype(float).equals(expected)
    first = result[result["stage"] == "初赛"].set_index("entry_id")
    last = result[result["stage"] == "决赛"].set_index("entry_id")
    assert set(first.index[first["outcome"] == "晋级"]) == set(last.index)
    assert set(last.index[last["outcome"] == "获奖"]) == set(
        result.loc[result["outcome_entry"] == "获奖", "entry_id"]
    )
    absent = result["outcome"].isin(["弃权", "缺考"])
    assert (absent == result["rank"].isna()).all()
    assert set(result["outcome"]) == {"淘汰", "晋级", "获奖", "弃权", "缺考"}


def test_no_tie_crosses_the_passing_mark_and_ties_have_their_share(result: pd.DataFrame) -> None:
    there = result[result["rank"].notna()]
    for _, rows in there.groupby(CONTEST):
        passed = rows["outcome"].isin(["晋级", "获奖"])
        assert rows.loc[passed, "total"].min() > rows.loc[~passed, "total"].max()
    for _, rows in there.groupby("stage"):
        tied = rows.duplicated([*CONTEST, "rank"], keep=False).sum()
        assert tied == 2 * math.ceil(0.08 * len(rows) / 2)


def test_preliminary_and_final_have_different_scales(result: pd.DataFrame) -> None:
    finalists = result.groupby(["entry_id", "stage"])["total"].first().unstack().dropna()
    assert (finalists["决赛"] - finalists["初赛"]).mean() > 3
    assert abs(finalists.corr().iloc[0, 1]) < 0.2, "merit is drawn anew"


def test_same_seed_same_scores(world: World) -> None:
    again = jury_scores.simulate_scores(world.rules, world.entry, stream(7, "scores"))
    pd.testing.assert_frame_equal(again.score, world.score)
    pd.testing.assert_frame_equal(again.result, world.result)


# --- the sheets
# --------------------------------------------------------------------------------------------------


@cache
def book(path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(path)


def sheet_rows(raw: Path, file: str, sheet: str) -> list[tuple]:
    return list(book(raw / file)[sheet].iter_rows(values_only=True))


@pytest.mark.slow
def test_sheets_by_category_and_stage(written: tuple[Path, pd.DataFrame]) -> None:
    raw, _ = written
    files = sorted(path.name for path in (raw / "scores").iterdir())
    assert files == [f"edition_{number:02d}.xlsx" for number in range(1, 13)]
    final = book(raw / "scores/edition_09.xlsx")
    kinds = ["创新之星", "班组管理之星", "技能之星", "才艺之星"]
    assert final.sheetnames == [kind + stage for kind in kinds for stage in ("初赛", "决赛")]
    rows = sheet_rows(raw, "scores/edition_09.xlsx", "创新之星决赛")
    assert rows[0][0] == '第九届"职工之星"职工创新之星决赛成绩表'
    header = [text for text in rows[1] if text]
    assert header[:4] == ["抽签号", "选手", "单位", "评委1"]
    assert ",".join(header[-7:]) == "去最高,去最低,材料得分,现场得分,最后得分,名次,是否获奖"
    assert str(rows[-1][0]).startswith("备注：")
    first = sheet_rows(raw, "scores/edition_01.xlsx", "才艺之星初赛")
    assert first[0][0] == '首届"职工之星"职工才艺之星初赛成绩表'
    assert first[1][-3:] == ("平均分", "名次", "是否晋级")


@pytest.mark.slow
def test_every_row_has_a_record_and_equals_the_world(
    world: World, written: tuple[Path, pd.DataFrame], names_on
) -> None:
    raw, record = written
    result = world.result.merge(
        world.entry[["entry_id", "edition", "category", "firm_id"]], on="entry_id"
    )
    name = world.worker.set_index("worker_id")["name"]
    edition = record["file"].str[-7:-5].astype(int)
    day = world.edition.set_index("edition")["final_date"].loc[edition]
    record = record.assign(official=names_on(record["firm_id"], day)["name"])
    blank, given, seen = 0, 0, 0
    for (file, sheet), own in record.groupby(["file", "sheet"]):
        rows = sheet_rows(raw, file, sheet)
        header = rows[1]
        assert set(own["row"]) == set(range(3, len(rows))), "every row between header and note"
        for number, people in own.groupby("row"):
            cells = dict(zip(header, rows[number - 1], strict=True))
            judges = [cells[column] for column in header if column.startswith("评委")]
            seen += 1
            if people["worker_id"].notna().all():
                assert (cells["选手"].replace("\u3000", "")).split("、") == name[
                    people["worker_id"]
                ].tolist()
            if "firm_variant" not in people["dirt"].iloc[0]:
                assert cells["单位"] == people["official"].iloc[0]
            if cells["名次"] is None:
                assert set(judges) in ({"弃权"}, {"缺考"})
            else:
                blank, given = blank + judges.count(None), given + len(judges)
                assert ("judge_missing" in people["dirt"].iloc[0]) == (None in judges)
    assert seen == len(result)
    assert blank == math.ceil(0.02 * given)
    per_row = record.drop_duplicates(["file", "sheet", "row"])
    assert per_row["dirt"].str.contains("firm_variant").sum() == math.ceil(0.10 * seen)
    assert per_row["dirt"].str.contains("name_spaced").sum() == math.ceil(0.05 * seen)
    assert set(record["recoverable"]) == {True, False}
