"""Remedies that fit: what is set already, or would not help, is not advised."""

from __future__ import annotations

import re
from collections.abc import Mapping

from zgzx_research.errors import ZgzxError

MASKS = ("anticipation", "leave_out")
LOWER = "lower anticipation or leave_out"
NOTHING_ELSE = "See that first_treated and the periods are the right columns."
SETTING = re.compile(r"(\w+)='(\w+)'")


def fitting(remedy: str, options: Mapping[str, object]) -> str:
    """Return a remedy without the alternatives that name an option as it is set.

    Parameters
    ----------
    remedy : str
        One sentence with alternatives, e.g. "Add earlier periods, or pass
        controls='not_yet_treated'.".
    options : Mapping[str, object]
        Those in force; a window of 0 cannot be lowered.

    Examples
    --------
    >>> remedy = "Add earlier periods, or try controls='not_yet_treated'."
    >>> fitting(remedy, {"controls": "not_yet_treated"})
    'Add earlier periods.'
    """
    masks = [name for name in MASKS if options.get(name)]
    text = remedy.replace(LOWER, "\0").replace(LOWER.capitalize(), "\0")
    if text == remedy and not any(
        options.get(name) == value for name, value in SETTING.findall(remedy)
    ):
        return remedy
    parts = [part for part in re.split(r",? or |, ", text.rstrip(".")) if part]
    verb = "Pass " if parts[0].startswith("Pass ") else ""
    kept = [part for part in parts if _helps(part, options, masks)]
    if not kept:
        return NOTHING_ELSE
    kept = [part.replace("\0", f"lower {' or '.join(masks)}") for part in kept]
    kept[0] = kept[0] if kept[0].startswith(verb) else verb + kept[0]
    kept[0] = kept[0][0].upper() + kept[0][1:]
    if len(kept) > 2:
        return f"{', '.join(kept[:-1])}, or {kept[-1]}."
    return f"{' or '.join(kept)}."


def _helps(part: str, options: Mapping[str, object], masks: list[str]) -> bool:
    if "\0" in part:
        return bool(masks)
    return not any(options.get(name) == value for name, value in SETTING.findall(part))


def with_fitting_remedy(error: ZgzxError, options: Mapping[str, object]) -> ZgzxError:
    """Return the same error, its remedy fitted to the options in force."""
    return ZgzxError(
        error.what,
        where=error.where,
        count=error.count,
        examples=error.examples,
        remedy=fitting(error.remedy, options),
    )
