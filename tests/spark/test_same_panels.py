"""One word in the study file changes the engine, and not a byte of what is made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.conftest import make_project, run, sketched_pages, tree_bytes
from zgzx_research.pipeline import store

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="module")
def by_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has been run with DuckDB, with sketched pages."""
    project = make_project(tmp_path_factory.mktemp("engines") / "project")
    with sketched_pages():
        run(project)
    return project


def made(project: Path) -> dict[str, bytes]:
    """Links, panels, facts and reports."""
    work = project / "data/work/demo"
    folders = (work / "link", work / "panels", work / "facts", project / "reports")
    return {
        f"{folder.name}/{name}": content
        for folder in folders
        for name, content in tree_bytes(folder).items()
    }


@pytest.mark.slow
def test_another_engine_makes_the_same_bytes(by_duckdb: Path, spark: SparkSession) -> None:
    """Links and panels are made anew; they are the same, so no page and no report is."""
    expected = made(by_duckdb)
    study = by_duckdb / "studies/demo.toml"
    text = study.read_text(encoding="utf-8")
    study.write_text(f'{text}\n[engine]\nname = "spark"\n', encoding="utf-8")
    with sketched_pages():
        done = run(by_duckdb)
    assert set(done.ran) == {"link", "panels", "manifest"}
    found = made(by_duckdb)
    assert sorted(found) == sorted(expected)
    assert [name for name in found if found[name] != expected[name]] == []
    assert {"link/employment.parquet", "panels/firm_year.parquet"} <= found.keys()
    manifest = store.read_json(by_duckdb / "data/work/demo/manifest.json")
    assert manifest["settings"]["engine"]["name"] == "spark"
    assert manifest["packages"]["pyspark"].startswith("4.")
    assert spark.catalog.listTables() == []  # nothing is left behind
