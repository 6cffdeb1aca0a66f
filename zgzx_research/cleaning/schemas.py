"""What every clean table must be: columns, types and constraints.

The data dictionary is made from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
import pandera.pandas as pa

from zgzx_research.cleaning import reasons
from zgzx_research.cleaning.identifiers import is_uscc
from zgzx_research.cleaning.industries import SECTIONS
from zgzx_research.cleaning.qualifications import EDUCATION_LEVELS, SEXES, SKILL_LEVELS
from zgzx_research.cleaning.rules import RULES
from zgzx_research.cleaning.streets import CODES, STREETS
from zgzx_research.cleaning.values import DAY
from zgzx_research.distinct import holds

ROW_KEY = ["file", "sheet", "row"]
CATEGORIES = ("innovation", "team", "talent", "skill")
PATENT_TYPES = ("invention", "utility_model", "design")
SPECIALISED, CRAFTSMAN, VISIT = PROGRAMMES = ("specialised", "craftsman", "visit")


def empty(table: str) -> pd.DataFrame:
    """Return the clean table without a row, its columns typed."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in dtypes(table).items()})


def dtypes(table: str) -> dict[str, str]:
    """Pandas type of every column of a clean table."""
    said = {name: str(column.dtype) for name, column in SCHEMAS[table].columns.items()}
    ours = {"string": "str", "datetime64[ns]": DAY}  # pandera prints these two in its own way
    return {name: ours.get(dtype.removesuffix("[pyarrow]"), dtype) for name, dtype in said.items()}


def _present(reason: str) -> pa.Check:
    return pa.Check(
        lambda values: values.notna(), ignore_na=False, error=reason, description="never missing"
    )


def _text(*checks: pa.Check) -> pa.Column:
    return pa.Column("str", checks=list(checks), nullable=True)


def _one_of(*values: str) -> pa.Check:
    return pa.Check(
        lambda cells: cells.isin(values),
        error=reasons.SCHEMA,
        description="one of " + ", ".join(values),
    )


def _each(test: Callable[[str], object], description: str) -> pa.Check:
    """Return a check of the distinct texts only."""
    return pa.Check(
        lambda cells: cells.isna() | holds(cells, test),
        error=reasons.SCHEMA,
        description=description,
    )


def _like(pattern: str, description: str) -> pa.Check:
    return _each(re.compile(pattern).fullmatch, description)


def _between(lowest: float, highest: float) -> pa.Check:
    return pa.Check.in_range(
        lowest, highest, error=reasons.SCHEMA, description=f"{lowest:g} to {highest:g}"
    )


def _at_least_one() -> pa.Check:
    return pa.Check.ge(1, error=reasons.SCHEMA, description="1 or more")


def _month() -> pa.Check:
    return pa.Check(
        lambda months: months.mod(100).between(1, 12) & months.between(190001, 210012),
        error=reasons.SCHEMA,
        description="YYYYMM",
    )


def _months(*checks: pa.Check) -> pa.Column:
    return pa.Column("Int64", checks=[*checks, _month()], nullable=True)


def _whole(*checks: pa.Check) -> pa.Column:
    return pa.Column("Int64", checks=list(checks), nullable=True)


def _number(*checks: pa.Check) -> pa.Column:
    return pa.Column("float64", checks=list(checks), nullable=True)


def _date(*checks: pa.Check) -> pa.Column:
    return pa.Column(DAY, checks=list(checks), nullable=True)


def _pseudonyms(*names: str) -> dict[str, pa.Column]:
    return {name: _text(_PSEUDONYM) for name in names}


def _uscc() -> pa.Column:
    return _text(_each(is_uscc, "both check characters right"))


def _any_of(reason: str, *columns: str) -> pa.Check:
    return pa.Check(
        lambda rows: rows[list(columns)].notna().any(axis=1),
        error=reason,
        description="has " + " or ".join(columns),
    )


def _in_order() -> pa.Check:
    return pa.Check(
        lambda rows: rows["end_ym"].ge(rows["start_ym"]).fillna(True).astype("bool"),
        error=reasons.END_BEFORE_START,
        description="end_ym is not before start_ym",
    )


def _named() -> pa.Check:
    return pa.Check(
        lambda rows: rows["name_key"].notna() | rows["is_team"],
        error=reasons.MISSING_NAME,
        description="has name_key, or is a team",
    )


def _table(
    columns: dict[str, pa.Column], *checks: pa.Check, unique: list[str] | None = None
) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(columns, checks=list(checks), unique=unique, strict=True)


_PSEUDONYM = _like("[0-9a-f]{32}", "32 hex digits")
_RECORD_KEY = {
    "file": pa.Column("str"),
    "sheet": pa.Column("str"),
    "row": pa.Column("int64", _at_least_one()),
    "part": pa.Column("int64", _at_least_one()),
}
_PERSON = {"person_key": _text(_present(reasons.MISSING_PERSON), _PSEUDONYM)} | _pseudonyms(
    "name_key", "surname_key", "id_key", "mask_key", "birth_key"
)
_EMPLOYER = {"employer_no": _text(), "employer_name": _text(), "employer_uscc": _uscc()}
# Of a month only the month is new: what else it says is the same two hundred times, and is kept as
# categories.
_LINE = {
    name: pa.Column("category", checks=column.checks, nullable=True)
    for name, column in (_PERSON | _EMPLOYER).items()
}
_HAS_EMPLOYER = _any_of(reasons.MISSING_EMPLOYER, *_EMPLOYER)
_STREET = {"street": _text(_one_of(*STREETS)), "street_code": _text(_one_of(*CODES))}
_ROUTE = {"route": _text(_one_of("street", "industry"))}
_EDITION = {"edition": pa.Column("int64", _at_least_one())}
_CATEGORY = {"category": _text(_present(reasons.MISSING_CATEGORY), _one_of(*CATEGORIES))}
_STAGE = {"stage": _text(_present(reasons.UNKNOWN_STAGE), _one_of("preliminary", "final"))}
_PATENT = {
    "app_no": _text(_present(reasons.MISSING_APPLICATION_NUMBER)),
    "type": _text(_one_of(*PATENT_TYPES)),
    "filed": _date(_present(reasons.MISSING_FILING_DATE)),
    "published": _date(),
    "granted": _date(),
}
# Rows of the exports before publication and grant are merged: this table never leaves memory.
ROWS_OF_PATENTS = "patent_row"

SCHEMAS: dict[str, pa.DataFrameSchema] = {
    "roster": _table(
        _RECORD_KEY
        | _EDITION
        | _CATEGORY
        | {"is_team": pa.Column("bool"), "firm_name": _text()}
        | _STREET
        | _ROUTE
        | _pseudonyms("name_key", "surname_key", "id_key", "mask_key", "birth_key", "phone_key")
        | {
            "birth_year": _whole(_between(1900, 2100)),
            "sex": _text(_one_of(*SEXES)),
            "education": _text(_one_of(*EDUCATION_LEVELS)),
            "skill_level": _text(_one_of(*SKILL_LEVELS)),
        },
        _named(),
    ),
    "registry": _table(
        _RECORD_KEY
        | {
            "uscc": _uscc(),
            "registration_no": _text(_like(r"\d{15}", "15 digits, check digit right")),
            "organisation_code": _text(
                _like(r"[0-9A-Z]{8}[0-9X]", "9 characters, check character right")
            ),
            "name": _text(_present(reasons.MISSING_FIRM_NAME)),
            "founded": _date(),
            "closed": _date(),
            "status": _text(_one_of(*RULES["choices"]["status"])),
            "industry_section": _text(_like("[A-T]", "A to T")),
            "industry2": _text(_each(SECTIONS.__contains__, "01 to 97")),
            "size": _text(_one_of(*RULES["choices"]["size"])),
        }
        | _STREET
        | {
            "address": _text(),
            "district": _text(),
            "staff": _whole(),
            "capital_cny": _number(),
            "hitech": pa.Column("bool"),
        }
    ),
    "registry_name": _table(
        _RECORD_KEY
        | {
            "uscc": _uscc(),
            "firm_name": _text(),
            "name": _text(_present(reasons.MISSING_FIRM_NAME)),
            "valid_from": _date(),
            "valid_to": _date(),
            "kind": _text(_one_of("现名", "曾用名")),
        },
        _any_of(reasons.MISSING_FIRM, "uscc", "firm_name"),
    ),
    "registry_event": _table(
        _RECORD_KEY
        | {
            "uscc": _uscc(),
            "firm_name": _text(),
            "type": _text(_present(reasons.UNKNOWN_CHANGE), _one_of(*RULES["choices"]["change"])),
            "date": _date(_present(reasons.MISSING_DATE)),
            "before": _text(),
            "after": _text(),
        },
        _any_of(reasons.MISSING_FIRM, "uscc", "firm_name"),
    ),
    "spell": _table(
        _RECORD_KEY
        | _PERSON
        | _EMPLOYER
        | {"start_ym": _months(_present(reasons.MISSING_PERIOD)), "end_ym": _months()},
        _in_order(),
        _HAS_EMPLOYER,
    ),
    "si_month": _table(
        _RECORD_KEY
        | {name: pa.Column("category") for name in ("file", "sheet")}
        | _LINE
        | {
            "period_ym": _months(_present(reasons.MISSING_PERIOD)),
            "paid_ym": _months(),
            "base": _number(),
            "kind": pa.Column(
                "category",
                [_present(reasons.UNKNOWN_KIND), _one_of(*RULES["choices"]["kind"])],
                nullable=True,
            ),
        },
        _HAS_EMPLOYER,
    ),
    "dispatch": _table(
        _RECORD_KEY
        | {"person_key": _text(_present(reasons.MISSING_PERSON), _PSEUDONYM)}
        | _pseudonyms("name_key", "id_key")
        | {
            "agency_name": _text(_present(reasons.MISSING_EMPLOYER)),
            "service_firm": _text(_present(reasons.MISSING_FIRM)),
            "start_ym": _months(_present(reasons.MISSING_PERIOD)),
            "end_ym": _months(_present(reasons.MISSING_PERIOD)),
        },
        _in_order(),
    ),
    ROWS_OF_PATENTS: _table(
        _PATENT
        | {
            name: _text()
            for name in ("publication_no", "applicants", "holders", "inventors", "codes", "title")
        }
        | {
            "dual_app_no": _text(),
            "is_dual": pa.Column("boolean", nullable=True),
            "profile": pa.Column("str"),
        }
        | _RECORD_KEY
    ),
    "patent": _table(
        _PATENT
        | {"dual_app_no": _text(_like(r"CN\d{8,12}\.[\dX]", "CN, digits, check"))}
        | _pseudonyms("title_hash")
        | _RECORD_KEY,
        unique=["app_no"],
    ),
    "patent_party": _table(
        {
            "app_no": pa.Column("str"),
            "ord": pa.Column("int64", _at_least_one()),
            "role": _text(_one_of("applicant", "holder", "inventor")),
            "name": _text(),
            "uscc": _uscc(),
        }
        | _pseudonyms("name_key")
        | _RECORD_KEY,
        pa.Check(
            lambda rows: rows["name"].isna() | rows["name_key"].isna(),
            error=reasons.SCHEMA,
            description="never both name and name_key",
        ),
    ),
    "entry": _table(
        _RECORD_KEY
        | _EDITION
        | _CATEGORY
        | _STAGE
        | _pseudonyms("name_key", "surname_key")
        | {
            "is_team": pa.Column("bool"),
            "firm_name": _text(),
            "total": _number(_between(0, 100)),
            "rank": _whole(_at_least_one()),
            "outcome": _text(_one_of("out", "advanced", "awarded", "absent")),
        },
        _named(),
    ),
    "score": _table(
        _RECORD_KEY
        | _EDITION
        | _CATEGORY
        | _STAGE
        | {"score": pa.Column("float64", _between(0, 100))},
        unique=[*ROW_KEY, "part"],
    ),
    "programme": _table(
        _RECORD_KEY
        | {
            "programme": _text(_one_of(*PROGRAMMES)),
            "firm_name": _text(),
            "uscc": _uscc(),
        }
        | _pseudonyms("name_key")
        | {"onset": _date(_present(reasons.MISSING_DATE)), "detail": _text()},
        pa.Check(
            lambda rows: rows["name_key"].notna() | rows["programme"].ne(CRAFTSMAN),
            error=reasons.MISSING_NAME,
            description="a craftsman has name_key",
        ),
        pa.Check(
            lambda rows: (
                rows[["firm_name", "uscc"]].notna().any(axis=1) | rows["programme"].eq(CRAFTSMAN)
            ),
            error=reasons.MISSING_FIRM,
            description="all but craftsmen have firm_name or uscc",
        ),
    ),
    "cost": _table(
        _RECORD_KEY
        | {
            "edition": _whole(_present(reasons.MISSING_EDITION), _at_least_one()),
            "item": _text(_present(reasons.SCHEMA), _one_of(*RULES["choices"]["cost_item"])),
            "amount_cny": _number(_present(reasons.MISSING_NUMBER)),
        }
    ),
    "participation": _table(
        _RECORD_KEY
        | {"edition": _whole(_present(reasons.MISSING_EDITION), _at_least_one())}
        | {"union_name": _text(_present(reasons.UNKNOWN_UNION))}
        | _STREET
        | _ROUTE
        | {"persons": _whole(_present(reasons.MISSING_NUMBER))}
    ),
    "district_year": _table(
        _RECORD_KEY
        | {
            "year": _whole(_present(reasons.MISSING_DATE), _between(1900, 2100)),
            "indicator": _text(_present(reasons.UNKNOWN_INDICATOR)),
            "value": _number(_present(reasons.MISSING_NUMBER)),
            "unit": _text(),
            "vintage": _text(),
            "origin": _text(),
        }
    ),
}
