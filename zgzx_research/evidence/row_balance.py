"""Rows read, kept and set aside by source, file and sheet, as far as they may be shown.

Rows read and non-data rows are the size of a file and always shown; rows kept and rows set aside
are shown or blank together. Sheets add up to files, files to sources, sources to all: one tree of
sums, protected as a whole (`cell_suppression`), because table, facts and workbook show all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zgzx_research.evidence.cell_suppression import Cells, suppress
from zgzx_research.evidence.disclosure_rules import SECONDARY, THRESHOLD, rules
from zgzx_research.evidence.earlier_counts import NOTHING, EarlierCounts

TOTAL = ""  # the name of the totals
SHEETS = "sheets"  # the entry of a line with the counts of its sheets
BALANCE = ("rows_in", "kept", "quarantined", "non_data_rows")
ALL = "total"  # the name of all sources in facts
ALL_COST = 8.0  # the grand total is worth several parts
Counts = Mapping[str, Any]
Lines = Mapping[str, Mapping[str, Counts]]


def row_balance(
    lines: Lines, minimum: int | None = None, *, before: EarlierCounts = NOTHING
) -> dict[str, dict[str, dict[str, Any]]]:
    """Rows read, kept and set aside by source and line, with totals.

    Parameters
    ----------
    lines : Mapping
        Source -> line (a file, or several) -> counts named as in `BALANCE`, and under `SHEETS` the
        same counts of its sheets where there are several.
    minimum : int, optional
        Smallest number of rows set aside, or kept beside them; by default the rule for persons.
    before : EarlierCounts, optional
        What an earlier report showed of the sources, ``data.<source>.rows_{kept,quarantined}``.

    Returns
    -------
    dict
        Source -> line -> counts, and `SHEETS`; the totals of a source are in its line `TOTAL`,
        those of all sources in the source `TOTAL`. `kept` and `quarantined` are None where they
        are blank. Where no row was set aside, nothing is hidden.
    """
    minimum = rules().persons if minimum is None else minimum
    tree = _tree(lines)
    blank = dict(zip(tree.places, _blank(tree, minimum, before), strict=True))

    result: dict[str, dict[str, dict[str, Any]]] = {}
    for source, own in lines.items():
        shown = {name: _shown(counts, blank[source, name]) for name, counts in own.items()}
        for name, counts in own.items():
            sheets = enumerate(counts.get(SHEETS, ()))
            shown[name][SHEETS] = [_shown(one, blank[source, name, at]) for at, one in sheets]
        result[source] = shown | {
            TOTAL: _shown(tree.counts[tree.places.index((source,))], blank[(source,)])
        }
    return result | {TOTAL: {TOTAL: _shown(tree.counts[0], blank[()])}}


def blank_rows(
    lines: Lines, balance: Mapping[str, Mapping[str, Counts]], minimum: int | None = None
) -> dict[str, int]:
    """Count the numbers of sources and lines that a `row_balance` leaves blank, by rule.

    Parameters
    ----------
    lines, balance : Mapping
        Its argument and its result.
    minimum : int, optional
        As for `row_balance`.
    """
    minimum = rules().persons if minimum is None else minimum
    blank = {THRESHOLD: 0, SECONDARY: 0}
    for source, own in balance.items():
        for name, counts in own.items():
            if counts["kept"] is None:
                few = name != TOTAL and _is_small(lines[source][name], minimum)
                blank[THRESHOLD if few else SECONDARY] += 2  # kept and quarantined
    return blank


@dataclass
class _Tree:
    """All rows, sources, lines and sheets.

    Attributes
    ----------
    places : list of tuple
        (), (source,), (source, line) or (source, line, number of the sheet).
    counts : list of Mapping
        Counts of each place, named as in `BALANCE`.
    parts : dict
        Place in the lists to the places of its parts.
    """

    places: list[tuple[Any, ...]] = field(default_factory=list)
    counts: list[Counts] = field(default_factory=list)
    parts: dict[int, list[int]] = field(default_factory=dict)

    def add(self, place: tuple[Any, ...], counts: Counts, whole: int | None) -> int:
        """Add a place below another; returns its number."""
        at = len(self.places)
        self.places.append(place)
        self.counts.append(counts)
        if whole is not None:
            self.parts.setdefault(whole, []).append(at)
        return at


def _tree(lines: Lines) -> _Tree:
    tree = _Tree()
    totals = {source: _totals(own.values()) for source, own in lines.items()}
    top = tree.add((), _totals(totals.values()), None)
    for source, own in lines.items():
        of_source = tree.add((source,), totals[source], top)
        for name, counts in own.items():
            of_line = tree.add((source, name), counts, of_source)
            for at, sheet in enumerate(counts.get(SHEETS, ())):
                tree.add((source, name, at), sheet, of_line)
    return tree


def _totals(lines: Iterable[Counts]) -> dict[str, int]:
    counts = list(lines)
    return {name: sum(int(line[name]) for line in counts) for name in BALANCE}


def _blank(tree: _Tree, minimum: int, before: EarlierCounts) -> list[bool]:
    """Choose the places whose rows kept and set aside are blank.

    The cells are the rows set aside of all places, then the rows kept; the two of a place add up
    to the size of the file, which is public, so that their changes add up to 0. Rows kept are blank
    with the rows set aside, so that a blank number of them can be 0.
    """
    size = len(tree.places)
    aside, kept = (
        np.array([counts[name] for counts in tree.counts], dtype=np.int64)
        for name in ("quarantined", "kept")
    )
    sums = np.zeros((size + len(tree.parts), 2 * size))
    sums[:size] = np.hstack([np.eye(size), np.eye(size)])
    for row, (whole, parts) in zip(sums[size:], tree.parts.items(), strict=True):
        row[parts], row[whole] = 1, -1

    cost = np.tile(1 + aside / (1 + aside.sum()), 2)
    cost[0] *= ALL_COST
    marks = [
        _against_before(*one, minimum, before) for one in zip(tree.places, tree.counts, strict=True)
    ]
    small = np.array([_is_small(counts, minimum) for counts in tree.counts])
    small |= np.array([told for told, _ in marks])
    known = np.array([known for _, known in marks]) & ~small
    derived = np.arange(2 * size) >= size
    values, public = np.concatenate([aside, kept]), np.tile(known, 2)
    cells = Cells(values, sums, public, cost, derived, 1 - derived.astype(np.int64))
    hidden = suppress(cells, np.concatenate([small, np.zeros(size, bool)]), minimum)
    return [bool(one) for one in hidden[:size] | (small & (aside > 0))]


def _is_small(counts: Counts, minimum: int) -> bool:
    """Whether few rows are set aside, or few are kept beside those that are."""
    aside, kept = counts["quarantined"], counts["kept"]
    return 0 < aside < minimum or (aside > 0 and 0 < kept < minimum)


def _against_before(
    place: tuple[Any, ...], counts: Counts, minimum: int, before: EarlierCounts
) -> tuple[bool, bool]:
    """Whether a source, or all, tells too much beside an earlier report, and whether it is known.

    Files and sheets are others in every edition, and are not compared.
    """
    if len(place) > 1:
        return False, False
    name = f"data.{place[0] if place else ALL}.rows"
    both = {what: int(counts[what]) for what in ("quarantined", "kept")}
    told = any(before.tells(f"{name}_{what}", now, minimum) for what, now in both.items())
    return told, all(before.knows(f"{name}_{what}", now) for what, now in both.items())


def _shown(counts: Counts, blank: bool) -> dict[str, Any]:
    own = {name: counts[name] for name in BALANCE}
    return own | (dict.fromkeys(("kept", "quarantined")) if blank else {})


def sheets_of(line: Counts) -> Sequence[Counts]:
    """Return the sheets of a line of a `row_balance`; of a single sheet, the line itself."""
    return line[SHEETS] or [line]
