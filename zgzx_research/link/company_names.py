"""Company names: one spelling, the core without place and legal form, the parent of a branch.

No fuzzy matching.
A similarity ratio ranks wrong above right: 鸿远精密科技（深圳）有限公司 is
深圳市鸿远精密科技有限公司 at 74 %, while 深圳市鸿源精密科技有限公司, another firm, reaches 92 %.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from pathlib import Path

import pandas as pd

from zgzx_research.distinct import on_unique

_WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_BRACKETS = str.maketrans("[]{}<>〔〕【】《》〈〉「」『』", "()()()()()()()()()")
_KEPT_MARKS = frozenset("()&")  # A&B is not AB


class _Marks(dict[int, int | None]):
    """For `str.translate`: blanks and punctuation go, each classified once."""

    def __missing__(self, code: int) -> int | None:
        sign = chr(code)
        self[code] = (
            code if sign in _KEPT_MARKS or unicodedata.category(sign)[0] not in "PZC" else None
        )
        return self[code]


_MARKS = _Marks()


def _any(words: list[str]) -> str:
    return "(?:" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + ")"


_PLACE = re.compile("".join(f"{_any(level)}?" for level in _WORDS["places"]))
_BRACKETED_PLACE = re.compile(rf"\({_any(_WORDS['bracketed_places'])}\)")
_LEGAL_FORM = re.compile(_any(_WORDS["legal_forms"]) + "$")
_BRANCH = re.compile(
    rf"(?P<parent>.*{_any(_WORDS['parent_ends'])}).*?{_any(_WORDS['branches'])}\)?"
)
_SHORT_BRANCH = re.compile(
    rf"(?P<parent>.+?){_any(_WORDS['bracketed_places'])}?\(?{_any(_WORDS['branches'])}\)?"
)


def normalise_company_name(name: pd.Series) -> pd.Series:
    """One spelling of a name: width, brackets, case; no blanks and punctuation.

    Idempotent; null where nothing is left.

    Traditional characters were already simplified by the clean stage.

    Examples
    --------
    >>> import pandas as pd
    >>> normalise_company_name(pd.Series(["鸿远 精密科技（深圳）有限公司"])).item()
    '鸿远精密科技(深圳)有限公司'
    """
    return on_unique(name, _normalised, "str")


def company_core(normalised: pd.Series) -> pd.Series:
    """Remove place and legal form; null where fewer than two characters are left."""
    return on_unique(normalised, _core, "str")


def parent_name(normalised: pd.Series) -> pd.Series:
    """Return the parent's name of a branch (…分公司 and the like); null for every other name."""
    return on_unique(normalised, _parent, "str")


def _normalised(text: str) -> str | None:
    # To the fixed point: dropping a mark can let two characters compose, upper case can decompose
    # one.
    while (spelt := _spelt(text)) != text:
        text = spelt
    return text or None


def _spelt(text: str) -> str:
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper()).translate(
        _BRACKETS
    )
    return text.translate(_MARKS)


def _core(text: str) -> str | None:
    bare = _LEGAL_FORM.sub("", _BRACKETED_PLACE.sub("", text))
    core = re.sub(r"[()]", "", _PLACE.sub("", bare, count=1))
    return core if len(core) >= _WORDS["shortest_core"] else None


def _parent(text: str) -> str | None:
    found = _BRANCH.fullmatch(text) or _SHORT_BRANCH.fullmatch(text)
    if not found:
        return None
    return _parent(found["parent"]) or found["parent"]  # a branch may have branches
