"""A project in a folder of its own.

Study, notebooks, published data, a small world, and what a run makes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from zgzx_research.pipeline import documents, store
from zgzx_research.pipeline.build import Result
from zgzx_research.pipeline.stages import Place
from zgzx_research.pipeline.tasks import run_study
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


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose demo study has been run once; tests must not change it."""
    project = make_project(tmp_path_factory.mktemp("built") / "project")
    run_study(project, "demo", "all", say=lambda line: None)
    return project


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
def sketched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages and documents say which facts they were made from, and nothing else.

    What runs when is all a test asks.

    Kernels and typesetting take most of the time of a run; what they make is looked at in the
    `built` project.
    """

    def page(place: Place, page: str, language: str) -> None:
        store.write_text(
            place.reports / language / "notebooks" / f"{page}.ipynb", facts_digest(place)
        )

    def document(
        place: Place,
        name: str,
        pages: Sequence[str],
        language: str,
        synthetic: bool,
        formats: Sequence[str],
    ) -> None:
        for suffix in formats:
            store.write_text(place.reports / language / f"{name}.{suffix}", facts_digest(place))

    def book(place: Place, language: str, synthetic: bool, out: Path) -> None:
        store.write_text(out, facts_digest(place))

    monkeypatch.setattr(documents, "execute", page)
    monkeypatch.setattr(documents, "render", document)
    monkeypatch.setattr(documents, "workbook", book)


def facts_digest(place: Place) -> str:
    return store.file_digest(place.work / "facts.json")


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
