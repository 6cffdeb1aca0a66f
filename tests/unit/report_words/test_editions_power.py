"""`zgzx power`: how many more editions until an effect of this size would be seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.facts import Facts, fact
from zgzx_research.pipeline.editions_power import power_lines

ERRORS = {
    "patents_invention": (20.0, 25.0, "percent"),
    "retention": (0.5, 0.8, "percentage_point"),
    "patents_design": (None, None, "percent"),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    facts = {"study.editions": fact(12, "count", "data", "clean")}
    for outcome, (error, estimate, unit) in ERRORS.items():
        key = f"{outcome}.main.headline"
        for name, value in (("std_error", error), ("estimate", estimate)):
            number = np.nan if value is None else value
            facts[f"{key}.{name}"] = fact(number, unit, "estimate", "estimate")
    work = tmp_path / "data" / "work" / "demo"
    work.mkdir(parents=True)
    Facts(facts).save(work / "facts.json")
    return tmp_path


def test_counts_on_the_log_scale_shares_in_points_and_the_assumption(project: Path) -> None:
    """Inventions: error .2/1.25 = .16 of the log, log 1.1: 12 (2.8016 × .16 / .0953)² = 265.4."""
    lines = power_lines(project, "demo", 10)
    assert "after about 254 more editions, beside the 12 there are" in lines[1]
    assert lines[1].startswith("Invention patent applications: an effect of 10 percent would")
    assert lines[2].startswith("Employee retention: the 12 editions there are would show")
    assert lines[0].startswith("Design applications: there is no standard error")
    assert "falls with the square root of their number" in lines[3]


def test_in_chinese(project: Path) -> None:
    lines = power_lines(project, "demo", 1, "zh")
    # retention: 12 (2.8016 × .5 / 1)² = 23.5
    assert lines[2] == (
        "员工留存率：影响为 1 个百分点 时，除已有的 12 届外还需约 12 届，"
        "才有 80% 的机会在 5% 水平上看见。"
    )
    assert "平方根成反比" in lines[3]


def test_refusals(project: Path) -> None:
    with pytest.raises(ZgzxError, match="--effect 0 is no effect"):
        power_lines(project, "demo", 0)
    with pytest.raises(ZgzxError, match="the study has no estimates yet"):
        power_lines(project, "other", 10)
    with pytest.raises(ZgzxError, match="no language 'fr'"):
        power_lines(project, "demo", 10, "fr")
