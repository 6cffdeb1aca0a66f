"""Check answers to the exercises of the tutorials; the solutions lie in files apart.

A file `notebooks/tutorials/solutions/<tutorial>.py` has a function `exercise_<number>` for each
exercise, which makes the right answer from the data of the notebook, and functions
`mistake_<number>_<name>`, which make what a usual mistake gives. The docstring of the first is the
explanation a student reads after a right answer, that of the second the hint after this mistake.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from functools import partial
from numbers import Number
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError

FOLDERS = ("solutions", "notebooks/tutorials/solutions")
TOLERANCE = 1e-6  # relative; an exercise may have its own: exercise_1.tolerance = 0.01
UNKNOWN = "再想一想：数据、年份、对照组都对吗？ / Look again: data, years, comparison group?"


def exercises(tutorial: str) -> Callable[..., None]:
    """Return the function that checks the answers of a tutorial.

    Parameters
    ----------
    tutorial : str
        Name of the tutorial, e.g. "01_two_by_two".

    Returns
    -------
    callable
        `check(number, answer, *data)`. It prints "no answer yet" for None, the explanation for a
        right answer, and raises AssertionError with a hint for a wrong one.

    Raises
    ------
    ZgzxError
        There are no solutions of this tutorial.
    """
    return partial(_check, _solutions(tutorial))


def _solutions(tutorial: str) -> ModuleType:
    """Load the solutions that lie nearest above the working folder."""
    here = Path.cwd()
    tried = [above / folder for above in (here, *here.parents) for folder in FOLDERS]
    found = next((path for path in tried if (path / f"{tutorial}.py").is_file()), None)
    if found is None:
        raise ZgzxError(
            f"there are no solutions of {tutorial!r}",
            where=str(Path(FOLDERS[1]) / f"{tutorial}.py"),
            remedy="Start the notebook inside the project, and use the name of its file.",
        )
    file = found / f"{tutorial}.py"
    spec = importlib.util.spec_from_file_location(f"solutions_{tutorial}", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _check(solutions: ModuleType, number: int, answer: Any, *data: Any) -> None:
    """Print what an answer is worth."""
    solution = getattr(solutions, f"exercise_{number}", None)
    if solution is None:
        raise ZgzxError(
            f"there is no exercise {number}",
            where=solutions.__name__,
            examples=sorted(name for name in vars(solutions) if name.startswith("exercise_")),
            remedy="Use the number that stands in the notebook.",
        )
    if answer is None:
        _say(f"练习 {number}：还没有答案 / exercise {number}: no answer yet")
        return
    tolerance = getattr(solution, "tolerance", TOLERANCE)
    if _same(answer, solution(*data), tolerance):
        _say(f"✓ 练习 {number} 对了 / exercise {number}: right\n{inspect.getdoc(solution)}")
        return
    hint = getattr(solution, "hint", UNKNOWN)
    for name, mistake in vars(solutions).items():
        if name.startswith(f"mistake_{number}_") and _same(answer, mistake(*data), tolerance):
            hint = inspect.getdoc(mistake)
    raise AssertionError(f"练习 {number} 还不对 / exercise {number}: not right yet\n{hint}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _same(answer: Any, right: Any, tolerance: float) -> bool:
    """Whether two answers agree: tables and text exactly but for rounding, numbers within it."""
    if isinstance(right, pd.DataFrame | pd.Series):
        equal = (
            pd.testing.assert_frame_equal
            if isinstance(right, pd.DataFrame)
            else pd.testing.assert_series_equal
        )
        try:
            equal(answer, right, check_dtype=False, check_names=False, rtol=tolerance)
        except (AssertionError, TypeError):
            return False
        return True
    if isinstance(right, str | set | bool | np.bool_):
        return type(answer) in (type(right), bool, np.bool_) and bool(answer == right)
    return _numbers_agree(answer, right, tolerance)


def _numbers_agree(answer: Any, right: Any, tolerance: float) -> bool:
    """Whether numbers, or lists and arrays of them, agree."""
    if isinstance(answer, str | bool) or not (isinstance(answer, Number) or np.ndim(answer)):
        return False
    try:
        given, wanted = np.asarray(answer, dtype=float), np.asarray(right, dtype=float)
    except (TypeError, ValueError):
        return bool(answer == right)
    return given.shape == wanted.shape and bool(
        np.allclose(given, wanted, rtol=tolerance, atol=tolerance * 1e-3, equal_nan=True)
    )
