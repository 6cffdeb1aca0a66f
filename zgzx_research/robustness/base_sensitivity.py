"""Does the answer depend on the base, or on another choice, by more than chance?

Two estimates from one panel share most of their noise, so their difference is known better than
either. Its standard error comes from the differences of influence by unit (or cluster).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.summaries import (
    SummaryInfluence,
    Target,
    check_options,
    interval,
    summary_influence,
    two_sided_p,
)

FULL_BASE: dict[str, Any] = {"leave_out": 0}  # the year before treatment is in the base again
ROUNDING = 1e-9  # relative to the larger standard error: two estimates that are one


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Two estimates of one panel, and their difference.

    Attributes
    ----------
    main, other : float
        Estimates (log ratios on the ratio scale).
    difference, std_error : float
        other - main, with its own standard error.
    ci_low, ci_high : float
        95 % interval of the difference.
    p_value : float
        That the two estimate the same.
    correlation : float
        Of the two estimates.
    scale : str
        "difference", or "log_ratio".
    """

    main: float
    other: float
    difference: float
    std_error: float
    ci_low: float
    ci_high: float
    p_value: float
    correlation: float
    scale: str

    @property
    def sign(self) -> int:
        """Direction of a difference that is more than chance at 5 %, else 0.

        Where the full base is compared with the donut, -1 is what firms that win in good years
        give; +1 is not that story (designs.md D4).
        """
        return int(np.sign(self.difference)) if self.p_value < 0.05 else 0

    def to_frame(self) -> pd.DataFrame:
        """One row: the attributes, `sign`, and z, the difference in its standard errors."""
        row = {name: getattr(self, name) for name in type(self).__dataclass_fields__}
        z = self.difference / self.std_error if self.std_error else np.nan
        return pd.DataFrame([row | {"sign": self.sign, "z": z}])


def base_sensitivity(
    panel: PreparedPanel,
    *,
    against: Mapping[str, Any] = FULL_BASE,
    target: Target = (1, 3),
    **options: Any,
) -> PairedDifference:
    """Difference between the estimate with other options and the main one, with its own error.

    Parameters
    ----------
    panel : PreparedPanel
        From `prepare_panel`.
    against : mapping, default {"leave_out": 0}
        Options that differ from the main ones: by default the full base, next to a main estimate
        with `leave_out=1`. {"controls": "not_yet_treated"} compares the comparison groups.
    target : (int, int), int, "average" or "overall", default (1, 3)
        The summary that is compared.
    **options
        Options of the main estimate, as in `estimate_effects`.

    Returns
    -------
    PairedDifference
        On the ratio scale in logs.

    Raises
    ------
    ZgzxError
        The two are the same estimate; they are on different scales; as `estimate_effects`.

    Notes
    -----
    With ψ the influence of a cluster on each estimate, Var(other - main) = Σ (ψ_other - ψ_main)².
    What cohorts of a single unit add to either variance is added to this one as well.

    Examples
    --------
    >>> import zgzx_research as zr
    >>> pairs = [(u, t) for u in range(14) for t in range(6)]
    >>> rows = [(u, t, (5 * u * t) % 7 + 3 * (u < 6 and t > 3)) for u, t in pairs]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents"])
    >>> table["first_award"] = table["firm"].map(dict.fromkeys(range(6), 4.0))
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = zr.prepare_panel(table, **roles, first_treated="first_award")
    >>> found = zr.base_sensitivity(panel, target=(0, 1), leave_out=1, base_period="pooled")
    >>> bool(np.isclose(found.other - found.main, found.difference))
    True
    """
    other = {**options, **against}
    check_options(other, "base_sensitivity")
    if options.get("scale", "difference") != other.get("scale", "difference"):
        raise ZgzxError(
            "a difference and a ratio have no difference",
            where="base_sensitivity",
            remedy="Compare options on one scale.",
        )
    scale = "log_ratio" if options.get("scale") == "ratio" else "difference"
    pair = [summary_influence(panel, target, **given) for given in (options, other)]
    return _paired(pair[0], pair[1], scale)


def _paired(main: SummaryInfluence, other: SummaryInfluence, scale: str) -> PairedDifference:
    one, two = main.by_cluster.to_numpy(), other.by_cluster.to_numpy()
    variance = ((two - one) ** 2).sum() + main.unexplained + other.unexplained
    error, size = float(np.sqrt(variance)), max(main.std_error, other.std_error)
    difference = other.value - main.value
    if not error > ROUNDING * size:
        raise ZgzxError(
            "the two choices give the same estimate, so there is nothing to test",
            where="base_sensitivity",
            remedy="Pass options of the main estimate that differ, e.g. leave_out=1.",
        )
    low, high = interval(difference, error, np.inf)
    return PairedDifference(
        main.value,
        other.value,
        difference,
        error,
        low,
        high,
        two_sided_p(difference / error),
        float(one @ two / (main.std_error * other.std_error)),
        scale,
    )
