"""Designs that refuse, slow results that are kept, and the tables and facts of results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import zgzx_research as zr
from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline.design_facts import contest_facts
from zgzx_research.pipeline.page import Page
from zgzx_research.pipeline.page_tables import results
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.refused import Refused

ROOT = Path(__file__).parents[2]


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page("5_robustness", "en", tmp_path, Place(tmp_path, "x", tmp_path), None, {})


def refuses(*_: object) -> None:
    raise ZgzxError("two firms are too few", where="design")


def test_a_refusal_is_an_answer_and_is_handed_on(page: Page) -> None:
    answer = page.ask(refuses, 1)
    assert isinstance(answer, Refused) and "two firms are too few" in answer.reason
    assert page.ask(len, answer) is answer
    assert page.ask(len, [1, 2]) == 2
    assert answer.to_frame(level=0.9).empty
    with pytest.raises(ZeroDivisionError):
        page.ask(lambda: 1 / 0)


def test_a_refusal_keeps_and_shows_nothing(page: Page) -> None:
    answer = page.ask(refuses)
    assert page.keep("retention", "precision", answer).facts == {}
    assert page.keep_contest("patents_invention", answer).facts == {}
    assert page.keep_results("rank", answer.to_frame()).facts == {}
    assert page.keep_results("bacon", answer).facts == {}
    assert page.table("results", "two_way", answer, "kind").data["text/markdown"] == ""
    assert page.keep_value(answer, invention=answer).facts == {}
    assert page.table("costs", answer).data["text/markdown"] == ""
    assert page.figure(answer).data["text/markdown"] == ""
    assert page.table("results", "rank", answer.to_frame(), "window").data["text/markdown"] == ""


def test_a_sample_that_differs_by_one_firm_is_withheld_as_a_fact_too(page: Page) -> None:
    """The difference of two nested samples would tell of the one firm."""
    frame = pd.DataFrame({"sample": ["all", "no_other", "sure_links"], "n_treated": [74, 73, 45]})
    frame = frame.assign(n_comparison=900, estimate=[0.1, 0.2, 0.3])
    facts = page.keep_results("x", frame, "percent", by="sample").facts
    hidden = {name: facts[f"x.{name}.estimate"].get("withheld", False) for name in frame["sample"]}
    assert hidden == {"all": False, "no_other": True, "sure_links": False}


@pytest.mark.slow
def test_a_slow_result_is_made_once_for_the_same_arguments(page: Page) -> None:
    first = page.cached(zr.holm, [0.01, 0.2])
    again = page.cached(zr.holm, [0.01, 0.2])
    pd.testing.assert_frame_equal(first, again)
    assert len(list(page.place.cache.rglob("output.pkl"))) == 1
    page.cached(zr.holm, [0.01, 0.3])
    assert len(list(page.place.cache.rglob("output.pkl"))) == 2


def test_results_of_a_frame_bring_their_words_along(page: Page) -> None:
    frame = pd.DataFrame({"name": ["a", "b"], "en": ["First", "Second"], "p_value": [0.2, 0.5]})
    table = results(page, "controls", frame, "name")
    assert table is not None
    assert [row[0] for row in table.rows] == ["First", "Second"]
    assert [row[1] for row in table.rows] == ["0.200", "0.500"]


def test_kinds_of_comparisons_have_words_and_few_firms_no_estimate(page: Page) -> None:
    kinds = pd.DataFrame({"kind": ["never", "already", "all"], "pairs": [5, 2, 7]})
    kinds = kinds.assign(share=[0.9, 0.1, 1.0], estimate=[1.5, 9.0, 2.25])
    kinds = kinds.assign(n_treated=[30, 2, 30], n_comparison=[400, 9, 409])
    table = results(page, "two_way", kinds, "kind", "number")
    assert table is not None
    assert table.columns[0] == "Who is compared with whom"
    assert table.rows[0][:3] == ("Winners with firms never awarded", "5", "90.0%")
    assert "9.0" not in "".join(table.rows[1][3:]) and "2.2" in table.rows[2][3]
    facts = page.keep_results("x.main.bacon", kinds, "number", by="kind").facts
    assert facts["x.main.bacon.already.estimate"]["withheld"]
    assert facts["x.main.bacon.all.estimate"]["value"] == 2.25


def contest(firms: int, **options: int) -> zr.ContestEffects:
    """Firms of which every third wins; winners file half as much again afterwards."""
    generator = np.random.default_rng(3)
    names = [f"F{k}" for k in range(firms)]
    rows = [
        (name, year, generator.poisson(4 if k % 3 or year < 2012 else 6))
        for k, name in enumerate(names)
        for year in range(2008, 2016)
    ]
    panel = pd.DataFrame(rows, columns=["firm_id", "year", "patents_invention"])
    panel["patents_all"] = panel["patents_invention"]
    panel["first_award"] = panel["firm_id"].map(dict.fromkeys(names[::3], 2012.0))
    entries = pd.DataFrame({"firm_id": names, "edition": 1, "year": 2012, "category": "team"})
    entries = entries.assign(n_entries=1, n_winners=[int(k % 3 == 0) for k in range(firms)])
    entries["contest_entries"], entries["contest_winners"] = firms, len(names[::3])
    return zr.contest_effects(panel, entries, **options)


def test_facts_of_the_contest_design_have_the_names_of_the_main_one() -> None:
    found = contest(90)
    facts = contest_facts("patents_invention", found)
    start = "patents_invention.contest.headline"
    assert facts[f"{start}.estimate"]["value"] == pytest.approx(100 * found.estimate)
    assert facts[f"{start}.mde"]["value"] == pytest.approx(100 * found.detectable)
    assert facts[f"{start}.n_treated"]["value"] == 30
    assert facts[f"{start}.few"]["value"] == ""
    assert facts[f"{start}.last_event"]["value"] == 3
    assert 0 <= facts["patents_invention.contest.pretest.p_value"]["value"] <= 1


def test_the_paired_difference_to_another_base_has_an_error_of_its_own() -> None:
    found, earlier = contest(90), contest(90, base=-2)
    facts = contest_facts("patents_invention", found, earlier)
    z = facts["patents_invention.contest.base.z"]["value"]
    apart = earlier.influence - found.influence
    assert z == pytest.approx((earlier.estimate - found.estimate) / np.sqrt((apart**2).sum()))
    naive = (earlier.estimate - found.estimate) / np.hypot(earlier.std_error, found.std_error)
    assert abs(z) > abs(naive)  # the same firms: the difference is known better
    assert "patents_invention.contest.base.z" not in contest_facts("patents_invention", found)


def test_numbers_of_two_winners_are_withheld() -> None:
    facts = contest_facts("patents_invention", contest(6))
    assert facts["patents_invention.contest.headline.n_treated"]["withheld"]
    assert facts["patents_invention.contest.headline.estimate"]["withheld"]


@pytest.mark.parametrize("firms", [30, 60, 120])
def test_the_test_of_a_contest_agrees_with_its_intervals(firms: int) -> None:
    found = contest(firms)
    for p, low, high in (
        (0.05, found.ci_low, found.ci_high),
        (0.10, found.equivalence_low, found.equivalence_high),
    ):
        assert (found.p_value < p) == (not low <= 0 <= high)
