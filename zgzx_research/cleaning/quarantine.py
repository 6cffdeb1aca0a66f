"""What becomes of rows and values that are not as a clean table must be: entries with a reason.

pandera prints failing values in its exception, and those may be personal: it never leaves this
module.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np
import pandas as pd
import pandera.pandas as pa

from zgzx_research.cleaning import reasons
from zgzx_research.cleaning.identifiers import without_blanks, without_personal_numbers
from zgzx_research.cleaning.rules import RULES
from zgzx_research.cleaning.schemas import ROW_KEY, SCHEMAS, empty
from zgzx_research.distinct import on_texts, on_unique

Place = tuple[str, str, int]  # file, sheet, row
COLUMNS = ["source", "file", "sheet", "row", "column", "value_masked", "reason", "row_lost"]
# clean column -> the raw column it was read from, where the names differ
RAW_COLUMN = {
    "name": "firm_name",
    "person_key": "person_no",
    "name_key": "person_name",
    "period_ym": "period",
    "agency_name": "agency",
    "amount_cny": "amount",
    "union_name": "union",
    "type": "change",
    "date": "changed",
    "street_code": "street",
    "industry2": "industry",
}
# Columns that may hold a person's name or number. Before and after a change stand legal
# representatives too.
PERSONAL = frozenset(
    {
        "person_name",
        "id_no",
        "birth",
        "phone",
        "person_no",
        "inventors",
        "applicants",
        "holders",
        "before",
        "after",
        "team",
        "matter",
        "address",
    }
)
FIRMS = frozenset({"firm_name", "employer_name", "agency", "service_firm", "former_names"})
# Reasons that say the cell holds something personal: then only its length is shown, whatever its
# column.
_PERSONAL_REASONS = frozenset({reasons.VALUE_PERSONAL_NAME, reasons.VALUE_PERSONAL_NUMBER})
_HIDDEN = re.compile(f"[^{re.escape(RULES['shown']['characters'])}]")
_HIDDEN_IN_CODE = re.compile(f"[^{re.escape(RULES['shown']['characters'])}A-Za-z]")


def mask(column: str, text: str) -> str:
    """Return a cell as the quarantine may show it.

    Personal columns: dots and the length. Firm names: as they are. Others: digits, marks and
    harmless characters, since a name may have slipped into a column of dates; ID and phone numbers
    never.
    """
    if column in PERSONAL:
        return length_only(text)
    shown = without_personal_numbers(text) or "•••"
    if column in FIRMS:
        return shown
    is_code = column in RULES["shown"]["codes"] and len(re.findall(r"\d", text)) >= 6
    return (_HIDDEN_IN_CODE if is_code else _HIDDEN).sub("•", shown)


def length_only(text: str) -> str:
    """Hide a text but for its length."""
    return f"•••{len(text)}"


def no_entries() -> pd.DataFrame:
    """Return a quarantine (COLUMNS) without an entry."""
    kinds = dict.fromkeys(COLUMNS, "str") | {"row": "int64", "row_lost": "bool"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def note(rows: pd.DataFrame, column: str | None, why: pd.Series | str) -> pd.DataFrame:
    """Entries for the rows whose reason is not null.

    `column` names a text column of `rows`, None the whole row.
    """
    codes = pd.Series(why, index=rows.index, dtype="object") if isinstance(why, str) else why
    if not codes.notna().any():  # most parsers find nothing wrong
        return rows[ROW_KEY].iloc[:0].assign(**{name: pd.Series(dtype="str") for name in _TYPES})
    cell = [column] if column is not None and column in rows else []
    hit = rows.loc[codes.notna(), [*ROW_KEY, *cell]]
    entries = hit[ROW_KEY].assign(column=column, value_masked=None, reason=codes[codes.notna()])
    if column is not None and cell:
        hidden = on_unique(hit[column], length_only)
        shown = on_unique(hit[column], lambda text: mask(column, text))
        entries["value_masked"] = shown.where(~entries["reason"].isin(_PERSONAL_REASONS), hidden)
    return entries.astype({"column": "str", "value_masked": "str", "reason": "str"})


def flag(hit: pd.Series, reason: str) -> pd.Series:
    """Return the reason for the rows that are hit, null for the others; what `note` takes."""
    return pd.Series(reason, index=hit.index, dtype="object").where(hit, None)


def enforce(frame: pd.DataFrame, table: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep the rows that fulfil the schema of a clean table; note every check another row fails.

    Raises
    ------
    RuntimeError
        A column has the wrong type or is not there: an error of the program, not of the data.
    """
    columns = list(SCHEMAS[table].columns)
    if frame.empty:
        return empty(table), note(frame, None, pd.Series(dtype="object"))
    try:
        return SCHEMAS[table].validate(frame[columns], lazy=True), note(frame.iloc[:0], None, "")
    except pa.errors.SchemaErrors as error:
        failures = error.failure_cases[["schema_context", "column", "check", "index"]]
    wrong = failures[~failures["check"].isin(reasons.ALL)]
    if len(wrong):
        what = ", ".join(
            f"{row.column}: {row.check}" for row in wrong.drop_duplicates("column").itertuples()
        )
        raise RuntimeError(f"clean table {table} breaks its own schema ({what})")
    failures = failures.drop_duplicates(["index", "check"])
    entries = frame.loc[failures["index"], ROW_KEY].assign(
        column=failures["column"]
        .where(failures["schema_context"] == "Column")
        .replace(RAW_COLUMN)
        .to_numpy(),
        value_masked=None,
        reason=failures["check"].to_numpy(),
    )
    return frame.loc[~frame.index.isin(failures["index"]), columns], entries.astype(_TYPES)


def first_only(
    frame: pd.DataFrame,
    columns: Sequence[str],
    reason: str,
    keep: AbstractSet[Place] = frozenset(),
    written: pd.Series | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep the first row of each content, and note every other.

    Rows with nothing in `columns` are all kept.

    Parameters
    ----------
    rows : pandas.DataFrame
        The rows.
    columns : sequence of str
        The columns that are the content.
    reason : str
        The reason of the entries.
    keep : collection of (str, str, int), default ()
        Rows (file, sheet, row) that a clerk decided to keep though their content stands elsewhere
        too.
    written : pandas.Series, optional
        The words of the rows, where `columns` hold less of it (see `as_written`); rows that differ
        in it are not the same.
    """
    content = frame[list(columns)]
    compared = content if written is None else content.assign(written=written.reindex(frame.index))
    again = compared.duplicated() & content.notna().any(axis=1)
    if not again.any():
        return frame, note(frame[again], None, reason)
    kept = again & pd.Series(is_one_of(frame, keep), frame.index)
    entries = [
        note(frame[again & ~kept], None, reason),
        note(frame[kept], None, reasons.VALUE_KEPT_BY_DECISION),
    ]
    return frame[~again | kept], pd.concat(entries, ignore_index=True)


def is_one_of(rows: pd.DataFrame, places: AbstractSet[Place]) -> np.ndarray:
    """(rows,) whether a row is one of these (file, sheet, row)."""
    if not places:
        return np.zeros(len(rows), dtype=bool)
    return pd.MultiIndex.from_frame(rows[ROW_KEY]).isin(places)


def as_written(rows: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return the words of the rows in these columns, script and blanks apart."""
    texts = [on_texts(rows[name], without_blanks, "str").fillna("") for name in columns]
    return texts[0].str.cat(texts[1:], sep="\x1f") if len(texts) > 1 else texts[0]


_TYPES = {"column": "str", "value_masked": "str", "reason": "str"}
