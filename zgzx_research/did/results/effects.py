"""The one result type: estimates with their joint covariance, small enough to keep and to send as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.core import aggregate as summaries
from zgzx_research.did.core import inference
from zgzx_research.did.core.aggregate import AggregatedValues, JointStatistics
from zgzx_research.did.core.method_result import MeanWeights, MethodResult
from zgzx_research.did.core.windows import named_events, possible_events
from zgzx_research.did.results.summary import ResultDisplay
from zgzx_research.errors import ZgzxError

# a standard error this small beside weights times means (beside 1 for log ratios) is rounding
ROUNDING = 1e-12
LABELS = ("cohort", "period", "event_time")
CELL_COLUMNS = (*LABELS, "role", "n_treated", "n_comparison", "base_mean", "n_clusters")
ESTIMANDS = ("overall", "cohort", "event_time", "calendar")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Effects(ResultDisplay):
    """Group-time effects of one estimation.

    Attributes
    ----------
    cells : frame, one row per estimate: cohort period event_time role n_treated n_comparison
        base_mean; cohort and period are missing where an estimate belongs to none.
    numbers : what aggregation needs (statistics, shares, joint covariance).
    weights : weight of each statistic on the mean of each cohort and period.
    ledger : frame of step, reason, rows, units, examples: everything left out, the panel's ledger
        included.
    options : the arguments used.
    df : degrees of freedom of the t quantile; infinity = normal.
    """

    cells: pd.DataFrame
    numbers: JointStatistics
    weights: MeanWeights
    ledger: pd.DataFrame
    options: dict[str, Any]
    df: float = np.inf

    @classmethod
    def from_result(
        cls, fit: MethodResult, ledger: pd.DataFrame, options: dict[str, Any]
    ) -> Effects:
        """Effects of a fit on a panel with this ledger."""
        cells = pd.DataFrame({name: getattr(fit.rows, name) for name in CELL_COLUMNS})
        if fit.rows.n_clusters is None:
            cells["n_clusters"] = cells["n_treated"]
        for name in LABELS:
            if cells[name].notna().all():
                cells[name] = cells[name].astype(np.int64)
        notes = [*ledger.itertuples(index=False, name=None), *fit.notes]
        return cls(
            cells,
            fit.numbers,
            fit.weights,
            pd.DataFrame(notes, columns=ledger.columns),
            options,
            fit.df,
        )

    @property
    def estimates(self) -> np.ndarray:
        """(cells,) effects on the scale they are normal on: differences, or log ratios."""
        return self._by_cell().value

    @property
    def covariance(self) -> np.ndarray:
        """(cells, cells) covariance of `estimates`."""
        return self._by_cell().covariance(self.numbers)

    def _by_cell(self) -> AggregatedValues:
        return summaries.over_cells(self.numbers, np.eye(len(self.cells)))

    def select(self) -> tuple[pd.DataFrame, AggregatedValues]:
        """Labels of all cells, and their values with derivatives."""
        labels = self.cells.assign(estimand="group_time")
        return labels.astype(dict.fromkeys(LABELS, "Int64")), self._by_cell()

    def to_frame(self, level: float = 0.95, seed: int = 0) -> pd.DataFrame:
        """One row per cell, with pointwise and simultaneous intervals."""
        _check_numbers(level, seed)
        return _frame(*self.select(), self, level, seed)

    def pretest(self) -> dict[str, float | int | str]:
        """Joint Wald test that every cell before treatment is zero (R did's pre-test); times in which units may already
        react (`anticipation`) are not tested. With a pooled base the cells may sum to zero by
        construction; one per cohort is then left out."""
        pre = self.tested(self.cells)
        rows = self._by_cell()
        result = rows.test_zero(self.numbers, pre, self.df)
        if result["note"] and pre.any() and self.options.get("base_period") == "pooled":
            pre = pre & self.cells.assign(pre=pre).duplicated(["cohort", "pre"]).to_numpy()
            return rows.test_zero(self.numbers, pre, self.df)
        return result

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
        estimand : "overall" (R's "simple"), "cohort", "event_time" or "calendar".
        min_event, max_event : event times to keep; `balance` keeps cohorts seen at least so long
            after treatment. min_event and max_event limit the post-treatment cells of the other
            estimands too.
        level : of both kinds of interval. seed : of the draws behind the simultaneous one.

        Raises
        ------
        ZgzxError : unknown estimand, or nothing left to aggregate.
        """
        _check_numbers(level, seed, min_event=min_event, max_event=max_event, balance=balance)
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
        if label and self.cells.loc[keep, label].isna().any():
            raise ZgzxError(
                f"{self.options['method']} gives no effects by {label}",
                where="aggregate",
                remedy="Ask for 'event_time' or 'overall', or estimate with method='group_time'.",
            )
        groups = (
            self.cells.loc[keep].groupby(label)[label].first().to_numpy()
            if label
            else np.array([np.nan])
        )
        sets = keep & (self.cells[label].to_numpy() == groups[:, None]) if label else keep[None, :]
        if not len(groups) or not sets.any():
            times = named_events(self.cells["event_time"].to_numpy(float))
            raise ZgzxError(
                "no cell is left to aggregate",
                where=estimand,
                remedy=f"{times} Widen the event times.",
            )
        rows = summaries.over_cells(self.numbers, sets)
        labels = _labels(self.cells, sets, estimand)
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
                    f"{self.options['method']} has estimates that belong to no cohort, so none can be balanced",
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
            return summaries.over_cells(self.numbers, post[None, :])
        if estimand == "cohort":
            if self.numbers.cohorts is None:
                return summaries.over_cells(self.numbers, post[None, :])
            return summaries.over_cohorts(
                self.numbers, rows, np.searchsorted(self.numbers.cohorts, groups)
            )
        chosen = groups >= 0 if estimand == "event_time" else np.ones(len(groups), dtype=bool)
        return summaries.plain_mean(AggregatedValues(rows.value[chosen], rows.gradient[chosen]))

    def to_json(self) -> str:
        """All of it as JSON text; `from_json` gives it back, to the last bit."""
        data = {
            "cells": {name: _listed(self.cells[name].to_numpy()) for name in CELL_COLUMNS},
            "numbers": {
                f.name: _listed(getattr(self.numbers, f.name)) for f in fields(self.numbers)
            },
            "weights": {
                f.name: _listed(getattr(self.weights, f.name)) for f in fields(self.weights)
            },
            "ledger": self.ledger.to_dict("list"),
            "options": self.options,
            "df": _listed(np.array(self.df)),
        }
        return json.dumps(data, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Effects:
        """The effects that `to_json` wrote."""
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
            **{name: _array(value) for name, value in data["numbers"].items()}
        )
        weights = MeanWeights(**{name: _array(value) for name, value in data["weights"].items()})
        ledger = pd.DataFrame(data["ledger"]).assign(
            examples=[tuple(x) for x in data["ledger"]["examples"]]
        )
        cells = pd.DataFrame({name: _array(value) for name, value in data["cells"].items()})
        return cls(cells, numbers, weights, ledger, data["options"], float(_array(data["df"])))


def _check_numbers(level: float, seed: int, **events: int | None) -> None:
    """Refuse what cannot be a level, a seed or an event time."""
    if not isinstance(level, float | int) or isinstance(level, bool) or not 0 < level < 1:
        raise ZgzxError(
            f"level={level!r} lies not between 0 and 1",
            where="level",
            remedy="Pass e.g. level=0.95.",
        )
    for name, value in {"seed": seed, **events}.items():
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if value is not None and (not whole or (name == "seed" and value < 0)):
            raise ZgzxError(
                f"{name}={value!r} is not a whole number", where=name, remedy=f"Pass e.g. {name}=1."
            )


def _listed(value: Any) -> Any:
    """An array as nested lists that JSON can hold; infinity and NaN, which it cannot, by name."""
    if not isinstance(value, np.ndarray):
        return value
    if (
        value.ndim > 1 and np.count_nonzero(value) < value.size / 3
    ):  # most weights on means are zero
        at = np.flatnonzero(value)
        return {"shape": value.shape, "at": at.tolist(), "values": _listed(value.ravel()[at])}
    if value.dtype.kind != "f" or np.isfinite(value).all():
        return {"array": value.tolist()}
    return {
        "array": np.where(np.isfinite(value), value.astype(object), value.astype(str)).tolist(),
        "dtype": "float",
    }


def _array(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "at" not in value:
        return np.array(value["array"], dtype=value.get("dtype"))
    full = np.zeros(value["shape"])
    full.ravel()[value["at"]] = _array(value["values"])
    return full


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
        """One row per estimate: estimand cohort period event_time estimate std_error ci_low ci_high band_low band_high
        n_treated n_comparison base_mean role. Ratio-scale estimates are proportions (.12 = 12 %
        more) with Fieller's intervals; their std_error is (1 + estimate) times that of the log
        ratio."""
        return _frame(*self.select(), self.effects, self.level, self.seed)

    @property
    def overall(self) -> pd.DataFrame:
        """One row: "overall" R's simple, "event_time" the mean over e >= 0, "cohort" and "calendar" as in R."""
        return _frame(*self.select("overall"), self.effects, self.level, self.seed)

    def select(
        self, row: str | None = None, window: tuple[int, int] | None = None
    ) -> tuple[pd.DataFrame, AggregatedValues]:
        """Labels, and values with derivatives.

        Of all rows, of the one `row` "overall", or of one `window`.
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
        return _labels(self.effects.cells, self.post[None, :], "overall"), self.total

    def window(self, first: int, last: int) -> pd.DataFrame:
        """One row: the mean over event times first..last, over the cohorts seen at every one of them.

        Event times count the numbers of the periods. Where these are several apart, only the event
        times that the clock has belong to the window: with a wave every 2 years, window(0, 2) is
        the mean of event times 0 and 2. On the ratio scale, the total over these cells against its
        counterfactual.

        Raises
        ------
        ZgzxError : no cohort is seen at all of these event times.
        """
        _check_numbers(self.level, self.seed, first=first, last=last)
        return _frame(*self.select(window=(first, last)), self.effects, self.level, self.seed)

    def _window(self, first: int, last: int) -> tuple[pd.DataFrame, AggregatedValues]:
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
        sets = inside & (cells["event_time"].to_numpy() == events[:, None])
        numbers = self.effects.numbers
        if numbers.scale == "ratio":
            rows = summaries.over_cells(numbers, inside[None, :])
        else:
            rows = summaries.plain_mean(summaries.over_cells(numbers, sets))
        return _labels(cells, inside[None, :], "window"), rows

    def pretest(self) -> dict[str, float | int | str]:
        """Joint Wald test that the event times before treatment are zero; times in which units may already react
        (`anticipation`) are not tested. With a pooled base they may sum to zero by construction
        (when no earlier one lies outside the frame); the earliest is then left out."""
        pre = self.effects.tested(self.labels)
        result = self.rows.test_zero(self.effects.numbers, pre, self.effects.df)
        if result["note"] and pre.any() and self.effects.options.get("base_period") == "pooled":
            pre = pre & (np.arange(len(pre)) != pre.argmax())
            return self.rows.test_zero(self.effects.numbers, pre, self.effects.df)
        return result


def _labels(cells: pd.DataFrame, sets: np.ndarray, estimand: str) -> pd.DataFrame:
    """Who stands behind each summary, a (rows, cells) mask.

    Units (each cohort once), mean of the base, role.
    """
    column = {name: cells[name].to_numpy() for name in CELL_COLUMNS}
    row, cell = np.nonzero(sets)
    _, code = np.unique(column["cohort"].astype(float), return_inverse=True)
    largest = np.zeros((3, len(sets), code.max() + 1), dtype=np.int64)
    for k, name in enumerate(("n_treated", "n_clusters", "n_comparison")):
        np.maximum.at(largest[k], (row, code[cell]), column[name][cell])
    weight = column["n_treated"][cell]
    total, base = (
        np.bincount(row, value, len(sets)) for value in (weight, weight * column["base_mean"][cell])
    )
    only = {"cohort": "cohort", "event_time": "event_time", "calendar": "period"}.get(estimand)
    labels: dict[str, Any] = {name: pd.array([pd.NA] * len(sets), dtype="Int64") for name in LABELS}
    if only:
        labels[only] = pd.array(column[only][sets.argmax(axis=1)].astype(np.int64), dtype="Int64")
    return pd.DataFrame(
        {
            "estimand": np.full(len(sets), estimand),
            **labels,
            "n_treated": largest[0].sum(axis=1),
            "n_clusters": largest[1].sum(axis=1),
            "n_comparison": largest[2].max(axis=1),
            "base_mean": np.divide(base, total, out=np.full(len(sets), np.nan), where=total > 0),
            "role": [_role(column["role"][chosen]) for chosen in sets],
        }
    )


def _role(roles: np.ndarray) -> str:
    """A cell that is its own base says nothing, so a summary is what its other cells are."""
    others = set(roles) - {"reference"}
    return "reference" if not others else others.pop() if len(others) == 1 else "mixed"


def _frame(
    labels: pd.DataFrame, rows: AggregatedValues, effects: Effects, level: float, seed: int
) -> pd.DataFrame:
    """Labels, estimates and both kinds of interval, in the fixed order of columns."""
    cells = effects.numbers
    covariance = rows.covariance(cells)
    error = np.sqrt(np.maximum(np.diag(covariance), 0))
    role = labels["role"].to_numpy(dtype=object)
    size = (
        1.0
        if cells.scale == "ratio"
        else np.abs(rows.gradient[:, : len(cells.statistics[0])]) @ effects.weights.size
    )
    floor = ROUNDING * (np.abs(rows.value) + size)
    known = (
        (role != "reference")
        & np.isfinite(rows.value)
        & (error > floor)
        & (labels["n_clusters"] > 1).to_numpy()
    )
    error = np.where(known, error, np.nan)
    banded = known & (role != "left_out")
    critical = inference.simultaneous_quantile(
        covariance[np.ix_(banded, banded)], level, seed, effects.df
    )
    ratio = cells.scale == "ratio"
    estimate = np.expm1(rows.value) if ratio else rows.value
    values = {"estimate": estimate, "std_error": error * (1 + estimate) if ratio else error}
    mde = np.where(known, rows.detectable(cells, inference.power_factor(df=effects.df)), np.nan)
    for name, quantile in (("ci", inference.t_quantile(level, effects.df)), ("band", critical)):
        for end, bound in zip(("low", "high"), rows.bounds(cells, quantile), strict=True):
            values[f"{name}_{end}"] = np.where(known, bound, np.nan)
    columns = {name: labels[name] for name in ("estimand", *LABELS)} | values
    about = {name: labels[name] for name in ("n_treated", "n_comparison", "base_mean", "role")}
    return pd.DataFrame(columns | about | {"mde": mde})
