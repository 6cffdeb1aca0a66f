"""A project in a folder of its own: study, notebooks, published data, a small world, and what a run makes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from zgzx_research.pipeline.build import Result
from zgzx_research.pipeline.tasks import run_study
from zgzx_research.simulate.raw_files import write_world

ROOT = Path(__file__).parents[2]
SEED = 1


def make_project(folder: Path) -> Path:
    """A project with raw files that have not been run."""
    for name in ("studies", "notebooks", "data/published", "data/decisions", "requirements.lock", "pyproject.toml"):
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
    """A copy of a project that a test may change; as deep as the original, for pytask's names are relative paths."""

    def copy(project: Path) -> Path:
        target = tmp_path_factory.mktemp("copy") / "project"
        shutil.copytree(project, target)
        return target

    return copy


def run(project: Path, part: str = "all") -> Result:
    """Run the demo study quietly."""
    return run_study(project, "demo", part, say=lambda line: None)


def tree_bytes(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
