"""`zgzx analyse` on a public panel: the reference's number in the facts.

`tests/browser` looks at its pages.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from zgzx_research.pipeline.analyse import run_analysis
from zgzx_research.pipeline.build import Result

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
ROLES = {"unit": "countyreal", "period": "year", "outcome": "lemp", "first_treated": "first.treat"}
R_SIMPLE = (
    -0.039951275155177005
)  # did 2.5.1, aggte(type = "simple"), tests/reference/did_mpdta.json


def analyse(project: Path, **options: object) -> tuple[Result, list[str]]:
    file = project / "data/examples/mpdta.csv"
    result, _, lines = run_analysis(
        project, file, "mpdta", ROLES, dict(options), 0.0, say=lambda line: None
    )
    return result, lines


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("analyse") / "project"
    for name in ("studies", "notebooks", "data/examples"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


@pytest.mark.usefixtures("sketched")
def test_the_facts_say_what_r_says(project: Path) -> None:
    _, lines = analyse(project)
    assert "-0.0399512751" in lines[0]
    facts = json.loads((project / "data/work/mpdta/facts.json").read_text(encoding="utf-8"))[
        "facts"
    ]
    assert facts["outcome.main.headline.estimate"]["value"] == pytest.approx(R_SIMPLE, rel=1e-8)
    assert facts["study.synthetic"]["value"] is False


@pytest.mark.usefixtures("sketched")
def test_the_same_again_does_nothing_and_another_option_does(project: Path) -> None:
    analyse(project)
    assert analyse(project)[0].ran == ()
    assert "page.zh.9_any_panel" in analyse(project, anticipation=1)[0].ran
