"""The style of all pages: labels, style sheet with embedded fonts, mark of synthetic data."""

from __future__ import annotations

import base64
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.ttLib import TTFont

from zgzx_research.report import fonts

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGE_TAG = {"zh": "zh-Hans", "en": "en-GB"}
FACE = (
    '@font-face {{ font-family: "Report"; font-weight: {number}; font-display: block; '
    'src: url("data:font/woff2;base64,{data}") format("woff2"); }}'
)


@lru_cache
def _labels() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((TEMPLATES / "labels.toml").read_text(encoding="utf-8"))


def label(key: str, language: str, /, **values: object) -> str:
    """Return a label of the page itself, from `templates/labels.toml`.

    Parameters
    ----------
    key : str
        Key of the label.
    language : str
        "zh" or "en".
    **values : object
        Fill the {placeholders} of the label.

    Returns
    -------
    str
        The label.
    """
    return _labels()[key][language].format(**values)


def style_sheet(text: str, *, synthetic: bool) -> str:
    """Make a <style> element with all that a page needs: fonts, watermark, rules.

    Parameters
    ----------
    text : str
        All text of the page; the embedded fonts hold its characters only.
    synthetic : bool
        Whether the page carries the mark of synthetic data.

    Returns
    -------
    str
        HTML.
    """
    faces = [
        FACE.format(number=number, data=_base64(fonts.web_subset(text, weight)))
        for weight, number in (("regular", 400), ("bold", 700))
    ]
    mark = f":root {{ --watermark: {_watermark(label('synthetic', 'zh'))}; }}" if synthetic else ""
    rules = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return "\n".join(["<style>", *faces, mark, rules, "</style>"])


@lru_cache
def _watermark(text: str) -> str:
    """Make a CSS background of `text`, as outlines: an image cannot use the page's fonts."""
    font = TTFont(fonts.FOLDER / fonts.WEIGHTS["bold"], lazy=True)
    glyphs, cmap, x, outlines = font.getGlyphSet(), font.getBestCmap(), 0, []
    for character in text:
        pen = SVGPathPen(glyphs)
        glyphs[cmap[ord(character)]].draw(pen)
        outlines.append(f'<path transform="translate({x} 0)" d="{pen.getCommands()}"/>')
        x += glyphs[cmap[ord(character)]].width
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="520" height="360" viewBox="0 0 520 360">'
        '<g fill="#8a3b12" fill-opacity="0.06" '
        'transform="translate(50 310) rotate(-30) scale(0.042 -0.042)">'
        f"{''.join(outlines)}</g></svg>"
    )
    return f'url("data:image/svg+xml;base64,{_base64(drawing.encode())}")'


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
