"""The three exports: original applicants, holders, codes, double filings.

Check digits as in test_clean_identifiers.
"""

from __future__ import annotations

import pandas as pd
import pytest
from clean_cases import FIRM, OTHER, by_row, clean_tables, digest, raw_table, reasons_of

from zgzx_research.cleaning.identifiers import application_check

COLUMNS = (
    "app_no filed publication_no published granted "
    "applicants holders inventors dual uscc kind title"
)
A, B = "深圳市鸿远精密科技有限公司", "深圳市受让科技有限公司"
DAY = pd.Timestamp


def number(body: str) -> str:
    return f"CN{body}.{application_check(body)}"


INVENTION, UTILITY = number("201510123456"), number("201520123456")


def patent(app_no: str = INVENTION, **cells: str) -> list[str]:
    usual = {
        "app_no": app_no,
        "filed": "2015-03-20",
        "applicants": A,
        "inventors": "甄试样",
        "publication_no": "CN1A",
    }
    return [{**usual, **cells}.get(name, "") for name in COLUMNS.split()]


def export(name: str, *rows: list[str], mark: str = "; "):
    marks = dict.fromkeys(("applicants", "holders", "inventors", "uscc"), mark)
    return raw_table(f"patents/patents_{name}", COLUMNS, *rows, separators=marks)


def test_holders_stand_apart_from_applicants() -> None:
    result = clean_tables(
        export(
            "patsnap",
            patent(applicants=f"{A} | 样例大学", holders=B, inventors="甄试样 | -"),
            mark="|",
        )
    )
    assert by_row(result.tables["patent_party"], "part", "role", "ord", "name", "name_key") == [
        (1, "applicant", 1, A, None),
        (2, "applicant", 2, "样例大学", None),
        (3, "holder", 1, B, None),
        (4, "inventor", 1, None, digest("甄试样")),
    ]


def test_grants_by_their_own_column_by_kind_letter_and_by_word() -> None:
    result = clean_tables(
        export(
            "incopat",
            patent(published="2016-01-01", granted="2018-02-03"),
            patent(UTILITY, publication_no="CN2U", published="2015-08-01"),
            patent(
                number("201530000001"), publication_no="", published="2015-09-01", kind="外观设计"
            ),
            patent(
                number("201810000001"), publication_no="", published="2015-09-01", kind="发明申请"
            ),
            patent(number("201910000001"), granted="2014-01-01"),
        )
    )
    granted = result.tables["patent"]["granted"]
    assert granted.tolist()[:3] == [DAY("2018-02-03"), DAY("2015-08-01"), DAY("2015-09-01")]
    assert granted.isna().tolist()[3:] == [True, True]
    assert reasons_of(result) == [(6, "granted", "value_date_order", False)]


def test_the_same_application_in_two_exports_is_one_and_keeps_the_earliest_parties() -> None:
    later = patent(publication_no="CN1B", published="2018-01-05", applicants=B)
    result = clean_tables(
        export("incopat", later), export("cnipa", patent(published="2016-08-10"), mark=";")
    )
    assert by_row(result.tables["patent"], "file", "published", "granted") == [
        ("patents/patents_cnipa.csv", DAY("2016-08-10"), DAY("2018-01-05"))
    ]
    parties = by_row(result.tables["patent_party"], "role", "name")
    assert parties == [("applicant", A), ("holder", B), ("inventor", None)]
    assert [entry["kept"] + entry["quarantined"] for entry in result.ledger] == [1, 1]


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        ({"uscc": FIRM}, [FIRM]),
        ({"uscc": f"{FIRM}; {OTHER}", "applicants": f"{A}; 鸿达电子有限公司"}, [FIRM, OTHER]),
        ({"uscc": FIRM, "applicants": f"{A}; 甄试样"}, [FIRM, None]),  # a person has no code
        ({"uscc": FIRM, "applicants": f"{A}; 样例大学"}, [None, None]),  # whose is it?
        ({"uscc": FIRM, "holders": B}, [None]),  # bought: it may be the buyer's
        ({"uscc": FIRM, "holders": A}, [FIRM]),
        ({"uscc": FIRM[:-1] + "5"}, [None]),
    ],
)
def test_codes_of_the_parties(cells: dict[str, str], codes: list[str | None]) -> None:
    result = clean_tables(export("incopat", patent(**cells)))
    party = result.tables["patent_party"]
    assert [
        code for _, code in by_row(party[party["role"] == "applicant"], "name", "uscc")
    ] == codes
    unplaced = [(2, "uscc", "value_party_codes", False)]
    placed = any(codes) or cells["uscc"] != FIRM
    assert reasons_of(result) == ([] if placed else unplaced)


def twins(*rows: list[str]) -> list[str | None]:
    table = clean_tables(export("incopat", *rows)).tables["patent"]
    return [twin for (twin,) in by_row(table, "dual_app_no")]


@pytest.mark.slow
def test_double_filings_by_number() -> None:
    assert twins(patent(dual=UTILITY[2:]), patent(UTILITY)) == [UTILITY, INVENTION]
    assert twins(patent(dual=UTILITY)) == [UTILITY]  # the other one is in no file
    assert twins(patent(dual=f"{INVENTION}; {UTILITY}"), patent(UTILITY)) == [UTILITY, INVENTION]
    assert twins(patent(dual=INVENTION)) == [None]
    result = clean_tables(export("incopat", patent(dual="待查")))
    assert reasons_of(result) == [(2, "dual", "value_dual", False)]


@pytest.mark.slow
def test_double_filings_by_applicant_day_and_title() -> None:
    first, second = patent(title="一种样例夹具"), patent(UTILITY, title="一种样例 夹具")
    assert twins(first, second) == [UTILITY, INVENTION]
    assert twins(first, patent(UTILITY, title="另一种夹具")) == [None, None]
    assert twins(first, patent(UTILITY, title="一种样例夹具", filed="2015-03-21")) == [None, None]
    other = {"title": "一种样例夹具", "applicants": B}
    assert twins(first, patent(UTILITY, **other)) == [
        UTILITY,
        INVENTION,
    ]  # a firm is written in many ways
    assert twins(first, patent(UTILITY, **other, inventors="贾样本")) == [None, None]
    undisclosed = {"inventors": "不公告发明人"}
    assert twins(
        patent(title="一种样例夹具", **undisclosed), patent(UTILITY, **other, **undisclosed)
    ) == [None, None]
    assert twins(first, patent(number("201510123457"), title="一种样例夹具")) == [
        None,
        None,
    ]  # two inventions
    assert twins(first, patent(UTILITY, title="一种样例夹具", dual="否")) == [None, None]


def test_titles_leave_as_digests_so_that_linked_firms_can_be_paired() -> None:
    rows = [
        patent(title="一种样例夹具"),
        patent(UTILITY, title="一种　样例夹具"),
        patent(number("201520123457")),
    ]
    table = clean_tables(export("incopat", *rows)).tables["patent"]
    assert [value for (value,) in by_row(table, "title_hash")] == [digest("一种样例夹具")] * 2 + [
        None
    ]


def test_two_that_fit_are_no_pair() -> None:
    rows = [
        patent(title="夹具"),
        patent(UTILITY, title="夹具"),
        patent(number("201520123457"), title="夹具"),
    ]
    assert twins(*rows) == [None, None, None]


@pytest.mark.slow
def test_without_titles_both_must_say_so() -> None:
    assert twins(patent(dual="是"), patent(UTILITY, dual="是")) == [UTILITY, INVENTION]
    assert twins(patent(dual="是"), patent(UTILITY)) == [None, None]
