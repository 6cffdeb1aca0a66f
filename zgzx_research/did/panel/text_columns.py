"""Text in a table that is read block by block: what each text means is settled for all blocks.

A block by itself cannot tell how the periods are written, nor which levels a covariate has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.panel.categories import level_codes
from zgzx_research.did.panel.read_table import Roles
from zgzx_research.did.panel.time_columns import TimeKind, read_times

TIMES = ("period", "first_treated")  # in this order: the spelling of the first helps the other


@dataclass(frozen=True, slots=True)
class Reading:
    """What the texts of one column mean.

    Attributes
    ----------
    texts : pandas.Index
        Distinct.
    values : (texts + 1,)
        Of each, and NaN for a missing one.
    kind : TimeKind, optional
        Of a column of times.
    levels : tuple[str, ...]
        Of a covariate; the values are their places.
    """

    texts: pd.Index
    values: np.ndarray
    kind: TimeKind | None = None
    levels: tuple[str, ...] = ()

    def numbers(self, column: pd.Series) -> np.ndarray:
        """(rows,) values of a column."""
        codes, found = pd.factorize(column)
        place = self.texts.get_indexer(pd.Index(np.asarray(found, dtype=object), dtype=object))
        return self.values[np.append(place, -1)[codes]]


Readings = Mapping[str, Reading]
"""Role -> reading, for the columns of text."""


def read_text_columns(
    roles: Roles,
    is_text: Callable[[str], bool],
    distinct: Callable[[str], tuple[Sequence[Any], bool]],
) -> Readings:
    """Read the columns of text that have a meaning: times and covariates.

    Parameters
    ----------
    is_text : Callable
        Column -> whether it is text or categories.
    distinct : Callable
        Column -> its distinct values, missing ones left out, and whether their order is that of
        categories.
    """
    readings: dict[str, Reading] = {}
    for role, name in roles.items():
        wanted = role in TIMES or role.startswith("covariate ")
        if not wanted or name is None or not is_text(name):
            continue
        values, ordered = distinct(name)
        texts = pd.Index(np.asarray(values, dtype=object), dtype=object)
        if role in TIMES:
            hint = readings["period"].kind if role != "period" and "period" in readings else None
            numbers, kind = read_times(
                pd.Series(texts, dtype=object),
                name,
                codes=role == "first_treated",
                hint=hint.spelling if hint else "",
            )
            readings[role] = Reading(texts, np.append(numbers, np.nan), kind)
        else:
            column = pd.Series(texts, dtype=object if len(texts) else "str")
            if ordered:
                column = pd.Series(pd.Categorical(texts, categories=texts))
            found = level_codes(column, name)
            if found is not None:
                readings[role] = Reading(texts, np.append(found[0], np.nan), levels=found[1])
    return readings
