"""What changed since an earlier report: the headline of each primary claim at four levels.

`reported`: as it was published. `method`: the data of the earlier study, by the code and the
settings of today. `data`: the data of today about the years and editions of the earlier study.
`edition`: all data of today. `evidence.changes.split` makes the parts from these levels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.changes import LEVELS, REPORTED
from zgzx_research.evidence.claims import Claim
from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.evidence.facts import UNIT_FACTORS
from zgzx_research.outcomes import OUTCOMES
from zgzx_research.pipeline.claim_estimates import NUMBERS, Panels, claim_estimate, unit_of
from zgzx_research.pipeline.earlier_scope import Scope, panels_in_scope, read_panels, scope_of
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.published import published_scope, read_published
from zgzx_research.report.number_format import effect_digits
from zgzx_research.study import Study

# why a level could not be computed; words under `[changes.reason]` in wording.toml
NOT_PUBLISHED, OTHER_UNIT = "not_published", "other_unit"
NO_OLD_DATA, REFUSED, FEW = "no_old_data", "refused", "few"
Level = dict[str, Any]


@dataclass(frozen=True)
class Comparison:
    """Two studies whose headlines are compared.

    Attributes
    ----------
    old_place, new_place : Place
        Where their files are; the data of the new one must have been built.
    old, new : Study
        Their study files.
    """

    old_place: Place
    old: Study
    new_place: Place
    new: Study

    @cached_property
    def published(self) -> dict[str, Any] | None:
        """What the earlier study published."""
        return read_published(self.old_place)

    @cached_property
    def old_data(self) -> bool:
        """Whether the earlier study's data are still there."""
        return self.old_place.stage("panels", "firm_year")[0].is_file()

    @cached_property
    def scope(self) -> Scope | None:
        """What the earlier study covered: from its data, or else from what it published."""
        if self.old_data:
            return scope_of(self.old_place, self.old)
        return published_scope(self.published) if self.published else None

    @cached_property
    def panels(self) -> Mapping[str, Panels | None]:
        """Panels of each level that is computed; None where they cannot be had."""
        then = self._old_panels() if self.old_data else None
        cut = panels_in_scope(self.new_place, self.new, self.scope) if self.scope else None
        return {"method": then, "data": cut, "edition": read_panels(self.new_place)}

    def _old_panels(self) -> Panels:
        """Return the earlier panels, built anew where today's settings of panels differ."""
        if _of_panels(self.old) == _of_panels(self.new) or self.scope is None:
            return read_panels(self.old_place)
        return panels_in_scope(self.old_place, self.new, self.scope)


def _of_panels(study: Study) -> dict[str, Any]:
    """Return the settings that shape the panels, without years and dates of deliveries."""
    patents = study.patents.model_dump(mode="json", exclude={"truncation"})
    return {"retention": study.retention.model_dump(mode="json"), "patents": patents}


def compare(
    comparison: Comparison, claims: Iterable[Claim], say: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Compute the headline of each primary claim at all levels.

    Parameters
    ----------
    comparison : Comparison
        The two studies.
    claims : iterable of Claim
        The claims ledger.
    say : callable, optional
        Prints a line after each claim.

    Returns
    -------
    dict
        `since`, `published_on` and `claims`: by claim, from, reported_from, unit, digits, and
        `levels`: by name, estimate, std_error, ci_low, ci_high in that unit (None: not known), and
        the reason where there is no estimate. Numbers are rounded to the digits that are shown, so
        that the printed parts add up.
    """
    found = {}
    for claim in claims:
        asked = claim.outcome not in OUTCOMES or claim.outcome in comparison.new.estimate.outcomes
        if claim.family == "primary" and asked:
            found[claim.id] = _levels(comparison, claim)
            say(f"{claim.id}: done")
    published = comparison.published
    return {
        "since": comparison.old_place.name,
        "published_on": published["published_on"] if published else "",
        "claims": found,
    }


def _levels(comparison: Comparison, claim: Claim) -> dict[str, Any]:
    """Compute the levels of one claim, all by the design that carries the data of today."""
    prefix = _prefix(comparison, claim)
    unit = unit_of(prefix)
    reported, reported_from = _reported(comparison, claim, unit)
    levels = {REPORTED: reported} | {
        name: _level(comparison.new, panels, prefix) for name, panels in comparison.panels.items()
    }
    digits = effect_digits(
        unit,
        [level["std_error"] for level in levels.values()],
        [level["estimate"] for level in levels.values()],
    )
    return {
        "from": prefix,
        "reported_from": reported_from,
        "unit": unit,
        "digits": digits,
        "levels": {name: _rounded(levels[name], digits) for name in LEVELS},
    }


def _prefix(comparison: Comparison, claim: Claim) -> str:
    """Return outcome and design: the primary one, or "main" where the data cannot carry it."""
    if claim.outcome not in OUTCOMES:
        return claim.outcome
    prefix = f"{claim.outcome}.{comparison.new.estimate.primary_design(claim.outcome)}"
    now = _level(comparison.new, comparison.panels["edition"], prefix)
    return f"{claim.outcome}.main" if now["reason"] == REFUSED else prefix


def _level(study: Study, panels: Panels | None, prefix: str) -> Level:
    """Estimate one level; without data, or from too few, it says why there is none."""
    if panels is None:
        return _unknown(NO_OLD_DATA)
    try:
        row = claim_estimate(study, panels, prefix).iloc[0]
    except ZgzxError:
        return _unknown(REFUSED)
    if min(row["n_treated"], row["n_comparison"]) < rules().firms:
        return _unknown(FEW)
    factor = UNIT_FACTORS[unit_of(prefix)]
    numbers = {name: _finite(factor * float(row[name])) for name in NUMBERS}
    return {**numbers, "reason": "" if numbers["estimate"] is not None else REFUSED}


def _reported(comparison: Comparison, claim: Claim, unit: str) -> tuple[Level, str]:
    """Return the level as published, and the design it came from."""
    published = comparison.published
    said = published["claims"].get(claim.id) if published else None
    if said is None or said["estimate"] is None:
        return _unknown(NOT_PUBLISHED), ""
    if said["unit"] != unit:
        return _unknown(OTHER_UNIT), said["from"]
    return {**{name: said.get(name) for name in NUMBERS}, "reason": ""}, said["from"]


def _unknown(reason: str) -> Level:
    """Return a level without numbers."""
    return {**dict.fromkeys(NUMBERS), "reason": reason}


def _finite(value: float) -> float | None:
    """Return a number, None where it is missing or infinite."""
    return value if math.isfinite(value) else None


def _rounded(level: Level, digits: int) -> Level:
    """Round what is shown; the standard error keeps its digits."""
    shown = ("estimate", "ci_low", "ci_high")
    return level | {
        name: None if level[name] is None else round(level[name], digits) + 0.0 for name in shown
    }
