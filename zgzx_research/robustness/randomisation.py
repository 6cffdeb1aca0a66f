"""Randomisation inference: could awards drawn by lot among the same entrants give this estimate?

The null is sharp: no award changed any outcome of any firm. Under it all outcomes are known
whatever the assignment, so the p-value is exact for any number of firms (Fisher 1935), if awards
were as good as drawn by lot within the strata. The statistic is studentised, so that the test also
holds, in large samples, where the mean effect is zero but effects differ (Wu & Ding 2021).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from zgzx_research.did.estimate import choose_options
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.entries import entries_of_panel
from zgzx_research.robustness.permutation_statistic import (
    check_design,
    first_treated,
    window_design,
    window_statistic,
)
from zgzx_research.robustness.summaries import Target, check_options, check_target
from zgzx_research.robustness.unit_groups import ByUnit, values_by_unit

TIE = 1e-9  # relative: a draw whose t is equal but for rounding counts as at least as large
WHERE = "randomisation_inference"
SIGNS = {"two-sided": 0.0, "greater": 1.0, "less": -1.0}
Alternative = Literal["two-sided", "greater", "less"]
OPTIONS = (
    "controls",
    "base_period",
    "anticipation",
    "leave_out",
    "scale",
    "cohort_correction",
)


@dataclass(frozen=True, slots=True, eq=False)
class RandomisationTest:
    """Result of `randomisation_inference`.

    Attributes
    ----------
    estimate, std_error, t : float
        Of the sample: the window mean (a proportion on the ratio scale), its standard error (of
        the log ratio on the ratio scale), and the studentised statistic.
    p_value : float
        (1 + draws at least as extreme) / (1 + permutations).
    permutations : int
        Permutations drawn.
    undefined : int
        Permutations without statistic (no cohort could be compared); they count as extreme.
    strata : int
        Strata in which both an award and no award, or different first awards, can be exchanged.
    exchanged : int
        Units or entries in these strata.
    alternative : str
        "two-sided", "greater" or "less".
    seed : int
        Of the draws.
    draws : (permutations,) float
        t of each permutation, NaN where undefined. Tests with the same seed and the same strata
        use the same permutations, so `romano_wolf` can take several of them together.
    """

    estimate: float
    std_error: float
    t: float
    p_value: float
    permutations: int
    undefined: int
    strata: int
    exchanged: int
    alternative: str
    seed: int
    draws: np.ndarray

    def to_frame(self) -> pd.DataFrame:
        """One row with everything but the draws."""
        names = [name for name in type(self).__dataclass_fields__ if name != "draws"]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def randomisation_inference(
    panel: PreparedPanel,
    *,
    strata: ByUnit | None = None,
    entries: pd.DataFrame | None = None,
    within: Sequence[str] = ("edition", "category"),
    target: Target = (1, 3),
    permutations: int = 999,
    alternative: Alternative = "two-sided",
    seed: int = 0,
    **options: Any,
) -> RandomisationTest:
    """Exact test that no award changed any outcome, by drawing the awards anew.

    Parameters
    ----------
    panel : PreparedPanel
        Without covariates and clusters. Who is not in `strata` or `entries` keeps the treatment
        it has.
    strata : values by unit, optional
        General form: first treated periods are permuted within these strata (a series with the
        units as index, or a frame of several columns), so each stratum keeps its number treated
        in each period. Without `entries`, None makes all units one stratum.
    entries : DataFrame, optional
        Form for a contest, one row per entry: unit, year (of the final), awarded (bool), and the
        columns of `within`. Awards are permuted among the entries of a stratum; a unit's first
        treated period is then the year of its first award in the draw. Entries of units outside
        the panel are left out.
    within : sequence of str, default ("edition", "category")
        Columns of `entries` whose combinations are the strata.
    target : (int, int) or int, default (1, 3)
        Event times, 0 or later, whose mean is tested.
    permutations : int, default 999
        Draws.
    alternative : str, default "two-sided"
        Or "greater" or "less": effects of this sign only.
    seed : int, default 0
        Of the draws.
    **options
        controls, base_period, anticipation, leave_out, scale and cohort_correction, as in
        `estimate_effects` with method="group_time".

    Returns
    -------
    RandomisationTest
        p-value, number of permutations, and the draws.

    Raises
    ------
    ZgzxError
        Nothing to exchange; entries that contradict the panel; covariates or clusters.

    References
    ----------
    Fisher, R. (1935), The Design of Experiments. Wu, J. & Ding, P. (2021), Journal of the American
    Statistical Association 116(536). p-value: Phipson, B. & Smyth, G. (2010), Statistical
    Applications in Genetics and Molecular Biology 9(1), eq. 2.

    Examples
    --------
    >>> import zgzx_research as zr
    >>> pairs = [(u, t) for u in range(12) for t in (1, 2, 3)]
    >>> rows = [(u, t, (7 * u * t) % 5 + 9 * (u < 4 and t > 2)) for u, t in pairs]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents"])
    >>> table["first_award"] = table["firm"].map(dict.fromkeys(range(4), 3.0))
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = zr.prepare_panel(table, **roles, first_treated="first_award")
    >>> zr.randomisation_inference(panel, target=0, permutations=99).p_value < 0.05
    True
    """
    _check(panel, permutations, alternative, options)
    lot = _lot(panel, strata, entries, within)
    chosen = choose_options("group_time", options)
    given = {name: getattr(chosen, name) for name in OPTIONS}
    design = window_design(panel, lot.starts, _window(target), **given)
    sample = window_statistic(design, first_treated(panel))
    if not np.isfinite(sample.t):
        raise _refusal(
            "the sample itself gives no studentised statistic",
            "Choose another window, or scale='difference'.",
        )
    drawn = _permuted(lot, permutations, seed)
    draws = np.array([window_statistic(design, lot.assign(labels)).t for labels in drawn])
    return RandomisationTest(
        sample.estimate,
        sample.std_error,
        sample.t,
        permutation_p(sample.t, draws, alternative),
        permutations,
        int(np.isnan(draws).sum()),
        len(np.unique(lot.stratum[lot.exchanged])),
        int(lot.exchanged.sum()),
        alternative,
        seed,
        draws,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Lot:
    """What is drawn by lot.

    Attributes
    ----------
    label : (rows,)
        First treated period of each unit, or whether each entry is awarded.
    stratum : (rows,) int
        Labels are exchanged within it; -1 = not at all.
    exchanged : (rows,) bool
        Rows of strata with different labels.
    starts : (starts,) float
        First treated periods that a draw may give.
    assign : callable
        Labels -> (units,) first treated period.
    """

    label: np.ndarray
    stratum: np.ndarray
    exchanged: np.ndarray
    starts: np.ndarray
    assign: Callable[[np.ndarray], np.ndarray]


def _lot(
    panel: PreparedPanel,
    strata: ByUnit | None,
    entries: pd.DataFrame | None,
    within: Sequence[str],
) -> _Lot:
    """Read what is drawn by lot: treatment of units, or awards of entries."""
    if strata is not None and entries is not None:
        raise _refusal("strata and entries are two forms", "Pass one of them.")
    if entries is not None:
        contest = entries_of_panel(panel, entries, within)
        exchanged = _exchangeable(contest.stratum, contest.awarded)
        starts = np.unique(contest.year)
        return _Lot(contest.awarded, contest.stratum, exchanged, starts, contest.first_award)
    start, codes = first_treated(panel), np.zeros(len(panel.y), dtype=np.int64)
    if strata is not None:
        codes = pd.factorize(values_by_unit(panel, strata, WHERE))[0]
    starts = np.unique(start[np.isfinite(start)])
    return _Lot(start, codes, _exchangeable(codes, start), starts, lambda labels: labels)


def _window(target: Target) -> tuple[int, int]:
    window = check_target(target)
    if window[0] < 0:
        raise _refusal(
            f"the window from {window[0]} to {window[1]} begins before treatment",
            "Choose event times of 0 or later.",
        )
    return window


def permutation_p(t: float, draws: np.ndarray, alternative: str = "two-sided") -> float:
    """(1 + draws at least as extreme as t) / (1 + draws); an undefined draw counts as extreme.

    Parameters
    ----------
    t : float
        Of the sample.
    draws : (permutations,) float
        Of the permutations.
    alternative : str, default "two-sided"
        Or "greater" or "less".
    """
    sign = SIGNS[alternative]
    sizes = np.abs(draws) if sign == 0 else sign * draws
    size = abs(t) if sign == 0 else sign * t
    extreme = ~(sizes < size - TIE * abs(size))
    return float((1 + extreme.sum()) / (1 + len(draws)))


def _exchangeable(codes: np.ndarray, label: np.ndarray) -> np.ndarray:
    """(rows,) bool, rows of strata that hold different labels."""
    frame = pd.DataFrame({"stratum": codes, "label": label})
    differs = frame.groupby("stratum")["label"].transform("nunique", dropna=False) > 1
    exchanged = differs.to_numpy() & (codes >= 0)
    if not exchanged.any():
        raise ZgzxError(
            "no stratum holds both treated and untreated units, so there is nothing to exchange",
            where=WHERE,
            count=len(np.unique(codes[codes >= 0])),
            remedy="Use wider strata.",
        )
    return exchanged


def _permuted(lot: _Lot, permutations: int, seed: int) -> Iterator[np.ndarray]:
    """Yield labels permuted within strata."""
    generator = np.random.default_rng(seed)
    rows = np.flatnonzero(lot.exchanged)
    rows = rows[np.argsort(lot.stratum[rows], kind="stable")]
    stratum = lot.stratum[rows].astype(float)
    for _ in range(permutations):
        drawn = lot.label.copy()
        drawn[rows] = lot.label[rows[np.argsort(stratum + generator.random(len(rows)))]]
        yield drawn


def _check(
    panel: PreparedPanel, permutations: int, alternative: str, options: dict[str, Any]
) -> None:
    check_design(panel, WHERE)
    check_options(options, WHERE)
    whole = isinstance(permutations, int | np.integer) and not isinstance(permutations, bool)
    if not whole or permutations < 1:
        raise _refusal(
            f"permutations={permutations!r} is not usable", "Pass e.g. permutations=999."
        )
    if alternative not in SIGNS:
        raise _refusal(
            f"alternative={alternative!r} is unknown", f"Choose one of {', '.join(SIGNS)}."
        )
    if not set(options) <= set(OPTIONS):
        raise _refusal(
            "permutations use method='group_time' without adjustment",
            f"Options are {', '.join(OPTIONS)}.",
        )


def _refusal(what: str, remedy: str) -> ZgzxError:
    return ZgzxError(what, where=WHERE, remedy=remedy)
