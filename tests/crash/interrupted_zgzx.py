"""The command `zgzx` with sketched pages, and something that happens to it on the way.

`python -m tests.crash.interrupted_zgzx run small`, in the folder of a project. The environment says
what happens: KILL_AT the number of the file operation before which the process kills itself,
COUNT_IN a file for the number of all operations, CLOCK=back a clock that goes back an hour each
time it is read.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from pathlib import Path

CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def is_file_operation(event: str, arguments: tuple[object, ...]) -> bool:
    """Whether an event of the interpreter is about to change a file or a folder."""
    if event != "open":
        return event in CHANGES
    flags = arguments[2]
    return isinstance(flags, int) and bool(flags & WRITES)


def watch_files() -> None:
    """Count file operations from here on; kill this process, or say at the end how many."""
    last, count_in = int(os.environ.get("KILL_AT", "0")), os.environ.get("COUNT_IN")
    numbers, seen = itertools.count(1), [0]

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if is_file_operation(event, arguments):
            seen[0] = next(numbers)
            if seen[0] == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    if count_in:
        import atexit

        atexit.register(lambda: Path(count_in).write_text(str(seen[0]), encoding="utf-8"))


def turn_clock_back() -> None:
    """Make each look at the clock an hour earlier than the last."""
    begin, hours = time.time(), itertools.count(1)
    time.time = lambda: begin - 3600 * next(hours)


def main() -> None:
    """Run the command."""
    sys.dont_write_bytecode = True  # else the first process would have more file operations
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # see tests/conftest
    from tests.pipeline.conftest import sketched_pages
    from zgzx_research.cli import main as command

    if os.environ.get("CLOCK") == "back":
        turn_clock_back()
    watch_files()
    with sketched_pages():
        command()


if __name__ == "__main__":
    main()
