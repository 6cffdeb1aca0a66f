"""The constants of the synthetic world, its traps and its invented words."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from zgzx_research.errors import ZgzxError
from zgzx_research.simulate.world.random_draws import stream

FOLDER = Path(__file__).parent
Rules = dict[str, Any]  # section of world.toml -> constant -> value
Awards = list[tuple[int, dict[str, int]]]  # from which edition on, winning entries by category


class Counts(TypedDict):
    """A row of [size] in world.toml.

    Attributes
    ----------
    firms, workers : int
        How many there are.
    entries : int
        Entries of the first edition.
    awards : Awards
        Winning entries of an edition by category.
    """

    firms: int
    workers: int
    entries: int
    awards: Awards


@dataclass(frozen=True)
class Order:
    """Which world is wanted.

    Attributes
    ----------
    scenario : str
        A row of [scenario] in world.toml: the multiple of the true effects.
    size : str
        A row of [size]: how many firms, workers and awards.
    seed : int
        For the random numbers; 0 or more.
    without : tuple of str
        Traps of [trap] that are switched off.
    also : tuple of str
        Traps of [optional_trap] that are switched on.
    """

    scenario: str = "calibrated"
    size: str = "tiny"
    seed: int = 1
    without: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be made."""
        known_row("scenario", self.scenario), known_row("size", self.size)
        if self.seed < 0:
            raise ZgzxError(
                "a seed cannot be negative",
                where="seed",
                examples=[self.seed],
                remedy="Give 0 or more.",
            )
        _ = self.rules

    @cached_property
    def rules(self) -> Rules:
        """The constants with the switched traps."""
        return switched(self.without, self.also)

    @property
    def scale(self) -> float:
        """The multiple of the true effects."""
        return self.rules["scenario"][self.scenario]

    @property
    def counts(self) -> Counts:
        """How many firms, workers and awards."""
        return self.rules["size"][self.size]

    def stream(self, part: str) -> np.random.Generator:
        """Return random numbers of one part of the world.

        If a part is drawn in another way, the other parts stay as they are.
        """
        return stream(self.seed, part)


def switched(without: Iterable[str] = (), also: Iterable[str] = ()) -> Rules:
    """Copy the constants with some traps switched.

    Parameters
    ----------
    without : iterable of str
        Traps of [trap] to switch off.
    also : iterable of str
        Traps of [optional_trap] to switch on.

    Returns
    -------
    dict
        Section of world.toml -> constant -> value.

    Raises
    ------
    ZgzxError
        If a trap is unknown.
    """
    rules = copy.deepcopy(_constants())
    for kind, names in (("trap", without), ("optional_trap", also)):
        for name in names:
            for place, value in known_row(kind, name).items():
                *sections, constant = place.split(".")
                section = rules
                for step in sections:
                    section = section[step]
                section[constant] = value
    return rules


def known_row(kind: str, name: str) -> Any:
    """Return a row of a table of world.toml.

    Parameters
    ----------
    kind : {"scenario", "size", "trap", "optional_trap"}
        The table.
    name : str
        The row.

    Returns
    -------
    float or dict
        The value of the row.

    Raises
    ------
    ZgzxError
        If there is no such row; the message lists those there are.
    """
    table = _constants()[kind]
    if name not in table:
        raise ZgzxError(
            f"unknown {kind.replace('_', ' ')}", where=name, remedy=f"Known: {', '.join(table)}."
        )
    return table[name]


@cache
def _constants() -> Rules:
    """Read `world.toml` without unit, reason and source."""
    return _values(_read("world.toml"))


@cache
def words() -> dict[str, Any]:
    """Read `names.toml`."""
    return _read("names.toml")


def by_event_year(profile: list[float], event_year: np.ndarray) -> np.ndarray:
    """Look up a profile over the years 0, 1, 2, … since the first award.

    The last entry is used for all later years; before the award the value is 0.
    """
    since = np.clip(event_year, 0, len(profile) - 1)
    return np.where(event_year >= 0, np.asarray(profile)[since], 0.0)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def _values(node: dict[str, Any]) -> Any:
    if "value" in node:
        return node["value"]
    return {name: _values(below) for name, below in node.items()}
