"""Patents: one row per application, and its parties."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

import pandas as pd

from zgzx_research.cleaning import reasons
from zgzx_research.cleaning.cleaned import Cleaned, Layout, Parts, Piece, finish, pieces, stacked
from zgzx_research.cleaning.deliveries import newer_only, subject_of
from zgzx_research.cleaning.identifiers import (
    firm_names,
    read_application_numbers,
    read_uscc,
    without_blanks,
)
from zgzx_research.cleaning.names import split_column, split_parties, split_people
from zgzx_research.cleaning.pseudonyms import is_organisation, keyed_hash, name_keys
from zgzx_research.cleaning.quarantine import enforce, first_only, flag, note
from zgzx_research.cleaning.rules import RULES
from zgzx_research.cleaning.schemas import ROW_KEY, ROWS_OF_PATENTS
from zgzx_research.cleaning.values import clean_column, read_choices, read_dates, split_cells
from zgzx_research.distinct import holds, on_texts, on_unique
from zgzx_research.ingest.read import RawTable

LAYOUTS = {
    "patents": Layout(
        ("app_no", "filed"),
        (
            "publication_no",
            "published",
            "granted",
            "applicants",
            "holders",
            "inventors",
            "dual",
            "uscc",
            "kind",
            "title",
        ),
    )
}
# what decides whether two applications are one invention filed twice (一案双申)
DUAL_COLUMNS = ["app_no", "type", "filed", "applicants", "inventors", "title", "is_dual"]
TWINS = ("invention", "utility_model")
ROLES = {"applicant": "applicants", "holder": "holders", "inventor": "inventors"}
_GRANTED = re.compile(f"[{''.join(RULES['application']['granted_kinds'])}]\\d?$")


def clean_patents(tables: Sequence[RawTable], key: bytes) -> Cleaned:
    """Clean tables `patent` and `patent_party` (see the data dictionary).

    The publication and the grant of one application are merged: the earliest row stays, with its
    parties. Where a layout has no holders of its own, those who hold the granted patent are the
    parties of the latest row.
    """
    found = pieces(tables, LAYOUTS)["patents"]
    frame, notes = stacked([_parse(piece) for piece in found], ROWS_OF_PATENTS)
    good, failed = enforce(frame, ROWS_OF_PATENTS)
    publication = ["app_no", "publication_no"]
    newest, older = newer_only(good, lambda rows: subject_of(rows, publication), tables)
    distinct, again = first_only(newest, publication, reasons.DUPLICATE_ROW)
    kept, merged = _merge(distinct)
    kept = kept.assign(
        dual_app_no=pair_double_filings(kept),
        title_hash=keyed_hash(on_texts(kept["title"], without_blanks, "str"), key),
    )
    patent, _ = enforce(kept, "patent")
    parties = [_parties(kept[kept["profile"] == piece.profile.name], piece, key) for piece in found]
    rows, more = stacked(parties, "patent_party")
    party, _ = enforce(rows.sort_values([*ROW_KEY, "part"], ignore_index=True), "patent_party")
    return finish(
        "patents",
        tables,
        {"patent": patent, "patent_party": party},
        [*notes, *more, failed, older, again, merged],
    )


def _parse(piece: Piece) -> Parts:
    rows, styles = piece.rows, piece.styles("day")
    numbers = read_application_numbers(rows["app_no"])
    dual = _dual_filings(rows["dual"], piece.separators("dual"), numbers["app_no"])
    filed, published, granted = (
        read_dates(rows[name], styles) for name in ("filed", "published", "granted")
    )
    publication_no = on_unique(
        rows["publication_no"], lambda text: re.sub(r"[\s.]", "", text.upper()), "str"
    )
    is_grant = holds(publication_no, _GRANTED.search)
    is_grant |= publication_no.isna() & rows["kind"].str.contains(
        RULES["application"]["granted_words"]
    ).eq(True)
    early = {"published": published.value < filed.value, "granted": granted.value < filed.value}
    day = published.value.mask(early["published"])
    frame = rows[[*ROW_KEY, "part", "applicants", "holders", "inventors", "title"]].assign(
        app_no=numbers["app_no"],
        type=numbers["type"],
        filed=filed.value,
        published=day,
        granted=granted.value.mask(early["granted"]).fillna(day.where(is_grant)),
        publication_no=publication_no,
        codes=rows["uscc"],
        dual_app_no=dual["app_no"],
        is_dual=dual["is_dual"],
        profile=piece.profile.name,
    )
    why = {
        "app_no": numbers["reason"],
        "filed": filed.reason.where(filed.reason.isna(), reasons.BAD_FILING_DATE),
        "published": published.reason,
        "granted": granted.reason,
        "dual": dual["reason"],
    }
    notes = [note(rows, column, reason) for column, reason in why.items()]
    notes += [
        note(rows, column, flag(hit, reasons.VALUE_DATE_ORDER)) for column, hit in early.items()
    ]
    return frame.astype({"profile": "str"}), [*piece.entries, *notes]


def _dual_filings(column: pd.Series, separators: str, own: pd.Series) -> pd.DataFrame:
    """Columns app_no, is_dual (boolean) and reason of 一案双申.

    The other application's number, or 是 / 否.

    Some exports list both numbers; the other is the first that is not the row's own.
    """
    said = read_choices(column, "dual")
    cells = split_cells(column.dropna(), separators)
    numbers = [
        read_application_numbers(cells.str[place].astype("str"))["app_no"] for place in (0, 1)
    ]
    listed = [number.reindex(column.index) for number in numbers]
    number = listed[0].where(listed[0].ne(own).fillna(False).astype("bool"), listed[1])
    number = number.mask(number.eq(own).fillna(False).astype("bool") | said.value.notna())
    is_dual = said.value.eq("true").astype("boolean").mask(said.value.isna() & number.isna())
    refused = number.isna() & said.value.isna() & column.notna()
    found = {"app_no": number, "is_dual": is_dual.mask(number.notna(), True)}
    return pd.DataFrame(found | {"reason": flag(refused, reasons.VALUE_DUAL)})


def _merge(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per application, with the first day of each kind and the last known holders."""
    rows = rows.sort_values(["published", *ROW_KEY], kind="stable")
    several = rows.duplicated("app_no", keep=False)
    rows["holders"] = rows["holders"].fillna(rows["applicants"].where(several))
    groups = rows.groupby("app_no", sort=False)
    first = groups[["published", "granted"]].min()
    latest = groups[["dual_app_no", "is_dual"]].first().join(groups[["holders"]].last())
    kept, merged = first_only(rows, ["app_no"], reasons.DUPLICATE_APPLICATION)
    kept = kept.drop(columns=[*first, *latest]).join(first, on="app_no").join(latest, on="app_no")
    return kept.sort_values(ROW_KEY, ignore_index=True), merged


def _parties(rows: pd.DataFrame, piece: Piece, key: bytes) -> Parts:
    """One row per party, applicants first.

    Organisations by name, everybody else by pseudonym only.
    """
    lists, notes = {}, []
    for role, column in ROLES.items():
        split = split_people if role == "inventor" else split_parties
        lists[role], why = split_column(
            rows[column], partial(split, separators=piece.separators(column))
        )
        notes.append(note(rows, column, why))
    frames = [
        rows[[*ROW_KEY, "app_no"]].assign(role=role, text=cells) for role, cells in lists.items()
    ]
    party = (
        pd.concat(frames)
        .explode("text")
        .dropna(subset="text")
        .astype({"text": "str", "role": "str"})
    )
    party["text"] = clean_column(party["text"])
    party = party.dropna(subset="text").sort_values(
        [*ROW_KEY, "role"], kind="stable", ignore_index=True
    )
    party["part"] = party.groupby(ROW_KEY).cumcount() + 1
    party["ord"] = party.groupby([*ROW_KEY, "role"]).cumcount() + 1
    is_firm = party["role"].ne("inventor") & holds(party["text"], is_organisation)
    party = party.assign(
        name=firm_names(party["text"].where(is_firm)),
        name_key=name_keys(party["text"].mask(is_firm), key)["name_key"],
    )
    coded = rows[rows["codes"].notna()].rename(columns={"codes": "uscc"})
    codes = split_cells(coded["uscc"], piece.separators("uscc"))
    party["uscc"], unplaced = _codes_of_applicants(party, coded, codes, lists)
    return party, [*notes, note(coded, "uscc", flag(unplaced, reasons.VALUE_PARTY_CODES))]


def _codes_of_applicants(
    party: pd.DataFrame, rows: pd.DataFrame, codes: pd.Series, lists: dict[str, pd.Series]
) -> tuple[pd.Series, pd.Series]:
    """Credit codes of the parties, and which of `rows` have codes that belong to no party.

    Codes are given in order, where there is one for each organisation among the applicants, and
    only where the holders are the applicants: exports do not say whether the codes are those of the
    buyer.
    """
    holder, applicant = (lists[role].reindex(rows.index) for role in ("holder", "applicant"))
    bought = holder.map(bool) & (holder.map(sorted) != applicant.map(sorted))
    firms = party[party["name"].notna() & party["role"].eq("applicant")]
    wanted = (
        rows[ROW_KEY]
        .merge(firms.groupby(ROW_KEY, as_index=False).size(), on=ROW_KEY, how="left")["size"]
        .fillna(0)
    )
    fits = ~bought & (codes.map(len) == wanted.to_numpy()) & codes.map(bool)
    given = rows.loc[fits, ROW_KEY].assign(uscc=codes[fits]).explode("uscc", ignore_index=True)
    given["uscc"] = read_uscc(given["uscc"].astype("str")).value
    given["place"] = given.groupby(ROW_KEY).cumcount()
    placed = (
        firms[ROW_KEY]
        .assign(at=firms.index, place=firms.groupby(ROW_KEY).cumcount())
        .merge(given, on=[*ROW_KEY, "place"])
    )
    found = placed.set_index("at")["uscc"].reindex(party.index).astype("str")
    return found, codes.map(bool) & ~fits


def pair_double_filings(patent: pd.DataFrame) -> pd.Series:
    """Find the other application of each pair (一案双申), on the index of `patent`.

    The number the office gives comes first, for both applications. Else an invention and a utility
    model of one day and title are a pair when they have the same applicants, or the same inventors,
    since one firm is written in many ways. Where no title is known, the same applicants and day are
    enough if both rows say 是. Two inventions that fit are no pair: nothing is guessed. A row that
    says 否 is not paired.

    Parameters
    ----------
    patent : pandas.DataFrame
        app_no, type, filed, applicants, inventors, title, dual_app_no, is_dual; one row per
        application.

    Returns
    -------
    pandas.Series
        Application numbers (str), null where there is none.
    """
    named = patent.dropna(subset="dual_app_no").set_index("app_no")["dual_app_no"]
    back = pd.Series(named.index, index=named.to_numpy())
    both = pd.concat([named, back[~back.index.isin(named.index)]])
    other = patent["app_no"].map(both[~both.index.duplicated()]).astype("str")
    patent = patent[DUAL_COLUMNS].assign(what=on_texts(patent["title"], without_blanks))
    for who in ("applicants", "inventors"):
        other = other.fillna(patent["app_no"].map(_alike(patent[other.isna()], who)).astype("str"))
    return other


def _alike(patent: pd.DataFrame, who: str) -> pd.Series:
    """Find for each application the one other with the same parties, day and title."""
    rows = patent[patent["is_dual"].ne(False).fillna(True) & patent["type"].isin(TWINS)]
    said = rows["is_dual"].eq(True).fillna(False) & rows["title"].isna() & (who == "applicants")
    disclosed = rows[who].where(~rows[who].isin(RULES["persons"]["undisclosed"]))
    rows = rows.assign(who=on_texts(disclosed, without_blanks), what=rows["what"].mask(said, ""))
    same = ["who", "filed", "what"]
    first, second = (rows.loc[rows["type"].eq(kind), ["app_no", *same]].dropna() for kind in TWINS)
    pairs = first.drop_duplicates(same, keep=False).merge(
        second.drop_duplicates(same, keep=False), on=same
    )
    return pd.concat(
        [pairs.set_index("app_no_x")["app_no_y"], pairs.set_index("app_no_y")["app_no_x"]]
    )
