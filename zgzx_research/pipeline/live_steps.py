"""Steps that are running, with their times, at the foot of a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

Say = Callable[[str], None]  # prints a line
Watch = Callable[[str], AbstractContextManager[object]]  # around a step, by its name


@contextmanager
def live_steps(say: Say, wanted: bool) -> Iterator[tuple[Watch, Say]]:
    """Show the steps that run inside the block, where standard error is a terminal.

    Nothing of the list stays when the block ends.

    Parameters
    ----------
    say : callable
        Prints a line.
    wanted : bool
        Whether to show anything at all.

    Yields
    ------
    watch : callable
        To be put around each step; it does nothing without a terminal.
    say : callable
        To be used inside the block: prints a line above the list.
    """
    if not (wanted and sys.stderr.isatty()):
        yield nullcontext, say
        return

    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    terminal = Console(stderr=True)
    above = partial(terminal.print, markup=False, highlight=False, soft_wrap=True)
    with Progress(*columns, console=terminal, transient=True, redirect_stdout=False) as progress:

        @contextmanager
        def watch(name: str) -> Iterator[None]:
            row = progress.add_task(name, total=None)
            try:
                yield
            finally:
                progress.remove_task(row)

        # lines that go to a file do not disturb the list, and stay there
        yield watch, above if sys.stdout.isatty() else say
