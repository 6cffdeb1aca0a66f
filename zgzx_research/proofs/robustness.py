"""The table of robustness checks: how often each rejects at 5 % where nothing is true.

`python -m zgzx_research.proofs robustness 500` writes docs/proofs/robustness.md. Worlds have the
seeds 0..N-1 and no effect at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.panel.parts import in_memory
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError
from zgzx_research.proofs.many_worlds import by_row
from zgzx_research.proofs.verdicts import SIZE, TOLERANCE
from zgzx_research.robustness.base_sensitivity import base_sensitivity
from zgzx_research.robustness.heterogeneity import heterogeneity
from zgzx_research.robustness.multiple_testing import holm, romano_wolf
from zgzx_research.robustness.placebos import placebo_dates
from zgzx_research.robustness.randomisation import randomisation_inference
from zgzx_research.robustness.summaries import summary_influence, two_sided_p
from zgzx_research.robustness.wild_bootstrap import wild_cluster_bootstrap

UNITS, PERIODS, PERMUTATIONS = 160, 8, 199
ROLES = {"outcome": "y", "unit": "unit", "period": "period", "first_treated": "start"}
WINDOW = (0, 2)
COUNTS = {"scale": "ratio", "base_period": "pooled", "cohort_correction": True}
DONUT = {"leave_out": 1}


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table.

    Attributes
    ----------
    label : str
        The check in words.
    world : {"plain", "counts"}
        Normal outcomes with unit effects and AR(1) errors, or skewed counts.
    p_value : callable
        (table, options, seed) -> p-value of the world, or the smallest adjusted one of a family.
    options : dict
        Arguments of `estimate_effects`.
    fails : str
        Why the row cannot hold; empty if it must hold.
    """

    label: str
    world: str
    p_value: Callable[[pd.DataFrame, dict[str, Any], int], float]
    options: dict[str, Any] = field(default_factory=dict)
    fails: str = ""


def null_table(world: str, seed: int) -> pd.DataFrame:
    """Draw a panel without effects: a fifth first treated in 4, a fifth in 5, the others never.

    Columns unit, period, y, y1 to y3 (outcomes that share half of their noise with y), start, group
    (two at random), cluster (blocks of ten units with one start).
    """
    rng = np.random.default_rng([seed, len(world)])
    unit = np.arange(UNITS)
    block = unit // 10
    start = np.array([4.0, 5.0, np.nan, np.nan, np.nan])[block % 5]
    shape = (UNITS, PERIODS)
    common, level = _autoregressive(rng, shape), rng.gamma(0.7, 1.0, UNITS)[:, None]
    outcomes = []
    for _ in range(4):
        noise = np.sqrt(0.5) * (common + _autoregressive(rng, shape))
        if world == "counts":
            outcomes.append(rng.poisson(3 * level * np.exp(0.4 * noise)).astype(float))
        else:
            outcomes.append(level + noise)
    columns = {"unit": unit, "start": start, "group": rng.permutation(unit % 2), "cluster": block}
    repeated = {name: np.repeat(values, PERIODS) for name, values in columns.items()}
    names = ("y", "y1", "y2", "y3")
    drawn = {name: y.ravel() for name, y in zip(names, outcomes, strict=True)}
    period = np.tile(np.arange(1, PERIODS + 1), UNITS)
    return pd.DataFrame(repeated | {"period": period} | drawn)


def _autoregressive(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """(units, periods) errors with variance 1 and autocorrelation .5."""
    noise = rng.normal(size=shape)
    noise[:, 1:] *= np.sqrt(0.75)
    for t in range(1, shape[1]):
        noise[:, t] += 0.5 * noise[:, t - 1]
    return noise


def _panel(table: pd.DataFrame, **more: Any) -> PreparedPanel:
    return in_memory(prepare_panel(table, **{**ROLES, **more}), "trials")


def _randomised(table: pd.DataFrame, options: dict[str, Any], seed: int) -> float:
    given = {"target": WINDOW, "permutations": PERMUTATIONS, "seed": seed, **options}
    return randomisation_inference(_panel(table), **given).p_value


def _based(table: pd.DataFrame, options: dict[str, Any], seed: int) -> float:
    return base_sensitivity(_panel(table), target=WINDOW, **options).p_value


def _placebo(table: pd.DataFrame, options: dict[str, Any], seed: int) -> float:
    return float(placebo_dates(_panel(table), (2, 3), **options)["p_adjusted"].min())


def _by_group(table: pd.DataFrame, options: dict[str, Any], seed: int) -> float:
    cut = {"group": table.groupby("unit")["group"].first()}
    return float(heterogeneity(_panel(table), cut, target=WINDOW, **options).tests["p_value"][0])


def _family(table: pd.DataFrame, options: dict[str, Any]) -> dict[str, Any]:
    return {
        name: summary_influence(_panel(table, outcome=name), WINDOW, **options)
        for name in ("y", "y1", "y2", "y3")
    }


def _stepped_down(table: pd.DataFrame, options: dict[str, Any], seed: int) -> float:
    return float(romano_wolf(_family(table, options), seed=seed)["p_adjusted"].min())


def _holm(table: pd.DataFrame, options: dict[str, Any], seed: int) -> float:
    tests = _family(table, options)
    p_values = {name: two_sided_p(one.value / one.std_error) for name, one in tests.items()}
    return float(holm(p_values)["p_adjusted"].min())


def _unadjusted(table: pd.DataFrame, options: dict[str, Any], seed: int) -> float:
    tests = _family(table, options).values()
    return min(two_sided_p(one.value / one.std_error) for one in tests)


def _wild(table: pd.DataFrame, options: dict[str, Any], seed: int) -> float:
    panel, method = _panel(table, cluster="cluster"), "interaction_weighted"
    found = wild_cluster_bootstrap(panel, method=method, window=WINDOW, draws=PERMUTATIONS)
    return float(found["p_value"])


MANY = "four tests are four chances"

ROWS = (
    Check("randomisation_inference", "plain", _randomised),
    Check("randomisation_inference, ratio", "counts", _randomised, COUNTS),
    Check("base_sensitivity", "plain", _based, DONUT),
    Check("base_sensitivity, ratio", "counts", _based, COUNTS | DONUT),
    Check("placebo_dates, two dates by Holm", "plain", _placebo),
    Check("placebo_dates, two dates by Holm, ratio", "counts", _placebo, COUNTS),
    Check("heterogeneity, two groups", "plain", _by_group),
    Check("heterogeneity, two groups, ratio", "counts", _by_group, COUNTS),
    Check("four outcomes, unadjusted", "plain", _unadjusted, fails=MANY),
    Check("four outcomes, Holm", "plain", _holm),
    Check("four outcomes, romano_wolf", "plain", _stepped_down),
    Check("wild_cluster_bootstrap, window, 16 clusters", "plain", _wild),
)


def one_world(rows: Sequence[Check], seed: int) -> list[float | str]:
    """Return the p-value of every row for one seed, or the message of its error."""
    tables = {world: null_table(world, seed) for world in {row.world for row in rows}}
    found: list[float | str] = []
    for row in rows:
        try:
            found.append(row.p_value(tables[row.world], row.options, seed))
        except ZgzxError as error:
            found.append(str(error))
    return found


def prove(
    rows: Sequence[Check], seeds: Iterable[int], processes: int | None = None
) -> list[dict[str, Any]]:
    """Compute the rejections of all rows.

    Parameters
    ----------
    rows : sequence of Check
        The rows.
    seeds : iterable of int
        One world per seed.
    processes : int, optional
        How many processes; default all cores.

    Returns
    -------
    list of dict
        worlds, refused, size, error (Monte-Carlo), verdict of each row.
    """
    found = by_row(one_world, rows, seeds, processes)
    return [verdict(row, answers) for row, answers in zip(rows, found, strict=True)]


def verdict(row: Check, answers: Sequence[float | str]) -> dict[str, Any]:
    """Share of rejections at 5 %; a row fails where it is too large, and says so where small."""
    known = np.array([p for p in answers if not isinstance(p, str) and np.isfinite(p)])
    if not len(known):
        return {"worlds": 0, "refused": len(answers), "verdict": "fails: no world has an answer"}
    size, error = float((known <= SIZE).mean()), float(np.sqrt(SIZE * (1 - SIZE) / len(known)))
    words = "holds" if size <= SIZE + TOLERANCE * error else "fails: rejects too often"
    words = "holds, conservative" if size < SIZE - TOLERANCE * error else words
    if row.fails:
        words = f"fails as it must: {row.fails}" if words.startswith("fails") else "seems to hold"
    counts = {"worlds": len(known), "refused": len(answers) - len(known)}
    return counts | {"size": size, "error": error, "verdict": words}


def to_markdown(rows: Sequence[Check], results: Sequence[dict[str, Any]]) -> str:
    """Write the table of these rows and their results in Markdown."""
    lines = [
        "| check | world | worlds | refused | rejects, % (MC error) | verdict |",
        "|" + "---|" * 6,
    ]
    for row, result in zip(rows, results, strict=True):
        share = "–"
        if "size" in result:
            share = f"{100 * result['size']:.1f} ({100 * result['error']:.1f})"
        cells = [row.label, row.world, result["worlds"], result["refused"], share]
        lines.append(f"| {' | '.join(map(str, [*cells, result['verdict']]))} |")
    return "\n".join(lines)


def page(rows: Sequence[Check], results: Sequence[dict[str, Any]], worlds: int) -> str:
    """Write the text of docs/proofs/robustness.md."""
    return f"""# Sizes of the robustness checks

Written by `python -m zgzx_research.proofs robustness {worlds}`: seeds 0 to {worlds - 1}.
Do not edit.

{UNITS} units in {PERIODS} periods, 32 first treated in 4, 32 in 5, 96 never, and no effect at all.
"plain": unit effects and AR(1) errors; "counts": Poisson with skewed unit means and lognormal AR(1)
shocks. Each check is made at 5 %; for a family of tests the share is that of any rejection. A row
fails where it rejects more often than 5 % by {TOLERANCE} Monte-Carlo errors. Randomisation
inference uses {PERMUTATIONS} permutations.

{to_markdown(rows, results)}
"""
