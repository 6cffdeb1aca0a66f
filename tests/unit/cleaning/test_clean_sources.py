"""The four sources on fixture files written as clerks write them.

Every expectation is worked out by hand.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from zgzx_research.cleaning.cleaned import Cleaned
from zgzx_research.cleaning.quarantine import COLUMNS
from zgzx_research.cleaning.sources import clean
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import read_raw

SECRET_KEY = b"a key for the tests"
ROSTER = (
    "file sheet row part edition category is_team firm_name street street_code route "
    "name_key surname_key id_key mask_key birth_key phone_key birth_year sex education skill_level"
)
REGISTRY = (
    "file sheet row part uscc registration_no organisation_code name founded closed status "
    "industry_section industry2 "
    "size street street_code address district staff capital_cny hitech"
)
REGISTRY_NAME = "file sheet row part uscc firm_name name valid_from valid_to kind"
REGISTRY_EVENT = "file sheet row part uscc firm_name type date before after"
SPELL = (
    "file sheet row part person_key name_key surname_key id_key mask_key birth_key "
    "employer_no employer_name employer_uscc start_ym end_ym"
)
MONTH = (
    "file sheet row part person_key name_key surname_key id_key mask_key birth_key "
    "employer_no employer_name employer_uscc period_ym paid_ym base kind"
)
DISPATCH = "file sheet row part person_key name_key id_key agency_name service_firm start_ym end_ym"
PATENT = "app_no type filed published granted dual_app_no title_hash file sheet row part"
PARTY = "app_no ord role name uscc name_key file sheet row part"
TABLES = {
    "roster": ROSTER,
    "registry": REGISTRY,
    "registry_name": REGISTRY_NAME,
    "registry_event": REGISTRY_EVENT,
    "spell": SPELL,
    "si_month": MONTH,
    "dispatch": DISPATCH,
    "patent": PATENT,
    "patent_party": PARTY,
}


def digest(text: str) -> str:
    return hmac.new(SECRET_KEY, text.encode("utf-8"), hashlib.sha256).hexdigest()[:32]


def by_row(frame: pd.DataFrame, *columns: str) -> list[tuple]:
    values = frame[list(columns)].astype("object")
    return [tuple(None if pd.isna(cell) else cell for cell in row) for row in values.to_numpy()]


def reasons_of(result: Cleaned, file: str = "") -> list[tuple]:
    entries = result.quarantine
    return by_row(
        entries[entries["file"].str.contains(file)], "row", "column", "reason", "row_lost"
    )


def test_tables_have_the_agreed_columns_and_types(cleaned: dict[str, Cleaned]) -> None:
    tables = {name: table for result in cleaned.values() for name, table in result.tables.items()}
    for name, expected in TABLES.items():
        assert set(tables[name].columns) == set(expected.split())
        text = [
            column
            for column in tables[name]
            if column.endswith(("_key", "name", "file", "sheet", "street", "uscc"))
        ]
        kinds = set(tables[name][text].drop(columns=["file", "sheet"]).dtypes.astype("str"))
        assert kinds <= {"category" if name == "si_month" else "str"}
        assert tables[name][["row", "part"]].dtypes.eq("int64").all()
        assert not (tables[name][text].drop(columns=["sheet"]) == "").any(axis=None)
    assert tables["spell"]["end_ym"].dtype == tables["registry"]["staff"].dtype == "Int64"
    assert tables["patent"]["granted"].dtype == "datetime64[s]"
    for result in cleaned.values():
        assert result.quarantine.columns.tolist() == COLUMNS


def test_every_row_is_kept_or_quarantined_or_non_data_rows(cleaned: dict[str, Cleaned]) -> None:
    counts = {
        (entry["file"], entry["sheet"]): (
            entry["rows_in"],
            entry["kept"],
            entry["quarantined"],
            entry["non_data_rows"],
        )
        for result in cleaned.values()
        for entry in result.ledger
    }
    assert counts == {
        ("roster/001", "1"): (21, 8, 3, 10),
        ("roster/001", "2"): (2, 0, 0, 2),
        ("registry/001", ""): (14, 8, 4, 2),
        ("employment/001", ""): (11, 5, 5, 1),
        ("patents/001", ""): (10, 5, 4, 1),
        ("patents/002", ""): (4, 2, 1, 1),
    }


def test_roster(cleaned: dict[str, Cleaned]) -> None:
    roster = cleaned["roster"].tables["roster"]
    assert set(roster["edition"]) == {9}
    assert by_row(roster, "row", "part", "category", "is_team", "firm_name", "street") == [
        (6, 1, "innovation", False, "鸿远精密", "龙城街道"),
        (7, 1, "innovation", False, "鸿达电子有限公司", "坂田街道"),
        (
            8,
            1,
            "innovation",
            False,
            "样例五金龙岗分公司",
            None,
        ),  # an industry's union has no street
        (9, 1, "innovation", False, "样例五金", "平湖街道"),
        (11, 1, "team", True, "鸿远精密", None),
        (11, 2, "team", True, "鸿远精密", None),
        (11, 3, "team", True, "鸿远精密", None),
        (12, 1, "team", True, "样例五金", None),
        (12, 2, "team", True, "样例五金", None),
        (13, 1, "team", True, "样例五金", None),
        (18, 1, "talent", False, "样例五金", None),
    ]


def test_persons_of_the_roster(cleaned: dict[str, Cleaned]) -> None:
    roster = cleaned["roster"].tables["roster"]
    zhen, ou_yang, si_tu, jia = (
        digest("甄试样"),
        digest("欧阳测"),
        digest("司徒验"),
        digest("贾样本"),
    )
    assert roster["name_key"].iloc[:7].tolist() == [zhen, ou_yang, si_tu, jia, zhen, jia, ou_yang]
    assert roster["name_key"].isna().tolist() == [False] * 9 + [True, False]  # row 13 names a team
    read = by_row(roster, "id_key", "mask_key", "birth_key", "phone_key")
    first = digest("990000199003071235"), digest("99001235"), digest("199003")
    assert read[0] == (*first, digest("19900001111"))
    assert read[1] == (None, digest("99007776"), digest("197901"), digest("19900002222"))
    assert read[2] == (
        None,
        None,
        digest("198802"),
        None,
    )  # the ID was stored as a number; birth is a serial
    assert read[3] == (None, None, None, None)
    assert read[4] == (*first, None)  # three IDs for three names
    assert read[7] == (None, None, None, None)  # one ID for two names


def test_quarantine_of_the_roster(cleaned: dict[str, Cleaned]) -> None:
    assert reasons_of(cleaned["roster"]) == [
        (8, "id_no", "value_id_damaged", False),
        (9, "birth", "value_date", False),
        (9, "id_no", "value_id", False),
        (9, "phone", "value_unknown", False),  # 待补
        (12, "id_no", "value_team", False),
        (14, None, "missing_name", True),
        (16, "category", "unknown_category", True),
        (18, None, "value_without_header", False),
        (19, None, "duplicate_row", True),
    ]


def test_registry(cleaned: dict[str, Cleaned]) -> None:
    registry = cleaned["registry"].tables["registry"]
    day = pd.Timestamp
    columns = [
        "row",
        "uscc",
        "name",
        "founded",
        "status",
        "industry2",
        "size",
        "staff",
        "capital_cny",
        "hitech",
    ]
    assert by_row(registry, *columns) == [
        (
            2,
            "91449900MA5D000164",
            "深圳市鸿远精密科技有限公司",
            day("2008-03-15"),
            "存续",
            "39",
            "中",
            120,
            5e6,
            True,
        ),
        (
            3,
            "91449900MA5EQ102X0",
            "鸿䶮电子(深圳)有限公司",
            day("2010-03-05"),
            "在业",
            "39",
            "大",
            1200,
            11_005_000.0,
            False,
        ),
        (
            4,
            "91449900MA5D00171G",
            "深圳市样例五金有限公司",
            day("2012-03-05"),
            "存续",
            "33",
            "小",
            35,
            None,
            False,
        ),
        (5, None, "深圳市验算塑胶有限公司", day("2013-06-20"), "吊销", "29", "小", 15, 8e5, False),
        (
            6,
            None,
            "深圳市内码电器有限公司",
            day("2012-04-01"),
            "迁出",
            "38",
            "中",
            300,
            1.2e8,
            True,
        ),
        (
            10,
            "914499000A1B2C3D8H",
            "深圳市先销有限公司",
            day("2016-05-01"),
            "注销",
            "51",
            "微",
            5,
            1e5,
            False,
        ),
        (11, None, "深圳市难读有限公司", None, None, None, None, None, None, False),
        (12, None, "深圳市龙岗宏图五金厂", day("2011-11-11"), "存续", "33", "微", 8, None, False),
    ]
    assert registry["closed"].isna().all()  # the one closing day lies before the founding
    assert registry["street"].tolist()[:2] == ["龙城街道", "坂田街道"]
    assert registry["street_code"].tolist()[:2] == ["龙城", "坂田"]
    assert by_row(registry, "row", "industry_section")[6] == (
        11,
        "C",
    )  # 制造业 names a section and no division
    assert registry["organisation_code"].tolist()[0] == "MA5D00016"  # inside the credit code


def test_quarantine_of_the_registry(cleaned: dict[str, Cleaned]) -> None:
    assert reasons_of(cleaned["registry"]) == [
        (4, "capital", "value_currency", False),
        (4, "uscc", "value_uscc_repaired", False),
        (5, "uscc", "value_uscc", False),
        (6, "uscc", "value_uscc", False),
        (
            7,
            None,
            "duplicate_uscc",
            True,
        ),  # the same firm with its day and capital written another way
        (8, None, "duplicate_uscc", True),
        (9, "firm_name", "missing_firm_name", True),
        (10, "closed", "value_date_order", False),
        (11, "capital", "value_amount_unit", False),
        (11, "founded", "value_date", False),
        (11, "hitech", "value_choice", False),
        (11, "size", "value_unknown", False),
        (11, "staff", "value_number", False),
        (11, "status", "value_choice", False),
        (13, None, "ragged_row", True),
    ]


def test_spells(cleaned: dict[str, Cleaned]) -> None:
    spell = cleaned["employment"].tables["spell"]
    firm = "深圳市鸿远精密科技有限公司"
    columns = [
        "row",
        "person_key",
        "employer_no",
        "employer_name",
        "employer_uscc",
        "start_ym",
        "end_ym",
    ]
    assert by_row(spell, *columns) == [
        (2, digest("990000001"), "44990001", firm, "91449900MA5D000164", 201001, 201512),
        (3, digest("990000001"), "44990002", "鸿达电子有限公司", None, 201601, None),
        (
            6,
            digest("990000198802290085"),
            "44990001",
            firm,
            None,
            201003,
            201004,
        ),  # no computer number: the ID
        (10, digest("990000006"), "44990001", firm, None, 201006, None),  # 至今: an open spell
        (11, digest("990000007"), None, "个人缴费窗口", None, 201007, 201012),
    ]
    assert spell.loc[0, ["name_key", "id_key", "mask_key", "birth_key"]].tolist() == [
        digest("甄试样"),
        digest("990000199003071235"),
        digest("99001235"),
        digest("199003"),
    ]
    assert spell.loc[0, "name_key"] == spell.loc[1, "name_key"]  # 甄　试样


def test_quarantine_of_the_spells(cleaned: dict[str, Cleaned]) -> None:
    assert reasons_of(cleaned["employment"]) == [
        (4, "employer_uscc", "value_uscc", True),
        (4, "id_no", "value_id_damaged", True),
        (4, None, "end_before_start", True),
        (5, "start_ym", "bad_period", True),
        (7, "person_no", "missing_person", True),
        (8, None, "missing_employer", True),
        (9, None, "duplicate_row", True),
        (10, "id_no", "value_id", False),
        (11, "employer_no", "value_personal_number", False),
    ]


def test_patents(cleaned: dict[str, Cleaned]) -> None:
    day = pd.Timestamp
    patent = cleaned["patents"].tables["patent"]
    assert by_row(patent, "row", "app_no", "type", "filed", "published", "granted") == [
        (
            2,
            "CN201510123456.1",
            "invention",
            day("2015-03-20"),
            day("2016-08-10"),
            day("2018-01-05"),
        ),
        (
            3,
            "CN201520123456.7",
            "utility_model",
            day("2015-03-20"),
            day("2015-08-19"),
            day("2015-08-19"),
        ),
        (4, "CN201930000001.X", "design", day("2019-01-04"), day("2019-06-07"), day("2019-06-07")),
        (5, "CN201610000005.3", "invention", day("2016-02-03"), day("2016-07-06"), None),
        (8, "CN03123456.9", "invention", day("2003-05-01"), day("2004-11-03"), None),
        (3, "CN201810000017.5", "invention", day("2018-01-02"), None, None),
        (4, "CN201710000009.6", "invention", day("2017-01-09"), day("2017-09-01"), None),
    ]


def test_parties(cleaned: dict[str, Cleaned]) -> None:
    party = cleaned["patents"].tables["patent_party"]
    read = by_row(party, "app_no", "part", "role", "ord", "name", "name_key")
    assert read[
        :4
    ] == [  # of the published row: the firm that bought the patent later is not an applicant
        ("CN201510123456.1", 1, "applicant", 1, "深圳市鸿远精密科技有限公司", None),
        ("CN201510123456.1", 2, "applicant", 2, "样例大学", None),
        ("CN201510123456.1", 3, "holder", 1, "深圳市受让科技有限公司", None),
        ("CN201510123456.1", 4, "inventor", 1, None, digest("甄试样")),
    ]
    assert read[5][2:] == ("applicant", 1, None, digest("甄试样"))  # a natural person as applicant
    assert [row[2:] for row in read if row[0] == "CN201610000005.3"] == [
        ("applicant", 1, None, digest("甄会明")),
        ("applicant", 2, "老李样例五金店", None),
        ("inventor", 1, None, None),  # 不公告发明人
    ]
    foreign = [row[2:] for row in read if row[0] == "CN201810000017.5"]
    assert foreign[0] == ("applicant", 1, "SAMPLE ELECTRONICS CO., LTD.", None)
    assert foreign[2] == ("inventor", 2, None, digest("甄䶮"))  # full-width separator
    assert not party.duplicated(["file", "sheet", "row", "part"]).any()


def test_quarantine_of_the_patents(cleaned: dict[str, Cleaned]) -> None:
    assert reasons_of(cleaned["patents"], "patents/001") == [
        (5, "app_no", "value_check_digit_added", False),
        (6, "app_no", "bad_check_digit", True),
        (7, "app_no", "bad_application_number", True),
        (9, None, "duplicate_row", True),
        (10, "filed", "bad_filing_date", True),
    ]
    assert reasons_of(cleaned["patents"], "patents/002") == [
        (2, None, "duplicate_application", True),
        (3, "published", "value_date_order", False),
    ]


@pytest.mark.slow
def test_the_grant_may_stand_in_an_earlier_file_than_the_publication(raw: Path) -> None:
    first, second = raw / "patents" / "cnipa_first.csv", raw / "patents" / "cnipa_second.csv"
    first.rename(raw / "patents" / "z.csv")
    second.rename(raw / "patents" / "a.csv")
    tables = clean(read_raw(raw, "patents"), "patents", key=SECRET_KEY).tables
    patent = tables["patent"].set_index("app_no").loc["CN201510123456.1"]
    assert (patent["file"], patent["published"], patent["granted"]) == (
        "patents/002",
        pd.Timestamp("2016-08-10"),
        pd.Timestamp("2018-01-05"),
    )
    names = tables["patent_party"].query("app_no == 'CN201510123456.1' and role == 'applicant'")[
        "name"
    ]
    assert names.tolist() == ["深圳市鸿远精密科技有限公司", "样例大学"]


def test_a_duplicate_in_another_file_leaves_and_the_first_stays(raw: Path) -> None:
    source = raw / "employment" / "spells.csv"
    (raw / "employment" / "t.csv").write_bytes(source.read_bytes())
    result = clean(read_raw(raw, "employment"), "employment", key=SECRET_KEY)
    assert set(result.tables["spell"]["file"]) == {"employment/001"}
    assert [entry["kept"] for entry in result.ledger] == [5, 0]
    assert sum(entry["quarantined"] for entry in result.ledger) == 5 + 10


@pytest.mark.parametrize(
    ("title", "edition"), [("首届职工之星", 1), ("第12届职工之星", 12), ("第 十一 届", 11)]
)
def test_editions(tmp_path: Path, title: str, edition: int) -> None:
    assert (
        clean(read_raw(roster(tmp_path, title), "roster"), "roster", key=SECRET_KEY).tables[
            "roster"
        ]["edition"][0]
        == edition
    )


def test_a_roster_without_edition(tmp_path: Path) -> None:
    folder = roster(tmp_path, "职工之星名单 甄试样")
    with pytest.raises(
        ZgzxError, match=r"roster/001: no edition.*1 affected.*Write it into the title"
    ) as caught:
        clean(read_raw(folder, "roster"), "roster", key=SECRET_KEY)
    assert "甄试样" not in str(caught.value)


def test_an_unknown_source(raw: Path) -> None:
    with pytest.raises(ZgzxError, match=r"no cleaning for the source payroll.*roster, registry"):
        clean(read_raw(raw, "roster"), "payroll", key=SECRET_KEY)


def test_the_input_is_not_changed(raw: Path) -> None:
    tables = read_raw(raw, "roster")
    before = [table.rows.copy() for table in tables]
    clean(tables, "roster", key=SECRET_KEY)
    for table, frame in zip(tables, before, strict=True):
        pd.testing.assert_frame_equal(table.rows, frame)


def roster(folder: Path, title: str) -> Path:
    book = openpyxl.Workbook()
    for row in ([title], ["姓名", "工作单位", "奖项类别"], ["甄试样", "样例五金", "技能之星"]):
        book.active.append(row)
    (folder / "roster").mkdir()
    book.save(folder / "roster" / "a.xlsx")
    return folder
