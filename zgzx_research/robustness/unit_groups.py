"""Groups and strata of units, given by the name of the unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError

# treated units; a smaller group is not named in a result. Pages pass the rule of their study
FEWEST_NAMED = 3
OTHERS = "groups of too few treated units to be named"

ByUnit: TypeAlias = pd.Series | pd.DataFrame | Mapping[Any, Any] | np.ndarray


def values_by_unit(panel: PreparedPanel, values: ByUnit, where: str) -> pd.Series:
    """Values in the order of the panel's units.

    Parameters
    ----------
    panel : PreparedPanel
        From `prepare_panel`.
    values : Series, DataFrame, mapping or array
        By unit: a series or mapping with the names of units as index, a frame of several columns
        (each combination is a value), or an array in the order of `panel.units`.
    where : str
        For messages.

    Returns
    -------
    pandas.Series
        (units,) missing where a unit has no value.

    Raises
    ------
    ZgzxError
        An array of another length, or a unit named twice.
    """
    if isinstance(values, np.ndarray):
        return _in_order(panel, values, where)
    if isinstance(values, pd.DataFrame):
        values = pd.Series(list(values.itertuples(index=False, name=None)), values.index)
    series = pd.Series(values)
    twice = series.index.duplicated()
    if twice.any():
        raise ZgzxError(
            "a unit has more than one value",
            where=where,
            count=int(twice.sum()),
            remedy="Keep one value per unit, e.g. table.groupby(unit)[column].first().",
        )
    if panel.units is None:
        raise ZgzxError(
            "this panel does not hold the names of its units",
            where=where,
            remedy="Pass an array in the order of the units, or prepare the panel anew.",
        )
    return series.reindex(panel.units).reset_index(drop=True)


def _in_order(panel: PreparedPanel, values: np.ndarray, where: str) -> pd.Series:
    if len(values) != len(panel.y):
        raise ZgzxError(
            f"{len(values):,} values for {len(panel.y):,} units",
            where=where,
            remedy="Pass one value per unit, in the order of panel.units.",
        )
    return pd.Series(values)


def groups_of_units(
    panel: PreparedPanel, by: str | ByUnit, where: str
) -> tuple[np.ndarray, list[Any]]:
    """(units,) code of each unit's group, -1 = none, and what the groups are called.

    Parameters
    ----------
    panel : PreparedPanel
        From `prepare_panel`.
    by : str or values by unit
        "cohort" (treated units by first treated period; the never treated are in no group),
        "cluster", or values as in `values_by_unit`.
    where : str
        For messages.

    Raises
    ------
    ZgzxError
        An unknown word, or values for no unit.
    """
    named = _by_word(panel, by, where) if isinstance(by, str) else None
    values = values_by_unit(panel, by, where) if named is None else named
    codes, index = pd.factorize(values, sort=True)
    names = [int(n) if isinstance(n, float) and n.is_integer() else n for n in index]
    if not names:
        raise ZgzxError(
            "no unit of the panel has a value",
            where=where,
            count=len(panel.y),
            remedy="The index must hold the names of the units, as in panel.units.",
        )
    return codes, names


def _by_word(panel: PreparedPanel, by: str, where: str) -> pd.Series:
    start = pd.Series(panel.cohorts[panel.cohort])
    known = {"cohort": start.mask(np.isinf(start))}
    if panel.cluster is not None:
        known["cluster"] = pd.Series(panel.cluster)
    if by not in known:
        raise ZgzxError(
            f"by={by!r} is unknown",
            where=where,
            remedy=f"Choose one of {', '.join(known)}, or pass a series by unit.",
        )
    return known[by]


def is_treated(panel: PreparedPanel) -> np.ndarray:
    """(units,) bool, units treated within the panel."""
    return np.isfinite(panel.cohorts[panel.cohort])
