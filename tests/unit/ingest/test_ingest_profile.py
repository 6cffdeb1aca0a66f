"""Profiles as data, headers recognised by them, and the message for one that is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.profile import label, load_profiles
from zgzx_research.ingest.read import read_raw

REGISTRY = "统一社会信用代码,企业名称,成立日期"
MINE = """
source = "registry"
required = ["firm_name"]
[columns]
firm_name = ["字号"]
not_read = ["页码"]
"""


def message(folder: Path, source: str) -> str:
    with pytest.raises(ZgzxError) as caught:
        read_raw(folder, source)
    return str(caught.value)


def test_every_source_has_a_profile() -> None:
    sources = {profile.source for profile in load_profiles().values()}
    assert sources == {"roster", "registry", "employment", "patents", "scores", "programmes"}


@pytest.mark.parametrize(
    "text", ["公开（公告）号", "公开(公告)号", " 公开 (公告)\n号", "＊公开（公告）号"]
)
def test_headers_are_compared_by_their_characters(text: str) -> None:
    assert label(text) == "公开(公告)号"


def test_a_new_layout_is_a_new_file(write: Callable, tmp_path: Path) -> None:
    folder = write("registry/a.csv", "页码,字号\n1,样例五金\n")
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.toml").write_text(MINE, encoding="utf-8")
    (table,) = read_raw(folder, "registry", load_profiles(tmp_path / "profiles"))
    assert table.profile.name == "mine"
    assert table.rows["firm_name"].tolist() == ["样例五金"]


def test_unknown_and_missing_columns_are_named_with_the_line_to_add(write: Callable) -> None:
    text = message(write("registry/a.csv", "统一社会信用代码,字号,成立日期\n1,2,3\n"), "registry")
    assert "registry/001 (read as utf-8), row 1: unknown header" in text
    assert "closest known profile is registry" in text
    assert "missing columns: 企业名称" in text
    assert "unknown columns: 字号" in text
    assert "2 affected" in text
    assert "[columns] of zgzx_research/ingest/profiles/registry.toml" in text


def test_a_new_column_beside_known_ones_is_not_passed_over(write: Callable) -> None:
    text = message(write("registry/a.csv", REGISTRY + ",信用等级\n1,2,3,4\n"), "registry")
    assert "unknown columns: 信用等级" in text
    assert "missing" not in text


def test_a_column_that_stands_twice(write: Callable) -> None:
    text = message(write("registry/a.csv", REGISTRY + ",单位名称\n1,2,3,4\n"), "registry")
    assert "columns that stand twice: 企业名称" in text


def test_a_file_in_the_wrong_folder(write: Callable) -> None:
    text = message(write("patents/a.csv", REGISTRY + "\n1,2,3\n"), "patents")
    assert "This seems to be a registry file in the patents folder" in text


def test_a_file_without_header_shows_nobody_in_the_message(write: Callable) -> None:
    text = message(
        write("employment/a.csv", "990000001,甄试样,990000199003071235,1,样例五金,,201001,\n"),
        "employment",
    )
    assert "unknown header" in text
    assert "closest known profile is employment" in text
    assert not any(secret in text for secret in ("甄试样", "990000199003071235", "990000001"))


def test_a_profile_with_an_unknown_key(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('colums = ["a"]', encoding="utf-8")
    with pytest.raises(
        ZgzxError, match=r"x.toml: unknown keys in a profile, 1 affected, e.g. colums.*Known keys"
    ):
        load_profiles(tmp_path)


def test_a_header_under_two_columns(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(MINE + 'uscc = ["字号"]', encoding="utf-8")
    with pytest.raises(ZgzxError, match="字号 stands under two columns"):
        load_profiles(tmp_path)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("[title]\nyear = '第.+届'", "title patterns without exactly one group, e.g. year"),
        ("[title]\nyear = '('", "a profile that cannot be read"),
        (
            '[foot]\nkey = "uscc"\ncolumns = { uscc = ["代码"] }',
            "the key of the foot is no column of the rows",
        ),
        ('[foot]\ncolumns = { firm_name = ["字号"] }', "a profile that cannot be read"),
    ],
)
def test_a_title_or_foot_that_cannot_work(tmp_path: Path, lines: str, said: str) -> None:
    (tmp_path / "x.toml").write_text(MINE + lines, encoding="utf-8")
    with pytest.raises(ZgzxError, match=f"x.toml: {said}"):
        load_profiles(tmp_path)


def test_columns_an_agency_does_not_deliver_are_there_and_empty(write: Callable) -> None:
    header = "申请号,申请日,公开（公告）号,公开（公告）日,申请（专利权）人,发明人"
    (table,) = read_raw(write("patents/a.csv", header + "\n1,2,3,4,5,6\n"), "patents")
    assert table.rows[["holders", "uscc", "dual", "granted"]].isna().all(axis=None)


TITLED = """
source = "registry"
required = ["firm_name"]
[columns]
firm_name = ["字号"]
year = ["年度"]
[title]
year = '(\\d{4}) 年度'
street = '街道:(\\S+)'
[non_data_rows]
title = { match = '^名册' }
section = { match = '^街道', single_cell = true }
"""


def test_what_a_title_says_stands_in_every_row_until_another_title_or_section(
    write: Callable, tmp_path: Path
) -> None:
    """A new title starts anew, a section changes what it names, a row's own cell comes first."""
    lines = [
        "名册 ２０１９ 年度 街道：甲",
        "字号,年度",
        "一,",
        "二,2001",
        "街道：乙",
        "三,",
        "名册 2020 年度",
        "字号,年度",
        "四,",
    ]
    folder = write("registry/a.csv", "\n".join(lines))
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.toml").write_text(TITLED, encoding="utf-8")
    (table,) = read_raw(folder, "registry", load_profiles(tmp_path / "profiles"))
    assert table.rows["firm_name"].tolist() == ["一", "二", "三", "四"]
    assert table.rows["year"].tolist() == ["2019", "2001", "2019", "2020"]
    assert table.rows["street"].fillna("").tolist() == ["甲", "甲", "乙", ""]
    assert table.non_data_rows == [
        (1, "title"),
        (2, "header"),
        (5, "section"),
        (7, "title"),
        (8, "header"),
    ]


def test_a_profile_that_is_no_toml(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("source = ", encoding="utf-8")
    with pytest.raises(ZgzxError, match=r"x.toml: a profile that cannot be read.*Compare it with"):
        load_profiles(tmp_path)
