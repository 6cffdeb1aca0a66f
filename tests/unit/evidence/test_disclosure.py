"""Disclosure control: small counts, and all from which they could be calculated, are blank."""

from __future__ import annotations

import pandas as pd

from zgzx_research.evidence.disclosure import blank_small_counts


def test_small_counts_and_their_shares_are_blank() -> None:
    frame = pd.DataFrame({"arm": ["a", "b", "c"], "rows": [100, 12, 9], "linked": [90, 9, 9]})
    frame["linked_share"] = frame["linked"] / frame["rows"]
    shown = blank_small_counts(frame, ["rows", "linked"])
    assert shown["rows"].tolist() == [100, 12, pd.NA]
    assert shown["linked"].tolist() == [90, pd.NA, pd.NA]
    assert shown["linked_share"].isna().tolist() == [False, True, True]
