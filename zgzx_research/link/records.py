"""What every clean row carries, rows in the order of their keys, and identifiers that follow that order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError

KEY = ["file", "sheet", "row", "part"]
# Text columns of clean tables that a study may lack.
OPTIONAL = (
    "person_key", "name_key", "surname_key", "id_key", "mask_key", "birth_key", "phone_key", "employer_no",
    "employer_name", "employer_uscc", "firm_name", "uscc", "name", "agency_name", "service_firm", "app_no", "role",
    "category", "stage", "outcome", "programme", "kind", "type", "before", "after", "dual_app_no",
)  # fmt: skip


def ranked_ids(letter: str, digits: int, group: pd.Series) -> pd.Series:
    """Identifiers by the order in which the groups first appear; null where the group is missing."""
    rank = pd.Series(pd.factorize(group)[0] + 1, index=group.index)
    return (letter + rank.astype("str").str.zfill(digits)).where(group.notna())


def source_table(clean: Mapping[str, pd.DataFrame], name: str, columns: Sequence[str]) -> pd.DataFrame:
    """A clean table in the order of its keys, with KEY and these columns; empty where the study has no such table.

    Text columns that an older layout lacks are null; a months column likewise.
    """
    table = clean.get(name)
    if table is None:
        table = pd.DataFrame({column: pd.Series(dtype="str") for column in ("file", "sheet")}).assign(
            row=pd.Series(dtype="int64"), part=pd.Series(dtype="int64")
        )
    known = {column: table[column] for column in [*KEY, *columns] if column in table}
    frame = pd.DataFrame(known, index=table.index)
    for column in columns:
        if column not in frame:
            kind = "str" if column in OPTIONAL else "datetime64[s]" if column in _DATES else "Int64"
            frame[column] = pd.Series(None, index=frame.index, dtype=kind)
    return in_key_order(frame)


_DATES = ("filed", "onset", "date", "valid_from", "valid_to")


def in_key_order(table: pd.DataFrame, first: Sequence[str] = ()) -> pd.DataFrame:
    """The rows sorted by `first` and KEY, with a new index; texts are compared once each, not once a row."""
    columns = [*first, *KEY]
    codes = [
        pd.factorize(table[name], sort=True)[0] if name not in ("row", "part") else table[name] for name in columns
    ]
    order = np.lexsort([np.asarray(code) for code in reversed(codes)])
    if np.array_equal(order, np.arange(len(order))):
        return table.reset_index(drop=True)
    return table.iloc[order].reset_index(drop=True)


def aligned(links: pd.DataFrame, source: str, table: pd.DataFrame, column: str) -> pd.Series:
    """A column of a key table (source, KEY, …) on the index of a clean table that is in key order.

    Raises
    ------
    ZgzxError : the two tables do not hold the same rows.
    """
    part = in_key_order(links.loc[links["source"].eq(source), ["source", *KEY, column]])
    same = len(part) == len(table) and all(np.array_equal(part[name], table[name]) for name in ("row", "part"))
    if not same:
        raise ZgzxError(
            f"the links of {source} are not those of its clean table", where="link", count=abs(len(part) - len(table)),
            remedy="Link again: both must come from one run.",
        )  # fmt: skip
    return part[column].set_axis(table.index)


def month_number(ym: pd.Series) -> pd.Series:
    """Months since January of year 0, of YYYYMM (Int64)."""
    whole = ym.astype("Int64")
    return whole // 100 * 12 + whole % 100 - 1


def year_month(day: pd.Series) -> pd.Series:
    """YYYYMM (Int64) of dates."""
    return (day.dt.year * 100 + day.dt.month).astype("Int64")
