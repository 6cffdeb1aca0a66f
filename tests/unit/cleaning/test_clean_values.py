"""Texts into values, one case per kind of dirt, each worked out by hand."""

from __future__ import annotations

import datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zgzx_research.cleaning import reasons, values
from zgzx_research.cleaning.rules import RULES

DAY_STYLES = ("ymd_separated", "ymd_chinese", "ymd_compact", "excel_serial")
MONTH_STYLES = tuple(RULES["date_styles"])


def column(*texts: str | None) -> pd.Series:
    return pd.Series(texts, dtype="str")


def plain(values: pd.Series) -> list:
    return [None if pd.isna(value) else value for value in values]


@pytest.mark.parametrize(
    "text",
    [
        "2023.02.15",
        "2023-02-15",
        "2023-2-15",
        "2023/2/15",
        "2023年2月15日",
        "20230215",
        "44972",
        "2023-02-15 00:00:00",
        "二〇二三年二月十五日",
    ],
)
def test_a_day_in_every_style(text: str) -> None:
    read = values.read_dates(column(text), DAY_STYLES)
    assert read.value.tolist() == [pd.Timestamp(2023, 2, 15)]
    assert read.value.dtype == "datetime64[s]"
    assert read.reason.isna().all()


@pytest.mark.parametrize(
    "text",
    [
        "2023.02.30",
        "2023-13-01",
        "15/02/2023",
        "去年",
        "230215",
        "1023-01-01",
        "23.02.15",
        "23年2月15日",
        "2023.02-15",
        "20231",
    ],
)
def test_a_day_that_is_none(text: str) -> None:
    read = values.read_dates(column(text, None), DAY_STYLES)
    assert read.value.isna().all()
    assert plain(read.reason) == [reasons.VALUE_DATE, None]  # a missing day is not a wrong one


def test_styles_are_the_profiles() -> None:
    assert values.read_dates(
        column("20230215", "2023.02.15"), ["ymd_compact"]
    ).value.isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("1990.3", 199003),
        ("1990.03", 199003),
        ("1990.12", 199012),
        ("1990.10", 199010),
        ("1990/1", 199001),
        ("1990年3月", 199003),
        ("199003", 199003),
        ("32933", 199003),
        ("1990-03-01", 199003),
        ("19900301", 199003),
    ],
)
def test_a_month_in_every_style(text: str, month: int) -> None:
    assert values.read_months(column(text), MONTH_STYLES).value.tolist() == [month]


@pytest.mark.parametrize("text", ["1990.1", "1990.13", "199013", "1990", "至今"])
def test_a_month_that_is_none_or_two(text: str) -> None:
    assert values.read_months(column(text), MONTH_STYLES).reason.tolist() == [reasons.VALUE_DATE]


@pytest.mark.slow
@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 12, 31)), st.sampled_from(range(5)))
def test_days_come_back_from_every_style(day: datetime.date, style: int) -> None:
    written = (
        f"{day:%Y.%m.%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
        f"{day.year}-{day.month:02d}-{day.day:02d}",
    )[style]
    assert values.read_dates(column(written), DAY_STYLES).value.dt.date.tolist() == [day]
    assert values.read_months(column(written), MONTH_STYLES).value.tolist() == [
        day.year * 100 + day.month
    ]


@given(st.integers(10000, 73000).filter(lambda serial: not 19000 <= serial <= 21009))
def test_excel_serials_count_days(serial: int) -> None:
    read = values.read_dates(column(str(serial)), DAY_STYLES).value[0]
    assert (read - pd.Timestamp(1899, 12, 30)).days == serial


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("500万人民币", 5_000_000.0),
        ("100.000000万元", 1_000_000.0),
        ("1,100.5万元人民币", 11_005_000.0),
        ("1.2亿元", 120_000_000.0),
        ("人民币80万元", 800_000.0),
        ("30000元", 30_000.0),
        ("500万", 5_000_000.0),
        ("300万元(人民币)", 3_000_000.0),
    ],
)
def test_amounts_in_yuan(text: str, yuan: float) -> None:
    assert values.read_amounts(column(text)).value.tolist() == [yuan]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("50万美元", reasons.VALUE_CURRENCY),
        ("100万港币", reasons.VALUE_CURRENCY),
        ("500", reasons.VALUE_AMOUNT_UNIT),
        ("约500万元", reasons.VALUE_AMOUNT),
        ("-5万元", reasons.VALUE_AMOUNT),
        ("另议", reasons.VALUE_AMOUNT),
    ],
)
def test_amounts_that_stay_out(text: str, reason: str) -> None:
    read = values.read_amounts(column(text))
    assert read.value.isna().all()
    assert plain(read.reason) == [reason]


def test_bare_amounts_take_the_unit_of_the_profile() -> None:
    assert values.read_amounts(column("500", "30元"), "万").value.tolist() == [5_000_000.0, 30.0]


@pytest.mark.parametrize(
    ("text", "count"), [("50", 50), ("1,200", 1200), ("50人", 50), ("50.0", 50)]
)
def test_counts(text: str, count: int) -> None:
    assert values.read_counts(column(text)).value.tolist() == [count]


@pytest.mark.parametrize("text", ["若干", "-3", "12.5", "10-20"])
def test_counts_that_are_none(text: str) -> None:
    assert values.read_counts(column(text)).reason.tolist() == [reasons.VALUE_NUMBER]


@pytest.mark.parametrize(
    ("table", "text", "name"),
    [
        ("category", "一、职工创新之星(12名)", "innovation"),
        ("category", "班组管理之星", "team"),
        ("category", "职工才艺之星(专业组)", "talent"),
        ("category", "职工技能之星", "skill"),
        ("status", "存续(在营、开业、在册)", "存续"),
        ("status", "吊销,未注销", "吊销"),
        ("status", "在业", "在业"),
        ("size", "微型企业", "微"),
        ("size", "大型", "大"),
        ("hitech", "是", "true"),
        ("hitech", "n", "false"),
    ],
)
def test_choices(table: str, text: str, name: str) -> None:
    assert values.read_choices(column(text), table).value.tolist() == [name]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("九", 9),
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("三十五", 35),
        ("12", 12),
        ("百", None),
        ("一二", None),
        ("", None),
    ],
)
def test_chinese_numbers(text: str, number: int | None) -> None:
    assert values.chinese_number(text) == number


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("　样例（深圳）　", "样例(深圳)"),
        ("⻰岗", "龙岗"),
        ("⼀", "一"),
        ("样\u200b例", "样例"),
        ("１２Ｘ", "12X"),
        ("-", None),
        ("　", None),
        ("暂无", None),
        ("#N/A", None),
        ("null", None),
    ],
)
def test_clean_text(text: str, clean: str | None) -> None:
    assert values.clean_texts([text]) == [clean]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("鴻遠精密科技(深圳)有限公司", "鸿远精密科技(深圳)有限公司"),
        ("深圳市 龙岗 样例 有限公司", "深圳市龙岗样例有限公司"),
        ("SAMPLE   TOOLS  LTD", "SAMPLE TOOLS LTD"),
        ("乾丰昇样例公司", "乾丰昇样例公司"),  # opencc alone would write 干丰升
    ],
)
def test_firm_text(text: str, name: str) -> None:
    assert values.firm_texts([text]) == [name]


@given(st.text(max_size=30))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    (once,) = values.clean_texts([text])
    assert once is None or values.clean_texts([once]) == [once]
    firm = values.firm_texts([once or ""])
    assert values.firm_texts(firm) == firm


TEXTS = st.lists(
    st.text(
        alphabet=st.one_of(
            st.characters(exclude_categories=["Cs"]),
            st.sampled_from("鴻乾於头髮后裡\u0301\u1161\u11a8\x1f ·無"),
        ),
        max_size=8,
    ),
    max_size=12,
)


@given(TEXTS)
def test_many_texts_at_once_are_read_as_each_alone(texts: list[str]) -> None:
    for read in (values.clean_texts, values.simplified, values.firm_texts):
        assert read(texts) == [result for text in texts for result in read([text])]


def test_cells_with_several_values() -> None:
    lists = values.split_cells(column("甲、 乙;;丙", "丁", None), "、；")
    assert lists.tolist() == [["甲", "乙", "丙"], ["丁"], []]
