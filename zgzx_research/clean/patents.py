"""Patents: one row per application, and its parties."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from zgzx_research.clean import reasons
from zgzx_research.clean.cleaned import Cleaned, Piece, finish, pieces
from zgzx_research.clean.identifiers import firm_names, read_application_numbers
from zgzx_research.clean.pseudonyms import is_organisation, name_keys
from zgzx_research.clean.quarantine import KEY, enforce, first_only, note
from zgzx_research.clean.rules import RULES
from zgzx_research.clean.values import on_unique, read_dates, split_cells
from zgzx_research.ingest.read import RawTable

ROLES = {"applicant": "applicants", "inventor": "inventors"}
_KIND = r"([A-Z])\d?$"


def clean_patents(tables: Sequence[RawTable], key: bytes) -> Cleaned:
    """Clean tables `patent` and `patent_party` (see the data dictionary).

    The publication and the grant of one application are merged: the earliest row stays, with its parties.
    """
    found = pieces(tables)
    parts = [_parse(piece) for piece in found]
    good, failed = enforce(pd.concat([frame for frame, _ in parts], ignore_index=True), "patent_row")
    distinct, again = first_only(good, ["app_no", "publication_no"], reasons.DUPLICATE_ROW)
    kept, merged = _merge(distinct)
    patent, _ = enforce(kept, "patent")
    separators = {piece.profile.name: piece.profile.separators for piece in found}
    party, _ = enforce(_parties(kept, separators, key), "patent_party")
    entries = [*(entry for _, notes in parts for entry in notes), failed, again, merged]
    return finish("patents", tables, {"patent": patent, "patent_party": party}, "patent", entries)


def _parse(piece: Piece) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    rows, styles = piece.rows, piece.profile.dates["day"]
    numbers = read_application_numbers(rows["app_no"])
    filed, published = read_dates(rows["filed"], styles), read_dates(rows["published"], styles)
    early = published.value < filed.value
    frame = rows[[*KEY, "part", "applicants", "inventors"]].assign(
        app_no=numbers["app_no"],
        type=numbers["type"],
        filed=filed.value,
        published=published.value.mask(early),
        publication_no=rows["publication_no"].str.upper().str.replace(r"[\s.]", "", regex=True),
        profile=piece.profile.name,
    )
    order = pd.Series(reasons.VALUE_DATE_ORDER, rows.index, dtype="object").where(early, None)
    notes = [
        note(rows, "app_no", numbers["reason"]),
        note(rows, "filed", filed.reason.where(filed.reason.isna(), reasons.BAD_FILING_DATE)),
        note(rows, "published", published.reason),
        note(rows, "published", order),
    ]
    return frame.astype({"profile": "str"}), [*piece.entries, *notes]


def _merge(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per application: published = first date, granted = first date of a row whose kind letter says so."""
    kind = rows["publication_no"].str.extract(_KIND, expand=False)
    granted = rows["published"].where(kind.isin(list(RULES["application"]["granted_kinds"])))
    rows = rows.assign(granted=granted).sort_values(["published", *KEY], kind="stable")
    dates = rows.groupby("app_no", sort=False)[["published", "granted"]].min()
    kept, merged = first_only(rows, ["app_no"], reasons.DUPLICATE_APPLICATION)
    kept = kept.drop(columns=["published", "granted"]).join(dates, on="app_no")
    return kept.sort_values(KEY, ignore_index=True), merged


def _parties(rows: pd.DataFrame, separators: dict[str, dict[str, str]], key: bytes) -> pd.DataFrame:
    """One row per party, applicants first; organisations by name, everybody else by pseudonym only."""
    frames = []
    for profile, marks in separators.items():
        group = rows[rows["profile"] == profile]
        for role, column in ROLES.items():
            frames.append(group[[*KEY, "app_no"]].assign(role=role, text=split_cells(group[column], marks[column])))
    party = pd.concat(frames).explode("text").dropna(subset="text").astype({"text": "str", "role": "str"})
    party = party.sort_values([*KEY, "role"], kind="stable", ignore_index=True)
    party["part"] = party.groupby(KEY).cumcount() + 1
    party["ord"] = party.groupby([*KEY, "role"]).cumcount() + 1
    is_firm = party["role"].eq("applicant") & on_unique(party["text"], is_organisation).eq(True)
    return party.assign(
        name=firm_names(party["text"].where(is_firm)), name_key=name_keys(party["text"].mask(is_firm), key)["name_key"]
    )
