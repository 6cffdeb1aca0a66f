"""A unit is treated at an observation if the observation is not before its first date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import zgzx_research as zr
from zgzx_research.errors import ZgzxError

DATA = Path(__file__).with_name("data")
ROLES: dict[str, Any] = {"outcome": "y", "unit": "unit", "period": "t", "first_treated": "first"}


def table(periods: Any, first: Any) -> pd.DataFrame:
    """One unit treated at `first` and one never treated, observed at all periods."""
    periods = list(periods)
    data = pd.DataFrame({"unit": np.repeat([1, 2], len(periods)), "t": periods * 2})
    data["first"] = [first] * len(periods) + [None] * len(periods)
    return data.assign(y=np.arange(len(data), dtype=float))


def first_period(periods: Any, first: Any, **options: Any) -> tuple[Any, int]:
    """The first observed period that counts as treated, as written, and its event time."""
    panel = zr.prepare_panel(table(periods, first), **ROLES, **options)
    start = panel.cohorts[panel.cohort[0]]
    at = int(np.flatnonzero(panel.periods >= start)[0])
    return list(periods)[at], int(panel.periods[at] - start)


def test_surveys_in_march() -> None:
    """The case: treated in September 2019, so from March 2020 on.

    The same from dates and from text.
    """
    data = pd.read_csv(DATA / "dates_surveys.csv").rename(columns={"wave": "t"})
    dates = data.assign(t=pd.to_datetime(data["t"]), first=pd.to_datetime(data["first"]))
    for written in (data, dates):
        frame = (
            zr.estimate_effects(zr.prepare_panel(written, **ROLES))
            .aggregate("event_time")
            .to_frame()
        )
        effects = frame.set_index("event_time")["estimate"]
        assert effects[0] == pytest.approx(4.011846, abs=5e-7)
        assert effects.loc[:-1].abs().max() < 0.1


MARCH = pd.date_range("2015-03-01", periods=6, freq="YS-MAR")
JANUARY = pd.date_range("2015-01-01", periods=6, freq="YS")
DECEMBER = pd.date_range("2015-12-31", periods=6, freq="YE")
QUARTERS = pd.date_range("2015-01-01", periods=8, freq="QS")
MONDAYS = pd.date_range("2015-01-05", periods=8, freq="W-MON")
WOBBLING = pd.to_datetime(["2015-03-02", "2016-03-14", "2017-02-27", "2018-03-05", "2019-03-11"])
BIENNIAL = pd.to_datetime([f"{y}-03-01" for y in range(2010, 2022, 2)])


@pytest.mark.parametrize(
    ("periods", "first", "treated", "event"),
    [
        (MARCH, "2018-03-01", "2018-03-01", 0),  # a point: treated on that very day
        (MARCH, "2018-03-02", "2019-03-01", 0),  # a day later: from the next survey
        (MARCH, "2018-02-28", "2018-03-01", 0),
        (JANUARY, "2018-09-15", "2018-01-01", 0),  # the start of the year stands for the year
        (DECEMBER, "2018-09-15", "2018-12-31", 0),
        (DECEMBER, "2018-01-01", "2018-12-31", 0),
        (QUARTERS, "2016-02-29", "2016-01-01", 0),
        (QUARTERS + pd.Timedelta(days=14), "2016-02-29", "2016-04-15", 0),
        (pd.date_range("2015-01-15", periods=8, freq="30D"), "2015-02-15", "2015-03-16", 0),
        (MONDAYS, "2015-01-21", "2015-01-19", 0),  # Monday stands for the week
        (MONDAYS + pd.Timedelta(days=2), "2015-01-22", "2015-01-28", 0),  # a Wednesday is a point
        (
            pd.date_range("2015-03-30 10:00", periods=6, freq="h"),
            "2015-03-30 12:30",
            "2015-03-30 12:00",
            0,
        ),
        (BIENNIAL, "2013-09-01", "2014-03-01", 0),  # in the second year between two waves
        (
            BIENNIAL,
            "2012-09-01",
            "2014-03-01",
            1,
        ),  # in the first year: one year before the wave of 2014
        (WOBBLING, "2017-06-01", "2018-03-05", 0),
        (JANUARY.delete(3), "2018-09-15", "2019-01-01", 1),  # nobody is observed in 2018
        (
            pd.date_range("2015-01-30", periods=8, freq="BME"),
            "2015-05-30",
            "2015-05-29",
            0,
        ),  # last working day
    ],
)
def test_which_observation_is_the_first_treated(
    periods: Any, first: str, treated: str, event: int
) -> None:
    assert first_period(periods, pd.Timestamp(first)) == (pd.Timestamp(treated), event)


@pytest.mark.parametrize(
    ("periods", "first", "treated"),
    [
        (pd.period_range("2015-01", periods=12, freq="M"), pd.Period("2015Q3"), "2015-07"),
        (pd.period_range("2015-01", periods=12, freq="M"), pd.Period("2015-07-20", "D"), "2015-07"),
        (pd.period_range("2014Q1", periods=12, freq="Q"), pd.Period("2015-06", "M"), "2015Q2"),
        (pd.period_range("2010", periods=8, freq="2Y"), pd.Period("2016", "Y"), "2016"),
        (pd.period_range("2010", periods=8, freq="2Y"), pd.Period("2017-05", "M"), "2016"),
        (pd.period_range("2010", periods=8, freq="Y-MAR"), pd.Period("2012-06", "M"), "2013"),
        (
            pd.period_range("2014-11", periods=8, freq="Q-JAN"),
            pd.Period("2015-08-15", "D"),
            "2016Q3",
        ),
    ],
)
def test_a_first_period_of_another_frequency(
    periods: pd.PeriodIndex, first: pd.Period, treated: str
) -> None:
    data = table(range(len(periods)), None)
    column = pd.Series(
        [first] * len(periods) + [pd.NaT] * len(periods), dtype=f"period[{first.freqstr}]"
    )
    data = data.assign(t=periods[data["t"]], first=column)
    panel = zr.prepare_panel(data, **ROLES)
    at = panel.periods.tolist().index(int(panel.cohorts[panel.cohort[0]]))
    assert str(periods[at]) == treated


def test_trading_days_and_irregular_waves_as_observed() -> None:
    days = pd.date_range("2015-01-01", periods=10, freq="B")
    assert first_period(days, pd.Timestamp("2015-01-10"), clock="observed") == (
        pd.Timestamp("2015-01-12"),
        0,
    )
    waves = pd.to_datetime(["2001-03-07", "2002-11-23", "2005-02-14", "2005-12-01"])
    assert first_period(waves, pd.Timestamp("2003-01-01"), clock="observed") == (waves[2], 0)


def test_the_ledger_says_where_a_first_date_was_counted() -> None:
    panel = zr.prepare_panel(table(MARCH, pd.Timestamp("2018-09-15")), **ROLES)
    row = panel.ledger.set_index("reason").loc[
        "first treated between observed dates: counted in this period"
    ]
    assert (row["units"], row["examples"]) == (1, ("2018-09-15 = 2019",))


def test_a_later_cohort_is_counted_on() -> None:
    """Treated 14 months after the last survey: two years later, and never within the panel."""
    panel = zr.prepare_panel(table(MARCH, pd.Timestamp("2021-05-01")), **ROLES)
    assert "treated after the last period: serves as never treated" in set(panel.ledger["reason"])


@pytest.mark.parametrize(
    ("zone", "other", "fine"),
    [
        ("Asia/Shanghai", "Asia/Shanghai", True),
        ("Asia/Shanghai", None, False),
        (None, "UTC", False),
        ("Asia/Shanghai", "UTC", False),
    ],
)
def test_one_time_zone_for_all_columns(zone: str | None, other: str | None, fine: bool) -> None:
    data = table(MARCH, pd.Timestamp("2018-03-01"))
    data = data.assign(
        t=data["t"].dt.tz_localize(zone), first=pd.to_datetime(data["first"]).dt.tz_localize(other)
    )
    if fine:
        assert zr.prepare_panel(data, **ROLES).cohorts[0] == 2018
        return
    with pytest.raises(ZgzxError, match=r"more than one time zone.*tz_convert"):
        zr.prepare_panel(data, **ROLES)


def test_zones_in_text_and_in_mixed_columns() -> None:
    data = table(MARCH, pd.Timestamp("2018-03-01"))
    text = data.assign(
        t=data["t"].dt.strftime("%Y-%m-%dT00:00:00+08:00"), first=pd.to_datetime(data["first"])
    )
    with pytest.raises(ZgzxError, match=r"more than one time zone, e.g. t: \+08:00; first: none"):
        zr.prepare_panel(text, **ROLES)
    mixed = text.assign(
        t=[f"{d:%Y-%m-%d}T00:00{'Z' if k % 2 else '+08:00'}" for k, d in enumerate(data["t"])]
    )
    with pytest.raises(ZgzxError, match=r"holds more than one time zone.*utc=True"):
        zr.prepare_panel(mixed, **ROLES)


def test_a_zone_does_not_matter_where_nobody_is_treated() -> None:
    data = table(MARCH, None)
    panel = zr.prepare_panel(data.assign(t=data["t"].dt.tz_localize("UTC")), **ROLES)
    assert panel.cohorts.tolist() == [np.inf]


def test_python_datetimes_with_a_zone() -> None:
    data = table(MARCH, pd.Timestamp("2018-09-01"))
    for name in ("t", "first"):
        local = pd.to_datetime(data[name]).dt.tz_localize("Asia/Shanghai")
        data[name] = pd.Series(
            [None if pd.isna(d) else d.to_pydatetime() for d in local], dtype=object
        )
    assert zr.prepare_panel(data, **ROLES).cohorts.tolist() == [2019, np.inf]


def test_dates_beside_whole_numbers_are_refused() -> None:
    data = table(MARCH, 2018.0)
    with pytest.raises(ZgzxError, match="only one of 't' and 'first' holds dates"):
        zr.prepare_panel(data, **ROLES)
    mixed = table([2015, pd.Timestamp("2016-01-01"), "2017"], None)
    with pytest.raises(ZgzxError, match=r"column 't' (mixes types|is written in two ways)"):
        zr.prepare_panel(mixed, **ROLES)
