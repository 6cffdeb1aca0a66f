"""The clock: periods are counted evenly on the calendar, or refused with the call to make."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import zgzx_research as zr
from zgzx_research.did.panel.clock import SECONDS, UNIT_WORDS
from zgzx_research.errors import ZgzxError, ZgzxWarning
from zgzx_research.report.figures.event_study import plot_event_study
from zgzx_research.report.wording import event_axis

DATA = Path(__file__).with_name("data")
ROLES: dict[str, Any] = {"outcome": "y", "unit": "unit", "period": "t", "first_treated": "first"}
T = 14
STARTS = (5, 9, np.nan)


def panel(periods: Any = None) -> pd.DataFrame:
    """Thirty units in 14 periods, a third each treated from the sixth, from the tenth and never.

    Periods as given.
    """
    rng = np.random.default_rng(0)
    rows = [(u, t, STARTS[u % 3]) for u in range(30) for t in range(T)]
    data = pd.DataFrame(rows, columns=["unit", "t", "first"])
    data["y"] = rng.normal(size=len(data)) + 2 * (data["t"] >= data["first"])
    if periods is None:
        return data.assign(t=data["t"] + 1, first=data["first"] + 1)
    named = pd.Series(periods[:T])
    return data.assign(t=named.iloc[data["t"]].array, first=named.reindex(data["first"]).array)


def estimates(data: pd.DataFrame, **options: Any) -> list[float]:
    """Overall effect and mean over event times 1 to 3, without the period before treatment."""
    event = zr.estimate_effects(zr.prepare_panel(data, **ROLES, **options), leave_out=1).aggregate(
        "event_time"
    )
    return [event.overall["estimate"].iloc[0], event.window(1, 3)["estimate"].iloc[0]]


def refusal(data: pd.DataFrame, **options: Any) -> str:
    with pytest.raises(ZgzxError) as caught:
        zr.prepare_panel(data, **ROLES, **options)
    return str(caught.value)


WANTED = estimates(panel())
MONTHS = pd.period_range("2014-03", periods=T, freq="M")
QUARTERS = pd.period_range("2014Q1", periods=T, freq="Q")
WEEKS = pd.date_range("2014-11-03", periods=T, freq="7D")
ENDS = pd.date_range("2014-01-31", periods=T, freq="ME")
LAWFUL_DATES = {  # pandas frequency -> step
    "YS": "year",
    "YE": "year",
    "YS-APR": "year",
    "YE-MAR": "year",
    "BYE": "year",
    "6MS": "half-year",
    "4MS": "4 months",
    "QS": "quarter",
    "QE": "quarter",
    "QS-FEB": "quarter",
    "BQE": "quarter",
    "BQS": "quarter",
    "2MS": "2 months",
    "MS": "month",
    "ME": "month",
    "BME": "month",
    "BMS": "month",
    "18MS": "18 months",
    "W-SUN": "week",
    "W-MON": "week",
    "W-WED": "week",
    "2W-MON": "2 weeks",
    "D": "day",
    "10D": "10 days",
    "h": "hour",
    "4h": "4 hours",
    "30min": "30 minutes",
}
LAWFUL_PERIODS = {
    "Y": "year",
    "Y-MAR": "year",
    "6M": "half-year",
    "Q": "quarter",
    "Q-JAN": "quarter",
    "M": "month",
    "2M": "2 months",
    "W": "week",
    "W-WED": "week",
    "D": "day",
    "h": "hour",
    "15min": "15 minutes",
    "s": "second",
}
TEXTS: dict[str, Any] = {
    "2014Q1": QUARTERS.strftime("%YQ%q"),
    "2014-Q1": QUARTERS.strftime("%Y-Q%q"),
    "Q1 2014": QUARTERS.strftime("Q%q %Y"),
    "2014年第1季度": [f"{q.year}年第{q.quarter}季度" for q in QUARTERS],
    "2014年一季度": [f"{q.year}年{'一二三四'[q.quarter - 1]}季度" for q in QUARTERS],
    "2014-03": MONTHS.strftime("%Y-%m"),
    "2014/3": [f"{m.year}/{m.month}" for m in MONTHS],
    "2014年3月": [f"{m.year}年{m.month}月" for m in MONTHS],
    "2014m3": [f"{m.year}m{m.month}" for m in MONTHS],
    "full width": [f"２０{m.year % 100}年{m.month}月" for m in MONTHS],
    "Mar 2014": MONTHS.strftime("%b %Y"),
    "2014H1": [f"{2014 + k // 2}H{k % 2 + 1}" for k in range(T)],
    "上半年": [f"{2014 + k // 2}年{'上下'[k % 2]}半年" for k in range(T)],
    "2014-W45": [f"{day:%G-W%V}" for day in WEEKS],
    "week range": pd.period_range("2014-11-03", periods=T, freq="W").astype(str),
    "2004/05": [f"{y}/{(y + 1) % 100:02d}" for y in range(2004, 2018)],
    "2004-2005": [f"{y}-{y + 1}" for y in range(2004, 2018)],
    "2004年": [f"{y}年" for y in range(2004, 2018)],
    "2014/1/31": [f"{d.year}/{d.month}/{d.day}" for d in ENDS],
    "31jan2014": ENDS.strftime("%d%b%Y"),
    "ISO time": ENDS.strftime("%Y-%m-%dT%H:%M:%SZ"),
}


@pytest.mark.parametrize("freq", LAWFUL_DATES)
def test_dates_of_any_frequency(freq: str) -> None:
    data = panel(pd.date_range("2014-01-01", periods=T, freq=freq))
    assert zr.prepare_panel(data, **ROLES).clock.step == LAWFUL_DATES[freq]
    np.testing.assert_allclose(estimates(data), WANTED)


@pytest.mark.parametrize("freq", LAWFUL_PERIODS)
def test_pandas_periods_of_any_frequency(freq: str) -> None:
    data = panel(pd.period_range("2014-03-03", periods=T, freq=freq))
    assert zr.prepare_panel(data, **ROLES).clock.step == LAWFUL_PERIODS[freq]
    np.testing.assert_allclose(estimates(data), WANTED)


@pytest.mark.parametrize("written", TEXTS)
def test_text(written: str) -> None:
    np.testing.assert_allclose(estimates(panel(list(TEXTS[written]))), WANTED)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_numpy_dates_of_any_unit(unit: str) -> None:
    data = panel(pd.date_range("2014-01-01", periods=T, freq="QS").as_unit(unit))
    np.testing.assert_allclose(estimates(data), WANTED)


def test_polars_dates() -> None:
    polars = pytest.importorskip("polars")
    data = panel(pd.date_range("2014-01-01", periods=T, freq="MS"))
    frame = polars.from_pandas(data).with_columns(polars.col("t", "first").cast(polars.Date))
    np.testing.assert_allclose(estimates(frame), WANTED)


def test_arrow_dates() -> None:
    data = panel(pd.date_range("2014-01-01", periods=T, freq="MS"))
    table = pa.Table.from_pandas(data)
    for name in ("t", "first"):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].cast(pa.timestamp("s")).cast(pa.date32()))
    np.testing.assert_allclose(estimates(table), WANTED)


def test_parquet_with_periods_as_text(tmp_path: Path) -> None:
    panel(list(TEXTS["2014Q1"])).to_parquet(tmp_path / "panel.parquet")
    np.testing.assert_allclose(estimates(tmp_path / "panel.parquet"), WANTED)


def days_since(origin: str, freq: str, first: str = "2014-01-01") -> list[int]:
    return [(day - pd.Timestamp(origin)).days for day in pd.date_range(first, periods=T, freq=freq)]


CODES: dict[str, tuple[Any, str]] = {  # numbers -> what the message must hold
    "YYYYMM": (MONTHS.strftime("%Y%m").astype(int), 'format="%Y%m"'),
    "YYYYMM as text": (MONTHS.strftime("%Y%m"), 'format="%Y%m"'),
    "YYYYQ": (QUARTERS.strftime("%Y%q").astype(int), r'r"Q\1"'),
    "YYYYH": ([(2014 + k // 2) * 10 + k % 2 + 1 for k in range(T)], r'r"H\1"'),
    "YYYYT": ([(2014 + k // 3) * 10 + k % 3 + 1 for k in range(T)], "3 * ("),
    "YYYYMMDD": (ENDS.strftime("%Y%m%d").astype(int), 'format="%Y%m%d"'),
    "YYYYDDD": (
        [int(f"{d:%Y%j}") for d in pd.date_range("2014-12-25", periods=T)],
        'format="%Y%j"',
    ),
    "YYYYWW": ([int(f"{d:%G%V}") for d in WEEKS], 'format="%G%V%u"'),
    "YYMM": ([int(f"{m.year % 100}{m.month:02d}") for m in MONTHS], 'format="%y%m"'),
    "Excel months": (days_since("1899-12-30", "MS"), 'origin="1899-12-30"'),
    "Excel years": (days_since("1899-12-30", "YS", "2004-01-01"), 'origin="1899-12-30"'),
    "Excel trading days": (days_since("1899-12-30", "B"), 'origin="1899-12-30"'),
    "Stata days": (days_since("1960-01-01", "MS"), 'origin="1960-01-01"'),
    "Unix days": (days_since("1970-01-01", "MS"), 'origin="1970-01-01"'),
    "unix seconds": ([int(d.timestamp()) for d in ENDS], 'unit="s"'),
    "unix milliseconds": ([int(d.timestamp()) * 1000 for d in ENDS], 'unit="ms"'),
    "two-digit years": ([(95 + k) % 100 for k in range(T)], "+ 1900"),
    "200405": ([100 * y + (y + 1) % 100 for y in range(2004, 2018)], "// 100"),
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.filterwarnings("ignore")
def test_numbers_that_code_dates_name_the_call_that_works(code: str) -> None:
    """The remedy is carried out as written.

    Then the estimates are those of the plain panel (or of trading days).
    """
    numbers, part = CODES[code]
    table = panel(list(numbers))
    message = refusal(table)
    assert part in message
    calls = re.search(r"Pass (.*?) and (.*?)(?:, or clock='observed'.*)?\.$", message)
    assert calls
    names = {"pandas": pd, "table": table}
    corrected = table.assign(t=eval(calls.group(1), names), first=eval(calls.group(2), names))
    clock = {"clock": "observed"} if "trading" in code else {}
    np.testing.assert_allclose(estimates(corrected, **clock), WANTED)


@pytest.mark.parametrize("code", ["YYYYMM", "YYYYQ", "YYYYMMDD", "Excel trading days", "200405"])
def test_the_observed_clock_counts_what_is_there(code: str) -> None:
    np.testing.assert_allclose(estimates(panel(list(CODES[code][0])), clock="observed"), WANTED)


@pytest.mark.parametrize(
    ("periods", "part"),
    [
        (pd.date_range("2014-01-01", periods=T, freq="B"), "clock='observed'"),
        (
            pd.to_datetime(
                [
                    "2001-03-07",
                    "2002-11-23",
                    "2005-02-14",
                    "2006-01-01",
                    "2007-08-01",
                    "2007-12-20",
                    "2009-01-01",
                    "2010-05-05",
                    "2011-11-11",
                    "2012-12-12",
                    "2014-01-02",
                    "2015-01-01",
                    "2016-06-01",
                    "2018-01-01",
                ]
            ),
            "clock='observed'",
        ),
        ([*range(2014, 2024), 202501, 202502, 202503, 202504], "the same code in every row"),
        ([10 * (1 + k // 4) + k % 4 + 1 for k in range(T)], "clock='observed'"),
        ([2014 + k / 4 for k in range(T)], '(4 * table["t"]).round()'),
        (ENDS.strftime("%d/%m/%Y"), 'format="%d/%m/%Y"'),
        ([*MONTHS.strftime("%Y-%m")[:7], *QUARTERS.strftime("%YQ%q")[:7]], "written in two ways"),
        ([f"{y}-{(y + 1) % 100:02d}" for y in range(2001, 2012)] * 2, "month or school year"),
    ],
)
def test_what_is_not_even_is_refused(periods: Any, part: str) -> None:
    assert part in refusal(panel(list(periods)))


@pytest.mark.parametrize("freq", ["B", "C"])
def test_trading_days_as_observed(freq: str) -> None:
    data = panel(pd.date_range("2014-01-01", periods=T, freq=freq))
    np.testing.assert_allclose(estimates(data, clock="observed"), WANTED)


def test_months_as_whole_numbers() -> None:
    """The case: refused, or as with real dates."""
    table = pd.read_csv(DATA / "clock_months.csv").rename(columns={"month": "t"})
    assert (
        'pandas.to_datetime(table["t"].astype("Int64").astype("string"), format="%Y%m")'
        in refusal(table)
    )
    as_dates = {
        n: pd.to_datetime(table[n].astype("Int64").astype("string"), format="%Y%m")
        for n in ("t", "first")
    }
    as_text = {name: dates.dt.strftime("%Y-%m") for name, dates in as_dates.items()}
    for columns in (as_dates, as_text):
        effects = zr.estimate_effects(
            zr.prepare_panel(table.assign(**columns), **ROLES), leave_out=1
        )
        overall = effects.aggregate("overall").overall["estimate"].iloc[0]
        window = effects.aggregate("event_time").window(1, 3)["estimate"].iloc[0]
        np.testing.assert_allclose([overall, window], [5.683771, 2.845765], atol=5e-7)


@pytest.mark.parametrize("dated", [False, True])
def test_biennial_waves(dated: bool) -> None:
    years = list(range(2000, 2028, 2))
    data = panel(pd.to_datetime([f"{y}-01-01" for y in years]) if dated else years)
    prepared = zr.prepare_panel(data, **ROLES)
    assert prepared.clock.step == "2 years"
    assert "step: 2 years" in str(prepared.ledger["examples"].tolist())
    plain = zr.estimate_effects(zr.prepare_panel(panel(), **ROLES)).aggregate("event_time")
    event = zr.estimate_effects(prepared).aggregate("event_time")
    assert event.to_frame()["event_time"].tolist() == [
        2 * e for e in plain.to_frame()["event_time"]
    ]
    assert event.window(0, 2)["estimate"].iloc[0] == pytest.approx(
        plain.window(0, 1)["estimate"].iloc[0]
    )
    with pytest.raises(ZgzxError, match="Event times are -18, -16, -14"):
        event.window(1, 1)


def test_a_window_that_holds_no_wave_is_said() -> None:
    prepared = zr.prepare_panel(panel(range(2000, 2028, 2)), **ROLES)
    with pytest.warns(
        ZgzxWarning, match="leave_out=1 holds no observed period of 2 cohorts .* pass leave_out=2"
    ):
        nothing = zr.estimate_effects(prepared, leave_out=1)
    row = nothing.ledger.set_index("reason").loc[
        "declared window in which the cohort has no observed period"
    ]
    assert (row["units"], row["examples"]) == (
        20,
        ("leave_out=1 before 2010", "leave_out=1 before 2018"),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        event = zr.estimate_effects(prepared, leave_out=2).aggregate("event_time")
    assert event.overall["estimate"].iloc[0] == pytest.approx(WANTED[0])


def test_a_gap_before_one_cohort_is_said() -> None:
    data = panel(range(2001, 2015)).query("t != 2005")
    with pytest.warns(ZgzxWarning, match="anticipation=1 holds no observed period of 1 cohorts"):
        effects = zr.estimate_effects(zr.prepare_panel(data, **ROLES), anticipation=1)
    assert effects.ledger["examples"].tolist()[1] == ("between 2004 and 2006",)
    row = effects.ledger.set_index("reason").loc[
        "declared window in which the cohort has no observed period"
    ]
    assert (row["units"], row["examples"]) == (10, ("anticipation=1 before 2006",))


def test_single_gaps_of_years_stay_calendar_years() -> None:
    prepared = zr.prepare_panel(panel([*range(2001, 2014), 2016]), **ROLES)
    assert prepared.periods.tolist() == [*range(2001, 2014), 2016]
    assert prepared.clock.step == "year"


METHODS = (
    "group_time",
    "imputation",
    "interaction_weighted",
    "two_way_fixed_effects",
    "extended_two_way",
)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_on_a_clock_of_two_years(method: str) -> None:
    two, one = (
        zr.prepare_panel(panel(p), **ROLES) for p in (range(2000, 2028, 2), range(2000, 2014))
    )
    ours = zr.estimate_effects(two, method=method, leave_out=2).aggregate("overall").overall
    theirs = zr.estimate_effects(one, method=method, leave_out=1).aggregate("overall").overall
    np.testing.assert_allclose(
        ours[["estimate", "std_error"]].astype(float),
        theirs[["estimate", "std_error"]].astype(float),
    )


def test_stacked_says_what_to_do_on_a_clock_of_two_years() -> None:
    with pytest.raises(ZgzxError, match="clock='observed'"):
        zr.estimate_effects(
            zr.prepare_panel(panel(range(2000, 2028, 2)), **ROLES),
            method="stacked",
            event_window=(-2, 2),
        )


def test_the_summary_names_the_step() -> None:
    effects = zr.estimate_effects(zr.prepare_panel(panel(list(TEXTS["2014Q1"])), **ROLES))
    assert "2014-01-01 to 2017-04-01; step: quarter" in " ".join(str(effects.summary()).split())


def test_months_within_one_year_are_even_as_they_stand() -> None:
    data = panel()
    data = data[data["t"] <= 12].assign(
        t=lambda d: d["t"] + 201500, first=lambda d: d["first"] + 201500
    )
    assert zr.prepare_panel(data, **ROLES).periods.tolist() == list(range(201501, 201513))


def test_the_axis_of_the_figure_names_the_step() -> None:
    assert event_axis("unit", ("year", 2), "en") == "Years since first treatment (step: 2 years)"
    assert event_axis("unit", ("year", 2), "zh") == "距首次处理的年数（步长：2 年）"
    assert (
        event_axis("unit", ("quarter", 1), "en")
        == "Periods since first treatment (step: 1 quarter)"
    )
    assert (
        event_axis("award", ("year", 1), "en")
        == event_axis("award", None, "en")
        == "Years since the first award"
    )
    for unit in (
        *UNIT_WORDS.values(),
        *(name for _, name in SECONDS),
        "month",
        "period",
        "observed period",
    ):
        assert "3" in event_axis("unit", (unit, 3), "zh")


def test_the_step_stands_under_the_figure() -> None:
    event = zr.estimate_effects(zr.prepare_panel(panel(list(TEXTS["2014Q1"])), **ROLES)).aggregate(
        "event_time"
    )
    words: dict[str, Any] = {"outcome_label": "y", "about": "unit"}
    figure = plot_event_study(event, language="zh", **words).draw().figure
    assert [axes.get_xlabel() for axes in figure.axes] == ["距首次处理的期数（步长：1 个季度）"]
    frame, step = event.to_frame(), ("quarter", 1)
    assert (
        "step: 1 quarter" in plot_event_study(frame, language="en", step=step, **words).draw().alt
    )
