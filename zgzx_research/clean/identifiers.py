"""Identifiers with check characters: unified credit code, resident ID, patent application number; phones."""

from __future__ import annotations

import datetime
import re
from itertools import islice, product
from typing import Any

import pandas as pd
from stdnum.cn import uscc as credit_code
from stdnum.iso7064 import mod_11_2

from zgzx_research.clean import reasons
from zgzx_research.clean.rules import RULES
from zgzx_research.clean.values import Parsed, firm_text, on_unique, parsed

# GB 11714: characters 9-16 of a unified credit code are an organisation code, 17 its check character.
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
# CNIPA application numbers: weights 2..9 repeating from the left, sum mod 11, 10 = X.
APPLICATION_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9) * 2
FIRST_PATENT_YEAR = 1985
MASKS = r"*×●·xX#"
MOST_REPAIRS = 64

_APPLICATION = re.compile(r"(?:CN|ZL)*(?P<body>\d{12}|\d{8})(?:\.?(?P<check>[\dX]))?\.?")
_MASKED = re.compile(rf"(\d{{4}})\d*[{MASKS}]+\d*?(\d{{3}}[\dX])")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?\d+")
_PERSONAL_RUN = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15}|(?:86)?1[3-9]\d{9})(?!\d)")


def organisation_check(body: str) -> str:
    """Check character of the first eight characters of an organisation code."""
    total = sum(int(character, 36) * weight for character, weight in zip(body, ORGANISATION_WEIGHTS, strict=True))
    value = (11 - total % 11) % 11  # 11 stands for 0
    return "X" if value == 10 else str(value)


def is_uscc(code: str) -> bool:
    """Both checks: the last character (stdnum) and that of the organisation code inside, which stdnum leaves out."""
    return credit_code.is_valid(code) and organisation_check(code[8:16]) == code[16]


def read_uscc(column: pd.Series) -> Parsed:
    """Unified credit codes; O and I repaired where exactly one repair passes both checks."""
    repairs: dict[str, str] = RULES["uscc"]["repairs"]

    def read(text: str) -> tuple[str | None, str | None]:
        code = re.sub(r"[\s'’‘`\-]", "", text).upper()
        if is_uscc(code):
            return code, None
        if len(code) != 18:
            return None, reasons.VALUE_USCC
        choices = product(*(repairs.get(character, character) for character in code))
        passing = [found for found in map("".join, islice(choices, MOST_REPAIRS)) if is_uscc(found)]
        return (passing[0], reasons.VALUE_USCC_REPAIRED) if len(passing) == 1 else (None, reasons.VALUE_USCC)

    return parsed(column, read, "str")


def resident_id(text: str) -> str | None:
    """An 18-digit resident ID from 15 or 18 digits when checksum and birth date are right, else None.

    Area codes are not judged: birthplaces have been renumbered many times.
    """
    code = text.upper()
    if re.fullmatch(r"\d{15}", code):
        code = code[:6] + "19" + code[6:]
        code += mod_11_2.calc_check_digit(code)
    if not (re.fullmatch(r"\d{17}[\dX]", code) and mod_11_2.is_valid(code)):
        return None
    try:
        born = datetime.date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
    except ValueError:
        return None
    return code if 1900 <= born.year <= 2100 else None


def read_resident_ids(column: pd.Series) -> pd.DataFrame:
    """Columns full (18 digits), mask (first 4 + last 4), birth (YYYYMM) and reason, on the raw index.

    A masked ID (9900**********1234) has a mask only, and nothing is wrong with it.
    """

    def read(text: str) -> tuple[Any, str | None]:
        code = re.sub(r"[\s'’‘`]", "", text).upper()
        full = resident_id(code)
        if full:
            return (full, full[:4] + full[-4:], full[6:12]), None
        masked = _MASKED.fullmatch(code)
        if masked and len(code) <= 18:
            return (None, masked[1] + masked[2], None), None
        damaged = _SCIENTIFIC.fullmatch(code) or re.fullmatch(r"\d{15}000", code)
        return None, reasons.VALUE_ID_DAMAGED if damaged else reasons.VALUE_ID

    result = parsed(column, read, "object")
    parts = result.value.map(lambda value: value if isinstance(value, tuple) else (None, None, None))
    frame = pd.DataFrame(parts.tolist(), columns=["full", "mask", "birth"], index=column.index).astype("str")
    return frame.assign(reason=result.reason)


def application_check(body: str) -> str:
    """Check character of an application number of 8 or 12 digits."""
    value = sum(int(digit) * weight for digit, weight in zip(body, APPLICATION_WEIGHTS, strict=False)) % 11
    return "X" if value == 10 else str(value)


def read_application_numbers(column: pd.Series) -> pd.DataFrame:
    """Columns app_no (CN + digits + . + check), type and reason, on the raw index.

    With or without CN, ZL and dot; a lost check character is computed again.
    """
    types: dict[str, str] = RULES["application"]["types"]

    def read(text: str) -> tuple[Any, str | None]:
        found = _APPLICATION.fullmatch(re.sub(r"(?<=\d{13})\.0$|[\s'’‘`]", "", text.upper()))
        body = found["body"] if found else ""
        kind = types.get(body[-8:-7] if len(body) == 12 else body[2:3])
        if not found or not kind or (len(body) == 12 and int(body[:4]) < FIRST_PATENT_YEAR):
            return None, reasons.BAD_APPLICATION_NUMBER
        check = application_check(body)
        if found["check"] not in (None, check):
            return None, reasons.BAD_CHECK_DIGIT
        return (f"CN{body}.{check}", kind), None if found["check"] else reasons.VALUE_CHECK_DIGIT_ADDED

    result = parsed(column, read, "object")
    parts = result.value.map(lambda value: value if isinstance(value, tuple) else (None, None))
    frame = pd.DataFrame(parts.tolist(), columns=["app_no", "type"], index=column.index).astype("str")
    return frame.assign(reason=result.reason)


def read_phones(column: pd.Series) -> Parsed:
    """Digits of the first phone number of a cell, without +86."""

    def read(text: str) -> tuple[str | None, str | None]:
        first = re.sub(r"[\s()\-]", "", re.split(r"[;,、/|]", text)[0])
        digits = re.sub(r"^\+?86(?=1\d{10}$)", "", first)
        return (digits, None) if re.fullmatch(r"\d{7,12}", digits) else (None, reasons.VALUE_PHONE)

    return parsed(column, read, "str")


def firm_names(column: pd.Series) -> pd.Series:
    """Cleaned firm or place names as they leave this room: simplified, trimmed, free of personal numbers."""
    return on_unique(column, lambda text: without_personal_numbers(firm_text(text))).astype("str")


def without_personal_numbers(text: str) -> str | None:
    """A firm or place name without the ID and phone numbers somebody may have typed into it."""
    scrubbed = _PERSONAL_RUN.sub("", text)
    if scrubbed != text:
        scrubbed = scrubbed.replace("()", "").strip(" ,;:/、")
    return scrubbed or None


def read_employer_numbers(column: pd.Series) -> Parsed:
    """Employer numbers as text; people insured on their own may stand under their resident ID, which is not kept."""

    def read(text: str) -> tuple[str | None, str | None]:
        return (None, reasons.VALUE_PERSONAL_NUMBER) if resident_id(text) else (text.upper(), None)

    return parsed(column, read, "str")
