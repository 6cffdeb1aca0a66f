"""Results as tables of coefficients, in the form that maketables asks for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from scipy import special

from zgzx_research.did.core.aggregate import AggregatedValues
from zgzx_research.did.results.result_words import (
    comparison_units,
    effects_of,
    method_title,
    treated_clusters,
    treated_units,
)

if TYPE_CHECKING:
    from zgzx_research.did.results.aggregated import Aggregate
    from zgzx_research.did.results.effects import Effects

STAT_LABELS = {
    "method": "Method",
    "n_treated": "N treated",
    "n_clusters": "Treated clusters",
    "n_comparison": "N comparison",
}


@lru_cache(maxsize=16)  # maketables asks some ten times for a table
def coefficient_table(result: Effects | Aggregate) -> pd.DataFrame:
    """Estimates for maketables.

    Parameters
    ----------
    result : Effects or Aggregate
        From `estimate_effects`, or an aggregate of it.

    Returns
    -------
    pandas.DataFrame
        The index names the row; columns b, se, t, p, ci95l, ci95u. Bases are no estimates, so they
        are not in it; the overall of an aggregate is its last row.
    """
    parts = [result.select()]
    effects = effects_of(result)
    frames = [result.to_frame()]
    aggregated = frames[0]["estimand"].iloc[0] != "overall"
    whole = None if result is effects else cast("Aggregate", result)
    if whole is not None and whole.total is not None and aggregated:
        parts.append(whole.select("overall"))
        frames.append(whole.overall)
    frame = pd.concat(frames, ignore_index=True)
    t = np.concatenate([_t_values(rows, effects) for _, rows in parts])
    t = np.where(frame["std_error"].notna(), t, np.nan)
    p = 2 * (
        special.ndtr(-np.abs(t)) if np.isinf(effects.df) else special.stdtr(effects.df, -np.abs(t))
    )
    table = pd.DataFrame(
        {
            "b": frame["estimate"],
            "se": frame["std_error"],
            "t": t,
            "p": p,
            "ci95l": frame["ci_low"],
            "ci95u": frame["ci_high"],
        }
    ).set_index(pd.Index([row_name(row) for row in frame.to_dict("records")], name="Coefficient"))
    return table[(frame["role"] != "reference").to_numpy()]


def statistic(result: Effects | Aggregate, key: str) -> Any:
    """Return a line of a table's foot: "method", "n_treated", "n_comparison", or an option.

    None where it is not known.
    """
    effects = effects_of(result)
    if key == "method":
        return method_title(effects).split(" (")[0]
    known = {
        "n_treated": treated_units,
        "n_clusters": treated_clusters,
        "n_comparison": comparison_units,
    }
    return known[key](effects) if key in known else effects.options.get(key)


def row_name(row: dict[str, Any]) -> str:
    """Return what the row of a frame is called, e.g.

    "event time -2", "cohort 2004, period 2006", "overall".
    """
    if pd.notna(row["cohort"]) and pd.notna(row["period"]):
        return f"cohort {row['cohort']}, period {row['period']}"
    for column, name in (("event_time", "event time"), ("cohort", "cohort"), ("period", "period")):
        if pd.notna(row[column]):
            return f"{name} {row[column]}"
    return "overall"


def _t_values(rows: AggregatedValues, effects: Effects) -> np.ndarray:
    """(rows,) estimate over standard error.

    On the ratio scale, of treated minus counterfactual total (as Fieller).
    """
    value, gradient = rows.value, rows.gradient
    if rows.totals is not None and rows.by_totals is not None:
        value, gradient = rows.totals[0] - rows.totals[1], rows.by_totals[0] - rows.by_totals[1]
    variance = np.diag(effects.numbers.spread(gradient, gradient))
    return np.divide(
        value, np.sqrt(np.maximum(variance, 0)), out=np.full_like(value, np.nan), where=variance > 0
    )
