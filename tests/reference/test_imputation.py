"""Imputation against R's didimputation, did2s (point estimates) and etwfe (ratio scale)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from golden import load, same, table

from zgzx_research.did.estimate import estimate_effects, unit_influence
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.effects import Effects

SPECS = [
    "mpdta_static",
    "mpdta_es",
    "mpdta_es_pre3",
    "mpdta_es_lpop",
    "castle_es",
    "castle_static",
    "castle_static_popwt",
]
DID2S = ["mpdta_static", "mpdta_es", "castle_static", "castle_static_unw"]


def mpdta(**options: Any) -> PreparedPanel:
    data = table("mpdta").assign(employment=lambda d: np.exp(d["lemp"]))
    roles = {"outcome": "lemp", "unit": "countyreal", "period": "year", "first_treated": "first"}
    return prepare_panel(data, **(roles | options))


def castle(**options: Any) -> PreparedPanel:
    return prepare_panel(
        table("castle"),
        outcome="l_homicide",
        unit="sid",
        period="year",
        first_treated="effyear",
        **options,
    )


def effects(name: str) -> Effects:
    if name.startswith("mpdta"):
        adjusted = name.endswith("lpop")
        panel = mpdta(covariates=["lpop"] if adjusted else [])
        adjustment = "outcome_regression" if adjusted else "none"
        return estimate_effects(panel, method="imputation", adjustment=adjustment)
    weights = "popwt" if name == "castle_static_popwt" else None
    panel, options = castle(weights=weights), {"method": "imputation", "event_window": (-3, 5)}
    return from_influence(estimate_effects(panel, **options), panel, **options)


def from_influence(ours: Effects, panel: PreparedPanel, **options: Any) -> Effects:
    """With the covariance from influence alone, as in R.

    No spread is taken from others for cohorts of one unit.
    """
    values = unit_influence(panel, **options)[1]
    return replace(ours, numbers=replace(ours.numbers, covariance=values.T @ values))


def rows(ours: Effects, event_times: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and standard errors by event time, also those of one treated unit."""
    labels, summary = ours.aggregate("event_time").select()
    at = [labels["event_time"].tolist().index(e) for e in event_times]
    return summary.value[at], np.sqrt(np.diag(summary.covariance(ours.numbers)))[at]


@pytest.mark.parametrize("name", SPECS)
def test_didimputation(name: str) -> None:
    spec, ours = load("didimputation")["specs"][name], effects(name)
    if spec["term"] == "treat":
        overall = ours.aggregate("overall").overall
        estimate, error = overall["estimate"], overall["std_error"]
    else:
        estimate, error = rows(ours, [int(term) for term in spec["term"]])
    same(estimate, spec["estimate"], 1e-8, file="didimputation", spec=name, quantity="estimate")
    same(error, spec["std.error"], 1e-6, file="didimputation", spec=name, quantity="std.error")


@pytest.mark.parametrize("name", DID2S)
def test_did2s_has_the_same_estimates(name: str) -> None:
    spec = load("did2s")["specs"][name]
    ours = effects(
        {"castle_static": "castle_static_popwt", "castle_static_unw": "castle_static"}.get(
            name, name
        )
    )
    if name.endswith("es"):
        after = [k for k, label in enumerate(spec["names"]) if int(label.split("::")[1]) >= 0]
        estimate = rows(ours, [int(spec["names"][k].split("::")[1]) for k in after])[0]
        theirs = [spec["coef"][k] for k in after]
    else:
        estimate, theirs = ours.aggregate("overall").overall["estimate"], spec["coef"]
    same(estimate, theirs, 1e-8, file="did2s", spec=name, quantity="coef")


def test_the_weighted_standard_error_of_didimputation_squares_the_weights() -> None:
    panel = castle(weights="popwt")
    (units, periods), weight = panel.y.shape, np.repeat(panel.weights[:, 0], panel.y.shape[1])
    y, start = panel.y.ravel(), np.repeat(panel.cohorts[panel.cohort], periods)
    now = np.tile(panel.periods, units)
    z = np.hstack(
        [np.kron(np.eye(units), np.ones((periods, 1))), np.tile(np.eye(periods)[:, 1:], (units, 1))]
    )
    treated = now >= start
    root = np.sqrt(weight[~treated])[:, None]
    effect = y - z @ np.linalg.lstsq(z[~treated] * root, y[~treated] * root[:, 0], rcond=None)[0]
    target = weight * treated / weight[treated].sum()

    def error(power: int) -> float:
        scaled = z * (weight / weight.mean())[:, None]
        gram = (z[~treated] if power == 1 else scaled[~treated]).T @ scaled[~treated]
        v = np.where(
            treated,
            target,
            -scaled @ np.linalg.solve(gram, (z if power == 1 else scaled).T @ target),
        )
        centred = effect.copy()
        for g, t in {(g, t) for g, t in zip(start[treated], now[treated], strict=True)}:
            cell = (start == g) & (now == t)
            centred[cell] -= (v[cell] ** 2 * effect[cell]).sum() / (v[cell] ** 2).sum()
        return float(np.sqrt(((v * centred).reshape(units, periods).sum(axis=1) ** 2).sum()))

    effects = from_influence(
        estimate_effects(panel, method="imputation"), panel, method="imputation"
    )
    ours = effects.aggregate("overall").overall["std_error"]
    spec = load("didimputation")["specs"]["castle_static_popwt"]
    same(ours, error(1), 1e-9)
    same(error(2), spec["std.error"], 1e-6)


def test_ratio_scale_is_the_poisson_model_of_etwfe() -> None:
    spec = load("etwfe")["specs"]["pois_x0_notyet"]
    ours = estimate_effects(mpdta(outcome="employment"), method="imputation", scale="ratio")
    named = {name: k for k, name in enumerate(spec["coef_names"])}
    post = ours.cells.query("role == 'post'")
    at = [
        named[f".Dtreat:first.treat::{c.cohort:.0f}:year::{c.period:.0f}"]
        for c in post.itertuples()
    ]
    same(ours.estimates[post.index], np.array(spec["coef"])[at], 1e-6)
    rows, units, parameters = spec["nobs"], 500, len(spec["coef"])
    factor = np.sqrt(units / (units - 1) * (rows - 1) / (rows - parameters))
    error = np.sqrt(np.diag(ours.covariance))[post.index]
    same(factor * error, np.array(spec["se"])[at], 1e-4)
