"""A world of inventors who enter a contest after a good year of their own."""

from __future__ import annotations

import numpy as np
import pandas as pd

EDITIONS, ENTRANTS, WINNERS = 10, 150, 40  # finalists and winners of an edition
FIRMS = 300
GROWTH = 0.08  # log points a year, everywhere
GOOD_YEAR = 0.9  # how much a passing good year raises the log odds to enter
EFFECT = 0.10  # inventions a year that an award adds in years 1 to 3
YEARS = {**{-k: f"inventions_m{k}" for k in range(1, 6)}, 0: "inventions_0"} | {
    k: f"inventions_p{k}" for k in range(1, 4)
}


def inventor_panel(seed: int, effect: float = EFFECT) -> pd.DataFrame:
    """Draw winners and other finalists with their inventions by year.

    Persons differ for good, firms share good years, everybody grows, and who had a good year of his
    own before the final enters more often. Among the finalists winners are drawn at random.

    Parameters
    ----------
    seed : int
        The seed of the world.
    effect : float, default .1
        Inventions a year that an award adds in years 1 to 3.

    Returns
    -------
    DataFrame
        edition, category, arm, entry_id, firm_id, worker_id, inventions_m5 to inventions_p3.
    """
    rng = np.random.default_rng([seed, 1412])
    return pd.concat([_edition(rng, edition, effect) for edition in range(1, EDITIONS + 1)])


def _edition(rng: np.random.Generator, edition: int, effect: float) -> pd.DataFrame:
    """Draw one edition: candidates, who of them enters, and who wins."""
    candidates, years = 4 * ENTRANTS, np.array(sorted(YEARS))
    firm = rng.integers(0, FIRMS, candidates)
    lasting = rng.normal(-1.0, 0.8, candidates)
    passing = rng.normal(0, 0.6, (candidates, len(years)))
    shared = rng.normal(0, 0.3, (FIRMS, len(years)))[firm]
    rate = np.exp(lasting[:, None] + passing + shared + GROWTH * years)
    last = passing[:, years == -1][:, 0]
    weight = np.exp(GOOD_YEAR * last)
    entered = rng.choice(candidates, ENTRANTS, replace=False, p=weight / weight.sum())

    won = np.zeros(candidates, dtype=bool)
    won[rng.permutation(entered)[:WINNERS]] = True
    count = rng.poisson(rate + effect * won[:, None] * (years > 0))
    rows = pd.DataFrame(count, columns=[YEARS[year] for year in years]).iloc[entered]
    person = edition * 10_000 + entered
    return rows.assign(
        edition=edition,
        category="innovation",
        arm=np.where(won[entered], "winner", "finalist"),
        entry_id=person,
        worker_id=person,
        firm_id=firm[entered],
    )
