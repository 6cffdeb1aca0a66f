"""The workers: names and numbers of nobody, schooling and skill, and their insured wage."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import Rules, words
from zgzx_research.simulate.world.identities import (
    INSURANCE_PREFIX,
    PHONE_PREFIX,
    joined,
    padded,
    resident_ids,
)
from zgzx_research.simulate.world.random_draws import exact_share

WAGE_MONTH = 6  # a wage is set each July


def person_ids(rank: np.ndarray) -> np.ndarray:
    """Return ids of workers by rank, such as P0000001."""
    return joined("P", padded(rank + 1, 7))


def simulate_workers(rules: Rules, spell: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw one row per person who ever held a job; everybody is of age at the first one.

    Parameters
    ----------
    rules : dict
        The constants.
    spell : DataFrame
        worker_rank and start of each spell.
    rng : Generator
        Random numbers.

    Returns
    -------
    DataFrame
        The columns of `World.worker` but for raised_from. second_no is the second insurance number
        of those who have two ("" = none), log_wage the lasting part of the wage.
    """
    count = int(spell["worker_rank"].max()) + 1
    began = spell.groupby("worker_rank")["start"].min().reindex(range(count)).to_numpy(dtype=float)
    began = np.where(np.isnan(began), rules["time"]["spells_from"] * 12, began)
    low, high = rules["labour"]["hiring_age"]
    days = (began / 12 - rng.uniform(low, high, count) - 1970) * 365.2425
    born = np.floor(days).astype(int).astype("datetime64[D]")
    is_man = rng.random(count) < 0.55
    numbers = rng.permutation(count)
    two = exact_share(rng, count, rules["dirt"]["two_numbers"])
    worker = pd.DataFrame(
        {
            "worker_id": person_ids(np.arange(count)),
            "name": _names(rules, count, rng),
            "resident_id": resident_ids(born, is_man),
            "insurance_no": joined(INSURANCE_PREFIX, padded(numbers, 7)),
            "second_no": np.where(two, joined(INSURANCE_PREFIX, padded(count + numbers, 7)), ""),
            "phone": joined(PHONE_PREFIX, padded(np.arange(count) % 10_000, 4)),
            "is_man": is_man,
            "born": born.astype("datetime64[s]"),
        }
    )
    rule = rules["labour"]
    for name in ("edu", "skill_level", "household"):
        levels, shares = rule[name]
        worker[name] = np.asarray(levels, dtype=object)[rng.choice(len(levels), count, p=shares)]
    skilled = worker["skill_level"].map(
        dict(zip(rule["skill_level"][0], rule["skill_wage"], strict=True))
    )
    return worker.assign(
        log_wage=skilled.to_numpy(dtype=float) + rng.normal(0, rule["wage_log_sd"], count)
    )


def wage_bases(
    rules: Rules, log_wage: np.ndarray, period: np.ndarray, raised_from: np.ndarray
) -> np.ndarray:
    """Compute the insured wage of people in some months, in whole yuan a month.

    A wage is set each July; the insured wage lies between floor and ceiling.

    Parameters
    ----------
    rules : dict
        The constants.
    log_wage : array (rows,)
        The lasting part of the wage.
    period : array (rows,)
        Months.
    raised_from : array (rows,)
        Month of the final from which on a skill award raises the wage.

    Returns
    -------
    array (rows,) of int
        Yuan.
    """
    rule = rules["labour"]
    year = (period - WAGE_MONTH) // 12
    since = year - rule["wage"][0]
    raised = np.where(period >= raised_from, np.log1p(rules["effect"]["wage"]["skill"]), 0.0)
    wage = rule["wage"][1] * np.exp(log_wage + raised + np.log(rule["wage"][2]) * since)
    growth = rule["base_bounds"][2] ** since
    low, high = (np.rint(bound * growth).astype(np.int64) for bound in rule["base_bounds"][:2])
    return np.clip(np.rint(wage).astype(np.int64), low, high)


def skill_raises(entry: pd.DataFrame, member: pd.DataFrame, workers: int) -> np.ndarray:
    """Return each worker's month of the first final with a skill award; others are far away."""
    winning = (entry["outcome"] == "获奖").to_numpy() & (entry["category"] == "skill").to_numpy()
    rows = member[winning[member["entry_rank"]]]
    raised = np.full(workers, 10**6)
    np.minimum.at(
        raised, rows["worker_rank"].to_numpy(dtype=int), rows["month"].to_numpy(dtype=int)
    )
    return raised


def _names(rules: Rules, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a surname and an invented given name.

    A share of `own_names` of the people have a name of their own, the others share it about in
    threes. A few have a given name with a rare character.
    """
    own = exact_share(rng, count, rules["labour"]["own_names"])
    shared = int((~own).sum())
    pool = shared // 3 + 1
    number = np.empty(count, dtype=np.int64)
    number[~own] = rng.integers(0, pool, shared)
    number[own] = pool + np.arange(int(own.sum()))
    lists = words()["person"]
    surnames, given = (
        np.asarray(lists["surnames"], dtype=object),
        np.asarray(list(lists["given"]), dtype=object),
    )
    base = len(surnames) * len(given)
    mixed = rng.permutation(base)[
        number % base
    ]  # so that surnames and given names come in any order
    round_ = number // base  # those beyond the first round have a second given character
    second = np.append("", given)[round_]
    rare = np.asarray(lists["rare"], dtype=object)[rng.integers(0, len(lists["rare"]), count)]
    second = np.where(exact_share(rng, count, rules["labour"]["rare_names"]), rare, second)
    return joined(surnames[mixed % len(surnames)], "拟", given[mixed // len(surnames)], second)
