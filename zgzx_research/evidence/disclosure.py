"""What may be shown: nothing that rests on fewer firms or persons than the thresholds.

A count also reveals its complement: of 27 rows 26 are linked, so one is not. And a part that is
left blank can be calculated from a total and the other parts, so a second part has to be left blank
with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from zgzx_research.evidence.disclosure_rules import DIFFERENCING, SECONDARY, THRESHOLD, rules
from zgzx_research.evidence.earlier_counts import (
    NOTHING,
    TOTAL,
    EarlierCounts,
    against_before,
)

SEVERAL = "several"  # the category that small ones are put into
UNITS = ("rows", "units")
SAMPLE = "sample"  # rows named by this column are results of samples, the main one first


def enough_firms(frame: pd.DataFrame, minimum: int | None = None) -> pd.DataFrame:
    """Keep the rows of an effects frame that rest on enough units.

    Parameters
    ----------
    frame : DataFrame
        Columns n_treated and n_comparison, and any others.
    minimum : int, optional
        Smallest number of treated and of comparison units; by default the rule for firms.

    Returns
    -------
    DataFrame
        The rows kept, numbered anew.
    """
    minimum = rules().firms if minimum is None else minimum
    enough = (frame["n_treated"] >= minimum) & (frame["n_comparison"] >= minimum)
    return frame[enough].reset_index(drop=True)


def shown_event_times(frame: pd.DataFrame, minimum: int | None = None) -> pd.DataFrame:
    """Keep event times that rest on enough units; blank numbers whose differences tell of few.

    From one event time to the next, further from the award, whole cohorts drop out. Where they are
    few firms, the two numbers of treated units tell how many, and the two means at the base tell
    their mean. So the numbers of treated units that are shown are equal, or differ by `minimum` at
    least; where one is blank, so is the mean at the base.

    Parameters
    ----------
    frame : DataFrame
        Columns event_time, n_treated, n_comparison, base_mean, and any others; told (optional):
        whether a number tells too much beside that of an earlier report.
    minimum : int, optional
        Smallest number, and smallest difference; by default the rule for firms.

    Returns
    -------
    DataFrame
        The rows kept; n_treated and base_mean missing where they are blank.
    """
    minimum = rules().firms if minimum is None else minimum
    kept = enough_firms(frame, minimum)
    if kept.empty:
        return kept
    whole = int(kept["n_treated"].max())
    blank = np.zeros(len(kept), dtype=bool)
    for side in (kept["event_time"] < 0, kept["event_time"] >= 0):
        blank[side] = too_close([int(n) for n in kept.loc[side, "n_treated"]], minimum, whole)
    blank |= kept.get("told", pd.Series(False, index=kept.index)).to_numpy(dtype=bool)
    numbers = {name: kept[name].mask(blank) for name in ("n_treated", "base_mean")}
    return kept.assign(**numbers)


def blank_event_times(frame: pd.DataFrame) -> dict[str, int]:
    """Count what `shown_event_times` leaves blank, by rule: event times, and numbers in others.

    Parameters
    ----------
    frame : DataFrame
        Its argument.
    """
    shown = shown_event_times(frame)
    both = 2 * int(shown["n_treated"].isna().sum())  # and the mean at the base
    return {THRESHOLD: len(frame) - len(shown), DIFFERENCING: both}


def mean_is_told(row: pd.DataFrame, events: pd.DataFrame, minimum: int | None = None) -> bool:
    """Whether the mean at the base of one estimate would tell of few beside those of event times.

    Parameters
    ----------
    row : DataFrame
        One row: n_treated of the estimate, e.g. the headline.
    events : DataFrame
        Result of `shown_event_times`; those from the award on are of the firms of the estimate.
    minimum : int, optional
        Smallest difference; by default the rule for firms.
    """
    minimum = rules().firms if minimum is None else minimum
    after = events.loc[events["event_time"] >= 0, "n_treated"]
    differences = (after - row["n_treated"].iloc[0]).abs()
    return bool(differences.between(1, minimum - 1).any())


def too_close(counts: Sequence[int], minimum: int, whole: int) -> list[bool]:
    """Choose which of several nested counts to leave blank, so that no difference is small.

    Parameters
    ----------
    counts : Sequence of int
        Numbers of units of groups of which one lies in the other.
    minimum : int
        Smallest difference of two that are not equal.
    whole : int
        The largest group, which is shown.

    Returns
    -------
    list of bool
        Which to leave blank: as few as can be seen without trying all; the larger stay.
    """
    shown = {whole}
    for count in sorted(set(counts), key=lambda one: (-list(counts).count(one), -one)):
        if all(count == other or abs(count - other) >= minimum for other in shown):
            shown.add(count)
    return [count not in shown for count in counts]


def mark_close_samples(frame: pd.DataFrame, minimum: int | None = None) -> pd.DataFrame:
    """Mark the estimates of samples that differ from the first one by few treated units.

    The sums behind two estimates of nested samples differ by what the few units contribute.

    Parameters
    ----------
    frame : DataFrame
        A row per sample, the main one first; column n_treated, and any others.
    minimum : int, optional
        Smallest difference; by default the rule for firms.

    Returns
    -------
    DataFrame
        A copy with the column withheld: whether the row must be blank.
    """
    minimum = rules().firms if minimum is None else minimum
    fewer = (frame["n_treated"].iloc[:1].sum() - frame["n_treated"]).abs()
    return frame.assign(withheld=fewer.between(1, minimum - 1))


def enough_cohorts(frame: pd.DataFrame, minimum: int | None = None) -> pd.DataFrame:
    """Keep the cohorts that rest on enough units, if the others cannot be worked out.

    All cohorts together are known: their number, and their mean at the base. So one small cohort
    alone takes the next with it.

    Parameters
    ----------
    frame : DataFrame
        A row per cohort; columns n_treated and n_comparison, and any others.
    minimum : int, optional
        Smallest number of treated and of comparison units; by default the rule for firms.

    Returns
    -------
    DataFrame
        The rows kept, numbered anew.
    """
    minimum = rules().firms if minimum is None else minimum
    sizes = [int(size) for size in frame["n_treated"]]
    few = [bool(few) for few in frame["n_comparison"] < minimum]
    small = [size < minimum or other for size, other in zip(sizes, few, strict=True)]
    hidden = hidden_parts(sizes, small, minimum)
    return frame[[not hide for hide in hidden]].reset_index(drop=True)


def blank_few(frame: pd.DataFrame, minimum: int | None = None) -> pd.DataFrame:
    """Blank all estimates and intervals of an effects frame that rest on too few units.

    Parameters
    ----------
    frame : DataFrame
        Columns n_treated and n_comparison, and any others.
    minimum : int, optional
        Smallest number of treated and of comparison units; by default the rule for firms.

    Returns
    -------
    DataFrame
        A copy whose floating-point columns are missing in such rows.
    """
    minimum = rules().firms if minimum is None else minimum
    few = (frame["n_treated"] < minimum) | (frame["n_comparison"] < minimum)
    numbers = [name for name in frame.columns if frame[name].dtype == float]
    return frame.assign(**{name: frame[name].mask(few) for name in numbers})


def blank_small_counts(
    frame: pd.DataFrame,
    counts: Sequence[str],
    minimum: int | None = None,
    *,
    names: Sequence[str] = (),
    before: EarlierCounts = NOTHING,
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
    minimum : int, optional
        Smallest count to show; by default the rule for persons.
    names : Sequence of str, optional
        First parts of the names of each row's facts, ``<name>.<count>``.
    before : EarlierCounts, optional
        What an earlier edition showed of these facts.

    Returns
    -------
    DataFrame
        A copy with missing values.
    """
    minimum = rules().persons if minimum is None else minimum
    whole, *parts = counts
    small = frame[list(counts)].lt(minimum)
    for name in parts:
        small[name] |= (frame[whole] - frame[name]).between(1, minimum - 1)
    for row, key in zip(frame.index, names, strict=False):
        now = {name: int(frame.loc[row, name]) for name in counts}
        told = before.told_parts(key, now, whole, minimum)
        small.loc[row, told] = True

    shown = {name: frame[name].astype("Int64").mask(small[name]) for name in counts}
    shares = [name for name in frame.columns if name.endswith("_share")]
    return frame.assign(**shown, **{name: frame[name].mask(small.any(axis=1)) for name in shares})


def hidden_parts(
    sizes: Sequence[int],
    small: Sequence[bool],
    minimum: int,
    *,
    largest: bool = False,
    known: Sequence[bool] | None = None,
) -> list[bool]:
    """Choose the parts of a published total that have to be left blank.

    These are the `small` ones, and with them as many more as it takes that each can have `minimum`
    more values than one: whoever knows the total knows the sum of the blank ones, and that each is
    at least 1 (`cell_suppression` for tables of one row of parts).

    Parameters
    ----------
    sizes : Sequence of int
        Size of each part. Parts of size 0 identify nobody and cannot help.
    small : Sequence of bool
        Which parts must be blank.
    minimum : int
        Smallest width of what a blank part can be.
    largest : bool, default False
        Whether to take the largest further parts, not the smallest: where these are needed least.
    known : Sequence of bool, optional
        Parts that a reader knows from an earlier edition, and that therefore cannot help.

    Returns
    -------
    list of bool
        Which parts to leave blank.
    """
    told = list(known) if known is not None else [False] * len(sizes)
    hidden = list(small)
    order = sorted(range(len(sizes)), key=sizes.__getitem__, reverse=largest)
    others = [at for at in order if sizes[at] and not hidden[at] and not told[at]]

    while others and _too_few_blank(sizes, hidden, told, minimum):
        hidden[others.pop(0)] = True
    return hidden


def _too_few_blank(
    sizes: Sequence[int], hidden: Sequence[bool], known: Sequence[bool], minimum: int
) -> bool:
    """Whether a blank part could be calculated, or known to be small, from the total."""
    parts = zip(sizes, hidden, known, strict=True)
    blank = [size for size, is_hidden, is_known in parts if is_hidden and not is_known]
    return bool(blank) and (len(blank) < 2 or sum(blank) - len(blank) < minimum)


def shown_categories(
    frame: pd.DataFrame, minimum: int | None = None, before: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Leave blank the small categories of each year, and years with too few firms in all.

    Parameters
    ----------
    frame : DataFrame
        Columns year, category, firms.
    minimum : int, optional
        Smallest number of firms to show, by default that of the rules. A year with fewer in all is
        left out, and another with it if all years together would tell its number.
    before : DataFrame, optional
        What this function gave for an earlier edition.

    Returns
    -------
    DataFrame
        A row per year, a column per category and `TOTAL` (Int64), all named by text; missing where
        blank.
    """
    minimum = rules().firms if minimum is None else minimum
    named = frame.assign(year=frame["year"].astype(str), category=frame["category"].astype(str))
    wide = named.pivot_table(index="year", columns="category", values="firms", aggfunc="sum")
    wide = wide.fillna(0).astype("int64")
    wide[TOTAL] = wide.sum(axis=1)
    told, known = against_before(wide, before, minimum)
    numbers = wide.to_numpy()
    small = ((numbers > 0) & (numbers < minimum)) | told
    gone = hidden_parts([*numbers[:, -1]], [*small[:, -1]], minimum, known=[*known[:, -1]])
    hidden = np.zeros(wide.shape, dtype=bool)
    for at, is_gone in enumerate(gone):
        parts = [*numbers[at, :-1]], [*small[at, :-1]]
        own = hidden_parts(*parts, minimum, known=[*known[at, :-1]])
        hidden[at] = True if is_gone else [*own, False]
    return wide.astype("Int64").mask(hidden)


def pooled_categories(shown: pd.DataFrame) -> pd.DataFrame:
    """Put the categories of each year that are blank into one category, "several".

    Parameters
    ----------
    shown : DataFrame
        Result of `shown_categories`.

    Returns
    -------
    DataFrame
        Columns year, category, firms; no rows of years that are left out.
    """
    shown = shown[shown[TOTAL].notna()]
    parts = shown.drop(columns=TOTAL)
    table = parts.fillna(0).assign(**{SEVERAL: shown[TOTAL] - parts.sum(axis=1)})
    long = table.rename_axis("category", axis=1).stack().rename("firms").reset_index()
    long = long[long["firms"].gt(0)].astype({"year": "int64", "firms": "int64"})
    return long.sort_values(["year", "category"], ignore_index=True)


def pooled_counts(frame: pd.DataFrame, shown: pd.DataFrame) -> dict[str, int]:
    """Count the counts that `shown_categories` leaves blank, by rule.

    Parameters
    ----------
    frame, shown : DataFrame
        Its argument and its result.
    """
    counts = frame[frame["firms"] > 0]
    at = zip(counts["year"].astype(str), counts["category"].astype(str), strict=True)
    gone = counts["firms"][[bool(pd.isna(shown.loc[place])) for place in at]]
    small = int((gone < rules().firms).sum())
    return {THRESHOLD: small, SECONDARY: len(gone) - small}


def blank_few_units(ledger: pd.DataFrame, minimum: int | None = None) -> pd.DataFrame:
    """Blank the numbers in a ledger of what estimation left out where they concern too few units.

    Parameters
    ----------
    ledger : DataFrame
        Columns rows and units, and any others.
    minimum : int, optional
        Smallest number of units to show; by default the rule for firms.

    Returns
    -------
    DataFrame
        A copy whose numbers are None in such lines.
    """
    minimum = rules().firms if minimum is None else minimum
    units = [int(count) for count in ledger["units"]]
    hidden = hidden_parts(units, [0 < count < minimum for count in units], minimum)
    blank = {
        name: ledger[name].astype(object).mask(pd.Series(hidden, index=ledger.index), None)
        for name in UNITS
    }
    return ledger.assign(**blank)
