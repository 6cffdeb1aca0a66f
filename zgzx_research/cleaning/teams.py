"""One cell, several people: a row per person named, and what of the other cells belongs to each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pandas as pd

from zgzx_research.cleaning import reasons
from zgzx_research.cleaning.names import split_column, split_people
from zgzx_research.cleaning.pseudonyms import is_team_name
from zgzx_research.cleaning.quarantine import note
from zgzx_research.cleaning.schemas import ROW_KEY
from zgzx_research.cleaning.values import split_cells
from zgzx_research.distinct import holds, on_unique

_TEAM_AND_LIST = re.compile(r"(?P<team>[^()\[\]:]+?)\s*[(\[:](?P<names>[^()\[\]]+)[)\]]?")


def one_row_per_person(
    rows: pd.DataFrame, others: Sequence[str], separators: Callable[[str], str]
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Make a row per person named in a cell, with `part` 1..n and `is_team`.

    `person_name` is null for a team named as a whole. Cells of the columns `others` go to the
    members of a team only when there is one for each.
    """
    listed = on_unique(rows["person_name"], _members, "str")
    found, why = split_column(listed, lambda text: split_people(text, separators("person_name")))
    names = found.map(_without_team)
    unsure = why.eq(reasons.VALUE_SEVERAL_NAMES)  # no person is named then: the row stays a team's
    size = names.map(len).clip(lower=1)
    lists = {
        "person_name": names.where(
            names.map(bool), pd.Series([[None]] * len(rows), index=rows.index)
        )
    }
    entries = [note(rows, "person_name", why)]
    for column in others:
        values = _as_many(rows[column], separators(column), size)
        count = values.map(len)
        single = (
            size == 1
        ) & ~unsure  # a slash or bar in a single person's cell is left to the reader of the value
        fits = single | ((count == size) & ~unsure)
        entries.append(
            note(rows, column, pd.Series(reasons.VALUE_TEAM, rows.index).where(~fits & (count > 0)))
        )
        whole = rows[column].astype("object").map(lambda text: [text])
        lists[column] = values.where(
            fits & ~single, whole.where(single, size.map(lambda n: [None] * n))
        )
    columns = ["person_name", *others]
    frame = rows.assign(**lists, is_team=size > 1, unsure=unsure).explode(
        columns, ignore_index=True
    )
    frame[columns] = frame[columns].astype("str")
    frame["part"] = frame.groupby(ROW_KEY).cumcount() + 1
    whole_team = holds(frame["person_name"], is_team_name)
    frame["is_team"] = (frame["is_team"] | whole_team) & frame["person_name"].notna()
    frame["is_team"] |= frame["unsure"]
    frame["person_name"] = frame["person_name"].mask(whole_team)
    return frame.drop(columns="unsure"), entries


def _as_many(column: pd.Series, separators: str, size: pd.Series) -> pd.Series:
    """Return lists of the values of each cell.

    Those of a team also where blanks separate them and there is one for each.
    """
    values = split_cells(column, separators)
    by_blanks = split_cells(column, separators + " \t")
    better = (size > 1) & (values.map(len) != size) & (by_blanks.map(len) == size)
    return values.where(~better, by_blanks)


def _members(text: str) -> str:
    """精密一班(甄一、甄二) and 精密一班:甄一、甄二 as 甄一、甄二; any other cell as it is."""
    found = _TEAM_AND_LIST.fullmatch(text)
    return found["names"] if found and is_team_name(found["team"]) else text


def _without_team(names: list[str]) -> list[str]:
    """Return the members without the team's own name, where it stands among them."""
    members = [name for name in names if not is_team_name(name)]
    return members if len(names) > 1 and members else names
