"""From a tidy table to arrays, once: every row or unit left out is written in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError

GAPS = ("pairwise", "balance", "cross_section")
NEVER = np.inf
FAR_AFTER = 50  # periods past the end of the panel: a date that late is a code for "never", not a plan


@dataclass(frozen=True, slots=True)
class PreparedPanel:
    """A panel as arrays; every estimator starts here and drops nothing more.

    Attributes
    ----------
    y : (units, periods) float, NaN where a unit is not observed.
    cohort : (units,) int, index into `cohorts`.
    cohorts : (cohorts,) float, first treated period in rising order; the never treated come last as infinity.
    periods : (periods,) int, rising.
    weights : (units, 1) float, or (units, periods) where they change within a unit; ones where none were given.
    gaps : how unobserved cells are used: "pairwise", "balance" or "cross_section".
    ledger : frame of step, reason, rows, units, examples: everything left out, and why.
    roles : the column behind each role.
    cluster : (units,) int from 0, or None where units are independent of each other.
    covariates : (units, 1 or periods, covariates) float, one period where they are constant within units; None without.
    covariate_names : one name per covariate.
    covariates_at : the period that covariates and varying weights are taken from in a comparison: its "base", or the
        "earlier" of its two periods (as R did).
    """

    y: np.ndarray
    cohort: np.ndarray
    cohorts: np.ndarray
    periods: np.ndarray
    weights: np.ndarray
    gaps: str
    ledger: pd.DataFrame
    roles: dict[str, str | None]
    cluster: np.ndarray | None = None
    covariates: np.ndarray | None = None
    covariate_names: tuple[str, ...] = ()
    covariates_at: str = "base"


def prepare_panel(
    data: Any,
    *,
    outcome: str,
    unit: str,
    period: str,
    first_treated: str,
    covariates: Sequence[str] = (),
    covariates_at: str = "base",
    weights: str | None = None,
    cluster: str | None = None,
    gaps: str = "pairwise",
) -> PreparedPanel:
    """Check a tidy panel and turn it into arrays.

    Parameters
    ----------
    data : pandas, polars, arrow or duckdb table, or the path of a Parquet file: one row per unit and period.
    outcome, unit, period, first_treated : columns. Whole-number periods; `first_treated` missing = never treated.
    covariates : numeric columns, constant within a unit or not. A unit with a missing value leaves, in the ledger.
    covariates_at : "base" or "earlier" (as R did): which period of a comparison gives covariates and varying weights.
    weights : column of positive weights. cluster : column, constant within a unit.
    gaps : "pairwise" uses a unit where both periods of a comparison are observed; "balance" drops incomplete units;
        "cross_section" uses every observed row.

    Raises
    ------
    ZgzxError : missing column, duplicate (unit, period), `first_treated` or weights not constant within a unit,
        never treated coded as 0, infinity or a far year, infinite outcome, unusable weights.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(u, t, u + t * (u == 1), 2002.0 if u == 1 else None) for u in (1, 2) for t in (2001, 2002)]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents", "first_award"])
    >>> prepare_panel(table, outcome="patents", unit="firm", period="year", first_treated="first_award").y.shape
    (2, 2)
    """
    if gaps not in GAPS:
        raise ZgzxError(f"gaps={gaps!r} is unknown", where="prepare_panel", remedy=f"Choose one of {', '.join(GAPS)}.")
    roles = {"outcome": outcome, "unit": unit, "period": period, "first_treated": first_treated}
    roles |= {"weights": weights, "cluster": cluster} | {f"covariate {name}": name for name in covariates}
    ledger: list[tuple] = []
    table = _numbers(_columns(data, roles), roles, ledger)
    unit_code, unit_name = pd.factorize(table[unit], sort=True)
    periods, period_code = np.unique(table[period].to_numpy(np.int64), return_inverse=True)
    _refuse_duplicates(unit_code, period_code, unit_name, periods, roles)
    y = np.full((len(unit_name), len(periods)), np.nan)
    y[unit_code, period_code] = table[outcome].to_numpy(float)
    start = _constant(table[first_treated], unit_code, unit_name, first_treated)
    spread = partial(_spread, unit_code, period_code, y.shape)
    weight = np.ones((len(y), 1)) if weights is None else spread(table[weights])
    _refuse_bad_values(
        start, np.nanmin(np.where(np.isnan(weight) & np.isnan(y), 1.0, weight), axis=1), periods, unit_name, roles
    )
    group = None if cluster is None else pd.factorize(table[cluster], sort=True)[0].astype(float)
    group = None if group is None else _constant(pd.Series(group), unit_code, unit_name, str(cluster)).astype(np.int64)
    extra = [spread(table[name]) for name in covariates]
    start, keep = _treatment_starts(y, start, periods, unit_name, gaps, ledger)
    cohorts, cohort = np.unique(start[keep], return_inverse=True)
    columns = ["step", "reason", "rows", "units", "examples"]
    wide = max((x.shape[1] for x in extra), default=1)
    stacked = np.stack([np.broadcast_to(x, (len(y), wide)) for x in extra], axis=2)[keep] if extra else None
    return PreparedPanel(
        y[keep], cohort, cohorts, periods, weight[keep], gaps, pd.DataFrame(ledger, columns=columns), roles,
        None if group is None else np.unique(group[keep], return_inverse=True)[1], stacked, tuple(covariates), covariates_at,
    )  # fmt: skip


def _spread(unit: np.ndarray, period: np.ndarray, shape: tuple, column: pd.Series) -> np.ndarray:
    """(units, 1) values where they are constant within units, else (units, periods), NaN where unobserved."""
    wide = np.full(shape, np.nan)
    wide[unit, period] = column.to_numpy(float, na_value=np.nan)
    low, high = np.nanmin(wide, axis=1, keepdims=True), np.nanmax(wide, axis=1, keepdims=True)
    return low if (low == high).all() else wide


def _columns(data: Any, roles: dict[str, str | None]) -> pd.DataFrame:
    """The named columns as pandas, from any table Narwhals knows or a Parquet path."""
    if isinstance(data, (str, Path)):
        if not Path(data).is_file():
            raise ZgzxError("there is no such file", where=str(data), remedy="Pass the path of a Parquet file.")
        data = pd.read_parquet(data)
    frame = nw.from_native(data)
    wanted = list(dict.fromkeys(name for name in roles.values() if name is not None))
    missing = [name for name in wanted if name not in frame.collect_schema().names()]
    if missing:
        raise ZgzxError(
            "the table has no such column",
            where="prepare_panel",
            count=len(missing),
            examples=missing,
            remedy=f"Its columns are {', '.join(frame.collect_schema().names())}.",
        )
    chosen = frame.select(wanted)
    eager = chosen.collect() if isinstance(chosen, nw.LazyFrame) else chosen
    return eager.to_pandas()


def _numbers(table: pd.DataFrame, roles: dict[str, str | None], ledger: list[tuple]) -> pd.DataFrame:
    """Check types; take out rows without unit, period or outcome, each with its reason."""
    outcome, unit, period = str(roles["outcome"]), str(roles["unit"]), str(roles["period"])
    for name in filter(None, (outcome, period, roles["first_treated"], roles["weights"])):
        if not pd.api.types.is_numeric_dtype(table[name]) or pd.api.types.is_bool_dtype(table[name]):
            raise ZgzxError(
                f"column {name!r} holds {table[name].dtype}, not numbers",
                where="prepare_panel",
                examples=table[name].dropna().head(3),
                remedy="Convert it first, e.g. with pandas.to_numeric.",
            )
    for role, name in (("unit", unit), ("period", period), ("outcome", outcome)):
        gone = table[name].isna()
        if gone.any():
            shown = tuple(f"{unit}={value}" for value in table.loc[gone, unit].drop_duplicates().head(3))
            ledger.append(("rows", f"{role} missing", int(gone.sum()), int(table.loc[gone, unit].nunique()), shown))
            table = table[~gone]
    infinite = np.isinf(table[outcome].to_numpy(float))
    if infinite.any():
        raise ZgzxError(
            "the outcome is infinite",
            where=f"column {outcome!r}",
            count=int(infinite.sum()),
            examples=(f"{unit}={value}" for value in table.loc[infinite, unit].head(3)),
            remedy="Mend these values or set them to missing (a logarithm of zero is the usual cause).",
        )
    whole = np.mod(table[period].to_numpy(float), 1) == 0
    if not whole.all():
        raise ZgzxError("periods must be whole numbers", where=f"column {period!r}", examples=table[period][~whole])
    if table.empty:
        raise ZgzxError(
            "no usable row is left", where="prepare_panel", remedy="See that the columns are the right ones."
        )
    return table


def _refuse_duplicates(
    unit: np.ndarray, period: np.ndarray, names: Any, periods: np.ndarray, roles: dict[str, str | None]
) -> None:
    cell = unit * len(periods) + period
    values, counts = np.unique(cell, return_counts=True)
    twice = values[counts > 1]
    if len(twice):
        pairs = (f"({names[c // len(periods)]}, {periods[c % len(periods)]})" for c in twice[:3])
        raise ZgzxError(
            f"a ({roles['unit']}, {roles['period']}) pair stands more than once",
            where="prepare_panel",
            count=len(twice),
            examples=pairs,
            remedy="Keep one row per unit and period.",
        )


def _constant(column: pd.Series, unit: np.ndarray, names: Any, label: str) -> np.ndarray:
    """One value per unit; missing counts as a value of its own."""
    values = column.to_numpy(float, na_value=np.nan)
    first = np.zeros(len(names), dtype=np.int64)
    first[unit[::-1]] = np.arange(len(unit))[::-1]
    expected = values[first][unit]
    differs = ~((values == expected) | (np.isnan(values) & np.isnan(expected)))
    if differs.any():
        changing = np.unique(unit[differs])
        shown = (f"{names[u]}: {', '.join(f'{v:g}' for v in np.unique(values[unit == u])[:3])}" for u in changing[:3])
        raise ZgzxError(
            f"{label!r} changes within a unit", where="prepare_panel", count=len(changing), examples=shown,
            remedy="Keep one value per unit.",
        )  # fmt: skip
    return values[first]


def _refuse_bad_values(
    start: np.ndarray, weight: np.ndarray, periods: np.ndarray, names: Any, roles: dict[str, str | None]
) -> None:
    treated = ~np.isnan(start)
    coded = treated & ((start <= 0) & (periods[0] > 0) | np.isinf(start) | (start > periods[-1] + FAR_AFTER))
    if coded.any():
        values = np.unique(start[coded])
        raise ZgzxError(
            f"{roles['first_treated']!r} seems to code 'never treated' as a number",
            where="prepare_panel",
            count=int(coded.sum()),
            examples=(f"{v:g}" for v in values),
            remedy=f"Set it to missing for units never treated (on the command line: --never-treated {values[0]:g}).",
        )
    broken = treated & (np.mod(start, 1) != 0)
    if broken.any():
        raise ZgzxError(
            "first treated periods must be whole numbers", where=f"column {roles['first_treated']!r}",
            count=int(broken.sum()), examples=(f"{v:g}" for v in np.unique(start[broken])),
            remedy="Give the period in which treatment began.",
        )  # fmt: skip
    bad = ~(np.isfinite(weight) & (weight > 0))
    if bad.any():
        raise ZgzxError(
            "weights must be positive numbers", where=f"column {roles['weights']!r}", count=int(bad.sum()),
            examples=names[bad][:3], remedy="Leave these units out, or weight them.",
        )  # fmt: skip


def _treatment_starts(
    y: np.ndarray, start: np.ndarray, periods: np.ndarray, names: Any, gaps: str, ledger: list[tuple]
) -> tuple[np.ndarray, np.ndarray]:
    """First treated period of each unit (infinity = not within the panel) and the mask of units kept."""
    start = np.where(np.isnan(start), NEVER, start)
    late = np.isfinite(start) & (start > periods[-1])
    if late.any():
        reason = "treated after the last period: serves as never treated"
        ledger.append(("units", reason, 0, int(late.sum()), tuple(str(n) for n in names[late][:3])))
        start = np.where(late, NEVER, start)
    early = start <= periods[0]
    incomplete = np.isnan(y).any(axis=1) & (gaps == "balance")
    for gone, reason in (
        (early, "already treated in the first period"),
        (incomplete & ~early, "not observed in every period (gaps='balance')"),
    ):
        if gone.any():
            rows = int((~np.isnan(y[gone])).sum())
            ledger.append(("units", reason, rows, int(gone.sum()), tuple(str(n) for n in names[gone][:3])))
    keep = ~(early | incomplete)
    if not keep.any():
        raise ZgzxError(
            "no unit is left: all are treated from the first period on, or incomplete", where="prepare_panel",
            count=len(keep), remedy="Add earlier periods, or choose gaps='pairwise'.",
        )  # fmt: skip
    if np.isnan(y[keep]).any() and gaps != "balance":
        holes = int(np.isnan(y[keep]).any(axis=1).sum())
        ledger.append(("note", f"units with unobserved periods, used by gaps={gaps!r}", 0, holes, ()))
    return start, keep
