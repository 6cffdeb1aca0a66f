"""Facts that every page knows: name and years of the study, seed, and the stamp of the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zgzx_research.evidence.facts import Fact, fact
from zgzx_research.pipeline import store
from zgzx_research.pipeline.installed import installed_version, required_packages
from zgzx_research.study import Study


def stamp_facts(stamp: Mapping[str, Any]) -> dict[str, Fact]:
    """Return the facts `stamp.<name>`."""
    return {
        f"stamp.{name}": fact(str(value), "text", "stamp", "study") for name, value in stamp.items()
    }


def design_facts(seed: int, window: tuple[int, int], synthetic: bool) -> dict[str, Fact]:
    """Return the facts of the design: seed, event times shown, whether data are synthetic."""
    return {
        "study.synthetic": fact(synthetic, "text", "design", "study"),
        "study.seed": fact(seed, "count", "design", "study"),
        "study.event_first": fact(window[0], "count", "design", "study"),
        "study.event_last": fact(window[1], "count", "design", "study"),
    }


def identity_facts(name: str, years: tuple[int, int]) -> dict[str, Fact]:
    """Return the facts of a study's name and years."""
    return {
        "study.name": fact(name, "text", "design", "study"),
        "study.first_year": fact(years[0], "year", "design", "study"),
        "study.last_year": fact(years[1], "year", "design", "study"),
    }


def front_facts(study: Study) -> dict[str, Fact]:
    """Return the facts of the title page: author, date of the report, how far the data reach."""
    facts = {"study.until.years": fact(study.study.years[1], "year", "design", "study")}
    if "patents" in study.needed_sources:
        facts["study.until.patents"] = _text(study.patents_until.isoformat())
    if study.study.date:
        facts["study.date"] = _text(study.study.date.isoformat())
    for language, name in (study.study.author or {}).items():
        facts[f"study.author.{language}"] = _text(name)
    return facts


def _text(value: str) -> Fact:
    return fact(value, "text", "design", "study")


def input_digest(paths: Sequence[Path], root: Path) -> str:
    """Return one SHA-256 over names and contents of the inputs."""
    ordered = sorted(paths)
    lines = [f"{path.relative_to(root).as_posix()}\0{store.file_digest(path)}" for path in ordered]
    return store.digest("\n".join(lines).encode())


def lock_digest(root: Path) -> str:
    """Return a short digest of the dependency lock, or of what is installed where there is none."""
    lock = root / "requirements.lock"
    if lock.is_file():
        return store.file_digest(lock)[:12]
    installed = [f"{name}=={installed_version(name)}" for name in sorted(required_packages())]
    return store.digest("\n".join(installed).encode())[:12]
