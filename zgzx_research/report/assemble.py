"""Executed notebooks to one Markdown document: marked outputs, numbered figures and tables."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from zgzx_research.errors import ZgzxError
from zgzx_research.report.page_style import label
from zgzx_research.report.wording import escape_markdown

if TYPE_CHECKING:
    import nbformat

KINDS = ("text", "figure", "table")
# What a stored notebook keeps; everything else (timings, versions, papermill's notes) differs from
# run to run.
KEPT_CELL_METADATA = ("tags", "jupyter")
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


@dataclass(frozen=True)
class Document:
    """Pandoc Markdown and the files it shows.

    Attributes
    ----------
    markdown : str
        Body only; no title.
    media : Mapping
        File name as in the Markdown -> content. A figure has an .svg and a .png of the same stem.
    """

    markdown: str
    media: Mapping[str, bytes]


@dataclass(frozen=True)
class _Output:
    """One marked output of a notebook."""

    kind: str
    key: str
    caption: str
    alt: str
    data: Mapping[str, Any]
    where: str


def notebook_markdown(notebook: nbformat.NotebookNode, prefix: str, *, language: str) -> Document:
    """Make a document of the marked outputs of one executed notebook.

    Parameters
    ----------
    notebook : NotebookNode
        An executed notebook.
    prefix : str
        Beginning of the names of its figure files.
    language : str
        "zh" or "en".

    Returns
    -------
    Document
        As `join_notebooks` makes it.
    """
    return join_notebooks({prefix: notebook}, language=language)


def join_notebooks(notebooks: Mapping[str, nbformat.NotebookNode], *, language: str) -> Document:
    """Make one document of the marked outputs of several notebooks, numbered throughout.

    Parameters
    ----------
    notebooks : Mapping
        Prefix of file names -> executed notebook, in reading order. An output is marked by its
        metadata ``{"zgzx": {"kind": "text" | "figure" | "table", "key": …, "caption": …,
        "alt": …}}``.
    language : str
        "zh" or "en", for 图 1 or Figure 1.

    Returns
    -------
    Document
        Markdown and figure files.

    Raises
    ------
    ZgzxError
        A notebook holds an error output, an unknown kind, a figure without caption or alternative
        text.
    """
    numbers: Counter[str] = Counter()
    parts: list[str] = []
    media: dict[str, bytes] = {}
    for prefix, notebook in notebooks.items():
        for output in _marked(notebook, prefix):
            numbers[output.kind] += 1
            number = numbers[output.kind]
            if output.kind == "figure":
                media |= _figure_files(output, f"{prefix}-{number}")
            parts.append(_MARKDOWN[output.kind](output, prefix, number, language))
    return Document("\n\n".join(parts) + "\n", MappingProxyType(media))


def _marked(notebook: nbformat.NotebookNode, prefix: str) -> Iterator[_Output]:
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            where = f"notebook {prefix}"
            if output.output_type == "error":
                raise ZgzxError(
                    f"a cell ended with {output.ename}",
                    where=where,
                    remedy="Run the notebook anew.",
                )
            mark = output.get("metadata", {}).get("zgzx")
            if mark is None:
                continue
            if mark.get("kind") not in KINDS:
                raise ZgzxError(
                    f"output kind {mark.get('kind')!r} is none of {', '.join(KINDS)}", where=where
                )
            texts = {name: str(mark.get(name) or "").strip() for name in ("key", "caption", "alt")}
            yield _Output(mark["kind"], **texts, data=output.data, where=f"{where}, {texts['key']}")


def _text(output: _Output, prefix: str, number: int, language: str) -> str:
    # Every text numbers its footnotes from 1: give them names of their own.
    return re.sub(
        r"\[\^([^\]\s]+)\]", rf"[^{prefix}-{number}-\1]", _data(output, "text/markdown").strip()
    )


def _figure(output: _Output, prefix: str, number: int, language: str) -> str:
    _require(output, "caption", "alt")
    caption = label("figure", language, number=number, caption=escape_markdown(output.caption))
    alt = re.sub(r'(["\\])', r"\\\1", " ".join(output.alt.split()))
    return f'![{caption}]({prefix}-{number}.svg){{#fig-{number} alt="{alt}"}}'


def _table(output: _Output, prefix: str, number: int, language: str) -> str:
    _require(output, "caption")
    caption = label("table", language, number=number, caption=escape_markdown(output.caption))
    # "Table:" before the table: notes may follow it, and a mere ":" would make a definition of the
    # text before
    table, _, notes = _data(output, "text/markdown").strip().partition("\n\n")
    below = f"\n\n::: table-note\n{notes.strip()}\n:::" if notes.strip() else ""
    return f"Table: {caption} {{#tbl-{number}}}\n\n{table}{below}"


_MARKDOWN = {"text": _text, "figure": _figure, "table": _table}


def _figure_files(output: _Output, stem: str) -> dict[str, bytes]:
    svg, png = _data(output, "image/svg+xml"), _data(output, "image/png")
    return {f"{stem}.svg": svg.encode(), f"{stem}.png": base64.b64decode(png)}


def _data(output: _Output, mime: str) -> str:
    if mime not in output.data:
        raise ZgzxError(f"a {output.kind} without {mime}", where=output.where)
    data = output.data[mime]  # the file format allows a list of lines
    return data if isinstance(data, str) else "".join(data)


def _require(output: _Output, *names: str) -> None:
    for name in names:
        if not getattr(output, name):
            raise ZgzxError(
                f"a {output.kind} without {name}",
                where=output.where,
                remedy="Write it in wording.toml.",
            )


def published_only(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Copy a notebook with the outputs only that go into the report.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        An executed notebook.

    Returns
    -------
    nbformat.NotebookNode
        The copy: of other outputs, such as tables for whoever opens the notebook, nothing is left.
    """
    copy = deepcopy(notebook)
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.outputs = [one for one in cell.outputs if "zgzx" in one.get("metadata", {})]
    return copy


def strip_notebook(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Copy a notebook without what changes from run to run, so that its bytes are equal each time.

    Parameters
    ----------
    notebook : NotebookNode
        An executed notebook.

    Returns
    -------
    NotebookNode
        The copy, without times, versions and warnings.
    """
    import nbformat  # slow to import, and only pages that run need it

    stripped = deepcopy(notebook)
    stripped.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    stripped.nbformat, stripped.nbformat_minor = 4, 5
    for number, cell in enumerate(stripped.cells, start=1):
        cell["id"] = f"cell-{number:03d}"
        cell.metadata = nbformat.from_dict(
            {k: v for k, v in cell.metadata.items() if k in KEPT_CELL_METADATA}
        )
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [
                _strip_output(output) for output in cell.outputs if output.get("name") != "stderr"
            ]
    return stripped


def _strip_output(output: nbformat.NotebookNode) -> nbformat.NotebookNode:
    if output.output_type == "execute_result":
        output.execution_count = None
    return output
