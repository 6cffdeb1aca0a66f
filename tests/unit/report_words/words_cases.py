"""Facts and frames for words, tables and figures: four studies that differ in their findings."""

from __future__ import annotations

import functools
import math

import pandas as pd

from zgzx_research.evidence.changes import LEVELS
from zgzx_research.evidence.claims import Claim
from zgzx_research.evidence.facts import Facts, effect_facts, fact, grade_facts
from zgzx_research.evidence.frame_facts import frame_facts
from zgzx_research.evidence.grade import grade
from zgzx_research.pipeline.changes_facts import changes_facts, changes_frame
from zgzx_research.pipeline.steps.changes import NOTHING

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
    for outcome, scale in OUTCOMES.items():
        for spec in ("main", "full_base", "not_yet", "precision", "contest"):
            facts |= _estimates(outcome, spec, scale, finding, p_value)
    facts |= _checks(finding, p_value) | _people(finding)
    facts |= _plan(finding) | _changes(finding)
    return Facts(facts | _claims(finding))


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
    """Facts of the claims."""
    found = {"rose": "supported", "fell": "contradicted"}.get(finding, "indistinguishable")
    sources = {
        "patents_up": "patents_invention.contest",
        "retention_up": "retention.precision",
        "career": "stay_24.persons",
    }
    facts: dict = {}
    for claim, source in sources.items():
        facts[f"claim.{claim}.from"] = fact(source, "text", "design", "study")
        facts[f"claim.{claim}.verdict"] = fact(found, "text", "verdict", "estimate")
        facts[f"claim.{claim}.grade"] = fact("low", "text", "verdict", "estimate")
    return facts


def _checks(finding: str, p_value: float) -> dict:
    """Facts of the page about robustness."""
    estimate, error = FINDINGS[finding]
    ends = {"estimate": estimate, "ci_low": estimate - 2 * error, "ci_high": estimate + 2 * error}
    frames = {
        "bounds": (pd.DataFrame([{"bound": 1, **ends}]), "bound"),
        "sensitivity": (pd.DataFrame([{"breakdown": 0.4 if finding != "flat" else 0.0}]), None),
        "base": (pd.DataFrame([{"p_value": p_value, "z": estimate / error}]), None),
        "curve": (
            pd.DataFrame(
                [
                    {
                        "specifications": 16,
                        "lowest": -0.1,
                        "median": 0.05,
                        "highest": 0.2,
                        "sign_flips": {"flat": 0.5, "rose": 0.0}.get(finding, 0.1),
                    }
                ]
            ),
            None,
        ),
        "randomisation": (pd.DataFrame([{"p_value": 0.2, "permutations": 999}]), None),
    }
    facts: dict = {}
    for name, (frame, by) in frames.items():
        facts |= frame_facts(f"patents_invention.main.{name}", frame, "percent", by)
    return facts


def _people(finding: str) -> dict:
    """Facts of the page about persons."""
    estimate, error = FINDINGS[finding]
    row = {"estimate": estimate, "std_error": error, "mde": 2.8 * error}
    row |= {"ci_low": estimate - 2 * error, "ci_high": estimate + 2 * error}
    frame = pd.DataFrame([row])
    prefixes = {"stay_24.persons": "percentage_point", "colleagues.firms": "percentage_point"}
    prefixes |= dict.fromkeys(("rank.3", "winners_patents.estimate", "wage.persons"), "number")
    facts: dict = {}
    for prefix, unit in prefixes.items():
        facts |= frame_facts(prefix, frame, unit)
    shares = pd.DataFrame([{"district_change": 26.0, "city_change": 25.6, "difference": 0.4}])
    return facts | frame_facts("skill_share", shares, "number")


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
    measures = {"effective_treated": 360.0, "pretest": p_value, "linkage": 0.9, "detectable": 20.0}
    graded = grade(measures, claimed_effect=10.0)
    return facts | grade_facts(outcome, spec, graded, "percent")
