"""Files written whole or not at all.

A disk that is full or may not be written to is an error for the user.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from zgzx_research.errors import ZgzxError

REMEDIES = {
    errno.ENOSPC: "Make room on the disk and run again; what was complete is kept.",
    errno.EDQUOT: "Make room in your quota and run again; what was complete is kept.",
    errno.EFBIG: "No file of this size is allowed here; write to another disk.",
    errno.EROFS: "The disk is read-only: work in a folder that you may write to.",
    errno.EACCES: "Work in a folder that you may write to, or ask for the right to this one.",
    errno.EPERM: "Work in a folder that you may write to, or ask for the right to this one.",
    errno.EIO: "The disk does not answer as it should; write to another one.",
    errno.ENOTDIR: "A part of this path is a file; name a folder.",
    errno.EISDIR: "A folder has this name; name a file, or move the folder.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.EMFILE: "Too many files are open; close other programs and run again.",
    errno.ENFILE: "Too many files are open; close other programs and run again.",
    errno.ENOENT: "Name a folder in which a file can be made.",
}
UNFINISHED = ".part"  # how the name of a file that is being written ends
# How SQLite, in which pytask keeps what it has done, says the same.
_DATABASE = {
    "disk is full": errno.ENOSPC,
    "readonly database": errno.EROFS,
    "unable to open database file": errno.EACCES,
    "disk I/O error": errno.EIO,
}


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> Path:
    """Write under a temporary name beside `path`, force it to disk, then rename it.

    Parameters
    ----------
    path : Path
        The file.
    data : bytes
        Its content.
    mode : int, default 0o644
        Who may read it.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ZgzxError
        The disk is full, or the folder may not be written to.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(UNFINISHED, f".{path.name}.", path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(mode)
            Path(temporary).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
            raise
    return path


def remove_unfinished(folder: Path) -> None:
    """Remove what `write_whole` left below a folder when its process was killed.

    Nobody else may be writing there.
    """
    with writing(folder):
        for path in sorted(folder.rglob(f".*{UNFINISHED}")):
            path.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn problems of the disk inside the block into an error that names `path`.

    Other errors pass through.
    """
    try:
        yield
    except ZgzxError:
        raise
    except Exception as error:
        problem = disk_problem(error, missing=True)
        if problem is None:
            raise
        raise disk_error(problem, str(path)) from error


def disk_problem(error: BaseException, *, missing: bool = False) -> OSError | None:
    """Find the problem with a disk or folder behind an error, whatever library raised it.

    Parameters
    ----------
    error : BaseException
        The error.
    missing : bool, default False
        Whether a file or folder that is not there counts too.

    Returns
    -------
    OSError or None
        The problem, if there is one.
    """
    seen: BaseException | None = error
    while seen is not None:
        if (
            isinstance(seen, OSError)
            and seen.errno in REMEDIES
            and (missing or seen.errno != errno.ENOENT)
        ):
            return seen
        text = str(seen)
        code = next((code for words, code in _DATABASE.items() if words in text), None)
        if code is not None and "sqlite" in f"{type(seen).__module__} {text}":
            return OSError(code, os.strerror(code))
        seen = seen.__cause__ or seen.__context__
    return None


def disk_error(problem: OSError, where: str = "") -> ZgzxError:
    """Turn a problem with a disk into an error for the user, in one line."""
    place = where or str(problem.filename or "")
    number = problem.errno or 0
    return ZgzxError(
        f"a file cannot be read or written ({os.strerror(number)})",
        where=place,
        remedy=REMEDIES[number],
    )
