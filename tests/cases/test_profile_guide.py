"""docs/profiles.md, carried out.

Its nine-line profile reads its file, and its tables are what the program knows.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from zgzx_research.cleaning import (
    clean_employment,
    clean_patents,
    clean_programmes,
    clean_registry,
    clean_roster,
)
from zgzx_research.cleaning.sources import CLEANERS, clean
from zgzx_research.ingest.profile import FOLDER, KEYS, load_profiles
from zgzx_research.ingest.read import RawTable, read_raw

GUIDE = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert found
    return found[1]


def lines_below(heading: str) -> list[list[str]]:
    """The rows of the first table whose header begins with these cells."""
    table = GUIDE[GUIDE.index(heading) :].split("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
    ]


@pytest.fixture
def table(tmp_path: Path) -> RawTable:
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    for path in FOLDER.glob("*.toml"):  # beside all that are known, as the guide says
        (profiles / path.name).write_bytes(path.read_bytes())
    (profiles / "patents_office.toml").write_text(block("toml"), encoding="utf-8")
    (tmp_path / "patents").mkdir()
    (tmp_path / "patents" / "office.csv").write_text(block("csv"), encoding="utf-8")
    (found,) = read_raw(tmp_path, "patents", load_profiles(profiles))
    return found


def test_the_profile_has_nine_lines() -> None:
    assert len(block("toml").splitlines()) == 9


def test_rows_become_what_the_guide_says(table: RawTable) -> None:
    assert table.profile.name == "patents_office"
    kinds = dict(table.non_data_rows) | dict.fromkeys(table.numbers.tolist(), "record")
    assert [[str(row), kinds[row]] for row in sorted(kinds)] == lines_below(
        "| row | what becomes of it |"
    )


def test_patents_become_what_the_guide_says(table: RawTable) -> None:
    cleaned = clean([table], "patents", key=b"k" * 16)
    parties = cleaned.tables["patent_party"].groupby("app_no").size()
    patent = cleaned.tables["patent"]
    assert cleaned.quarantine["row_lost"].sum() == 0
    assert [
        [row.app_no, f"{pd.Timestamp(row.filed):%Y-%m-%d}", str(parties[row.app_no])]
        for row in patent.itertuples()
    ] == lines_below("| app_no | filed | parties |")


@pytest.mark.parametrize(
    "module",
    [clean_roster, clean_registry, clean_employment, clean_patents, clean_programmes],
)
def test_the_names_of_columns_are_those_of_the_cleaning(module: object) -> None:
    source = module.__name__.rpartition("clean_")[2]  # type: ignore[attr-defined]
    said = [
        (needed, others)
        for name, needed, others in lines_below("| source | needed |")
        if name == source
    ]
    layouts = module.LAYOUTS.values()  # type: ignore[attr-defined]
    assert sorted(said) == sorted(
        (" ".join(one.needs), " ".join(sorted(set(one.others) - set(one.needs)))) for one in layouts
    )


def test_every_source_and_every_key_is_explained() -> None:
    assert {line[0] for line in lines_below("| source | needed |")} == set(CLEANERS)
    explained = set(re.findall(r"`\[?(\w+)\]?`", GUIDE))
    assert explained >= KEYS
