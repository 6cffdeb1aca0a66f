"""One run of a study at a time, which begins with what a killed run left half written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zgzx_research.atomic import remove_unfinished, writing
from zgzx_research.errors import ZgzxError

LOCK = ".run.lock"


@contextmanager
def only_run(work: Path, *folders: Path) -> Iterator[None]:
    """Keep other runs of the same study away until the block ends, or its process does.

    Parameters
    ----------
    work : Path
        The study's work folder.
    *folders : Path
        Further folders that only runs of this study write; files that a killed run left unfinished
        in any of them are removed.

    Raises
    ------
    ZgzxError
        Another run of the study is at work, or the disk refuses.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(work / LOCK, blocking=False)
    with writing(work):
        work.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except Timeout:
            raise ZgzxError(
                "another run of this study is at work",
                where=work.name,
                remedy="Wait until it has ended, then run again.",
            ) from None
    try:
        for folder in (work, *folders):
            remove_unfinished(folder)
        yield
    finally:
        lock.release()
