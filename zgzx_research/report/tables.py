"""Tables as text: builders from frames, ledgers and facts, and their Markdown."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from zgzx_research.evidence.disclosure import BALANCE, TOTAL, Counts, row_balance
from zgzx_research.report.wording import (
    MISSING,
    FactSource,
    effect_digits,
    entries,
    escape_markdown,
    format_number,
    format_value,
    from_data,
    is_withheld,
    word,
    word_or_code,
)

WIDEST = 36  # display columns a Markdown column may claim; longer cells wrap
MANY_FILES = 6  # of one source; more are shown by kind
RULE_DIGITS = {
    "effective_treated": 1,
    "pretest": 3,
    "linkage": 1,
    "detectable": None,
}  # None: the unit's own

# what a table or figure multiplies an effects frame by, for the unit its numbers are shown in
FACTORS = {"percent": 100.0, "percentage_point": 100.0, "number": 1.0}


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose cells are finished text.

    Attributes
    ----------
    caption : what it shows, and what a reader must know to read it.
    align : "left" or "right" for each column.
    notes : further sentences for below the table; the builders here have none.
    """

    key: str
    caption: str
    columns: tuple[str, ...]
    align: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def to_markdown(self) -> str:
        """Pandoc pipe table without caption.

        Relative widths follow the longest cell of each column.
        """
        cells = [tuple(escape_markdown(cell) for cell in row) for row in (self.columns, *self.rows)]
        widths = [
            max(3, *(min(WIDEST, display_width(row[j])) for row in cells))
            for j in range(len(self.columns))
        ]
        rules = [
            "-" * (width - 1) + ":" if a == "right" else "-" * width
            for a, width in zip(self.align, widths, strict=True)
        ]
        lines = [_line(row) for row in (cells[0], rules, *cells[1:])]
        return "\n".join(lines) + "\n"


def display_width(text: str) -> int:
    """Columns a text takes where Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _table(
    key: str, caption: str, columns: Sequence[str], align: str, rows: Sequence[Sequence[str]]
) -> Table:
    """`align` has one letter per column: l or r.

    Cells may come from data, the other texts are our own.
    """
    rows = [[from_data(cell) for cell in row] for row in rows]
    sides = tuple({"l": "left", "r": "right"}[letter] for letter in align)
    return Table(key, caption, tuple(columns), sides, tuple(map(tuple, rows)))


def _with_note(caption: str, note: str, language: str) -> str:
    return word("note.after", language, caption=caption, note=word(f"note.{note}", language))


def display_unit(scale: str, share: bool) -> str:
    """Unit in which effects are shown.

    Percent (ratio), percentage_point (difference of shares) or number.
    """
    return "percent" if scale == "ratio" else "percentage_point" if share else "number"


def half_widths(rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
    """Half the interval of each row of `estimate_rows`, None where there is none."""
    bounded = [None not in (row["ci_low"], row["ci_high"]) for row in rows]
    return [
        (row["ci_high"] - row["ci_low"]) / 2 if both else None
        for row, both in zip(rows, bounded, strict=True)
    ]


def interval(low: float, high: float, digits: int, *, signed: bool = True) -> str:
    """ "[−1.2, +3.4]"; a dash where there is no interval."""
    if all(end is None or not math.isfinite(end) for end in (low, high)):
        return MISSING
    return f"[{format_number(low, digits, signed=signed)}, {format_number(high, digits, signed=signed)}]"


def event_time_table(
    frame: pd.DataFrame, scale: str, language: str, *, share: bool = False, outcome_label: str = ""
) -> Table:
    """One row per event time of an effects frame.

    Parameters
    ----------
    share : the outcome is a share (0..1), so differences are in percentage points.
    """
    caption = word("table.event_time", language, outcome=outcome_label)
    if (frame["role"] == "left_out").any():
        caption = _with_note(caption, "left_out", language)
    return _effects_table("event_time", caption, frame, scale, language, share)


def cohort_table(
    frame: pd.DataFrame,
    scale: str,
    language: str,
    *,
    share: bool = False,
    labels: Mapping[str, str] | None = None,
) -> Table:
    """One row per cohort of an effects frame.

    `labels`: first treated period as it was counted -> as it is called.
    """
    return _effects_table(
        "cohort", word("table.cohort", language), frame, scale, language, share, labels
    )


def _effects_table(
    label: str,
    caption: str,
    frame: pd.DataFrame,
    scale: str,
    language: str,
    share: bool,
    labels: Mapping[str, str] | None = None,
) -> Table:
    unit = display_unit(scale, share)
    factor = FACTORS[unit]
    digits = effect_digits(unit, factor * frame["std_error"], factor * frame["estimate"])
    rows = []
    for row in frame.to_dict("records"):
        at = int(row[label])
        first = [format_number(at, 0, signed=True), word(f"role.{row['role']}", language)]
        effect = {
            name: factor * row[name] for name in ("estimate", "std_error", "ci_low", "ci_high")
        }
        effect |= {name: factor * row[name] for name in ("band_low", "band_high")}
        rows.append(
            [
                *(first if label == "event_time" else [(labels or {}).get(str(at), str(at))]),
                format_number(effect["estimate"], digits, signed=True),
                format_number(effect["std_error"], digits),
                interval(effect["ci_low"], effect["ci_high"], digits),
                interval(effect["band_low"], effect["band_high"], digits),
                format_number(row["n_treated"], 0),
                format_number(row["n_comparison"], 0),
                format_base_mean(row["base_mean"], share),
            ]
        )
    names = ["event_time", "role"] if label == "event_time" else ["cohort"]
    columns = [word(f"column.{name}", language) for name in names]
    columns.append(word("column.estimate", language, unit=word(f"unit_short.{unit}", language)))
    last = ("std_error", "interval", "band", "n_treated", "n_comparison", "base_mean")
    columns += [word(f"column.{name}", language) for name in last]
    align = ("rl" if label == "event_time" else "r") + "r" * 7
    return _table(label, caption, columns, align, rows)


def format_base_mean(value: float, share: bool) -> str:
    """A base mean: a share in percent, anything else to three significant digits."""
    return format_value(float(value), "share" if share else "number")


def estimate_rows(facts: FactSource, items: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Rows for `estimates_table` and `plot_estimators` from the facts `<outcome>.<spec>.headline.*`.

    Parameters
    ----------
    items : (label, outcome, spec) of each row, in order.
    """
    names = ("estimate", "ci_low", "ci_high", "mde", "n_treated", "n_comparison", "verdict")
    rows: list[dict[str, Any]] = []
    for label, outcome, spec in items:
        prefix = f"{outcome}.{spec}.headline"
        row = {name: facts.record(f"{prefix}.{name}")["value"] for name in names}
        rows.append({"label": label, "unit": facts.record(f"{prefix}.estimate")["unit"], **row})
    return rows


def estimates_table(rows: Sequence[Mapping[str, Any]], language: str) -> Table:
    """One row per specification or outcome.

    Estimate, interval, minimum detectable effect, N, reading.

    Parameters
    ----------
    rows : of `estimate_rows`; values in their unit, None where not estimable.
    """
    body = []
    for row in rows:
        digits = effect_digits(row["unit"], half_widths([row]), [row["estimate"]])
        body.append(
            [
                row["label"],
                format_value(row["estimate"], row["unit"], digits, language, signed=True),
                interval(row["ci_low"], row["ci_high"], digits),
                format_value(row["mde"], row["unit"], digits, language),
                _count(row["n_treated"]),
                _count(row["n_comparison"]),
                word(f"reading.{row['verdict']}", language),
            ]
        )
    names = (
        "spec",
        "estimate_with_unit",
        "interval",
        "mde",
        "n_treated",
        "n_comparison",
        "verdict",
    )
    columns = [word(f"column.{name}", language) for name in names]
    caption = _with_note(word("table.estimates", language), "mde", language)
    return _table("estimates", caption, columns, "lrrrrrl", body)


def rows_table(
    sources: Mapping[str, Sequence[Mapping[str, Any]]], language: str, minimum: int = 0
) -> Table:
    """Rows in and out of every file.

    Files that differ by numbers stand together where a source has many.

    A total per source that has several lines, and a grand total. Every sheet has its line in the
    workbook.

    Parameters
    ----------
    sources : `ledger.json`["sources"]: source -> [{file, sheet, rows_in, kept, quarantined,
        non_data_rows}].
    minimum : smaller numbers of rows set aside are left blank (`disclosure.row_balance`).
    """
    lines = all_lines(sources, language)
    balance = row_balance(lines, minimum)
    body = []
    for source, own in lines.items():
        name = word_or_code("source", source, language)
        body += [[name, place, *_balance_cells(balance[source][place])] for place in own]
        if len(own) > 1:
            body.append([name, word("total", language), *_balance_cells(balance[source][TOTAL])])
    body.append([word("total", language), "", *_balance_cells(balance[TOTAL][TOTAL])])
    columns = [word(f"column.{name}", language) for name in ("source", "file", *BALANCE)]
    caption = word("table.rows", language)
    if any(None in counts.values() for own in balance.values() for counts in own.values()):
        caption = _with_note(caption, "few", language)
    return _table("rows", caption, columns, "llrrrr", body)


def _balance_cells(counts: Counts) -> list[str]:
    return [_count(counts[name]) for name in BALANCE]


def _count(number: int | None) -> str:
    """A count; a dash where it may not be shown."""
    return MISSING if number is None else format_number(number, 0)


def all_lines(
    sources: Mapping[str, Sequence[Mapping[str, Any]]], language: str
) -> dict[str, dict[str, dict[str, int]]]:
    """source -> line of `rows_table` -> BALANCE, of the sources that have files."""
    return {
        source: _line_counts(file_lines(sheets, language))
        for source, sheets in sources.items()
        if sheets
    }


def _line_counts(lines: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, dict[str, int]]:
    return {
        place: {name: sum(sheet[name] for sheet in group) for name in BALANCE}
        for place, group in lines.items()
    }


def file_lines(
    sheets: Sequence[Mapping[str, Any]], language: str
) -> dict[str, list[Mapping[str, Any]]]:
    """What is shown of a source's files -> their ledger entries."""
    many = len({sheet["file"] for sheet in sheets}) > MANY_FILES
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for sheet in sheets:
        groups.setdefault(re.sub(r"\d+", "*", sheet["file"]) if many else sheet["file"], []).append(
            sheet
        )
    lines = {}
    for name, group in groups.items():
        files = sorted({sheet["file"] for sheet in group})
        place = (
            word("several_files", language, name=name, number=len(files))
            if len(files) > 1
            else files[0]
        )
        lines[place] = group
    return lines


def source_counts(
    sources: Mapping[str, Sequence[Mapping[str, Any]]], minimum: int
) -> dict[str, Counts]:
    """BALANCE of each source that has files, as far as it may be shown.

    `disclosure.row_balance`.
    """
    balance = row_balance(all_lines(sources, "zh"), minimum)
    return {source: counts[TOTAL] for source, counts in balance.items() if source != TOTAL}


def quarantine_table(counts: Mapping[str, int | None], language: str) -> Table:
    """Entries by reason code, most frequent first; None = too few to be told."""
    ordered = sorted(counts.items(), key=lambda item: (-(item[1] or 0), item[0]))
    body = [[word_or_code("reason", code, language), _count(count)] for code, count in ordered]
    columns = [word(f"column.{name}", language) for name in ("reason", "cells")]
    caption = word("table.quarantine", language)
    if any(code.startswith("value_") for code in counts):
        caption = _with_note(caption, "value_codes", language)
    if None in counts.values():
        caption = _with_note(caption, "few", language)
    return _table("quarantine", caption, columns, "lr", body)


def linkage_table(summary: Sequence[Mapping[str, Any]], language: str) -> Table:
    """Records, linked records and their share, a row per source ({source, rows, linked, linked_share}); None = too few
    to be told."""
    body = [
        [word_or_code("source", row["source"], language), *_linked_cells(row, language)]
        for row in summary
    ]
    columns = [
        word(f"column.{name}", language) for name in ("source", "rows", "linked", "linked_share")
    ]
    caption = word("table.linkage", language)
    if any(row["linked"] is None for row in summary):
        caption = _with_note(caption, "few", language)
    return _table("linkage", caption, columns, "lrrr", body)


def _linked_cells(row: Mapping[str, Any], language: str) -> list[str]:
    share = row["linked_share"]
    shown = MISSING if share is None else format_value(share, "share", language=language)
    return [_count(row["rows"]), _count(row["linked"]), shown]


def arms_table(summary: Sequence[Mapping[str, Any]], language: str) -> Table:
    """Lines of the contest, linked lines and their share ({entity, arm, rows, linked, linked_share}); None = too few to
    be told."""
    body = [
        [
            word(f"arm.{row['arm']}", language),
            word(f"entity.{row['entity']}", language),
            *_linked_cells(row, language),
        ]
        for row in summary
    ]
    columns = [
        word(f"column.{name}", language)
        for name in ("arm", "entity", "rows", "linked", "linked_share")
    ]
    return _table("arms", word("table.arms", language), columns, "llrrr", body)


def ledger_table(ledger: pd.DataFrame, language: str) -> Table:
    """What estimation left out (frame of step, reason, rows, units).

    Examples stay out of reports.
    """
    body = [
        [
            word_or_code("ledger.step", step, language),
            word_or_code("ledger.reason", reason, language),
            _count(rows),
            _count(units),
        ]
        for step, reason, rows, units in zip(
            *(ledger[c] for c in ("step", "reason", "rows", "units")), strict=True
        )
    ]
    body = body or [[MISSING, word("nothing_left_out", language), MISSING, MISSING]]
    columns = [word(f"column.{name}", language) for name in ("step", "reason", "rows", "units")]
    return _table("ledger", word("table.ledger", language), columns, "llrr", body)


def panel_table(facts: FactSource, names: Sequence[str], language: str) -> Table:
    """The facts `panel.<name>`, a row each, in the order of `wording.toml`."""
    ordered = sorted(names, key=_place_in_wording("panel"))
    body = [
        [word(f"panel.{name}", language), _plain_fact(facts, f"panel.{name}", language)]
        for name in ordered
    ]
    columns = [word(f"column.{name}", language) for name in ("item", "value")]
    return _table("panel", word("table.panel", language), columns, "lr", body)


def _place_in_wording(family: str) -> Callable[[str], int]:
    """A sort key: known names as they stand in `wording.toml`, then the others as they come."""
    known = {key: place for place, key in enumerate(entries())}
    return lambda name: known.get(f"{family}.{name}", len(known))


def _plain_fact(facts: FactSource, key: str, language: str) -> str:
    record = facts.record(key)
    if is_withheld(record):
        return word("withheld", language)
    return format_value(record["value"], record["unit"], language=language)


def grade_table(
    facts: FactSource, outcome: str, spec: str, rules: Sequence[str], language: str
) -> Table:
    """How a grade was reached: the start, each rule with measure, limit and step, the final level.

    Parameters
    ----------
    rules : names of the rules applied, in order (`.grade_rule.<rule>.*` are facts).
    """
    prefix = f"{outcome}.{spec}.grade"
    start, level = (
        word(f"grade.{facts.record(key)['value']}", language) for key in (f"{prefix}_start", prefix)
    )
    body = [[word("grade_rule.start", language), "", "", start]]
    for rule in rules:
        measured, limit = (
            facts.record(f"{prefix}_rule.{rule}.{name}") for name in ("value", "limit")
        )
        change = facts.record(f"{prefix}_rule.{rule}.change")["value"]
        body.append(
            [
                word(f"grade_rule.{rule}", language),
                word("withheld", language)
                if is_withheld(measured)
                else format_value(measured["value"], measured["unit"], RULE_DIGITS[rule], language),
                format_value(limit["value"], limit["unit"], RULE_DIGITS[rule], language),
                word("grade_rule.down", language, steps=-change)
                if change
                else word("grade_rule.kept", language),
            ]
        )
    body.append([word("grade_rule.final", language), "", "", level])
    columns = [
        word(f"column.{name}", language)
        for name in ("rule", "measured", "limit", "effect_on_grade")
    ]
    label = word_or_code("outcome", outcome, language)
    return _table("grade", word("table.grade", language, outcome=label), columns, "lrrl", body)


def stamp_table(stamp: Mapping[str, object], language: str) -> Table:
    """Version, digests, seed and whatever else makes a run repeatable.

    Keys without words print themselves.
    """
    body = [
        [word_or_code("stamp", key, language), format_value(stamp[key], "text", language=language)]
        for key in sorted(stamp, key=_place_in_wording("stamp"))
    ]
    columns = [word(f"column.{name}", language) for name in ("item", "value")]
    return _table("stamp", word("table.stamp", language), columns, "ll", body)
