"""The rules of disclosure control in force: those of disclosure.toml, or stricter ones."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from typing import Any, cast

from zgzx_research.errors import ZgzxError

# names of the rules, in the order in which a blank count is said to fall under one
THRESHOLD = "threshold"  # the count is below the smallest that may be shown
DOMINANCE = "nk-rule"  # a few contributors hold almost all of it
DIFFERENCING = "differencing"  # with an earlier edition it would tell a small count
SECONDARY = "secondary"  # others could be calculated from it
RULES = (THRESHOLD, DOMINANCE, DIFFERENCING, SECONDARY)

# which way is stricter: +1 a larger number, -1 a smaller one
STRICTER = {"persons": 1, "firms": 1, "nk_largest": 1, "nk_share": -1}


@dataclass(frozen=True, slots=True)
class DisclosureRules:
    """What may be shown.

    Attributes
    ----------
    persons : int
        Smallest number of lines about persons.
    firms : int
        Smallest number of firms.
    nk_largest : int
        The nk-rule looks at so many of the largest contributors of a sum,
    nk_share : float
        and leaves the sum blank if they hold more than this share of it.
    """

    persons: int
    firms: int
    nk_largest: int
    nk_share: float


@functools.cache
def written_rules() -> DisclosureRules:
    """Read disclosure.toml."""
    text = files("zgzx_research.evidence").joinpath("disclosure.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    threshold, nk = data["threshold"], data["nk-rule"]
    return DisclosureRules(
        persons=threshold["persons"],
        firms=threshold["firms"],
        nk_largest=nk["largest"],
        nk_share=nk["share"],
    )


_IN_FORCE: ContextVar[DisclosureRules | None] = ContextVar("disclosure_rules", default=None)


def rules() -> DisclosureRules:
    """Return the rules in force: those of the study that is open, or else the written ones."""
    return _IN_FORCE.get() or written_rules()


def enforce(stricter: Mapping[str, float]) -> DisclosureRules:
    """Put a study's rules in force, from here on in this process.

    Parameters
    ----------
    stricter : Mapping
        Name of a rule (an attribute of `DisclosureRules`) to its value; empty for the written
        rules.

    Returns
    -------
    DisclosureRules
        The rules in force.

    Raises
    ------
    ZgzxError
        A rule that is looser than the written one.
    """
    new = with_stricter(stricter)
    _IN_FORCE.set(new)
    return new


def with_stricter(stricter: Mapping[str, float]) -> DisclosureRules:
    """Return the written rules with a study's stricter ones; arguments and errors of `enforce`."""
    if looser := looser_rules(stricter):
        raise ZgzxError(
            "a study may only make the rules of disclosure stricter",
            where="[disclosure]",
            count=len(looser),
            examples=looser,
            remedy="Leave the line out, or see zgzx_research/evidence/disclosure.toml.",
        )
    return replace(written_rules(), **cast(dict[str, Any], stricter))


def looser_rules(given: Mapping[str, float]) -> list[str]:
    """List the rules that are looser than the written ones, with both values."""
    written = asdict(written_rules())
    return [
        f"{name} = {value} (written: {written[name]})"
        for name, value in given.items()
        if STRICTER[name] * value < STRICTER[name] * written[name]
    ]
