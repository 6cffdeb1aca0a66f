"""What the pages say of whole synthetic worlds, held against the facts of these worlds.

Tiny worlds run with the slow tests and with the studies; worlds of the size default, and many
tiny ones, with the proofs. docs/proofs/sentences.md has the rates over 200 tiny worlds in which
nothing is true.
"""

from __future__ import annotations

import functools
import re

import pytest
from scenario_facts import INVENTION, RETENTION, ROOT, TOLD, World
from sentence_rules import (
    CHANCE,
    GOOD_YEAR,
    RULED_OUT,
    detectable,
    direction,
    number,
    says_effect,
)
from sentence_table import one_world

from zgzx_research.evidence.facts import Facts
from zgzx_research.simulate.world.constants import Order

SCENARIOS = ("null", "harm", "teaching", "calibrated")
LANGUAGES = ("zh", "en")
MOST = 5.0  # percent of worlds in which a sentence may tell an effect where there is none
WORLDS = [
    *(pytest.param(one, "tiny", marks=pytest.mark.slow) for one in ("null", "harm")),
    *(pytest.param(one, "tiny", marks=pytest.mark.study) for one in ("teaching", "calibrated")),
    *(pytest.param(one, "default", marks=pytest.mark.proof) for one in SCENARIOS),
]


@functools.cache
def world(scenario: str, size: str) -> World:
    """Draw a world and keep all facts its pages need."""
    found = World(Order(scenario, size, 1))
    found.keep_headlines()
    found.keep_checks()
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("scenario", "size"), WORLDS)
def test_headlines_say_what_their_intervals_say(scenario: str, size: str, language: str) -> None:
    one = world(scenario, size)
    facts = Facts(one.facts)
    for outcome, (primary, _) in TOLD.items():
        key = f"{outcome}.{primary}.headline"
        low, high = number(facts, f"{key}.ci_low"), number(facts, f"{key}.ci_high")
        text = one.sentence(outcome, language)
        beyond = int(low > 0) - int(high < 0)  # an interval that leaves out zero says where
        assert direction(text, language) == beyond, text
        assert (RULED_OUT[language] in text) == (low <= 0 <= high < float("inf")), text
        effect = facts.get(f"{key}.finding") in ("above", "below")
        assert says_effect(text, language) == effect, text
        assert not effect or facts.get(f"{key}.role") == "primary"  # others claim no effect


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("scenario", "size"), WORLDS)
def test_no_detectable_effect_above_what_the_interval_excludes(
    scenario: str, size: str, language: str
) -> None:
    one = world(scenario, size)
    facts = Facts(one.facts)
    for outcome, (primary, _) in TOLD.items():
        answer, _, beside = one.told(outcome, "headline", language).partition("</div>")
        for spec, text in ((primary, answer), ("main", beside)):
            for shown in detectable(text, language):
                assert shown <= number(facts, f"{outcome}.{spec}.headline.ci_high"), text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("scenario", "size"), WORLDS)
def test_stories_follow_sign_and_test(scenario: str, size: str, language: str) -> None:
    one = world(scenario, size)
    facts = Facts(one.facts)
    for outcome in (RETENTION, INVENTION):
        text = one.told(outcome, "checks", language)
        key = f"{outcome}.main.base"
        surely = facts.get(f"{key}.p_value") < 0.05
        assert (GOOD_YEAR[language] in text) == (surely and facts.get(f"{key}.z") < 0), text
        assert (CHANCE[language] in text) == (not surely), text
        # the other base is the specification that stands beside the sentence
        moved = number(facts, f"{outcome}.full_base.headline.estimate")
        moved -= number(facts, f"{outcome}.main.headline.estimate")
        assert (moved > 0) == (facts.get(f"{key}.z") > 0)
        flips = facts.get(f"{outcome}.main.curve.sign_flips")
        lowered = "下调一级" if language == "zh" else "takes the grade down by a level"
        assert (lowered in text) == (flips > 0.2), text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("scenario", "size"), WORLDS)
def test_words_about_the_pretest_follow_p_and_power(
    scenario: str, size: str, language: str
) -> None:
    one = world(scenario, size)
    facts = Facts(one.facts)
    nothing = {"zh": "没有发现两组走势有差别", "en": "show no difference"}[language]
    blind = {"zh": "这个检验也可能漏掉", "en": "could have missed a drift"}[language]
    for outcome in (RETENTION, INVENTION):
        text = one.told(outcome, "event_study", language)
        p_value = facts.get(f"{outcome}.main.pretest.p_value")
        assert (nothing in text) == (p_value >= 0.1), text
        drift = number(facts, f"{outcome}.main.pretest.slope_detectable") * 4
        claimed = one.study.estimate.claimed_effect(outcome)
        assert (blind in text) == (drift > claimed and p_value >= 0.05), text


@pytest.mark.parametrize(("scenario", "size"), WORLDS)
def test_both_languages_print_the_same_numbers(scenario: str, size: str) -> None:
    one = world(scenario, size)
    for outcome in (RETENTION, INVENTION):
        for block in ("headline", "design", "event_study", "checks"):
            zh, en = (
                sorted(re.findall(r"[+−]?\d[\d,.]*\d|\d", one.told(outcome, block, language)))
                for language in LANGUAGES
            )
            assert zh == en, block


def test_the_table_of_many_worlds_keeps_the_rate() -> None:
    text = (ROOT / "docs/proofs/sentences.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(TOLD)
    for row in rows:
        assert float(row[-1]) <= MOST, row


@pytest.mark.proof
def test_null_tells_an_effect_in_few_worlds() -> None:
    worlds = [one_world("null", "tiny", seed) for seed in range(200)]
    for outcome in TOLD:
        told = sum(one[outcome][1] for one in worlds)
        assert 100 * told / len(worlds) <= MOST, outcome


@pytest.mark.proof
def test_harm_is_told_as_a_fall_where_its_interval_says_so() -> None:
    for seed in range(10):
        one = World(Order("harm", "default", seed))
        one.keep_headlines(beside=False)
        for outcome, (primary, _) in TOLD.items():
            below = number(Facts(one.facts), f"{outcome}.{primary}.headline.ci_high") < 0
            for language in LANGUAGES:
                assert (direction(one.sentence(outcome, language), language) < 0) == below
