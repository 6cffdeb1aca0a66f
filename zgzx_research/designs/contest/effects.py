"""The effect of winning among those who entered the same edition."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from zgzx_research.designs.contest.entrants import Entrants, stack_entrants
from zgzx_research.designs.contest.result import ContestEffects
from zgzx_research.designs.contest.totals import YearTotals, year_totals
from zgzx_research.did.core.aggregate import AggregatedValues, JointStatistics, over_cells
from zgzx_research.did.core.inference import power_factor, t_quantile, wald_test
from zgzx_research.errors import ZgzxError

FIRST_EVENT = -5  # first year of the path, as in studies/demo.toml
LEVEL = 0.95
EQUIVALENCE = 0.9  # level whose interval holds two one-sided tests at 5 %
ESTIMAND = {
    "level": "the mean winning firm, firms with many patents weighing less",
    "one": "all winning firms together",
}
COLUMNS = ["event_time", "role", "estimate", "std_error", "ci_low", "ci_high", "df"]


def contest_effects(
    firm_year: pd.DataFrame,
    firm_entries: pd.DataFrame,
    *,
    outcome: str = "patents_invention",
    scale: Literal["ratio", "difference"] = "ratio",
    window: tuple[int, int] = (1, 3),
    base: int = -1,
    weights: str = "level",
) -> ContestEffects:
    """Compare winners with the other entrants of the same edition, by known probabilities.

    It is the effect of winning among those who entered: training by competing reaches both.

    Parameters
    ----------
    firm_year : pandas.DataFrame
        A row per firm and year: firm_id, year, first_award (year, missing = never), the outcome
        (missing where it is not known) and the column of the weights. Years whose outcome is not
        complete yet must be left out before: an edition counts whose window ends within the years.
    firm_entries : pandas.DataFrame
        A row per firm and contest: edition, year, firm_id, category, n_entries, n_winners, and of
        the whole contest contest_entries and contest_winners.
    outcome : str, default "patents_invention"
        A column of `firm_year`.
    scale : {"ratio", "difference"}, default "ratio"
        "ratio" for counts: totals against counterfactual totals. "difference" for shares.
    window : (int, int), default (1, 3)
        First and last year after the edition.
    base : int, default -1
        Last year of the base, which is the mean of all years until then. Winners and others were
        drawn from the same entrants, so the year before the edition may stay in it.
    weights : str, default "level"
        "level": 1 / (3 + .35 × the firm's patents of all kinds a year in the base), for the mean
        winning firm. "one": one firm one weight, so that on the ratio scale the estimate is about
        all patents of winners together. Else a column of `firm_year`, its mean over the base.

    Returns
    -------
    ContestEffects
        The effect, its path over years since the edition, and the test of the years before.

    Raises
    ------
    ZgzxError
        A missing column, impossible counts, a firm and year twice, no edition with winners and
        others, nothing to compare with, a window that is not after the edition.

    Notes
    -----
    Known probabilities: see `designs.contest.entrants`. Odds weights: Hirano, K., Imbens, G. &
    Ridder, G. (2003), Econometrica 71(4). Leaving comparison firms out when they win, with inverse
    probabilities of not winning: Robins, J., Hernán, M. & Brumback, B. (2000), Epidemiology 11(5).
    Standard errors sum influence values over all editions of a firm, each divided by one minus the
    firm's share (MacKinnon, J. & White, H. (1985), Journal of Econometrics 29(3), HC3); the degrees
    of freedom are (Σψ²)² / Σψ⁴ (Satterthwaite 1946, Biometrics Bulletin 2(6)).

    Examples
    --------
    One edition with four firms of which one wins; winners and others had the same before.

    >>> years = [2011, 2012, 2013, 2014]
    >>> filed = {"A": [2, 2, 4, 4], "B": [2, 2, 2, 2], "C": [1, 1, 2, 2], "D": [3, 3, 4, 4]}
    >>> filed |= {"E": [2, 2, 3, 5]}
    >>> rows = [(f, t, y, 2012.0 if f in "AE" else None) for f in filed
    ...         for t, y in zip(years, filed[f])]
    >>> columns = ["firm_id", "year", "patents_invention", "first_award"]
    >>> panel = pd.DataFrame(rows, columns=columns)
    >>> lists = {"edition": 1, "year": 2012, "firm_id": list("ABCDE"), "category": "team"}
    >>> lists |= {"n_entries": 1, "n_winners": [1, 0, 0, 0, 1]}
    >>> lists |= {"contest_entries": 5, "contest_winners": 2}
    >>> found = contest_effects(panel, pd.DataFrame(lists), window=(1, 2), weights="one")
    >>> round(found.estimate, 3)  # 16 patents in place of 8 × 16 / 12
    0.5
    """
    _check_options(scale, window, base)
    entrants = stack_entrants(
        firm_year,
        firm_entries,
        outcome=outcome,
        weights=weights,
        window=window,
        base=base,
        first_event=min(FIRST_EVENT, base),
    )
    options = {"outcome": outcome, "scale": scale, "window": window, "base": base}
    return _result(entrants, scale, window, base, options | {"weights": weights})


def _result(
    entrants: Entrants,
    scale: str,
    window: tuple[int, int],
    base: int,
    options: dict[str, object],
) -> ContestEffects:
    """Everything that is estimated from the entrants."""
    events, by_year = _seen_years(entrants, scale, window)
    in_window = (events >= window[0]) & (events <= window[1])
    firm, firms = pd.factorize(entrants.firm)

    psi, numbers = _numbers(by_year, firm, len(firms), scale)
    rows = over_cells(numbers, np.vstack([in_window[None, :], np.eye(len(events), dtype=bool)]))
    effect, by_firm = _effects(rows, numbers, psi)
    inside = [by_year[place] for place in np.flatnonzero(in_window)]
    share = _shares(inside, firm)
    freedom = float(effect["df"][0])
    narrow = rows.bounds(numbers, t_quantile(EQUIVALENCE, freedom))
    return ContestEffects(
        estimate=float(effect["estimate"][0]),
        std_error=float(effect["std_error"][0]),
        ci_low=float(effect["ci_low"][0]),
        ci_high=float(effect["ci_high"][0]),
        df=freedom,
        p_value=float(rows.test_zero(numbers, np.arange(len(effect)) == 0, freedom)["p_value"]),
        equivalence_low=float(narrow[0][0]),
        equivalence_high=float(narrow[1][0]),
        detectable=float(rows.detectable(numbers, power_factor(df=freedom))[0]),
        counterfactual_mean=_counterfactual_mean(inside, scale),
        effective_number=float(1 / (share**2).sum()) if share.any() else 0.0,
        largest_three=float(np.sort(share)[-3:].sum()),
        n_winners=int(entrants.won.sum()),
        n_others=int((~entrants.won).sum()),
        n_firms=len(firms),
        n_editions=len(np.unique(entrants.edition)),
        estimand=_estimand(str(options["outcome"]), window, str(options["weights"])),
        path=_path(events, effect.iloc[1:]),
        pretest=_pretest(events, by_year, firm, base),
        influence=pd.Series(by_firm[:, 0], index=pd.Index(firms, name="firm_id")),
        ledger=entrants.ledger,
        options=options,
    )


def _seen_years(
    entrants: Entrants, scale: str, window: tuple[int, int]
) -> tuple[np.ndarray, list[YearTotals]]:
    """Years since the edition in which both sides are seen, and their totals."""
    totals = {int(event): year_totals(entrants, int(event), scale) for event in entrants.events}
    seen = {event: found for event, found in totals.items() if found is not None}
    if missing := [event for event in range(window[0], window[1] + 1) if event not in seen]:
        raise ZgzxError(
            "no comparison in a year of the window",
            where=f"contest_effects, window {window}",
            count=len(missing),
            examples=missing,
            remedy="Choose a shorter window, or an outcome that the other entrants have.",
        )
    return np.array(list(seen)), list(seen.values())


def _check_options(scale: str, window: tuple[int, int], base: int) -> None:
    if scale not in ("ratio", "difference"):
        raise ZgzxError(
            f"scale={scale!r} is unknown",
            where="contest_effects",
            remedy="Choose 'ratio' or 'difference'.",
        )
    if not 0 <= window[0] <= window[1] or base >= 0:
        raise ZgzxError(
            f"window={window} and base={base} do not lie on the two sides of the edition",
            where="contest_effects",
            remedy="Choose a window from 0 or later, and a base of -1 or earlier.",
        )


def _numbers(
    by_year: list[YearTotals], firm: np.ndarray, count: int, scale: str
) -> tuple[np.ndarray, JointStatistics]:
    """(firms, statistics) influence values, and what aggregation over years needs."""
    treated = np.array([[found.treated, found.counterfactual] for found in by_year]).T
    sides = [
        [found.by_treated for found in by_year],
        [found.by_counterfactual for found in by_year],
    ]
    n, d = (np.array([np.bincount(firm, row, count) for row in side]).T for side in sides)
    if scale == "ratio":
        psi, statistics = np.hstack([n, d]), treated
    else:
        psi, statistics = n - d, treated[:1] - treated[1:]
    cells = np.zeros(len(by_year), dtype=int)
    return psi, JointStatistics(scale, statistics, cells, np.ones(1), psi.T @ psi)


def _effects(
    rows: AggregatedValues, numbers: JointStatistics, psi: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    """Estimates with intervals, one per row, and (firms, rows) how much each firm moves them."""
    used = psi.shape[1]
    if rows.totals is None or rows.by_totals is None:
        estimate, by_firm = rows.value, psi @ rows.gradient[:, :used].T
    else:
        treated, counterfactual = rows.totals
        estimate = treated / counterfactual - 1
        n, d = (psi @ part[:, :used].T for part in rows.by_totals)
        by_firm = (n - (1 + estimate) * d) / counterfactual
    square = (by_firm**2).sum(axis=0)
    fourth = np.maximum((by_firm**4).sum(axis=0), np.finfo(float).tiny)
    df = np.maximum(square**2 / fourth, 1.0)
    bounds = [rows.bounds(numbers, t_quantile(LEVEL, freedom)) for freedom in df]
    low, high = (np.array([ends[side][k] for k, ends in enumerate(bounds)]) for side in (0, 1))
    values = [estimate, np.sqrt(square), low, high, df]
    return pd.DataFrame(dict(zip(COLUMNS[2:], values, strict=True))), by_firm


def _shares(by_year: list[YearTotals], firm: np.ndarray) -> np.ndarray:
    """(firms,) share of each winning firm in the counterfactual total of the window."""
    part = np.bincount(firm, np.sum([found.expected for found in by_year], axis=0))
    return part / part.sum() if part.sum() > 0 else part


def _counterfactual_mean(by_year: list[YearTotals], scale: str) -> float:
    """Mean outcome of the winners a year without the award: ΣD over the sum of their weights."""
    sizes = np.array([found.size for found in by_year])
    values = np.array([found.counterfactual for found in by_year])
    totals = values if scale == "ratio" else values * sizes
    return float(totals.sum() / sizes.sum())


def _path(events: np.ndarray, effect: pd.DataFrame) -> pd.DataFrame:
    path = effect.assign(event_time=events, role=["post" if e >= 0 else "pre" for e in events])
    return path[COLUMNS].reset_index(drop=True)


def _pretest(
    events: np.ndarray, by_year: list[YearTotals], firm: np.ndarray, base: int
) -> dict[str, float | int | str]:
    """Score test that the years before the last base year show no effect.

    Under the null the score values have mean zero, so second moments are taken about zero; the last
    base year is left out, for all years of the base add up to nothing.
    """
    tested = [found.score for event, found in zip(events, by_year, strict=True) if event < base]
    if not tested:
        return {"statistic": np.nan, "df": 0, "p_value": np.nan, "note": "no year before the base"}
    score = np.array([np.bincount(firm, row) for row in tested]).T
    return wald_test(score.sum(axis=0), score.T @ score)


def _estimand(outcome: str, window: tuple[int, int], weights: str) -> str:
    of = ESTIMAND.get(weights, f"winning firms weighted by {weights}")
    return (
        "Effect of winning among firms that entered the same edition (training by competing "
        "reaches winners and others alike) on "
        f"{outcome}, years {window[0]} to {window[1]}, for {of}"
    )
