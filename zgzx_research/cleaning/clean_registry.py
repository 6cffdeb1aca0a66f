"""The business registry: one row per enterprise; what it was called before.

And its recorded changes.
"""

from __future__ import annotations

from collections.abc import Sequence

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
from zgzx_research.cleaning.deliveries import deliveries_of, first_day, newer_only, several
from zgzx_research.cleaning.identifiers import (
    firm_names,
    read_organisation_codes,
    read_registration_numbers,
    read_uscc,
)
from zgzx_research.cleaning.industries import read_industries
from zgzx_research.cleaning.names import split_column, split_parties
from zgzx_research.cleaning.quarantine import as_written, enforce, first_only, flag, note
from zgzx_research.cleaning.schemas import ROW_KEY
from zgzx_research.cleaning.streets import read_addresses, read_streets
from zgzx_research.cleaning.values import (
    Parsed,
    read_choices,
    read_counts,
    read_dates,
    without_open_ends,
)
from zgzx_research.ingest.read import RawTable

LAYOUTS = {
    "registry_changes": Layout(("firm_name", "change", "changed", "before", "after"), ("uscc",)),
    "registry": Layout(
        ("uscc", "firm_name", "founded"),
        (
            "former_names",
            "capital",
            "closed",
            "status",
            "street",
            "address",
            "industry",
            "staff",
            "size",
            "hitech",
            "registration_no",
            "organisation_code",
        ),
    ),
}
# Of these the clean table keeps less than is written.
PRESENT, FORMER = "现名", "曾用名"
AS_WRITTEN = ("firm_name", "former_names", "street", "address", "industry")


def clean_registry(tables: Sequence[RawTable], key: bytes) -> Cleaned:
    """Clean tables `registry`, `registry_name`, `registry_event` (see the data dictionary).

    A firm without a usable code keeps its row, with uscc null. A row is a firm, or a recorded
    change.
    """
    found = pieces(tables, LAYOUTS)
    frame, notes = stacked([_parse(piece) for piece in found["registry"]], "registry")
    good, failed = enforce(frame, "registry")
    newest, older = newer_only(good, _firm, tables)
    keep, content = decided_to_keep(tables), good.columns.difference(ROW_KEY)
    distinct, again = first_only(newest, content, reasons.DUPLICATE_ROW, keep, frame.get("written"))
    kept, same_code = first_only(distinct, ["uscc"], reasons.DUPLICATE_USCC, keep)
    changes, more = stacked(
        [_changes(piece) for piece in found["registry_changes"]], "registry_event"
    )
    event, bad_change = enforce(changes, "registry_event")
    content = event.columns.difference(ROW_KEY)
    event, change_again = first_only(
        event, content, reasons.DUPLICATE_ROW, keep, changes.get("written")
    )
    renamed, found_renamed = _renamed_between(good, event, tables)
    event = pd.concat([event, renamed], ignore_index=True) if len(renamed) else event
    lists, _ = stacked(
        [_former_names(piece, frame) for piece in found["registry"]], "registry_name"
    )
    name = names_of_firms(kept, event, lists)
    result = {"registry": kept, "registry_name": name, "registry_event": event}
    entries = [
        *notes,
        failed,
        older,
        again,
        same_code,
        *more,
        bad_change,
        change_again,
        found_renamed,
    ]
    return finish(
        "registry",
        tables,
        {table: rows.reset_index(drop=True) for table, rows in result.items()},
        entries,
    )


def _firm(rows: pd.DataFrame) -> pd.Series:
    """Identify a firm across deliveries.

    Its code, else its registration number, else name and founding day.
    """
    name = rows["name"] + " " + rows["founded"].astype("str")
    return rows["uscc"].fillna(rows["registration_no"]).fillna(name)


def _renamed_between(rows: pd.DataFrame, event: pd.DataFrame, tables: Sequence[RawTable]) -> Parts:
    """Add a change of name for each firm that a later delivery knows by another name.

    Recorded changes are not repeated. The day is not known: the first day of the later delivery is
    taken.
    """
    if not several(tables):
        return event.iloc[:0], note(rows.iloc[:0], None, "")
    dated = rows.assign(
        delivered=deliveries_of(rows, tables), firm=rows["uscc"].fillna(rows["registration_no"])
    )
    dated = dated[dated["delivered"].gt(0) & dated["firm"].notna()].sort_values(
        ["firm", "delivered", *ROW_KEY]
    )
    before = dated.groupby("firm")["name"].shift()
    changed = dated[before.notna() & before.ne(dated["name"])]
    found = changed[[*ROW_KEY, "uscc"]].assign(
        part=1,
        firm_name=changed["name"],
        type="rename",
        date=first_day(changed["delivered"]),
        before=before[changed.index],
        after=changed["name"],
    )
    names = ["uscc", "before", "after"]
    recorded = event.loc[event["type"].eq("rename"), names].drop_duplicates().assign(recorded=True)
    new = found[found.merge(recorded, on=names, how="left")["recorded"].isna().to_numpy()]
    good, _ = enforce(new.dropna(subset="date").astype({"type": "str"}), "registry_event")
    return good, note(new, "firm_name", reasons.VALUE_RENAMED_BETWEEN_DELIVERIES)


def _parse(piece: Piece) -> Parts:
    rows, day = piece.rows, piece.styles("day")
    read = _codes(rows) | {
        "founded": read_dates(rows["founded"], day),
        "closed": read_dates(without_open_ends(rows["closed"], piece.open_ends("closed")), day),
        "status": read_choices(rows["status"], "status"),
        "size": read_choices(rows["size"], "size"),
        "staff": read_counts(rows["staff"]),
        "capital": piece.amounts("capital"),
        "hitech": read_choices(rows["hitech"], "hitech"),
    }
    industry, address = read_industries(rows["industry"]), read_addresses(rows["address"])
    street, from_address = read_streets(rows["street"]), read_streets(address["address"])
    early = read["closed"].value < read["founded"].value
    frame = rows[[*ROW_KEY, "part"]].assign(
        **{
            name: read[name].value
            for name in ("uscc", "registration_no", "organisation_code", "founded", "status")
        },
        name=firm_names(rows["firm_name"]),
        closed=read["closed"].value.mask(early),
        industry_section=industry["industry_section"],
        industry2=industry["industry2"],
        size=read["size"].value,
        **{name: street[name].fillna(from_address[name]) for name in ("street", "street_code")},
        address=address["address"],
        district=address["district"],
        staff=read["staff"].value,
        capital_cny=read["capital"].value,
        hitech=read["hitech"].value.eq("true"),
        written=as_written(rows, AS_WRITTEN),
    )
    why = {name: result.reason for name, result in read.items()}
    why |= {"industry": industry["reason"], "street": street["reason"]}
    notes = [note(rows, column, reason) for column, reason in why.items()]
    notes.append(note(rows, "closed", flag(early, reasons.VALUE_DATE_ORDER)))
    return frame, [*piece.entries, *notes]


def _codes(rows: pd.DataFrame) -> dict[str, Parsed]:
    """Read the three codes of a firm.

    Before 2015 the column of the credit code held one of the other two.
    """
    read = {
        "uscc": read_uscc(rows["uscc"]),
        "registration_no": read_registration_numbers(rows["registration_no"]),
        "organisation_code": read_organisation_codes(rows["organisation_code"]),
    }
    for name, reader in (
        ("registration_no", read_registration_numbers),
        ("organisation_code", read_organisation_codes),
    ):
        elsewhere = reader(rows["uscc"].where(read["uscc"].value.isna())).value
        read[name] = Parsed(read[name].value.fillna(elsewhere), read[name].reason)
        read["uscc"] = Parsed(read["uscc"].value, read["uscc"].reason.where(elsewhere.isna()))
    inside = read["uscc"].value.str[8:17]
    read["organisation_code"] = Parsed(
        read["organisation_code"].value.fillna(inside), read["organisation_code"].reason
    )
    return read


def _former_names(piece: Piece, frame: pd.DataFrame) -> Parts:
    """Return a row per name listed under 曾用名, for the rows of the registry in `frame`."""
    separators = piece.separators("former_names")
    cells = piece.rows["former_names"]
    lists, _ = split_column(cells, lambda text: split_parties(text, separators))
    listed = (
        piece.rows[ROW_KEY]
        .assign(name=lists)
        .explode("name", ignore_index=True)
        .dropna(subset="name")
    )
    listed["part"] = listed.groupby(ROW_KEY).cumcount() + 1
    listed["name"] = firm_names(listed["name"].astype("str"))
    return listed.dropna(subset="name").merge(frame[[*ROW_KEY, "uscc"]], on=ROW_KEY), []


def _changes(piece: Piece) -> Parts:
    """Read changes of the name, of the place, and mergers."""
    rows = piece.rows
    code, date = read_uscc(rows["uscc"]), read_dates(rows["changed"], piece.styles("day"))
    change = read_choices(rows["change"], "change", reasons.UNKNOWN_CHANGE)
    is_move = change.value.eq("move")
    texts = {
        side: firm_names(rows[side].mask(is_move)).where(
            ~is_move, read_addresses(rows[side].where(is_move))["address"]
        )
        for side in ("before", "after")
    }
    frame = rows[[*ROW_KEY, "part"]].assign(
        uscc=code.value,
        firm_name=firm_names(rows["firm_name"]),
        type=change.value,
        date=date.value,
        **texts,
        written=as_written(rows, ("firm_name", "change", "before", "after")),
    )
    read = {"uscc": code.reason, "change": change.reason, "changed": date.reason}
    return frame, [*piece.entries, *(note(rows, column, why) for column, why in read.items())]


def names_of_firms(
    registry: pd.DataFrame, event: pd.DataFrame, listed: pd.DataFrame
) -> pd.DataFrame:
    """Make the clean table `registry_name` from former names and recorded changes of name.

    Parameters
    ----------
    registry : pandas.DataFrame
        The clean table.
    event : pandas.DataFrame
        The clean table `registry_event`.
    listed : pandas.DataFrame
        file, sheet, row, part, uscc, name: one row per former name of a registry row.
    """
    named = registry[[*ROW_KEY, "name"]].rename(columns={"name": "firm_name"})
    lists = (
        listed[[*ROW_KEY, "part", "uscc", "name"]]
        .merge(named, on=ROW_KEY)
        .assign(valid_from=pd.NaT, valid_to=pd.NaT, kind=FORMER)
    )
    lists = lists[lists["name"] != lists["firm_name"]]
    dated = _from_changes(event[event["type"].eq("rename")])
    firm = ["uscc", "firm_name", "name"]
    known = lists.merge(dated[firm].drop_duplicates().assign(known=True), on=firm, how="left")[
        "known"
    ].notna()
    days = dict.fromkeys(("valid_from", "valid_to"), "datetime64[s]")
    both = pd.concat([lists[~known.to_numpy()].astype(days), dated.astype(days)], ignore_index=True)
    texts = dict.fromkeys(("uscc", "firm_name", "name", "kind"), "str")
    good, _ = enforce(both.astype({"part": "int64", "row": "int64"} | texts), "registry_name")
    return good.sort_values([*ROW_KEY, "part"], ignore_index=True)


def _from_changes(renames: pd.DataFrame) -> pd.DataFrame:
    """Two rows per change: the name before and the name after, with their first and last days."""
    renames = renames.assign(firm=renames["uscc"].fillna(renames["firm_name"])).sort_values(
        ["firm", "date", *ROW_KEY]
    )
    before = renames.assign(
        part=1, name=renames["before"], valid_from=pd.NaT, valid_to=renames["date"]
    )
    after = renames.assign(
        part=2, name=renames["after"], valid_from=renames["date"], valid_to=pd.NaT
    )
    earlier, later = (frame.groupby("firm")[["date", "name"]] for frame in (after, before))
    taken = earlier.shift(1)
    before["valid_from"] = taken["date"].where(taken["name"].eq(before["name"]))
    left = later.shift(-1)
    after["valid_to"] = left["date"].where(left["name"].eq(after["name"]))
    both = pd.concat([before, after], ignore_index=True).dropna(subset="name")
    both = both.drop_duplicates(["firm", "name", "valid_from", "valid_to"])
    is_present = both["valid_to"].isna() & both["name"].eq(both["firm_name"])
    return both.assign(kind=is_present.map({True: PRESENT, False: FORMER}))[
        [*ROW_KEY, "part", "uscc", "firm_name", "name", "valid_from", "valid_to", "kind"]
    ]
