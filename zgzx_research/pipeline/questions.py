"""What an estimate of a study is held against: a primary claim or none, and the claimed effect."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from zgzx_research.evidence.claims import Claim, read_claims
from zgzx_research.pipeline.design_facts import CONTEST
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.sentence_facts import Question
from zgzx_research.study import Study


def question(
    study: Study, claims: Sequence[Claim], outcome: str, spec: str, *, entrants: bool
) -> Question:
    """Say what an estimate of a study is held against.

    Parameters
    ----------
    study : Study
        The study file: design of each outcome's headline, and claimed effects.
    claims : sequence of Claim
        The claims ledger.
    outcome, spec : str
        Of the estimate.
    entrants : bool
        Whether the data hold firms that entered and did not win. Without them there is no contest,
        and "main" takes the place of that design.

    Returns
    -------
    Question
        The same on every page of a study.
    """
    family = [claim.outcome for claim in claims if claim.family == "primary"]
    design = study.estimate.primary_design(outcome)
    if design == CONTEST and not entrants:
        design = "main"
    return Question(
        role="primary" if outcome in family and spec == design else "exploratory",
        claimed=study.estimate.claimed_effect(outcome),
        family=max(1, len(family)),
        years=years_to_window(study),
    )


def question_of(study: Study | None, place: Place, outcome: str, spec: str) -> Question:
    """Say what an estimate is held against, from the claims ledger and the lists of entries.

    Parameters
    ----------
    study : Study, optional
        The study file; without one there is a single question and no claim.
    place : Place
        Where the study's files are.
    outcome, spec : str
        Of the estimate.

    Returns
    -------
    Question
        As `question`.
    """
    if study is None:
        return Question()
    path = place.stage("panels", "firm_entries")[0]
    entrants = path.is_file() and bool(pd.read_parquet(path)["n_winners"].eq(0).any())
    return question(study, read_claims(place.claims), outcome, spec, entrants=entrants)


def years_to_window(study: Study) -> float:
    """Return the years from the last year of the base to the middle of the headline's window."""
    first, last = study.estimate.headline_events
    return (first + last) / 2 + 1 + study.estimate.specs["main"].leave_out
