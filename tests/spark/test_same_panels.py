"""One word in the study file changes the engine and not a cell of what is linked and counted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.conftest import ROOT, make_project, run, tree_bytes
from zgzx_research.pipeline import manifest, store
from zgzx_research.study import load_study
from zgzx_research.study_sections import Engine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

STAGES = ("link", "panels")


@pytest.fixture(scope="module")
def by_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose data have been built by DuckDB."""
    project = make_project(tmp_path_factory.mktemp("engines") / "project")
    run(project, "build")
    return project


def tables(project: Path) -> dict[str, bytes]:
    """All tables of the links and panels."""
    work = project / "data/work/demo"
    return {
        f"{stage}/{name}": content
        for stage in STAGES
        for name, content in tree_bytes(work / stage).items()
        if name.endswith(".parquet")
    }


def ask_for(project: Path, engine: str) -> None:
    study = project / "studies/demo.toml"
    text = study.read_text(encoding="utf-8")
    study.write_text(f'{text}\n[engine]\nname = "{engine}"\n', encoding="utf-8")


def test_links_and_panels_have_the_same_bytes(by_duckdb: Path, spark: SparkSession) -> None:
    expected = tables(by_duckdb)
    ask_for(by_duckdb, "spark")
    done = run(by_duckdb, "build")
    assert done.ran == ("link", "panels")
    made = tables(by_duckdb)
    assert sorted(made) == sorted(expected)
    assert [name for name in made if made[name] != expected[name]] == []
    assert spark.catalog.listTables() == []  # nothing is left behind


def test_the_manifest_names_the_engine_and_its_version(tmp_path: Path) -> None:
    asked = load_study(ROOT, "demo").model_copy(update={"engine": Engine(name="spark")})
    settings = asked.model_dump(mode="json")
    path = tmp_path / "manifest.json"
    manifest.write_manifest(tmp_path, path, inputs={}, outputs=[], settings=settings, stamp={})
    written = store.read_json(path)
    assert written["settings"]["engine"]["name"] == "spark"
    assert written["packages"]["pyspark"].startswith("4.")
