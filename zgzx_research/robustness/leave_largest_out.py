"""The estimate without the few units that weigh most in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.core.concentration import LARGEST, unit_sizes
from zgzx_research.did.estimate import choose_options, estimate_effects, pools_base
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.panel.sample import of_units
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError

REASON = "largest treated units left out, to see what the estimate owes to them"


def leave_largest_out(
    panel: PreparedPanel,
    options: Mapping[str, Any] | None = None,
    *,
    n: int = LARGEST,
    window: tuple[int, int] | None = None,
) -> Effects:
    """Estimate once more, without the n treated units that weigh most.

    Parameters
    ----------
    panel : PreparedPanel
        From `prepare_panel`.
    options : mapping, optional
        Arguments of `estimate_effects`, `method` among them.
    n : int, default 3
        Units to leave out.
    window : (int, int), optional
        First and last event time of the estimate in question; None for all treated periods.

    Returns
    -------
    Effects
        Of the other units. Its ledger says that units were left out, not which.

    Raises
    ------
    ZgzxError
        n is not a whole number of 1 or more, or no treated unit would be left.

    Notes
    -----
    A unit weighs by its counterfactual total over the window on the ratio scale, else by its
    weight, as in `Aggregate.effective_number`. Show it where the largest three are more than a
    third. It is no better estimate: it is of other units.

    Examples
    --------
    >>> import zgzx_research as zr
    >>> table = pd.DataFrame({"firm": [1, 1, 2, 2, 3, 3, 4, 4], "year": [1, 2] * 4})
    >>> table["patents"] = [90, 180, 3, 9, 2, 3, 4, 6]
    >>> table["first_award"] = [2.0] * 4 + [None] * 4
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = zr.prepare_panel(table, **roles, first_treated="first_award")
    >>> effects = zr.leave_largest_out(panel, {"scale": "ratio"}, n=1)
    >>> round(effects.aggregate("overall").overall["estimate"].item(), 3)  # 9 / (3 x 1.5) - 1
    1.0
    """
    given = dict(options or {})
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 1:
        raise ZgzxError(
            f"n={n!r} is not usable", where="leave_largest_out", remedy="Pass e.g. n=3."
        )
    treated = np.isfinite(panel.cohorts[panel.cohort])
    if n >= treated.sum():
        raise ZgzxError(
            f"without the {n} largest no treated unit is left",
            where="leave_largest_out",
            count=int(treated.sum()),
            remedy="Pass a smaller n.",
        )
    totals = np.where(treated, unit_totals(panel, given, window), -1.0)
    kept = np.ones(len(totals), dtype=bool)
    kept[np.argsort(-totals, kind="stable")[:n]] = False
    note = pd.DataFrame([("units", REASON, 0, int(n), ())], columns=panel.ledger.columns)
    ledger = pd.concat([panel.ledger, note], ignore_index=True)
    return estimate_effects(replace(of_units(panel, kept), ledger=ledger), **given)


def unit_totals(
    panel: PreparedPanel, options: Mapping[str, Any], window: tuple[int, int] | None = None
) -> np.ndarray:
    """(units,) counterfactual total of each unit over the window, or its weight; in memory only.

    Parameters
    ----------
    panel, options, window
        As in `leave_largest_out`.
    """
    effects = estimate_effects(panel, **options)
    given = {name: value for name, value in options.items() if name != "method"}
    method = options.get("method", "group_time")
    sizes = unit_sizes(
        panel,
        ratio=effects.numbers.scale == "ratio",
        masked=choose_options(method, given).masked,
        pooled=pools_base(method, options.get("base_period", "universal")),
    )
    about = effects.concentration
    assert about is not None
    by_cohort = effects.aggregate("event_time").cohort_totals(about, window)
    growth = np.divide(by_cohort, about.total, out=np.zeros(len(by_cohort)), where=about.total > 0)
    at = np.searchsorted(about.cohorts, panel.cohorts[panel.cohort])
    return np.asarray(sizes * np.append(growth, 0.0)[at])
