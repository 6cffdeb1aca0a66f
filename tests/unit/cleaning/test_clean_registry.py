"""Codes of before 2015, former names and recorded changes."""

from __future__ import annotations

import pandas as pd
import pytest
from clean_cases import (
    FIRM,
    OTHER,
    by_row,
    clean_tables,
    column,
    everything,
    plain,
    raw_table,
    reasons_of,
)
from hypothesis import given
from hypothesis import strategies as st

from zgzx_research.cleaning import identifiers, reasons

COLUMNS = "uscc firm_name founded former_names registration_no organisation_code address street"
CHANGES = "uscc firm_name change changed before after"
DAY = pd.Timestamp
# The example of the standard GS 15-2006, and an organisation code whose check is worked out below.
REGISTRATION = "110108000000016"


def firms(*rows: list):
    return raw_table("registry/registry", COLUMNS, *[row + [""] * (8 - len(row)) for row in rows])


def changes(*rows: list):
    return raw_table("registry/registry_changes", CHANGES, *rows, file="registry/changes.csv")


def mod_11_10(body: str) -> str:
    """ISO 7064 mod 11,10 by its definition."""
    product = 10
    for digit in body:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def test_registration_numbers() -> None:
    assert mod_11_10(REGISTRATION[:14]) == REGISTRATION[14]
    read = identifiers.read_registration_numbers(
        column(REGISTRATION, "1101 0800 0000 016", "110108000000017", "12345")
    )
    assert plain(read.value) == [REGISTRATION, REGISTRATION, None, None]
    assert plain(read.reason)[2:] == [reasons.VALUE_REGISTRATION_NUMBER] * 2


@pytest.mark.slow
@given(st.from_regex(r"449900[0-9]{8}", fullmatch=True), st.integers(0, 14), st.integers(1, 9))
def test_one_wrong_digit_of_a_registration_number_is_found(
    body: str, place: int, shift: int
) -> None:
    code = body + mod_11_10(body)
    kept = identifiers.read_registration_numbers(column(code))
    could_be_an_id = identifiers.resident_id(code) is not None
    assert plain(kept.value) == [None if could_be_an_id else code]
    assert plain(kept.reason) == [reasons.VALUE_PERSONAL_NUMBER if could_be_an_id else None]
    wrong = code[:place] + str((int(code[place]) + shift) % 10) + code[place + 1 :]
    assert plain(identifiers.read_registration_numbers(column(wrong)).value) == [None]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # 3·0+7·0+9·0+10·0+5·0+8·0+4·0+2·1 = 2: 11 - 2 = 9
        ("000000019", "000000019"),
        ("00000001-9", "000000019"),
        # M=22 A=10 5 D=13: 66+70+45+130 + 2·1 = 313; 313 mod 11 = 5: 6
        ("MA5D00016", "MA5D00016"),
        ("ma5d00016", "MA5D00016"),
        ("000000018", None),
        ("00000001", None),
    ],
)
def test_organisation_codes(text: str, code: str | None) -> None:
    read = identifiers.read_organisation_codes(column(text))
    assert plain(read.value) == [code]
    assert plain(read.reason) == [None if code else reasons.VALUE_ORGANISATION_CODE]


def test_older_codes_in_the_column_of_the_credit_code_find_their_place() -> None:
    result = clean_tables(
        firms(
            [REGISTRATION, "样例一厂", "2001-01-01"],
            ["00000001-9", "样例二厂", "2001-01-01"],
            [FIRM, "样例三厂", "2001-01-01"],
            ["123", "样例四厂", "2001-01-01"],
            ["990000880229008", "样例五厂", "2001-01-01"],
        )
    )
    table = result.tables["registry"]
    assert by_row(table, "uscc", "registration_no", "organisation_code") == [
        (None, REGISTRATION, None),
        (None, None, "000000019"),
        (FIRM, None, "MA5D00016"),
        (None, None, None),
        (None, None, None),
    ]
    assert reasons_of(result) == [
        (5, "uscc", "value_uscc", False),
        (6, "uscc", "value_personal_number", False),  # an old resident ID
    ]
    assert "990000880229008" not in everything(result)


def test_places_of_the_registry() -> None:
    tail = ["", "", "", "广东省深圳市龙岗区龙岗街道样例路8号甄宅", ""]
    result = clean_tables(
        firms(
            [FIRM, "样例一厂", "2001-01-01", *tail],
            [OTHER, "样例二厂", "2001-01-01", "", "", "", "", "龙岗区"],
        )
    )
    assert by_row(result.tables["registry"], "street", "street_code", "address", "district") == [
        ("龙岗街道", "龙岗", "广东省深圳市龙岗区龙岗街道", "龙岗区"),
        (None, None, None, None),
    ]
    assert reasons_of(result) == [(3, "street", "value_street", False)]


@pytest.mark.slow
def test_names_of_a_firm() -> None:
    result = clean_tables(
        firms(
            [FIRM, "深圳市新样例有限公司", "2001-01-01", "深圳市老样例有限公司;样例五金厂"],
            [OTHER, "鸿达电子有限公司", "2001-01-01", "鸿达电子厂、鸿达电子有限公司"],
        ),
        changes(
            [
                FIRM,
                "深圳市新样例有限公司",
                "企业名称变更",
                "2015-06-01",
                "深圳市中样例有限公司",
                "深圳市新样例有限公司",
            ],
            [
                FIRM,
                "深圳市新样例有限公司",
                "企业名称变更",
                "2010年3月1日",
                "深圳市老样例有限公司",
                "深圳市中样例有限公司",
            ],
        ),
    )
    assert by_row(
        result.tables["registry_name"], "row", "part", "name", "valid_from", "valid_to", "kind"
    ) == [
        (2, 1, "深圳市中样例有限公司", DAY("2010-03-01"), DAY("2015-06-01"), "曾用名"),
        (2, 2, "深圳市新样例有限公司", DAY("2015-06-01"), None, "现名"),
        (3, 1, "深圳市老样例有限公司", None, DAY("2010-03-01"), "曾用名"),
        (2, 2, "样例五金厂", None, None, "曾用名"),  # undated: from the list alone
        (3, 1, "鸿达电子厂", None, None, "曾用名"),
    ]
    assert [entry["kept"] for entry in result.ledger] == [2, 2]


def test_events() -> None:
    result = clean_tables(
        changes(
            [
                FIRM,
                "深圳市新样例有限公司",
                "主体变更",
                "20180101",
                "样例并入有限公司",
                "深圳市新样例有限公司",
            ],
            [
                "",
                "深圳市新样例有限公司",
                "住所变更",
                "2019.05.06",
                "深圳市龙岗区布吉街道甄宅",
                "深圳市宝安区样例路",
            ],
            [FIRM, "深圳市新样例有限公司", "法定代表人变更", "2019.05.06", "甄试样", "贾样本"],
            [
                FIRM,
                "深圳市新样例有限公司",
                "企业名称变更",
                "去年",
                "样例五金厂",
                "深圳市新样例有限公司",
            ],
            [
                FIRM,
                "深圳市新样例有限公司",
                "主体变更",
                "2018-01-01",
                "样例并入有限公司",
                "深圳市新样例有限公司",
            ],
        )
    )
    assert by_row(
        result.tables["registry_event"], "row", "uscc", "type", "date", "before", "after"
    ) == [
        (2, FIRM, "merger", DAY("2018-01-01"), "样例并入有限公司", "深圳市新样例有限公司"),
        (3, None, "move", DAY("2019-05-06"), "深圳市龙岗区布吉街道", "深圳市宝安区"),
    ]
    assert reasons_of(result) == [
        (4, "change", "unknown_change", True),
        (5, "changed", "value_date", True),
        (6, None, "duplicate_row", True),
    ]
    assert not [name for name in ("甄试样", "贾样本", "甄宅") if name in everything(result)]
    assert len(result.tables["registry"]) == 0
