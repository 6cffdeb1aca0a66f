"""Inventors among the insured.

The name, at an applicant's legal group, in the month of the filing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from zgzx_research.link.clean_rows import (
    RECORD_KEY,
    merged_by_key,
    month_number,
    source_table,
    year_month,
)
from zgzx_research.link.insured import LINK_RULES, Insured
from zgzx_research.link.link_firms import FirmLinks


def link_inventors(
    clean: Mapping[str, pd.DataFrame], firms: FirmLinks, insured: Insured
) -> pd.DataFrame:
    """Link inventors by name to persons insured at an applicant in the month of the filing.

    Returns
    -------
    pandas.DataFrame
        source, RECORD_KEY, worker_id, method, score, uniqueness; a row per inventor with a name.
        uniqueness: unique, several or none of that name were insured there then. Only unique ones
        are linked (method "firm_date"); score: the chance that this one is the inventor and not a
        namesake, from the share of the name among the insured and the size of the firm.
    """
    party = source_table(clean, "patent_party", ["role", "app_no", "name_key"])
    inventor = party[party["role"].eq("inventor") & party["name_key"].notna()].reset_index(
        drop=True
    )
    filed = clean.get("patent", pd.DataFrame({"app_no": [], "filed": pd.to_datetime([])}))
    month = month_number(year_month(filed["filed"])).set_axis(filed["app_no"])
    inventor["month"] = inventor["app_no"].map(month[~month.index.duplicated()]).astype("Int64")
    pairs = _pairs(inventor, _applicant_groups(party, firms), insured)
    people = pairs[["n", "worker_id"]].drop_duplicates()
    count = people["n"].value_counts().reindex(inventor.index).fillna(0)
    first = people.drop_duplicates("n").set_index("n")["worker_id"].reindex(inventor.index)
    uniqueness = np.select([count.eq(1), count.gt(1)], ["unique", "several"], "none")
    method = np.select([count.eq(1), count.gt(1)], ["firm_date", "ambiguous"], "none")
    score = _score(pairs, insured).reindex(inventor.index).where(count.eq(1))
    result = inventor[RECORD_KEY].assign(
        source="patent_party",
        worker_id=first.where(count.eq(1)),
        method=method,
        score=score.round(6),
        uniqueness=uniqueness,
    )
    return result.astype(dict.fromkeys(["source", "worker_id", "method", "uniqueness"], "str"))


def _applicant_groups(party: pd.DataFrame, firms: FirmLinks) -> pd.DataFrame:
    """Distinct app_no, group_id of the original applicants."""
    audit = firms.link_audit
    linked = audit.loc[
        audit["source"].eq("patent_party") & audit["firm_id"].notna(), [*RECORD_KEY, "firm_id"]
    ]
    found = merged_by_key(
        party.loc[party["role"].eq("applicant"), [*RECORD_KEY, "app_no"]], linked, RECORD_KEY
    )
    group = found["firm_id"].map(firms.firm.set_index("firm_id")["group_id"])
    return found[["app_no"]].assign(group_id=group).drop_duplicates()


def _pairs(inventor: pd.DataFrame, groups: pd.DataFrame, insured: Insured) -> pd.DataFrame:
    """Pair each inventor (n, its index) with all of that name at work at an applicant then."""
    asked = (
        inventor[["app_no", "name_key", "month"]]
        .rename_axis("n")
        .reset_index()
        .merge(groups, on="app_no")
    )
    there = insured.at_work.merge(insured.named[["worker_id", "name_key"]], on="worker_id")
    pairs = asked.merge(there, on=["group_id", "name_key"])
    pairs = pairs[
        pairs["start"].le(pairs["month"]).fillna(False)
        & pairs["end"].ge(pairs["month"]).fillna(False)
    ]
    return pairs[["n", "worker_id", "group_id", "name_key", "month"]]


def _score(pairs: pd.DataFrame, insured: Insured) -> pd.Series:
    """Probability by inventor that the one found is meant.

    Insured there, against a chance namesake.
    """
    share = insured.person["name_key"].value_counts(normalize=True)
    size = insured.headcount(pairs["month"].drop_duplicates().iloc[::12])
    heads = pairs["group_id"].map(size).astype("float64").fillna(1.0).clip(lower=1.0)
    namesakes = pairs["name_key"].map(share).astype("float64") * heads
    present = LINK_RULES["rules"]["inventors_insured"]["value"]
    probability = present / (present + (1 - present) * namesakes)
    return probability.groupby(pairs["n"]).min()
