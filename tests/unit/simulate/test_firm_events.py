"""Renames, mergers, moves and names of firms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tiny_worlds import tiny_world

from zgzx_research.simulate.world.firm_events import official_names, owner, registered_end
from zgzx_research.simulate.world.model import World


def official(world: World) -> pd.DataFrame:
    name = world.events.name
    return name[name["kind"].isin(["现名", "曾用名"])].sort_values(
        ["firm_rank", "valid_from"], ignore_index=True
    )


def test_official_names_follow_one_another_from_founding_to_the_end(world: World) -> None:
    name = official(world)
    first, last = (name.drop_duplicates("firm_rank", keep=keep) for keep in ("first", "last"))
    assert (first["valid_from"].to_numpy() == world.firm["founded"].to_numpy()).all()
    assert (last["kind"] == "现名").all()
    assert (last["name"].to_numpy() == world.firm["name"].to_numpy()).all()
    again = name.duplicated("firm_rank").to_numpy()
    before = name.shift()[again]
    assert (before["valid_to"] + pd.Timedelta(days=1) == name.loc[again, "valid_from"]).all()
    assert (name["valid_to"].isna() | (name["valid_to"] >= name["valid_from"])).all()
    assert (before["name"] != name.loc[again, "name"]).all()
    assert name["name"].is_unique


def test_renames_have_their_shares_and_change_core_or_legal_form(world: World) -> None:
    name = official(world)
    number = name.groupby("firm_rank").size() - 1
    assert (number == 2).sum() == 15  # 1 % of 1,500
    assert (number == 1).sum() == 90
    pairs = name[name["kind"] == "曾用名"].merge(
        name[name["kind"] == "现名"], on="firm_rank", suffixes=("_old", "")
    )
    listed = (pairs["core_old"] == pairs["core"]) & (pairs["legal_old"] == "有限公司")
    assert listed.any()
    assert (pairs.loc[listed, "legal"] == "股份有限公司").all()
    assert (pairs.loc[~listed, "core_old"].str[:4] != pairs.loc[~listed, "core"].str[:4]).all()


def test_mergers_are_of_firms_that_never_enter_into_firms_that_stay(world: World) -> None:
    merger = world.events.event.query("type == 'merger'")
    assert len(merger) == 9
    assert (merger["date"].dt.strftime("%m-%d") == "01-01").all()
    ids = world.firm["firm_id"].to_numpy()
    assert not np.isin(ids[merger["firm_rank"]], world.entry["firm_id"]).any()
    assert not merger["into_rank"].isin(merger["firm_rank"]).any()
    into = world.firm.iloc[merger["into_rank"].to_numpy(dtype=int)]
    assert into["closed"].isna().all()
    assert (into["founded"].to_numpy() < merger["date"].to_numpy()).all()
    assert (
        registered_end(world.firm, merger)[merger["firm_rank"]].to_numpy()
        == merger["date"].to_numpy()
    ).all()


def test_owner_changes_on_the_day_of_the_merger() -> None:
    event = pd.DataFrame(
        {
            "firm_rank": [1],
            "date": pd.to_datetime(["2015-01-01"]),
            "type": ["merger"],
            "into_rank": [2],
        }
    )
    assert owner(event, 3, np.asarray([2014, 2015, 2016])).tolist() == [
        [0, 0, 0],
        [1, 2, 2],
        [2, 2, 2],
    ]


def test_the_name_on_a_day(world: World) -> None:
    name = official(world)
    rank = int(name.loc[name["kind"] == "曾用名", "firm_rank"].iloc[0])
    own = name[name["firm_rank"] == rank]
    changed = own["valid_from"].iloc[-1].to_numpy().astype("datetime64[D]")
    days = np.asarray(
        [np.datetime64("1980-01-01"), changed - 1, changed, np.datetime64("2030-01-01")]
    )
    found = official_names(world.events.name, np.full(4, rank), days)
    texts = world.events.name["name"].to_numpy()[found]
    assert texts.tolist() == [
        own["name"].iloc[0],
        own["name"].iloc[-2],
        own["name"].iloc[-1],
        own["name"].iloc[-1],
    ]


def test_branches_and_short_names_are_listed_with_official_names(world: World) -> None:
    name = world.events.name
    branch = name[name["kind"] == "分公司"]
    assert 0 < branch["firm_rank"].nunique() < 100
    assert branch["name"].str.fullmatch(r".+有限公司(?:龙岗|坂田|宝龙|平湖)分公司").all()
    short = name[name["kind"] == "简称"]
    assert not short["name"].str.contains("公司|深圳").any()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trap", "gone"),
    [("renames", "type == 'rename'"), ("mergers", "type == 'merger'")],
)
def test_events_can_be_switched_off(trap: str, gone: str) -> None:
    event = tiny_world(without=(trap,)).events.event
    assert len(event) > 0
    assert event.query(gone).empty


@pytest.mark.slow
def test_branches_can_be_switched_off() -> None:
    events = tiny_world(without=("branches",)).events
    assert "分公司" not in set(events.name["kind"])
