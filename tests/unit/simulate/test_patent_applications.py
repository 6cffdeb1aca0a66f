"""Applications: cases filed twice, patents bought and sold, order of dates, parties."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from zgzx_research.simulate.world.constants import Order, switched
from zgzx_research.simulate.world.model import Contest, World, simulate_contest, simulate_counts
from zgzx_research.simulate.world.patent_applications import OUTSIDE, holders, simulate_applications

ORDER = Order("calibrated", "tiny", 7)
EXPORT = pd.Timestamp("2026-03-31")


@pytest.fixture(scope="module")
def drawn() -> tuple[Contest, np.ndarray]:
    contest = simulate_contest(ORDER)
    return contest, simulate_counts(ORDER, contest)[1]


def applications(drawn: tuple[Contest, np.ndarray], **constants: object) -> pd.DataFrame:
    contest, count = drawn
    rules = switched()
    rules["patents"].update(constants)
    won = contest.since.first["year"].to_numpy(dtype=float)
    return simulate_applications(rules, contest.firm, count, won, ORDER.stream("applications"))


@pytest.fixture(scope="module")
def patent(drawn: tuple[Contest, np.ndarray]) -> pd.DataFrame:
    return applications(drawn)


def own_of(patent: pd.DataFrame) -> pd.DataFrame:
    return patent[patent["counts"]]


def bought_of(patent: pd.DataFrame) -> pd.DataFrame:
    return patent[patent["firm_rank"] == OUTSIDE]


# --- counts, cases filed twice
# --------------------------------------------------------------------------------------


def test_applications_that_count_are_as_many_as_drawn(
    drawn: tuple[Contest, np.ndarray], patent: pd.DataFrame
) -> None:
    kinds = ["invention", "utility_model", "design"]
    own = own_of(patent)
    found = np.zeros_like(drawn[1])
    np.add.at(
        found, (own["firm_rank"], own["filed"].dt.year - 2010, own["type"].map(kinds.index)), 1
    )
    assert (found == drawn[1]).all()


def test_cases_filed_twice_have_their_share_and_refer_to_each_other(patent: pd.DataFrame) -> None:
    second = patent[~patent["counts"] & (patent["firm_rank"] != OUTSIDE)]
    inventions = (own_of(patent)["type"] == "invention").sum()
    assert len(second) == math.ceil(0.04 * inventions)
    assert (second["type"] == "utility_model").all()
    first = patent.set_index("app_no").loc[second["dual_app_no"]].reset_index()
    assert (first["type"] == "invention").all()
    assert first["counts"].all()
    assert first["dual_app_no"].tolist() == second["app_no"].tolist()
    for name in ("firm_rank", "holder_rank", "filed", "title"):
        assert first[name].tolist() == second[name].tolist(), name
    assert patent["dual_app_no"].notna().sum() == 2 * len(second)
    assert (patent["title"].value_counts() == 2).sum() == len(second)


def test_no_case_is_filed_twice_without_the_share(drawn: tuple[Contest, np.ndarray]) -> None:
    plain = applications(drawn, dual_share=0.0)
    assert plain["dual_app_no"].isna().all()
    assert plain["title"].is_unique


def test_parties_of_both_filings_of_a_case_are_the_same(world: World) -> None:
    party = world.patent_party.fillna({"firm_id": "", "worker_id": "", "name": ""})
    who = party.assign(who=party["role"] + party["firm_id"] + party["worker_id"] + party["name"])
    sides = who.groupby("app_no")["who"].agg("|".join)
    first = world.patent[world.patent["dual_app_no"].notna()]
    assert len(first) > 400
    assert sides[first["app_no"]].tolist() == sides[first["dual_app_no"]].tolist()


# --- bought and sold
# ------------------------------------------------------------------------------------------------


def test_applications_of_outsiders_have_a_holder_here_and_do_not_count(
    patent: pd.DataFrame,
) -> None:
    bought = bought_of(patent)
    assert len(bought) == math.ceil(0.015 * len(own_of(patent)))
    assert (bought["holder_rank"] >= 0).all()
    assert not bought["counts"].any()
    assert bought["dual_app_no"].isna().all()
    assert bought["filed"].dt.year.between(2010, 2025).all()


def test_winners_buy_what_was_filed_after_their_award(drawn: tuple[Contest, np.ndarray]) -> None:
    won = drawn[0].since.first["year"].to_numpy(dtype=float)
    bought = bought_of(applications(drawn, bought_by_winners=1.0))
    assert (bought["filed"].dt.year > won[bought["holder_rank"]]).all()
    anybody = bought_of(applications(drawn, bought_by_winners=0.0))
    assert np.isnan(won[anybody["holder_rank"]]).mean() > 0.8


def test_winners_buy_six_in_ten(drawn: tuple[Contest, np.ndarray], patent: pd.DataFrame) -> None:
    won, bought = drawn[0].since.first["year"].to_numpy(dtype=float), bought_of(patent)
    by_winner = (~np.isnan(won[bought["holder_rank"]])).mean()
    expected = 0.6 + 0.4 * (~np.isnan(won)).mean()
    assert abs(by_winner - expected) < 4 * math.sqrt(expected * (1 - expected) / len(bought))


def test_sold_applications_have_another_holder(
    drawn: tuple[Contest, np.ndarray], patent: pd.DataFrame
) -> None:
    own = own_of(patent)
    sold = own[own["holder_rank"] != own["firm_rank"]]
    wanted = math.ceil(0.015 * len(own))
    assert 0.9 * wanted < len(sold) <= wanted  # a few are drawn to the firm that filed
    assert sold["holder_rank"].isin(own["firm_rank"]).all()
    nobody = applications(drawn, sold_share=0.0, bought_share=0.0)
    assert (nobody["holder_rank"] == nobody["firm_rank"]).all()


def test_the_holder_is_a_party_only_where_it_did_not_file(world: World) -> None:
    holder = world.patent_party.query("role == 'holder'").set_index("app_no")["firm_id"]
    assert holder.index.is_unique
    patent = world.patent.set_index("app_no")
    moved = patent[patent["holder_id"] != patent["firm_id"].fillna("")]
    assert set(holder.index) == set(moved.index)
    assert (holder.reindex(moved.index) == moved["holder_id"]).all()


# --- dates and numbers
# ----------------------------------------------------------------------------------------------


def test_applications_are_filed_while_the_firm_is_open(
    drawn: tuple[Contest, np.ndarray], patent: pd.DataFrame
) -> None:
    own = patent[patent["firm_rank"] != OUTSIDE]
    life = drawn[0].firm.iloc[own["firm_rank"]]
    assert (own["filed"].to_numpy() >= life["founded"].to_numpy()).all()
    closed = life["closed"].fillna(pd.Timestamp("2100-01-01"))
    assert (own["filed"].to_numpy() <= closed.to_numpy()).all()
    merger = drawn[0].events.event.query("type == 'merger'").set_index("firm_rank")["date"]
    gone = own["firm_rank"].map(merger)
    assert gone.notna().any()
    assert (own["filed"] < gone)[gone.notna()].all()


def test_filing_publication_and_grant_are_in_this_order(patent: pd.DataFrame) -> None:
    waited = (patent["published"] - patent["filed"]).dt.days
    for kind, (low, high) in {
        "invention": (120, 545),
        "utility_model": (120, 330),
        "design": (90, 240),
    }.items():
        days = waited[patent["type"] == kind]
        assert days.between(low, high).all()
        assert {days.min(), days.max()} <= {*range(low, low + 5), *range(high - 5, high + 1)}
    assert (patent["seen"] == (patent["published"] <= EXPORT)).all()
    assert not patent["seen"].all()
    invention = patent["type"] == "invention"
    assert (patent["granted"] == patent["published"])[~invention].all()
    granted = patent[invention].dropna(subset="granted")
    assert (granted["granted"] - granted["published"]).dt.days.between(270, 899).all()
    assert (granted["granted"] <= EXPORT).all()
    old = patent[invention & (patent["filed"] < "2020-01-01")]
    share = old["granted"].notna().mean()
    assert abs(share - 0.35) < 4 * math.sqrt(0.35 * 0.65 / len(old))


def test_application_numbers_are_in_the_order_of_filing(patent: pd.DataFrame) -> None:
    assert patent["app_no"].is_unique
    assert patent["filed"].is_monotonic_increasing
    for _, rows in patent.groupby([patent["filed"].dt.year, "type"]):
        assert rows["app_no"].str[:14].is_monotonic_increasing


# --- parties
# --------------------------------------------------------------------------------------------------


def test_one_case_in_fourteen_has_a_partner_from_elsewhere(world: World) -> None:
    applicant = world.patent_party.query("role == 'applicant'")
    ours = world.patent[world.patent["firm_id"].notna()]
    partner = applicant[applicant["name"].notna() & applicant["app_no"].isin(ours["app_no"])]
    cases, joint = (
        ours["title"].nunique(),
        ours.loc[ours["app_no"].isin(partner["app_no"]), "title"].nunique(),
    )
    assert abs(joint / cases - 0.07) < 4 * math.sqrt(0.07 * 0.93 / cases)
    first = applicant[applicant["ord"] == 1].set_index("app_no")
    assert (first["firm_id"].reindex(ours["app_no"]).to_numpy() == ours["firm_id"].to_numpy()).all()
    outside = applicant[~applicant["app_no"].isin(ours["app_no"])]
    assert outside["firm_id"].isna().all()
    assert outside["app_no"].is_unique
    assert outside["name"].notna().all()


def test_inventors_were_insured_at_the_filer_that_month(world: World) -> None:
    inventor = world.patent_party.query("role == 'inventor'").merge(
        world.patent[["app_no", "firm_id", "filed"]], on="app_no", suffixes=("_party", "")
    )
    assert not inventor.duplicated(["app_no", "worker_id"]).any()
    month = inventor["filed"].dt.year * 100 + inventor["filed"].dt.month
    rows = inventor[["firm_id", "worker_id"]].assign(month=month, at=range(len(inventor)))
    met = rows.merge(world.spell, on=["firm_id", "worker_id"])
    there = met[(met["start_ym"] <= met["month"]) & (met["end_ym"].fillna(999_912) >= met["month"])]
    assert set(there["at"]) == set(rows["at"])
    assert inventor.groupby("app_no").size().max() <= 4


def test_holders_of_jobs_by_hand() -> None:
    spell = pd.DataFrame(
        {"job": [0, 0, 2], "start": [10, 20, 5], "end": [15, 10**6, 7], "worker_rank": [4, 5, 6]}
    )
    job = np.asarray([0, 0, 0, 0, 0, 1, 2, 2, 2])
    month = np.asarray([9, 10, 15, 16, 99, 10, 4, 7, 8])
    assert holders(job, month, spell).tolist() == [-1, 4, 4, -1, 5, -1, -1, 6, -1]
