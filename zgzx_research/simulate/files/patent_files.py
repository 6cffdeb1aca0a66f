"""Patent exports of three services (CNIPA, incoPat and PatSnap), with their dirt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from zgzx_research.simulate.files.cell_texts import addresses, lists, ranks
from zgzx_research.simulate.files.row_truth import record_rows
from zgzx_research.simulate.files.workbook_writer import open_workbook, write_sheet
from zgzx_research.simulate.world.constants import Rules, words
from zgzx_research.simulate.world.firm_events import firms_on
from zgzx_research.simulate.world.firm_population import variant_names
from zgzx_research.simulate.world.identities import joined, padded
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.random_draws import exact_kinds

PROVINCE = "广东;44"
UNDISCLOSED = "不公告发明人"
DISTRICT = "龙岗区"
SHEET_NAME = "Sheet1"
TYPE_NAMES = {"invention": "发明申请", "utility_model": "实用新型", "design": "外观设计"}


def publication_rows(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Return a row per publication with its cells as text.

    A granted invention has two publications, A and then B. The holders of a row are those of its
    own day: a buyer is on the grant, not before it.

    Parameters
    ----------
    world : World
        The world.
    rng : Generator
        Random numbers for the dirt.

    Returns
    -------
    DataFrame
        app_no, type, publication_no, filed, published, granted, title, ipc, applicants, holders and
        inventors (separated by ";"), uscc, buyer, address, dirt (kinds of damage, "" = none),
        number_cell, filed_cell, filed_year.
    """
    patent = _with_publication_numbers(world.patent[world.patent["seen"]])
    grants = patent[patent["type"].eq("invention") & patent["granted"].notna()]
    grants = grants.assign(
        published=grants["granted"], publication_no=grants["publication_no"].str[:-1] + "B"
    )
    rows = pd.concat([patent, grants]).sort_values(
        ["published", "publication_no"], ignore_index=True
    )
    rows = rows.join(_party_cells(world, rows, rng))
    about = world.firm.iloc[ranks(world.firm, rows["firm_id"].fillna(rows["holder_id"]))]
    things = np.asarray([entry["things"] for entry in words()["industry"]], dtype=object)
    thing = things[about["industry_rank"], rows["title"].to_numpy() % things.shape[1]]
    ipc = np.asarray([entry["ipc"] for entry in words()["industry"]], dtype=object)[
        about["industry_rank"]
    ]
    rows = rows.assign(
        title=joined("一种", rows["title"].astype(str), "型", thing),
        ipc=ipc,
        address=addresses(about, rng),
    )
    return _damaged(world.rules, rows, rng)


def _party_cells(world: World, rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the columns applicants, holders, inventors, uscc and buyer.

    uscc is that of the first holder; buyer says whether the buyer is on this row.
    """
    firm, party = world.firm, world.patent_party
    share = world.rules["dirt"]["patents_firm_variant"]
    other = party[party["role"].eq("applicant") & party["name"].notna()]
    others = lists(other["app_no"], other["name"], ";")
    inventor = party[party["role"].eq("inventor")]
    names = inventor["worker_id"].map(world.worker.set_index("worker_id")["name"])
    cells = {}
    day = rows["published"].to_numpy().astype("datetime64[D]")
    for column in ("firm_id", "holder_id"):
        known = rows[column].notna().to_numpy()
        written = np.full(len(rows), "", dtype=object)
        named = firms_on(
            firm, world.events.name, ranks(firm, rows.loc[rows.index[known], column]), day[known]
        )
        written[known] = variant_names(named, share, rng)
        cells[column] = written
    outside = rows["app_no"].map(others).fillna("").to_numpy(dtype=object)
    between = np.where((cells["firm_id"] != "") & (outside != ""), ";", "")
    applicants = joined(cells["firm_id"], between, outside)
    sold = rows["holder_id"].ne(rows["firm_id"].fillna("")).to_numpy()
    return pd.DataFrame(
        {
            "applicants": applicants,
            "holders": np.where(sold, cells["holder_id"], applicants),
            "inventors": rows["app_no"]
            .map(lists(inventor["app_no"], names, ";"))
            .fillna(UNDISCLOSED),
            "uscc": rows["holder_id"].map(firm.set_index("firm_id")["uscc"]).fillna(""),
            "buyer": sold & rows["publication_no"].str.endswith("B").to_numpy(dtype=bool),
        }
    )


def _damaged(rules: Rules, rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Add the cells of application number and filing day as people write and lose them."""
    rates = rules["dirt"]
    following = dict(zip("0123456789X", "1234567890" + "0", strict=True))
    plain = rows["app_no"].to_numpy(dtype=object)
    styles = {
        "": plain,
        "wrong_check": np.asarray(
            [text[:-1] + following[text[-1]] for text in plain], dtype=object
        ),
        "number_as_float": np.asarray(
            [f"{float(text[2:14] + '0'):.5E}" for text in plain], dtype=object
        ),
        "no_country": np.asarray([text[2:] for text in plain], dtype=object),
        "patent_prefix": np.asarray(["ZL" + text[2:] for text in plain], dtype=object),
        "check_lost": np.asarray([text[2:-2] for text in plain], dtype=object),
        "full_width": np.asarray([text.translate(FULL_WIDTH) for text in plain], dtype=object),
    }
    kinds = exact_kinds(
        rng, len(rows), [rates["patents_number"][name] for name in list(styles)[1:]]
    )
    bad = exact_kinds(rng, len(rows), [rates["patents_bad_date"] / 2] * 2)
    filed = rows["filed"].dt.strftime("%Y.%m.%d").to_numpy(dtype=object)
    filed[bad == 1] = joined(rows["filed"].dt.year.astype(str)[bad == 1].to_numpy(), ".02.30")
    filed[bad == 2] = ""
    damage = np.asarray(list(styles), dtype=object)[kinds]
    return rows.assign(
        number_cell=np.choose(kinds, list(styles.values())),
        filed_cell=filed,
        dirt=np.where(
            bad > 0, np.where(damage == "", "bad_date", joined(damage, ";bad_date")), damage
        ),
        filed_year=rows["filed"].dt.year,
    )


FULL_WIDTH = {ord(sign): chr(ord(sign) + 0xFEE0) for sign in "CN0123456789X."}


def cnipa_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Write the office's own export.

    The party column is the applicant, or on a grant whoever holds the patent then.
    """
    return pd.DataFrame(
        {
            "申请号": rows["number_cell"],
            "申请日": rows["filed_cell"],
            "公开（公告）号": rows["publication_no"],
            "公开（公告）日": rows["published"].dt.strftime("%Y.%m.%d"),
            "发明名称": rows["title"],
            "IPC分类号": rows["ipc"],
            "申请（专利权）人": np.where(rows["buyer"], rows["holders"], rows["applicants"]),
            "发明（设计）人": rows["inventors"],
            "地址": rows["address"],
            "国省代码": PROVINCE,
        }
    )


def incopat_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Write the export of incoPat: applicants and current holders apart, `; ` between several."""
    return pd.DataFrame(
        {
            "标题": rows["title"],
            "申请人": _separated(rows["applicants"], "; "),
            "公开(公告)号": rows["publication_no"],
            "公开(公告)日": rows["published"].dt.strftime("%Y-%m-%d"),
            "申请号": rows["number_cell"],
            "申请日": rows["filed_cell"].str.replace(".", "-"),
            "专利类型": rows["type"].map(TYPE_NAMES),
            "IPC主分类": rows["ipc"],
            "当前权利人": _separated(rows["holders"], "; "),
            "授权公告日": rows["granted"].dt.strftime("%Y-%m-%d").fillna(""),
            "申请人地址": rows["address"],
            "中国申请人区县": DISTRICT,
            "工商统一社会信用代码": rows["uscc"],
            "发明人": _separated(rows["inventors"], "; "),
            "一案双申": rows["dual_app_no"].fillna(""),
            "转让次数": np.where(rows["holders"] != rows["applicants"], "1", "0"),
        }
    )


def patsnap_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Write the export of PatSnap: ` | ` between several, `-` for nothing."""
    table = pd.DataFrame(
        {
            "公开(公告)号": rows["publication_no"],
            "标题": rows["title"],
            "申请号": rows["number_cell"],
            "申请日": rows["filed_cell"].str.replace(".", "-"),
            "公开(公告)日": rows["published"].dt.strftime("%Y-%m-%d"),
            "[标]当前申请(专利权)人": _separated(rows["holders"], " | "),
            "原始申请(专利权)人": _separated(rows["applicants"], " | "),
            "发明人": _separated(
                rows["inventors"].where(rows["inventors"] != UNDISCLOSED, ""), " | "
            ),
            "IPC分类号": rows["ipc"],
            "法律状态/事件": np.where(rows["granted"].notna(), "授权", "公开"),
            "受理局": "中国",
            "专利类型": rows["type"].map(TYPE_NAMES),
            "授权公告日": rows["granted"].dt.strftime("%Y-%m-%d").fillna(""),
            "工商统一社会信用代码": rows["uscc"],
        }
    )
    return table.mask(table.eq(""), "-")


TABLES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "cnipa": cnipa_table,
    "incopat": incopat_table,
    "patsnap": patsnap_table,
}


def write_patents(world: World, raw: Path) -> list[pd.DataFrame]:
    """Write patents/*, exports of three services by filing years; return the true records."""
    rows, records = publication_rows(world, world.order.stream("patent dirt")), []
    for first, last, service, form in world.rules["dirt"]["patents_files"]:
        part = rows[rows["filed_year"].between(first, last)]
        table, is_book = TABLES[service](part), form == "xlsx"
        file = f"patents/{service}_{first}_{last}{'.xlsx' if is_book else '.csv'}"
        if is_book:
            with open_workbook(world.rules, raw / file) as book:
                write_sheet(
                    book, SHEET_NAME, "", list(table), table.itertuples(index=False, name=None), ()
                )
        else:
            table.to_csv(raw / file, index=False, encoding=form, lineterminator="\r\n")
        lost = part["dirt"].str.contains("wrong_check|number_as_float|bad_date")
        about = pd.DataFrame(
            {"firm_id": part["firm_id"], "dirt": part["dirt"], "recoverable": ~lost}
        )
        records.append(
            record_rows(file, SHEET_NAME if is_book else "", np.arange(len(part)) + 2, about)
        )
    return records


def _separated(cells: pd.Series, mark: str) -> pd.Series:
    return cells.str.replace(";", mark)


def _with_publication_numbers(patent: pd.DataFrame) -> pd.DataFrame:
    """Add publication numbers in the order of publication.

    They have 99 where the office has issued none.
    """
    kinds = {"invention": ("1", "A"), "utility_model": ("2", "U"), "design": ("3", "S")}
    patent = patent.sort_values(["published", "app_no"], ignore_index=True)
    serial = padded(patent.groupby("type").cumcount().to_numpy(), 6)
    digit, letter = (
        patent["type"].map({name: parts[i] for name, parts in kinds.items()}) for i in (0, 1)
    )
    return patent.assign(publication_no=joined("CN", digit, "99", serial, letter))
