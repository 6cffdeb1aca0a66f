"""Tiny worlds of one seed, each drawn once for all tests of a worker that ask for it."""

from __future__ import annotations

from functools import cache

from zgzx_research.simulate.world.constants import Order
from zgzx_research.simulate.world.model import World, simulate_world

SEED = 7


@cache
def tiny_world(
    scenario: str = "calibrated", without: tuple[str, ...] = (), also: tuple[str, ...] = ()
) -> World:
    """A world that tests must not change."""
    return simulate_world(Order(scenario, "tiny", SEED, without, also))
