"""Panels from the model equal the truth where all is published and nobody merges."""

from __future__ import annotations

import numpy as np
import pytest

from zgzx_research.simulate.world.constants import Order
from zgzx_research.simulate.world.model import World, simulate_world
from zgzx_research.simulate.world.outcome_panel import outcome_panel

ORDER = Order("calibrated", "tiny", 7, without=("truncation", "mergers"))


@pytest.fixture(scope="module")
def plain() -> World:
    return simulate_world(ORDER)


@pytest.mark.slow
@pytest.mark.parametrize(
    "outcome", ["patents_invention", "patents_utility_model", "patents_design"]
)
def test_a_panel_is_the_truth_of_the_same_order(plain: World, outcome: str) -> None:
    panel = outcome_panel(ORDER, outcome)
    truth = plain.truth["firm_year"].query("outcome == @outcome").drop(columns="outcome")
    met = panel.merge(truth, on=["firm_id", "year"], suffixes=("", "_true"), validate="one_to_one")
    assert len(met) == len(panel) == len(truth) == 1500 * 16
    assert met[outcome].equals(met["observed"].rename(outcome))
    assert np.isfinite(met[outcome]).sum() > 10_000
    for name in ("mu0", "mu1"):
        assert np.allclose(met[name], met[f"{name}_true"], rtol=0, atol=5.1e-7, equal_nan=True)


@pytest.mark.slow
def test_a_panel_has_award_closure_and_size(plain: World) -> None:
    panel = outcome_panel(ORDER, "patents_invention")
    firm = panel.drop_duplicates("firm_id").set_index("firm_id")
    assert (
        panel.groupby("firm_id")[["first_award", "closed_year", "size"]].nunique(dropna=False) == 1
    ).all(axis=None)
    first = plain.truth["award"].groupby("firm_id")["year"].min()
    assert firm["first_award"].dropna().astype(int).sort_index().to_dict() == first.to_dict()
    assert firm["first_category"].notna().equals(firm["first_award"].notna())
    truth = plain.truth["firm"].set_index("firm_id")
    assert firm["closed_year"].equals(truth["closed"].dt.year.rename("closed_year").astype(float))
    assert firm["size"].tolist() == truth["size"].tolist()


def test_applications_not_yet_published_are_missing_from_the_truth_only(world: World) -> None:
    panel = outcome_panel(world.order, "patents_invention").set_index(["firm_id", "year"])[
        "patents_invention"
    ]
    seen = (
        world.truth["firm_year"]
        .query("outcome == 'patents_invention'")
        .set_index(["firm_id", "year"])["observed"]
    )
    missing = (panel - seen).groupby("year").sum()
    assert ((panel - seen).dropna() >= 0).all()
    assert (missing.loc[:2023] == 0).all()
    assert missing.loc[2025] > 0
