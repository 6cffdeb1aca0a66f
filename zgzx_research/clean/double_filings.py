"""一案双申: one invention filed twice on one day, as an invention and as a utility model."""

from __future__ import annotations

import pandas as pd

from zgzx_research.clean.values import firm_text, on_unique

TWINS = ("invention", "utility_model")


def pair_double_filings(patent: pd.DataFrame) -> pd.Series:
    """The other application of each pair (str, null where there is none), on the index of `patent`.

    Parameters
    ----------
    patent : app_no, type, filed, applicants, title, dual_app_no, is_dual; one row per application.

    The number the office gives comes first, for both applications. Else an invention and a utility model with the same
    applicants, day and title are a pair; where no title is known, the same applicants and day are enough if both rows
    say 是. Two inventions that fit are no pair: nothing is guessed. A row that says 否 is not paired.
    """
    told = patent.dropna(subset="dual_app_no").set_index("app_no")["dual_app_no"]
    back = pd.Series(told.index, index=told.to_numpy())
    both = pd.concat([told, back[~back.index.isin(told.index)]])
    twin = patent["app_no"].map(both[~both.index.duplicated()]).astype("str")
    open_rows = patent[twin.isna() & patent["is_dual"].ne(False).fillna(True) & patent["type"].isin(TWINS)]
    said = open_rows["is_dual"].eq(True).fillna(False) & open_rows["title"].isna()
    open_rows = open_rows.assign(
        who=on_unique(open_rows["applicants"], lambda text: firm_text(text).replace(" ", "")),
        what=on_unique(open_rows["title"], lambda text: firm_text(text).replace(" ", "")).mask(said, ""),
    )
    same = ["who", "filed", "what"]
    first, second = (open_rows[open_rows["type"].eq(kind)].dropna(subset=same) for kind in TWINS)
    pairs = first.drop_duplicates(same, keep=False).merge(second.drop_duplicates(same, keep=False), on=same)
    found = pd.concat([pairs.set_index("app_no_x")["app_no_y"], pairs.set_index("app_no_y")["app_no_x"]])
    return twin.fillna(patent["app_no"].map(found).astype("str"))
