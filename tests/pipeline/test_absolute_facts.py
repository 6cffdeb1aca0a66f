"""Absolute effects follow from relative ones; what is hidden there stays hidden."""

from __future__ import annotations

import pytest

from zgzx_research.evidence.facts import Fact, fact, withheld_fact
from zgzx_research.pipeline.absolute_facts import absolute_facts


def relative(unit: str = "percent", **values: float | None) -> dict[str, Fact]:
    """Return the facts of an effect of 10, from -5 to 40."""
    numbers = {"estimate": 10.0, "std_error": 8.0, "ci_low": -5.0, "ci_high": 40.0, "mde": 30.0}
    found = {**numbers, **values}
    return {
        f"a.b.{name}": fact(value, unit, "estimate", "estimate") for name, value in found.items()
    }


def test_percent_of_the_mean_without_the_award() -> None:
    found = absolute_facts(relative(), "a.b", 1.5)
    values = {key.removeprefix("a.b."): one["value"] for key, one in found.items()}
    assert values == {
        "counterfactual_mean": 1.5,
        "absolute": pytest.approx(0.15),
        "absolute_error": pytest.approx(0.12),
        "absolute_low": pytest.approx(-0.075),
        "absolute_high": pytest.approx(0.6),
        "absolute_mde": pytest.approx(0.45),
    }
    assert {one["unit"] for one in found.values()} == {"number"}


def test_percentage_points_are_absolute_already() -> None:
    assert absolute_facts(relative("percentage_point"), "a.b", float("nan")) == {}


def test_an_open_end_stays_open() -> None:
    found = absolute_facts(relative(ci_high=None), "a.b", 1.5)
    assert found["a.b.absolute_high"]["value"] is None
    assert found["a.b.absolute_low"]["value"] == pytest.approx(-0.075)


@pytest.mark.parametrize("hidden", [True, False])
def test_without_a_relative_effect_there_is_no_absolute_one_and_no_mean(hidden: bool) -> None:
    facts = relative(estimate=None, std_error=None, ci_low=None, ci_high=None, mde=None)
    if hidden:
        facts["a.b.estimate"] = withheld_fact("percent", "estimate", "estimate")
    found = absolute_facts(facts, "a.b", 1.5)
    assert {one["value"] for one in found.values()} == {None}
    assert all(bool(one.get("withheld")) == hidden for one in found.values())
