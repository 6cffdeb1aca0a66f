"""Dirty tables, one test per kind: the whole message of the error, or the row of the ledger."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError
from zgzx_research.report.wording import word_or_code

ROLES: dict[str, Any] = {"outcome": "y", "unit": "firm", "period": "year", "first_treated": "first"}
STARTS = {"A": 2003, "B": np.nan, "C": 2002, "D": np.nan, "E": 2003, "F": np.nan}
SIZES = {"A": 1.0, "B": 4.0, "C": 9.0, "D": 2.0, "E": 7.0, "F": 5.0}
CORRECT = "Correct these values or set them to missing"


def table(**changes: object) -> pd.DataFrame:
    """Six firms in four years; rows 0-3 are firm A, 4-7 firm B and so on."""
    rows = [
        (f, t, float(i + t), g, SIZES[f])
        for i, (f, g) in enumerate(STARTS.items())
        for t in range(2001, 2005)
    ]
    return pd.DataFrame(rows, columns=["firm", "year", "y", "first", "size"]).assign(**changes)


def soiled(column: str, rows: int | list[int], value: object) -> pd.DataFrame:
    data = table()
    data.loc[rows, column] = value
    return data


def message(data: Any, **options: Any) -> str:
    with pytest.raises(ZgzxError) as caught:
        prepare_panel(data, **(ROLES | options))
    return str(caught.value)


def clean(data: Any, **options: Any) -> PreparedPanel:
    return prepare_panel(data, **(ROLES | options))


def ledger(panel: PreparedPanel) -> list[tuple]:
    for reason in panel.ledger["reason"]:
        assert word_or_code("ledger.reason", reason, "zh") != reason
    counted = panel.ledger["reason"] == "periods are whole numbers, counted as written"
    return [*panel.ledger[~counted].itertuples(index=False, name=None)]


def test_covariate_missing_in_a_unit() -> None:
    panel = clean(soiled("size", [0, 1, 2, 3], np.nan), covariates=("size",))
    assert ledger(panel) == [("units", "covariate missing", 4, 1, ("A",))]
    assert panel.covariates.ravel().tolist() == [4, 9, 2, 7, 5]


def test_covariate_missing_in_one_row() -> None:
    """The unit leaves where the earlier period of a comparison counts, as in R.

    Else the comparisons with that base.
    """
    old = {"covariates_at": "earlier"}
    assert ledger(clean(soiled("size", 6, np.nan), covariates=("size",), **old)) == [
        ("units", "covariate missing", 4, 1, ("B",))
    ]
    data = table(load=np.random.default_rng(0).normal(size=24))
    data.loc[9, "load"] = np.nan
    panel = clean(data, covariates=("size", "load"), **old)
    assert ledger(panel) == [("units", "covariate missing", 4, 1, ("C",))]
    assert panel.covariates.shape == (5, 4, 2)
    assert not np.isnan(panel.covariates).any()
    reason = (
        "covariate missing in some rows: the unit is in no comparison with such a row as its base"
    )
    panel = clean(data, covariates=("size", "load"))
    assert ledger(panel) == [("note", reason, 1, 1, ("C",))]
    assert panel.covariates.shape == (6, 4, 2)
    assert np.argwhere(np.isnan(panel.covariates)).tolist() == [[2, 1, 1]]


def test_covariate_missing_where_the_outcome_is_missing_too() -> None:
    data = table(load=np.random.default_rng(0).normal(size=24))
    data.loc[9, ["load", "y"]] = np.nan
    panel = clean(data, covariates=("load",))
    assert len(panel.y) == 6
    assert ledger(panel) == [
        ("rows", "outcome missing", 1, 1, ("firm=C",)),
        ("note", "units with unobserved periods, used by gaps='pairwise'", 0, 1, ()),
    ]


def test_outcome_missing() -> None:
    panel = clean(soiled("y", [4, 6, 12, 13, 14, 15], np.nan))
    assert ledger(panel) == [
        ("rows", "outcome missing", 6, 2, ("firm=B", "firm=D")),
        ("note", "units with unobserved periods, used by gaps='pairwise'", 0, 1, ()),
    ]
    assert panel.y.shape == (5, 4)
    assert np.isnan(panel.y[1]).tolist() == [True, False, True, False]


def test_unit_or_period_missing() -> None:
    assert ledger(clean(soiled("firm", 3, None)))[0] == ("rows", "unit missing", 1, 0, ())
    assert ledger(clean(soiled("year", 3, np.nan)))[0] == (
        "rows",
        "period missing",
        1,
        1,
        ("firm=A",),
    )


def test_duplicates() -> None:
    data = pd.concat([table(), table().iloc[[5, 5, 9]]])
    expected = (
        "prepare_panel: a (firm, year) pair stands more than once, 2 affected, e.g. (B, "
        "2002); (C, 2002). "
    )
    assert message(data) == expected + "Keep one row per unit and period."


def test_duplicates_of_dates() -> None:
    data = pd.concat([table(), table().iloc[[5]]])
    data = data.assign(year=pd.to_datetime(data["year"].astype(str)), first=pd.NaT)
    expected = (
        "prepare_panel: a (firm, year) pair stands more than once, 1 affected, e.g. (B, "
        "2002-01-01). "
    )
    assert message(data) == expected + "Keep one row per unit and period."


@pytest.mark.parametrize(("value", "shown"), [(2004, "2003, 2004"), (np.nan, "2003, missing")])
def test_cohort_varies(value: float, shown: str) -> None:
    expected = (
        f"prepare_panel: 'first' changes within a unit, 1 affected, e.g. A: {shown}. Keep one "
        f"value per unit."
    )
    assert message(soiled("first", 0, value)) == expected


@pytest.mark.parametrize(
    ("code", "shown"),
    [(0, "0"), (-1, "-1"), (np.inf, "inf"), (9999, "9999"), ("0", "0"), ("9999", "9999")],
)
def test_never_treated_coded_as_a_number(code: object, shown: str) -> None:
    data = table()
    data["first"] = data["first"].astype(object).where(data["first"].notna(), code)
    if not isinstance(code, str):
        data["first"] = data["first"].astype(float)
    expected = (
        f"prepare_panel: 'first' seems to code 'never treated' as a number, 3 affected, e.g. "
        f"{shown}. "
    )
    remedy = (
        f"Set it to missing for units never treated (on the command line: --never-treated {shown})."
    )
    assert message(data) == expected + remedy


def test_never_treated_coded_as_a_far_date() -> None:
    starts = [
        datetime.date(9999, 12, 31) if np.isnan(g) else datetime.date(int(g), 1, 1)
        for g in table()["first"]
    ]
    data = table(
        year=pd.to_datetime(table()["year"].astype(str)), first=pd.Series(starts, dtype=object)
    )
    expected = (
        "prepare_panel: 'first' seems to code 'never treated' as a date, 3 affected, e.g. "
        "9999-12-31. "
    )
    assert message(data) == expected + "Set it to missing for units never treated."


def test_never_treated_coded_as_text() -> None:
    data = table()
    data["first"] = data["first"].astype(object).where(data["first"].notna(), "never")
    expected = (
        "prepare_panel: 'first' seems to code 'never treated' as text, 3 affected, e.g. never. "
    )
    assert message(data) == expected + (
        "Set it to missing for units never treated, "
        "e.g. with table[\"first\"].replace(['never'], None)."
    )


def test_infinite_outcome() -> None:
    expected = f"column 'y': the outcome is infinite, 2 affected, e.g. firm=A; firm=C. {CORRECT} "
    assert (
        message(soiled("y", [2, 9], -np.inf))
        == expected + "(a logarithm of zero is the usual cause)."
    )


def test_infinite_covariate() -> None:
    expected = f"column 'size': the covariate is infinite, 1 affected, e.g. B. {CORRECT}."
    assert message(soiled("size", 4, np.inf), covariates=("size",)) == expected
    assert message(soiled("size", [4, 5, 6, 7], np.inf), covariates=("size",)) == expected


def test_collinear_and_constant_covariates() -> None:
    data = table()
    data = data.assign(twice=2 * data["size"] + 1, three=3.0, square=data["size"] ** 2)
    panel = clean(data, covariates=("size", "twice", "three", "square"))
    reason = "covariate dropped: constant, or a combination of the others"
    assert ledger(panel) == [("note", reason, 0, 0, ("twice",)), ("note", reason, 0, 0, ("three",))]
    assert panel.covariate_names == ("size", "square")
    assert panel.covariates.shape == (6, 1, 2)
    alone = clean(data, covariates=("three",))
    assert (alone.covariates, alone.covariate_names) == (None, ())


def test_a_covariate_that_is_the_same_for_all_in_each_period() -> None:
    data = table(trend=table()["year"] * 1.0, load=np.random.default_rng(0).normal(size=24))
    panel = clean(data, covariates=("load", "trend"))
    assert panel.covariate_names == ("load",)


@pytest.mark.parametrize(
    ("weights", "count", "shown"),
    [
        ([0.0] * 4 + [1.0] * 20, 1, "A"),
        ([np.nan] + [1.0] * 23, 1, "A"),
        ([np.inf] * 4 + [1.0] * 20, 1, "A"),
        (np.arange(24.0) - 5, 2, "A; B"),
    ],
)
def test_unusable_weights(weights: Any, count: int, shown: str) -> None:
    expected = f"column 'w': weights must be positive numbers, {count} affected, e.g. {shown}. "
    assert (
        message(table(w=weights), weights="w")
        == expected + "Leave these units out, or weight them."
    )


def test_varying_weights() -> None:
    panel = clean(table(w=np.arange(1.0, 25)), weights="w")
    np.testing.assert_array_equal(panel.weights, np.arange(1.0, 25).reshape(6, 4))


def test_clusters() -> None:
    assert clean(table(c=["p"] * 12 + ["b"] * 12), cluster="c").cluster.tolist() == [
        1,
        1,
        1,
        0,
        0,
        0,
    ]
    changes = (
        "prepare_panel: 'c' changes within a unit, 1 affected, e.g. D: p, q. Keep one value "
        "per unit."
    )
    assert message(table(c=["p"] * 13 + ["q"] * 11), cluster="c") == changes
    changes = (
        "prepare_panel: 'c' changes within a unit, 1 affected, e.g. D: 1, missing. Keep one "
        "value per unit."
    )
    assert message(table(c=[1.0] * 13 + [np.nan] * 11), cluster="c") == changes
    missing = "column 'c': the cluster is missing, 2 affected, e.g. E; F. "
    assert message(table(c=["p"] * 16 + [None] * 8), cluster="c") == missing + (
        "Leave these units out, or give them a cluster."
    )


def test_nothing_left() -> None:
    remedy = "See that the columns are the right ones."
    expected = f"prepare_panel: no usable row is left, e.g. outcome missing in 24. {remedy}"
    assert message(table(y=np.nan)) == expected
    assert message(table().iloc[:0]) == f"prepare_panel: no usable row is left. {remedy}"
    expected = (
        "prepare_panel: no unit is left, 6 affected, e.g. already treated in the first period: 6. "
    )
    assert message(table(first=2000.0)) == expected + "Add earlier periods."
    gappy = table(first=2000.0).iloc[1:]
    assert message(gappy, gaps="balance").endswith(
        "Add earlier periods, or choose gaps='pairwise'."
    )


def test_unbalanced_says_what_is_in_force() -> None:
    data = table().drop(index=[3, 9])
    for gaps in ("pairwise", "cross_section"):
        reason = f"units with unobserved periods, used by gaps={gaps!r}"
        assert ledger(clean(data, gaps=gaps)) == [("note", reason, 0, 2, ())]
    reason = "not observed in every period (gaps='balance')"
    balanced = clean(data, gaps="balance")
    assert ledger(balanced) == [("units", reason, 6, 2, ("A", "C"))]
    assert balanced.y.shape == (4, 4)


def test_each_row_its_own_unit() -> None:
    panel = clean(table(), unit=None, gaps="cross_section")
    assert ledger(panel) == [("note", "no unit column: each row is its own unit", 0, 24, ())]
    assert panel.y.shape == (24, 4)
    assert (~np.isnan(panel.y)).sum(axis=1).tolist() == [1] * 24
    expected = "prepare_panel: unit=None makes each row its own unit, so no unit is seen twice. "
    assert message(table(), unit=None) == expected + (
        "Name the unit column, or pass gaps='cross_section' for repeated cross-sections."
    )


TYPES = {
    "text outcome": (
        {"y": "many"},
        "column 'y' holds str, not numbers, e.g. many. Convert it first, e.g. with "
        "pandas.to_numeric.",
    ),
    "boolean outcome": (
        {"y": [True, False] * 12},
        "column 'y' holds true and false. Name another column, or write 1 and 0 where "
        "numbers are meant.",
    ),
    "boolean period": (
        {"year": [True, False] * 12},
        "column 'year' holds true and false. Name another column, or write 1 and 0 where "
        "numbers are meant.",
    ),
    "boolean unit": (
        {"firm": pd.Series([True, False] * 12, dtype=object)},
        "column 'firm' holds true and false. Name another column, or write 1 and 0 where "
        "numbers are meant.",
    ),
    "mixed units": (
        {"firm": pd.Series([1] * 4 + ["1"] * 20, dtype=object)},
        "column 'firm' mixes types, e.g. 1; '1'. Make them one type, e.g. with astype(str).",
    ),
    "text periods": (
        {"year": ["wave a", "wave b", "wave c", "wave d"] * 6},
        "column 'year' holds values that are neither whole numbers nor dates, e.g. wave "
        "a; wave b; wave c. "
        "Convert them with pandas.to_datetime or pandas.PeriodIndex.",
    ),
    "quarters and numbers": (
        {"year": ["2001Q1", "2001Q2", "2001Q3", "2001Q4"] * 6},
        "only one of 'year' and 'first' holds dates. Give both as dates, or both as whole numbers.",
    ),
    "dates and numbers": (
        {"year": pd.to_datetime(["2001", "2002", "2003", "2004"] * 6)},
        "only one of 'year' and 'first' holds dates. Give both as dates, or both as whole numbers.",
    ),
}


@pytest.mark.parametrize("case", TYPES)
def test_types(case: str) -> None:
    changes, expected = TYPES[case]
    assert message(table(**changes)) == f"prepare_panel: {expected}"


def test_fractions() -> None:
    expected = (
        "column 'year': periods must be whole numbers, 24 affected, e.g. 2001.5; 2002.5; 2003.5. "
    )
    assert (
        message(table(year=table()["year"] + 0.5))
        == expected + "Number the periods 1, 2, 3, or pass dates."
    )
    expected = (
        "column 'first': first treated periods must be whole numbers, 1 affected, e.g. 2003.5. "
    )
    assert (
        message(soiled("first", [0, 1, 2, 3], 2003.5))
        == expected + "Give the period in which treatment began."
    )


OWN = "Name a column of its own for each."
WORDS = {
    "gaps": (
        {"gaps": "drop"},
        "gaps='drop' is unknown. Choose one of pairwise, balance, cross_section.",
    ),
    "covariates_at": (
        {"covariates_at": "now"},
        "covariates_at='now' is unknown. Choose one of base, earlier.",
    ),
    "one word": (
        {"covariates": "size"},
        "covariates='size' is one word, not a list of columns. Pass covariates=('size',).",
    ),
    "two roles": ({"outcome": "firm"}, f"column 'firm' is named as outcome and as unit. {OWN}"),
    "outcome as covariate": (
        {"covariates": ("y",)},
        f"column 'y' is named as outcome and as covariate. {OWN}",
    ),
    "outcome as weights": (
        {"weights": "y"},
        f"column 'y' is named as weights and as outcome. {OWN}",
    ),
    "period as cluster": (
        {"cluster": "year"},
        f"column 'year' is named as cluster and as period. {OWN}",
    ),
    "missing column": (
        {"outcome": "patents"},
        "the table has no such column, 1 affected, e.g. patents. Its columns are firm, "
        "year, y, first, size.",
    ),
    "nearly a column": (
        {"period": "yeer"},
        "the table has no such column, 1 affected, e.g. yeer. Did you mean year? "
        "Its columns are firm, year, y, first, size.",
    ),
}


@pytest.mark.parametrize("case", WORDS)
def test_words(case: str) -> None:
    options, expected = WORDS[case]
    assert message(table(), **options) == f"prepare_panel: {expected}"


def test_roles_that_may_share_a_column() -> None:
    assert clean(table(), weights="size", covariates=("size",), cluster="firm").y.shape == (6, 4)


def test_no_table() -> None:
    remedy = "Pass a pandas, polars, arrow or duckdb table, or the path of a Parquet file."
    assert message([1, 2]) == f"prepare_panel: a list is not a table. {remedy}"
    expected = "none.parquet: there is no such file. Pass the path of a Parquet file."
    assert message("none.parquet") == expected
    twice = pd.concat([table(), table()[["y"]]], axis=1)
    expected = (
        "prepare_panel: the table has columns of the same name, 1 affected, e.g. y. Rename "
        "one of them."
    )
    assert message(twice) == expected


def test_a_text_file_is_no_parquet(tmp_path) -> None:
    path = tmp_path / "panel.parquet"
    path.write_text("firm,year\n")
    assert message(path) == f"{path}: this is no Parquet file. Save the table as Parquet."
