"""The report fonts: Noto Sans SC for figures, PDF and web pages, and what they cannot print."""

from __future__ import annotations

import io
import unicodedata
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont
from matplotlib import font_manager

from zgzx_research.errors import ZgzxError

FAMILY = "Noto Sans SC"
FOLDER = Path(__file__).parent / "fonts"
WEIGHTS = {"regular": "NotoSansSC-Regular.ttf", "bold": "NotoSansSC-Bold.ttf"}
GETA = "〓"  # what Chinese printers put where a sort is missing
INVISIBLE = {"Cc", "Cf"}  # line ends, tabs, joiners: nothing to print


def register() -> str:
    """Make the committed fonts known to matplotlib.

    Fonts of the same family installed on the machine are not used, so that figures are equal
    everywhere.

    Returns
    -------
    str
        Name of the family.
    """
    manager = font_manager.fontManager
    ours = {str(FOLDER / name) for name in WEIGHTS.values()}
    known = {entry.fname for entry in manager.ttflist if entry.name == FAMILY}
    if known != ours:
        manager.ttflist = [entry for entry in manager.ttflist if entry.name != FAMILY]
        for path in sorted(ours):
            manager.addfont(path)
    return FAMILY


@lru_cache
def printable() -> frozenset[str]:
    """Return the characters that every committed weight can print."""
    maps = [TTFont(FOLDER / name, lazy=True).getBestCmap() for name in WEIGHTS.values()]
    return frozenset(chr(point) for point in set.intersection(*(set(cmap) for cmap in maps)))


def missing(text: str) -> list[str]:
    """Find the characters that the fonts cannot print.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    list of str
        The distinct characters, in order of first appearance.
    """
    absent = dict.fromkeys(character for character in text if character not in printable())
    return [character for character in absent if unicodedata.category(character) not in INVISIBLE]


def require(text: str, where: str) -> None:
    """Refuse a text of our own with a character that would be printed as an empty box.

    Parameters
    ----------
    text : str
        Our own words.
    where : str
        Named in the error.

    Raises
    ------
    ZgzxError
        Names each such character with its code point.
    """
    absent = missing(text)
    if absent:
        raise ZgzxError(
            "the report fonts lack these characters",
            where=where,
            count=len(absent),
            examples=[f"{character} (U+{ord(character):04X})" for character in absent],
            remedy="Reword the text, or add the characters to .ci/fonts.py and cut the fonts anew.",
        )


def replace_missing(text: str) -> str:
    """Replace every character of data that the fonts cannot print by 〓."""
    return text.translate({ord(character): GETA for character in missing(text)})


def web_subset(text: str, weight: str = "regular") -> bytes:
    """Cut a font to the characters of a text.

    Parameters
    ----------
    text : str
        The text.
    weight : str, default "regular"
        "regular" or "bold".

    Returns
    -------
    bytes
        A WOFF2 font; equal bytes for an equal set of characters.
    """
    return cut_font(frozenset(text), weight)


@lru_cache(maxsize=32)
def cut_font(characters: frozenset[str], weight: str) -> bytes:
    """Cut a font to a set of characters, as `web_subset` does.

    Parameters
    ----------
    characters : frozenset of str
        The characters.
    weight : str
        "regular" or "bold".

    Returns
    -------
    bytes
        A WOFF2 font.
    """
    from fontTools import subset  # half a second, and only web pages need it

    options = subset.Options(
        flavor="woff2", layout_features=["*"], hinting=False, recalc_timestamp=False
    )
    font = TTFont(FOLDER / WEIGHTS[weight], lazy=True, recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=sorted(ord(character) for character in characters))
    subsetter.subset(font)
    font.flavor = "woff2"
    file = io.BytesIO()
    font.save(file, reorderTables=True)
    return file.getvalue()
