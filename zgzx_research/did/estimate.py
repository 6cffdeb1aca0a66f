"""The public entry: from a prepared panel and a few options to effects."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.core.concentration import concentration
from zgzx_research.did.core.conflicts import Adjustment, Controls, EventWindow, Scale
from zgzx_research.did.core.late_entry import late_entry_notes
from zgzx_research.did.core.method import MethodOptions, check_word
from zgzx_research.did.core.method_result import MethodResult
from zgzx_research.did.core.perfect_fit import with_small_errors_checked
from zgzx_research.did.core.sample_factor import cluster_count
from zgzx_research.did.core.windows import note_empty_windows
from zgzx_research.did.methods import METHODS
from zgzx_research.did.methods.extended_two_way.extended_two_way import Family
from zgzx_research.did.methods.group_time.learners import Learner
from zgzx_research.did.methods.group_time.options import BasePeriod
from zgzx_research.did.panel.fitting_remedies import with_fitting_remedy
from zgzx_research.did.panel.panel_in_parts import Panel, PanelInParts
from zgzx_research.did.panel.parts import in_memory, is_complete, unit_count
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.panel.sample import rows_left_out
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError

# below, cluster-robust tests reject too often: see docs/methodology/wild_cluster_bootstrap.md
FEW_CLUSTERS = 30


def estimate_effects(
    panel: Panel,
    *,
    method: str = "group_time",
    adjustment: Adjustment = "none",
    controls: Controls = "never_treated",
    base_period: BasePeriod = "universal",
    anticipation: int = 0,
    leave_out: int = 0,
    scale: Scale = "difference",
    outcome_model: Learner | None = None,
    propensity_model: Learner | None = None,
    folds: int = 5,
    seed: int = 0,
    family: Family | None = None,
    event_window: EventWindow | None = None,
    leave_one_out: bool = False,
    cohort_correction: bool = False,
) -> Effects:
    """Staggered difference-in-differences on a prepared panel.

    Parameters
    ----------
    panel : PreparedPanel or PanelInParts
        From `prepare_panel`; in parts, sums are taken of one part after another.
    method : str, default "group_time"
        A name in `zgzx_research.did.methods.METHODS`. An option that the method does not take
        (see `options_of`) is an error.
    adjustment : str, default "none"
        For the panel's covariates: "doubly_robust", "outcome_regression" or "inverse_probability".
    controls : str, default "never_treated"
        Or "not_yet_treated": not treated by the later of the two periods compared.
    base_period : str, default "universal"
        The last period before treatment. "varying": before treatment, the period before; "pooled":
        the mean of all periods before treatment.
    anticipation : int, default 0
        Periods before treatment in which units may already react; the base lies before them.
        Windows count the numbers of the periods (docs/methodology/clock.md); one that holds no
        observed period gives a warning.
    leave_out : int, default 0
        Periods before treatment that take no part (the donut): no base, no pre-test, no aggregate.
    scale : str, default "difference"
        Or "ratio" for counts (proportional effect).
    outcome_model, propensity_model : Learner, optional
        Learners with fit and predict (or predict_proba) instead of least squares and logit; copied,
        never changed.
    folds : int, default 5
        Learners are cross-fitted over so many folds of clusters, the same for all comparisons.
    seed : int, default 0
        For drawing the folds.
    family : str, optional
        For extended_two_way: "linear", "poisson" or "logit".
    event_window : (int, int), optional
        For stacked: first and last event time. For imputation: first lead, last effect.
    leave_one_out : bool, default False
        For imputation: its leave-one-out standard errors.
    cohort_correction : bool, default False
        For group_time: the spread within a cohort of n units is divided by n - 1, and quantiles are
        those of t and F with the treated units less one per cohort as degrees of freedom. R's did
        and the papers divide by n and take normal quantiles, so that intervals are too narrow where
        cohorts are small.

    Returns
    -------
    Effects
        One estimate per cohort and period (or event time), with their joint covariance.

    Raises
    ------
    ZgzxError
        Unknown option; options that do not go together; no comparison group; no cohort with a base
        period.

    References
    ----------
    Callaway, B. & Sant'Anna, P. (2021), Journal of Econometrics 225(2).
    Sant'Anna, P. & Zhao, J. (2020), Journal of Econometrics 219(1).
    Wooldridge, J. (2023), Econometrics Journal 26(3).

    Examples
    --------
    >>> import pandas as pd
    >>> import zgzx_research as zr
    >>> rows = [(u, t, 10 * u + t + 5 * (u < 3 and t > 2)) for u in range(6) for t in range(1, 5)]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents"])
    >>> table["first_award"] = table["firm"].map(dict.fromkeys(range(3), 3.0))
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = zr.prepare_panel(table, **roles, first_treated="first_award")
    >>> effects = zr.estimate_effects(panel)  # the truth: 5 more from year 3 on
    >>> effects.to_frame()[["cohort", "period", "estimate", "role"]]
       cohort  period  estimate       role
    0       3       1       0.0        pre
    1       3       2       0.0  reference
    2       3       3       5.0       post
    3       3       4       5.0       post
    """
    given = {name: value for name, value in locals().items() if name in DEFAULTS}
    options, result = _fit(panel, method, given)
    notes = [*result.notes, *note_empty_windows(panel, options.anticipation, options.leave_out)]
    result = replace(result, notes=notes)
    if panel.has_clusters:
        result = _with_clusters(result, cluster_count(panel), unit_count(panel))
    shown = {name: _as_json(getattr(options, name)) for name in options.names()}
    effects = Effects.from_result(result, panel.ledger, {"method": method} | shown | _span(panel))
    shares = concentration(
        panel, ratio=scale == "ratio", masked=options.masked, pooled=pools_base(method, base_period)
    )
    return replace(effects, concentration=shares)


def pools_base(method: str, base_period: str) -> bool:
    """Whether all periods before treatment are the base, and not the last of them.

    Imputation and extended two-way effects use them all, whatever is passed.
    """
    return base_period == "pooled" or method in ("imputation", "extended_two_way")


# the options and their defaults are written once, in the signature
DEFAULTS = {
    name: parameter.default
    for name, parameter in inspect.signature(estimate_effects).parameters.items()
    if name not in ("panel", "method")
}


def options_of(method: str) -> tuple[str, ...]:
    """Return the options of `estimate_effects` that a method takes.

    Parameters
    ----------
    method : str
        A name in `zgzx_research.did.methods.METHODS`.

    Returns
    -------
    tuple of str
        In the order in which results show them.

    Raises
    ------
    ZgzxError
        Unknown method.
    """
    check_word("method", method, tuple(METHODS))
    return METHODS[method].options.names()


def choose_options(method: str, given: Mapping[str, Any]) -> MethodOptions:
    """Return the options of one method, checked.

    Parameters
    ----------
    method : str
        A name in `zgzx_research.did.methods.METHODS`.
    given : mapping
        Options by name; those not given have their default.

    Returns
    -------
    MethodOptions
        The frozen `Options` of the method.

    Raises
    ------
    ZgzxError
        Unknown method; a value that an option cannot have; an option that the method does not take
        and that is not at its default, so that nothing asked for is silently ignored.
    """
    taken = options_of(method)
    ignored = [
        name
        for name, value in given.items()
        if name not in taken and (name not in DEFAULTS or value != DEFAULTS[name])
    ]
    if ignored:
        raise ZgzxError(
            f"method={method!r} has no such option",
            where="estimate_effects",
            count=len(ignored),
            examples=ignored,
            remedy=f"It takes {', '.join(taken)}.",
        )
    return METHODS[method].options.choose({**DEFAULTS, **given})


def unit_influence(
    panel: PreparedPanel, *, method: str = "group_time", **options: Any
) -> tuple[pd.DataFrame, np.ndarray]:
    """How much each unit moves each estimate.

    Parameters
    ----------
    panel : PreparedPanel
        From `prepare_panel`.
    method : str, default "group_time"
        As in `estimate_effects`.
    **options
        As in `estimate_effects`.

    Returns
    -------
    labels : pandas.DataFrame
        cohort, period, event_time and role of each column of the values.
    values : (units, statistics) float
        Influence values ψ, in the order of the panel's units. ψ'ψ is the covariance, but for what
        is taken from other cohorts for cohorts of a single unit; finite-sample factors are in ψ. On
        the ratio scale the treated totals come first, then the counterfactual ones, both about
        their means, for cohort sizes count as fixed.

    Raises
    ------
    ZgzxError
        Unknown option; a method that gives no influence values.
    """
    if unknown := sorted(set(options) - set(DEFAULTS)):
        raise ZgzxError(
            "no such option",
            where="unit_influence",
            count=len(unknown),
            examples=unknown,
            remedy=f"Options are {', '.join(DEFAULTS)}.",
        )
    in_memory(panel, "influence values by unit")
    by_unit = replace(panel, cluster=np.arange(len(panel.cohort)))
    chosen, result = _fit(by_unit, method, options)
    influence = result.influence_values()
    if influence is None:
        raise ZgzxError(
            f"method={method!r} gives no influence values by unit", where="unit_influence"
        )
    names = ("cohort", "period", "event_time", "role")
    labels = pd.DataFrame({name: getattr(result.rows, name) for name in names})
    lost = rows_left_out(panel, chosen.masked)
    if lost is None or len(influence) == len(panel.y):
        return labels, influence
    values = np.zeros((len(panel.y), influence.shape[1]))
    values[(~np.isnan(panel.y) & ~lost).any(axis=1)] = influence
    return labels, values


def _fit(panel: Panel, name: str, given: Mapping[str, Any]) -> tuple[MethodOptions, MethodResult]:
    """Return the options of the method, and its result."""
    if not isinstance(panel, PreparedPanel | PanelInParts):
        raise ZgzxError(
            f"this is a {type(panel).__name__}, not a prepared panel",
            where="estimate_effects",
            remedy="Pass what zr.prepare_panel(...) returns.",
        )
    options, method = choose_options(name, given), METHODS[name]
    try:
        options.check_panel(panel)
        used, notes = method.select(panel, options.masked)
        result = method.fit(used, options)
        if not options.uses_learners:  # a learner's fit is never perfect for all outcomes
            complete = method.absorbs_units or is_complete(used)
            absorbed = panel.gaps != "cross_section" and bool(complete)
            result = with_small_errors_checked(
                used, result, lambda other: method.fit(other, options), absorbed=absorbed
            )
    except ZgzxError as error:
        raise with_fitting_remedy(error, _in_force(panel, name, options)) from None
    late = late_entry_notes(used) if method.pools_periods else []
    return options, replace(result, notes=[*notes, *result.notes, *late])


def _in_force(panel: Panel, method: str, options: MethodOptions) -> dict[str, object]:
    """All options that a remedy may name.

    Other controls are no help where the never treated left for another reason.
    """
    chosen = {name: getattr(options, name) for name in options.names()}
    lost = {"controls": "not_yet_treated"} if panel.never_treated_lost else {}
    prepared = {"gaps": panel.gaps, "covariates_at": panel.covariates_at}
    return chosen | {"method": method} | prepared | lost


def _with_clusters(result: MethodResult, clusters: int, units: int) -> MethodResult:
    """Return the result with t(G - 1) quantiles, and a note where there are few clusters."""
    notes = list(result.notes)
    if clusters < FEW_CLUSTERS:
        reason = "few clusters in all: intervals and tests are rough (see wild_cluster_bootstrap)"
        notes.append(("note", reason, 0, units, (f"{clusters} clusters",)))
    return replace(result, notes=notes, df=min(result.df, max(clusters - 1.0, 1.0)))


def _span(panel: Panel) -> dict[str, str | int | None]:
    """Return the outcome, and the first and the last period."""
    span: dict[str, str | int | None] = {
        "outcome": panel.roles["outcome"],
        "first_period": int(panel.periods[0]),
        "last_period": int(panel.periods[-1]),
    }
    if panel.clock is None:
        return span
    labels = panel.clock.labels()
    span |= {"step_unit": panel.clock.unit, "step_count": panel.clock.count}
    return span | {"first_label": labels[0], "last_label": labels[-1]}


def _as_json(value: Any) -> Any:
    """Return an option as JSON can hold it: learners by their name."""
    if isinstance(value, tuple | list):
        return [_as_json(part) for part in value]
    if isinstance(value, np.generic):
        return value.item()
    return value if value is None or isinstance(value, str | int | float) else type(value).__name__
