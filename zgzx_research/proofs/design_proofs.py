"""The table of designs: contest and precision weights beside today's headline.

`python -m zgzx_research.proofs designs 300` writes docs/proofs/designs.md. Worlds have the size
`default`, all traps as they are, and the seeds 0..N-1; rows of one world share it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd

from zgzx_research.designs.contest import contest_effects
from zgzx_research.designs.precision_weights import precision_weights
from zgzx_research.did.core import inference
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.errors import ZgzxError
from zgzx_research.proofs import traps
from zgzx_research.proofs.contest_worlds import OUTCOME, ContestWorld, contest_world
from zgzx_research.proofs.many_worlds import by_row
from zgzx_research.proofs.trap_methods import HEADLINE, ROLES, primary
from zgzx_research.proofs.verdicts import SIZE, Answer, Performance, judge
from zgzx_research.robustness.summaries import summary_row
from zgzx_research.simulate.world.constants import Order
from zgzx_research.simulate.world.outcome_panel import outcome_panel


@dataclass(frozen=True, slots=True)
class DesignRow:
    """One row of the table.

    Attributes
    ----------
    label : str
        Outcome and world in words.
    method : str
        A key of `PATENTS` or `RETENTION`.
    scenario : str
        A row of world.toml.
    outcome : {"patents", "retention"}
        The kind of world.
    conservative : tuple of str
        See `judge`.
    size : str
        A row of world.toml.
    most : int
        At most so many worlds: those of today's headline rest on the tables of the other proofs.
    """

    label: str
    method: str
    scenario: str
    outcome: str = "patents"
    conservative: tuple[str, ...] = ("pre-test",)
    size: str = "default"
    most: int = 60


def never_treated(world: ContestWorld) -> Answer:
    """Compare winners with all firms that never won, in totals, without the year before."""
    return primary(world.firm_year, OUTCOME)


def entrants(world: ContestWorld, weights: str) -> Answer:
    """Compare winners with the other entrants of the edition by odds weights."""
    found = contest_effects(world.firm_year, world.firm_entries, outcome=OUTCOME, weights=weights)
    return Answer(
        found.estimate - (true := true_contest(world, weights)),
        found.std_error,
        found.ci_low,
        found.ci_high,
        true,
        float(float(found.pretest["p_value"]) < SIZE),
        mde=found.detectable,
        p_value=found.p_value,
    )


def true_contest(world: ContestWorld, weights: str) -> float:
    """Compute the true effect of winning: expected inventions as it was, against not having won.

    Parameters
    ----------
    world : ContestWorld
        The world.
    weights : {"level", "one"}
        The weights of firms.

    Returns
    -------
    float
        A proportion, over the firms and years of the estimate.
    """
    panel = world.firm_year
    event = panel["year"] - panel["first_award"]
    ends = panel["first_award"] + HEADLINE[1] <= panel["year"].max()
    after = panel[event.between(*HEADLINE) & ends].dropna(subset=OUTCOME)
    weight = pd.Series(1.0, index=after.index)
    if weights == "level":
        before = panel[event < 0].groupby("firm_id")["patents_all"].mean()
        weight = 1 / (3 + 0.35 * after["firm_id"].map(before))
    return float((weight * after["mu1"]).sum() / (weight * after["mu_lost"]).sum() - 1)


def precise(panel: pd.DataFrame) -> Answer:
    """Weigh all firms by the precision of their change; pooled base without the year before."""
    panel = panel[~(panel["year"] > panel["closed_year"])]
    found = precision_weights(panel, staff="staff")
    panel = panel.assign(weight=found.weight)
    prepared = prepare_panel(panel, **ROLES, outcome="retention", weights="weight")
    effects = estimate_effects(prepared, base_period="pooled", leave_out=1, cohort_correction=True)
    event = effects.aggregate("event_time", min_event=-5, max_event=6)
    row = event.window(*HEADLINE).iloc[0]
    estimate, error, low, high = row[["estimate", "std_error", "ci_low", "ci_high"]].astype(float)
    mde = inference.power_factor(df=effects.df) * error
    true = _true_weighted(panel)
    p_value = float(event.pretest()["p_value"])
    answer = Answer(estimate - true, error, low, high, true, float(p_value < SIZE), mde=mde)
    return replace(answer, p_value=float(summary_row(effects, HEADLINE)["p_value"]))


def _true_weighted(panel: pd.DataFrame) -> float:
    event = panel["year"] - panel["first_award"]
    ends = panel["first_award"] + HEADLINE[1] < panel["year"].max() + 1
    after = panel[event.between(*HEADLINE) & ends].dropna(subset=["mu0", "mu1", "weight"])
    gain = (after["mu1"] - after["mu0"]) * after["weight"]
    years = after["year"] - after["first_award"]
    return float((gain.groupby(years).sum() / after["weight"].groupby(years).sum()).mean())


PATENTS: dict[str, Callable[[ContestWorld], Answer]] = {
    "never treated, totals (today)": never_treated,
    "contest, totals": partial(entrants, weights="one"),
    "contest, mean winning firm": partial(entrants, weights="level"),
}
RETENTION: dict[str, Callable[[pd.DataFrame], Answer]] = {
    "one firm one weight, one base year (today)": partial(primary, outcome="retention"),
    "one firm one weight, pooled base": partial(primary, outcome="retention", base_period="pooled"),
    "precision weights, pooled base, all firms": precise,
}
SCENARIOS = ("null", "calibrated", "teaching")
CONTEST_WORLDS = {"null": 300, "calibrated": 150, "teaching": 150}
RETENTION_WORLDS = {"null": 60, "calibrated": 80}
MEAN_FIRM = "contest, mean winning firm"
CAREFUL = ("pre-test", "coverage")  # a few large firms decide on totals: intervals may cover more
ROWS = (
    *(
        DesignRow(f"inventions, {scenario}", method, scenario, conservative=CAREFUL)
        for scenario in SCENARIOS
        for method in PATENTS
        if method != MEAN_FIRM
    ),
    *(
        DesignRow(f"inventions, {scenario}", MEAN_FIRM, scenario, most=CONTEST_WORLDS[scenario])
        for scenario in SCENARIOS
    ),
    *(
        DesignRow(f"retention, {scenario}", method, scenario, "retention", CAREFUL, most=most)
        for scenario, most in RETENTION_WORLDS.items()
        for method in RETENTION
    ),
)


def one_world(rows: Sequence[DesignRow], seed: int) -> list[Answer | str]:
    """Return the answer of every row for one seed, or the message of its error."""
    drawn: dict[tuple[str, str], ContestWorld | pd.DataFrame] = {}
    answers: list[Answer | str] = []
    for row in rows:
        key = (row.outcome, row.scenario)
        if key not in drawn:
            order = Order(row.scenario, row.size, seed)
            patents = row.outcome == "patents"
            drawn[key] = contest_world(order) if patents else outcome_panel(order, "retention")
        world = drawn[key]
        try:
            if isinstance(world, ContestWorld):
                answers.append(PATENTS[row.method](world))
            else:
                answers.append(RETENTION[row.method](world))
        except ZgzxError as error:
            answers.append(str(error))
    return answers


def prove(
    rows: Sequence[DesignRow], seeds: Iterable[int], processes: int | None = None
) -> list[Performance]:
    """Compute the numbers and verdicts of all rows.

    Parameters
    ----------
    rows : sequence of DesignRow
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
    found = by_row(one_world, rows, seeds, processes, [row.most for row in rows])
    return [
        judge(answers, conservative=row.conservative)
        for row, answers in zip(rows, found, strict=True)
    ]


to_markdown = traps.to_markdown


def page(rows: Sequence[DesignRow], results: Sequence[Performance], worlds: int) -> str:
    """Write the text of docs/proofs/designs.md."""
    return f"""# Designs for a sharper headline

Written by `python -m zgzx_research.proofs designs {worlds}`: synthetic worlds of the size `default`
with all their traps, seeds from 0 on, as many as the column `worlds` says. Do not edit.

Inventions: proportional effect one to three years after the first award; retention: difference of
shares. The estimands differ and are never averaged: "totals" is about all patents of winners
together, "mean winning firm" gives firms with many patents less weight, and the contest compares
with firms that entered and did not win. A row holds if the bias is below 3 Monte-Carlo errors and
coverage within 3 of its own. The columns are those of [traps.md](traps.md); the error of the
contest is that of the ratio itself, that of today's headline is of the estimating equation.

{to_markdown(rows, results)}
"""
