"""What any Poisson regression needs of its panel and options."""

from __future__ import annotations

import numpy as np

from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError


def check_counts(
    panel: PreparedPanel, design: str, designs: tuple[str, ...], leave_out: int, where: str
) -> None:
    """Refuse panels and options that a Poisson regression cannot use.

    Raises
    ------
    ZgzxError
        Unknown design; leave_out no whole number; outcomes below zero, or none above it; moving
        weights.
    """
    if design not in designs:
        raise ZgzxError(
            f"design={design!r} is unknown",
            where=where,
            remedy=f"Choose one of {', '.join(designs)}.",
        )
    if isinstance(leave_out, bool) or not isinstance(leave_out, (int, np.integer)) or leave_out < 0:
        raise ZgzxError(
            f"leave_out={leave_out!r} must be 0 or a positive whole number",
            where=where,
            remedy="Pass leave_out=0.",
        )
    outcome, below = f"column {panel.roles['outcome']!r}", panel.y < 0
    if below.any():
        raise ZgzxError(
            "Poisson regression needs outcomes of zero or more",
            where=outcome,
            count=int(below.sum()),
            examples=(f"{value:g}" for value in np.unique(panel.y[below])[:3]),
            remedy="Use counts or amounts, or method='two_way_fixed_effects' of estimate_effects.",
        )
    if not (panel.y > 0).any():
        raise ZgzxError(
            "no outcome is above zero, so there are no proportions",
            where=outcome,
            count=len(panel.y),
            remedy="See that it is the right column.",
        )
    if panel.weights.shape[1] > 1:
        raise ZgzxError(
            "weights change within units", where=where, remedy="Give every unit one weight."
        )
