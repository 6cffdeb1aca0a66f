"""Months, statements and agency sheets; every expectation by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from clean_cases import FIRM, by_row, clean_tables, column, digest, plain, raw_table, reasons_of
from hypothesis import given
from hypothesis import strategies as st

from zgzx_research.cleaning.values import read_month_ranges

MONTHS = (
    "person_no id_no person_name employer_no employer_name employer_uscc "
    "period paid base kind insurance"
)
STATEMENT = "year month employer_no base person_name person_no id_no employer_name"
AGENCY = "person_no person_name id_no service_firm agency period refund"
ID = "990000199003071235"
NAME, FACTORY = "甄试样", "深圳市鸿远精密科技有限公司"


def month(
    period: str,
    paid: str = "",
    base: str = "5000",
    kind: str = "正常",
    insurance: str = "养老",
    no: str = "1",
) -> list:
    return [
        f"99000000{no}",
        ID,
        NAME,
        "44990001",
        FACTORY,
        FIRM,
        period,
        paid or period,
        base,
        kind,
        insurance,
    ]


def months_of(*rows: list, **settings: object):
    return raw_table(
        "employment/employment_months", MONTHS, *rows, dates={"month": ("ym_compact",)}, **settings
    )


def test_months() -> None:
    result = clean_tables(
        months_of(
            month("201903"), month("201901", "202004", kind="补缴"), month("201904", base="-5000")
        )
    )
    table = result.tables["si_month"]
    assert by_row(table, "row", "period_ym", "paid_ym", "base", "kind") == [
        (2, 201903, 201903, 5000.0, "normal"),
        (
            3,
            201901,
            202004,
            5000.0,
            "arrears",
        ),  # counts in the month it is owed for, not when it is paid
        (4, 201904, 201904, -5000.0, "refund"),  # a negative base, whatever its kind says
    ]
    assert by_row(
        table, "person_key", "id_key", "name_key", "employer_no", "employer_name", "employer_uscc"
    )[0] == (
        digest("990000001"),
        digest(ID),
        digest(NAME),
        "44990001",
        FACTORY,
        FIRM,
    )
    assert reasons_of(result) == []


def test_insurances_of_one_month_are_one_month_and_pension_is_kept() -> None:
    result = clean_tables(
        months_of(
            month("201903", insurance="医疗", base="9000"),
            month("201903"),
            month("201903", kind="补缴"),
        )
    )
    assert by_row(result.tables["si_month"], "row", "base", "kind") == [
        (3, 5000.0, "normal"),
        (4, 5000.0, "arrears"),
    ]
    assert reasons_of(result) == [(2, None, "duplicate_month", True)]


def test_months_that_leave() -> None:
    rows = [
        month("201913", "201903"),
        month("201903", kind="其他"),
        month("", base="x"),
        month("201904"),
    ]
    rows[3][0] = rows[3][1] = ""
    result = clean_tables(
        months_of(*rows, [*month("201905")[:3], "", "", "", *month("201905")[6:]])
    )
    assert len(result.tables["si_month"]) == 0
    assert reasons_of(result) == [
        (2, "period", "bad_period", True),
        (3, "kind", "unknown_kind", True),
        (4, "base", "value_amount", True),
        (4, "period", "missing_period", True),
        (5, "person_no", "missing_person", True),
        (6, None, "missing_employer", True),
    ]
    assert result.ledger[0]["quarantined"] == 5


def test_a_month_that_leaves_leaves_nothing_in_the_dictionaries() -> None:
    gone = month("201913", no="2")
    gone[4] = "鸿达电子有限公司"
    table = clean_tables(months_of(month("201903"), gone)).tables["si_month"]
    assert table["employer_name"].cat.categories.tolist() == [FACTORY]
    assert table["person_key"].cat.categories.tolist() == [digest("990000001")]


def test_two_employers_in_one_month_both_stay() -> None:
    other = month("201903")
    other[3:6] = ["44990002", "鸿达电子有限公司", ""]
    assert len(clean_tables(months_of(month("201903"), other)).tables["si_month"]) == 2


def test_a_statement_tells_months_and_none_twice() -> None:
    statement = raw_table(
        "employment/employment_statement",
        STATEMENT,
        ["2019", "3", "44990001", "5000", NAME, "990000001", ID, FACTORY],
        ["2019", "04", "44990001", "5,100", NAME, "990000001", ID, FACTORY],
        ["2018", "12", "44990001", "4900", NAME, "990000001", ID, FACTORY],
        ["2018", "13", "44990001", "4900", NAME, "990000001", ID, FACTORY],
        file="employment/statement_01.xlsx",
        sheet="明细",
    )
    result = clean_tables(
        statement, months_of(month("201903"), month("201904", "202001", kind="补缴"))
    )
    assert by_row(
        result.tables["si_month"], "file", "row", "period_ym", "paid_ym", "base", "kind"
    ) == [
        ("employment/employment_months.csv", 2, 201903, 201903, 5000.0, "normal"),
        ("employment/employment_months.csv", 3, 201904, 202001, 5000.0, "arrears"),
        ("employment/statement_01.xlsx", 4, 201812, None, 4900.0, "normal"),
    ]
    assert reasons_of(result) == [
        (2, None, "duplicate_month", True),
        (3, None, "duplicate_month", True),
        (5, "month", "bad_period", True),
        (5, "period", "missing_period", True),
    ]


def test_a_statement_under_another_number_is_the_same_person_by_the_id() -> None:
    statement = raw_table(
        "employment/employment_statement",
        STATEMENT,
        ["2019", "3", "44990001", "5000", NAME, "990000009", ID, FACTORY],
    )
    result = clean_tables(months_of(month("201903")), statement)
    assert len(result.tables["si_month"]) == 1


def agency(*rows: list):
    return raw_table(
        "employment/employment_agency",
        AGENCY,
        *rows,
        dates={"month": ("ym_separated", "ym_compact", "ym_chinese", "ymd_separated")},
        sheet="名单",
    )


def test_dispatch() -> None:
    result = clean_tables(
        agency(
            ["990000001", NAME, ID, FACTORY, "样例人力公司", "2019.03-2020.11", "0"],
            ["990000001", NAME, ID, FACTORY, "样例人力公司", "2021.02", None],
            ["", NAME, ID, FACTORY, "样例人力公司", "2021.03、2021.05-2021.06", ""],
            ["990000001", NAME, ID, FACTORY, "样例人力公司", "2021.07", "812.50"],
            ["990000001", NAME, ID, FACTORY, "样例人力公司", "2021.12-2021.08", ""],
            ["990000001", NAME, ID, NAME, "样例人力公司", "2022.02", ""],
            [
                "990000001",
                NAME,
                ID,
                FACTORY,
                "样例人力公司",
                "2022.03-2023.01",
                "623",
            ],  # of which month is not said
        )
    )
    table = result.tables["dispatch"]
    assert by_row(table, "row", "part", "start_ym", "end_ym") == [
        (2, 1, 201903, 202011),
        (3, 1, 202102, 202102),
        (4, 1, 202103, 202103),
        (4, 2, 202105, 202106),
        (8, 1, 202203, 202301),
    ]
    assert by_row(table, "person_key", "name_key", "id_key", "agency_name", "service_firm")[2] == (
        digest(ID),
        digest(NAME),
        digest(ID),
        "样例人力公司",
        FACTORY,
    )
    assert reasons_of(result) == [
        (5, None, "refunded_period", True),
        (6, "period", "end_before_start", True),
        (7, "service_firm", "value_personal_name", True),
        (8, "refund", "value_refund", False),
    ]


STYLES = ("ym_separated", "ym_compact", "ym_chinese", "ymd_separated")


def ranges(*texts: str) -> list[tuple]:
    return by_row(read_month_ranges(column(*texts), STYLES), "start_ym", "end_ym", "reason")


def test_ranges_of_months() -> None:
    assert (
        ranges("2019.03", "2019-03", "201903", "2019年3月", "2019-03-01")
        == [(201903, 201903, None)] * 5
    )
    for text in (
        "2019.03-2020.11",
        "201903-202011",
        "2019年3月至2020年11月",
        "2019-03~2020-11",
        "2019.3—2020.11",
    ):
        assert ranges(text) == [(201903, 202011, None)]
    assert ranges("2019-03-2020-11", "2019.1-2019.3", "2019.03-05", "2019年3-5月") == [
        (201903, 202011, None),
        (201901, 201903, None),
        (201903, 201905, None),
        (201903, 201905, None),
    ]


def test_ranges_that_are_none_or_two() -> None:
    texts = (
        "2019-03-05",
        "2019.1",
        "19.03-20.11",
        "2019.13-2020.01",
        "2019.03-",
        "长期",
        "2019.03-2019.05-2019.07",
    )
    assert ranges(*texts) == [(None, None, "bad_period")] * len(texts)
    assert plain(read_month_ranges(column("2020.11-2019.03"), STYLES)["reason"]) == [
        "end_before_start"
    ]


@pytest.mark.slow
@given(st.integers(2000 * 12, 2030 * 12), st.integers(0, 120), st.sampled_from([".", "-", "年"]))
def test_months_in_are_months_out(first: int, length: int, mark: str) -> None:
    def written(number: int) -> str:
        return f"{number // 12}{mark}{number % 12 + 1:02d}" + ("月" if mark == "年" else "")

    start, end = by_row(
        read_month_ranges(column(f"{written(first)}-{written(first + length)}"), STYLES),
        "start_ym",
        "end_ym",
    )[0]
    assert pd.Period(str(end), "M").ordinal - pd.Period(str(start), "M").ordinal == length
    assert start == first // 12 * 100 + first % 12 + 1
