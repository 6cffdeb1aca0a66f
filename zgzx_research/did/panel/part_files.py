"""Parts of a panel as files of this machine, one after another in memory.

They hold arrays, so a pass reads them much faster than the table they came from. The folder is
temporary, and goes when nothing refers to it any more.
"""

from __future__ import annotations

import pickle
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class PartFiles:
    """A store of parts in a temporary folder (that of the environment variable TMPDIR).

    Parameters
    ----------
    parts : Iterable
        Blocks of rows, or panels; each is written before the next is asked for.
    """

    def __init__(self, parts: Iterable[Any]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="zgzx-parts-"))
        self._gone = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        try:
            self.count = 0
            for part in parts:
                self._write(self.count, part)
                self.count += 1
        except BaseException:
            self._gone()
            raise

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06}.part"

    def _write(self, number: int, part: Any) -> None:
        with self._path(number).open("wb") as file:
            pickle.dump(part, file, protocol=5)

    def _parts(self) -> Iterator[Any]:
        for number in range(self.count):
            with self._path(number).open("rb") as file:
                yield pickle.load(file)

    def reduce(self, kernel: Callable[[Any], T | None], add: Callable[[T, T], T]) -> T | None:
        """Return the sum of the kernel's results over all parts; None adds nothing."""
        total = None
        for part in self._parts():
            found = kernel(part)
            if found is not None:
                total = found if total is None else add(total, found)
        return total

    def map(self, change: Callable[[Any], Any]) -> PartFiles:
        """Return this store after a change to each part."""
        for number, part in enumerate(self._parts()):
            self._write(number, change(part))
        return self
