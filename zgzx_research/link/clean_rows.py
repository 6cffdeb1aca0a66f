"""Clean rows in the order of their keys, and identifiers that follow that order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from zgzx_research.distinct import distinct_rows
from zgzx_research.errors import ZgzxError

RECORD_KEY = ["file", "sheet", "row", "part"]
# What every month of a person at an employer repeats.
LINE = (
    "person_key",
    "name_key",
    "surname_key",
    "id_key",
    "mask_key",
    "birth_key",
    "employer_no",
    "employer_name",
    "employer_uscc",
)
# Text columns of clean tables that a study may lack.
OPTIONAL = (
    "person_key",
    "name_key",
    "surname_key",
    "id_key",
    "mask_key",
    "birth_key",
    "phone_key",
    "employer_no",
    "employer_name",
    "employer_uscc",
    "firm_name",
    "uscc",
    "name",
    "agency_name",
    "service_firm",
    "app_no",
    "role",
    "category",
    "stage",
    "outcome",
    "programme",
    "kind",
    "type",
    "before",
    "after",
    "dual_app_no",
)


def ranked_ids(letter: str, digits: int, group: pd.Series) -> pd.Series:
    """Give each group an identifier in the order in which they first appear.

    Null where the group is missing.
    """
    rank, known = pd.factorize(group)
    names = pd.array(
        [f"{letter}{number:0{digits}d}" for number in range(1, len(known) + 1)], dtype="str"
    )
    return pd.Series(names.take(rank, allow_fill=True), index=group.index)


def source_table(
    clean: Mapping[str, pd.DataFrame], name: str, columns: Sequence[str]
) -> pd.DataFrame:
    """Return a clean table in the order of its keys, with RECORD_KEY and these columns.

    Empty where the study has no such table.

    Text columns that an older layout lacks are null; a months column likewise.
    """
    table = clean.get(name)
    if table is None:
        table = pd.DataFrame(
            {column: pd.Series(dtype="str") for column in ("file", "sheet")}
        ).assign(row=pd.Series(dtype="int64"), part=pd.Series(dtype="int64"))
    known = {column: table[column] for column in [*RECORD_KEY, *columns] if column in table}
    frame = pd.DataFrame(known, index=table.index)
    for column in columns:
        if column not in frame:
            kind = "str" if column in OPTIONAL else "datetime64[s]" if column in _DATES else "Int64"
            frame[column] = pd.Series(None, index=frame.index, dtype=kind)
    return in_key_order(frame)


_DATES = ("filed", "onset", "date", "valid_from", "valid_to")


def in_key_order(table: pd.DataFrame, first: Sequence[str] = ()) -> pd.DataFrame:
    """Return the rows sorted by `first` and RECORD_KEY, with a new index.

    Texts are compared once each, not once a row.
    """
    columns = [*first, *RECORD_KEY]
    codes = [
        pd.factorize(table[name], sort=True)[0] if name not in ("row", "part") else table[name]
        for name in columns
    ]
    ranks = [np.asarray(code) for code in codes]
    if _is_sorted(ranks):
        return table.reset_index(drop=True)
    return table.iloc[np.lexsort(ranks[::-1])].reset_index(drop=True)


def _is_sorted(ranks: Sequence[np.ndarray]) -> bool:
    """Whether rows ascend by the first of these arrays, among equals by the second, and so on."""
    tied = np.ones(max(len(ranks[0]) - 1, 0), dtype=bool)
    for rank in ranks:
        if (tied & (rank[1:] < rank[:-1])).any():
            return False
        tied &= rank[1:] == rank[:-1]
    return True


def month_lines(clean: Mapping[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Reduce `si_month` to its lines.

    A line is what months repeat of a person at an employer. Tables that were reduced before come
    back as they are, without months.

    Parameters
    ----------
    clean : mapping of str to pandas.DataFrame
        Clean tables by name.

    Returns
    -------
    tuple
        The clean tables with the lines as `si_month`: RECORD_KEY of the first month, LINE, the
        first and last period (start_ym, end_ym) and `rows`, the number of months. And the months in
        key order: line (position), period_ym, paid_ym, kind and, where there are any, base and
        insurance.
    """
    if clean.get("si_month") is None or "rows" in clean["si_month"]:
        return dict(clean), pd.DataFrame(
            {"line": [], "period_ym": [], "paid_ym": [], "kind": []}, dtype="Int64"
        )
    table = in_key_order(clean["si_month"])
    said = [column for column in LINE if column in table]
    line, first = distinct_rows(table, said)
    lines = (
        table[[*RECORD_KEY, *said]]
        .iloc[first]
        .astype(dict.fromkeys(said, "str"))
        .reset_index(drop=True)
    )
    period = table["period_ym"].astype("Int64").groupby(line)
    lines = lines.assign(
        start_ym=period.min(), end_ym=period.max(), rows=np.bincount(line, minlength=len(first))
    )
    known = ("period_ym", "paid_ym", "base", "kind", "insurance")
    facts = [column for column in known if column in table]
    return {**clean, "si_month": lines}, table[facts].assign(line=line)


def aligned(links: pd.DataFrame, source: str, table: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of links on the index of a clean table that is in key order.

    Raises
    ------
    ZgzxError
        The two tables do not hold the same rows.
    """
    part = in_key_order(links.loc[links["source"].eq(source), ["source", *RECORD_KEY, column]])
    same = len(part) == len(table) and all(
        np.array_equal(part[name], table[name]) for name in ("row", "part")
    )
    if not same:
        raise ZgzxError(
            f"the links of {source} are not those of its clean table",
            where="link",
            count=abs(len(part) - len(table)),
            remedy="Link again: both must come from one run.",
        )
    return part[column].set_axis(table.index)


def merged_by_key(
    left: pd.DataFrame,
    right: pd.DataFrame,
    key: Sequence[str],
    how: Literal["inner", "left"] = "inner",
) -> pd.DataFrame:
    """`left.merge(right, on=key)`, each key once in each table.

    Texts of the key are looked at once each.

    Raises
    ------
    pandas.errors.MergeError : a key stands twice.
    """
    number, _ = distinct_rows(pd.concat([left[[*key]], right[[*key]]], ignore_index=True), key)
    one, other = (
        left.assign(key=number[: len(left)]),
        right.drop(columns=[*key]).assign(key=number[len(left) :]),
    )
    return one.merge(other, on="key", how=how, validate="one_to_one").drop(columns="key")


def month_number(ym: pd.Series) -> pd.Series:
    """Months since January of year 0, of YYYYMM (Int64)."""
    whole = ym.astype("Int64")
    return whole // 100 * 12 + whole % 100 - 1


def year_month(day: pd.Series) -> pd.Series:
    """YYYYMM (Int64) of dates."""
    return (day.dt.year * 100 + day.dt.month).astype("Int64")
