"""Placebo dates: treatment moved to years in which nothing had happened yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.estimate import DEFAULTS, estimate_effects
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.panel.sample import without_rows
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.multiple_testing import holm
from zgzx_research.robustness.summaries import NUMBERS, check_options, summary_row

SHIFTS = (2, 3, 4)


def placebo_dates(
    panel: PreparedPanel, shifts: Sequence[int] = SHIFTS, **options: Any
) -> pd.DataFrame:
    """Effects of awards that had not been given yet: treatment is moved earlier by k periods.

    Parameters
    ----------
    panel : PreparedPanel
        From `prepare_panel`.
    shifts : sequence of int, default (2, 3, 4)
        By how many periods (on the panel's clock) treatment is moved earlier, one row each.
    **options
        As in `estimate_effects`. Treated units keep only the periods before the true treatment
        less anticipation and leave_out, so neither an effect nor the good year in which firms are
        picked is taken for a placebo effect.

    Returns
    -------
    pandas.DataFrame
        shift, first, last (event times after the placebo date that are averaged: 0 to the last
        period still before the declared window), estimate, std_error, ci_low, ci_high, p_value,
        p_adjusted (Holm over the rows), n_treated, n_comparison, reason (why there is no
        estimate; empty where there is one).

    Raises
    ------
    ZgzxError
        A shift that is not a whole number above the declared window.

    Examples
    --------
    >>> import zgzx_research as zr
    >>> pairs = [(u, t) for u in range(14) for t in range(9)]
    >>> rows = [(u, t, (5 * u * t) % 7 + 9 * (u < 6 and t > 6)) for u, t in pairs]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents"])
    >>> table["first_award"] = table["firm"].map(dict.fromkeys(range(6), 7.0))
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = zr.prepare_panel(table, **roles, first_treated="first_award")
    >>> zr.placebo_dates(panel, (2, 3))[["shift", "first", "last"]].values.tolist()
    [[2, 0, 1], [3, 0, 2]]
    """
    check_options(options, "placebo_dates")
    masked = sum(int(options.get(n, DEFAULTS[n])) for n in ("anticipation", "leave_out"))
    _check_shifts(shifts, masked)
    before = _before_treatment(panel, masked)
    frame = pd.DataFrame([_one_shift(before, int(k), masked, options) for k in shifts])
    known = frame["p_value"].notna()
    adjusted = holm(frame.loc[known, "p_value"])["p_adjusted"].to_numpy() if known.any() else []
    frame.loc[known, "p_adjusted"] = adjusted
    return frame


def _before_treatment(panel: PreparedPanel, masked: int) -> PreparedPanel:
    """Return the panel in which treated units have no period of the declared window or later."""
    start = panel.cohorts[panel.cohort]
    late = start if panel.late is None else np.minimum(start, panel.late)
    lost = ~np.isnan(panel.y) & (panel.periods + masked >= late[:, None])
    return without_rows(panel, lost)


def _one_shift(
    before: PreparedPanel, shift: int, masked: int, options: dict[str, Any]
) -> dict[str, Any]:
    last = shift - 1 - masked
    row: dict[str, Any] = {"shift": shift, "first": 0, "last": last}
    row |= dict.fromkeys((*NUMBERS, "p_adjusted"), np.nan)
    moved = replace(before, cohorts=before.cohorts - shift)
    try:
        effects = estimate_effects(moved, **options)
        return row | summary_row(effects, (0, last)) | {"reason": ""}
    except ZgzxError as error:
        return row | {"n_treated": 0, "n_comparison": 0, "reason": error.what}


def _check_shifts(shifts: Sequence[int], masked: int) -> None:
    bad = [
        k
        for k in shifts
        if not isinstance(k, int | np.integer) or isinstance(k, bool) or k <= masked
    ]
    if bad or not len(shifts):
        raise ZgzxError(
            "placebo dates must lie before the declared window",
            where="placebo_dates",
            count=len(bad),
            examples=bad,
            remedy=f"Pass whole numbers above {masked}, e.g. shifts=({masked + 1}, {masked + 2}).",
        )
