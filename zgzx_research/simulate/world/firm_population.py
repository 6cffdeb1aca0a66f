"""The firms of the synthetic world: their traits, their lives, and their level of patenting."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import Rules, words
from zgzx_research.simulate.world.identities import brands, credit_codes, joined, padded
from zgzx_research.simulate.world.random_draws import exact_share


def simulate_firms(rules: Rules, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the firms: identity, life, traits, and the parts of the name.

    Parameters
    ----------
    rules : dict
        The constants.
    count : int
        How many firms.
    rng : Generator
        Random numbers.

    Returns
    -------
    DataFrame
        One row per firm. `size_rank` is the position in the size classes; `level` the lasting log
        number of applications, missing where the firm never patents; `founded` and `closed` are
        days, `closed` missing while the firm is open.
    """
    rule = rules["firm"]
    size = rng.choice(len(rule["sizes"]), size=count, p=rule["size_share"])
    industry = _industries(rng, count)
    founded, closed = _lives(rules, rng, count)
    legal = _draw(rng, rule["joint_stock_share"], size).astype(int)
    firm = pd.DataFrame(
        {
            "firm_id": joined("T", padded(np.arange(1, count + 1), 6)),
            "uscc": credit_codes(rng, count),
            "core": joined(brands(rng, count), _industry_words(rng, industry)),
            "legal": np.asarray(words()["firm"]["legal"], dtype=object)[legal],
            "form": rng.choice(
                len(words()["firm"]["forms"]), size=count, p=words()["firm"]["form_share"]
            ),
            "kind": np.asarray(words()["firm"]["types"], dtype=object)[legal],
            "founded": founded,
            "closed": closed,
            "size": np.asarray(rule["sizes"], dtype=object)[size],
            "size_rank": size,
            "street": _street(rng, count),
            "industry": np.asarray([entry["code"] for entry in words()["industry"]], dtype=object)[
                industry
            ],
            "industry_rank": industry,
            "headcount": _headcount(rng, size, rule["headcount"]),
            "capital_wan": rng.choice([10, 50, 100, 200, 500, 1000], size=count)
            * 10 ** size.clip(max=2),
            "union": _draw(rng, rule["union_share"], size),
        }
    )
    firm.insert(2, "name", written_names(firm, firm["form"].to_numpy()))
    return _with_patenting(rules, firm, rng)


def written_names(firm: pd.DataFrame, form: np.ndarray) -> np.ndarray:
    """Write names of firms (rows with core and legal) in these forms.

    A form is a position in names.toml [firm] forms.
    """
    texts = np.empty(len(firm), dtype=object)
    core, legal = firm["core"].to_numpy(dtype=object), firm["legal"].to_numpy(dtype=object)
    for position, template in enumerate(words()["firm"]["forms"]):
        before, between, after = template.replace("{legal}", "{core}").split("{core}")
        rows = form == position
        texts[rows] = joined(before, core[rows], between, legal[rows], after)
    return texts


def variant_names(firm: pd.DataFrame, share: float, rng: np.random.Generator) -> np.ndarray:
    """Write names of firms as people do: `share` of the rows in another than the official form."""
    forms = len(words()["firm"]["forms"])
    official = firm["form"].to_numpy()
    other = (official + rng.integers(1, forms, size=len(firm))) % forms
    return written_names(firm, np.where(exact_share(rng, len(firm), share), other, official))


def alive(firm: pd.DataFrame, years: np.ndarray) -> np.ndarray:
    """Mark the years (firms x years) in which each firm is open: founded and not closed before."""
    founded = firm["founded"].dt.year.to_numpy()[:, None]
    closed = firm["closed"].dt.year.fillna(9999).to_numpy()[:, None]
    return (founded <= years) & (years <= closed)


def _draw(rng: np.random.Generator, chance: list[float], group: np.ndarray) -> np.ndarray:
    return rng.random(len(group)) < np.asarray(chance)[group]


def _industries(rng: np.random.Generator, count: int) -> np.ndarray:
    weights = np.asarray([entry["weight"] for entry in words()["industry"]], dtype=float)
    return rng.choice(len(weights), size=count, p=weights / weights.sum())


def _industry_words(rng: np.random.Generator, industry: np.ndarray) -> np.ndarray:
    lists = [entry["words"] for entry in words()["industry"]]
    chosen = [rng.integers(0, len(choices), len(industry)) for choices in lists]
    return np.asarray([lists[i][chosen[i][row]] for row, i in enumerate(industry)], dtype=object)


def _street(rng: np.random.Generator, count: int) -> np.ndarray:
    place = words()["place"]
    weights = np.asarray(place["weights"], dtype=float)
    return rng.choice(
        np.asarray(place["streets"], dtype=object), size=count, p=weights / weights.sum()
    )


def _headcount(rng: np.random.Generator, size: np.ndarray, bounds: list[list[int]]) -> np.ndarray:
    low, high = np.asarray(bounds, dtype=float)[size].T
    return np.floor(low * (high / low) ** rng.random(len(size))).astype(int)


def _lives(rules: Rules, rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw founding and closing days; a firm is open for at least two full years."""
    rule = rules["firm"]
    first, last = rule["founded_years"]
    early = rng.random(count) < rule["founded_early"]
    border = rules["time"]["spells_from"]
    year = np.where(
        early, rng.integers(first, border, count), rng.integers(border, last + 1, count)
    )
    founded = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]") + rng.integers(
        0, 365, count
    )
    end = rules["time"]["panel"][1]
    waited = np.floor(rng.exponential(1 / rule["closure"], count)).astype(int)
    closing = np.maximum(year + 3, rule["closure_from"]) + waited
    day = (np.minimum(closing, end) - 1970).astype("datetime64[Y]").astype(
        "datetime64[D]"
    ) + rng.integers(0, 365, count)
    closed = np.where(closing <= end, day, np.datetime64("NaT"))
    return founded.astype("datetime64[s]"), closed.astype("datetime64[s]")


def _with_patenting(rules: Rules, firm: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    rule = rules["patents"]
    size = firm["size_rank"].to_numpy()
    can = _draw(rng, rule["patenting_share"], size)
    level = rng.normal(np.asarray(rule["log_level"])[size], rule["log_level_sd"])
    hitech = _draw(rng, rules["firm"]["hitech_share"], can.astype(int))
    return firm.assign(level=np.where(can, level, np.nan), hitech=hitech)
