"""一案双申: one invention filed twice on one day, as an invention and as a utility model."""

from __future__ import annotations

import pandas as pd

from zgzx_research.cleaning.identifiers import without_blanks
from zgzx_research.cleaning.rules import RULES
from zgzx_research.distinct import on_texts

COLUMNS = ["app_no", "type", "filed", "applicants", "inventors", "title", "is_dual"]
TWINS = ("invention", "utility_model")


def pair_double_filings(patent: pd.DataFrame) -> pd.Series:
    """Find the other application of each pair (一案双申), on the index of `patent`.

    The number the office gives comes first, for both applications. Else an invention and a utility
    model of one day and title are a pair when they have the same applicants, or the same inventors,
    since one firm is written in many ways. Where no title is known, the same applicants and day are
    enough if both rows say 是. Two inventions that fit are no pair: nothing is guessed. A row that
    says 否 is not paired.

    Parameters
    ----------
    patent : pandas.DataFrame
        app_no, type, filed, applicants, inventors, title, dual_app_no, is_dual; one row per
        application.

    Returns
    -------
    pandas.Series
        Application numbers (str), null where there is none.
    """
    told = patent.dropna(subset="dual_app_no").set_index("app_no")["dual_app_no"]
    back = pd.Series(told.index, index=told.to_numpy())
    both = pd.concat([told, back[~back.index.isin(told.index)]])
    twin = patent["app_no"].map(both[~both.index.duplicated()]).astype("str")
    patent = patent[COLUMNS].assign(what=on_texts(patent["title"], without_blanks))
    for who in ("applicants", "inventors"):
        twin = twin.fillna(patent["app_no"].map(_alike(patent[twin.isna()], who)).astype("str"))
    return twin


def _alike(patent: pd.DataFrame, who: str) -> pd.Series:
    """Find for each application the one other with the same parties, day and title."""
    rows = patent[patent["is_dual"].ne(False).fillna(True) & patent["type"].isin(TWINS)]
    said = rows["is_dual"].eq(True).fillna(False) & rows["title"].isna() & (who == "applicants")
    disclosed = rows[who].where(~rows[who].isin(RULES["persons"]["undisclosed"]))
    rows = rows.assign(who=on_texts(disclosed, without_blanks), what=rows["what"].mask(said, ""))
    same = ["who", "filed", "what"]
    first, second = (rows.loc[rows["type"].eq(kind), ["app_no", *same]].dropna() for kind in TWINS)
    pairs = first.drop_duplicates(same, keep=False).merge(
        second.drop_duplicates(same, keep=False), on=same
    )
    return pd.concat(
        [pairs.set_index("app_no_x")["app_no_y"], pairs.set_index("app_no_y")["app_no_x"]]
    )
