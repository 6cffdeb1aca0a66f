"""What pages and facts show of one estimation: a few frames, whatever the number of its cells.

The joint covariance of all cells grows with the square of their number: sixty cohorts in sixty-one
periods make 3,660 cells and 300 MB of text. Reports show event times, cohorts and the mean effect.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.did.results.effects import Effects
from zgzx_research.did.results.frames import LABELS
from zgzx_research.errors import ZgzxError

FRAMES = ("overall", "headline", "event_time", "cohort")


@dataclass(frozen=True)
class Summary:
    """Frames of one estimation, as `Aggregate.to_frame` gives them.

    Attributes
    ----------
    overall, headline : one row. event_time : a row per event time shown. cohort : a row per cohort,
        None for a method without effects by cohort.
    pretest : statistic, df, p_value, note of the joint test before treatment.
    ledger : step, reason, rows, units of what was left out.
    options : arguments of the estimation.
    labels : period as it was counted -> as the file wrote it, where these differ (dates).
    """

    overall: pd.DataFrame
    headline: pd.DataFrame
    event_time: pd.DataFrame
    cohort: pd.DataFrame | None
    pretest: dict[str, Any]
    ledger: pd.DataFrame
    options: dict[str, Any]
    labels: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """JSON text that `from_json` reads; floats keep every digit."""
        data: dict[str, Any] = {
            "pretest": {name: _plain(value) for name, value in self.pretest.items()}
        }
        data |= {
            "options": self.options,
            "ledger": self.ledger.to_dict("list"),
            "labels": self.labels,
        }
        for name in FRAMES:
            frame = getattr(self, name)
            data[name] = None if frame is None else _columns(frame)
        return json.dumps(data, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Summary:
        """The summary that `to_json` wrote.

        Raises
        ------
        ZgzxError : other text.
        """
        try:
            data = json.loads(text)
            frames: dict[str, Any] = {
                name: None if data[name] is None else _frame(data[name]) for name in FRAMES
            }
        except (ValueError, KeyError, TypeError):
            remedy = "Run the analysis again."
            raise ZgzxError(
                "a stored summary is damaged", where="summaries", remedy=remedy
            ) from None
        pretest = data["pretest"] | {
            name: _number(data["pretest"][name]) for name in ("statistic", "p_value")
        }
        rest: dict[str, Any] = {
            "pretest": pretest,
            "ledger": pd.DataFrame(data["ledger"]),
            "options": data["options"],
        }
        return cls(**frames, **rest, labels=data["labels"])


def summarise(
    effects: Effects, window: tuple[int, int], seed: int, events: tuple[int, int] | None = None
) -> Summary:
    """All that is shown of some effects.

    Parameters
    ----------
    window : event times shown. events : of the headline; None for the mean over all treated cells.
    """
    event = effects.aggregate("event_time", min_event=window[0], max_event=window[1], seed=seed)
    overall = effects.aggregate("overall", seed=seed).to_frame()
    return Summary(
        overall,
        overall if events is None else event.window(*events),
        event.to_frame(),
        _by_cohort(effects, seed),
        event.pretest(),
        effects.ledger[["step", "reason", "rows", "units"]],
        effects.options,
    )


def _by_cohort(effects: Effects, seed: int) -> pd.DataFrame | None:
    shown = effects.cells["role"].isin(("post", "static"))
    if effects.cells.loc[shown, "cohort"].isna().any():
        return None
    aggregate: Aggregate = effects.aggregate("cohort", seed=seed)
    return aggregate.to_frame()


def _columns(frame: pd.DataFrame) -> dict[str, list]:
    return {name: [_plain(value) for value in frame[name]] for name in frame.columns}


def _plain(value: Any) -> Any:
    """A value as JSON can hold it: missing as null, infinity by name."""
    if value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    value = value.item() if hasattr(value, "item") else value
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _frame(columns: dict[str, list]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {name: pd.Series(values, dtype=object) for name, values in columns.items()}
    )
    for name in frame.columns:
        if name in LABELS:
            frame[name] = frame[name].astype("Int64")
        elif name in {"n_treated", "n_comparison"}:
            frame[name] = frame[name].astype("int64")
        elif name not in {"estimand", "role"}:
            frame[name] = frame[name].astype(float)
    return frame
