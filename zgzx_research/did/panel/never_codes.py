"""Values of `first_treated` that mean "never treated" although they look like periods.

Never treated is a missing value. A number, a date or a word in its place would make a cohort of its
own, or put these units among those treated before the panel starts, so it is an error that names
the code.
"""

from __future__ import annotations

import re
from datetime import date

import numpy as np

from zgzx_research.did.panel.clock import YEARS
from zgzx_research.did.panel.time_columns import TimeKind, time_text
from zgzx_research.did.panel.time_texts import DAY, seconds
from zgzx_research.errors import ZgzxError

# years, or periods that are not dates, past the end of the panel: so late is a code for "never"
FAR_AFTER = 50
FAR_BEFORE = 100  # years or periods before the panel, and ten times its length: so early is a code
ANCIENT = 50  # years before the panel, of dates
DAYS_A_YEAR = 366
# where spreadsheets and programs start to count: Excel, Unix, SAS and Stata, the smallest date of
# databases
ZERO_DATES = (
    "1899-12-30",
    "1899-12-31",
    "1900-01-01",
    "1900-01-02",
    "1904-01-01",
    "1960-01-01",
    "1970-01-01",
)
ZERO_YEARS = (1899, 1900, 1970)
ISOLATED_YEARS = 10  # years: a cohort of 1970 is a code where no other cohort is near
NINES = re.compile(r"9{2,}|8{3,}")


def refuse_never_codes(
    distinct: np.ndarray, units: np.ndarray, periods: np.ndarray, kind: TimeKind, column: str
) -> None:
    """Codes for never treated are an error that names them, their number and the remedy.

    Parameters
    ----------
    distinct, units : (starts,)
        What was read, rising, and the number of units.
    periods : (periods,)
        What was read, rising.
    kind : TimeKind
        Of the starts.
    """
    if not len(distinct):
        return
    coded = (_coded_dates if kind.dated else _coded_numbers)(distinct, periods)
    _refuse_other_writing(distinct, units, periods, kind, column)
    if not coded.any():
        return
    shown = [*kind.codes]
    shown += [time_text(value, kind.dated) for value in distinct[coded & (distinct != -np.inf)]]
    what = "text" if kind.codes else "a date" if kind.dated else "a number"
    count = int(units[coded].sum())
    plain = not kind.dated and not kind.codes
    text = f', e.g. with table["{column}"].replace({shown}, None)' if kind.codes else ""
    command = f" (on the command line: --never-treated {shown[0]})" if plain else ""
    raise ZgzxError(
        f"{column!r} seems to code 'never treated' as {what}",
        where="prepare_panel",
        count=count,
        examples=shown,
        remedy=f"Set it to missing for units never treated{text}{command}.",
    )


def _coded_numbers(start: np.ndarray, periods: np.ndarray) -> np.ndarray:
    first, last = float(periods[0]), float(periods[-1])
    away = max(FAR_BEFORE, 10 * (last - first))
    coded = np.isinf(start) | (start > last + FAR_AFTER) | (start < first - away)
    coded |= (start <= 0) & (first > 0)
    coded |= (start == 0) & (first == 0)  # treated from the start, or never: the value does not say
    nines = np.array([bool(NINES.fullmatch(time_text(value, False))) for value in start])
    coded |= nines & (start > last)
    if first > YEARS[0]:
        finite = start[np.isfinite(start)]
        for year in ZERO_YEARS:
            others = np.abs(finite - year)
            coded |= (
                (start == year)
                & (year <= first - ISOLATED_YEARS)
                & (np.sum(others < ISOLATED_YEARS) <= 1)
            )
    return coded


def _coded_dates(start: np.ndarray, periods: np.ndarray) -> np.ndarray:
    far = start > periods[-1] + FAR_AFTER * DAYS_A_YEAR * DAY
    ancient = start < periods[0] - ANCIENT * DAYS_A_YEAR * DAY
    zero = np.isin(
        np.floor(start / DAY) * DAY, [seconds(date.fromisoformat(day)) for day in ZERO_DATES]
    ) & (start < periods[0])
    return far | ancient | zero | np.isinf(start)


def _refuse_other_writing(
    start: np.ndarray, units: np.ndarray, periods: np.ndarray, kind: TimeKind, column: str
) -> None:
    """Refuse months or dates where the periods are years, and years where they are numbers."""
    if kind.dated:
        return
    years = YEARS[0] <= periods[0] and periods[-1] <= YEARS[1]
    known = np.where(np.isfinite(start), start, 0)
    longer = np.zeros(len(start), dtype=bool)
    for base in (10, 100, 10**4):
        longer |= (YEARS[0] <= known // base) & (known // base <= YEARS[1])
    short = (YEARS[0] <= known) & (known <= YEARS[1])
    other = (
        longer
        if years
        else short & ((known > periods[-1] + FAR_AFTER) | (known < periods[0] - FAR_BEFORE))
    )
    if other.any():
        raise ZgzxError(
            f"{column!r} is not written as the periods are",
            where="prepare_panel",
            count=int(units[other].sum()),
            examples=(
                f"{value:.0f}, where the periods are {periods[0]} to {periods[-1]}"
                for value in start[other]
            ),
            remedy="Write the first treated period as the same period is written.",
        )
