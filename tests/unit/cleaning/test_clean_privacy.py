"""No name, ID number or phone leaves the cleaning.

Not in tables, not in the quarantine, not in messages.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from clean_cases import FIRM, SECRET_KEY, clean_tables, everything, raw_table

from zgzx_research.cleaning import quarantine, reasons
from zgzx_research.cleaning.cleaned import Cleaned
from zgzx_research.cleaning.sources import clean
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import read_raw

pytestmark = pytest.mark.slow  # together more than five seconds

NAMES = [
    "甄试样",
    "欧阳测",
    "歐陽測",
    "司徒验",
    "贾样本",
    "贾一",
    "甄填表",
    "甄审核",
    "甄旧稿",
    "甄才",
    "甄䶮",
    "甄会明",
    "甄知行",
    "甄无号",
]
NUMBERS = [
    "990000199003071235",
    "990000197901017776",
    "990000198506150010",
    "990000198506150011",
    "990000880229008",
    "990000198802290085",
    "990000199212314563",
    "1235",
    "7776",
    "19900001111",
    "19900002222",
    "990000001",
    "990000007",
]


@pytest.mark.slow
@pytest.mark.slow
def test_nothing_planted_in_the_fixtures_comes_out(cleaned: dict[str, Cleaned]) -> None:
    for source, result in cleaned.items():
        text = everything(result).replace("CN201510123456", "")  # holds 1235 by chance
        keys = [
            column
            for table in result.tables.values()
            for column in table
            if column.endswith("_key")
        ]
        assert keys or source == "registry"
        assert not [secret for secret in NAMES if secret in text]
        hidden = [secret for secret in NUMBERS if len(secret) > 4]
        assert not [secret for secret in hidden if secret in text]


@pytest.mark.parametrize("secret", ["甄试样", "990000199003071235", "19900001111"])
@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("registry", "{},样例五金,x,{},{},x,{},{},x,{},x,{},{},{},{}"),
        ("employment", "1,x,{},{},样例五金,{},{},{}"),
        ("patents", "{},{},{},{},x,x,{},{},x,x"),
        ("patents", "CN201510123456.1,2015.03.20,CN1A,{},x,x,样例公司;{},{},x,x"),
    ],
)
def test_secrets_typed_into_the_wrong_columns_stay_inside(
    raw: Path, source: str, line: str, secret: str
) -> None:
    path = next(path for path in (raw / source).iterdir())
    header = (
        path.read_bytes().split(b"\n")[0].decode("gb18030" if source == "registry" else "utf-8-sig")
    )
    for other in (raw / source).iterdir():
        other.unlink()
    path.write_text(f"{header.strip()}\n{line.replace('{}', secret)}\n", encoding="utf-8")
    text = everything(clean(read_raw(raw, source), source, key=SECRET_KEY))
    assert secret not in text


# Per layout its columns, the sheet and title that say the rest, and the columns that hold firms of
# a source without persons: nobody can tell a firm called like a person from a person there, and
# such names are public by law.
LAYOUTS = {
    "roster/roster": ("person_name firm_name id_no birth phone street category edition", set()),
    "registry/registry": (
        "uscc firm_name founded former_names capital closed status street address industry "
        "staff size hitech "
        "registration_no organisation_code",
        {"firm_name", "former_names"},
    ),
    "registry/registry_changes": (
        "uscc firm_name change changed before after",
        {"firm_name", "before", "after"},
    ),
    "employment/employment": (
        "person_no person_name id_no employer_no employer_name employer_uscc start_ym end_ym",
        set(),
    ),
    "employment/employment_months": (
        "person_no id_no person_name employer_no employer_name employer_uscc "
        "period paid base kind insurance",
        set(),
    ),
    "employment/employment_statement": (
        "year month employer_no base person_name person_no id_no employer_name",
        set(),
    ),
    "employment/employment_agency": (
        "person_no person_name id_no service_firm agency period refund",
        set(),
    ),
    "patents/patents_incopat": (
        "app_no filed publication_no published granted "
        "applicants holders inventors dual uscc kind title",
        set(),
    ),
    "scores/scores": (
        "draw_no person_name firm_name judge_1 judge_2 mean total rank outcome "
        "category stage edition",
        set(),
    ),
    "programmes/programme_specialised": ("firm_name batch year uscc", {"firm_name"}),
    "programmes/programme_craftsmen": ("person_name firm_name title year", set()),
    "programmes/programme_visits": ("date firm_name team matter", {"firm_name"}),
    "programmes/cost": ("edition item amount", set()),
    "programmes/participation": ("edition union route persons", set()),
    "programmes/district_series": ("year indicator value unit vintage origin", set()),
}
GOOD = {
    "person_name": "甄试样",
    "firm_name": "样例五金",
    "edition": "第九届",
    "category": "技能之星",
    "stage": "决赛",
    "uscc": FIRM,
    "founded": "2001-01-01",
    "change": "企业名称变更",
    "changed": "2001-01-01",
    "before": "样例老厂",
    "after": "样例新厂",
    "person_no": "990000001",
    "employer_no": "44990001",
    "employer_name": "样例五金",
    "start_ym": "201901",
    "period": "201901",
    "year": "2019",
    "month": "1",
    "service_firm": "样例五金",
    "agency": "样例人力",
    "app_no": "CN201510123456.1",
    "filed": "2015-03-20",
    "applicants": "样例五金有限公司",
    "date": "2019-01-01",
    "matter": "设备",
    "item": "奖金",
    "amount": "1万元",
    "union": "布吉街道",
    "persons": "5",
    "indicator": "人口",
    "value": "1",
    "title": "龙岗工匠",
}
SECRETS = ("甄试样", "990000199003071235", "19900001111", "990000880229008")


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_secret_in_any_column_stays_inside(layout: str) -> None:
    columns, firms = LAYOUTS[layout]
    names = columns.split()
    good = [GOOD.get(name, "") for name in names]
    planted = []  # a row for every column and secret
    for place, name in enumerate(names):
        if name == "edition" and not layout.startswith("programmes"):
            continue  # a sheet that does not say its edition is refused as a whole
        secrets = [secret for secret in SECRETS if secret.isdigit() or name not in firms]
        planted += [[*good[:place], secret, *good[place + 1 :]] for secret in secrets]
    result = clean_tables(
        raw_table(layout, columns, good, *planted, title="第九届 " + " ".join(SECRETS))
    )
    text = everything(result)
    assert not [secret for secret in SECRETS if secret in text]
    assert result.ledger[0]["rows_in"] > len(planted)
    assert result.ledger[0]["kept"] >= 1


def test_errors_about_editions_show_nobody() -> None:
    table = raw_table(
        "scores/scores",
        "person_name firm_name judge_1",
        ["甄试样", "样例五金", "90"],
        title="甄试样",
    )
    with pytest.raises(ZgzxError, match="no edition") as caught:
        clean_tables(table)
    assert "甄试样" not in str(caught.value)


def test_a_layout_that_nobody_knows_names_the_profile_and_no_cell() -> None:
    with pytest.raises(ZgzxError, match="columns of the profile other fit no layout") as caught:
        clean_tables(raw_table("scores/other", "person_name total", ["甄试样", "90"]))
    assert "甄试样" not in str(caught.value)


def test_personal_columns_show_their_length_only() -> None:
    assert quarantine.mask("person_name", "甄试样") == "•••3"
    assert quarantine.mask("id_no", "990000199003071235") == "•••18"


@pytest.mark.parametrize(
    ("column", "text", "shown"),
    [
        ("founded", "2015.13.01", "2015.13.01"),
        ("founded", "甄试样", "•••"),
        ("capital", "50万美元", "50万美元"),
        ("uscc", "91449900MA5D000165", "91449900MA5D000165"),
        ("uscc", "ZHEN SHIYANG", "•••• •••••••"),
        ("uscc", "990000199003071235", "•••"),
        ("staff", "19900001111", "•••"),
        ("firm_name", "样例五金", "样例五金"),
    ],
)
def test_other_columns_show_harmless_characters(column: str, text: str, shown: str) -> None:
    assert quarantine.mask(column, text) == shown


def test_a_broken_schema_names_columns_and_no_values() -> None:
    frame = pd.DataFrame(
        {name: ["甄试样"] for name in quarantine.SCHEMAS["patent"].columns}, dtype="str"
    )
    with pytest.raises(RuntimeError, match="clean table patent breaks its own schema") as caught:
        quarantine.enforce(frame, "patent")
    assert "甄试样" not in str(caught.value)
    assert caught.value.__context__ is None or "甄试样" not in str(caught.value.__context__)


def test_errors_of_ingest_show_nobody(raw: Path) -> None:
    path = raw / "employment" / "spells.csv"
    path.write_bytes(b"\n".join(path.read_bytes().split(b"\n")[1:]))
    with pytest.raises(ZgzxError) as caught:
        read_raw(raw, "employment")
    assert not [secret for secret in [*NAMES, *NUMBERS] if secret in str(caught.value)]


def test_every_reason_is_known(cleaned: dict[str, Cleaned]) -> None:
    used = {reason for result in cleaned.values() for reason in result.quarantine["reason"]}
    assert used <= reasons.ALL
    assert len(used) > 20
