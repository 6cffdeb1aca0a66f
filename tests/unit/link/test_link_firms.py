"""Records and their firms: order of the ways, ambiguity, branches, codes."""

from __future__ import annotations

import pandas as pd
import pytest

from zgzx_research.link.audit import link_summary
from zgzx_research.link.link_firms import FirmLinks, link_firms

RECORD_KEY = ["file", "sheet", "row", "part"]
# Codes need not pass a check here: the clean stage has done that.
U1, U2, U3, U9 = (f"91449900TEST0000{n}X" for n in "1239")


def keyed(rows: list[dict], file: str, columns: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns, "str"))
    table.insert(0, "part", 1)
    table.insert(0, "row", range(2, len(table) + 2))
    table.insert(0, "sheet", "")
    table.insert(0, "file", file)
    return table


def registry(*firms: tuple[str | None, str]) -> pd.DataFrame:
    table = keyed(
        [{"uscc": code, "name": name} for code, name in firms],
        "registry/registry.csv",
        ["uscc", "name"],
    )
    return table.assign(
        founded=pd.Timestamp("2010-01-01"),
        closed=pd.NaT,
        status="存续",
        industry2="39",
        size="小",
        street="坂田街道",
        staff=pd.array([20] * len(table), dtype="Int64"),
        capital_cny=1e6,
        hitech=False,
    )


def roster(*names: str | None) -> pd.DataFrame:
    return keyed([{"firm_name": name} for name in names], "roster/edition_01.xlsx", ["firm_name"])


def spells(*rows: tuple[str | None, str | None, str | None]) -> pd.DataFrame:
    columns = ["employer_no", "employer_name", "employer_uscc"]
    return keyed(
        [dict(zip(columns, row, strict=True)) for row in rows], "employment/spells.csv", columns
    )


def parties(*rows: tuple[str, str | None]) -> pd.DataFrame:
    columns = ["role", "name"]
    return keyed(
        [dict(zip(columns, row, strict=True)) for row in rows], "patents/cnipa.csv", columns
    )


def linked(links: FirmLinks, source: str) -> list[tuple[str | None, str]]:
    part = links.link_audit.query("source == @source")
    return [
        (None if pd.isna(row.firm_id) else row.firm_id, row.method) for row in part.itertuples()
    ]


REGISTRY = registry(
    (U1, "深圳市鸿远精密科技有限公司"),  # F000001
    (U2, "深圳市鸿源精密科技有限公司"),  # F000002
    (None, "深圳市启明电子有限公司"),  # F000003, no code
    (U3, "深圳市宏达塑胶有限公司"),  # F000004: shares its core with the next
    (None, "宏达塑胶（深圳）股份有限公司"),  # F000005
)


def link(
    roster_: pd.DataFrame | None = None,
    spell: pd.DataFrame | None = None,
    party: pd.DataFrame | None = None,
    registry_: pd.DataFrame = REGISTRY,
) -> FirmLinks:
    clean = {"registry": registry_, "roster": roster_, "spell": spell, "patent_party": party}
    return link_firms({name: table for name, table in clean.items() if table is not None})


def test_full_name_before_core_and_never_a_similar_one() -> None:
    links = link(
        roster(
            "深圳市鸿远精密科技有限公司",
            "鸿远精密科技（深圳）有限公司",
            "深圳市鸿源精密科技有限公司",
            "鸿远电子",
            None,
        )
    )
    assert linked(links, "roster") == [
        ("F000001", "name"),
        ("F000001", "core"),
        ("F000002", "name"),
        (None, "none"),
        (None, "none"),
    ]
    score = links.link_audit["score"]
    assert score[0] > score[1] > 0
    assert score[3:].isna().all()


def test_a_core_of_two_firms_links_to_neither_but_their_full_names_do() -> None:
    links = link(roster("深圳宏达塑胶有限公司", "宏达塑胶(深圳)股份有限公司", "宏达塑胶龙岗分公司"))
    assert linked(links, "roster") == [
        (None, "ambiguous"),
        ("F000005", "name"),
        (None, "ambiguous"),
    ]
    assert links.link_audit["score"].isna().tolist() == [True, False, True]


def test_a_full_name_of_two_firms_is_ambiguous_unless_the_code_tells() -> None:
    twice = registry((U1, "深圳市同名有限公司"), (U2, "深圳市同名有限公司"))
    links = link(
        roster("深圳市同名有限公司"), spells((None, "深圳市同名有限公司", U2)), registry_=twice
    )
    assert linked(links, "roster") == [(None, "ambiguous")]
    assert linked(links, "spell") == [("F000002", "uscc")]


def test_the_code_goes_before_the_name() -> None:
    assert linked(link(spell=spells((None, "深圳市鸿源精密科技有限公司", U1))), "spell") == [
        ("F000001", "uscc")
    ]


def test_another_code_forbids_the_name_but_an_unknown_one_does_not() -> None:
    links = link(
        spell=spells(
            (None, "深圳市鸿远精密科技有限公司", U9), (None, "深圳市启明电子有限公司", U9)
        ),
    )
    # the namesake is left to a person
    assert linked(links, "spell") == [(None, "candidate"), ("F000003", "name")]


def test_the_employer_number_lends_its_code_if_it_has_one_only() -> None:
    links = link(
        spell=spells(
            ("100", "鸿远", U1),
            ("100", "某某", None),  # lent
            ("200", "鸿远", U1),
            ("200", "鸿源", U2),
            ("200", "深圳市启明电子有限公司", None),  # two codes: its name decides
            (None, "某某", None),
        )
    )
    assert linked(links, "spell") == [
        ("F000001", "uscc"),
        ("F000001", "uscc"),
        ("F000001", "uscc"),
        ("F000002", "uscc"),
        ("F000003", "name"),
        (None, "none"),
    ]
    assert links.link_audit["score"][1] < links.link_audit["score"][0]


def test_branches_count_for_the_parent_and_keep_their_name() -> None:
    # a branch has a code of its own, which does not forbid the parent
    links = link(
        spell=spells((None, "深圳市鸿远精密科技有限公司龙岗分公司", U9)),
        roster_=roster("深圳鸿远精密科技有限公司分公司"),
    )
    assert linked(links, "spell") == [("F000001", "name")]
    assert linked(links, "roster") == [("F000001", "core")]
    branch = links.firm_name.query("kind == '分公司'")
    assert set(branch["name"]) == {
        "深圳市鸿远精密科技有限公司龙岗分公司",
        "深圳鸿远精密科技有限公司分公司",
    }
    assert set(branch["firm_id"]) == {"F000001"}


def test_a_registered_branch_is_a_firm_of_its_own() -> None:
    own = registry((U1, "深圳市甲乙有限公司"), (U2, "深圳市甲乙有限公司龙岗分公司"))
    assert linked(link(roster("深圳市甲乙有限公司龙岗分公司"), registry_=own), "roster") == [
        ("F000002", "name")
    ]


def test_only_organisations_that_applied_are_linked() -> None:
    firm = ("applicant", "深圳市鸿远精密科技有限公司")
    inventor = ("inventor", "深圳市鸿远精密科技有限公司")
    links = link(party=parties(firm, ("applicant", None), inventor, ("applicant", "北方大学")))
    assert links.link_audit["row"].tolist() == [2, 5]
    assert linked(links, "patent_party") == [("F000001", "name"), (None, "none")]


def test_rows_with_one_code_or_one_name_are_one_firm() -> None:
    table = registry(
        (None, "深圳市甲乙有限公司"),  # takes the code of its namesake
        (U1, "深圳市甲乙 有限公司"),
        (U2, "深圳市丙丁有限公司"),
        (U2, "深圳市戊己有限公司"),
        (None, "深圳市庚辛有限公司"),
        (None, "深圳市庚辛有限公司"),
    )
    table["staff"] = pd.array([1, 2, 3, 4, 5, 6], dtype="Int64")
    links = link(roster("深圳市戊己有限公司"), registry_=table)
    assert links.firm["firm_id"].tolist() == ["F000001", "F000002", "F000003"]
    assert links.firm["uscc"].tolist()[:2] == [U1, U2]
    assert pd.isna(links.firm["uscc"][2])
    assert links.firm["staff"].tolist() == [1, 3, 5]
    assert links.firm["name_core"].tolist() == ["甲乙", "丙丁", "庚辛"]
    assert linked(links, "roster") == [("F000002", "name")]
    assert links.firm_name.query("firm_id == 'F000002'")[["name", "kind"]].values.tolist() == [
        ["深圳市戊己有限公司", "曾用名"],
        ["深圳市丙丁有限公司", "现名"],
    ]


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    people = roster("深圳市鸿远精密科技有限公司", "宏达塑胶", "深圳启明电子有限公司龙岗分公司")
    jobs = spells(("1", "x", U1), ("1", "y", None), ("2", "x", U2))
    filings = parties(("applicant", "鸿源精密科技（深圳）有限公司"), ("applicant", "北方大学"))
    straight = link(people, jobs, filings)
    mixed = [table.sample(frac=1, random_state=seed) for table in (REGISTRY, people, jobs, filings)]
    before = [table.copy() for table in mixed]
    shuffled = link_firms(
        dict(zip(("registry", "roster", "spell", "patent_party"), mixed, strict=True))
    )
    for name in ("firm", "firm_name", "link_audit", "link_review"):
        pd.testing.assert_frame_equal(getattr(straight, name), getattr(shuffled, name))
    for table, copy in zip(mixed, before, strict=True):
        pd.testing.assert_frame_equal(table, copy)


def test_the_summary_counts_rows_by_source_and_method() -> None:
    links = link(
        roster("深圳市鸿远精密科技有限公司", "鸿远精密科技", "宏达塑胶", "某某"),
        spells(("1", None, U1), ("1", None, None)),
    )
    assert link_summary(links.link_audit).to_dict("records") == [
        {
            "source": "roster",
            "rows": 4,
            "linked": 2,
            "linked_share": 0.5,
            "decision": 0,
            "uscc": 0,
            "name": 1,
            "core": 1,
            "number": 0,
            "candidate": 0,
            "ambiguous": 1,
            "none": 1,
        },
        {
            "source": "spell",
            "rows": 2,
            "linked": 2,
            "linked_share": 1.0,
            "decision": 0,
            "uscc": 2,
            "name": 0,
            "core": 0,
            "number": 0,
            "candidate": 0,
            "ambiguous": 0,
            "none": 0,
        },
    ]
