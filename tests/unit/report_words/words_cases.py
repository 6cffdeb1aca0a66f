"""Facts and frames for words, tables and figures: four studies that differ in their findings."""

from __future__ import annotations

import functools
import math
from functools import cache

import pandas as pd

from zgzx_research.evidence.changes import LEVELS
from zgzx_research.evidence.claims import Claim
from zgzx_research.evidence.facts import Facts, effect_facts, fact, grade_facts
from zgzx_research.evidence.frame_facts import frame_facts
from zgzx_research.evidence.grade import grade
from zgzx_research.pipeline.changes_facts import changes_facts, changes_frame
from zgzx_research.pipeline.sentence_facts import (
    Question,
    curve_facts,
    paired_facts,
    sentence_facts,
)
from zgzx_research.pipeline.steps.changes import NOTHING
from zgzx_research.robustness.base_sensitivity import PairedDifference

# estimate and standard error, as proportions
FINDINGS = {
    "rose": (0.20, 0.05),
    "fell": (-0.20, 0.05),
    "flat": (0.03, 0.10),
    "unknown": (0.03, math.nan),
}
OUTCOMES = {
    "retention": "difference",
    "patents_invention": "ratio",
    "patents_utility_model": "ratio",
    "patents_all": "ratio",
    "outcome": "difference",
}
SOURCES = ("roster", "registry", "employment", "patents", "total")
ARMS = ("winner", "finalist", "participant")
TEXTS = {
    "name": "demo",
    "outcome_name": "log_emp*",
    "unit_name": "county",
    "period_name": "year",
    "first_treated_name": "first",
    "source_file": "a|b.csv",
    "compared": "never_treated",
    "another": "not_yet",
    "covariates": "",
}


def effect_row(estimate: float, error: float, event: int | None = None, role: str = "post") -> dict:
    """One row of an effects frame with intervals two errors wide and bands three."""
    row = {
        "estimand": "x",
        "cohort": pd.NA,
        "period": pd.NA,
        "event_time": pd.NA if event is None else event,
    }
    row |= {
        "estimate": estimate,
        "std_error": error,
        "ci_low": estimate - 2 * error,
        "ci_high": estimate + 2 * error,
    }
    row |= {"band_low": estimate - 3 * error, "band_high": estimate + 3 * error}
    return row | {
        "n_treated": 360,
        "n_comparison": 5640,
        "base_mean": 0.5,
        "role": role,
        "mde": 2.8 * error,
    }


def event_frame() -> pd.DataFrame:
    """Event times −3..2: pre, base, left out, post; the last one much wider than the others."""
    rows = [
        effect_row(0.01, 0.05, -3, "pre"),
        effect_row(0.0, math.nan, -2, "reference"),
        effect_row(0.30, 0.06, -1, "left_out"),
        effect_row(0.12, 0.05, 0),
        effect_row(0.15, 0.05, 1),
        effect_row(-0.02, 0.20, 2),
    ]
    return pd.DataFrame(rows)


def facts_of(finding: str, p_value: float = 0.4, synthetic: bool = True) -> Facts:
    """Every fact the prose may ask for, in a study that found `finding`."""
    return Facts(dict(_records_of(finding, p_value, synthetic)))


@cache  # sentences ask thousands of times for the same few
def _records_of(finding: str, p_value: float, synthetic: bool) -> dict:
    facts = {f"study.{name}": fact(text, "text", "design", "study") for name, text in TEXTS.items()}
    facts["study.synthetic"] = fact(synthetic, "text", "design", "study")
    facts["study.editions"] = fact(12, "count", "design", "study")
    for key in ("study.first_year", "panel.first_year", "panel.first_period"):
        facts[key] = fact(2010, "year", "design", "panels")
    for key in ("study.last_year", "panel.last_year", "panel.last_period"):
        facts[key] = fact(2025, "year", "design", "panels")
    for name in ("firms", "firm_years", "treated_firms", "never_treated_firms", "left_out_firms"):
        facts[f"panel.{name}"] = fact(1234, "count", "data", "panels")
    counts = "units periods rows treated_units never_treated_units left_out_units"
    for name in counts.split():
        facts[f"panel.{name}"] = fact(1234, "count", "data", "panels")
    for source in SOURCES:
        for name in ("files", "rows_in", "rows_kept", "rows_quarantined", "rows_non_data"):
            facts[f"data.{source}.{name}"] = fact(98765, "count", "data", "clean")
    for source in ("roster", "spell", "patent_party"):
        facts |= {
            f"link.{source}.{name}": fact(321, "count", "data", "link")
            for name in ("rows", "linked")
        }
        facts[f"link.{source}.linked_share"] = fact(0.9, "share", "data", "link")
    facts |= {f"link.{arm}.worker.linked_share": fact(0.9, "share", "data", "link") for arm in ARMS}
    facts["data.sources"] = fact(6, "count", "data", "clean")
    facts["disclosure.rule.persons"] = fact(10, "count", "design", "study")
    facts["disclosure.rule.firms"] = fact(3, "count", "design", "study")
    for outcome, scale in OUTCOMES.items():
        for spec in ("main", "full_base", "not_yet", "precision", "contest"):
            facts |= _estimates(outcome, spec, scale, finding, p_value)
    facts |= _checks(finding, p_value) | _people(finding) | _programme() | value_facts_of(finding)
    facts |= _plan(finding) | _changes(finding)
    return facts | _claims(finding)


def _programme() -> dict:
    """Facts of the page about the programme, and until when the data reach."""
    counts = {"firms.entered": 518, "firms.final": 269, "firms.awarded": 105, "firms.in_panel": 98}
    counts |= {"patents_invention.estimate": 78, "retention.estimate": 72, "persons.compared": 1108}
    counts |= {"roster.rows": 150, "roster.teams": 45, "roster.persons": 382}
    facts = {f"flow.{name}": fact(n, "count", "data", "panels") for name, n in counts.items()}
    for name, number in (("editions", 12), ("assumed", 8)):
        facts[f"calendar.{name}"] = fact(number, "count", "design", "study")
    for name, year in (("first_year", 2012), ("last_year", 2025)):
        facts[f"calendar.{name}"] = fact(year, "year", "design", "study")
    facts["calendar.assumed_share"] = fact(0.7, "share", "data", "panels")
    facts["until.patents_export"] = fact("2026-03-31", "text", "design", "study")
    facts["until.months_to_publication"] = fact(18, "count", "design", "study")
    facts["until.patents_invention"] = fact(2023, "year", "data", "panels")
    return facts


def _plan(finding: str) -> dict:
    """Facts of the analysis plan; each study is in another state."""
    states = {"rose": "before", "fell": "changed", "flat": "after", "unknown": "no"}
    state = states[finding]
    names = "code.did, estimate.headline_events" if state == "changed" else ""
    values = {
        "frozen": (state, "text"),
        "frozen_on": ("" if state == "no" else "2026-03-01", "text"),
        "frozen_after_data": (state == "after", "text"),
        "frozen_files": (3 if state == "before" else 0, "count"),
        "plan_changes": (names.count(",") + bool(names), "count"),
        "plan_changed": (names, "text"),
    }
    return {
        f"study.{name}": fact(value, unit, "design", "study")
        for name, (value, unit) in values.items()
    }


def _changes(finding: str) -> dict:
    """Facts of the comparison with an earlier report, of one claim; "flat" has no earlier one."""
    if finding == "flat":
        return changes_facts(NOTHING, changes_frame(NOTHING, ()))
    unknown = {"rose": "", "fell": "method", "unknown": "reported"}[finding]
    levels = {}
    for place, name in enumerate(LEVELS):
        number = None if name == unknown else 2.0 + 3 * place
        levels[name] = dict.fromkeys(("estimate", "std_error", "ci_low", "ci_high"), number)
        levels[name]["reason"] = "" if number else "refused"
    one = {"from": "a.contest", "reported_from": "a.main", "unit": "percent", "digits": 1}
    found = {"since": "year2025", "published_on": "2026-04-02", "claims": {}}
    found["claims"]["patents_up"] = {**one, "levels": levels}
    claim = Claim("patents_up", "", "", "causal", "", "", "a", "primary", 1, math.nan, "")
    return changes_facts(found, changes_frame(found, [claim]))


def _claims(finding: str) -> dict:
    """Facts of the claims, all with the same finding."""
    estimate, error = (100 * number for number in FINDINGS[finding])
    low, high = estimate - 2 * error, estimate + 2 * error
    numbers = {"estimate": estimate, "std_error": error, "ci_low": low, "ci_high": high}
    verdict = {"rose": "supported", "fell": "contradicted"}.get(finding, "indistinguishable")
    found = {"rose": "found", "fell": "found", "flat": "none"}.get(finding, "not_estimable")
    verdict = "not_estimable" if found == "not_estimable" else verdict
    sources = {
        "patents_up": ("patents_invention.contest", "contest", "primary", "percent"),
        "retention_up": ("retention.precision", "precision", "primary", "percentage_point"),
        "career": ("stay_24.persons", "stay_24", "primary", "percentage_point"),
        "spillover": ("colleagues.firms", "colleagues", "exploratory", "percentage_point"),
    }
    facts: dict = {}
    for claim, (source, design, family, unit) in sources.items():
        own = verdict if family == "primary" else "exploratory"
        texts = {"from": source, "design": design, "family": family, "verdict": own}
        texts |= {"grade": "low", "finding": found, "side": "down" if estimate < 0 else "up"}
        texts |= {"against": finding == "fell", "limits": "detectable"}
        facts |= {f"claim.{claim}.{name}": _text(text) for name, text in texts.items()}
        facts |= {
            f"claim.{claim}.{name}": fact(value, unit, "estimate", "estimate")
            for name, value in (numbers | {"claimed_effect": 3.0}).items()
        }
        for name in ("p_value", "p_adjusted"):
            facts[f"claim.{claim}.{name}"] = fact(0.3, "number", "estimate", "estimate")
        if found == "none":
            facts[f"claim.{claim}.ruled_out_below"] = fact(low, unit, "estimate", "estimate")
            facts[f"claim.{claim}.ruled_out_above"] = fact(high, unit, "estimate", "estimate")
    for name, value in {"absolute": 0.3, "absolute_error": 0.1}.items():
        facts[f"claim.patents_up.{name}"] = fact(value, "number", "estimate", "estimate")
    names = ("supported", "signs", "contradicted", "opposite_signs", "not_found", "unanswered")
    counts = dict.fromkeys(names, 0)
    key = {"rose": "supported", "fell": "contradicted", "flat": "not_found"}
    counts |= {key.get(finding, "unanswered"): 3, "primary": 3, "all": 9}
    facts |= {
        f"claims.{name}": fact(n, "count", "verdict", "estimate") for name, n in counts.items()
    }
    facts["claims.primary_ids"] = _text("patents_up retention_up career")
    facts["claims.exploratory_ids"] = _text("spillover")
    facts["next.steps"] = _text("scores more_editions")
    return facts | {"next.more_editions.claims": _text("patents_up career")}


def _text(value: str | bool) -> dict:
    """A fact that is a word, or whether something holds."""
    return fact(value, "text", "verdict", "estimate")


def _kinds(already: float | None) -> pd.DataFrame:
    """The comparisons behind two-way fixed effects; None = there are none with treated firms."""
    rows = [{"kind": "never", "share": 1 - (already or 0)}, {"kind": "all", "share": 1.0}]
    rows += [{"kind": "already", "share": already}] if already else []
    return pd.DataFrame(rows).assign(pairs=12, estimate=0.4, n_treated=80, n_comparison=900)


def _weights(largest: float) -> pd.DataFrame:
    """The cohorts behind the main estimate."""
    row = {"groups": 9, "largest_cohort": 2015, "largest_share": largest}
    return pd.DataFrame([row | {"largest_three_share": 2 * largest, "effective_number": 5.6}])


def _checks(finding: str, p_value: float) -> dict:
    """Facts of the page about robustness."""
    estimate, error = FINDINGS[finding]
    ends = {"estimate": estimate, "ci_low": estimate - 2 * error, "ci_high": estimate + 2 * error}
    frames = {
        "bounds": (pd.DataFrame([{"bound": 1, **ends}]), "bound"),
        "sensitivity": (pd.DataFrame([{"breakdown": 0.4 if finding != "flat" else 0.0}]), None),
        "randomisation": (pd.DataFrame([{"p_value": 0.2, "permutations": 999}]), None),
        "bacon": (_kinds(already={"rose": 0.02, "fell": 0.3}.get(finding)), "kind"),
        "weights": (_weights(largest={"rose": 0.6, "fell": 0.3}.get(finding, 0.1)), None),
    }
    facts: dict = {}
    for name, (frame, by) in frames.items():
        facts |= frame_facts(f"patents_invention.main.{name}", frame, "percent", by)
    flips = {"flat": 0.5, "rose": 0.0}.get(finding, 0.1)
    curve = {"specifications": 16, "lowest": -0.1, "median": 0.05, "highest": 0.2}
    summary = pd.DataFrame([curve | {"sign_flips": flips}])
    pair = PairedDifference(0.0, estimate, estimate, error, 0.0, 0.0, p_value, 0.5, "difference")
    for outcome, unit in (("patents_invention", "percent"), ("retention", "percentage_point")):
        for name in ("base", "controls"):
            facts |= paired_facts(f"{outcome}.main.{name}", unit, pair)
        facts |= curve_facts(f"{outcome}.main.curve", unit, summary)
    return facts


def _people(finding: str) -> dict:
    """Facts of the page about persons."""
    estimate, error = FINDINGS[finding]
    row = {"estimate": estimate, "std_error": error, "mde": 2.8 * error}
    row |= {"ci_low": estimate - 2 * error, "ci_high": estimate + 2 * error}
    frame = pd.DataFrame([row])
    prefixes = {"stay_24.persons": "percentage_point", "colleagues.firms": "percentage_point"}
    prefixes |= dict.fromkeys(("rank.3", "winners_patents.estimate", "wage.persons"), "number")
    prefixes |= {"other_inventions.firms": "number"}
    facts: dict = {}
    for prefix, unit in prefixes.items():
        facts |= frame_facts(prefix, frame, unit)
    shares = pd.DataFrame([{"district_change": 26.0, "city_change": 25.6, "difference": 0.4}])
    return facts | frame_facts("skill_share", shares, "number")


def _chosen_sentences(facts: dict, prefix: str, finding: str) -> dict:
    """Facts that choose the sentences; the p value is that of the interval."""
    estimate, error = FINDINGS[finding]
    p_value = math.erfc(abs(estimate) / error / math.sqrt(2))
    found = {f"{prefix}.headline.p_value": fact(p_value, "number", "estimate", "estimate")}
    found[f"{prefix}.pretest.left_out"] = fact(1, "count", "design", "estimate")
    claimed = math.nan if prefix.startswith("outcome") else 10.0
    role = "primary" if prefix.endswith((".contest", ".precision")) else "exploratory"
    asked = Question() if prefix.startswith("outcome") else Question(role, claimed, 3, 4.0)
    return found | sentence_facts(facts | found, prefix, asked)


def value_facts_of(finding: str) -> dict:
    """Facts of the page about value for money; the arithmetic is that of round numbers."""
    estimate, error = FINDINGS[finding]
    yuan = {"total": 17_640_000.0, "cost_per_entry": 38_812.0, "cost_per_winner": 8_500.4}
    facts = {f"value.{key}": fact(value, "yuan", "data", "clean") for key, value in yuan.items()}
    facts["value.cost_per_entrant"] = fact(10_249.0, "yuan", "data", "clean")
    for name in ("editions", "winning_entries", "winners", "entrants"):
        facts[f"value.{name}"] = fact(1234, "count", "data", "clean")
    place = {"rose": "below", "fell": "above", "flat": "inside"}.get(finding, "")
    for name, source in (
        ("invention", "patents_invention.contest"),
        ("retained_employee", "retention.precision"),
    ):
        unit = "percent" if name == "invention" else "percentage_point"
        texts = {"from": source, "reason": "示意性假设", "reason_en": "assumed", "position": place}
        found = {key: fact(text, "text", "design", "study") for key, text in texts.items()}
        counts = {"firms": 83, "editions": 9, "first_event": 1, "last_event": 3, "observed": 440}
        found |= {key: fact(count, "count", "data", "panels") for key, count in counts.items()}
        years = {"first_year": 2014, "last_year": 2021}
        found |= {key: fact(year, "year", "data", "panels") for key, year in years.items()}
        found["baseline"] = fact(400.0, "count", "estimate", "estimate")
        found["cost"] = fact(1_000_000.0, "yuan", "data", "clean")
        found["amount"] = fact(50_000.0, "yuan", "design", "study")
        found["break_even"] = fact(5.0, unit, "estimate", "estimate")
        for which, effect in {
            "estimate": estimate,
            "claimed": 0.1,
            "upper": estimate + 2 * error,
        }.items():
            price = 2500 / effect if effect > 0 else math.nan
            found[f"effect_{which}"] = fact(100 * effect, unit, "estimate", "estimate")
            found[f"more_{which}"] = fact(400 * effect, "count", "estimate", "estimate")
            found[f"price_{which}"] = fact(price, "yuan", "estimate", "estimate")
        facts |= {f"value.{name}.{key}": record for key, record in found.items()}
    return facts


@functools.cache
def _estimates(outcome: str, spec: str, scale: str, finding: str, p_value: float) -> dict:
    facts: dict = {}
    frame = pd.DataFrame([effect_row(*FINDINGS[finding])])
    for aggregate in ("headline", "overall"):
        facts |= effect_facts(outcome, spec, aggregate, frame, scale, share=outcome == "retention")
    prefix = f"{outcome}.{spec}"
    facts[f"{prefix}.headline.first_event"] = fact(1, "count", "design", "estimate")
    facts[f"{prefix}.headline.last_event"] = fact(3, "count", "design", "estimate")
    facts[f"{prefix}.pretest.p_value"] = fact(p_value, "number", "estimate", "estimate")
    facts[f"{prefix}.pretest.df"] = fact(3, "count", "estimate", "estimate")
    unit = "percentage_point" if outcome == "retention" else "percent"
    facts[f"{prefix}.pretest.slope_detectable"] = fact(4.0, unit, "estimate", "estimate")
    facts[f"{prefix}.pretest.two_bins.p_value"] = fact(p_value, "number", "estimate", "estimate")
    facts[f"{prefix}.headline.effective_number"] = fact(120.0, "number", "estimate", "estimate")
    facts[f"{prefix}.headline.mde_reason"] = fact("", "text", "estimate", "estimate")
    facts |= _chosen_sentences(facts, prefix, finding)
    measures = {"effective_treated": 360.0, "pretest": p_value, "linkage": 0.9, "detectable": 20.0}
    graded = grade(measures, claimed_effect=10.0)
    return facts | grade_facts(outcome, spec, graded, "percent")
