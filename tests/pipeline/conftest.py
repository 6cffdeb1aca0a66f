"""A project in a folder of its own.

Study, notebooks, published data, a small world, and what a run makes.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import json
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from zgzx_research.ingest import read
from zgzx_research.ingest.read import RawTable
from zgzx_research.pipeline import store
from zgzx_research.pipeline.build import Result
from zgzx_research.pipeline.kept_facts import Kept
from zgzx_research.pipeline.page_outputs import Shown
from zgzx_research.pipeline.place import SOURCES, Place
from zgzx_research.pipeline.run import run_study
from zgzx_research.simulate.write import write_world

ROOT = Path(__file__).parents[2]
SEED = 1


def make_project(folder: Path) -> Path:
    """A project with raw files that have not been run."""
    for name in (
        "studies",
        "notebooks",
        "data/published",
        "data/decisions",
        "data/examples",
        "requirements.lock",
        "pyproject.toml",
    ):
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    write_world(folder / "data/raw/demo", scenario="calibrated", size="tiny", seed=SEED)
    return folder


# cells that only show something: pictures, texts, tables, and the regressions from class
SHOWING = (
    "page.text(",
    "page.figure(",
    "page.table(",
    "statsmodels",
    "sklearn",
    "bacon_decomposition",
    "answer",
)


@contextmanager
def sketched_pages() -> Iterator[None]:
    """Pages keep their facts but show nothing; documents say which facts they were made from.

    Kernels, pictures and typesetting take most of the time of a run; what they make is looked at
    in `tests/browser`.
    """

    def document(*args: object, out: Path, formats: Sequence[str], **options: object) -> None:
        for suffix in formats:
            store.write_text(out.parent / f"{out.name}.{suffix}", repr(options["stamp"]))

    def book(place: Place, *about: object) -> None:
        out = about[-1]
        assert isinstance(out, Path)
        store.write_text(out, store.file_digest(place.work / "facts.json"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zgzx_research.pipeline.notebooks.run_notebook", keeping_cells)
        patch.setattr("zgzx_research.report.render.render_document", document)
        patch.setattr("zgzx_research.pipeline.workbooks.write", book)
        yield


ONE_AT_A_TIME = threading.Lock()
KEPT: dict[str, NotebookNode] = {}  # by all that a page reads


def keeping_cells(notebook: Path, parameters: Mapping[str, object], root: Path) -> NotebookNode:
    """Run in this process the cells of a notebook that do more than show something.

    The same cells on the same data keep the same facts, in both languages (`test_pages` runs them
    one by one), so they run once.
    """
    given = {name: value for name, value in parameters.items() if name != "language"}
    key = repr([notebook.read_text("utf-8"), sorted(given.items()), read_by_pages(root, given)])
    with ONE_AT_A_TIME:  # steps run in threads, and a process has one working folder
        if key not in KEPT:
            KEPT[key] = run_keeping_cells(notebook, parameters, root)
        return copy.deepcopy(KEPT[key])


def read_by_pages(root: Path, given: Mapping[str, object]) -> list[str]:
    """Digests of all files that a page may read."""
    work = root / "data/work" / str(given.get("study", ""))
    paths = [path for folder in ("clean", "link", "panels") for path in work.glob(f"{folder}/*")]
    paths += [
        work / "changes.json",
        *(root / "studies").glob("*"),
        *(root / "notebooks").glob("*/*.*"),
    ]
    paths += [Path(str(given["file"]))] if "file" in given else []
    return sorted(f"{path.name} {store.file_digest(path)}" for path in paths if path.is_file())


def run_keeping_cells(notebook: Path, parameters: Mapping[str, object], root: Path) -> NotebookNode:
    """Run the cells."""
    book = nbformat.read(notebook, as_version=4)
    cells = [cell for cell in book.cells if not any(word in cell.source for word in SHOWING)]
    for cell, value in zip(cells, cell_values(cells, parameters, root), strict=True):
        if isinstance(value, Kept):
            data = nbformat.from_dict(value._repr_mimebundle_())
            cell.outputs = [nbformat.v4.new_output("execute_result", data)]
    return book


def cell_values(
    cells: Sequence[NotebookNode], parameters: Mapping[str, object], root: Path
) -> list[object]:
    """Run cells in this process: what each shows, None where it shows nothing."""
    names: dict[str, object] = {}
    values: list[object] = []
    with contextlib.chdir(root):
        for cell in cells:
            values.append(run_cell(cell.source, names) if cell.cell_type == "code" else None)
            if "parameters" in cell.metadata.get("tags", []):
                names |= parameters
    return values


def shown_by(
    notebook: Path, parameters: Mapping[str, object], root: Path, last: str = ""
) -> list[Shown]:
    """Run the cells of a notebook in this process: its texts, figures and tables.

    With `last`, the cells after the first one with these words do not run.
    """
    cells = nbformat.read(notebook, as_version=4).cells
    if last:
        cells = cells[: next(n for n, cell in enumerate(cells) if last in cell.source) + 1]
    return [value for value in cell_values(cells, parameters, root) if isinstance(value, Shown)]


def run_cell(source: str, names: dict[str, object]) -> object:
    """What the last line of a cell shows, as Jupyter runs it."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose demo study has been run once, with sketched pages.

    Tests must not change it.
    """
    project = make_project(tmp_path_factory.mktemp("built") / "project")
    with sketched_pages():
        run(project)
    return project


@pytest.fixture(scope="session")
def raw_tables(built: Path) -> dict[str, list[RawTable]]:
    """The raw files of the built study as `ingest` reads them, by source; not to be changed."""
    return {source: read.read_raw(built / "data/raw/demo/raw", source) for source in SOURCES}


@pytest.fixture
def copy_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """A copy of a project that a test may change.

    As deep as the original, for pytask's names are relative paths.
    """

    def copy(project: Path) -> Path:
        target = tmp_path_factory.mktemp("copy") / "project"
        shutil.copytree(project, target)
        return target

    return copy


@pytest.fixture
def sketched() -> Iterator[None]:
    """Pages of every run of the test are sketched."""
    with sketched_pages():
        yield


def run(project: Path, part: str = "all") -> Result:
    """Run the demo study quietly."""
    return run_study(project, "demo", part, say=lambda line: None)


def tree_bytes(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def facts(project: Path) -> dict[str, dict]:
    """Facts of a run of the demo study, by key."""
    return json.loads((project / "data/work/demo/facts.json").read_text(encoding="utf-8"))["facts"]
