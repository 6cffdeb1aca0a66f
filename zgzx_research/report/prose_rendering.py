"""Prose of the pages: Jinja templates that print facts, and claims whose words follow the data."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import (
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
    nodes,
)
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import SandboxedEnvironment

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.facts import UNIT_FACTORS, FactSource, is_withheld
from zgzx_research.report.number_format import effect_digits, format_value
from zgzx_research.report.wording import escape_markdown, from_data, word

SHARED = Path(__file__).with_name("prose")  # sentences for all pages
# name in the templates -> file of shared sentences; a later one may use those before it
MODULES = {"say": "_sentences", "tell": "_claims"}
EFFECT_FIELDS = {"estimate", "std_error", "ci_low", "ci_high", "band_low", "band_high", "mde"}
ABSOLUTE_FIELDS = {"absolute", "absolute_error", "absolute_low", "absolute_high", "absolute_mde"}
CHINESE = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"


class ClaimTag(Extension):
    """A claim: an `if` that must look at a value and must have an `else`.

    ``{% claim value("…ci_low") > 0 %} rose {% elif … %} fell {% else %} … {% endclaim %}``: new
    data cannot leave a wrong verb behind.
    """

    tags = {"claim"}  # noqa: RUF012 (Jinja declares it as an instance variable)

    def parse(self, parser: Parser) -> nodes.Node:
        """Parse one claim to a chain of conditions."""
        first = node = nodes.If(lineno=next(parser.stream).lineno)
        while True:
            node.test = parser.parse_expression()
            if not any(getattr(call.node, "name", "") == "value" for call in _calls(node.test)):
                parser.fail("a claim must look at value(…)", first.lineno)
            node.body = parser.parse_statements(("name:elif", "name:else", "name:endclaim"))
            node.elif_, node.else_ = [], []

            end = next(parser.stream)
            if end.test("name:elif"):
                node = nodes.If(lineno=end.lineno)
                first.elif_.append(node)
                continue
            if end.test("name:else"):
                first.else_ = parser.parse_statements(("name:endclaim",), drop_needle=True)
                return first
            return parser.fail(
                "a claim needs an else: what is said when it does not hold", first.lineno
            )


def _calls(node: nodes.Node) -> list[nodes.Call]:
    """All calls in an expression, itself included."""
    own = [node] if isinstance(node, nodes.Call) else []
    return [*own, *node.find_all(nodes.Call)]


@functools.cache
def environment(folder: Path | None = None) -> SandboxedEnvironment:
    """Make the Jinja environment of the prose: sandboxed, and a missing name is an error.

    Parameters
    ----------
    folder : Path, optional
        Folder of a page, whose templates come before the shared ones.

    Returns
    -------
    SandboxedEnvironment
        The environment.
    """
    return SandboxedEnvironment(
        loader=FileSystemLoader([*([folder] if folder else []), SHARED], encoding="utf-8"),
        undefined=StrictUndefined,
        extensions=[ClaimTag],
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )


def render_prose(
    folder: Path,
    block: str,
    language: str,
    facts: FactSource,
    extra: Mapping[str, Any] | None = None,
) -> str:
    """Render one block of a page's prose, ``<folder>/<language>.md.j2``, as Markdown.

    In the templates: ``fact(key, digits=, signed=, magnitude=, bare=)`` prints a fact (bare: no
    unit in words); ``value(key)``, ``known(key)`` and ``given(key)`` (whether there is such a fact
    at all) are for conditions; ``word(key)`` is a label; ``say.<macro>(…)`` is a sentence of
    ``_sentences.<language>.md.j2`` and ``tell.<macro>(…)`` one about the official claims, of
    ``_claims.<language>.md.j2``; all pages share them.

    Parameters
    ----------
    folder : Path
        Folder of the page.
    block : str
        Name of the block.
    language : str
        "zh" or "en".
    facts : FactSource
        Anything with ``record(key) -> {"value", "unit", …}``.
    extra : Mapping, optional
        Further names for the template.

    Returns
    -------
    str
        Markdown that ends with one line break.

    Raises
    ------
    ZgzxError
        No such page or block, or a key that is missing.
    """
    name = f"{language}.md.j2"
    where = f"{folder.name}/{name}"
    names = _template_names(facts, language) | dict(extra or {})
    try:
        templates = environment(folder)
        for module, file in MODULES.items():
            names[module] = templates.get_template(f"{file}.{name}").make_module(names)
        text = _block_text(templates.get_template(name), block, names, where)
    except TemplateNotFound:
        raise ZgzxError(f"there is no prose for page {folder.name!r}", where=where) from None
    except (UndefinedError, TemplateSyntaxError) as error:
        raise ZgzxError(str(error.message), where=f"{where}, block {block}") from None
    return _without_gaps(text)


def _block_text(template: Template, block: str, names: Mapping[str, Any], where: str) -> str:
    if block not in template.blocks:
        remedy = f"The blocks are {', '.join(template.blocks)}."
        raise ZgzxError(f"there is no block {block!r}", where=where, remedy=remedy)
    return "".join(template.blocks[block](template.new_context(dict(names))))


def _template_names(facts: FactSource, language: str) -> dict[str, Any]:
    own = _FactReader(facts, language)
    functions: dict[str, Callable[..., Any]] = {
        "fact": own.fact,
        "value": own.value,
        "known": own.known,
        "given": own.given,
        "word": functools.partial(word, language=language),
    }
    return {**functions, "language": language}


@dataclass(frozen=True, slots=True)
class _FactReader:
    """What a template may ask about facts."""

    facts: FactSource
    language: str

    def fact(
        self, key: str, digits: int | None = None, magnitude: bool = False, **style: bool
    ) -> str:
        """Print a fact with its unit."""
        record = self.facts.record(key)
        if is_withheld(record):
            return word("withheld", self.language)

        value, unit = record["value"], record["unit"]
        if magnitude and value is not None:
            value = abs(value)
        aggregate, _, field = key.rpartition(".")
        if digits is None and unit in UNIT_FACTORS and field in EFFECT_FIELDS:
            digits = self._effect_digits(unit, f"{aggregate}.std_error", f"{aggregate}.estimate")
        if digits is None and field in ABSOLUTE_FIELDS:
            digits = self._effect_digits(
                unit, f"{aggregate}.absolute_error", f"{aggregate}.absolute"
            )

        text = format_value(value, unit, digits, self.language, **style)
        return escape_markdown(from_data(text)) if unit == "text" else text

    def _effect_digits(self, unit: str, error: str, estimate: str) -> int:
        """Count digits for an estimate and its interval alike, by the fact of its error."""
        values = [
            self.facts.record(key)["value"] if self.facts.has(key) else None
            for key in (error, estimate)
        ]
        return effect_digits(unit, values[:1], values[1:])

    def value(self, key: str) -> Any:
        """Return the value for a condition; a missing one is NaN: every comparison is false."""
        found = self.facts.record(key)["value"]
        return math.nan if found is None else found

    def known(self, key: str) -> bool:
        """Say whether the fact has a value."""
        return self.facts.record(key)["value"] is not None

    def given(self, key: str) -> bool:
        """Say whether there is such a fact."""
        return self.facts.has(key)


def _without_gaps(text: str) -> str:
    """Remove blanks and line breaks between Chinese characters, and repeated empty lines.

    A line break between Chinese characters would be printed as a blank.
    """
    text = re.sub(r"[ \t]+\n", "\n", text)
    text = re.sub(rf"(?<={CHINESE})[\n ](?={CHINESE})", "", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
