"""Streets with their history, addresses, industries."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from clean_cases import column, plain
from hypothesis import given
from hypothesis import strategies as st

from zgzx_research.cleaning import industries, reasons, streets
from zgzx_research.cleaning.rules import RULES

PUBLISHED = Path(__file__).parents[3] / "data" / "published"


def published(name: str) -> list[dict[str, str]]:
    with (PUBLISHED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("text", "street", "code", "route"),
    [
        ("龙城街道", "龙城街道", "龙城", "street"),
        ("坂田", "坂田街道", "坂田", "street"),
        ("深圳市龙岗区布吉街道办事处", "布吉街道", "布吉", "street"),
        ("龍崗街道總工會", "龙岗街道", "龙岗", "street"),
        ("平湖 街道工会联合会", "平湖街道", "平湖", "street"),
        ("电子行业工会联合会", None, None, "industry"),
    ],
)
def test_streets(text: str, street: str | None, code: str | None, route: str) -> None:
    read = streets.read_streets(column(text))
    assert plain(read.iloc[0]) == [street, code, route, None]


@pytest.mark.parametrize(
    "text", ["龙岗区", "龙岗", "龙岗区总工会", "坪山街道", "福永街道", "甄试样", "布吉坂田街道"]
)
def test_what_is_no_street_of_the_district(text: str) -> None:
    assert plain(streets.read_streets(column(text)).iloc[0]) == [
        None,
        None,
        None,
        reasons.VALUE_STREET,
    ]


def test_an_old_street_gets_an_old_code_and_no_new_one_is_guessed() -> None:
    texts = column("布吉街道", "横岗", "龙岗街道", "坂田", "吉华街道", "布吉街道", "龙岗街道")
    editions = pd.Series([1, 5, 5, 5, 5, 6, 12])
    read = streets.read_streets(texts, editions)
    assert plain(read["street_code"]) == [
        "OLD-布吉",
        "OLD-横岗",
        "OLD-龙岗",
        "坂田",
        "吉华",
        "布吉",
        "龙岗",
    ]
    assert read["street"].tolist()[0] == "布吉街道"


def test_the_streets_are_those_of_the_published_history() -> None:
    rows = published("street_history.csv")
    assert all(row["source"] and row["status"] in ("source", "assumption") for row in rows)
    present = [row for row in rows if not row["valid_to"]]
    assert {row["code"] for row in present} == set(RULES["street"]["names"])
    assert len(present) == 11
    old = [row for row in rows if row["code"].startswith("OLD-")]
    assert {row["street"] for row in old} == set(RULES["street"]["split"])
    assert len([row for row in rows if not row["valid_from"]]) == 8  # before the split
    assert {row["code"] for row in rows} == set(streets.CODES)
    halves = {row["parent_code"]: [] for row in present if row["parent_code"]}
    for row in present:
        halves.setdefault(row["parent_code"], []).append(row["street"])
    assert sorted(halves["OLD-布吉"]) == ["吉华", "布吉"]


def test_the_old_streets_last_until_the_last_edition_before_the_split() -> None:
    split = {row["valid_to"] for row in published("street_history.csv") if row["valid_to"]}
    editions = [
        int(row["edition"])
        for row in published("edition_calendar.csv")
        if row["year"] <= max(split)
    ]
    assert max(editions) == RULES["street"]["old_until_edition"]


@pytest.mark.parametrize(
    ("text", "address", "district"),
    [
        ("广东省深圳市龙岗区龙城街道样例路1号甄试样家", "广东省深圳市龙岗区龙城街道", "龙岗区"),
        ("深圳市坪山新区样例路1号", "深圳市坪山新区", "坪山新区"),
        ("龙岗区 坂田街道办事处 二楼", "龙岗区坂田街道办事处", "龙岗区"),
        ("样例路1号", None, None),
        ("东莞市样例路1号", "东莞市", None),
        ("甄试样", None, None),
    ],
)
def test_addresses_end_with_the_street(
    text: str, address: str | None, district: str | None
) -> None:
    assert plain(streets.read_addresses(column(text)).iloc[0]) == [address, district]


def test_the_classification_is_whole() -> None:
    assert sorted(set(industries.SECTIONS.values())) == list("ABCDEFGHIJKLMNOPQRST")
    assert sorted(industries.SECTIONS) == [f"{number:02d}" for number in range(1, 98)]
    # the first division of every section in GB/T 4754-2017
    firsts = {
        "A": 1,
        "B": 6,
        "C": 13,
        "D": 44,
        "E": 47,
        "F": 51,
        "G": 53,
        "H": 61,
        "I": 63,
        "J": 66,
        "K": 70,
        "L": 71,
        "M": 73,
        "N": 76,
        "O": 80,
        "P": 83,
        "Q": 84,
        "R": 86,
        "S": 91,
        "T": 97,
    }
    assert {
        s: min(int(d) for d, x in industries.SECTIONS.items() if x == s) for s in firsts
    } == firsts


@pytest.mark.parametrize(
    ("text", "section", "division"),
    [
        ("C3972", "C", "39"),
        ("3972", "C", "39"),
        ("C39", "C", "39"),
        ("39", "C", "39"),
        ("F51", "F", "51"),
        ("3972 电子元件", "C", "39"),
        ("c 39", "C", "39"),
        ("C", "C", None),
        ("制造业", "C", None),
        ("C制造业", "C", None),
        ("计算机、通信和其他电子设备制造业", "C", "39"),
        ("房地产业", "K", "70"),
        ("0111", "A", "01"),
        ("3972.0", "C", "39"),
    ],
)
def test_industries(text: str, section: str, division: str | None) -> None:
    assert plain(industries.read_industries(column(text)).iloc[0]) == [section, division, None]


@pytest.mark.parametrize("text", ["39720", "5", "98", "00", "C51", "U", "电子", "甄试样", "C3972X"])
def test_industries_that_are_none(text: str) -> None:
    assert plain(industries.read_industries(column(text)).iloc[0]) == [
        None,
        None,
        reasons.VALUE_INDUSTRY,
    ]


@given(st.sampled_from(sorted(industries.SECTIONS)), st.integers(0, 99), st.booleans())
def test_every_class_falls_into_its_division(division: str, rest: int, lettered: bool) -> None:
    letter = industries.SECTIONS[division] if lettered else ""
    read = industries.read_industries(column(f"{letter}{division}{rest:02d}"))
    assert plain(read.iloc[0]) == [industries.SECTIONS[division], division, None]
