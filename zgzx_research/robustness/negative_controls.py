"""Negative controls as rows of data: exposures, outcomes and years that should show no effect.

Lipsitch, M., Tchetgen Tchetgen, E. & Cohen, T. (2010), Epidemiology 21(3).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.parts import in_memory
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.multiple_testing import holm
from zgzx_research.robustness.placebos import placebo_dates
from zgzx_research.robustness.summaries import NUMBERS, Target, check_options, summary_row

DECLARED = Path(__file__).with_name("negative_controls.toml")


@dataclass(frozen=True, slots=True)
class NegativeControl:
    """One effect that should be zero.

    Attributes
    ----------
    name : str
        What results call it.
    outcome : str
        Column.
    keep : dict[str, list]
        Column -> values; treated units with other values leave.
    first_from : int or None
        Units first treated before this period leave.
    shift : int or None
        Placebo date: by how many periods treatment is moved earlier.
    options : dict[str, Any]
        Of `estimate_effects`.
    zh, en : str
        Why no effect is expected.
    """

    name: str
    outcome: str
    keep: dict[str, list[Any]] = field(default_factory=dict)
    first_from: int | None = None
    shift: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    zh: str = ""
    en: str = ""


def declared_controls(path: Path = DECLARED) -> list[NegativeControl]:
    """Read negative controls from a TOML file, one table per row.

    Parameters
    ----------
    path : Path, optional
        By default those of the programme, negative_controls.toml.

    Raises
    ------
    ZgzxError
        A row with an unknown key, or without outcome.

    Examples
    --------
    >>> [control.name for control in declared_controls()][:2]
    ['talent_on_inventions', 'utility_models_after_reform']
    """
    rows = tomllib.loads(path.read_text(encoding="utf-8"))
    known = set(NegativeControl.__dataclass_fields__) - {"name"}
    for name, row in rows.items():
        unknown = sorted(set(row) - known)
        if unknown or "outcome" not in row:
            raise ZgzxError(
                f"negative control {name!r} has an unknown key or no outcome",
                where=path.name,
                count=len(unknown),
                examples=unknown,
                remedy=f"Keys are {', '.join(sorted(known))}.",
            )
    return [NegativeControl(name, **row) for name, row in rows.items()]


def negative_controls(
    table: pd.DataFrame,
    controls: Sequence[NegativeControl] | None = None,
    *,
    roles: Mapping[str, Any],
    target: Target = (1, 3),
    **options: Any,
) -> pd.DataFrame:
    """Estimate every negative control.

    Parameters
    ----------
    table : DataFrame
        One row per unit and period, with the columns that the rows name.
    controls : sequence of NegativeControl, optional
        By default those of the programme (negative_controls.toml).
    roles : mapping
        Arguments of `prepare_panel` but the outcome.
    target : (int, int), int, "average" or "overall", default (1, 3)
        The summary, but for rows with a placebo date, whose window is that of `placebo_dates`.
    **options
        Of `estimate_effects`, for all rows; a row's own options win.

    Returns
    -------
    pandas.DataFrame
        One row per control: name, outcome, estimate, std_error, ci_low, ci_high, p_value,
        p_adjusted (Holm), n_treated, n_comparison, zh, en, reason (why there is no estimate, else
        empty).

    Raises
    ------
    ZgzxError
        An unknown option. Whatever else stops one row is its reason.

    Examples
    --------
    >>> import zgzx_research as zr
    >>> pairs = [(u, t) for u in range(14) for t in range(9)]
    >>> rows = [(u, t, (5 * u * t) % 7 + 9 * (u < 6 and t > 5)) for u, t in pairs]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents"])
    >>> table["first_award"] = table["firm"].map(dict.fromkeys(range(6), 6.0))
    >>> roles = {"unit": "firm", "period": "year"}
    >>> roles["first_treated"] = "first_award"
    >>> earlier = NegativeControl("two years earlier", "patents", shift=2)
    >>> found = zr.negative_controls(table, [earlier], roles=roles, target=(0, 2))
    >>> found[["name", "n_treated", "n_comparison"]]
                    name  n_treated  n_comparison
    0  two years earlier          6             8
    """
    check_options(options, "negative_controls")
    chosen = declared_controls() if controls is None else list(controls)
    rows = [_one(table, row, roles, target, {**options, **row.options}) for row in chosen]
    frame = pd.DataFrame(rows)
    known = frame["p_value"].notna()
    if known.any():
        adjusted = holm(frame.loc[known, "p_value"])["p_adjusted"].to_numpy()
        frame.loc[known, "p_adjusted"] = adjusted
    return frame


def _one(
    table: pd.DataFrame,
    control: NegativeControl,
    roles: Mapping[str, Any],
    target: Target,
    options: dict[str, Any],
) -> dict[str, Any]:
    row: dict[str, Any] = {"name": control.name, "outcome": control.outcome}
    row |= dict.fromkeys((*NUMBERS, "p_adjusted"), np.nan)
    words = {"zh": control.zh, "en": control.en, "reason": ""}
    try:
        kept = _kept(table, control, str(roles["first_treated"]))
        panel = prepare_panel(kept, outcome=control.outcome, **roles)
        if control.shift is None:
            numbers = summary_row(estimate_effects(panel, **options), target)
        else:
            whole = in_memory(panel, "placebo dates")
            placebo = placebo_dates(whole, [control.shift], **options).iloc[0]
            numbers = {name: placebo[name] for name in NUMBERS}
            words["reason"] = placebo["reason"]
        return row | numbers | words
    except ZgzxError as error:
        return row | words | {"reason": error.what}


def _kept(table: pd.DataFrame, control: NegativeControl, first_treated: str) -> pd.DataFrame:
    """Return the table without the treated units that the control is not about."""
    missing = [name for name in (*control.keep, control.outcome) if name not in table.columns]
    if missing:
        raise ZgzxError(f"the table has no column {', '.join(missing)}")
    never = table[first_treated].isna()
    stays = pd.Series(True, index=table.index)
    for column, values in control.keep.items():
        stays &= table[column].isin(values)
    if control.first_from is not None:
        stays &= (table[first_treated] >= control.first_from).fillna(False)
    return table[never | stays]
