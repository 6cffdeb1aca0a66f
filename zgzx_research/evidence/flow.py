"""How many entries, firms or persons reach each level of the programme, and why the others left.

A flow adds up: every level is the next one and those who left between the two. A small number can
therefore be worked out from its neighbours, and is hidden together with some of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure import hidden_parts
from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.evidence.earlier_counts import NOTHING, EarlierCounts
from zgzx_research.evidence.facts import Fact, shown_fact

# what is counted -> smallest number that may be shown; an entry is a line about persons
RULE = {"entries": "persons", "firms": "firms", "persons": "persons"}  # unit -> rule of disclosure


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a flow.

    Attributes
    ----------
    name : str
        Which level, e.g. "final".
    count : int or None
        How many reach it; None where the number may not be shown.
    left : Mapping of str to (int or None)
        Reason -> how many reached the level before and not this one. Empty for the first level.
    """

    name: str
    count: int | None
    left: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flow:
    """Levels from the first to the last.

    Attributes
    ----------
    unit : {"entries", "firms", "persons"}
        What is counted.
    levels : tuple of Level
        The first level holds all.
    """

    unit: str
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class ProgrammeFlow:
    """All flows of a study.

    Attributes
    ----------
    entries : Flow
        Entries in the lists, and those whose firm is known.
    firms : Flow
        From the firms that entered to those first awarded within the panel.
    outcomes : Mapping of str to Flow
        Outcome -> from the firms first awarded within the panel to those in its headline.
    persons : Flow
        From the persons named in the lists to those who can be compared.
    absent : tuple of str
        Levels that no file tells of, with the reason: "scores", "finals", "preliminaries",
        "employment".
    """

    entries: Flow
    firms: Flow
    outcomes: Mapping[str, Flow]
    persons: Flow
    absent: tuple[str, ...] = ()

    def named(self) -> dict[str, Flow]:
        """Return every flow by the second part of the names of its facts."""
        return {
            "entries": self.entries,
            "firms": self.firms,
            "persons": self.persons,
            **self.outcomes,
        }

    def hidden(self, before: EarlierCounts = NOTHING) -> ProgrammeFlow:
        """Return the flows without numbers that are too small to be shown.

        The outcomes share firms and reasons, so what one of them hides the others hide too.
        `before` is what an earlier report showed of the facts of `flow_facts`.
        """
        entries, firms, persons = (
            hide_small(getattr(self, name), earlier=Earlier(before, f"flow.{name}"))
            for name in ("entries", "firms", "persons")
        )
        outcomes = _hidden_alike(self.outcomes, before)
        if firms.levels[-1].count is None:  # where an outcome's flow begins
            outcomes = {name: _without_numbers(flow) for name, flow in outcomes.items()}
        return replace(self, entries=entries, firms=firms, outcomes=outcomes, persons=persons)


def check_sums(flow: Flow) -> Flow:
    """Return a flow whose levels add up.

    Raises
    ------
    ZgzxError
        A level is not the next one and those who left, or a number is below zero.
    """
    for before, level in pairwise(flow.levels):
        left = sum(number or 0 for number in level.left.values())
        numbers = [level.count or 0, *(number or 0 for number in level.left.values())]
        if (before.count or 0) != (level.count or 0) + left or min(numbers) < 0:
            raise ZgzxError(
                f"{before.count} {before.name} are not {level.count} {level.name} and {left} left",
                where=f"flow of {flow.unit}",
                remedy="Count everybody once, in the order of the levels.",
            )
    return flow


def _hidden_alike(flows: Mapping[str, Flow], before: EarlierCounts) -> dict[str, Flow]:
    """Hide small numbers, and a reason that one flow hides in all of them."""
    reasons: set[str] = set()
    while True:
        shown = {
            name: hide_small(flow, also=reasons, earlier=Earlier(before, f"flow.{name}"))
            for name, flow in flows.items()
        }
        found = {
            reason
            for flow in shown.values()
            for level in flow.levels
            for reason, number in level.left.items()
            if number is None
        }
        if found <= reasons:
            return shown
        reasons |= found


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier report showed of one flow.

    Attributes
    ----------
    before : EarlierCounts
        All that it showed.
    name : str
        First parts of the names of the facts of the flow, e.g. "flow.firms".
    """

    before: EarlierCounts = NOTHING
    name: str = ""

    def tells(self, what: str, now: int, smallest: int) -> bool:
        """Whether the number of a level or reason tells too much beside the earlier one."""
        return self.before.tells(f"{self.name}.{what}", now, smallest)

    def knows(self, what: str, now: int) -> bool:
        """Whether the number was shown and has not changed."""
        return self.before.knows(f"{self.name}.{what}", now)


def hide_small(
    flow: Flow,
    minimum: int | None = None,
    *,
    also: Collection[str] = (),
    earlier: Earlier = Earlier(),
) -> Flow:
    """Hide small numbers, and so many others that they cannot be worked out.

    Parameters
    ----------
    flow : Flow
        All numbers known.
    minimum : int, optional
        Smallest number to show; by default that of the unit (`RULE`). A zero is shown.
    also : Collection of str, default ()
        Reasons whose numbers must be hidden too.
    earlier : Earlier, optional
        What an earlier report showed of this flow.

    Returns
    -------
    Flow
        Where the numbers that left between two levels are too few in all, one of the two levels is
        hidden. Between two levels that are shown, those who left are the parts of a known total:
        the hidden ones are two or more and come to `minimum` together.
    """
    smallest = getattr(rules(), RULE[flow.unit]) if minimum is None else minimum
    counts = [level.count or 0 for level in flow.levels]
    names = [level.name for level in flow.levels]
    told = [earlier.tells(*level, smallest) for level in zip(names, counts, strict=True)]
    shown = _levels_shown(counts, told, smallest)
    if not shown[0]:
        return _without_numbers(flow)
    hidden = _left_hidden(flow, counts, shown, smallest, also, earlier)
    levels = tuple(
        Level(
            level.name,
            level.count if shown[at] else None,
            {
                reason: None if (at, reason) in hidden else number
                for reason, number in level.left.items()
            },
        )
        for at, level in enumerate(flow.levels)
    )
    return replace(flow, levels=levels)


def _without_numbers(flow: Flow) -> Flow:
    """Return a flow of which no number is shown."""
    levels = (Level(level.name, None, dict.fromkeys(level.left, None)) for level in flow.levels)
    return replace(flow, levels=tuple(levels))


def _levels_shown(counts: Sequence[int], told: Sequence[bool], smallest: int) -> list[bool]:
    """Say which levels may be shown: none is small or told, no two differ by a small number."""
    shown = [not (0 < count < smallest or one) for count, one in zip(counts, told, strict=True)]
    while pair := _too_close(counts, shown, smallest):
        before, after = pair
        last = after == len(counts) - 1
        shown[before if last and before > 0 else after] = False
    return shown


def _too_close(
    counts: Sequence[int], shown: Sequence[bool], smallest: int
) -> tuple[int, int] | None:
    """Return two neighbours among the shown levels that differ by a small number."""
    places = [at for at, is_shown in enumerate(shown) if is_shown]
    pairs = pairwise(places)
    return next((pair for pair in pairs if 0 < counts[pair[0]] - counts[pair[1]] < smallest), None)


def _left_hidden(
    flow: Flow,
    counts: Sequence[int],
    shown: Sequence[bool],
    smallest: int,
    also: Collection[str],
    earlier: Earlier,
) -> set[tuple[int, str]]:
    """Return level and reason of the numbers of leavers to hide.

    The parts of the known difference of two shown levels are hidden by `hidden_parts`; below the
    last shown level, the last level is a part too.
    """
    hidden: set[tuple[int, str]] = set()
    places = [at for at, is_shown in enumerate(shown) if is_shown]
    for before, after in zip(places, [*places[1:], None], strict=True):
        end = len(counts) - 1 if after is None else after
        keys: list[tuple[int, str]] = [
            (at, reason) for at in range(before + 1, end + 1) for reason in flow.levels[at].left
        ]
        sizes = [int(flow.levels[at].left[reason] or 0) for at, reason in keys]
        small = [
            0 < size < smallest
            or (size > 0 and reason in also)
            or earlier.tells(f"left.{reason}", size, smallest)
            for size, (_, reason) in zip(sizes, keys, strict=True)
        ]
        known = [
            earlier.knows(f"left.{reason}", size)
            for size, (_, reason) in zip(sizes, keys, strict=True)
        ]
        if after is None and end > before:
            sizes, small = [*sizes, counts[end]], [*small, counts[end] > 0]
            known = [*known, False]
        chosen = hidden_parts(sizes, small, smallest, known=known)[: len(keys)]
        hidden |= {key for key, hide in zip(keys, chosen, strict=True) if hide}
    return hidden


def flow_facts(flow: ProgrammeFlow, before: EarlierCounts = NOTHING) -> dict[str, Fact]:
    """Make the facts `flow.<name>.<level>` and `flow.<name>.left.<reason>`; small ones withheld."""
    facts: dict[str, Fact] = {}
    for name, one in flow.hidden(before).named().items():
        for level in one.levels:
            facts[f"flow.{name}.{level.name}"] = shown_fact(level.count, "count", "data", "panels")
            for reason, number in level.left.items():
                key = f"flow.{name}.left.{reason}"
                facts[key] = shown_fact(number, "count", "data", "panels")
    return facts


@dataclass(frozen=True, slots=True)
class Stage:
    """A level that is shown, and who left since the one shown before it.

    Attributes
    ----------
    name : str
        Name of the level.
    count : int or None
        None for a last level that may not be shown.
    left : tuple of (tuple of str, int or None)
        Reasons and their number: single reasons, then the hidden ones together; None where their
        sum is not known either. Reasons of nobody are left out.
    """

    name: str
    count: int | None
    left: tuple[tuple[tuple[str, ...], int | None], ...] = ()


def stages(flow: Flow) -> tuple[Stage, ...]:
    """Return the levels of a flow that a figure or a sentence tells of.

    Parameters
    ----------
    flow : Flow
        After `hide_small`, or with all numbers.

    Returns
    -------
    tuple of Stage
        Levels that are hidden are joined with the next one; the last level is always there.
    """
    told: list[Stage] = []
    single: list[tuple[tuple[str, ...], int | None]] = []
    together: list[str] = []
    for level in flow.levels:
        single += [((reason,), number) for reason, number in level.left.items() if number]
        together += [reason for reason, number in level.left.items() if number is None]
        if level.count is None and level is not flow.levels[-1]:
            continue
        left = list(single)
        if together:
            left.append((tuple(together), _rest(told, level.count, single)))
        told.append(Stage(level.name, level.count, tuple(left)))
        single, together = [], []
    return tuple(told)


def _rest(
    told: Sequence[Stage], count: int | None, single: Sequence[tuple[tuple[str, ...], int | None]]
) -> int | None:
    """Return how many left for hidden reasons, where the levels on both sides are shown."""
    before = told[-1].count if told else None
    if before is None or count is None:
        return None
    return before - count - sum(number or 0 for _, number in single)
