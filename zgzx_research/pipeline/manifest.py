"""The manifest of a run: digests of inputs and outputs, settings, code and package versions."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.file_numbers import number_files
from zgzx_research.pipeline import store

DATA_PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "duckdb")
ENGINE_PACKAGES = {"duckdb": (), "spark": ("pyspark",)}  # beyond those of every run
REPORT_PACKAGES = ("matplotlib", "papermill", "pypandoc-binary", "typst")
MARK = "SYNTHETIC.json"
NO_COMMIT = "none"
CODE = ("zgzx_research", "notebooks", "pyproject.toml", "requirements.lock")  # what a run executes


def is_synthetic(raw: Path, files: list[Path]) -> bool:
    """Whether the raw folder's SYNTHETIC.json lists the digest of any input; no setting says so."""
    mark = raw / MARK
    if not mark.is_file():
        return False
    known = set(store.read_json(mark)["files"].values())
    return any(store.file_digest(path) in known for path in files)


def unmarked(raw: Path, files: Mapping[Path, str]) -> list[str]:
    """List the numbers of inputs that SYNTHETIC.json does not list: edited, or not synthetic."""
    known = set(store.read_json(raw / MARK)["files"].values())
    return [number for path, number in files.items() if store.file_digest(path) not in known]


def commit(root: Path) -> str:
    """Return the git commit of the code that runs; "none" where it is not part of a checkout.

    Only a checkout in `root` itself that holds the package counts: a project whose package was
    installed may stand in a repository of its user, which says nothing about the code.
    """
    try:
        top = Path(_git(root, "rev-parse", "--show-toplevel")).resolve()
        own = top == root.resolve() == store.PACKAGE.parent
        return _git(root, "rev-parse", "HEAD") if own else NO_COMMIT
    except (OSError, subprocess.CalledProcessError):
        return NO_COMMIT


def clean_commit(root: Path) -> str:
    """Return the git commit whose code runs; "" where the code is not that of a commit.

    Only while code and notebooks are as committed.
    """
    found = commit(root)
    if found == NO_COMMIT or _git(root, "status", "--porcelain", "--", *CODE):
        return ""
    return found


def _git(root: Path, *arguments: str) -> str:
    """Return what a git command prints."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def write_manifest(
    root: Path,
    path: Path,
    *,
    inputs: Mapping[Path, str],
    outputs: list[Path],
    settings: Mapping[str, Any],
    stamp: Mapping[str, object],
) -> None:
    """Write `manifest.json`.

    Parameters
    ----------
    root : Path
        The project folder.
    path : Path
        Where to write.
    inputs : mapping
        Raw file to its number (`ingest.file_numbers`), which is written in place of its name.
    outputs : list of Path
        Files that the run wrote, listed by their path from the project folder.
    settings, stamp : mapping
        The study file, and what is needed to make the study again.
    """
    engine = ENGINE_PACKAGES[settings["engine"]["name"]]
    packages = (*DATA_PACKAGES, *engine, *REPORT_PACKAGES)
    manifest = {
        "inputs": {number: store.file_digest(file) for file, number in inputs.items()},
        "outputs": {
            file.relative_to(root).as_posix(): store.file_digest(file) for file in sorted(outputs)
        },
        "settings": settings,
        "stamp": stamp,
        "commit": commit(root),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in packages},
    }
    store.write_json(path, manifest)


def verify_manifest(root: Path, name: str) -> int:
    """Compare all files with the manifest of a study.

    Parameters
    ----------
    root : Path
        The project folder.
    name : str
        The study.

    Returns
    -------
    int
        How many files were compared.

    Raises
    ------
    ZgzxError
        No manifest yet, or files that are missing or changed.
    """
    path = root / "data" / "work" / name / "manifest.json"
    if not path.is_file():
        raise ZgzxError(
            "there is no manifest yet", where=name, remedy=f"Run it first: zgzx run {name}"
        )
    manifest = store.read_json(path)
    raw = root / manifest["settings"]["raw"]["path"]
    sources = sorted({number.split("/")[0] for number in manifest["inputs"]})
    found = [path for source in sources for path in (raw / source).rglob("*") if path.is_file()]
    paths = {number: path for path, number in number_files(raw, found).items()}
    paths |= {file: root / file for file in manifest["outputs"]}
    files = manifest["inputs"] | manifest["outputs"]
    changed = [
        file
        for file, digest in files.items()
        if file not in paths or not _same(paths[file], digest)
    ]
    if changed:
        remedy = f"Run 'zgzx run {name}' again, or bring the file back."
        raise ZgzxError(
            "files are not as the manifest says",
            where=name,
            count=len(changed),
            examples=changed,
            remedy=remedy,
        )
    return len(files)


def _same(path: Path, digest: str) -> bool:
    """Whether a file exists and has this digest."""
    return path.is_file() and store.file_digest(path) == digest
