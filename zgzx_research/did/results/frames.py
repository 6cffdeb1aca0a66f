"""Frames of results: units behind each estimate, and its intervals, in a fixed order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zgzx_research.did.core import inference
from zgzx_research.did.core.aggregate import AggregatedValues
from zgzx_research.errors import ZgzxError

if TYPE_CHECKING:
    from zgzx_research.did.results.effects import Effects

# a standard error this small beside weights times means (beside 1 for log ratios) is rounding
ROUNDING = 1e-12
LABELS = ("cohort", "period", "event_time")
CELL_COLUMNS = (*LABELS, "role", "n_treated", "n_comparison", "base_mean", "n_clusters")


def summary_labels(cells: pd.DataFrame, sets: np.ndarray, estimand: str) -> pd.DataFrame:
    """Who stands behind each summary, a (rows, cells) mask.

    Units (each cohort once), mean of the base, role.
    """
    column = {name: cells[name].to_numpy() for name in CELL_COLUMNS}
    row, cell = np.nonzero(sets)
    _, code = np.unique(column["cohort"].astype(float), return_inverse=True)
    largest = np.zeros((3, len(sets), code.max() + 1), dtype=np.int64)
    for k, name in enumerate(("n_treated", "n_clusters", "n_comparison")):
        np.maximum.at(largest[k], (row, code[cell]), column[name][cell])
    weight = column["n_treated"][cell]
    total, base = (
        np.bincount(row, value, len(sets)) for value in (weight, weight * column["base_mean"][cell])
    )
    only = {"cohort": "cohort", "event_time": "event_time", "calendar": "period"}.get(estimand)
    labels: dict[str, Any] = {name: pd.array([pd.NA] * len(sets), dtype="Int64") for name in LABELS}
    if only:
        labels[only] = pd.array(column[only][sets.argmax(axis=1)].astype(np.int64), dtype="Int64")
    return pd.DataFrame(
        {
            "estimand": np.full(len(sets), estimand),
            **labels,
            "n_treated": largest[0].sum(axis=1),
            "n_clusters": largest[1].sum(axis=1),
            "n_comparison": largest[2].max(axis=1),
            "base_mean": np.divide(base, total, out=np.full(len(sets), np.nan), where=total > 0),
            "role": [_role(column["role"][chosen]) for chosen in sets],
        }
    )


def _role(roles: np.ndarray) -> str:
    """Return the role of a summary: that of its cells but those that are their own base."""
    others = set(roles) - {"reference"}
    return "reference" if not others else others.pop() if len(others) == 1 else "mixed"


def result_frame(
    labels: pd.DataFrame, rows: AggregatedValues, effects: Effects, level: float, seed: int
) -> pd.DataFrame:
    """Labels, estimates and both kinds of interval, in the fixed order of columns."""
    cells = effects.numbers
    covariance = rows.covariance(cells)
    error = np.sqrt(np.maximum(np.diag(covariance), 0))
    role = labels["role"].to_numpy(dtype=object)
    size = (
        1.0
        if cells.scale == "ratio"
        else np.abs(rows.gradient[:, : len(cells.statistics[0])]) @ effects.weights.size
    )
    floor = ROUNDING * (np.abs(rows.value) + size)
    known = (
        (role != "reference")
        & np.isfinite(rows.value)
        & (error > floor)
        & (labels["n_clusters"] > 1).to_numpy()
    )
    error = np.where(known, error, np.nan)
    banded = known & (role != "left_out")
    critical = inference.simultaneous_quantile(
        covariance[np.ix_(banded, banded)], level, seed, effects.df
    )
    ratio = cells.scale == "ratio"
    estimate = np.expm1(rows.value) if ratio else rows.value
    values = {"estimate": estimate, "std_error": error * (1 + estimate) if ratio else error}
    spread = rows.spread(cells)
    factor = inference.power_factor(df=effects.df)
    mde = np.where(known, rows.detectable(cells, factor, spread), np.nan)
    for name, quantile in (("ci", inference.t_quantile(level, effects.df)), ("band", critical)):
        for end, bound in zip(("low", "high"), rows.bounds(cells, quantile, spread), strict=True):
            values[f"{name}_{end}"] = np.where(known, bound, np.nan)
    columns = {name: labels[name] for name in ("estimand", *LABELS)} | values
    about = {name: labels[name] for name in ("n_treated", "n_comparison", "base_mean", "role")}
    return pd.DataFrame(columns | about | {"mde": mde})


def check_numbers(level: float, seed: int, **events: int | None) -> None:
    """Refuse what cannot be a level, a seed or an event time."""
    if not isinstance(level, float | int) or isinstance(level, bool) or not 0 < level < 1:
        raise ZgzxError(
            f"level={level!r} lies not between 0 and 1",
            where="level",
            remedy="Pass e.g. level=0.95.",
        )
    for name, value in {"seed": seed, **events}.items():
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if value is not None and (not whole or (name == "seed" and value < 0)):
            raise ZgzxError(
                f"{name}={value!r} is not a whole number", where=name, remedy=f"Pass e.g. {name}=1."
            )
