"""What may be shown: nothing that rests on fewer firms or persons than the thresholds.

A count also reveals its complement: of 27 rows 26 are linked, so one is not. And a part that is
left blank can be calculated from a total and the other parts, so a second part has to be left blank
with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

# firms; no Chinese statutory threshold was found, so the common statistical-office rule of three
MIN_FIRMS = 3
# lines about persons; winners are publicly named, so those behind a small count could be identified
MIN_RECORDS = 10

SEVERAL = "several"  # the category that small ones are put into
TOTAL = ""  # the name of the totals in a row balance
BALANCE = ("rows_in", "kept", "quarantined", "non_data_rows")
UNITS = ("rows", "units")
Counts = Mapping[str, int | None]


def enough_firms(frame: pd.DataFrame, minimum: int = MIN_FIRMS) -> pd.DataFrame:
    """Keep the rows of an effects frame that rest on enough units.

    Parameters
    ----------
    frame : DataFrame
        Columns n_treated and n_comparison, and any others.
    minimum : int, default MIN_FIRMS
        Smallest number of treated and of comparison units.

    Returns
    -------
    DataFrame
        The rows kept, numbered anew.
    """
    enough = (frame["n_treated"] >= minimum) & (frame["n_comparison"] >= minimum)
    return frame[enough].reset_index(drop=True)


def blank_few(frame: pd.DataFrame, minimum: int = MIN_FIRMS) -> pd.DataFrame:
    """Blank all estimates and intervals of an effects frame that rest on too few units.

    Parameters
    ----------
    frame : DataFrame
        Columns n_treated and n_comparison, and any others.
    minimum : int, default MIN_FIRMS
        Smallest number of treated and of comparison units.

    Returns
    -------
    DataFrame
        A copy whose floating-point columns are missing in such rows.
    """
    few = (frame["n_treated"] < minimum) | (frame["n_comparison"] < minimum)
    numbers = [name for name in frame.columns if frame[name].dtype == float]
    return frame.assign(**{name: frame[name].mask(few) for name in numbers})


def blank_small_counts(
    frame: pd.DataFrame, counts: Sequence[str], minimum: int = MIN_RECORDS
) -> pd.DataFrame:
    """Blank small counts, small complements, and the shares from which they could be calculated.

    Parameters
    ----------
    frame : DataFrame
        The columns of `counts`; columns named ``…_share`` are shares of them.
    counts : Sequence of str
        Columns: the first is the whole, the others are parts of it. A part is blank as well where
        some of the whole, but less than `minimum`, is outside it; a part that is the whole
        identifies nobody.
    minimum : int, default MIN_RECORDS
        Smallest count to show.

    Returns
    -------
    DataFrame
        A copy with missing values.
    """
    whole, *parts = counts
    small = frame[list(counts)].lt(minimum)
    for name in parts:
        small[name] |= (frame[whole] - frame[name]).between(1, minimum - 1)

    shown = {name: frame[name].astype("Int64").mask(small[name]) for name in counts}
    shares = [name for name in frame.columns if name.endswith("_share")]
    return frame.assign(**shown, **{name: frame[name].mask(small.any(axis=1)) for name in shares})


def hidden_parts(
    sizes: Sequence[int], small: Sequence[bool], minimum: int, *, largest: bool = False
) -> list[bool]:
    """Choose the parts of a published total that have to be left blank.

    These are the `small` ones, and with them as many more as it takes that the blank ones are two
    or more and come to at least `minimum` together.

    Parameters
    ----------
    sizes : Sequence of int
        Size of each part. Parts of size 0 identify nobody and cannot help.
    small : Sequence of bool
        Which parts must be blank.
    minimum : int
        Smallest sum of the blank parts.
    largest : bool, default False
        Whether to take the largest further parts, not the smallest: where these are needed least.

    Returns
    -------
    list of bool
        Which parts to leave blank.
    """
    hidden = list(small)
    order = sorted(range(len(sizes)), key=sizes.__getitem__, reverse=largest)
    others = [at for at in order if sizes[at] and not hidden[at]]

    while any(hidden) and others and _too_few_blank(sizes, hidden, minimum):
        hidden[others.pop(0)] = True
    return hidden


def _too_few_blank(sizes: Sequence[int], hidden: Sequence[bool], minimum: int) -> bool:
    """Whether a blank part could be calculated, or known to be small, from the total."""
    blank = [size for size, is_hidden in zip(sizes, hidden, strict=True) if is_hidden]
    return len(blank) < 2 or sum(blank) < minimum


def pooled_categories(frame: pd.DataFrame, minimum: int = MIN_FIRMS) -> pd.DataFrame:
    """Put the small categories of each year into one category, "several".

    Parameters
    ----------
    frame : DataFrame
        Columns year, category, firms.
    minimum : int, default MIN_FIRMS
        Smallest number of firms to show. A year with fewer in all is left out.

    Returns
    -------
    DataFrame
        Columns year, category, firms.
    """
    parts = []
    for _, year in frame.groupby("year", sort=True):
        sizes = [int(size) for size in year["firms"]]
        if sum(sizes) < minimum:
            continue
        hidden = hidden_parts(sizes, [0 < size < minimum for size in sizes], minimum)
        pooled = year["category"].mask(pd.Series(hidden, index=year.index), SEVERAL)
        parts.append(year.assign(category=pooled))

    shown = pd.concat(parts) if parts else frame.iloc[:0]
    return shown.groupby(["year", "category"], as_index=False, observed=True)["firms"].sum()


def row_balance(
    lines: Mapping[str, Mapping[str, Mapping[str, int]]], minimum: int = MIN_RECORDS
) -> dict[str, dict[str, Counts]]:
    """Rows read, kept and set aside by source and line, with totals.

    Rows read and non-data rows are the size of a file and always shown.

    Parameters
    ----------
    lines : Mapping
        Source -> line (a file, or several) -> counts named as in `BALANCE`.
    minimum : int, default MIN_RECORDS
        `kept` and `quarantined` are None where fewer rows than this were set aside, or kept beside
        those that were, and wherever such a number could be calculated from a total and the other
        lines. Where no row was set aside, nothing is hidden.

    Returns
    -------
    dict
        Source -> line -> counts; the totals of a source are in its line `TOTAL`, those of all
        sources in the source `TOTAL`.
    """
    totals = {source: _totals(own.values()) for source, own in lines.items()}
    grand = _totals(totals.values())
    exposed = [_total_exposes_line(list(own.values()), minimum) for own in lines.values()]
    all_blank = _is_small(grand, minimum) or _total_exposes_line(list(totals.values()), minimum)
    hidden = _blank_lines(list(totals.values()), minimum, all_blank, exposed)

    result: dict[str, dict[str, Counts]] = {}
    for (source, own), blank in zip(lines.items(), hidden, strict=True):
        blanks = _blank_lines(list(own.values()), minimum, blank)
        shown = {
            name: _shown(counts, hide)
            for (name, counts), hide in zip(own.items(), blanks, strict=True)
        }
        result[source] = shown | {TOTAL: _shown(totals[source], blank)}
    return result | {TOTAL: {TOTAL: _shown(grand, all_blank)}}


def _totals(lines: Iterable[Mapping[str, int]]) -> dict[str, int]:
    counts = list(lines)
    return {name: sum(int(line[name]) for line in counts) for name in BALANCE}


def _is_small(counts: Mapping[str, int], minimum: int) -> bool:
    aside, kept = counts["quarantined"], counts["kept"]
    return 0 < aside < minimum or (aside > 0 and 0 < kept < minimum)


def _blank_lines(
    lines: Sequence[Mapping[str, int]],
    minimum: int,
    total_is_blank: bool,
    required: Sequence[bool] = (),
) -> list[bool]:
    """Which lines are left blank; under a blank total all from which it could be calculated.

    `required`: lines that must be blank.
    """
    aside = [line["quarantined"] for line in lines]
    if total_is_blank:
        return [size > 0 for size in aside]
    small = [_is_small(line, minimum) for line in lines]
    small = [one or other for one, other in zip(small, required or small, strict=True)]
    return hidden_parts(aside, small, minimum)


def _total_exposes_line(lines: Sequence[Mapping[str, int]], minimum: int) -> bool:
    """Whether the total would reveal a small line.

    It does where no other line can be left blank beside the small one.
    """
    hidden = _blank_lines(lines, minimum, total_is_blank=False)
    aside = [line["quarantined"] for line in lines]
    return len(lines) > 1 and any(hidden) and _too_few_blank(aside, hidden, minimum)


def _shown(counts: Mapping[str, int], blank: bool) -> Counts:
    return dict(counts) | (dict.fromkeys(("kept", "quarantined")) if blank else {})


def sheet_balance(
    groups: Sequence[Sequence[Mapping[str, int]]], blank: Sequence[bool], minimum: int = MIN_RECORDS
) -> list[list[Counts]]:
    """Balance the sheets behind each line of a `row_balance`, by the same rules.

    Parameters
    ----------
    groups : Sequence
        The sheets of each line: counts named as in `BALANCE`.
    blank : Sequence of bool
        Whether the line itself is blank.
    minimum : int, default MIN_RECORDS
        As for `row_balance`.

    Returns
    -------
    list of list of Counts
        Counts of each sheet; None where one may not be shown.
    """
    hidden = [
        [True] * len(sheets)
        if _total_exposes_line(sheets, minimum)
        else _blank_lines(sheets, minimum, hide)
        for sheets, hide in zip(groups, blank, strict=True)
    ]
    return [
        [_shown(sheet, hide) for sheet, hide in zip(sheets, hides, strict=True)]
        for sheets, hides in zip(groups, hidden, strict=True)
    ]


def blank_few_units(ledger: pd.DataFrame, minimum: int = MIN_FIRMS) -> pd.DataFrame:
    """Blank the numbers in a ledger of what estimation left out where they concern too few units.

    Parameters
    ----------
    ledger : DataFrame
        Columns rows and units, and any others.
    minimum : int, default MIN_FIRMS
        Smallest number of units to show.

    Returns
    -------
    DataFrame
        A copy whose numbers are None in such lines.
    """
    units = [int(count) for count in ledger["units"]]
    hidden = hidden_parts(units, [0 < count < minimum for count in units], minimum)
    blank = {
        name: ledger[name].astype(object).mask(pd.Series(hidden, index=ledger.index), None)
        for name in UNITS
    }
    return ledger.assign(**blank)
