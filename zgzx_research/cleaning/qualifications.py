"""Sex, schooling and skill as a roster says them.

Skill levels of workers (职业技能等级) and titles of engineers (职称) are put on one ladder of six
levels; rules.toml holds the spellings, and the order there is the order of the levels.
"""

from __future__ import annotations

import pandas as pd

from zgzx_research.cleaning import reasons
from zgzx_research.cleaning.rules import RULES
from zgzx_research.cleaning.values import Parsed, read_choices

# from the lowest to the highest
EDUCATION_LEVELS = tuple(RULES["choices"]["education"])
SKILL_LEVELS = tuple(RULES["choices"]["skill_level"])
SEXES = tuple(RULES["choices"]["sex"])
# raw column -> how a bare 初级, 中级, 高级 is meant there; where skills and titles share a column,
# nobody can know
SKILL_COLUMNS = {"skill": "bare_skill", "title": "bare_title", "skill_or_title": None}
QUALIFICATIONS = ("sex", "education", *SKILL_COLUMNS)


def read_qualifications(
    rows: pd.DataFrame,
) -> tuple[dict[str, pd.Series], dict[str, pd.Series]]:
    """Read the columns `QUALIFICATIONS` of cleaned text.

    Where skill level and title are both given, the higher one counts.

    Returns
    -------
    tuple
        The values by clean column (sex, education, skill_level), and by raw column the reasons why
        a text was not taken.
    """
    sex = read_choices(rows["sex"], "sex", ambiguous=reasons.VALUE_CHOICE)
    education = read_choices(rows["education"], "education", ambiguous=reasons.VALUE_CHOICE)
    read = {name: _level(rows[name], bare) for name, bare in SKILL_COLUMNS.items()}
    values = {
        "sex": sex.value,
        "education": education.value,
        "skill_level": _highest([level.value for level in read.values()]),
    }
    why = {"sex": sex.reason, "education": education.reason}
    return values, why | {name: level.reason for name, level in read.items()}


def _level(column: pd.Series, bare: str | None) -> Parsed:
    """Read a level; a bare 高级 is read by the column it stands in."""
    full = read_choices(column, "skill_level", ambiguous=reasons.VALUE_CHOICE)
    if bare is None:
        return full
    short = read_choices(column, bare)
    found = short.value.notna()
    return Parsed(full.value.mask(found, short.value), full.reason.mask(found))


def _highest(levels: list[pd.Series]) -> pd.Series:
    """Return the highest of several levels in each row."""
    places = {level: place for place, level in enumerate(SKILL_LEVELS)}
    ranks = pd.concat([level.map(places).astype("float64") for level in levels], axis=1)
    return ranks.max(axis=1).map(dict(enumerate(SKILL_LEVELS))).astype("str")
