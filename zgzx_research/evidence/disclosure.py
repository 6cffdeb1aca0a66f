"""What may be shown: nothing that rests on fewer firms or persons than the thresholds.

A count also reveals its complement: of 27 rows 26 are linked, so one is not. And a part that is
left blank can be calculated from a total and the other parts, so a second part has to be left blank
with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from zgzx_research.evidence.disclosure_rules import (
    SECONDARY,
    THRESHOLD,
    rules,
    written_rules,
)

MIN_FIRMS = written_rules().firms  # of every study; a study may ask for more (`rules`)
MIN_RECORDS = written_rules().persons

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
        Columns event_time, n_treated, n_comparison, base_mean, and any others.
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
    numbers = {name: kept[name].mask(blank) for name in ("n_treated", "base_mean")}
    return kept.assign(**numbers)


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
    frame: pd.DataFrame, counts: Sequence[str], minimum: int | None = None
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

    shown = {name: frame[name].astype("Int64").mask(small[name]) for name in counts}
    shares = [name for name in frame.columns if name.endswith("_share")]
    return frame.assign(**shown, **{name: frame[name].mask(small.any(axis=1)) for name in shares})


def hidden_parts(
    sizes: Sequence[int], small: Sequence[bool], minimum: int, *, largest: bool = False
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
    return len(blank) < 2 or sum(blank) - len(blank) < minimum


def pooled_categories(frame: pd.DataFrame, minimum: int | None = None) -> pd.DataFrame:
    """Put the small categories of each year into one category, "several".

    Parameters
    ----------
    frame : DataFrame
        Columns year, category, firms.
    minimum : int, optional
        Smallest number of firms to show, by default that of the rules. A year with fewer in all is
        left out, and another with it if all years together would tell its number.

    Returns
    -------
    DataFrame
        Columns year, category, firms.
    """
    minimum = rules().firms if minimum is None else minimum
    parts = []
    years = frame.groupby("year", sort=True)["firms"].sum()
    gone = hidden_parts([*years], [0 < size < minimum for size in years], minimum)
    for _, year in frame[frame["year"].isin(years.index[~np.array(gone, bool)])].groupby("year"):
        sizes = [int(size) for size in year["firms"]]
        hidden = hidden_parts(sizes, [0 < size < minimum for size in sizes], minimum)
        pooled = year["category"].mask(pd.Series(hidden, index=year.index), SEVERAL)
        parts.append(year.assign(category=pooled))

    shown = pd.concat(parts) if parts else frame.iloc[:0]
    return shown.groupby(["year", "category"], as_index=False, observed=True)["firms"].sum()


def pooled_counts(frame: pd.DataFrame, shown: pd.DataFrame) -> dict[str, int]:
    """Count the counts that `pooled_categories` does not show, by rule.

    Parameters
    ----------
    frame, shown : DataFrame
        Its argument and its result.
    """
    counts = frame[frame["firms"] > 0].set_index(["year", "category"])["firms"]
    gone = counts[~counts.index.isin(shown.set_index(["year", "category"]).index)]
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
