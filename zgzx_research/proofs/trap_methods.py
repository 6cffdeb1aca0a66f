"""Methods that are tried on single traps: the package's specification and naive ones.

On the ratio scale the error is that of the estimating equation: treated total minus (1 + true
effect) × counterfactual total, in units of the mean counterfactual. It is linear in the data, so
its mean shows what identification gets wrong, and not how skewed a ratio of small totals is. The
intervals are Fieller's, which invert the same equation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.designs.ppml import ppml
from zgzx_research.did.core import inference
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.parts import in_memory
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.proofs.verdicts import LEVEL, SIZE, Answer

HEADLINE, EVENT_RANGE = (1, 3), (-5, 6)
# the primary specification by outcome, as in studies/demo.toml (a test holds them equal)
PRIMARY: dict[str, dict[str, str | int | bool]] = {
    "patents": {
        "scale": "ratio",
        "base_period": "pooled",
        "leave_out": 1,
        "cohort_correction": True,
    },
    "retention": {
        "scale": "difference",
        "base_period": "universal",
        "leave_out": 1,
        "cohort_correction": True,
    },
}
MIN_STAFF = 5  # in the first year seen, as in studies/demo.toml
ROLES = {"unit": "firm_id", "period": "year", "first_treated": "first_award"}
Method = Callable[[pd.DataFrame, str], Answer]


def true_effect(panel: pd.DataFrame, events: tuple[int, int] = HEADLINE) -> float:
    """Compute the true effect in the years `events` after a first award.

    Parameters
    ----------
    panel : DataFrame
        A panel of `outcome_panel`, with the expected values mu0 and mu1.
    events : tuple of int
        First and last event time.

    Returns
    -------
    float
        Expected outcomes with the awards against those without, of firms whose whole window lies
        in the panel: a proportion for patents, a mean difference for retention.
    """
    after = panel[_in_window(panel, events)].dropna(subset=["mu0", "mu1"])
    if "retention" in panel:
        event = after["year"] - after["first_award"]
        return float((after["mu1"] - after["mu0"]).groupby(event).mean().mean())
    return float(after["mu1"].sum() / after["mu0"].sum() - 1)


def primary(panel: pd.DataFrame, outcome: str, **changes: str | int | bool) -> Answer:
    """Estimate by the package's specification among living firms with enough staff."""
    panel = panel[~(panel["year"] > panel["closed_year"])]
    if outcome == "retention":
        seen = panel.dropna(subset=outcome).sort_values("year").drop_duplicates("firm_id")
        panel = panel[panel["firm_id"].isin(seen.loc[seen["staff"] >= MIN_STAFF, "firm_id"])]
    return zeros_after_closure(panel, outcome, **changes)


def zeros_after_closure(panel: pd.DataFrame, outcome: str, **changes: str | int | bool) -> Answer:
    """Estimate by the package's specification among all firms."""
    prepared = prepare_panel(panel, **ROLES, outcome=outcome)
    options: dict[str, Any] = PRIMARY[outcome.split("_")[0]] | changes
    effects = estimate_effects(prepared, **options)
    event = effects.aggregate("event_time", min_event=EVENT_RANGE[0], max_event=EVENT_RANGE[1])
    true, numbers = true_effect(panel), effects.numbers

    rejected, two_bins = (_rejects(event.pretest(two_bins=bins)) for bins in (False, True))
    _, row = event.select(window=HEADLINE)
    low, high = row.bounds(numbers, inference.t_quantile(LEVEL, effects.df))
    mde = row.detectable(numbers, inference.power_factor(df=effects.df))[0]

    if row.totals is None or row.by_totals is None:
        error, variance, unit = row.value[0] - true, row.covariance(numbers)[0, 0], 1.0
    else:
        treated, unit = row.totals[:, 0]
        by_equation = row.by_totals[0] - (1 + true) * row.by_totals[1]
        error = treated - (1 + true) * unit
        variance = numbers.spread(by_equation, by_equation)[0, 0]
    std_error = np.sqrt(variance)
    return Answer(
        error, std_error, low[0], high[0], true, rejected, unit=unit, mde=mde, two_bins=two_bins
    )


def _rejects(test: Mapping[str, Any]) -> float:
    """Whether a test before the award rejects at 5 %; NaN where it cannot be made."""
    p_value = float(test["p_value"])
    return np.nan if np.isnan(p_value) else float(p_value < SIZE)


def without_largest(panel: pd.DataFrame, outcome: str) -> Answer:
    """Estimate by the package's specification without the firm that files most."""
    total = panel.groupby("firm_id")[outcome].sum()
    return primary(panel[panel["firm_id"] != total.idxmax()], outcome)


def before_after(panel: pd.DataFrame, outcome: str) -> Answer:
    """Compare, naively, winners after the award with the same firms before it."""
    after, before = panel[_in_window(panel, HEADLINE)], panel[panel["year"] < panel["first_award"]]
    total = after.groupby("firm_id")[outcome].agg(["sum", "count"])
    usual = before.groupby("firm_id")[outcome].mean().reindex(total.index)
    known = usual.notna().to_numpy()
    treated = total["sum"].to_numpy()[known]
    counterfactual = (usual * total["count"]).to_numpy()[known]
    if outcome == "retention":
        change = (treated - counterfactual) / np.maximum(total["count"].to_numpy()[known], 1)
        return _difference(panel, change.mean(), change.std(ddof=1) / np.sqrt(len(change)))
    covariance = len(treated) * np.cov(treated, counterfactual)
    return _ratio(panel, np.array([treated.sum(), counterfactual.sum()]), covariance)


def winners_against_all(panel: pd.DataFrame, outcome: str) -> Answer:
    """Compare, naively, winners after the award with the mean of firms that never won."""
    winner = panel[_in_window(panel, HEADLINE)].dropna(subset=outcome)
    years = winner["year"].value_counts()
    never = panel["first_award"].isna() & panel["year"].isin(years.index)
    other = panel[never].dropna(subset=outcome)
    by_year = other.groupby("year")[outcome].agg(["mean", "count"])
    treated = winner.groupby("firm_id")[outcome].sum()

    weight = other["year"].map(years / by_year["count"])
    deviation = weight * (other[outcome] - other["year"].map(by_year["mean"]))
    shares = deviation.groupby(other["firm_id"]).sum()
    covariance = np.diag([len(treated) * treated.var(), (shares**2).sum()])
    return _ratio(panel, np.array([treated.sum(), (years * by_year["mean"]).sum()]), covariance)


def two_way(panel: pd.DataFrame, outcome: str) -> Answer:
    """Estimate, naively, one coefficient for all years since the award, among winners only."""
    prepared = prepare_panel(panel.dropna(subset="first_award"), **ROLES, outcome=outcome)
    row = (
        ppml(in_memory(prepared, "Poisson regressions"), "static")
        .aggregate("overall")
        .to_frame()
        .iloc[0]
    )
    ratio, error = np.exp(row["estimate"]), np.exp(row["estimate"]) * row["std_error"]
    true = true_effect(panel, (0, 99))
    low, high = np.expm1(row[["ci_low", "ci_high"]].astype(float))
    return Answer(ratio - 1 - true, error, low, high, true)


METHODS: dict[str, Method] = {
    "primary": primary,
    "single_base": partial(primary, base_period="universal"),
    "full_base": partial(primary, leave_out=0),
    "base_minus_one": partial(primary, base_period="universal", leave_out=0),
    "zeros_after_closure": zeros_after_closure,
    "without_largest": without_largest,
    "before_after": before_after,
    "winners_against_all": winners_against_all,
    "two_way": two_way,
}


def _in_window(panel: pd.DataFrame, events: tuple[int, int]) -> pd.Series:
    """Mark rows `events` after the award, of firms whose whole window lies in the panel."""
    event, last = panel["year"] - panel["first_award"], panel["year"].max()
    ends_inside = events[1] < last - panel["year"].min()
    whole = panel["first_award"] + events[1] <= last if ends_inside else True
    return event.between(*events) & whole


def _ratio(panel: pd.DataFrame, totals: np.ndarray, covariance: np.ndarray) -> Answer:
    """Return the answer for treated and counterfactual totals with their (2, 2) covariance."""
    true, critical = true_effect(panel), inference.t_quantile(LEVEL)
    equation = np.array([1.0, -(1 + true)])
    low, high = inference.ratio_interval(totals[:1], totals[1:], covariance[:, :, None], critical)
    error, variance = equation @ totals, equation @ covariance @ equation
    return Answer(error, np.sqrt(variance), low[0] - 1, high[0] - 1, true, unit=totals[1])


def _difference(panel: pd.DataFrame, estimate: float, std_error: float) -> Answer:
    true, half = true_effect(panel), inference.t_quantile(LEVEL) * std_error
    return Answer(estimate - true, std_error, estimate - half, estimate + half, true)
