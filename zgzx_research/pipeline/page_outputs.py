"""Outputs of a notebook that the report takes over: texts, figures and tables, each marked."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from zgzx_research.pipeline.kept_facts import MIME, Kept
from zgzx_research.report.figures.report_figure import FigureSpec, FigureStyle
from zgzx_research.report.tables.markdown_table import Table


@dataclass(frozen=True)
class Shown:
    """An output that Jupyter displays and the report finds by its mark.

    Attributes
    ----------
    data : mapping
        MIME type to content.
    mark : mapping
        "kind" ("text", "figure" or "table"), "key", and for figures "caption" and "alt".
    name : str
        Name of the table or figure in the log of disclosure control.
    blank : mapping
        Rule of disclosure control to the number of entries left blank by it.
    counts : DataFrame, optional
        Its counts as they are shown, with totals; missing where blank.
    kept : Kept
        The facts of the log, and the counts.
    """

    data: Mapping[str, str]
    mark: Mapping[str, str]
    name: str = ""
    blank: Mapping[str, int] = field(default_factory=dict)
    counts: pd.DataFrame | None = None
    kept: Kept = field(default_factory=lambda: Kept({}, {}))

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, object], dict[str, dict[str, str]]]:
        """Return data and metadata of the output, as Jupyter asks for them."""
        data: dict[str, object] = dict(self.data)
        if self.kept.facts:
            data[MIME] = self.kept.to_json()
        return data, {"zgzx": dict(self.mark)}


def shown_text(block: str, markdown: str) -> Shown:
    """Return a block of a page's words."""
    return Shown({"text/markdown": markdown}, {"kind": "text", "key": block})


def shown_figure(figure: FigureSpec, style: FigureStyle) -> Shown:
    """Draw a figure, as SVG and PNG, with its caption and alternative text."""
    drawn = figure.draw(style)
    png = base64.b64encode(drawn.png()).decode("ascii")
    mark = {"kind": "figure", "key": drawn.caption, "caption": drawn.caption, "alt": drawn.alt}
    data = {"image/svg+xml": drawn.svg(), "image/png": png}
    return Shown(data, mark, drawn.name or figure.name, drawn.blank, drawn.counts)


def shown_table(name: str, table: Table | None) -> Shown:
    """Return a table with its caption; nothing where there is none."""
    if table is None:
        return shown_text(name, "")
    mark = {"kind": "table", "key": name, "caption": table.caption}
    return Shown({"text/markdown": table.to_markdown()}, mark, name, table.blank, table.counts)
