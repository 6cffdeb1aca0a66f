"""Answers are checked: right ones are taken, and every other one is refused with a hint."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.exercises import exercises

SOLUTIONS = '''
import pandas as pd

def exercise_1(x):
    """对 because."""
    return x / 3

def mistake_1_times(x):
    """除，不要乘 divide"""
    return x * 3

def exercise_2():
    """text"""
    return "yes"

def exercise_3(table):
    """table"""
    return table.groupby("a").sum()

def exercise_4():
    """set"""
    return {1, 2}

def exercise_5():
    """list"""
    return [1.0, float("nan")]

def exercise_6():
    """two digits"""
    return 0.08

exercise_6.tolerance = 0.1
exercise_6.hint = "round"
'''


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    folder = tmp_path / "notebooks" / "tutorials" / "solutions"
    folder.mkdir(parents=True)
    (folder / "99_test.py").write_text(SOLUTIONS, encoding="utf-8")
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")
    return exercises("99_test")


TABLE = pd.DataFrame({"a": [1, 1, 2], "b": [1.0, 2.0, 3.0]})
RIGHT = [
    (1, 1 / 3, 1),
    (1, np.float64(1 / 3), 1),
    (2, "yes"),
    (3, TABLE.groupby("a").sum(), TABLE),
    (4, {2, 1}),
    (5, np.array([1, np.nan])),
    (6, 0.083),
]
WRONG = [
    (1, 0.3333, 1),
    (1, "1/3", 1),
    (1, True, 3),
    (1, [1 / 3, 1 / 3], 1),
    (2, "no"),
    (2, 1),
    (3, TABLE, TABLE),
    (3, "table", TABLE),
    (4, {1}),
    (4, [1, 2]),
    (5, [1.0, 2.0]),
    (5, [1.0]),
    (6, 0.1),
]


@pytest.mark.parametrize("given", RIGHT, ids=repr)
def test_right_answers_are_explained(check, given, capsys) -> None:  # type: ignore[no-untyped-def]
    check(*given)
    assert f"✓ 练习 {given[0]} 对了" in capsys.readouterr().out


@pytest.mark.parametrize("given", WRONG, ids=repr)
def test_wrong_answers_are_refused(check, given) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(AssertionError, match=f"exercise {given[0]}: not right yet"):
        check(*given)


def test_a_usual_mistake_has_its_hint(check) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(AssertionError, match="除，不要乘"):
        check(1, 3, 1)
    with pytest.raises(AssertionError, match="round"):
        check(6, 0.5)


def test_no_answer_yet_stops_nothing(check, capsys) -> None:  # type: ignore[no-untyped-def]
    check(1, None, 1)
    assert "还没有答案" in capsys.readouterr().out


def test_unknown_names_are_told(check) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ZgzxError, match=r"there is no exercise 9.*exercise_1"):
        check(9, 1)
    with pytest.raises(ZgzxError, match="no solutions of '98_other'"):
        exercises("98_other")
