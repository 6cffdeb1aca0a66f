"""Firms of the registry, and the firm each record of the other sources is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from zgzx_research.link.company_names import company_core, normalise_company_name, parent_name
from zgzx_research.link.records import KEY, ranked_ids

FIRM_COLUMNS = [
    "firm_id", "uscc", "name", "name_core", "founded", "closed", "industry2", "size", "street", "staff", "capital_cny",
    "hitech",
]  # fmt: skip
AUDIT_COLUMNS = ["source", *KEY, "firm_id", "method", "score"]
METHODS = ("uscc", "name", "core", "ambiguous", "none")


class Step(NamedTuple):
    """A way to a firm.

    Attributes
    ----------
    method : what the record and the firm have in common: "uscc", "name" or "core".
    score : ranks the evidence; it is not a probability.
    own_name : contradicted by a code; a branch's parent is not, since a branch has a code of its own.
    """

    method: str
    score: float
    own_name: bool


# By column of the record, tried in this order.
STEPS = {
    "code": Step("uscc", 1.0, False),
    "lent_code": Step("uscc", 0.99, False),
    "name": Step("name", 0.95, True),
    "core": Step("core", 0.90, True),
    "parent": Step("name", 0.85, False),
    "parent_core": Step("core", 0.80, False),
}


@dataclass(frozen=True)
class FirmLinks:
    """Result of `link_firms`.

    Attributes
    ----------
    firm : one row per firm; `firm_id` = "F" and the rank of its first registry row.
    firm_name : firm_id, name, kind: 现名 as registered, 曾用名 other names under the same code, 分公司 branches met in
        the other sources (normalised).
    link_audit : source, file, sheet, row, part, firm_id (null), method, score (NaN without a firm); one row per roster
        row, spell and applicant that is an organisation.
    """

    firm: pd.DataFrame
    firm_name: pd.DataFrame
    link_audit: pd.DataFrame


def link_firms(
    registry: pd.DataFrame, roster: pd.DataFrame, spell: pd.DataFrame, patent_party: pd.DataFrame
) -> FirmLinks:
    """Link roster rows, spells and applicants to registry firms: by code, then full name, then core of the name.

    A spell without a code takes that of its 单位编号, if all rows of this number carry the same one. A name or core of
    several firms links to none of them ("ambiguous"). A firm whose code differs from the record's is never linked by
    name. Branches count for the parent. The order of the rows does not matter.
    """
    firm, names = _firms(registry)
    index = {kind: _index(names, kind) for kind in ("uscc", "name", "core")}
    codes = firm.set_index("firm_id")["uscc"]
    applicant = patent_party[patent_party["role"].eq("applicant") & patent_party["name"].notna()]
    sources = {
        "roster": _records(roster, roster["firm_name"]),
        "spell": _records(spell, spell["employer_name"], spell["employer_uscc"], _lent_codes(spell)),
        "patent_party": _records(applicant, applicant["name"]),
    }
    matched = pd.concat(
        [_match(records, index, codes).assign(source=source) for source, records in sources.items()], ignore_index=True
    ).astype({"source": "str"})
    audit = matched.sort_values(["source", *KEY], ignore_index=True)[AUDIT_COLUMNS]
    return FirmLinks(firm, _firm_names(names, matched), audit)


def link_summary(link_audit: pd.DataFrame) -> pd.DataFrame:
    """Columns source, rows, linked, linked_share and the rows by method; a row per source."""
    counts = pd.crosstab(link_audit["source"], link_audit["method"]).reindex(columns=list(METHODS), fill_value=0)
    linked = link_audit.groupby("source")["firm_id"].agg(rows="size", linked="count")
    summary = linked.assign(linked_share=linked["linked"] / linked["rows"]).join(counts)
    return summary.reset_index().rename_axis(columns=None)


def _firms(registry: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The firms, and their names: firm_id, name (normalised), core, uscc, written, kind.

    Rows with one code are one firm. A row without a code is the firm that has the same name, if there is one.
    """
    rows = registry.sort_values(KEY, ignore_index=True)
    rows["normal"] = normalise_company_name(rows["name"])
    rows["uscc"] = rows["uscc"].fillna(rows["normal"].map(_first(rows, "normal", "uscc"))).astype("str")
    # "name:" keeps a firm that is called like a code apart from the code.
    group = (
        rows["uscc"].fillna("name:" + rows["normal"]).fillna("row:" + rows.index.astype("str").to_series(rows.index))
    )
    rows["firm_id"] = ranked_ids("F", 6, group)
    rows["name_core"] = company_core(rows["normal"])
    first = ~rows.duplicated("firm_id")
    firm = rows.loc[first, FIRM_COLUMNS].reset_index(drop=True)
    names = pd.DataFrame(
        {
            "firm_id": rows["firm_id"], "name": rows["normal"], "core": rows["name_core"], "uscc": rows["uscc"],
            "written": rows["name"], "kind": first.map({True: "现名", False: "曾用名"}).astype("str"),
        }
    )  # fmt: skip
    return firm, names.drop_duplicates(["firm_id", "name"], ignore_index=True)


def _first(rows: pd.DataFrame, key: str, value: str) -> pd.Series:
    """The first `value` present for every `key`."""
    return rows.dropna(subset=[key, value]).drop_duplicates(key).set_index(key)[value]


def _index(names: pd.DataFrame, kind: str) -> pd.Series:
    """firm_id by uscc, name or core; null where several firms share it."""
    pairs = names[[kind, "firm_id"]].dropna().drop_duplicates()
    firms = pairs.groupby(kind)["firm_id"].agg(["first", "size"])
    return firms["first"].where(firms["size"].eq(1))


def _lent_codes(spell: pd.DataFrame) -> pd.Series:
    """The code of each row's 单位编号, where all rows of the number that carry a code carry the same."""
    pairs = spell[["employer_no", "employer_uscc"]].dropna().drop_duplicates()
    single = pairs.drop_duplicates("employer_no", keep=False).set_index("employer_no")["employer_uscc"]
    return spell["employer_no"].map(single).astype("str")


def _records(
    table: pd.DataFrame, name: pd.Series, code: pd.Series | None = None, lent: pd.Series | None = None
) -> pd.DataFrame:
    """What is known of each record's firm, a column per way of `STEPS`."""
    missing = pd.Series(None, index=table.index, dtype="str")
    normal = normalise_company_name(name)
    parent = parent_name(normal)
    return table[KEY].assign(
        code=missing if code is None else code,
        lent_code=missing if lent is None else lent,
        name=normal,
        core=company_core(normal),
        parent=parent,
        parent_core=company_core(parent),
    )


def _match(records: pd.DataFrame, index: dict[str, pd.Series], codes: pd.Series) -> pd.DataFrame:
    """The records with firm_id, method, score and `way`, the column that led to the firm."""
    asked = records[list(STEPS)].drop_duplicates(ignore_index=True)
    known = asked["code"].fillna(asked["lent_code"])
    firm = pd.Series(None, index=asked.index, dtype="str")
    way = pd.Series("none", index=asked.index, dtype="str")
    for column, step in STEPS.items():
        found = asked[column].map(index[step.method]).astype("str")
        shared = asked[column].isin(index[step.method].index[index[step.method].isna()])
        contradicted = step.own_name & _differ(known, found.map(codes))
        undecided = way.eq("none")
        hit = undecided & found.notna() & ~contradicted
        firm = firm.mask(hit, found)
        way = way.mask(hit, column).mask(undecided & shared, "ambiguous")
    method = way.map({column: step.method for column, step in STEPS.items()}).fillna(way)
    score = way.map({column: step.score for column, step in STEPS.items()}).astype("float64")
    return records.merge(asked.assign(firm_id=firm, way=way, method=method, score=score), on=list(STEPS), how="left")


def _differ(left: pd.Series, right: pd.Series) -> pd.Series:
    return left.notna() & right.notna() & left.ne(right)


def _firm_names(names: pd.DataFrame, matched: pd.DataFrame) -> pd.DataFrame:
    """Registered names as written, then the branches met."""
    own = names[["firm_id", "written", "kind"]].rename(columns={"written": "name"})
    branch = matched.loc[matched["way"].isin(["parent", "parent_core"]), ["firm_id", "name"]].assign(kind="分公司")
    both = pd.concat([own, branch], ignore_index=True).drop_duplicates().astype({"kind": "str"})
    return both.sort_values(["firm_id", "kind", "name"], ignore_index=True)
