"""How the records were linked.

One row per record and question (which firm, which person), summaries, thresholds.
"""

from __future__ import annotations

import pandas as pd

from zgzx_research.link.clean_rows import RECORD_KEY

AUDIT_COLUMNS = [
    "source",
    *RECORD_KEY,
    "entity",
    "firm_id",
    "worker_id",
    "method",
    "score",
    "decision",
    "uniqueness",
]
METHODS = ("decision", "uscc", "name", "core", "number", "candidate", "ambiguous", "none")
PERSON_METHODS = ("id", "splink", "roster", "firm_date", "id_only", "weak", "ambiguous", "none")
ARMS = ("winner", "finalist", "participant")


def relink(link_audit: pd.DataFrame, *, min_score: float) -> pd.DataFrame:
    """Undo the links below `min_score` (method "below"; their score stays).

    Estimates are rerun on the result as on the first. Accepted decisions stay; nothing is added,
    for a candidate is no link.
    """
    weak = link_audit["score"].lt(min_score) & link_audit["decision"].ne("accepted").fillna(True)
    weak &= link_audit[["firm_id", "worker_id"]].notna().any(axis=1)
    return link_audit.assign(
        firm_id=link_audit["firm_id"].mask(weak),
        worker_id=link_audit["worker_id"].mask(weak),
        method=link_audit["method"].mask(weak, "below"),
    )


def link_summary(link_audit: pd.DataFrame, entity: str = "firm") -> pd.DataFrame:
    """Count the linked records of each source by method.

    Parameters
    ----------
    link_audit : pandas.DataFrame
        Columns `AUDIT_COLUMNS`.
    entity : {"firm", "worker"}, default "firm"
        Links to firms or to persons.

    Returns
    -------
    pandas.DataFrame
        source, rows, linked, linked_share and the rows by method; a row per source.
    """
    methods, target = (METHODS, "firm_id") if entity == "firm" else (PERSON_METHODS, "worker_id")
    part = link_audit[link_audit["entity"].eq(entity)]
    counts = pd.crosstab(part["source"], part["method"]).reindex(
        columns=list(methods), fill_value=0
    )
    found = part[target].notna() & part["method"].ne("id_only")
    linked = found.groupby(part["source"]).agg(rows="size", linked="sum")
    summary = linked.assign(linked_share=linked["linked"] / linked["rows"]).join(counts)
    return summary.reset_index().rename_axis(columns=None)


def contestants(roster: pd.DataFrame, entry: pd.DataFrame) -> pd.DataFrame:
    """Everybody who competed, once per edition and list.

    Winners stand in the rosters, finalists without an award in the sheets of the finals,
    participants in those of the preliminaries; the preliminary line of a finalist and the final
    line of a winner are left to those lists.

    Returns
    -------
    pandas.DataFrame
        source, RECORD_KEY, edition, category, arm, outcome.
    """
    winner = roster[[*RECORD_KEY, "edition", "category"]].assign(
        source="roster", arm="winner", outcome="awarded"
    )
    arm = entry["stage"].map({"final": "finalist", "preliminary": "participant"})
    lost = entry.assign(source="entry", arm=arm)[
        ["source", *RECORD_KEY, "edition", "category", "arm", "outcome"]
    ]
    lost = lost[~lost["outcome"].isin(["awarded", "advanced"])]
    both = pd.concat([winner, lost], ignore_index=True) if len(lost) else winner
    return both[lost.columns].astype(dict.fromkeys(["source", "arm", "outcome"], "str"))


def linkage_rates(
    link_audit: pd.DataFrame, roster: pd.DataFrame, entry: pd.DataFrame
) -> pd.DataFrame:
    """Share of linked records by edition, arm and entity: unequal shares would bias a comparison.

    Linked means to somebody in the insurance: a worker known by the ID of a roster only is not.

    Parameters
    ----------
    link_audit : pandas.DataFrame
        Links of firms and of persons, columns `AUDIT_COLUMNS`.
    roster : pandas.DataFrame
        Clean table.
    entry : pandas.DataFrame
        Clean table.

    Returns
    -------
    pandas.DataFrame
        edition, arm (winner, finalist, participant), entity (firm, worker), rows, linked,
        linked_share in [0, 1], unique (persons only); a row per edition, arm and entity.
    """
    audit = link_audit[link_audit["source"].isin(["roster", "entry"])]
    rows = contestants(roster, entry).merge(
        audit, on=["source", *RECORD_KEY], validate="one_to_many"
    )
    found = rows["firm_id"].where(rows["entity"].eq("firm"), rows["worker_id"]).notna()
    rows["linked"] = found & rows["method"].ne("id_only")
    rows["unique"] = rows["uniqueness"].eq("unique").fillna(False)
    by = rows.groupby(["edition", "arm", "entity"], as_index=False)
    rates = by.agg(rows=("linked", "size"), linked=("linked", "sum"), unique=("unique", "sum"))
    rates["linked_share"] = rates["linked"] / rates["rows"]
    rates["order"] = rates["arm"].map({arm: n for n, arm in enumerate(ARMS)})
    rates = rates.sort_values(["entity", "edition", "order"], ignore_index=True)
    return rates[["edition", "arm", "entity", "rows", "linked", "linked_share", "unique"]]
