"""The error and the warning of this package: what, where, how many, examples, remedy."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from pathlib import Path


class ZgzxError(ValueError):
    """A problem the user can correct; the command line prints it and ends with exit code 2.

    Parameters
    ----------
    what : str
        What is wrong, in one sentence.
    where : str, default ""
        File, sheet, table, option; empty when `what` says it.
    count : int, optional
        How many rows, units or keys are affected.
    examples : iterable, default ()
        A few of them; never personal data.
    remedy : str, default ""
        What to do.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        count: int | None = None,
        examples: Iterable[object] = (),
        remedy: str = "",
    ) -> None:
        self.what, self.where, self.count, self.remedy = what, where, count, remedy
        self.examples = [str(example) for example in examples][:3]
        super().__init__(self.message())

    def message(self) -> str:
        """Return the whole message on one line."""
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.count is not None:
            parts.append(f"{self.count:,} affected")
        if self.examples:
            parts.append("e.g. " + "; ".join(self.examples))
        text = ", ".join(parts)
        return f"{text}. {self.remedy}" if self.remedy else f"{text}."

    def with_remedy(self, more: str) -> ZgzxError:
        """Return the same problem with one more sentence to its remedy."""
        remedy = f"{self.remedy} {more}".strip()
        return ZgzxError(
            self.what, where=self.where, count=self.count, examples=self.examples, remedy=remedy
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Let an error pass between processes with all its parts."""
        return (_rebuild, (self.what, self.where, self.count, self.examples, self.remedy))


def _rebuild(
    what: str, where: str, count: int | None, examples: list[str], remedy: str
) -> ZgzxError:
    """Make an error from its parts again."""
    return ZgzxError(what, where=where, count=count, examples=examples, remedy=remedy)


class ZgzxWarning(UserWarning):
    """Something the user should know although the result is valid; it is in the ledger too."""


def warn(text: str) -> None:
    """Warn, naming the line of the user's own file that called the package."""
    here, level, frame = str(Path(__file__).parent), 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(here):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, ZgzxWarning, stacklevel=level)
