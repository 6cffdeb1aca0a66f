"""The one result type: estimates with their joint covariance, small enough to send as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.core.aggregate import (
    AggregatedValues,
    JointStatistics,
    over_cells,
    over_cohorts,
    plain_mean,
)
from zgzx_research.did.core.concentration import Concentration
from zgzx_research.did.core.method_result import MeanWeights, MethodResult
from zgzx_research.did.core.windows import named_events
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.did.results.display import ResultDisplay
from zgzx_research.did.results.frames import (
    CELL_COLUMNS,
    LABELS,
    check_numbers,
    result_frame,
    summary_labels,
)
from zgzx_research.did.results.pretest import PretestForm, drift_test
from zgzx_research.did.results.stored import as_array, as_lists
from zgzx_research.errors import ZgzxError

ESTIMANDS = ("overall", "cohort", "event_time", "calendar")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Effects(ResultDisplay):
    """Group-time effects of one estimation.

    Attributes
    ----------
    cells : pandas.DataFrame
        One row per estimate: cohort period event_time role n_treated n_comparison base_mean;
        cohort and period are missing where an estimate belongs to none.
    numbers : JointStatistics
        What aggregation needs (statistics, shares, joint covariance).
    weights : MeanWeights
        Weight of each statistic on the mean of each cohort and period.
    ledger : pandas.DataFrame
        step, reason, rows, units, examples: everything left out, the panel's ledger included.
    options : dict[str, Any]
        The arguments used.
    df : float
        Degrees of freedom of the t quantile; infinity = normal.
    concentration : Concentration, optional
        Shares of units within cohorts, for `Aggregate.effective_number`. It is never written to a
        file: None after `from_json`.
    """

    cells: pd.DataFrame
    numbers: JointStatistics
    weights: MeanWeights
    ledger: pd.DataFrame
    options: dict[str, Any]
    df: float = np.inf
    concentration: Concentration | None = None

    @classmethod
    def from_result(
        cls, result: MethodResult, ledger: pd.DataFrame, options: dict[str, Any]
    ) -> Effects:
        """Effects from the result of a method.

        Parameters
        ----------
        result : MethodResult
            Of the panel.
        ledger : pandas.DataFrame
            Of the panel.
        options : dict
            The arguments used, and the first and last period.

        Returns
        -------
        Effects
            With the notes of the result added to the ledger.
        """
        columns = {name: getattr(result.rows, name) for name in CELL_COLUMNS}
        if columns["n_clusters"] is None:
            columns["n_clusters"] = columns["n_treated"]
        for name in LABELS:
            if not np.isnan(columns[name]).any():
                columns[name] = columns[name].astype(np.int64)
        cells = pd.DataFrame(columns)
        notes = [*ledger.itertuples(index=False, name=None), *result.notes]
        return cls(
            cells,
            result.numbers,
            result.weights,
            pd.DataFrame(notes, columns=ledger.columns),
            options,
            result.df,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Warnings in words, out of the ledger: what was used, but should make a reader careful."""
        return tuple(self.ledger.loc[self.ledger["step"] == "note", "reason"])

    @property
    def estimates(self) -> np.ndarray:
        """(cells,) effects on the scale they are normal on: differences, or log ratios."""
        return self._by_cell().value

    @property
    def covariance(self) -> np.ndarray:
        """(cells, cells) covariance of `estimates`."""
        return self._by_cell().covariance(self.numbers)

    def _by_cell(self) -> AggregatedValues:
        return over_cells(self.numbers, np.eye(len(self.cells)))

    def select(self) -> tuple[pd.DataFrame, AggregatedValues]:
        """Labels of all cells, and their values with derivatives."""
        labels = self.cells.assign(estimand="group_time")
        return labels.astype(dict.fromkeys(LABELS, "Int64")), self._by_cell()

    def to_frame(self, level: float = 0.95, seed: int = 0) -> pd.DataFrame:
        """One row per cell, with pointwise and simultaneous intervals.

        Parameters
        ----------
        level : float, default 0.95
            Of both kinds of interval.
        seed : int, default 0
            For the draws behind the simultaneous one.

        Returns
        -------
        pandas.DataFrame
            Columns as in `Aggregate.to_frame`.
        """
        check_numbers(level, seed)
        return result_frame(*self.select(), self, level, seed)

    def pretest(self, form: PretestForm = "score") -> dict[str, float | int | str]:
        """Joint test that every cell before treatment is zero (in Wald form R did's pre-test).

        Times in which units may already react (`anticipation`) are not tested. With a pooled base
        the cells may sum to zero by construction; one per cohort is then left out.

        Parameters
        ----------
        form : str, default "score"
            Or "wald", see `Aggregate.pretest`.

        Returns
        -------
        dict
            statistic, df, p_value, note, form, slope_detectable, as in `Aggregate.pretest`.
        """
        pre = self.tested(self.cells)
        spare = pre & self.cells.assign(pre=pre).duplicated(["cohort", "pre"]).to_numpy()
        return drift_test(self, self._by_cell(), (pre, spare), form=form)

    def tested(self, labels: pd.DataFrame) -> np.ndarray:
        """(rows,) bool, rows of `labels` that the pre-test is about.

        Before treatment and any declared window.
        """
        window = self.options.get("anticipation", 0) + self.options.get("leave_out", 0)
        before = labels["event_time"].astype("Float64") < -window
        return ((labels["role"] == "pre") & before.fillna(False)).to_numpy(dtype=bool)

    def aggregate(
        self,
        estimand: str,
        *,
        min_event: int | None = None,
        max_event: int | None = None,
        balance: int | None = None,
        level: float = 0.95,
        seed: int = 0,
    ) -> Aggregate:
        """Summarise the cells.

        Parameters
        ----------
        estimand : str
            "overall" (R's "simple"), "cohort", "event_time" or "calendar".
        min_event, max_event : int, optional
            Event times to keep; they limit the post-treatment cells of the other estimands too.
        balance : int, optional
            Keep only cohorts seen at least so many periods after treatment.
        level : float, default 0.95
            Of both kinds of interval.
        seed : int, default 0
            For the draws behind the simultaneous one.

        Returns
        -------
        Aggregate
            One row per event time, cohort or period, and the overall estimate.

        Raises
        ------
        ZgzxError
            Unknown estimand, or nothing left to aggregate.

        Examples
        --------
        >>> import pandas as pd
        >>> import zgzx_research as zr
        >>> rows = [(u, t, 10 * u + t + 5 * (u < 3 and t > 2)) for u in range(6) for t in (1, 2, 3)]
        >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents"])
        >>> table["first_award"] = table["firm"].map(dict.fromkeys(range(3), 3.0))
        >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
        >>> panel = zr.prepare_panel(table, **roles, first_treated="first_award")
        >>> event = zr.estimate_effects(panel).aggregate("event_time")
        >>> event.to_frame()[["event_time", "estimate"]]
           event_time  estimate
        0          -2       0.0
        1          -1       0.0
        2           0       5.0
        """
        check_numbers(level, seed, min_event=min_event, max_event=max_event, balance=balance)
        if estimand not in ESTIMANDS:
            raise ZgzxError(
                f"estimand {estimand!r} is unknown", remedy=f"Choose one of {', '.join(ESTIMANDS)}."
            )
        keep = self._kept(estimand, min_event, max_event, balance)
        label = {
            "overall": None,
            "cohort": "cohort",
            "event_time": "event_time",
            "calendar": "period",
        }[estimand]
        values = self.cells[label or "cohort"].to_numpy(float)
        if label and np.isnan(values[keep]).any():
            raise ZgzxError(
                f"{self.options['method']} gives no effects by {label}",
                where="aggregate",
                remedy="Ask for 'event_time' or 'overall', or estimate with method='group_time'.",
            )
        groups = np.unique(values[keep]) if label else np.array([np.nan])
        sets = keep & (values == groups[:, None]) if label else keep[None, :]
        if not len(groups) or not sets.any():
            times = named_events(self.cells["event_time"].to_numpy(float))
            raise ZgzxError(
                "no cell is left to aggregate",
                where=estimand,
                remedy=f"{times} Widen the event times.",
            )
        rows = over_cells(self.numbers, sets)
        labels = summary_labels(self.cells, sets, estimand)
        post = keep & self.cells["role"].isin(("post", "static")).to_numpy()
        return Aggregate(
            self, labels, rows, self._overall(estimand, rows, groups, post), post, level, seed
        )

    def _kept(
        self, estimand: str, low: int | None, high: int | None, balance: int | None
    ) -> np.ndarray:
        event, cohort = self.cells["event_time"].to_numpy(), self.cells["cohort"].to_numpy()
        if estimand != "event_time":
            if balance is not None:
                raise ZgzxError(
                    "balance is for event_time", where=estimand, remedy="Choose max_event instead."
                )
            static, post = ((self.cells["role"] == role).to_numpy() for role in ("static", "post"))
            if estimand == "overall" and static.any():
                if (low, high) != (None, None):
                    raise ZgzxError(
                        "one effect for all has no event times to choose from",
                        where="aggregate",
                        remedy="Ask for 'event_time' with these limits.",
                    )
                return static
            return (
                post
                & (event >= (-np.inf if low is None else low))
                & (event <= (np.inf if high is None else high))
            )
        first, last = self.options["first_period"], self.options["last_period"]
        if balance is not None:
            if self.cells["cohort"].isna().any():
                raise ZgzxError(
                    f"{self.options['method']} has estimates that belong to no cohort, "
                    "so none can be balanced",
                    where="aggregate",
                    remedy="Choose min_event and max_event, or method='group_time'.",
                )
            span = self.options["last_period"] - self.options["first_period"]
            low = max(balance - span if low is None else low, balance - span)
            high = min(balance if high is None else high, balance)
            keep = self.options["last_period"] - cohort >= balance
        else:
            keep = np.ones(len(event), dtype=bool)
        low, high = first - last if low is None else low, last - first if high is None else high
        return keep & (event >= low) & (event <= high)

    def _overall(
        self, estimand: str, rows: AggregatedValues, groups: np.ndarray, post: np.ndarray
    ) -> AggregatedValues | None:
        """R's overall of each kind; on the ratio scale always all treated cells together."""
        if not post.any():
            return None
        if estimand == "overall" or self.numbers.scale == "ratio":
            return over_cells(self.numbers, post[None, :])
        if estimand == "cohort":
            if self.numbers.cohorts is None:
                return over_cells(self.numbers, post[None, :])
            return over_cohorts(self.numbers, rows, np.searchsorted(self.numbers.cohorts, groups))
        chosen = groups >= 0 if estimand == "event_time" else np.ones(len(groups), dtype=bool)
        return plain_mean(AggregatedValues(rows.value[chosen], rows.gradient[chosen]))

    def to_json(self) -> str:
        """All of it as JSON text; `from_json` gives it back, to the last bit."""
        data = {
            "cells": {name: as_lists(self.cells[name].to_numpy()) for name in CELL_COLUMNS},
            "numbers": {
                f.name: as_lists(getattr(self.numbers, f.name)) for f in fields(self.numbers)
            },
            "weights": {
                f.name: as_lists(getattr(self.weights, f.name)) for f in fields(self.weights)
            },
            "ledger": self.ledger.to_dict("list"),
            "options": self.options,
            "df": as_lists(np.array(self.df)),
        }
        return json.dumps(data, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Effects:
        """Return the effects that `to_json` wrote."""
        try:
            data = json.loads(text)
            data["cells"], data["numbers"], data["weights"]
        except (ValueError, KeyError, TypeError):
            raise ZgzxError(
                "this text was not written by Effects.to_json",
                where="Effects.from_json",
                examples=[str(text)[:40]],
                remedy="Pass the text of an effects file, e.g. data/work/<study>/effects/*.json.",
            ) from None
        numbers = JointStatistics(
            **{name: as_array(value) for name, value in data["numbers"].items()}
        )
        weights = MeanWeights(**{name: as_array(value) for name, value in data["weights"].items()})
        ledger = pd.DataFrame(data["ledger"]).assign(
            examples=[tuple(x) for x in data["ledger"]["examples"]]
        )
        cells = pd.DataFrame({name: as_array(value) for name, value in data["cells"].items()})
        return cls(cells, numbers, weights, ledger, data["options"], float(as_array(data["df"])))
