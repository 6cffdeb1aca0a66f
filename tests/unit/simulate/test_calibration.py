"""The calibrated world of default size reproduces the published figures, and prints both."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from zgzx_research.simulate.world.calibration import calibration, calibration_lines
from zgzx_research.simulate.world.constants import Order
from zgzx_research.simulate.world.model import World, simulate_world

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def default_world() -> World:
    return simulate_world(Order("calibrated", "default", 1))


@pytest.mark.slow
def test_published_figures_are_reproduced(default_world: World) -> None:
    table = calibration(default_world)
    print("\n" + "\n".join(calibration_lines(default_world)))  # noqa: T201 - to be read with the source's
    assert len(table) >= 15
    assert table["gap"].abs().max() <= default_world.rules["published"]["within"]


@pytest.mark.slow
def test_every_line_shows_both_figures(default_world: World) -> None:
    line = next(line for line in calibration_lines(default_world) if line.startswith("stars_total"))
    assert line.split()[1:5] == ["published", "450", "this", "world"]


def test_the_figures_are_those_of_the_published_facts() -> None:
    facts = pd.read_csv(ROOT / "data/published/programme_facts.csv").set_index("fact")["value"]
    published = Order().rules["published"]
    names = set(published) - {"within", "sizes"}
    assert names <= set(facts.index)
    assert {name: float(facts[name]) for name in names} == {
        name: float(published[name]) for name in names
    }


@pytest.mark.slow
def test_a_tiny_world_prints_no_published_figures() -> None:
    assert calibration_lines(simulate_world(Order(seed=3))) == []
