"""Neighbouring programmes and published series.

Figures of the district, confounding that can be switched, files.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from zgzx_research.simulate.files.programme_files import write_programmes
from zgzx_research.simulate.world.constants import switched
from zgzx_research.simulate.world.firm_population import simulate_firms
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.other_programmes import district_years, specialised_onset
from zgzx_research.simulate.world.random_draws import stream


@pytest.fixture(scope="module")
def written(world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    raw = tmp_path_factory.mktemp("raw")
    (raw / "programmes").mkdir()
    return raw, pd.concat(write_programmes(world, raw), ignore_index=True)


def share(table: pd.DataFrame, indicator: str, year: int) -> float:
    return float(table.query("indicator == @indicator and year == @year")["value"].iloc[0])


# --- 专精特新
# --------------------------------------------------------------------------------------------------


def test_large_firms_of_high_level_are_named_from_2019_on() -> None:
    rules = switched()
    firm = simulate_firms(rules, 12_000, stream(1, "firms"))
    onset = specialised_onset(rules, firm, stream(1, "specialised"))
    named = ~np.isnan(onset)
    assert pd.Series(onset[named]).value_counts().to_dict() == dict.fromkeys(
        range(2019, 2026), 48
    )  # .004 of 12,000
    assert firm.loc[named, "level"].notna().all()
    assert (firm.loc[named, "founded"].dt.year <= onset[named] - 2).all()
    assert (firm.loc[named, "closed"].dt.year.fillna(9999) >= onset[named]).all()
    for size, rows in firm[firm["level"].notna() & (firm["size_rank"] > 0)].groupby("size_rank"):
        high = rows["level"] > rows["level"].median()
        assert named[rows.index][high].mean() > named[rows.index][~high].mean(), size
    by_size = pd.Series(named).groupby(firm["size_rank"]).mean()
    assert by_size.is_monotonic_increasing


def test_traps_are_rows() -> None:
    assert switched()["programmes"]["effect"] == 0.10
    assert switched(["concurrent_programmes"])["programmes"]["effect"] == 0
    flat = district_years(switched(["city_trend"]), 1.0)
    assert share(flat, "high_skill_share", 2012) == 12
    assert share(flat, "high_skill_share", 2024) == 12.4
    assert share(flat, "city_high_skill_share", 2024) == 13.56


# --- figures
# --------------------------------------------------------------------------------------------------


def test_participations_are_just_above_the_published_figures(world: World) -> None:
    table = world.programmes["participation"]
    assert 100_000 < table["participations"].sum() <= 102_000
    assert 1_000 < table.loc[table["edition"] == 1, "participations"].sum() <= 1_100
    assert not table.duplicated(["edition", "street", "route"]).any()
    early = set(table.loc[(table["edition"] <= 5) & (table["route"] == "街道"), "street"])
    late = set(table.loc[(table["edition"] >= 6) & (table["route"] == "街道"), "street"])
    assert (len(early), len(late)) == (8, 11)


@pytest.mark.parametrize(("scale", "last"), [(1.0, 38.0), (0.0, 37.6), (3.0, 38.8), (-1.0, 37.2)])
def test_skill_share_is_the_city_trend_and_four_tenths(scale: float, last: float) -> None:
    table = district_years(switched(), scale)
    assert share(table, "high_skill_share", 2012) == 12.0
    assert share(table, "high_skill_share", 2024) == last
    assert share(table, "high_skill_share", 2018) == pytest.approx((12 + last) / 2, abs=0.006)
    assert share(table, "city_high_skill_share", 2024) == 39.16


def test_published_series(world: World) -> None:
    table = world.programmes["district_year"]
    assert share(table, "industrial_workers", 2024) == 2_000_000
    assert share(table, "labour_intensive_share", 2010) > 60
    assert share(table, "skilled_share", 2010) < 15
    assert share(table, "population", 2022) == 407.36
    gdp = table[table["indicator"] == "gdp"].set_index(["year", "vintage"])["value"]
    assert gdp[2024, 2025] / gdp[2023, 2025] - 1 == pytest.approx(0.067, abs=1e-5)
    assert gdp[2023, 2024] == 5043.03
    contests = table[table["indicator"].str.startswith("skills_contest")].set_index("indicator")[
        "value"
    ]
    assert contests.tolist() == [60, 5000, 461, 320]
    assert not table.duplicated(["year", "vintage", "indicator"]).any()
    invented = table["indicator"].isin(
        ["high_skill_share", "city_high_skill_share", "turnover", "skilled_share"]
    )
    assert table.loc[invented, "source"].str.startswith("合成").all()


def test_craftsmen_are_experienced_and_named_once(world: World) -> None:
    rows = world.programmes["programme"].query("programme == 'craftsman'")
    assert (rows["detail"] == "龙岗工匠").sum() == 59
    assert rows["worker_id"].is_unique
    assert rows["onset"].dt.year.between(2018, 2024).all()
    met = rows.merge(world.spell, on=["firm_id", "worker_id"])
    year = met["onset"].dt.year
    there = (met["start_ym"] <= (year - 3) * 100 + 12) & (
        met["end_ym"].fillna(999_912) >= year * 100 + 12
    )
    assert set(met.loc[there, "worker_id"]) == set(rows["worker_id"])


def test_experts_visit_named_firms_later(world: World) -> None:
    programme = world.programmes["programme"]
    named = programme.query("programme == 'specialised'").set_index("firm_id")["onset"]
    visits = programme.query("programme == 'visit'")
    assert len(visits) > 10
    assert (visits["onset"].dt.year > visits["firm_id"].map(named).dt.year).all()
    assert visits["onset"].is_monotonic_increasing
    assert set(named.index) == set(world.firm.loc[world.firm["specialised"].notna(), "firm_id"])
    assert world.truth["programme"].equals(programme)


# --- files
# --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("expert_visits", "走访日期,企业名称,专家组,事项"),
        ("costs", "届次,项目,金额(万元)"),
        ("participation", "届次,街道（行业）工会,途径,参与人次"),
        ("district_series", "年份,指标,数值,单位,版本,来源"),
    ],
)
def test_tables_have_the_agreed_headers(
    written: tuple[Path, pd.DataFrame], name: str, header: str
) -> None:
    raw, record = written
    table = pd.read_csv(
        raw / f"programmes/{name}.csv", encoding="utf-8-sig", dtype="str", keep_default_na=False
    )
    assert ",".join(table) == header
    assert (table != "").all(axis=None)
    own = record[record["file"] == f"programmes/{name}.csv"]
    assert own["row"].tolist() == list(range(2, len(table) + 2))


def test_amounts_are_the_costs_of_the_world(
    world: World, written: tuple[Path, pd.DataFrame]
) -> None:
    table = pd.read_csv(written[0] / "programmes/costs.csv")
    assert (table["金额(万元)"] * 10_000).round().astype(int).tolist() == world.programmes["cost"][
        "cny"
    ].tolist()
    assert len(table) == 12 * 5


def test_lists_name_the_firms_and_people_of_the_world(
    world: World, written: tuple[Path, pd.DataFrame], names_on
) -> None:
    raw, record = written
    firm, name = world.firm.set_index("firm_id"), world.worker.set_index("worker_id")["name"]
    for kind, file, columns, last in (
        (
            "specialised",
            "specialised_firms",
            "序号 企业名称 统一社会信用代码 所属区 批次 认定年度 有效期",
            "2019-2022",
        ),
        ("craftsman", "craftsmen", "序号 姓名 工作单位 称号 认定年度", "2018"),
    ):
        rows = list(
            openpyxl.load_workbook(raw / f"programmes/{file}.xlsx").active.iter_rows(
                values_only=True
            )
        )
        assert list(rows[1]) == columns.split()
        assert rows[2][-1] == last
        own = record[record["file"] == f"programmes/{file}.xlsx"]
        assert own["row"].tolist() == list(range(3, len(rows)))
        programme = world.programmes["programme"]
        onset = programme.loc[programme["programme"] == kind, "onset"]
        own = own.assign(official=names_on(own["firm_id"], onset)["name"].to_numpy())
        for entry, cells in zip(own.itertuples(), rows[2:-1], strict=True):
            written_name = cells[
                rows[1].index("企业名称" if file == "specialised_firms" else "工作单位")
            ]
            assert (written_name == entry.official) == ("firm_variant" not in entry.dirt)
            if file == "craftsmen":
                assert cells[1] == name[entry.worker_id]
            else:
                assert cells[2] == (
                    None if "uscc_missing" in entry.dirt else firm["uscc"][entry.firm_id]
                )
    lists = record[record["firm_id"].notna()]
    assert lists["dirt"].str.contains("firm_variant").sum() == math.ceil(0.10 * len(lists))
