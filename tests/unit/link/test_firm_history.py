"""Firms through time: former names, renames, mergers, reused names, decisions, candidates."""

from __future__ import annotations

import itertools
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_link_firms import U1, U2, U3, keyed, linked, parties, registry, roster, spells

from tests.examples import examples
from zgzx_research.errors import ZgzxError
from zgzx_research.link.audit import relink
from zgzx_research.link.decisions import COLUMNS, read_decisions
from zgzx_research.link.link_firms import FirmLinks, link_firms

pytestmark = pytest.mark.slow  # together more than five seconds

CALENDAR = pd.DataFrame(
    {"edition": [1, 2], "year": [2012, 2021], "final_date": ["2012-11-15", "2021-03-31"]}
)
EVENT = ["uscc", "firm_name", "type", "date", "before", "after"]


def events(*rows: tuple[str | None, str, str, str, str, str]) -> pd.DataFrame:
    table = keyed(
        [dict(zip(EVENT, row, strict=True)) for row in rows], "registry/changes.csv", EVENT
    )
    return table.assign(date=pd.to_datetime(table["date"]).astype("datetime64[s]"))


def former(*rows: tuple[str, str, str, str | None, str | None]) -> pd.DataFrame:
    columns = ["uscc", "firm_name", "name", "valid_from", "valid_to"]
    table = keyed(
        [dict(zip(columns, row, strict=True)) for row in rows], "registry/registry.csv", columns
    )
    days = {name: pd.to_datetime(table[name]).astype("datetime64[s]") for name in columns[3:]}
    return table.assign(**days, kind="曾用名")


def at_edition(*rows: tuple[str, int]) -> pd.DataFrame:
    return roster(*(name for name, _ in rows)).assign(edition=[edition for _, edition in rows])


def decisions(*rows: tuple[str | None, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS).astype("str")


NEW, OLD, OTHER = "深圳市甲乙电子有限公司", "深圳市丙丁电子有限公司", "深圳市戊己电子有限公司"
RENAMED = events((U1, NEW, "rename", "2016-05-01", OLD, NEW))


def test_a_former_name_is_the_firm_with_its_time() -> None:
    links = link_firms(
        {
            "registry": registry((U1, NEW)),
            "registry_event": RENAMED,
            "roster": roster(OLD, "丙丁电子"),
        }
    )
    assert linked(links, "roster") == [("F000001", "name"), ("F000001", "core")]
    names = links.firm_name.set_index("name")
    assert names.loc[OLD, ["kind", "valid_to"]].tolist() == ["曾用名", pd.Timestamp("2016-05-01")]
    assert names.loc[NEW, ["kind", "valid_from"]].tolist() == ["现名", pd.Timestamp("2016-05-01")]
    assert names["valid_to"].isna()[NEW]


@pytest.mark.slow
def test_a_name_taken_up_by_another_firm_is_that_of_its_time() -> None:
    # U2 took the name that U1 had dropped in 2016
    clean = {
        "registry": registry((U1, NEW), (U2, OLD)),
        "registry_event": pd.concat(
            [RENAMED, events((U2, OLD, "rename", "2018-01-01", OTHER, OLD))]
        ).reset_index(drop=True),
        "roster": at_edition((OLD, 1), (OLD, 2), ("丙丁电子", 1)),
    }
    links = link_firms(clean, CALENDAR)
    assert linked(links, "roster") == [
        ("F000001", "name"),
        ("F000002", "name"),
        ("F000001", "core"),
    ]
    certain = link_firms({"registry": clean["registry"], "roster": roster(NEW)}).link_audit[
        "score"
    ][0]
    assert links.link_audit["score"][0] < certain
    undated = link_firms(clean, CALENDAR.iloc[:0])  # no edition has a date
    assert linked(undated, "roster") == [(None, "ambiguous")] * 3
    between = {**clean, "spell": spells((None, OLD, None)).assign(start_ym=201701, end_ym=201706)}
    assert linked(link_firms(between, CALENDAR), "spell") == [
        (None, "ambiguous")
    ]  # nobody bore it then


def test_listed_former_names_without_an_end_count_always() -> None:
    clean = {
        "registry": registry((U1, NEW)),
        "registry_name": former((U1, NEW, OLD, None, None)),
        "roster": roster(OLD),
    }
    links = link_firms(clean)
    assert linked(links, "roster") == [("F000001", "name")]
    assert pd.isna(links.firm_name.set_index("name")["valid_to"][OLD])


def test_a_name_that_came_back_has_no_dates() -> None:
    there = events(
        (U1, NEW, "rename", "2014-01-01", NEW, OLD), (U1, NEW, "rename", "2016-01-01", OLD, NEW)
    )
    names = link_firms(
        {"registry": registry((U1, NEW)), "registry_event": there}
    ).firm_name.set_index("name")
    assert names.loc[NEW, ["valid_from", "valid_to"]].isna().all()
    assert names.loc[OLD, ["valid_from", "valid_to"]].tolist() == [
        pd.Timestamp("2014-01-01"),
        pd.Timestamp("2016-01-01"),
    ]


def merged(*pairs: tuple[str, str]) -> FirmLinks:
    firms = sorted({name for pair in pairs for name in pair})
    table = registry(*((f"CODE-{name}", f"深圳市{name}有限公司") for name in firms))
    rows = (
        (
            None,
            f"深圳市{a}有限公司",
            "merger",
            "2015-01-01",
            f"深圳市{a}有限公司",
            f"深圳市{b}有限公司",
        )
        for a, b in pairs
    )
    return link_firms({"registry": table, "registry_event": events(*rows)})


def test_the_group_is_what_the_last_successor_is() -> None:
    firm = merged(("甲甲", "乙乙"), ("乙乙", "丙丙"), ("丁丁", "丙丙")).firm.set_index("name_core")
    assert firm["group_id"].nunique() == 1
    assert firm["group_id"]["甲甲"] == firm["firm_id"]["丙丙"]
    assert firm["successor_id"]["甲甲"] == firm["firm_id"]["乙乙"]
    assert pd.isna(firm["successor_id"]["丙丙"])
    assert firm["merged"]["丁丁"] == pd.Timestamp("2015-01-01")
    assert pd.isna(firm["merged"]["丙丙"])


def test_a_merger_in_a_circle_is_named() -> None:
    with pytest.raises(ZgzxError, match=r"mergers lead back.*2 affected"):
        merged(("甲甲", "乙乙"), ("乙乙", "甲甲"), ("丙丙", "甲甲"))


@pytest.mark.slow
@examples(15)
@given(st.lists(st.integers(0, 9), min_size=2, max_size=10, unique=True))
def test_chains_end_in_one_firm(order: list[int]) -> None:
    chain = [f"链{n}号" for n in order]
    firm = merged(*itertools.pairwise(chain)).firm.set_index("name_core")
    assert firm["group_id"].unique().tolist() == [firm["firm_id"][chain[-1]]]


@pytest.mark.slow
def test_the_line_of_a_merger_may_stand_under_either_firm() -> None:
    table = registry((U1, NEW), (U2, OTHER))
    for code, name in ((U1, NEW), (U2, OTHER)):
        event = events((code, name, "merger", "2015-01-01", NEW, OTHER))
        firm = link_firms({"registry": table, "registry_event": event}).firm
        assert firm["group_id"].tolist() == ["F000002", "F000002"]


@pytest.mark.slow
def test_similar_firms_are_proposed_in_order_and_never_linked() -> None:
    table = registry(
        (U1, "深圳市鸿远精密科技有限公司"),
        (U2, "深圳市鸿源精密科技有限公司"),
        (U3, "深圳市北方矿业有限公司"),
    )
    links = link_firms(
        {"registry": table, "roster": roster("鸿元精密科技", "鸿元精密科技", "西湖")},
        min_similarity=80,
    )
    assert linked(links, "roster") == [(None, "candidate"), (None, "candidate"), (None, "none")]
    review = links.link_review
    assert review[["text", "records", "rank", "firm_id"]].values.tolist() == [
        ["鸿元精密科技", 2, 1, "F000001"],
        ["鸿元精密科技", 2, 2, "F000002"],
    ]
    assert review["score"].tolist() == [0.8333, 0.8333]  # five of six characters
    assert links.link_audit["score"].tolist()[:2] == [0.8333, 0.8333]
    assert link_firms(
        {"registry": table, "roster": roster("鸿元精密科技")}, candidates=1
    ).link_review["rank"].tolist() == [1]


def test_decisions_go_before_everything_and_rejects_take_away() -> None:
    table = registry((U1, NEW), (U2, OTHER))
    made = decisions(
        ("roster", "甲乙", U2, None, "accept", "审核人", "2025-01-02", "电话核实"),
        ("roster", NEW, None, OTHER, "accept", "审核人", "2025-01-02", "名称写错"),
        (None, OTHER, U2, None, "reject", "审核人", "2025-01-02", "同名"),
        (None, "某某", None, None, "reject", "审核人", "2025-01-02", "区外企业"),
    )
    clean = {
        "registry": table,
        "roster": roster("甲乙", NEW, OTHER, "某某"),
        "spell": spells((None, NEW, None)),
    }
    links = link_firms(clean, decisions=made)
    assert linked(links, "roster") == [
        ("F000002", "decision"),
        ("F000002", "decision"),
        (None, "decision"),
        (None, "decision"),
    ]
    part = links.link_audit.query("source == 'roster'")
    assert part["decision"].tolist() == ["accepted", "accepted", "rejected", "rejected"]
    assert part["score"].tolist()[:2] == [1.0, 1.0]
    assert linked(links, "spell") == [("F000001", "name")]  # the second decision is about rosters


@pytest.mark.slow
@pytest.mark.slow
def test_a_later_decision_replaces_an_earlier_one_and_two_on_a_day_are_refused() -> None:
    table = registry((U1, NEW), (U2, OTHER))
    first = ("roster", "甲乙", U1, None, "accept", "审核人", "2025-01-02", "r")
    clean = {"registry": table, "roster": roster("甲乙")}
    later = ("roster", "甲乙", U2, None, "accept", "审核人", "2025-02-01", "r")
    assert linked(link_firms(clean, decisions=decisions(later, first)), "roster") == [
        ("F000002", "decision")
    ]
    same_day = (*later[:6], "2025-01-02", "r")
    with pytest.raises(ZgzxError, match="two firms on one day"):
        link_firms(clean, decisions=decisions(first, same_day))
    with pytest.raises(ZgzxError, match="none of the registry"):
        link_firms(
            clean,
            decisions=decisions(
                ("roster", "甲乙", U3, None, "accept", "审核人", "2025-01-02", "r")
            ),
        )


def test_the_file_of_decisions_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "links.csv"
    assert read_decisions(path).columns.tolist() == COLUMNS
    header = ",".join(COLUMNS)
    path.write_text(f"{header}\nroster,甲乙,{U1},,accept,审核人,2025-01-02,r\n", encoding="utf-8")
    assert len(read_decisions(path)) == 1
    for line, what in {
        f"roster,甲乙,{U1},,maybe,审核人,2025-01-02,r": "accept or reject",
        "roster,甲乙,,,accept,审核人,2025-01-02,r": "names a firm",
        f"roster,甲乙,{U1},,accept,,2025-01-02,r": "reviewer",
        f"roster,甲乙,{U1},,accept,审核人,1/2/2025,r": "YYYY-MM-DD",
    }.items():
        path.write_text(f"{header}\n{line}\n", encoding="utf-8")
        with pytest.raises(ZgzxError, match=f"{what}.*line 2"):
            read_decisions(path)
    path.write_text("source,text\n", encoding="utf-8")
    with pytest.raises(ZgzxError, match="header"):
        read_decisions(path)


def test_the_number_lends_its_firm_where_the_name_fails() -> None:
    rows = spells(("7", NEW, None), ("7", "看不清", None), ("8", "看不清", None))
    assert linked(link_firms({"registry": registry((U1, NEW)), "spell": rows}), "spell") == [
        ("F000001", "name"),
        ("F000001", "number"),
        (None, "none"),
    ]


def test_relinking_takes_back_weak_links_and_adds_none() -> None:
    made = decisions(("roster", "某某", U2, None, "accept", "审核人", "2025-01-02", "r"))
    names = roster(NEW, "甲乙电子", "甲乙电子龙岗分公司", "某某", "甲乙电于")
    audit = link_firms(
        {"registry": registry((U1, NEW), (U2, OTHER)), "roster": names}, decisions=made
    ).link_audit
    strict = relink(audit, min_score=0.92)
    assert strict["method"].tolist() == ["name", "below", "below", "decision", "candidate"]
    assert strict["firm_id"].notna().tolist() == [True, False, False, True, False]
    pd.testing.assert_series_equal(strict["score"], audit["score"])
    pd.testing.assert_frame_equal(relink(audit, min_score=0.0), audit)


def test_holders_are_linked_like_applicants_and_by_code() -> None:
    party = parties(("holder", "某某"), ("applicant", NEW), ("inventor", NEW)).assign(
        uscc=[U1, None, None]
    )
    party = party.astype({"uscc": "str"})
    links = link_firms({"registry": registry((U1, NEW)), "patent_party": party})
    assert linked(links, "patent_party") == [("F000001", "uscc"), ("F000001", "name")]
