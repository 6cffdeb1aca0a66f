"""The streets of Longgang, as they were at the time.

An old street gets an old code, never a guessed new one.
"""

from __future__ import annotations

import re

import pandas as pd

from zgzx_research.cleaning import reasons
from zgzx_research.cleaning.rules import RULES
from zgzx_research.cleaning.values import firm_texts, parsed_frame

_RULES = RULES["street"]
_STREET = re.compile(_RULES["pattern"])
_UNION = re.compile(_RULES["union"])
_INDUSTRY = re.compile(_RULES["industry"])
_ADDRESS = re.compile(_RULES["address"])
# every name and code a clean table may hold
STREETS = tuple(f"{name}街道" for name in _RULES["names"])
CODES = (*_RULES["names"], *(f"OLD-{name}" for name in _RULES["split"]))


def read_streets(column: pd.Series, edition: pd.Series | None = None) -> pd.DataFrame:
    """Read streets: street (龙城街道), street_code (龙城, before a split OLD-布吉), route, reason.

    `route` is "street" or "industry", by which of them the entry came. An industry's union has no
    street, and nothing is wrong with it. 龙岗区, and 龙岗 without 街道, is the district and no
    street. Old codes are used up to the edition in `rules.toml`.
    """
    dtypes = dict.fromkeys(("street", "street_code", "route", "reason"), "str")
    read = parsed_frame(column, _read, dtypes)
    if edition is not None:
        old = read["street_code"].isin(_RULES["split"]) & edition.le(_RULES["old_until_edition"])
        read["street_code"] = read["street_code"].mask(old, "OLD-" + read["street_code"])
    return read


def _read(text: str) -> tuple[str | None, str | None, str | None, str | None]:
    bare = _UNION.sub("", firm_texts([text])[0])
    found = _STREET.fullmatch(bare)
    name = found["name"] if found else None
    if (
        found
        and name in _RULES["names"]
        and (found["suffix"] or name not in _RULES["also_a_district"])
    ):
        return f"{name}街道", name, "street", None
    if _INDUSTRY.search(bare):
        return None, None, "industry", None
    return None, None, None, reasons.VALUE_STREET


def read_addresses(column: pd.Series) -> pd.DataFrame:
    """Read address (as far as the street; null without the city) and district (龙岗区)."""

    def read(text: str) -> tuple[str | None, str | None]:
        found = _ADDRESS.match(firm_texts([text])[0])
        if not found or not any(found.groupdict().values()):
            return None, None
        return found[0], found["district"]

    return parsed_frame(column, read, {"address": "str", "district": "str"})
