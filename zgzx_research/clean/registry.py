"""The business registry: one row per enterprise."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from zgzx_research.clean import reasons
from zgzx_research.clean.cleaned import Cleaned, Piece, finish, pieces
from zgzx_research.clean.identifiers import firm_names, read_uscc
from zgzx_research.clean.quarantine import KEY, enforce, first_only, note
from zgzx_research.clean.values import read_amounts, read_choices, read_counts, read_dates, read_industries
from zgzx_research.ingest.read import RawTable


def clean_registry(tables: Sequence[RawTable], key: bytes) -> Cleaned:
    """Clean table `registry` (see the data dictionary). A firm without a usable code keeps its row, with uscc null."""
    parts = [_parse(piece) for piece in pieces(tables)]
    good, failed = enforce(pd.concat([frame for frame, _ in parts], ignore_index=True), "registry")
    content = [column for column in good.columns if column not in KEY]
    distinct, again = first_only(good, content, reasons.DUPLICATE_ROW)
    kept, same_code = first_only(distinct, ["uscc"], reasons.DUPLICATE_USCC)
    entries = [*(entry for _, found in parts for entry in found), failed, again, same_code]
    return finish("registry", tables, {"registry": kept.reset_index(drop=True)}, "registry", entries)


def _parse(piece: Piece) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    rows, profile = piece.rows, piece.profile
    read = {
        "uscc": read_uscc(rows["uscc"]),
        "founded": read_dates(rows["founded"], profile.dates["day"]),
        "closed": read_dates(rows["closed"], profile.dates["day"]),
        "status": read_choices(rows["status"], "status"),
        "industry": read_industries(rows["industry"]),
        "size": read_choices(rows["size"], "size"),
        "staff": read_counts(rows["staff"]),
        "capital": read_amounts(rows["capital"], profile.amounts.get("bare_unit", "")),
        "hitech": read_choices(rows["hitech"], "hitech"),
    }
    early = read["closed"].value < read["founded"].value
    frame = rows[[*KEY, "part"]].assign(
        uscc=read["uscc"].value,
        name=firm_names(rows["firm_name"]),
        founded=read["founded"].value,
        closed=read["closed"].value.mask(early),
        status=read["status"].value,
        industry2=read["industry"].value,
        size=read["size"].value,
        street=firm_names(rows["street"]),
        staff=read["staff"].value,
        capital_cny=read["capital"].value,
        hitech=read["hitech"].value.eq("true"),
    )
    order = pd.Series(reasons.VALUE_DATE_ORDER, rows.index, dtype="object").where(early, None)
    notes = [note(rows, column, result.reason) for column, result in read.items()]
    return frame, [*piece.entries, *notes, note(rows, "closed", order)]
