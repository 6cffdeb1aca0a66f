"""Names and numbers that belong to nobody, with correct check characters.

All arguments and results are arrays.
"""

from __future__ import annotations

import numpy as np

from zgzx_research.simulate.world.constants import words

RESIDENT_AREA = "990000"
PHONE_PREFIX = "1990000"
CREDIT_PREFIX = "91449900"  # 9 = commerce, 1 = company, then the registration area
INSURANCE_PREFIX = "99"

RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
RESIDENT_CHECKS = "10X98765432"
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100: without I, O, S, V, Z
CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)  # 3^i mod 31
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714
APPLICATION_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)  # CNIPA


def joined(*parts: object) -> np.ndarray:
    """Join texts and arrays of texts element by element."""
    total = np.asarray("", dtype=object)
    for part in parts:
        total = total + np.asarray(part, dtype=object)
    return total


def padded(numbers: np.ndarray, width: int) -> np.ndarray:
    """Write whole numbers with leading zeros."""
    return np.char.zfill(np.asarray(numbers).astype(str), width).astype(object)


def weighted_sums(texts: np.ndarray, weights: tuple[int, ...], alphabet: str) -> np.ndarray:
    """Sum weight x position in the alphabet over the characters of each text."""
    codes = np.asarray(texts, dtype=f"U{len(weights)}").view(np.uint32).reshape(-1, len(weights))
    positions = np.zeros(128, dtype=np.int64)
    positions[[ord(character) for character in alphabet]] = np.arange(len(alphabet))
    return positions[codes] @ np.asarray(weights)


def credit_codes(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draw distinct unified social credit codes.

    The organisation code inside has its own check character.
    """
    base = len(CREDIT_ALPHABET)
    numbers = rng.choice(base**6, size=count, replace=False)
    letters = np.asarray(list(CREDIT_ALPHABET), dtype=object)
    organisation = joined("MA", *(letters[numbers // base**place % base] for place in range(6)))
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    inner = (11 - weighted_sums(organisation, ORGANISATION_WEIGHTS, alphabet) % 11) % 11
    body = joined(CREDIT_PREFIX, organisation, np.asarray([*"0123456789X"], dtype=object)[inner])
    outer = (31 - weighted_sums(body, CREDIT_WEIGHTS, CREDIT_ALPHABET) % 31) % 31
    return joined(body, letters[outer])


def resident_ids(born: np.ndarray, is_man: np.ndarray) -> np.ndarray:
    """Make 18-digit IDs of people born on these days (datetime64[D]).

    The running number of a day is odd for men.
    """
    order = np.argsort(born, kind="stable")
    firsts = np.searchsorted(born[order], born[order], side="left")
    running = np.empty(len(born), dtype=np.int64)
    running[order] = np.arange(len(born)) - firsts
    sequence = padded((running * 2 + 2 - is_man) % 1000, 3)
    body = joined(RESIDENT_AREA, np.char.replace(born.astype(str), "-", ""), sequence)
    checks = np.asarray([*RESIDENT_CHECKS], dtype=object)
    return joined(body, checks[weighted_sums(body, RESIDENT_WEIGHTS, "0123456789") % 11])


def registration_numbers(body: np.ndarray) -> np.ndarray:
    """Complete 15-digit registration numbers from 14 digits (ISO 7064, modulus 11, 10)."""
    digits = np.asarray(body, dtype="U14").view(np.uint32).reshape(-1, 14).astype(np.int64) - ord(
        "0"
    )
    product = np.full(len(digits), 10)
    for place in digits.T:
        total = (product + place) % 10
        product = np.where(total == 0, 10, total) * 2 % 11
    return joined(body, ((11 - product) % 10).astype(str))


def application_numbers(filed_year: np.ndarray, kind: np.ndarray, serial: np.ndarray) -> np.ndarray:
    """Make application numbers: CN, year, type digit, serial number, dot and check digit.

    Types are 1 (invention), 2 (utility model) and 3 (design). Serial numbers begin with 9, where
    the office has issued none.
    """
    body = joined(filed_year.astype(str), kind.astype(str), padded(9_000_000 + serial, 7))
    check = application_checks(body)
    return joined("CN", body, ".", check)


def application_checks(body: np.ndarray) -> np.ndarray:
    """Compute the check digits of 12-digit application numbers."""
    checks = np.asarray([*"0123456789X"], dtype=object)
    return checks[weighted_sums(body, APPLICATION_WEIGHTS, "0123456789") % 11]


def brands(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draw distinct four-character brands from two invented pairs."""
    lists = words()["firm"]
    first, second = (np.asarray(list(lists[name]), dtype=object) for name in ("first", "second"))
    base = len(first) * len(second)
    numbers = rng.choice(base**2, size=count, replace=False)
    pairs = [numbers // base, numbers % base]
    return joined(
        *(
            part
            for pair in pairs
            for part in (first[pair // len(second)], second[pair % len(second)])
        )
    )
