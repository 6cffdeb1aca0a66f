"""Proofs of single traps: a method in worlds where only the named traps are on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.proofs.many_worlds import over_worlds
from zgzx_research.proofs.trap_methods import METHODS
from zgzx_research.proofs.verdicts import Answer, Performance, judge
from zgzx_research.simulate.world.constants import Order, known_row, switched
from zgzx_research.simulate.world.outcome_panel import outcome_panel

TESTS = ("pre-test", "two bins")  # tests before the award, which may reject more seldom than 5 %


@dataclass(frozen=True, slots=True)
class Proof:
    """One row of the table of proofs: a method, its world, and whether it must hold there.

    Attributes
    ----------
    label : str
        The world in words.
    method : str
        A key of `METHODS`.
    outcome : str
        A patent type or retention, see `outcome_panel`.
    scenario, size : str
        Rows of world.toml.
    traps : tuple of str
        The traps that are on; every other trap of [trap] is off.
    category : str or None
        Only winners of this award category stay, with the firms that never won.
    fails : str
        Why the method cannot hold; empty if it must hold.
    conservative : tuple of str
        See `judge`.
    most : float
        At most so many worlds; rows that only illustrate need fewer.
    """

    label: str
    method: str = "primary"
    outcome: str = "patents_invention"
    scenario: str = "calibrated"
    size: str = "tiny"
    traps: tuple[str, ...] = ()
    category: str | None = None
    fails: str = ""
    conservative: tuple[str, ...] = TESTS
    most: float = np.inf

    def order(self, seed: int) -> Order:
        """Return the order for the world of a seed.

        Raises
        ------
        ZgzxError
            If a trap is unknown.
        """
        usual, optional = (switched()[kind] for kind in ("trap", "optional_trap"))
        for name in set(self.traps) - set(optional):
            known_row("trap", name)
        off = tuple(name for name in usual if name not in self.traps)
        on = tuple(name for name in self.traps if name in optional)
        return Order(self.scenario, self.size, seed, off, on)


def prove(
    proofs: Sequence[Proof],
    seeds: Iterable[int],
    processes: int | None = None,
    *,
    progress: bool = True,
) -> list[Performance]:
    """Compute the performance of the method of each proof over many worlds.

    Parameters
    ----------
    proofs : sequence of Proof
        The rows.
    seeds : iterable of int
        One world per seed.
    processes : int, optional
        How many processes; default all cores.
    progress : bool, default True
        Whether the time left is written to standard error.

    Returns
    -------
    list of Performance
        One for each row.

    Raises
    ------
    ZgzxError
        If a method, scenario, size or trap is unknown.
    """
    for proof in proofs:
        if proof.method not in METHODS:
            known = f"Known: {', '.join(METHODS)}."
            raise ZgzxError(f"unknown method {proof.method!r}", remedy=known)
        proof.order(0)

    chosen = [
        (seed, [row for row, proof in enumerate(proofs) if place < proof.most])
        for place, seed in enumerate(seeds)
    ]
    answers = over_worlds(partial(_chosen, tuple(proofs)), chosen, processes, progress=progress)
    found: list[list[Answer | str]] = [[] for _ in proofs]
    for (_, rows), world in zip(chosen, answers, strict=True):
        for row, answer in zip(rows, world, strict=True):
            found[row].append(answer)
    return [
        judge(found[row], fails=proof.fails, conservative=proof.conservative)
        for row, proof in enumerate(proofs)
    ]


def _chosen(proofs: Sequence[Proof], item: tuple[int, list[int]]) -> list[Answer | str]:
    seed, rows = item
    return one_world([proofs[row] for row in rows], seed)


def one_world(proofs: Sequence[Proof], seed: int) -> list[Answer | str]:
    """Return the answer of every proof for one seed, or the message of its error.

    Proofs of the same world share it.
    """
    drawn: dict[tuple[Order, str], pd.DataFrame] = {}
    answers: list[Answer | str] = []
    for proof in proofs:
        key = (proof.order(seed), proof.outcome)
        if key not in drawn:
            drawn[key] = outcome_panel(*key)
        panel = drawn[key]
        if proof.category:
            panel = panel[panel["first_award"].isna() | panel["first_category"].eq(proof.category)]
        try:
            answers.append(METHODS[proof.method](panel, proof.outcome))
        except ZgzxError as error:
            answers.append(str(error))
    return answers
