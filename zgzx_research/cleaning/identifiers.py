"""Identifiers with check characters: codes of firms, resident IDs, application numbers.

Phones and firm names.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice, product
from operator import mul

import pandas as pd
from stdnum.iso7064 import mod_11_10

from zgzx_research.cleaning import reasons
from zgzx_research.cleaning.rules import RULES
from zgzx_research.cleaning.values import Parsed, firm_texts, parsed, parsed_frame
from zgzx_research.distinct import on_texts

# GB 32100: characters without I, O, S, V, Z; weights 3^0 .. 3^16, sum mod 31.
_USCC = re.compile("[0-9]{8}[0-9A-HJ-NP-RTUW-Y]{10}")
_USCC_VALUES = {
    character: value for value, character in enumerate("0123456789ABCDEFGHJKLMNPQRTUWXY")
}
USCC_WEIGHTS = tuple(3**place % 31 for place in range(17))
# GB 11643: weights 2^17 .. 2^1, sum mod 11.
RESIDENT_WEIGHTS = tuple(2 ** (17 - place) % 11 for place in range(17))
# GB 11714: characters 9-16 of a unified credit code are an organisation code, 17 its check
# character.
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
# CNIPA application numbers: weights 2..9 repeating from the left, sum mod 11, 10 = X.
APPLICATION_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9) * 2
# Bodies of eight digits (year in two) until September 2003, of twelve since.
FIRST_LONG_YEAR = 2003
SHORT_YEARS = frozenset(f"{year % 100:02d}" for year in range(1985, 2004))
_DIGITS = bytes((code - ord("0")) % 256 for code in range(256))  # character -> its value
MASKS = r"*×●·xX#"
MOST_REPAIRS = 64

_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")
_APPLICATION = re.compile(r"(?:CN|ZL)*(?P<body>\d{12}|\d{8})(?:\.?(?P<check>[\dX]))?\.?")
_MASKED = re.compile(rf"(\d{{4}})\d*[{MASKS}]+\d*?(\d{{3}}[\dX])")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?\d+")
# What is left of an 18-digit ID that a spreadsheet held as a number: 15 to 17 digits and zeros, or
# scientific form.
_ROUNDED_ID = re.compile(r"\d{15}000|\d{18}\.0+")
_EMPLOYER_NUMBER = re.compile(r"[0-9A-Za-z\-]*\d[0-9A-Za-z\-]*")
_PERSON_NUMBER = re.compile(r"(?=.*\d)[0-9A-Z]{2,30}")
_PERSONAL_RUN = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15}|(?:86)?1[3-9]\d{9})(?!\d)")


def organisation_check(body: str) -> str:
    """Check character of the first eight characters of an organisation code."""
    total = sum(
        int(character, 36) * weight
        for character, weight in zip(body, ORGANISATION_WEIGHTS, strict=True)
    )
    value = (11 - total % 11) % 11  # 11 stands for 0
    return "X" if value == 10 else str(value)


@lru_cache(maxsize=1 << 16)  # read once by the cleaner, and once more by every schema
def is_uscc(code: str) -> bool:
    """Both checks: the last character, and that of the organisation code inside."""
    if not _USCC.fullmatch(code):
        return False
    total = sum(map(mul, map(_USCC_VALUES.__getitem__, code), USCC_WEIGHTS))
    return _USCC_VALUES[code[17]] == -total % 31 and organisation_check(code[8:16]) == code[16]


def read_uscc(column: pd.Series) -> Parsed:
    """Unified credit codes; O and I repaired where exactly one repair passes both checks."""
    repairs: dict[str, str] = RULES["uscc"]["repairs"]

    def read(text: str) -> tuple[str | None, str | None]:
        code = re.sub(r"[\s'’‘`\-]", "", text).upper()
        if resident_id(code):
            return None, reasons.VALUE_PERSONAL_NUMBER
        if is_uscc(code):
            return code, None
        if len(code) != 18:
            return None, reasons.VALUE_USCC
        choices = product(*(repairs.get(character, character) for character in code))
        passing = [found for found in map("".join, islice(choices, MOST_REPAIRS)) if is_uscc(found)]
        return (
            (passing[0], reasons.VALUE_USCC_REPAIRED)
            if len(passing) == 1
            else (None, reasons.VALUE_USCC)
        )

    return parsed(column, read, "str")


def read_organisation_codes(column: pd.Series) -> Parsed:
    """Organisation codes of nine characters (GB 11714), with or without the hyphen; no repairs."""

    def read(text: str) -> tuple[str | None, str | None]:
        code = re.sub(r"[\s'’‘`\-]", "", text).upper()
        fits = re.fullmatch(r"[0-9A-Z]{8}[0-9X]", code) and organisation_check(code[:8]) == code[8]
        return (code, None) if fits else (None, reasons.VALUE_ORGANISATION_CODE)

    return parsed(column, read, "str")


def read_registration_numbers(column: pd.Series) -> Parsed:
    """Registration numbers of 15 digits with their check digit (GS 15-2006: ISO 7064 mod 11,10).

    One that can also be read as an old resident ID (its middle is a date) is not kept.
    """

    def read(text: str) -> tuple[str | None, str | None]:
        code = re.sub(r"[\s'’‘`\-]", "", text)
        if not (re.fullmatch(r"\d{15}", code) and mod_11_10.is_valid(code)):
            return None, reasons.VALUE_REGISTRATION_NUMBER
        return (None, reasons.VALUE_PERSONAL_NUMBER) if resident_id(code) else (code, None)

    return parsed(column, read, "str")


def resident_id(text: str) -> str | None:
    """Return an 18-digit resident ID from 15 or 18 digits; None if checksum or birth date is wrong.

    Area codes are not checked: birthplaces have been renumbered many times.
    """
    if len(text) not in (15, 18):
        return None
    code = text.upper()
    if len(code) == 15 and code.isascii() and code.isdigit():
        code = code[:6] + "19" + code[6:]
        code += _resident_check(code)
    if not (_RESIDENT.fullmatch(code) and _resident_check(code) == code[17]):
        return None
    try:
        born = datetime.date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
    except ValueError:
        return None
    return code if 1900 <= born.year <= 2100 else None


def _resident_check(code: str) -> str:
    return "10X98765432"[_weighted(code, RESIDENT_WEIGHTS) % 11]


def _weighted(digits: str, weights: Sequence[int]) -> int:
    """Sum of the first digits times their weights."""
    return sum(map(mul, digits.encode().translate(_DIGITS), weights))


def read_resident_ids(column: pd.Series) -> pd.DataFrame:
    """Read resident IDs: full (18 digits), mask (first 4 + last 4), birth (YYYYMM) and reason.

    A masked ID (9900**********1234) has a mask only, and nothing is wrong with it. One that ends in
    000 is taken for rounded even where its check fits, as one in eleven does: rounding is more
    common than such a number. The result is on the raw index.
    """

    def read(text: str) -> tuple[str | None, str | None, str | None, str | None]:
        code = re.sub(r"[\s'’‘`]", "", text).upper()
        if _SCIENTIFIC.fullmatch(code) or _ROUNDED_ID.fullmatch(code):
            return None, None, None, reasons.VALUE_ID_DAMAGED
        full = resident_id(code)
        if full:
            return full, full[:4] + full[-4:], full[6:12], None
        masked = _MASKED.fullmatch(code)
        if masked and len(code) <= 18:
            return None, masked[1] + masked[2], None, None
        return (
            None,
            None,
            None,
            reasons.VALUE_ID_DAMAGED if re.fullmatch(r"\d{16}00", code) else reasons.VALUE_ID,
        )

    return parsed_frame(column, read, dict.fromkeys(("full", "mask", "birth", "reason"), "str"))


def application_check(body: str) -> str:
    """Check character of an application number of 8 or 12 digits."""
    return "0123456789X"[_weighted(body, APPLICATION_WEIGHTS) % 11]


def read_application_numbers(column: pd.Series) -> pd.DataFrame:
    """Columns app_no (CN + digits + . + check), type and reason, on the raw index.

    With or without CN, ZL and dot; a lost check character is computed again.
    """
    types: dict[str, str] = RULES["application"]["types"]

    def read(text: str) -> tuple[str | None, str | None, str | None]:
        bare = text.upper()
        found = _APPLICATION.fullmatch(bare)
        if not found:
            bare = re.sub(r"(?<=\d{13})\.0$|[\s'’‘`]", "", bare)
            found = _APPLICATION.fullmatch(bare)
        if _SCIENTIFIC.fullmatch(bare) or (
            found and not found["check"] and re.search(r"0{6}\.?$", bare)
        ):
            return None, None, reasons.DAMAGED_APPLICATION_NUMBER
        body = found["body"] if found else ""
        kind = types.get(body[-8:-7] if len(body) == 12 else body[2:3])
        in_time = int(body[:4]) >= FIRST_LONG_YEAR if len(body) == 12 else body[:2] in SHORT_YEARS
        if not found or not kind or not in_time:
            return None, None, reasons.BAD_APPLICATION_NUMBER
        check = application_check(body)
        if found["check"] not in (None, check):
            return None, None, reasons.BAD_CHECK_DIGIT
        return (
            f"CN{body}.{check}",
            kind,
            None if found["check"] else reasons.VALUE_CHECK_DIGIT_ADDED,
        )

    return parsed_frame(column, read, dict.fromkeys(("app_no", "type", "reason"), "str"))


def read_phones(column: pd.Series) -> Parsed:
    """Digits of the first phone number of a cell, without +86."""

    def read(text: str) -> tuple[str | None, str | None]:
        first = re.sub(r"[\s()\-]", "", re.split(r"[;,、/|]", text)[0])
        digits = re.sub(r"^\+?86(?=1\d{10}$)", "", first)
        return (digits, None) if re.fullmatch(r"\d{7,12}", digits) else (None, reasons.VALUE_PHONE)

    return parsed(column, read, "str")


def firm_names(column: pd.Series, persons: pd.Series | None = None) -> pd.Series:
    """Return firm or place names simplified, trimmed, and free of personal numbers.

    A text that stands among `persons`, the names of the same source, is a person's and missing
    here.
    """
    texts = column if persons is None else column.mask(is_among(column, persons))
    return on_texts(texts, lambda texts: [*map(without_personal_numbers, firm_texts(texts))], "str")


def is_among(column: pd.Series, persons: pd.Series) -> pd.Series:
    """Whether a text is the name of one of these persons, blanks and script apart.

    False where missing.
    """
    names = frozenset(without_blanks(persons.dropna().unique().tolist()))
    return on_texts(column, lambda texts: [text in names for text in without_blanks(texts)]).eq(
        True
    )


def without_blanks(texts: Sequence[str]) -> list[str]:
    """Names or titles without what differs between two ways of writing them down.

    Blanks, script.
    """
    return [text.replace(" ", "") for text in firm_texts(texts)]


def without_personal_numbers(text: str) -> str | None:
    """Remove ID and phone numbers that somebody typed into the name of a firm or place."""
    scrubbed = _PERSONAL_RUN.sub("", text)
    if scrubbed != text:
        scrubbed = scrubbed.replace("()", "").strip(" ,;:/、")
    return scrubbed or None


def read_person_numbers(column: pd.Series) -> Parsed:
    """Read computer numbers of the insured (社保电脑号) in one form.

    Without blanks, marks and leading zeros; what a spreadsheet made a number (612345678.0,
    6.12345678E+08) is read where no digit is lost. Some offices write the resident ID here.
    """

    def read(text: str) -> tuple[str | None, str | None]:
        code = text if text.isdecimal() else re.sub(r"[\s'’‘`\-]", "", text).upper()
        if _ROUNDED_ID.fullmatch(code):
            return None, reasons.VALUE_ID_DAMAGED
        if not code.isdecimal():
            code = _whole_number(re.sub(r"(?<=\d)\.0+$", "", code))
        if full := resident_id(code):
            return full, None
        bare = code.lstrip("0") if code.isdecimal() else code
        return (
            (bare, None) if _PERSON_NUMBER.fullmatch(bare) else (None, reasons.VALUE_PERSON_NUMBER)
        )

    return parsed(column, read, "str")


def _whole_number(code: str) -> str:
    """6.12345678E+08 as 612345678.

    As it is where the exponent asks for digits that are not written.
    """
    found = re.fullmatch(r"(\d)(?:\.(\d+))?E\+?(\d+)", code)
    if not found:
        return code
    digits = found[1] + (found[2] or "").rstrip("0")
    places = int(found[3]) + 1
    written = len(found[1] + (found[2] or ""))
    return digits.ljust(places, "0") if len(digits) <= places <= written else code


def read_employer_numbers(column: pd.Series) -> Parsed:
    """Employer numbers: letters, digits, hyphens.

    People who pay their own insurance may stand under their resident ID or telephone number, which
    is not kept.
    """

    def read(text: str) -> tuple[str | None, str | None]:
        if resident_id(text) or without_personal_numbers(text) != text:
            return None, reasons.VALUE_PERSONAL_NUMBER
        return (
            (text.upper(), None) if _EMPLOYER_NUMBER.fullmatch(text) else (None, reasons.VALUE_TEXT)
        )

    return parsed(column, read, "str")
