"""Find the persons of the insurance and who of them the records are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from zgzx_research.engine import DUCKDB, Engine
from zgzx_research.link.audit import AUDIT_COLUMNS, link_summary
from zgzx_research.link.clean_rows import (
    RECORD_KEY,
    in_key_order,
    month_lines,
    ranked_ids,
    source_table,
)
from zgzx_research.link.contestants import contestant_claims, link_contestants
from zgzx_research.link.employment_spells import build_employment
from zgzx_research.link.insured import Insured, insured_persons
from zgzx_research.link.inventors import link_inventors
from zgzx_research.link.link_firms import FirmLinks
from zgzx_research.link.wage_bases import contestant_bases, no_bases

TOKENS = ["name_key", "surname_key", "id_key", "mask_key", "birth_key", "phone_key"]
INSURANCE = ("spell", "si_month", "dispatch")


@dataclass(frozen=True, kw_only=True, repr=False)
class PeopleLinks:
    """Result of `link_people`; a notebook shows how many records of each source are linked.

    Attributes
    ----------
    employment : pandas.DataFrame
        Who was insured where and when: columns `employment_spells.EMPLOYMENT_COLUMNS`.
    link_audit : pandas.DataFrame
        Columns `audit.AUDIT_COLUMNS`, entity "worker": roster, entry, craftsmen, inventors.
    worker : pandas.DataFrame
        worker_id, name_key, id_key (the first known ones); `worker_id` = "W" and the rank of the
        first record by (file, sheet, row), insurance before rosters, so that nothing is ordered by
        a pseudonym.
    spell_worker : pandas.DataFrame
        source, file, sheet, row, part, worker_id (null = nobody known): a row per row of spell,
        dispatch, roster, entry, programme (craftsmen), per inventor of patent_party, and per line
        of si_month (`clean_rows.month_lines`).
    wage_base : pandas.DataFrame
        worker_id, period_ym, base (yuan a month): the contribution bases of those in rosters and
        score sheets, in the months that are known.
    """

    employment: pd.DataFrame
    link_audit: pd.DataFrame
    worker: pd.DataFrame = field(default_factory=pd.DataFrame)
    spell_worker: pd.DataFrame = field(default_factory=pd.DataFrame)
    wage_base: pd.DataFrame = field(default_factory=no_bases)

    def __repr__(self) -> str:
        summary = link_summary(self.link_audit, "worker").to_string(index=False)
        return f"PeopleLinks({len(self.worker):,} workers)\n{summary}"

    def _repr_html_(self) -> str:
        summary = link_summary(self.link_audit, "worker").to_html(index=False)
        return f"<p>{len(self.worker):,} workers</p>{summary}"


def link_people(
    tables: Mapping[str, pd.DataFrame],
    firms: FirmLinks,
    calendar: pd.DataFrame | None = None,
    *,
    months: pd.DataFrame | None = None,
    min_probability: float = 0.75,
    engine: Engine = DUCKDB,
) -> PeopleLinks:
    """Find the persons of the insurance, and who of them contestants, craftsmen and inventors are.

    Insurance: one worker per 个人编号, and numbers with the same ID are one; rows without a number
    go by the ID. Contestants: by ID; else the person insured at the firm's legal group in the month
    of the final, by exact tokens (Splink, `contestants.py`). A winner's line in the score sheet
    follows his roster line when that has an ID; an ID that the insurance does not know is a worker
    of its own (method "id_only", no link to employment). Inventors: by name among those insured at
    an applicant in the month of the filing. The order of the rows does not matter.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        The clean tables by name; any of spell, si_month, dispatch, roster, entry, programme,
        patent, patent_party.
    firms : FirmLinks
        The firms of the records, from `link_firms`.
    calendar : pandas.DataFrame, optional
        edition, year, final_date; by default the published calendar of 职工之星.
    months : pandas.DataFrame, optional
        The months from `clean_rows.month_lines`, where `tables` was reduced by it before.
    min_probability : float, default 0.75
        A contestant whose best candidate is less probable is linked to nobody (method "weak" or
        "ambiguous"; the score stays).
    engine : Engine, optional
        What joins the spells and compares the records; the links are the same on each.

    Returns
    -------
    PeopleLinks
        The workers, their employment, and the worker of each record.

    Raises
    ------
    ZgzxError
        Links of firms that are not those of these tables.
    """
    if months is None:
        tables, months = month_lines(tables)
    rows = _insurance(tables)
    rows["worker_id"] = ranked_ids("W", 7, _persons(rows))
    spell_worker = in_key_order(rows[["source", *RECORD_KEY, "worker_id"]], first=["source"])
    employment = build_employment(
        tables, months, spell_worker, firms.link_audit, firms.agency, engine
    )
    claims = contestant_claims(tables, firms, calendar)
    insured = insured_persons(rows, employment, firms.firm, claims, engine)
    people = link_contestants(claims, insured, min_probability=min_probability, engine=engine)
    people = _add_uninsured(people, int(rows["worker_id"].dropna().nunique()))
    inventors = link_inventors(tables, firms, insured)
    named = pd.concat([people, inventors], ignore_index=True)
    audit = named.assign(entity="worker", firm_id=None, decision=None)[AUDIT_COLUMNS]
    audit = audit.astype(dict.fromkeys(["entity", "firm_id", "decision"], "str"))
    everybody = pd.concat(
        [spell_worker, named[["source", *RECORD_KEY, "worker_id"]]], ignore_index=True
    )
    worker = pd.concat([_known(rows, insured), _known_uninsured(people)], ignore_index=True)
    competed = people.loc[people["source"].isin(["roster", "entry"]), "worker_id"]
    return PeopleLinks(
        employment=employment,
        link_audit=in_key_order(audit, first=["source"]),
        worker=worker,
        spell_worker=in_key_order(everybody.astype({"worker_id": "str"}), first=["source"]),
        wage_base=contestant_bases(tables.get("si_month"), months, spell_worker, competed),
    )


def _insurance(clean: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of the insurance in key order.

    Columns: source, RECORD_KEY, person_key, TOKENS and rows (how many each stands for).
    """
    tables = [
        source_table(clean, name, ["person_key", *TOKENS, "rows"]).assign(source=name)
        for name in INSURANCE
    ]
    return in_key_order(pd.concat(tables, ignore_index=True).astype({"source": "str"}))


def _persons(rows: pd.DataFrame) -> pd.Series:
    """Return a number per person, null where a row has neither number nor ID.

    A number is joined to others by its most frequent ID: one mistyped ID does not make two persons
    one.
    """
    # The clean stage writes the ID's pseudonym where the number is missing.
    number = rows["person_key"].mask(rows["person_key"].eq(rows["id_key"]))
    numbers, number_names = pd.factorize(number)
    ids, id_names = pd.factorize(rows["id_key"])
    both = pd.DataFrame({"number": numbers, "id": ids, "rows": rows["rows"].fillna(1)})[
        (numbers >= 0) & (ids >= 0)
    ]
    counted = both.groupby(["number", "id"], sort=False, as_index=False)["rows"].sum()
    main = counted.sort_values("rows", ascending=False, kind="stable").drop_duplicates("number")
    size = len(number_names) + len(id_names)
    edges = coo_array(
        (np.ones(len(main)), (main["number"], main["id"] + len(number_names))), shape=(size, size)
    )
    person = connected_components(edges, directed=False)[1] if size else np.zeros(0, dtype=int)
    node = np.where(numbers >= 0, numbers, np.where(ids >= 0, ids + len(number_names), -1))
    found = pd.Series(np.append(person, -1)[node], index=rows.index, dtype="Int64")
    return found.mask(found.eq(-1))


def _add_uninsured(people: pd.DataFrame, known: int) -> pd.DataFrame:
    """Contestants with an ID unknown to the insurance are workers of their own, numbered last."""
    people = people.sort_values(RECORD_KEY, kind="stable", ignore_index=True)
    new = people["worker_id"].isna() & people["id_key"].notna()
    people["is_uninsured"] = new
    rank = pd.Series(
        pd.factorize(people.loc[new, "id_key"])[0] + 1 + known, index=people.index[new]
    )
    people.loc[new, "worker_id"] = "W" + rank.astype("str").str.zfill(7)
    people.loc[new, ["method", "uniqueness"]] = ["id_only", "none"]
    people.loc[new, "score"] = np.nan
    return people


def _known(rows: pd.DataFrame, insured: Insured) -> pd.DataFrame:
    worker = pd.DataFrame(
        {"worker_id": rows["worker_id"].dropna().drop_duplicates().sort_values(ignore_index=True)}
    )
    about = insured.person.set_index("worker_id")
    return worker.assign(
        **{
            name: worker["worker_id"].map(about[name]).astype("str")
            for name in ("name_key", "id_key")
        }
    )


def _known_uninsured(people: pd.DataFrame) -> pd.DataFrame:
    own = people.loc[people["is_uninsured"], ["worker_id", "name_key", "id_key"]]
    return own.groupby("worker_id", as_index=False).first()
