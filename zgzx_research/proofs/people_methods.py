"""Designs on the people of the finals, tried in worlds with known stays.

The truth is the contrast itself: what the final adds to winners less what it adds to the other
finalists of the same contests, over the rows that the design uses. A finalist's disappointment is
therefore part of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.designs.contest_sample import contest_sample
from zgzx_research.designs.rank_near_cut import rank_near_cut
from zgzx_research.designs.spillovers import colleagues_retention, patents_without_finalists
from zgzx_research.designs.stratified_contrast import stratified_contrast
from zgzx_research.designs.winners_and_finalists import winners_and_finalists
from zgzx_research.designs.winners_checks import winners_aipw, winners_hazard
from zgzx_research.designs.winners_patents import winners_patents
from zgzx_research.proofs.inventor_worlds import EFFECT, inventor_panel
from zgzx_research.proofs.person_worlds import (
    colleague_panel,
    invention_panel,
    person_panel,
)
from zgzx_research.proofs.verdicts import Answer
from zgzx_research.simulate.world.constants import Order

Method = Callable[[Any], Answer]
COLLEAGUES = 0.005  # points of a year's stay in years 1 to 3, world.toml [effect.retention]
TENURE = ("tenure_months",)


def winners(
    panel: pd.DataFrame,
    months: int = 24,
    weighting: str = "persons",
    category: str | None = None,
) -> Answer:
    """Compare winners with other finalists by `winners_and_finalists`, adjusted for tenure."""
    panel = panel if category is None else panel[panel["category"].eq(category)]
    stay = f"retention_{months}_group"
    found = winners_and_finalists(panel, stay, covariates=TENURE).to_frame()
    row = found.set_index("weighting").loc[weighting]
    return _answer(row, true_contrast(panel, months, weighting))


def true_contrast(panel: pd.DataFrame, months: int, weighting: str = "persons") -> float:
    """Compute what the final truly adds to winners less what it adds to other finalists."""
    added = panel[f"mu1_{months}"] - panel[f"mu0_{months}"]
    rows = contest_sample(
        panel.assign(added=added), ["added", f"retention_{months}_group"], where="truth"
    )
    weight = rows.entry_weights() if weighting == "entries" else None
    effect = rows.rows["added"].to_numpy()
    found = stratified_contrast(effect, rows.won, rows.contest, rows.firm, weight=weight)
    return found.estimate


def near_cut(panel: pd.DataFrame, window: int = 3, months: int = 24) -> Answer:
    """Compare entries near the cut by `rank_near_cut`."""
    stay = f"retention_{months}_group"
    added = (panel[f"mu1_{months}"] - panel[f"mu0_{months}"]).where(panel[stay].notna())
    found = rank_near_cut(panel.assign(added=added), stay, windows=[window], placebo=["added"])
    row, true = (found.to_frame().iloc[k] for k in (0, 1))
    return _answer(row, float(true["estimate"]))


def tenure_near_cut(panel: pd.DataFrame, window: int = 3) -> Answer:
    """Compare tenure at the final near the cut: no award can have moved it."""
    found = rank_near_cut(panel, "retention_24_group", windows=[window], placebo=TENURE)
    return _answer(found.to_frame().iloc[1], 0.0)


def aipw(panel: pd.DataFrame) -> Answer:
    """Estimate the 24-month stay by `winners_aipw`: logit and boosted trees, by folds of firms."""
    return _answer(winners_aipw(panel).to_frame().iloc[0], true_contrast(panel, 24))


def hazard(panel: pd.DataFrame) -> Answer:
    """Estimate the 24-month stay by `winners_hazard`: months of persons, cloglog."""
    return _answer(winners_hazard(panel).to_frame().iloc[0], true_contrast(panel, 24))


def patents(panel: pd.DataFrame, estimate_of: str = "difference in differences") -> Answer:
    """Compare the change in a person's inventions by `winners_patents`."""
    found = winners_patents(panel).to_frame().set_index("estimate_of")
    return _answer(found.loc[estimate_of], 0.0 if estimate_of == "before the final" else EFFECT)


def colleagues(tables: tuple[pd.DataFrame, pd.DataFrame], true: float = COLLEAGUES) -> Answer:
    """Compare colleagues' stays by `colleagues_retention`; `true` is what the world adds."""
    return _answer(colleagues_retention(*tables).to_frame().iloc[0], true)


def firm_patents(tables: tuple[pd.DataFrame, pd.DataFrame]) -> Answer:
    """Compare inventions of firms by `patents_without_finalists` where awards do nothing."""
    return _answer(patents_without_finalists(*tables).to_frame().iloc[0], 0.0)


def _answer(row: pd.Series, true: float) -> Answer:
    estimate, error, low, high, smallest = row[
        ["estimate", "std_error", "ci_low", "ci_high", "detectable"]
    ].astype(float)
    p_value = float(row.get("p_value", np.nan))
    return Answer(estimate - true, error, low, high, true, mde=smallest, p_value=p_value)


METHODS: dict[str, Method] = {
    "24 months, persons": winners,
    "24 months, entries": partial(winners, weighting="entries"),
    "12 months, persons": partial(winners, months=12),
    "24 months, team": partial(winners, category="team"),
    **{f"rank, window {window}": partial(near_cut, window=window) for window in (1, 2, 3, 5)},
    "tenure by rank, window 3": tenure_near_cut,
    "24 months, AIPW": aipw,
    "24 months, hazard": hazard,
    "colleagues": colleagues,
    "firm patents, null": firm_patents,
    "inventions, winners less finalists": patents,
    "inventions, check before the final": partial(patents, estimate_of="before the final"),
    "inventions, before and after": partial(patents, estimate_of="before and after"),
}

# how the table of a world is drawn, by name
SOURCES: dict[str, Callable[[Order], Any]] = {
    "persons": person_panel,
    "colleagues": colleague_panel,
    "firms": invention_panel,
    "inventors": lambda order: inventor_panel(order.seed),
}
