"""`zgzx doctor`: whether this machine has what a run needs, and what to do where it has not.

Findings may be pasted into a mail: they name no person, no home folder and no key.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from zgzx_research import __version__
from zgzx_research.cli.answers import CHOICE, language, sentence
from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline.installed import installed_version, required_packages, tried_pythons

OK, NOTE, PROBLEM = "ok", "note", "problem"
FREE_GB = 2  # a study of default size leaves .3 GB; its notebooks and the spill of DuckDB need more
MEMORY_GB = 4
LOCKED = re.compile(r"^([A-Za-z0-9][^\\\n]*==[^\\\n]*)", re.MULTILINE)  # a line, without its hashes


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        What it is, e.g. "disk".
    state : str
        "ok", "note" (a run works, with less) or "problem".
    found : str
        What was found.
    remedy : str
        What to do; empty where nothing is wrong.
    """

    name: str
    state: str
    found: str
    remedy: str = ""


def examine(root: Path) -> list[Finding]:
    """Look at everything a run needs.

    Parameters
    ----------
    root : Path
        The project folder.

    Returns
    -------
    list of Finding
        In a fixed order; a look that fails is a problem itself.
    """
    return [_looked(name, look, root) for name, look in LOOKS.items()]


def _looked(name: str, look: Callable[[Path], tuple[str, ...]], root: Path) -> Finding:
    try:
        return Finding(name, *look(root))
    except Exception as error:  # whatever it is, the other findings are still wanted
        return Finding(name, PROBLEM, f"{type(error).__name__}: {error}", sentence("fix_install"))


def _python(root: Path) -> tuple[str, ...]:
    version, tried = platform.python_version(), tried_pythons()
    if ".".join(platform.python_version_tuple()[:2]) in tried:
        return OK, version
    return PROBLEM, version, sentence("fix_python", wanted=f"{tried[0]}–{tried[-1]}")


def _package(root: Path) -> tuple[str, ...]:
    return OK, f"zgzx_research {__version__}"


def _dependencies(root: Path) -> tuple[str, ...]:
    """Compare installed versions with the lock, where there is one."""
    needed = required_packages()
    absent = [name for name in needed if installed_version(name) is None]
    if absent:
        return PROBLEM, sentence("found_absent", names=_some(absent)), sentence("fix_install")
    lock = root / "requirements.lock"
    if not lock.is_file():
        return OK, sentence("found_unlocked", count=len(needed))
    lines = map(Requirement, LOCKED.findall(lock.read_text(encoding="utf-8")))
    locked = [line for line in lines if line.marker is None or line.marker.evaluate()]
    here = [(line, found) for line in locked if (found := installed_version(line.name))]
    other = [line.name for line, found in here if not line.specifier.contains(found)]
    if other:
        return NOTE, sentence("found_other", names=_some(other)), sentence("fix_other")
    return OK, sentence("found_locked", count=len(here))


def _some(names: list[str]) -> str:
    """Return how many names there are, and a few of them."""
    return f"{len(names)} ({', '.join(names[:3])})"


def _fonts(root: Path) -> tuple[str, ...]:
    from zgzx_research.report.fonts import FAMILY, printable

    if {"职", "工", "之", "星"} <= printable():
        return OK, sentence("found_font", family=FAMILY, count=len(printable()))
    return PROBLEM, FAMILY, sentence("fix_install")


def _typesetting(root: Path) -> tuple[str, ...]:
    import pypandoc
    import typst

    typst.compile(b"= 1")
    return OK, f"pandoc {pypandoc.get_pandoc_version()}, typst {installed_version('typst')}"


def _spark(root: Path) -> tuple[str, ...]:
    from zgzx_research.spark_tables import check, java_version

    try:
        check()
    except ZgzxError as error:
        return NOTE, error.what, sentence("fix_spark", remedy=error.remedy)
    return OK, f"pyspark {installed_version('pyspark')}, Java {java_version()}"


def _git(root: Path) -> tuple[str, ...]:
    from zgzx_research.pipeline.manifest import NO_COMMIT, clean_commit, commit

    if commit(root) == NO_COMMIT:
        return OK, sentence("found_no_commit")
    if clean_commit(root):
        return OK, sentence("found_commit", commit=commit(root)[:7])
    return NOTE, sentence("found_changed"), sentence("fix_changed")


def _disk(root: Path) -> tuple[str, ...]:
    free = min(shutil.disk_usage(place).free for place in (root, tempfile.gettempdir())) / 2**30
    found = sentence("found_disk", free=free)
    if free < FREE_GB:
        return PROBLEM, found, sentence("fix_disk", least=FREE_GB)
    return OK, found


def _writable(root: Path) -> tuple[str, ...]:
    places = [root / name for name in ("data", "reports", "studies") if (root / name).is_dir()]
    closed = [place.name for place in places if not os.access(place, os.W_OK)]
    if closed:
        return PROBLEM, sentence("found_closed", names=", ".join(closed)), sentence("fix_closed")
    return OK, ", ".join(f"{place.name}/" for place in places)


def _keys(root: Path) -> tuple[str, ...]:
    """Try the key file of every study; nothing of a key or of where it lies is shown."""
    from zgzx_research.pipeline.key_file import secret_key
    from zgzx_research.study import load_study

    wrong, right, without = [], 0, 0
    for file in sorted((root / "studies").glob("*.toml")):
        if file.name.endswith(".plan.toml"):
            continue
        try:
            study = load_study(root, file.stem)
            if study.privacy.key_file is None:
                without += 1
                continue
            secret_key(study, root, synthetic=False)
            right += 1
        except ZgzxError as error:
            wrong.append(f"{file.name}: {error.what}")
    if wrong:
        return PROBLEM, "; ".join(wrong[:3]), sentence("fix_keys")
    return OK, sentence("found_keys", count=right, all=right + without)


def _machine(root: Path) -> tuple[str, ...]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    found = f"{os.cpu_count()}, {memory:.0f} GB, {platform.system()}"
    if memory < MEMORY_GB:
        return NOTE, found, sentence("fix_memory", least=MEMORY_GB)
    return OK, found


def _language(root: Path) -> tuple[str, ...]:
    other = "en" if language() == "zh" else "zh"
    return OK, sentence("found_language", now=language(), variable=f"{CHOICE}={other}")


LOOKS: dict[str, Callable[[Path], tuple[Any, ...]]] = {
    "python": _python,
    "package": _package,
    "dependencies": _dependencies,
    "fonts": _fonts,
    "typesetting": _typesetting,
    "spark": _spark,
    "git": _git,
    "disk": _disk,
    "writable": _writable,
    "keys": _keys,
    "machine": _machine,
    "language": _language,
}
