"""Patents: holders, joint ones, double filings, mergers, unpublished years; covariates."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from zgzx_research.panels.covariates import firm_covariates
from zgzx_research.panels.patent_counts import (
    add_patents,
    count_filings,
    filings_of_firms,
    firm_shares,
    last_complete_year,
    utility_share,
)

A, B, C = "F000001", "F000002", "F000003"
RECORD_KEY = ["file", "sheet", "row", "part"]
END = dt.date(2025, 12, 31)

# application, type, filed, the other filing, applicants, holders (None = not in the registry)
ROWS = [
    ("p1", "invention", "2015-03-01", "p2", [A], [B]),  # sold to B
    ("p2", "utility_model", "2015-03-01", None, [A], [B]),  # the same invention once more
    ("p3", "utility_model", "2015-04-01", "p9", [A], [A]),  # its invention stands in no table
    ("p4", "invention", "2015-05-01", None, [A, B, None], [A]),  # with a university
    ("p5", "invention", "2016-05-01", None, [C], [C]),  # C merged into A on 2016-05-01
    ("p6", "invention", "2016-04-30", None, [C], [C]),
    ("p7", "utility_model", "2016-06-01", "p8", [B], [B]),
    ("p8", "invention", "2016-06-01", None, [B], [B]),  # named by its twin
]


def tables() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    rows = pd.DataFrame(
        ROWS, columns=["app_no", "type", "filed", "dual_app_no", "applicant", "holder"]
    )
    rows = rows.assign(
        file="c.csv",
        sheet="",
        row=range(2, len(rows) + 2),
        part=1,
        filed=pd.to_datetime(rows["filed"]),
    )
    long = rows.melt([*RECORD_KEY, "app_no"], ["applicant", "holder"], "role", "firm_id").explode(
        "firm_id"
    )
    long["part"] = long.groupby("row").cumcount() + 1
    audit = (
        long[[*RECORD_KEY, "firm_id"]]
        .assign(source="patent_party", entity="firm")
        .astype({"firm_id": "str"})
    )
    return rows.astype({"dual_app_no": "str"}), long[[*RECORD_KEY, "app_no", "role"]], audit


def count_patents(
    patent: pd.DataFrame,
    party: pd.DataFrame,
    audit: pd.DataFrame,
    truncation: dt.date,
    holder: str = "original",
    **options: object,
) -> pd.DataFrame:
    """The counts, by the shares of the firms in the applications."""
    filings = filings_of_firms(patent, firm_shares(party, audit, holder))
    return count_filings(filings, truncation, **options)


FIRM = pd.DataFrame(
    {
        "firm_id": [A, B, C],
        "founded": pd.to_datetime(["2000-01-01", "2014-07-01", None]),
        "size": ["大", "小", "小"],
        "industry_section": "C",
        "industry2": "39",
        "street": None,
        "street_code": None,
        "hitech": [True, False, False],
        "successor_id": [None, None, A],
        "merged": pd.to_datetime([None, None, "2016-05-01"]),
        "group_id": [A, B, A],
    }
).astype({"successor_id": "str"})


def count(**options: object) -> dict[tuple[str, int], list[float]]:
    counts = count_patents(*tables(), END, **options)
    columns = ["patents_invention", "patents_utility_model"]
    return {
        (row.firm_id, row.year): [getattr(row, name) for name in columns]
        for row in counts.itertuples()
    }


def test_the_original_applicant_and_double_filings_once() -> None:
    assert count() == {(A, 2015): [2, 1], (B, 2015): [1, 0], (B, 2016): [1, 0], (C, 2016): [2, 0]}


def test_one_invention_filed_twice_under_two_spellings_of_the_firm() -> None:
    """The clean stage cannot pair these.

    The applicants are written differently, and no number is given.
    """
    patent, party, audit = tables()
    day = {"p4": "2016-06-01", "p7": "2016-06-01", "p8": "2016-06-01", "p3": "2015-05-01"}
    patent["filed"] = (
        patent["app_no"].map(day).fillna(patent["filed"].astype("str")).pipe(pd.to_datetime)
    )
    titles = {"p3": "t", "p4": "t", "p7": "u", "p8": "u", "p5": "v", "p6": "v"}
    patent = patent.assign(dual_app_no=None, title_hash=patent["app_no"].map(titles)).astype(
        {"title_hash": "str"}
    )
    counts = count_patents(patent, party, audit, END).set_index(["firm_id", "year"])[
        "patents_utility_model"
    ]
    # p2 has no title, p3 stands on another day
    assert counts.to_dict() == {(A, 2015): 2, (A, 2016): 0, (B, 2016): 0, (C, 2016): 0}
    two = patent.assign(
        title_hash=patent["title_hash"].replace("t", "u")
    )  # p4, p8: two inventions, so none is a twin
    again = count_patents(two, party, audit, END).set_index(["firm_id", "year"])[
        "patents_utility_model"
    ]
    assert again[B, 2016] == 1


def test_double_filings_both() -> None:
    assert count(dual="both") == {
        (A, 2015): [2, 2],
        (B, 2015): [1, 0],
        (B, 2016): [1, 1],
        (C, 2016): [2, 0],
    }


def test_the_current_holder() -> None:
    assert count(holder="current") == {
        (A, 2015): [1, 1],
        (B, 2015): [1, 0],
        (B, 2016): [1, 0],
        (C, 2016): [2, 0],
    }


def test_joint_applications_in_fractions_of_all_parties() -> None:
    result = count(joint="fractional")
    assert result[A, 2015] == pytest.approx([1 + 1 / 3, 1])
    assert result[B, 2015] == pytest.approx([1 / 3, 0])


def test_after_a_merger_filings_count_for_the_successor() -> None:
    result = count(firm=FIRM)
    assert result[C, 2016] == [1, 0]  # of the day before
    assert result[A, 2016] == [1, 0]


def test_a_joint_filing_of_firm_and_successor_is_one() -> None:
    patent, party, audit = tables()
    audit.loc[audit["firm_id"].eq(B), "firm_id"] = C
    late = patent.assign(filed=pd.Timestamp("2017-01-01"), dual_app_no=None).query("app_no == 'p4'")
    counts = count_patents(late, party, audit, END, firm=FIRM)
    assert counts[["firm_id", "patents_all"]].values.tolist() == [[A, 1]]


@pytest.mark.parametrize(
    ("day", "invention", "model"),
    [
        ((2025, 6, 30), 2023, 2023),
        ((2025, 6, 29), 2022, 2023),
        ((2025, 12, 31), 2023, 2024),
        ((2024, 12, 30), 2022, 2022),
    ],
)
def test_the_last_year_whose_filings_are_all_published(
    day: tuple[int, int, int], invention: int, model: int
) -> None:
    assert last_complete_year(dt.date(*day), "invention") == invention
    assert last_complete_year(dt.date(*day), "utility_model") == model


def test_incomplete_years_are_flagged_or_missing_by_type() -> None:
    grid = pd.DataFrame(
        {"firm_id": A, "year": range(2013, 2017), "founded_year": 2000, "last_year": pd.NA}
    )
    grid = grid.astype({"last_year": "Int64", "founded_year": "Int64"})
    counts = count_patents(*tables(), dt.date(2016, 1, 15))
    flagged = add_patents(grid, counts, dt.date(2016, 1, 15))
    assert flagged["patents_invention_complete"].tolist() == [True, False, False, False]
    assert flagged["patents_utility_model_complete"].tolist() == [True, True, False, False]
    assert flagged["patents_all_complete"].tolist() == [True, False, False, False]
    assert flagged["patents_invention"].tolist() == [0, 0, 2, 0]
    missing = add_patents(grid, counts, dt.date(2016, 1, 15), incomplete="missing")
    assert missing["patents_invention"].isna().tolist() == [False, True, True, True]
    assert missing["patents_utility_model"].isna().tolist() == [False, False, True, True]


def test_covariates() -> None:
    share = utility_share(count_patents(*tables(), dt.date(2015, 12, 31))).set_index("firm_id")[
        "utility_share"
    ]
    assert share.to_dict() == {A: pytest.approx(1 / 3), B: 0.0}
    patent, party, audit = tables()
    filings = filings_of_firms(patent, firm_shares(party, audit))
    about = firm_covariates(FIRM, filings, before=2016, reform=2017).set_index("firm_id")
    assert about["patents_before"].tolist() == [
        1.0,
        0.5,
        0.0,
    ]  # three years; two since 2014; unknown age: three
    assert about["utility_share"].tolist() == pytest.approx([1 / 3, 0.0, 0.0])
    assert about["founded_year"].tolist() == [2000, 2014, pd.NA]
    young = firm_covariates(FIRM, filings, before=2014).set_index("firm_id")
    assert young["patents_before"].isna().tolist() == [False, True, False]
