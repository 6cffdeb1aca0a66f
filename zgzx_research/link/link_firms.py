"""Firms of the registry, and the firm each record of the other sources is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from zgzx_research.distinct import distinct_rows
from zgzx_research.errors import ZgzxError
from zgzx_research.link.audit import AUDIT_COLUMNS, link_summary
from zgzx_research.link.candidates import propose
from zgzx_research.link.clean_rows import in_key_order, month_lines, month_number, year_month
from zgzx_research.link.company_names import company_core, normalise_company_name, parent_name
from zgzx_research.link.decisions import no_decisions, resolve_decisions
from zgzx_research.link.firm_names import NAME_COLUMNS, registry_firms
from zgzx_research.link.firm_records import agency_records, firm_records


class Step(NamedTuple):
    """One way to find a firm.

    Attributes
    ----------
    method : str
        What the record and the firm have in common: "uscc", "name" or "core".
    score : float
        Ranks the evidence; it is not a probability.
    own_name : bool
        Whether a different code contradicts it; not for a branch's parent, since a branch has a
        code of its own.
    """

    method: str
    score: float
    own_name: bool


# By column of the record, tried in this order.
STEPS = {
    "code": Step("uscc", 1.0, False),
    "number_code": Step("uscc", 0.99, False),
    "name": Step("name", 0.95, True),
    "core": Step("core", 0.90, True),
    "parent": Step("name", 0.85, False),
    "parent_core": Step("core", 0.80, False),
}
AT_ITS_TIME = 0.02  # taken off where several firms share the name and one had it at the time
BY_NUMBER = 0.75  # the 单位编号 of other records that all lead to one firm
BRANCH = ("parent", "parent_core")
ASKED = ["source", "code", "number_code", "text"]


@dataclass(frozen=True, kw_only=True, repr=False)
class FirmLinks:
    """Result of `link_firms`; a notebook shows how many records of each source are linked.

    Attributes
    ----------
    firm : pandas.DataFrame
        One row per firm; `firm_id` = "F" and the rank of its first registry row; `group_id` = the
        firm it became by mergers (itself without one), `successor_id` and `merged` its own last
        merger.
    link_audit : pandas.DataFrame
        Columns `audit.AUDIT_COLUMNS`, entity "firm"; one row per record, in the order of source and
        key; months of a person at an employer are one record, under the key of the first.
    firm_name : pandas.DataFrame
        firm_id, name, valid_from, valid_to, kind: 现名 as registered, 曾用名 former names and other
        names under the same code, 分公司 branches found in the other sources (normalised).
    link_review : pandas.DataFrame
        source, text, records, rank, firm_id, firm_name, score: candidates for a person to decide
        on.
    agency : pandas.DataFrame
        The same as `link_audit` for the dispatch employers of the agency sheets, source "agency".
    """

    firm: pd.DataFrame
    link_audit: pd.DataFrame
    firm_name: pd.DataFrame = field(default_factory=pd.DataFrame)
    link_review: pd.DataFrame = field(default_factory=pd.DataFrame)
    agency: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __repr__(self) -> str:
        summary = link_summary(self.link_audit).to_string(index=False)
        return f"FirmLinks({len(self.firm):,} firms)\n{summary}"

    def _repr_html_(self) -> str:
        summary = link_summary(self.link_audit).to_html(index=False)
        return f"<p>{len(self.firm):,} firms</p>{summary}"


def link_firms(
    tables: Mapping[str, pd.DataFrame],
    calendar: pd.DataFrame | None = None,
    decisions: pd.DataFrame | None = None,
    *,
    candidates: int = 3,
    min_similarity: float = 75.0,
) -> FirmLinks:
    """Link the records of every source to the firms of the registry.

    In this order: decisions of people, unified code, full name, core of the name, parent of a
    branch, employer number (单位编号). A spell or month without a code takes that of its 单位编号,
    if all rows of this number have the same one. A name or core of several firms links to the one
    that had it at the time of the record, and to none if that is not one firm ("ambiguous"). A firm
    whose code differs from the record's is never linked by name. Branches count for the parent. The
    order of the rows does not matter.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        The clean tables by name (`clean(...).tables` of all sources in one dict); registry is
        needed, all others may be absent.
    calendar : pandas.DataFrame, optional
        edition, year, final_date: the dates of rosters and score sheets; by default the published
        calendar of 职工之星.
    decisions : pandas.DataFrame, optional
        Decisions of people on links, from `decisions.read_decisions`.
    candidates : int, default 3
        How many similar firms to propose for a record without a firm; proposals are never links
        (method "candidate", firm_id null, score = best similarity / 100).
    min_similarity : float, default 75
        Least similarity of a proposal: the rapidfuzz ratio of the cores of both names, 0 to 100.

    Returns
    -------
    FirmLinks
        The firms, and the firm of each record.

    Raises
    ------
    ZgzxError
        No registry, circular mergers, decisions that contradict each other or name no firm.
    """
    if "registry" not in tables:
        raise ZgzxError(
            "no registry among the clean tables",
            remedy="Clean the source registry first: firms are those of the registry.",
        )
    tables, _ = month_lines(tables)
    firm, names = registry_firms(tables)
    records = in_key_order(
        pd.concat([agency_records(tables), firm_records(tables, calendar)]), first=["source"]
    )
    records["number_code"] = _number_codes(records)
    settled = resolve_decisions(no_decisions() if decisions is None else decisions, names)
    rows, asked = _asked(records)
    _match(asked, names, firm.set_index("firm_id")["uscc"])
    for column in ("firm_id", "method", "score"):
        rows[column] = asked[column].take(rows["asked"]).set_axis(rows.index)
    _at_its_time(rows, asked, names)
    _by_number(rows)
    _decide(rows, asked, settled)
    review = _review(rows, asked, names, settled, candidates, min_similarity)
    nothing = pd.Series(None, index=rows.index, dtype="str")
    audit = rows.assign(entity="firm", worker_id=nothing, uniqueness=nothing)[AUDIT_COLUMNS].astype(
        {"entity": "str"}
    )
    is_agency = audit["source"].eq("agency")
    return FirmLinks(
        firm=firm,
        link_audit=audit[~is_agency].reset_index(drop=True),
        firm_name=_firm_names(names, rows, asked),
        link_review=review,
        agency=audit[is_agency].reset_index(drop=True),
    )


def _number_codes(records: pd.DataFrame) -> pd.Series:
    """Give each row the one code that rows of its 单位编号 have; none where codes differ."""
    pairs = records[["number", "code"]].dropna().drop_duplicates()
    single = pairs.drop_duplicates("number", keep=False).set_index("number")["code"]
    return records["number"].map(single).astype("str")


def _asked(records: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the records with `asked`, a position in the table of questions, and that table."""
    question, first = distinct_rows(records, ASKED)
    rows, asked = records.assign(asked=question), records[ASKED].iloc[first].reset_index(drop=True)
    asked["name"] = normalise_company_name(asked["text"])
    asked["core"] = company_core(asked["name"])
    asked["parent"] = parent_name(asked["name"])
    asked["parent_core"] = company_core(asked["parent"])
    return rows, asked


def _index(names: pd.DataFrame, kind: str) -> pd.Series:
    """firm_id by uscc, name or core; null where several firms share it."""
    pairs = names[[kind, "firm_id"]].dropna().drop_duplicates()
    firms = pairs.groupby(kind)["firm_id"].agg(["first", "size"])
    return firms["first"].where(firms["size"].eq(1))


def _match(asked: pd.DataFrame, names: pd.DataFrame, codes: pd.Series) -> None:
    """Add firm_id, method, score, way (the column that led to the firm) and shared (to several)."""
    index = {kind: _index(names, kind) for kind in ("uscc", "name", "core")}
    known = asked["code"].fillna(asked["number_code"])
    firm = pd.Series(None, index=asked.index, dtype="str")
    way = pd.Series("none", index=asked.index, dtype="str")
    shared = pd.Series(None, index=asked.index, dtype="str")
    for column, step in STEPS.items():
        found = asked[column].map(index[step.method]).astype("str")
        several = asked[column].isin(index[step.method].index[index[step.method].isna()])
        contradicted = step.own_name & _differ(known, found.map(codes))
        undecided = way.eq("none")
        hit = undecided & found.notna() & ~contradicted
        firm = firm.mask(hit, found)
        way = way.mask(hit, column).mask(undecided & several, "ambiguous")
        shared = shared.mask(undecided & several, column)
    asked["firm_id"], asked["way"], asked["shared"], asked["known"] = firm, way, shared, known
    asked["method"] = (
        way.map({column: step.method for column, step in STEPS.items()}).fillna(way).astype("str")
    )
    asked["score"] = way.map({column: step.score for column, step in STEPS.items()}).astype(
        "float64"
    )


def _differ(left: pd.Series, right: pd.Series) -> pd.Series:
    return left.notna() & right.notna() & left.ne(right)


def _at_its_time(rows: pd.DataFrame, asked: pd.DataFrame, names: pd.DataFrame) -> None:
    """Link a name of several firms to the one that had it at the time of the record."""
    dated = names.assign(
        since=_months(names["valid_from"], -np.inf), until=_months(names["valid_to"], np.inf)
    )
    shared = asked.loc[asked["way"].eq("ambiguous")]
    for column, step in STEPS.items():
        if step.method == "uscc":
            continue  # a code is that of one firm
        texts = shared.loc[shared["shared"].eq(column), [column, "known"]].rename(
            columns={column: "text"}
        )
        open_ = (
            rows.loc[rows["asked"].isin(texts.index), ["asked", "start", "end"]]
            .rename_axis("n")
            .reset_index()
        )
        owners = dated[[step.method, "firm_id", "uscc", "since", "until"]]
        owners = owners.rename(columns={step.method: "text"}).dropna(subset="text")
        pairs = open_.join(texts, on="asked").merge(owners, on="text")
        fits = pairs["since"].le(pairs["end"]) & pairs["until"].ge(pairs["start"])
        if step.own_name:
            fits &= ~_differ(pairs["known"], pairs["uscc"])
        one = pairs.loc[fits, ["n", "firm_id"]].drop_duplicates().drop_duplicates("n", keep=False)
        rows.loc[one["n"], "firm_id"] = one["firm_id"].to_numpy()
        rows.loc[one["n"], "method"] = step.method
        rows.loc[one["n"], "score"] = step.score - AT_ITS_TIME


def _months(day: pd.Series, missing: float) -> np.ndarray:
    return month_number(year_month(day)).to_numpy("float64", na_value=missing)


def _by_number(rows: pd.DataFrame) -> None:
    """Give a row without firm and code the firm of its 单位编号, where that is one firm."""
    linked = rows.loc[
        rows["firm_id"].notna() & rows["number"].notna(), ["number", "firm_id"]
    ].drop_duplicates()
    single = linked.drop_duplicates("number", keep=False).set_index("number")["firm_id"]
    shared = rows["number"].map(single).astype("str")
    hit = rows["firm_id"].isna() & shared.notna() & rows["code"].isna()
    rows["firm_id"] = rows["firm_id"].mask(hit, shared)
    rows["method"] = rows["method"].mask(hit, "number")
    rows["score"] = rows["score"].mask(hit, BY_NUMBER)


def _decide(rows: pd.DataFrame, asked: pd.DataFrame, settled: pd.DataFrame) -> None:
    """Add `decision`; an accepted firm goes before every other, a rejected one is removed."""
    rows["decision"] = pd.Series(None, index=rows.index, dtype="str")
    for line in settled.sort_values(
        ["decision"], ascending=False, kind="stable"
    ).itertuples():  # rejects first
        same = asked["name"].eq(line.name) & (
            asked["source"].eq(line.source) if isinstance(line.source, str) else True
        )
        here = rows["asked"].isin(asked.index[same])
        if line.decision == "reject" and isinstance(line.firm_id, str):
            here &= rows["firm_id"].eq(line.firm_id)
        accepted = line.decision == "accept"
        rows.loc[here, "firm_id"] = line.firm_id if accepted else None
        rows.loc[here, ["method", "decision"]] = [
            "decision",
            "accepted" if accepted else "rejected",
        ]
        rows.loc[here, "score"] = 1.0 if accepted else np.nan


def _review(
    rows: pd.DataFrame,
    asked: pd.DataFrame,
    names: pd.DataFrame,
    settled: pd.DataFrame,
    candidates: int,
    min_similarity: float,
) -> pd.DataFrame:
    """Find candidates; records that have one get the method "candidate" and its score."""
    texts = asked.loc[asked["name"].notna(), ["name", "core", "parent_core"]]
    open_ = rows.loc[rows["method"].eq("none"), ["source", "asked"]].join(
        texts, on="asked", how="inner"
    )
    queries = open_.groupby(["source", "name"], as_index=False).agg(
        records=("asked", "size"), core=("core", "first"), parent_core=("parent_core", "first")
    )
    queries = queries.assign(core=queries["parent_core"].fillna(queries["core"]))
    review = propose(queries, names, at_most=candidates, min_similarity=min_similarity)
    refused = settled[settled["decision"].eq("reject")]
    pairs = pd.MultiIndex.from_frame(refused[["name", "firm_id"]])
    review = review[~pd.MultiIndex.from_frame(review[["text", "firm_id"]]).isin(pairs)].reset_index(
        drop=True
    )
    best = review.groupby(["source", "text"])["score"].max()
    score = pd.Series(
        best.reindex(pd.MultiIndex.from_frame(open_[["source", "name"]])).to_numpy(), open_.index
    )
    hit = score.dropna()
    rows.loc[hit.index, "method"] = "candidate"
    rows.loc[hit.index, "score"] = hit
    return review


def _firm_names(names: pd.DataFrame, rows: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """Join the registered names as written and the branches found."""
    own = names.drop(columns="name").rename(columns={"written": "name"})[NAME_COLUMNS]
    by_parent = asked.loc[asked["way"].isin(BRANCH) | asked["shared"].isin(BRANCH), ["name"]]
    branch = rows.loc[rows["firm_id"].notna(), ["asked", "firm_id"]].join(
        by_parent, on="asked", how="inner"
    )
    branch = branch[["firm_id", "name"]].drop_duplicates().assign(kind="分公司")
    both = pd.concat([own, branch], ignore_index=True).astype({"kind": "str"})
    return both.dropna(subset="name").sort_values(["firm_id", "kind", "name"], ignore_index=True)[
        NAME_COLUMNS
    ]
