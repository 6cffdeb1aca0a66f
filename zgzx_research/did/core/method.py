"""What a method of estimation is: its options, what it uses of a panel, and its fit."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args, get_origin, get_type_hints

import numpy as np

from zgzx_research.did.core.method_result import MethodResult
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import unit_count
from zgzx_research.did.panel.prepared_panel import LedgerRow
from zgzx_research.did.panel.sample import used_rows
from zgzx_research.errors import ZgzxError

Conflict = tuple[bool, str, str]
"""Whether a panel and the options do not go together, what is wrong, and the remedy."""


class MethodOptions:
    """Base of the frozen dataclass `Options` that every method declares, one field per option.

    A field annotated with `Literal` takes these words only. What else one option needs is checked
    in `check_values`, what options and panel need of each other in `conflicts`.

    Attributes
    ----------
    anticipation, leave_out : int
        Periods before treatment that a declared window masks.
    """

    anticipation: int
    leave_out: int

    def __post_init__(self) -> None:
        for name, words in allowed_words(type(self)).items():
            check_word(name, getattr(self, name), words)
        check_whole("anticipation", self.anticipation)
        check_whole("leave_out", self.leave_out)
        self.check_values()

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the options of the method, in the order of its fields."""
        return tuple(inspect.signature(cls).parameters)

    @classmethod
    def choose(cls, given: Mapping[str, Any]) -> Self:
        """Return the options of the method, out of all that were given."""
        return cls(**{name: given[name] for name in cls.names()})

    @property
    def masked(self) -> int:
        """Periods before treatment in declared windows."""
        return int(self.anticipation + self.leave_out)

    @property
    def uses_learners(self) -> bool:
        """Whether learners take the place of regressions."""
        return False

    def check_values(self) -> None:
        """Refuse values that no panel could use.

        Raises
        ------
        ZgzxError
            a value out of range.
        """

    def conflicts(self, panel: Panel) -> Iterator[Conflict]:
        """Yield what could be wrong between these options and a panel, the first reason first."""
        return iter(())

    def check_panel(self, panel: Panel) -> None:
        """Refuse a panel that these options make no sense for.

        Raises
        ------
        ZgzxError
            Options and panel do not go together.
        """
        for wrong, what, remedy in self.conflicts(panel):
            if wrong:
                raise ZgzxError(
                    what,
                    where="estimate_effects",
                    count=unit_count(panel),
                    examples=panel.left_out() if panel.never_treated_lost else (),
                    remedy=remedy,
                )


@dataclass(frozen=True, slots=True)
class Method:
    """One method of estimation, as the registry holds it.

    Attributes
    ----------
    title : str
        What results call it.
    options : type[MethodOptions]
        Its options.
    fit : Callable[[Panel, Any], MethodResult]
        Panel, its options -> result.
    select : Callable[[Panel, int], tuple[Panel, list[LedgerRow]]]
        Panel, masked periods -> the part that the method uses, and ledger rows on the rest.
    absorbs_units : bool
        Whether a constant added to all outcomes of a unit changes nothing, even where units are
        observed in some periods only.
    pools_periods : bool
        Whether period effects are set by all units together, so that units that enter late move
        them (see `late_entry`).
    """

    title: str
    options: type[MethodOptions]
    fit: Callable[[Panel, Any], MethodResult]  # Any: an instance of `options`
    select: Callable[[Panel, int], tuple[Panel, list[LedgerRow]]] = used_rows
    absorbs_units: bool = True
    pools_periods: bool = False


def allowed_words(options: type[MethodOptions]) -> dict[str, tuple[Any, ...]]:
    """Return the words that each option takes, of the options that take words."""
    words = {}
    for name, hint in get_type_hints(options).items():
        parts = [hint, *get_args(hint)]
        literals = [part for part in parts if get_origin(part) is Literal]
        if literals:
            absent = (None,) if type(None) in parts else ()
            words[name] = (*absent, *(word for part in literals for word in get_args(part)))
    return words


def check_word(name: str, value: object, allowed: tuple[object, ...]) -> None:
    """Refuse a word that the option does not know.

    Raises
    ------
    ZgzxError
        The words it knows are in the remedy.
    """
    if value not in allowed:
        remedy = f"Choose one of {', '.join(map(str, allowed))}."
        raise ZgzxError(f"{name}={value!r} is unknown", where="estimate_effects", remedy=remedy)


def check_whole(name: str, value: object, least: int = 0) -> None:
    """Refuse what is not a whole number of `least` or more.

    Raises
    ------
    ZgzxError
        Not such a number.
    """
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise ZgzxError(
            f"{name}={value!r} is not usable",
            where="estimate_effects",
            remedy=f"Pass a whole number of {least} or more.",
        )


def check_event_window(window: object) -> None:
    """Refuse an event window that is not two whole numbers in rising order, or None.

    Raises
    ------
    ZgzxError
        Not such a pair.
    """
    if window is None:
        return
    if (
        not isinstance(window, tuple | list)
        or len(window) != 2
        or not all(isinstance(time, int | np.integer) for time in window)
        or window[0] > window[1]
    ):
        raise ZgzxError(
            f"event_window={window!r} is not a first and a last event time",
            where="estimate_effects",
            remedy="Pass e.g. event_window=(-3, 2).",
        )
