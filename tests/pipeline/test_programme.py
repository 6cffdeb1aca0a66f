"""The flow of the demo agrees with what the other pages find, and adds up."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.pipeline.conftest import facts
from zgzx_research.designs.winners_and_finalists import winners_and_finalists
from zgzx_research.evidence.facts import Facts
from zgzx_research.evidence.flow import check_sums
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.programme_facts import read_flow
from zgzx_research.report.prose_rendering import render_prose
from zgzx_research.study import load_study

pytestmark = pytest.mark.slow
HEADLINES = {
    "retention": "precision",
    "patents_invention": "contest",
    "patents_utility_model": "main",
    "patents_all": "main",
}


def test_the_last_level_is_the_number_that_the_estimate_prints(built: Path) -> None:
    known = facts(built)
    for outcome, design in HEADLINES.items():
        printed = known[f"{outcome}.{design}.headline.n_treated"]["value"]
        assert known[f"flow.{outcome}.estimate"]["value"] == printed, outcome
    assert known["flow.firms.in_panel"]["value"] == known["panel.treated_firms"]["value"]
    lines = [known[f"link.{arm}.worker.rows"]["value"] for arm in ("winner", "finalist")]
    assert known["flow.persons.final"]["value"] == sum(lines)
    assert known["flow.roster.persons"]["value"] == known["link.roster.rows"]["value"]
    ledger = known["data.total.rows_in"]["value"]
    assert 0 < known["flow.roster.rows"]["value"] < known["flow.roster.persons"]["value"] < ledger


def test_persons_that_can_be_compared_are_those_of_the_estimate(built: Path) -> None:
    persons = pd.read_parquet(built / "data/work/demo/panels/worker_final.parquet")
    stay = winners_and_finalists(persons, "retention_24_group", covariates=("tenure_months",))
    assert facts(built)["flow.persons.compared"]["value"] == stay.estimates[0].contrast.rows


def test_every_flow_of_the_demo_adds_up(built: Path) -> None:
    place = Place(built, "demo", built / "data/raw/demo/raw")
    for flow in read_flow(place, load_study(built, "demo")).named().values():
        check_sums(flow)


def test_a_brief_can_say_the_flow_in_both_languages(built: Path, tmp_path: Path) -> None:
    known = Facts(facts(built))
    for language in ("zh", "en"):
        words = "{% block said %}{{ say.flow() }}{% endblock %}"
        (tmp_path / f"{language}.md.j2").write_text(words, encoding="utf-8")
        text = render_prose(tmp_path, "said", language, known)
        for name in ("firms.entered", "firms.awarded", "patents_invention.estimate"):
            assert str(known.get(f"flow.{name}")) in text
        without = {key: one for key, one in known.facts.items() if not key.startswith("flow.")}
        assert render_prose(tmp_path, "said", language, Facts(without)).strip() == ""
