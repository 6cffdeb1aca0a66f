"""Score sheets: one workbook per edition, one sheet per category and stage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from zgzx_research.simulate.files.cell_texts import ranks, spaced_names
from zgzx_research.simulate.files.row_truth import has_namesake, kinds_of_dirt, record_rows
from zgzx_research.simulate.files.workbook_writer import open_workbook, write_sheet
from zgzx_research.simulate.world.constants import Rules, words
from zgzx_research.simulate.world.contest import title_of
from zgzx_research.simulate.world.firm_events import firms_on
from zgzx_research.simulate.world.firm_population import variant_names
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.random_draws import exact_share

SHEET_KEY = ["edition", "category", "stage"]
HIDDEN = "name_hidden"  # the kind of dirt
TOTALS = {
    "初赛": ["平均分", "名次", "是否晋级"],
    "决赛": ["材料得分", "现场得分", "最后得分", "名次", "是否获奖"],
}
NOTE = "备注：去掉一个最高分和一个最低分后取平均，得分相同者名次并列"
FINAL_NOTE = "；最后得分为材料得分的{material}%加现场得分的{site}%"


def write_scores(world: World, raw: Path) -> list[pd.DataFrame]:
    """Write scores/edition_NN.xlsx; return the true records, one for each name."""
    rows, points = score_rows(world, world.order.stream("score dirt"))
    people = _entry_people(world)
    records = []
    for number, edition in rows.groupby("edition"):
        file = f"scores/edition_{number:02d}.xlsx"
        with open_workbook(world.rules, raw / file) as book:
            for (category, stage), own in edition.groupby(["category", "stage"], sort=False):
                award = words()["category"]["titles"][category]
                sheet = award.removeprefix("职工") + stage
                title = f"{title_of(int(number))}{award}{stage}成绩表"
                top = _write_stage(world.rules, book, (sheet, title), own, points[own.index], stage)

                named = own[["entry_id", "firm_id", "dirt"]].assign(row=top + np.arange(len(own)))
                named = named.merge(people, on="entry_id", how="left")
                named = named.fillna({"part": 1, "recoverable": False})
                named = named.astype({"part": int, "recoverable": bool})
                named["recoverable"] &= ~named["dirt"].str.contains(HIDDEN)
                records.append(record_rows(file, sheet, named["row"], named))
    return records


def _write_stage(
    rules: Rules,
    book: xlsxwriter.Workbook,
    names: tuple[str, str],
    rows: pd.DataFrame,
    points: np.ndarray,
    stage: str,
) -> int:
    """Write the sheet of a category and stage; return the number of its first row."""
    judges = int(rows["judges"].iloc[0])
    points_given = [f"评委{n}" for n in range(1, judges + 1)]
    columns = ["抽签号", "选手", "单位", *points_given, "去最高", "去最低", *TOTALS[stage]]
    material = rules["scores"]["material"]
    of_final = FINAL_NOTE.format(material=material, site=100 - material) if stage == "决赛" else ""
    lines = _sheet_rows(rows, points[:, :judges], stage)
    return write_sheet(book, *names, columns, lines, [f"{NOTE}{of_final}。"])


def score_rows(world: World, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Return one row per entry and stage in the order of the sheets, and the judges' points.

    Parameters
    ----------
    world : World
        The world.
    rng : Generator
        Random numbers for the dirt.

    Returns
    -------
    rows : DataFrame
        The columns of `Scores.result`, edition, category, firm_id, draw_no, judges (of the sheet),
        high, low, 选手, 单位, dirt.
    points : array (rows, judges)
        Missing where a judge does not exist, left the cell blank, or the entry was absent.
    """
    rates = world.rules["dirt"]
    rows = _sorted_rows(world, rng)
    points = _points(world, rows)
    rows["judges"] = (
        pd.Series((~np.isnan(points)).sum(axis=1))
        .groupby([rows[name] for name in SHEET_KEY])
        .transform("max")
    )
    there = rows["rank"].notna().to_numpy()
    for name, extreme in (("high", np.fmax), ("low", np.fmin)):
        rows[name] = extreme.reduce(points, axis=1)
    given = np.argwhere(~np.isnan(points))
    blank = given[exact_share(rng, len(given), rates["scores_judge_missing"])]
    points[blank[:, 0], blank[:, 1]] = np.nan
    spaced = exact_share(rng, len(rows), rates["scores_name_spaced"])
    hidden = _hidden_rows(world, rows)
    rows["选手"] = _written_names(world, rows["entry_id"], spaced, hidden)
    day = (
        world.edition.set_index("edition")["final_date"]
        .loc[rows["edition"]]
        .to_numpy()
        .astype("datetime64[D]")
    )
    firm = firms_on(world.firm, world.events.name, ranks(world.firm, rows["firm_id"]), day)
    rows["单位"] = variant_names(firm, rates["scores_firm_variant"], rng)
    lost = there & (np.isnan(points).sum(axis=1) > points.shape[1] - rows["judges"].to_numpy())
    variant = (rows["单位"] != firm["name"]).to_numpy()
    rows["dirt"] = kinds_of_dirt(
        {
            "firm_variant": variant,
            "name_spaced": spaced & ~hidden,
            HIDDEN: hidden,
            "judge_missing": lost,
        }
    )
    return rows, points


def _written_names(
    world: World, entry_id: pd.Series, spaced: np.ndarray, hidden: np.ndarray
) -> np.ndarray:
    """Return the people of each entry in one cell, as the sheet writes them."""
    names = world.member["worker_id"].map(world.worker.set_index("worker_id")["name"])
    cell = names.groupby(world.member["entry_id"]).agg("、".join).reindex(entry_id).fillna("")
    return np.where(
        hidden, cell.map(_without_given), spaced_names(cell.to_numpy(dtype=object), spaced)
    )


def _hidden_rows(world: World, rows: pd.DataFrame) -> np.ndarray:
    """Draw the rows of finalists without an award whose names are hidden.

    It depends on whether half of the entry's people are still there a year later.
    """
    of_stayers, of_others = world.rules["dirt"]["scores_name_hidden"]
    stays = world.truth["worker_final"].groupby("entry_id")["stay_12"].mean()
    share = np.where(stays.reindex(rows["entry_id"]).to_numpy() < 0.5, of_others, of_stayers)
    lost = rows["stage"].eq("决赛").to_numpy() & rows["outcome"].ne("获奖").to_numpy()
    return lost & (world.order.stream("hidden names").random(len(rows)) < share)


def _without_given(names: str) -> str:
    """Write 某 for the given names, as public notices do: 欧阳测、甄会 -> 欧阳某、甄某."""
    return "、".join(name.split("拟")[0] + "某" for name in names.split("、"))


def _sorted_rows(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Sort preliminaries by draw, finals by rank with the absent last."""
    rows = world.result.merge(
        world.entry[["entry_id", "edition", "category", "firm_id"]], on="entry_id"
    )
    drawn = pd.Series(rng.permutation(len(rows)))
    rows["draw_no"] = drawn.groupby([rows[name] for name in SHEET_KEY]).rank().astype(int)
    order = {name: place for place, name in enumerate(words()["category"]["order"])}
    final = rows["stage"] == "决赛"
    place = rows["rank"].astype(float).where(final).fillna(np.inf)
    keys = [rows["draw_no"], place, final, rows["category"].map(order), rows["edition"]]
    return rows.iloc[np.lexsort(keys)].reset_index(drop=True)


def _points(world: World, rows: pd.DataFrame) -> np.ndarray:
    at = pd.MultiIndex.from_frame(rows[["entry_id", "stage"]])
    points = np.full((len(rows), world.rules["scores"]["judges"][1]), np.nan)
    row = at.get_indexer(pd.MultiIndex.from_frame(world.score[["entry_id", "stage"]]))
    points[row, world.score["judge_no"].to_numpy() - 1] = world.score["score"]
    return points


def _sheet_rows(rows: pd.DataFrame, points: np.ndarray, stage: str) -> list[list]:
    """Return the cells of a sheet; an absent entry has the word in place of every score."""
    passed = np.where(rows["outcome"].isin(["晋级", "获奖"]), "是", "否")
    totals = ["total"] if stage == "初赛" else ["material", "site", "total"]
    there = rows["rank"].notna().to_numpy()
    cells = rows[["draw_no", "选手", "单位"]].to_numpy(dtype=object).tolist()
    marks = np.column_stack([points, rows[["high", "low", *totals]]]).astype(object)
    marks[np.isnan(marks.astype(float))] = None
    absent = [[word] * points.shape[1] for word in rows["outcome"]]
    ranks = rows["rank"].astype(object).where(there, None)
    return [
        [
            *first,
            *(mark if here else gone),
            *((rank, text) if here else [None] * (len(totals) + 2) + [None, text]),
        ]
        for first, mark, gone, here, rank, text in zip(
            cells, marks.tolist(), absent, there, ranks, passed.tolist(), strict=True
        )
    ]


def _entry_people(world: World) -> pd.DataFrame:
    """Return the people of each entry, and whether a cleaning can find them.

    A sheet has no IDs, so a namesake at the firm makes it impossible.
    """
    firm_id = world.member["entry_id"].map(world.entry.set_index("entry_id")["firm_id"])
    identified = ~has_namesake(world, firm_id, world.member["worker_id"])
    return world.member.rename(columns={"ord": "part"}).assign(recoverable=identified)
