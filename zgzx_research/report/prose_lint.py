"""Checks of prose: no typed or computed results, no finding that new data could make false."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jinja2 import TemplateSyntaxError, nodes

from zgzx_research.report.prose_rendering import environment

TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
CLAIM = re.compile(r"\{%-?\s*claim\b.*?\{%-?\s*endclaim\s*-?%\}", re.DOTALL)
ARITHMETIC = (
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
    nodes.Pow,
    nodes.Neg,
)


@functools.cache
def _rules() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("prose_rules.toml").read_text(encoding="utf-8"))


def lint_prose(text: str) -> list[str]:
    """Find the problems of one template.

    These are digits typed outside of tags (except the conventions in `prose_rules.toml`), results
    spelled in words, findings outside of ``{% claim %}``, arithmetic in the template, and constants
    printed by ``{{ }}``.

    Parameters
    ----------
    text : str
        The template.

    Returns
    -------
    list of str
        Each "line N: …"; empty when there are none.
    """
    try:
        tree = environment().parse(text)
    except TemplateSyntaxError as error:
        return [f"line {error.lineno}: {error.message}"]
    found = [problem for check in (_digits, _spelled, _unguarded) for problem in check(text)]
    found += _computed(tree)
    return [f"line {line}: {what}" for line, what in sorted(found)]


def _blanked(pattern: re.Pattern[str], text: str) -> str:
    """`text` with all matches turned into blanks, line numbers kept."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def _matches(
    patterns: list[str], text: str, say: Callable[[str], str]
) -> Iterator[tuple[int, str]]:
    for pattern in patterns:
        for match in re.finditer(pattern, text):
            yield text.count("\n", 0, match.start()) + 1, say(match.group().strip())


def _digits(text: str) -> Iterator[tuple[int, str]]:
    rules = _rules()["digits"]
    rest = _blanked(TAG, text)
    for allowed in (*rules["allowed"], *(rf"(?<!\d){year}(?!\d)" for year in rules["years"])):
        rest = _blanked(re.compile(allowed), rest)
    return _matches([r"\d[\d.,%]*"], rest, lambda found: f"typed digits {found!r}; use fact(…)")


def _spelled(text: str) -> Iterator[tuple[int, str]]:
    plain = _blanked(TAG, text)
    return _matches(
        _rules()["spelled"]["patterns"],
        plain,
        lambda found: f"spelled result {found!r}; use fact(…)",
    )


def _unguarded(text: str) -> Iterator[tuple[int, str]]:
    outside = _blanked(TAG, _blanked(CLAIM, text))
    words = _rules()["guarded"]["words"]
    return _matches(words, outside, lambda found: f"finding {found!r} outside of {{% claim %}}")


def _computed(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    for node in tree.find_all(ARITHMETIC):
        yield node.lineno, "arithmetic in the template; let the pipeline write a fact"
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            if isinstance(node, nodes.Const):
                yield node.lineno, "a constant printed by {{ }}; use fact(…) or plain words"
