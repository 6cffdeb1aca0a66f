"""Facts of value for money, from costs and estimates that were made by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from zgzx_research.designs.value_for_money import AwardCosts, WinnersAfter
from zgzx_research.evidence.facts import Facts, fact
from zgzx_research.pipeline.value_facts import added_facts, cost_facts
from zgzx_research.study import Study, Value, Worth, load_study

ROOT = Path(__file__).parents[2]
FILED = WinnersAfter("inventions", (1, 3), (2014, 2016), 30, 440.0)
WORTH = Worth(amount=50_000.0, reason="assumed for this test")


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(ROOT, "demo").model_copy(update={"value": Value()})


def costs(winners: float = 40.0, entrants: float = 300.0) -> AwardCosts:
    """A million yuan in 2014 and 2016, and half a million in 2020."""
    table = pd.DataFrame({"year": [2014, 2016, 2020], "cost": [4e5, 6e5, 5e5]})
    total = pd.Series({"edition": 3, "cost": 1.5e6, "winning_entries": 20, "winners": winners})
    total["cost_per_entry"], total["cost_per_winner"] = 75_000.0, 1.5e6 / winners
    total["entrants"], total["cost_per_entrant"] = entrants, 1.5e6 / entrants
    return AwardCosts(table, total, 0.0)


def estimates(outcome: str, unit: str, **numbers: float | None) -> Facts:
    """The headline of an outcome by the study's primary design."""
    given = {"estimate": 10.0, "ci_low": -5.0, "ci_high": 25.0} | numbers
    return Facts(
        {
            f"{outcome}.headline.{name}": fact(value, unit, "estimate", "estimate")
            for name, value in given.items()
        }
    )


PATENTS = ("patents_invention.contest", "percent")


def values(facts: dict) -> dict:
    return {key.split(".", 2)[-1]: record["value"] for key, record in facts.items()}


def test_costs_and_counts() -> None:
    found = {key: record["value"] for key, record in cost_facts(costs()).items()}
    assert found == {
        "value.total": 1.5e6,
        "value.editions": 3,
        "value.winning_entries": 20,
        "value.cost_per_entry": 75_000.0,
        "value.winners": 40,
        "value.cost_per_winner": 37_500.0,
        "value.entrants": 300,
        "value.cost_per_entrant": 5_000.0,
    }
    assert "value.entrants" not in cost_facts(costs(entrants=float("nan")))


def test_a_count_of_few_persons_is_withheld_with_its_cost() -> None:
    found = cost_facts(costs(winners=9.0))
    for key in ("value.winners", "value.cost_per_winner"):
        assert found[key]["value"] is None and found[key]["withheld"]


@pytest.mark.slow
def test_prices_of_an_invention_by_hand(study: Study) -> None:
    found = values(added_facts("invention", study, estimates(*PATENTS), costs(), FILED))
    # 440 / 1.1 = 400 without the award; the costs of 2014 and 2016 are a million
    assert found["baseline"] == pytest.approx(400) and found["cost"] == 1e6
    assert found["editions"] == 2 and found["observed"] == 440
    assert found["price_estimate"] == pytest.approx(25_000)
    assert found["price_claimed"] == pytest.approx(25_000)  # the demo claims 10 %
    assert found["price_upper"] == pytest.approx(10_000)
    assert found["more_upper"] == pytest.approx(100)
    assert found["from"] == "patents_invention.contest"
    assert not {"amount", "break_even", "position"} & set(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "position"),
    [
        ({}, "inside"),
        ({"ci_high": 4.0}, "above"),
        ({"ci_low": 6.0}, "below"),
        ({"ci_high": None}, "inside"),  # no upper end
        ({"ci_low": None, "ci_high": None}, ""),
    ],
)
def test_the_effect_that_breaks_even_by_hand(study: Study, changed: dict, position: str) -> None:
    given = study.model_copy(update={"value": Value(invention=WORTH)})
    facts = estimates(*PATENTS, **changed)
    found = values(added_facts("invention", given, facts, costs(), FILED))
    assert found["break_even"] == pytest.approx(5.0)  # 1,000,000 / (50,000 × 400)
    assert found["amount"] == 50_000 and found["reason"] == "assumed for this test"
    assert found["reason_en"] == found["reason"]  # nothing was said in English
    assert found["position"] == position


@pytest.mark.slow
def test_a_stay_counts_persons_and_not_a_counterfactual(study: Study) -> None:
    given = study.model_copy(update={"value": Value(retained_employee=WORTH)})
    staff = WinnersAfter("staff", (1, 3), (2016,), 12, 2_000.0)
    facts = estimates("retention.precision", "percentage_point", estimate=1.0, ci_high=4.0)
    found = added_facts("retained_employee", given, facts, costs(), staff)
    assert found["value.retained_employee.break_even"]["unit"] == "percentage_point"
    known = values(found)
    assert known["cost"] == 6e5 and known["baseline"] == 2_000
    assert known["price_estimate"] == pytest.approx(30_000)  # 600,000 / (2,000 × .01)
    assert known["price_claimed"] == pytest.approx(10_000)  # 3 points
    assert known["price_upper"] == pytest.approx(7_500)
    assert known["break_even"] == pytest.approx(0.6)  # 600,000 / (50,000 × 2,000) = .006


@pytest.mark.slow
def test_nothing_is_said_without_estimate_costs_or_enough_firms(study: Study) -> None:
    facts = estimates(*PATENTS)
    assert added_facts("invention", study, Facts({}), costs(), FILED) == {}
    few = WinnersAfter("inventions", (1, 3), (2014, 2016), 2, 440.0)
    assert added_facts("invention", study, facts, costs(), few) == {}
    late = WinnersAfter("inventions", (1, 3), (2017,), 30, 440.0)
    assert added_facts("invention", study, facts, costs(), late) == {}
    lost = estimates(*PATENTS, estimate=-100.0)
    assert added_facts("invention", study, lost, costs(), FILED) == {}
    unknown = estimates(*PATENTS, estimate=None)
    assert added_facts("invention", study, unknown, costs(), FILED) == {}


@pytest.mark.slow
def test_an_estimate_that_shows_no_benefit_has_no_price(study: Study) -> None:
    facts = estimates(*PATENTS, estimate=-20.0, ci_low=-40.0, ci_high=0.0)
    found = values(added_facts("invention", study, facts, costs(), FILED))
    assert found["price_estimate"] is None and found["price_upper"] is None
    assert found["price_claimed"] == pytest.approx(1e6 / (550 * 0.1))
