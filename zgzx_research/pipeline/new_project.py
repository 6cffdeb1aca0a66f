"""`zgzx new-project`: make a project folder in which every command works, anywhere on the disk."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import zgzx_research
from zgzx_research.atomic import write_whole, writing
from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline import store

README = Path(__file__).parent / "new_project_readme.md"
INSTALLED = "project"  # folder of the package, in the wheel only, that holds the project's files
CODE = f"/{zgzx_research.__name__}"  # the one line of the wheel's list that is not of a project


def new_project(folder: Path) -> list[str]:
    """Write the files of a project: study files, notebooks, published data and examples.

    Parameters
    ----------
    folder : Path
        A new or an empty folder.

    Returns
    -------
    list of str
        Files that were written, from the project folder.

    Raises
    ------
    ZgzxError
        The folder holds something or is a file; the disk is full.
    """
    _refuse_used(folder)
    files = {name: path.read_bytes() for name, path in project_files().items()}
    readme = README.read_text(encoding="utf-8")
    named = readme.format(name=folder.resolve().name, version=zgzx_research.__version__)
    files["README.md"] = named.encode("utf-8")

    try:
        for name, data in files.items():
            write_whole(folder / name, data)
    except ZgzxError as problem:
        raise problem.with_remedy("Then delete the folder and make it again.") from None
    return list(files)


def next_commands(folder: Path) -> str:
    """Return the commands that come next, as they are typed."""
    return f"cd {shlex.quote(str(folder))} && zgzx simulate data/raw/demo && zgzx run demo"


def project_files() -> dict[str, Path]:
    """Find the files that every project begins with.

    Returns
    -------
    dict
        Path from the project folder to the file that is copied there, in order.

    Raises
    ------
    ZgzxError
        The package is neither installed from a wheel nor part of a checkout.
    """
    installed, checkout = store.PACKAGE / INSTALLED, store.PACKAGE.parent
    if installed.is_dir():
        root = installed
        found = [path for path in root.rglob("*") if "__pycache__" not in path.parts]
    elif (checkout / "pyproject.toml").is_file():
        root = checkout
        found = [path for pattern in _patterns(checkout) for path in root.glob(pattern)]
    else:
        raise ZgzxError(
            "the files of a new project are missing",
            where=str(store.PACKAGE),
            remedy="Install the package from its wheel.",
        )
    return {path.relative_to(root).as_posix(): path for path in sorted(found) if path.is_file()}


def _patterns(checkout: Path) -> list[str]:
    """Read which files the wheel takes along for new projects."""
    settings = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]
    listed = [*wheel["force-include"], *wheel["include"]]
    return [pattern.removeprefix("/") for pattern in listed if pattern != CODE]


def _refuse_used(folder: Path) -> None:
    """Refuse a file, and a folder that is not empty."""
    remedy = "Name a new or an empty folder."
    if folder.exists() and not folder.is_dir():
        raise ZgzxError("is a file", where=str(folder), remedy=remedy)
    with writing(folder):
        inside = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if inside:
        raise ZgzxError(
            "the folder is not empty",
            where=str(folder),
            count=len(inside),
            examples=inside,
            remedy=remedy,
        )
