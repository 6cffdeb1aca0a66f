"""Regressions with unit and period effects: the two-way event study with its static coefficient, and the
interaction-weighted estimator (Sun & Abraham 2021), which gives every cohort an effect of its own
in every period."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zgzx_research.did.aggregate import CellStatistics
from zgzx_research.did.cells import unit_weights
from zgzx_research.did.fit import EXACT, Fit, MeanWeights, Rows, row_labels
from zgzx_research.did.lent_variance import lending_notes, lent_covariance
from zgzx_research.did.moments import panel_moments
from zgzx_research.did.regression import NormalSums, Regressions, is_plain, observed_units, regress
from zgzx_research.did.sample import in_periods, of_units
from zgzx_research.did.small_cohorts import size_notes
from zgzx_research.errors import ZgzxError


@dataclass(frozen=True, slots=True)
class CellDesign:
    """A column for every cohort and period but the cohort's base.

    Attributes
    ----------
    cohort, period, base : (cells,) int, indices; a cell that is its own base has no column.
    columns : (cohorts, periods, cells that are not their base).
    """

    cohort: np.ndarray
    period: np.ndarray
    base: np.ndarray
    columns: np.ndarray

    @property
    def free(self) -> np.ndarray:
        """(cells,) bool, those with a column."""
        return self.period != self.base


def two_way_fixed_effects(panel: Any, options: dict[str, Any]) -> Fit:
    """Event study and static coefficient of a PreparedPanel, with their joint covariance."""
    masked, notes = options["anticipation"] + options["leave_out"], _common_notes(panel)
    events, references, study = event_design(panel, masked, notes)
    static = static_design(panel, masked)
    result = regress(panel, [study, static])
    own, covariates = study.shape[2], len(panel.covariate_names)
    at = own + covariates  # where the static design begins
    _note_dropped_covariates(panel, result.kept[own:at], notes)
    if not result.kept[at]:
        raise _nothing_to_compare(panel)
    free = np.flatnonzero(~np.isin(events, references))
    lost = events[free[~result.kept[:own]]]
    if len(lost):
        reason = "event time that unit and period effects and the others make up"
        notes.append(("cells", reason, len(lost), 0, tuple(f"{e:g}" for e in lost[:3])))
    pick = np.zeros((len(events) + 1, len(result.coefficients)))
    pick[free, np.arange(own)] = pick[-1, at] = 1.0
    rows = _event_rows(panel, events, references, options, result.sums)
    notes += size_notes(panel.cohorts, *_sizes(panel))
    keep = ~np.isin(np.append(events, np.nan), lost)
    return _fit(
        panel,
        panel,
        rows,
        pick,
        result,
        np.ones(len(pick)),
        keep,
        _lonely_events(panel, events, rows),
        notes,
    )


def event_design(
    panel: Any, masked: int, notes: list[tuple]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(events,) event times observed, (1 or 2,) those left out as references, (cohorts, periods, others) columns."""
    event = _event_times(panel)
    events = np.unique(event[np.isfinite(event) & (observed_units(panel) > 0)])
    before = events[events < -masked]
    if not len(before):
        raise ZgzxError(
            "no unit is treated after a period that could serve as reference",
            where="two_way_fixed_effects",
            count=int(np.isfinite(panel.cohorts).sum()),
            remedy="Add earlier periods, or lower anticipation or leave_out.",
        )
    references = before[-1:]
    if not np.isinf(panel.cohorts).any() and before[0] < before[-1]:
        references = before[[0, -1]]
        reason = "nobody is never treated: the earliest event time is a second reference"
        notes.append(("note", reason, 0, 0, (f"{before[0]:g}",)))
    free = events[~np.isin(events, references)]
    return events, references, (event[..., None] == free) * 1.0


def static_design(panel: Any, masked: int) -> np.ndarray:
    """(cohorts, periods, 1 + masked) treated, then a column for each masked event time, so that it takes no part."""
    event = _event_times(panel)
    return (
        np.concatenate(
            [event[..., None] >= 0, event[..., None] == -np.arange(1, masked + 1)], axis=2
        )
        * 1.0
    )


def interaction_weighted(panel: Any, options: dict[str, Any]) -> Fit:
    """Effects by cohort and period of a PreparedPanel."""
    masked, notes = options["anticipation"] + options["leave_out"], _common_notes(panel)
    used = comparable(panel, masked, notes)
    cells = cell_design(used, masked, notes)
    return interaction_fit(panel, used, cells, options, notes)


def interaction_fit(
    panel: Any, used: Any, cells: CellDesign, options: dict[str, Any], notes: list[tuple]
) -> Fit:
    """The regression behind `interaction_weighted`.

    `used` is what `comparable` made of the panel.
    """
    result = regress(used, [cells.columns])
    own = cells.columns.shape[2]
    _note_dropped_covariates(panel, result.kept[own:], notes)
    keep = np.ones(len(cells.cohort), dtype=bool)
    keep[cells.free] = result.kept[:own]
    if not keep[cells.free].any():
        raise _nothing_to_compare(panel)
    start, now = used.cohorts[cells.cohort], used.periods[cells.period].astype(float)
    if not keep.all():
        pairs = zip(start[~keep], now[~keep], strict=True)
        examples = tuple(f"({g:g}, {t:g})" for g, t in pairs)[:3]
        notes.append(
            (
                "cells",
                "cell without observed treated or comparison units",
                int((~keep).sum()),
                0,
                examples,
            )
        )
    pick = np.zeros((len(keep), len(result.coefficients)))
    pick[cells.free, np.arange(own)] = 1.0
    units = observed_units(used)
    rows = Rows(
        start,
        now,
        now - start,
        _roles(now - start, ~cells.free, options["leave_out"]),
        units[cells.cohort, cells.period],
        units[np.isinf(used.cohorts)].sum(axis=0)[cells.period],
        result.sums.mean[cells.cohort, cells.base],
        _treated_clusters(used, list(zip(cells.cohort, cells.period, strict=True))),
    )
    shares = result.sums.weight[cells.cohort, cells.period]
    lonely = np.tile(_sizes(used)[1] == 1, (len(keep), 1))
    lonely[np.arange(len(keep)), cells.cohort] |= _behind(rows) == 1
    return _fit(panel, used, rows, pick, result, shares, keep, lonely, notes)


def comparable(panel: Any, masked: int, notes: list[tuple]) -> Any:
    """The panel without cohorts that have no base and periods that have no comparison.

    With nobody never treated, the comparison is the last cohort, and the panel ends where its
    treatment or mask begins.
    """
    named = panel.cohorts
    if not np.isinf(panel.cohorts).any():
        last, early = panel.cohorts[-1], panel.periods + masked < panel.cohorts[-1]
        lost = ~np.isnan(panel.y[:, ~early])
        reason = "nobody is never treated: the last cohort is the comparison, and periods from its treatment on leave"
        notes.append(("rows", reason, int(lost.sum()), int(lost.any(axis=1).sum()), (f"{last:g}",)))
        panel = in_periods(replace(panel, cohorts=np.append(panel.cohorts[:-1], np.inf)), early)
    compared = observed_units(panel)[np.isinf(panel.cohorts)].sum(axis=0) > 0
    if not compared.all():
        lost = ~np.isnan(panel.y[:, ~compared])
        examples = tuple(str(t) for t in panel.periods[~compared][:3])
        reason = "period in which no comparison unit is observed"
        notes.append(("rows", reason, int(lost.sum()), int(lost.any(axis=1).sum()), examples))
        panel = in_periods(panel, compared)
    based = np.isinf(panel.cohorts) | (panel.periods[0] + masked < panel.cohorts)
    sizes, clusters = _sizes(panel)
    for c in np.flatnonzero(~based):
        reason = "no period before treatment to serve as base"
        notes.append(("cohorts", reason, 0, int(sizes[c]), (f"{panel.cohorts[c]:g}",)))
    notes += size_notes(named, np.where(based, sizes, 0), np.where(based, clusters, 0))
    kept = based[panel.cohort] & ~np.isnan(panel.y).all(axis=1)
    return panel if kept.all() else of_units(panel, kept)


def cell_design(panel: Any, masked: int, notes: list[tuple]) -> CellDesign:
    """The observed cells of every treated cohort.

    The base is its last observed period before treatment and mask.
    """
    units, rows = observed_units(panel), []
    for c in np.flatnonzero(np.isfinite(panel.cohorts) & (units.sum(axis=1) > 0)):
        seen = np.flatnonzero(units[c])
        before = seen[panel.periods[seen] + masked < panel.cohorts[c]]
        if len(before):
            rows += [(c, t, before[-1]) for t in seen]
        else:
            notes.append(
                (
                    "cohorts",
                    "no period before treatment to serve as base",
                    0,
                    int(units[c].max()),
                    (f"{panel.cohorts[c]:g}",),
                )
            )
    if not rows:
        raise ZgzxError(
            "no unit is treated after a period that could serve as base",
            where="interaction_weighted",
            count=int(np.isfinite(panel.cohorts).sum()),
            remedy="Add earlier periods, or lower anticipation or leave_out.",
        )
    cohort, period, base = np.array(rows).T
    columns = np.zeros((*units.shape, int((period != base).sum())))
    columns[cohort[period != base], period[period != base], np.arange(columns.shape[2])] = 1.0
    return CellDesign(cohort, period, base, columns)


def _sizes(panel: Any) -> tuple[np.ndarray, np.ndarray]:
    """(cohorts,) units and clusters of each cohort; units where no clusters were given."""
    count = len(panel.cohorts)
    units = np.bincount(panel.cohort, minlength=count)
    if panel.cluster is None:
        return units, units
    pairs = np.unique(panel.cluster * count + panel.cohort)
    return units, np.bincount(pairs % count, minlength=count)


def _behind(rows: Rows) -> np.ndarray:
    """(rows,) treated clusters, or units where no clusters were given."""
    return rows.n_treated if rows.n_clusters is None else rows.n_clusters


def _lonely_events(panel: Any, events: np.ndarray, rows: Rows) -> np.ndarray:
    """(rows, cohorts) bool: event times that one unit (cluster) makes up.

    Others keep its distance from the others.

    Where only one cohort is treated, one unit never treated is fitted perfectly too.
    """
    event, treated = _event_times(panel), np.isfinite(panel.cohorts)
    touched = np.vstack([(event == e).any(axis=1) for e in events] + [treated])
    lonely = touched & (_behind(rows) == 1)[:, None]
    return lonely | (~treated & (_sizes(panel)[1] == 1) & (treated.sum() == 1))


def _event_times(panel: Any) -> np.ndarray:
    """(cohorts, periods) periods since treatment, minus infinity for the never treated."""
    return panel.periods - panel.cohorts[:, None]


def _roles(event: np.ndarray, reference: np.ndarray, leave_out: int) -> np.ndarray:
    """(rows,) role by event time."""
    before = np.where(event >= -leave_out, "left_out", "pre")
    return np.where(reference, "reference", np.where(event >= 0, "post", before))


def _event_rows(
    panel: Any,
    events: np.ndarray,
    references: np.ndarray,
    options: dict[str, Any],
    sums: NormalSums,
) -> Rows:
    """Labels of the event times and, last, of the static coefficient."""
    units, event = observed_units(panel), _event_times(panel)
    sizes = np.bincount(panel.cohort, minlength=len(panel.cohorts))
    never = np.isinf(panel.cohorts)
    at_base = (event == references[-1]) & (sums.weight > 0)
    base = np.where(at_base, sums.mean, 0.0).sum(axis=1)  # (cohorts,)
    member = np.concatenate([event == events[:, None, None], event[None] >= 0])
    weight = (member * sums.weight).sum(axis=2) * at_base.any(axis=1)
    with np.errstate(invalid="ignore"):
        base_mean = weight @ base / weight.sum(axis=1)
    missing, treated = np.full(len(member), np.nan), (member[:-1] * units).sum(axis=(1, 2))
    return Rows(
        missing,
        missing,
        np.append(events, np.nan),
        np.append(_roles(events, np.isin(events, references), options["leave_out"]), "static"),
        np.append(treated, sizes[~never].sum()),
        np.full(len(member), sizes[never].sum()),
        base_mean,
        _treated_clusters(panel, [np.nonzero(part) for part in member]),
    )


def _treated_clusters(panel: Any, rows: list[tuple]) -> np.ndarray | None:
    """(rows,) clusters seen in the cohorts and periods of each row, given as indices.

    None without clusters.
    """
    if panel.cluster is None:
        return None
    present = np.zeros(
        (len(panel.cohorts), len(panel.periods), int(panel.cluster.max()) + 1), dtype=bool
    )
    unit, period = np.nonzero(~np.isnan(panel.y))
    present[panel.cohort[unit], period, panel.cluster[unit]] = True
    return np.array([present[row].reshape(-1, present.shape[2]).any(axis=0).sum() for row in rows])


def _fit(
    panel: Any,
    used: Any,
    rows: Rows,
    pick: np.ndarray,
    result: Regressions,
    shares: np.ndarray,
    keep: np.ndarray,
    lonely: np.ndarray,
    notes: list[tuple],
) -> Fit:
    """A Fit of the kept rows; `pick` (rows, coefficients) leads from the regressions' rows to these, and `lonely`
    (rows, cohorts) tells where a cohort's mean rests on one unit or cluster and is fitted
    perfectly."""
    pick, lonely = pick[keep], lonely[keep]
    on_means, covariance = np.tensordot(pick, result.weights, 1), pick @ result.covariance @ pick.T
    if lonely.any():
        moments = panel_moments(used.y, used.cohort, unit_weights(used.weights), used.cluster)
        lent = lent_covariance(moments, on_means, lonely)
        notes += lending_notes(lent, row_labels(rows)[keep])
        covariance += lent
    numbers = CellStatistics(
        "difference",
        (pick @ result.coefficients)[None],
        np.arange(len(pick)),
        shares[keep],
        covariance,
    )
    kind = "reweighted" if not is_plain(panel) else "pairwise" if np.isnan(used.y).any() else EXACT
    weights = MeanWeights(on_means, result.sums.mean, panel.cohorts, used.periods, kind)
    labels = {name: getattr(rows, name) for name in Rows.__dataclass_fields__}
    kept = Rows(**{name: value[keep] for name, value in labels.items() if value is not None})
    by_cluster = None if result.influence is None else result.influence @ pick.T
    return Fit(kept, numbers, weights, result.df, notes, by_cluster)


def _common_notes(panel: Any) -> list[tuple]:
    seen = (~np.isnan(panel.y)).sum(axis=1)
    single = int((seen == 1).sum())
    if (seen <= 1).all():
        raise ZgzxError(
            "every unit is seen once, so its own effect takes up its outcome",
            where="estimate_effects",
            count=single,
            remedy="Use method='group_time' with gaps='cross_section', which compares groups, or name the right unit.",
        )
    reason = "unit observed in one period only: its own effect takes it up"
    return [("note", reason, single, single, ())] if single else []


def _note_dropped_covariates(panel: Any, kept: np.ndarray, notes: list[tuple]) -> None:
    dropped = tuple(
        name for name, stays in zip(panel.covariate_names, kept, strict=True) if not stays
    )
    if dropped:
        reason = "covariate constant within units, or made up of others: dropped"
        notes.append(("note", reason, 0, 0, dropped[:3]))


def _nothing_to_compare(panel: Any) -> ZgzxError:
    return ZgzxError(
        "treatment cannot be told from unit and period effects",
        where="estimate_effects",
        count=int(np.isfinite(panel.cohorts).sum()),
        remedy="Add units never treated, or treated at other times.",
    )
