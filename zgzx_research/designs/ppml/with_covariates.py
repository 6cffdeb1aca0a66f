"""Poisson regression with covariates and absorbed unit and period effects, by pyfixest."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from zgzx_research.designs.ppml.checks import check_counts
from zgzx_research.did.core.inference import t_quantile
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.panel.sample import used_rows
from zgzx_research.errors import ZgzxError

DESIGNS = ("event_time", "static")
# tolerance of the iterations and of taking out unit and period effects; pyfixest's own is 1e-6
TIGHT = 1e-12


def ppml_with_covariates(
    panel: PreparedPanel, design: str = "event_time", *, leave_out: int = 0, level: float = 0.95
) -> pd.DataFrame:
    """Poisson regression of counts on treatment and covariates, clustered by unit or its cluster.

    Parameters
    ----------
    panel : PreparedPanel
        From `prepare_panel`; outcomes of zero or more, weights constant within units.
    design : str, default "event_time"
        "event_time" (one effect per event time; base: the last one before -leave_out) or "static".
    leave_out : int, default 0
        Periods before treatment that take no part in "static"; "event_time" gives them effects of
        their own.
    level : float, default 0.95
        Of the confidence intervals.

    Returns
    -------
    pandas.DataFrame
        One row per coefficient: term event_time estimate std_error ci_low ci_high p_value rows
        left_out. Estimates are differences of logs. `left_out` counts rows that say nothing: units
        without outcomes above zero, or seen once.

    Raises
    ------
    ZgzxError
        Unknown design; negative outcomes; weights that change within units; an undetermined
        coefficient.

    Notes
    -----
    A covariate that is constant within units would be absorbed by their effects, so it enters once
    per period. Correia, S., Guimarães, P. & Zylkin, T. (2020), Stata Journal 20(1), for the
    algorithm and for separation.

    Examples
    --------
    >>> import zgzx_research as zr
    >>> pairs = [(u, t) for u in range(14) for t in range(9)]
    >>> rows = [(u, t, (5 * u * t) % 7 + 9 * (u < 6 and t > 5)) for u, t in pairs]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents"])
    >>> table["first_award"] = table["firm"].map(dict.fromkeys(range(6), 6.0))
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = zr.prepare_panel(table, **roles, first_treated="first_award")
    >>> found = zr.ppml_with_covariates(panel, "static")
    >>> found[["term", "rows", "left_out"]]
            term  rows  left_out
    0  treatment   104        22
    """
    check_counts(panel, design, DESIGNS, leave_out, "ppml_with_covariates")
    panel, _ = used_rows(panel, leave_out)
    table, event_times = _table(panel, design, leave_out)
    # covariates first: where one makes up an effect, it is the effect that pyfixest drops, and that
    # is an error here
    terms = sorted(name for name in table if name.startswith(("effect", "covariate")))
    fit = _fepois(table, terms, weighted=bool((panel.weights != 1).any()))
    found = fit.tidy()
    lost = [name for name in terms if name not in found.index]
    if lost:
        raise ZgzxError(
            "a coefficient cannot be separated from unit and period effects and covariates",
            where="ppml_with_covariates",
            count=len(lost),
            examples=(f"{_words(panel, x)} {event_times.get(x, '')}".strip() for x in lost[:3]),
            remedy="Add units never treated or earlier periods, use design='static', "
            "or leave out a covariate.",
        )
    order = [name for name in table if name in found.index]
    return _frame(panel, found.loc[order], event_times, min(fit._G) - 1.0, level).assign(
        rows=int(fit._N), left_out=len(table) - int(fit._N)
    )


def _fepois(table: pd.DataFrame, terms: list[str], *, weighted: bool) -> Any:
    """Fit with pyfixest and return what it returns."""
    import pyfixest

    with warnings.catch_warnings():
        # `left_out` and the error on lost coefficients say it
        warnings.filterwarnings(
            "ignore",
            message="(?s).*(removed because of separation|dropped due to multicollinearity)",
        )
        warnings.simplefilter("ignore", pd.errors.Pandas4Warning)  # of calls inside pyfixest
        return pyfixest.fepois(
            f"outcome ~ {' + '.join(terms)} | unit + period",
            table,
            vcov={"CRV1": "cluster"},
            weights="weight" if weighted else None,
            ssc=pyfixest.ssc(k_adj=True, k_fixef="nonnested", G_adj=True, G_df="min"),
            iwls_tol=TIGHT,
            iwls_maxiter=100,
            separation_check=["fe", "ir"],
            demeaner=pyfixest.MapDemeaner(fixef_tol=TIGHT, fixef_maxiter=100_000),
        )


def _frame(
    panel: PreparedPanel,
    found: pd.DataFrame,
    event_times: dict[str, float],
    df: float,
    level: float,
) -> pd.DataFrame:
    """Coefficients with intervals by the t distribution, as in fixest.

    Pyfixest takes the normal one here.
    """
    estimate, error = found["Estimate"].to_numpy(), found["Std. Error"].to_numpy()
    half = t_quantile(level, df) * error
    return pd.DataFrame(
        {
            "term": [_words(panel, str(name)) for name in found.index],
            "event_time": pd.array(
                [event_times.get(str(name), np.nan) for name in found.index], dtype="Int64"
            ),
            "estimate": estimate,
            "std_error": error,
            "ci_low": estimate - half,
            "ci_high": estimate + half,
            "p_value": 2 * special.stdtr(df, -np.abs(estimate / error)),
        }
    )


def _table(
    panel: PreparedPanel, design: str, leave_out: int
) -> tuple[pd.DataFrame, dict[str, float]]:
    """One row per observation with plain column names, and the event time behind each effect."""
    unit, period = np.nonzero(~np.isnan(panel.y))
    event = panel.periods[period] - panel.cohorts[panel.cohort[unit]]
    table = pd.DataFrame({"outcome": panel.y[unit, period], "unit": unit, "period": period})
    table["cluster"] = unit if panel.cluster is None else panel.cluster[unit]
    table["weight"] = panel.weights[unit, 0]
    base = -leave_out - 1
    times = (
        [np.nan] if design == "static" else np.unique(event[np.isfinite(event) & (event != base)])
    )
    named = {f"effect{k}": float(time) for k, time in enumerate(times)}
    for name, time in named.items():
        table[name] = (event >= 0 if design == "static" else event == time).astype(float)
    extra = 0 if panel.covariates is None else panel.covariates.shape[2]
    for k in range(extra):
        assert panel.covariates is not None
        x = np.broadcast_to(panel.covariates[..., k], panel.y.shape)
        values = np.where(np.isnan(panel.y), np.nan, x)
        if (np.nanmin(values, axis=1) < np.nanmax(values, axis=1)).any():
            table[f"covariate{k}"] = values[unit, period]
            continue
        for t in range(1, len(panel.periods)):
            table[f"covariate{k}at{t}"] = values[unit, period] * (period == t)
    kept = (
        ~((event < 0) & (event >= -leave_out))
        if design == "static"
        else np.ones(len(table), dtype=bool)
    )
    return table[kept], named


def _words(panel: PreparedPanel, term: str) -> str:
    """Return the reader's name of a coefficient."""
    if term.startswith("effect"):
        return "treatment"
    index, _, period = term.removeprefix("covariate").partition("at")
    name = panel.covariate_names[int(index)]
    return f"{name} in {panel.periods[int(period)]}" if period else name
