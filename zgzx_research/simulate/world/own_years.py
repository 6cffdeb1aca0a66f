"""Good years of single persons: they pass, and who had one is sent to the contest.

A person named on many applications last year enters more often, and is named on as many as
colleagues again afterwards: regression to the mean by person. The applications of the firm stay
as they are; only who of the staff is named on them differs.
"""

from __future__ import annotations

import numpy as np

from zgzx_research.simulate.world.constants import Rules


def own_shocks(rules: Rules, jobs: int, rng: np.random.Generator) -> np.ndarray | None:
    """Draw the passing log shock of the holder of each job in each year.

    Parameters
    ----------
    rules : dict
        The constants.
    jobs : int
        How many jobs there are.
    rng : Generator
        Random numbers.

    Returns
    -------
    array (jobs, years) or None
        Years from the first that employment is recorded; None where persons have no years of
        their own.
    """
    spread, time = rules["patents"]["person_sd"], rules["time"]
    if not spread:
        return None
    return rng.normal(0, spread, (jobs, time["panel"][1] + 1 - time["spells_from"]))


def entry_odds(rules: Rules, shocks: np.ndarray | None, year: int) -> np.ndarray | None:
    """Return the log odds that last year's shocks, those of `year`, add to an entry (jobs,)."""
    if shocks is None:
        return None
    return rules["selection"]["person"] * shocks[:, year - rules["time"]["spells_from"]]


def inventing_jobs(
    rules: Rules,
    firsts: np.ndarray,
    jobs: np.ndarray,
    year: np.ndarray,
    draws: np.ndarray,
    shocks: np.ndarray | None,
) -> np.ndarray:
    """Draw the job of each inventor, by the shocks of the year of filing.

    Parameters
    ----------
    rules : dict
        The constants.
    firsts, jobs : array (inventors,)
        First job and number of jobs of the firm.
    year : array (inventors,)
        Year of filing.
    draws : array (inventors,)
        Random numbers, 0 to 1.
    shocks : array (all jobs, years) or None
        See `own_shocks`; None = all jobs alike.

    Returns
    -------
    array (inventors,) of int
        Jobs.
    """
    if shocks is None:
        return firsts + np.floor(draws * jobs).astype(int)
    found, column = np.zeros(len(draws), dtype=int), year - rules["time"]["spells_from"]
    for place in np.unique(column):
        rows = np.flatnonzero(column == place)
        total = np.append(0.0, np.cumsum(np.exp(shocks[:, place])))
        low, high = total[firsts[rows]], total[firsts[rows] + jobs[rows]]
        job = np.searchsorted(total, low + draws[rows] * (high - low), side="right") - 1
        found[rows] = np.clip(job, firsts[rows], firsts[rows] + jobs[rows] - 1)
    return found
