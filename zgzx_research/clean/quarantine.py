"""What every clean table must be, and what becomes of rows and values that are not: entries with a reason.

pandera prints failing values in its exception, and those may be personal: it never leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd
import pandera.pandas as pa

from zgzx_research.clean import reasons
from zgzx_research.clean.identifiers import is_uscc, without_personal_numbers
from zgzx_research.clean.rules import RULES

KEY = ["file", "sheet", "row"]
COLUMNS = ["source", "file", "sheet", "row", "column", "value_masked", "reason", "row_lost"]
# clean column -> the raw column it was read from, where the names differ
RAW_COLUMN = {"name": "firm_name", "person_key": "person_no"}
PERSONAL = frozenset({"person_name", "id_no", "birth", "phone", "person_no", "inventors", "applicants"})
FIRMS = frozenset({"firm_name", "employer_name"})
_HIDDEN = re.compile(f"[^{re.escape(RULES['shown']['characters'])}]")
_HIDDEN_IN_CODE = re.compile(f"[^{re.escape(RULES['shown']['characters'])}A-Za-z]")


def mask(column: str, text: str) -> str:
    """A cell as the quarantine may show it.

    Personal columns: dots and the length. Firm names: as they are. Others: digits, marks and harmless characters, since
    a name may have slipped into a column of dates; ID and phone numbers never.
    """
    if column in PERSONAL:
        return f"•••{len(text)}"
    shown = without_personal_numbers(text) or "•••"
    if column in FIRMS:
        return shown
    is_code = column in RULES["shown"]["codes"] and len(re.findall(r"\d", text)) >= 6
    return (_HIDDEN_IN_CODE if is_code else _HIDDEN).sub("•", shown)


def note(rows: pd.DataFrame, column: str | None, why: pd.Series | str) -> pd.DataFrame:
    """Entries for the rows whose reason is not null. `column` names a text column of `rows`, None the whole row."""
    codes = pd.Series(why, index=rows.index, dtype="object") if isinstance(why, str) else why
    hit = rows[codes.notna()]
    entries = hit[KEY].assign(column=column, value_masked=None, reason=codes[codes.notna()])
    if column is not None and column in rows:
        entries["value_masked"] = [None if pd.isna(text) else mask(column, text) for text in hit[column]]
    return entries.astype({"column": "str", "value_masked": "str", "reason": "str"})


def enforce(frame: pd.DataFrame, table: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows that fulfil the schema of a clean table, and an entry for every check that another row fails.

    Raises
    ------
    RuntimeError : a column has the wrong type or is not there: an error of the program, not of the data.
    """
    columns = list(SCHEMAS[table].columns)
    try:
        return SCHEMAS[table].validate(frame[columns], lazy=True), note(frame.iloc[:0], None, "")
    except pa.errors.SchemaErrors as error:
        failures = error.failure_cases[["schema_context", "column", "check", "index"]]
    wrong = failures[~failures["check"].isin(reasons.ALL)]
    if len(wrong):
        what = ", ".join(f"{row.column}: {row.check}" for row in wrong.drop_duplicates("column").itertuples())
        raise RuntimeError(f"clean table {table} breaks its own schema ({what})")
    failures = failures.drop_duplicates(["index", "check"])
    entries = frame.loc[failures["index"], KEY].assign(
        column=failures["column"].where(failures["schema_context"] == "Column").replace(RAW_COLUMN).to_numpy(),
        value_masked=None,
        reason=failures["check"].to_numpy(),
    )
    return frame.loc[~frame.index.isin(failures["index"]), columns], entries.astype(_TYPES)


def first_only(frame: pd.DataFrame, columns: Sequence[str], reason: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The first row of each content, and an entry for every other; rows with nothing in `columns` are all kept."""
    again = frame.duplicated(subset=list(columns)) & frame[list(columns)].notna().any(axis=1)
    return frame[~again], note(frame[again], None, reason)


_TYPES = {"column": "str", "value_masked": "str", "reason": "str"}


def _present(reason: str) -> pa.Check:
    return pa.Check(lambda values: values.notna(), ignore_na=False, error=reason)


def _text(*checks: pa.Check) -> pa.Column:
    return pa.Column("str", checks=list(checks), nullable=True)


def _one_of(*values: str) -> pa.Check:
    return pa.Check.isin(values, error=reasons.SCHEMA)


def _like(pattern: str) -> pa.Check:
    return pa.Check.str_matches(f"^(?:{pattern})$", error=reasons.SCHEMA)


def _date(*checks: pa.Check) -> pa.Column:
    return pa.Column("datetime64[s]", checks=list(checks), nullable=True)


def _pseudonyms(*names: str) -> dict[str, pa.Column]:
    return {name: _text(_like("[0-9a-f]{32}")) for name in names}


def _uscc() -> pa.Check:
    return pa.Check(lambda values: values.map({code: is_uscc(code) for code in values.unique()}), error=reasons.SCHEMA)


_ROW_KEY = {
    "file": pa.Column("str"),
    "sheet": pa.Column("str"),
    "row": pa.Column("int64", pa.Check.ge(1, error=reasons.SCHEMA)),
    "part": pa.Column("int64", pa.Check.ge(1, error=reasons.SCHEMA)),
}
_PATENT = {
    "app_no": _text(_present(reasons.MISSING_APPLICATION_NUMBER)),
    "type": _text(_one_of("invention", "utility_model", "design")),
    "filed": _date(_present(reasons.MISSING_FILING_DATE)),
    "published": _date(),
}
SCHEMAS: dict[str, pa.DataFrameSchema] = {
    "roster": pa.DataFrameSchema(
        _ROW_KEY
        | {
            "edition": pa.Column("int64", pa.Check.ge(1, error=reasons.SCHEMA)),
            "category": _text(_present(reasons.MISSING_CATEGORY), _one_of("innovation", "team", "talent", "skill")),
            "is_team": pa.Column("bool"),
            "firm_name": _text(),
            "street": _text(),
        }
        | _pseudonyms("name_key", "surname_key", "id_key", "mask_key", "birth_key", "phone_key"),
        checks=pa.Check(lambda rows: rows["name_key"].notna() | rows["is_team"], error=reasons.MISSING_NAME),
        strict=True,
    ),
    "registry": pa.DataFrameSchema(
        _ROW_KEY
        | {
            "uscc": _text(_uscc()),
            "name": _text(_present(reasons.MISSING_FIRM_NAME)),
            "founded": _date(),
            "closed": _date(),
            "status": _text(_one_of(*RULES["choices"]["status"])),
            "industry2": _text(_like(r"\d{2}")),
            "size": _text(_one_of(*RULES["choices"]["size"])),
            "street": _text(),
            "staff": pa.Column("Int64", nullable=True),
            "capital_cny": pa.Column("float64", nullable=True),
            "hitech": pa.Column("bool"),
        },
        strict=True,
    ),
    "spell": pa.DataFrameSchema(
        _ROW_KEY
        | {"person_key": _text(_present(reasons.MISSING_PERSON), _like("[0-9a-f]{32}"))}
        | _pseudonyms("name_key", "surname_key", "id_key", "mask_key", "birth_key")
        | {
            "employer_no": _text(),
            "employer_name": _text(),
            "employer_uscc": _text(_uscc()),
            "start_ym": pa.Column("Int64", _present(reasons.MISSING_PERIOD), nullable=True),
            "end_ym": pa.Column("Int64", nullable=True),
        },
        checks=[
            pa.Check(
                lambda rows: rows["end_ym"].ge(rows["start_ym"]).fillna(True).astype("bool"),
                error=reasons.END_BEFORE_START,
            ),
            pa.Check(
                lambda rows: rows[["employer_no", "employer_name", "employer_uscc"]].notna().any(axis=1),
                error=reasons.MISSING_EMPLOYER,
            ),
        ],
        strict=True,
    ),
    "patent_row": pa.DataFrameSchema(
        _PATENT
        | {name: _text() for name in ("publication_no", "applicants", "inventors")}
        | {"profile": pa.Column("str")}
        | _ROW_KEY,
        strict=True,
    ),
    "patent": pa.DataFrameSchema(_PATENT | {"granted": _date()} | _ROW_KEY, unique=["app_no"], strict=True),
    "patent_party": pa.DataFrameSchema(
        {
            "app_no": pa.Column("str"),
            "ord": pa.Column("int64"),
            "role": _text(_one_of("applicant", "inventor")),
            "name": _text(),
        }
        | _pseudonyms("name_key")
        | _ROW_KEY,
        checks=pa.Check(lambda rows: rows["name"].isna() | rows["name_key"].isna(), error=reasons.SCHEMA),
        strict=True,
    ),
}
