"""A covariate missing in one row costs what needs that row.

The row, or the cells whose base it is.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError

REFERENCE = Path(__file__).parents[1] / "reference"
EXAMPLES = Path(__file__).parents[2] / "data" / "examples"
AT_BASE = "covariate missing at the base: unit left out of the cells that need it"
SOME_ROWS = (
    "covariate missing in some rows: the unit is in no comparison with such a row as its base"
)
ADJUSTMENTS = ("doubly_robust", "outcome_regression", "inverse_probability")


def prepared(table: pd.DataFrame, **roles: Any) -> PreparedPanel:
    usual = {
        "outcome": "y",
        "unit": "unit",
        "period": "t",
        "first_treated": "first",
        "covariates": ("x1", "x2"),
    }
    return prepare_panel(table, **(usual | roles))


def simulated(seed: int, *, moving: bool = True) -> pd.DataFrame:
    """200 units in five periods, treated in 3, 4 or never.

    X1 moves unless `moving` is false, x2 never does.
    """
    rng, rows = np.random.default_rng(seed), []
    for unit in range(200):
        first, x1, x2 = [3, 4, np.nan, np.nan][unit % 4], rng.normal(), rng.normal()
        for t in range(1, 6):
            now = x1 + moving * 0.5 * rng.normal()
            rows.append(
                (
                    unit,
                    t,
                    20 + x2 + t * (1 + 0.3 * now) + rng.normal() + (t >= first),
                    first,
                    now,
                    x2,
                )
            )
    return pd.DataFrame(rows, columns=["unit", "t", "y", "first", "x1", "x2"])


def with_holes(table: pd.DataFrame, seed: int, share: float = 0.1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return table.assign(
        x1=table["x1"].mask(rng.random(len(table)) < share),
        x2=table["x2"].mask(rng.random(len(table)) < share / 2),
    )


def cells(effects: Effects) -> pd.DataFrame:
    return effects.to_frame().set_index(["cohort", "period"])


@pytest.mark.parametrize(
    "adjustment", ["outcome_regression", "inverse_probability", "doubly_robust"]
)
@pytest.mark.parametrize("controls", ["never_treated", "not_yet_treated"])
def test_cross_sections_lose_rows_as_in_r(adjustment: str, controls: str) -> None:
    """The rows that mpdta_unbalanced lacks lose lpop instead.

    R drops them, and its stored numbers come out.
    """
    left = pd.read_csv(REFERENCE / "mpdta_unbalanced.csv")[["countyreal", "year"]].assign(
        there=True
    )
    table = pd.read_csv(EXAMPLES / "mpdta.csv").merge(left, how="left", on=["countyreal", "year"])
    table = table.assign(
        lpop=table["lpop"].where(table["there"].notna()),
        first=table["first.treat"].where(table["first.treat"] > 0),
    )
    panel = prepare_panel(
        table,
        outcome="lemp",
        unit="countyreal",
        period="year",
        first_treated="first",
        covariates=("lpop",),
        gaps="cross_section",
        covariates_at="earlier",
    )
    ours = cells(
        estimate_effects(panel, adjustment=adjustment, controls=controls, base_period="varying")
    )
    stored = json.loads((REFERENCE / "did_mpdta_variants.json").read_text(encoding="utf-8"))[
        "specs"
    ]
    short = {"outcome_regression": "reg", "inverse_probability": "ipw", "doubly_robust": "dr"}[
        adjustment
    ]
    spec = stored[f"unbalanced|{controls.replace('_', '')}|{short}|lpop"]
    at = list(zip(spec["group"], spec["t"], strict=True))
    np.testing.assert_allclose(ours.loc[at, "estimate"], np.array(spec["att"], float), rtol=1e-6)
    if short != "dr":  # R has a sign wrong there, see tests/reference/exceptions.csv
        np.testing.assert_allclose(
            ours.loc[at, "std_error"], np.array(spec["se"], float), rtol=1e-6
        )
    lost = panel.ledger.set_index("reason").loc["covariate missing"]
    assert lost["step"] == "rows" and lost["rows"] == int(table["there"].isna().sum())


@pytest.mark.parametrize("moving", [True, False])
@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
def test_cross_sections_are_as_if_the_rows_were_absent(adjustment: str, moving: bool) -> None:
    table = with_holes(simulated(1, moving=moving), 2)
    options: dict[str, Any] = {"adjustment": adjustment}
    ours = estimate_effects(prepared(table, gaps="cross_section"), **options)
    theirs = estimate_effects(
        prepared(table.dropna(subset=["x1", "x2"]), gaps="cross_section"), **options
    )
    np.testing.assert_allclose(ours.estimates, theirs.estimates, rtol=1e-9)
    np.testing.assert_allclose(ours.covariance, theirs.covariance, rtol=1e-8, atol=1e-14)


OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"base_period": "varying"},
    {"controls": "not_yet_treated"},
    {"scale": "ratio"},
    {"leave_out": 1},
)
# the ratio scale has no doubly robust adjustment
PAIRS = [
    (adjustment, options)
    for adjustment, options in itertools.product(ADJUSTMENTS, OPTIONS)
    if (adjustment, options.get("scale")) != ("doubly_robust", "ratio")
]


@pytest.mark.parametrize("moving", [True, False])
@pytest.mark.parametrize(("adjustment", "options"), PAIRS)
def test_each_cell_as_by_its_two_periods(
    adjustment: str, moving: bool, options: dict[str, Any]
) -> None:
    """A unit without covariates at the base leaves the cell.

    Two periods, its covariates of the base, nobody else.
    """
    table = with_holes(simulated(3, moving=moving), 4)
    effects = estimate_effects(prepared(table), adjustment=adjustment, **options)
    assert (effects.cells["n_treated"] < 50).any()
    masked = options.get("leave_out", 0)
    for cell in effects.cells.assign(
        estimate=effects.estimates, variance=np.diag(effects.covariance)
    ).itertuples():
        base = cell.cohort - 1 - masked
        if options.get("base_period") == "varying" and cell.period < cell.cohort:
            base = cell.period - 1
        if cell.period == base:
            continue
        latest = max(cell.period, base) + masked
        others = table["first"].isna() | ((table["first"] > latest) & ("controls" in options))
        two = table[
            ((table["first"] == cell.cohort) | others) & table["t"].isin([cell.period, base])
        ]
        known = two[two["t"] == base].dropna(subset=["x1", "x2"]).set_index("unit")
        two = two[two["unit"].isin(known.index)]
        two = two.assign(
            x1=two["unit"].map(known["x1"]),
            x2=two["unit"].map(known["x2"]),
            t=(two["t"] == cell.period) + 1,
            first=np.where(two["first"] == cell.cohort, 2.0, np.nan),
        )
        alone = estimate_effects(
            prepared(two), adjustment=adjustment, scale=options.get("scale", "difference")
        )
        row = alone.cells.assign(
            estimate=alone.estimates, variance=np.diag(alone.covariance)
        ).query("period == 2")
        assert cell.estimate == pytest.approx(row["estimate"].item(), rel=1e-8)
        assert cell.variance == pytest.approx(row["variance"].item(), rel=1e-6)
        assert (cell.n_treated, cell.n_comparison) == (
            row["n_treated"].item(),
            row["n_comparison"].item(),
        )
        assert cell.base_mean == pytest.approx(row["base_mean"].item())


def test_only_the_base_counts_and_the_ledger_says_so() -> None:
    table = simulated(5)
    complete = estimate_effects(prepared(table), adjustment="doubly_robust")
    # unit 0 (cohort 3, base 2) lacks x1 where it is no base, unit 2 (never treated) where it is
    # base of cohort 3
    holes = table.assign(x1=table["x1"].mask((table["unit"] == 0) & (table["t"] == 4)))
    panel = prepared(holes)
    ours = estimate_effects(panel, adjustment="doubly_robust")
    np.testing.assert_allclose(ours.estimates, complete.estimates, rtol=1e-10)
    np.testing.assert_allclose(ours.covariance, complete.covariance, rtol=1e-8, atol=1e-14)
    assert AT_BASE not in set(ours.ledger["reason"])
    note = panel.ledger.set_index("reason").loc[SOME_ROWS]
    assert (note["rows"], note["units"], note["examples"]) == (1, 1, ("0",))
    holes = table.assign(x1=table["x1"].mask((table["unit"] == 2) & (table["t"] == 2)))
    effects = estimate_effects(prepared(holes), adjustment="doubly_robust")
    row = effects.ledger.set_index("reason").loc[AT_BASE]
    assert (row["rows"], row["units"], row["examples"]) == (1, 1, ("(3, 1)", "(3, 2)", "(3, 3)"))
    assert effects.cells.groupby("cohort")["n_comparison"].max().tolist() == [99, 100]


@pytest.mark.parametrize("role", [{"gaps": "balance"}, {"covariates_at": "earlier"}])
def test_elsewhere_the_unit_leaves_as_in_r(role: dict[str, str]) -> None:
    table = with_holes(simulated(6), 7, 0.02)
    lost = table.loc[table[["x1", "x2"]].isna().any(axis=1), "unit"].unique()
    ours, theirs = (prepared(one, **role) for one in (table, table[~table["unit"].isin(lost)]))
    assert ours.ledger.set_index("reason").loc["covariate missing", "units"] == len(lost) > 5
    ours, theirs = (estimate_effects(one, adjustment="doubly_robust") for one in (ours, theirs))
    np.testing.assert_allclose(ours.estimates, theirs.estimates, rtol=1e-9)


def test_a_unit_that_never_has_them_leaves() -> None:
    table = simulated(8)
    table = table.assign(x2=table["x2"].mask(table["unit"].isin([4, 9])))
    panel = prepared(table)
    assert panel.ledger.set_index("reason").loc[
        "covariate missing", ["rows", "units"]
    ].tolist() == [10, 2]
    assert (
        panel.covariates is not None
        and not np.isnan(panel.covariates).any()
        and len(panel.y) == 198
    )


@pytest.mark.parametrize(
    "options",
    [
        {"method": "imputation", "adjustment": "outcome_regression"},
        {"method": "extended_two_way"},
        {"method": "interaction_weighted"},
        {"method": "two_way_fixed_effects"},
    ],
)
@pytest.mark.parametrize("gaps", ["pairwise", "cross_section"])
def test_regressions_lose_the_row(options: dict[str, Any], gaps: str) -> None:
    moving = options["method"] in {"interaction_weighted", "two_way_fixed_effects"}
    table = with_holes(simulated(9, moving=moving), 10)
    ours = estimate_effects(prepared(table, gaps=gaps), **options)
    theirs = estimate_effects(prepared(table.dropna(subset=["x1", "x2"]), gaps=gaps), **options)
    np.testing.assert_allclose(ours.estimates, theirs.estimates, rtol=1e-8)
    np.testing.assert_allclose(ours.covariance, theirs.covariance, rtol=1e-7, atol=1e-13)
    lost = ours.ledger.query("reason == 'covariate missing' and step == 'rows'")
    assert lost["rows"].item() == int(table[["x1", "x2"]].isna().any(axis=1).sum())


def test_missing_outcomes_and_covariates_together() -> None:
    """A row may lack its outcome, its covariate or both.

    Pairs need both outcomes and the base's covariates.
    """
    table = with_holes(simulated(11), 12, 0.15)
    table = table.assign(y=table["y"].mask(np.random.default_rng(13).random(len(table)) < 0.1))
    effects = estimate_effects(prepared(table), adjustment="outcome_regression")
    cell = cells(effects).loc[(3, 5)]
    wide = table.pivot(index="unit", columns="t")
    used = wide[
        wide["y"][[2, 5]].notna().all(axis=1) & wide["x1"][2].notna() & wide["x2"][2].notna()
    ]
    treated, never = used["first"][1] == 3, used["first"][1].isna()
    assert (cell["n_treated"], cell["n_comparison"]) == (treated.sum(), never.sum())
    x = np.column_stack([np.ones(len(used)), used["x1"][2], used["x2"][2]])
    change = (used["y"][5] - used["y"][2]).to_numpy()
    slope = np.linalg.lstsq(x[never], change[never])[0]
    assert cell["estimate"] == pytest.approx((change - x @ slope)[treated].mean(), rel=1e-9)


def test_a_pooled_base_takes_covariates_from_its_last_period() -> None:
    table = simulated(14)
    table = table.assign(x1=table["x1"].mask((table["unit"] == 2) & (table["t"] == 1)))
    effects = estimate_effects(
        prepared(table), adjustment="outcome_regression", base_period="pooled"
    )
    assert effects.cells["n_comparison"].min() == 100  # no base ends in period 1
    table = table.assign(x1=table["x1"].mask((table["unit"] == 2) & (table["t"] == 2)))
    effects = estimate_effects(
        prepared(table), adjustment="outcome_regression", base_period="pooled"
    )
    assert effects.cells.groupby("cohort")["n_comparison"].max().tolist() == [99, 100]


def test_in_parts_from_parquet_as_from_a_table(tmp_path: Path) -> None:
    table = with_holes(simulated(15), 16).sort_values(["unit", "t"])
    table.to_parquet(tmp_path / "panel.parquet", row_group_size=100)
    ours, theirs = (
        estimate_effects(prepared(one), adjustment="doubly_robust")
        for one in (tmp_path / "panel.parquet", table)
    )
    np.testing.assert_allclose(ours.covariance, theirs.covariance, rtol=1e-9, atol=1e-15)


def test_no_row_with_all_covariates_is_an_error() -> None:
    table = simulated(17).assign(x1=np.nan)
    for gaps in ("pairwise", "cross_section"):
        with pytest.raises(ZgzxError, match=r"no unit is left|no row has all covariates"):
            prepared(table, gaps=gaps)


def test_learners_leave_the_unit_out_too() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    table = simulated(18)
    table = table.assign(x1=table["x1"].mask((table["unit"] == 2) & (table["t"] == 2)))
    options: dict[str, Any] = {
        "adjustment": "doubly_robust",
        "outcome_model": linear_model.LinearRegression(),
        "propensity_model": linear_model.LogisticRegression(C=1e6),
    }
    learned = estimate_effects(prepared(table), **options)
    plain = estimate_effects(prepared(table), adjustment="doubly_robust")
    assert learned.cells["n_comparison"].tolist() == plain.cells["n_comparison"].tolist()
    np.testing.assert_allclose(learned.estimates, plain.estimates, atol=0.15)
