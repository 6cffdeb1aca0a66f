"""Split cells with several people or firms where it is sure who is named.

Sure are line breaks and marks between names; blanks and 和 only where a surname stands at each
beginning (甄明 伍会), for a name of two characters may be padded (甄　明) and 和 may belong to a
name (甄和平). Where it is not sure, a reason says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from zgzx_research.cleaning import reasons
from zgzx_research.cleaning.pseudonyms import is_organisation, is_team_name
from zgzx_research.cleaning.quarantine import flag
from zgzx_research.cleaning.rules import RULES
from zgzx_research.cleaning.values import chinese_number

Split = tuple[list[str], str | None]  # the names, and a reason where something is not sure

_COMPOUND = frozenset(RULES["persons"]["compound_surnames"].split())
_SURNAMES = frozenset("".join(RULES["persons"]["surnames"].split()))
_TITLES = frozenset(RULES["persons"]["titles"])
_HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
_ONLY_HAN = re.compile(f"[{_HAN}]+")
_ANY_HAN = re.compile(f"[{_HAN}]")
_BRACKETS = re.compile(r"[(\[][^()\[\]]*[)\]]")
_ROLES = re.compile(rf"(?:{'|'.join(RULES['persons']['roles'])})\s*:")
_AND_OTHERS = re.compile(
    r"\s*等\s*(?:(?P<number>\d{1,2}|[一二三四五六七八九十]{1,3})\s*(?:人|名|位|同志)|人|名)?\s*$"
)
_MARKS = r"\n\r\t、,;/|&+"
_BLANK = re.compile(r"\s")
_BEFORE_BRACKET = re.compile(r"\s*([·(\[])\s*")
_BETWEEN_PEOPLE = re.compile(f"[{_MARKS}]")
_BETWEEN_FIRMS = re.compile(rf"[{_MARKS}]+|(?<=[{_HAN})\]])\s+(?=[{_HAN}])")
_STRONG = re.compile(rf"[{_MARKS}]")
_AND = re.compile("以及|和|与|及|暨")
_AND_BETWEEN_FIRMS = re.compile(
    "|".join(f"(?<={word})(?:和|与|及|暨)" for word in RULES["organisations"]["before_and"])
)
_TAIL = re.compile(
    r"(?i)(?:有限|股份|责任|集团|分公司|总公司|控股).*|(?:CO|LTD|INC|LLC|CORP|GMBH|LIMITED|COMPANY|PLC)\.?"
)
LONGEST_NAME, LONGEST_RUN = (
    4,
    24,
)  # characters of a Han name, and of several without a mark between them


@cache
def _own(separators: str) -> re.Pattern[str]:
    """Return the signs of an agency, and line breaks."""
    return re.compile("[" + re.escape(unicodedata.normalize("NFKC", separators)) + r"\n\r]")


def split_people(text: str, separators: str) -> Split:
    """Split a cell into the people named in it.

    None, with a reason, where blanks or letters do not separate them with certainty. A list that
    ends in 等3人 and names fewer keeps those it names, with a reason.
    """
    listed = _ROLES.sub("、", text) if ":" in text else text
    others = _AND_OTHERS.search(listed) if "等" in listed else None
    listed = listed[: others.start()] if others and others.start() else listed
    names: list[str] = []
    joined = _AND.search(listed) is not None
    for part in _cut(listed, separators):
        found = _by_blanks(part)
        if found is None:
            return [], reasons.VALUE_SEVERAL_NAMES
        names += [name for one in found for name in _by_and(one)] if joined else found
    if any(_runs_together(name) for name in names):
        return [], reasons.VALUE_SEVERAL_NAMES
    if not others or not others.start():
        return names, None
    announced = chinese_number(others["number"] or "") or 0
    return names, reasons.VALUE_NAMES_LEFT_OUT if announced != len(names) else None


def _cut(text: str, separators: str) -> list[str]:
    """Parts at the signs of this agency, and at any mark between parts with Chinese characters."""
    parts = []
    for part in _own(separators).split(text):
        pieces = _BETWEEN_PEOPLE.split(part)
        parts += pieces if len(pieces) == 1 or _ANY_HAN.search(part) else [part]
    return [part.strip() for part in parts if part.strip()]


def _by_blanks(part: str) -> list[str] | None:
    """Split a part that holds blanks into people: 甄 明 is one, 甄明 伍会 are two.

    None where it is not sure.
    """
    if part not in _TITLES and not _BLANK.search(part):
        return [part]
    tokens = [token for token in _BEFORE_BRACKET.sub(r"\1", part).split() if token not in _TITLES]
    if not tokens:
        return None
    if len(tokens) == 1 or not _ANY_HAN.search(part):
        return [part if not _ANY_HAN.search(part) else tokens[0]]
    names: list[str] = []
    while tokens:
        if _AND.fullmatch(tokens[0]) and names:
            tokens.pop(0)
            continue
        found = _next_name(tokens)
        if found is None:
            return None
        names.append(found)
    return names


def _next_name(tokens: list[str]) -> str | None:
    """Take the tokens of one name: 甄 明, 欧阳 明, 甄 会明, 甄明, 阿依古丽·买买提, 精密一班."""
    first = tokens.pop(0)
    if len(first) == 1:
        size = next((n for n, token in enumerate(tokens) if len(token) > 1), len(tokens))
        rest = size if size else int(bool(tokens) and len(tokens[0]) == 2)
        name = first + "".join(tokens[:rest])
        del tokens[:rest]
        return name if _is_name(name) else None
    if first in _COMPOUND and tokens and len(tokens[0]) <= 2:
        return first + tokens.pop(0)
    if len(tokens) == 1 and len(tokens[0]) == 1 and _is_name(first + tokens[0]):
        return first + tokens.pop(0)
    return first if _is_name(first) or "·" in first or is_team_name(first) else None


def _is_name(text: str) -> bool:
    bare = _BRACKETS.sub("", text)
    if not _ONLY_HAN.fullmatch(bare):
        return False
    longest = LONGEST_NAME if bare[:2] in _COMPOUND else LONGEST_NAME - 1
    return 2 <= len(bare) <= longest and (bare[0] in _SURNAMES or bare[:2] in _COMPOUND)


def _by_and(name: str) -> list[str]:
    """甄明和伍会 as two; 甄和平 and 欧阳和 as one."""
    for found in _AND.finditer(name):
        both = [name[: found.start()], name[found.end() :]]
        if all(_is_name(one) and one not in _COMPOUND for one in both):
            return both
    return [name]


def _runs_together(name: str) -> bool:
    """Whether two names may stand in it without anything between them: 甄知明伍会行."""
    if len(name) <= LONGEST_NAME:
        return False
    bare = _BRACKETS.sub("", name)
    several = LONGEST_NAME < len(bare) <= LONGEST_RUN and _ONLY_HAN.fullmatch(bare)
    if not several or is_team_name(bare):
        return False
    return any(_is_name(bare[:size]) and _are_names(bare[size:]) for size in (2, 3, 4))


def _are_names(text: str) -> bool:
    return _is_name(text) or any(
        _is_name(text[:size]) and _are_names(text[size:]) for size in (2, 3, 4)
    )


def split_parties(text: str, separators: str) -> Split:
    """Split a cell into the firms and people named in it.

    A part with a mark that may belong to a name stays, with a reason.
    """
    parties, unsure = [], None
    for part in filter(None, map(str.strip, _own(separators).split(text))):
        pieces = _BETWEEN_FIRMS.split(part) if _ANY_HAN.search(part) else [part]
        found = [piece.strip() for piece in pieces if piece.strip()]
        if len(found) > 1 and not all(map(_is_party, found)):
            unsure = reasons.VALUE_SEVERAL_FIRMS if _STRONG.search(part) else unsure
            found = [part]
        parties += [one for piece in found for one in _by_and_of_firms(piece)]
    return parties, unsure


def _is_party(text: str) -> bool:
    return not _TAIL.fullmatch(text) and (is_organisation(text) or _is_name(text) or "·" in text)


def _by_and_of_firms(text: str) -> list[str]:
    found = _AND_BETWEEN_FIRMS.split(text) if _AND.search(text) else [text]
    return found if len(found) > 1 and all(map(_is_party, found)) else [text]


def several_in_a_cell(column: pd.Series) -> pd.Series:
    """Return a reason for the cells that should name one firm and name several, or may.

    Which of them is meant is not said.
    """
    found, unsure = split_column(column, lambda text: split_parties(text, ";"))
    return flag(unsure.notna() | (found.map(len) > 1), reasons.VALUE_SEVERAL_FIRMS)


def split_column(column: pd.Series, split: Callable[[str], Split]) -> tuple[pd.Series, pd.Series]:
    """Return lists of the names in each cell (empty where missing), and a reason where unsure."""
    rows, texts = pd.factorize(column)
    found = [split(text) for text in texts.tolist()]
    lists = np.fromiter([*(names for names, _ in found), []], dtype="object", count=len(found) + 1)
    reason = np.array(
        [*(why for _, why in found), None], dtype="object"
    )  # the last is that of a missing cell
    return pd.Series(lists[rows], column.index), pd.Series(reason[rows], column.index)
