"""The result of the contest design."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True, slots=True)
class ContestEffects:
    """The effect of winning among those who entered the same edition.

    Effects are proportions on the ratio scale (.12 = 12 % more), else differences in the unit of
    the outcome.

    Attributes
    ----------
    estimate : float
        Mean effect over the years of the window.
    std_error : float
        Of the estimate.
    ci_low, ci_high : float
        95 % interval; Fieller's on the ratio scale.
    df : float
        Effective degrees of freedom of the t quantile.
    p_value : float
        Of the test that there is no effect, by the interval's own distribution.
    equivalence_low, equivalence_high : float
        90 % interval: two one-sided tests at 5 %.
    detectable : float
        Smallest effect that a test at 5 % finds with a power of 80 %.
    counterfactual_mean : float
        Mean outcome of the winners a year in the window without the award, weighted as the effect
        is. Times the relative effect it is the absolute effect.
    effective_number : float
        (Σ D)² / Σ D² over winning firms, D a firm's part of the counterfactual total.
    largest_three : float
        Share of the three largest D.
    n_winners, n_others : int
        Winners, and entrants without an award: firms in editions.
    n_firms : int
        Firms.
    n_editions : int
        Editions.
    estimand : str
        What the estimate is about; to be said in the same sentence as the number.
    path : pandas.DataFrame
        event_time role estimate std_error ci_low ci_high df; role is "pre" or "post".
    pretest : dict
        statistic, df, p_value, note: joint score test of the years before the last base year.
    influence : pandas.Series
        By firm_id, how much a firm moves the estimate. In memory only: it is about single firms.
    ledger : pandas.DataFrame
        reason, rows: what was left out.
    options : dict
        The arguments used.
    """

    estimate: float
    std_error: float
    ci_low: float
    ci_high: float
    df: float
    p_value: float
    equivalence_low: float
    equivalence_high: float
    detectable: float
    counterfactual_mean: float
    effective_number: float
    largest_three: float
    n_winners: int
    n_others: int
    n_firms: int
    n_editions: int
    estimand: str
    path: pd.DataFrame
    pretest: dict[str, float | int | str]
    influence: pd.Series = field(repr=False, compare=False)
    ledger: pd.DataFrame = field(repr=False)
    options: dict[str, object]

    def to_frame(self) -> pd.DataFrame:
        """One row: the effect in the window, without anything about single firms.

        Returns
        -------
        pandas.DataFrame
            estimate std_error ci_low ci_high df p_value equivalence_low equivalence_high detectable
            counterfactual_mean effective_number largest_three n_winners n_others n_firms n_editions
            pretest_p_value estimand.
        """
        left_out = ("path", "pretest", "influence", "ledger", "options", "estimand")
        row = {name: getattr(self, name) for name in self.__slots__ if name not in left_out}
        row |= {"pretest_p_value": self.pretest["p_value"], "estimand": self.estimand}
        return pd.DataFrame([row])
