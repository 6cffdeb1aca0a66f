"""The log of disclosure control: which table left how many numbers blank, by which rule.

The log holds no value that was left blank, only how many there are. Facts: the rules in force are
`disclosure.rule.<name>`; the log is `disclosure.<page>.<table>.<rule>`, and
`disclosure.<page>.<table>.checked` says how many tables or figures of a name a page shows.
"""

from __future__ import annotations

import functools
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.resources import files

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure_rules import RULES, STRICTER, DisclosureRules, enforce
from zgzx_research.evidence.facts import Fact, Facts, fact

PREFIX = "disclosure"
RULE = f"{PREFIX}.rule"
CHECKED = "checked"
OUTPUTS = "disclosure_outputs.toml"
UNITS = {"persons": "count", "firms": "count", "nk_largest": "count", "nk_share": "share"}


def rule_facts(rules: DisclosureRules) -> dict[str, Fact]:
    """Return the facts `disclosure.rule.*` of the rules in force."""
    return {
        f"{RULE}.{name}": fact(value, UNITS[name], "design", "study")
        for name, value in asdict(rules).items()
    }


def enforce_facts(facts: Facts) -> None:
    """Put the rules in force that were written as facts; the written rules where there are none."""
    given = {name: facts.get(f"{RULE}.{name}") for name in STRICTER if facts.has(f"{RULE}.{name}")}
    enforce(given)


@functools.cache
def guards() -> dict[str, str]:
    """Return the kind of rule that guards each table and figure, from disclosure_outputs.toml."""
    text = files("zgzx_research.evidence").joinpath(OUTPUTS).read_text(encoding="utf-8")
    return {name: guard for guard, names in tomllib.loads(text).items() for name in names}


def check_guarded(kind: str) -> None:
    """Refuse a table or figure that no rule guards.

    Parameters
    ----------
    kind : str
        Function of `page_tables`, or module of `report.figures`.

    Raises
    ------
    ZgzxError
        It is not in the list.
    """
    if kind not in guards():
        raise ZgzxError(
            f"no rule of disclosure guards {kind!r}",
            where=f"evidence/{OUTPUTS}",
            remedy="Say there which rule does, after making sure of it "
            "(docs/methodology/disclosure.md).",
        )


def log_facts(
    page: str, table: str, blank: Mapping[str, int], kept: Mapping[str, Fact]
) -> dict[str, Fact]:
    """Return the facts of one table or figure, added to what the page has logged for its like.

    Parameters
    ----------
    page, table : str
        The page, and the name of the table or figure.
    blank : Mapping
        Rule to number of entries left blank.
    kept : Mapping
        What the page has kept so far.
    """
    found = {}
    for rule, number in {**blank, CHECKED: 1}.items():
        if number:
            key = f"{PREFIX}.{page}.{table}.{rule}"
            before = kept[key]["value"] if key in kept else 0
            found[key] = fact(before + int(number), "count", "design", "study")
    return found


def logged(facts: Mapping[str, Fact]) -> list[tuple[str, str, int]]:
    """List table, rule and number of entries left blank, of all pages together.

    Parameters
    ----------
    facts : Mapping
        Facts of all pages.

    Returns
    -------
    list of (str, str, int)
        In the order of tables' names and of `RULES`.
    """
    found: Counter[tuple[str, str]] = Counter()
    for key, record in facts.items():
        parts = key.split(".")
        if parts[0] == PREFIX and len(parts) == 4 and parts[3] != CHECKED:
            found[parts[2], parts[3]] += record["value"]
    return sorted(
        ((table, rule, number) for (table, rule), number in found.items()),
        key=lambda line: (line[0], RULES.index(line[1])),
    )


def whole_outputs(facts: Mapping[str, Fact]) -> int:
    """Count the tables and figures of which nothing was left blank."""
    blank = {table for table, _, _ in logged(facts)}
    checked = [key.split(".") for key in facts if key.endswith(f".{CHECKED}")]
    return sum(
        int(facts[".".join(parts)]["value"])
        for parts in checked
        if parts[0] == PREFIX and parts[2] not in blank
    )


def blank_entries(rows: Iterable[Mapping[str, object]], names: Iterable[str]) -> int:
    """Count the entries of some columns that are None."""
    columns = list(names)
    return sum(row[name] is None for row in rows for name in columns)
