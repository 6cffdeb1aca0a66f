"""The tiny world that the tests of the simulator share, and the names of its firms by day."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from tiny_worlds import tiny_world

from zgzx_research.simulate.world.model import World

NamesOn = Callable[[pd.Series, pd.Series], pd.DataFrame]


@pytest.fixture(scope="session")
def world() -> World:
    """Not to be changed."""
    return tiny_world()


@pytest.fixture(scope="session")
def names_on(world: World) -> NamesOn:
    """Look up the names of firms (ids) on days: official name, core, the one before ("" = none)."""
    table = world.events.name[world.events.name["kind"].isin(["现名", "曾用名"])].sort_values(
        "valid_from"
    )
    former = table.groupby("firm_rank")["name"].shift().fillna("")
    table = table.assign(
        firm_id=world.firm["firm_id"].to_numpy()[table["firm_rank"]], former=former
    )
    again = table["firm_rank"].duplicated()
    table["valid_from"] = table["valid_from"].where(
        again, pd.Timestamp("1900-01-01")
    )  # the first name reaches back
    followed = table["firm_rank"].duplicated(keep="last")
    table["until"] = table["valid_to"].where(
        followed, pd.Timestamp("2200-01-01")
    )  # the last name outlives its firm

    def found(firm_id: pd.Series, day: pd.Series) -> pd.DataFrame:
        asked = pd.DataFrame(
            {"at": range(len(firm_id)), "firm_id": firm_id.to_numpy(), "day": day.to_numpy()}
        )
        met = asked.merge(table, on="firm_id")
        held = met[(met["valid_from"] <= met["day"]) & (met["day"] <= met["until"])]
        assert held["at"].is_unique
        return held.set_index("at")[["name", "core", "former"]].reindex(asked["at"])

    return found
