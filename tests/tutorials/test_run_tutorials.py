"""Every tutorial runs to its end; its exercises take the solution and refuse everything else."""

from __future__ import annotations

from pathlib import Path

import pytest
from tutorial_runs import TUTORIALS, run


@pytest.mark.parametrize("tutorial", TUTORIALS)
def test_runs_and_checks_answers(tutorial: str, tmp_path: Path) -> None:
    done = run(tutorial, tmp_path)
    outputs = [out for cell in done.cells for out in cell.get("outputs", ())]
    text = "".join(out.get("text", "") for out in outputs if out.output_type == "stream")
    assert "还没有答案" in text
    assert "✓ 练习 1 对了" in text
    assert any("image/png" in out.get("data", {}) for out in outputs), "no picture"
