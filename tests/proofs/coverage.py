"""Bias, coverage of 95 % intervals and size of 5 % tests of every method, in worlds whose effects are known.

    python tests/proofs/coverage.py 2000

Worlds have the seeds 0..N-1 (`worlds.py`). Writes docs/proofs/coverage.md. With `--methods
imputation stacked` (names of methods, or words of a row's label) only these rows run, and the table
is printed instead.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from worlds import WORLDS, World, true_mean

import zgzx_research as zr
from zgzx_research.did import inference
from zgzx_research.did.effects import Effects
from zgzx_research.did.estimate import HEEDS, METHODS, OPTIONS
from zgzx_research.errors import ZgzxError
from zgzx_research.proofs.verdicts import LEVEL, SIZE, TOLERANCE, Answer, judge, over_worlds

PAGE = Path(__file__).parents[2] / "docs/proofs/coverage.md"
FIRST, LAST = -4, 2  # event times in the test before treatment and in the band
HEADLINE = [0, 1, 2]
DRAWS = 10_000
SOME = {"covariates": ("x1", "x2")}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    label : what it says. world : key of WORLDS. panel, options : arguments of prepare_panel and
        estimate_effects.
    truth : whose cohort shares the true value has: the "population"'s where shares are estimates,
        the "sample"'s where they count as fixed.
    target : "events" the mean over e = 0..2, each over the cohorts seen at it; "window" the same
        over the cohorts seen at all of them; "overall" over all treated cells. measure : see
        `true_mean`.
    fails : why this row cannot hold; "" = it must.
    conservative : intervals may cover more often, tests reject more seldom.
    defect : what a test of this harness does to the effects.
    """

    label: str
    world: str
    options: dict[str, Any]
    panel: dict[str, Any] = field(default_factory=dict)
    truth: str = "population"
    target: str = "events"
    measure: str = "difference"
    fails: str = ""
    conservative: bool = False
    defect: Callable[[Effects], Effects] | None = None


UNADJUSTED = "trends depend on covariates"
HETEROGENEOUS = "effects differ, and the treated serve as comparison"
ROWS = (
    Row("group_time", "staggered", {}),
    Row("group_time, window(0, 2)", "staggered", {}, target="window"),
    Row("group_time, overall", "staggered", {}, target="overall"),
    Row("group_time, not yet treated", "staggered", {"controls": "not_yet_treated"}),
    Row("group_time, varying base", "staggered", {"base_period": "varying"}),
    Row("group_time, pooled base", "staggered", {"base_period": "pooled"}),
    Row("group_time, donut", "staggered", {"leave_out": 1}),
    Row("group_time, clusters of 10", "clusters", {}, {"cluster": "cluster"}),
    Row("group_time, clusters ignored", "clusters", {}, fails="shocks are shared"),
    Row("group_time, gaps pairwise", "gaps", {}),
    Row("group_time, gaps balance", "gaps", {}, {"gaps": "balance"}),
    Row("group_time, weights", "weights", {}, {"weights": "weight"}),
    Row("group_time, weights ignored", "weights", {}, fails="the effect meant is the weighted one"),
    Row("group_time, cross-sections", "cross-sections", {}, {"gaps": "cross_section"}),
    Row("group_time, unadjusted", "covariates", {}, fails=UNADJUSTED),
    Row("group_time, doubly robust", "covariates", {"adjustment": "doubly_robust"}, SOME),
    Row(
        "group_time, inverse probability", "covariates", {"adjustment": "inverse_probability"}, SOME
    ),
    Row("group_time, outcome regression", "covariates", {"adjustment": "outcome_regression"}, SOME),
    Row("group_time, doubly robust", "curved trend", {"adjustment": "doubly_robust"}, SOME),
    Row(
        "group_time, inverse probability",
        "curved trend",
        {"adjustment": "inverse_probability"},
        SOME,
    ),
    Row(
        "group_time, outcome regression",
        "curved trend",
        {"adjustment": "outcome_regression"},
        SOME,
        fails="the outcome model is wrong",
    ),
    Row("group_time, doubly robust", "curved propensity", {"adjustment": "doubly_robust"}, SOME),
    Row(
        "group_time, inverse probability",
        "curved propensity",
        {"adjustment": "inverse_probability"},
        SOME,
        fails="the propensity model is wrong",
    ),
    Row(
        "group_time, outcome regression",
        "curved propensity",
        {"adjustment": "outcome_regression"},
        SOME,
    ),
    Row("group_time, ratio", "counts", {"scale": "ratio"}, truth="sample", measure="ratio"),
    Row(
        "group_time, ratio, pooled base",
        "counts",
        {"scale": "ratio", "base_period": "pooled"},
        truth="sample",
        measure="ratio",
    ),
    Row(
        "group_time, ratio, not yet treated",
        "counts",
        {"scale": "ratio", "controls": "not_yet_treated"},
        truth="sample",
        measure="ratio",
    ),
    Row(
        "group_time, ratio, unadjusted",
        "adjusted counts",
        {"scale": "ratio"},
        truth="sample",
        measure="ratio",
        fails=UNADJUSTED,
    ),
    Row(
        "group_time, ratio, outcome regression",
        "adjusted counts",
        {"scale": "ratio", "adjustment": "outcome_regression"},
        {"covariates": ("x1",)},
        truth="sample",
        measure="ratio",
    ),
    Row(
        "group_time, ratio, inverse probability",
        "adjusted counts",
        {"scale": "ratio", "adjustment": "inverse_probability"},
        {"covariates": ("x1",)},
        truth="sample",
        measure="ratio",
    ),
    Row(
        "group_time, difference of counts", "counts", {}, fails="trends are parallel in proportion"
    ),
    Row("imputation", "staggered", {"method": "imputation"}, truth="sample", conservative=True),
    Row(
        "imputation, leave one out",
        "staggered",
        {"method": "imputation", "leave_one_out": True},
        truth="sample",
        conservative=True,
    ),
    Row("imputation, gaps", "gaps", {"method": "imputation"}, truth="sample", conservative=True),
    Row(
        "imputation, clusters of 10",
        "clusters",
        {"method": "imputation"},
        {"cluster": "cluster"},
        truth="sample",
        conservative=True,
    ),
    Row(
        "imputation, covariates",
        "covariates",
        {"method": "imputation", "adjustment": "outcome_regression"},
        SOME,
        truth="sample",
        conservative=True,
    ),
    Row(
        "imputation, ratio",
        "counts",
        {"method": "imputation", "scale": "ratio"},
        truth="sample",
        measure="ratio",
        conservative=True,
    ),
    Row("interaction_weighted", "staggered", {"method": "interaction_weighted"}, truth="sample"),
    Row(
        "interaction_weighted, clusters of 10",
        "clusters",
        {"method": "interaction_weighted"},
        {"cluster": "cluster"},
        truth="sample",
    ),
    Row(
        "stacked",
        "staggered",
        {"method": "stacked", "event_window": (-3, 2)},
        target="window",
        conservative=True,
    ),
    Row(
        "extended_two_way, linear",
        "staggered",
        {"method": "extended_two_way", "family": "linear"},
        truth="sample",
    ),
    Row(
        "extended_two_way, linear, not yet treated",
        "staggered",
        {"method": "extended_two_way", "family": "linear", "controls": "not_yet_treated"},
        truth="sample",
    ),
    Row(
        "extended_two_way, Poisson",
        "counts",
        {"method": "extended_two_way", "family": "poisson"},
        truth="sample",
    ),
    Row(
        "extended_two_way, Poisson, ratio",
        "counts",
        {"method": "extended_two_way", "scale": "ratio", "controls": "not_yet_treated"},
        truth="sample",
        measure="ratio",
    ),
    Row(
        "ppml, by cohort and event time",
        "counts",
        {"method": "ppml", "design": "cohort_event"},
        truth="sample",
        measure="log",
    ),
    Row(
        "two_way_fixed_effects, static",
        "constant",
        {"method": "two_way_fixed_effects"},
        truth="sample",
        target="overall",
    ),
    Row(
        "two_way_fixed_effects, static",
        "staggered",
        {"method": "two_way_fixed_effects"},
        truth="sample",
        target="overall",
        fails=HETEROGENEOUS,
    ),
    Row(
        "two_way_fixed_effects, event study",
        "same dynamics",
        {"method": "two_way_fixed_effects"},
        truth="sample",
    ),
    Row(
        "two_way_fixed_effects, event study",
        "staggered",
        {"method": "two_way_fixed_effects"},
        truth="sample",
        fails=HETEROGENEOUS,
    ),
)


def unavailable(row: Row) -> str:
    """Why the package cannot run a row yet; "" = it can."""
    method = row.options.get("method", "group_time")
    if method == "ppml":
        return "" if hasattr(zr, "ppml") else "no ppml"
    if method not in METHODS:
        return f"no method {method!r}"
    for name, value in row.options.items():
        if name != "method" and name not in HEEDS[method]:
            return f"{method} does not listen to {name}"
        if name in OPTIONS and value not in OPTIONS[name]:
            return f"{name}={value!r} is unknown"
    return ""


def one_world(rows: Sequence[Row], seed: int) -> list[Answer | str]:
    """The answer of every row for one seed, or what the package objected to."""
    drawn: dict[str, World] = {}
    panels: dict[str, Any] = {}
    estimated: dict[str, Effects] = {}
    answers: list[Answer | str] = []
    for row in rows:
        if row.world not in drawn:
            drawn[row.world] = WORLDS[row.world](
                np.random.default_rng([seed, list(WORLDS).index(row.world)])
            )
        world, key = drawn[row.world], f"{row.world} {row.panel}"
        run = f"{key} {row.options}"
        try:
            if key not in panels:
                columns = {
                    "outcome": "y",
                    "unit": "unit",
                    "period": "period",
                    "first_treated": "start",
                }
                panels[key] = zr.prepare_panel(world.table, **columns, **row.panel)
            if run not in estimated:
                estimated[run] = _estimate(panels[key], row.options)
            effects = estimated[run]
            answers.append(
                answer(row, world, effects if row.defect is None else row.defect(effects))
            )
        except ZgzxError as error:
            answers.append(str(error))
    return answers


def _estimate(panel: Any, options: dict[str, Any]) -> Effects:
    if options.get("method") == "ppml":
        return zr.ppml(panel, options["design"])
    return zr.estimate_effects(panel, **options)


def answer(row: Row, world: World, effects: Effects) -> Answer:
    """What the effects say of the row's target, beside what is true."""
    truth = partial(true_mean, world, row.truth, measure=row.measure)
    rejected = in_band = np.nan
    if row.target == "overall":
        chosen, true = effects.aggregate("overall").to_frame().iloc[0], truth(None)
    else:
        event = effects.aggregate("event_time", min_event=FIRST, max_event=LAST)
        # methods without effects by cohort choose their cohorts once, for all event times
        narrowed = row.target == "window" and bool(effects.cells["cohort"].isna().all())
        complete = HEADLINE if row.target == "window" else ()
        chosen = (
            event.overall if narrowed or not complete else event.window(HEADLINE[0], HEADLINE[-1])
        ).iloc[0]
        true = truth(HEADLINE, complete=complete)
        p = event.pretest()["p_value"]
        rejected = np.nan if np.isnan(p) else float(p < SIZE)
        frame = event.to_frame().dropna(subset=["band_low", "band_high"])
        by_event = partial(truth, complete=HEADLINE if narrowed else ())
        each = [by_event([e]) if e >= 0 else 0.0 for e in frame["event_time"].astype(int)]
        in_band = (
            float((frame["band_low"].le(each) & frame["band_high"].ge(each)).all())
            if each
            else np.nan
        )
    estimate, error, low, high = chosen[["estimate", "std_error", "ci_low", "ci_high"]].astype(
        float
    )
    if row.measure == "ratio":  # on the scale estimates are nearest to normal on
        estimate, error, true = np.log1p(estimate), error / (1 + estimate), np.log1p(true)
        with np.errstate(divide="ignore"):
            low, high = np.log1p(low), np.log1p(high)
    return Answer(estimate - true, error, low, high, true, rejected, in_band)


def verdict(row: Row, answers: Sequence[Answer | str]) -> dict[str, Any]:
    """The numbers of a row and the verdict on it."""
    careful = ("coverage", "pre-test", "band") if row.conservative else ()
    return judge(answers, fails=row.fails, conservative=careful)


def run(
    rows: Sequence[Row], seeds: Iterable[int], processes: int | None = None
) -> list[dict[str, Any]]:
    """The numbers and verdicts of all rows; rows the package has no method for say so."""
    ready = [row for row in rows if not unavailable(row)]
    by_world = list(over_worlds(partial(one_world, ready), list(seeds), processes, fewer_draws))
    found = {id(row): [answers[k] for answers in by_world] for k, row in enumerate(ready)}
    return [
        verdict(row, found[id(row)])
        if id(row) in found
        else {"verdict": f"not available: {unavailable(row)}"}
        for row in rows
    ]


def fewer_draws() -> None:
    """A critical value's Monte-Carlo error, .03, averages out over worlds."""
    inference.DRAWS = DRAWS


def to_markdown(rows: Sequence[Row], results: Sequence[dict[str, Any]]) -> str:
    """The table."""
    head = "| method | world | truth | bias (MC error) | SD | mean SE | coverage | pre-test | band | verdict |"
    lines = [head, "|---|---|---|---|---|---|---|---|---|---|"]
    for row, r in zip(rows, results, strict=True):
        shown = ["–"] * 6
        if "bias" in r:
            shares = (
                "–" if np.isnan(r[name]) else f"{100 * r[name]:.1f}"
                for name in ("coverage", "pretest", "band")
            )
            bias = f"{r['bias']:+.4f} ({r['bias_error']:.4f})"
            shown = [bias, f"{r['sd']:.4f}", f"{r['std_error']:.4f}", *shares]
        lines.append(f"| {' | '.join([row.label, row.world, row.truth, *shown, r['verdict']])} |")
    return "\n".join(lines)


def page(rows: Sequence[Row], results: Sequence[dict[str, Any]], worlds: int) -> str:
    """docs/proofs/coverage.md."""
    described = "\n".join(
        f"- **{name}**: {' '.join((make.__doc__ or '').split())}" for name, make in WORLDS.items()
    )
    cover, bias = (100 * TOLERANCE * np.sqrt(LEVEL * SIZE / worlds), TOLERANCE)
    return f"""# Coverage by simulation

Written by `python tests/proofs/coverage.py {worlds}`: seeds 0 to {worlds - 1}. Do not edit.

Each world is a fresh panel whose effects are known. The target is the mean effect over event times 0 to 2 ("window":
over the cohorts seen at all three; "overall" and "static": over all treated cells). *Truth* says whose cohort shares
the true value has: the population's where shares count as estimates, the sample's where they count as fixed. Coverage
is of 95 % intervals, pre-test is how often the 5 % test of event times {FIRST} to -2 rejects what is true, band is how
often the simultaneous 95 % band holds the truth at every event time from {FIRST} to {LAST}; all three in percent. SD is
that of (estimate - truth). Rows on the ratio scale are in logs.

A row holds if the bias is below {bias} Monte-Carlo errors and the three shares are within {bias} of theirs (95 and 5 %:
±{cover:.1f} points). Imputation and stacked regressions may cover more and reject less: the variance of the first is an
upper bound; that of the second counts as chance which stacks there are, though its weights balance them. Rows that
cannot hold are there to show that the harness sees it, and what the naive methods cost.

{to_markdown(rows, results)}

## Worlds

{described}
"""


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("worlds", type=int, nargs="?", default=2000)
    parser.add_argument("--methods", nargs="+", default=[])
    parser.add_argument("--processes", type=int, default=None)
    asked = parser.parse_args()
    rows = [
        row for row in ROWS if not asked.methods or any(word in row.label for word in asked.methods)
    ]
    results = run(rows, range(asked.worlds), asked.processes)
    if asked.methods:
        sys.stdout.write(to_markdown(rows, results) + "\n")
        return
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(rows, results, asked.worlds), encoding="utf-8")
    sys.stdout.write(f"{to_markdown(rows, results)}\n{PAGE.relative_to(Path.cwd())} written\n")


if __name__ == "__main__":
    main()
