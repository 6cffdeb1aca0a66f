"""Clusters of a regression, and the factor that its covariance has for a small sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zgzx_research.did.core.strata import strata_of
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.errors import ZgzxError

if TYPE_CHECKING:
    from zgzx_research.did.core.regression import Solution


def cluster_count(panel: Panel) -> int:
    """Clusters, or units where these are independent."""
    return strata_of(panel).cluster_count


def sample_factor(panel: Panel, solution: Solution) -> float:
    """(N-1)/(N-K) · G/(G-1) with K = slopes + periods.

    Unit effects lie within clusters and do not count.
    """
    rows, clusters = strata_of(panel).rows, cluster_count(panel)
    slopes = int(solution.kept[len(panel.periods) - 1 :].sum())
    parameters = slopes + len(panel.periods)
    if clusters < 2 or rows <= parameters:
        raise ZgzxError(
            "too few clusters or rows for a standard error",
            where="the regression",
            examples=(f"{clusters} clusters", f"{rows} rows", f"{parameters} parameters"),
            remedy="Use a longer or larger panel, or clusters of fewer units.",
        )
    return (rows - 1) / (rows - parameters) * clusters / (clusters - 1)
