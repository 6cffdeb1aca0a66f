"""Social insurance: spells, months, and the sheets of dispatch agencies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

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
from zgzx_research.cleaning.deliveries import deliveries_of, newer_only, several, subject_of
from zgzx_research.cleaning.identifiers import (
    firm_names,
    is_among,
    read_employer_numbers,
    read_person_numbers,
    read_uscc,
)
from zgzx_research.cleaning.pseudonyms import keyed_hash, person_keys
from zgzx_research.cleaning.quarantine import enforce, first_only, flag, is_one_of, note
from zgzx_research.cleaning.rules import RULES
from zgzx_research.cleaning.schemas import ROW_KEY, empty
from zgzx_research.cleaning.values import (
    Parsed,
    read_choices,
    read_decimals,
    read_month_ranges,
    read_months,
    split_cells,
    without_open_ends,
)
from zgzx_research.distinct import as_categories, distinct_rows, holds, without_unused
from zgzx_research.ingest.read import RawTable

PERSON = ("person_no", "person_name", "id_no")
EMPLOYER = ("employer_no", "employer_name", "employer_uscc")
LAYOUTS = {
    "spell": Layout(("start_ym", "end_ym"), (*PERSON, *EMPLOYER)),
    "month": Layout(
        ("period", "employer_no"),
        (*PERSON, *EMPLOYER, "paid", "base", "kind", "insurance"),
        repeated=True,
    ),
    "statement": Layout(("year", "month", "employer_no"), (*PERSON, *EMPLOYER, "base")),
    "agency": Layout(("agency", "service_firm", "period"), (*PERSON, "refund")),
}
LATEST = 210_013  # beyond the last YYYYMM a schema takes
KINDS = tuple(RULES["choices"]["kind"])
LARGEST_BASE = 1e7  # yuan a month; refunds are negative
Months = tuple[
    pd.DataFrame, pd.DataFrame, list[pd.DataFrame]
]  # rows with `line`, what each line says, the notes


def clean_employment(tables: Sequence[RawTable], key: bytes) -> Cleaned:
    """Clean tables `spell`, `si_month` and `dispatch` (see the data dictionary)."""
    found = pieces(tables, LAYOUTS)
    result, entries = {}, []
    for table, clean in (("spell", _spells), ("si_month", _months), ("dispatch", _dispatch)):
        result[table], notes = clean(found, key, tables)
        entries += notes
    return finish("employment", tables, result, entries)


def _spells(found: dict[str, list[Piece]], key: bytes, tables: Sequence[RawTable]) -> Parts:
    """Read the end of a spell; a blank one and 至今 are open spells.

    With an unknown or unreadable end the row leaves.
    """
    frame, notes = stacked([_spell_rows(piece, key) for piece in found["spell"]], "spell")
    if not len(frame):
        return empty("spell"), notes
    good, failed = enforce(frame[~frame["unreadable_end"]], "spell")
    newest, older = newer_only(good, _begun_spell, tables)
    keep = decided_to_keep(tables)
    kept, again = first_only(
        newest, newest.columns.difference(ROW_KEY), reasons.DUPLICATE_ROW, keep
    )
    kept = kept.astype({"start_ym": "int64"}).reset_index(drop=True)
    return kept, [*notes, failed, older, again]


def _begun_spell(rows: pd.DataFrame) -> pd.Series:
    """Return what a spell that begins is about: a person, an employer and a month.

    An older delivery may not know yet when it ended.
    """
    begun = rows[["person_key", "start_ym"]].assign(employer=_employer(rows))
    return subject_of(begun, [*begun.columns])


def _employer(rows: pd.DataFrame) -> pd.Series:
    """Identify an employer by its number, else its code, else its name."""
    return rows["employer_no"].fillna(rows["employer_uscc"]).fillna(rows["employer_name"])


def _spell_rows(piece: Piece, key: bytes) -> Parts:
    rows, styles = piece.rows, piece.styles("month")
    line, lines, notes = _person_and_employer(piece, key)
    ends = without_open_ends(rows["end_ym"], piece.open_ends("end_ym"))
    read = {"start_ym": _period(rows["start_ym"], styles), "end_ym": _period(ends, styles)}
    values = {name: result.value for name, result in read.items()}
    frame = rows[[*ROW_KEY, "part"]].join(lines.take(line).set_axis(rows.index))
    frame = frame.assign(**values, unreadable_end=read["end_ym"].reason.notna())
    return frame, [*notes, *(note(rows, column, result.reason) for column, result in read.items())]


def _months(found: dict[str, list[Piece]], key: bytes, tables: Sequence[RawTable]) -> Parts:
    """Keep each month once per person, employer, period and kind.

    Where months and statements report the same month of the same person and employer, the
    statement's row leaves, for it has no kind.
    """
    parts = [_month_rows(piece, key) for piece in found["month"]]
    parts += [_statement_rows(piece, key) for piece in found["statement"]]
    frame, notes = _with_lines(parts)
    if not len(frame):
        return empty("si_month"), notes
    good, failed = enforce(frame, "si_month")
    rank = frame["rank"].reindex(good.index)
    newer = -deliveries_of(good, tables) if several(tables) else pd.Series(0, good.index)
    again = _reported_before(good, rank, newer) & ~is_one_of(good, decided_to_keep(tables))
    kept = (good[~again] if again.any() else good).reset_index(drop=True)
    said = kept.select_dtypes("category")
    kept = kept.assign(
        **{name: without_unused(said[name]) for name in said}
    )  # nor is what left kept there
    return kept, [*notes, failed, note(good[again], None, reasons.DUPLICATE_MONTH)]


def _with_lines(parts: Sequence[Months]) -> Parts:
    """Months of all layouts one below the other, and what their lines say, as categories."""
    notes = [entry for _, _, entries in parts for entry in entries]
    filled = [(frame, lines) for frame, lines, _ in parts if len(frame)]
    if not filled:
        return empty("si_month"), notes
    before = np.cumsum([0, *(len(lines) for _, lines in filled)])
    line = np.concatenate(
        [
            frame.pop("line").to_numpy() + shift
            for (frame, _), shift in zip(filled, before, strict=False)
        ]
    )
    lines = pd.concat([lines for _, lines in filled], ignore_index=True)
    texts = {
        name: union_categoricals([frame.pop(name).astype("category") for frame, _ in filled])
        for name in ("file", "sheet", "kind")
    }
    frame = pd.concat([frame for frame, _ in filled], ignore_index=True)
    said = {name: as_categories(lines[name], line, frame.index) for name in lines}
    return frame.assign(**texts, **said), notes


def _reported_before(months: pd.DataFrame, rank: pd.Series, newer: pd.Series) -> np.ndarray:
    """Mark months that another row reports first: of lower rank, newer delivery or further up.

    A statement may know the person by another number, so the ID counts too. `newer` is smaller for
    a newer delivery.
    """
    line, first = distinct_rows(months, EMPLOYER)
    named = months[[*EMPLOYER]].iloc[first].astype("str")
    names = _employer(named)
    employer, period = pd.factorize(names)[0][line], months["period_ym"].to_numpy("int64")
    kind, stated = months["kind"].cat.codes.to_numpy("int64"), rank.eq(STATEMENT).to_numpy()
    order = np.lexsort((newer.to_numpy(), rank.to_numpy()))
    again = np.zeros(len(months), dtype=bool)
    for column in ("person_key", "id_key"):
        person = months[column].cat.codes.to_numpy("int64")
        month = (person * len(named) + employer) * LATEST + period
        known = person >= 0
        again[order] |= (
            known[order] & pd.Series((month * len(KINDS) + kind)[order]).duplicated().to_numpy()
        )
        of_stated = np.isin(person, person[stated & known]) & known & ~stated
        again[stated] |= known[stated] & np.isin(month[stated], month[of_stated])
    return again


PENSION, OTHER_INSURANCE, STATEMENT = range(3)


def _month_rows(piece: Piece, key: bytes) -> Months:
    """Rows of the system's extract; a negative base is a refund, whatever its kind says."""
    rows, styles = piece.rows, piece.styles("month")
    line, lines, notes = _person_and_employer(piece, key)
    period, paid = _period(rows["period"], styles), read_months(rows["paid"], styles)
    base = read_decimals(rows["base"], -LARGEST_BASE, LARGEST_BASE, reasons.VALUE_AMOUNT)
    kind = read_choices(rows["kind"], "kind", reasons.UNKNOWN_KIND)
    known = kind.value.where(kind.reason.notna() | kind.value.notna(), "normal")
    other = holds(rows["insurance"], lambda text: "养老" not in text)
    frame = rows[[*ROW_KEY, "part"]].assign(
        line=line,
        period_ym=period.value,
        paid_ym=paid.value,
        base=base.value,
        kind=known.mask(base.value.lt(0) & known.notna(), "refund"),
        rank=np.where(other, OTHER_INSURANCE, PENSION),
    )
    reason = {
        "period": period.reason,
        "paid": paid.reason,
        "base": base.reason,
        "kind": kind.reason,
    }
    return frame, lines, [*notes, *(note(rows, column, why) for column, why in reason.items())]


def _statement_rows(piece: Piece, key: bytes) -> Months:
    """Rows of a person's own statement: year and month in two columns, no kind."""
    rows = piece.rows
    line, lines, notes = _person_and_employer(piece, key)
    number = {
        name: rows[name].str.extract(r"^(\d{1,4})(?:\.0)?[年月]?$", expand=False)
        for name in ("year", "month")
    }
    text = number["year"] + "-" + number["month"].str.zfill(2)
    period = _period(text, ("ym_separated",))
    base = read_decimals(rows["base"], -LARGEST_BASE, LARGEST_BASE, reasons.VALUE_AMOUNT)
    frame = rows[[*ROW_KEY, "part"]].assign(
        line=line,
        period_ym=period.value,
        paid_ym=pd.array([pd.NA] * len(rows), dtype="Int64"),
        base=base.value,
        kind=base.value.lt(0).map({True: "refund", False: "normal"}).astype("str"),
        rank=STATEMENT,
    )
    unread = flag(
        period.value.isna() & rows[["year", "month"]].notna().any(axis=1), reasons.BAD_PERIOD
    )
    return frame, lines, [*notes, note(rows, "month", unread), note(rows, "base", base.reason)]


def _dispatch(found: dict[str, list[Piece]], key: bytes, tables: Sequence[RawTable]) -> Parts:
    """Make a row per person and unbroken range of months; a month that was refunded is none.

    The refund of a longer range does not say of which month it is: the person was sent there all
    the same, and whether a month was insured is in the insurance's own files.
    """
    frame, notes = stacked([_dispatch_rows(piece, key) for piece in found["agency"]], "dispatch")
    if not len(frame):
        return empty("dispatch"), notes
    good, failed = enforce(frame[~frame["refunded"] & ~frame["unread"]], "dispatch")
    content = good.columns.difference([*ROW_KEY, "part"])
    kept, again = first_only(good, content, reasons.DUPLICATE_ROW, decided_to_keep(tables))
    return kept.reset_index(drop=True), [*notes, failed, again]


def _dispatch_rows(piece: Piece, key: bytes) -> Parts:
    rows = piece.rows
    persons, number = (
        person_keys(rows, piece.styles("month"), key),
        read_person_numbers(rows["person_no"]),
    )
    refund = read_decimals(rows["refund"], -LARGEST_BASE, LARGEST_BASE, reasons.VALUE_AMOUNT)
    firms, personal = _firms(rows, ("agency", "service_firm"))
    whole = rows[[*ROW_KEY]].assign(
        person_key=keyed_hash(number.value, key).fillna(persons.keys["id_key"]),
        name_key=persons.keys["name_key"],
        id_key=persons.keys["id_key"],
        agency_name=firms["agency"],
        service_firm=firms["service_firm"],
        refunded=refund.value.fillna(0).ne(0),
        period=split_cells(rows["period"], piece.separators("period")),
    )
    frame = whole.explode("period", ignore_index=True).astype({"period": "str"})
    frame["part"] = frame.groupby(ROW_KEY).cumcount() + 1
    months = read_month_ranges(frame["period"], piece.styles("month"))
    notes = [
        *(note(rows, column, why) for column, why in personal.items()),
        note(frame, "period", months["reason"]),
        note(rows, "refund", refund.reason),
        note(rows, "id_no", persons.reasons["id_no"]),
        note(rows, "person_no", number.reason),
    ]
    frame["refunded"], refunds = _refunds(rows, frame, months)
    notes += refunds
    frame = frame.assign(
        start_ym=months["start_ym"], end_ym=months["end_ym"], unread=months["reason"].notna()
    )
    return frame, [*piece.entries, *notes]


def _refunds(
    rows: pd.DataFrame, frame: pd.DataFrame, months: pd.DataFrame
) -> tuple[pd.Series, list[pd.DataFrame]]:
    """Whether a single month was refunded, and entries for it and for refunds of a range."""
    single = frame.groupby(ROW_KEY)["part"].transform("size").eq(1)
    one_month = single & months["start_ym"].eq(months["end_ym"])
    part_of_it = frame["refunded"] & ~one_month.fillna(False).astype("bool")
    refunded = frame["refunded"] & ~part_of_it
    of_a_range = rows["row"].isin(frame.loc[part_of_it, "row"])
    return refunded, [
        note(frame[refunded], None, reasons.REFUNDED_PERIOD),
        note(rows, "refund", flag(of_a_range, reasons.VALUE_REFUND)),
    ]


def _person_and_employer(
    piece: Piece, key: bytes
) -> tuple[np.ndarray, pd.DataFrame, list[pd.DataFrame]]:
    """(rows,) the line of each row, the lines (one per person and employer), and the notes.

    A line is read once, though it may stand in two hundred months. The computer number names the
    person; where it is missing the resident ID does.
    """
    rows = piece.rows
    line, first = distinct_rows(rows, [*PERSON, *EMPLOYER])
    text = rows[[*ROW_KEY, "part", *PERSON, *EMPLOYER]].iloc[first].reset_index(drop=True)
    text = text.astype(dict.fromkeys([*PERSON, *EMPLOYER], "str"))
    persons, own = (
        person_keys(text, piece.styles("month"), key),
        read_person_numbers(text["person_no"]),
    )
    code, number = read_uscc(text["employer_uscc"]), read_employer_numbers(text["employer_no"])
    names, personal = _firms(text, ("employer_name",))
    lines = pd.DataFrame(
        {
            "person_key": keyed_hash(own.value, key).fillna(persons.keys["id_key"]),
            **{name: persons.keys[name] for name in persons.keys},
            "employer_no": number.value,
            "employer_name": names["employer_name"],
            "employer_uscc": code.value,
        }
    )
    why = {"person_no": own.reason, "employer_uscc": code.reason, "employer_no": number.reason}
    why |= persons.reasons | personal
    why = {
        column: as_categories(reason, line, rows.index)
        for column, reason in why.items()
        if reason.notna().any()
    }
    notes = [note(rows, column, reason) for column, reason in why.items()]
    return line, lines, [*piece.entries, *notes]


def _firms(
    rows: pd.DataFrame, columns: Sequence[str]
) -> tuple[dict[str, pd.Series], dict[str, pd.Series]]:
    """Firm names by column, where a person's own name was not typed in their place.

    And why the others are missing.
    """
    a_person = {column: is_among(rows[column], rows["person_name"]) for column in columns}
    names = {column: firm_names(rows[column].mask(hit)) for column, hit in a_person.items()}
    return names, {
        column: flag(hit, reasons.VALUE_PERSONAL_NAME) for column, hit in a_person.items()
    }


def _period(column: pd.Series, styles: Sequence[str]) -> Parsed:
    months = read_months(column, styles)
    return Parsed(months.value, months.reason.where(months.reason.isna(), reasons.BAD_PERIOD))
