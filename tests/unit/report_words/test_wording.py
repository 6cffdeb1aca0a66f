from __future__ import annotations

import math
import re

import pytest

from zgzx_research.cleaning import reasons
from zgzx_research.errors import ZgzxError
from zgzx_research.report import fonts
from zgzx_research.report.number_format import format_number, format_value, significant_digits
from zgzx_research.report.wording import LANGUAGES, entries, word


def test_every_entry_has_both_languages_and_the_same_placeholders() -> None:
    for key, texts in entries().items():
        assert set(texts) == set(LANGUAGES), key
        holes = [sorted(set(re.findall(r"\{(\w+)\}", texts[language]))) for language in LANGUAGES]
        assert holes[0] == holes[1], key


def test_our_words_can_be_printed() -> None:
    for texts in entries().values():
        assert fonts.missing("".join(texts.values())) == []


def test_every_quarantine_reason_has_words() -> None:
    assert [code for code in sorted(reasons.ALL) if f"reason.{code}" not in entries()] == []


def test_unknown_words_name_the_nearest() -> None:
    with pytest.raises(ZgzxError, match=r"rows\.kept"):
        word("rows.keptt", "zh")
    with pytest.raises(ZgzxError, match="language"):
        word("rows.kept", "fr")


@pytest.mark.parametrize(
    ("value", "digits", "signed", "text"),
    [
        (-0.04, 1, False, "0.0"),
        (-0.04, 1, True, "0.0"),
        (0.0, 1, True, "0.0"),
        (-1234567.891, 2, False, "−1,234,567.89"),
        (3, 1, True, "+3.0"),
        (999.96, 1, True, "+1,000.0"),
        (math.nan, 1, False, "—"),
        (None, 1, False, "—"),
    ],
)
def test_numbers(value: float | None, digits: int, signed: bool, text: str) -> None:
    assert format_number(value, digits, signed=signed) == text


@pytest.mark.parametrize(
    ("value", "unit", "language", "text"),
    [
        (12.34, "percent", "zh", "12.3%"),
        (12.34, "percent", "en", "12.3%"),
        (-1.25, "percentage_point", "zh", "−1.2 个百分点"),
        (1.2, "percentage_point", "en", "1.2 percentage points"),
        (0.8766, "share", "en", "87.7%"),
        (1234567, "count", "zh", "1,234,567"),
        (2012, "year", "en", "2012"),
        (0.0401, "number", "en", "0.0401"),
        (12345.6, "number", "en", "12,346"),
        (0.0, "number", "en", "0.00"),
        ("x", "text", "en", "x"),
        (True, "text", "zh", "是"),
        (None, "percent", "en", "not estimable"),
    ],
)
def test_values_with_units(value: object, unit: str, language: str, text: str) -> None:
    assert format_value(value, unit, language=language) == text


def test_a_bare_value_has_no_unit() -> None:
    assert format_value(-1.25, "percentage_point", 2, "en", signed=True, bare=True) == "−1.25"


def test_significant_digits_follow_the_median_and_have_bounds() -> None:
    assert significant_digits([0.012, 0.034, None, math.nan, 0.9], 2) == 3
    assert significant_digits([1e-12]) == 14  # printed as 1.00E−12
    assert significant_digits([]) == 2
