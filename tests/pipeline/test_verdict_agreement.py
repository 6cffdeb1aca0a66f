"""Verdict, grade and verb of a claim agree, whatever its numbers; no found effect is lowered."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest

from zgzx_research.evidence.claims import read_claims
from zgzx_research.evidence.facts import Facts, fact
from zgzx_research.pipeline.claim_facts import claim_facts
from zgzx_research.report.prose_rendering import render_prose
from zgzx_research.study import Study, load_study
from zgzx_research.study_sections import Override

ROOT = Path(__file__).parents[2]
CLAIMS = read_claims(ROOT / "data/published/claims.csv")
START = "patents_invention.contest"
KEY = "claim.patents_up"
ESTIMATES = (-12.0, 2.0, 12.0)
ERRORS = (0.5, 3.0, 5.3, 9.0)  # z of 12 / 5.3 is 2.26: significant alone, not with the family
DETECTABLE = (1.0, 14.0, 300.0, math.inf, math.nan)
CLAIMED = (3.0, 10.0)
CHECKS = (
    {},
    {"curve.sign_flips": 0.5},  # lowers, and is no gate
    {"curve.sign_flips": 0.5, "sensitivity.breakdown": 0.1},
    {"pretest.p_value": 0.01},  # a gate
    {"headline.effective_number": 5.0},
)
FIRM, SIGNS = ("moderate", "high"), ("low", "very_low")
# verdict -> grades it may have, and whether its verb tells an effect
AGREED = {
    "supported": (FIRM, True),
    "contradicted": (FIRM, True),
    "indication": (SIGNS, True),
    "opposite_indication": (SIGNS, True),
    "associated": (SIGNS, True),
    "indistinguishable": ((*FIRM, *SIGNS), False),
    "no_effect_of_interest": ((*FIRM, *SIGNS), False),
    "too_few": ((*FIRM, *SIGNS), False),
}
VERBS = ("增加了", "减少了")
LEADS = ("有迹象显示", "只有微弱的迹象显示")


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(ROOT, "demo")


def claim(
    study: Study, estimate: float, error: float, mde: float, claimed: float, **checks: float
) -> Facts:
    """Facts of the claim about patents with a normal estimate; `claimed` is in percent."""
    p_value = math.erfc(abs(estimate) / error / math.sqrt(2))
    numbers = {"estimate": estimate, "std_error": error, "mde": mde, "p_value": p_value}
    numbers |= {"ci_low": estimate - 1.96 * error, "ci_high": estimate + 1.96 * error}
    numbers |= {
        "equivalence_low": estimate - 1.645 * error,
        "equivalence_high": estimate + 1.645 * error,
        "effective_number": 90.0,
    }
    facts = {f"{START}.headline.{name}": number for name, number in numbers.items()}
    facts |= {f"{START}.pretest.p_value": 0.4, f"{START}.sensitivity.breakdown": 0.9}
    facts["patents_invention.main.curve.sign_flips"] = 0.0
    for name, number in checks.items():
        curve = name.startswith("curve")
        facts[f"patents_invention.main.{name}" if curve else f"{START}.{name}"] = number
    made = {
        key: fact(number, "number" if "p_value" in key else "percent", "estimate", "estimate")
        for key, number in facts.items()
    }
    return Facts(claim_facts(_claiming(study, claimed), Facts(made), CLAIMS, (0.95, True)))


def _claiming(study: Study, size: float) -> Study:
    """Return the study with another claimed effect on patents."""
    own = Override(claimed_effect=size)
    estimate = study.estimate.model_copy(update={"overrides": {"patents_invention": own}})
    return study.model_copy(update={"estimate": estimate})


def said(facts: Facts, folder: Path) -> str:
    """The sentence of the claim, in Chinese."""
    page = "{% block said %}{{ tell.claim_sentence('patents_up') }}{% endblock %}"
    (folder / "zh.md.j2").write_text(page, encoding="utf-8")
    return render_prose(folder, "said", "zh", facts).strip()


def shape(text: str) -> tuple[bool, bool, bool]:
    """Whether a sentence tells an effect, only signs of one, or that it is probable."""
    return any(verb in text for verb in VERBS), text.startswith(LEADS), "很可能" in text


def test_verdict_grade_and_verb_agree_over_a_grid(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gc.collect", lambda *_: 0)  # statsmodels collects garbage in each call
    sentences: dict[tuple[str, ...], tuple[bool, bool, bool]] = {}
    for estimate, error, claimed, checks in itertools.product(ESTIMATES, ERRORS, CLAIMED, CHECKS):
        answers = []
        for mde in DETECTABLE:
            facts = claim(study, estimate, error, mde, claimed, **checks)
            words = ("verdict", "grade", "finding", "side", "against", "detection")
            read = {
                name: facts.get(f"{KEY}.{name}") for name in words if facts.has(f"{KEY}.{name}")
            }
            grades, tells = AGREED[read["verdict"]]
            assert read["grade"] in grades, (estimate, error, mde, claimed, checks, read)
            assert (read["finding"] == "found") == tells
            answers.append((read["verdict"], read["grade"]))
            key = tuple(map(str, read.values()))
            if key not in sentences:  # a sentence follows these words alone
                sentences[key] = shape(said(facts, tmp_path))
            signs = tells and read["grade"] in SIGNS
            assert sentences[key] == (tells, signs, tells and read["grade"] == "moderate")
        found = AGREED[answers[0][0]][1]
        # a found effect is answered alike whatever the design could have seen
        assert not found or len(set(answers)) == 1


@pytest.mark.parametrize("mde", [40.0, math.inf, math.nan])
def test_where_nothing_was_found_the_detectable_effect_caps_the_grade(
    study: Study, mde: float
) -> None:
    seen = claim(study, 2.0, 3.0, 8.0, 10.0)
    unseen = claim(study, 2.0, 3.0, mde, 10.0)
    assert (seen.get(f"{KEY}.grade"), unseen.get(f"{KEY}.grade")) == ("moderate", "low")
    assert unseen.get(f"{KEY}.verdict") == seen.get(f"{KEY}.verdict")
