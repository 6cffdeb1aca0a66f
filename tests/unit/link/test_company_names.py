"""Company names: what is one spelling, what is the core, whose branch it is."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zgzx_research.link.company_names import company_core, normalise_company_name, parent_name

FULL = "深圳市鸿远精密科技有限公司"
TEXT = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from("深圳市（）()【】 　有限公司Ａaßıǰΐ㈱①·.&-\u0301\u200b"),
    )
)


def normal(text: str | None) -> str | float:
    return normalise_company_name(pd.Series([text], dtype="str")).item()


def core(text: str) -> str | float:
    return company_core(normalise_company_name(pd.Series([text], dtype="str"))).item()


def parent(text: str) -> str | float:
    return parent_name(normalise_company_name(pd.Series([text], dtype="str"))).item()


@given(st.lists(TEXT, max_size=4))
@example(
    ["a\u200b\u0301"]
)  # the accent meets its letter only after the invisible character has gone
def test_normalising_twice_changes_nothing(texts: list[str]) -> None:
    once = normalise_company_name(pd.Series(texts, dtype="str"))
    pd.testing.assert_series_equal(normalise_company_name(once), once)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("鸿远精密科技（深圳）有限公司", "鸿远精密科技(深圳)有限公司"),
        (" 深圳市 鸿远　精密科技有限公司。", "深圳市鸿远精密科技有限公司"),
        ("鸿远【深圳】有限公司", "鸿远(深圳)有限公司"),
        ("深圳市ｔｃｌ-电子有限公司", "深圳市TCL电子有限公司"),
        ("A&B（深圳）有限公司", "A&B(深圳)有限公司"),
    ],
)
def test_one_spelling(raw: str, expected: str) -> None:
    assert normal(raw) == expected


@pytest.mark.parametrize("raw", [None, "", " 。", "——"])
def test_nothing_left_is_null(raw: str | None) -> None:
    assert pd.isna(normal(raw))


def test_index_and_missing_values_stay() -> None:
    names = pd.Series([FULL, None, FULL], index=[7, 3, 5], dtype="str")
    result = normalise_company_name(names)
    assert result.index.tolist() == [7, 3, 5]
    assert result.isna().tolist() == [False, True, False]
    assert names.tolist()[0] == FULL


@pytest.mark.parametrize(
    "variant",
    [
        FULL,
        "深圳鸿远精密科技有限公司",
        "鸿远精密科技（深圳）有限公司",
        "鸿远精密科技(深圳市)有限公司",
        "深圳市鸿远精密科技股份有限公司",
        "深圳市鸿远精密科技有限责任公司",
        "广东省深圳市龙岗区鸿远精密科技有限公司",
        "深圳市龙岗区坂田街道鸿远精密科技有限公司",
        "鸿远精密科技",
    ],
)
def test_variants_share_the_core(variant: str) -> None:
    assert core(variant) == "鸿远精密科技"


@pytest.mark.parametrize(
    "other",
    [
        "深圳市鸿源精密科技有限公司",  # 源 for 远: another firm
        "深圳市鸿远电子有限公司",
        "深圳市鸿远精密科技集团有限公司",
        "广州鸿远精密科技有限公司",
        "深圳市鸿远精密科技厂",
        "深圳市龙岗鸿远精密科技有限公司",  # the bare 龙岗 belongs to the name
        "鸿远精密",
    ],
)
def test_other_firms_have_another_core(other: str) -> None:
    assert core(other) != "鸿远精密科技"


@pytest.mark.parametrize("empty", ["深圳市有限公司", "深圳市龙岗区", "深圳市远有限公司"])
def test_a_core_of_less_than_two_characters_names_nobody(empty: str) -> None:
    assert pd.isna(core(empty))


@pytest.mark.parametrize(
    "branch",
    [
        FULL + "龙岗分公司",
        FULL + "（龙岗分公司）",
        FULL + "分公司",
        FULL + "第一分厂",
        FULL + "龙岗分公司坂田营业部",
    ],
)
def test_the_parent_of_a_branch_stands_before_it(branch: str) -> None:
    assert parent(branch) == FULL


def test_a_short_branch_loses_its_place() -> None:
    assert parent("鸿远精密龙岗分公司") == "鸿远精密"


def test_firms_have_no_parent() -> None:
    assert pd.isna(parent(FULL))
    assert pd.isna(parent("深圳市分公司管理有限公司"))
