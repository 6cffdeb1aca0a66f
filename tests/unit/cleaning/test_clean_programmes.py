"""Programme lists, costs, participation, district series; every expectation by hand."""

from __future__ import annotations

import pandas as pd
from clean_cases import FIRM, by_row, clean_tables, digest, everything, raw_table, reasons_of

DAY = pd.Timestamp


def test_programmes() -> None:
    result = clean_tables(
        raw_table(
            "programmes/programme_specialised",
            "firm_name uscc batch year",
            ["深圳市鸿远精密科技有限公司", FIRM, "2021年第三批", "2021"],
            ["", "", "一", "2022年"],
            ["样例厂", "", "某批", "去年"],
        ),
        raw_table(
            "programmes/programme_craftsmen",
            "person_name firm_name title year",
            ["甄　试样", "样例五金", "龙岗工匠", "2024"],
            ["贾样本", "贾样本", "名匠", "2024"],
            ["", "样例五金", "行业工匠", "2024"],
        ),
        raw_table(
            "programmes/programme_visits",
            "date firm_name team matter",
            ["2023.02.15", "样例五金", "甄专家组", "请甄专家看设备"],
            ["2023-02-16", "样例五金", "", "座谈"],
        ),
    )
    assert by_row(
        result.tables["programme"], "programme", "firm_name", "uscc", "name_key", "onset", "detail"
    ) == [
        ("specialised", "深圳市鸿远精密科技有限公司", FIRM, None, DAY("2021-01-01"), "batch 3"),
        ("craftsman", "样例五金", None, digest("甄试样"), DAY("2024-01-01"), "龙岗工匠"),
        ("craftsman", None, None, digest("贾样本"), DAY("2024-01-01"), None),
        ("visit", "样例五金", None, None, DAY("2023-02-15"), "设备"),
        ("visit", "样例五金", None, None, DAY("2023-02-16"), None),
    ]
    assert [(row, column, reason) for row, column, reason, _ in reasons_of(result)] == [
        (3, "firm_name", "value_personal_name"),
        (3, "title", "value_choice"),
        (4, None, "missing_name"),
        (3, None, "missing_firm"),
        (4, "batch", "value_text"),
        (4, "onset", "missing_date"),
        (4, "year", "value_date"),
        (3, "matter", "value_choice"),
    ]
    assert "甄专家" not in everything(result)


def test_costs_and_participation() -> None:
    result = clean_tables(
        raw_table(
            "programmes/cost",
            "edition item amount",
            ["第九届", "评委劳务费", "12.5"],
            ["9", "奖金", "30万元"],
            ["", "x", "1"],
            amounts={"bare_unit": "万"},
        ),
        raw_table(
            "programmes/participation",
            "edition union route persons",
            ["5", "布吉街道总工会", "街道", "1,200"],
            ["6", "布吉街道总工会", "", "900人"],
            ["6", "电子行业工会", "行业", "80"],
            ["6", "甄试样", "街道", "80"],
        ),
    )
    assert by_row(result.tables["cost"], "edition", "item", "amount_cny") == [
        (9, "评审", 125_000.0),
        (9, "奖金", 300_000.0),
    ]
    columns = ("edition", "union_name", "street", "street_code", "route", "persons")
    assert by_row(result.tables["participation"], *columns) == [
        (5, "布吉街道总工会", "布吉街道", "OLD-布吉", "street", 1200),
        (6, "布吉街道总工会", "布吉街道", "布吉", "street", 900),
        (6, "电子行业工会", None, None, "industry", 80),
    ]
    assert reasons_of(result) == [
        (4, "edition", "missing_edition", True),
        (5, "union", "unknown_union", True),
    ]
    assert "甄试样" not in everything(result)


def test_district_series_keep_their_vintages() -> None:
    result = clean_tables(
        raw_table(
            "programmes/district_series",
            "year indicator value unit vintage origin",
            ["2023", "地区生产总值", "5,043.03", "亿元", "2024年公报", "龙岗区统计公报"],
            ["2023", "地区生产总值", "5,300", "亿元", "最终核实", "统计年鉴"],
            ["2024年", "高技能人才占比", "38", "%", "甄试样", "甄试样"],
            ["2024", "甄试样", "1", "人", "", ""],
            ["2024", "人口", "1", "人", "", "日报记者甄试样"],
        )
    )
    assert by_row(
        result.tables["district_year"], "year", "indicator", "value", "unit", "vintage", "origin"
    ) == [
        (2023, "地区生产总值", 5043.03, "亿元", "2024年公报", "龙岗区统计公报"),
        (2023, "地区生产总值", 5300.0, "亿元", "最终核实", "统计年鉴"),
        (2024, "高技能人才占比", 38.0, "%", None, None),
        (2024, "人口", 1.0, "人", None, None),
    ]
    assert [(row, column) for row, column, *_ in reasons_of(result)] == [
        (4, "origin"),
        (4, "vintage"),
        (5, "indicator"),
        (6, "origin"),
    ]
    assert "甄试样" not in everything(result)
