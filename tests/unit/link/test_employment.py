"""Months, spells and dispatch sheets become employment.

Every rule by hand, and months in = months out.
"""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from zgzx_research.engine import connect
from zgzx_research.link.clean_rows import month_lines
from zgzx_research.link.employment_spells import build_employment
from zgzx_research.link.spells import join_spells

pytestmark = pytest.mark.slow  # together more than five seconds

RECORD_KEY = ["file", "sheet", "row", "part"]
A, B, S = "F000001", "F000002", "F000003"


def keyed(rows: list[tuple], columns: list[str], source: str) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(file=f"{source}.csv", sheet="", row=range(2, len(table) + 2), part=1)


def employment(
    months: list[tuple] = (),
    spells: list[tuple] = (),
    dispatch: list[tuple] = (),
    insurance: list[str] | None = None,
) -> list[tuple]:
    """Spells of workers from months, spells and dispatch sheets given as tuples.

    months: worker, firm, period, paid, kind; spells: worker, firm, start, end; dispatch: worker,
    agency, firm, start, end. A firm without the letter F is an employer outside the registry,
    known by this name.
    """
    tables = {
        "si_month": keyed(
            list(months), ["worker_id", "firm", "period_ym", "paid_ym", "kind"], "si_month"
        ),
        "spell": keyed(list(spells), ["worker_id", "firm", "start_ym", "end_ym"], "spell"),
        "dispatch": keyed(
            list(dispatch), ["worker_id", "agency_name", "firm", "start_ym", "end_ym"], "dispatch"
        ),
    }
    if insurance:
        tables["si_month"]["insurance"] = insurance
    links = {}
    for name, table in tables.items():
        table = table.assign(person_key=table["worker_id"])
        told = (
            table if name != "si_month" else table.drop_duplicates(["worker_id", "firm"])
        )  # months go by their line
        firm = (
            table["firm"].where(table["firm"].str.startswith("F")) if len(table) else table["firm"]
        )
        links[name] = (
            told[[*RECORD_KEY, "worker_id"]]
            .assign(source=name, entity="firm", firm_id=firm)
            .astype({"firm_id": "str"})
        )
        text = "service_firm" if name == "dispatch" else "employer_name"
        tables[name] = (
            table.rename(columns={"firm": text}).drop(columns="worker_id").astype({text: "str"})
        )
    both = pd.concat(links.values(), ignore_index=True)
    agency = links["dispatch"].assign(source="agency", firm_id=pd.Series(None, dtype="str"))
    result = build_employment(
        *month_lines(tables),
        both[["source", *RECORD_KEY, "worker_id"]],
        both.drop(columns="worker_id"),
        agency,
    )
    result["firm_id"] = result["firm_id"].fillna(result["employer"])
    return [
        tuple(row)
        for row in result[["worker_id", "firm_id", "start_ym", "end_ym"]].itertuples(index=False)
    ]


def test_months_become_spells_across_the_year() -> None:
    months = [("W1", A, ym, ym, "normal") for ym in (201811, 201812, 201901, 201903)]
    assert employment(months) == [("W1", A, 201811, 201901), ("W1", A, 201903, 201903)]


def test_arrears_count_in_the_month_they_are_paid_for() -> None:
    months = [("W1", A, 201801, 201801, "normal"), ("W1", A, 201802, 202107, "arrears")]
    assert employment(months) == [("W1", A, 201801, 201802)]


@pytest.mark.parametrize(
    ("lines", "stays"),
    [
        ([("normal", 201802), ("refund", 201805)], False),
        ([("normal", 201802), ("refund", 201802)], False),
        ([("normal", 201802), ("refund", None)], False),
        ([("normal", 201802), ("refund", 201805), ("arrears", 201901)], True),  # paid again
        ([("refund", 201805)], False),  # nothing was paid
    ],
)
def test_a_refund_takes_its_month_away(lines: list[tuple[str, int | None]], stays: bool) -> None:
    months = [
        ("W1", A, 201801, 201801, "normal"),
        *(("W1", A, 201802, paid, kind) for kind, paid in lines),
    ]
    assert employment(months) == [("W1", A, 201801, 201802 if stays else 201801)]


@pytest.mark.slow
def test_a_transfer_month_is_that_of_the_later_employer() -> None:
    spells = [("W1", A, 201801, 201806), ("W1", B, 201806, 201812)]
    assert employment(spells=spells) == [("W1", A, 201801, 201805), ("W1", B, 201806, 201812)]
    two_months = [("W1", A, 201801, 201807), ("W1", B, 201806, 201812)]  # two jobs
    assert employment(spells=two_months) == two_months
    a_month = [
        ("W1", A, 201801, 201806),
        ("W1", B, 201806, 201806),
    ]  # not a transfer: it went no further
    assert employment(spells=a_month) == a_month


def test_the_pension_decides_where_there_is_one() -> None:
    months = [("W1", A, ym, ym, "normal") for ym in (201801, 201801, 201802)] + [
        ("W2", A, 201803, 201803, "normal")
    ]
    kinds = ["养老", "医疗", "医疗", "医疗"]
    assert employment(months, insurance=kinds) == [
        ("W1", A, 201801, 201801),
        ("W2", A, 201803, 201803),
    ]


def test_spells_and_months_of_one_person_do_not_count_twice() -> None:
    months = [("W1", A, ym, ym, "normal") for ym in (201802, 201803, 201803, 201804)]
    assert employment(months, [("W1", A, 201801, 201803)]) == [("W1", A, 201801, 201804)]


def test_dispatch_months_go_to_the_service_firm_and_the_rest_stays() -> None:
    spells = [("W1", "人力公司", 201801, 201812), ("W2", "人力公司", 201801, 201803)]
    dispatch = [("W1", "人力公司", S, 201804, 201806), ("W2", "别的公司", S, 201801, 201803)]
    assert employment(spells=spells, dispatch=dispatch) == [
        ("W1", "name:人力公司", 201801, 201803),
        ("W1", S, 201804, 201806),
        ("W1", "name:人力公司", 201807, 201812),
        ("W2", "name:人力公司", 201801, 201803),
    ]


def test_dispatch_by_month_and_without_an_end() -> None:
    months = [("W1", "人力公司", ym, ym, "normal") for ym in (201801, 201802)]
    assert employment(months, dispatch=[("W1", "人力公司", S, 201802, None)]) == [
        ("W1", "name:人力公司", 201801, 201801),
        ("W1", S, 201802, 201802),
    ]


def test_an_open_spell_ends_with_the_export_and_nobody_s_rows_stay_out() -> None:
    spells = [("W1", A, 201801, None), ("W2", A, 201801, 201903), (None, A, 201801, 201802)]
    assert employment(spells=spells) == [("W1", A, 201801, 201903), ("W2", A, 201801, 201903)]


def joined(spans: list[tuple[int, int, int]], gap: int) -> list[tuple[int, int, int]]:
    table = pd.DataFrame(spans, columns=["worker", "start", "end"])
    with connect() as tables:
        joined = join_spells(tables.lazy(table), ["worker"], gap)
        result = tables.collect(joined, by=["worker", "start"])
    return [tuple(row) for row in result[["worker", "start", "end"]].itertuples(index=False)]


@pytest.mark.parametrize(
    ("gap", "expected"),
    [(0, [(1, 1, 2), (1, 4, 4), (1, 8, 9)]), (1, [(1, 1, 4), (1, 8, 9)]), (3, [(1, 1, 9)])],
)
def test_gaps_are_bridged_up_to_the_tolerance(
    gap: int, expected: list[tuple[int, int, int]]
) -> None:
    assert joined([(1, 1, 1), (1, 2, 2), (1, 4, 4), (1, 8, 9)], gap) == expected


SPANS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 30), st.integers(0, 8)).map(
        lambda s: (s[0], s[1], s[1] + s[2])
    ),
    min_size=1,
    max_size=12,
)


def covered(spans: list[tuple[int, int, int]]) -> set[tuple[int, int]]:
    return {(worker, month) for worker, start, end in spans for month in range(start, end + 1)}


@pytest.mark.slow
@examples(40)
@given(SPANS, st.randoms(use_true_random=False))
def test_months_in_are_months_out_in_any_order(spans: list[tuple[int, int, int]], random) -> None:
    result = joined(spans, 0)
    assert covered(result) == covered(spans)
    assert len(covered(result)) == sum(
        end - start + 1 for _, start, end in result
    )  # no month twice
    for (who, _, end), (next_who, start, _) in itertools.pairwise(result):
        assert who != next_who or start > end + 1  # as long as can be
    shuffled = random.sample(spans, len(spans))
    assert joined(shuffled, 0) == result
    assert joined(result, 0) == result
    assert covered(joined(spans, 3)) >= covered(spans)
