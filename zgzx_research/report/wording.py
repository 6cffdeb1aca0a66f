"""Words in two languages, from `wording.toml`, and text of data made safe for reports."""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zgzx_research.errors import ZgzxError

LANGUAGES = ("zh", "en")
MARKUP = re.compile(r"[\\`*_{}\[\]<>#|$~^@&!]")


@functools.cache
def entries() -> Mapping[str, Mapping[str, str]]:
    """Read all words of `wording.toml`.

    Returns
    -------
    Mapping
        Dotted key -> {"zh": words, "en": words}, in the order of the file.
    """
    tree = tomllib.loads(Path(__file__).with_name("wording.toml").read_text(encoding="utf-8"))
    found: dict[str, Mapping[str, str]] = {}

    def walk(node: Mapping[str, Any], prefix: str) -> None:
        for name, child in node.items():
            if all(isinstance(text, str) for text in child.values()):
                found[prefix + name] = child
            else:
                walk(child, f"{prefix}{name}.")

    walk(tree, "")
    return found


def word(key: str, language: str, **values: object) -> str:
    """Return the words of a key.

    Parameters
    ----------
    key : str
        Dotted key in `wording.toml`.
    language : str
        "zh" or "en".
    **values : object
        Fill the {placeholders} of the words.

    Returns
    -------
    str
        The words.

    Raises
    ------
    ZgzxError
        Unknown language, or no such key; names the nearest.
    """
    if language not in LANGUAGES:
        raise ZgzxError(
            f"language {language!r} is unknown", remedy=f"Choose one of {', '.join(LANGUAGES)}."
        )
    if key not in entries():
        near = difflib.get_close_matches(key, entries(), n=1, cutoff=0)
        raise ZgzxError(
            f"there are no words for {key!r}",
            where="wording.toml",
            remedy=f"The nearest is {near[0]}.",
        )
    text = entries()[key][language]
    return text.format(**values) if values else text


def word_or_code(family: str, code: str, language: str) -> str:
    """Return the words of ``<family>.<code>``, or the code itself where there are none yet.

    Parameters
    ----------
    family : str
        First part of the key.
    code : str
        Last part of the key; may come from data.
    language : str
        "zh" or "en".

    Returns
    -------
    str
        Words, or the code in characters that the report fonts can print.
    """
    key = f"{family}.{code}"
    return word(key, language) if key in entries() else from_data(code)


def word_about(family: str, code: str, about: str, language: str, **values: object) -> str:
    """Return the words that the programme's own pages, or pages about any panel, use.

    Parameters
    ----------
    family, code : str
        First parts of the key, and its last part.
    about : str
        "award" or "unit". ``<family>_award.<code>`` comes before ``<family>.<code>``.
    language : str
        "zh" or "en".
    **values : object
        Fill the {placeholders} of the words.

    Returns
    -------
    str
        Words; the code itself where there are none.
    """
    known = (f"{family}_{about}.{code}", f"{family}.{code}")
    key = next((key for key in known if key in entries()), None)
    return word(key, language, **values) if key else from_data(code)


def event_axis(about: str, step: tuple[str, int] | None, language: str) -> str:
    """Say what the axis of event times counts, and how far apart the periods are.

    Parameters
    ----------
    about : str
        "award" (always years) or "unit".
    step : tuple of str and int, optional
        Unit and number of the clock's step, e.g. ("year", 2); None where it is not known.
    language : str
        "zh" or "en".

    Returns
    -------
    str
        Label of the axis.
    """
    years = about == "unit" and step is not None and step[0] == "year"
    axis = word("event_study.x.unit_years" if years else f"event_study.x.{about}", language)
    if step is None or (about == "award" and step == ("year", 1)):
        return axis

    unit, count = step
    if count == 1:
        distance = word(f"step.one.{unit}", language)
    else:
        distance = word(f"step.several.{unit}", language, count=count)
    return word("event_study.x.step", language, x=axis, step=distance)


def from_data(text: str) -> str:
    """Make text of data printable: 〓 for every character that the report fonts lack.

    Our own words do not go through here, so that a character missing in them remains an error.

    Parameters
    ----------
    text : str
        Text that came from a file.

    Returns
    -------
    str
        Printable text.
    """
    if text.isascii():
        return text
    # matplotlib is slow to load, and most data are numbers
    from zgzx_research.report.fonts import replace_missing

    return replace_missing(text)


def escape_markdown(text: str) -> str:
    """Make text of data (names, codes) safe inside Markdown."""
    return MARKUP.sub(r"\\\g<0>", " ".join(text.split()))


def display_width(text: str) -> int:
    """Count the columns that a text takes, where a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
