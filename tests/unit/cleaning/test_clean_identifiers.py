"""Check characters; codes worked out by the formulas of the standards, not by our code."""

from __future__ import annotations

import datetime

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.cn import uscc as credit_code
from stdnum.iso7064 import mod_11_2

from zgzx_research.cleaning import identifiers, reasons, values

USCC = "91449900MA5D000164"
RESIDENT = "990000199003071235"


def column(*texts: str | None) -> pd.Series:
    return pd.Series(texts, dtype="str")


def plain(values: pd.Series) -> list:
    return [None if pd.isna(value) else value for value in values]


@pytest.mark.parametrize(
    "code", [USCC, "91449900100000016U", "91449900MA5EQ102X0", "914499000A1B2C3D8H"]
)
def test_codes_that_pass_both_checks(code: str) -> None:
    assert identifiers.is_uscc(code)


def test_stdnum_alone_would_take_a_wrong_organisation_code() -> None:
    code = "91449900MA5D00011L"  # outer character right, the one of MA5D0001 should be 6
    assert credit_code.is_valid(code)
    assert not identifiers.is_uscc(code)


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        (USCC, USCC, None),
        ("'91449900-MA5D0001-64", USCC, None),
        ("91449900ma5d000164", USCC, None),
        ("91449900MA5DOO0164", USCC, reasons.VALUE_USCC_REPAIRED),
        ("9I449900MA5D000164", USCC, reasons.VALUE_USCC_REPAIRED),
        ("9I449900MA5D0001O4", None, reasons.VALUE_USCC),  # a repair that passes no check
        ("91449900MA5D000165", None, reasons.VALUE_USCC),
        ("440306103456789", None, reasons.VALUE_USCC),
    ],
)
def test_credit_codes(text: str, code: str | None, reason: str | None) -> None:
    read = identifiers.read_uscc(column(text))
    assert plain(read.value) == [code]
    assert plain(read.reason) == [reason]


@pytest.mark.slow
@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8))
def test_one_wrong_character_of_a_code_is_found(body: str) -> None:
    start = "91449900" + body + identifiers.organisation_check(body)
    assume("X" not in body)
    code = start + credit_code.calc_check_digit(start)
    assert identifiers.read_uscc(column(code)).value.tolist() == [code]
    wrong = ("8" if code[0] == "9" else "9") + code[1:]
    assert identifiers.read_uscc(column(wrong)).reason.tolist() == [reasons.VALUE_USCC]


@pytest.mark.parametrize(
    ("text", "full", "mask", "birth", "reason"),
    [
        (RESIDENT, RESIDENT, "99001235", "199003", None),
        ("'" + RESIDENT, RESIDENT, "99001235", "199003", None),
        ("990000 19900307 1235", RESIDENT, "99001235", "199003", None),
        (
            "990000880229008",
            "990000198802290085",
            "99000085",
            "198802",
            None,
        ),  # 15 digits: 19 and the check added
        ("9900**********1235", None, "99001235", None, None),
        ("990000********123x", None, "9900123X", None, None),
        ("9900XXXXXXXXXX1235", None, "99001235", None, None),
        ("990000199003071236", None, None, None, reasons.VALUE_ID),
        ("990000199013071235", None, None, None, reasons.VALUE_ID),
        ("9.90000199003071E+17", None, None, None, reasons.VALUE_ID_DAMAGED),
        ("990000199003071000", None, None, None, reasons.VALUE_ID_DAMAGED),
        ("9.90000199003071e+17", None, None, None, reasons.VALUE_ID_DAMAGED),
        ("9.9E17", None, None, None, reasons.VALUE_ID_DAMAGED),
        ("4.40307E+17", None, None, None, reasons.VALUE_ID_DAMAGED),
        ("440307199001010000", None, None, None, reasons.VALUE_ID_DAMAGED),
        ("440307000000000000", None, None, None, reasons.VALUE_ID_DAMAGED),
        ("990000199003071235.0", None, None, None, reasons.VALUE_ID_DAMAGED),
        ("990000199003071300", None, None, None, reasons.VALUE_ID_DAMAGED),  # as JavaScript rounds
        # sum of weights 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2 on 99000019900303000 is 342 = 31*11 +
        # 1: check 0
        ("990000199003030000", None, None, None, reasons.VALUE_ID_DAMAGED),
        ("990000199003", None, None, None, reasons.VALUE_ID),
        ("护照", None, None, None, reasons.VALUE_ID),
    ],
)
def test_resident_ids(
    text: str, full: str | None, mask: str | None, birth: str | None, reason: str | None
) -> None:
    assert plain(identifiers.read_resident_ids(column(text)).iloc[0]) == [full, mask, birth, reason]


@pytest.mark.slow
@given(
    st.from_regex(r"9144[0-9]{4}[0-9A-HJ-NP-RTUW-Y]{8}", fullmatch=True),
    st.integers(0, 17),
    st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
)
def test_check_characters_of_firms_are_those_of_stdnum(body: str, place: int, other: str) -> None:
    code = body + identifiers.organisation_check(body[8:])
    code += credit_code.calc_check_digit(code)
    assert identifiers.is_uscc(code)
    wrong = code[:place] + other + code[place + 1 :]
    inner_fits = identifiers.organisation_check(wrong[8:16]) == wrong[16]
    assert identifiers.is_uscc(wrong) == (credit_code.is_valid(wrong) and inner_fits)


@given(st.from_regex("9900001990030[1-9][0-9]{3}", fullmatch=True), st.sampled_from("0123456789X"))
def test_check_characters_of_persons_are_those_of_stdnum(body: str, check: str) -> None:
    assert (identifiers.resident_id(body + check) is not None) == mod_11_2.is_valid(body + check)


@given(
    st.dates(datetime.date(1930, 1, 1), datetime.date(2020, 1, 1)),
    st.integers(0, 999),
    st.integers(0, 16),
    st.integers(1, 9),
)
def test_any_wrong_digit_of_an_id_is_found(
    day: datetime.date, serial: int, place: int, shift: int
) -> None:
    body = f"990000{day:%Y%m%d}{serial:03d}"
    code = body + mod_11_2.calc_check_digit(body)
    assert identifiers.resident_id(code) == code
    wrong = code[:place] + str((int(code[place]) + shift) % 10) + code[place + 1 :]
    assert identifiers.resident_id(wrong) is None


@pytest.mark.parametrize(
    ("text", "number", "kind", "reason"),
    [
        ("CN201510123456.1", "CN201510123456.1", "invention", None),
        ("ZL201520123456.7", "CN201520123456.7", "utility_model", None),
        ("2019300000001X", None, None, reasons.BAD_APPLICATION_NUMBER),
        ("201930000001X", "CN201930000001.X", "design", None),
        ("CN 201930000001.x", "CN201930000001.X", "design", None),
        ("201810000017", "CN201810000017.5", "invention", reasons.VALUE_CHECK_DIGIT_ADDED),
        ("201810000017.", "CN201810000017.5", "invention", reasons.VALUE_CHECK_DIGIT_ADDED),
        ("2018100000175.0", "CN201810000017.5", "invention", None),
        (
            "03123456.9",
            "CN03123456.9",
            "invention",
            None,
        ),  # before October 2003: year in two digits
        ("CN201510123456.2", None, None, reasons.BAD_CHECK_DIGIT),
        (
            "201570123456.1",
            None,
            None,
            reasons.BAD_APPLICATION_NUMBER,
        ),  # no such type of application
        ("2.01510123456E+12", None, None, reasons.DAMAGED_APPLICATION_NUMBER),
        ("2.01E+11", None, None, reasons.DAMAGED_APPLICATION_NUMBER),
        ("201510000000", None, None, reasons.DAMAGED_APPLICATION_NUMBER),  # the same written out
        ("PCT/CN2016/000001", None, None, reasons.BAD_APPLICATION_NUMBER),
        (
            "15123456",
            None,
            None,
            reasons.BAD_APPLICATION_NUMBER,
        ),  # eight digits, but not before October 2003
        ("199510123456", None, None, reasons.BAD_APPLICATION_NUMBER),  # twelve digits, but before
        ("ZL03123456.9", "CN03123456.9", "invention", None),
        ("CNZL03123456", "CN03123456.9", "invention", reasons.VALUE_CHECK_DIGIT_ADDED),
    ],
)
def test_application_numbers(
    text: str, number: str | None, kind: str | None, reason: str | None
) -> None:
    assert plain(identifiers.read_application_numbers(column(text)).iloc[0]) == [
        number,
        kind,
        reason,
    ]


@given(
    st.integers(2003, 2099),
    st.sampled_from("12389"),
    st.integers(1, 9999999).filter(lambda n: n % 1000000),
    st.integers(0, 11),
    st.integers(1, 9),
)
def test_application_numbers_are_read_in_every_dress(
    year: int, kind: str, serial: int, place: int, shift: int
) -> None:
    body = f"{year}{kind}{serial:07d}"
    full = f"CN{body}.{identifiers.application_check(body)}"
    dresses = (full, full[2:], full.replace(".", ""), "ZL" + full[2:], full[:-2], full[:-1])
    assert set(identifiers.read_application_numbers(column(*dresses))["app_no"]) == {full}
    wrong = body[:place] + str((int(body[place]) + shift) % 10) + body[place + 1 :]
    assert identifiers.application_check(wrong) != full[-1]


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("19900001111", "19900001111"),
        ("+86 199-0000-1111", "19900001111"),
        ("8619900001111", "19900001111"),
        ("0755-28000000", "075528000000"),
        ("19900001111/28000000", "19900001111"),
        ("待补", None),
        ("123", None),
    ],
)
def test_phones(text: str, digits: str | None) -> None:
    read = identifiers.read_phones(column(text))
    assert plain(read.value) == [digits]
    assert read.reason.isna().tolist() == [digits is not None]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("样例五金厂 19900001111", "样例五金厂"),
        ("样例五金厂(990000199003071235)", "样例五金厂"),
        ("样例(深圳)有限公司", "样例(深圳)有限公司"),
        ("第3样例厂", "第3样例厂"),
        ("19900001111", None),
    ],
)
def test_personal_numbers_leave_firm_names(text: str, name: str | None) -> None:
    assert identifiers.without_personal_numbers(text) == name


def test_an_id_in_the_place_of_an_employer_number_is_not_kept() -> None:
    read = identifiers.read_employer_numbers(column("44990001", RESIDENT, None))
    assert plain(read.value) == ["44990001", None, None]
    assert plain(read.reason) == [None, reasons.VALUE_PERSONAL_NUMBER, None]


ANYTHING = st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdxoi .*-/_甄")


def changed(code: str, place: int, character: str) -> str:
    return code[:place] + character + code[place + 1 :]


@given(
    st.text("0123456789ABCDEFGHJKLMNPQRTUWY", min_size=8, max_size=8), st.integers(0, 17), ANYTHING
)
def test_a_code_with_any_one_character_changed_is_refused_or_repaired_to_itself(
    body: str, place: int, character: str
) -> None:
    start = "91449900" + body + identifiers.organisation_check(body)
    assume("X" not in body)
    code = start + credit_code.calc_check_digit(start)
    read = identifiers.read_uscc(column(changed(code, place, character))).value
    assert plain(read) in ([None], [code])


CODES = st.from_regex(r"9144[0-9]{4}[0-9A-Z]{10}|[0-9]{17}[0-9X]|[0-9A-Z]{16,19}", fullmatch=True)


@given(CODES)
def test_check_characters_are_those_of_stdnum(code: str) -> None:
    """Codes as drawn, which are wrong, and with the check characters stdnum gives them."""
    inner = identifiers.organisation_check(code[8:16])
    for text in (code, code[:16] + inner + "0"):
        if credit_code.is_valid(text[:17] + "0") or not set(text[:17]) - set("IOSVZ"):
            text = text[:17] + credit_code.calc_check_digit(text[:17])
        assert identifiers.is_uscc(text) == (credit_code.is_valid(text) and text[16] == inner)
    number = code[:17]
    if number.isdigit():
        number += mod_11_2.calc_check_digit(number)
        assert identifiers.resident_id(number) in (None, number)
        born = "19900307"
        number = number[:6] + born + number[14:17]
        assert identifiers.resident_id(number + mod_11_2.calc_check_digit(number)) is not None


@given(
    st.dates(datetime.date(1930, 1, 1), datetime.date(2020, 1, 1)),
    st.integers(1, 999),
    st.integers(0, 17),
    ANYTHING,
)
def test_an_id_with_any_one_character_changed_is_refused_or_masked(
    day: datetime.date, serial: int, place: int, character: str
) -> None:
    body = f"990000{day:%Y%m%d}{serial:03d}"
    code = body + mod_11_2.calc_check_digit(body)
    full, mask, _, _ = plain(
        identifiers.read_resident_ids(column(changed(code, place, character))).iloc[0]
    )
    assert full in (None, code)
    if full is None and mask is not None:  # a mark in the middle hides one digit
        assert mask == code[:4] + code[-4:]
        assert character in identifiers.MASKS


@given(
    st.integers(2003, 2099),
    st.sampled_from("12389"),
    st.integers(1, 9999999),
    st.integers(0, 15),
    ANYTHING,
)
def test_an_application_number_with_any_one_character_changed_is_refused_or_the_same(
    year: int, kind: str, serial: int, place: int, character: str
) -> None:
    body = f"{year}{kind}{serial:07d}"
    full = f"CN{body}.{identifiers.application_check(body)}"
    read = identifiers.read_application_numbers(column(changed(full, place, character)))["app_no"]
    assert plain(read) in ([None], [full])


@given(st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True))
def test_reading_twice_changes_nothing(code: str) -> None:
    once = identifiers.read_resident_ids(column(code))["full"]
    assert once.isna().all() or plain(identifiers.read_resident_ids(once)["full"]) == plain(once)


def test_full_width_codes_are_read_after_cleaning() -> None:
    wide = column("９１４４９９００ＭＡ５Ｄ０００１６４")
    assert plain(identifiers.read_uscc(values.clean_column(wide)).value) == [USCC]
    number = values.clean_column(column("ＺＬ２０１９３００００００１．Ｘ"))
    assert plain(identifiers.read_application_numbers(number)["app_no"]) == ["CN201930000001.X"]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("甄试样", True),
        ("甄 试样", True),
        ("甄試樣", True),
        ("甄试样五金厂", False),
        ("样例五金", False),
    ],
)
def test_a_person_in_the_place_of_a_firm(text: str, hidden: bool) -> None:
    persons = column("甄　试样", None)
    assert identifiers.is_among(column(text), persons).tolist() == [hidden]
    assert identifiers.firm_names(column(text, None), persons).isna().tolist() == [hidden, True]
