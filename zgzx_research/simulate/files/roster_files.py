"""Award rosters: one workbook per edition, as a trade-union office would make it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from zgzx_research.simulate.files.cell_texts import ranks
from zgzx_research.simulate.files.roster_people import (
    ID_KINDS,
    NAME_KINDS,
    id_kinds,
    name_kinds,
    people_links,
    roster_people,
)
from zgzx_research.simulate.files.row_truth import kinds_of_dirt, record_rows
from zgzx_research.simulate.files.workbook_writer import open_workbook
from zgzx_research.simulate.world.constants import Rules, words
from zgzx_research.simulate.world.contest import title_of
from zgzx_research.simulate.world.firm_events import firms_on
from zgzx_research.simulate.world.firm_population import written_names
from zgzx_research.simulate.world.identities import joined
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.random_draws import exact_kinds_among, exact_share

GROUP = "个人信息"
GROUPED = ["姓名", "性别", "出生年月", "身份证号码"]
ROSTER_COLUMNS = [
    "序号",
    *GROUPED,
    "工作单位",
    "所属街道（行业）工会",
    "岗位/职务",
    "联系电话",
    "备注",
]
CATEGORY = "奖项类别"
QUALIFICATIONS = {"学历": "edu", "职称/技能等级": "skill_level"}  # column -> of a worker
SKILLS = {"无": "", "初级": "初级工", "中级": "中级工", "高级": "高级工/三级"}
FIRM_KINDS = ["former", "variant", "short", "branch"]
HEADER_ROWS = 2
FIRST_LINE = 4  # rows of the sheet above the first line


def write_rosters(world: World, raw: Path) -> list[pd.DataFrame]:
    """Write roster/edition_NN.xlsx; return the true records, one for each name."""
    table, people = roster_table(world, world.order.stream("roster dirt"))
    records = []
    for _, edition in world.edition.iterrows():
        file = f"roster/edition_{edition['edition']:02d}.xlsx"
        rows = table[table["edition"] == edition["edition"]]
        sheet, numbers = write_roster(world.rules, raw / file, rows, edition)
        own = (
            rows[["entry_id", "dirt"]]
            .assign(number=numbers)
            .merge(people, on="entry_id", how="left")
        )
        records.append(record_rows(file, sheet, own["number"], own))
    return records


def roster_table(world: World, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of all sheets, and the people in them.

    Parameters
    ----------
    world : World
        The world.
    rng : Generator
        Random numbers for the dirt.

    Returns
    -------
    table : DataFrame
        One row per winning entry, a team in one cell, and some again: entry_id, edition, category,
        columns of the sheet, dirt.
    people : DataFrame
        One row per name: entry_id, part, firm_id, worker_id, recoverable.
    """
    rates, award = world.rules["dirt"], world.award
    entry = world.entry[world.entry["outcome"] == "获奖"].reset_index(drop=True)
    rows, is_team = len(entry), (entry["category"] == "team").to_numpy()
    leader_only = np.zeros(rows, dtype=bool)
    leader_only[is_team] = exact_share(rng, int(is_team.sum()), rates["roster_leader_only"])
    firms, firm_kinds = _firm_cells(world, entry, rng)
    streets, is_old = _unions(world, entry)
    at = pd.Index(entry["entry_id"]).get_indexer(pd.Index(award["entry_id"]))
    names, ids = name_kinds(world, at, rng), id_kinds(world, entry, at, rng)
    people = roster_people(world, at, names, ids, leader_only)
    written = [*GROUPED, "联系电话"]
    if rates["roster_qualifications"]:
        people, written = _qualified(world, people), [*written, *QUALIFICATIONS]
    cells = people.groupby("row").agg(dict.fromkeys(written, _cell))
    is_serial = cells["出生年月"].str.fullmatch(r"\d{5}").to_numpy()
    cells["出生年月"] = _as_numbers(cells["出生年月"], is_serial)
    cells["身份证号码"] = _damaged_ids(cells["身份证号码"], ids == 1 + ID_KINDS.index("float"))
    women = (cells["性别"] == "女").to_numpy()
    blank = exact_kinds_among(rng, [rates["roster_sex_blank"]], [women]) == 1
    table = entry[["entry_id", "edition", "category"]].assign(
        **cells[GROUPED].assign(性别=cells["性别"].where(~blank, "女 ")),
        工作单位=firms,
        **{"所属街道（行业）工会": streets},
        **{"岗位/职务": rng.choice(np.asarray(words()["person"]["jobs"], dtype=object), rows)},
        **cells[written[len(GROUPED) :]],
        备注=np.where(is_team, "班组", ""),
    )
    marks = _marks("firm", FIRM_KINDS, firm_kinds)
    marks |= _marks("name", NAME_KINDS, names) | _marks("id", ID_KINDS, ids)
    marks |= {"leader_only": leader_only, "sex_blank": blank, "old_street": is_old}
    table["dirt"] = kinds_of_dirt(marks)
    table = _repeated(table, exact_share(rng, rows, rates["roster_duplicate"]))
    return table, people_links(world, people)


def _qualified(world: World, people: pd.DataFrame) -> pd.DataFrame:
    """Add schooling and skill level of the winners, as a clerk writes them."""
    about = world.worker.set_index("worker_id").loc[world.award["worker_id"]]
    texts = {name: about[of].replace(SKILLS).to_numpy() for name, of in QUALIFICATIONS.items()}
    return people.assign(**texts)


def roster_columns(rules: Rules) -> list[str]:
    """Return the columns of the sheets."""
    more = [*QUALIFICATIONS] if rules["dirt"]["roster_qualifications"] else []
    return [*ROSTER_COLUMNS, *more]


def _marks(part: str, kinds: list[str], drawn: np.ndarray) -> dict[str, np.ndarray]:
    """Return a mark for each kind of dirt: which rows have it (`drawn` counts kinds from 1)."""
    return {f"{part}_{kind}": drawn == place for place, kind in enumerate(kinds, start=1)}


def write_roster(
    rules: Rules, path: Path, rows: pd.DataFrame, edition: pd.Series
) -> tuple[str, np.ndarray]:
    """Write the workbook of one edition: title, two-level header, sections, notes.

    Parameters
    ----------
    rules : dict
        The constants.
    path : Path
        The file.
    rows : DataFrame
        The rows of `roster_table` of this edition.
    edition : Series
        A row of `World.edition`.

    Returns
    -------
    name : str
        The name of the sheet.
    numbers : array
        The row of each of the rows in the sheet as a clerk counts, in the order of the categories.
    """
    number, name, dirt = int(edition["edition"]), "获奖名单", rules["dirt"]
    in_column = number in dirt["roster_category_column"]
    columns = usual = roster_columns(rules)
    if in_column:
        columns = [usual[0], CATEGORY, *usual[1:]]
    again = number in dirt["roster_repeated_header"]
    lines = _sheet_lines(rows, usual, in_column, again)
    with open_workbook(rules, path) as book:
        _fill_sheet(
            book, name, columns, lines, f"龙岗区{title_of(number)}获奖名单", edition["final_date"]
        )
        if number in dirt["roster_hidden_sheet"]:
            draft = book.add_worksheet("草稿")
            draft.write_column(0, 0, ["待核对", "旧版名单，请勿使用", "0"])
            draft.hide()
    return name, FIRST_LINE + 1 + np.flatnonzero([isinstance(line, list) for line in lines])


def _sheet_lines(
    rows: pd.DataFrame, columns: list[str], in_column: bool, header_again: bool
) -> list[list | str | None]:
    """Return what is below the header: rows, texts across the sheet, None for a repeated header."""
    lines: list[list | str | None] = []
    running = 0
    for place, (name, own) in enumerate(rows.groupby("category", sort=False)):
        title, unit = words()["category"]["titles"][name], "个" if name == "team" else "名"
        if not in_column:
            lines.append(f"{'一二三四'[place]}、{title}（{own['entry_id'].nunique()}{unit}）")
        for cells in own[columns[1:]].itertuples(index=False, name=None):
            running += 1
            lines.append([str(running), *([title] if in_column else []), *cells])
            if header_again and running == (len(rows) + 1) // 2:
                lines += [None] * HEADER_ROWS
    notes = ["备注：本名单按奖项排列，排名不分先后。", "填表人："]
    return [*lines, *notes, "审核人："] if in_column else [*lines, *notes]


def _fill_sheet(
    book: xlsxwriter.Workbook,
    name: str,
    columns: list[str],
    lines: list[list | str | None],
    title: str,
    final: pd.Timestamp,
) -> None:
    bold, plain = (
        book.add_format({"bold": True, "align": "center"}),
        book.add_format({"text_wrap": True}),
    )
    sheet, last = book.add_worksheet(name), len(columns) - 1
    sheet.merge_range(0, 0, 0, last, title, bold)
    sheet.merge_range(
        1, 0, 1, last, f"龙岗区总工会　{final.year}年{final.month}月{final.day}日", plain
    )
    again = [FIRST_LINE + row for row, line in enumerate(lines) if line is None][::HEADER_ROWS]
    for top in [FIRST_LINE - HEADER_ROWS, *again]:
        _write_header(sheet, top, columns, bold)
    for row, line in enumerate(lines, start=FIRST_LINE):
        if isinstance(line, str):
            sheet.merge_range(row, 0, row, last, line, bold)
        elif line is not None:
            sheet.write_row(row, 0, line, plain)
    if CATEGORY in columns:
        _merge_categories(sheet, columns.index(CATEGORY), lines, plain)
    sheet.set_column(0, last, 16)


def _write_header(
    sheet: xlsxwriter.worksheet.Worksheet, top: int, columns: list[str], bold: object
) -> None:
    grouped = [place for place, name in enumerate(columns) if name in GROUPED]
    for place, name in enumerate(columns):
        if name in GROUPED:
            sheet.write_string(top + 1, place, name, bold)
        else:
            sheet.merge_range(top, place, top + 1, place, name, bold)
    sheet.merge_range(top, grouped[0], top, grouped[-1], GROUP, bold)


def _merge_categories(
    sheet: xlsxwriter.worksheet.Worksheet,
    column: int,
    lines: list[list | str | None],
    plain: object,
) -> None:
    """One cell for all rows of a category."""
    category = pd.Series([line[column] for line in lines if isinstance(line, list)])
    for name, rows in category.groupby(category, sort=False):
        if len(rows) > 1:
            sheet.merge_range(
                FIRST_LINE + rows.index[0], column, FIRST_LINE + rows.index[-1], column, name, plain
            )


def _repeated(table: pd.DataFrame, again: np.ndarray) -> pd.DataFrame:
    """By edition and category, and some rows entered twice."""
    copies = table[again].assign(dirt=(table.loc[again, "dirt"] + ";duplicate").str.lstrip(";"))
    table = pd.concat([table, copies], ignore_index=True)
    order = table["category"].map(
        {name: place for place, name in enumerate(words()["category"]["order"])}
    )
    table = table.assign(order=order).sort_values(
        ["edition", "order"], kind="stable", ignore_index=True
    )
    return table.drop(columns="order")


def _cell(texts: pd.Series) -> str:
    """Join the people's texts in one cell with 、 between them; missing texts are left out."""
    return "、".join(text for text in texts if text)


def _as_numbers(texts: pd.Series, rows: np.ndarray) -> pd.Series:
    cells = texts.to_numpy(dtype=object)
    return pd.Series(
        [float(text) if hit else text for text, hit in zip(cells, rows, strict=True)], dtype=object
    )


def _damaged_ids(texts: pd.Series, rows: np.ndarray) -> pd.Series:
    """Write IDs that a spreadsheet took for numbers.

    Every other one is still a number, the rest the text that the spreadsheet showed.
    """
    shown = pd.Series(
        [f"{float(text):.5E}" if hit else text for text, hit in zip(texts, rows, strict=True)],
        dtype="str",
    )
    number = rows & (np.cumsum(rows) % 2 == 1)
    return _as_numbers(texts.where(number, shown), number)


def _firm_cells(
    world: World, entry: pd.DataFrame, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the firm's name as the office writes it, and its kind.

    Kinds are positions in FIRM_KINDS from 1, 0 = official.
    """
    rates = world.rules["dirt"]
    day = (
        world.edition.set_index("edition")["final_date"]
        .loc[entry["edition"]]
        .to_numpy()
        .astype("datetime64[D]")
    )
    firm = firms_on(world.firm, world.events.name, ranks(world.firm, entry["firm_id"]), day)
    former = firm["former"]
    everywhere = np.ones(len(firm), dtype=bool)
    kinds = exact_kinds_among(
        rng,
        [rates[f"roster_firm_{kind}"] for kind in FIRM_KINDS],
        [former.notna().to_numpy(), *[everywhere] * 3],
    )
    forms, official = len(words()["firm"]["forms"]), firm["form"].to_numpy()
    other = written_names(firm, (official + rng.integers(1, forms, len(firm))) % forms)
    name = firm["name"].to_numpy(dtype=object)
    core = firm["core"].to_numpy(dtype=object)
    return np.choose(
        kinds, [name, former.to_numpy(dtype=object), other, core, joined(name, "龙岗分公司")]
    ), kinds


def _unions(world: World, entry: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the union that sent each entry, and whether its street had an old name at the time."""
    industry = world.firm.set_index("firm_id")["industry_rank"].loc[entry["firm_id"]].to_numpy()
    union = np.asarray([row["union"] for row in words()["industry"]], dtype=object)[industry]
    early = entry["year"] <= world.rules["dirt"]["roster_old_streets_until"]
    street = entry["street"].where(~early, entry["street"].replace(dict(words()["place"]["old"])))
    by_street = (entry["route"] == "街道").to_numpy()
    text = np.where(by_street, joined(street, "街道总工会"), joined(union, "行业工会联合会"))
    return text, by_street & (street != entry["street"]).to_numpy()
