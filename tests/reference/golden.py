"""Stored reference values and the one way to compare with them.

`exceptions.csv` names every value that differs on purpose: file, spec, quantity, formula (why),
bound (what is held).
"""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "data" / "examples"


@cache
def load(name: str) -> dict[str, Any]:
    """A JSON file of reference values."""
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def table(name: str) -> pd.DataFrame:
    """A reference panel; `first` is `first.treat`, if it has one, with missing = never treated."""
    folder = HERE if (HERE / f"{name}.csv").is_file() else EXAMPLES
    data = pd.read_csv(folder / f"{name}.csv")
    if "first.treat" in data:
        data["first"] = data["first.treat"].where(data["first.treat"] > 0)
    return data


@cache
def exceptions() -> dict[tuple[str, str, str], float]:
    """(file, spec, quantity) -> relative bound that is held instead of the usual one.

    Inf = not compared.
    """
    with (HERE / "exceptions.csv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return {(row["file"], row["spec"], row["quantity"]): float(row["bound"]) for row in rows}


def numbers(values: Any) -> np.ndarray:
    """Stored values as floats; null is NaN."""
    return np.array(
        [np.nan if v is None else v for v in np.ravel(np.array(values, dtype=object))], dtype=float
    )


def same(
    ours: Any, theirs: Any, tolerance: float, *, file: str = "", spec: str = "", quantity: str = ""
) -> None:
    """Relative agreement, loosened only where exceptions.csv has a row for.

    File, spec, quantity.
    """
    tolerance = exceptions().get((file, spec, quantity), tolerance)
    if np.isinf(tolerance):
        return
    # R reports a base cell as exactly 0, which no relative tolerance can hold
    np.testing.assert_allclose(numbers(ours), numbers(theirs), rtol=tolerance, atol=1e-14)
