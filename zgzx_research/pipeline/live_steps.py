"""Steps that are running, with their times, at the foot of a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

Watch = Callable[[str], AbstractContextManager[object]]  # around a step, by its name


@contextmanager
def live_steps(wanted: bool) -> Iterator[Watch]:
    """Show the steps that run inside the block, where standard error is a terminal.

    Lines that are printed meanwhile stand above. Nothing of the list stays when the block ends.

    Parameters
    ----------
    wanted : bool
        Whether to show anything at all.

    Yields
    ------
    callable
        To be put around each step; it does nothing without a terminal.
    """
    if not (wanted and sys.stderr.isatty()):
        yield nullcontext
        return

    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    terminal = Console(stderr=True)
    # lines for a file must not go to the terminal instead
    both = sys.stdout.isatty()
    with Progress(*columns, console=terminal, transient=True, redirect_stdout=both) as progress:

        @contextmanager
        def watch(name: str) -> Iterator[None]:
            row = progress.add_task(name, total=None)
            try:
                yield
            finally:
                progress.remove_task(row)

        yield watch
