"""The public entry: from a prepared panel and a few words to effects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did import counts, extended_two_way, group_time, imputation, stacked, two_way
from zgzx_research.did.advice import with_fitting_remedy
from zgzx_research.did.effects import Effects
from zgzx_research.did.fit import Fit
from zgzx_research.did.perfect_fit import with_small_errors_known
from zgzx_research.did.prepare import NEVER_TREATED_LOST, PreparedPanel
from zgzx_research.did.sample import rows_left_out, used_rows, with_late_cohorts
from zgzx_research.did.windows import note_empty_windows, period_step
from zgzx_research.errors import ZgzxError

ADJUSTMENTS = ("none", "doubly_robust", "outcome_regression", "inverse_probability")
METHODS: dict[str, Callable[[PreparedPanel, dict[str, Any]], Fit]] = {
    "group_time": group_time.fit,
    "extended_two_way": extended_two_way.fit,
    "interaction_weighted": two_way.interaction_weighted,
    "two_way_fixed_effects": two_way.two_way_fixed_effects,
    "stacked": stacked.stacked,
    "imputation": imputation.fit,
}
OPTIONS = {
    "method": tuple(METHODS),
    "adjustment": ADJUSTMENTS,
    "controls": group_time.CONTROLS,
    "base_period": group_time.BASE_PERIODS,
    "scale": tuple(counts.SCALES),
    "family": (None, "linear", "poisson", "logit"),
}
# what each method listens to; any other option must keep its default, so that nothing asked for is
# silently ignored
HEEDS = {
    "group_time": (
        "adjustment",
        "controls",
        "base_period",
        "anticipation",
        "leave_out",
        "scale",
        "outcome_model",
        "propensity_model",
        "folds",
        "seed",
        "cohort_correction",
    ),
    "extended_two_way": ("controls", "anticipation", "leave_out", "scale", "family"),
    "interaction_weighted": ("anticipation", "leave_out"),
    "two_way_fixed_effects": ("anticipation", "leave_out"),
    "imputation": (
        "adjustment",
        "anticipation",
        "leave_out",
        "scale",
        "event_window",
        "leave_one_out",
    ),
    "stacked": ("controls", "event_window", "anticipation", "leave_out"),
}
DEFAULTS: dict[str, Any] = {
    "adjustment": "none",
    "controls": "never_treated",
    "base_period": "universal",
    "anticipation": 0,
    "leave_out": 0,
    "scale": "difference",
    "outcome_model": None,
    "propensity_model": None,
    "folds": 5,
    "seed": 0,
    "family": None,
    "event_window": None,
    "leave_one_out": False,
    "cohort_correction": False,
}

# below, cluster-robust tests reject too often: see docs/methodology/wild_cluster_bootstrap.md
FEW_CLUSTERS = 30
LEAST = {"anticipation": 0, "leave_out": 0, "folds": 2, "seed": 0}
# wrong combinations: test on (panel, options), what is wrong, remedy
CONFLICTS: tuple[tuple[Callable[[PreparedPanel, dict[str, Any]], bool], str, str], ...] = (
    (
        lambda panel, o: (
            o.get("controls") == "never_treated" and _never_treated_lost(panel) is not None
        ),
        "every unit that was never treated left the panel for another reason (see panel.ledger), so nobody is left to "
        "compare with",
        "Keep them: complete what they lack, or prepare the panel without the columns or the gaps='balance' that "
        "leave them out.",
    ),
    (
        lambda panel, o: (
            o.get("controls") == "never_treated"
            and not np.isinf(panel.cohorts).any()
            and (panel.cohorts == 0).any()
        ),
        "no value of first_treated is missing, and 0 counts as a period: nobody is left to compare with",
        "Set 0 to missing if it codes 'never treated'; else pass controls='not_yet_treated'.",
    ),
    (
        lambda panel, o: o.get("controls") == "never_treated" and not np.isinf(panel.cohorts).any(),
        "every unit is treated in the end, so nobody is left to compare with",
        "Pass controls='not_yet_treated'.",
    ),
    (
        lambda panel, o: o.get("adjustment") == "none" and panel.covariates is not None,
        "the panel has covariates, but adjustment='none' does not use them",
        "Pass adjustment='doubly_robust', or prepare the panel without covariates.",
    ),
    (
        lambda panel, o: (
            o.get("adjustment", "none") != "none"
            and panel.covariates is None
            and any(role.startswith("covariate") for role in panel.roles)
        ),
        "every covariate was dropped: constant, or a combination of the others (see panel.ledger)",
        "Name covariates that differ between units, or pass adjustment='none'.",
    ),
    (
        lambda panel, o: o.get("adjustment", "none") != "none" and panel.covariates is None,
        "there are no covariates to adjust for",
        "Name covariates in prepare_panel, or pass adjustment='none'.",
    ),
    (
        lambda panel, o: (
            "event_window" in o and "adjustment" not in o and period_step(panel.periods) > 1
        ),
        "stacked estimation needs event times that are one apart, and the periods are several apart",
        "Prepare the panel with clock='observed', or use method='imputation' or 'group_time'.",
    ),
    (
        lambda _, o: (o.get("outcome_model") is None) != (o.get("propensity_model") is None),
        "learners come in pairs: outcome_model and propensity_model",
        "Pass both, or neither (least squares and logit).",
    ),
    (
        lambda panel, o: (
            o.get("outcome_model") is not None
            and (
                o["adjustment"] != "doubly_robust"
                or o["scale"] == "ratio"
                or panel.gaps == "cross_section"
            )
        ),
        "learners are for doubly robust differences in panels",
        "Pass adjustment='doubly_robust' and scale='difference'; do not use gaps='cross_section'.",
    ),
    (
        lambda panel, o: (
            o.get("scale") == "ratio"
            and (
                o.get("adjustment") == "doubly_robust"
                or (panel.covariates is not None and panel.gaps == "cross_section")
            )
        ),
        "the ratio scale has no such adjustment",
        "Pass adjustment='outcome_regression' (Poisson) or 'inverse_probability', with gaps='pairwise'.",
    ),
    (
        lambda panel, o: (
            o.get("base_period") == "pooled"
            and np.isnan(panel.y).any()
            and (
                panel.weights.shape[1] > 1
                or (panel.covariates is not None and panel.covariates.shape[1] > 1)
            )
        ),
        "a pooled base with gaps needs covariates and weights that are constant within units",
        "Take them at one period, pass base_period='universal', or prepare the panel with gaps='balance'.",
    ),
    (
        lambda panel, o: (
            bool(o.get("cohort_correction"))
            and (panel.covariates is not None or panel.weights.shape[1] > 1)
        ),
        "the correction for small cohorts is for estimates without covariates and with constant weights",
        "Pass cohort_correction=False, or adjustment='none' and weights of one period.",
    ),
    (
        lambda panel, o: o.get("scale") == "ratio" and panel.weights.shape[1] > 1,
        "the ratio scale needs weights that are constant within units",
        "Take the weight of one year, or pass scale='difference'.",
    ),
)


def estimate_effects(
    panel: PreparedPanel,
    *,
    method: str = "group_time",
    adjustment: str = "none",
    controls: str = "never_treated",
    base_period: str = "universal",
    anticipation: int = 0,
    leave_out: int = 0,
    scale: str = "difference",
    outcome_model: Any = None,
    propensity_model: Any = None,
    folds: int = 5,
    seed: int = 0,
    family: str | None = None,
    event_window: tuple[int, int] | None = None,
    leave_one_out: bool = False,
    cohort_correction: bool = False,
) -> Effects:
    """Staggered difference-in-differences on a prepared panel.

    Parameters
    ----------
    method : "group_time" or another of METHODS; an option a method does not listen to is an error.
    adjustment : for the panel's covariates: "doubly_robust", "outcome_regression",
        "inverse_probability".
    controls : "never_treated" or "not_yet_treated" (not treated by the later of the two periods
        compared).
    base_period : "universal" (last period before treatment), "varying" (the period before, in
        pre-treatment cells) or "pooled" (the mean of all periods before treatment).
    anticipation : periods before treatment in which units may already react; the base lies before
        them. Windows count the numbers of the periods (docs/methodology/clock.md); one that holds
        no observed period is warned of.
    leave_out : periods before treatment that take no part (the donut): no base, no pre-test, no
        aggregate.
    scale : "difference", or "ratio" for counts (proportional effect).
    outcome_model, propensity_model : learners with fit and predict (or predict_proba) instead of
        least squares and logit; copied, never changed; cross-fitted over `folds` of clusters drawn
        with `seed`, the same for all cells.
    family : for extended_two_way: "linear", "poisson" or "logit".
    event_window : for stacked: first and last event time; for imputation: first lead, last effect.
    leave_one_out : for imputation: its leave-one-out standard errors.
    cohort_correction : for group_time: the spread within a cohort of n units is divided by n - 1,
        and quantiles are those of t and F with the treated units less one per cohort as degrees of
        freedom (R's did and the papers divide by n and take normal ones, so that intervals are too
        narrow where cohorts are small).

    Raises
    ------
    ZgzxError : unknown option; options that do not go together; no comparison group; no cohort with
        a base period.

    References
    ----------
    Callaway, B. & Sant'Anna, P. (2021), Journal of Econometrics 225(2).
    Sant'Anna, P. & Zhao, J. (2020), Journal of Econometrics 219(1).
    Wooldridge, J. (2023), Econometrics Journal 26(3).
    """
    given: dict[str, Any] = {
        "adjustment": adjustment,
        "controls": controls,
        "base_period": base_period,
        "anticipation": anticipation,
        "leave_out": leave_out,
        "scale": scale,
        "outcome_model": outcome_model,
        "propensity_model": propensity_model,
        "folds": folds,
        "seed": seed,
        "family": family,
        "event_window": event_window,
        "leave_one_out": leave_one_out,
        "cohort_correction": cohort_correction,
    }
    heeded, fit = _fit(panel, method, given)
    span: dict[str, Any] = {
        "outcome": panel.roles["outcome"],
        "first_period": int(panel.periods[0]),
        "last_period": int(panel.periods[-1]),
    }
    if panel.clock is not None:
        labels = panel.clock.labels()
        span |= {"step_unit": panel.clock.unit, "step_count": panel.clock.count}
        span |= {"first_label": labels[0], "last_label": labels[-1]}
    shown = {name: _named(value) for name, value in heeded.items()}
    fit = replace(fit, notes=[*fit.notes, *note_empty_windows(panel, heeded)])
    if panel.cluster is not None:
        fit = _with_clusters(fit, len(np.unique(panel.cluster)), len(panel.cohort))
    return Effects.from_fit(fit, panel.ledger, {"method": method} | shown | span)


def _with_clusters(fit: Fit, clusters: int, units: int) -> Fit:
    """t(G - 1) quantiles where a method's are normal, for there may be few clusters.

    A note where there are.
    """
    notes = list(fit.notes)
    if clusters < FEW_CLUSTERS:
        reason = "few clusters in all: intervals and tests are rough (see wild_cluster_bootstrap)"
        notes.append(("note", reason, 0, units, (f"{clusters} clusters",)))
    return replace(fit, notes=notes, df=min(fit.df, max(clusters - 1.0, 1.0)))


def unit_influence(
    panel: PreparedPanel, *, method: str = "group_time", **options: Any
) -> tuple[pd.DataFrame, np.ndarray]:
    """How much each unit moves each estimate, for whoever wants to look at single units.

    Parameters
    ----------
    options : as in `estimate_effects`.

    Returns
    -------
    frame : cohort, period, event_time, role of each column. values : (units, statistics) influence
        values ψ, in the order of the panel's units. ψ'ψ is the covariance, but for what is lent to
        cohorts of one unit; finite-sample factors are in ψ. On the ratio scale the treated totals
        come first, then the counterfactual ones, both about their means, for cohort sizes count as
        fixed.
    """
    if unknown := sorted(set(options) - set(DEFAULTS)):
        remedy = f"Options are {', '.join(DEFAULTS)}."
        raise ZgzxError(
            "no such option",
            where="unit_influence",
            count=len(unknown),
            examples=unknown,
            remedy=remedy,
        )
    options = DEFAULTS | options
    alone = replace(panel, cluster=np.arange(len(panel.cohort)))
    _, fit = _fit(alone, method, options)
    if fit.influence is None:
        raise ZgzxError(
            f"method={method!r} gives no influence values by unit", where="unit_influence"
        )
    labels = pd.DataFrame(
        {name: getattr(fit.rows, name) for name in ("cohort", "period", "event_time", "role")}
    )
    lost = None
    if method != "group_time":
        lost, _ = rows_left_out(panel, _masked(options), own_covariates=True)
    if lost is None:
        return labels, fit.influence
    values = np.zeros((len(panel.y), fit.influence.shape[1]))
    values[(~np.isnan(panel.y) & ~lost).any(axis=1)] = fit.influence
    return labels, values


def _fit(panel: PreparedPanel, method: str, options: dict[str, Any]) -> tuple[dict[str, Any], Fit]:
    """The options the method listens to, and its fit."""
    if not isinstance(panel, PreparedPanel):
        raise ZgzxError(
            f"this is a {type(panel).__name__}, not a prepared panel",
            where="estimate_effects",
            remedy="Pass what zr.prepare_panel(...) returns.",
        )
    _check_options(method, options)
    heeded = {name: options[name] for name in HEEDS[method]}
    try:
        _check_panel(panel, heeded)
        used, notes = _used(panel, method, _masked(options))
        fit = METHODS[method](used, heeded)
        if options["outcome_model"] is None:  # a learner's fit is never perfect for all outcomes
            absorbed = panel.gaps != "cross_section" and (
                method != "extended_two_way" or not np.isnan(used.y).any()
            )
            fit = with_small_errors_known(
                used, fit, lambda other: METHODS[method](other, heeded), absorbed=absorbed
            )
    except ZgzxError as error:
        raise with_fitting_remedy(error, _in_force(panel, method, heeded)) from None
    return heeded, replace(fit, notes=[*notes, *fit.notes])


def _masked(options: dict[str, Any]) -> int:
    """Periods before treatment that a declared window masks."""
    return int(options["anticipation"] + options["leave_out"])


def _used(panel: PreparedPanel, method: str, masked: int) -> tuple[PreparedPanel, list[tuple]]:
    """What a method uses of the panel, and ledger rows on the rest.

    Group-time effects compare the same units at both periods and take covariates from the base. The
    extended two-way regression has effects of cohorts, not of units, so a cohort that leaves early
    needs one of its own.
    """
    if method == "group_time":
        return with_late_cohorts(panel, masked)
    if method == "extended_two_way":
        panel, _ = with_late_cohorts(panel, masked)
    return used_rows(panel, masked, own_covariates=True)


def _in_force(panel: PreparedPanel, method: str, heeded: dict[str, Any]) -> dict[str, Any]:
    """All options a remedy may name.

    Other controls are no help where the never treated left for another reason.
    """
    lost = {"controls": "not_yet_treated"} if _never_treated_lost(panel) is not None else {}
    return (
        heeded | {"method": method, "gaps": panel.gaps, "covariates_at": panel.covariates_at} | lost
    )


def _check_options(method: str, options: dict[str, Any]) -> None:
    for name, value in {"method": method, **options}.items():
        allowed = OPTIONS.get(name)
        if allowed and value not in allowed:
            remedy = f"Choose one of {', '.join(map(str, allowed))}."
            raise ZgzxError(f"{name}={value!r} is unknown", where="estimate_effects", remedy=remedy)
    for name, least in LEAST.items():
        value = options[name]
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
            remedy = f"Pass a whole number of {least} or more."
            raise ZgzxError(
                f"{name}={value!r} is not usable", where="estimate_effects", remedy=remedy
            )
    _check_window(options["event_window"])
    for name in ("outcome_model", "propensity_model"):
        model = options[name]
        if model is not None and (
            isinstance(model, type) or not (hasattr(model, "fit") and hasattr(model, "predict"))
        ):
            raise ZgzxError(
                f"{name} has no fit and predict",
                where="estimate_effects",
                examples=[repr(model)[:60]],
                remedy="Pass a learner, e.g. sklearn.linear_model.LinearRegression() with its brackets.",
            )
    ignored = [
        name
        for name, value in options.items()
        if name not in HEEDS[method] and value != DEFAULTS[name]
    ]
    if ignored:
        raise ZgzxError(
            f"method={method!r} has no such option",
            where="estimate_effects",
            count=len(ignored),
            examples=ignored,
            remedy=f"It listens to {', '.join(HEEDS[method])}.",
        )


def _never_treated_lost(panel: PreparedPanel) -> tuple | None:
    """The row of the ledger that says all units never treated have left."""
    rows = panel.ledger[panel.ledger["reason"] == NEVER_TREATED_LOST]
    return None if rows.empty else tuple(rows.iloc[0])


def _left_out(panel: PreparedPanel) -> list[str]:
    """Reasons for which units or rows left, the one with most units first."""
    rows = panel.ledger[panel.ledger["step"].isin(("units", "rows"))].sort_values(
        "units", ascending=False
    )
    return [f"{row.reason}: {row.units}" for row in rows.itertuples()]


def _check_window(window: Any) -> None:
    """An event window is two whole numbers, rising."""
    if window is None:
        return
    pair = isinstance(window, tuple | list) and len(window) == 2
    if (
        not pair
        or not all(isinstance(e, int | np.integer) for e in window)
        or window[0] > window[1]
    ):
        raise ZgzxError(
            f"event_window={window!r} is not a first and a last event time",
            where="estimate_effects",
            remedy="Pass e.g. event_window=(-3, 2).",
        )


def _check_panel(panel: PreparedPanel, options: dict[str, Any]) -> None:
    """Combinations that make no sense; `options` holds only what the method listens to."""
    for wrong, what, remedy in CONFLICTS:
        if wrong(panel, options):
            left = _left_out(panel) if _never_treated_lost(panel) is not None else ()
            raise ZgzxError(
                what,
                where="estimate_effects",
                count=len(panel.cohort),
                examples=left,
                remedy=remedy,
            )
    if options.get("scale") == "ratio" and np.nanmin(panel.y) < 0:
        below = int((panel.y < 0).sum())
        raise ZgzxError(
            "the ratio scale needs outcomes of zero or more",
            where=f"column {panel.roles['outcome']!r}",
            count=below,
            examples=(f"{value:g}" for value in np.unique(panel.y[panel.y < 0])[:3]),
            remedy="Pass scale='difference'.",
        )


def _named(value: Any) -> Any:
    """An option as JSON can hold it: learners by their name."""
    if isinstance(value, tuple | list):
        return [_named(one) for one in value]
    if isinstance(value, np.generic):
        return value.item()
    return value if value is None or isinstance(value, str | int | float) else type(value).__name__
