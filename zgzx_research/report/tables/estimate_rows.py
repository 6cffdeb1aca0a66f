"""Several estimates as rows: what the forest plot and the table of estimates show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NotRequired, TypedDict

import pandas as pd

from zgzx_research.evidence.disclosure import blank_few
from zgzx_research.evidence.facts import UNIT_FACTORS, FactSource, unit_of_effects

if TYPE_CHECKING:
    from zgzx_research.did.results.aggregated import Aggregate


HEADLINE = ("estimate", "ci_low", "ci_high", "mde", "n_treated", "n_comparison", "reading")


class EstimateRow(TypedDict):
    """One estimate in its unit; None where it cannot be estimated.

    Attributes
    ----------
    label : str
        Name of the estimate for readers.
    unit : str
        "percent", "percentage_point" or "number".
    estimate, ci_low, ci_high : float or None
        Estimate and 95 % interval.
    mde : float or None
        Minimum detectable effect; this and what follows only in rows made from facts.
    n_treated, n_comparison : int or None
        Numbers of units.
    reading : str
        What the interval says (`evidence.claims.reading`).
    """

    label: str
    unit: str
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    mde: NotRequired[float | None]
    n_treated: NotRequired[int | None]
    n_comparison: NotRequired[int | None]
    reading: NotRequired[str]


def estimate_rows(facts: FactSource, items: Sequence[tuple[str, str, str]]) -> list[EstimateRow]:
    """Make rows from the facts ``<outcome>.<spec>.headline.*``.

    Parameters
    ----------
    facts : FactSource
        The facts of a study.
    items : Sequence of (str, str, str)
        Label, outcome and specification of each row, in order.

    Returns
    -------
    list of EstimateRow
        One row per item.
    """
    rows = []
    for label, outcome, spec in items:
        headline = {name: facts.record(f"{outcome}.{spec}.headline.{name}") for name in HEADLINE}
        value = {name: record["value"] for name, record in headline.items()}
        row = EstimateRow(
            label=label,
            unit=headline["estimate"]["unit"],
            estimate=value["estimate"],
            ci_low=value["ci_low"],
            ci_high=value["ci_high"],
            mde=value["mde"],
            n_treated=value["n_treated"],
            n_comparison=value["n_comparison"],
            reading=value["reading"],
        )
        rows.append(row)
    return rows


def compared_rows(
    estimates: Mapping[str, Aggregate | pd.DataFrame],
    *,
    scale: str,
    share: bool = False,
    minimum: int = 0,
) -> list[EstimateRow]:
    """Make rows from results by the name they shall have.

    Parameters
    ----------
    estimates : Mapping
        Aggregates (their overall effect is taken) or frames of one row.
    scale : str
        Scale of the frames: "difference" or "ratio". Aggregates know theirs.
    share : bool, default False
        Whether the outcome is a share (0 to 1): differences are then in percentage points.
    minimum : int, default 0
        Results that rest on fewer treated or comparison units are blank (`disclosure.blank_few`).

    Returns
    -------
    list of EstimateRow
        One row per result; an end of an interval that is unknown or infinite is None.
    """
    rows = []
    for label, result in estimates.items():
        if isinstance(result, pd.DataFrame):
            frame, own_scale = result, scale
        else:
            frame, own_scale = result.overall, result.effects.options.get("scale", "difference")
        if minimum:
            frame = blank_few(frame, minimum)
        rows.append(_one_row(label, unit_of_effects(own_scale, share), frame))
    return rows


def _one_row(label: str, unit: str, frame: pd.DataFrame) -> EstimateRow:
    def shown(name: str) -> float | None:
        value = UNIT_FACTORS[unit] * float(frame[name].iloc[0])
        return value if math.isfinite(value) else None

    return EstimateRow(
        label=label,
        unit=unit,
        estimate=shown("estimate"),
        ci_low=shown("ci_low"),
        ci_high=shown("ci_high"),
    )


def half_widths(rows: Sequence[EstimateRow]) -> list[float | None]:
    """Return half the width of each interval; None where there is none."""
    return [
        None
        if row["ci_low"] is None or row["ci_high"] is None
        else (row["ci_high"] - row["ci_low"]) / 2
        for row in rows
    ]
