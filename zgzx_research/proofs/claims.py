"""The primary claims beside their truth, and how often the family is wrong under the null.

`python -m zgzx_research.proofs claims 200` writes docs/proofs/claims.md. All three estimates of a
seed come from the worlds of that seed, of size default, with all their traps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from zgzx_research.errors import ZgzxError
from zgzx_research.proofs.contest_worlds import contest_world
from zgzx_research.proofs.design_proofs import entrants, precise
from zgzx_research.proofs.many_worlds import over_worlds
from zgzx_research.proofs.people_methods import winners
from zgzx_research.proofs.person_worlds import person_panel
from zgzx_research.proofs.verdicts import SIZE, Answer
from zgzx_research.robustness.multiple_testing import holm
from zgzx_research.simulate.world.constants import Order
from zgzx_research.simulate.world.outcome_panel import outcome_panel

CLAIMS = ("patents_up", "retention_up", "career")
# scenario -> at most so many worlds; 200 of the null, to tell 5 from 10 % of false findings
WORLDS = {"null": 200, "calibrated": 60, "teaching": 60, "harm": 60}
POINTS = 100.0


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """The primary family in the worlds of one scenario.

    Attributes
    ----------
    scenario : str
        A row of world.toml.
    size : str
        Another.
    """

    scenario: str
    size: str = "default"

    @property
    def label(self) -> str:
        """The row in words."""
        return self.scenario


ROWS = tuple(ClaimRow(scenario) for scenario in WORLDS)


def one_world(rows: Sequence[ClaimRow], item: tuple[int, int]) -> list[Answer | str]:
    """Return the answers of the three claims for one row and seed, or the messages of errors."""
    place, seed = item
    row = rows[place]
    order = Order(row.scenario, row.size, seed)
    answers: list[Answer | str] = []
    for draw, method in (
        (contest_world, partial(entrants, weights="level")),
        (partial(outcome_panel, outcome="retention"), precise),
        (person_panel, winners),
    ):
        try:
            answers.append(method(draw(order)))
        except ZgzxError as error:
            answers.append(str(error))
    return answers


def prove(
    rows: Sequence[ClaimRow], seeds: Iterable[int], processes: int | None = None
) -> list[list[list[Answer | str]]]:
    """Estimate the family in many worlds.

    Parameters
    ----------
    rows : sequence of ClaimRow
        The rows.
    seeds : iterable of int
        One world per seed and row; fewer where `WORLDS` says so.
    processes : int, optional
        How many processes; default all cores.

    Returns
    -------
    list
        For each row, for each world, the answers of `CLAIMS`.
    """
    asked = [
        (place, seed)
        for count, seed in enumerate(seeds)
        for place, row in enumerate(rows)
        if count < WORLDS[row.scenario]
    ]
    found: list[list[list[Answer | str]]] = [[] for _ in rows]
    worlds = over_worlds(partial(one_world, tuple(rows)), asked, processes)
    for (place, _), answers in zip(asked, worlds, strict=True):
        found[place].append(answers)
    return found


def to_markdown(rows: Sequence[ClaimRow], results: Sequence[list[list[Answer | str]]]) -> str:
    """Write one line per scenario and claim, and one for the family."""
    heads = ["world", "claim", "worlds", "true", "mean estimate", "bias (MC error)", "SD"]
    heads += ["coverage", "p < .05 alone", "p < .05 in the family"]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for row, worlds in zip(rows, results, strict=True):
        rejected = [_rejected(answers) for answers in worlds]
        for place, claim in enumerate(CLAIMS):
            own = [answers[place] for answers in worlds]
            share = np.mean([claim in found for found in rejected])
            lines.append(_line(row.scenario, claim, own, float(share)))
        some = 100 * np.mean([bool(found) for found in rejected])
        empty = " | ".join(["–"] * 6)
        lines.append(f"| {row.scenario} | **some claim** | {len(worlds)} | {empty} | {some:.1f} |")
    return "\n".join(lines)


def _rejected(answers: Sequence[Answer | str]) -> set[str]:
    """Claims whose p value, adjusted by Holm's method over the whole family, is below 5 %."""
    known = [
        1.0 if isinstance(one, str) or np.isnan(one.p_value) else one.p_value for one in answers
    ]
    adjusted = holm(known)["p_adjusted"]
    return {claim for claim, p in zip(CLAIMS, adjusted, strict=True) if p < SIZE}


def _line(scenario: str, claim: str, answers: Sequence[Answer | str], in_family: float) -> str:
    """Write the line of one claim, in percent and percentage points."""
    known = [one for one in answers if isinstance(one, Answer)]
    error = POINTS * np.array([one.error for one in known])
    true = POINTS * np.array([one.true for one in known])
    covered = np.mean([one.low <= one.true <= one.high for one in known])
    alone = np.mean([one.p_value < SIZE for one in known])
    columns = [
        scenario,
        claim,
        str(len(known)),
        f"{true.mean():+.1f}",
        f"{(true + error).mean():+.1f}",
        f"{error.mean():+.2f} ({error.std(ddof=1) / np.sqrt(len(known)):.2f})",
        f"{error.std(ddof=1):.1f}",
        f"{100 * covered:.1f}",
        f"{100 * alone:.1f}",
        f"{100 * in_family:.1f}",
    ]
    return f"| {' | '.join(columns)} |"


def page(rows: Sequence[ClaimRow], results: Sequence[list[list[Answer | str]]], worlds: int) -> str:
    """Write the text of docs/proofs/claims.md."""
    return f"""# The primary claims beside their truth

Written by `python -m zgzx_research.proofs claims {worlds}`: synthetic worlds of the size `default`
with all their traps, seeds from 0 on, as many as the column `worlds` says. Do not edit.

patents_up: effect of winning among entrants on the mean winning firm, in percent; retention_up:
retention weighted by precision, in points; career: winners less other finalists still there after
24 months, in points. The truth is that of each estimand; in "null" worlds all three are zero, and
the line "some claim" is the size of the whole family. Shares in percent; the last column is after
Holm's adjustment over the family.

{to_markdown(rows, results)}
"""
