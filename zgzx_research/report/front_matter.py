"""What stands under the title of a document: who made it, when, from which data and which code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from zgzx_research.evidence.facts import Facts
from zgzx_research.report.page_style import label
from zgzx_research.report.wording import from_data, word_or_code

UNTIL = "study.until."  # facts: how far the data of a source reach
LAST = ("panel.last_year", "panel.last_period")  # where no such fact was kept
COMMIT_DIGITS = 12
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True)
class FrontMatter:
    """The lines under a title.

    Attributes
    ----------
    lines : Mapping
        Name of the line -> what it says, in the language of the document.
    author : str
        Who made the document, "" where nobody is named; for the properties of the file.
    """

    lines: Mapping[str, str] = field(default_factory=dict)
    author: str = ""


def front_matter(facts: Facts, language: str, commit: str = "") -> FrontMatter:
    """Make the lines under a title from the facts; no clock is read.

    Parameters
    ----------
    facts : Facts
        `study.author.<language>`, `study.date`, `study.until.*` and `stamp.*`; each may be absent.
    language : str
        "zh" or "en".
    commit : str, default ""
        Git commit of the code; without one, its digest is named.

    Returns
    -------
    FrontMatter
        Author, date of the report, end of the data, code; only those that are known.
    """
    author = from_data(str(_known(facts, f"study.author.{language}") or ""))
    made = _known(facts, "study.date")
    lines = {
        "front_author": author,
        "front_date": written_date(str(made), language) if made else "",
        "front_until": label("front_and", language).join(_reaches(facts, language)),
        "front_code": _code(facts, language, commit),
    }
    named = {label(key, language): text for key, text in lines.items() if text}
    return FrontMatter(named, author)


def written_date(text: str, language: str) -> str:
    """Write an ISO date as people do.

    Parameters
    ----------
    text : str
        For instance "2026-04-30"; any other text is returned as it is.
    language : str
        "zh" or "en".

    Returns
    -------
    str
        The date.

    Examples
    --------
    >>> written_date("2026-04-30", "zh"), written_date("2026-04-30", "en")
    ('2026 年 4 月 30 日', '30 April 2026')
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    month = MONTHS[day.month - 1]
    return label("day", language, year=day.year, month=day.month, name=month, day=day.day)


def _reaches(facts: Facts, language: str) -> list[str]:
    """Say how far the data of each source reach."""
    keys = sorted(key for key in facts.facts if key.startswith(UNTIL))
    if not keys:
        last = next((key for key in LAST if _known(facts, key) is not None), None)
        return [written_date(str(facts.get(last)), language)] if last else []
    said = []
    for key in sorted(keys, key=lambda one: one != f"{UNTIL}years"):
        value = written_date(str(facts.get(key)), language)
        name = key.removeprefix(UNTIL)
        if name == "years":
            said.append(label("until_years", language, value=value))
        else:
            source = word_or_code("source", name, language)
            said.append(label("until_source", language, source=source, value=value))
    return said


def _code(facts: Facts, language: str, commit: str) -> str:
    """Name the code: version, and commit or digest."""
    digest, version = _known(facts, "stamp.code"), _known(facts, "stamp.version")
    if not (commit or digest):
        return ""
    key, code = ("code_commit", commit[:COMMIT_DIGITS]) if commit else ("code_digest", digest)
    return label(key, language, version=version or "", code=code).strip()


def _known(facts: Facts, key: str) -> Any:
    """Return a fact's value; None where there is no such fact."""
    return facts.get(key) if facts.has(key) else None
