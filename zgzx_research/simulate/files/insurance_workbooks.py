"""Workbooks about social insurance: sheets of dispatch companies, and statements of winners."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from zgzx_research.simulate.files.employment_lines import Employers, line_records
from zgzx_research.simulate.files.insured_wages import insured_bases
from zgzx_research.simulate.files.monthly_files import REFUND, line_months
from zgzx_research.simulate.files.workbook_writer import open_workbook
from zgzx_research.simulate.world.constants import words
from zgzx_research.simulate.world.identities import joined
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.months import year_month
from zgzx_research.simulate.world.random_draws import exact_share

AGENCY = [
    "序号",
    "社保电脑号",
    "服务公司",
    "代理公司",
    "姓名",
    "项目名称",
    "户口性质",
    "身份证号",
    "参保地",
    "参保月份",
    "社保公司",
    "社保个人",
    "社保补缴公司",
    "社保补缴个人",
    "滞纳金",
    "社保退费",
]
STATEMENT = {
    "缴费年": [""],
    "月": [""],
    "单位编号": [""],
    "养老保险": ["基数", "单位交", "个人交"],
    "医疗保险": ["险种", "基数", "单位交", "个人交"],
    "生育保险": ["险种", "基数", "单位交"],
    "工伤保险": ["基数", "单位交"],
    "失业保险": ["基数", "单位交", "个人交"],
}
STATEMENT_TITLE = "深圳市社会保险历年参保缴费明细表（个人）"
CONTRIBUTION_RATES = {
    "养老保险": (0.14, 0.08),
    "医疗保险": (0.05, 0.02),
    "生育保险": (0.005,),
    "工伤保险": (0.002,),
    "失业保险": (0.007, 0.003),
}


def agency_table(
    world: World, employer: Employers, line: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return a row per spell under a dispatch company.

    Parameters
    ----------
    world : World
        The world.
    employer : Employers
        The employers.
    line : DataFrame
        `employment_lines`.
    rng : Generator
        Random numbers for the dirt.

    Returns
    -------
    DataFrame
        The columns of the sheet (服务公司 is where the person works), agency, and position (of the
        spell in `line`).
    """
    begin = world.rules["time"]["spells_from"] * 12
    position = np.flatnonzero((line["agency"].to_numpy() >= 0) & (line["end"].to_numpy() >= begin))
    own = line.iloc[position]
    rank, worker = own["firm_rank"].to_numpy(), world.worker.iloc[own["worker_rank"]]
    end, start = own["end"].to_numpy(), np.maximum(own["start"].to_numpy(), begin)
    nothing = np.full(len(own), -1)
    service = employer.name_codes(
        rank, end, own["form"].to_numpy(), np.zeros(len(own), dtype=bool), nothing
    )
    base = insured_bases(world, own["worker_rank"].to_numpy(), own["spell"].to_numpy(), end)
    first, last = (
        np.asarray([f"{p // 100}.{p % 100:02d}" for p in year_month(month)], dtype=object)
        for month in (start, end)
    )
    refund = exact_share(rng, len(own), world.rules["dirt"]["months_refund"])
    table = pd.DataFrame(dict.fromkeys(AGENCY, ""), index=np.arange(len(own))).astype(object)
    cells = {
        "社保电脑号": own["person_no"],
        "服务公司": employer.texts[service],
        "代理公司": np.asarray(words()["dispatch"]["companies"], dtype=object)[own["agency"]],
        "姓名": own["name"],
        "项目名称": rng.choice(np.asarray(words()["dispatch"]["projects"], dtype=object), len(own)),
        "户口性质": worker["household"],
        "身份证号": own["id_no"],
        "参保地": "深圳",
        "参保月份": np.where(start == end, first, joined(first, "-", last)),
        "社保公司": np.rint(base * 0.16).astype(int).astype(str),
        "社保个人": np.rint(base * 0.08).astype(int).astype(str),
        "社保退费": np.where(refund, np.rint(base * 0.24).astype(int).astype(str), ""),
    }
    table = table.assign(**{name: np.asarray(column) for name, column in cells.items()})
    return table.assign(position=position, agency=own["agency"].to_numpy())


def write_agencies(
    world: World, raw: Path, line: pd.DataFrame, table: pd.DataFrame
) -> list[pd.DataFrame]:
    """Write a workbook per dispatch company under `raw`/employment.

    Parameters
    ----------
    world : World
        The world.
    raw : Path
        The raw folder.
    line : DataFrame
        `employment_lines`.
    table : DataFrame
        `agency_table`.

    Returns
    -------
    list of DataFrame
        The true records of each workbook.
    """
    records = []
    for number, rows in table.groupby("agency"):
        name, sheet = f"employment/agency_{number + 1}.xlsx", "明细"
        with open_workbook(world.rules, raw / name) as book:
            page = book.add_worksheet(sheet)
            page.write_row(0, 0, AGENCY)
            for column, label in enumerate(AGENCY[1:], start=1):
                for row, text in enumerate(rows[label].tolist(), start=1):
                    if text:
                        page.write_string(row, column, text)
            page.write_column(1, 0, range(1, len(rows) + 1))
        about = line.iloc[rows["position"]].reset_index(drop=True)
        records.append(line_records(world, about, name, sheet, np.arange(len(rows)) + 2))
    return records


def write_statements(
    world: World, employer: Employers, raw: Path, line: pd.DataFrame, rng: np.random.Generator
) -> list[pd.DataFrame]:
    """Write statements of a dozen winners under `raw`/employment; return the true records.

    Two months of an overlap are two rows.
    """
    wanted = world.rules["dirt"]["statements"]
    people = pd.Index(world.worker["worker_id"]).get_indexer(world.award["worker_id"].unique())
    records = []
    for number, rank in enumerate(rng.permutation(people)[:wanted], start=1):
        lines = line[line["worker_rank"] == rank]
        own = line_months(world, lines, 0, 10**6)
        own = own[own["kind"] != REFUND].sort_values(["period", "line"], ignore_index=True)
        name = f"employment/statement_{number:02d}.xlsx"
        _write_statement(world, employer, raw / name, own, lines)
        about = lines.iloc[own["line"]].reset_index(drop=True)
        records.append(line_records(world, about, name, "参保缴费明细", np.arange(len(own)) + 5))
    return records


def _write_statement(
    world: World, employer: Employers, path: Path, own: pd.DataFrame, line: pd.DataFrame
) -> None:
    first = line.iloc[int(own["line"].iloc[0])]
    person = world.worker.iloc[int(first["worker_rank"])]
    numbers = employer.number[line["employer"].to_numpy()[own["line"]]]
    with open_workbook(world.rules, path) as book:
        page, width = book.add_worksheet("参保缴费明细"), sum(map(len, STATEMENT.values()))
        bold = book.add_format({"bold": True, "align": "center"})
        page.merge_range(0, 0, 0, width - 1, STATEMENT_TITLE, bold)
        about = (
            f"姓名：{person['name']} 社保电脑号：{first['person_no']} "
            f"身份证号：{person['resident_id']}"
        )
        page.write_string(1, 0, about)
        column = 0
        for label, parts in STATEMENT.items():
            if len(parts) == 1:
                page.merge_range(2, column, 3, column, label, bold)
            else:
                page.merge_range(2, column, 2, column + len(parts) - 1, label, bold)
                page.write_row(3, column, parts, bold)
            column += len(parts)
        for row, (month, base, number) in enumerate(
            zip(own["period"], own["base"], numbers, strict=True), start=4
        ):
            page.write_row(
                row, 0, [str(month // 12), f"{month % 12 + 1:02d}", number, *_payments(int(base))]
            )
        row = len(own) + 4
        page.write_row(row, 0, ["合计", f"{len(own)}个月"])
        page.write_row(row + 2, 0, ["单位编号", "单位名称"], bold)
        for place, cells in enumerate(_employers_of(employer, own, line), start=row + 3):
            page.write_row(place, 0, cells)


def _employers_of(employer: Employers, own: pd.DataFrame, line: pd.DataFrame) -> list[list[str]]:
    """Return number and last name of each employer of a statement."""
    last = line.iloc[own.drop_duplicates("line", keep="last")["line"]]
    codes = employer.name_codes(
        *(last[name].to_numpy() for name in ("firm_rank", "end", "form", "branch", "agency"))
    )
    foot = pd.DataFrame({"no": employer.number[last["employer"]], "name": employer.texts[codes]})
    return foot.drop_duplicates("no").to_numpy(dtype=object).tolist()


def _payments(base: int) -> list[object]:
    """Return the cells of a month after 单位编号: insured wages and contributions."""
    cells: list[object] = []
    for label, parts in STATEMENT.items():
        if label in CONTRIBUTION_RATES:
            kind = ["一档"] if parts[0] == "险种" else []
            cells += [*kind, base, *(round(base * rate, 2) for rate in CONTRIBUTION_RATES[label])]
    return cells
