"""Precision and recall of the links against the truth.

For tests only, analysis code never reads the truth.
"""

from __future__ import annotations

import pandas as pd

RECORD_KEY = ["file", "sheet", "row", "part"]
INSURANCE = ("spell", "si_month")


def evaluate(
    link_audit: pd.DataFrame, record: pd.DataFrame, identity: pd.Series, entity: str
) -> pd.DataFrame:
    """source, records, linked, right, precision (right / linked), recall.

    Right / records that have a true one.

    link_audit : of the package (or `spell_worker` for the insurance).
    record : truth, with RECORD_KEY,
        firm_id, worker_id and,
    where there is one, `recoverable`: rows that no cleaning can restore are left out of the recall.
    identity : our firm_id or worker_id -> the true one. entity : "firm" or "worker".
    """
    column = f"{entity}_id"
    ours = link_audit[link_audit["entity"].eq(entity)] if "entity" in link_audit else link_audit
    both = ours[["source", *RECORD_KEY, column]].merge(
        record, on=RECORD_KEY, suffixes=("", "_true"), how="inner"
    )
    true = both[f"{column}_true"]
    exists, linked = true.notna(), both[column].notna()
    right = linked & both[column].map(identity).eq(true).fillna(False)
    wanted = exists & both.get("recoverable", pd.Series(True, index=both.index)).astype("bool")
    table = pd.DataFrame(
        {
            "source": both["source"],
            "records": wanted,
            "linked": linked,
            "right": right,
            "found": right & wanted,
        }
    )
    sums = table.groupby("source").sum()
    sums.loc["all"] = sums.sum()
    sums["precision"], sums["recall"] = (
        sums["right"] / sums["linked"],
        sums["found"] / sums["records"],
    )
    return sums.drop(columns="found").reset_index()


def true_workers(spell_worker: pd.DataFrame, record: pd.DataFrame) -> pd.Series:
    """The true worker by ours: the one whom most of its insurance rows are about."""
    rows = spell_worker[spell_worker["source"].isin(INSURANCE)].dropna(subset="worker_id")
    both = rows.merge(
        record[[*RECORD_KEY, "worker_id"]], on=RECORD_KEY, suffixes=("", "_true")
    ).dropna(subset="worker_id_true")
    counts = both.groupby(["worker_id", "worker_id_true"]).size().rename("rows").reset_index()
    best = counts.sort_values("rows", kind="stable").drop_duplicates("worker_id", keep="last")
    return best.set_index("worker_id")["worker_id_true"]
