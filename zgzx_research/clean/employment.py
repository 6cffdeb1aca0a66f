"""Social insurance as spells: one row per person, employer and unbroken period."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from zgzx_research.clean import reasons
from zgzx_research.clean.cleaned import Cleaned, Piece, finish, pieces
from zgzx_research.clean.identifiers import firm_names, read_employer_numbers, read_uscc
from zgzx_research.clean.pseudonyms import keyed_hash, person_keys
from zgzx_research.clean.quarantine import KEY, enforce, first_only, note
from zgzx_research.clean.values import Parsed, read_months
from zgzx_research.ingest.read import RawTable


def clean_employment(tables: Sequence[RawTable], key: bytes) -> Cleaned:
    """Clean table `spell` (see the data dictionary).

    A blank end is an open spell; an end that cannot be read is not, so such a row leaves.
    """
    parts = [_parse(piece, key) for piece in pieces(tables)]
    frame = pd.concat([frame for frame, _ in parts], ignore_index=True)
    notes = [entry for _, found in parts for entry in found]
    good, failed = enforce(frame[~frame["unreadable_end"]], "spell")
    content = [column for column in good.columns if column not in KEY]
    kept, again = first_only(good, content, reasons.DUPLICATE_ROW)
    kept = kept.astype({"start_ym": "int64"}).reset_index(drop=True)
    return finish("employment", tables, {"spell": kept}, "spell", [*notes, failed, again])


def _parse(piece: Piece, key: bytes) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    rows, styles = piece.rows, piece.profile.dates["month"]
    read = {name: _period(rows[name], styles) for name in ("start_ym", "end_ym")}
    read["employer_uscc"] = read_uscc(rows["employer_uscc"])
    read["employer_no"] = read_employer_numbers(rows["employer_no"])
    persons = person_keys(rows, styles, key)
    frame = rows[[*KEY, "part"]].assign(
        # The computer number names the person; where it is missing the resident ID does.
        person_key=keyed_hash(rows["person_no"], key).fillna(persons.keys["id_key"]),
        **{name: persons.keys[name] for name in persons.keys},
        employer_no=read["employer_no"].value,
        employer_name=firm_names(rows["employer_name"]),
        employer_uscc=read["employer_uscc"].value,
        start_ym=read["start_ym"].value,
        end_ym=read["end_ym"].value,
        unreadable_end=read["end_ym"].reason.notna(),
    )
    notes = [note(rows, column, result.reason) for column, result in read.items()]
    notes += [note(rows, column, why) for column, why in persons.reasons.items()]
    return frame, [*piece.entries, *notes]


def _period(column: pd.Series, styles: tuple[str, ...]) -> Parsed:
    months = read_months(column, styles)
    return Parsed(months.value, months.reason.where(months.reason.isna(), reasons.BAD_PERIOD))
