"""Grade the evidence of an estimation, and make facts of the grade."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from zgzx_research.evidence.facts import Fact, grade_facts, is_withheld
from zgzx_research.evidence.grade import grade


def graded(
    facts: Mapping[str, Fact],
    outcome: str,
    spec: str,
    *,
    claimed_effect: float | None = None,
    linked_share: float | None = None,
    withheld: Collection[str] = (),
) -> dict[str, Fact]:
    """Grade the evidence of one outcome and specification, and make facts of the grade.

    Parameters
    ----------
    facts : mapping
        Facts of this outcome and specification.
    outcome, spec : str
        The first two parts of the names of the facts.
    claimed_effect : float, optional
        Claimed effect in the unit of the effects; None where nothing is claimed.
    linked_share : float, optional
        Share of award records linked to a firm; None where the rule does not apply.
    withheld : collection of str
        Rules whose measure may not be shown.

    Returns
    -------
    dict
        Key to fact.
    """
    prefix = f"{outcome}.{spec}"
    detectable = facts[f"{prefix}.headline.mde"]
    test = facts[f"{prefix}.pretest.p_value"]["value"]
    nan = float("nan")
    effective = facts[f"{prefix}.headline.effective_number"]
    treated, few = effective["value"], ["effective_treated"] if is_withheld(effective) else []
    mde = nan if detectable["value"] is None else detectable["value"]
    found = facts[f"{prefix}.headline.side"]["value"] in ("above", "below")
    measures = {
        "effective_treated": nan if treated is None else float(treated),
        "pretest": nan if test is None else test,
        "linkage": linked_share,
        "detectable": None if found else mde,
    }
    result = grade(measures, claimed_effect=claimed_effect)
    return grade_facts(outcome, spec, result, detectable["unit"], withheld=[*withheld, *few])
