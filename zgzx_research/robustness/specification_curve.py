"""All declared specifications in one go, and which choices move the answer.

Simonsohn, U., Simmons, J. & Nelson, L. (2020), Nature Human Behaviour 4.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.estimate import DEFAULTS, estimate_effects
from zgzx_research.did.panel.parts import in_memory
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.panel.sample import of_units, without_rows
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.summaries import NUMBERS, summary_row
from zgzx_research.robustness.unit_groups import values_by_unit

MOST = 1000  # specifications: some minutes with 12,000 units
PREPARE = frozenset(inspect.signature(prepare_panel).parameters) - {"data"}
SAMPLE = ("units", "last_period")
ESTIMATE = frozenset(DEFAULTS) | {"method"}
UNITLESS = ("scale", "outcome")  # settings whose levels have estimates in different units

Level = tuple[str, dict[str, Any]]
"""Label of a level, and the settings it makes."""


@dataclass(frozen=True, slots=True, eq=False)
class SpecificationCurve:
    """Result of `specification_curve`.

    Attributes
    ----------
    frame : DataFrame
        One row per specification: one column per axis (labels of the levels), estimate,
        std_error, ci_low, ci_high, p_value, n_treated, n_comparison, scale, outcome, reason (why
        there is no estimate, else empty). The first row is the main specification.
    axes : tuple of str
        Names of the axes.
    """

    frame: pd.DataFrame
    axes: tuple[str, ...]

    @property
    def estimated(self) -> pd.DataFrame:
        """Rows with an estimate."""
        return self.frame[self.frame["estimate"].notna()]

    def axis_effects(self) -> pd.DataFrame:
        """Which axes move the answer.

        Returns
        -------
        pandas.DataFrame
            One row per axis, the one that moves most first: axis, pairs (of specifications that
            differ in this axis only), mean_change and largest_change (absolute difference of the
            estimates; missing where their units differ), sign_flips and significance_flips
            (shares of pairs with another sign, or on the other side of 5 %).
        """
        rows = [_axis_row(self.estimated, axis, self.axes) for axis in self.axes]
        return pd.DataFrame(rows).sort_values(
            ["mean_change", "sign_flips"], ascending=False, kind="stable", ignore_index=True
        )

    def summary(self) -> pd.DataFrame:
        """Range and signs of all estimates.

        Returns
        -------
        pandas.DataFrame
            One row per outcome and scale: specifications, refused, main, lowest, median, highest,
            sign_flips (share with another sign than the first specification of the row's outcome
            and scale), significant (share with p < .05).
        """
        groups = self.frame.groupby(["outcome", "scale"], sort=False, dropna=False)
        return pd.DataFrame([_summary_row(key, part) for key, part in groups])


def specification_curve(
    data: Any,
    axes: Mapping[str, Sequence[Any] | Mapping[str, Any]],
    *,
    roles: Mapping[str, Any] | None = None,
    **options: Any,
) -> SpecificationCurve:
    """Estimate every combination of the declared choices.

    Parameters
    ----------
    data : PreparedPanel or table
        A table is prepared once for each combination of the axes that need it.
    axes : mapping
        Axis -> its levels, the main one first: a sequence of values, or a mapping of labels to
        values. An axis is an option of `estimate_effects` or `method`; "target" (see
        `summary_row`); "units" (bool by unit: who stays; None for all; for staff thresholds or
        firms with other programmes); "last_period" (truncation: the last period kept, None for
        all); with a table also an argument of `prepare_panel` (weights, covariates, gaps, ...). A
        level that is a mapping sets several of these at once, under any axis name.
    roles : mapping, optional
        Arguments of `prepare_panel` for a table.
    **options
        Options of `estimate_effects`, and target (default (1, 3)), that all share.

    Returns
    -------
    SpecificationCurve
        A combination that cannot be estimated is a row with its reason.

    Raises
    ------
    ZgzxError
        Unknown axis, no level, or more than 1,000 combinations.

    Examples
    --------
    >>> import zgzx_research as zr
    >>> pairs = [(u, t) for u in range(14) for t in range(6)]
    >>> rows = [(u, t, (5 * u * t) % 7 + 3 * (u < 6 and t > 3)) for u, t in pairs]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents"])
    >>> table["first_award"] = table["firm"].map(dict.fromkeys(range(6), 4.0))
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = zr.prepare_panel(table, **roles, first_treated="first_award")
    >>> axes = {"leave_out": [1, 0], "base_period": ["universal", "pooled"]}
    >>> curve = zr.specification_curve(panel, axes, target=(0, 1))
    >>> len(curve.frame), sorted(curve.axis_effects()["axis"])
    (4, ['base_period', 'leave_out'])
    """
    levels = [_levels(axis, given) for axis, given in axes.items()]
    shared = {"target": (1, 3), **options}
    _check_axes(data, levels, shared, roles)
    panels: dict[str, PreparedPanel | ZgzxError] = {}
    effects: dict[str, Effects | ZgzxError] = {}
    rows = []
    for choice in product(*levels):
        labels = dict(zip(axes, (label for label, _ in choice), strict=True))
        settings = {**(roles or {}), **shared}
        chosen: dict[str, str] = {}  # setting -> axis and label behind it: keys of what is shared
        for (label, made), axis in zip(choice, axes, strict=True):
            settings |= made
            chosen |= dict.fromkeys(made, f"{axis}={label}")
        panel = _shared(panels, chosen, {*PREPARE, *SAMPLE}, lambda s=settings: _panel(data, s))
        fitted = _shared(
            effects,
            chosen,
            {*PREPARE, *SAMPLE, *ESTIMATE},
            lambda p=panel, s=settings: _effects(p, s),
        )
        rows.append(labels | _row(fitted, settings, panel))
    return SpecificationCurve(pd.DataFrame(rows), tuple(axes))


def _levels(axis: str, given: Sequence[Any] | Mapping[str, Any]) -> list[Level]:
    """Return the levels of an axis with their labels and settings."""
    if isinstance(given, Mapping):
        named = list(given.items())
    else:
        named = [(_label(value), value) for value in given]
    labels = [label for label, _ in named]
    if not named or len(set(labels)) < len(labels):
        raise ZgzxError(
            f"axis {axis!r} needs levels with different names",
            where="specification_curve",
            count=len(named),
            remedy="Pass a list of values, or a mapping of labels to values.",
        )
    return [(k, dict(v) if isinstance(v, Mapping) else {axis: v}) for k, v in named]


def _label(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _check_axes(
    data: Any, levels: list[list[Level]], shared: Mapping[str, Any], roles: Any
) -> None:
    given = isinstance(data, PreparedPanel)
    allowed = {*ESTIMATE, *SAMPLE, "target"} | (set() if given else PREPARE)
    asked = {name for axis in levels for _, made in axis for name in made} | set(shared)
    unknown = sorted(asked - allowed)
    if unknown:
        needs = " Preparation needs a table and roles." if given else ""
        raise ZgzxError(
            "no such choice",
            where="specification_curve",
            count=len(unknown),
            examples=unknown,
            remedy=f"Choices are {', '.join(sorted(allowed))}.{needs}",
        )
    if given == (roles is not None):
        raise ZgzxError(
            "roles are for a table, and a table needs them",
            where="specification_curve",
            remedy="Pass a prepared panel without roles, or a table with roles={...}.",
        )
    count = int(np.prod([len(axis) for axis in levels]))
    if not levels or count > MOST:
        raise ZgzxError(
            f"{count:,} specifications",
            where="specification_curve",
            remedy=f"Declare between one and {MOST:,} combinations.",
        )


def _shared(made: dict[str, Any], chosen: Mapping[str, str], names: set[str], make: Any) -> Any:
    """Return what these settings give, made once; an error is kept as well."""
    key = "|".join(sorted({chosen[name] for name in names & set(chosen)}))
    if key not in made:
        try:
            made[key] = make()
        except ZgzxError as error:
            made[key] = error
    return made[key]


def _panel(data: Any, settings: Mapping[str, Any]) -> PreparedPanel:
    panel: PreparedPanel = data
    if not isinstance(data, PreparedPanel):
        made = prepare_panel(data, **{k: v for k, v in settings.items() if k in PREPARE})
        panel = in_memory(made, "many specifications")
    kept = settings.get("units")
    if kept is not None:
        stays = values_by_unit(panel, kept, "specification_curve").fillna(False).astype(bool)
        panel = of_units(panel, stays.to_numpy())
    last = settings.get("last_period")
    if last is not None:
        panel = without_rows(panel, ~np.isnan(panel.y) & (panel.periods > last))
    return panel


def _effects(panel: PreparedPanel | ZgzxError, settings: Mapping[str, Any]) -> Effects:
    if isinstance(panel, ZgzxError):
        raise panel
    return estimate_effects(panel, **{k: v for k, v in settings.items() if k in ESTIMATE})


def _row(
    fitted: Effects | ZgzxError, settings: Mapping[str, Any], panel: PreparedPanel | ZgzxError
) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(NUMBERS, np.nan)
    outcome = settings.get("outcome")
    if outcome is None and isinstance(panel, PreparedPanel):
        outcome = panel.roles["outcome"]
    about = {"scale": settings.get("scale", "difference"), "outcome": outcome}
    try:
        if isinstance(fitted, ZgzxError):
            raise fitted
        return summary_row(fitted, settings["target"]) | about | {"reason": ""}
    except ZgzxError as error:
        return empty | about | {"reason": error.what}


def _axis_row(frame: pd.DataFrame, axis: str, axes: Sequence[str]) -> dict[str, Any]:
    """Compare all pairs of specifications that differ in this axis only."""
    others = [name for name in axes if name != axis]
    groups = [part for _, part in frame.groupby(others, sort=False)] if others else [frame]
    changes, signs, verdicts = list[float](), list[bool](), list[bool]()
    for part in groups:
        for i, j in combinations(range(len(part)), 2):
            one, two = part.iloc[i], part.iloc[j]
            alike = all(one[name] == two[name] for name in UNITLESS)
            changes.append(abs(two["estimate"] - one["estimate"]) if alike else np.nan)
            signs.append(np.sign(one["estimate"]) != np.sign(two["estimate"]))
            verdicts.append((one["p_value"] < 0.05) != (two["p_value"] < 0.05))
    known = np.array([change for change in changes if not np.isnan(change)])
    return {
        "axis": axis,
        "pairs": len(changes),
        "mean_change": known.mean() if len(known) else np.nan,
        "largest_change": known.max() if len(known) else np.nan,
        "sign_flips": np.mean(signs) if signs else np.nan,
        "significance_flips": np.mean(verdicts) if verdicts else np.nan,
    }


def _summary_row(key: tuple[Any, ...], part: pd.DataFrame) -> dict[str, Any]:
    estimate = part["estimate"].dropna()
    main = estimate.iloc[0] if len(estimate) else np.nan
    return {
        "outcome": key[0],
        "scale": key[1],
        "specifications": len(part),
        "refused": len(part) - len(estimate),
        "main": main,
        "lowest": estimate.min(),
        "median": estimate.median(),
        "highest": estimate.max(),
        "sign_flips": (np.sign(estimate) != np.sign(main)).mean(),
        "significant": (part["p_value"].dropna() < 0.05).mean(),
    }
