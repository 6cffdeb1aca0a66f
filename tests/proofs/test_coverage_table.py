"""The table of coverage must see a planted defect, and must not fail a good estimator."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from zgzx_research.did.core import inference
from zgzx_research.did.results.effects import Effects
from zgzx_research.proofs import many_worlds
from zgzx_research.proofs.coverage import prove, to_markdown, verdict
from zgzx_research.proofs.coverage_rows import ROWS, Row
from zgzx_research.proofs.known_panels import KNOWN_PANELS, true_mean
from zgzx_research.proofs.verdicts import Answer

GOOD = Row("good", "staggered", {}, target="overall")


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo after each test that `over_worlds` lowers the number of draws of this process."""
    monkeypatch.setattr(inference, "DRAWS", many_worlds.DRAWS)


def shifted(effects: Effects) -> Effects:
    """Make estimates too high by .03, three quarters of a standard error."""
    return replace(
        effects, numbers=replace(effects.numbers, statistics=effects.numbers.statistics + 0.03)
    )


def too_sure(effects: Effects) -> Effects:
    """Make standard errors 20 % too small."""
    return replace(
        effects, numbers=replace(effects.numbers, covariance=0.8**2 * effects.numbers.covariance)
    )


@pytest.mark.study
def test_planted_defects_are_seen_and_the_good_estimator_holds() -> None:
    rows = [
        GOOD,
        replace(GOOD, label="shifted", defect=shifted),
        replace(GOOD, label="too sure", defect=too_sure),
    ]
    good, biased, short = (result["verdict"] for result in prove(rows, range(300), processes=1))
    assert good == "holds"
    assert biased.startswith("fails: bias")
    assert short == "fails: coverage"


@pytest.mark.slow
def test_a_hundred_worlds_distinguish_the_naive_regression_from_group_time() -> None:
    naive = Row(
        "naive", "staggered", {"method": "two_way_fixed_effects"}, truth="sample", target="overall"
    )
    good, bad = prove([GOOD, naive], range(100), processes=1)
    assert "bias" not in good["verdict"]
    assert "bias" in bad["verdict"]
    assert (
        bad["bias"] < -5 * bad["bias_error"]
    )  # late effects of early cohorts are taken for the trend


def made_up(rng: np.random.Generator, **changes: float) -> list[Answer | str]:
    """2,000 answers of an estimator that is exactly normal, but for the changes."""
    c = {"shift": 0.0, "se": 1.0, "size": 0.05, "band": 0.95} | changes
    z = rng.normal(c["shift"], 1, 2000)
    tests, bands = rng.random(2000) < c["size"], rng.random(2000) < c["band"]
    return [
        Answer(x, c["se"], x - 1.96 * c["se"], x + 1.96 * c["se"], 0.0, float(a), float(b))
        for x, a, b in zip(z, tests, bands, strict=True)
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "holds"),
        ({"shift": 0.2}, "fails: bias"),
        ({"se": 0.85}, "fails: coverage"),
        ({"se": 1.2}, "fails: coverage"),
        ({"size": 0.1}, "fails: pre-test"),
        ({"size": 0.01}, "fails: pre-test"),
        ({"band": 0.9}, "fails: band"),
    ],
)
def test_each_verdict_has_its_cause(changes: dict[str, float], expected: str) -> None:
    assert verdict(GOOD, made_up(np.random.default_rng(1), **changes))["verdict"] == expected


def test_rows_that_should_fail_and_conservative_rows_are_judged_as_such() -> None:
    rng = np.random.default_rng(2)
    should_fail = replace(GOOD, fails="a reason")
    assert verdict(should_fail, made_up(rng, shift=0.5))["verdict"].startswith(
        "fails as it should (bias"
    )
    assert verdict(should_fail, made_up(rng))["verdict"] == "holds, and should fail: a reason"
    assert (
        verdict(replace(GOOD, conservative=True), made_up(rng, se=1.2, band=0.99))["verdict"]
        == "holds"
    )
    assert (
        verdict(replace(GOOD, conservative=True), made_up(rng, se=0.85))["verdict"]
        == "fails: coverage"
    )


def test_an_error_in_one_world_fails_the_row_and_no_answer_says_why() -> None:
    rng = np.random.default_rng(3)
    assert verdict(GOOD, [*made_up(rng), "it broke"])["verdict"] == "fails: errors"
    assert verdict(GOOD, ["it broke"] * 5)["verdict"] == "fails: no answer (it broke)"


def test_rows_the_package_cannot_run_say_why() -> None:
    rows = [
        Row("new", "staggered", {"method": "not_there_yet"}),
        Row("odd", "staggered", {"leave_one_out": True}),
    ]
    results = prove(rows, range(2), processes=1)
    assert re.match(r"fails: no answer \(.*not_there_yet", results[0]["verdict"])
    assert re.match(r"fails: no answer \(.*leave_one_out", results[1]["verdict"])
    assert results[0]["verdict"] in to_markdown(rows, results)


def test_the_truth_by_hand() -> None:
    world = KNOWN_PANELS["staggered"](np.random.default_rng(0))
    by_event = [
        0.2 * (1.6 + 1.2 + 0.8 + 0.4) / 4,
        0.35 * (1.6 + 1.2 + 0.8 + 0.4) / 4,
        0.5 * (1.6 + 1.2 + 0.8) / 3,
    ]
    assert true_mean(world, "population", [0, 1, 2], measure="difference") == pytest.approx(
        np.mean(by_event)
    )
    window = true_mean(world, "population", [0, 1, 2], measure="difference", complete=[0, 1, 2])
    assert window == pytest.approx(np.mean([0.2, 0.35, 0.5]) * 1.2)
    shares = np.array([(world.table["start"] == g).mean() for g in (4, 5, 6, 7)])
    first = shares @ [0.32, 0.24, 0.16, 0.08] / shares.sum()
    assert true_mean(world, "sample", [0], measure="difference") == pytest.approx(first)


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("name", ["staggered", "weights", "cross-sections", "counts"])
def test_worlds_have_the_effects_they_claim(name: str) -> None:
    """Means over many worlds: cohort 4 against never treated, period 6 against 3."""
    found, claimed = [], []
    for seed in range(100):
        world = KNOWN_PANELS[name](np.random.default_rng(seed))
        table = world.table.assign(weight=world.table.get("weight", 1.0))
        table = table.assign(total=table["y"] * table["weight"], start=table["start"].fillna(0))
        sums = table.groupby(["start", "period"])[["total", "weight"]].sum()
        mean = sums["total"] / sums["weight"]
        change, trend = (
            mean[g, 6] / mean[g, 3] if name == "counts" else mean[g, 6] - mean[g, 3] for g in (4, 0)
        )
        found.append(np.log(change / trend) if name == "counts" else change - trend)
        claimed.append(np.log1p(world.effect[0, 5]) if name == "counts" else world.effect[0, 5])
    assert abs(np.mean(found) - np.mean(claimed)) < 3.5 * np.std(found) / np.sqrt(100)


def test_every_row_names_a_world_and_rows_are_distinct() -> None:
    assert {row.world for row in ROWS} <= set(KNOWN_PANELS)
    assert len({(row.label, row.world) for row in ROWS}) == len(ROWS)
