"""Shares of linked records by edition and arm, without what tells of few persons."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from zgzx_research.evidence.disclosure import hidden_parts
from zgzx_research.evidence.disclosure_rules import SECONDARY, THRESHOLD, rules
from zgzx_research.evidence.earlier_counts import NOTHING, EarlierCounts
from zgzx_research.evidence.facts import Fact, shown_fact

MEASURES = {"rows": "count", "linked": "count", "linked_share": "share"}


def hide_linkage(
    rates: pd.DataFrame, minimum: int | None = None, before: EarlierCounts = NOTHING
) -> pd.DataFrame:
    """Hide the linkage of editions where few records are linked, or few are not.

    The totals of an arm over all editions are known, so where one edition is hidden others go with
    it, until the hidden ones come to `minimum` together.

    Parameters
    ----------
    rates : DataFrame
        edition, arm, entity, rows, linked; a row per edition, arm and entity.
    minimum : int, optional
        Smallest number of records to show; by default the rule for persons.
    before : EarlierCounts, optional
        What an earlier edition showed of the facts of `linkage_facts`.

    Returns
    -------
    DataFrame
        The same, sorted, with rows and linked as Int64 and linked_share in [0, 1]; missing where
        hidden. An edition in which all are linked tells of nobody and is shown.
    """
    minimum = rules().persons if minimum is None else minimum
    groups = rates.groupby(["entity", "arm"], sort=False)
    parts = [_hidden(own, minimum, before) for _, own in groups]
    columns = ["edition", "arm", "entity", *MEASURES]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts).loc[rates.index, columns].reset_index(drop=True)


def _hidden(own: pd.DataFrame, minimum: int, before: EarlierCounts) -> pd.DataFrame:
    """Return the editions of one arm and entity."""
    rows, linked = own["rows"].astype("int64"), own["linked"].astype("int64")
    names = [fact_name(row) for row in own.to_dict("records")]
    told, known = _against_before(names, rows, linked, minimum, before)
    small = [0 < count < minimum for count in rows]
    few = hidden_parts([*rows], _either(small, told["rows"]), minimum, known=known["rows"])
    hidden = _either(few, told["linked"])
    earlier: list[bool] = []
    while hidden != earlier:
        earlier = hidden
        for part in (linked, rows - linked):
            small = _either([0 < count < minimum for count in part], hidden)
            chosen = hidden_parts([*part], small, minimum, known=known["linked"])
            hidden = _either(chosen, earlier)
    return own.assign(
        rows=rows.astype("Int64").mask(few),
        linked=linked.astype("Int64").mask(hidden),
        linked_share=(linked / rows).mask(hidden),
    )


def _against_before(
    names: list[str], rows: pd.Series, linked: pd.Series, minimum: int, before: EarlierCounts
) -> tuple[dict[str, list[bool]], dict[str, list[bool]]]:
    """Say by count which editions tell too much beside an earlier report, and which it tells."""
    told: dict[str, list[bool]] = {"rows": [], "linked": []}
    known: dict[str, list[bool]] = {"rows": [], "linked": []}
    for name, *both in zip(names, rows, linked, strict=True):
        now = dict(zip(told, map(int, both), strict=True))
        found = before.told_parts(name, now, "rows", minimum)
        for count, number in now.items():
            told[count].append(count in found)
            known[count].append(before.knows(f"{name}.{count}", number))
    return told, known


def _either(one: list[bool], other: list[bool]) -> list[bool]:
    return [first or second for first, second in zip(one, other, strict=True)]


def blank_linkage(rates: pd.DataFrame, shown: pd.DataFrame) -> dict[str, int]:
    """Count the numbers that `hide_linkage` leaves blank, by rule.

    Parameters
    ----------
    rates, shown : DataFrame
        Its argument and its result.
    """
    linked, minimum = rates["linked"].astype("int64").to_numpy(), rules().persons
    rows = rates["rows"].astype("int64").to_numpy()
    small = {"rows": (rows > 0) & (rows < minimum)}
    small["linked"] = small["rows"] | ((linked > 0) & (linked < minimum))
    small["linked"] |= (rows > linked) & (rows - linked < minimum)
    blank = {name: shown[name].isna().to_numpy(dtype=bool) for name in small}
    few = sum(int((blank[name] & small[name]).sum()) for name in small)
    return {THRESHOLD: few, SECONDARY: sum(int(one.sum()) for one in blank.values()) - few}


def fact_name(row: Mapping[Hashable, Any]) -> str:
    """Return the first parts of the names of the facts of one row."""
    return f"linkage.{row['edition']}.{row['arm']}.{row['entity']}"


def linkage_facts(rates: pd.DataFrame, before: EarlierCounts = NOTHING) -> dict[str, Fact]:
    """Make the facts `linkage.<edition>.<arm>.<entity>.{rows,linked,linked_share}`."""
    shown = hide_linkage(rates, before=before).astype(object)
    return {
        f"{fact_name(row)}.{name}": shown_fact(row[name], unit, "data", "link")
        for row in shown.to_dict("records")
        for name, unit in MEASURES.items()
    }
