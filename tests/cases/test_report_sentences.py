"""What a report says of an estimate that is known only in part, and what it is held against."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.evidence.claims import ENOUGH_UNITS, few_units
from zgzx_research.evidence.facts import Facts, fact
from zgzx_research.pipeline import estimates, grading
from zgzx_research.pipeline.notebooks import run_notebook
from zgzx_research.pipeline.summaries import summarise
from zgzx_research.report.prose_rendering import render_prose

PAGE = Path(__file__).parents[2] / "notebooks/9_any_panel"
ROLES = {"unit": "unit", "period": "year", "outcome": "y", "first_treated": "first"}


def panel(
    treated: int, others: int, *, noise: float = 1.0, effect: float = 3.0, first: int = 2014
) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    rows = [
        (
            u,
            t,
            first if u < treated else None,
            effect * (u < treated and t >= first) + noise * rng.normal(),
        )
        for u in range(treated + others)
        for t in range(2010, 2018)
    ]
    return pd.DataFrame(rows, columns=["unit", "year", "first", "y"])


def facts_of(table: pd.DataFrame, another: str = "", **options: str) -> Facts:
    effects = estimate_effects(prepare_panel(table, **ROLES), **options)
    found = estimates.summary_facts(summarise(effects, (-99, 99), 0), "outcome", "main")
    found |= grading.graded(found, "outcome", "main")
    words = {
        "outcome_name": "y",
        "compared": options.get("controls", "never_treated"),
        "another": another,
    }
    return Facts(
        found
        | {f"study.{name}": fact(text, "text", "design", "study") for name, text in words.items()}
    )


def told(facts: Facts, block: str = "headline") -> tuple[str, str]:
    zh, en = (render_prose(PAGE, block, language, facts) for language in ("zh", "en"))
    return zh, en


def test_many_units_on_both_sides_and_a_large_effect() -> None:
    zh, en = told(facts_of(panel(25, 25)))
    assert "很难用偶然来解释" in zh and "hard to put down to chance" in en


@pytest.mark.parametrize(
    ("treated", "others", "zh_words", "en_words"),
    [
        (30, 4, "用来比较的单位只有 4 个", "only 4 units to compare them with"),
        (5, 40, "受处理的单位只有 5 个", "only 5 treated units"),
        (
            6,
            7,
            "受处理的单位只有 6 个，用来比较的单位只有 7 个",
            "only 6 treated units and 7 units",
        ),
    ],
)
def test_few_units_on_a_side(treated: int, others: int, zh_words: str, en_words: str) -> None:
    zh, en = told(facts_of(panel(treated, others)))
    assert zh_words in zh and "还不能断定这不是偶然" in zh and "很难用偶然" not in zh
    assert en_words in en and "hard to put down" not in en


def test_few_units_where_nothing_is_found() -> None:
    zh, en = told(facts_of(panel(30, 4, effect=0.0)))
    assert "区间里包含零" in zh and "用来比较的单位只有 4 个，区间和检验都只是粗略的" in zh
    assert (
        "includes zero" in en
        and "only 4 units to compare them with, intervals and tests are rough" in en
    )


def test_where_few_ends() -> None:
    assert few_units(ENOUGH_UNITS, ENOUGH_UNITS) == ""
    assert few_units(ENOUGH_UNITS - 1, ENOUGH_UNITS) == "treated"
    assert few_units(float("nan"), ENOUGH_UNITS) == "treated"


def test_an_estimate_without_spread() -> None:
    zh, en = told(facts_of(panel(30, 30, noise=0.0)))
    assert "估计变化 **+3.00**" in zh and "给不出区间" in zh and "不足以估计" not in zh
    assert "**+3.00**" in en and "no interval" in en


def test_no_period_before_the_base() -> None:
    facts = facts_of(panel(30, 30, first=2011))
    zh, en = told(facts, "event_study")
    assert "除了作为起点的时期，没有别的时期可看" in zh and "左边的点" not in zh
    assert "there is none before treatment" in en and "left of the dashed" not in en


def test_earlier_periods_that_cannot_be_tested_together() -> None:
    zh, en = told(facts_of(panel(30, 30, noise=0.0)), "event_study")
    assert "无法合在一起检验" in zh and "cannot be tested together" in en


def test_the_comparison_is_named() -> None:
    table = panel(30, 30).assign(first=lambda f: f["first"].fillna(2016))
    zh, en = told(facts_of(table, controls="not_yet_treated"))
    assert (
        "尚未受到处理的单位" in zh and "units not yet treated" in en and "never treated" not in en
    )
    zh, en = told(facts_of(table, controls="not_yet_treated"), "checks")
    assert "只有一种比较对象" in zh and "only one group" in en


SLOW_KERNEL = """
import time
kernel = get_ipython().kernel
answer = kernel.shell_handlers["kernel_info_request"]
async def slowly(*args):
    await answer(*args)
    time.sleep(0.5)  # still at work on its last reply when it is asked to stop
kernel.shell_handlers["kernel_info_request"] = slowly
"""


@pytest.mark.slow
def test_a_kernel_that_is_done_is_not_interrupted(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell('study = "x"', metadata={"tags": ["parameters"]})]
    book = nbformat.v4.new_notebook(cells=[*cells, nbformat.v4.new_code_cell(SLOW_KERNEL)])
    book.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python",
        "language": "python",
    }
    nbformat.write(book, tmp_path / "a.ipynb")
    call = "run_notebook(Path('a.ipynb'), {'study': 'y'}, Path('.'))"
    code = f"from pathlib import Path; from {run_notebook.__module__} import run_notebook; {call}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert "KeyboardInterrupt" not in done.stdout + done.stderr
