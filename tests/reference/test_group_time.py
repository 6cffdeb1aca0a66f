"""Group-time effects against R's did and etwfe, specification by specification."""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from golden import HERE, load, same, table

from zgzx_research.did.core.inference import simultaneous_quantile
from zgzx_research.did.estimate import choose_options, estimate_effects, unit_influence
from zgzx_research.did.methods import METHODS
from zgzx_research.did.methods.group_time import cross_section
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.effects import Effects

pytestmark = pytest.mark.slow  # together more than five seconds

MPDTA = load("did_mpdta")["specs"]
VARIANTS = load("did_mpdta_variants")["specs"]
OPTIONS = load("did_mpdta_aggte_options")
CONTROLS = {"nevertreated": "never_treated", "notyettreated": "not_yet_treated"}
ADJUSTMENTS = {"dr": "doubly_robust", "ipw": "inverse_probability", "reg": "outcome_regression"}
KINDS = {"overall": "simple", "cohort": "group", "event_time": "dynamic", "calendar": "calendar"}
SPECS = [
    *MPDTA,
    *VARIANTS,
    *OPTIONS,
    "influence functions",
    "bootstrap critical value",
    "etwfe pois_x0_never as a ratio",
]


def prepare(data: pd.DataFrame, **roles: Any) -> PreparedPanel:
    usual = {"outcome": "lemp", "unit": "countyreal", "period": "year", "first_treated": "first"}
    return prepare_panel(data, covariates_at="earlier", **(usual | roles))


def estimate(panel: PreparedPanel, args: dict[str, Any]) -> Effects:
    """The same specification in our words."""
    return estimate_effects(
        panel,
        adjustment="none"
        if panel.covariates is None
        else ADJUSTMENTS[args.get("est_method", "dr")],
        controls=CONTROLS[args.get("control_group", "nevertreated")],
        base_period=args.get("base_period", "varying"),
        anticipation=args.get("anticipation", 0),
    )


def compare(effects: Effects, spec: dict[str, Any], file: str, name: str) -> None:
    theirs = pd.DataFrame(
        {"cohort": spec["group"], "period": spec["t"], "att": spec["att"], "se": spec["se"]}
    )
    both = effects.to_frame().merge(theirs, on=["cohort", "period"], how="outer", indicator=True)
    assert (both["_merge"] == "both").all()
    same(both["estimate"], both["att"], 1e-8, file=file, spec=name, quantity="estimate")
    # a cohort of one unit or cluster has no standard error here; R gives it one
    own = both["std_error"].notna() | both["se"].isna() | (both["role"] == "reference")
    single = effects.ledger["reason"].str.match("cohort of one")
    assert own.all() or single.any()
    same(both["std_error"][own], both["se"][own], 1e-6, file=file, spec=name, quantity="std_error")
    for ours, kind in KINDS.items():
        reference, event = spec["aggte"][kind], effects.aggregate(ours)
        same(
            event.overall["estimate"],
            reference["overall_att"],
            1e-8,
            file=file,
            spec=name,
            quantity="estimate",
        )
        if not single.any():
            same(
                event.overall["std_error"],
                reference["overall_se"],
                1e-6,
                file=file,
                spec=name,
                quantity="std_error",
            )
        if ours != "overall":
            rows = event.to_frame()
            same(
                rows["estimate"],
                reference["att_egt"],
                1e-8,
                file=file,
                spec=name,
                quantity="estimate",
            )
            if not single.any():
                same(
                    rows["std_error"],
                    reference["se_egt"],
                    1e-6,
                    file=file,
                    spec=name,
                    quantity="std_error",
                )


def test_did(mpdta_name: str) -> None:
    spec = MPDTA[mpdta_name]
    covariates = () if "|1|" in mpdta_name else ("lpop",)
    effects = estimate(prepare(table("mpdta"), covariates=covariates), spec["args"])
    compare(effects, spec, "did_mpdta", mpdta_name)
    same(
        [effects.pretest("wald")["statistic"]],
        spec["W"],
        1e-8,
        file="did_mpdta",
        spec=mpdta_name,
        quantity="wald",
    )
    # did 2.5.1 tests every cell before treatment, also those in which units may already react
    before = (effects.cells["role"] == "pre").to_numpy()
    pretest = effects.select()[1].test_zero(effects.numbers, before)
    same([pretest["statistic"]], spec["W"], 1e-8)
    assert abs(float(pretest["p_value"]) - np.ravel(spec["Wpval"])[0]) <= 1e-5


@cache
def variant_panel(
    kind: str, covariates: tuple[str, ...], weights: str | None, cluster: str | None
) -> PreparedPanel:
    data = table("mpdta_unbalanced" if "unb" in kind else "mpdta_aug")
    data["row"] = np.arange(len(data))
    gaps = (
        "balance"
        if kind.startswith("unbalanced_balanced")
        else "cross_section"
        if "unb" in kind
        else "pairwise"
    )
    if kind.startswith("rcs"):
        return prepare(data, unit="row", gaps="cross_section", covariates=covariates)
    return prepare(data, gaps=gaps, covariates=covariates, weights=weights, cluster=cluster)


def test_did_variants(variant_name: str) -> None:
    spec, covariates = VARIANTS[variant_name], () if variant_name.endswith("|1") else ("lpop",)
    args = spec["args"]
    panel = variant_panel(
        variant_name.split("|")[0], covariates, args.get("weightsname"), args.get("clustervars")
    )
    compare(estimate(panel, args), spec, "did_mpdta_variants", variant_name)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for fixture, names in (("mpdta_name", MPDTA), ("variant_name", VARIANTS), ("option", OPTIONS)):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, list(names))


def test_single_unit_cohorts_have_r_s_influence() -> None:
    """Influence sums are those of R, where R gives a cohort in one state a standard error."""
    spec = VARIANTS["cluster_state|nevertreated|dr|1"]
    panel = variant_panel("cluster_state", (), None, "state")
    options = choose_options("group_time", {"base_period": "varying"})
    result = METHODS["group_time"].fit(panel, options)
    values = result.influence_values()
    assert values is not None
    same(np.sqrt((values**2).sum(axis=0)), spec["se"], 1e-6)


def test_r_takes_a_sign_wrong_in_cross_sections() -> None:
    """DRDID's doubly robust estimator for cross-sections has one sign wrong.

    It is that of the comparison's regression before treatment. Ours is the derivative of the
    estimator: weighting one unit a little more moves it by its influence.
    """
    panel = variant_panel("unbalanced", ("lpop",), None, None)
    options = {"adjustment": "doubly_robust", "base_period": "varying"}
    _, influence = unit_influence(panel, **options)
    base, step = estimate_effects(panel, **options).estimates, 1e-5
    for unit in (0, 17, 203):
        weights = np.ones((len(panel.y), 1))
        weights[unit] += step
        heavier = PreparedPanel(
            panel.y,
            panel.cohort,
            panel.cohorts,
            panel.periods,
            weights,
            panel.gaps,
            panel.ledger,
            panel.roles,
            None,
            panel.covariates,
            panel.covariate_names,
            panel.covariates_at,
        )
        moved = (estimate_effects(heavier, **options).estimates - base) / step
        np.testing.assert_allclose(moved, influence[unit], rtol=2e-3, atol=1e-7)


@pytest.mark.parametrize(
    "name",
    [n for n in VARIANTS if "|dr|lpop" in n and ("rcs" in n or "unbalanced|" in n or "unb_" in n)],
)
def test_r_s_cross_section_errors_follow_from_its_sign(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ψ + 2 ℓ_C0 (x̄_C0 - x̄_T0) in place of ψ, all of R's standard errors come out."""
    ours = cross_section.compare_samples
    right = "inverse_c[s] @ (x_c - x_d)"  # counts with a minus before treatment
    source = inspect.getsource(ours)
    assert right in source
    wrong = f"{right} - (inverse_c[s] @ (2 * (x_c - x_own)) if s and all(models.values()) else 0)"
    names = dict(vars(cross_section))
    exec(source.replace(right, wrong), names)
    monkeypatch.setattr(cross_section, "compare_samples", names["compare_samples"])
    spec = VARIANTS[name]
    args = spec["args"]
    panel = variant_panel(
        name.split("|")[0], ("lpop",), args.get("weightsname"), args.get("clustervars")
    )
    theirs = pd.DataFrame({"cohort": spec["group"], "period": spec["t"], "se": spec["se"]})
    both = estimate(panel, args).to_frame().merge(theirs, on=["cohort", "period"])
    own = both["std_error"].notna()
    assert own.sum() >= 8
    same(both["std_error"][own], both["se"][own], 1e-7)


def test_aggregation_options(option: str) -> None:
    spec, args = OPTIONS[option], re.findall(r"(min_e|max_e|balance_e|min|max)_(m?\d)", option)
    names = {
        "min_e": "min_event",
        "min": "min_event",
        "max_e": "max_event",
        "max": "max_event",
        "balance_e": "balance",
    }
    limits = {names[key]: int(value.replace("m", "-")) for key, value in args}
    effects = estimate(prepare(table("mpdta"), covariates=("lpop",)), {})
    kind = {"simple": "overall", "group": "cohort", "dynamic": "event_time"}[spec["type"]]
    event = effects.aggregate(kind, **limits)
    same(event.overall["estimate"], spec["overall_att"], 1e-8)
    same(event.overall["std_error"], spec["overall_se"], 1e-6)
    if spec["egt"]:
        same(event.to_frame()["estimate"], spec["att_egt"], 1e-8)
        same(event.to_frame()["std_error"], spec["se_egt"], 1e-6)


def test_influence_functions() -> None:
    theirs = pd.read_csv(HERE / "did_mpdta_nev_dr_lpop_inffunc.csv").sort_values("id")
    panel = prepare(table("mpdta"), covariates=("lpop",))
    labels, ours = unit_influence(panel, adjustment="doubly_robust", base_period="varying")
    names = [f"g{g:.0f}_t{t:.0f}" for g, t in zip(labels["cohort"], labels["period"], strict=True)]
    expected = theirs[names].to_numpy() / len(theirs)  # R's are n times ours
    np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-8 * np.abs(expected).max())


def test_bootstrap_critical_values() -> None:
    """R's bootstrap (25,000 draws, errors from the quartiles) against our draws from N(0, Σ)."""
    panel = prepare(table("mpdta"), covariates=("lpop",))
    effects = estimate(panel, {})
    event = effects.aggregate("event_time")
    for run in load("did_mpdta_bootstrap_large_biters"):
        same(np.sqrt(np.diag(effects.covariance)), run["se"], 0.1)
        same([simultaneous_quantile(effects.covariance, 0.95, 0)], [run["crit"]], 0.1)
        same(
            [simultaneous_quantile(event.rows.covariance(effects.numbers), 0.95, 0)],
            [run["dyn_crit"]],
            0.1,
        )


def test_ratio_scale_is_the_poisson_etwfe() -> None:
    """Never-treated controls, base g-1.

    log(1 + ratio) is the coefficient of the saturated Poisson model.

    etwfe adds the factor G/(G-1) · (N-1)/(N-K) to the variance: 500 clusters, 2,500 rows, 20
    coefficients.
    """
    data = table("mpdta").assign(employment=lambda frame: np.exp(frame["lemp"]))
    effects = estimate_effects(prepare(data, outcome="employment"), scale="ratio")
    error = np.sqrt(np.diag(effects.covariance) * 500 / 499 * 2499 / 2480)
    ours = effects.cells.assign(log_ratio=effects.estimates, error=error).set_index(
        ["cohort", "period"]
    )
    reference = load("etwfe")["specs"]["pois_x0_never"]
    compared = 0
    for name, coefficient, se in zip(
        reference["coef_names"], reference["coef"], reference["se"], strict=True
    ):
        if cell := re.fullmatch(r"\.Dtreat:first\.treat::(\d+):year::(\d+)", name):
            row = ours.loc[(int(cell[1]), int(cell[2]))]
            np.testing.assert_allclose(
                [row["log_ratio"], row["error"]], [coefficient, se], rtol=1e-4
            )
            compared += 1
    assert compared == 12
