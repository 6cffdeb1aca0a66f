"""Workers: which spells belong to one person."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from zgzx_research.link.records import KEY, ranked_ids


@dataclass(frozen=True)
class PeopleLinks:
    """Result of `link_people`.

    Attributes
    ----------
    worker : worker_id, name_key, id_key (the first known ones); `worker_id` = "W" and the rank of the first spell by
        (file, sheet, row), so that nothing is ordered by a pseudonym.
    spell_worker : file, sheet, row, part, worker_id (null where a spell carries neither number).
    """

    worker: pd.DataFrame
    spell_worker: pd.DataFrame


def link_people(spell: pd.DataFrame) -> PeopleLinks:
    """One worker per 社保电脑号; spells without it go to the number that shares their ID, if it is a single one.

    Otherwise the ID itself is the worker. The order of the rows does not matter.
    """
    rows = spell.sort_values(KEY, ignore_index=True)
    # The clean stage writes the ID's pseudonym where the number is missing.
    number = rows["person_key"].mask(rows["person_key"].eq(rows["id_key"]))
    pairs = pd.DataFrame({"id_key": rows["id_key"], "number": number}).dropna().drop_duplicates()
    owner = pairs.drop_duplicates("id_key", keep=False).set_index("id_key")["number"]
    person = number.fillna(rows["id_key"].map(owner)).fillna(rows["id_key"])
    rows["worker_id"] = ranked_ids("W", 7, person)
    worker = rows.groupby("worker_id", as_index=False)[["name_key", "id_key"]].first()
    return PeopleLinks(worker.astype({"name_key": "str", "id_key": "str"}), rows[[*KEY, "worker_id"]])
