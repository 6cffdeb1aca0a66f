"""The programmes folder: lists, visits, costs, participation and district series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from zgzx_research.simulate.files.cell_texts import ranks
from zgzx_research.simulate.files.row_truth import has_namesake, kinds_of_dirt, record_rows
from zgzx_research.simulate.files.workbook_writer import open_workbook, write_sheet
from zgzx_research.simulate.world.constants import words
from zgzx_research.simulate.world.firm_events import firms_on
from zgzx_research.simulate.world.firm_population import variant_names
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.random_draws import exact_share


def write_programmes(world: World, raw: Path) -> list[pd.DataFrame]:
    """Write the files of programmes/; return the true records of their rows."""
    rng = world.order.stream("programme dirt")
    programme = world.programmes["programme"].reset_index(drop=True)
    day = programme["onset"].to_numpy().astype("datetime64[D]")
    firm = firms_on(world.firm, world.events.name, ranks(world.firm, programme["firm_id"]), day)
    programme["firm_name"] = variant_names(
        firm, world.rules["dirt"]["programmes_firm_variant"], rng
    )
    programme["uscc"] = firm["uscc"]
    variant = (programme["firm_name"] != firm["name"]).to_numpy()
    programme["dirt"] = kinds_of_dirt({"firm_variant": variant})
    parts = {name: rows.reset_index(drop=True) for name, rows in programme.groupby("programme")}
    return [
        _write_specialised(world, raw, parts["specialised"], rng),
        _write_craftsmen(world, raw, parts["craftsman"]),
        _write_visits(raw, parts["visit"]),
        _write_table(raw, "costs", _cost_table(world)),
        _write_table(raw, "participation", _participation_table(world)),
        _write_table(raw, "district_series", _district_table(world)),
    ]


def _write_specialised(
    world: World, raw: Path, rows: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    file, sheet = "programmes/specialised_firms.xlsx", "专精特新"
    blank = exact_share(rng, len(rows), world.rules["dirt"]["programmes_uscc_missing"])
    year = rows["onset"].dt.year
    table = pd.DataFrame(
        {"序号": np.arange(1, len(rows) + 1).astype(str), "企业名称": rows["firm_name"]}
    )
    table["统一社会信用代码"] = rows["uscc"].astype("object").where(~blank, None)
    table = table.assign(所属区="龙岗区", 批次=rows["detail"], 认定年度=year.astype(str))
    table["有效期"] = (
        year.astype(str) + "-" + (year + world.rules["programmes"]["named_valid"]).astype(str)
    ).to_numpy()
    rows = rows.assign(dirt=(rows["dirt"] + np.where(blank, ";uscc_missing", "")).str.lstrip(";"))
    return _write_list(world, raw / file, file, sheet, "龙岗区专精特新中小企业名单", table, rows)


def _write_craftsmen(world: World, raw: Path, rows: pd.DataFrame) -> pd.DataFrame:
    file, sheet = "programmes/craftsmen.xlsx", "工匠名单"
    name = rows["worker_id"].map(world.worker.set_index("worker_id")["name"])
    table = pd.DataFrame(
        {
            "序号": np.arange(1, len(rows) + 1).astype(str),
            "姓名": name,
            "工作单位": rows["firm_name"],
        }
    )
    table = table.assign(称号=rows["detail"], 认定年度=rows["onset"].dt.year.astype(str))
    rows = rows.assign(recoverable=~has_namesake(world, rows["firm_id"], rows["worker_id"]))
    return _write_list(world, raw / file, file, sheet, "龙岗工匠、行业工匠名单", table, rows)


def _write_list(
    world: World,
    path: Path,
    file: str,
    sheet: str,
    title: str,
    table: pd.DataFrame,
    rows: pd.DataFrame,
) -> pd.DataFrame:
    with open_workbook(world.rules, path) as book:
        lines = table.to_numpy(dtype=object).tolist()
        top = write_sheet(book, sheet, title, list(table), lines, ["备注：按认定时间排列。"])
    return record_rows(file, sheet, top + np.arange(len(rows)), rows)


def _write_visits(raw: Path, rows: pd.DataFrame) -> pd.DataFrame:
    detail = rows["detail"].str.split("：", expand=True)
    table = pd.DataFrame(
        {"走访日期": rows["onset"].dt.strftime("%Y-%m-%d"), "企业名称": rows["firm_name"]}
    )
    return _write_table(raw, "expert_visits", table.assign(专家组=detail[0], 事项=detail[1]), rows)


def _write_table(
    raw: Path, name: str, table: pd.DataFrame, rows: pd.DataFrame | None = None
) -> pd.DataFrame:
    file = f"programmes/{name}.csv"
    table.to_csv(raw / file, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    return record_rows(file, "", np.arange(2, len(table) + 2), table[[]] if rows is None else rows)


def _cost_table(world: World) -> pd.DataFrame:
    cost = world.programmes["cost"]
    amount = (cost["cny"] / 10_000).round(2)
    return pd.DataFrame(
        {"届次": _ordinals(cost["edition"]), "项目": cost["item"], "金额(万元)": amount}
    )


def _participation_table(world: World) -> pd.DataFrame:
    row = world.programmes["participation"]
    union = row["street"] + row["route"].map({"街道": "街道总工会", "行业": "行业工会联合会"})
    return pd.DataFrame(
        {
            "届次": _ordinals(row["edition"]),
            "街道（行业）工会": union,
            "途径": row["route"],
            "参与人次": row["participations"],
        }
    )


def _district_table(world: World) -> pd.DataFrame:
    row = world.programmes["district_year"]
    label, unit = (
        row["indicator"].map({k: v[i] for k, v in words()["indicator"].items()}) for i in (0, 1)
    )
    value = (
        row["value"]
        .map("{:g}".format)
        .where(row["value"] < 10_000, row["value"].map("{:.0f}".format))
    )
    return pd.DataFrame(
        {
            "年份": row["year"],
            "指标": label,
            "数值": value,
            "单位": unit,
            "版本": row["vintage"],
            "来源": row["source"],
        }
    )


def _ordinals(edition: pd.Series) -> pd.Series:
    ordinals = words()["category"]["ordinals"]
    return edition.map(
        {n: "首届" if n == 1 else f"第{text}届" for n, text in enumerate(ordinals, start=1)}
    )
