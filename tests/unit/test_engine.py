"""Which engine runs, and what is said where Spark cannot start; no Spark is needed here."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pandas as pd
import pytest

from zgzx_research.engine import DUCKDB, Engine, check_engine, connect
from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline import run
from zgzx_research.pipeline.check import check_study
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.steps.data import engine_of
from zgzx_research.spark_tables import java_version
from zgzx_research.study import Study, load_study

ROOT = Path(__file__).parents[2]
SPARK = Engine("spark")


def study_with(engine: dict[str, object]) -> Study:
    study = load_study(ROOT, "demo")
    return Study.model_validate(study.model_dump(mode="json") | {"engine": engine})


def java(folder: Path, said: str) -> None:
    """A Java that only says its version, as Java does, on stderr."""
    script = folder / "bin" / "java"
    script.parent.mkdir()
    script.write_text(f"#!/bin/sh\necho '{said}' >&2\n", encoding="utf-8")
    script.chmod(0o755)


def test_duckdb_needs_nothing_and_is_the_default() -> None:
    check_engine(DUCKDB)
    assert engine_of(load_study(ROOT, "demo")) == DUCKDB


def test_without_pyspark_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ZgzxError, match=r"pip install zgzx-research\[spark\]"):
        check_engine(SPARK)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_392"', 8),
        ('openjdk version "21" 2023-09-19', 21),
        ("Unrecognized option", 0),
    ],
)
def test_the_version_of_java_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, version: int
) -> None:
    java(tmp_path, said)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert java_version() == version


@pytest.mark.parametrize(
    ("said", "message"),
    [('java version "1.8.0_392"', "Java 8 is too old"), (None, "there is no Java")],
)
def test_a_run_stops_before_any_work_where_java_is_missing_or_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str | None, message: str
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if said:
        java(tmp_path, said)
    asked = study_with({"name": "spark"})
    place = Place(tmp_path, "demo", tmp_path)
    monkeypatch.setattr(run, "open_study", lambda root, name: (place, asked, {}))
    with pytest.raises(ZgzxError, match=f"{message}; Spark needs Java 17 or later"):
        run.run_study(tmp_path, "demo", "build", say=print)
    made = [path.name for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert made == ["run_log.jsonl"]  # which says that the run was refused


def test_a_check_names_what_spark_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    text = (ROOT / "studies/demo.toml").read_text(encoding="utf-8")
    (tmp_path / "studies").mkdir()
    shutil.copytree(ROOT / "data/published", tmp_path / "data/published")
    study = tmp_path / "studies/demo.toml"
    study.write_text(f'{text}\n[engine]\nname = "spark"\n', encoding="utf-8")
    problems = [str(problem) for problem in check_study(tmp_path, "demo").problems]
    assert [problem for problem in problems if "PySpark is not installed" in problem]


def test_options_of_a_study_file_become_text_as_spark_writes_it() -> None:
    options = {"spark.speculation": True, "spark.sql.shuffle.partitions": 64}
    asked = study_with({"name": "spark", "spark": {"master": "yarn", "options": options}})
    written = {"spark.speculation": "true", "spark.sql.shuffle.partitions": "64"}
    assert engine_of(asked) == Engine("spark", "yarn", written)


def test_the_engine_is_no_part_of_the_stamp_of_reports() -> None:
    place = Place(ROOT, "demo", ROOT)
    stamps = [run._stamp(place, study_with({"name": name}), []) for name in ("duckdb", "spark")]
    assert stamps[0] == stamps[1]


def test_a_kept_table_takes_the_place_of_an_earlier_one() -> None:
    with connect() as tables:
        for number in (1, 2):
            kept = tables.kept(tables.lazy(pd.DataFrame({"n": [number]})), "rows")
            assert tables.collect(kept, by=["n"])["n"].tolist() == [number]
