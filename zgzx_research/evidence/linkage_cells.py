"""Shares of linked records by edition and arm, without what tells of few persons."""

from __future__ import annotations

import pandas as pd

from zgzx_research.evidence.disclosure import hidden_parts
from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.evidence.facts import Fact, shown_fact

MEASURES = {"rows": "count", "linked": "count", "linked_share": "share"}


def hide_linkage(rates: pd.DataFrame, minimum: int | None = None) -> pd.DataFrame:
    """Hide the linkage of editions where few records are linked, or few are not.

    The totals of an arm over all editions are known, so where one edition is hidden others go with
    it, until the hidden ones come to `minimum` together.

    Parameters
    ----------
    rates : DataFrame
        edition, arm, entity, rows, linked; a row per edition, arm and entity.
    minimum : int, optional
        Smallest number of records to show; by default the rule for persons.

    Returns
    -------
    DataFrame
        The same, sorted, with rows and linked as Int64 and linked_share in [0, 1]; missing where
        hidden. An edition in which all are linked tells of nobody and is shown.
    """
    minimum = rules().persons if minimum is None else minimum
    parts = [_hidden(own, minimum) for _, own in rates.groupby(["entity", "arm"], sort=False)]
    columns = ["edition", "arm", "entity", *MEASURES]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts).loc[rates.index, columns].reset_index(drop=True)


def _hidden(own: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Return the editions of one arm and entity."""
    rows, linked = own["rows"].astype("int64"), own["linked"].astype("int64")
    few = hidden_parts([*rows], [0 < count < minimum for count in rows], minimum)
    hidden = list(few)
    before: list[bool] = []
    while hidden != before:
        before = hidden
        for part in (linked, rows - linked):
            small = [0 < count < minimum for count in part]
            small = [one or other for one, other in zip(small, hidden, strict=True)]
            hidden = hidden_parts([*part], small, minimum)
            hidden = [one or other for one, other in zip(hidden, before, strict=True)]
    return own.assign(
        rows=rows.astype("Int64").mask(few),
        linked=linked.astype("Int64").mask(hidden),
        linked_share=(linked / rows).mask(hidden),
    )


def linkage_facts(rates: pd.DataFrame) -> dict[str, Fact]:
    """Make the facts `linkage.<edition>.<arm>.<entity>.{rows,linked,linked_share}`."""
    shown = hide_linkage(rates).astype(object)
    return {
        f"linkage.{row['edition']}.{row['arm']}.{row['entity']}.{name}": shown_fact(
            row[name], unit, "data", "link"
        )
        for row in shown.to_dict("records")
        for name, unit in MEASURES.items()
    }
