"""The table of `honest_bounds`: coverage where trends differ exactly as much as the bound allows.

`python -m zgzx_research.proofs honest_bounds 300` writes docs/proofs/honest_bounds.md. Worlds have
the seeds 0..N-1. In each, outcomes of the treated are changed at some event times, and the bound M
is the smallest that allows this: at the boundary coverage is lowest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.errors import ZgzxError
from zgzx_research.proofs.coverage import ROLES
from zgzx_research.proofs.known_panels import staggered, true_mean
from zgzx_research.proofs.many_worlds import by_row
from zgzx_research.proofs.trap_methods import EVENT_RANGE, PRIMARY
from zgzx_research.proofs.trap_methods import ROLES as FIRM_ROLES
from zgzx_research.proofs.verdicts import LEVEL, TOLERANCE
from zgzx_research.robustness.honest_bounds.honest_bounds import honest_bounds
from zgzx_research.robustness.honest_bounds.result import HonestBounds
from zgzx_research.simulate.world.constants import Order, switched
from zgzx_research.simulate.world.outcome_panel import outcome_panel

FIRST, LAST = EVENT_RANGE
COUNTS = "patents_invention"
WINDOWS = {"differences": (0, 2), "counts": (1, 3)}


@dataclass(frozen=True, slots=True)
class Planted:
    """One row of the table: departures from parallel trends, and an interval that allows them.

    Attributes
    ----------
    label : str
        The departures in words.
    world : {"differences", "counts"}
        The plain panel of `known_panels`, or the tiny synthetic world without effects and traps.
    departures : dict
        Event time -> number added to outcomes of the treated; counts: the factor on them.
    options : dict
        Arguments of `estimate_effects`.
    arguments : dict
        Arguments of `honest_bounds`.
    bound : float
        The smallest M that allows the departures; NaN where it follows from the world.
    effect : float
        For counts, the proportional effect that is planted too.
    """

    label: str
    world: str
    departures: Mapping[int, float]
    options: dict[str, Any]
    arguments: dict[str, Any] = field(default_factory=dict)
    bound: float = np.nan
    effect: float = 0.0


@dataclass(frozen=True, slots=True)
class Covered:
    """One world: the interval under parallel trends and the one at the boundary.

    Attributes
    ----------
    original, honest : bool
        Whether each covers the true effect.
    bound : float
        M.
    low, high : float
        The interval at the boundary, less the true effect.
    """

    original: bool
    honest: bool
    bound: float
    low: float
    high: float


def _steps(jump: float, drift: float) -> dict[int, float]:
    """Planted differences: below a jump before event time -2, and a drift from 0 on."""
    before = dict.fromkeys(range(-7, -2), -jump)
    return before | {e: drift * (e + 1) for e in range(5)}


def _bent(bend: float) -> dict[int, float]:
    """Planted differences whose slope changes by `bend` at every event time from -1 on."""
    return {e: bend * (e + 1) * (e + 2) / 2 for e in range(5)}


PLAIN: dict[str, Any] = {}
DONUT = {"leave_out": 1}
UNPOOLED = PRIMARY["patents"] | {"base_period": "universal"}
SMOOTH = {"restriction": "smoothness"}
GOOD_YEAR = {-2: 1.6} | dict.fromkeys(range(15), 1.5)
BAD_YEAR = {-3: 0.6} | dict.fromkeys(range(15), 0.75)
# the donut hides a step: from event time -2 to 0 there are two steps of .15
DONUT_STEPS = dict.fromkeys(range(-7, -2), -0.15) | {e: 0.15 * (e + 2) for e in range(5)}
Counts = partial(Planted, world="counts", options=PRIMARY["patents"])
Differences = partial(Planted, world="differences")

ROWS = (
    Differences("step of .15, M = 1", departures=_steps(0.15, 0.15), options=PLAIN, bound=1.0),
    Differences("step of .3, M = .5", departures=_steps(0.3, 0.15), options=PLAIN, bound=0.5),
    Differences("step of .15, donut, M = 1", departures=DONUT_STEPS, options=DONUT, bound=1.0),
    Differences(
        "bends of .05, fixed length",
        departures=_bent(0.05),
        options=PLAIN,
        arguments=SMOOTH,
        bound=0.05,
    ),
    Differences(
        "bends of .05, hybrid",
        departures=_bent(0.05),
        options=PLAIN,
        arguments=SMOOTH | {"method": "hybrid"},
        bound=0.05,
    ),
    Counts("-2 x 1.6, after x 1.5", departures=GOOD_YEAR),
    Counts("-2 x 1.6, after x 1.5, effect +30 %", departures=GOOD_YEAR, effect=0.3),
    Counts("-3 x .6, after x .75", departures=BAD_YEAR),
)


def one_world(rows: Sequence[Planted], seed: int) -> list[Covered | str]:
    """Return the answer of every row for one seed, or the message of its error."""
    answers: list[Covered | str] = []
    for row in rows:
        try:
            answers.append(
                _differences(row, seed) if row.world == "differences" else _counts(row, seed)
            )
        except ZgzxError as error:
            answers.append(str(error))
    return answers


def _differences(row: Planted, seed: int) -> Covered:
    known = staggered(np.random.default_rng([seed, 0]))
    event = known.table["period"] - known.table["start"]
    y = known.table["y"] + event.map(row.departures).fillna(0.0)
    panel = prepare_panel(known.table.assign(y=y), **ROLES)
    study = estimate_effects(panel, **row.options).aggregate("event_time")
    first, last = WINDOWS["differences"]
    events = list(range(first, last + 1))
    true = true_mean(known, "population", events, measure="difference", complete=events)
    return _covered(row, study, row.bound, true)


def _counts(row: Planted, seed: int) -> Covered:
    """Bounds in a tiny world; M follows from what the departures make of firms' usual outcomes."""
    table = outcome_panel(Order("null", "tiny", seed, tuple(switched()["trap"]), ()), COUNTS)
    table = table[~(table["year"] > table["closed_year"])]
    event = table["year"] - table["first_award"]
    factor = event.map(row.departures).fillna(1.0)

    mean = table["mu0"].fillna(0.0)
    by_year = mean[table["first_award"].isna()].groupby(table["year"]).mean()
    usual = mean.groupby(table["firm_id"]).transform("mean") * table["year"].map(by_year)
    planned = _event_study(table.assign(**{COUNTS: usual * factor}), row.options)
    shown = planned.to_frame()
    before = shown.loc[shown["role"] == "pre", "estimate"].abs().max()
    after = planned.window(*WINDOWS["counts"])["estimate"].abs().iloc[0]

    outcome = table[COUNTS] * factor * np.where(event >= 0, 1 + row.effect, 1.0)
    study = _event_study(table.assign(**{COUNTS: outcome}), row.options)
    return _covered(row, study, float(after / before), row.effect)


def _event_study(table: pd.DataFrame, options: dict[str, Any]) -> Aggregate:
    effects = estimate_effects(prepare_panel(table, **FIRM_ROLES, outcome=COUNTS), **options)
    return effects.aggregate("event_time", min_event=FIRST, max_event=LAST)


def _covered(row: Planted, study: Aggregate, bound: float, true: float) -> Covered:
    found: HonestBounds = honest_bounds(
        study, target=WINDOWS[row.world], bounds=(bound,), level=LEVEL, **row.arguments
    )
    low, high = found.ci_low[0], found.ci_high[0]
    original = found.original_low <= true <= found.original_high
    return Covered(original, low <= true <= high, bound, low - true, high - true)


@dataclass(frozen=True, slots=True)
class Coverage:
    """One row's result.

    Attributes
    ----------
    worlds, errors : int
        Worlds with and without an answer.
    bound : float
        Mean M.
    original, honest : float
        Share of worlds in which each interval covers the true effect.
    low, high : float
        Median ends of the interval at the boundary, less the true effect.
    verdict : str
        "holds", or why not.
    """

    worlds: int
    errors: int
    bound: float
    original: float
    honest: float
    low: float
    high: float
    verdict: str


def prove(
    rows: Sequence[Planted], seeds: Iterable[int], processes: int | None = None
) -> list[Coverage]:
    """Compute the coverage of all rows; see `coverage.prove`."""
    return [_verdict(answers) for answers in by_row(one_world, rows, seeds, processes)]


def _verdict(answers: Sequence[Covered | str]) -> Coverage:
    good = [answer for answer in answers if isinstance(answer, Covered)]
    errors = len(answers) - len(good)
    if not good:
        nothing = dict.fromkeys(("bound", "original", "honest", "low", "high"), np.nan)
        return Coverage(0, errors, **nothing, verdict=f"fails: no answer ({answers[0]})")
    honest = float(np.mean([answer.honest for answer in good]))
    least = LEVEL - TOLERANCE * np.sqrt(LEVEL * (1 - LEVEL) / len(good))
    verdict = "fails: errors" if errors else "holds" if honest >= least else "fails: coverage"
    return Coverage(
        len(good),
        errors,
        bound=float(np.mean([answer.bound for answer in good])),
        original=float(np.mean([answer.original for answer in good])),
        honest=honest,
        low=float(np.median([answer.low for answer in good])),
        high=float(np.median([answer.high for answer in good])),
        verdict=verdict,
    )


def to_markdown(rows: Sequence[Planted], results: Sequence[Coverage]) -> str:
    """Write the table of these rows and their results in Markdown."""
    heads = ("departures", "world", "worlds", "M", "original", "at M", "median interval", "verdict")
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for row, result in zip(rows, results, strict=True):
        cells = [row.label, row.world, str(result.worlds), f"{result.bound:.2f}"]
        cells += [f"{100 * share:.1f}" for share in (result.original, result.honest)]
        cells += [f"[{result.low:+.2f}, {result.high:+.2f}]", result.verdict]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def page(rows: Sequence[Planted], results: Sequence[Coverage], worlds: int) -> str:
    """Write the text of docs/proofs/honest_bounds.md."""
    error = 100 * np.sqrt(LEVEL * (1 - LEVEL) / worlds)
    return f"""# Sensitivity bounds at the boundary

Written by `python -m zgzx_research.proofs honest_bounds {worlds}`: seeds 0 to {worlds - 1}.
Do not edit.

Outcomes of the treated are changed at some event times, so trends are not parallel, and M is the
smallest bound that allows this change. *original* is the share of worlds, in percent, in which the
95 % interval under parallel trends covers the true effect; *at M* that of `honest_bounds`
(Monte-Carlo error {error:.1f}). The median interval is shown less the true effect. "differences" is
the plain panel of `known_panels`, mean over event times 0 to 2; "counts" are inventions in tiny
worlds without effects and traps, event times 1 to 3, by the primary specification (pooled base,
donut, ratio). A row holds if coverage is not more than {TOLERANCE} Monte-Carlo errors below 95 %;
more is no fault, for the interval must hold for every trend that M allows.

{to_markdown(rows, results)}
"""
