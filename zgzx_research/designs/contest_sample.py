"""The rows of the panel of persons that a comparison of winners with finalists can use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError

CONTEST = ["edition", "category"]
WINNER, FINALIST = "winner", "finalist"


@dataclass(frozen=True, slots=True)
class ContestSample:
    """Winners and other finalists with everything a design asks for.

    Attributes
    ----------
    rows : pandas.DataFrame
        The rows kept, with the columns of the table.
    left_out : pandas.DataFrame
        reason, rows: what was left out, in the order in which it was looked at.
    won : (rows,) of bool
        Winners.
    contest : (rows,) of int
        Number of the edition and category.
    firm, entry : (rows,) of int
        Numbers of firms and of entries.
    """

    rows: pd.DataFrame
    left_out: pd.DataFrame
    won: np.ndarray
    contest: np.ndarray
    firm: np.ndarray
    entry: np.ndarray

    def entry_weights(self) -> np.ndarray:
        """(rows,) one over the number of persons of the entry: every entry counts once."""
        weight: np.ndarray = 1 / np.bincount(self.entry)[self.entry]
        return weight


def contest_sample(
    table: pd.DataFrame, needed: Sequence[str], *, where: str, cluster: str = "firm_id"
) -> ContestSample:
    """Keep winners and other finalists who were employed at the final and have all numbers.

    Parameters
    ----------
    table : pandas.DataFrame
        A row per edition and person: edition, category, arm, entry_id, the cluster, and
        `employed` where there is such a column.
    needed : sequence of str
        Columns of numbers that a row must have.
    where : str
        The design, for messages.
    cluster : str, default "firm_id"
        The column of firms.

    Returns
    -------
    ContestSample
        Rows of contests with both arms, in the order of the table.

    Raises
    ------
    ZgzxError
        A column is missing or holds texts, a person stands twice in an edition, or nothing is left.
    """
    check_columns(table, [*CONTEST, "arm", "entry_id", cluster, *needed], where)
    check_numbers(table, needed, where)
    _refuse_twice(table, where)
    arm = table["arm"].astype("str")
    employed = table["employed"] if "employed" in table else pd.Series(True, table.index)
    steps = {
        "neither winner nor finalist": ~arm.isin([WINNER, FINALIST]),
        "not employed with the firm in the month of the final": ~employed.eq(True).fillna(False),
        "no entry, edition, category or firm": table[["entry_id", *CONTEST, cluster]]
        .isna()
        .any(axis=1),
    }
    steps |= {f"{name} is missing": table[name].isna() for name in needed}
    kept, counts = pd.Series(True, table.index), {}
    for reason, gone in steps.items():
        gone = gone.astype("bool")
        counts[reason] = int((kept & gone).sum())
        kept &= ~gone
    single = _without_both(table[kept])
    counts["edition and category without both arms"] = int(single.sum())
    rows = table[kept][~single.to_numpy()]
    if rows.empty:
        most_first = sorted(counts.items(), key=lambda pair: -pair[1])
        raise ZgzxError(
            "no winner and other finalist of one contest are left",
            where=where,
            examples=[f"{reason}: {count}" for reason, count in most_first if count],
            remedy="Look at the reasons; the columns may have been filled in for one arm only.",
        )
    return _sample(rows, counts, cluster)


def check_columns(table: pd.DataFrame, wanted: Sequence[str], where: str) -> None:
    """Refuse a table without these columns.

    Raises
    ------
    ZgzxError
        A column is missing.
    """
    missing = [name for name in dict.fromkeys(wanted) if name not in table]
    if missing:
        raise ZgzxError(
            f"the table has no column {', '.join(missing)}",
            where=where,
            remedy="This design cannot be computed without it.",
        )


def check_numbers(table: pd.DataFrame, columns: Sequence[str], where: str) -> None:
    """Refuse columns that are not numbers.

    Raises
    ------
    ZgzxError
        A column holds texts, or infinite numbers.
    """
    for name in columns:
        if not pd.api.types.is_numeric_dtype(table[name]):
            raise ZgzxError(
                f"column {name} is not a number",
                where=where,
                examples=table[name].dropna().astype("str").unique()[:3],
                remedy="Code it as numbers first, for example levels 0 to 5.",
            )
        infinite = np.isinf(table[name].to_numpy("float64", na_value=np.nan))
        if infinite.any():
            raise ZgzxError(
                f"column {name} has infinite values", where=where, count=int(infinite.sum())
            )


def _refuse_twice(table: pd.DataFrame, where: str) -> None:
    if "worker_id" not in table:
        return
    pairs = table[["edition", "worker_id"]].dropna()
    twice = pairs[pairs.duplicated()]
    if len(twice):
        raise ZgzxError(
            "a person stands more than once in an edition",
            where=where,
            count=len(twice),
            examples=[f"edition {edition}" for edition in twice["edition"].unique()[:3]],
            remedy="Keep one row per edition and person, that of the furthest stage.",
        )


def _without_both(rows: pd.DataFrame) -> pd.Series:
    """Mark rows of contests in which one arm is missing."""
    won = rows["arm"].eq(WINNER)
    share = won.groupby([rows[name] for name in CONTEST]).transform("mean")
    return share.eq(0) | share.eq(1)


def _sample(rows: pd.DataFrame, counts: dict[str, int], cluster: str) -> ContestSample:
    left_out = pd.DataFrame({"reason": list(counts), "rows": list(counts.values())})
    by_edition = pd.MultiIndex.from_frame(rows[["edition", "entry_id"]])
    return ContestSample(
        rows,
        left_out,
        rows["arm"].eq(WINNER).to_numpy(),
        pd.factorize(pd.MultiIndex.from_frame(rows[CONTEST]))[0],
        pd.factorize(rows[cluster])[0],
        pd.factorize(by_edition)[0],
    )


def refuse_too_few(
    sample: ContestSample, where: str, *, entries: int, firms: int, detectable: str
) -> None:
    """Refuse one edition alone, or too few winning entries or firms.

    Parameters
    ----------
    sample : ContestSample
        The rows.
    where : str
        The design, for messages.
    entries, firms : int
        The fewest winning entries and winning firms.
    detectable : str
        What could be detected, in words.

    Raises
    ------
    ZgzxError
        Fewer than that.
    """
    editions = sample.rows["edition"].nunique()
    winning = len(np.unique(sample.entry[sample.won]))
    owners = len(np.unique(sample.firm[sample.won]))
    if editions > 1 and winning >= entries and owners >= firms:
        return
    raise ZgzxError(
        f"{editions} edition(s), {winning} winning entries of {owners} firms are too few: needed "
        f"are 2 editions, {entries} winning entries and {firms} firms. {detectable}",
        where=where,
        remedy="Pool more editions.",
    )
