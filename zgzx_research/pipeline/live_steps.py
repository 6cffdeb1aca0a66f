"""Steps that are running, with their times, at the foot of a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Event, Lock, Thread

REFRESHED = 0.2  # seconds between two looks of the list
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

    with _list_on_terminal() as (watch, say_above):
        # lines that go to a file do not disturb the list, and stay there
        yield watch, say_above if sys.stdout.isatty() else say


@contextmanager
def _list_on_terminal() -> Iterator[tuple[Watch, Say]]:
    """Keep the list, and let one thread at a time draw.

    Steps run in threads; rich's own refreshing could wipe out a line that another thread prints.
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    terminal, one_at_a_time = Console(stderr=True), Lock()
    progress = Progress(
        *columns, console=terminal, transient=True, redirect_stdout=False, auto_refresh=False
    )

    @contextmanager
    def watch(name: str) -> Iterator[None]:
        with one_at_a_time:
            row = progress.add_task(name, total=None)
        try:
            yield
        finally:
            with one_at_a_time:
                progress.remove_task(row)

    def say_above(line: str) -> None:
        with one_at_a_time:
            terminal.print(line, markup=False, highlight=False, soft_wrap=True)

    def refresh() -> None:
        with one_at_a_time:
            progress.refresh()

    with progress, _again_and_again(refresh):
        yield watch, say_above


@contextmanager
def _again_and_again(refresh: Callable[[], None]) -> Iterator[None]:
    """Call a function at short intervals while the block runs."""
    ended = Event()

    def until_the_end() -> None:
        while not ended.wait(REFRESHED):
            refresh()

    clock = Thread(target=until_the_end, daemon=True)
    clock.start()
    try:
        yield
    finally:
        ended.set()
        clock.join()
