"""Effects aggregated by event time, cohort or period, or to one number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zgzx_research.did.core.aggregate import AggregatedValues, over_cells, plain_mean
from zgzx_research.did.core.concentration import (
    Concentration,
    EffectiveNumber,
    effective_number,
)
from zgzx_research.did.core.windows import named_events, possible_events
from zgzx_research.did.results.display import ResultDisplay
from zgzx_research.did.results.frames import check_numbers, result_frame, summary_labels
from zgzx_research.did.results.pretest import PretestForm, drift_test
from zgzx_research.errors import ZgzxError

if TYPE_CHECKING:
    from zgzx_research.did.results.effects import Effects


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Aggregate(ResultDisplay):
    """Summaries of one `Effects`: `to_frame`, `overall`, `window`."""

    effects: Effects
    labels: pd.DataFrame
    rows: AggregatedValues
    total: AggregatedValues | None
    post: np.ndarray
    level: float
    seed: int

    def to_frame(self) -> pd.DataFrame:
        """One row per estimate, with pointwise and simultaneous intervals.

        Returns
        -------
        pandas.DataFrame
            estimand cohort period event_time estimate std_error ci_low ci_high band_low band_high
            n_treated n_comparison base_mean role mde. Ratio-scale estimates are proportions (.12 =
            12 % more) with Fieller's intervals; their std_error is (1 + estimate) times that of the
            log ratio.
        """
        return result_frame(*self.select(), self.effects, self.level, self.seed)

    @property
    def overall(self) -> pd.DataFrame:
        """One row: the mean over e >= 0 of "event_time", and as in R for the other estimands."""
        return result_frame(*self.select("overall"), self.effects, self.level, self.seed)

    def select(
        self, row: str | None = None, window: tuple[int, int] | None = None
    ) -> tuple[pd.DataFrame, AggregatedValues]:
        """Labels of some rows, and their values with derivatives.

        Parameters
        ----------
        row : str, optional
            "overall" for the overall estimate; None for all rows.
        window : (int, int), optional
            First and last event time, for the mean over them.

        Returns
        -------
        labels : pandas.DataFrame
            Who is behind each estimate.
        values : AggregatedValues
            Estimates with their derivatives.

        Raises
        ------
        ZgzxError
            Unknown row, both a row and a window, or nothing in it.
        """
        if row not in (None, "overall"):
            raise ZgzxError(
                f"row={row!r} is unknown",
                where="select",
                remedy="Pass row='overall', or no row for all.",
            )
        if row and window:
            raise ZgzxError(
                "row and window are two choices", where="select", remedy="Pass one of them."
            )
        if window:
            return self._window(*window)
        if not row:
            return self.labels, self.rows
        if self.total is None:
            raise ZgzxError("no event time after treatment was kept", remedy="Raise max_event.")
        return summary_labels(self.effects.cells, self.post[None, :], "overall"), self.total

    def window(self, first: int, last: int) -> pd.DataFrame:
        """One row: the mean over event times first..last, of cohorts seen at all of them.

        Event times count the numbers of the periods. Where these are several apart, only the event
        times that the clock has belong to the window: with a wave every 2 years, window(0, 2) is
        the mean of event times 0 and 2. On the ratio scale, the total over these cells against its
        counterfactual.

        Parameters
        ----------
        first, last : int
            Event times.

        Returns
        -------
        pandas.DataFrame
            Columns as in `to_frame`.

        Raises
        ------
        ZgzxError
            No cohort is seen at all of these event times.
        """
        check_numbers(self.level, self.seed, first=first, last=last)
        return result_frame(*self.select(window=(first, last)), self.effects, self.level, self.seed)

    def window_cells(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Find the cells behind `window`: its event times, of cohorts seen at all of them.

        Parameters
        ----------
        first, last : int
            Event times.

        Returns
        -------
        inside : (cells,) bool
            Rows of `effects.cells`.
        events : (events,) int
            The event times that the clock has.

        Raises
        ------
        ZgzxError
            As in `window`.
        """
        cells = self.effects.cells
        inside = cells["event_time"].between(first, last).to_numpy().copy()
        times = cells["event_time"].to_numpy(float)
        events = possible_events(times, self.effects.weights.periods, first, last)
        seen = cells[inside].groupby("cohort", dropna=False)["event_time"].transform("nunique")
        inside[inside] = (seen == len(events)).to_numpy()
        if (cells.loc[inside, "role"] == "left_out").any():
            raise ZgzxError(
                f"the window from {first} to {last} holds event times that were left out",
                where="window",
                remedy="Choose a window after them, or estimate with a smaller leave_out.",
            )
        if first > last or not inside.any():
            raise ZgzxError(
                f"no cohort is seen at every event time from {first} to {last}",
                where="window",
                remedy=f"{named_events(times)} Choose a shorter window or wait for later data.",
            )
        return inside, events

    def _window(self, first: int, last: int) -> tuple[pd.DataFrame, AggregatedValues]:
        cells = self.effects.cells
        inside, events = self.window_cells(first, last)
        sets = inside & (cells["event_time"].to_numpy() == events[:, None])
        numbers = self.effects.numbers
        if numbers.scale == "ratio":
            rows = over_cells(numbers, inside[None, :])
        else:
            rows = plain_mean(over_cells(numbers, sets))
        return summary_labels(cells, inside[None, :], "window"), rows

    def effective_number(self, window: tuple[int, int] | None = None) -> EffectiveNumber:
        """How few treated units the overall estimate, or that of a window, rests on.

        Parameters
        ----------
        window : (int, int), optional
            First and last event time, as in `window`; None for the overall estimate.

        Returns
        -------
        EffectiveNumber
            number: (ΣD)² / ΣD² with D a unit's counterfactual total (ratio scale) or its weight
            (Kish 1965), and the share of the three largest units. A unit that leaves the panel
            early counts as if it had stayed. NaN for effects read from a file.
        """
        about = self.effects.concentration
        if about is None:
            return EffectiveNumber(np.nan, np.nan)
        return effective_number(about, self.cohort_totals(about, window))

    def counterfactual_mean(self, window: tuple[int, int] | None = None) -> float:
        """Mean outcome that the treated would have had per unit and period without treatment.

        Parameters
        ----------
        window : (int, int), optional
            First and last event time, as in `window`; None for the overall estimate.

        Returns
        -------
        float
            ΣD / Σn over the cells behind the estimate, D being a cell's counterfactual total and n
            its treated units, which all have weight one. NaN on the difference scale, which has no
            totals. Times the relative effect it is the absolute effect.
        """
        _, rows = self.select(window=window) if window else self.select("overall")
        if rows.totals is None:
            return float("nan")
        inside = self.window_cells(*window)[0] if window else self.post
        return float(rows.totals[1].sum() / self.effects.cells.loc[inside, "n_treated"].sum())

    def cohort_totals(
        self, about: Concentration, window: tuple[int, int] | None = None
    ) -> np.ndarray:
        """(cohorts,) counterfactual total (difference scale: weight) of each cohort.

        Parameters
        ----------
        about : Concentration
            Its cohorts are those asked for.
        window : (int, int), optional
            As in `effective_number`.
        """
        _, rows = self.select(window=window) if window else self.select("overall")
        numbers, cells = self.effects.numbers, self.effects.cells
        count = len(cells)
        if rows.by_totals is None:
            weight = rows.gradient[0, :count]
        else:
            weight = rows.by_totals[1, 0, count : 2 * count] * numbers.statistics[1]
        cohort = cells["cohort"].to_numpy(float, na_value=np.nan)
        if np.isnan(cohort[weight != 0]).any():
            return about.total
        return np.asarray((about.cohorts[:, None] == cohort) @ weight)

    def pretest(
        self, form: PretestForm = "score", *, two_bins: bool = False
    ) -> dict[str, float | int | str]:
        """Joint test that the event times before treatment are zero.

        Times in which units may already react (`anticipation`) are not tested. With a pooled base
        they may sum to zero by construction (when no earlier one lies outside the frame); the
        earliest is then left out.

        Parameters
        ----------
        form : str, default "score"
            Squares of treated units about zero, chi-square, see
            `zgzx_research.did.core.score_test`. "wald": the covariance of the estimates, as R's did
            reports it. Imputation, extended two-way effects and Poisson regressions have the Wald
            form in both cases, for they keep no residuals without the tested coefficients; so
            have repeated cross-sections, in which no unit is seen twice.
        two_bins : bool, default False
            Test two numbers: the event time next to treatment (and to what was left out), and all
            earlier ones together. It sees a drift with more power than the joint test, and less of
            a single odd year.

        Returns
        -------
        dict
            statistic, df, p_value, note, form (the one used), and slope_detectable: the drift per
            period that this test finds with 80 % power, in units of the outcome or as a proportion.
        """
        pre = self.effects.tested(self.labels)
        spare = pre & (np.arange(len(pre)) != pre.argmax())
        times = self.labels["event_time"].to_numpy(float, na_value=np.nan)
        return drift_test(
            self.effects, self.rows, (pre, spare), form=form, times=times if two_bins else None
        )
