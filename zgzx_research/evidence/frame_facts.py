"""Facts of a frame of results: one row per check, one column per measure."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.evidence.facts import UNIT_FACTORS, Fact, fact, shown_fact, withheld_fact
from zgzx_research.evidence.sentence_readings import detection, side_of_zero

EFFECT = "effect"  # the unit of the effects: percent, percentage points or a plain number
COUNTED = ("n_treated", "n_comparison")
# measure -> its unit; columns of other names are no facts
MEASURES = {
    **dict.fromkeys(("estimate", "std_error", "ci_low", "ci_high"), EFFECT),
    **dict.fromkeys(("main", "other", "difference", "lowest", "median", "highest"), EFFECT),
    **dict.fromkeys(("low", "high", "mde", "equivalence_low", "equivalence_high"), EFFECT),
    **dict.fromkeys(("district_change", "city_change"), EFFECT),
    **dict.fromkeys(("mean_change", "largest_change", "detectable", "true"), EFFECT),
    **dict.fromkeys(("p_value", "p_adjusted", "statistic", "z", "bound", "breakdown"), "number"),
    **dict.fromkeys(("effective_number", "effective_treated"), "number"),
    **dict.fromkeys(("share", "largest_share", "largest_three_share"), "share"),
    "largest_cohort": "year",
    **dict.fromkeys(("sign_flips", "significant", "significance_flips"), "share"),
    **dict.fromkeys(
        ("specifications", "refused", "pairs", "permutations", "df", "count", "groups"), "count"
    ),
    **dict.fromkeys((*COUNTED, "entries", "persons", "firms", "editions"), "count"),
}


def frame_facts(
    prefix: str, frame: pd.DataFrame, unit: str, by: str | None = None
) -> dict[str, Fact]:
    """Make the facts ``<prefix>[.<row>].<measure>`` of a frame of results.

    Parameters
    ----------
    prefix : str
        First parts of the keys, e.g. "patents_invention.main.placebo".
    frame : DataFrame
        One row per result; the columns in `MEASURES` become facts. Those of rows that are marked in
        a column "withheld" are withheld.
    unit : str
        Unit of the effects: "percent", "percentage_point" or "number".
    by : str, optional
        Column whose values name the rows; without it there must be one row.

    Returns
    -------
    dict
        Key to fact. Of a row that rests on fewer units than `rules().firms`, effects are
        withheld. A row with a minimum detectable effect and an interval also has ``detection``, the
        word that chooses its sentence (`sentence_readings.detection`).

    Raises
    ------
    ZgzxError
        Several rows without a name, or one name twice.
    """
    names = [""] if by is None and len(frame) == 1 else list(map(_slug, frame[by])) if by else []
    if len(set(names)) != len(frame):
        raise ZgzxError(
            "rows of results have no names of their own",
            where=prefix,
            count=len(frame),
            remedy="Pass `by`, a column with another value in each row.",
        )
    facts: dict[str, Fact] = {}
    for name, row in zip(names, frame.to_dict("records"), strict=True):
        facts |= _row_facts(".".join(part for part in (prefix, name) if part), row, unit)
    return facts


def _row_facts(prefix: str, row: Mapping[Hashable, Any], unit: str) -> dict[str, Fact]:
    """Make the facts of one row."""
    least = rules().firms
    few = any(0 < row.get(name, least) < least for name in COUNTED)
    few |= bool(row.get("withheld", False))
    facts = {}
    for name, kind in MEASURES.items():
        if name not in row:
            continue
        own = unit if kind == EFFECT else kind
        if few and (kind == EFFECT or name in COUNTED):
            facts[f"{prefix}.{name}"] = withheld_fact(own, "estimate", "estimate")
            continue
        facts[f"{prefix}.{name}"] = _measure(row[name], own, kind)
    if {"mde", "estimate", "ci_low", "ci_high"} <= set(row):
        said = "unknown" if few else _detection(row)
        facts[f"{prefix}.detection"] = fact(said, "text", "estimate", "estimate")
    return facts


def _detection(row: Mapping[Hashable, Any]) -> str:
    """Say how the detectable effect of a row relates to its interval; without a p value normal."""
    estimate, low, high = (float(row[name]) for name in ("estimate", "ci_low", "ci_high"))
    p_value = row.get("p_value")
    if p_value is None:
        error = float(row.get("std_error", math.nan))
        p_value = math.erfc(abs(estimate) / error / math.sqrt(2)) if error else math.nan
    side = side_of_zero(low, high)
    return detection(side, estimate, float(p_value), high, float(row["mde"]))


def _measure(value: Any, unit: str, kind: str) -> Fact:
    """Make one fact; a count that is missing may not be shown."""
    if kind == "count":
        return shown_fact(None if pd.isna(value) else int(value), unit, "estimate", "estimate")
    factor = UNIT_FACTORS[unit] if kind == EFFECT else 1.0
    return fact(factor * float(value), unit, "estimate", "estimate")


def _slug(value: Any) -> str:
    """Write the name of a row as a part of a key."""
    whole = isinstance(value, float) and value == int(value)
    return str(int(value) if whole else value).replace(".", "_").replace(" ", "_")
