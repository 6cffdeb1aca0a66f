"""Protect a table of counts: leave blank what is too small, and what would tell it.

`protect_table` is what pages use. What is left blank and why: docs/methodology/disclosure.md.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.cell_suppression import Cells, suppress
from zgzx_research.evidence.disclosure_rules import (
    DIFFERENCING,
    DOMINANCE,
    RULES,
    SECONDARY,
    THRESHOLD,
    rules,
)
from zgzx_research.evidence.earlier_counts import TOTAL, against_before

TOTAL_COST = 2.0  # a total is worth two other counts
Place = tuple[Hashable, Hashable]  # row and column


@dataclass(frozen=True)
class ProtectedTable:
    """A table of counts as it may be shown.

    Attributes
    ----------
    shown : DataFrame
        The counts (Int64) with a column and a row `TOTAL` where there are totals; missing where a
        count is left blank.
    rule : DataFrame
        As `shown`: the rule (one of `RULES`) by which a count is blank, or "".
    log : Mapping
        Rule to number of blank counts, of the rules that were applied.
    """

    shown: pd.DataFrame
    rule: pd.DataFrame
    log: Mapping[str, int]

    @property
    def blank(self) -> pd.DataFrame:
        """As `shown`: whether a count is left blank."""
        return self.rule.ne("")


def protect_table(
    counts: pd.DataFrame,
    *,
    minimum: int,
    row_totals: bool = True,
    column_totals: bool = True,
    contributions: pd.DataFrame | None = None,
    published_before: pd.DataFrame | None = None,
    public: Collection[Place] = (),
    blank_elsewhere: Collection[Place] = (),
    only_totals: bool = False,
) -> ProtectedTable:
    """Leave blank the small counts of a table, and others, so that none can be calculated.

    A count and its complement go in as two columns: "linked" and "not linked", with the row total.
    A one-way table is a frame of one column with `row_totals=False`.

    Parameters
    ----------
    counts : DataFrame
        Whole numbers of 0 or more, without totals: index and columns name the cells.
    minimum : int
        Smallest count to show: `rules().persons` or `rules().firms`. Zeros are shown.
    row_totals, column_totals : bool, default True
        Whether the sum of each row and of each column is published, here or elsewhere.
    contributions : DataFrame, optional
        Columns row, column, size: what each contributor adds to a cell. A sum that few of them
        dominate is left blank.
    published_before : DataFrame, optional
        `shown` of an earlier edition. A count whose change is small is left blank, and one that was
        blank stays so; what was shown and has not changed is known, and hides nothing.
    public : Collection of (row, column), optional
        Counts that are known anyway and are always shown, e.g. the length of a published list.
    blank_elsewhere : Collection of (row, column), optional
        Counts that another table leaves blank, and that this one must not tell.
    only_totals : bool, default False
        Whether the totals alone are shown; the counts inside are then blank in any case.

    Returns
    -------
    ProtectedTable
        What may be shown, and how many counts are blank by which rule.

    Raises
    ------
    ZgzxError
        Counts below 0, missing, or not whole; a row or column twice.

    Examples
    --------
    >>> counts = pd.DataFrame({"won": [4, 20, 40], "lost": [30, 50, 60]}, index=["a", "b", "c"])
    >>> protect_table(counts, minimum=10).shown["won"].tolist()
    [<NA>, <NA>, 40, 64]
    """
    table = _with_totals(_checked(counts), row_totals, column_totals)
    small = ((table > 0) & (table < minimum)).to_numpy()
    dominated = _dominated(table, contributions)
    told, known = against_before(table, published_before, minimum)
    sensitive = small | dominated | told | _at(table, blank_elsewhere)
    is_public = (known & ~sensitive) | _at(table, public)
    unseen = np.outer(table.index != TOTAL, table.columns != TOTAL) & only_totals
    cells = Cells(
        table.to_numpy().ravel(),
        _sums(table.shape, row_totals, column_totals),
        is_public.ravel(),
        _cost(table),
        unseen.ravel(),
        np.ones(table.size, dtype=np.int64),
    )
    hidden = _suppressed(cells, sensitive, _older_totals(table, published_before), minimum)
    hidden |= unseen & (table > 0).to_numpy()
    reasons = {THRESHOLD: small, DOMINANCE: dominated, DIFFERENCING: told, SECONDARY: hidden}
    return _protected(table, hidden, unseen, reasons)


def _checked(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the counts as whole numbers; refuse what is none."""
    numbers = counts.apply(pd.to_numeric, errors="coerce").astype(float)
    wrong = numbers.isna() | numbers.lt(0) | numbers.ne(numbers.round())
    if wrong.any(axis=None):
        at = wrong.stack()
        examples = [str(place) for place in at[at].index]
        raise ZgzxError(
            "counts that are missing, below 0 or not whole",
            where="protect_table",
            count=len(examples),
            examples=examples[:3],
            remedy="Give whole numbers of 0 or more; fill cells without records with 0.",
        )
    if not (counts.index.is_unique and counts.columns.is_unique):
        raise ZgzxError(
            "a row or a column stands twice",
            where="protect_table",
            remedy="Give each row and each column a name of its own.",
        )
    return numbers.astype("int64")


def _with_totals(counts: pd.DataFrame, row_totals: bool, column_totals: bool) -> pd.DataFrame:
    """Add a column with the sums of the rows, then a row with the sums of the columns."""
    table = counts.assign(**{TOTAL: counts.sum(axis=1)}) if row_totals else counts
    if column_totals:
        table = pd.concat([table, table.sum().to_frame(TOTAL).T])
    return table.astype("int64")


def _at(table: pd.DataFrame, places: Collection[Place]) -> np.ndarray:
    """Mark some places of a table."""
    marked = pd.DataFrame(False, index=table.index, columns=table.columns)
    for row, column in places:
        marked.loc[row, column] = True
    return marked.to_numpy()


def _dominated(table: pd.DataFrame, contributions: pd.DataFrame | None) -> np.ndarray:
    """Which sums the largest contributors dominate (nk-rule)."""
    found = np.zeros(table.shape, dtype=bool)
    if contributions is None:
        return found
    row, column, size = (contributions[name] for name in ("row", "column", "size"))
    for at, name in enumerate(table.index):
        for beside, heading in enumerate(table.columns):
            inside = (row.eq(name) | (name == TOTAL)) & (column.eq(heading) | (heading == TOTAL))
            found[at, beside] = is_dominated(size[inside])
    return found


def is_dominated(sizes: Collection[float]) -> bool:
    """Whether the largest contributors hold more of a sum than they may (nk-rule).

    Parameters
    ----------
    sizes : Collection of float
        What each contributor adds, 0 or more.
    """
    largest = sorted(sizes, reverse=True)[: rules().nk_largest]
    whole = sum(sizes)
    return bool(whole > 0 and sum(largest) > rules().nk_share * whole)


@dataclass(frozen=True)
class _OlderTotal:
    """A total of an earlier edition that is not in the table: what its parts add up to now.

    Attributes
    ----------
    parts : array of bool, shape of the table
        Its parts.
    now, then : int
        Their sum in the table, and the total that was published.
    """

    parts: np.ndarray
    now: int
    then: int


def _older_totals(table: pd.DataFrame, before: pd.DataFrame | None) -> list[_OlderTotal]:
    """List the totals shown in an earlier edition, with their parts in the table."""
    if before is None:
        return []
    inner = np.outer(table.index != TOTAL, table.columns != TOTAL)
    found = []
    for row, column in before.stack().dropna().index:
        if TOTAL not in (row, column):
            continue
        rows = table.index.isin(before.index) if row == TOTAL else table.index == row
        columns = table.columns.isin(before.columns) if column == TOTAL else table.columns == column
        parts = np.outer(rows, columns) & inner
        now = int(table.to_numpy()[parts].sum())
        found.append(_OlderTotal(parts, now, int(before.loc[row, column])))
    return found


def _suppressed(
    cells: Cells, sensitive: np.ndarray, older: list[_OlderTotal], minimum: int
) -> np.ndarray:
    """Choose the blank counts, with older totals as further counts where they tell anything.

    Parts that have not changed add up to the older total, which is public. Where they changed by
    few, what they add up to now must not be known.
    """
    told = [total for total in older if abs(total.now - total.then) < minimum]
    more = len(told)
    size = len(cells.values)
    sums = np.zeros((len(cells.sums) + more, size + more))
    sums[: len(cells.sums), :size] = cells.sums
    for at, total in enumerate(told):
        sums[len(cells.sums) + at, :size] = total.parts.ravel()
        sums[len(cells.sums) + at, size + at] = -1
    same = np.array([total.now == total.then for total in told], dtype=bool)
    all_cells = Cells(
        np.concatenate([cells.values, [total.now for total in told]]).astype(np.int64),
        sums,
        np.concatenate([cells.public, same]),
        np.concatenate([cells.cost, np.ones(more)]),
        np.concatenate([cells.unseen, np.zeros(more, dtype=bool)]),
        np.concatenate([cells.lowest, np.ones(more, dtype=np.int64)]),
    )
    hidden = suppress(all_cells, np.concatenate([sensitive.ravel(), ~same]), minimum)
    return hidden[:size].reshape(sensitive.shape)


def _sums(shape: tuple[int, int], row_totals: bool, column_totals: bool) -> np.ndarray:
    """Write each sum as a row of factors: 1 for the parts, -1 for the total."""
    height, width = shape
    places = np.arange(height * width).reshape(shape)
    lines = [places[at] for at in range(height)] if row_totals else []
    lines += [places[:, at] for at in range(width)] if column_totals else []
    sums = np.zeros((len(lines), height * width))
    for factors, line in zip(sums, lines, strict=True):
        factors[line[:-1]] = 1
        factors[line[-1]] = -1
    return sums


def _cost(table: pd.DataFrame) -> np.ndarray:
    """Return what a blank count costs: 1 and a little for its size, twice as much for totals."""
    values = table.to_numpy()
    rows, columns = (
        np.array([TOTAL_COST if name == TOTAL else 1.0 for name in names], dtype=float)
        for names in (table.index, table.columns)
    )
    return ((1 + values / (1 + values.sum())) * np.outer(rows, columns)).ravel()


def _protected(
    table: pd.DataFrame, hidden: np.ndarray, unseen: np.ndarray, reasons: Mapping[str, np.ndarray]
) -> ProtectedTable:
    """Put together what is shown; a count falls under the first rule that it meets."""
    rule = np.full(table.shape, "", dtype=object)
    for name in RULES:
        rule[hidden & reasons[name] & (rule == "")] = name
    shown = table.astype("Int64").mask(pd.DataFrame(hidden, table.index, table.columns))
    names = pd.DataFrame(rule, index=table.index, columns=table.columns)
    found = {name: int((rule[~unseen] == name).sum()) for name in RULES}
    return ProtectedTable(shown, names, {name: size for name, size in found.items() if size})
