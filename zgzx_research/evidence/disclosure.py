"""What may be shown: nothing that rests on fewer firms, or on fewer persons, than the thresholds.

A count also tells of its complement: of 27 rows 26 are linked, so one is not. And a part that is
left blank can be had from a total and the other parts, so a second part has to be left blank with
it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

# firms; no Chinese statutory threshold was found, so the common statistical-office rule of three
MIN_FIRMS = 3
# lines about persons; winners are publicly named, so the few of a small count could be told apart
MIN_RECORDS = 10

SEVERAL = "several"  # the category that small ones are put into
TOTAL = ""  # the name of the totals in a row balance
BALANCE = ("rows_in", "kept", "quarantined", "non_data_rows")
Counts = Mapping[str, int | None]


def enough_firms(frame: pd.DataFrame, minimum: int = MIN_FIRMS) -> pd.DataFrame:
    """Rows of an effects frame with at least `minimum` treated and comparison units behind them."""
    return frame[(frame["n_treated"] >= minimum) & (frame["n_comparison"] >= minimum)].reset_index(
        drop=True
    )


def blank_few(frame: pd.DataFrame, minimum: int = MIN_FIRMS) -> pd.DataFrame:
    """An effects frame whose rows with fewer units than `minimum` tell nothing.

    Neither estimate nor interval.
    """
    few = (frame["n_treated"] < minimum) | (frame["n_comparison"] < minimum)
    numbers = [name for name in frame.columns if frame[name].dtype == float]
    return frame.assign(**{name: frame[name].mask(few) for name in numbers})


def blank_small_counts(
    frame: pd.DataFrame, counts: Sequence[str], minimum: int = MIN_RECORDS
) -> pd.DataFrame:
    """A frame without small counts, small complements, and the shares (`…_share`) from which they could be had.

    counts : columns; the first is the whole, the others are parts of it. A part is missing as well
        where some of the whole is left beside it, but less than `minimum`; a part that is the whole
        tells nobody from the others.
    """
    whole, *parts = counts
    small = frame[list(counts)].lt(minimum)
    for name in parts:
        small[name] |= (frame[whole] - frame[name]).between(1, minimum - 1)
    told = {name: frame[name].astype("Int64").mask(small[name]) for name in counts}
    shares = [name for name in frame.columns if name.endswith("_share")]
    return frame.assign(**told, **{name: frame[name].mask(small.any(axis=1)) for name in shares})


def hidden_parts(
    sizes: Sequence[int], small: Sequence[bool], minimum: int, *, largest: bool = False
) -> list[bool]:
    """Which parts of a total that is shown have to be left blank.

    The `small` ones, and with them as many more as it takes that the blank ones are two or more and
    come to at least `minimum` together: the next smallest, or the `largest` where these are missed
    least. Parts of size 0 tell of nobody and cannot help.
    """
    hidden = list(small)
    others = [
        at for at in sorted(range(len(sizes)), key=sizes.__getitem__, reverse=largest) if sizes[at]
    ]
    others = [at for at in others if not hidden[at]]
    while any(hidden) and others and (sum(hidden) < 2 or _sum(sizes, hidden) < minimum):
        hidden[others.pop(0)] = True
    return hidden


def _sum(sizes: Sequence[int], chosen: Sequence[bool]) -> int:
    return sum(size for size, is_in in zip(sizes, chosen, strict=True) if is_in)


def pooled_categories(frame: pd.DataFrame, minimum: int = MIN_FIRMS) -> pd.DataFrame:
    """Firms by year and category (year, category, firms) with the small cells of a year in one category, "several".

    A year with fewer than `minimum` firms in all is left out.
    """
    parts = []
    for _, year in frame.groupby("year", sort=True):
        sizes = [int(size) for size in year["firms"]]
        if sum(sizes) < minimum:
            continue
        hidden = hidden_parts(sizes, [0 < size < minimum for size in sizes], minimum)
        parts.append(
            year.assign(
                category=year["category"].mask(pd.Series(hidden, index=year.index), SEVERAL)
            )
        )
    told = pd.concat(parts) if parts else frame.iloc[:0]
    return told.groupby(["year", "category"], as_index=False, observed=True)["firms"].sum()


def row_balance(
    lines: Mapping[str, Mapping[str, Mapping[str, int]]], minimum: int = MIN_RECORDS
) -> dict[str, dict[str, Counts]]:
    """Rows read, kept and set aside by source and line, with totals (under TOTAL) of each source and of all.

    Parameters
    ----------
    lines : source -> line (a file, or several) -> BALANCE.
    minimum : `kept` and `quarantined` are None where less than this many rows were set aside, or
        kept beside those that were, and wherever such a number could be had from a total and the
        other lines. Rows read and rows without a record are the size of a file; no row set aside
        tells of nobody.
    """
    totals = {source: _totals(own.values()) for source, own in lines.items()}
    grand = _totals(totals.values())
    alone = {source: _betrayed(list(own.values()), minimum) for source, own in lines.items()}
    all_blank = _is_small(grand, minimum) or _betrayed(list(totals.values()), minimum)
    hidden = _blank(list(totals.values()), minimum, all_blank, list(alone.values()))
    result: dict[str, dict[str, Counts]] = {}
    for (source, own), blank in zip(lines.items(), hidden, strict=True):
        blanks = _blank(list(own.values()), minimum, blank)
        shown = {
            name: _shown(counts, hide)
            for (name, counts), hide in zip(own.items(), blanks, strict=True)
        }
        result[source] = shown | {TOTAL: _shown(totals[source], blank)}
    return result | {TOTAL: {TOTAL: _shown(grand, all_blank)}}


def _totals(lines: object) -> dict[str, int]:
    table = pd.DataFrame(list(lines), columns=list(BALANCE))  # type: ignore[call-overload]
    return {name: int(table[name].sum()) for name in BALANCE}


def _is_small(counts: Mapping[str, int], minimum: int) -> bool:
    return 0 < counts["quarantined"] < minimum or (
        counts["quarantined"] > 0 and 0 < counts["kept"] < minimum
    )


def _blank(
    lines: Sequence[Mapping[str, int]],
    minimum: int,
    total_is_blank: bool,
    more: Sequence[bool] = (),
) -> list[bool]:
    """Which lines are left blank; under a blank total all that could make it up.

    `more`: lines that must be.
    """
    aside = [line["quarantined"] for line in lines]
    if total_is_blank:
        return [size > 0 for size in aside]
    small = [_is_small(line, minimum) for line in lines]
    small = [one or other for one, other in zip(small, more or small, strict=True)]
    return hidden_parts(aside, small, minimum)


def _betrayed(lines: Sequence[Mapping[str, int]], minimum: int) -> bool:
    """Whether the total would tell of a small line, since no other line can be left blank beside it."""
    hidden = _blank(lines, minimum, total_is_blank=False)
    aside = [line["quarantined"] for line in lines]
    return len(lines) > 1 and any(hidden) and (sum(hidden) < 2 or _sum(aside, hidden) < minimum)


def _shown(counts: Mapping[str, int], blank: bool) -> Counts:
    return dict(counts) | (dict.fromkeys(("kept", "quarantined")) if blank else {})


def sheet_balance(
    groups: Sequence[Sequence[Mapping[str, int]]], blank: Sequence[bool], minimum: int = MIN_RECORDS
) -> list[list[Counts]]:
    """The sheets behind each line of a `row_balance` whose lines are `blank` or not, by the same rules."""
    hidden = [
        [True] * len(sheets) if _betrayed(sheets, minimum) else _blank(sheets, minimum, hide)
        for sheets, hide in zip(groups, blank, strict=True)
    ]
    return [
        [_shown(sheet, hide) for sheet, hide in zip(sheets, hides, strict=True)]
        for sheets, hides in zip(groups, hidden, strict=True)
    ]


def blank_few_units(ledger: pd.DataFrame, minimum: int = MIN_FIRMS) -> pd.DataFrame:
    """What estimation left out (rows, units) without the numbers of lines that tell of too few units."""
    units = [int(count) for count in ledger["units"]]
    hidden = hidden_parts(units, [0 < count < minimum for count in units], minimum)
    blank = {
        name: ledger[name].astype(object).mask(pd.Series(hidden, index=ledger.index), None)
        for name in UNITS
    }
    return ledger.assign(**blank)


UNITS = ("rows", "units")
