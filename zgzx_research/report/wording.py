"""Words and numbers in two languages: labels from `wording.toml`, numbers in house style."""

from __future__ import annotations

import difflib
import functools
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from jinja2 import (
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
    nodes,
)
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import SandboxedEnvironment

from zgzx_research.errors import ZgzxError

LANGUAGES = ("zh", "en")
MINUS = "−"
MISSING = "—"
MOST_DIGITS = 6  # digits after the point; a number that needs more is small, and written as 3.01E−7
PROSE = Path(__file__).with_name("prose")
MARKUP = re.compile(r"[\\`*_{}\[\]<>#|$~^@&!]")
CHINESE = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"

EFFECT_UNITS = ("number", "percent", "percentage_point")
EFFECT_FIELDS = {"estimate", "std_error", "ci_low", "ci_high", "band_low", "band_high", "mde"}
ERROR_DIGITS = 2  # significant ones of a standard error; estimates beside it end at the same place
SIGNIFICANT = 3  # digits of a plain number, whose size nobody knows beforehand
SMALL_POWER, LARGE_POWER = -3, 14  # powers of ten beyond which numbers are written as 3.01E−7

# unit: digits shown (None: as many as make SIGNIFICANT ones), factor from the stored value, what
# follows the number (a wording key when it begins with "unit.")
UNIT_STYLE: dict[str, tuple[int | None, float, str]] = {
    "percent": (1, 1.0, "%"),
    "percentage_point": (1, 1.0, "unit.percentage_point"),
    "share": (1, 100.0, "%"),
    "number": (None, 1.0, ""),
    "count": (0, 1.0, ""),
}


class FactSource(Protocol):
    """What prose and tables need of the facts (`zgzx_research.evidence.facts.Facts` is one)."""

    def record(self, key: str) -> Mapping[str, Any]: ...


@functools.cache
def entries() -> Mapping[str, Mapping[str, str]]:
    """All words, dotted key -> {"zh", "en"}."""
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
    """The words of a key; `values` fill its {placeholders}.

    Raises
    ------
    ZgzxError : unknown language, or no such key; names the nearest.
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


def event_axis(about: str, step: tuple[str, int] | None, language: str) -> str:
    """What the axis of event times counts, and how far apart the periods are.

    Parameters
    ----------
    about : "award" (always years) or "unit". step : unit and number of the clock's step; None where
        it is not known.
    """
    years = about == "unit" and step is not None and step[0] == "year"
    axis = word("event_study.x.unit_years" if years else f"event_study.x.{about}", language)
    if step is None or (about == "award" and step == ("year", 1)):
        return axis
    unit, count = step
    shown = (
        word(f"step.one.{unit}", language)
        if count == 1
        else word(f"step.several.{unit}", language, count=count)
    )
    return word("event_study.x.step", language, x=axis, step=shown)


def word_or_code(family: str, code: str, language: str) -> str:
    """The words of `<family>.<code>`, or the code itself when nobody has written words for it yet."""
    return (
        word(f"{family}.{code}", language) if f"{family}.{code}" in entries() else from_data(code)
    )


def from_data(text: str) -> str:
    """A text of data as the report fonts can print it: 〓 for every character they lack.

    Our own words are not passed through here, so that a character missing in them stays an error.
    """
    if text.isascii():
        return text
    from zgzx_research.report.fonts import (
        replace_missing,
    )  # matplotlib is slow to load, and data are mostly numbers

    return replace_missing(text)


def is_withheld(record: Mapping[str, Any]) -> bool:
    """Whether a fact has no value because it would tell of too few.

    `evidence.facts.withheld_fact`.
    """
    return bool(record.get("withheld"))


def format_number(value: float, digits: int, *, signed: bool = False) -> str:
    """A number with thousands separators, a true minus sign and no "−0.0"; a missing one is a dash.

    A number that begins far behind the point is written with its power of ten, as spreadsheets do;
    a very large one too.

    Examples
    --------
    >>> format_number(-1234.56, 1), format_number(-0.04, 1), format_number(2, 1, signed=True)
    ('−1,234.6', '0.0', '+2.0')
    >>> format_number(3.0099e-07, 10), format_number(-2.5e-09, 10), format_number(0.25, 7), format_number(2e16, 0)
    ('3.010E−7', '−2.5E−9', '0.2500000', '2.00E+16')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if not value and digits > MOST_DIGITS:
        return "0"
    power = math.floor(math.log10(abs(value))) if value else 0
    if digits > MOST_DIGITS and power < SMALL_POWER:
        text = (
            f"{float(value) / 10**power:z.{max(0, digits + power)}f}E{power}"
            if digits + power >= 0
            else "0"
        )
    elif power > LARGE_POWER:
        text = f"{float(value) / 10.0**power:z.{SIGNIFICANT - 1}f}E+{power}"
    else:
        text = f"{float(value):z,.{digits}f}"
    if signed and float(text.replace(",", "")) > 0:
        text = "+" + text
    return text.replace("-", MINUS)


def significant_digits(sizes: Iterable[float | None], wanted: int = SIGNIFICANT) -> int:
    """Digits after the point that show numbers of the median of these sizes to `wanted` significant digits.

    Examples
    --------
    >>> significant_digits([0.0401]), significant_digits([2.7]), significant_digits([12345.0])
    (4, 2, 0)
    >>> significant_digits([2.6e-09], 2)
    10
    """
    known = sorted(
        abs(size) for size in sizes if size is not None and math.isfinite(size) and size != 0
    )
    if not known:
        return wanted - 1
    return max(0, wanted - 1 - math.floor(math.log10(known[len(known) // 2])))


def percent_digits(sizes: Iterable[float | None]) -> int:
    """Digits of percentages and percentage points.

    One, and more where that would show sizes as zero.

    Examples
    --------
    >>> percent_digits([12.3]), percent_digits([0.4]), percent_digits([0.02])
    (1, 1, 2)
    """
    return max(1, significant_digits([size for size in sizes if size] or [1.0], 1))


def format_value(
    value: Any,
    unit: str,
    digits: int | None = None,
    language: str = "zh",
    *,
    signed: bool = False,
    bare: bool = False,
) -> str:
    """A fact's value as text with its unit, e.g. "12.3%", "1.2 个百分点", "1,234", "2012".

    Parameters
    ----------
    unit : percent, percentage_point, share (0..1, printed in percent), number, count, year or text.
    digits : after the point; None for the unit's own. bare : leave a unit in words away (a %
        stays).
    """
    if value is None:
        return word("missing", language)
    if isinstance(value, bool):
        return word("yes" if value else "no", language)
    if unit == "text":
        return str(value)
    if unit == "year":
        return f"{int(value)}"
    own_digits, factor, after = UNIT_STYLE[unit]
    shown = own_digits if digits is None else digits
    if digits is None:
        shown = (
            significant_digits([value])
            if own_digits is None
            else _enough(own_digits, factor * value)
        )
    text = format_number(factor * value, shown or 0, signed=signed)
    if after.startswith("unit."):
        return text if bare else text + word(after, language)
    return text + after


def _enough(digits: int, value: float) -> int:
    """A unit's own digits, and as many more as it takes to tell a small value from zero.

    Counts keep theirs.
    """
    return percent_digits([value]) if digits and 0 < abs(value) < 1 else digits


class ClaimTag(Extension):
    """`{% claim value("…ci_low") > 0 %} rose {% elif … %} fell {% else %} … {% endclaim %}`: an `if` that must have an
    `else` and must look at a value, so that new data cannot leave a stale verb behind."""

    tags = {"claim"}  # noqa: RUF012 (Jinja declares it as an instance variable)

    def parse(self, parser: Parser) -> nodes.Node:
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
    return (
        [node, *node.find_all(nodes.Call)]
        if isinstance(node, nodes.Call)
        else list(node.find_all(nodes.Call))
    )


@functools.cache
def environment() -> SandboxedEnvironment:
    """The Jinja environment of the prose: sandboxed, a missing name fails."""
    return SandboxedEnvironment(
        loader=FileSystemLoader(PROSE, encoding="utf-8"),
        undefined=StrictUndefined,
        extensions=[ClaimTag],
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )


def render_prose(
    page: str, block: str, language: str, facts: FactSource, extra: Mapping[str, Any] | None = None
) -> str:
    """Markdown of one block of `prose/<page>.<language>.md.j2`.

    In the templates: `fact(key, digits=, signed=, magnitude=, bare=)` prints a fact (bare: no unit
    in words), `value(key)`, `known(key)` and `given(key)` (whether there is such a fact at all) are
    for guards, `word(key)` a label, `say.<macro>(…)` a sentence of `_sentences.<language>.md.j2`.

    Parameters
    ----------
    facts : anything with `record(key) -> {"value", "unit", …}`.
    extra : further names for the template.

    Raises
    ------
    ZgzxError : no such page or block, a key that is missing.
    """
    functions = _functions(facts, language) | dict(extra or {})
    try:
        functions["say"] = (
            environment().get_template(f"_sentences.{language}.md.j2").make_module(functions)
        )
        template = environment().get_template(f"{page}.{language}.md.j2")
        if block not in template.blocks:
            remedy = f"The blocks are {', '.join(template.blocks)}."
            raise ZgzxError(
                f"there is no block {block!r}", where=template.name or page, remedy=remedy
            )
        text = "".join(template.blocks[block](template.new_context(functions)))
    except TemplateNotFound as error:
        raise ZgzxError(f"there is no prose for page {page!r}", where=str(error)) from None
    except (UndefinedError, TemplateSyntaxError) as error:
        raise ZgzxError(
            str(error.message), where=f"{page}.{language}.md.j2, block {block}"
        ) from None
    return _tidy(text)


def _functions(facts: FactSource, language: str) -> dict[str, Any]:
    def fact(key: str, digits: int | None = None, magnitude: bool = False, **style: bool) -> str:
        record = facts.record(key)
        if is_withheld(record):
            return word("withheld", language)
        shown = (
            abs(record["value"]) if magnitude and record["value"] is not None else record["value"]
        )
        aggregate, _, field = key.rpartition(".")
        if digits is None and record["unit"] in EFFECT_UNITS and field in EFFECT_FIELDS:
            # an estimate and its interval with the same digits, as many as its error is worth
            error = facts.record(f"{aggregate}.std_error")["value"]
            digits = effect_digits(
                record["unit"], [error], [facts.record(f"{aggregate}.estimate")["value"]]
            )
        text = format_value(shown, record["unit"], digits, language, **style)
        return escape_markdown(from_data(text)) if record["unit"] == "text" else text

    def value(key: str) -> Any:
        found = facts.record(key)["value"]
        return (
            math.nan if found is None else found
        )  # NaN fails every comparison, so a claim falls to its else

    def known(key: str) -> bool:
        return facts.record(key)["value"] is not None

    def given(key: str) -> bool:
        try:
            return facts.record(key) is not None
        except ZgzxError:
            return False

    own = {"fact": fact, "value": value, "known": known, "given": given, "language": language}
    return own | {"word": functools.partial(word, language=language)}


def effect_digits(
    unit: str, errors: Iterable[float | None], values: Iterable[float | None] = ()
) -> int:
    """Digits after the point for effects in `unit`, alike for all that stand together.

    Plain numbers show their errors to two significant digits, percentages have one digit, or more
    where their errors are smaller. Where no error is known the `values` themselves decide.
    """
    known = [error for error in errors if error is not None and math.isfinite(error) and error]
    if unit == "number":
        return significant_digits(known, ERROR_DIGITS) if known else significant_digits(values)
    return percent_digits(known or values)


def escape_markdown(text: str) -> str:
    """Text of data (names, codes) made safe inside Markdown."""
    return MARKUP.sub(r"\\\g<0>", " ".join(text.split()))


def _tidy(text: str) -> str:
    """No blank or line break (it would print as one) between Chinese characters, no run of empty lines."""
    text = re.sub(r"[ \t]+\n", "\n", text)
    text = re.sub(rf"(?<={CHINESE})[\n ](?={CHINESE})", "", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
