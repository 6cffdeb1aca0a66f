"""Tables too large for memory: every source gives the panel, and the errors, of the whole table."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from zgzx_research.did.estimate import estimate_effects, unit_influence
from zgzx_research.did.panel import read_table, sources
from zgzx_research.did.panel.panel_in_parts import PanelInParts
from zgzx_research.did.panel.parts import over_parts
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError

ROLES: dict[str, Any] = {"outcome": "y", "unit": "u", "period": "t", "first_treated": "g"}
UNITS, YEARS = 60, 6


def rows(gaps: float = 0.15) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    unit, year = np.repeat(np.arange(UNITS), YEARS), np.tile(2001 + np.arange(YEARS), UNITS)
    data = pd.DataFrame({"u": unit, "t": year})
    data["g"] = rng.choice([np.nan, 2003, 2004, 2009], UNITS)[unit]
    data["y"] = rng.normal(size=len(data)) + (data["t"] >= data["g"])
    data["w"], data["v"] = rng.uniform(0.5, 2, UNITS)[unit], rng.normal(size=len(data))
    data["x"], data["c"] = rng.normal(size=UNITS)[unit], "k" + pd.Series(unit % 12).astype(str)
    data["z"] = rng.choice(["a", "b", "c", None], UNITS, p=[0.4, 0.3, 0.25, 0.05])[unit]
    data.loc[rng.random(len(data)) < gaps / 4, "y"] = np.nan
    return data[rng.random(len(data)) >= gaps]


def as_text(data: pd.DataFrame) -> pd.DataFrame:
    start = data["g"].map(lambda g: None if np.isnan(g) else f"{g:.0f}年")
    return data.assign(t=data["t"].astype(str) + "年", g=start, u="公司" + data["u"].astype(str))


def as_dates(data: pd.DataFrame) -> pd.DataFrame:
    start = data["g"].map(lambda g: None if np.isnan(g) else f"{g:.0f}-06-30")
    return data.assign(t=pd.to_datetime(data["t"].astype(str) + "-06-30"), g=pd.to_datetime(start))


def shuffled(data: pd.DataFrame) -> pd.DataFrame:
    return data.sample(frac=1, random_state=1)


def a_file(data: pd.DataFrame, folder: Path) -> Path:
    data.to_parquet(folder / "rows.parquet", index=False)
    return folder / "rows.parquet"


def many_files(data: pd.DataFrame, folder: Path) -> str:
    for k in range(3):
        shuffled(data).iloc[k::3].to_parquet(folder / f"part{k}.parquet", index=False)
    return str(folder / "part*.parquet")


def a_folder(data: pd.DataFrame, folder: Path) -> Path:
    many_files(data, folder)
    return folder


def a_relation(data: pd.DataFrame, folder: Path) -> Any:
    return duckdb.connect().read_parquet(str(a_file(shuffled(data), folder)))


def a_reader(data: pd.DataFrame, folder: Path) -> pa.RecordBatchReader:
    table = pa.Table.from_pandas(shuffled(data), preserve_index=False)
    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=50))


def a_lazy_frame(data: pd.DataFrame, folder: Path) -> Any:
    return pytest.importorskip("polars").scan_parquet(a_file(shuffled(data), folder))


SOURCES: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "sorted file": a_file,
    "file": lambda data, folder: a_file(shuffled(data), folder),
    "pattern": many_files,
    "folder": a_folder,
    "relation": a_relation,
    "dataset": lambda data, folder: ds.dataset(a_folder(data, folder)),
    "reader": a_reader,
    "lazy frame of polars": a_lazy_frame,
}


@pytest.fixture
def too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing fits into memory, and blocks are small."""
    monkeypatch.setattr(sources, "IN_MEMORY", 10)
    monkeypatch.setattr(read_table, "BATCH", 37)


def in_parts(source: Any, **more: Any) -> PanelInParts:
    panel = prepare_panel(source, **ROLES | more)
    assert isinstance(panel, PanelInParts)
    return panel


def same(parts: PanelInParts, whole: Any, **options: Any) -> None:
    ours, theirs = estimate_effects(parts, **options), estimate_effects(whole, **options)
    np.testing.assert_allclose(ours.estimates, theirs.estimates, atol=1e-12)
    largest = np.abs(theirs.covariance).max()
    np.testing.assert_allclose(ours.covariance, theirs.covariance, atol=1e-12 * largest)
    pd.testing.assert_frame_equal(ours.ledger, theirs.ledger)
    pd.testing.assert_frame_equal(ours.cells, theirs.cells)


@pytest.mark.usefixtures("too_large")
@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_the_estimates_of_the_table(source: str, tmp_path: Path) -> None:
    data, more = rows(), {"weights": "w", "cluster": "c"}
    parts = in_parts(SOURCES[source](data, tmp_path), **more)
    same(parts, prepare_panel(data, **ROLES | more))


@pytest.mark.parametrize("source", SOURCES)
def test_what_fits_into_memory_is_a_panel_as_ever(source: str, tmp_path: Path) -> None:
    panel = prepare_panel(SOURCES[source](rows(), tmp_path), **ROLES)
    assert isinstance(panel, PreparedPanel)
    whole = prepare_panel(rows(), **ROLES)
    assert isinstance(whole, PreparedPanel)
    np.testing.assert_array_equal(panel.y, whole.y)
    pd.testing.assert_frame_equal(panel.ledger, whole.ledger)


@pytest.mark.usefixtures("too_large")
@pytest.mark.parametrize(
    ("change", "more"),
    [
        (as_text, {"cluster": "c"}),
        (as_dates, {}),
        (lambda data: data, {"gaps": "balance"}),
        (lambda data: data, {"gaps": "cross_section"}),
        (lambda data: data.sort_values("u"), {"unit": None, "gaps": "cross_section"}),
        (lambda data: data.astype({"u": float}), {"clock": "observed"}),
    ],
    ids=["text", "dates", "balance", "cross_section", "rows", "observed"],
)
@pytest.mark.parametrize("source", ["sorted file", "reader"])
def test_kinds_of_columns_and_gaps(
    change: Any, more: dict[str, Any], source: str, tmp_path: Path
) -> None:
    data = change(rows(0.05))
    if more.get("unit", "u") is None and source == "reader":
        return  # numbers of rows are those of the order they come in
    same(in_parts(SOURCES[source](data, tmp_path), **more), prepare_panel(data, **ROLES | more))


@pytest.mark.usefixtures("too_large")
@pytest.mark.parametrize(
    ("data", "more"),
    [
        (rows(0.0), {"covariates": ("x", "z")}),
        (rows(), {"covariates": ("x", "z", "v"), "gaps": "cross_section"}),
        (rows().assign(d=lambda d: 2 * d["x"] - 1), {"covariates": ("v", "x", "d")}),
        (rows().astype({"z": "category"}), {"covariates": ("z", "x")}),
        (as_text(rows()), {"covariates": ("v", "z"), "covariates_at": "earlier"}),
        (rows().assign(w=lambda d: np.exp(d["v"])), {"weights": "w"}),
    ],
    ids=["constant", "by row", "collinear", "category", "text", "weights"],
)
def test_covariates_and_weights_that_change(
    data: pd.DataFrame, more: dict[str, Any], tmp_path: Path
) -> None:
    whole, parts = prepare_panel(data, **ROLES | more), in_parts(a_file(data, tmp_path), **more)
    assert isinstance(whole, PreparedPanel)
    pd.testing.assert_frame_equal(parts.ledger, whole.ledger)
    assert parts.covariate_names == whole.covariate_names
    arrays = over_parts(parts, lambda part: [part], lambda one, other: [*one, *other])
    for name in ("y", "weights", "covariates"):
        ours, theirs = [getattr(part, name) for part in arrays], getattr(whole, name)
        if theirs is None:
            assert all(array is None for array in ours)
        else:
            np.testing.assert_array_equal(np.concatenate(ours), theirs)
    same(parts, whole, adjustment="doubly_robust" if parts.has_covariates else "none")


@pytest.mark.usefixtures("too_large")
@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.assign(u=d["u"].astype(float).where(d["u"] < 50)),
        lambda d: d.assign(t=d["t"].astype(float).where(d.index % 7 > 0)),
        lambda d: d.assign(y=d["y"].where(d["u"] > 20)),
        lambda d: d.assign(g=np.where(d["u"] == 3, 1999, d["g"])),
    ],
    ids=["units", "periods", "outcomes", "starts"],
)
@pytest.mark.parametrize("source", ["sorted file", "pattern"])
def test_blocks_of_which_nothing_is_left(change: Any, source: str, tmp_path: Path) -> None:
    data = change(rows(0.0))
    same(in_parts(SOURCES[source](data, tmp_path)), prepare_panel(data, **ROLES))


FAULTS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "twice": lambda d: pd.concat([d, d.iloc[[9, 200]]]).sort_values(["u", "t"], kind="stable"),
    "first_treated changes": lambda d: d.assign(g=d["g"].where(d["u"] % 25 > 0, d["t"] + 1.0)),
    "infinite": lambda d: d.assign(y=d["y"].where(d["u"] % 25 > 0, np.inf)),
    "cluster changes": lambda d: d.assign(c=d["c"].where(d["u"] % 25 > 0, d["t"].astype(str))),
    "cluster missing": lambda d: d.assign(c=d["c"].where(d["u"] % 25 > 0)),
    "weights": lambda d: d.assign(w=d["w"].where(d["u"] % 25 > 0, 0.0)),
    "periods": lambda d: d.assign(t=d["t"] + 0.5 * (d["u"] % 25 == 0)),
    "never as 0": lambda d: d.assign(g=d["g"].fillna(0)),
    "starts": lambda d: d.assign(g=d["g"] + 0.5 * (d["u"] % 25 == 0)),
    "covariate": lambda d: d.assign(x=d["x"].where(d["u"] % 25 > 0, np.inf)),
    "text": lambda d: as_text(d).assign(t=lambda e: e["t"].where(e["u"] != "公司7", "2004-03")),
    "nothing": lambda d: d.assign(y=np.nan),
    "all early": lambda d: d.assign(g=2001.0),
    "column": lambda d: d.drop(columns="c"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_errors_are_those_of_the_whole_table(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = FAULTS[fault](rows(0.0))
    more = {"weights": "w", "cluster": "c", "covariates": ("x",)}
    messages = []
    for source in (data, a_file(data, tmp_path), a_file(data, tmp_path)):
        with pytest.raises(ZgzxError) as caught:
            prepare_panel(source, **ROLES | more)
        messages.append(str(caught.value))
        monkeypatch.setattr(sources, "IN_MEMORY", 10)
        monkeypatch.setattr(read_table, "BATCH", 37)
    assert len(set(messages)) == 1, messages


@pytest.mark.usefixtures("too_large")
def test_what_needs_all_units_says_so(tmp_path: Path) -> None:
    parts = in_parts(a_file(rows(), tmp_path))
    with pytest.raises(ZgzxError, match="need a panel in memory, and this one is in parts"):
        unit_influence(parts)  # type: ignore[arg-type]
    with pytest.raises(ZgzxError, match="needs all units in memory, and the panel is in parts"):
        np.isnan(parts.y)  # type: ignore[attr-defined]
    assert not hasattr(parts, "nothing")


@pytest.mark.usefixtures("too_large")
def test_files_of_parts_go_with_the_panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    parts = in_parts(SOURCES["relation"](rows(), tmp_path))
    estimate_effects(parts)
    assert len(list(scratch.iterdir())) == 1
    del parts
    gc.collect()
    assert not list(scratch.iterdir())
    with pytest.raises(ZgzxError):
        in_parts(a_file(FAULTS["twice"](rows(0.0)), tmp_path))
    gc.collect()
    assert not list(scratch.iterdir())


def test_a_spark_frame_without_pyspark_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type("DataFrame", (SimpleNamespace,), {"__module__": "pyspark.sql.dataframe"})
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(ZgzxError, match=r"pip install zgzx-research\[spark\].*Java 17"):
        prepare_panel(kind(mapInArrow=None), **ROLES)
