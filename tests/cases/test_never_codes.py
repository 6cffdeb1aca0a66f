"""Codes for "never treated": one message that names the code, how many units, and the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import zgzx_research as zr
from zgzx_research.errors import ZgzxError

ROLES: dict[str, Any] = {"outcome": "y", "unit": "unit", "period": "t", "first_treated": "first"}


def panel(code: Any, start: int = 2010, dated: bool = False) -> pd.DataFrame:
    """Nine units in six periods, three each treated in the third and the fifth.

    The others carry the code.
    """
    rng = np.random.default_rng(0)
    rows = [(u, start + t, [start + 2, start + 4, None][u % 3]) for u in range(9) for t in range(6)]
    data = pd.DataFrame(rows, columns=["unit", "t", "first"]).assign(y=rng.normal(size=54))
    data["first"] = data["first"].astype(object)
    if dated:
        data["t"] = pd.to_datetime(data["t"].astype(str))
        data["first"] = pd.to_datetime(
            data["first"].map(lambda g: None if pd.isna(g) else f"{g:.0f}-01-01")
        )
        return data.assign(first=data["first"].fillna(pd.Timestamp(code)))
    return data.assign(
        first=data["first"].map(lambda g: code if pd.isna(g) else type(code)(int(g)))
    )


def refusal(data: pd.DataFrame, **options: Any) -> str:
    with pytest.raises(ZgzxError) as caught:
        zr.prepare_panel(data, **(ROLES | options))
    return str(caught.value)


@pytest.mark.parametrize(
    ("code", "start"),
    [
        (0, 2010),
        (0, 1),
        (0, 0),
        (999, 2010),
        (999, 1),
        (9999, 2010),
        (99, 1),
        (88888, 2010),
        (-9, 2010),
        (-99, 1),
        (1900, 2010),
        (1970, 2010),
        (3000, 2010),
        (9999.0, 2010),
        (0.0, 0),
    ],
)
def test_numbers(code: float, start: int) -> None:
    message = refusal(panel(code, start))
    assert (
        f"'first' seems to code 'never treated' as a number, 3 affected, e.g. {code:.0f}. "
        f"Set it to missing" in message
    )
    assert f"--never-treated {code:.0f})" in message


@pytest.mark.parametrize(
    "code",
    [
        "1900-01-01",
        "1970-01-01",
        "1899-12-30",
        "1899-12-31",
        "1960-01-01",
        "1904-01-01",
        "1753-01-01",
        "2099-12-31",
    ],
)
def test_dates(code: str) -> None:
    message = refusal(panel(code, dated=True))
    assert (
        f"'first' seems to code 'never treated' as a date, 3 affected, e.g. {code}. Set "
        f"it to missing" in message
    )


@pytest.mark.parametrize("code", ["never", "无", "从未", "-", "未处理", "N", "没有"])
@pytest.mark.parametrize("written", ["{}", "{}-01-01", "{}年", "{}Q1"])
def test_text(code: str, written: str) -> None:
    data = panel("x").assign(t=lambda d: d["t"].map(written.format))
    data["first"] = data["first"].map(lambda g: code if g == "x" else written.format(g))
    message = refusal(data)
    assert (
        f"'first' seems to code 'never treated' as text, 3 affected, e.g. {code}. Set it to missing"
        in message
    )
    call = f'table["first"].replace([{code!r}], None)'
    assert call in message
    assert np.isinf(
        zr.prepare_panel(data.assign(first=eval(call, {"table": data})), **ROLES).cohorts[-1]
    )


@pytest.mark.parametrize("empty", ["", " ", "nan", "NaT", "None", "<NA>"])
def test_what_exports_write_for_an_empty_cell_is_missing(empty: str) -> None:
    assert np.isinf(zr.prepare_panel(panel(empty), **ROLES).cohorts[-1])


def test_years_of_early_adopters_are_no_codes() -> None:
    """States that adopted a law in 1968 to 1971, in a panel from 1990 on.

    Treated before it starts.
    """
    data = panel(0, 1990)
    early = data["unit"].map({2: 1968, 5: 1970, 8: 1971})
    prepared = zr.prepare_panel(
        data.assign(first=data["first"].where(early.isna(), early)), **ROLES
    )
    left = prepared.ledger.set_index("reason").loc["already treated in the first period"]
    assert left["units"] == 3
    inside = zr.prepare_panel(panel("1970-01-01", 1965, dated=True), **ROLES)
    assert inside.cohorts.tolist() == [1967, 1969, 1970]


def test_first_treated_written_otherwise_is_not_called_a_code() -> None:
    data = panel(0)
    months = data["first"].map(lambda g: None if g == 0 else 100 * g + 7).astype(float)
    assert "'first' is not written as the periods are, 6 affected, e.g. 201207" in refusal(
        data.assign(first=months)
    )
    small = data.assign(t=data["t"] - 2009, first=data["first"].replace(0, None).astype(float))
    assert "'first' is not written as the periods are, 6 affected, e.g. 2012" in refusal(small)


def test_zero_inside_the_panel_is_asked_about() -> None:
    prepared = zr.prepare_panel(panel(0, -3), **ROLES)
    with pytest.raises(ZgzxError, match="Set 0 to missing if it codes 'never treated'"):
        zr.estimate_effects(prepared)
    assert len(zr.estimate_effects(prepared, controls="not_yet_treated").cells)


def test_never_treated_that_left_for_another_reason() -> None:
    """No other control group is advised; the reason from the ledger is."""
    data = panel("").assign(
        x=lambda d: (d["unit"] % 3 < 2).map({True: 1.0, False: np.nan}) * d["unit"]
    )
    prepared = zr.prepare_panel(data, **ROLES, covariates=("x",))
    with pytest.raises(ZgzxError) as caught:
        zr.estimate_effects(prepared, adjustment="doubly_robust")
    assert "every unit that was never treated left the panel" in str(caught.value)
    assert "covariate missing: 3" in str(caught.value)
    assert "not_yet_treated" not in str(caught.value)
    gappy = panel("")[lambda d: (d["unit"] % 3 < 2) | (d["t"] < 2014)]
    with pytest.raises(ZgzxError, match=r"left the panel.*gaps='balance'") as caught:
        zr.estimate_effects(zr.prepare_panel(gappy, **ROLES, gaps="balance"))
    assert "not_yet_treated" not in str(caught.value)
