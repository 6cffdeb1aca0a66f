"""Firms that a record without a firm might mean, for a person to decide on.

Similar cores, scored, never linked.

A similarity ratio ranks wrong above right (`company_names.py`), so it may propose and not decide.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

REVIEW_COLUMNS = ["source", "text", "records", "rank", "firm_id", "firm_name", "score"]
CHUNK = 512  # queries at a time: bounds the matrix of similarities


def propose(
    asked: pd.DataFrame, names: pd.DataFrame, *, at_most: int, min_similarity: float
) -> pd.DataFrame:
    """Propose for each (source, name) the firms with the most similar cores.

    Parameters
    ----------
    asked : pandas.DataFrame
        source, name (normalised text), core (of the name, or of a branch's parent), records; one
        row per (source, name).
    names : pandas.DataFrame
        firm_id, core, written.
    at_most : int
        Number of proposals for each name.
    min_similarity : float
        rapidfuzz ratio, 0 to 100; `score` is the ratio / 100.

    Returns
    -------
    pandas.DataFrame
        REVIEW_COLUMNS.
    """
    known = (
        names.dropna(subset="core")
        .sort_values(["core", "firm_id"])
        .drop_duplicates(["core", "firm_id"])
    )
    queries = asked["core"].dropna().unique()
    pairs = _similar(queries, known["core"].unique(), min_similarity)
    found = asked.merge(pairs, on="core").merge(
        known[["core", "firm_id", "written"]].rename(columns={"core": "similar"}), on="similar"
    )
    found = found.sort_values(
        ["source", "name", "ratio", "firm_id"], ascending=[True, True, False, True]
    )
    found = found.drop_duplicates(["source", "name", "firm_id"])
    found["rank"] = found.groupby(["source", "name"]).cumcount() + 1
    found = found[found["rank"].le(at_most)].rename(
        columns={"name": "text", "written": "firm_name"}
    )
    return found.assign(score=(found["ratio"] / 100).round(4))[REVIEW_COLUMNS].reset_index(
        drop=True
    )


def _similar(queries: np.ndarray, choices: np.ndarray, min_similarity: float) -> pd.DataFrame:
    """core, similar, ratio of all pairs that are similar enough."""
    from rapidfuzz import fuzz, process

    parts = []
    for first in range(0, len(queries), CHUNK):
        some = list(queries[first : first + CHUNK])
        ratio = process.cdist(
            some, list(choices), scorer=fuzz.ratio, score_cutoff=min_similarity, dtype=np.float32
        )
        left, right = np.nonzero(ratio)
        parts.append((queries[first + left], choices[right], ratio[left, right].astype("float64")))
    if not parts:
        return pd.DataFrame({"core": [], "similar": [], "ratio": []}).astype(
            {"core": "str", "similar": "str"}
        )
    core, similar, ratio_ = (np.concatenate(column) for column in zip(*parts, strict=True))
    return pd.DataFrame({"core": core, "similar": similar, "ratio": ratio_}).astype(
        {"core": "str", "similar": "str"}
    )
