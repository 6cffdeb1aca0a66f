"""The landing page: what each study found, when and from which years; links that say where to."""

from __future__ import annotations

import re
from pathlib import Path

from zgzx_research.evidence.facts import Facts, fact, withheld_fact
from zgzx_research.report.card_findings import card_findings
from zgzx_research.report.landing_page import FILES, StudyCard, write_index


def claim(name: str, verdict: str, *numbers: float | None) -> dict[str, dict[str, object]]:
    values = dict(zip(("estimate", "ci_low", "ci_high"), numbers, strict=True))
    return {
        f"claim.{name}.verdict": fact(verdict, "text", "verdict", "estimate"),
        f"claim.{name}.grade": fact("low", "text", "verdict", "estimate"),
        **{
            f"claim.{name}.{key}": withheld_fact("percentage_point", "estimate", "estimate")
            if value is None
            else fact(value, "percentage_point", "estimate", "estimate")
            for key, value in values.items()
        },
    }


FACTS = Facts(
    claim("career", "supported", 3.25, 0.04, 6.46)
    | claim("retention_up", "too_few", None, None, None)
    | claim("a_new_claim", "contradicted", -2.0, -3.0, -1.0)
    | claim("spillover", "exploratory", 1.0, 0.0, 2.0)
)


def test_findings_are_verdict_number_and_grade_in_the_order_of_the_ledger() -> None:
    found = card_findings(FACTS, "zh")
    assert [one["claim"] for one in found] == [
        "获奖企业的员工留存",
        "获奖者是否留下",
        "a_new_claim",
    ]
    assert found[0]["number"] == ""  # withheld: no estimate is shown
    assert found[1] == {
        "claim": "获奖者是否留下",
        "verdict": "得到支持",
        "number": "+3.2 个百分点（95% 区间 0.0 至 +6.5）",
        "grade": "证据等级：低",
    }
    assert card_findings(FACTS, "en")[2]["number"] == (
        "−2.0 percentage points (95% interval −3.0 to −1.0)"
    )
    assert card_findings(Facts({}), "en") == []


def cards(folder: Path) -> list[StudyCard]:
    """Three invented studies: synthetic, real, and one in Chinese alone without claims."""
    made = []
    for name, synthetic, languages in (
        ("alpha", True, ("zh", "en")),
        ("year2031", False, ("zh", "en")),
        ("plain", False, ("zh",)),
    ):
        for language in languages:
            (folder / name / language).mkdir(parents=True)
            for kind, suffixes in FILES.items():
                for suffix in suffixes:
                    (folder / name / language / f"{kind}.{suffix}").write_text("x")
        found = {} if name == "plain" else {one: card_findings(FACTS, one) for one in languages}
        made.append(
            StudyCard(
                name,
                {"zh": f"题 {name}", "en": f"Title {name}"},
                {"zh": "一句话。", "en": "One sentence."},
                synthetic=synthetic,
                languages=languages,
                years="2001–2009",
                findings=found,
                front={
                    "zh": [("报告日期", "2010 年 1 月 2 日")],
                    "en": [("Date", "2 January 2010")],
                },
            )
        )
    return made


def test_each_study_has_years_date_verdicts_and_its_own_mark(tmp_path: Path) -> None:
    text = write_index(cards(tmp_path), tmp_path / "index.html").read_text(encoding="utf-8")
    sections = text.split('<section class="study"')[1:]
    assert len(sections) == 3
    for section in sections:
        assert "2001–2009" in section and "2010 年 1 月 2 日" in section
    assert [section.count('class="pill"') for section in sections] == [1, 0, 0]
    assert [section.count("得到支持") for section in sections] == [1, 1, 0]
    assert [section.count("supported") for section in sections] == [1, 1, 0]
    assert "一句话。" in sections[2]
    assert [len(re.findall("<a ", section)) for section in sections] == [14, 14, 7]


def test_no_two_links_have_the_same_name(tmp_path: Path) -> None:
    text = write_index(cards(tmp_path), tmp_path / "index.html").read_text(encoding="utf-8")
    names = [re.sub("<[^>]+>", "", link) for link in re.findall("<a [^>]*>(.*?)</a>", text)]
    inside = names[1:]  # after the link to the content
    assert len(inside) == 35
    assert len(set(inside)) == len(inside)
