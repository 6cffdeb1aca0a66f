"""Facts that a notebook keeps, and how they reach `facts/<page>.json` and `facts.json`.

A cell that keeps facts returns a `Kept`. Jupyter shows how many there are; the facts themselves are
in an output with a MIME type of its own, which a run reads and removes from the executed notebook.
So a notebook that is run by hand writes no file, and the facts are exactly those of the page that
the reader sees.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure import shown_event_times
from zgzx_research.evidence.facts import DIGITS_KEPT, VERSION, Fact, Facts
from zgzx_research.pipeline import store
from zgzx_research.pipeline.summaries import Summary

if TYPE_CHECKING:
    import nbformat

MIME = "application/vnd.zgzx.facts+json"
INTERVALS = ("ci_low", "ci_high", "band_low", "band_high")
UNITS = ("n_treated", "n_comparison", "base_mean")
EVENT_COLUMNS = ("event_time", "role", "estimate", "std_error", *INTERVALS, *UNITS)
PARTS = ("facts", "events", "tables")  # of what a cell keeps
Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class Kept:
    """Facts that a cell keeps.

    Attributes
    ----------
    facts : dict
        Key to fact.
    events : dict
        "<outcome>.<spec>" to the columns of its event study, for the workbook.
    tables : dict
        Name to the counts of a table or figure as it shows them, for later editions.
    """

    facts: dict[str, Fact]
    events: dict[str, dict[str, Any]]
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __or__(self, other: Kept) -> Kept:
        """Join the facts of two cells."""
        joined = (getattr(self, name) | getattr(other, name) for name in PARTS)
        return Kept(*joined)

    def __repr__(self) -> str:
        """Say how many facts there are."""
        about = f" of {', '.join(self.events)}" if self.events else ""
        return f"{len(self.facts)} facts kept{about}"

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        """Return the output of the cell, as Jupyter asks for it."""
        return {"text/plain": repr(self), MIME: self.to_json()}

    def to_json(self) -> dict[str, Any]:
        """Return the parts by name; `Kept(**…)` takes them back."""
        return {name: getattr(self, name) for name in PARTS}


def event_columns(summary: Summary) -> dict[str, Any]:
    """Return the event study as it may be published: {"scale", "columns"}, numbers rounded."""
    frame = shown_event_times(summary.event_time)
    whole = {"event_time": int, "n_treated": "Int64", "n_comparison": "Int64"}
    table = frame[list(EVENT_COLUMNS)].astype(whole).astype(object)
    columns: Columns = {name: [_rounded(value) for value in table[name]] for name in table.columns}
    return {"scale": summary.scale, "columns": columns}


def _rounded(value: Any) -> Any:
    """Round a value for JSON, because the last bits of two processors may differ."""
    if pd.isna(value) or value in (float("inf"), float("-inf")):
        return None
    if isinstance(value, float):
        return float(f"{value:.{DIGITS_KEPT}g}") + 0.0
    return value.item() if hasattr(value, "item") else value


def facts_of(notebook: nbformat.NotebookNode) -> Kept:
    """Return everything that the cells of an executed notebook kept."""
    kept = Kept({}, {})
    for data in _outputs(notebook):
        if MIME in data:
            kept |= Kept(**data[MIME])
    return kept


def without_facts(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Remove the facts from a notebook's outputs; the line that counts them stays."""
    for data in _outputs(notebook):
        data.pop(MIME, None)
    return notebook


def _outputs(notebook: nbformat.NotebookNode) -> Iterator[Any]:
    """Yield the data of all outputs of a notebook."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            yield output.get("data", {})


def kept_text(kept: Kept) -> str:
    """Return the text of `facts/<page>.json`; the Chinese and the English run give the same."""
    body = {"version": VERSION} | kept.to_json()
    return json.dumps(body, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True) + "\n"


def load_facts(path: Path) -> dict[str, Fact]:
    """Read the facts in `facts/<page>.json`."""
    return dict(Facts.load(path).facts)


def load_events(paths: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Read the event studies of all pages, by "<outcome>.<spec>"."""
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        found |= store.read_json(path).get("events", {})
    return found


def load_tables(paths: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Read the counts that the tables and figures of all pages show, by name."""
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        found |= store.read_json(path).get("tables", {})
    return found


def union(paths: Iterable[Path]) -> Facts:
    """Join the facts of all pages.

    Parameters
    ----------
    paths : iterable of Path
        `facts/<page>.json` of each page.

    Returns
    -------
    Facts
        All facts.

    Raises
    ------
    ZgzxError
        Two pages keep different values under one key.
    """
    found: dict[str, Fact] = {}
    for path in paths:
        _refuse_other_values(found, new := load_facts(path), path.stem)
        found |= new
    return Facts(found)


def _refuse_other_values(found: Mapping[str, Fact], new: Mapping[str, Fact], page: str) -> None:
    """Refuse a page whose facts have other values than those of pages before it."""
    differing = sorted(key for key in found.keys() & new.keys() if found[key] != new[key])
    if differing:
        raise ZgzxError(
            "two pages keep different values of one fact",
            where=page,
            count=len(differing),
            examples=differing,
            remedy="Keep each estimate in one page only.",
        )
