"""The table that says until when each source reaches, and what cannot be seen yet."""

from __future__ import annotations

from zgzx_research.evidence.facts import FactSource
from zgzx_research.report.number_format import format_value
from zgzx_research.report.tables.markdown_table import Table, column_words, make_table
from zgzx_research.report.wording import word

ROWS = ("roster", "scores", "employment", "patents", "programmes")


def until_table(facts: FactSource, language: str) -> Table:
    """Show the facts ``until.<source>``, a row per source that has one.

    Parameters
    ----------
    facts : FactSource
        The facts of a study.
    language : str
        "zh" or "en".

    Returns
    -------
    Table
        Source, until when, and what is not seen after it.
    """
    body = []
    for source in ROWS:
        if not facts.has(f"until.{source}"):
            continue
        record = facts.record(f"until.{source}")
        value = format_value(record["value"], record["unit"], None, language, bare=True)
        when = word(f"until.when.{source}", language, value=value)
        body.append([word(f"source.{source}", language), when, _unseen(facts, source, language)])
    columns = column_words(("source", "until", "unseen"), language)
    return make_table("until", word("table.until", language), columns, "lll", body)


def _unseen(facts: FactSource, source: str, language: str) -> str:
    """Return what the source does not show yet."""
    if source != "patents":
        return word(f"until.unseen.{source}", language)
    months = facts.record("until.months_to_publication")["value"]
    text = word("until.unseen.patents", language, months=months)
    if not facts.has("until.patents_invention"):
        return text
    year = facts.record("until.patents_invention")["value"]
    return word("until.unseen.patents_complete", language, text=text, year=year)
