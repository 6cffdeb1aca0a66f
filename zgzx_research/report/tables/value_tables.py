"""Tables of value for money: costs by edition, prices of one more, and the steps to break even."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from zgzx_research.evidence.disclosure import hidden_parts
from zgzx_research.evidence.disclosure_rules import SECONDARY, THRESHOLD, rules
from zgzx_research.evidence.earlier_counts import TOTAL, against_before
from zgzx_research.evidence.facts import FactSource
from zgzx_research.report.number_format import MISSING, format_number, format_value
from zgzx_research.report.tables.markdown_table import Table, make_table
from zgzx_research.report.wording import word

COSTS = (
    "cost",
    "winning_entries",
    "winners",
    "entrants",
    "cost_per_entry",
    "cost_per_winner",
    "cost_per_entrant",
)
COUNT_OF = {
    "cost_per_entry": "winning_entries",
    "cost_per_winner": "winners",
    "cost_per_entrant": "entrants",
}
PRICES = ("estimate", "claimed", "upper")


def costs_table(
    by_edition: pd.DataFrame,
    total: pd.Series,
    language: str,
    before: pd.DataFrame | None = None,
) -> Table:
    """Show costs in yuan and counts by edition, and of all editions together.

    Parameters
    ----------
    by_edition, total : pandas.DataFrame and pandas.Series
        Of `AwardCosts`.
    language : str
        "zh" or "en".
    before : DataFrame, optional
        The counts that an earlier report showed (`Table.counts`).

    Returns
    -------
    Table
        The table; counts below the threshold of persons are blank, with what is divided by them.
        Single editions that could be worked out from the total are blank too.
    """
    shown = _shown_counts(by_edition, total, before)
    rows = [*by_edition.to_dict("records"), total.to_dict()]
    names = [*(str(int(row["edition"])) for row in rows[:-1]), word("total", language)]
    body = [
        [name, *_costs(row, {count for count in shown if pd.isna(shown[count].iloc[at])})]
        for at, (name, row) in enumerate(zip(names, rows, strict=True))
    ]
    columns = [word(f"worth.column.{name}", language) for name in ("edition", *COSTS)]
    table = make_table("costs", word("worth.table.costs", language), columns, "r" * 8, body)
    return replace(table, counts=shown, blank=_blank(by_edition, total, shown))


def _shown_counts(
    by_edition: pd.DataFrame, total: pd.Series, before: pd.DataFrame | None
) -> pd.DataFrame:
    """Return the counts by edition and their totals, named by text; missing where blank."""
    counts = _counts(by_edition, total)
    told, known = against_before(counts.fillna(0).astype("int64"), before, rules().persons)
    blank = pd.DataFrame(False, index=counts.index, columns=counts.columns)
    for at, name in enumerate(counts):
        sizes = [int(size) for size in counts[name].fillna(0)]
        small = [0 < size < rules().persons for size in sizes] | told[:, at]
        parts = [*small[:-1]]
        hidden = hidden_parts(sizes[:-1], parts, rules().persons, known=[*known[:-1, at]])
        blank[name] = [*hidden, small[-1]]
    return counts.mask(blank)


def _counts(by_edition: pd.DataFrame, total: pd.Series) -> pd.DataFrame:
    names = list(COUNT_OF.values())
    whole = total[names].to_frame().T
    editions = [str(int(edition)) for edition in by_edition["edition"]]
    counts = pd.concat([by_edition[names].astype("Float64"), whole.astype("Float64")])
    return counts.astype("Int64").set_axis([*editions, TOTAL])


def _blank(by_edition: pd.DataFrame, total: pd.Series, shown: pd.DataFrame) -> dict[str, int]:
    """Count what is left blank by rule."""
    counts = _counts(by_edition, total)
    gone = counts.notna() & shown.isna()
    few = int((gone & counts.lt(rules().persons).fillna(False)).to_numpy().sum())
    return {THRESHOLD: few, SECONDARY: int(gone.to_numpy().sum()) - few}


def _costs(row: dict[Any, Any], hidden: set[str]) -> list[str]:
    """Write the numbers of one edition; those that rest on a hidden count are a dash."""
    return [
        MISSING
        if COUNT_OF.get(name, name) in hidden or pd.isna(row[name])
        else format_number(float(row[name]), 0)
        for name in COSTS
    ]


def prices_table(facts: FactSource, name: str, language: str) -> Table | None:
    """Show what one more costs at the estimate, at the claimed effect and at the interval's end.

    Parameters
    ----------
    facts : FactSource
        Facts ``value.<name>.*``.
    name : str
        "invention" or "retained_employee".
    language : str
        "zh" or "en".

    Returns
    -------
    Table or None
        The table; a price at an effect that adds nothing is a dash. None without such facts.
    """
    if not facts.has(f"value.{name}.cost"):
        return None
    body = []
    for which in PRICES:
        effect, more, price = (
            facts.record(f"value.{name}.{key}_{which}") for key in ("effect", "more", "price")
        )
        body.append(
            [
                word(f"worth.at.{which}", language),
                _text(effect, language, signed=True),
                _text(more, language) if price["value"] is not None else MISSING,
                _text(price, language),
            ]
        )
    columns = [
        word(f"worth.column.{key}", language)
        for key in ("at", "effect", f"more_{name}", f"price_{name}")
    ]
    caption = word(f"worth.table.prices_{name}", language)
    return make_table("prices", caption, columns, "lrrr", body)


def steps_table(facts: FactSource, name: str, language: str) -> Table | None:
    """Show step by step how the effect that breaks even is worked out.

    Parameters
    ----------
    facts : FactSource
        Facts ``value.<name>.*``.
    name : str
        "invention" or "retained_employee".
    language : str
        "zh" or "en".

    Returns
    -------
    Table or None
        A row per step, its arithmetic and result; None where no worth is given.
    """
    if not facts.has(f"value.{name}.break_even"):
        return None

    def shown(key: str, **style: Any) -> str:
        return _text(facts.record(f"value.{name}.{key}"), language, **style)

    rows = [("cost", "", shown("cost")), (f"observed_{name}", "", shown("observed"))]
    observed, baseline = (facts.record(f"value.{name}.{key}") for key in ("observed", "baseline"))
    if observed["value"] != baseline["value"]:
        effect = shown("effect_estimate", signed=True)
        how = f"{shown('observed')} ÷ (1 {effect[0]} {effect[1:]})"
        rows.append(("without_award", how, shown("baseline")))
    needed = f"{shown('cost')} ÷ ({shown('amount')} × {shown('baseline')})"
    rows += [
        (f"amount_{name}", "", shown("amount")),
        ("break_even", needed, shown("break_even", signed=True)),
    ]
    body = [[word(f"worth.step.{step}", language), how, result] for step, how, result in rows]
    columns = [word(f"worth.column.{key}", language) for key in ("step", "arithmetic", "result")]
    caption = word(f"worth.table.steps_{name}", language)
    return make_table("break_even", caption, columns, "llr", body)


def _text(record: Any, language: str, **style: Any) -> str:
    """Write a fact; a dash where it is not known."""
    if record["value"] is None:
        return MISSING
    return format_value(record["value"], record["unit"], None, language, **style)
