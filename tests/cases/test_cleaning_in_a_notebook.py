"""The cleaning half as a student calls it: one source in three lines, two panels in eight."""

from __future__ import annotations

import importlib
from pathlib import Path

import pandas as pd
import pytest
from small_study import NAME, World, make_small_study

import zgzx_research as zr
from zgzx_research.pipeline.place import PANEL_TABLES, Place
from zgzx_research.pipeline.steps import data
from zgzx_research.study import load_study

KEY_BYTES = b"k" * 32


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_study(tmp_path_factory.mktemp("notebook"))


@pytest.fixture(scope="module")
def folder(project: Path) -> Path:
    return project / "data/raw" / NAME


@pytest.mark.slow
def test_one_roster_in_three_lines(folder: Path) -> None:
    raw = zr.read_raw(str(folder), "roster")
    cleaned = zr.clean(raw, "roster", key=KEY_BYTES)
    winners = cleaned.tables["roster"]

    assert winners.groupby("edition").size().to_dict() == {9: 8, 10: 8}
    assert raw.summary()["rows"].sum() == len(winners) == 16
    assert cleaned.quarantine.empty
    assert sum(int(line["kept"]) for line in cleaned.ledger) == 16


def test_results_show_counts_and_no_personal_text(folder: Path) -> None:
    raw = zr.read_raw(folder, "roster")
    cleaned = zr.clean(raw, "roster", key=KEY_BYTES)
    shown = [repr(raw), raw._repr_html_(), repr(raw[0]), repr(cleaned), cleaned._repr_html_()]

    world = World()
    personal = [*world.names, *world.ids, *world.firms]
    assert not [text for text in personal if any(text in one for one in shown)]
    assert "roster/001" in shown[0] and "roster/001" in shown[1]
    assert all("16" in one for one in shown[3:])


@pytest.mark.study
def test_both_panels_in_eight_lines_equal_those_of_the_pipeline(
    project: Path, folder: Path
) -> None:
    sources = ("roster", "registry", "employment", "patents", "scores", "programmes")
    tables = {}
    for source in sources:
        tables |= zr.clean(zr.read_raw(folder, source), source, key=KEY_BYTES).tables
    firms = zr.link_firms(tables)
    people = zr.link_people(tables, firms)
    firm_year = zr.build_firm_year(tables, firms, people, first_year=2019, last_year=2024)
    worker_final = zr.build_worker_final(tables, firms, people)

    place = Place(project, NAME, folder)
    for source in sources:
        data.clean(place, source, KEY_BYTES)
    data.link(place)
    study = load_study(project, NAME)
    data.panels(place, study)
    made = {name: pd.read_parquet(place.stage("panels", name)[0]) for name in PANEL_TABLES}
    dated_counts = [name for name in worker_final if name.startswith("inventions_")]
    pd.testing.assert_frame_equal(
        worker_final.drop(columns=dated_counts), made["worker_final"].drop(columns=dated_counts)
    )
    entries = zr.build_firm_entries(tables, firms, people)
    pd.testing.assert_frame_equal(entries, made["firm_entries"])
    flags = [name for name in firm_year if name.endswith("_complete")]
    pd.testing.assert_frame_equal(
        firm_year.drop(columns=flags), made["firm_year"].drop(columns=flags)
    )

    dated = zr.build_firm_year(
        tables,
        firms,
        people,
        first_year=2019,
        last_year=2024,
        patent_truncation=study.patents.truncation,
    )
    pd.testing.assert_frame_equal(dated, made["firm_year"])
    dated_final = zr.build_worker_final(
        tables, firms, people, patent_truncation=study.patents.truncation
    )
    pd.testing.assert_frame_equal(dated_final, made["worker_final"])
    assert "60 firms" in repr(firms) and "480 workers" in repr(people)


def test_clean_stays_a_function_when_its_folder_is_imported() -> None:
    importlib.import_module("zgzx_research.cleaning.values")
    assert callable(zr.clean)
    assert zr.clean.__module__ == "zgzx_research.cleaning.sources"


def test_tables_of_another_source_are_an_error(folder: Path) -> None:
    raw = zr.read_raw(folder, "registry")
    with pytest.raises(
        zr.ZgzxError, match=r"the raw tables are not of the source roster.*the same"
    ):
        zr.clean(raw, "roster", key=KEY_BYTES)


def test_an_unknown_source_and_an_empty_folder_are_errors(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(zr.ZgzxError, match=r"no profile for the source payroll.*Known sources"):
        zr.read_raw(folder, "payroll")
    with pytest.raises(zr.ZgzxError, match=r"no file of the source roster.*Put the files there"):
        zr.read_raw(tmp_path, "roster")


def test_a_short_key_is_an_error(folder: Path) -> None:
    raw = zr.read_raw(folder, "roster")
    with pytest.raises(zr.ZgzxError, match=r"has 5 bytes, fewer than 16.*key=b'synthetic'"):
        zr.clean(raw, "roster", key=b"short")


def test_firms_need_a_registry() -> None:
    with pytest.raises(zr.ZgzxError, match="no registry among the clean tables"):
        zr.link_firms({})


def test_the_calendar_of_the_package_is_the_published_one() -> None:
    root = Path(__file__).parents[2]
    copy = root / "zgzx_research/link/edition_calendar.csv"
    assert copy.read_bytes() == (root / "data/published/edition_calendar.csv").read_bytes()
