"""Persons as keyed pseudonyms.

The only form in which names, IDs, birth months and phones leave the cleaning.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from zgzx_research.cleaning.identifiers import read_phones, read_resident_ids
from zgzx_research.cleaning.rules import RULES
from zgzx_research.cleaning.values import read_months, simplified
from zgzx_research.distinct import by_distinct, on_texts, on_unique

DIGITS = 32
_BESIDE_A_NAME = re.compile(r"[(\[].*?[)\]]|[\s·.]")
_COMPOUND = frozenset(RULES["persons"]["compound_surnames"].split())
_UNDISCLOSED = frozenset(RULES["persons"]["undisclosed"])


@dataclass(frozen=True)
class Persons:
    """Pseudonyms of the persons of some rows.

    Attributes
    ----------
    keys : pandas.DataFrame
        name_key, surname_key, id_key, mask_key, birth_key, phone_key (str, null where the text is
        missing).
    reasons : dict of str to pandas.Series
        Raw column -> why its value was not taken (null where nothing is wrong).
    birth_year : pandas.Series
        Year of birth (Int64); the month is only in `birth_key`.
    """

    keys: pd.DataFrame
    reasons: dict[str, pd.Series]
    birth_year: pd.Series


def keyed_hash(column: pd.Series, key: bytes) -> pd.Series:
    """First 32 hex digits of HMAC-SHA-256 of each text under the study's key.

    Missing stays missing.
    """
    return on_unique(
        column, lambda text: hmac.digest(key, text.encode(), "sha256").hex()[:DIGITS], "str"
    )


def person_names(texts: Sequence[str]) -> list[str | None]:
    """Names as they are compared.

    Simplified, no blanks, no dots, nothing in brackets, Latin letters in capitals.
    """
    bare = [_BESIDE_A_NAME.sub("", text) for text in texts]
    names = zip(bare, simplified(bare), strict=True)
    return [name.upper() if text and text not in _UNDISCLOSED else None for text, name in names]


def surname(name: str) -> str:
    """Return the first character of a normalised name, or two for a compound surname."""
    return name[:2] if len(name) > 2 and name[:2] in _COMPOUND else name[:1]


def name_keys(column: pd.Series, key: bytes) -> pd.DataFrame:
    """name_key and surname_key of cleaned name texts."""

    def build(texts: pd.Series) -> pd.DataFrame:
        names = on_texts(texts, person_names)
        surnames = on_unique(names, surname)
        return pd.DataFrame(
            {"name_key": keyed_hash(names, key), "surname_key": keyed_hash(surnames, key)}
        )

    return by_distinct(column, build)


def person_keys(rows: pd.DataFrame, month_styles: tuple[str, ...], key: bytes) -> Persons:
    """Pseudonyms from the cleaned columns person_name, id_no and, if present, birth and phone.

    A missing birth month is taken from a full ID.
    """
    ids = read_resident_ids(rows["id_no"])
    keys = name_keys(rows["person_name"], key)
    keys["id_key"] = keyed_hash(ids["full"], key)
    keys["mask_key"] = keyed_hash(ids["mask"], key)
    birth, why = ids["birth"], {"id_no": ids["reason"]}
    if "birth" in rows:
        months = read_months(rows["birth"], month_styles)
        birth = months.value.astype("str").fillna(birth)
        why["birth"] = months.reason
    keys["birth_key"] = keyed_hash(birth, key)
    if "phone" in rows:
        phones = read_phones(rows["phone"])
        keys["phone_key"] = keyed_hash(phones.value, key)
        why["phone"] = phones.reason
    year = pd.to_numeric(birth.str[:4], errors="coerce").astype("Int64")
    return Persons(keys, why, year)


def is_team_name(text: str) -> bool:
    """Whether the name column holds the name of a whole team (精密加工一班) and no person."""
    return len(text) >= 4 and text.endswith(tuple(RULES["persons"]["team_words"]))


def is_organisation(text: str) -> bool:
    """Whether a patent's party is an organisation; in doubt it is a person."""
    words = RULES["organisations"]
    if re.search(words["latin"], text):
        return True
    if len(text) >= 4 and any(word in text for word in words["anywhere"]):
        return True
    return len(text) >= 5 and "·" not in text and text.endswith(tuple(words["at_the_end"]))
