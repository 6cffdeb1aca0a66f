"""The synthetic world: same seed same bytes, identities of nobody, dirt, and a separate truth."""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2
from tiny_worlds import SEED, tiny_world

from zgzx_research.errors import ZgzxError
from zgzx_research.simulate import write
from zgzx_research.simulate.world import identities
from zgzx_research.simulate.world.constants import FOLDER, Order
from zgzx_research.simulate.world.model import World, simulate_world
from zgzx_research.simulate.world.random_draws import exact_kinds, stream
from zgzx_research.simulate.write import write_world

pytestmark = pytest.mark.slow  # together more than five seconds

ROOT = Path(__file__).parents[3]
FIRMS = 1500
OUTCOMES = {"patents_invention", "patents_utility_model", "patents_design", "retention"}


@pytest.fixture(scope="module")
def null() -> World:
    return tiny_world("null")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("one") / "world"
    write_world(path, seed=SEED)
    return path


def read(path: Path, encoding: str = "utf-8-sig") -> pd.DataFrame:
    return pd.read_csv(path, dtype="str", encoding=encoding, keep_default_na=False)


@pytest.fixture(scope="module")
def registry(folder: Path) -> pd.DataFrame:
    return read(folder / "raw/registry/registry.csv", "gb18030")


def content(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def treated_cells(world: World, outcome: str) -> pd.DataFrame:
    """Return winners' firm-years with `event_year`, category and edition of the first award."""
    first = world.truth["award"].sort_values("edition").drop_duplicates("firm_id")
    cells = world.truth["firm_year"].query("outcome == @outcome")
    cells = cells.merge(first.rename(columns={"year": "award_year"}), on="firm_id")
    return cells.assign(event_year=cells["year"] - cells["award_year"])


# --- the same bytes
# -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The same world written in another time zone and locale, and the steps reported."""
    path, told = tmp_path_factory.mktemp("deep") / "other name", []
    path.mkdir()
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Pacific/Kiritimati")
        elsewhere.setenv("LC_ALL", "tr_TR.UTF-8")
        time.tzset()
        write_world(path, seed=SEED, progress=told.append)
    time.tzset()
    return path, told


@pytest.mark.slow
def test_same_seed_same_bytes_elsewhere_and_later(
    folder: Path, again: tuple[Path, list[str]]
) -> None:
    assert content(again[0]) == content(folder)


@pytest.mark.slow
def test_another_seed_gives_another_world(world: World) -> None:
    other = simulate_world(Order("calibrated", "tiny", SEED + 1))
    assert not other.firm["name"].isin(world.firm["name"]).any()
    assert not other.truth["firm_year"].equals(world.truth["firm_year"])


@pytest.mark.slow
def test_scenarios_of_one_seed_share_all_but_the_effects(world: World, null: World) -> None:
    for name in ("firm", "entry", "edition"):
        pd.testing.assert_frame_equal(getattr(world, name), getattr(null, name))
    cells = (
        world.truth["firm_year"]
        .assign(null=null.truth["firm_year"]["mu0"])
        .query("outcome != 'retention'")
    )
    began = cells["firm_id"].map(world.entry.groupby("firm_id")["year"].min())
    takes_part = (cells["year"] >= began) & (cells["outcome"] == "patents_invention")
    assert cells.loc[~takes_part, "mu0"].equals(cells.loc[~takes_part, "null"].rename("mu0"))
    merged = cells["firm_id"].isin(world.truth["firm_event"]["into_firm_id"].dropna())
    gained = cells[takes_part & ~merged & (cells["null"] > 0.1)]
    assert np.allclose(
        gained["mu0"] / gained["null"], math.exp(0.02), rtol=2e-5
    )  # who takes part learns, award or not


@pytest.mark.slow
def test_every_raw_file_is_marked_as_synthetic(folder: Path) -> None:
    mark = json.loads((folder / "raw/SYNTHETIC.json").read_text(encoding="utf-8"))
    found = content(folder / "raw")
    del found["SYNTHETIC.json"]
    assert set(mark) == {"notice", "files"}
    assert mark["files"] == {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}
    assert len([name for name in found if name.startswith("roster/")]) == 12


# --- identities
# --------------------------------------------------------------------------------------------------


def test_check_characters_of_published_examples() -> None:
    # CNIPA: 200310102344.5; GB 32100: 91350100M000100Y43; GB 11643: 11010519491231002X
    assert identities.application_checks(np.asarray(["200310102344"], dtype=object))[0] == "5"
    total = identities.weighted_sums(
        np.asarray(["91350100M000100Y4"]), identities.CREDIT_WEIGHTS, identities.CREDIT_ALPHABET
    )
    assert (31 - total[0] % 31) % 31 == 3
    born = np.asarray(["1949-12-31"], dtype="datetime64[D]")
    assert identities.resident_ids(born, np.asarray([True]))[0][:17] == "99000019491231001"
    digits = identities.weighted_sums(
        np.asarray(["11010519491231002"]), identities.RESIDENT_WEIGHTS, "0123456789"
    )
    assert identities.RESIDENT_CHECKS[digits[0] % 11] == "X"


def test_credit_codes_pass_both_checks_and_belong_to_nobody(world: World) -> None:
    codes = world.firm["uscc"]
    assert codes.is_unique
    weights = [3, 7, 9, 10, 5, 8, 4, 2]
    for code in codes:
        assert uscc.is_valid(code)
        assert code[2:8] == "449900"
        values = [
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(character) for character in code[8:16]
        ]
        remainder = 11 - sum(v * w for v, w in zip(values, weights, strict=True)) % 11
        assert code[16] == {10: "X", 11: "0"}.get(remainder, str(remainder))


def test_people_belong_to_nobody(world: World) -> None:
    worker = world.worker
    assert worker["resident_id"].is_unique
    assert worker["insurance_no"].is_unique
    assert worker["resident_id"].str.fullmatch(r"990000\d{11}[\dX]").all()
    assert all(mod_11_2.is_valid(number) for number in worker["resident_id"])
    assert (worker["resident_id"].str[6:14] == worker["born"].dt.strftime("%Y%m%d")).all()
    assert worker["phone"].str.fullmatch(r"1990000\d{4}").all()
    assert worker["name"].str.fullmatch("..?拟..?").all()
    assert worker["name"].duplicated().any(), "homonyms are part of the problem"


def test_application_numbers_are_valid_and_unique(world: World) -> None:
    patent = world.patent
    assert patent["app_no"].is_unique
    parts = patent["app_no"].str.extract(r"^CN(?P<year>\d{4})(?P<kind>[123])9\d{6}\.[\dX]$")
    assert (parts["year"].astype(int) == patent["filed"].dt.year).all()
    assert (
        parts["kind"].map({"1": "invention", "2": "utility_model", "3": "design"}) == patent["type"]
    ).all()
    for number in patent["app_no"].head(500):
        value = sum(int(digit) * (2 + place % 8) for place, digit in enumerate(number[2:14])) % 11
        assert number[15] == ("X" if value == 10 else str(value))


def test_firm_names_are_unique(world: World) -> None:
    assert world.firm["name"].is_unique
    assert world.firm["core"].is_unique


# --- rows
# --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_row_counts_add_up(world: World, registry: pd.DataFrame) -> None:
    assert len(registry) == FIRMS + 15  # 1 % twice
    assert len(world.spell) == len(world.truth["spell"])
    assert len(world.truth["patent"]) == world.patent["seen"].sum()


@pytest.mark.slow
def test_every_row_of_patents_has_a_record(folder: Path, world: World) -> None:
    seen = world.truth["patent"]
    granted = (seen["type"] == "invention") & seen["granted"].notna()
    record = pd.read_parquet(folder / "truth/record.parquet").query("source == 'patents'")
    assert len(record) == len(seen) + granted.sum()
    written = sorted(
        path.relative_to(folder / "raw").as_posix() for path in (folder / "raw/patents").iterdir()
    )
    assert sorted(record["file"].unique()) == written


@pytest.mark.slow
def test_the_registry_has_the_agencys_header(registry: pd.DataFrame) -> None:
    assert ",".join(registry) == (
        "统一社会信用代码,企业名称,曾用名,注册号,企业类型,注册资本,成立日期,核准日期,经营状态,注销日期,登记机关,所属街道,住所,"
        "行业代码,从业人数,企业规模,高新技术企业"
    )


def test_scale_of_the_tiny_world(world: World) -> None:
    award = world.truth["award"]
    names = world.award.groupby("edition").size()
    assert 90 <= award["firm_id"].nunique() <= 150
    assert names.between(20, 41).all()  # 8 and 3 teams of 4; 9 and 4 teams of 8
    assert 5500 <= len(world.worker) <= 6500
    stars = world.entry[world.entry["outcome"] == "获奖"].groupby("edition").size()
    assert stars.tolist() == [13] * 9 + [11] * 3


# --- dirt
# --------------------------------------------------------------------------------------------------


def test_exact_kinds_are_exact() -> None:
    kinds = exact_kinds(stream(1, "x"), 1000, [0.08, 0.0101, 0.0])
    assert Counter(kinds.tolist()) == {0: 1000 - 80 - 11, 1: 80, 2: 11}


# --- truth
# --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_truth_is_in_a_folder_of_its_own_and_names_nobody(folder: Path, world: World) -> None:
    assert not list((folder / "raw").rglob("*.parquet"))
    assert {path.name for path in folder.iterdir()} == {"raw", "truth"}
    for path in (folder / "raw").rglob("*.csv"):
        assert not re.search(rb"\bT\d{6}\b|\bP\d{7}\b", path.read_bytes())
    truth = {path.stem: pd.read_parquet(path) for path in (folder / "truth").glob("*.parquet")}
    assert set(truth) == {
        "firm_year",
        "firm",
        "firm_name",
        "firm_event",
        "award",
        "spell",
        "patent",
        "worker_final",
        "record",
        "entry",
        "programme",
        "member",
    }
    people = (
        set(world.worker["name"])
        | set(world.worker["resident_id"])
        | set(world.worker["insurance_no"])
    )
    for table in truth.values():
        texts = table.select_dtypes("str")
        assert not any(texts[column].isin(people).any() for column in texts)
    assert list(truth["firm_year"]) == ["firm_id", "year", "outcome", "mu0", "mu1", "observed"]
    assert len(truth["firm_year"]) == FIRMS * 16 * len(OUTCOMES)
    assert set(truth["firm_year"]["outcome"]) == OUTCOMES


@pytest.mark.slow
def test_null_has_no_effect_at_all(null: World) -> None:
    table = null.truth["firm_year"]
    assert table["mu0"].equals(table["mu1"])
    assert null.truth["award"]["firm_id"].nunique() > 90


@pytest.mark.slow
def test_scenarios_order_the_effects() -> None:
    sums = {}
    for scenario in ("harm", "calibrated", "teaching"):
        cells = treated_cells(tiny_world(scenario), "retention").query("event_year >= 1")
        sums[scenario] = (cells["mu1"] - cells["mu0"]).mean()
    assert sums["harm"] < 0 < sums["calibrated"] < 2 * sums["calibrated"] < sums["teaching"]


def test_observed_patents_are_missing_before_founding_and_zero_after_closure(
    world: World,
) -> None:
    table = world.truth["firm_year"].query("outcome == 'patents_utility_model'")
    patent = world.truth["patent"].query("type == 'utility_model' and counts")
    assert len(patent) < (world.truth["patent"]["type"] == "utility_model").sum(), (
        "second filings, and outsiders'"
    )
    assert table["observed"].sum() == len(patent)
    busiest = patent["firm_id"].value_counts().index[0]
    counts = Counter(patent.loc[patent["firm_id"] == busiest, "filed"].dt.year)
    own = table[table["firm_id"] == busiest].set_index("year")["observed"].dropna()
    assert own.to_dict() == {year: counts.get(year, 0) for year in own.index}
    life = table.merge(world.firm[["firm_id", "founded", "closed"]], on="firm_id")
    assert (life["observed"].isna() == (life["year"] < life["founded"].dt.year)).all()
    gone = life[life["year"] > life["closed"].dt.year]
    assert len(gone) > 50
    assert (gone[["observed", "mu0", "mu1"]] == 0).all(axis=None)


def test_nothing_is_published_before_filing_or_after_the_export(world: World) -> None:
    seen = world.truth["patent"]
    assert (seen["published"] > seen["filed"]).all()
    assert (seen["published"] <= pd.Timestamp("2026-03-31")).all()
    assert (seen["granted"].dropna() <= pd.Timestamp("2026-03-31")).all()
    assert len(seen) < len(world.patent), "the last filings are not out yet"


# --- asking wrongly, and the constants
# ------------------------------------------------------------------------------


def test_a_used_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(ZgzxError, match="not empty"):
        write_world(tmp_path)
    with pytest.raises(ZgzxError, match="not empty"):
        write_world(tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.slow
def test_an_empty_folder_is_accepted_and_steps_are_reported(again: tuple[Path, list[str]]) -> None:
    path, steps = again
    assert (path / "raw/SYNTHETIC.json").is_file()
    assert steps[0] == "drawing the world: calibrated, tiny, seed 7"
    assert steps[-1] == "patents"


@pytest.mark.slow
def test_nothing_is_left_half_written(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(write, "simulate_world", lambda *_: world)
    monkeypatch.setitem(write.WRITERS, "scores", fail)  # the rosters are written by then
    with pytest.raises(OSError, match="disk full"):
        write_world(tmp_path / "new", seed=SEED)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("scenario", "size", "seed", "what"),
    [
        ("wonder", "tiny", 1, "unknown scenario"),
        ("null", "huge", 1, "unknown size"),
        ("null", "tiny", -1, "negative"),
    ],
)
def test_wrong_requests_are_refused(scenario: str, size: str, seed: int, what: str) -> None:
    with pytest.raises(ZgzxError, match=what):
        simulate_world(Order(scenario, size, seed))


def test_every_constant_has_value_unit_reason_and_source() -> None:
    def leaves(node: dict, path: str) -> list[tuple[str, dict]]:
        if not all(isinstance(below, dict) for below in node.values()):
            return [(path, node)]
        return [leaf for name, below in node.items() for leaf in leaves(below, f"{path}.{name}")]

    found = leaves(tomllib.loads((FOLDER / "world.toml").read_text(encoding="utf-8")), "")
    assert len(found) > 80
    for path, leaf in found:
        assert set(leaf) == {"value", "unit", "reason", "source"}, path
        assert all(leaf[part] for part in ("unit", "reason", "source")), path


def test_the_calendar_is_the_published_one() -> None:
    published = pd.read_csv(
        ROOT / "data/published/edition_calendar.csv", parse_dates=["final_date"]
    )
    assert list(published) == ["edition", "year", "final_date", "status", "source"]
    assert published["edition"].tolist() == list(range(1, 13))
    sourced = published[published["status"] == "source"].set_index("edition")["year"]
    assert sourced.to_dict() == {1: 2012, 9: 2021, 10: 2023, 12: 2025}
    assert set(published["status"]) == {"source", "assumption"}
    assert not {2020, 2022} & set(published["year"])
    assert published["source"].str.len().min() > 0
    own = tiny_world("null").edition
    assert (own["final_date"] == published["final_date"]).all()
    assert (own["year"] == published["year"]).all()
