"""`zgzx publish`: keep the headlines of a report as they were published.

A later run of the same study may give other numbers, by other code. The small file
`studies/<name>.published.json` belongs into version control; it holds estimates of the primary
claims, what the data covered, the stamp of the run, and the counts as they were shown, from which
those of a later report could be subtracted (`published_counts`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Any

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.claims import read_claims
from zgzx_research.evidence.facts import Facts
from zgzx_research.pipeline import store
from zgzx_research.pipeline.earlier_scope import Scope, scope_of
from zgzx_research.pipeline.freeze import date_of
from zgzx_research.pipeline.kept_facts import load_tables
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.published_counts import published_parts
from zgzx_research.study import load_study

VERSION = 1
KEPT = ("from", "estimate", "std_error", "ci_low", "ci_high", "p_value", "grade", "verdict")
STAMPED = ("study", "version", "code", "lock", "inputs", "settings")


def publish_study(
    root: Path,
    name: str,
    on: str | None = None,
    *,
    again: bool = False,
    today: dt.date | None = None,
) -> dict[str, Any]:
    """Write `studies/<name>.published.json` from the facts of the last run.

    Parameters
    ----------
    root : Path
        The project folder.
    name : str
        The study.
    on : str, optional
        Date of publication, e.g. "2026-04-02"; today's by default.
    again : bool, default False
        Replace what was published before.
    today : datetime.date, optional
        That of the clock by default.

    Returns
    -------
    dict
        What was written.

    Raises
    ------
    ZgzxError
        A study that was not run, no claim with an estimate, a wrong date, or a file that exists.
    """
    study = load_study(root, name)
    place = Place(root, name, (root / study.raw.path).resolve())
    if place.published.is_file() and not again:
        raise ZgzxError(
            "the headlines of this study have been published already",
            where=f"studies/{place.published.name}",
            remedy="Keep them. To replace them, say --again.",
        )
    facts = _facts(place)
    claims = read_claims(place.claims)
    headlines = {
        claim.id: _headline(facts, f"claim.{claim.id}")
        for claim in claims
        if claim.family == "primary" and facts.has(f"claim.{claim.id}.estimate")
    }
    if not headlines:
        remedy = f"Run zgzx run {name} first, with an outcome of a primary claim."
        raise ZgzxError("no primary claim has an estimate", where=name, remedy=remedy)
    scope = scope_of(place, study)
    content = {
        "version": VERSION,
        "study": name,
        "published_on": date_of(on, today or dt.date.today()).isoformat(),
        "stamp": {key: facts.get(f"stamp.{key}") for key in STAMPED if facts.has(f"stamp.{key}")},
        "frozen": facts.get("study.frozen"),
        "scope": asdict(scope)
        | {
            "editions": sorted(scope.editions),
            "patents_until": scope.patents_until.isoformat(),
        },
        "claims": headlines,
        **published_parts(facts.facts, load_tables(_page_files(place))),
    }
    store.write_json(place.published, content)
    return content


def _facts(place: Place) -> Facts:
    """Read the facts of the last run."""
    path = place.work / "facts.json"
    if not path.is_file():
        remedy = f"Run zgzx run {place.name} first."
        raise ZgzxError("the study has no results yet", where=place.name, remedy=remedy)
    return Facts.load(path)


def _page_files(place: Place) -> list[Path]:
    """List the facts of all pages."""
    return sorted(place.facts("study").parent.glob("*.json"))


def _headline(facts: Facts, prefix: str) -> dict[str, Any]:
    """Return what is kept of a claim; a number that may not be shown stays empty."""
    found = {name: facts.get(f"{prefix}.{name}") for name in KEPT if facts.has(f"{prefix}.{name}")}
    return found | {"unit": facts.record(f"{prefix}.estimate")["unit"]}


def read_published(place: Place) -> dict[str, Any] | None:
    """Read what was published; None where there is nothing.

    Raises
    ------
    ZgzxError
        A damaged file, or one of another version.
    """
    if not place.published.is_file():
        return None
    content = store.read_json(place.published)
    if not isinstance(content, dict) or content.get("version") != VERSION:
        raise ZgzxError(
            f"published headlines of version {VERSION} were expected",
            where=f"studies/{place.published.name}",
            remedy="Bring the file back from version control.",
        )
    return content


def published_scope(content: dict[str, Any]) -> Scope:
    """Return what the data of a published report covered."""
    said = content["scope"]
    first, last = said["years"]
    return Scope(
        years=(first, last),
        editions=frozenset(said["editions"]),
        patents_until=dt.date.fromisoformat(said["patents_until"]),
        insured_until=said["insured_until"],
    )
