"""The table of single traps: the naive method fails, the package's specification does not.

`python -m zgzx_research.proofs traps 2000` writes docs/proofs/traps.md and the figure beside it.
Worlds are tiny synthetic ones with the seeds 0..N-1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from zgzx_research.proofs.trap_methods import METHODS, Method
from zgzx_research.proofs.trap_proofs import TESTS, Proof
from zgzx_research.proofs.verdicts import LEVEL, SIZE, TOLERANCE, Performance

MEAN, UTILITY, RETENTION = "regression_to_the_mean", "patents_utility_model", "retention"
ALL = (MEAN, "size_selection", "growth", "dynamic_effects", "covid", "subsidy_reform", "closure")
PASSING = tuple(name for name in ALL if name != "size_selection")
SHOCK_TRAPS = ("covid", "subsidy_reform")

# why a naive method fails
TREND = "the trend is taken for an effect"
BUMP = "the base is a good year"
LARGE = "large firms are compared with small ones"
LATE = "late effects of early winners are taken for the trend"
SHOCKS = "bad years are taken for harm"
ZEROS = "who has closed cannot win, so zeros stand among the others only"
LUCK = "one firm's luck is the answer, and no standard error can know it"
LASTS = "what winners are picked on lasts, so no base before the award is a usual year"

CAREFUL = ("coverage", *TESTS)
NULL = partial(Proof, scenario="null")
PICKED = partial(NULL, conservative=(), most=500)  # these rows illustrate: fewer worlds are enough
EVERYTHING = partial(NULL, traps=ALL, most=500)

ROWS = (
    Proof("nothing on, null", scenario="null"),
    NULL("growth, null", "before_after", traps=("growth",), fails=TREND),
    NULL("growth, null", traps=("growth",)),
    NULL("regression to the mean, null", "base_minus_one", traps=(MEAN,), fails=BUMP),
    NULL("regression to the mean, null", "full_base", traps=(MEAN,), fails=BUMP),
    NULL("regression to the mean, null", traps=(MEAN,)),
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
    NULL("closure, null", "zeros_after_closure", traps=("closure",), fails=ZEROS, most=1000),
    NULL("closure, null", traps=("closure",), most=1000),
    Proof("COVID and subsidy reform", "before_after", UTILITY, traps=SHOCK_TRAPS, fails=SHOCKS),
    Proof("COVID and subsidy reform", outcome=UTILITY, traps=SHOCK_TRAPS),
    Proof("talent awards (control)", "before_after", traps=PASSING, category="talent", fails=TREND),
    Proof("talent awards (control)", traps=PASSING, category="talent"),
    PICKED("picked on AR(1), null", "single_base", traps=("persistent_selection",), fails=LASTS),
    PICKED("picked on AR(1), null", traps=("persistent_selection",)),
    PICKED("picked on two years, null", traps=("two_year_selection",), fails=LASTS),
    EVERYTHING("all of these on, null", "before_after", fails=TREND),
    EVERYTHING("all of these on, null", conservative=CAREFUL),
    EVERYTHING("retention, all of these on, null", "before_after", RETENTION, fails=SHOCKS),
    EVERYTHING("retention, all of these on, null", outcome=RETENTION, conservative=CAREFUL),
)


class Shown(Protocol):
    """A row that this kind of table can show."""

    @property
    def label(self) -> str:
        """The world in words."""

    @property
    def method(self) -> str:
        """The method in words."""


def to_markdown(rows: Sequence[Shown], results: Sequence[Performance]) -> str:
    """Write the table of these rows and their results in Markdown."""
    heads = ("world", "method", "worlds", "true", "bias (MC error)", "SD", "mean SE")
    shares = ("coverage", "rejects zero", "pre-test", "two bins", "MDE", "verdict")
    lines = [f"| {' | '.join(heads + shares)} |", "|" + "---|" * len(heads + shares)]
    for row, result in zip(rows, results, strict=True):
        verdict = result["verdict"].replace(
            "fails: pre-test", "bias and coverage hold; the pre-test rejects too often"
        )
        shown = _numbers(result) if "bias" in result else ["–"] * 10
        lines.append(f"| {' | '.join([row.label, row.method, *shown, verdict])} |")
    return "\n".join(lines)


def _numbers(result: Performance) -> list[str]:
    mde = result["mde"]
    return [
        str(result["worlds"]),
        f"{result['true']:+.3f}",
        f"{result['bias']:+.4f} ({result['bias_error']:.4f})",
        f"{result['sd']:.4f}",
        f"{result['std_error']:.4f}",
        f"{100 * result['coverage']:.1f}",
        f"{100 * result['rejects']:.1f}",
        _percent(result["pretest"]),
        _percent(result["two_bins"]),
        "–" if np.isnan(mde) else "∞" if np.isinf(mde) else f"{mde:.3f}",
    ]


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{100 * share:.1f}"


def page(rows: Sequence[Proof], results: Sequence[Performance], worlds: int) -> str:
    """Write the text of docs/proofs/traps.md."""
    share = 100 * TOLERANCE * np.sqrt(LEVEL * SIZE / worlds)
    return f"""# Traps, one at a time

Written by `python -m zgzx_research.proofs traps {worlds}`: tiny synthetic worlds,
seeds 0 to {worlds - 1}. Do not edit.

![Bias of each method in its world](traps.svg)

In each world the named trap is on and every other trap of `simulate/world/world.toml` is off;
"null" worlds have no true effect. The target is the mean effect one to three years after the first
award, by the truth of the model, not by the comparisons that an estimate happened to use. On the
ratio scale bias, SD and standard error are those of the estimating equation, treated total minus
(1 + true effect) × counterfactual total, in units of the mean counterfactual: .10 means ten percent
of what winners would have filed. Coverage is of 95 % intervals; *rejects zero* is the size of the
test where nothing is true and its power elsewhere; *pre-test* is how often the joint test of the
years before the award rejects, *two bins* how often the test of the year next to it and of all
earlier ones does (docs/methodology/pretest.md); MDE is the median minimum detectable effect. All
shares in percent.

A row holds if the bias is below {TOLERANCE} Monte-Carlo errors and coverage within {TOLERANCE} of
its own (95 ± {share:.1f} with all worlds; side remarks rest on fewer and have wider margins). Where
firms differ much in size a few large ones decide, and for retention shares of cohorts count as
drawn: there intervals may cover more. The tests before the award may reject more seldom; where one
rejects too often, the verdict says so. Rows with a reason must fail: they show what the naive
method costs, and where the package's own specification ends.

{to_markdown(rows, results)}

## Methods

{methods_list()}
"""


def methods_list() -> str:
    """Write one line of Markdown about each method."""
    return "\n".join(f"- **{name}**: {_first_line(method)}" for name, method in METHODS.items())


def _first_line(method: Method) -> str:
    if not isinstance(method, partial):
        return (method.__doc__ or "").splitlines()[0]
    changes = ", ".join(f"{name} = {value}" for name, value in method.keywords.items())
    return f"{_first_line(method.func)} Here: {changes}."


def draw(rows: Sequence[Proof], results: Sequence[Performance], path: Path) -> None:
    """Draw the bias of every row with three Monte-Carlo errors, in standard deviations.

    Rows that must fail are hollow.
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
    labels = [f"{row.label}: {row.method}" for row, _ in reversed(shown)]
    axes.set_yticks(range(len(shown)), labels, fontsize=7)
    text = "bias in standard deviations of the estimate, ± 3 Monte-Carlo errors; hollow = must fail"
    axes.set_xlabel(text, fontsize=8)
    axes.set_xscale("symlog", linthresh=0.5)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
