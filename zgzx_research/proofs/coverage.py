"""The table of coverage: bias, coverage of 95 % intervals and size of 5 % tests of every method.

`python -m zgzx_research.proofs coverage 2000` writes docs/proofs/coverage.md. The panels have the
seeds 0..N-1 and known effects (`known_panels`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.designs.ppml import ppml
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.parts import in_memory
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError
from zgzx_research.proofs.coverage_rows import Row
from zgzx_research.proofs.known_panels import KNOWN_PANELS, KnownPanel, true_mean
from zgzx_research.proofs.many_worlds import by_row
from zgzx_research.proofs.verdicts import LEVEL, SIZE, TOLERANCE, Answer, Performance, judge

FIRST, LAST = -4, 2  # event times in the test before treatment and in the band
HEADLINE_EVENTS = [0, 1, 2]
ROLES = {"outcome": "y", "unit": "unit", "period": "period", "first_treated": "start"}


def one_world(rows: Sequence[Row], seed: int) -> list[Answer | str]:
    """Return the answer of every row for one seed, or the message of its error.

    Rows with the same panel and options share the estimate.
    """
    drawn: dict[str, KnownPanel] = {}
    prepared: dict[str, PreparedPanel] = {}
    estimated: dict[str, Effects] = {}
    answers: list[Answer | str] = []
    for row in rows:
        if row.world not in drawn:
            place = list(KNOWN_PANELS).index(row.world)
            drawn[row.world] = KNOWN_PANELS[row.world](np.random.default_rng([seed, place]))
        known, key = drawn[row.world], f"{row.world} {row.panel}"
        run = f"{key} {row.options}"
        try:
            if key not in prepared:
                made = prepare_panel(known.table, **ROLES, **row.panel)
                prepared[key] = in_memory(made, "trials")
            if run not in estimated:
                estimated[run] = _estimate(prepared[key], row.options)
            effects = estimated[run] if row.defect is None else row.defect(estimated[run])
            answers.append(answer(row, known, effects))
        except ZgzxError as error:
            answers.append(str(error))
    return answers


def _estimate(panel: PreparedPanel, options: dict[str, Any]) -> Effects:
    if options.get("method") == "ppml":
        return ppml(panel, options["design"])
    return estimate_effects(panel, **options)


def answer(row: Row, known: KnownPanel, effects: Effects) -> Answer:
    """Compare the effects with the truth at the row's target."""
    if row.target == "overall":
        true = true_mean(known, row.truth, None, measure=row.measure)
        return _answer(row, effects.aggregate("overall").to_frame().iloc[0], true)

    event = effects.aggregate("event_time", min_event=FIRST, max_event=LAST)
    complete = HEADLINE_EVENTS if row.target == "window" else []
    # methods without effects by cohort choose their cohorts once, for all event times
    chosen_once = row.target == "window" and bool(effects.cells["cohort"].isna().all())
    in_window = row.target == "window" and not chosen_once
    headline = event.window(HEADLINE_EVENTS[0], HEADLINE_EVENTS[-1]) if in_window else event.overall

    truth = partial(true_mean, known, row.truth, measure=row.measure)
    p_value = float(event.pretest()["p_value"])
    return _answer(
        row,
        headline.iloc[0],
        truth(HEADLINE_EVENTS, complete=complete),
        rejected=np.nan if np.isnan(p_value) else float(p_value < SIZE),
        in_band=_in_band(
            event.to_frame(), partial(truth, complete=HEADLINE_EVENTS if chosen_once else ())
        ),
    )


def _in_band(frame: pd.DataFrame, truth: partial[float]) -> float:
    """Return 1 if the simultaneous band covers the truth at every event time, else 0."""
    frame = frame.dropna(subset=["band_low", "band_high"])
    if frame.empty:
        return np.nan
    true = [truth([e]) if e >= 0 else 0.0 for e in frame["event_time"].astype(int)]
    return float((frame["band_low"].le(true) & frame["band_high"].ge(true)).all())


def _answer(
    row: Row, chosen: pd.Series, true: float, rejected: float = np.nan, in_band: float = np.nan
) -> Answer:
    """Compare one estimate with its true value, in logs if the row is on the ratio scale."""
    columns = ["estimate", "std_error", "ci_low", "ci_high"]
    estimate, error, low, high = chosen[columns].astype(float)
    if row.measure == "ratio":  # the scale on which estimates are closest to normal
        estimate, error, true = np.log1p(estimate), error / (1 + estimate), np.log1p(true)
        with np.errstate(divide="ignore"):
            low, high = np.log1p(low), np.log1p(high)
    return Answer(estimate - true, error, low, high, true, rejected, in_band)


def verdict(row: Row, answers: Sequence[Answer | str]) -> Performance:
    """Compute the numbers of a row and the verdict on it."""
    careful = ("coverage", "pre-test", "band") if row.conservative else ()
    return judge(answers, fails=row.fails, conservative=careful)


def prove(
    rows: Sequence[Row], seeds: Iterable[int], processes: int | None = None
) -> list[Performance]:
    """Compute the numbers and verdicts of all rows.

    Parameters
    ----------
    rows : sequence of Row
        The rows.
    seeds : iterable of int
        One world per seed.
    processes : int, optional
        How many processes; default all cores.

    Returns
    -------
    list of Performance
        One for each row.
    """
    found = by_row(one_world, rows, seeds, processes)
    return [verdict(row, answers) for row, answers in zip(rows, found, strict=True)]


def to_markdown(rows: Sequence[Row], results: Sequence[Performance]) -> str:
    """Write the table of these rows and their results in Markdown."""
    head = "| method | world | truth | bias (MC error) | SD | mean SE |"
    head += " coverage | pre-test | band | verdict |"
    lines = [head, "|" + "---|" * (head.count("|") - 1)]
    for row, result in zip(rows, results, strict=True):
        shown = _numbers(result) if "bias" in result else ["–"] * 6
        cells = [row.label, row.world, row.truth, *shown, result["verdict"]]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _numbers(result: Performance) -> list[str]:
    shares = (result["coverage"], result["pretest"], result["band"])
    return [
        f"{result['bias']:+.4f} ({result['bias_error']:.4f})",
        f"{result['sd']:.4f}",
        f"{result['std_error']:.4f}",
        *("–" if np.isnan(share) else f"{100 * share:.1f}" for share in shares),
    ]


def page(rows: Sequence[Row], results: Sequence[Performance], worlds: int) -> str:
    """Write the text of docs/proofs/coverage.md."""
    cover = 100 * TOLERANCE * np.sqrt(LEVEL * SIZE / worlds)
    return f"""# Coverage by simulation

Written by `python -m zgzx_research.proofs coverage {worlds}`: seeds 0 to {worlds - 1}. Do not edit.

Each world is a fresh panel whose effects are known. The target is the mean effect over event times
0 to 2 ("window": over the cohorts seen at all three; "overall" and "static": over all treated
periods). *Truth* says whose cohort shares the true value has: the population's where shares count
as estimates, the sample's where they count as fixed. Coverage is of 95 % intervals, pre-test is how
often the 5 % test of event times {FIRST} to -2 rejects what is true, band is how often the
simultaneous 95 % band holds the truth at every event time from {FIRST} to {LAST}; all three in
percent. SD is that of (estimate - truth). Rows on the ratio scale are in logs.

A row holds if the bias is below {TOLERANCE} Monte-Carlo errors and the three shares are within
{TOLERANCE} of theirs (95 and 5 %: ±{cover:.1f} points). Imputation and stacked regressions may
cover more and reject less: the variance of the first is an upper bound; that of the second counts
as chance which stacks there are, though its weights balance them. Rows that cannot hold are there
to show that the table sees it, and what the naive methods cost.

The rows with clusters have 40 of them. Where they fail it is by a little, as cluster-robust
variances do with so few: see [wild_cluster_bootstrap](../methodology/wild_cluster_bootstrap.md) for
12.

{to_markdown(rows, results)}

## Worlds

{panels_list()}
"""


def panels_list() -> str:
    """Write one line of Markdown about each known panel."""
    return "\n".join(
        f"- **{name}**: {' '.join((draw.__doc__ or '').split())}"
        for name, draw in KNOWN_PANELS.items()
    )
