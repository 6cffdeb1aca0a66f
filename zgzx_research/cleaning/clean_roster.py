"""The award roster: one row per winner, teams as parts 1..n of one row."""

from __future__ import annotations

from collections.abc import Sequence

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
from zgzx_research.cleaning.editions import first_said, read_editions
from zgzx_research.cleaning.identifiers import firm_names, is_among
from zgzx_research.cleaning.names import several_in_a_cell
from zgzx_research.cleaning.pseudonyms import person_keys
from zgzx_research.cleaning.qualifications import QUALIFICATIONS, read_qualifications
from zgzx_research.cleaning.quarantine import as_written, enforce, first_only, flag, note
from zgzx_research.cleaning.schemas import ROW_KEY
from zgzx_research.cleaning.streets import read_streets
from zgzx_research.cleaning.teams import one_row_per_person
from zgzx_research.cleaning.values import read_choices
from zgzx_research.ingest.read import RawTable

AS_WRITTEN = ("person_name", "id_no", "phone", "firm_name", "category", "section", "street")
OTHERS = ("id_no", "birth", "phone", *QUALIFICATIONS)
LAYOUTS = {
    "roster": Layout(("person_name", "firm_name"), (*OTHERS, "street", "category", "edition"))
}


def clean_roster(tables: Sequence[RawTable], key: bytes) -> Cleaned:
    """Clean table `roster` (see the data dictionary)."""
    frame, entries = stacked(
        [_parse(piece, key) for piece in pieces(tables, LAYOUTS)["roster"]], "roster"
    )
    good, failed = enforce(frame, "roster")
    written = frame.get("written")
    winner = ["edition", "category", "firm_name", "part"]
    newest, older = newer_only(
        good,
        lambda rows: subject_of(rows[winner].assign(named=frame["named"]), [*winner, "named"]),
        tables,
    )
    content = good.columns.difference(ROW_KEY)
    kept, again = first_only(
        newest, content, reasons.DUPLICATE_ROW, decided_to_keep(tables), written
    )
    kept = kept.sort_values([*ROW_KEY, "part"], ignore_index=True)
    return finish("roster", tables, {"roster": kept}, [*entries, failed, older, again])


def _parse(piece: Piece, key: bytes) -> Parts:
    edition, disagree = read_editions(piece.rows)
    rows = piece.rows.assign(edition=edition, written=as_written(piece.rows, AS_WRITTEN))
    said, differ = first_said(rows, "category", ("section",))
    rows["category"] = said.fillna(rows["section"])
    category = read_choices(
        rows["category"], "category", reasons.UNKNOWN_CATEGORY, reasons.AMBIGUOUS_CATEGORY
    )
    street = read_streets(rows["street"], rows["edition"])
    rows = rows.assign(
        category_code=category.value,
        named=rows["person_name"].notna(),
        whole_name=as_written(rows, ("person_name",)),
        place=street["street"],
        street_code=street["street_code"],
        route=street["route"],
    )
    persons, unaligned = one_row_per_person(rows, OTHERS, piece.separators)
    found = person_keys(persons, piece.styles("month"), key)
    qualified, unread = read_qualifications(persons)
    a_person = is_among(persons["firm_name"], persons["person_name"])
    frame = persons[[*ROW_KEY, "part", "edition", "street_code", "route"]].assign(
        category=persons["category_code"],
        is_team=persons["is_team"] | (persons["category_code"].eq("team") & persons["named"]),
        firm_name=firm_names(persons["firm_name"].mask(a_person)),
        street=persons["place"],
        written=persons["written"],
        named=persons["whole_name"],
        birth_year=found.birth_year,
        **(dict(found.keys.items()) | qualified),
    )
    notes = [note(persons, column, why) for column, why in (found.reasons | unread).items()]
    notes += [
        note(rows, "edition", disagree),
        note(rows, "category", category.reason),
        note(rows, "category", differ),
        note(rows, "street", street["reason"]),
        note(persons, "firm_name", flag(a_person, reasons.VALUE_PERSONAL_NAME)),
        note(rows, "firm_name", several_in_a_cell(rows["firm_name"])),
    ]
    return frame, [*piece.entries, *unaligned, *notes]
