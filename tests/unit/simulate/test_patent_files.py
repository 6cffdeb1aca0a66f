"""Patent exports: headers of three services, exact rates of dirt, parties, records."""

from __future__ import annotations

import math
import unicodedata
from functools import cache
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from zgzx_research.simulate.files.cell_texts import lists
from zgzx_research.simulate.files.patent_files import publication_rows, write_patents
from zgzx_research.simulate.world.model import World

FILES = {
    "cnipa_2010_2013.csv": "utf-8-sig",
    "cnipa_2014_2016.csv": "gb18030",
    "cnipa_2019_2020.csv": "utf-8-sig",
    "cnipa_2023_2025.csv": "utf-8-sig",
    "incopat_2021_2022.xlsx": "",
    "patsnap_2017_2018.xlsx": "",
}
HEADERS = {
    "cnipa": "申请号,申请日,公开（公告）号,公开（公告）日,发明名称,IPC分类号,申请（专利权）人,"
    "发明（设计）人,地址,国省代码",
    "incopat": "标题,申请人,公开(公告)号,公开(公告)日,申请号,申请日,专利类型,IPC主分类,当前权利人,"
    "授权公告日,申请人地址,中国申请人区县,工商统一社会信用代码,发明人,一案双申,转让次数",
    "patsnap": "公开(公告)号,标题,申请号,申请日,公开(公告)日,[标]当前申请(专利权)人,"
    "原始申请(专利权)人,发明人,IPC分类号,法律状态/事件,受理局,专利类型,授权公告日,工商统一社会信用代码",
}
COLUMNS = {  # canonical name -> header by service
    "publication_no": ("公开（公告）号", "公开(公告)号", "公开(公告)号"),
    "published": ("公开（公告）日", "公开(公告)日", "公开(公告)日"),
    "number": ("申请号",) * 3,
    "filed": ("申请日",) * 3,
    "applicants": ("申请（专利权）人", "申请人", "原始申请(专利权)人"),
    "holders": ("申请（专利权）人", "当前权利人", "[标]当前申请(专利权)人"),
    "inventors": ("发明（设计）人", "发明人", "发明人"),
}
STYLES = {
    "": r"CN\d{12}\.[\dX]",
    "no_country": r"\d{12}\.[\dX]",
    "patent_prefix": r"ZL\d{12}\.[\dX]",
    "check_lost": r"\d{12}",
    "full_width": r"ＣＮ[０-９]{12}．[０-９Ｘ]",
    "number_as_float": r"\d\.\d{5}E\+12",
}
LOST = "wrong_check|number_as_float|bad_date"


@pytest.fixture(scope="module")
def written(world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """Folder and records."""
    raw = tmp_path_factory.mktemp("raw")
    (raw / "patents").mkdir()
    return raw / "patents", pd.concat(write_patents(world, raw), ignore_index=True)


@cache
def read(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype="str", encoding=FILES[path.name], keep_default_na=False)
    header, *rows = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
    return pd.DataFrame(rows, columns=header).fillna("")


@pytest.fixture(scope="module")
def cells(world: World, written: tuple[Path, pd.DataFrame]) -> pd.DataFrame:
    """Read all files under canonical names, with the record and the application of each row."""
    folder, record = written
    tables = []
    for path in sorted(folder.iterdir()):
        table, service = read(path), path.name.split("_")[0]
        own = table[[names[list(HEADERS).index(service)] for names in COLUMNS.values()]].set_axis(
            list(COLUMNS), axis=1
        )
        tables.append(
            own.assign(service=service, file=f"patents/{path.name}", row=range(2, len(table) + 2))
        )
    rows = pd.concat(tables, ignore_index=True).merge(
        record, on=["file", "row"], how="left", validate="one_to_one"
    )
    numbered = _publication_numbers(world)
    rows["app_no"] = numbered.reindex(rows["publication_no"].str[:-1]).to_numpy()
    case = world.patent[["app_no", "type", "firm_id", "holder_id", "dual_app_no", "granted"]]
    return rows.merge(
        case.rename(columns={"firm_id": "filer"}), on="app_no", how="left", validate="many_to_one"
    )


def _publication_numbers(world: World) -> pd.Series:
    """Application by publication number without its letter.

    A running number by type in the order of publication.
    """
    seen = world.patent[world.patent["seen"]].sort_values(["published", "app_no"])
    digit = seen["type"].map({"invention": "1", "utility_model": "2", "design": "3"})
    running = seen.groupby("type").cumcount().astype(str).str.zfill(6)
    return seen["app_no"].set_axis("CN" + digit + "99" + running)


# --- files
# --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_six_files_of_three_services(written: tuple[Path, pd.DataFrame]) -> None:
    assert [path.name for path in sorted(written[0].iterdir())] == list(FILES)
    for path in written[0].iterdir():
        assert ",".join(read(path)) == HEADERS[path.name.split("_")[0]]
    with pytest.raises(UnicodeDecodeError):
        (written[0] / "cnipa_2014_2016.csv").read_bytes().decode("utf-8")


def test_files_are_split_by_filing_year(cells: pd.DataFrame) -> None:
    first, last = (
        cells["file"].str.extract(r"_(\d{4})_(\d{4})\.")[part].astype(int) for part in (0, 1)
    )
    assert cells["app_no"].str[2:6].astype(int).between(first, last).all()


def test_every_seen_publication_is_written_once(world: World, cells: pd.DataFrame) -> None:
    assert cells["publication_no"].is_unique
    seen = world.truth["patent"]
    granted = seen[(seen["type"] == "invention") & seen["granted"].notna()]
    assert len(granted) > 100
    letter = cells["publication_no"].str[-1]
    for mark, expected in (
        ("A", seen[seen["type"] == "invention"]),
        ("U", seen[seen["type"] == "utility_model"]),
        ("S", seen[seen["type"] == "design"]),
        ("B", granted),
    ):
        assert sorted(cells.loc[letter == mark, "app_no"]) == sorted(expected["app_no"]), mark


def test_a_grant_comes_later_than_its_application(cells: pd.DataFrame) -> None:
    stem, letter = cells["publication_no"].str[:-1], cells["publication_no"].str[-1]
    rows = cells.assign(stem=stem, day=pd.to_datetime(cells["published"].str.replace(".", "-")))
    both = rows[letter == "B"].merge(rows[letter == "A"], on="stem", suffixes=("_b", "_a"))
    assert len(both) == (letter == "B").sum()
    assert (both["day_b"] > both["day_a"]).all()
    assert (both["day_b"] == both["granted_b"]).all()


def test_days_and_separators_of_each_service(cells: pd.DataFrame) -> None:
    for service, day, mark in (
        ("cnipa", r"\d{4}\.\d\d\.\d\d", ";"),
        ("incopat", r"\d{4}-\d\d-\d\d", "; "),
        ("patsnap", r"\d{4}-\d\d-\d\d", " | "),
    ):
        own = cells[cells["service"] == service]
        assert own["published"].str.fullmatch(day).all()
        assert own.loc[~own["filed"].isin(["", "-"]), "filed"].str.fullmatch(day).all()
        several = own["inventors"].str.contains(mark, regex=False)
        assert several.mean() > 0.3
        names = own["inventors"].str.split(mark, regex=False).explode()
        assert names[~names.isin(["不公告发明人", "-"])].str.fullmatch(r"\S{1,2}拟\S{1,2}").all()
        undisclosed = {"patsnap": "-"}.get(service, "不公告发明人")
        assert (own["inventors"] == undisclosed).any()


def test_patsnap_has_a_dash_for_missing_values(written: tuple[Path, pd.DataFrame]) -> None:
    table = read(written[0] / "patsnap_2017_2018.xlsx")
    assert (table != "").all(axis=None)
    assert (table["授权公告日"] == "-").any()


def test_incopat_names_the_other_filing_of_a_case(
    world: World, written: tuple[Path, pd.DataFrame], cells
) -> None:
    table = read(written[0] / "incopat_2021_2022.xlsx")
    own = cells[cells["service"] == "incopat"]
    assert table["一案双申"].tolist() == own["dual_app_no"].fillna("").tolist()
    assert own["dual_app_no"].notna().any()
    moved = own["holder_id"] != own["filer"].fillna("")
    assert ((table["转让次数"] == "1").to_numpy() == moved.to_numpy()).all()


# --- dirt
# --------------------------------------------------------------------------------------------------


def test_rates_of_number_styles_are_exact(cells: pd.DataFrame) -> None:
    share = {
        "no_country": 0.28,
        "patent_prefix": 0.05,
        "check_lost": 0.02,
        "full_width": 0.02,
        "number_as_float": 0.002,
    }
    found = {name: cells["number"].str.fullmatch(pattern) for name, pattern in STYLES.items()}
    assert sum(rows.astype(int) for rows in found.values()).eq(1).all()
    for name, wanted in share.items():
        assert found[name].sum() == math.ceil(round(wanted * len(cells), 6)), name
        assert (cells["dirt"].str.contains(name) == found[name]).all(), name
    complete = ~found["check_lost"] & ~found["number_as_float"]
    plain = cells.loc[complete, "number"].map(
        lambda text: unicodedata.normalize("NFKC", text)[-14:]
    )
    wrong = plain != cells.loc[complete, "app_no"].str[2:]
    assert wrong.sum() == math.ceil(round(0.003 * len(cells), 6))
    assert (cells.loc[complete, "dirt"].str.contains("wrong_check") == wrong).all()
    assert (plain.str[:-1] == cells.loc[complete, "app_no"].str[2:-1]).all(), "the body is right"
    assert (cells["number"] == cells["app_no"].str[2:14])[found["check_lost"]].all()


def test_rates_of_bad_days_are_exact(cells: pd.DataFrame) -> None:
    blank = cells["filed"].isin(["", "-"])
    impossible = cells["filed"].str.contains(r"[.-]02[.-]30$")
    assert blank.sum() == impossible.sum() == math.ceil(round(0.0005 * len(cells), 6))
    assert (cells["dirt"].str.contains("bad_date") == (blank | impossible)).all()


@pytest.mark.slow
def test_one_name_in_ten_is_written_another_way(world: World, names_on) -> None:
    rows = publication_rows(world, world.order.stream("patent dirt"))
    ours = rows[rows["firm_id"].notna()]
    official = names_on(ours["firm_id"], ours["published"])["name"]
    first = ours["applicants"].str.split(";").str[0].to_numpy()
    assert (first != official.to_numpy()).sum() == math.ceil(round(0.10 * len(ours), 6))
    present = ours["firm_id"].map(world.firm.set_index("firm_id")["name"]).to_numpy()
    assert (official.to_numpy() != present).any(), "some have taken another name since"


# --- parties by column
# -----------------------------------------------------------------------------------------------


def is_named(cells: pd.DataFrame, column: str, firm_id: pd.Series, names_on) -> pd.Series:
    """Mark rows whose party cell has the firm under its name on the day of the row."""
    day = pd.to_datetime(cells["published"].str.replace(".", "-"))
    known = firm_id.notna()
    core = names_on(firm_id[known], day[known])["core"]
    hit = [
        core_name in text for core_name, text in zip(core, cells.loc[known, column], strict=True)
    ]
    return pd.Series(hit, index=cells.index[known]).reindex(cells.index, fill_value=False)


def test_a_buyer_is_on_grants_of_the_office_and_in_holder_columns(
    cells: pd.DataFrame, names_on
) -> None:
    moved = cells["holder_id"] != cells["filer"].fillna("")
    grant, office = cells["publication_no"].str.endswith("B"), cells["service"] == "cnipa"
    assert (moved & grant & office).any()
    buyer = is_named(cells, "holders", cells["holder_id"], names_on)
    assert buyer[moved & (grant | ~office)].all()
    assert not buyer[moved & ~grant & office].any()
    assert not is_named(cells, "applicants", cells["holder_id"], names_on)[moved & ~office].any()
    filer = is_named(cells, "applicants", cells["filer"], names_on)
    ours = cells["filer"].notna()
    assert filer[ours & ~(moved & grant & office)].all()
    assert not filer[moved & grant & office].any()
    assert (cells["holders"] == cells["applicants"])[~moved].all()


def test_outsiders_are_named_by_their_own_name(world: World, cells: pd.DataFrame) -> None:
    outside = cells[cells["filer"].isna() & (cells["service"] != "cnipa")]
    name = world.patent_party.query("role == 'applicant'").set_index("app_no")["name"]
    assert len(outside) > 0
    assert outside["applicants"].tolist() == name.loc[outside["app_no"]].tolist()


def test_inventors_are_those_of_the_case(world: World, cells: pd.DataFrame) -> None:
    inventor = world.patent_party.query("role == 'inventor'")
    names = inventor["worker_id"].map(world.worker.set_index("worker_id")["name"])
    expected = names.groupby(inventor["app_no"]).agg(";".join).reindex(cells["app_no"]).fillna("")
    found = (
        cells["inventors"]
        .str.replace(r" \| |; ", ";", regex=True)
        .replace({"不公告发明人": "", "-": ""})
    )
    assert found.tolist() == expected.tolist()


def test_the_credit_code_is_that_of_the_holder(
    world: World, written: tuple[Path, pd.DataFrame], cells: pd.DataFrame
) -> None:
    code = world.firm.set_index("firm_id")["uscc"]
    for name in ("incopat_2021_2022.xlsx", "patsnap_2017_2018.xlsx"):
        own = cells[cells["file"] == f"patents/{name}"]
        assert (
            read(written[0] / name)["工商统一社会信用代码"].tolist()
            == code[own["holder_id"]].tolist()
        )


# --- records
# --------------------------------------------------------------------------------------------------


def test_records_name_the_filer_and_mark_unrecoverable_rows(
    cells: pd.DataFrame, written: tuple[Path, pd.DataFrame]
) -> None:
    record = written[1]
    assert len(record) == len(cells), "one for each row"
    assert not record.duplicated(["file", "sheet", "row", "part"]).any()
    assert set(record["source"]) == {"patents"}
    assert (record["sheet"] == "Sheet1").equals(record["file"].str.endswith("xlsx"))
    assert cells["firm_id"].fillna("").tolist() == cells["filer"].fillna("").tolist()
    assert cells["firm_id"].isna().any(), "outsiders are no firm of this world"
    assert cells["worker_id"].isna().all()
    assert (cells["recoverable"] == ~cells["dirt"].str.contains(LOST)).all()


def test_lists_keep_the_order_of_their_rows() -> None:
    keys, texts = pd.Series(["b", "a", "b", "b"]), pd.Series(["x", "y", "z", "w"])
    assert lists(keys, texts, "; ").to_dict() == {"b": "x; z; w", "a": "y"}
    assert lists(keys[:0], texts[:0], ";").empty
