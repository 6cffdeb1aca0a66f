"""Comparisons that share one model: treated cohort, comparison group, covariates, sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zgzx_research.did.core.comparisons import Comparisons, last_bases
from zgzx_research.did.panel.panel_in_parts import Panel


@dataclass(frozen=True, slots=True)
class ModelGroup:
    """Comparisons with one treated cohort, one comparison group and one period of covariates.

    Attributes
    ----------
    treated : int
        Index of the cohort.
    controls : (cohorts,) bool
    at : int
        Index of the period of covariates and weights.
    comparisons : (comparisons here,) int
    period : (comparisons here,) int
    base : (comparisons here, periods)
        Base weights.
    contrast : (comparisons here, columns)
        What makes the changes of a comparison out of the responses (see `Chunk.rows_of`).
    """

    treated: int
    controls: np.ndarray
    at: int
    comparisons: np.ndarray
    period: np.ndarray
    base: np.ndarray
    contrast: np.ndarray

    def has(self, cohort: int) -> bool:
        """Whether units of this cohort take part."""
        return cohort == self.treated or bool(self.controls[cohort])


def model_groups(panel: Panel, comparisons: Comparisons, complete: bool) -> list[ModelGroup]:
    """Group comparisons that share cohort, comparison group and covariates.

    Parameters
    ----------
    complete : bool
        Whether all comparisons have the same sample; in panels with gaps each has its own.
    """
    constant = not (panel.weights_vary or panel.covariates_vary)
    latest_base = last_bases(comparisons)
    source = (
        latest_base
        if panel.covariates_at == "base"
        else np.minimum(comparisons.period, latest_base)
    )
    source = np.zeros_like(source) if constant else source
    groups: dict[tuple[int, bytes, int, int], list[int]] = {}
    for j, (cohort, mask) in enumerate(zip(comparisons.cohort, comparisons.controls, strict=True)):
        groups.setdefault((cohort, mask.tobytes(), source[j], -1 if complete else j), []).append(j)
    return [
        ModelGroup(
            int(g),
            comparisons.controls[rows[0]],
            int(at),
            np.array(rows),
            comparisons.period[rows],
            comparisons.base[rows],
            _contrast(comparisons.base[rows], comparisons.period[rows], complete),
        )
        for (g, _, at, _), rows in groups.items()
    ]


def _contrast(base: np.ndarray, period: np.ndarray, complete: bool) -> np.ndarray:
    """(comparisons, columns) outcome at t less those at the base; the change itself with gaps."""
    if not complete:
        return np.ones((1, 1))
    contrast = -base
    contrast[np.arange(len(contrast)), period] += 1
    return contrast
