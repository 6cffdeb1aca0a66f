"""No name, ID or phone of a person, and no key, in anything a run leaves behind."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

pytestmark = pytest.mark.slow
LONG = re.compile(r"990000\d{11}[\dX]|1990000\d{4}")  # resident IDs and phones of the synthetic world


def raw_names(project: Path) -> set[str]:
    """Every person's name in the raw files, without padding."""
    names: set[str] = set()
    raw = project / "data/raw/demo/raw"
    for path in (raw / "employment").glob("*.csv"):
        names |= set(pd.read_csv(path, encoding="utf-8-sig", dtype=str)["姓名"].dropna())
    for path in (raw / "roster").glob("*.xlsx"):
        for row in load_workbook(path, read_only=True).active.iter_rows(values_only=True):
            names |= {
                name for cell in row if isinstance(cell, str) for name in cell.split("、") if name.startswith("拟")
            }
    return {re.sub(r"\s", "", name) for name in names if len(re.sub(r"\s", "", name)) >= 2}


def words(text: str) -> set[str]:
    """Every run of two to four Chinese characters, wherever it stands in a sentence."""
    runs = re.findall(r"[\u3400-\u9fff]{2,}", text)
    return {run[at : at + size] for run in set(runs) for size in (2, 3, 4) for at in range(len(run) - size + 1)}


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Everything readable in a folder: text files, Parquet cells, members of Office files."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
            columns = [
                table[name].dropna().astype(str).unique() for name in table if table[name].dtype in ("str", object)
            ]
            yield path.name, "\n".join(value for column in columns for value in column)
        elif path.suffix in {".xlsx", ".docx"}:
            with zipfile.ZipFile(path) as archive:
                yield path.name, "\n".join(archive.read(name).decode("utf-8", "ignore") for name in archive.namelist())
        elif path.suffix != ".pdf":
            yield path.name, path.read_text(encoding="utf-8", errors="ignore")


def test_nothing_personal_is_left_behind(built: Path) -> None:
    names = raw_names(built)
    assert len(names) > 1000
    found = []
    checked = 0
    for folder in ("data/work", "reports"):
        for name, text in texts(built / folder):
            checked += 1
            if LONG.search(text):
                found.append((name, "ID or phone"))
            if words(text) & names:
                found.append((name, "name"))
    assert checked > 40
    assert found == []


def test_the_scan_would_see_a_planted_name(built: Path, tmp_path: Path) -> None:
    name = sorted(raw_names(built))[0]
    pd.DataFrame({"text": [f"由{name}填写"]}).to_parquet(tmp_path / "planted.parquet")
    (tmp_path / "run.log").write_text("990000199001011234", encoding="utf-8")
    seen = dict(texts(tmp_path))
    assert name in words(seen["planted.parquet"])
    assert LONG.search(seen["run.log"])
