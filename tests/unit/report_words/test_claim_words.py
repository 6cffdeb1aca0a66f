"""Sentences about claims from invented facts: the verb follows verdict, grade and sign."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from zgzx_research.evidence.facts import Fact, Facts, fact
from zgzx_research.report.prose_rendering import render_prose
from zgzx_research.report.wording import LANGUAGES, word

pytestmark = pytest.mark.slow  # together more than five seconds

GRADES = ("very_low", "low", "moderate", "high")
FOUND = ("supported", "indication", "associated", "contradicted", "exploratory")
WEAK, STRONG = "weak", "strong"  # words of evidence.sentence_readings.detection
NO_FINDING = re.compile(r"told from zero|ruled out|无法区分|可以排除|cannot be said|说不出")


def text(value: str | bool) -> Fact:
    return fact(value, "text", "verdict", "estimate")


def claim(**changed: object) -> Facts:
    """Facts of one claim: an estimate of 12 % with an interval from 5 to 19 that was found."""
    texts = {"from": "patents_invention.main", "design": "main", "family": "primary"}
    texts |= {"verdict": "supported", "finding": "found", "side": "up", "grade": "moderate"}
    texts |= {"limits": "", "against": False, "detection": STRONG}
    numbers = {"estimate": 12.0, "std_error": 3.5, "ci_low": 5.0, "ci_high": 19.0}
    numbers |= {"claimed_effect": 10.0, "p_value": 0.04, "p_adjusted": 0.12}
    numbers |= {"ruled_out_below": None, "ruled_out_above": None}
    facts = {}
    for name, value in {**texts, **numbers, **changed}.items():
        if name in texts:
            facts[f"claim.patents_up.{name}"] = text(value)
        elif value is not None:
            unit = "number" if name.startswith("p_") else "percent"
            facts[f"claim.patents_up.{name}"] = fact(value, unit, "estimate", "estimate")
    return Facts(facts)


def said(facts: Facts, language: str, tmp_path: Path, macro: str = "claim_sentence") -> str:
    """What a macro says, in one line."""
    call = (
        f"tell.{macro}('patents_up')"
        if macro not in ("overall", "next_steps", "next_leads")
        else f"tell.{macro}()"
    )
    page = "{% block said %}{{ " + call + " }}{% endblock %}"
    (tmp_path / f"{language}.md.j2").write_text(page, encoding="utf-8")
    return render_prose(tmp_path, "said", language, facts).strip()


VERBS = {
    ("en", "high", "up"): "Invention patent applications of winning firms rose by **12.0%**",
    ("en", "high", "down"): "Invention patent applications of winning firms fell by **12.0%**",
    ("en", "moderate", "up"): "Invention patent applications of winning firms probably rose by",
    ("en", "moderate", "down"): "Invention patent applications of winning firms probably fell by",
    (
        "en",
        "low",
        "up",
    ): "There are signs that invention patent applications of winning firms rose by",
    (
        "en",
        "low",
        "down",
    ): "There are signs that invention patent applications of winning firms fell by",
    ("en", "very_low", "up"): "There are only weak signs that invention patent applications",
    ("en", "very_low", "down"): "There are only weak signs that invention patent applications",
    ("zh", "high", "up"): "获奖企业的发明专利申请增加了 **12.0%**",
    ("zh", "high", "down"): "获奖企业的发明专利申请减少了 **12.0%**",
    ("zh", "moderate", "up"): "获奖企业的发明专利申请很可能增加了 **12.0%**",
    ("zh", "moderate", "down"): "获奖企业的发明专利申请很可能减少了 **12.0%**",
    ("zh", "low", "up"): "有迹象显示，获奖企业的发明专利申请增加了 **12.0%**",
    ("zh", "low", "down"): "有迹象显示，获奖企业的发明专利申请减少了 **12.0%**",
    ("zh", "very_low", "up"): "只有微弱的迹象显示，获奖企业的发明专利申请增加了 **12.0%**",
    ("zh", "very_low", "down"): "只有微弱的迹象显示，获奖企业的发明专利申请减少了 **12.0%**",
}


@pytest.mark.parametrize(
    ("language", "grade", "side", "verdict"),
    list(itertools.product(LANGUAGES, GRADES, ("up", "down"), FOUND)),
)
def test_the_verb_follows_grade_and_sign(
    language: str, grade: str, side: str, verdict: str, tmp_path: Path
) -> None:
    sign = 1 if side == "up" else -1
    ends = sorted((sign * 5.0, sign * 19.0))
    facts = claim(
        grade=grade,
        side=side,
        verdict=verdict,
        estimate=sign * 12.0,
        ci_low=ends[0],
        ci_high=ends[1],
        against=side == "down",
        family="exploratory" if verdict == "exploratory" else "primary",
        detection=WEAK if grade in ("low", "high") else STRONG,
    )
    found = said(facts, language, tmp_path)
    assert VERBS[language, grade, side] in found
    assert not NO_FINDING.search(found)  # a found effect is not talked down to nothing
    opposite = "This is the opposite of the claim." if language == "en" else "这与说法的方向相反。"
    assert (opposite in found) == (side == "down")
    first = "Exploratory, " if language == "en" else "只作探索，"
    assert found.startswith(first) == (verdict == "exploratory")
    too_large = "tends to look larger" if language == "en" else "往往比实际偏大"
    assert (too_large in found) == (grade in ("low", "high"))
    no_cause = "need not be the cause" if language == "en" else "原因未必是获奖"
    assert (no_cause in found) == (verdict == "associated")


@pytest.mark.parametrize(
    ("below", "above", "en", "zh"),
    [
        (
            -8.0,
            30.0,
            "Effects above +30.0% and below −8.0% are ruled out.",
            "可以排除高于 +30.0% 和低于 −8.0% 的影响。",
        ),
        (None, 30.0, "Effects above +30.0% are ruled out.", "可以排除高于 +30.0% 的影响。"),
        (-8.0, None, "Effects below −8.0% are ruled out.", "可以排除低于 −8.0% 的影响。"),
        (None, None, "How large an effect could be cannot be said.", "影响最多有多大，说不出。"),
    ],
)
def test_without_a_found_effect_the_sentence_says_what_is_ruled_out(
    below: float | None, above: float | None, en: str, zh: str, tmp_path: Path
) -> None:
    facts = claim(
        verdict="indistinguishable",
        finding="none",
        ci_low=-8.0,
        ci_high=30.0,
        ruled_out_below=below,
        ruled_out_above=above,
    )
    for language, end in (("en", en), ("zh", zh)):
        found = said(facts, language, tmp_path)
        assert found.endswith(end)
        assert not re.search("rose|fell|signs|增加了|减少了|迹象", found)


def test_significant_alone_and_not_with_the_others_is_said_in_words(tmp_path: Path) -> None:
    facts = claim(verdict="indistinguishable", finding="alone", ruled_out_above=19.0)
    en, zh = (said(facts, language, tmp_path) for language in ("en", "zh"))
    assert "Tested alone it would be significant (p = 0.040)" in en
    assert "together with the other primary claims it is not (p = 0.120), so it may be chance" in en
    assert "单看这一条是显著的（p = 0.040）" in zh
    assert "与其他主要说法一起检验就不显著（p = 0.120），可能出于偶然" in zh
    assert "below" not in en and "低于" not in zh  # the interval does not reach zero


def test_other_answers_have_words_of_their_own(tmp_path: Path) -> None:
    none = claim(verdict="no_effect_of_interest", finding="none", ruled_out_above=9.0)
    assert "as large as the claimed 10.0% is ruled out as well" in said(none, "en", tmp_path)
    assert "所称 10.0%那么大的影响，按 5% 的单侧检验也可以排除" in said(none, "zh", tmp_path)
    few = claim(verdict="too_few", finding="too_few")
    assert said(few, "en", tmp_path).endswith(
        "A few units decide this result, so it gets no verdict."
    )
    assert said(few, "zh", tmp_path).endswith("少数几个单位起决定作用，因此不作判断。")
    unknown = claim(verdict="not_estimable", finding="not_estimable", estimate=None)
    assert said(unknown, "en", tmp_path).startswith(
        "The data do not suffice for the estimated change"
    )
    assert "没有估计" in said(unknown, "zh", tmp_path, "glance")


def test_an_effect_in_percent_is_also_said_in_the_unit_of_the_outcome(tmp_path: Path) -> None:
    facts = dict(claim(verdict="indistinguishable", finding="none").facts)
    for name, value in {"absolute": 0.0588, "absolute_error": 0.21}.items():
        facts[f"claim.patents_up.{name}"] = fact(value, "number", "estimate", "estimate")
    for language, words in (
        ("en", "about +0.06 inventions per firm and year"),
        ("zh", "约合每家企业每年 +0.06 件"),
    ):
        assert words in said(Facts(facts), language, tmp_path)
        assert words in said(Facts(facts), language, tmp_path, "glance")
        assert words not in said(claim(), language, tmp_path)


@pytest.mark.parametrize(("grade", "filled"), list(zip(GRADES, (1, 2, 3, 4), strict=True)))
@pytest.mark.parametrize("language", LANGUAGES)
def test_marks_carry_their_word(grade: str, filled: int, language: str, tmp_path: Path) -> None:
    marks = said(claim(grade=grade), language, tmp_path, "marks")
    assert marks.split()[0] == "●" * filled + "○" * (4 - filled)
    assert marks.endswith(word(f"grade.{grade}", language))


def test_the_limits_of_a_grade_are_named_and_their_absence_too(tmp_path: Path) -> None:
    facts = claim(limits="effective_treated linkage")
    assert said(facts, "en", tmp_path, "limits") == (
        "What limits the rating: too few winners carry the result; too few records are linked."
    )
    assert (
        said(facts, "zh", tmp_path, "limits")
        == "等级受限于：起作用的获奖单位太少；对得上的记录太少。"
    )
    assert said(claim(), "en", tmp_path, "limits") == "Every check was passed."
    assert said(claim(), "zh", tmp_path, "limits") == "各项检查都通过。"


@pytest.mark.parametrize(
    ("counts", "en", "zh"),
    [
        ({"supported": 3}, "All 3 primary claims are supported", "3 条主要说法都得到"),
        ({"supported": 1, "not_found": 2}, "these data support 1;", "1 条得到这些数据的支持"),
        ({"contradicted": 1, "not_found": 2}, "and contradict 1.", "1 条与数据相反"),
        ({"signs": 2, "not_found": 1}, "for 2 there are signs", "2 条有迹象"),
        ({"opposite_signs": 1}, "for the opposite of 1 there are signs", "1 条有相反的迹象"),
        ({"not_found": 2}, "Effects may still exist", "这不等于没有影响"),
        ({}, "do not suffice for an answer", "不足以回答"),
    ],
)
def test_the_sentence_over_all_primary_claims(
    counts: dict[str, int], en: str, zh: str, tmp_path: Path
) -> None:
    names = ("supported", "signs", "contradicted", "opposite_signs", "not_found")
    values = {"primary": 3, **{name: counts.get(name, 0) for name in names}}
    facts = {
        f"claims.{name}": fact(n, "count", "verdict", "estimate") for name, n in values.items()
    }
    assert en in said(Facts(facts), "en", tmp_path, "overall")
    assert zh in said(Facts(facts), "zh", tmp_path, "overall")


def test_next_steps_are_those_of_the_facts_and_no_others(tmp_path: Path) -> None:
    facts = {"next.steps": text("scores links"), "next.links.claims": text("patents_up career")}
    for language in LANGUAGES:
        found = said(Facts(facts), language, tmp_path, "next_steps")
        assert [line[:2] for line in found.splitlines() if line] == ["- ", "- "]
        for part in ("lead", "why"):
            assert word(f"next_step.scores.{part}", language) in found
        claims = "（专利、获奖者）" if language == "zh" else "(Patents, Winners)"
        assert found.endswith(claims)
        assert word("next_step.patents.lead", language) not in found
        short = said(Facts(facts), language, tmp_path, "next_leads")
        assert word("next_step.scores.lead", language) in short and short.endswith(claims)
        assert word("next_step.scores.why", language) not in short


@pytest.mark.parametrize(
    ("finding", "against", "shown"),
    [("found", False, "11"), ("found", True, None), ("none", False, "22"), ("alone", False, "22")],
)
def test_the_cost_follows_what_was_found(
    finding: str, against: bool, shown: str | None, tmp_path: Path
) -> None:
    prices = {"estimate": 11, "claimed": 22}
    costs = {
        f"value.invention.price_{name}": fact(price, "count", "estimate", "estimate")
        for name, price in prices.items()
    }
    facts = claim(finding=finding, against=against, verdict="associated")
    for language, words in (("en", "one more invention"), ("zh", "每多一件发明")):
        found = said(Facts(facts.facts | costs), language, tmp_path, "glance")
        assert (words in found) == (shown is not None)
        assert shown is None or shown in found
        assert words not in said(facts, language, tmp_path, "glance")  # no cost file, no cost
