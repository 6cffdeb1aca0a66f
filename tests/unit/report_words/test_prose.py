from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import DictLoader, nodes
from words_cases import FINDINGS, facts_of

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.facts import Facts, FactSource
from zgzx_research.report import fonts
from zgzx_research.report.prose_lint import lint_prose
from zgzx_research.report.prose_rendering import MODULES, SHARED, environment, render_prose
from zgzx_research.report.wording import LANGUAGES

pytestmark = pytest.mark.slow  # together more than five seconds

BLOCKS = {
    "0_brief": "title headline what_we_asked why checked what_it_does_not_say next data_and_method",
    "0_summary": "title question answers reading next",
    "1_data_audit": "title purpose rows linkage arms until panel limits",
    "2_programme": "title question calendar versions flow persons participation limits",
    "3_retention": "title question design headline event_study precision checks limits",
    "4_patents": "title question design headline event_study contest checks limits",
    "5_robustness": "title question bounds base placebos curve controls methods two_way weights "
    "leave_out samples randomisation groups limits",
    "6_people": "title question stay rank inventions wage skill colleagues other_inventions "
    "described limits",
    "7_value": "title question cost prices break_even limits",
    "8_claims": "title question answers described certainty rules disclosure",
    "9_changes": "title question claims limits",
    "9_any_panel": "title question data headline event_study checks limits reproduce",
}
PAGES = Path(__file__).parents[3] / "notebooks"
FILES = sorted([*PAGES.rglob("*.j2"), *SHARED.rglob("*.j2")])
OPTIONS = {"options": {"controls": "never_treated", "leave_out": 1}}
PATENTS = {"outcome": "patents_invention", "spec": "main", "primary": "contest"} | OPTIONS
# what a page passes to its texts besides the facts
NAMES = {
    "2_programme": {"unit": "persons"},
    "3_retention": {"outcome": "retention", "spec": "main", "primary": "precision"} | OPTIONS,
    "4_patents": PATENTS | {"others": ["patents_utility_model", "patents_all"]},
    "5_robustness": {
        "prefix": "patents_invention.main",
        "scale": "ratio",
        "controls": "never_treated",
    },
    "9_changes": {"claims": {}},
}


class Recorder:
    """Facts that remember which keys were asked for."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.asked = facts, []

    def record(self, key: str) -> dict:
        self.asked.append(key)
        return self.facts.record(key)

    def has(self, key: str) -> bool:
        self.asked.append(key)
        return self.facts.has(key)


def rendered(page: str, block: str, language: str, facts: FactSource) -> str:
    names = dict(NAMES.get(page, {}))
    if page == "9_changes" and facts.has("changes.patents_up.from"):
        names = {"claims": {"patents_up": "A"}}
    return render_prose(PAGES / page, block, language, facts, names)


# how large amounts of money are written, and what that is in yuan
MONEY = {r"([\d,.]+) 亿元": 1e8, r"([\d,.]+) 万元": 1e4, r"([\d,.]+) million yuan": 1e6}


def numbers(text: str) -> list[str]:
    """All numbers of a text; amounts of money in yuan."""
    for pattern, factor in MONEY.items():
        text = re.sub(
            pattern, lambda found, f=factor: f"{float(found[1].replace(',', '')) * f:,.0f}", text
        )
    return sorted(re.findall(r"[+−]?\d[\d,.]*\d|\d", text))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_prose_types_no_result(file) -> None:
    assert lint_prose(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", BLOCKS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_has_its_blocks(page: str, language: str) -> None:
    template = environment(PAGES / page).get_template(f"{language}.md.j2")
    assert set(template.blocks) == set(BLOCKS[page].split())


def test_every_page_has_both_languages() -> None:
    names = {file.relative_to(file.parents[1]).as_posix() for file in FILES}
    assert names == {
        f"{start}{language}.md.j2"
        for start in [*(f"{page}/" for page in BLOCKS), "prose/_sentences.", "prose/_claims."]
        for language in LANGUAGES
    }
    assert {path.parent.name for path in PAGES.rglob("page.ipynb")} == set(BLOCKS)


@pytest.mark.parametrize("file", MODULES.values())
def test_both_languages_define_the_same_sentences(file: str) -> None:
    def macros(language: str) -> dict:
        tree = environment().parse((SHARED / f"{file}.{language}.md.j2").read_text("utf-8"))
        return {
            macro.name: [arg.name for arg in macro.args] for macro in tree.find_all(nodes.Macro)
        }

    assert macros("zh") == macros("en")


@pytest.mark.parametrize("page", BLOCKS)
@pytest.mark.parametrize("finding", FINDINGS)
@pytest.mark.parametrize("p_value", [0.4, 0.0004, float("nan")])
def test_both_languages_ask_for_the_same_facts_and_print_the_same_numbers(
    page, finding, p_value
) -> None:
    for block in BLOCKS[page].split():
        texts, asked = {}, {}
        for language in LANGUAGES:
            facts = Recorder(facts_of(finding, p_value))
            texts[language] = rendered(page, block, language, facts)
            asked[language] = sorted(facts.asked)
        assert asked["zh"] == asked["en"], block
        assert numbers(texts["zh"]) == numbers(texts["en"]), block


@pytest.mark.parametrize("page", BLOCKS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_rendered_text_is_clean(page: str, language: str) -> None:
    for finding in FINDINGS:
        text = "\n".join(
            rendered(page, block, language, facts_of(finding)) for block in BLOCKS[page].split()
        )
        assert not re.search(r"\{[{%]|nan|None|\n{3,}|[ \t]$|。。|\.\.|  ", text, re.MULTILINE)
        assert fonts.missing(text) == []
        # in English only marks that hold no letter may be full-width or Chinese, but for the
        # programme's own name
        if language == "en":
            assert not re.search(r"[\u4e00-\u9fff，。；：（）]", text.replace("职工之星", ""))
        else:
            assert not re.search(r"[\u4e00-\u9fff][,;:()][\u4e00-\u9fff]", text)


def headline(finding: str, language: str, page: str = "4_patents") -> str:
    return rendered(page, "headline", language, facts_of(finding))


def test_the_verb_follows_the_interval() -> None:
    # 20 % with error 5 %: interval 10 % to 30 %
    assert "高出 **20.0%**（95% 区间 +10.0% 至 +30.0%）" in headline("rose", "zh")
    assert "低了 **20.0%**（95% 区间 −30.0% 至 −10.0%）" in headline("fell", "zh")
    assert "**20.0%** higher than without the award (95% interval +10.0% to +30.0%)" in headline(
        "rose", "en"
    )
    assert "**20.0%** lower than" in headline("fell", "en")


def test_no_effect_is_reported_with_what_is_ruled_out() -> None:
    # 3 % with error 10 %: interval −17 % to 23 %
    zh, en = headline("flat", "zh"), headline("flat", "en")
    assert "不能排除没有影响" in zh and "高于 +23.0% 和低于 −17.0%" in zh
    assert "effects above +23.0% and below −17.0%" in en
    assert not re.search("高出|低了|higher than|lower than", zh + en)


def test_an_effect_that_cannot_be_judged_is_not_judged() -> None:
    # an estimate without an error is printed, and said to have no interval
    zh, en = headline("unknown", "zh"), headline("unknown", "en")
    assert "估计变化 **+3.0%**" in zh and "给不出区间" in zh
    assert "estimated **+3.0%**" in en and "no interval" in en
    assert not re.search("高出|低了|higher than|lower than|偶然|chance to", zh + en)


def test_retention_is_reported_in_percentage_points() -> None:
    assert "**20.0 percentage points** higher" in headline("rose", "en", "3_retention")
    assert "高出 **20.0 个百分点**（95% 区间 +10.0 至 +30.0 个百分点）" in headline(
        "rose", "zh", "3_retention"
    )


def test_headline_names_period_comparison_and_grade() -> None:
    text = headline("rose", "zh")
    assert "获奖后第 1 至 3 年" in text and "从未获奖的企业" in text
    assert "**专利：得到支持。**" in headline("rose", "zh", "0_brief")
    assert "证据 ●●○○ 低" in headline("rose", "zh", "0_brief")
    assert "参赛而没有获奖的企业" in rendered("0_brief", "why", "zh", facts_of("rose"))


def test_any_panel_speaks_of_units_not_of_the_award() -> None:
    for language in LANGUAGES:
        text = "".join(
            rendered("9_any_panel", b, language, facts_of("flat"))
            for b in BLOCKS["9_any_panel"].split()
        )
        assert not re.search("获奖|企业|award|firm|职工", text)


def test_names_from_data_cannot_become_markup() -> None:
    text = rendered("9_any_panel", "data", "en", facts_of("rose"))
    assert r"a\|b.csv" in text
    assert r"log\_emp\*" in rendered("9_any_panel", "title", "en", facts_of("rose"))


def test_a_plain_estimate_and_its_interval_end_at_the_same_place() -> None:
    # 0.20 with error 0.05: two significant digits of the error
    text = rendered("9_any_panel", "headline", "en", facts_of("fell"))
    assert "**0.200** lower than without treatment (95% interval −0.300 to −0.100)" in text


def test_synthetic_data_are_named_as_such_and_real_ones_not() -> None:
    assert "合成数据" in rendered("0_brief", "title", "zh", facts_of("rose"))
    assert "合成数据" not in rendered("0_brief", "title", "zh", facts_of("rose", synthetic=False))


def test_the_brief_fits_two_pages() -> None:
    # about 1,300 Chinese characters or 850 words and one figure fit on two A4 pages in 10.5 point
    text = {
        language: "".join(
            rendered("0_brief", b, language, facts_of("flat")) for b in BLOCKS["0_brief"].split()
        )
        for language in LANGUAGES
    }
    assert len(re.findall(r"[\u4e00-\u9fff]", text["zh"])) < 1700
    assert len(text["en"].split()) < 1200


def test_missing_pages_blocks_and_facts_are_named() -> None:
    with pytest.raises(ZgzxError, match="no prose for page 'nothing'"):
        rendered("nothing", "title", "zh", facts_of("rose"))
    with pytest.raises(ZgzxError, match="no block 'x'"):
        rendered("0_brief", "x", "zh", facts_of("rose"))
    with pytest.raises(ZgzxError, match=r"nearest key is study\.edition\."):
        facts = {
            key: value for key, value in facts_of("rose").facts.items() if key != "study.editions"
        }
        rendered(
            "0_brief", "what_we_asked", "zh", Facts(facts | {"study.edition": facts["study.name"]})
        )


CLAIM = "{% claim value('a') > 0 %}rose{% elif value('a') < 0 %}fell{% else %}nothing{% endclaim %}"


@pytest.mark.parametrize(
    ("value", "said"), [(1.0, "rose"), (-1.0, "fell"), (0.0, "nothing"), (float("nan"), "nothing")]
)
def test_claims_choose_by_value(value: float, said: str) -> None:
    assert environment().from_string(CLAIM).render(value=lambda key: value) == said


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{% claim value('a') > 0 %}rose{% endclaim %}", "needs an else"),
        ("{% claim true %}rose{% else %}fell{% endclaim %}", "must look at value"),
    ],
)
def test_a_claim_without_alternative_or_value_is_refused(template: str, problem: str) -> None:
    assert any(problem in found for found in lint_prose(template))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("专利增长 12.3%，", "typed digits '12.3%'"),
        ("涨了１２件", "typed digits '１２'"),
        ("in 2012", "typed digits '2012'"),
        ("约为三成，", "spelled result"),
        ("by twenty percent", "spelled result"),
        ("申请增加了。", "finding '增加了'"),
        ("applications rose", "finding 'rose'"),
        ("{{ value('a') * 2 }}", "arithmetic"),
        ("{{ 12 }}", "constant"),
        ("第一行\n\n1995 年", "line 3"),
    ],
)
def test_the_linter_finds(text: str, problem: str) -> None:
    assert any(problem in found for found in lint_prose(text)), lint_prose(text)


@pytest.mark.parametrize(
    "text",
    [
        "1. first\n2. second",
        "95% 区间",
        "an 80% chance",
        "a note[^1]",
        "e = −1",
        "{{ fact('a', digits=2) }}",
        CLAIM,
    ],
)
def test_the_linter_lets_pass(text: str) -> None:
    assert lint_prose(text) == []


def test_the_sandbox_holds() -> None:
    with pytest.raises(Exception, match="unsafe"):
        environment().from_string("{{ ''.__class__.__mro__ }}").render()
    assert not isinstance(environment().loader, DictLoader)


@pytest.mark.parametrize("language", LANGUAGES)
def test_comparisons_with_awarded_firms_are_weighed_and_a_refusal_says_nothing(
    language: str,
) -> None:
    said = {
        finding: rendered("5_robustness", "two_way", language, facts_of(finding))
        for finding in FINDINGS
    }
    words = {
        "zh": {"rose": "影响有限", "fell": "不宜当作获奖的影响来读", "flat": "没有这样的比较"},
        "en": {"rose": "do little", "fell": "should not be read", "flat": "no such comparisons"},
    }[language]
    for finding, wanted in words.items():
        assert [one for one in words.values() if one in said[finding]] == [wanted]
    assert "2.0%" in said["rose"] and "30.0%" in said["fell"]
    nothing = facts_of("rose").facts
    kept = Facts({key: one for key, one in nothing.items() if ".bacon." not in key})
    assert rendered("5_robustness", "two_way", language, kept).strip() == ""
    few = Facts({key: one for key, one in nothing.items() if ".weights." not in key})
    assert "2015" not in rendered("5_robustness", "weights", language, few)
