"""Every branch of every sentence, in both languages, from facts made by hand."""

from __future__ import annotations

import hashlib
import math
import re
from pathlib import Path

import pandas as pd
import pytest
from sentence_rules import CHANCE, GOOD_YEAR, RULED_OUT, detectable, direction, says_effect

from zgzx_research.evidence.facts import Fact, Facts, effect_facts, fact
from zgzx_research.pipeline.sentence_facts import (
    Question,
    curve_facts,
    paired_facts,
    sentence_facts,
)
from zgzx_research.report.prose_lint import lint_prose
from zgzx_research.report.prose_rendering import SHARED, render_prose
from zgzx_research.robustness.base_sensitivity import PairedDifference

PREFIX = "retention.main"
LANGUAGES = ("zh", "en")
NUMBERS = {"n_treated": 100, "n_comparison": 900, "base_mean": 0.8, "role": "post"}
PRIMARY = Question("primary", 10.0, 3, 4.0)
TRIAL = Question("exploratory", 10.0, 3, 4.0)


def said(tmp_path: Path, call: str, facts: dict[str, Fact]) -> dict[str, str]:
    """Render one shared sentence in both languages, as a page does.

    One folder for each call, so that the shared templates are compiled once for it.
    """
    folder = tmp_path.parent / hashlib.sha256(call.encode()).hexdigest()
    if not folder.is_dir():
        folder.mkdir()
        for language in LANGUAGES:
            text = "{% block one %}{{ " + call + " }}{% endblock %}"
            (folder / f"{language}.md.j2").write_text(text, encoding="utf-8")
    return {one: render_prose(folder, "one", one, Facts(facts)) for one in LANGUAGES}


def same_numbers(told: dict[str, str]) -> bool:
    """Whether both languages print the same numbers."""
    zh, en = (sorted(re.findall(r"[+−]?\d[\d,.]*\d|\d", told[one])) for one in LANGUAGES)
    return zh == en


def estimate(
    value: float,
    low: float,
    high: float,
    mde: float,
    p_value: float,
    asked: Question = PRIMARY,
    reason: str = "",
) -> dict[str, Fact]:
    """Facts of one estimate in percentage points."""
    ends = {"estimate": value, "ci_low": low, "ci_high": high, "mde": mde}
    row = {name: number / 100 for name, number in ends.items()} | NUMBERS
    row |= {"std_error": 0.02 if math.isfinite(low) else math.nan, "event_time": pd.NA}
    row |= {"band_low": row["ci_low"], "band_high": row["ci_high"]}
    facts = effect_facts(
        "retention", "main", "headline", pd.DataFrame([row]), "difference", share=True
    )
    key = f"{PREFIX}.headline"
    facts[f"{key}.p_value"] = fact(p_value, "number", "estimate", "estimate")
    facts[f"{key}.mde_reason"] = fact(reason, "text", "estimate", "estimate")
    for name, event in (("first_event", 1), ("last_event", 3)):
        facts[f"{key}.{name}"] = fact(event, "count", "design", "estimate")
    return facts | sentence_facts(facts, PREFIX, asked)


HEADLINE = "say.headline('retention.main', 'X', 'Y')"
NAN, INF = math.nan, math.inf
# facts -> finding, detection, direction, whether an effect is told, whether a range is ruled out
CASES = {
    "primary, clear": ((20, 12, 28, 11, 1e-6), PRIMARY, "above", "strong", 1, True, False),
    "primary, weak": ((20, 2, 38, 26, 0.01), PRIMARY, "above", "weak", 1, True, False),
    "primary, p .03": ((20, 2, 38, 26, 0.03), PRIMARY, "open_above", "weak", 1, False, False),
    "primary, fell": ((-20, -28, -12, 11, 1e-6), PRIMARY, "below", "strong_below", -1, True, False),
    "primary, fell, p .03": (
        (-20, -38, -2, 26, 0.03),
        PRIMARY,
        "open_below",
        "weak",
        -1,
        False,
        False,
    ),
    "exploratory": ((20, 12, 28, 11, 1e-6), TRIAL, "exploratory_above", "strong", 1, False, False),
    "exploratory, fell": (
        (-20, -28, -12, 11, 1e-6),
        TRIAL,
        "exploratory_below",
        "strong_below",
        -1,
        False,
        False,
    ),
    "zero": ((0, -20, 20, 28, 1.0), PRIMARY, "zero", "ruled_out", 0, False, True),
    "almost found": ((19, -1, 39, 28, 0.06), PRIMARY, "zero", "inside", 0, False, True),
    "far below": ((-17, -39, 5, 28, 0.13), PRIMARY, "zero", "ruled_out", 0, False, True),
    "no size, bounded": ((0, -60, 39, INF, 0.9), PRIMARY, "zero", "no_size_ruled_out", 0, False, 1),
    "no size, open": ((0, -60, INF, INF, 0.9), PRIMARY, "open", "no_size", 0, False, False),
    "open, with a size": ((0, -60, INF, 150, 0.9), PRIMARY, "open", "inside", 0, False, False),
    "no error": ((3, NAN, NAN, NAN, NAN), PRIMARY, "unknown", "unknown", 0, False, False),
    "nothing": ((NAN, NAN, NAN, NAN, NAN), PRIMARY, "unknown", "unknown", 0, False, False),
}


@pytest.mark.parametrize("name", CASES)
def test_headline_and_power_say_what_the_interval_says(name: str, tmp_path: Path) -> None:
    numbers, asked, finding, detection, way, effect, ruled = CASES[name]
    facts = estimate(*numbers, asked, "no_size" if numbers[3] == INF else "")
    assert facts[f"{PREFIX}.headline.finding"]["value"] == finding
    assert facts[f"{PREFIX}.headline.detection"]["value"] == detection
    head = said(tmp_path, HEADLINE, facts)
    power = said(tmp_path, "say.power('retention.main')", facts)
    assert same_numbers(head) and same_numbers(power)
    for language in LANGUAGES:
        assert direction(head[language], language) == way, head[language]
        assert says_effect(head[language], language) == effect, head[language]
        assert (RULED_OUT[language] in head[language]) == bool(ruled)
        for shown in detectable(power[language], language):
            assert shown <= numbers[2], power[language]  # never above what the interval excludes
        assert not re.search(r"nan|None|not estimable|无法估计|  |\.[A-Z]", power[language])
        assert not re.search(r"nan|None|  |\.[A-Z]|。。", head[language]), head[language]


def test_608_percent_is_never_said_beside_39(tmp_path: Path) -> None:
    facts = estimate(-8, -60, 39, 608, 0.8)
    for text in said(tmp_path, "say.power('retention.main')", facts).values():
        assert "608" not in text and "+39.0" in text


@pytest.mark.parametrize(
    ("low", "high", "zh", "en"),
    [
        (11, 30, "都达到了这个幅度", "the whole interval lies there"),
        (-5, 30, "这份数据定不下来", "these data do not decide it"),
        (2, 8, "都不到这个幅度", "the whole interval lies below that"),
        (-5, 8, "这么大的影响已在区间之外", "leaves out an effect of that size"),
        (-8, -2, "在零的另一边", "on the other side of zero"),
    ],
)
def test_the_claimed_effect_stands_beside_the_interval(
    low: float, high: float, zh: str, en: str, tmp_path: Path
) -> None:
    told = said(tmp_path, HEADLINE, estimate((low + high) / 2, low, high, 14, 1e-6))
    assert zh in told["zh"] and en in told["en"] and same_numbers(told)
    assert "10.0" in told["zh"]


def test_relative_and_absolute_effects_stand_together(tmp_path: Path) -> None:
    facts = estimate(20, 12, 28, 11, 1e-6)
    key = f"{PREFIX}.headline"
    values = {"absolute": 0.31, "absolute_low": 0.12, "absolute_high": 0.55}
    facts |= {f"{key}.{n}": fact(v, "number", "estimate", "estimate") for n, v in values.items()}
    told = said(tmp_path, HEADLINE, facts)
    assert "合每家企业每年 +0.31 件（+0.12 至 +0.55 件）" in told["zh"]
    assert "+0.31 a year per firm (+0.12 to +0.55)" in told["en"]


def pretest(p_value: float, df: int, slope: float, asked: Question) -> dict[str, Fact]:
    facts = estimate(0, -20, 20, 28, 1.0, asked)
    numbers = {"p_value": p_value, "slope_detectable": slope, "two_bins.p_value": 0.4}
    facts |= {
        f"{PREFIX}.pretest.{name}": fact(value, "number", "estimate", "estimate")
        for name, value in numbers.items()
    }
    facts[f"{PREFIX}.pretest.df"] = fact(df, "count", "estimate", "estimate")
    facts[f"{PREFIX}.pretest.left_out"] = fact(1, "count", "design", "estimate")
    return facts | sentence_facts(facts, PREFIX, asked)


@pytest.mark.parametrize(
    ("p_value", "df", "zh", "en"),
    [
        (0.004, 4, "两组的走势明显不同", "clearly show different paths"),
        (0.03, 4, "两组的走势已有差别", "already show different paths"),
        (0.053, 4, "两组的走势接近于有差别", "come close to different paths"),
        (0.4, 4, "没有发现两组走势有差别", "show no difference"),
        (math.nan, 0, "没有别的时期可看", "there is none before the award"),
        (math.nan, 3, "无法合在一起检验", "cannot be tested together"),
    ],
)
def test_words_about_the_pretest_are_graded(
    p_value: float, df: int, zh: str, en: str, tmp_path: Path
) -> None:
    for slope in (2.0, 4.0, math.nan):
        facts = pretest(p_value, df, slope, TRIAL)
        told = said(
            tmp_path,
            "say.pretest('retention.main', '获奖' if language == 'zh' else 'the award')",
            facts,
        )
        assert zh in told["zh"] and en in told["en"] and same_numbers(told)
        blind = slope == 4.0 and p_value > 0.05
        assert ("这个检验也可能漏掉" in told["zh"]) == blind
        assert ("could have missed a drift" in told["en"]) == blind
        assert ("多半能看见" in told["zh"]) == (slope == 2.0 and p_value > 0.05)


@pytest.mark.parametrize(
    ("value", "low", "high", "zh", "en"),
    [
        (148, 29, 408, "高于零。可见那一年两组已有差别", "above zero. So the two paths differ"),
        (-40, -60, -10, "低于零。这与“企业在好年景里得奖”不符", "below zero. That is not"),
        (10, -20, 50, "与零无法区分", "cannot be told from zero"),
        (10, math.nan, math.nan, "无从判断", "cannot be said"),
    ],
)
def test_what_is_left_out_is_told_with_its_estimate(
    value: float, low: float, high: float, zh: str, en: str, tmp_path: Path
) -> None:
    facts = pretest(0.7, 4, 2.0, TRIAL)
    row = {"estimate": value / 100, "ci_low": low / 100, "ci_high": high / 100, "mde": 1.0}
    row |= {"std_error": 0.7, "band_low": 0.0, "band_high": 0.0, "event_time": -1, **NUMBERS}
    facts |= effect_facts("retention", "main", "event_time", pd.DataFrame([row]), "ratio")
    told = said(tmp_path, "say.left_out('retention.main')", facts)
    assert zh in told["zh"] and en in told["en"] and same_numbers(told)
    facts[f"{PREFIX}.pretest.left_out"] = fact(0, "count", "design", "estimate")
    assert said(tmp_path, "say.left_out('retention.main')", facts) == {"zh": "\n", "en": "\n"}


def pair(difference: float, p_value: float) -> dict[str, Fact]:
    found = PairedDifference(
        0.0, difference, difference, 0.1, -1.0, 1.0, p_value, 0.5, "difference"
    )
    return paired_facts(f"{PREFIX}.base", "percentage_point", found) | paired_facts(
        f"{PREFIX}.controls", "percentage_point", found
    )


@pytest.mark.parametrize(
    ("difference", "p_value", "good_year", "chance"),
    [(-0.2, 0.01, True, False), (0.2, 0.01, False, False), (-0.2, 0.3, False, True)],
)
def test_the_story_of_the_good_year_follows_the_sign_and_the_test(
    difference: float, p_value: float, good_year: bool, chance: bool, tmp_path: Path
) -> None:
    told = said(tmp_path, "say.base('retention.main')", pair(difference, p_value))
    for language in LANGUAGES:
        assert (GOOD_YEAR[language] in told[language]) == good_year
        assert (CHANCE[language] in told[language]) == chance
    other = said(tmp_path, "say.controls('retention.main')", pair(difference, p_value))
    assert ("没有超出偶然" in other["zh"]) == chance and same_numbers(other)
    assert ("它比主要估计大" in other["zh"]) == (difference > 0)


def test_a_pair_that_cannot_be_tested_tells_no_story(tmp_path: Path) -> None:
    for facts in ({}, pair(0.2, math.nan)):
        for macro in ("base", "controls"):
            told = said(tmp_path, f"say.{macro}('retention.main')", facts)
            assert "无法检验" in told["zh"] and "cannot be tested" in told["en"]


@pytest.mark.parametrize(
    ("flips", "zh", "en"),
    [
        (0.0, "没有一种做法的符号与主要估计相反", "Not one has the other sign"),
        (0.2, "证据等级不因此下调", "leaves the grade as it is"),
        (0.5, "证据等级下调一级", "takes the grade down by a level"),
    ],
)
def test_sign_flips_are_told_with_the_written_rule(
    flips: float, zh: str, en: str, tmp_path: Path
) -> None:
    row = {"specifications": 16, "lowest": -0.1, "median": 0.0, "highest": 0.2, "sign_flips": flips}
    facts = curve_facts(f"{PREFIX}.curve", "percentage_point", pd.DataFrame([row]))
    told = said(tmp_path, "say.curve('retention.main')", facts)
    assert zh in told["zh"] and en in told["en"] and same_numbers(told)


@pytest.mark.parametrize(
    ("one", "two", "zh"),
    [
        ((5, -15), (4, -16), "符号和判断都不变"),
        ((5, -15), (-5, -25), "符号相反；两个区间都包含零"),
        ((5, -15), (30, 10), "区间的判断随之改变"),
        ((5, -15), (5, math.nan), "没有区间，不能用来检验"),
    ],
)
def test_another_specification_is_read_by_sign_and_interval(
    one: tuple, two: tuple, zh: str, tmp_path: Path
) -> None:
    first = estimate(one[0], one[1], one[0] + 20, 28, 0.5)
    second = estimate(two[0], two[1], two[1] + 40, 28, 0.5)
    named = {key.replace("retention.main", "retention.other"): one for key, one in second.items()}
    told = said(tmp_path, "say.same_reading('retention.main', 'retention.other')", first | named)
    assert zh in told["zh"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_types_a_result(language: str) -> None:
    text = (SHARED / f"_sentences.{language}.md.j2").read_text(encoding="utf-8")
    assert lint_prose(text) == []
