"""Event paths from this package's own event studies."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from zgzx_research.did.core.aggregate import AggregatedValues, over_cells
from zgzx_research.did.core.inference import t_quantile
from zgzx_research.did.core.windows import named_events
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.honest_bounds.event_path import EventPath, in_steps

WHERE = "honest_bounds"


@dataclass(frozen=True, slots=True)
class OwnRows:
    """Some estimates of an event study.

    Attributes
    ----------
    times : (rows,) int
        Event times.
    values : AggregatedValues
        Estimates with derivatives.
    """

    times: np.ndarray
    values: AggregatedValues


@dataclass(frozen=True, slots=True)
class Reported:
    """An estimate's interval under parallel trends, and its sample.

    Attributes
    ----------
    low, high : float
        Ends of the interval.
    n_treated, n_comparison : int or None
        Units behind the estimate; None where only numbers were given.
    """

    low: float
    high: float
    n_treated: int | None = None
    n_comparison: int | None = None


def has_pooled_base(event: Aggregate) -> bool:
    """Whether the base is the mean of all periods before treatment."""
    return event.effects.options.get("base_period") == "pooled"


def path_of_event(
    event: Aggregate, target: tuple[int, int] | int | str, level: float, *, about_base: bool
) -> EventPath:
    """Event path of an event study; its target is the estimate that the event study reports.

    Parameters
    ----------
    event : Aggregate
        By event time.
    target : (int, int), int or "average"
        A window (of the cohorts seen at all of it), an event time, or all of them from 0.
    level : float
        Of the intervals: where the event study uses t quantiles, the covariance is widened so
        that normal ones give the same interval.
    about_base : bool
        Whether each estimate before treatment is a departure from the base. Otherwise changes
        between them are; with a pooled base the last of them then serves as base.

    Returns
    -------
    EventPath
        Not yet checked.

    Raises
    ------
    ZgzxError
        Not by event time, no common base, or no estimate of the target.
    """
    _check_base(event)
    times = event.labels["event_time"].to_numpy(dtype=np.int64)
    after, weights = _after(event, times, target)
    chosen = _before(event, times, about_base=about_base)
    rows = _stacked([OwnRows(times[chosen], _take(event.rows, chosen)), after])
    if about_base:
        clock = np.where(rows.times < 0, rows.times, rows.times + 1)  # 0 is the base itself
    else:
        clock = in_steps(rows.times - rows.times[max(len(chosen) - 1, 0)])
    weights = np.append(np.zeros(len(chosen)), weights)
    return _with_covariance(event, level, clock, weights, rows.values)


def reported(event: Aggregate, target: tuple[int, int] | int | str, level: float) -> Reported:
    """What the event study itself reports of the target, under parallel trends."""
    if isinstance(target, tuple):
        labels, values = event.select(window=target)
    elif isinstance(target, str):
        labels, values = event.select("overall")
    else:
        at = np.flatnonzero(event.labels["event_time"].to_numpy(dtype=np.int64) == target)
        labels, values = event.labels.iloc[at], _take(event.rows, at)
    low, high = values.bounds(event.effects.numbers, t_quantile(level, event.effects.df))
    n_treated, n_comparison = (int(labels[n].iloc[0]) for n in ("n_treated", "n_comparison"))
    return Reported(float(low[0]), float(high[0]), n_treated, n_comparison)


def _check_base(event: Aggregate) -> None:
    """Refuse event studies whose estimates have no common base."""
    if set(event.labels["estimand"]) != {"event_time"}:
        raise ZgzxError(
            "these estimates are not by event time",
            where=WHERE,
            remedy="Pass effects.aggregate('event_time').",
        )
    options, cells = event.effects.options, event.effects.cells
    remedy = "Estimate with method='group_time' and base_period='universal' or 'pooled'."
    if options.get("base_period") == "varying":
        raise ZgzxError(
            "with a varying base, estimates before treatment are changes and those after are not",
            where=WHERE,
            remedy=remedy,
        )
    bases = cells.loc[cells["role"] == "reference", "event_time"].unique()
    if not has_pooled_base(event) and len(bases) != 1:
        raise ZgzxError(
            f"estimates of {options['method']} before and after treatment have no common base",
            where=WHERE,
            examples=[f"base at event time {e}" for e in bases],
            remedy=remedy,
        )


def _before(event: Aggregate, times: np.ndarray, *, about_base: bool) -> np.ndarray:
    """Rows before treatment in the order of time; unless `about_base`, the last is the base."""
    use = event.effects.tested(event.labels)
    if not about_base and not has_pooled_base(event):
        base = (event.labels["role"] == "reference").to_numpy()
        use = (use & (times < times[base].max(initial=-1))) | base
    rows = np.flatnonzero(use)
    return rows[np.argsort(times[rows])]


def _after(
    event: Aggregate, times: np.ndarray, target: tuple[int, int] | int | str
) -> tuple[OwnRows, np.ndarray]:
    """Estimates after treatment up to the last one needed, and their weights in the target."""
    if isinstance(target, tuple):
        return _window(event, target)
    post = np.flatnonzero((event.labels["role"] == "post").to_numpy())
    post = post[np.argsort(times[post])]
    rows = OwnRows(times[post], _take(event.rows, post))
    wanted = rows.times == target if isinstance(target, int) else rows.times >= 0
    if not wanted.any():
        raise ZgzxError(
            f"target={target!r} has no estimate",
            where=WHERE,
            remedy=f"{named_events(times.astype(float))} Choose one from 0 on.",
        )
    return rows, _weights(rows.values, wanted)


def _window(event: Aggregate, window: tuple[int, int]) -> tuple[OwnRows, np.ndarray]:
    """Estimates from treatment to the end of a window, of the cohorts seen at all of it."""
    inside, events = event.window_cells(*window)
    effects = event.effects
    cells = effects.cells
    same = cells["cohort"].isin(cells.loc[inside, "cohort"])
    use = (same & (cells["role"] == "post") & (cells["event_time"] <= window[1])).to_numpy()
    if events[0] < 0:
        raise ZgzxError(
            f"the target begins at event time {events[0]}, before treatment",
            where=WHERE,
            remedy="Choose a window from 0 on.",
        )
    own = cells["event_time"].to_numpy(float)
    times = np.unique(own[use]).astype(np.int64)
    sets = use & (own == times[:, None])
    rows = OwnRows(times, over_cells(effects.numbers, sets))
    return rows, _weights(rows.values, np.isin(times, events))


def _weights(values: AggregatedValues, wanted: np.ndarray) -> np.ndarray:
    """Weights of a mean; on the ratio scale by counterfactual totals, as totals are added."""
    weight = wanted.astype(float)
    if values.totals is not None:
        weight = np.where(wanted, values.totals[1], 0.0)
    return np.asarray(weight / weight.sum()) if weight.sum() > 0 else weight


def _take(values: AggregatedValues, rows: np.ndarray) -> AggregatedValues:
    if values.totals is None or values.by_totals is None:
        return AggregatedValues(values.value[rows], values.gradient[rows])
    return AggregatedValues(
        values.value[rows],
        values.gradient[rows],
        values.totals[:, rows],
        values.by_totals[:, rows],
    )


def _stacked(parts: list[OwnRows]) -> OwnRows:
    """Return all rows one after the other."""
    values = [part.values for part in parts]
    whole = AggregatedValues(
        np.concatenate([v.value for v in values]), np.vstack([v.gradient for v in values])
    )
    totals = [v.totals for v in values if v.totals is not None]
    by_totals = [v.by_totals for v in values if v.by_totals is not None]
    if totals:
        whole = replace(
            whole,
            totals=np.concatenate(totals, axis=1),
            by_totals=np.concatenate(by_totals, axis=1),
        )
    return OwnRows(np.concatenate([part.times for part in parts]), whole)


def _with_covariance(
    event: Aggregate, level: float, times: np.ndarray, weights: np.ndarray, values: AggregatedValues
) -> EventPath:
    numbers = event.effects.numbers
    size = (t_quantile(level, event.effects.df) / t_quantile(level)) ** 2
    if values.totals is None or values.by_totals is None:
        spread = numbers.spread(values.gradient, values.gradient)
        return EventPath(times, weights, values.value, size * spread)
    gradient = np.concatenate(list(values.by_totals))
    return EventPath(times, weights, values.totals, size * numbers.spread(gradient, gradient))
