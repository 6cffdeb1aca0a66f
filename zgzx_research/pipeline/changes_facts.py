"""The comparison with an earlier report as a table and as facts `changes.*`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from zgzx_research.evidence.changes import LEVELS, split
from zgzx_research.evidence.claims import Claim
from zgzx_research.evidence.facts import Fact, fact

NOW = "now"  # the last level, under the name that sentences use
NUMBERS = ("estimate", "std_error", "ci_low", "ci_high")
# unit of an effect -> unit of the difference between two of them
DIFFERENCE_UNITS = {"percent": "percentage_point"}
COLUMNS = ["claim", "zh", "en", "unit", "digits", "step", *NUMBERS]
COLUMNS += ["difference", "joined", "reason"]


def changes_frame(changes: Mapping[str, Any], claims: Iterable[Claim]) -> pd.DataFrame:
    """Return a row for each claim and level.

    Parameters
    ----------
    changes : mapping
        From `changes.compare`.
    claims : iterable of Claim
        The claims ledger, for their words and order.

    Returns
    -------
    DataFrame
        claim, zh, en, unit, digits (after the point), step (the level's name), estimate, std_error,
        ci_low, ci_high, difference (the part that ends at this level; missing at the first one and
        where a level is not known), joined (the steps of that part, with _ between them), reason
        (why there is no estimate).
    """
    rows = [
        row
        for claim in claims
        if claim.id in changes["claims"]
        for row in _rows(claim, changes["claims"][claim.id])
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype(dict.fromkeys([*NUMBERS, "difference"], float))


def _rows(claim: Claim, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of one claim."""
    levels = found["levels"]
    values = {name: _number(levels[name]["estimate"]) for name in LEVELS}
    parts = {part.steps[-1]: part for part in split(values)}
    about = {"claim": claim.id, "zh": claim.zh, "en": claim.en}
    about |= {"unit": found["unit"], "digits": found["digits"]}
    rows = []
    for name in LEVELS:
        part = parts.get(name)
        row = {**about, "step": name, **levels[name], "difference": math.nan, "joined": ""}
        if part is not None:
            difference = round(part.difference, found["digits"]) + 0.0
            row |= {"difference": difference, "joined": "_".join(part.steps)}
        rows.append(row)
    return rows


def _number(value: float | None) -> float:
    """Return a number; NaN where there is none."""
    return math.nan if value is None else float(value)


def changes_facts(changes: Mapping[str, Any], frame: pd.DataFrame) -> dict[str, Fact]:
    """Make the facts of a comparison.

    Parameters
    ----------
    changes : mapping
        From `changes.compare`; `since` is "" without an earlier study.
    frame : DataFrame
        From `changes_frame`.

    Returns
    -------
    dict
        `changes.since`, `changes.published_on`; and by claim `changes.<claim>.from`,
        `.reported_from`, `.<level>.{estimate,std_error,ci_low,ci_high,difference,joined,reason}`
        for the levels reported, method, data, edition and now (the same as edition),
        `.total.difference`, and `.small`: whether the whole change is smaller than one standard
        error of the estimate of today.
    """
    facts = {
        "changes.since": fact(changes["since"], "text", "design", "study"),
        "changes.published_on": fact(changes["published_on"], "text", "design", "study"),
    }
    for claim, rows in frame.groupby("claim", sort=False):
        key, found = f"changes.{claim}", changes["claims"][claim]
        for name in ("from", "reported_from"):
            facts[f"{key}.{name}"] = fact(found[name], "text", "design", "study")
        for row in rows.to_dict("records"):
            facts |= _level_facts(f"{key}.{row['step']}", row)
        facts |= _level_facts(f"{key}.{NOW}", rows.to_dict("records")[-1])
        facts |= _total_facts(key, rows)
    return facts


def _level_facts(key: str, row: Mapping[Any, Any]) -> dict[str, Fact]:
    """Make the facts of one level."""
    facts = {
        f"{key}.{name}": fact(row[name], row["unit"], "estimate", "estimate") for name in NUMBERS
    }
    facts[f"{key}.difference"] = _difference(row["difference"], row["unit"])
    for name in ("joined", "reason"):
        facts[f"{key}.{name}"] = fact(row[name], "text", "design", "study")
    return facts


def _total_facts(key: str, rows: pd.DataFrame) -> dict[str, Fact]:
    """Make the facts of the whole change; NaN where a level at one of the ends is not known."""
    total, last = rows["difference"].sum(min_count=1), rows.iloc[-1]
    if math.isnan(last["estimate"]):
        total = math.nan
    small = abs(total) < last["std_error"]
    return {
        f"{key}.total.difference": _difference(float(total), last["unit"]),
        f"{key}.small": fact(bool(small), "text", "estimate", "estimate"),
    }


def _difference(value: float, unit: str) -> Fact:
    """Make the fact of a difference between two effects."""
    return fact(value, DIFFERENCE_UNITS.get(unit, unit), "estimate", "estimate")
