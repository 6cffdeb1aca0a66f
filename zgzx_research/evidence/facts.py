"""The one set of numbers (dotted key -> value in its unit) that all pages print from."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from zgzx_research.atomic import write_whole
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.claims import few_units, reading
from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.evidence.grade import Grade

VERSION = 1
UNITS = ("percent", "percentage_point", "count", "share", "year", "text", "number", "yuan")
KINDS = ("estimate", "data", "design", "stamp", "verdict")
STAGES = ("estimate", "clean", "link", "panels", "study")
# significant digits of a stored float; beyond them two processors may differ
DIGITS_KEPT = 12
# unit of an effect -> what an effects frame is multiplied by to be in it
UNIT_FACTORS = {"percent": 100.0, "percentage_point": 100.0, "number": 1.0}
FACT_UNITS = {"p_value": "number"}  # unit of a rule -> unit of its fact
EFFECT_FIELDS = ("estimate", "std_error", "ci_low", "ci_high", "band_low", "band_high", "mde")

Fact = dict[str, Any]


class FactSource(Protocol):
    """What prose and tables need of the facts; `Facts` is one."""

    def record(self, key: str) -> Mapping[str, Any]:
        """Return the record of a key."""
        ...

    def has(self, key: str) -> bool:
        """Say whether there is a record of a key."""
        ...


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts by key.

    Attributes
    ----------
    facts : Mapping
        Key -> record {"value", "unit", "kind", "stage"}; a value that cannot be estimated is None.
    """

    facts: Mapping[str, Fact]

    def record(self, key: str) -> Fact:
        """Return the record of a key.

        Parameters
        ----------
        key : str
            Dotted key.

        Returns
        -------
        dict
            value, unit, kind, stage.

        Raises
        ------
        ZgzxError
            No such key; names the nearest.
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

    def has(self, key: str) -> bool:
        """Say whether there is a record of a key."""
        return key in self.facts

    def get(self, key: str) -> Any:
        """Return the value of a key, already in its unit; None when it cannot be estimated."""
        return self.record(key)["value"]

    def to_json(self) -> str:
        """JSON text with sorted keys."""
        body = {"version": VERSION, "facts": dict(self.facts)}
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True)
        return text + "\n"

    def save(self, path: Path) -> None:
        """Write to `path` atomically: a reader sees the old file or the whole new one."""
        write_whole(path, self.to_json().encode("utf-8"))

    @classmethod
    def load(cls, path: Path) -> Facts:
        """Read the facts that `save` wrote.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        Facts
            Its facts.

        Raises
        ------
        ZgzxError
            A file of another version.
        """
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.get("version") != VERSION:
            raise ZgzxError(
                f"facts of version {data.get('version')!r}",
                where=path.name,
                remedy=f"This code reads version {VERSION}; run the study again.",
            )
        return cls(data["facts"])


def fact(value: Any, unit: str, kind: str, stage: str) -> Fact:
    """Make one record.

    Parameters
    ----------
    value : Any
        Number, text, True or False; NaN and infinity become None. Floats are rounded, so that the
        file has the same bytes on every machine.
    unit, kind, stage : str
        One of `UNITS`, `KINDS`, `STAGES`.

    Returns
    -------
    dict
        value, unit, kind, stage.

    Raises
    ------
    ZgzxError
        Unknown unit, kind or stage.
    """
    choices = (("unit", unit, UNITS), ("kind", kind, KINDS), ("stage", stage, STAGES))
    for name, given, allowed in choices:
        if given not in allowed:
            remedy = f"One of {', '.join(allowed)}."
            raise ZgzxError(f"{name} {given!r} is unknown", where="fact", remedy=remedy)

    if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        value = None
    elif isinstance(value, float):
        value = float(f"{value:.{DIGITS_KEPT}g}") + 0.0  # + 0.0 turns -0.0 into 0.0
    elif hasattr(value, "item"):
        value = value.item()
    return {"value": value, "unit": unit, "kind": kind, "stage": stage}


def withheld_fact(unit: str, kind: str, stage: str) -> Fact:
    """Make a record without its value, which would concern too few firms or persons."""
    return fact(None, unit, kind, stage) | {"withheld": True}


def is_withheld(record: Mapping[str, Any]) -> bool:
    """Whether a record is a `withheld_fact`."""
    return bool(record.get("withheld"))


def shown_fact(value: Any, unit: str, kind: str, stage: str) -> Fact:
    """Make a record of a number after disclosure control: None and NaN may not be shown."""
    return withheld_fact(unit, kind, stage) if pd.isna(value) else fact(value, unit, kind, stage)


def unit_of_effects(scale: str, share: bool) -> str:
    """Name the unit in which effects are stored and shown.

    Parameters
    ----------
    scale : str
        "difference" or "ratio".
    share : bool
        Whether the outcome is a share (0 to 1).

    Returns
    -------
    str
        "percent" (ratio), "percentage_point" (difference of shares) or "number".
    """
    if scale == "ratio":
        return "percent"
    return "percentage_point" if share else "number"


def effect_facts(
    outcome: str,
    spec: str,
    aggregate_name: str,
    frame: pd.DataFrame,
    scale: str,
    *,
    share: bool = False,
) -> dict[str, Fact]:
    """Make the facts ``<outcome>.<spec>.<aggregate>[.e±k].<field>`` of one effects frame.

    Parameters
    ----------
    outcome, spec : str
        Outcome and specification, the first parts of the keys.
    aggregate_name : str
        "overall" or "headline" (one row), or "event_time" (one row per event time, with keys
        .e-3, .e+1).
    frame : DataFrame
        Rows of `Aggregate.to_frame`, `.overall` or `.window`.
    scale : str
        "ratio" gives percent; "difference" gives percentage points for shares, plain numbers
        otherwise.
    share : bool, default False
        Whether the outcome is a share (0 to 1).

    Returns
    -------
    dict
        Key -> record.

    Raises
    ------
    ZgzxError
        More than one row where one is meant.
    """
    prefix = f"{outcome}.{spec}.{aggregate_name}"
    by_event_time = aggregate_name == "event_time"
    if not by_event_time and len(frame) != 1:
        raise ZgzxError(
            f"{len(frame)} rows where one is meant",
            where=prefix,
            remedy="Pass one row per aggregate.",
        )

    facts = {}
    for row in frame.to_dict("records"):
        key = f"{prefix}.e{int(row['event_time']):+d}" if by_event_time else prefix
        for name, record in _row_facts(row, scale, share).items():
            facts[f"{key}.{name}"] = record
        if aggregate_name == "headline":
            few = few_units(row["n_treated"], row["n_comparison"])
            facts[f"{key}.few"] = fact(few, "text", "design", "estimate")
    return facts


def _row_facts(row: Mapping[Hashable, Any], scale: str, share: bool) -> dict[str, Fact]:
    unit = unit_of_effects(scale, share)
    facts = {
        name: fact(UNIT_FACTORS[unit] * float(row[name]), unit, "estimate", "estimate")
        for name in EFFECT_FIELDS
    }

    for name in ("n_treated", "n_comparison"):
        blank = pd.isna(row[name]) or 0 < row[name] < rules().firms
        facts[name] = shown_fact(None if blank else int(row[name]), "count", "estimate", "estimate")

    base_unit = "share" if share else "number"
    mean = fact(float(row["base_mean"]), base_unit, "estimate", "estimate")
    withheld = pd.isna(row["n_treated"]) or row.get("base_mean_withheld", False)
    facts["base_mean"] = withheld_fact(base_unit, "estimate", "estimate") if withheld else mean
    facts["reading"] = fact(reading(row["ci_low"], row["ci_high"]), "text", "estimate", "estimate")
    return facts


def grade_facts(
    outcome: str, spec: str, graded: Grade, effect_unit: str, withheld: Collection[str] = ()
) -> dict[str, Fact]:
    """Make the facts of a grade and of each rule behind it.

    The keys are ``<outcome>.<spec>.grade``, ``.grade_start`` and, per rule,
    ``.grade_rule.<rule>.{value,limit,change}``.

    Parameters
    ----------
    outcome, spec : str
        Outcome and specification, the first parts of the keys.
    graded : Grade
        Result of `grade.grade`.
    effect_unit : str
        Unit of the minimum detectable and of the claimed effect.
    withheld : Collection of str, default ()
        Rules whose measure concerns too few; whether they were met is shown all the same.

    Returns
    -------
    dict
        Key -> record.
    """
    prefix = f"{outcome}.{spec}.grade"
    facts = {
        prefix: fact(graded.level, "text", "verdict", "estimate"),
        f"{prefix}_start": fact(graded.start, "text", "verdict", "estimate"),
    }
    for step in graded.steps:
        key = f"{prefix}_rule.{step.rule}"
        unit = effect_unit if step.unit == "effect" else FACT_UNITS.get(step.unit, step.unit)
        if step.rule in withheld:
            facts[f"{key}.value"] = withheld_fact(unit, "verdict", "estimate")
        else:
            facts[f"{key}.value"] = fact(float(step.value), unit, "verdict", "estimate")
        facts[f"{key}.limit"] = fact(float(step.limit), unit, "verdict", "estimate")
        facts[f"{key}.change"] = fact(step.change, "count", "verdict", "estimate")
    return facts
