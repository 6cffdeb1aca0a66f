"""The contribution bases that the insurance files report, with what passes in a wage."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from zgzx_research.simulate.world.constants import Order
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.workers import WAGE_MONTH, wage_bases


def insured_bases(
    world: World, worker_rank: np.ndarray, spell: np.ndarray, period: np.ndarray
) -> np.ndarray:
    """Compute the contribution bases of people in some months of their spells.

    Parameters
    ----------
    world : World
        The world.
    worker_rank : array (rows,)
        The people.
    spell : array (rows,)
        Positions in `world.spell`.
    period : array (rows,)
        Months.

    Returns
    -------
    array (rows,) of int
        Yuan a month.
    """
    wage, raised = (
        world.worker[name].to_numpy()[worker_rank] for name in ("log_wage", "raised_from")
    )
    by_year, by_job = _passing(world.order, len(world.worker), len(world.spell))
    if by_year is not None:
        first = world.rules["time"]["spells_from"] - 1
        wage = wage + by_year[worker_rank, np.maximum((period - WAGE_MONTH) // 12 - first, 0)]
    if by_job is not None:
        wage = wage + by_job[spell]
    return wage_bases(world.rules, wage, period, raised)


@lru_cache(maxsize=1)
def _passing(
    order: Order, workers: int, spells: int
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Draw the log wage that passes: of a person in a year, and of a job; None = no difference."""
    rule, time = order.rules["labour"], order.rules["time"]
    years = time["panel"][1] + 3 - time["spells_from"]
    shapes = {"wage_year_sd": (workers, years), "wage_job_sd": (spells,)}
    drawn = {
        name: order.stream(name).normal(0, rule[name], shape) if rule[name] else None
        for name, shape in shapes.items()
    }
    return drawn["wage_year_sd"], drawn["wage_job_sd"]
