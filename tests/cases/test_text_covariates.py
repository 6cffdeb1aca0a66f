"""Covariates as text and categories, columns named by numbers, unit names written in two ways."""

from __future__ import annotations

import unicodedata
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import zgzx_research as zr
from zgzx_research.errors import ZgzxError, ZgzxWarning

ROLES: dict[str, Any] = {"outcome": "y", "unit": "unit", "period": "t", "first_treated": "first"}
REGIONS = ("east", "north", "south")


def panel(units: int = 90) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [
        (u, 2010 + t, [2012, 2014, np.nan][u % 3], REGIONS[u // 3 % 3])
        for u in range(units)
        for t in range(6)
    ]
    data = pd.DataFrame(rows, columns=["unit", "t", "first", "region"])
    data["size"] = rng.normal(size=units)[data["unit"]]
    return data.assign(
        y=rng.normal(size=len(data)) + (data["region"] == "south") * (data["t"] - 2010)
    )


def dummies(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(
        north=(data["region"] == "north") * 1.0, south=(data["region"] == "south") * 1.0
    )


def estimates(data: Any, covariates: tuple, **roles: Any) -> np.ndarray:
    prepared = zr.prepare_panel(data, **(ROLES | roles), covariates=covariates)
    return zr.estimate_effects(prepared, adjustment="doubly_robust").estimates


@pytest.mark.parametrize("written", ["text", "object", "category", "arrow"])
def test_text_is_one_column_per_level(written: str) -> None:
    data = panel()
    kinds = {"text": "str", "object": object, "category": "category", "arrow": "string[pyarrow]"}
    typed = data.astype({"region": kinds[written]})
    prepared = zr.prepare_panel(typed, **ROLES, covariates=("region", "size"))
    assert prepared.covariate_names == ("region[north]", "region[south]", "size")
    row = prepared.ledger.set_index("reason").loc[
        "text covariate: one column per level, held against the level named"
    ]
    assert row["examples"] == ("region[east]",)
    wanted = estimates(dummies(data), ("north", "south", "size"))
    np.testing.assert_allclose(estimates(typed, ("region", "size")), wanted)


def test_parquet(tmp_path: Path) -> None:
    data = panel()
    data.to_parquet(tmp_path / "panel.parquet")
    wanted = estimates(dummies(data), ("north", "south"))
    np.testing.assert_allclose(estimates(tmp_path / "panel.parquet", ("region",)), wanted)


def test_the_first_category_is_left_out() -> None:
    data = panel()
    ordered = pd.Categorical(data["region"], categories=["south", "nowhere", "east", "north"])
    prepared = zr.prepare_panel(data.assign(region=ordered), **ROLES, covariates=("region",))
    assert prepared.covariate_names == ("region[east]", "region[north]")


def test_a_level_that_changes_and_a_missing_one() -> None:
    data = panel()
    data.loc[3, "region"] = "north"  # unit 0 moves in 2013
    prepared = zr.prepare_panel(data, **ROLES, covariates=("region",))
    assert prepared.covariates.shape == (90, 6, 2)
    assert prepared.covariates[0, :, 0].tolist() == [0, 0, 0, 1, 0, 0]
    data["region"] = data["region"].mask(data["unit"] == 7)
    lost = (
        zr.prepare_panel(data, **ROLES, covariates=("region",))
        .ledger.set_index("reason")
        .loc["covariate missing"]
    )
    assert (lost["units"], lost["examples"]) == (1, ("7",))


def test_text_that_names_units_or_holds_numbers_is_refused() -> None:
    data = panel(600).assign(
        name=lambda d: "firm " + d["unit"].astype(str), size=lambda d: d["size"].astype(str)
    )
    with pytest.raises(ZgzxError, match="column 'name': the covariate has 600 levels"):
        zr.prepare_panel(data, **ROLES, covariates=("name",))
    with pytest.raises(ZgzxError, match=r'numbers as text.*pandas.to_numeric\(table\["size"\]\)'):
        zr.prepare_panel(data, **ROLES, covariates=("size",))


def test_one_level_is_constant() -> None:
    prepared = zr.prepare_panel(
        panel().assign(region="east"), **ROLES, covariates=("region", "size")
    )
    assert prepared.covariate_names == ("size",)
    assert "covariate dropped: constant, or a combination of the others" in set(
        prepared.ledger["reason"]
    )


def test_columns_named_by_whole_numbers() -> None:
    data = panel()
    numbered = data.rename(columns={"unit": 0, "t": 1, "first": 2, "region": 3, "size": 4, "y": 5})
    roles = {"outcome": 5, "unit": 0, "period": 1, "first_treated": 2}
    np.testing.assert_allclose(
        estimates(numbered, (3, 4), **roles), estimates(data, ("region", "size"))
    )
    with pytest.raises(ZgzxError, match=r"no such column, 1 affected, e\.g\. 9"):
        zr.prepare_panel(numbered, **(ROLES | roles | {"outcome": 9}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("厂 1", "厂1"),
        ("Ａ厂", "A厂"),
        (unicodedata.normalize("NFC", "Café"), unicodedata.normalize("NFD", "Café")),
        ("12", "12.0"),
        ("shop", "shop "),
        ("shop a", "shop\u3000a"),
        ("７", "7"),
    ],
)
def test_names_that_differ_only_in_writing_are_warned_of(one: str, other: str) -> None:
    data = panel(9).assign(unit=lambda d: "u" + d["unit"].astype(str))
    data["unit"] = data["unit"].replace({"u4": one, "u7": other})
    with pytest.warns(ZgzxWarning, match="2 names in column 'unit'") as said:
        prepared = zr.prepare_panel(data, **ROLES)
    assert repr(one) in str(said[0].message)
    assert repr(other) in str(said[0].message)
    row = prepared.ledger.set_index("reason").loc[
        "names of units that differ only in the way they are written"
    ]
    assert row["units"] == 2
    assert len(prepared.y) == 9


def test_other_names_are_not_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for names in (
            lambda u: f"厂{u}",
            lambda u: f"u {u}",
            lambda u: f"1.{u}",
            lambda u: f"00{u}",
            int,
        ):
            zr.prepare_panel(
                panel(9).assign(unit=lambda d, names=names: d["unit"].map(names)), **ROLES
            )
