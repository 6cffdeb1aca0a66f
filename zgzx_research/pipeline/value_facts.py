"""Facts of what awards cost and of the effect that breaks even, `value.*`."""

from __future__ import annotations

import math

from zgzx_research.designs.value_for_money import (
    AwardCosts,
    WinnersAfter,
    break_even,
    position,
    price_of_one_more,
    without_award,
)
from zgzx_research.evidence.disclosure_rules import DOMINANCE, THRESHOLD, rules
from zgzx_research.evidence.earlier_counts import NOTHING, EarlierCounts
from zgzx_research.evidence.facts import UNIT_FACTORS, Fact, Facts, fact, is_withheld, shown_fact
from zgzx_research.evidence.protected_table import is_dominated
from zgzx_research.pipeline.estimates import headline_spec
from zgzx_research.study import Study

# what one more is -> the outcome whose effect adds it
ADDED = {"invention": "patents_invention", "retained_employee": "retention"}
PER = {
    "cost_per_entry": "winning_entries",
    "cost_per_winner": "winners",
    "cost_per_entrant": "entrants",
}


def cost_facts(costs: AwardCosts, before: EarlierCounts = NOTHING) -> dict[str, Fact]:
    """Make the facts ``value.{total,editions,winners,…,cost_per_entry,…}``.

    Parameters
    ----------
    costs : AwardCosts
        From `award_costs`.
    before : EarlierCounts, optional
        What an earlier report showed.

    Returns
    -------
    dict
        Key to fact. A count below the threshold of persons is withheld, and the cost per unit of
        it, from which it could be worked out.
    """
    total = costs.total
    found = {
        "value.total": fact(float(total["cost"]), "yuan", "data", "clean"),
        "value.editions": fact(int(total["edition"]), "count", "data", "clean"),
    }
    for per, name in PER.items():
        count, price = float(total[name]), float(total[per])
        if math.isnan(count):
            continue
        least = rules().persons
        few = count < least or before.tells(f"value.{name}", int(count), least)
        found[f"value.{name}"] = shown_fact(None if few else int(count), "count", "data", "clean")
        found[f"value.{per}"] = shown_fact(None if few else price, "yuan", "data", "clean")
    return found


def added_facts(
    name: str, study: Study, facts: Facts, costs: AwardCosts, after: WinnersAfter
) -> dict[str, Fact]:
    """Make the facts ``value.<name>.*``: prices of one more, and the effect that breaks even.

    Parameters
    ----------
    name : str
        "invention" or "retained_employee".
    study : Study
        The study file: the headline's design, the claimed effect, what one more is worth.
    facts : Facts
        Facts of the pages that estimate the effects.
    costs : AwardCosts
        From `award_costs`; those of the editions of `after` count.
    after : WinnersAfter
        Inventions of the winning firms in the years after their award, or their staff of these
        years.

    Returns
    -------
    dict
        Key to fact; none without an estimate, without costs of these editions, where fewer than
        `rules().firms` firms stand behind it, or where a few of them dominate the sum (nk-rule).
    """
    outcome = ADDED[name]
    headline = f"{outcome}.{headline_spec(study, facts, outcome)}.headline"
    cost, editions = costs.of_years(after.years[0], after.years[-1])
    if not facts.has(f"{headline}.estimate") or _few_behind(after) or not cost:
        return {}
    unit = str(facts.record(f"{headline}.estimate")["unit"])
    effects = _effects(study, facts, outcome, headline, UNIT_FACTORS[unit])
    ratio = unit == "percent"
    baseline = without_award(after.total, effects["estimate"]) if ratio else after.total
    if math.isnan(baseline):
        return {}
    found = {
        "from": fact(headline.removesuffix(".headline"), "text", "design", "study"),
        "cost": fact(cost, "yuan", "data", "clean"),
        "editions": fact(editions, "count", "data", "clean"),
        "firms": fact(after.firms, "count", "data", "panels"),
        "first_year": fact(after.years[0], "year", "data", "panels"),
        "last_year": fact(after.years[-1], "year", "data", "panels"),
        "first_event": fact(after.window[0], "count", "design", "study"),
        "last_event": fact(after.window[1], "count", "design", "study"),
        "observed": fact(round(after.total), "count", "data", "panels"),
        "baseline": fact(baseline, "count", "estimate", "estimate"),
    }
    for which in ("estimate", "claimed", "upper"):
        effect = effects[which]
        price = price_of_one_more(cost, baseline, effect)
        found[f"effect_{which}"] = _effect(effect, unit)
        found[f"more_{which}"] = fact(baseline * effect, "count", "estimate", "estimate")
        found[f"price_{which}"] = fact(price, "yuan", "estimate", "estimate")
    found |= _break_even_facts(name, study, cost, baseline, effects, unit)
    return {f"value.{name}.{key}": record for key, record in found.items()}


def _few_behind(after: WinnersAfter) -> bool:
    """Whether too few firms stand behind a sum, or a few of them dominate it."""
    return after.firms < rules().firms or is_dominated(after.by_firm)


def blank_sum(after: WinnersAfter) -> dict[str, int]:
    """Return the rule by which a sum is not shown, with 1 for the sum; empty where it is shown."""
    rule = THRESHOLD if after.firms < rules().firms else DOMINANCE
    return {rule: 1} if _few_behind(after) else {}


def _break_even_facts(
    name: str, study: Study, cost: float, baseline: float, effects: dict[str, float], unit: str
) -> dict[str, Fact]:
    """Make the facts of the effect that breaks even; none where no worth is given."""
    worth = study.value.of(name)
    if worth is None:
        return {}
    needed = break_even(cost, baseline, worth.amount)
    where = position(needed, effects["lower"], effects["upper"])
    return {
        "amount": fact(worth.amount, "yuan", "design", "study"),
        "reason": fact(worth.reason, "text", "design", "study"),
        "reason_en": fact(worth.reason_en or worth.reason, "text", "design", "study"),
        "break_even": _effect(needed, unit),
        "position": fact(where, "text", "estimate", "estimate"),
    }


def _effects(
    study: Study, facts: Facts, outcome: str, headline: str, factor: float
) -> dict[str, float]:
    """Return estimate, claimed effect and ends of the interval as proportions, or as shares.

    An interval whose lower end alone is known has no upper end.
    """
    known = {
        name: _number(facts, f"{headline}.{key}") / factor
        for name, key in (("estimate", "estimate"), ("lower", "ci_low"), ("upper", "ci_high"))
    }
    if not math.isnan(known["lower"]) and math.isnan(known["upper"]):
        known["upper"] = math.inf
    return known | {"claimed": study.estimate.claimed_effect(outcome) / factor}


def _number(facts: Facts, key: str) -> float:
    """Return a number; NaN where it is missing, unknown or withheld."""
    record = facts.record(key) if facts.has(key) else {"value": None}
    return math.nan if record["value"] is None or is_withheld(record) else float(record["value"])


def _effect(effect: float, unit: str) -> Fact:
    """Make the fact of an effect in its unit."""
    return fact(UNIT_FACTORS[unit] * effect, unit, "estimate", "estimate")
