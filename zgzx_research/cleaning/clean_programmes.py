"""Other programmes, costs, participation and the district's published series."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pandas as pd

from zgzx_research.cleaning import reasons
from zgzx_research.cleaning.cleaned import (
    Cleaned,
    Layout,
    Parts,
    Piece,
    decided_to_keep,
    finish,
    pieces,
    stacked,
)
from zgzx_research.cleaning.deliveries import newer_only, subject_of
from zgzx_research.cleaning.editions import edition_cells
from zgzx_research.cleaning.identifiers import (
    firm_names,
    is_among,
    read_uscc,
    without_personal_numbers,
)
from zgzx_research.cleaning.pseudonyms import name_keys
from zgzx_research.cleaning.quarantine import as_written, enforce, first_only, flag, note
from zgzx_research.cleaning.rules import RULES
from zgzx_research.cleaning.schemas import CRAFTSMAN, ROW_KEY, SPECIALISED, VISIT
from zgzx_research.cleaning.streets import read_streets
from zgzx_research.cleaning.values import (
    Parsed,
    chinese_number,
    parsed,
    read_choices,
    read_counts,
    read_dates,
    read_decimals,
)
from zgzx_research.distinct import holds, on_unique
from zgzx_research.ingest.read import RawTable

LAYOUTS = {
    SPECIALISED: Layout(("firm_name", "batch", "year"), ("uscc",)),
    CRAFTSMAN: Layout(("person_name", "title", "year"), ("firm_name",)),
    VISIT: Layout(("date", "firm_name", "matter"), ("team", "uscc")),
    "cost": Layout(("edition", "item", "amount")),
    "participation": Layout(("edition", "union", "persons"), ("route",)),
    "district_year": Layout(("year", "indicator", "value"), ("unit", "vintage", "origin")),
}
_YEAR = re.compile(r"(?P<year>(?:19|20)\d{2})(?:\.0)?年?度?")
_BATCH = re.compile(r"(?:(?:19|20)\d{2}年)?第?(?P<number>[一二三四五六七八九十]{1,3}|\d{1,2})批?")
_TEXTS = {name: re.compile(pattern) for name, pattern in RULES["texts"].items()}


# What a row is about, where a later delivery may say it anew.
SUBJECTS = {"participation": lambda rows: subject_of(rows, ["edition", "union_name"])}


def clean_programmes(tables: Sequence[RawTable], key: bytes) -> Cleaned:
    """Clean tables `programme`, `cost`, `participation`, `district_year`.

    See the data dictionary.
    """
    found = pieces(tables, LAYOUTS)
    readers: dict[str, Callable[[Piece], Parts]] = {
        "cost": _costs,
        "participation": _participation,
        "district_year": _district,
    }
    parts = {name: [read(piece) for piece in found[name]] for name, read in readers.items()}
    parts["programme"] = [
        *(_specialised(piece) for piece in found[SPECIALISED]),
        *(_craftsmen(piece, key) for piece in found[CRAFTSMAN]),
        *(_visits(piece) for piece in found[VISIT]),
    ]
    result, entries, keep = {}, [], decided_to_keep(tables)
    for table, of_table in parts.items():
        frame, notes = stacked(of_table, table)
        good, failed = enforce(frame, table)
        newest, older = (
            newer_only(good, SUBJECTS[table], tables)
            if table in SUBJECTS
            else (good, failed.iloc[:0])
        )
        content = good.columns.difference(ROW_KEY)
        kept, again = first_only(newest, content, reasons.DUPLICATE_ROW, keep, frame.get("written"))
        result[table] = kept.reset_index(drop=True)
        entries += [*notes, failed, older, again]
    return finish("programmes", tables, result, entries)


def _specialised(piece: Piece) -> Parts:
    """Specialised firms: known from 1 January of the year they were named."""
    rows = piece.rows
    code, onset = read_uscc(rows["uscc"]), _first_of_january(rows["year"])
    batch = parsed(rows["batch"], _batch, "str")
    frame = rows[[*ROW_KEY, "part"]].assign(
        programme=SPECIALISED,
        firm_name=firm_names(rows["firm_name"]),
        uscc=code.value,
        name_key=None,
        onset=onset.value,
        detail=batch.value,
        written=as_written(rows, ("firm_name", "uscc", "batch")),
    )
    return _typed(frame), _notes(
        piece, {"uscc": code.reason, "year": onset.reason, "batch": batch.reason}
    )


def _craftsmen(piece: Piece, key: bytes) -> Parts:
    """Craftsmen: by pseudonym, the firm they worked at, and the title."""
    rows = piece.rows
    onset, title = _first_of_january(rows["year"]), read_choices(rows["title"], "title")
    a_person = is_among(rows["firm_name"], rows["person_name"])
    frame = rows[[*ROW_KEY, "part"]].assign(
        programme=CRAFTSMAN,
        firm_name=firm_names(rows["firm_name"].mask(a_person)),
        uscc=None,
        name_key=name_keys(rows["person_name"], key)["name_key"],
        onset=onset.value,
        detail=title.value,
        written=as_written(rows, ("person_name", "firm_name", "title")),
    )
    a_name = flag(a_person, reasons.VALUE_PERSONAL_NAME)
    return _typed(frame), _notes(
        piece, {"year": onset.reason, "title": title.reason, "firm_name": a_name}
    )


def _visits(piece: Piece) -> Parts:
    """Expert visits: the day, the firm and the subject; the experts are people and are not kept."""
    rows = piece.rows
    date, code = read_dates(rows["date"], piece.styles("day")), read_uscc(rows["uscc"])
    subject = read_choices(rows["matter"], "matter")
    frame = rows[[*ROW_KEY, "part"]].assign(
        programme=VISIT,
        firm_name=firm_names(rows["firm_name"]),
        uscc=code.value,
        name_key=None,
        onset=date.value,
        detail=subject.value,
        written=as_written(rows, ("firm_name", "uscc", "team", "matter")),
    )
    return _typed(frame), _notes(
        piece, {"date": date.reason, "uscc": code.reason, "matter": subject.reason}
    )


def _costs(piece: Piece) -> Parts:
    rows = piece.rows
    edition, item = _editions(rows["edition"]), read_choices(rows["item"], "cost_item")
    amount = piece.amounts("amount")
    frame = rows[[*ROW_KEY, "part"]].assign(
        edition=edition.value, item=item.value, amount_cny=amount.value
    )
    frame["written"] = as_written(rows, ("item",))
    return frame, _notes(
        piece, {"edition": edition.reason, "item": item.reason, "amount": amount.reason}
    )


def _participation(piece: Piece) -> Parts:
    rows = piece.rows
    edition, persons = _editions(rows["edition"]), read_counts(rows["persons"])
    street, union = read_streets(rows["union"], edition.value), _text(rows["union"], "union")
    route = read_choices(rows["route"], "route")
    frame = rows[[*ROW_KEY, "part"]].assign(
        edition=edition.value,
        union_name=union.value.fillna(street["street"]),
        street=street["street"],
        street_code=street["street_code"],
        route=route.value.fillna(street["route"]),
        persons=persons.value,
        written=as_written(rows, ("union", "route")),
    )
    why = {"edition": edition.reason, "persons": persons.reason, "route": route.reason}
    return frame, _notes(piece, why)


def _district(piece: Piece) -> Parts:
    """Read the published series; a text outside the language of statistics is not kept.

    It may be personal.
    """
    rows = piece.rows
    year = parsed(rows["year"], lambda text: _year(text, reasons.VALUE_DATE), "Int64")
    personal = holds(rows["value"], lambda text: without_personal_numbers(text) != text)
    value = read_decimals(rows["value"].mask(personal), -1e15, 1e15, reasons.VALUE_NUMBER)
    texts = {name: _text(rows[name], name) for name in ("indicator", "unit", "vintage", "origin")}
    values = {name: text.value for name, text in texts.items()}
    frame = rows[[*ROW_KEY, "part"]].assign(year=year.value, value=value.value, **values)
    frame["written"] = as_written(rows, ("indicator", "unit", "vintage", "origin"))
    number = value.reason.fillna(flag(personal, reasons.VALUE_PERSONAL_NUMBER))
    why = {"year": year.reason, "value": number} | {
        name: text.reason for name, text in texts.items()
    }
    return frame, _notes(piece, why)


def _notes(piece: Piece, why: dict[str, pd.Series]) -> list[pd.DataFrame]:
    return [*piece.entries, *(note(piece.rows, column, reason) for column, reason in why.items())]


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(dict.fromkeys(("programme", "uscc", "name_key"), "str"))


def _year(text: str, reason: str) -> tuple[int | None, str | None]:
    found = _YEAR.fullmatch(text)
    return (int(found["year"]), None) if found else (None, reason)


def _first_of_january(column: pd.Series) -> Parsed:
    years = parsed(column, lambda text: _year(text, reasons.VALUE_DATE), "Int64")
    days = pd.to_datetime(years.value.astype("str") + "-01-01").astype("datetime64[s]")
    return Parsed(days, years.reason)


def _batch(text: str) -> tuple[str | None, str | None]:
    """第三批 as "batch 3"."""
    found = _BATCH.fullmatch(text)
    number = chinese_number(found["number"]) if found else None
    return (f"batch {number}", None) if number else (None, reasons.VALUE_TEXT)


def _editions(column: pd.Series) -> Parsed:
    edition = edition_cells(column).astype("Int64")
    return Parsed(edition, flag(edition.isna() & column.notna(), reasons.VALUE_NUMBER))


def _text(column: pd.Series, kind: str) -> Parsed:
    """Texts of the kind that `rules.toml` [texts] describes, as they are delivered.

    Of others nothing is kept.
    """
    known = holds(column, _TEXTS[kind].fullmatch)
    value = on_unique(column.where(known), without_personal_numbers, "str")
    return Parsed(value, flag(column.notna() & ~known, reasons.VALUE_TEXT))
