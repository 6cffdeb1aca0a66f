"""Weights on means: by hand, exact where they say so, and against changes of single means."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zgzx_research.did.core.method_result import EXACT, KINDS
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.methods import METHODS
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.comparison_weights import (
    check_weights,
    comparison_weights,
    weight_summary,
)

MPDTA = Path(__file__).parents[3] / "data" / "examples" / "mpdta.csv"
NEEDS = {"stacked": {"event_window": (-1, 0)}}  # options a method cannot do without
COLUMNS = ["estimand", "cohort", "period", "event_time"]
COLUMNS += ["mean_cohort", "mean_period", "weight", "mean", "contribution", "kind", "units"]


def county_table() -> pd.DataFrame:
    table = pd.read_csv(MPDTA)
    return table.assign(first=table["first.treat"].where(table["first.treat"] > 0).astype(float))


def prepared(table: pd.DataFrame, **options: str) -> PreparedPanel:
    return prepare_panel(
        table, outcome="lemp", unit="countyreal", period="year", first_treated="first", **options
    )


def paths(units: dict[str, tuple[float | None, list[float]]]) -> PreparedPanel:
    """Units as name: (first treated, outcomes from period 1 on)."""
    rows = [(u, t + 1, y, g) for u, (g, path) in units.items() for t, y in enumerate(path)]
    table = pd.DataFrame(rows, columns=["u", "t", "y", "g"]).astype({"y": float, "g": float})
    return prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g")


TWO_BY_TWO = {
    "a": (2, [1, 5]),
    "b": (2, [3, 9]),
    "c": (None, [2, 3]),
    "d": (None, [4, 8]),
    "e": (None, [6, 7]),
}
STAGGERED = {
    "a": (2, [1, 2, 9]),
    "b": (3, [2, 2, 6]),
    "c": (3, [1, 3, 4]),
    "d": (3, [3, 3, 5]),
    "e": (None, [2, 3, 3]),
    "f": (None, [0, 1, 3]),
}


def test_two_by_two_by_hand() -> None:
    """(7 - 2) - (6 - 4): means 2, 7 of the treated and 4, 6 of the others; weights -1, 1, 1, -1."""
    frame = comparison_weights(
        estimate_effects(paths(TWO_BY_TWO)).aggregate("event_time"), row="overall"
    )
    assert list(frame.columns) == COLUMNS
    assert frame["mean_cohort"].isna().tolist() == [False, False, True, True]
    assert frame["mean_cohort"].tolist()[:2] == [2, 2]
    assert frame["mean_period"].tolist() == [1, 2, 1, 2]
    np.testing.assert_allclose(frame["mean"], [2, 7, 4, 6], atol=1e-12)
    np.testing.assert_allclose(frame["weight"], [-1, 1, 1, -1], atol=1e-12)
    np.testing.assert_allclose(frame["contribution"], [-2, 7, 4, -6], atol=1e-12)
    assert set(frame["kind"]) == {EXACT}


def test_event_time_zero_by_hand() -> None:
    """Cohort 2 (one unit) in period 2 and cohort 3 (three units) in period 3.

    Shares 1/4 and 3/4.
    """
    event = estimate_effects(paths(STAGGERED)).aggregate("event_time")
    frame = comparison_weights(event)
    frame = frame[frame["event_time"] == 0]
    weight = frame.assign(row=frame["mean_cohort"].astype(float).fillna(np.inf)).pivot(
        index="row", columns="mean_period", values="weight"
    )
    expected = [[-1 / 4, 1 / 4, 0], [0, -3 / 4, 3 / 4], [1 / 4, -1 / 4 + 3 / 4, -3 / 4]]
    np.testing.assert_allclose(weight.to_numpy(), expected, atol=1e-12)


def test_ratio_by_hand() -> None:
    """log(N / D), N = 2·7, D = 2·2·6/4.

    Derivatives 1/7, -1/2, -1/6, 1/4, so elasticities 1, -1, -1, 1.
    """
    overall = estimate_effects(paths(TWO_BY_TWO), scale="ratio").aggregate("overall")
    frame = comparison_weights(overall, row="overall")
    np.testing.assert_allclose(frame["weight"], [-1 / 2, 1 / 7, 1 / 4, -1 / 6], atol=1e-12)
    np.testing.assert_allclose(frame["contribution"], [-1, 1, 1, -1], atol=1e-12)
    assert set(frame["kind"]) == {"linearised"}
    check = check_weights(overall).iloc[0]
    assert check["estimate"] == pytest.approx(np.log(14 / 6), abs=1e-12)
    assert check["weighted_sum"] == pytest.approx(0, abs=1e-12)


def test_a_window_is_the_mean_of_its_event_times() -> None:
    event = estimate_effects(prepared(county_table())).aggregate("event_time")
    row = event.window(0, 2).iloc[0]
    frame = comparison_weights(event, window=(0, 2))
    assert set(frame["estimand"]) == {"window"}
    assert frame["contribution"].sum() == pytest.approx(row["estimate"], abs=1e-12)
    assert (
        frame.loc[frame["mean_cohort"].isin([2006, 2007]), "weight"].eq(0).all()
    )  # not seen at event time 2


@pytest.mark.parametrize("method", METHODS)
def test_exact_weights_add_up_and_survive_json(method: str) -> None:
    """Complete panel, no covariates: every linear method is a weighted sum of means."""
    effects = estimate_effects(prepared(county_table()), method=method, **NEEDS.get(method, {}))
    again = Effects.from_json(effects.to_json())
    for result, other in (
        (effects, again),
        (effects.aggregate("event_time"), again.aggregate("event_time")),
    ):
        check = check_weights(result)
        assert set(check["kind"]) <= set(KINDS)
        if check["kind"].iloc[0] == EXACT:
            assert check["difference"].abs().max() < 1e-10
        frame = comparison_weights(result)
        assert len(frame) == len(check) * 4 * 5
        pd.testing.assert_frame_equal(frame, comparison_weights(other))


@pytest.mark.parametrize("method", METHODS)
def test_one_more_for_everybody_moves_the_estimate_by_the_weight(method: str) -> None:
    """What a weight means, whatever the method.

    Raise all outcomes of one cohort in one period by a constant.
    """
    table = county_table()
    options = {"method": method} | NEEDS.get(method, {})
    before = estimate_effects(prepared(table), **options)
    weight = comparison_weights(before).pivot_table(
        index=["mean_cohort", "mean_period"],
        columns=_cell(before),
        values="weight",
        sort=False,
        dropna=False,
    )
    for cohort, period in ((2004, 2003), (2006, 2007), (None, 2006)):
        those = table["first"].isna() if cohort is None else table["first"] == cohort
        shifted = table.assign(lemp=table["lemp"] + 0.5 * (those & (table["year"] == period)))
        moved = estimate_effects(prepared(shifted), **options).estimates - before.estimates
        at = (
            weight.index.get_level_values(0).isna()
            if cohort is None
            else weight.index.get_level_values(0) == cohort
        )
        row = weight[at & (weight.index.get_level_values(1) == period)]
        np.testing.assert_allclose(moved, 0.5 * row.to_numpy()[0], atol=1e-8)


def _cell(effects: Effects) -> np.ndarray:
    """A number for each estimate, repeated for its means."""
    return np.repeat(np.arange(len(effects.cells)), effects.weights.means.size)


@pytest.mark.parametrize(
    "options", [{"scale": "ratio"}, {"scale": "ratio", "base_period": "pooled"}]
)
def test_on_the_ratio_scale_a_weight_is_a_derivative(options: dict) -> None:
    table = county_table()
    before = estimate_effects(prepared(table), **options).aggregate("overall")
    frame = comparison_weights(before, row="overall")
    step = 1e-6
    shifted = table.assign(
        lemp=table["lemp"] + step * ((table["first"] == 2006) & (table["year"] == 2007))
    )
    after = estimate_effects(prepared(shifted), **options).aggregate("overall")
    slope = (after.total.value[0] - before.total.value[0]) / step
    row = frame[(frame["mean_cohort"] == 2006).fillna(False) & (frame["mean_period"] == 2007)]
    assert row["weight"].iloc[0] == pytest.approx(slope, rel=1e-4)


def test_with_gaps_the_label_says_so_and_a_shift_still_moves_the_estimate_by_the_weight() -> None:
    table = county_table().iloc[::-1].reset_index(drop=True)
    table = table[table.index % 11 > 0]
    before = estimate_effects(prepared(table))
    frame = comparison_weights(before.aggregate("overall"), row="overall")
    assert set(frame["kind"]) == {"pairwise"}
    shifted = table.assign(lemp=table["lemp"] + (table["first"].isna() & (table["year"] == 2006)))
    after = estimate_effects(prepared(shifted))
    moved = after.aggregate("overall").total.value[0] - before.aggregate("overall").total.value[0]
    row = frame[frame["mean_cohort"].isna() & (frame["mean_period"] == 2006)]
    assert row["weight"].iloc[0] == pytest.approx(moved, abs=1e-10)


def test_a_mean_nobody_is_seen_in_takes_no_part() -> None:
    holes = dict(STAGGERED) | {"z": (3, [np.nan, 4, 5])}
    for name in ("b", "c", "d"):
        holes[name] = (3, [np.nan, *holes[name][1][1:]])
    frame = comparison_weights(
        estimate_effects(paths(holes)).aggregate("event_time"), row="overall"
    )
    empty = frame[frame["mean"].isna()]
    assert len(empty) == 1 and empty["weight"].eq(0).all() and empty["contribution"].eq(0).all()


def test_what_cannot_be_asked_is_said() -> None:
    effects = estimate_effects(paths(TWO_BY_TWO))
    with pytest.raises(ZgzxError, match=r"Pass effects.aggregate\('event_time'\)"):
        comparison_weights(effects, row="overall")
    event: Aggregate = effects.aggregate("event_time")
    with pytest.raises(ZgzxError, match="row='first' is unknown"):
        comparison_weights(event, row="first")
    with pytest.raises(ZgzxError, match="two choices"):
        check_weights(event, row="overall", window=(0, 0))


def summed_up(cohorts: list[float | None], weight: list[float], units: list[int]) -> pd.DataFrame:
    """Weights of one estimate: periods 1 and 2 of each cohort, first treated in period 2."""
    table = pd.DataFrame({"mean_cohort": np.repeat(cohorts, 2), "mean_period": 1})
    table.loc[1::2, "mean_period"] = 2
    table["weight"] = [one for w in weight for one in (-9.0, w)]
    return table.assign(units=np.repeat(units, 2), contribution=0.0, kind="exact")


def test_the_summary_names_the_cohort_with_most_weight_after_treatment() -> None:
    one = summed_up([2, None], [1.0, -1.0], [5, 90])
    found = weight_summary(one).iloc[0]
    assert found["groups"] == 1 and found["largest_cohort"] == 2 and found["largest_share"] == 1
    several = pd.concat(
        [summed_up([2, None], [w, -w], [5, 90]).assign(mean_cohort=g) for g, w in WEIGHTS.items()]
    )
    several["mean_period"] += several["mean_cohort"] - 2
    found = weight_summary(several).iloc[0]
    # sizes 1, 2, 3, 4: the smaller sign does not matter
    assert found["groups"] == 4 and found["largest_cohort"] == 5
    assert found["largest_share"] == pytest.approx(0.4)
    assert found["largest_three_share"] == pytest.approx(0.9)
    assert found["effective_number"] == pytest.approx(1 / (0.01 + 0.04 + 0.09 + 0.16))


WEIGHTS = {2: 0.1, 3: 0.2, 4: -0.3, 5: 0.4}


def test_a_cohort_of_two_units_is_not_named() -> None:
    both = pd.concat([summed_up([2], [3.0], [2]), summed_up([3], [1.0], [3])])
    both["mean_period"] += both["mean_cohort"] - 2
    found = weight_summary(both).iloc[0]
    assert found["largest_cohort"] == 3 and found["largest_share"] == pytest.approx(0.25)
    assert weight_summary(summed_up([2], [3.0], [2])).empty
    assert weight_summary(summed_up([2], [0.0], [9])).empty


def test_units_stand_beside_the_means_of_their_cohort() -> None:
    table = pd.DataFrame({"firm": np.repeat(range(9), 3), "year": [1, 2, 3] * 9})
    table["y"] = (table["firm"] * 5 + table["year"] ** 2) % 7
    table["start"] = table["firm"].map({0: 2.0, 1: 2.0, 2: 3.0, 3: 3.0, 4: 3.0})
    roles = {"outcome": "y", "unit": "firm", "period": "year", "first_treated": "start"}
    event = estimate_effects(prepare_panel(table, **roles)).aggregate("event_time")
    frame = comparison_weights(event, row="overall")
    units = frame.fillna({"mean_cohort": 0}).groupby("mean_cohort")["units"].unique()
    assert {int(g): list(n) for g, n in units.items()} == {0: [4], 2: [2], 3: [3]}
