"""Numbers as text: digits, units, signs; the same in prose, tables and figures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from zgzx_research.report.wording import word

MINUS = "−"
MISSING = "—"
MOST_DIGITS = 6  # digits after the point; a number that needs more is small, and written as 3.01E−7
ERROR_DIGITS = 2  # significant ones of a standard error; estimates beside it end at the same place
SIGNIFICANT = 3  # digits of a plain number, whose size is not known beforehand
SMALL_POWER, LARGE_POWER = -3, 14  # powers of ten beyond which numbers are written as 3.01E−7

# unit: digits shown (None: as many as make SIGNIFICANT ones), factor from the stored value, what
# follows the number (a wording key when it begins with "unit.")
UNIT_STYLE: dict[str, tuple[int | None, float, str]] = {
    "percent": (1, 1.0, "%"),
    "percentage_point": (1, 1.0, "unit.percentage_point"),
    "share": (1, 100.0, "%"),
    "number": (None, 1.0, ""),
    "count": (0, 1.0, ""),
}
# Amounts of money are rounded alike in both languages. From an amount on: digits shown, factor,
# and the wording key of the unit.
YUAN_STEPS: dict[str, list[tuple[float, int, float, str]]] = {
    "zh": [
        (1e8, 2, 1e-8, "unit.yuan_100m"),
        (1e6, 0, 1e-4, "unit.yuan_10k"),
        (1e4, 1, 1e-4, "unit.yuan_10k"),
        (0.0, 0, 1.0, "unit.yuan"),
    ],
    "en": [
        (1e8, 0, 1e-6, "unit.yuan_100m"),
        (1e6, 2, 1e-6, "unit.yuan_100m"),
        (1e4, -3, 1.0, "unit.yuan"),
        (0.0, 0, 1.0, "unit.yuan"),
    ],
}


def format_number(value: float | None, digits: int, *, signed: bool = False) -> str:
    """Write a number with thousands separators, a true minus sign and no "−0.0".

    A small number that needs many digits is written with its power of ten, as spreadsheets do; a
    very large one too.

    Parameters
    ----------
    value : float or None
        The number.
    digits : int
        Digits after the point.
    signed : bool, default False
        Whether a positive number has a plus sign.

    Returns
    -------
    str
        The number; a dash where it is missing or infinite.

    Examples
    --------
    >>> format_number(-1234.56, 1), format_number(-0.04, 1), format_number(2, 1, signed=True)
    ('−1,234.6', '0.0', '+2.0')
    >>> format_number(3.0099e-07, 10), format_number(-2.5e-09, 10)
    ('3.010E−7', '−2.5E−9')
    >>> format_number(0.25, 7), format_number(2e16, 0)
    ('0.2500000', '2.00E+16')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if not value and digits > MOST_DIGITS:
        return "0"

    power = math.floor(math.log10(abs(value))) if value else 0
    if digits > MOST_DIGITS and power < SMALL_POWER:
        kept = digits + power
        text = f"{float(value) / 10**power:z.{max(0, kept)}f}E{power}" if kept >= 0 else "0"
    elif power > LARGE_POWER:
        text = f"{float(value) / 10.0**power:z.{SIGNIFICANT - 1}f}E+{power}"
    else:
        text = f"{float(value):z,.{digits}f}"

    if signed and float(text.replace(",", "")) > 0:
        text = "+" + text
    return text.replace("-", MINUS)


def significant_digits(sizes: Iterable[float | None], wanted: int = SIGNIFICANT) -> int:
    """Count the digits after the point that show the median of these sizes to `wanted` digits.

    Parameters
    ----------
    sizes : Iterable of float or None
        Numbers of any sign; missing ones and zeros do not count.
    wanted : int, default 3
        Significant digits.

    Returns
    -------
    int
        Digits after the point.

    Examples
    --------
    >>> significant_digits([0.0401]), significant_digits([2.7]), significant_digits([12345.0])
    (4, 2, 0)
    >>> significant_digits([2.6e-09], 2)
    10
    """
    known = sorted(
        abs(size) for size in sizes if size is not None and math.isfinite(size) and size != 0
    )
    if not known:
        return wanted - 1
    return max(0, wanted - 1 - math.floor(math.log10(known[len(known) // 2])))


def percent_digits(sizes: Iterable[float | None]) -> int:
    """Count the digits of percentages: one, and more where that would show sizes as zero.

    Parameters
    ----------
    sizes : Iterable of float or None
        Percentages or percentage points.

    Returns
    -------
    int
        Digits after the point.

    Examples
    --------
    >>> percent_digits([12.3]), percent_digits([0.4]), percent_digits([0.02])
    (1, 1, 2)
    """
    return max(1, significant_digits([size for size in sizes if size] or [1.0], 1))


def effect_digits(
    unit: str, errors: Iterable[float | None], values: Iterable[float | None] = ()
) -> int:
    """Count the digits after the point for effects shown together.

    Plain numbers show their errors to two significant digits; percentages have one digit, or more
    where their errors are smaller. Where no error is known, the `values` decide.

    Parameters
    ----------
    unit : str
        "percent", "percentage_point" or "number".
    errors : Iterable of float or None
        Standard errors, or half widths of intervals.
    values : Iterable of float or None, default ()
        The effects themselves.

    Returns
    -------
    int
        Digits after the point.
    """
    known = [error for error in errors if error is not None and math.isfinite(error) and error]
    if unit == "number":
        return significant_digits(known, ERROR_DIGITS) if known else significant_digits(values)
    return percent_digits(known or values)


def format_value(
    value: Any,
    unit: str,
    digits: int | None = None,
    language: str = "zh",
    *,
    signed: bool = False,
    bare: bool = False,
) -> str:
    """Write a fact's value with its unit, e.g. "12.3%", "1.2 个百分点", "1,234", "2012".

    Parameters
    ----------
    value : Any
        Value of a fact: number, text, True or False; None when it cannot be estimated.
    unit : str
        percent, percentage_point, share (0 to 1, printed in percent), number, count, year, text, or
        yuan (rounded to a size that is easily read, see `format_yuan`).
    digits : int, optional
        Digits after the point; None for the unit's own.
    language : str, default "zh"
        "zh" or "en".
    signed : bool, default False
        Whether a positive number has a plus sign.
    bare : bool, default False
        Whether to leave out a unit in words (a % stays).

    Returns
    -------
    str
        The text.
    """
    if value is None:
        return word("missing", language)
    if isinstance(value, bool):
        return word("yes" if value else "no", language)
    if unit == "text":
        return str(value)
    if unit == "year":
        return f"{int(value)}"
    if unit == "yuan":
        return format_yuan(value, digits, language, signed=signed, bare=bare)

    own_digits, factor, after = UNIT_STYLE[unit]
    if digits is None:
        digits = _unit_digits(own_digits, value, factor)
    text = format_number(factor * value, digits, signed=signed)
    if after.startswith("unit."):
        return text if bare else text + word(after, language)
    return text + after


def format_detectable(
    effect: float | None,
    interval: tuple[float | None, float | None],
    unit: str,
    digits: int | None,
    language: str,
    *,
    bare: bool = False,
) -> str:
    """Write a minimum detectable effect, never above what the interval rules out already.

    Parameters
    ----------
    effect : float or None
        The effect, in the unit; None or infinite where there is none of any size.
    interval : pair of float or None
        Ends of the 95 % interval.
    unit, digits, language, bare
        As in `format_value`.

    Returns
    -------
    str
        The effect; "> end" where it lies above an interval that ends above zero; why there is none,
        where only the error's growth with the effect forbids one; a dash without an interval.
    """
    known, low, high = (
        None if one is None or not math.isfinite(one) else float(one) for one in (effect, *interval)
    )
    if low is None and known is None:
        return MISSING if bare else word("missing", language)
    end = high if low is not None and high is not None and high > 0 else None
    if end is not None and (known is None or known > end):
        return f"> {format_value(end, unit, digits, language, bare=bare)}"
    if known is None:
        return word("detectable.no_size", language)
    return format_value(known, unit, digits, language, bare=bare)


def format_yuan(
    value: float,
    digits: int | None = None,
    language: str = "zh",
    *,
    signed: bool = False,
    bare: bool = False,
) -> str:
    """Write an amount of money, rounded to what a reader can take in.

    Parameters
    ----------
    value : float
        Yuan.
    digits : int, optional
        Digits after the point of whole yuan; None rounds large amounts: from 10,000 on to
        thousands, from a million on to ten thousands, from a hundred million on to millions.
    language : str, default "zh"
        "zh" or "en".
    signed : bool, default False
        Whether a positive amount has a plus sign.
    bare : bool, default False
        Whether to write whole yuan without the unit.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> format_yuan(38_812), format_yuan(38_812, language="en")
    ('3.9 万元', '39,000 yuan')
    >>> format_yuan(17_640_000), format_yuan(17_640_000, language="en")
    ('1,764 万元', '17.64 million yuan')
    >>> format_yuan(8_500), format_yuan(38_812, 0, "en")
    ('8,500 元', '38,812 yuan')
    """
    if digits is not None or bare:
        text = format_number(value, digits or 0, signed=signed)
        return text if bare else text + word("unit.yuan", language)
    steps = YUAN_STEPS[language]
    shown, factor, unit = next(step[1:] for step in steps if abs(value) >= step[0])
    if shown < 0:  # whole thousands
        value, shown = round(value, shown), 0
    text = format_number(factor * value, shown, signed=signed)
    whole = text.rstrip("0").rstrip(".") if "." in text else text  # 5 万元, not 5.0 万元
    return whole + word(unit, language)


def _unit_digits(own: int | None, value: float, factor: float) -> int:
    """Return a unit's own digits, and more where they would show a small value as zero.

    Counts keep theirs.
    """
    if own is None:
        return significant_digits([value])
    return percent_digits([factor * value]) if own and 0 < abs(factor * value) < 1 else own


def format_base_mean(value: float, share: bool) -> str:
    """Write a base mean: a share in percent, anything else to three significant digits."""
    return format_value(float(value), "share" if share else "number") if value == value else MISSING
