"""Keyed pseudonyms of persons."""

from __future__ import annotations

import hashlib
import hmac

import pandas as pd
import pytest

from zgzx_research.cleaning import pseudonyms
from zgzx_research.cleaning.secret_key import SYNTHETIC_KEY, check_key
from zgzx_research.errors import ZgzxError

SECRET_KEY = b"a key for the tests"


def digest(text: str) -> str:
    return hmac.new(SECRET_KEY, text.encode("utf-8"), hashlib.sha256).hexdigest()[:32]


def test_keyed_hash_is_hmac_sha256_and_missing_stays_missing() -> None:
    hashed = pseudonyms.keyed_hash(pd.Series(["甄试样", None, "甄试样"], dtype="str"), SECRET_KEY)
    assert hashed.iloc[[0, 2]].tolist() == [digest("甄试样")] * 2
    assert hashed.isna().tolist() == [False, True, False]


def test_another_key_gives_other_pseudonyms() -> None:
    name = pd.Series(["甄试样"], dtype="str")
    assert pseudonyms.keyed_hash(name, SECRET_KEY)[0] != pseudonyms.keyed_hash(name, b"another")[0]


def test_a_short_key_is_an_error_but_for_synthetic_data() -> None:
    with pytest.raises(ZgzxError, match=r"the key of the pseudonyms has 15 bytes, fewer than 16"):
        check_key(b"k" * 15)
    check_key(b"k" * 16)
    check_key(SYNTHETIC_KEY)


@pytest.mark.parametrize("text", ["甄试样", "甄 试样", "甄 试 样", "甄试样(女)", "甄試樣"])
def test_one_person_written_in_several_ways(text: str) -> None:
    assert pseudonyms.person_names([text]) == ["甄试样"]


@pytest.mark.parametrize(
    ("name", "surname"),
    [("甄试样", "甄"), ("欧阳测", "欧阳"), ("司徒验", "司徒"), ("欧阳", "欧"), ("ZHENSHI", "Z")],
)
def test_surnames(name: str, surname: str) -> None:
    assert pseudonyms.surname(name) == surname


@pytest.mark.parametrize("text", ["不公告发明人", "(班长)", "· "])
def test_texts_without_a_person(text: str) -> None:
    assert pseudonyms.person_names([text]) == [None]


@pytest.mark.parametrize(
    "text",
    [
        "深圳市样例有限公司",
        "样例大学",
        "深圳样例厂",
        "老李样例五金店",
        "样例株式会社",
        "SAMPLE ELECTRONICS CO., LTD.",
        "国网样例供电局",
    ],
)
def test_organisations(text: str) -> None:
    assert pseudonyms.is_organisation(text)


@pytest.mark.parametrize(
    "text",
    ["甄试样", "甄知行", "甄会明", "甄社", "欧阳知行", "样样·样会", "Zhen Shiyang", "甄中心"],
)
def test_persons_that_look_a_little_like_organisations(text: str) -> None:
    assert not pseudonyms.is_organisation(text)


@pytest.mark.parametrize(
    ("text", "team"),
    [("精密加工一班", True), ("注塑班组", True), ("甄试样", False), ("甄班", False)],
)
def test_team_names(text: str, team: bool) -> None:
    assert pseudonyms.is_team_name(text) is team


def test_keys_of_a_person() -> None:
    rows = pd.DataFrame(
        {
            "person_name": ["欧阳测", "欧阳测"],
            "id_no": ["990000197901017776", "9900**********7776"],
            "birth": [None, "1979年1月"],
            "phone": ["+86 199 0000 2222", None],
        },
        dtype="str",
    )
    keys = pseudonyms.person_keys(rows, ("ym_chinese",), SECRET_KEY).keys
    assert keys.iloc[0].to_dict() == {
        "name_key": digest("欧阳测"),
        "surname_key": digest("欧阳"),
        "id_key": digest("990000197901017776"),
        "mask_key": digest("99007776"),
        "birth_key": digest("197901"),  # from the ID, since the cell is empty
        "phone_key": digest("19900002222"),
    }
    assert (
        keys.loc[1, ["mask_key", "birth_key"]].tolist()
        == keys.loc[0, ["mask_key", "birth_key"]].tolist()
    )
    assert keys.loc[1, ["id_key", "phone_key"]].isna().all()
