"""What prepare_panel refuses, what it leaves out, and that it says so."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from zgzx_research.did.prepare import prepare_panel
from zgzx_research.errors import ZgzxError

ROLES = {"outcome": "y", "unit": "firm", "period": "year", "first_treated": "first"}


def table(**changes: object) -> pd.DataFrame:
    starts = {"A": 2003, "B": np.nan, "C": 2002}
    rows = [(f, t, float(i + t), g) for i, (f, g) in enumerate(starts.items()) for t in range(2001, 2005)]
    return pd.DataFrame(rows, columns=["firm", "year", "y", "first"]).assign(**changes)


def refuse(data: pd.DataFrame, message: str, **options: str) -> None:
    with pytest.raises(ZgzxError, match=re.escape(message)):
        prepare_panel(data, **(ROLES | options))


def test_shapes_and_order_do_not_depend_on_row_order() -> None:
    shuffled = prepare_panel(table().sample(frac=1, random_state=1), **ROLES)
    ordered = prepare_panel(table(), **ROLES)
    np.testing.assert_array_equal(shuffled.y, ordered.y)
    assert ordered.y.shape == (3, 4)
    assert ordered.cohorts.tolist() == [2002, 2003, np.inf]
    assert ordered.cohort.tolist() == [1, 2, 0]
    assert ordered.ledger.empty


def test_input_is_not_changed() -> None:
    data = table()
    before = data.copy(deep=True)
    prepare_panel(data, **ROLES)
    pd.testing.assert_frame_equal(data, before)


def test_parquet_path_and_arrow_give_the_same_panel(tmp_path) -> None:
    import pyarrow as pa

    table().to_parquet(tmp_path / "panel.parquet")
    expected = prepare_panel(table(), **ROLES).y
    np.testing.assert_array_equal(prepare_panel(tmp_path / "panel.parquet", **ROLES).y, expected)
    np.testing.assert_array_equal(prepare_panel(pa.Table.from_pandas(table()), **ROLES).y, expected)


def test_duplicates_name_the_pairs() -> None:
    data = pd.concat([table(), table().iloc[[5]]])
    refuse(
        data, "a (firm, year) pair stands more than once, 1 affected, e.g. (B, 2002). Keep one row per unit and period."
    )


def test_changing_cohort_names_unit_and_values() -> None:
    data = table()
    data.loc[0, "first"] = 2004
    refuse(data, "'first' changes within a unit, 1 affected, e.g. A: 2003, 2004. Keep one value per unit.")


@pytest.mark.parametrize(("code", "shown"), [(0, "0"), (np.inf, "inf"), (9999, "9999")])
def test_codes_for_never_are_refused(code: float, shown: str) -> None:
    data = table()
    data["first"] = data["first"].fillna(code)
    refuse(data, f"'first' seems to code 'never treated' as a number, 1 affected, e.g. {shown}. Set it to missing")
    refuse(data, f"(on the command line: --never-treated {shown}).")


def test_infinite_outcome_is_refused() -> None:
    data = table()
    data.loc[2, "y"] = -np.inf
    refuse(data, "column 'y': the outcome is infinite, 1 affected, e.g. firm=A.")


def test_text_outcome_is_refused() -> None:
    refuse(table(y="many"), "column 'y' holds")


def test_missing_column_names_it_and_those_there_are() -> None:
    message = "the table has no such column, 1 affected, e.g. patents. Its columns are firm, year, y, first."
    refuse(table(), message, outcome="patents")


def test_unknown_gaps() -> None:
    refuse(table(), "gaps='drop' is unknown. Choose one of pairwise, balance, cross_section.", gaps="drop")


def test_weights_must_be_positive_and_constant() -> None:
    refuse(
        table(w=[0.0] * 4 + [1.0] * 8), "column 'w': weights must be positive numbers, 1 affected, e.g. A.", weights="w"
    )
    refuse(table(w=np.arange(1.0, 13)), "'w' changes within a unit, 3 affected", weights="w")


def test_everything_left_out_is_in_the_ledger() -> None:
    data = pd.concat(
        [
            table(),
            pd.DataFrame({"firm": "D", "year": range(2001, 2005), "y": 1.0, "first": 2001}),
            pd.DataFrame({"firm": "E", "year": range(2001, 2005), "y": [1.0, np.nan, 1.0, 1.0], "first": np.nan}),
            pd.DataFrame({"firm": "F", "year": range(2001, 2005), "y": 1.0, "first": 2006}),
        ]
    )
    panel = prepare_panel(data, **ROLES)
    said = {row.reason: (row.rows, row.units, row.examples) for row in panel.ledger.itertuples()}
    assert said["outcome missing"] == (1, 1, ("firm=E",))
    assert said["already treated in the first period"] == (4, 1, ("D",))
    assert said["treated after the last period: serves as never treated"] == (0, 1, ("F",))
    assert said["units with unobserved periods, used by gaps='pairwise'"][1] == 1
    assert panel.y.shape == (5, 4)
    assert prepare_panel(data, **ROLES, gaps="balance").y.shape == (4, 4)
