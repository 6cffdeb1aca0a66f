"""What people decided about links.

`data/decisions/<study>/links.csv`, versioned, applied before everything else.
"""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from zgzx_research.atomic import write_whole
from zgzx_research.errors import ZgzxError
from zgzx_research.link.company_names import normalise_company_name

COLUMNS = ["source", "text", "uscc", "firm_name", "decision", "reviewer", "date", "reason"]
WORDS = ("accept", "reject")


def no_decisions() -> pd.DataFrame:
    """Return the table without a row."""
    return pd.DataFrame({column: pd.Series(dtype="str") for column in COLUMNS})


def read_decisions(path: Path) -> pd.DataFrame:
    """Read the decisions of a study on links; no rows where it has none.

    Columns: source (of the link audit, blank for all), text (the firm as the record writes it),
    uscc or firm_name (the firm of the registry; a reject without either means that the firm is in
    no registry), decision (accept or reject), reviewer, date, reason.

    Raises
    ------
    ZgzxError
        Another header; a line without text, reviewer, date or reason; an unknown word; an accept of
        no firm.
    """
    if not path.is_file():
        return no_decisions()
    table = pd.read_csv(path, dtype="str", encoding="utf-8-sig")
    if set(table.columns) != set(COLUMNS):
        raise ZgzxError(
            "the header of the decisions is another",
            where=path.name,
            examples=sorted(set(table) ^ set(COLUMNS)),
            remedy=f"Write {', '.join(COLUMNS)}.",
        )
    unnamed = table["uscc"].isna() & table["firm_name"].isna()
    wrong = {
        "a decision needs text, reviewer, date and reason": table[
            ["text", "reviewer", "date", "reason"]
        ]
        .isna()
        .any(axis=1),
        f"a decision is {' or '.join(WORDS)}": ~table["decision"].isin(WORDS),
        "an accept names a firm by uscc or firm_name": table["decision"].eq("accept") & unnamed,
        "a date is YYYY-MM-DD": pd.to_datetime(
            table["date"], format="%Y-%m-%d", errors="coerce"
        ).isna(),
    }
    for what, bad in wrong.items():
        if bad.any():
            lines = (f"line {n + 2}" for n in table.index[bad])
            raise ZgzxError(
                what,
                where=path.name,
                count=int(bad.sum()),
                examples=lines,
                remedy="Correct the line.",
            )
    return table[COLUMNS]


def write_decisions(decided: pd.DataFrame, path: Path) -> Path:
    """Add decisions to the file.

    A newer one on the same name and firm takes the place of the older.
    """
    same = ["source", "text", "uscc", "firm_name"]
    both = pd.concat([read_decisions(path), decided[COLUMNS]], ignore_index=True).drop_duplicates(
        same, keep="last"
    )
    buffer = io.StringIO()
    both.to_csv(buffer, index=False, lineterminator="\n")
    return write_whole(path, buffer.getvalue().encode("utf-8-sig"))


def resolve_decisions(decisions: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """Return the latest decision on each (source, name).

    A reject of one firm and an accept of another may both hold.

    Returns
    -------
    pandas.DataFrame
        source (null = all), name (normalised text), firm_id, decision.

    Raises
    ------
    ZgzxError
        A firm that is not in the registry, or whose name is that of several; two firms accepted on
        one day.
    """
    by_code = names.dropna(subset="uscc").drop_duplicates("uscc").set_index("uscc")["firm_id"]
    pairs = (
        names[["name", "firm_id"]].dropna().drop_duplicates().drop_duplicates("name", keep=False)
    )
    by_name = pairs.set_index("name")["firm_id"]
    firm_name = normalise_company_name(decisions["firm_name"])
    firm = decisions["uscc"].map(by_code).fillna(firm_name.map(by_name)).astype("str")
    lost = firm.isna() & decisions[["uscc", "firm_name"]].notna().any(axis=1)
    table = decisions.assign(firm_id=firm, name=normalise_company_name(decisions["text"]))
    _refuse(
        "the firm of a decision is none of the registry, or its name is that of several",
        table[lost],
        "its code",
    )
    table = table.sort_values(["date"], kind="stable").drop_duplicates(
        ["source", "name", "firm_id"], keep="last"
    )
    accept = table[table["decision"].eq("accept")]
    torn = (
        accept.groupby(["source", "name", "date"], dropna=False)["firm_id"]
        .transform("nunique")
        .gt(1)
    )
    _refuse("one text is accepted for two firms on one day", accept[torn], "one of them")
    accept = accept.drop_duplicates(["source", "name"], keep="last")
    kept = pd.concat([accept, table[table["decision"].eq("reject")]], ignore_index=True)
    return kept[["source", "name", "firm_id", "decision"]]


def _refuse(what: str, lines: pd.DataFrame, give: str) -> None:
    if len(lines):
        raise ZgzxError(
            what,
            where="links.csv",
            count=len(lines),
            examples=lines["text"],
            remedy=f"Give {give}.",
        )
