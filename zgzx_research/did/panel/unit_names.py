"""Names of units that differ only in the way they are written: one unit that stands as two."""

from __future__ import annotations

import re
import unicodedata

import numpy as np

NUMBER = re.compile(r"([+-]?\d+)\.0*")
INVISIBLE = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+")


def spelled_alike(names: np.ndarray) -> list[tuple[str, ...]]:
    """Return groups of names equal but for blanks, full width, composed letters or ".0".

    Parameters
    ----------
    names : (units,)
        Labels; whole numbers are never alike.
    """
    if names.dtype.kind in "iuf" or not _worth_a_look(names):
        return []
    groups: dict[str, list[str]] = {}
    for name in map(str, names):
        groups.setdefault(_written_plainly(name), []).append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _worth_a_look(names: np.ndarray) -> bool:
    """Names of plain letters and digits without blanks and points cannot be written in two ways.

    Most are such.
    """
    texts = [name for name in names if isinstance(name, str)]
    joined = "".join(texts)
    return not joined.isascii() or bool(INVISIBLE.search(joined)) or "." in joined


def _written_plainly(name: str) -> str:
    text = INVISIBLE.sub("", unicodedata.normalize("NFKC", name))
    number = NUMBER.fullmatch(text)
    return number.group(1) if number else text
