"""Several deliveries of one source: which is newer, and what only the older ones hold.

The newer row of the same firm, person or application counts; the older is history. The date of a
delivery comes from the study file, else from its content (截至2025年3月31日), the name of the file,
the rows above the header or the sheet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from zgzx_research.cleaning import reasons
from zgzx_research.cleaning.quarantine import note
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import RawTable

# Deliveries in the order of the study file come after all dates (YYYYMMDD).
BEYOND_DATES = 100_000_000
UNKNOWN = 0
_DAY = (
    r"(?P<y>(?:19|20)\d{2})"
    r"(?:\s*[-年./_]?\s*(?P<m>1[0-2]|0?[1-9])"
    r"(?:\s*[-月./_]?\s*(?P<d>3[01]|[12]\d|0?[1-9]))?)?"
)
_ANY_DAY = re.compile(rf"(?<!\d){_DAY}(?!\d)")
_AS_OF = re.compile(
    rf"(?:截至|截止|导出|提取|下载|更新|数据日期|数据时点|时点)[^\d]{{0,8}}{_DAY}(?!\d)"
)


def with_deliveries(tables: Sequence[RawTable], order: Sequence[str] = ()) -> list[RawTable]:
    """Return the tables with the number of the delivery each belongs to.

    Parameters
    ----------
    tables : sequence of RawTable
        The raw tables of one source.
    order : sequence of str
        Numbers of files (`registry/002`), the oldest first, from the study file.

    Returns
    -------
    list of RawTable
        Later deliveries have larger numbers, 0 is unknown.

    Raises
    ------
    ZgzxError
        The order names a file of the source that is not there.
    """
    source = tables[0].file.split("/")[0] if tables else ""
    lost = sorted(
        {file for file in order if file.startswith(f"{source}/")} - {table.file for table in tables}
    )
    if lost:
        raise ZgzxError(
            "[raw] deliveries names files that are not there",
            where="the study file",
            count=len(lost),
            examples=lost,
            remedy="Use the numbers in file_numbers.csv beside the raw files.",
        )
    place = {file: BEYOND_DATES + number for number, file in enumerate(order)}
    return [
        replace(table, delivered=place.get(table.file) or delivery_of(table)) for table in tables
    ]


def delivery_of(table: RawTable) -> int:
    """Return the day of a delivery as YYYYMMDD (YYYY0000 where only the year is known).

    0 where nothing says it.
    """
    found = _last(_AS_OF, table.title) or _last(_ANY_DAY, table.file_name.rpartition(".")[0])
    return found or _last(_ANY_DAY, table.title) or _last(_ANY_DAY, table.sheet_name)


def _last(pattern: re.Pattern[str], text: str) -> int:
    days = [match.groupdict() for match in pattern.finditer(unicodedata.normalize("NFKC", text))]
    if not days:
        return UNKNOWN
    return max(
        int(day["y"]) * 10_000 + int(day["m"] or 0) * 100 + int(day["d"] or 0) for day in days
    )


def several(tables: Sequence[RawTable]) -> bool:
    """Whether the tables are of more than one known delivery."""
    return len({table.delivered for table in tables} - {UNKNOWN}) > 1


def deliveries_of(rows: pd.DataFrame, tables: Sequence[RawTable]) -> pd.Series:
    """Return the delivery of each row (int64)."""
    known = {(table.file, table.sheet): table.delivered for table in tables}
    (file, files), (sheet, names) = (pd.factorize(rows[name]) for name in ("file", "sheet"))
    number = np.array(
        [[known.get((one, other), UNKNOWN) for other in names] for one in files], dtype=np.int64
    )
    return pd.Series(number.reshape(len(files), len(names))[file, sheet], rows.index)


def newer_only(
    rows: pd.DataFrame, about: Callable[[pd.DataFrame], pd.Series], tables: Sequence[RawTable]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep the newest of several deliveries' rows about one subject; note each of the older.

    `about` gives the subject of each row; rows where it is missing, and rows of unknown delivery,
    all stay.
    """
    nothing = note(rows.iloc[:0], None, "")
    if not several(tables) or not len(rows):
        return rows, nothing
    delivered, subject = deliveries_of(rows, tables), about(rows)
    newest = delivered.groupby(subject).transform("max")
    older = subject.notna() & delivered.ne(UNKNOWN) & delivered.lt(newest)
    return (
        (rows[~older], note(rows[older], None, reasons.OLDER_DELIVERY))
        if older.any()
        else (rows, nothing)
    )


def subject_of(rows: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Combine several columns into what a row is about."""
    known = rows[list(columns)].notna().any(axis=1)
    number = rows.groupby(list(columns), dropna=False, sort=False, observed=True).ngroup()
    return number.where(known)


def first_day(delivered: pd.Series) -> pd.Series:
    """Return the first day of a delivery (datetime64[s]).

    Missing where only its place among others is known.
    """
    dated = delivered.where(delivered.between(1, BEYOND_DATES - 1))
    parts = pd.DataFrame({"year": dated // 10_000, "month": dated // 100 % 100, "day": dated % 100})
    parts[["month", "day"]] = parts[["month", "day"]].clip(lower=1)
    return pd.to_datetime(parts, errors="coerce").astype("datetime64[s]")
