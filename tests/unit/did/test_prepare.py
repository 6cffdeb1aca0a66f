"""What prepare_panel makes of a table, however its rows lie and its columns are typed."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import date
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given

from tests.examples import examples
from zgzx_research.did.panel import blocks
from zgzx_research.did.panel import read_table as tables
from zgzx_research.did.panel.collinear import independent_columns
from zgzx_research.did.panel.parts import unit_count
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError

ROLES = {"outcome": "y", "unit": "firm", "period": "year", "first_treated": "first"}


def table(**changes: object) -> pd.DataFrame:
    starts = {"A": 2003, "B": np.nan, "C": 2002}
    rows = [
        (f, t, float(i + t), g)
        for i, (f, g) in enumerate(starts.items())
        for t in range(2001, 2005)
    ]
    return pd.DataFrame(rows, columns=["firm", "year", "y", "first"]).assign(**changes)


def same_panel(ours: PreparedPanel, theirs: PreparedPanel) -> None:
    for name in ("y", "cohort", "cohorts", "periods", "weights", "cluster", "covariates"):
        left, right = getattr(ours, name), getattr(theirs, name)
        assert (left is None) == (right is None)
        if left is not None:
            assert left.dtype == right.dtype
            np.testing.assert_array_equal(left, right, err_msg=name)
    assert ours.covariate_names == theirs.covariate_names
    pd.testing.assert_frame_equal(ours.ledger, theirs.ledger)


def wide_table(
    units: int = 60, *, seed: int = 0, gaps: float = 0.0, missing: float = 0.0
) -> pd.DataFrame:
    """Every role, with rows taken out and outcomes missing at random."""
    rng = np.random.default_rng(seed)
    unit, period = np.repeat(np.arange(units), 4), np.tile(np.arange(2001, 2005), units)
    data = pd.DataFrame({"firm": unit, "year": period, "y": rng.normal(size=units * 4)})
    data["first"] = rng.choice([np.nan, 2001, 2002, 2003, 2004, 2006], units)[unit]
    data["w"], data["x"] = rng.random(units)[unit] + 0.1, rng.normal(size=units)[unit]
    data["v"], data["c"] = rng.normal(size=units * 4), rng.integers(0, 9, units)[unit]
    data.loc[rng.random(len(data)) < missing, "y"] = np.nan
    return data[rng.random(len(data)) >= gaps]


ALL: dict[str, Any] = ROLES | {"weights": "w", "cluster": "c", "covariates": ("x", "v")}


def test_shapes_and_order_do_not_depend_on_row_order() -> None:
    shuffled = prepare_panel(table().sample(frac=1, random_state=1), **ROLES)
    ordered = prepare_panel(table(), **ROLES)
    np.testing.assert_array_equal(shuffled.y, ordered.y)
    assert ordered.y.shape == (3, 4)
    assert ordered.cohorts.tolist() == [2002, 2003, np.inf]
    assert ordered.cohort.tolist() == [1, 2, 0]
    assert [*ordered.ledger.itertuples(index=False, name=None)] == [
        ("note", "periods are whole numbers, counted as written", 0, 0, ("step: 1 year",))
    ]


def test_input_is_not_changed() -> None:
    data = table()
    before = data.copy(deep=True)
    prepare_panel(data, **ROLES)
    pd.testing.assert_frame_equal(data, before)


def test_everything_left_out_is_in_the_ledger() -> None:
    data = pd.concat(
        [
            table(),
            pd.DataFrame({"firm": "D", "year": range(2001, 2005), "y": 1.0, "first": 2001}),
            pd.DataFrame(
                {
                    "firm": "E",
                    "year": range(2001, 2005),
                    "y": [1.0, np.nan, 1.0, 1.0],
                    "first": np.nan,
                }
            ),
            pd.DataFrame({"firm": "F", "year": range(2001, 2005), "y": 1.0, "first": 2006}),
        ]
    )
    panel = prepare_panel(data, **ROLES)
    said = {row.reason: (row.rows, row.units, row.examples) for row in panel.ledger.itertuples()}
    assert said["outcome missing"] == (1, 1, ("firm=E",))
    assert said["already treated in the first period"] == (4, 1, ("D",))
    assert said["treated after the last period: serves as never treated"] == (0, 1, ("F",))
    assert said["units with unobserved periods, used by gaps='pairwise'"][1] == 1
    assert panel.y.shape == (5, 4)
    assert prepare_panel(data, **ROLES, gaps="balance").y.shape == (4, 4)


def test_later_changes_of_the_table_do_not_reach_the_panel() -> None:
    values = np.arange(12.0)
    data = pd.DataFrame(
        {"firm": np.repeat([1, 2, 3], 4), "year": np.tile(range(2001, 2005), 3), "first": np.nan}
    )
    data["y"] = pd.Series(values, copy=False)
    panel = prepare_panel(data, **ROLES)
    values[0] = 99
    data["y"] = 0.0
    assert panel.y.ravel().tolist() == list(range(12))
    panel.y[0, 0] = 5
    assert values[0] == 99


@pytest.mark.slow
@pytest.mark.slow
@examples(60)
@given(
    st.integers(0, 10**6), st.sampled_from([0.0, 0.2]), st.sampled_from([0.0, 0.2]), st.booleans()
)
def test_row_order(seed: int, gaps: float, missing: float, text: bool) -> None:
    data = wide_table(12, seed=seed, gaps=gaps, missing=missing)
    if text:
        data["firm"] = "F" + data["firm"].astype(str)
    same_panel(
        prepare_panel(data.sample(frac=1, random_state=seed), **ALL), prepare_panel(data, **ALL)
    )


@pytest.mark.slow
@examples(30)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.2]), st.sampled_from([0.0, 0.2]))
def test_against_pivot_tables(seed: int, gaps: float, missing: float) -> None:
    """An independent way to the same arrays."""
    data = wide_table(12, seed=seed, gaps=gaps, missing=missing).query("first != 2001")
    panel = prepare_panel(data, **ALL)
    seen = data.dropna(subset="y")
    wide = seen.pivot(index="firm", columns="year", values="y")
    np.testing.assert_array_equal(panel.y, wide.to_numpy())
    by_unit = seen.groupby("firm")[["first", "w", "c"]].first()
    first = by_unit["first"].where(by_unit["first"] <= wide.columns[-1], np.inf)
    np.testing.assert_array_equal(panel.cohorts[panel.cohort], first)
    np.testing.assert_array_equal(panel.weights[:, 0], by_unit["w"])
    np.testing.assert_array_equal(np.unique(by_unit["c"])[panel.cluster], by_unit["c"])
    np.testing.assert_array_equal(
        panel.covariates[:, :, 1], seen.pivot(index="firm", columns="year", values="v").to_numpy()
    )


@pytest.mark.parametrize("spread", [1, 10**9])
def test_unit_ids_dense_or_far_apart(spread: int) -> None:
    data = wide_table()
    far = data.assign(firm=(data["firm"] - 30) * spread)
    ours = prepare_panel(far.sample(frac=1, random_state=0), **ALL)
    np.testing.assert_array_equal(ours.y, prepare_panel(data, **ALL).y)


@pytest.mark.parametrize(
    "kind", ["int32", "uint64", "float64", "Int64", "str", "category", "datetime64[s]"]
)
def test_unit_ids_of_any_type(kind: str) -> None:
    data = wide_table(gaps=0.1)
    padded = data["firm"] + 10**6  # so that text sorts as numbers do
    if kind == "category":
        named = padded.astype(str)
        padded = pd.Series(
            pd.Categorical(named, categories=[*sorted(named.unique(), reverse=True), "unused"])
        )
        padded.index = data.index
    typed = data.assign(firm=padded if kind == "category" else padded.astype(kind))
    same = prepare_panel(typed, **ALL)
    np.testing.assert_array_equal(same.y, prepare_panel(data, **ALL).y)
    np.testing.assert_array_equal(same.cohort, prepare_panel(data, **ALL).cohort)


@pytest.mark.parametrize("gaps", [0.0, 0.15])
@pytest.mark.parametrize("rows", [5, 37, 1000])
def test_parquet_batches_are_the_frame(tmp_path, monkeypatch, gaps: float, rows: int) -> None:
    monkeypatch.setattr(tables, "BATCH", rows)
    data = wide_table(gaps=gaps, missing=gaps)
    for name, variant in (("sorted", data), ("shuffled", data.sample(frac=1, random_state=1))):
        for prefix in ("", "F"):
            named = (
                variant.assign(firm=prefix + (variant["firm"] + 100).astype(str))
                if prefix
                else variant
            )
            named.to_parquet(tmp_path / f"{name}.parquet")
            same_panel(
                prepare_panel(tmp_path / f"{name}.parquet", **ALL), prepare_panel(named, **ALL)
            )


def test_parquet_in_rising_order_is_read_in_parts(tmp_path, monkeypatch) -> None:
    """The table as a whole is never asked for."""
    monkeypatch.setattr(tables, "BATCH", 7)
    monkeypatch.setattr(blocks, "whole_table", None)
    wide_table().to_parquet(tmp_path / "panel.parquet")
    assert prepare_panel(tmp_path / "panel.parquet", **ALL).y.shape[1] == 4


def test_a_covariate_that_changes_in_some_batches_only(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tables, "BATCH", 16)
    data = wide_table(gaps=0.1).assign(c=lambda d: "c" + d["c"].astype(str))
    data.loc[data["firm"] < 40, ["v", "w"]] = 1.5
    data["w"] = data["w"].where(data["firm"] < 40, data["year"] - 2000.0)
    data.to_parquet(tmp_path / "panel.parquet")
    same_panel(prepare_panel(tmp_path / "panel.parquet", **ALL), prepare_panel(data, **ALL))


@pytest.mark.parametrize("fault", ["twice", "first", "infinite", "cluster"])
def test_errors_are_the_same_from_batches(tmp_path, monkeypatch, fault: str) -> None:
    data = wide_table().astype({"first": float})
    at = [9, 90, 150, 201]
    if fault == "twice":
        data = pd.concat([data, data.loc[at]]).sort_values(["firm", "year"])
    else:
        data.loc[at, {"first": "first", "infinite": "y", "cluster": "c"}[fault]] = (
            np.inf if fault == "infinite" else 99
        )
    data.to_parquet(tmp_path / "panel.parquet")
    messages = []
    for source, rows in ((data, 1000), (tmp_path / "panel.parquet", 23)):
        monkeypatch.setattr(tables, "BATCH", rows)
        with pytest.raises(ZgzxError) as caught:
            prepare_panel(source, **ALL)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert "4 affected" in messages[0]


def test_rows_as_units_from_batches(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tables, "BATCH", 23)
    data = wide_table(gaps=0.1, missing=0.1)
    data.to_parquet(tmp_path / "panel.parquet")
    options = ALL | {"unit": None, "gaps": "cross_section"}
    same_panel(prepare_panel(tmp_path / "panel.parquet", **options), prepare_panel(data, **options))


def test_other_tables_give_the_same_panel() -> None:
    import duckdb

    data = wide_table(gaps=0.1, missing=0.1)
    expected = prepare_panel(data, **ALL)
    same_panel(prepare_panel(pa.Table.from_pandas(data), **ALL), expected)
    with duckdb.connect() as connection:
        connection.register("panel", data)
        same_panel(prepare_panel(connection.sql("select * from panel"), **ALL), expected)


@pytest.mark.parametrize("lazy", [False, True])
def test_polars(lazy: bool) -> None:
    polars = pytest.importorskip("polars")
    data = wide_table(gaps=0.1, missing=0.1)
    frame = polars.from_pandas(data)
    same_panel(prepare_panel(frame.lazy() if lazy else frame, **ALL), prepare_panel(data, **ALL))


STEP = {  # dates, the number of the first one (all are consecutive)
    "years": (["2001-12-31", "2002-12-31", "2003-12-31", "2004-12-31"], 2001),
    "quarters": (["2001-01-01", "2001-04-01", "2001-07-01", "2001-10-01"], 4 * 2001),
    "months": (["2001-11-30", "2001-12-31", "2002-01-31", "2002-02-28"], 12 * 2001 + 10),
    "days": (
        ["2001-12-30", "2001-12-31", "2002-01-01", "2002-01-02"],
        date(2001, 12, 30).toordinal(),
    ),
}
WRITTEN = {
    "timestamps": lambda dates: dates,
    "with a time zone": lambda dates: dates.dt.tz_localize("Asia/Shanghai"),
    "date objects": lambda dates: dates.dt.date.astype(object).where(dates.notna(), None),
    "arrow": lambda dates: dates.astype("date32[pyarrow]"),
    "categories": lambda dates: dates.astype("category"),
    "days as pandas periods": lambda dates: dates.dt.to_period("D"),
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("step", STEP)
def test_dates(step: str, written: str) -> None:
    days, number = STEP[step]
    calendar = pd.Series(pd.to_datetime(days), index=range(2001, 2005))
    data = table()
    dated = data.assign(
        year=WRITTEN[written](data["year"].map(calendar)),
        first=WRITTEN[written](data["first"].map(calendar)),
    )
    panel = prepare_panel(dated, **ROLES)
    assert panel.periods.tolist() == [number, number + 1, number + 2, number + 3]
    assert panel.cohorts.tolist() == [number + 1, number + 2, np.inf]
    assert [*panel.ledger.itertuples(index=False, name=None)] == [
        ("note", f"periods are dates: read as {step}", 0, 0, (f"{days[0]} = {number}",))
    ]


def test_treatment_within_a_year_is_that_year() -> None:
    data = table()
    data = data.assign(year=pd.to_datetime(data["year"].astype(str)))
    data["first"] = pd.to_datetime(data["first"].map({2002: "2002-05-01", 2003: "2003-12-31"}))
    assert prepare_panel(data, **ROLES).cohorts.tolist() == [2002, 2003, np.inf]


@pytest.mark.parametrize("kind", ["Y", "Q", "M"])
def test_pandas_periods(kind: str) -> None:
    data = table()
    calendar = pd.Series(pd.period_range("2001", periods=4, freq=kind), index=range(2001, 2005))
    panel = prepare_panel(
        data.assign(year=data["year"].map(calendar), first=data["first"].map(calendar)), **ROLES
    )
    assert np.diff(panel.periods).tolist() == [1, 1, 1]
    assert panel.cohort.tolist() == [1, 2, 0]


def test_whole_numbers_as_text_and_categories() -> None:
    data, expected = table(), prepare_panel(table(), **ROLES)
    text = data["first"].map(lambda g: None if np.isnan(g) else f"{g:.0f}")
    same_panel(
        prepare_panel(data.assign(year=data["year"].astype(str), first=text), **ROLES), expected
    )
    typed = data.assign(
        year=data["year"].astype("category"), first=data["first"].astype("category")
    )
    same_panel(prepare_panel(typed, **ROLES), expected)
    same_panel(
        prepare_panel(data.astype({"year": "float64", "first": "Int64", "y": "Float64"}), **ROLES),
        expected,
    )


def test_nobody_treated_in_a_column_without_a_type() -> None:
    for nothing in (None, np.nan, pd.NaT):
        assert prepare_panel(table(first=nothing), **ROLES).cohorts.tolist() == [np.inf]


@pytest.mark.parametrize("mean", [0.0, 1e3, 1e6])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_what_counts_as_collinear(mean: float, scale: float) -> None:
    """`lone` is one unit of 20,000.

    The square is near the line when the mean is large, but not on it.
    """
    rng = np.random.default_rng(0)
    x, z = mean + rng.normal(size=20_000), rng.normal(size=20_000)
    lone = (np.arange(20_000) == 777) * 1.0
    columns = [x, 2 * x + 1, np.full(20_000, 0.1), x**2, lone, z, x - 3 * z]
    values = np.stack(columns, axis=1)[:, None] * scale
    assert independent_columns(values).tolist() == [True, False, False, True, True, True, False]


def test_collinear_with_gaps_and_changing_means() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 4)) + 10.0 ** np.arange(4)
    values = np.stack([x, x + np.arange(4.0), rng.normal(size=(500, 4))], axis=2)
    values[rng.random((500, 4)) < 0.3] = np.nan
    assert independent_columns(values).tolist() == [True, False, True]


def test_what_a_panel_remembers_is_no_part_of_it() -> None:
    """Stored results are found by the bytes of a panel, so a pass must not change them."""
    panel = prepare_panel(wide_table(), **ROLES)
    before = pickle.dumps(panel)
    assert unit_count(panel) == len(panel.y)
    assert panel.known
    assert pickle.dumps(panel) == before
    assert not pickle.loads(before).known
    assert not replace(panel, y=panel.y + 1).known
