"""Estimates by event time as one path: before treatment, the base, after treatment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zgzx_research.errors import ZgzxError

PSD_TOLERANCE = 1e-8  # of the largest eigenvalue: a smaller negative one is rounding


@dataclass(frozen=True, slots=True)
class EventPath:
    """Estimates in the order of time, with what a hypothesis about the effect makes of them.

    Attributes
    ----------
    times : (rows,) int
        Steps of the clock since the base, which is 0; below 0 before treatment, above 0 after.
    weights : (rows,)
        Weight of each estimate in the target; they sum to 1 and are 0 before treatment.
    values : (rows,) or (2, rows)
        Estimates; on the ratio scale treated and counterfactual totals. A base that is zero by
        construction is a row of zeros (two equal totals).
    covariance : (rows, rows) or (2 rows, 2 rows)
        Of `values`, treated totals before counterfactual ones.
    """

    times: np.ndarray
    weights: np.ndarray
    values: np.ndarray
    covariance: np.ndarray

    @property
    def is_ratio(self) -> bool:
        """Whether the effect is a ratio of totals, less 1."""
        return self.values.ndim == 2

    @property
    def estimate(self) -> float:
        """Estimate of the target: a difference, or treated over counterfactual total less 1."""
        if not self.is_ratio:
            return float(self.weights @ self.values)
        treated, counterfactual = self.values[:, self.weights > 0].sum(axis=1)
        return float(treated / counterfactual - 1)

    def departures(self, effect: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What remains of the estimates if the target's effect is `effect`.

        Parameters
        ----------
        effect : (effects,)
            Hypotheses.

        Returns
        -------
        departures : (effects, rows)
            Differences less the effect after treatment. On the ratio scale the proportional
            departure of treated totals from (1 + effect) times the counterfactual, whose totals
            count as fixed divisors (Fieller's idea).
        covariance : (effects, rows, rows)
            Their covariance; (1, rows, rows) for differences, where it is always the same.
        """
        after = self.times > 0
        if not self.is_ratio:
            return self.values - np.outer(effect, after), self.covariance[None]
        treated, counterfactual = self.values
        factor = np.where(after, 1 + effect[:, None], 1.0)
        rows = len(self.times)
        derivative = np.zeros((len(effect), rows, 2 * rows))
        at = np.arange(rows)
        derivative[:, at, at] = 1 / (factor * counterfactual)
        derivative[:, at, rows + at] = -1 / counterfactual
        covariance = derivative @ self.covariance @ derivative.swapaxes(1, 2)
        return treated / (factor * counterfactual) - 1, covariance


def path_of_estimates(
    estimates: np.ndarray,
    covariance: np.ndarray,
    event_times: np.ndarray,
    weights: np.ndarray,
    base_time: int,
) -> EventPath:
    """Path of plain estimates that are differences from one base.

    Parameters
    ----------
    estimates : (rows,)
        By event time.
    covariance : (rows, rows)
        Their covariance.
    event_times : (rows,) int
        In any order; event times between the base and treatment take no part.
    weights : (rows,)
        Weight of each estimate in the target.
    base_time : int
        The event time that is zero by construction.

    Returns
    -------
    EventPath
        With a row of zeros for the base.
    """
    used = (event_times < base_time) | (event_times >= 0)
    order = np.flatnonzero(used)[np.argsort(event_times[used])]
    before = int((event_times[order] < base_time).sum())
    times = np.insert(event_times[order], before, base_time) - base_time
    part = covariance[np.ix_(order, order)]
    part = np.insert(np.insert(part, before, 0.0, axis=0), before, 0.0, axis=1)
    return EventPath(
        in_steps(times),
        np.insert(weights[order], before, 0.0),
        np.insert(estimates[order], before, 0.0),
        part,
    )


def in_steps(times: np.ndarray) -> np.ndarray:
    """(rows,) int times in steps of the clock: a wave every 2 years is one step."""
    step = int(np.gcd.reduce(times.astype(np.int64)))
    return times.astype(np.int64) // max(step, 1)


def checked(path: EventPath) -> EventPath:
    """Return the path, or refuse what no bound can be computed from.

    Raises
    ------
    ZgzxError
        Unknown estimates or covariances, a covariance with negative eigenvalues, no estimate
        before treatment, no counterfactual total, or a target without variance.
    """
    where = "honest_bounds"
    if not (np.isfinite(path.values).all() and np.isfinite(path.covariance).all()):
        raise ZgzxError(
            "an estimate or its covariance is unknown",
            where=where,
            remedy="Leave this event time out with min_event and max_event, or pool small cohorts.",
        )
    eigenvalues = np.linalg.eigvalsh(path.covariance)
    if eigenvalues[0] < -PSD_TOLERANCE * eigenvalues[-1]:
        raise ZgzxError(
            f"the covariance is not positive semi-definite: smallest eigenvalue {eigenvalues[0]:g}",
            where=where,
            remedy="Pass the covariance of the estimates in the order of event_times.",
        )
    if not (path.times < 0).any():
        raise ZgzxError(
            "there is no estimate before the base",
            where=where,
            remedy="Aggregate with an earlier min_event, or choose an outcome seen earlier.",
        )
    if path.is_ratio and (path.values[1] <= 0).any():
        raise ZgzxError(
            "a counterfactual total is not positive, so no ratio can be formed",
            where=where,
            count=int((path.values[1] <= 0).sum()),
            remedy="Choose event times at which the outcome occurs, or scale='difference'.",
        )
    _, spread = path.departures(np.array([path.estimate]))
    if not path.weights @ spread[0] @ path.weights > 0:
        raise ZgzxError(
            "the target does not vary: its standard error is zero",
            where=where,
            remedy="Check the outcome: it may be constant after treatment.",
        )
    return path
