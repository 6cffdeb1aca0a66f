"""Run a tutorial as a student does, then try solutions, mistakes and a wrong value in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import jupytext
import nbformat
import papermill

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks" / "tutorials"
TUTORIALS = sorted(path.stem for path in FOLDER.glob("[0-9][0-9]_*.py"))
CHECK = re.compile(r"^check\((\d+), answer_\1(?:, (.*))?\)$", re.MULTILINE)
WRONG = "'no such answer'"


def source(tutorial: str) -> nbformat.NotebookNode:
    """The notebook of a tutorial."""
    return jupytext.read(FOLDER / f"{tutorial}.py", fmt="py:percent")


def exercise_data(notebook: nbformat.NotebookNode) -> dict[int, str]:
    """Exercise -> what its check is given besides the answer."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return {int(number): data for number, data in CHECK.findall(text)}


def solution_names(tutorial: str) -> list[str]:
    """Functions in the file of the solutions."""
    tree = ast.parse((FOLDER / "solutions" / f"{tutorial}.py").read_text("utf-8"))
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def trial_cells(tutorial: str, notebook: nbformat.NotebookNode) -> list[str]:
    """Cells that hand in every solution, every mistake, and a value that is plainly wrong."""
    given, cells = exercise_data(notebook), [REFUSED]
    for name in solution_names(tutorial):
        kind, _, rest = name.partition("_")
        number = int(rest.partition("_")[0]) if kind in ("exercise", "mistake") else 0
        if not number:
            continue
        data = given[number]
        answer = f"check.args[0].{name}({data})"
        handed = f"{number}, {answer}" + (f", {data}" if data else "")
        cells.append(f"check({handed})" if kind == "exercise" else f"refused({handed})")
        if kind == "exercise":
            cells.append(f"refused({number}, {WRONG}" + (f", {data})" if data else ")"))
    return cells


REFUSED = """
def refused(number, answer, *data):
    try:
        check(number, answer, *data)
    except AssertionError as error:
        assert f"exercise {number}" in str(error), error
    else:
        raise ValueError(f"exercise {number} takes a wrong answer")
"""


def run(tutorial: str, folder: Path) -> nbformat.NotebookNode:
    """The executed notebook: blank as a student opens it, then the trials."""
    notebook = source(tutorial)
    for text in trial_cells(tutorial, notebook):
        notebook.cells.append(nbformat.v4.new_code_cell(text))
    begun, done = folder / f"{tutorial}.ipynb", folder / f"{tutorial}.done.ipynb"
    nbformat.write(notebook, begun)
    papermill.execute_notebook(
        str(begun), str(done), cwd=str(FOLDER), progress_bar=False, kernel_name="python3"
    )
    return nbformat.read(done, as_version=4)
