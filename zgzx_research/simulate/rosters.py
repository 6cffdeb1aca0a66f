"""Award rosters: one workbook per edition, as a trade-union office would make it."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from zgzx_research.simulate.constants import Rules, exact_kinds, exact_share, words
from zgzx_research.simulate.firms import written_names
from zgzx_research.simulate.identities import joined
from zgzx_research.simulate.tables import spaced_names
from zgzx_research.simulate.world import World

GROUP = "个人信息"
GROUPED = ["姓名", "性别", "出生年月", "身份证号码"]
COLUMNS = ["序号", *GROUPED, "工作单位", "所属街道（行业）工会", "岗位/职务", "联系电话", "备注"]
NUMERALS = ["首", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]
BIRTH_STYLES = ["%Y.%m", "%Y年%m月", "%Y-%m", "%Y%m"]


def roster_table(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """One row per winning entry, a team in one cell; columns edition, category and those of the sheet."""
    rates = world.rules["dirt"]
    entry = world.award.drop_duplicates("entry_id").set_index("entry_id")
    rows = len(entry)
    people = _people(world, entry.index, exact_share(rng, rows, rates["roster_name_spaced"]))
    is_team = (entry["category"] == "team").to_numpy()
    leader_only = np.zeros(rows, dtype=bool)
    leader_only[is_team] = exact_share(rng, int(is_team.sum()), rates["roster_leader_only"])
    told = people[~leader_only[people["row"]] | ~people.duplicated("row")]
    cells = told.groupby("row").agg("、".join)
    no_id = exact_share(rng, rows, rates["roster_id_missing"])
    table = pd.DataFrame(
        {
            "edition": entry["edition"].to_numpy(),
            "category": entry["category"].to_numpy(),
            "姓名": people.groupby("row")["姓名"].agg("、".join).to_numpy(),
            "性别": cells["性别"].to_numpy(),
            "出生年月": cells["出生年月"].to_numpy(),
            "身份证号码": np.where(no_id, "", cells["身份证号码"]),
            "工作单位": _firm_cells(world, entry["firm_id"], rng),
            "所属街道（行业）工会": joined(_streets(world, entry), "街道总工会"),
            "岗位/职务": rng.choice(np.asarray(words()["person"]["jobs"], dtype=object), rows),
            "联系电话": cells["联系电话"].to_numpy(),
            "备注": np.where(is_team, "班组", ""),
        }
    )
    again = exact_share(rng, rows, rates["roster_duplicate"])
    table = pd.concat([table, table[again]], ignore_index=True)
    order = table["category"].map({name: place for place, name in enumerate(words()["category"]["order"])})
    return (
        table.assign(order=order)
        .sort_values(["edition", "order"], kind="stable", ignore_index=True)
        .drop(columns="order")
    )


def write_roster(rules: Rules, path: Path, rows: pd.DataFrame, edition: pd.Series) -> None:
    """Write the workbook of one edition (a row of `World.edition`): title, two-level header, sections, notes."""
    number = int(edition["edition"])
    lines: list[list[str] | str] = []
    sections = [name for name in words()["category"]["order"] if (rows["category"] == name).any()]
    running = 0
    for place, name in enumerate(sections):
        own = rows[rows["category"] == name]
        unit = "个" if name == "team" else "名"
        lines.append(
            f"{'一二三四'[place]}、{words()['category']['titles'][name]}（{len(own.drop_duplicates())}{unit}）"
        )
        for cells in own[COLUMNS[1:]].itertuples(index=False, name=None):
            running += 1
            lines.append([str(running), *cells])
    lines += ["备注：本名单按奖项排列，排名不分先后。", "填表人："]
    with xlsxwriter.Workbook(str(path), {"in_memory": True, "strings_to_numbers": False}) as book:
        book.set_properties({"created": datetime.datetime.fromisoformat(rules["time"]["export"])})
        _fill_sheet(book, lines, _title(number), edition["final_date"])
        if number in rules["dirt"]["roster_hidden_sheet"]:
            draft = book.add_worksheet("草稿")
            draft.write_column(0, 0, ["待核对", "旧版名单，请勿使用", "0"])
            draft.hide()


def _fill_sheet(book: xlsxwriter.Workbook, lines: list[list[str] | str], title: str, final: pd.Timestamp) -> None:
    bold, plain = book.add_format({"bold": True, "align": "center"}), book.add_format({"text_wrap": True})
    sheet, last = book.add_worksheet("获奖名单"), len(COLUMNS) - 1
    sheet.merge_range(0, 0, 0, last, title, bold)
    sheet.merge_range(1, 0, 1, last, f"龙岗区总工会　{final.year}年{final.month}月{final.day}日", plain)
    for place, name in enumerate(COLUMNS):
        if name in GROUPED:
            sheet.write_string(3, place, name, bold)
        else:
            sheet.merge_range(2, place, 3, place, name, bold)
    sheet.merge_range(2, 1, 2, len(GROUPED), GROUP, bold)
    for row, line in enumerate(lines, start=4):
        if isinstance(line, str):
            sheet.merge_range(row, 0, row, last, line, bold)
        else:
            sheet.write_row(row, 0, line, plain)
    sheet.set_column(0, last, 16)


def _title(number: int) -> str:
    ordinal = NUMERALS[number - 1] if number == 1 else f"第{NUMERALS[number - 1]}"
    return f'龙岗区{ordinal}届"职工之星"获奖名单'


def _people(world: World, entries: pd.Index, spaced: np.ndarray) -> pd.DataFrame:
    """One row per winner named, with `row` (position of the entry) and the personal cells as text."""
    row = entries.get_indexer(pd.Index(world.award["entry_id"]))
    person = world.worker.set_index("worker_id").loc[world.award["worker_id"]]
    edition = world.award["edition"].to_numpy()
    styles = [person["born"].dt.strftime(style).to_numpy(dtype=object) for style in BIRTH_STYLES]
    full = person["resident_id"].to_numpy(dtype=object)
    masked = np.asarray([text[:4] + "*" * 10 + text[-4:] for text in full], dtype=object)
    return pd.DataFrame(
        {
            "row": row,
            "姓名": spaced_names(person["name"].to_numpy(), spaced[row]),
            "性别": np.where(person["is_man"], "男", "女"),
            "出生年月": np.choose(edition % len(styles), styles),
            "身份证号码": np.where(edition <= world.rules["dirt"]["roster_id_masked_until"], masked, full),
            "联系电话": person["phone"].to_numpy(),
        }
    )


def _firm_cells(world: World, firm_ids: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """The firm's name as the office writes it: official, another form, or without place and legal form."""
    rates = world.rules["dirt"]
    firm = world.firm.set_index("firm_id").loc[firm_ids]
    kinds = exact_kinds(rng, len(firm), [rates["roster_firm_variant"], rates["roster_firm_short"]])
    forms = len(words()["firm"]["forms"])
    other = (firm["form"].to_numpy() + rng.integers(1, forms, len(firm))) % forms
    written = written_names(firm, np.where(kinds == 1, other, firm["form"].to_numpy()))
    return np.where(kinds == 2, firm["core"].to_numpy(dtype=object), written)


def _streets(world: World, entry: pd.DataFrame) -> pd.Series:
    """Streets as they were called at the time."""
    street = world.firm.set_index("firm_id")["street"].loc[entry["firm_id"]].reset_index(drop=True)
    old = dict(words()["place"]["old"])
    early = entry["year"].to_numpy() <= world.rules["dirt"]["roster_old_streets_until"]
    return street.where(~early, street.replace(old))
