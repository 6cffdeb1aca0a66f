"""The award roster: one row per winner, teams as parts 1..n of one row."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from zgzx_research.clean import reasons
from zgzx_research.clean.cleaned import Cleaned, Piece, finish, pieces
from zgzx_research.clean.identifiers import firm_names
from zgzx_research.clean.pseudonyms import is_team_name, person_keys
from zgzx_research.clean.quarantine import KEY, enforce, first_only, note
from zgzx_research.clean.rules import RULES
from zgzx_research.clean.values import chinese_number, on_unique, read_choices, split_cells
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import RawTable

PERSON_COLUMNS = ["person_name", "id_no", "birth", "phone"]
_EDITION = re.compile(r"第?\s*([一二三四五六七八九十〇]+|\d+|首)\s*届")


def clean_roster(tables: Sequence[RawTable], key: bytes) -> Cleaned:
    """Clean table `roster` (see the data dictionary)."""
    parts = [_parse(piece, key) for piece in pieces(tables)]
    frame = pd.concat([frame for frame, _ in parts], ignore_index=True)
    good, failed = enforce(frame, "roster")
    content = [column for column in good.columns if column not in KEY]
    kept, again = first_only(good, content, reasons.DUPLICATE_ROW)
    kept = kept.sort_values([*KEY, "part"], ignore_index=True)
    return finish("roster", tables, {"roster": kept}, "roster", [*(e for _, es in parts for e in es), failed, again])


def edition_of(text: str) -> int | None:
    """The edition named in a title: 第九届, 第12届, 首届."""
    found = _EDITION.search(text)
    if not found:
        return None
    return 1 if found[1] == "首" else chinese_number(found[1])


def _parse(piece: Piece, key: bytes) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    rows = piece.rows.assign(edition=_editions(piece.rows))
    rows["category"] = rows["category"].fillna(rows["section"])
    category = read_choices(rows["category"], "category", reasons.UNKNOWN_CATEGORY)
    rows["category_code"] = category.value
    persons, unaligned = _persons(rows, piece.profile.separators)
    is_team_row = persons["person_name"].map(is_team_name, na_action="ignore").eq(True)
    found = person_keys(
        persons.assign(person_name=persons["person_name"].mask(is_team_row)), piece.profile.dates["month"], key
    )
    several = persons.groupby(KEY)["part"].transform("size") > 1
    is_team = (several | is_team_row | persons["category_code"].eq("team")) & persons["person_name"].notna()
    frame = persons[[*KEY, "part", "edition"]].assign(
        category=persons["category_code"],
        is_team=is_team,
        firm_name=firm_names(persons["firm_name"]),
        street=firm_names(persons["street"].str.replace(RULES["street"]["suffix"], "", regex=True)),
        **{name: found.keys[name] for name in found.keys},
    )
    notes = [note(persons, column, why) for column, why in found.reasons.items()]
    return frame, [*piece.entries, note(rows, "category", category.reason), *unaligned, *notes]


def _editions(rows: pd.DataFrame) -> pd.Series:
    """Edition per row: from its own cell, else from the title, else from the sheet's name."""
    column = on_unique(rows["edition"], lambda text: edition_of(text) or chinese_number(text))
    for source in ("title", "sheet"):
        column = column.where(column.notna(), on_unique(rows[source], edition_of))
    lost = rows[column.isna()]
    if len(lost):
        raise ZgzxError(
            "no edition (届次) in the title rows, a column 届次 or the sheet name", where=lost["file"].iloc[0],
            count=len(lost), remedy='Write it into the title, e.g. 第九届"职工之星"获奖名单.',
        )  # fmt: skip
    return column.astype("int64")


def _persons(rows: pd.DataFrame, separators: dict[str, str]) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """One row per named person; other cells of a team go to its members only when there is one for each."""
    names = split_cells(rows["person_name"], separators["person_name"])
    size = names.map(len).clip(lower=1)
    lists = {"person_name": names.where(names.map(bool), pd.Series([[None]] * len(rows), index=rows.index))}
    entries = []
    for column in PERSON_COLUMNS[1:]:
        values = split_cells(rows[column], separators[column])
        count = values.map(len)
        single = size == 1  # a slash or bar in a single person's cell is left to the reader of the value
        fits = single | (count == size)
        entries.append(note(rows, column, pd.Series(reasons.VALUE_TEAM, rows.index).where(~fits & (count > 0))))
        whole = rows[column].astype("object").map(lambda text: [text])
        lists[column] = values.where(fits & ~single, whole.where(single, size.map(lambda n: [None] * n)))
    frame = rows.assign(**lists).explode(PERSON_COLUMNS, ignore_index=True)
    frame[PERSON_COLUMNS] = frame[PERSON_COLUMNS].astype("str")
    frame["part"] = frame.groupby(KEY).cumcount() + 1
    return frame, entries
