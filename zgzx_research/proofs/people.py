"""The table of designs on people: bias, coverage and detectable effect in synthetic worlds.

`python -m zgzx_research.proofs people 100` writes docs/proofs/people.md. Worlds have the seeds
0..N-1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from zgzx_research.errors import ZgzxError
from zgzx_research.proofs.many_worlds import by_row
from zgzx_research.proofs.people_methods import METHODS, SOURCES
from zgzx_research.proofs.verdicts import TOLERANCE, Answer, Performance, judge
from zgzx_research.simulate.world.constants import Order

GROWTH = "growth and the good year before the entry are taken for an effect"
PERSON_WORLD = "persons"


@dataclass(frozen=True, slots=True)
class PeopleRow:
    """One row of the table.

    Attributes
    ----------
    label : str
        A key of `METHODS`.
    world : str
        A key of `SOURCES`: which table of the world the method takes.
    scenario, size : str
        Rows of world.toml.
    fails : str
        Why the row cannot hold; empty if it must hold.
    conservative : tuple of str
        See `judge`.
    most : float
        At most so many worlds.
    """

    label: str
    world: str = PERSON_WORLD
    scenario: str = "calibrated"
    size: str = "default"
    fails: str = ""
    conservative: tuple[str, ...] = ()
    most: float = np.inf

    def order(self, seed: int) -> Order:
        """Return the order for the world of a seed."""
        return Order(self.scenario, self.size, seed)


CAREFUL = partial(PeopleRow, conservative=("coverage",))
INVENTORS = partial(PeopleRow, world="inventors")

ROWS = (
    PeopleRow("24 months, persons"),
    PeopleRow("24 months, entries"),
    PeopleRow("12 months, persons"),
    PeopleRow("24 months, team"),
    PeopleRow("24 months, AIPW", most=24),
    PeopleRow("24 months, hazard", most=24),
    CAREFUL("rank, window 1"),
    CAREFUL("rank, window 2"),
    CAREFUL("rank, window 3"),
    CAREFUL("rank, window 5"),
    CAREFUL("tenure by rank, window 3"),
    PeopleRow("colleagues", world="colleagues"),
    PeopleRow("firm patents, null", world="firms", scenario="null"),
    INVENTORS("inventions, winners less finalists"),
    INVENTORS("inventions, check before the final"),
    INVENTORS("inventions, before and after", fails=GROWTH),
)


def prove(
    rows: Sequence[PeopleRow], seeds: Iterable[int], processes: int | None = None
) -> list[Performance]:
    """Compute the numbers and verdicts of all rows.

    Parameters
    ----------
    rows : sequence of PeopleRow
        The rows.
    seeds : iterable of int
        One world per seed.
    processes : int, optional
        How many processes; default all cores.

    Returns
    -------
    list of Performance
        One for each row.
    """
    found = by_row(one_world, rows, seeds, processes, [row.most for row in rows])
    return [
        judge(own, fails=row.fails, conservative=row.conservative)
        for row, own in zip(rows, found, strict=True)
    ]


def one_world(rows: Sequence[PeopleRow], seed: int) -> list[Answer | str]:
    """Return the answer of every row for one seed, or the message of its error."""
    drawn: dict[tuple[Order, str], Any] = {}
    answers: list[Answer | str] = []
    for row in rows:
        key = (row.order(seed), row.world)
        if key not in drawn:
            drawn[key] = SOURCES[row.world](key[0])
        try:
            answers.append(METHODS[row.label](drawn[key]))
        except ZgzxError as error:
            answers.append(str(error))
    return answers


def to_markdown(rows: Sequence[PeopleRow], results: Sequence[Performance]) -> str:
    """Write the table of these rows and their results in Markdown."""
    heads = ["design", "world", "worlds", "true", "bias (MC error)", "SD", "mean SE"]
    heads += ["coverage", "rejects zero", "detectable", "verdict"]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for row, result in zip(rows, results, strict=True):
        shown = _numbers(result) if "bias" in result else ["–"] * 8
        world = row.world if row.world == "inventors" else f"{row.scenario}, {row.size}"
        lines.append(f"| {' | '.join([row.label, world, *shown, result['verdict']])} |")
    return "\n".join(lines)


def _numbers(result: Performance) -> list[str]:
    return [
        str(result["worlds"]),
        f"{result['true']:+.4f}",
        f"{result['bias']:+.4f} ({result['bias_error']:.4f})",
        f"{result['sd']:.4f}",
        f"{result['std_error']:.4f}",
        f"{100 * result['coverage']:.1f}",
        f"{100 * result['rejects']:.1f}",
        f"{result['mde']:.4f}",
    ]


def page(rows: Sequence[PeopleRow], results: Sequence[Performance], worlds: int) -> str:
    """Write the text of docs/proofs/people.md."""
    return f"""# Designs on people

Written by `python -m zgzx_research.proofs people {worlds}`: seeds 0 to {worlds - 1}. Do not edit.

Each world is a synthetic contest of twelve editions with the people of its finals and their jobs;
the tables come straight from the model, without dirt in files. The truth is what the final adds to
winners less what it adds to the other finalists of the same contests, over the rows used. Stays are
shares (.01 is one percentage point), tenure is in months. Coverage is of 95 % intervals, *rejects
zero* the power where something is true, *detectable* the median effect found with 80 % power.
A row holds if its bias is below {TOLERANCE} Monte-Carlo errors and its coverage within {TOLERANCE}
of its own; near the cut intervals may cover more, because effects differ between entries while
permutations impose one.

{to_markdown(rows, results)}
"""
