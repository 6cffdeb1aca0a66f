"""The one set of numbers: dotted key -> value in its unit.

Prose, tables and figures all read from here.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from zgzx_research.atomic import write_whole
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.claims import Grade, few_units, verdict
from zgzx_research.evidence.disclosure import MIN_FIRMS

VERSION = 1
UNITS = ("percent", "percentage_point", "count", "share", "year", "text", "number")
KINDS = ("estimate", "data", "design", "stamp", "verdict")
STAGES = ("estimate", "clean", "link", "panels", "study")
DIGITS_KEPT = (
    12  # significant ones of a stored float; beyond them the last bits of two processors may differ
)

SHARE_OUTCOMES = (
    "retention",
)  # a difference of two shares is told in percentage points, their mean as a share

Fact = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts by key; a record is {"value", "unit", "kind", "stage"}, a value that cannot be estimated is None."""

    facts: Mapping[str, Fact]

    def record(self, key: str) -> Fact:
        """The record of a key.

        Raises
        ------
        ZgzxError : no such key; names the nearest.
        """
        if key not in self.facts:
            near = difflib.get_close_matches(key, self.facts, n=1, cutoff=0)
            remedy = (
                f"The nearest key is {near[0]}."
                if near
                else "No fact has been written yet; run the study first."
            )
            raise ZgzxError(f"there is no fact {key!r}", where="facts", remedy=remedy)
        return self.facts[key]

    def get(self, key: str) -> Any:
        """The value of a key, already in its unit; None when it cannot be estimated."""
        return self.record(key)["value"]

    def to_json(self) -> str:
        """JSON text, keys sorted."""
        body = {"version": VERSION, "facts": dict(self.facts)}
        return (
            json.dumps(body, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True) + "\n"
        )

    def save(self, path: Path) -> None:
        """Write to `path` atomically: a reader sees the old file or the whole new one."""
        write_whole(path, self.to_json().encode("utf-8"))

    @classmethod
    def load(cls, path: Path) -> Facts:
        """The facts that `save` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.get("version") != VERSION:
            remedy = f"This code reads version {VERSION}; run the study again."
            raise ZgzxError(
                f"facts of version {data.get('version')!r}", where=path.name, remedy=remedy
            )
        return cls(data["facts"])


def fact(value: Any, unit: str, kind: str, stage: str) -> Fact:
    """One record; NaN becomes None, floats are rounded so that the file has the same bytes again."""
    for name, given, allowed in (
        ("unit", unit, UNITS),
        ("kind", kind, KINDS),
        ("stage", stage, STAGES),
    ):
        if given not in allowed:
            raise ZgzxError(
                f"{name} {given!r} is unknown", where="fact", remedy=f"One of {', '.join(allowed)}."
            )
    if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        value = None
    elif isinstance(value, float):
        value = float(f"{value:.{DIGITS_KEPT}g}") + 0.0  # + 0.0 turns -0.0 into 0.0
    elif hasattr(value, "item"):
        value = value.item()
    return {"value": value, "unit": unit, "kind": kind, "stage": stage}


def withheld_fact(unit: str, kind: str, stage: str) -> Fact:
    """A record whose value would tell of too few firms or persons."""
    return fact(None, unit, kind, stage) | {"withheld": True}


def shown_fact(value: Any, unit: str, kind: str, stage: str) -> Fact:
    """A record of a number after disclosure control: None and NaN mean that it may not be shown."""
    return withheld_fact(unit, kind, stage) if pd.isna(value) else fact(value, unit, kind, stage)


def effect_facts(
    outcome: str, spec: str, aggregate_name: str, frame: pd.DataFrame, scale: str
) -> dict[str, Fact]:
    """Facts `<outcome>.<spec>.<aggregate>[.e±k].<field>` of one effects frame.

    Parameters
    ----------
    aggregate_name : "overall" or "headline" (one row), or "event_time" (a row per event time, keyed
        .e-3, .e+1).
    frame : rows of `Aggregate.to_frame`, `.overall` or `.window`.
    scale : "ratio" gives percent; "difference" gives percentage points for shares, plain numbers
        otherwise.

    Raises
    ------
    ZgzxError : more than one row where one is meant.
    """
    prefix = f"{outcome}.{spec}.{aggregate_name}"
    if aggregate_name != "event_time" and len(frame) != 1:
        raise ZgzxError(
            f"{len(frame)} rows where one is meant",
            where=prefix,
            remedy="Pass one row per aggregate.",
        )
    facts = {}
    for row in frame.to_dict("records"):
        key = f"{prefix}.e{int(row['event_time']):+d}" if aggregate_name == "event_time" else prefix
        facts.update(
            {f"{key}.{name}": record for name, record in _row_facts(row, outcome, scale).items()}
        )
        if aggregate_name == "headline":
            few = few_units(row["n_treated"], row["n_comparison"])
            facts[f"{key}.few"] = fact(few, "text", "design", "estimate")
    return facts


def _row_facts(row: Mapping[str, Any], outcome: str, scale: str) -> dict[str, Fact]:
    share = outcome in SHARE_OUTCOMES and scale == "difference"
    unit = "percent" if scale == "ratio" else "percentage_point" if share else "number"
    factor = 1.0 if unit == "number" else 100.0
    effect = {
        name: row[name]
        for name in ("estimate", "std_error", "ci_low", "ci_high", "band_low", "band_high")
    }
    effect["mde"] = row["mde"]
    facts = {
        name: fact(factor * float(value), unit, "estimate", "estimate")
        for name, value in effect.items()
    }
    for name in ("n_treated", "n_comparison"):
        few = 0 < row[name] < MIN_FIRMS
        facts[name] = shown_fact(None if few else int(row[name]), "count", "estimate", "estimate")
    base_unit = "share" if outcome in SHARE_OUTCOMES else "number"
    facts["base_mean"] = fact(float(row["base_mean"]), base_unit, "estimate", "estimate")
    facts["verdict"] = fact(verdict(row["ci_low"], row["ci_high"]), "text", "verdict", "estimate")
    return facts


def grade_facts(
    outcome: str, spec: str, graded: Grade, effect_unit: str, withheld: Collection[str] = ()
) -> dict[str, Fact]:
    """Facts `<outcome>.<spec>.grade`, `.grade_start` and, per rule, `.grade_rule.<rule>.{value,limit,change}`.

    Parameters
    ----------
    effect_unit : unit of the minimum detectable and the claimed effect. withheld : rules whose
        measure would tell of too few; that they were met or not is said all the same.
    """
    units = {
        "effective_treated": "number",
        "pretest": "number",
        "linkage": "share",
        "detectable": effect_unit,
    }
    prefix = f"{outcome}.{spec}.grade"
    facts = {prefix: fact(graded.level, "text", "verdict", "estimate")}
    facts[f"{prefix}_start"] = fact(graded.start, "text", "verdict", "estimate")
    for step in graded.steps:
        key = f"{prefix}_rule.{step.rule}"
        value = None if step.rule in withheld else float(step.value)
        record = shown_fact if step.rule in withheld else fact
        facts[f"{key}.value"] = record(value, units[step.rule], "verdict", "estimate")
        facts[f"{key}.limit"] = fact(float(step.limit), units[step.rule], "verdict", "estimate")
        facts[f"{key}.change"] = fact(step.change, "count", "verdict", "estimate")
    return facts
