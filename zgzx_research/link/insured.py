"""Who was insured where and when.

The population in which contestants and inventors are searched.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.engine import DUCKDB, Engine, connect
from zgzx_research.link.clean_rows import month_number
from zgzx_research.link.spells import join_spells

LINK_RULES: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("people.toml").read_text(encoding="utf-8")
)
PERSON_TOKENS = ["name_key", "surname_key", "id_key", "mask_key", "birth_key", "phone_key"]


@dataclass(frozen=True)
class Insured:
    """The insured persons.

    Attributes
    ----------
    person : pandas.DataFrame
        worker_id and PERSON_TOKENS, the first known of each; one row per worker.
    named : pandas.DataFrame
        worker_id, name_key, surname_key: every name of a worker.
    at_work : pandas.DataFrame
        worker_id, group_id, start, end: months (numbers) at a legal group, short gaps bridged.
    """

    person: pd.DataFrame
    named: pd.DataFrame
    at_work: pd.DataFrame

    def headcount(self, months: pd.Series) -> pd.Series:
        """Mean number of persons by group over these months (numbers); group "" is the total."""
        asked = np.sort(months.dropna().unique().astype("int64"))
        if not len(asked):
            return pd.Series(dtype="float64")
        group, groups = pd.factorize(self.at_work["group_id"], sort=True)
        worker = pd.factorize(self.at_work["worker_id"])[0]
        # each spell holds the asked months from `first` to before `first + count`
        first = np.searchsorted(asked, self.at_work["start"].to_numpy("int64"))
        count = np.searchsorted(asked, self.at_work["end"].to_numpy("int64"), side="right") - first
        heads = np.bincount(group[group >= 0], weights=count[group >= 0], minlength=len(groups))
        place = np.arange(count.sum()) - np.repeat(count.cumsum() - count, count)
        persons = len(pd.unique(np.repeat(worker * len(asked) + first, count) + place))
        seen = heads > 0
        return pd.Series([persons, *heads[seen]], index=["", *groups[seen]]) / len(asked)


def insured_persons(
    rows: pd.DataFrame,
    employment: pd.DataFrame,
    firm: pd.DataFrame,
    claims: pd.DataFrame,
    engine: Engine = DUCKDB,
) -> Insured:
    """Make the tables of the insured; claims add their phones."""
    if rows["worker_id"].isna().any():
        rows = rows[rows["worker_id"].notna()]
    code, workers = pd.factorize(rows["worker_id"], sort=True)
    person = pd.DataFrame({"worker_id": pd.Series(workers, dtype="str")})
    for token in PERSON_TOKENS:
        filled = np.flatnonzero(rows[token].notna())
        first = filled[~pd.Series(code[filled]).duplicated().to_numpy()]
        person[token] = rows[token].iloc[first].set_axis(code[first]).reindex(person.index)
    # the insurance has no phones: those of repeated contestants come from their lines with an ID
    phones = (
        claims.dropna(subset=["id_key", "phone_key"])
        .drop_duplicates("id_key")
        .set_index("id_key")["phone_key"]
    )
    person["phone_key"] = person["phone_key"].fillna(person["id_key"].map(phones).astype("str"))
    return Insured(person, _names(rows, code), _at_work(employment, firm, engine))


def _names(rows: pd.DataFrame, code: np.ndarray) -> pd.DataFrame:
    """Distinct worker_id, name_key, surname_key."""
    name = pd.factorize(rows["name_key"])[0]
    first = ~pd.DataFrame({"worker": code, "name": name}).duplicated().to_numpy() & (name >= 0)
    return rows.loc[first, ["worker_id", "name_key", "surname_key"]].reset_index(drop=True)


def _at_work(employment: pd.DataFrame, firm: pd.DataFrame, engine: Engine) -> pd.DataFrame:
    group = employment["firm_id"].map(firm.set_index("firm_id")["group_id"]).astype("str")
    start, end = month_number(employment["start_ym"]), month_number(employment["end_ym"])
    spans = employment[["worker_id"]].assign(group_id=group, start=start, end=end)[group.notna()]
    with connect(engine) as tables:
        joined = join_spells(
            tables.lazy(spans), ["worker_id", "group_id"], LINK_RULES["rules"]["gap"]["value"]
        )
        return tables.collect(joined, by=["worker_id", "group_id", "start"])
