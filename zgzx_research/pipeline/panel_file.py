"""Read a tidy panel from a user's file (text, Excel, Stata or Parquet), each column by its role."""

from __future__ import annotations

import difflib
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest import delimited, spreadsheet
from zgzx_research.ingest.sheet import Sheet
from zgzx_research.ingest.texts import Texts
from zgzx_research.pipeline.panel_values import (
    Column,
    decimal_comma,
    read_factor,
    read_names,
    read_numbers,
    read_times,
    same_value,
)

TYPED = (".dta", ".parquet")
FORMATS = (*delimited.EXTENSIONS, *spreadsheet.EXTENSIONS, *TYPED)
HEADER_WITHIN = 20  # filled rows in which the header is searched: a title may be above it
FEW_COLUMNS = 12  # up to so many, an error lists all columns
YEARS = range(1900, 2101)  # a number of this size in a column's name is a year
LEAST_WIDE = 3  # so many columns named after years make a table wide

NUMBERS = ("outcome", "weights")
TIMES = ("period", "first_treated")
NAMES = ("unit", "cluster")
TIME_REMEDY = "Write them as 2015, 2015-03, 2015-03-01 or 2015Q1, all in one way."
NEVER_REMEDY = "Where {text!r} means never treated, add --never-treated {text}. " + TIME_REMEDY

Roles = Mapping[str, Any]


@dataclass(frozen=True)
class TextTable:
    """The rows of a sheet below its header.

    Attributes
    ----------
    header : tuple of str
        Names of all columns.
    columns : mapping
        Name of a column to its cells.
    rows : ndarray of int
        (rows,) Row of each cell in the file, counted from 0.
    """

    header: tuple[str, ...]
    columns: Mapping[str, Texts]
    rows: np.ndarray


def read_panel_file(path: Path, roles: Roles, never_treated: str | None) -> pd.DataFrame:
    """Read the columns named in `roles`.

    Parameters
    ----------
    path : Path
        The file.
    roles : mapping
        "outcome", "unit", "period", "first_treated", "weights", "cluster" to a column, and
        "covariates" to columns.
    never_treated : str or None
        Code for never treated in the cells of `first_treated`, besides empty cells.

    Returns
    -------
    DataFrame
        Names of units as text, numbers as numbers, times as `prepare_panel` reads them, the code
        for never treated as missing.

    Raises
    ------
    ZgzxError
        No such file or column, another format, an empty or a wide table, cells that cannot be read
        (with their rows), or a code for never treated that no cell holds.
    """
    if not path.is_file():
        remedy = f"Give the path of a file ending in {', '.join(FORMATS)}."
        raise ZgzxError("there is no such file", where=path.name, remedy=remedy)
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        remedy = f"Save it as .csv or .xlsx; endings read are {', '.join(FORMATS)}."
        raise ZgzxError(
            f"files ending in {path.suffix!r} are not read here", where=path.name, remedy=remedy
        )
    kinds = _kinds(roles)
    if suffix in TYPED:
        table = _from_typed(path, suffix, kinds, never_treated)
    else:
        table = _from_text(path, suffix, kinds, never_treated)
    return _on_one_clock(table, roles)


def _kinds(roles: Roles) -> dict[str, str]:
    """Return how the cells of each column are read; times come before names and numbers."""
    kinds = dict.fromkeys(roles.get("covariates") or (), "factor")
    for kind, names in (("number", NUMBERS), ("name", NAMES), ("time", TIMES)):
        kinds |= {roles[name]: kind for name in names if roles.get(name)}
    if roles.get("first_treated"):
        kinds[roles["first_treated"]] = "start"
    return kinds


def _from_text(
    path: Path, suffix: str, kinds: Mapping[str, str], never: str | None
) -> pd.DataFrame:
    """Read a file whose cells are all text: delimited text or a workbook."""
    file = path.name
    is_text = suffix in delimited.EXTENSIONS
    sheets = (delimited.read_delimited if is_text else spreadsheet.read_workbook)(path, file)
    table = _under_header([sheet for sheet in sheets if len(sheet.filled)], list(kinds), file)
    blank = Texts.blank(len(table.rows))
    columns = {
        name: Column(name, table.columns.get(name, blank), lambda r: int(table.rows[r]) + 1, file)
        for name in kinds
    }
    numeric = [columns[name] for name, kind in kinds.items() if kind in {"number", "factor"}]
    comma = decimal_comma(numeric) if numeric else False
    return pd.DataFrame(
        {name: _read(columns[name], kind, comma, never) for name, kind in kinds.items()}
    )


def _read(column: Column, kind: str, comma: bool, never: str | None) -> np.ndarray | pd.Series:
    """Read the cells of a column by its kind."""
    if kind == "number":
        return read_numbers(column, comma)
    if kind == "factor":
        return read_factor(column, comma)
    if kind == "name":
        return read_names(column)
    if kind == "time":
        return read_times(column, TIME_REMEDY)
    if never is not None:
        column = _without_code(column, never)
    return read_times(column, NEVER_REMEDY)


def _without_code(column: Column, code: str) -> Column:
    """Empty the cells that hold the code for never treated."""
    texts = column.texts.texts
    holds = np.array([bool(text) and same_value(text, code) for text in texts])
    if not holds[column.texts.codes].any():
        raise _no_such_code(column.name, column.file, code)
    emptied = ["" if code_here else text for text, code_here in zip(texts, holds, strict=True)]
    return Column(column.name, Texts.of(column.texts.codes, emptied), column.row, column.file)


def _no_such_code(name: str, file: str, code: str) -> ZgzxError:
    """Make the error for a code for never treated that no cell holds."""
    return ZgzxError(
        f"no cell holds {code!r}, the code for never treated",
        where=f"{file}, column {name!r}",
        remedy="Give --never-treated as the file writes it; leave it out where such cells are "
        "empty.",
    )


def _under_header(sheets: Sequence[Sheet], names: Sequence[str], file: str) -> TextTable:
    """Return the one sheet that has all columns; its header may be below a title."""
    if not sheets:
        raise ZgzxError(
            "the file is empty", where=file, remedy="Save the table again, header and rows."
        )
    found = [table for sheet in sheets if (table := _table(sheet, names, file)) is not None]
    if len(found) > 1:
        remedy = "Keep the one to be analysed, or save it as a .csv file."
        raise ZgzxError(
            "several sheets have these columns", where=file, count=len(found), remedy=remedy
        )
    if not found:
        heads = [[cell for cell in sheet.row(int(sheet.filled[0])) if cell] for sheet in sheets]
        refuse_missing(names, max(heads, key=lambda head: len(set(head) & set(names))), file)

    table = found[0]
    twice = [name for name in names if table.header.count(name) > 1]
    if twice:
        raise ZgzxError(
            "two columns have this name",
            where=file,
            count=len(twice),
            examples=twice,
            remedy="Rename one of them.",
        )
    if not len(table.rows):
        remedy = "One row per unit and period is expected below the header."
        raise ZgzxError("the table has a header but no rows", where=file, remedy=remedy)
    return table


def _table(sheet: Sheet, names: Sequence[str], file: str) -> TextTable | None:
    """Return the rows below the header of a sheet; None where no row holds all names."""
    for at in sheet.filled[:HEADER_WITHIN]:
        header = sheet.row(int(at))
        if set(names) <= set(header):
            break
    else:
        return None

    rows = sheet.filled[sheet.filled > at]
    last = max(place for place, cell in enumerate(header) if cell)
    for place, column in sheet.columns.items():
        beyond = rows[column.filled[rows]] if place > last else rows[:0]
        if len(beyond):
            examples = [f"row {row + 1}: {column.texts[column.codes[row]]!r}" for row in beyond[:3]]
            raise ZgzxError(
                "rows have more cells than the header",
                where=file,
                count=len(beyond),
                examples=examples,
                remedy="Put cells that hold the separator in quotation marks, or remove the extra "
                "cells.",
            )

    named = {
        place: column for place, column in sheet.columns.items() if place <= last and header[place]
    }
    columns = {header[place]: _below(column, rows) for place, column in named.items()}
    return TextTable(tuple(header), columns, rows)


def _below(column: Texts, rows: np.ndarray) -> Texts:
    """Return the cells of these rows, without texts that only other rows have."""
    used, codes = np.unique(column.codes[rows], return_inverse=True)
    return Texts.of(codes, [column.texts[code] for code in used])


def refuse_missing(names: Sequence[str], there: Sequence[str], file: str) -> None:
    """Refuse a table that lacks columns, with a message of its own for a wide table.

    Parameters
    ----------
    names : sequence of str
        Columns that are needed.
    there : sequence of str
        Columns of the table.
    file : str
        Name of the file, for the message.

    Raises
    ------
    ZgzxError
        Some of `names` are not `there`.
    """
    lost = [name for name in names if name not in there]
    if not lost:
        return

    wide = [name for name in there if _names_year(name)]
    if len(wide) >= LEAST_WIDE:
        raise ZgzxError(
            "the table is wide: it has a column for each year",
            where=file,
            count=len(wide),
            examples=[*wide[:2], wide[-1]],
            remedy="Make it long, one row per unit and year with the year in a column of its own "
            "(Excel: Power Query, Unpivot Columns, 逆透视列; Stata: reshape long; pandas: melt).",
        )
    remedy = _similar(lost, there) + _listed(there)
    raise ZgzxError(
        "the file has no such column", where=file, count=len(lost), examples=lost, remedy=remedy
    )


def _similar(lost: Sequence[str], there: Sequence[str]) -> str:
    """Ask whether similar columns are meant; nothing where none is similar."""
    folded = {name.casefold(): name for name in there}
    near = [
        folded.get(name.casefold()) or next(iter(difflib.get_close_matches(name, there, 1)), "")
        for name in lost
    ]
    return f"Did you mean {' and '.join(filter(None, near))}? " if any(near) else ""


def _listed(there: Sequence[str]) -> str:
    """List the columns of a table, or say how many they are."""
    if len(there) <= FEW_COLUMNS:
        return f"Its columns are {', '.join(there)}."
    return f"It has {len(there)} columns."


def _names_year(name: str) -> bool:
    """Whether a column's name contains a year."""
    return any(int(number) in YEARS for number in re.findall(r"(?<!\d)\d{4}(?!\d)", name))


def _from_typed(
    path: Path, suffix: str, kinds: Mapping[str, str], never: str | None
) -> pd.DataFrame:
    """Read a file whose columns have types; columns of text are read as in other files."""
    read = _read_stata if suffix == ".dta" else _read_parquet
    try:
        frame = read(path, kinds)
    except ZgzxError:
        raise
    except (ValueError, OSError, KeyError, EOFError, struct.error) as problem:
        what = f"this is no {suffix} file that can be read ({type(problem).__name__})"
        raise ZgzxError(what, where=path.name, remedy="Save it again, or as .csv.") from None
    if not len(frame):
        raise ZgzxError(
            "the table has no rows",
            where=path.name,
            remedy="One row per unit and period is expected.",
        )
    return pd.DataFrame(
        {name: _typed(frame[name], kind, path.name, never) for name, kind in kinds.items()}
    )


def _read_parquet(path: Path, kinds: Mapping[str, str]) -> pd.DataFrame:
    """Read the columns of a Parquet file."""
    import pyarrow.parquet as pq

    refuse_missing(list(kinds), pq.read_schema(path).names, path.name)
    frame = pq.read_table(path, columns=list(kinds)).to_pandas(date_as_object=False)
    return frame if set(kinds) <= set(frame.columns) else frame.reset_index()


def _read_stata(path: Path, kinds: Mapping[str, str]) -> pd.DataFrame:
    """Read the columns of a Stata file, names and categories by their labels."""
    frame = pd.read_stata(path, convert_categoricals=False)
    refuse_missing(list(kinds), list(frame.columns), path.name)
    labelled = [name for name, kind in kinds.items() if kind in {"name", "factor"}]
    try:
        frame[labelled] = pd.read_stata(path, columns=labelled)
    except ValueError:  # two codes with one label: the codes themselves
        return frame
    return frame


def _typed(series: pd.Series, kind: str, file: str, never: str | None) -> np.ndarray | pd.Series:
    """Read a column that has a type; numbers and dates stay as they are."""
    if kind == "name":
        return _as_names(series)
    text = series.dtype == object or isinstance(series.dtype, pd.StringDtype)
    if text and pd.api.types.infer_dtype(series, skipna=True) in {"string", "empty"}:
        codes, texts = pd.factorize(series)
        cells = Texts.of(codes, [*(str(value).strip() for value in texts), ""])
        column = Column(str(series.name), cells, lambda r: r + 1, file)
        return _read(column, kind, decimal_comma([column]) if kind != "time" else False, never)
    if kind == "start" and never is not None:
        return _masked(series, never, file)
    return series


def _masked(series: pd.Series, never: str, file: str) -> pd.Series:
    """Empty the numbers and dates that are the code for never treated."""
    held = series.map(lambda value: not pd.isna(value) and same_value(_name(value), never))
    coded = held.astype(bool)
    if not coded.any():
        raise _no_such_code(str(series.name), file, never)
    return series.mask(coded)


def _as_names(series: pd.Series) -> pd.Series:
    """Return text unchanged and whole numbers without ".0", also where some are missing."""
    codes, values = pd.factorize(series)
    names: list[str | None] = [_name(value) or None for value in values]
    return pd.Series(pd.array([*names, None], dtype="str").take(codes))


def _name(value: object) -> str:
    """Return a value as text: whole numbers without ".0", days without a time."""
    if isinstance(value, float | np.floating) and value == round(value):
        return str(int(value))
    if isinstance(value, pd.Timestamp):
        return value.isoformat() if value != value.normalize() else str(value.date())
    return str(value).strip()


def _on_one_clock(table: pd.DataFrame, roles: Roles) -> pd.DataFrame:
    """Turn years that are dates in one of the two columns of time (Stata's %ty) into numbers."""
    period, start = (roles.get(name) for name in TIMES)
    dated = [name for name in (period, start) if name in table and table[name].dtype.kind == "M"]
    if len(dated) != 1:
        return table
    other = period if dated[0] == start else start
    if not table[other].notna().any():
        return table

    days = table[dated[0]]
    if not ((days.dt.month == 1) & (days.dt.day == 1) | days.isna()).all():
        return table
    return table.assign(**{str(dated[0]): days.dt.year})
