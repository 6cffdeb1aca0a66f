"""Which outputs enter a report, how they are numbered, what a stored notebook keeps."""

from __future__ import annotations

import base64
from copy import deepcopy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from zgzx_research.errors import ZgzxError
from zgzx_research.report.assemble import join_notebooks, notebook_markdown, strip_notebook

SVG = "<svg xmlns='http://www.w3.org/2000/svg'/>"
PICTURE = {"image/svg+xml": SVG, "image/png": base64.b64encode(b"png").decode()}
PIPES = "| a |\n|---|\n| 1 |"


def marked(
    kind: str, data: dict[str, str], output_type: str = "display_data", **mark: str
) -> nbformat.NotebookNode:
    return new_output(output_type, data=data, metadata={"zgzx": {"kind": kind, "key": "k", **mark}})


def notebook(*outputs: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return new_notebook(cells=[new_code_cell("page.show()", outputs=list(outputs))])


FIGURE = marked("figure", PICTURE, caption="Paths [a]", alt='A "rising" line')
TABLE = marked("table", {"text/markdown": PIPES}, caption="Rows")


def test_only_marked_outputs_enter() -> None:
    book = notebook(
        new_output("stream", name="stdout", text="noise"),
        new_output("display_data", data={"text/markdown": "noise"}),
        marked("text", {"text/markdown": "prose"}, output_type="execute_result"),
    )
    book.cells.insert(0, new_markdown_cell("noise"))
    assert notebook_markdown(book, "p", language="en").markdown == "prose\n"


@pytest.mark.parametrize(
    ("language", "figures", "table"),
    [
        ("zh", ["图 1　", "图 2　"], "Table: 表 1　Rows"),
        ("en", ["Figure 1. ", "Figure 2. "], "Table: Table 1. Rows"),
    ],
)
def test_numbers_run_through_all_notebooks(language: str, figures: list[str], table: str) -> None:
    document = join_notebooks(
        {"a": notebook(FIGURE, TABLE), "b": notebook(FIGURE)}, language=language
    )
    lines = [line for line in document.markdown.split("\n") if line.startswith("![")]
    assert lines == [
        f'![{figures[0]}Paths \\[a\\]](a-1.svg){{#fig-1 alt="A \\"rising\\" line"}}',
        f'![{figures[1]}Paths \\[a\\]](b-2.svg){{#fig-2 alt="A \\"rising\\" line"}}',
    ]
    assert f"{table} {{#tbl-1}}\n\n{PIPES}" in document.markdown
    assert dict(document.media) == {
        "a-1.svg": SVG.encode(),
        "a-1.png": b"png",
        "b-2.svg": SVG.encode(),
        "b-2.png": b"png",
    }


def test_what_follows_a_table_is_its_note() -> None:
    table = marked("table", {"text/markdown": f"{PIPES}\n\nOne.\n\nTwo.\n"}, caption="Rows")
    text = notebook_markdown(notebook(table), "p", language="en").markdown
    assert (
        text == f"Table: Table 1. Rows {{#tbl-1}}\n\n{PIPES}\n\n::: table-note\nOne.\n\nTwo.\n:::\n"
    )


def test_footnotes_of_different_texts_do_not_meet() -> None:
    note = {"text/markdown": "word[^1]\n\n[^1]: note"}
    text = notebook_markdown(
        notebook(marked("text", note), marked("text", note)), "p", language="en"
    ).markdown
    assert text == "word[^p-1-1]\n\n[^p-1-1]: note\n\nword[^p-2-1]\n\n[^p-2-1]: note\n"


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (marked("figure", PICTURE, caption="c"), "notebook p, k: a figure without alt"),
        (marked("figure", PICTURE, alt="a"), "a figure without caption"),
        (marked("table", {"text/markdown": PIPES}), "a table without caption"),
        (
            marked("figure", {"image/png": "cG5n"}, caption="c", alt="a"),
            r"a figure without image/svg\+xml",
        ),
        (marked("film", {}), "'film' is none of text, figure, table"),
        (
            new_output("error", ename="KeyError", evalue="", traceback=[]),
            "a cell ended with KeyError",
        ),
    ],
)
def test_incomplete_outputs_are_refused(output: nbformat.NotebookNode, message: str) -> None:
    with pytest.raises(ZgzxError, match=message):
        notebook_markdown(notebook(output), "p", language="en")


def executed(cell_id: str, count: int, start: str) -> nbformat.NotebookNode:
    """The same notebook as papermill leaves it at different times on different machines."""
    result = new_output("execute_result", data={"text/plain": "1"}, execution_count=count)
    warning = new_output("stream", name="stderr", text=f"/home/{cell_id}/x.py: warning")
    metadata = {
        "tags": ["parameters"],
        "papermill": {"start_time": start},
        "execution": {"iopub.execute_input": start},
    }
    cell = new_code_cell(
        "1", id=cell_id, execution_count=count, outputs=[result, warning], metadata=metadata
    )
    book = new_notebook(cells=[cell], metadata={"papermill": {"input_path": f"/{cell_id}"}})
    book.metadata["language_info"] = {"name": "python", "version": f"3.11.{count}"}
    book.metadata["kernelspec"] = {"name": cell_id, "display_name": cell_id, "language": "python"}
    return book


def test_a_stored_notebook_says_nothing_of_where_and_when() -> None:
    one, other = executed("aa", 1, "2025-01-01"), executed("bb", 7, "2026-02-02")
    before = deepcopy(one)
    stored = nbformat.writes(strip_notebook(one))
    assert stored == nbformat.writes(strip_notebook(other))
    assert one == before
    assert strip_notebook(strip_notebook(one)) == strip_notebook(one)
    nbformat.validate(strip_notebook(one))
    assert strip_notebook(one).cells[0].metadata == {"tags": ["parameters"]}
    assert strip_notebook(one).cells[0].outputs[0].data == {"text/plain": "1"}
