"""Every trap whose defence is in estimation, alone.

The naive method fails, the package's specification does not.

    python tests/proofs/traps.py 2000

Worlds are tiny synthetic ones with the seeds 0..N-1 (`zgzx_research.simulate`). Writes
docs/proofs/traps.md and the figure beside it. With `--rows growth null` (words of a row's label)
only these rows run, and the table is printed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zgzx_research.proofs.trap_methods import METHODS, Proof, prove
from zgzx_research.proofs.verdicts import LEVEL, SIZE, TOLERANCE

FOLDER = Path(__file__).parents[2] / "docs/proofs"
UTILITY = "patents_utility_model"
SELECTION = ("regression_to_the_mean", "size_selection")
ESTIMATION = (*SELECTION, "growth", "dynamic_effects", "covid", "subsidy_reform", "closure")
PASSING = tuple(name for name in ESTIMATION if name != "size_selection")
TREND, BUMP = "the trend is taken for an effect", "the base is a good year"
LARGE, LATE = (
    "large firms are compared with small ones",
    "late effects of early winners are taken for the trend",
)
SHOCKS, ZEROS = (
    "bad years are taken for harm",
    "who has closed cannot win, so zeros stand among the others only",
)
LUCK = "one firm's luck is the answer, and no standard error can know it"
LASTS = "what winners are picked on lasts, so no base before the award is a usual year"
SIDE = {"most": 500}  # side remarks: what they show needs fewer worlds
CAREFUL = ("coverage", "pre-test")
ROWS = (
    Proof("nothing on, null", scenario="null"),
    Proof("growth, null", "before_after", scenario="null", traps=("growth",), fails=TREND),
    Proof("growth, null", scenario="null", traps=("growth",)),
    Proof(
        "regression to the mean, null",
        "base_minus_one",
        scenario="null",
        traps=("regression_to_the_mean",),
        fails=BUMP,
    ),
    Proof(
        "regression to the mean, null",
        "full_base",
        scenario="null",
        traps=("regression_to_the_mean",),
        fails=BUMP,
    ),
    Proof("regression to the mean, null", scenario="null", traps=("regression_to_the_mean",)),
    Proof("size selection", "winners_against_all", traps=("size_selection",), fails=LARGE),
    Proof("size selection", traps=("size_selection",), conservative=CAREFUL),
    Proof(
        "dynamic effects, teaching",
        "two_way",
        scenario="teaching",
        traps=("dynamic_effects",),
        fails=LATE,
    ),
    Proof("dynamic effects, teaching", scenario="teaching", traps=("dynamic_effects",)),
    Proof("a giant firm", traps=("giant_firm",), fails=LUCK),
    Proof("a giant firm", "without_largest", traps=("giant_firm",)),
    Proof(
        "closure, null",
        "zeros_after_closure",
        scenario="null",
        traps=("closure",),
        fails=ZEROS,
        most=1000,
    ),
    Proof("closure, null", scenario="null", traps=("closure",), most=1000),
    Proof(
        "COVID and subsidy reform",
        "before_after",
        UTILITY,
        traps=("covid", "subsidy_reform"),
        fails=SHOCKS,
    ),
    Proof("COVID and subsidy reform", outcome=UTILITY, traps=("covid", "subsidy_reform")),
    Proof("talent awards (control)", "before_after", traps=PASSING, category="talent", fails=TREND),
    Proof("talent awards (control)", traps=PASSING, category="talent"),
    Proof(
        "picked on AR(1), null",
        "single_base",
        scenario="null",
        traps=("persistent_selection",),
        fails=LASTS,
        conservative=(),
        **SIDE,
    ),
    Proof(
        "picked on AR(1), null",
        scenario="null",
        traps=("persistent_selection",),
        conservative=(),
        **SIDE,
    ),
    Proof(
        "picked on two years, null",
        scenario="null",
        traps=("two_year_selection",),
        fails=LASTS,
        conservative=(),
        **SIDE,
    ),
    Proof(
        "all of these on, null",
        "before_after",
        scenario="null",
        traps=ESTIMATION,
        fails=TREND,
        **SIDE,
    ),
    Proof("all of these on, null", scenario="null", traps=ESTIMATION, conservative=CAREFUL, **SIDE),
    Proof(
        "retention, all of these on, null",
        "before_after",
        "retention",
        scenario="null",
        traps=ESTIMATION,
        fails=SHOCKS,
        **SIDE,
    ),
    Proof(
        "retention, all of these on, null",
        outcome="retention",
        scenario="null",
        traps=ESTIMATION,
        conservative=CAREFUL,
        **SIDE,
    ),
)


def to_markdown(rows: Sequence[Proof], results: Sequence[dict[str, Any]]) -> str:
    """The table."""
    heads = ("world", "method", "worlds", "true", "bias (MC error)", "SD", "mean SE")
    shares = ("coverage", "rejects zero", "pre-test", "MDE", "verdict")
    lines = [f"| {' | '.join(heads + shares)} |", "|" + "---|" * len(heads + shares)]
    for row, r in zip(rows, results, strict=True):
        shown = ["–"] * 9
        if "bias" in r:
            bias = f"{r['bias']:+.4f} ({r['bias_error']:.4f})"
            told = (f"{100 * r[name]:.1f}" for name in ("coverage", "rejects"))
            pretest = "–" if np.isnan(r["pretest"]) else f"{100 * r['pretest']:.1f}"
            mde = "–" if np.isnan(r["mde"]) else "∞" if np.isinf(r["mde"]) else f"{r['mde']:.3f}"
            shown = [
                str(r["worlds"]),
                f"{r['true']:+.3f}",
                bias,
                f"{r['sd']:.4f}",
                f"{r['std_error']:.4f}",
                *told,
                pretest,
                mde,
            ]
        verdict = r["verdict"].replace(
            "fails: pre-test", "bias and coverage hold; the pre-test rejects too often"
        )
        lines.append(f"| {' | '.join([row.label, row.method, *shown, verdict])} |")
    return "\n".join(lines)


def page(rows: Sequence[Proof], results: Sequence[dict[str, Any]], worlds: int) -> str:
    """docs/proofs/traps.md."""
    methods = "\n".join(f"- **{name}**: {_first_line(METHODS[name])}" for name in METHODS)
    share = 100 * TOLERANCE * np.sqrt(LEVEL * SIZE / worlds)
    return f"""# Traps, one at a time

Written by `python tests/proofs/traps.py {worlds}`: tiny synthetic worlds, seeds 0 to {worlds - 1}. Do not edit.

![Bias of each method in its world](traps.svg)

In each world the named trap is on and every other trap of `simulate/world.toml` is off; "null" worlds have no true
effect. The target is the mean effect one to three years after the first award, by the truth of the model, not by the
cells an estimate happened to use. On the ratio scale bias, SD and standard error are those of the estimating equation,
treated total minus (1 + true effect) × counterfactual total, in units of the mean counterfactual: .10 means ten percent
of what winners would have filed. Coverage is of 95 % intervals; *rejects zero* is the size of the test where nothing is
true and its power elsewhere; *pre-test* is how often the joint test of the years before the award rejects; MDE is the
median minimum detectable effect. All shares in percent.

A row holds if the bias is below {TOLERANCE} Monte-Carlo errors and coverage within {TOLERANCE} of its own
(95 ± {share:.1f} with all worlds; side remarks rest on fewer and have wider margins). Where firms differ much in size a
few large ones decide, and for retention shares of cohorts count as drawn: there intervals may cover more. The joint
pre-test may reject more seldom; where it rejects too often, the verdict says so. Rows with a reason must fail: they
show what the naive method costs, and where the package's own specification ends.

{to_markdown(rows, results)}

## Methods

{methods}
"""


def _first_line(method: Any) -> str:
    changes = getattr(method, "keywords", {})
    text = " ".join(
        (
            getattr(method, "func", method).__doc__ or "The package's specification, all firms."
        ).split()
    )
    return (
        text
        if not changes
        else f"{text} Here: {', '.join(f'{name} = {value}' for name, value in changes.items())}."
    )


def draw(rows: Sequence[Proof], results: Sequence[dict[str, Any]], path: Path) -> None:
    """Bias of every row with three Monte-Carlo errors, in units of the SD between worlds.

    Naive methods hollow.
    """
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "traps"
    shown = [(row, r) for row, r in zip(rows, results, strict=True) if "bias" in r]
    figure, axes = plt.subplots(figsize=(8, 0.3 * len(shown) + 1))
    for place, (row, r) in enumerate(reversed(shown)):
        colour = "#b2182b" if row.fails else "#2166ac"
        axes.errorbar(
            r["bias"] / r["sd"],
            place,
            xerr=TOLERANCE * r["bias_error"] / r["sd"],
            fmt="o",
            color=colour,
            markerfacecolor="white" if row.fails else colour,
            capsize=2,
        )
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(
        range(len(shown)), [f"{row.label}: {row.method}" for row, _ in reversed(shown)], fontsize=7
    )
    axes.set_xlabel(
        "bias in standard deviations of the estimate, ± 3 Monte-Carlo errors; hollow = must fail",
        fontsize=8,
    )
    axes.set_xscale("symlog", linthresh=0.5)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("worlds", type=int, nargs="?", default=2000)
    parser.add_argument("--rows", nargs="+", default=[])
    parser.add_argument("--processes", type=int, default=None)
    asked = parser.parse_args()
    rows = [row for row in ROWS if not asked.rows or any(word in row.label for word in asked.rows)]
    results = prove(rows, range(asked.worlds), asked.processes)
    sys.stdout.write(to_markdown(rows, results) + "\n")
    if not asked.rows:
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "traps.md").write_text(page(rows, results, asked.worlds), encoding="utf-8")
        draw(rows, results, FOLDER / "traps.svg")


if __name__ == "__main__":
    main()
