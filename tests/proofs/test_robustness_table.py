"""The table of robustness checks sees a test that rejects too often, and one that never does."""

from __future__ import annotations

import numpy as np
import pytest

from zgzx_research.proofs.robustness import ROWS, Check, null_table, one_world, to_markdown, verdict


def test_verdicts() -> None:
    good = Check("good", "plain", lambda *_: 0.5)
    uniform = list((np.arange(400) + 0.5) / 400)
    assert verdict(good, uniform)["verdict"] == "holds"
    assert verdict(good, [0.5 * p for p in uniform])["verdict"] == "fails: rejects too often"
    assert verdict(good, [1.0] * 400)["verdict"] == "holds, conservative"
    found = verdict(good, [*uniform, "no cohort", np.nan])
    assert (found["worlds"], found["refused"]) == (400, 2)
    assert verdict(good, ["no cohort"])["verdict"] == "fails: no world has an answer"
    assert "good | plain | 400 | 2 | 5.0 (1.1) | holds" in to_markdown([good], [found])
    naive = Check("naive", "plain", good.p_value, fails="why")
    assert verdict(naive, [0.01] * 50)["verdict"] == "fails as it must: why"


@pytest.mark.slow
def test_every_row_runs_in_its_world() -> None:
    found = one_world(ROWS, 1)
    assert all(isinstance(p, float) and 0 < p <= 1 for p in found)


def test_worlds_repeat_and_have_no_effect_by_construction() -> None:
    one, two = null_table("counts", 3), null_table("counts", 3)
    assert one.equals(two) and not one.equals(null_table("counts", 4))
    assert one.groupby("cluster")["start"].nunique(dropna=False).eq(1).all()
