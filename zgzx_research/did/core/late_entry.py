"""Units that enter the panel late, and the methods whose period effects they move."""

from __future__ import annotations

import numpy as np

from zgzx_research.did.core.strata import strata_of
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.prepared_panel import LedgerRow

LATE_ENTRY = (
    "units enter the panel late: period effects mix young and old units, so estimates are biased "
    "where outcomes change with age; remedy: gaps='balance', or (imputation, extended_two_way) the "
    "period of entry as a covariate"
)


def late_entry_notes(panel: Panel) -> list[LedgerRow]:
    """Note units first observed after the panel's first period.

    A regression with unit and period effects (imputation too) sets its period effects by all rows
    that are not treated. Where outcomes change with age, units that entered late bring the steps of
    young units into the later period effects, and units that were there from the start are compared
    with them. Group-time and stacked effects compare units seen at both of two periods, so that
    treated and comparison have the same mixture of ages. See docs/methodology/imputation.md.

    Returns
    -------
    list of LedgerRow
        Empty, or one note with the number of such units and their first periods.
    """
    if panel.gaps == "cross_section":
        return []
    strata = strata_of(panel)
    first = strata.observed.argmax(axis=1)
    late = strata.observed.any(axis=1) & (first > 0)
    if not late.any():
        return []
    starts = np.unique(panel.periods[first[late]])
    return [
        ("note", LATE_ENTRY, 0, int(strata.units[late].sum()), tuple(f"{t:g}" for t in starts[:3]))
    ]
