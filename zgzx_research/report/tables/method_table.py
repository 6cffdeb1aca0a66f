"""The box that says how a design compares: estimand, estimator, formula, error, references."""

from __future__ import annotations

import difflib
import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zgzx_research.errors import ZgzxError
from zgzx_research.report.page_style import label
from zgzx_research.report.tables.markdown_table import Table

METHODS = Path(__file__).parents[1] / "methods.toml"
TEXTS = ("estimand", "estimator", "symbols", "error")
LINES = ("estimand", "estimator", "formula", "symbols", "error", "references")  # in this order


@functools.cache
def methods() -> Mapping[str, Mapping[str, Any]]:
    """Read `methods.toml`: design -> name, texts in both languages, formulas, references."""
    return tomllib.loads(METHODS.read_text(encoding="utf-8"))


def design_of(made_by: str) -> str:
    """Return the design whose box is about an estimate; "" for none.

    Parameters
    ----------
    made_by : str
        `of` in `methods.toml`, e.g. "group_time.ratio", "contest" or "stay_24".

    Returns
    -------
    str
        A row of `methods.toml`.
    """
    return next((name for name, row in methods().items() if row["of"] == made_by), "")


def method_table(design: str, language: str) -> Table:
    """Make the box of a design.

    Parameters
    ----------
    design : str
        A row of `methods.toml`, e.g. "contest".
    language : str
        "zh" or "en".

    Returns
    -------
    Table
        Two columns: what, and how. Its entries are Markdown, formulas between $$.

    Raises
    ------
    ZgzxError
        No such design; the nearest is named.
    """
    if design not in methods():
        near = difflib.get_close_matches(design, methods(), n=1, cutoff=0)
        remedy = f"The designs are {', '.join(methods())}."
        raise ZgzxError(f"no method {design!r}", where="methods.toml", examples=near, remedy=remedy)
    row = methods()[design]
    entries = {name: row[name][language] for name in TEXTS}
    entries["formula"] = " ".join(f"$${formula}$$" for formula in row["formula"])
    entries["references"] = label("method_and", language).join(row["references"])
    return Table(
        key="method",
        caption=label("method", language, name=row["name"][language]),
        columns=(label("method_what", language), label("method_how", language)),
        align=("left", "left"),
        rows=tuple((label(f"method_{name}", language), entries[name]) for name in LINES),
        markup=True,
    )
