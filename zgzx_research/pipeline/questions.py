"""What an estimate of a study is held against: a primary claim or none, and the claimed effect."""

from __future__ import annotations

from collections.abc import Sequence

from zgzx_research.evidence.claims import Claim
from zgzx_research.evidence.facts import Facts
from zgzx_research.pipeline.estimates import headline_spec
from zgzx_research.pipeline.sentence_facts import Question
from zgzx_research.study import Study


def question(
    study: Study, claims: Sequence[Claim], facts: Facts, outcome: str, spec: str
) -> Question:
    """Say what an estimate of a study is held against.

    Parameters
    ----------
    study : Study
        The study file: design of each outcome's headline, and claimed effects.
    claims : sequence of Claim
        The claims ledger.
    facts : Facts
        Facts known so far. Where the primary design of the outcome was refused, "main" takes its
        place; so a page keeps the primary design before the main specification.
    outcome, spec : str
        Of the estimate.

    Returns
    -------
    Question
        The question.
    """
    family = [claim.outcome for claim in claims if claim.family == "primary"]
    primary = outcome in family and spec == headline_spec(study, facts, outcome)
    return Question(
        role="primary" if primary else "exploratory",
        claimed=study.estimate.claimed_effect(outcome),
        family=max(1, len(family)),
        years=years_to_window(study),
    )


def years_to_window(study: Study) -> float:
    """Return the years from the last year of the base to the middle of the headline's window."""
    first, last = study.estimate.headline_events
    return (first + last) / 2 + 1 + study.estimate.specs["main"].leave_out
