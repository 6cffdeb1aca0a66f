"""Facts of an effect in the unit of the outcome, beside the relative effect in percent."""

from __future__ import annotations

from collections.abc import Mapping

from zgzx_research.evidence.facts import Fact, fact, is_withheld, withheld_fact

# absolute measure -> the relative one that it follows from
ABSOLUTE = {
    "absolute": "estimate",
    "absolute_error": "std_error",
    "absolute_low": "ci_low",
    "absolute_high": "ci_high",
    "absolute_mde": "mde",
}
PERCENT = 100.0


def absolute_facts(
    facts: Mapping[str, Fact], prefix: str, counterfactual_mean: float
) -> dict[str, Fact]:
    """Make the facts ``<prefix>.{counterfactual_mean,absolute,absolute_low,…}``.

    An absolute effect is the relative effect times the mean that the treated would have had without
    treatment. That mean counts as known, so the interval is the relative one in other units.

    Parameters
    ----------
    facts : mapping
        Facts ``<prefix>.{estimate,std_error,ci_low,ci_high,mde}``, and ``base_mean`` if it has one.
    prefix : str
        First parts of the names, e.g. "patents_invention.main.headline".
    counterfactual_mean : float
        Outcome per unit and period without treatment, in its own unit.

    Returns
    -------
    dict
        Key to fact; empty where the effect is not a percentage. What the relative effect does not
        know or withholds is not told; nor is anything where the base mean is withheld.
    """
    estimate = facts[f"{prefix}.estimate"]
    if estimate["unit"] != "percent":
        return {}
    base_mean = facts.get(f"{prefix}.base_mean")  # the absolute effect would give it away
    hidden = is_withheld(estimate) or (base_mean is not None and is_withheld(base_mean))
    found = {"counterfactual_mean": None if estimate["value"] is None else counterfactual_mean}
    for name, relative in ABSOLUTE.items():
        value = facts[f"{prefix}.{relative}"]["value"]
        found[name] = None if value is None else value / PERCENT * counterfactual_mean
    return {
        f"{prefix}.{name}": withheld_fact("number", "estimate", "estimate")
        if hidden
        else fact(value, "number", "estimate", "estimate")
        for name, value in found.items()
    }
