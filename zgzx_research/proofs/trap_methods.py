"""Whether a method finds the truth of synthetic worlds.

A naive method beside the package's, each trap alone.

The only module of `simulate` that knows estimators. On the ratio scale the error is that of the
estimating equation, treated total minus (1 + true effect) x counterfactual total, in units of the
mean counterfactual. It is linear in the data: its mean tells what identification gets wrong, and
not how skewed a ratio of small totals is. The intervals are Fieller's, which invert the same
equation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did import inference
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.ppml import ppml
from zgzx_research.did.prepare import prepare_panel
from zgzx_research.errors import ZgzxError
from zgzx_research.proofs.verdicts import LEVEL, SIZE, Answer, judge, over_worlds
from zgzx_research.simulate.world.constants import Order, known_row, switched
from zgzx_research.simulate.world.outcome_panel import outcome_panel

HEADLINE, WINDOW = (1, 3), (-5, 6)
# the primary specification by outcome, as in studies/demo.toml (a test holds them equal)
PRIMARY: dict[str, dict[str, Any]] = {
    "patents": {
        "scale": "ratio",
        "base_period": "pooled",
        "leave_out": 1,
        "cohort_correction": True,
    },
    "retention": {
        "scale": "difference",
        "base_period": "universal",
        "leave_out": 1,
        "cohort_correction": True,
    },
}
MIN_STAFF = 5  # in the first year seen, as in studies/demo.toml
ROLES = {"unit": "firm_id", "period": "year", "first_treated": "first_award"}
DRAWS = 10_000
Method = Callable[[pd.DataFrame, str], Answer]


@dataclass(frozen=True, slots=True)
class Proof:
    """One row of a table of proofs.

    Attributes
    ----------
    label : what the row shows. method : key of METHODS. outcome : as in the firm-year panel.
    scenario, size, traps : the world; every trap of [trap] that is not named is off, optional ones
        named are on.
    category : only its winners stay, beside firms that never won. fails : why it cannot hold; "" =
        it must.
    conservative : see `judge`. most : worlds at most; side remarks need fewer.
    """

    label: str
    method: str = "primary"
    outcome: str = "patents_invention"
    scenario: str = "calibrated"
    size: str = "tiny"
    traps: tuple[str, ...] = ()
    category: str | None = None
    fails: str = ""
    conservative: tuple[str, ...] = ("pre-test",)
    most: float = np.inf

    def order(self, seed: int) -> Order:
        """The world of a seed.

        Raises
        ------
        ZgzxError : a trap nobody knows.
        """
        usual, optional = (switched()[kind] for kind in ("trap", "optional_trap"))
        for name in set(self.traps) - set(optional):
            known_row("trap", name)
        without = tuple(name for name in usual if name not in self.traps)
        return Order(
            self.scenario,
            self.size,
            seed,
            without,
            tuple(name for name in self.traps if name in optional),
        )


def prove(
    proofs: Sequence[Proof],
    seeds: Iterable[int],
    processes: int | None = None,
    *,
    progress: bool = True,
) -> list[dict[str, Any]]:
    """Numbers and verdict of each proof (see `judge`) over the worlds of these seeds, on all cores."""
    for proof in proofs:
        if proof.method not in METHODS:
            raise ZgzxError(
                f"unknown method {proof.method!r}", remedy=f"Known: {', '.join(METHODS)}."
            )
        proof.order(0)
    chosen = [
        (seed, [k for k, proof in enumerate(proofs) if place < proof.most])
        for place, seed in enumerate(seeds)
    ]
    found: list[list[Answer | str]] = [[] for _ in proofs]
    answers = over_worlds(
        partial(_chosen, tuple(proofs)), chosen, processes, _fewer_draws, progress
    )
    for (_, rows), world in zip(chosen, answers, strict=True):
        for k, answer in zip(rows, world, strict=True):
            found[k].append(answer)
    return [
        judge(found[k], fails=proof.fails, conservative=proof.conservative)
        for k, proof in enumerate(proofs)
    ]


def _chosen(proofs: Sequence[Proof], item: tuple[int, list[int]]) -> list[Answer | str]:
    seed, rows = item
    return one_world([proofs[k] for k in rows], seed)


def one_world(proofs: Sequence[Proof], seed: int) -> list[Answer | str]:
    """The answer of every proof for one seed, or what the package objected to.

    Proofs of one world share it.
    """
    drawn: dict[tuple[Order, str], pd.DataFrame] = {}
    answers: list[Answer | str] = []
    for proof in proofs:
        key = (proof.order(seed), proof.outcome)
        if key not in drawn:
            drawn[key] = outcome_panel(*key)
        panel = drawn[key]
        if proof.category:
            panel = panel[panel["first_award"].isna() | panel["first_category"].eq(proof.category)]
        try:
            answers.append(METHODS[proof.method](panel, proof.outcome))
        except ZgzxError as error:
            answers.append(str(error))
    return answers


def true_effect(panel: pd.DataFrame, events: tuple[int, int] = HEADLINE) -> float:
    """Of the firm-years `events` after a first award, for firms whose whole window lies in the panel: what the model
    expects with the awards against without, as a proportion of patents or a mean difference of
    retention."""
    cells = panel[_in_window(panel, events)].dropna(subset=["mu0", "mu1"])
    if "retention" in panel:
        event = cells["year"] - cells["first_award"]
        return float((cells["mu1"] - cells["mu0"]).groupby(event).mean().mean())
    return float(cells["mu1"].sum() / cells["mu0"].sum() - 1)


def primary(panel: pd.DataFrame, outcome: str, **changes: Any) -> Answer:
    """The package's specification among living firms, of retention with enough staff, but for `changes`."""
    panel = panel[~(panel["year"] > panel["closed_year"])]
    if outcome == "retention":
        seen = panel.dropna(subset=outcome).sort_values("year").drop_duplicates("firm_id")
        panel = panel[panel["firm_id"].isin(seen.loc[seen["staff"] >= MIN_STAFF, "firm_id"])]
    return _estimated(panel, outcome, **changes)


def _estimated(panel: pd.DataFrame, outcome: str, **changes: Any) -> Answer:
    prepared = prepare_panel(panel, **ROLES, outcome=outcome)
    effects = estimate_effects(prepared, **(PRIMARY[outcome.split("_")[0]] | changes))
    event = effects.aggregate("event_time", min_event=WINDOW[0], max_event=WINDOW[1])
    true, numbers = true_effect(panel), effects.numbers
    p = float(event.pretest()["p_value"])
    rejected = np.nan if np.isnan(p) else float(p < SIZE)
    _, row = event.select(window=HEADLINE)
    low, high = row.bounds(numbers, inference.t_quantile(LEVEL, effects.df))
    mde = row.detectable(numbers, inference.power_factor(df=effects.df))[0]
    if row.totals is None or row.by_totals is None:
        error, variance, unit = row.value[0] - true, row.covariance(numbers)[0, 0], 1.0
    else:
        treated, unit = row.totals[:, 0]
        by_equation = row.by_totals[0] - (1 + true) * row.by_totals[1]
        error, variance = (
            treated - (1 + true) * unit,
            numbers.spread(by_equation, by_equation)[0, 0],
        )
    return Answer(error, np.sqrt(variance), low[0], high[0], true, rejected, unit=unit, mde=mde)


def without_largest(panel: pd.DataFrame, outcome: str) -> Answer:
    """The package's specification without the firm that files most."""
    total = panel.groupby("firm_id")[outcome].sum()
    return primary(panel[panel["firm_id"] != total.idxmax()], outcome)


def before_after(panel: pd.DataFrame, outcome: str) -> Answer:
    """Naive: winners' years after the award against their own years before it."""
    after, before = panel[_in_window(panel, HEADLINE)], panel[panel["year"] < panel["first_award"]]
    total = after.groupby("firm_id")[outcome].agg(["sum", "count"])
    usual = before.groupby("firm_id")[outcome].mean().reindex(total.index)
    known = usual.notna().to_numpy()
    treated, counterfactual = (
        total["sum"].to_numpy()[known],
        (usual * total["count"]).to_numpy()[known],
    )
    if outcome == "retention":
        change = (treated - counterfactual) / np.maximum(total["count"].to_numpy()[known], 1)
        return _difference(panel, change.mean(), change.std(ddof=1) / np.sqrt(len(change)))
    covariance = len(treated) * np.cov(treated, counterfactual)
    return _ratio(panel, np.array([treated.sum(), counterfactual.sum()]), covariance)


def winners_against_all(panel: pd.DataFrame, outcome: str) -> Answer:
    """Naive: winners' years after the award against the mean firm that never won in the same years."""
    winner = panel[_in_window(panel, HEADLINE)].dropna(subset=outcome)
    years = winner["year"].value_counts()
    other = panel[panel["first_award"].isna() & panel["year"].isin(years.index)].dropna(
        subset=outcome
    )
    by_year = other.groupby("year")[outcome].agg(["mean", "count"])
    treated = winner.groupby("firm_id")[outcome].sum()
    weight = other["year"].map(years / by_year["count"])
    shares = (
        (weight * (other[outcome] - other["year"].map(by_year["mean"])))
        .groupby(other["firm_id"])
        .sum()
    )
    covariance = np.diag([len(treated) * treated.var(), (shares**2).sum()])
    return _ratio(panel, np.array([treated.sum(), (years * by_year["mean"]).sum()]), covariance)


def two_way(panel: pd.DataFrame, outcome: str) -> Answer:
    """Naive: the firms of the rosters alone, one coefficient with firm and year effects for all years since."""
    prepared = prepare_panel(panel.dropna(subset="first_award"), **ROLES, outcome=outcome)
    row = ppml(prepared, "static").aggregate("overall").to_frame().iloc[0]
    ratio, error = np.exp(row["estimate"]), np.exp(row["estimate"]) * row["std_error"]
    true = true_effect(panel, (0, 99))
    low, high = np.expm1(row[["ci_low", "ci_high"]].astype(float))
    return Answer(ratio - 1 - true, error, low, high, true)


METHODS: dict[str, Method] = {
    "primary": primary,
    "single_base": partial(primary, base_period="universal"),
    "full_base": partial(primary, leave_out=0),
    "base_minus_one": partial(primary, base_period="universal", leave_out=0),
    "zeros_after_closure": _estimated,
    "without_largest": without_largest,
    "before_after": before_after,
    "winners_against_all": winners_against_all,
    "two_way": two_way,
}


def _in_window(panel: pd.DataFrame, events: tuple[int, int]) -> pd.Series:
    """Rows `events` after the award; of firms whose whole window lies in the panel, if it ends."""
    event, last = panel["year"] - panel["first_award"], panel["year"].max()
    whole = (
        panel["first_award"] + events[1] <= last if events[1] < last - panel["year"].min() else True
    )
    return event.between(*events) & whole


def _ratio(panel: pd.DataFrame, totals: np.ndarray, covariance: np.ndarray) -> Answer:
    """Answer from treated and counterfactual totals and their (2, 2) covariance."""
    true, critical = true_effect(panel), inference.t_quantile(LEVEL)
    equation = np.array([1.0, -(1 + true)])
    low, high = inference.ratio_interval(totals[:1], totals[1:], covariance[:, :, None], critical)
    variance = equation @ covariance @ equation
    return Answer(
        equation @ totals, np.sqrt(variance), low[0] - 1, high[0] - 1, true, unit=totals[1]
    )


def _difference(panel: pd.DataFrame, estimate: float, std_error: float) -> Answer:
    true, half = true_effect(panel), inference.t_quantile(LEVEL) * std_error
    return Answer(estimate - true, std_error, estimate - half, estimate + half, true)


def _fewer_draws() -> None:
    """A critical value's Monte-Carlo error, .03, averages out over worlds."""
    inference.DRAWS = DRAWS
