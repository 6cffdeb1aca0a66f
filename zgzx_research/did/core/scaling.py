"""Centre and scale of covariates: estimates do not depend on them, their digits do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zgzx_research.did.panel.collinear import CONSTANT
from zgzx_research.did.panel.panel_in_parts import Panel
from zgzx_research.did.panel.parts import is_complete, once
from zgzx_research.did.panel.prepared_panel import PreparedPanel

ENOUGH = 5_000  # units of a part to take centre and scale from


@dataclass(frozen=True, slots=True)
class Scaling:
    """What all parts of a panel share.

    Attributes
    ----------
    centre, scale : (covariates,)
        Of the standardisation.
    complete : bool
        Every outcome and weight is observed.
    lacking : bool
        Some covariates are not known.
    weight : float
        Mean of the weights.
    """

    centre: np.ndarray
    scale: np.ndarray
    complete: bool
    lacking: bool
    weight: float

    @property
    def width(self) -> int:
        """Regressors: the constant and the covariates."""
        return 1 + len(self.centre)

    def design(self, panel: PreparedPanel, rows: np.ndarray, at: int = 0) -> np.ndarray:
        """(units, 1 + covariates) constant and standardised covariates of some units.

        Parameters
        ----------
        at : int
            Index of the period, where covariates change within units.
        """
        x = np.empty((self.width, len(rows)))  # a regressor lies together
        x[0] = 1.0
        if panel.covariates is None or self.width == 1:
            return x.T
        if panel.covariates.shape[1] > 1:
            values = panel.covariates[rows, at]
        else:
            values = panel.covariates[:, 0].take(rows, axis=0)
        np.subtract(values.T, self.centre[:, None], out=x[1:])
        x[1:] /= self.scale[:, None]
        return x.T


@dataclass(frozen=True, slots=True)
class Spread:
    """What a part says about the scaling.

    Attributes
    ----------
    rows, mean, square : (covariates,)
        Rows, means, and sums of squares about these.
    weight : (2,)
        Sum of the weights, and their number.
    complete, lacking : bool
        As in `Scaling`.
    """

    rows: np.ndarray
    mean: np.ndarray
    square: np.ndarray
    weight: np.ndarray
    complete: bool
    lacking: bool

    def __add__(self, other: Spread) -> Spread:
        rows = self.rows + other.rows
        share = other.rows / np.maximum(rows, 1)
        gap = other.mean - self.mean
        return Spread(  # Chan's formula
            rows,
            self.mean + gap * share,
            self.square + other.square + gap**2 * self.rows * share,
            self.weight + other.weight,
            self.complete and other.complete,
            self.lacking or other.lacking,
        )


def find_scaling(panel: Panel) -> Scaling:
    """Return centre and scale of the covariates of a panel, from some of its units."""
    spread = once(panel, _spread, Spread.__add__)
    scale = np.sqrt(spread.square / np.maximum(spread.rows, 1))
    varies = scale > CONSTANT * np.abs(spread.mean)
    weight = float(spread.weight[0] / spread.weight[1])
    return Scaling(
        spread.mean, np.where(varies, scale, 1.0), spread.complete, spread.lacking, weight
    )


def without_covariates(scaling: Scaling) -> Scaling:
    """Return the scaling of a constant alone."""
    nothing = np.zeros(0)
    return Scaling(nothing, nothing, scaling.complete, lacking=False, weight=scaling.weight)


def _spread(panel: PreparedPanel) -> Spread:
    weighed = ~np.isnan(panel.weights)
    complete = bool(weighed.all()) and is_complete(panel)
    weight = np.array([np.where(weighed, panel.weights, 0.0).sum(), weighed.sum()])
    if panel.covariates is None:
        nothing = np.zeros(0)
        return Spread(nothing, nothing, nothing, weight, complete, lacking=False)
    # near the mean is near enough
    some = panel.covariates[:: max(1, len(panel.covariates) // ENOUGH)]
    flat = some.reshape(-1, some.shape[2])
    seen = ~np.isnan(flat)
    rows = seen.sum(axis=0)
    mean = np.where(seen, flat, 0.0).sum(axis=0) / np.maximum(rows, 1)
    square = (np.where(seen, flat - mean, 0.0) ** 2).sum(axis=0)
    lacking = bool(np.isnan(panel.covariates.min(initial=0.0)))
    return Spread(rows, mean, square, weight, complete, lacking)
