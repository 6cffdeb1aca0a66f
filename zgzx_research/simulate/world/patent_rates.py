"""Expected patent applications with and without the awards, and the counts drawn around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import Rules, by_event_year
from zgzx_research.simulate.world.firm_population import alive
from zgzx_research.simulate.world.staying_hazards import NEVER


@dataclass(frozen=True)
class Shocks:
    """Log shocks (firms x panel years).

    Attributes
    ----------
    transient : array (firms, panel years)
        Shocks that pass with their year.
    persistent : array (firms, panel years)
        AR(1) shocks.
    """

    transient: np.ndarray
    persistent: np.ndarray


@dataclass(frozen=True)
class Since:
    """The year since which something acts on each firm's applications; missing = never.

    Attributes
    ----------
    first : DataFrame
        Edition, year and category of the first award (`first_awards`).
    entered : array (firms,)
        Year of the first entry.
    named : array (firms,)
        Year in which it was named 专精特新.
    """

    first: pd.DataFrame
    entered: np.ndarray
    named: np.ndarray


@dataclass(frozen=True)
class Rates:
    """Expected applications; NaN before founding.

    Attributes
    ----------
    mu0 : array (firms, panel years, types)
        With no award anywhere.
    mu1 : array (firms, panel years, types)
        As it was.
    """

    mu0: np.ndarray
    mu1: np.ndarray


def panel_years(rules: Rules) -> np.ndarray:
    """Return the years of the panel."""
    first, last = rules["time"]["panel"]
    return np.arange(first, last + 1)


def draw_shocks(
    rules: Rules, firms: int, transient: np.random.Generator, persistent: np.random.Generator
) -> Shocks:
    """Draw the shocks of all firms and years; winners are picked on those of the year before."""
    rule, years = rules["patents"], len(panel_years(rules))
    rho = rule["persistence"]
    lasting = persistent.normal(0, rule["persistent_sd"], (firms, years))
    for year in range(1, years):
        lasting[:, year] = rho * lasting[:, year - 1] + np.sqrt(1 - rho**2) * lasting[:, year]
    return Shocks(transient.normal(0, rule["transient_sd"], (firms, years)), lasting)


def application_rates(
    rules: Rules,
    firm: pd.DataFrame,
    shocks: Shocks,
    since: Since,
    *,
    scale: float,
    rng: np.random.Generator,
) -> Rates:
    """Compute expected applications given everything but the gamma-Poisson noise.

    Parameters
    ----------
    rules : dict
        The constants.
    firm : DataFrame
        The firms.
    shocks : Shocks
        The log shocks.
    since : Since
        First awards, first entries and namings.
    scale : float
        Multiple of all true effects.
    rng : Generator
        Random numbers, for the shares of the types.

    Returns
    -------
    Rates
        Expected applications with and without awards.
    """
    years = panel_years(rules)
    level = firm["level"].fillna(-np.inf).to_numpy()[:, None]
    log_total = level + shocks.persistent + shocks.transient + common_log_rates(rules, years)
    other, awards = (
        other_effects(rules, since, years, scale),
        award_effects(rules, firm, since.first, years, scale),
    )
    hit = np.isin(rules["patents"]["types"], rules["effect"]["patents"]["types"])
    rates = (
        np.exp(log_total)[:, :, None]
        * type_shares(rules, len(firm), years, rng)
        * np.exp(other[:, :, None] * hit)
    )
    founded = firm["founded"].dt.year.to_numpy()[:, None] <= years
    mu0 = np.where(
        alive(firm, years)[:, :, None], rates, np.where(founded, 0.0, np.nan)[:, :, None]
    )
    mu0 = _with_giant(mu0, since.first["year"].notna().to_numpy(), rules["patents"]["giant_share"])
    return Rates(mu0, mu0 * np.exp(awards[:, :, None] * hit))


def draw_counts(rules: Rules, rates: Rates, rng: np.random.Generator) -> np.ndarray:
    """Draw applications filed (firms x years x types): gamma-Poisson, 0 before founding."""
    shape = rules["patents"]["gamma_shape"]
    return rng.poisson(np.nan_to_num(rates.mu1) * rng.gamma(shape, 1 / shape, rates.mu1.shape))


def to_owners(values: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Add up values (firms x years x types) by who owns the firm, 0 for firms that have merged.

    `owners` are ranks (firms x years), see `owner`.
    """
    moved = np.flatnonzero((owners != np.arange(len(owners))[:, None]).any(axis=1))
    result = values.copy()
    for rank in moved:
        years = np.flatnonzero(owners[rank] != rank)
        np.add.at(result, (owners[rank, years], years), values[rank, years])
        result[rank, years] = 0
    return result


def common_log_rates(rules: Rules, years: np.ndarray) -> np.ndarray:
    """Return log rates that all firms share, by year: growth and the shocks of years."""
    rule = rules["patents"]
    slope, begin, end = rule["growth"]
    return slope * (np.clip(years, begin, end) - begin) + _on_years(years, rule["year_shock"])


def _on_years(years: np.ndarray, shocks: list[list[float]]) -> np.ndarray:
    return sum((value * (years == year) for year, value in shocks), start=np.zeros(len(years)))


def type_shares(
    rules: Rules, firms: int, years: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw the share of each type (firms x years x types), with shocks that hit one type only."""
    rule = rules["patents"]
    invention, utility, design = rule["type_share"]
    own = np.clip(rng.normal(utility, rule["utility_share_sd"], firms), 0.1, 0.9)
    rest = (1 - own) / (invention + design)
    share = np.stack([invention * rest, own, design * rest], axis=1)[:, None, :] * np.ones(
        (1, len(years), 1)
    )
    cut, since, first_part = rule["utility_reform"]
    reach = np.where(years > since, 1.0, np.where(years == since, first_part, 0.0))
    share[:, :, 1] *= np.clip(1 + cut * reach * (own / utility)[:, None], 0.1, None)
    share[:, :, 0] *= np.exp(_on_years(years, rule["invention_shock"]))
    return share


def award_effects(
    rules: Rules, firm: pd.DataFrame, first: pd.DataFrame, years: np.ndarray, scale: float
) -> np.ndarray:
    """Return log points by the firm's own first award and its neighbours' (firms x years)."""
    rule = rules["effect"]["patents"]
    won = first["year"].fillna(NEVER).to_numpy()
    since, multiple = rule["later_editions"]
    strength = first["category"].map(rule["category"]).fillna(0.0).to_numpy(dtype=float)
    strength = strength * np.where(first["edition"] >= since, multiple, 1.0)
    own = strength[:, None] * by_event_year(rule["by_event"], (years - won[:, None]).astype(int))
    return scale * (own + rule["neighbours"] * (nearest_award_year(firm, won)[:, None] <= years))


def nearest_award_year(firm: pd.DataFrame, won: np.ndarray) -> np.ndarray:
    """Return the year of the first award of another firm in the same street and industry."""
    cell = firm.groupby(["street", firm["industry"].str[:3]], sort=False).ngroup().to_numpy()
    order = np.lexsort((won, cell))
    begins = np.flatnonzero(np.diff(cell[order], prepend=-1))
    earliest, ends = order[begins], np.append(begins[1:], len(order))
    second = np.where(ends - begins > 1, won[order[np.minimum(begins + 1, len(order) - 1)]], NEVER)
    nearest = won[earliest][cell]
    nearest[earliest] = second
    return nearest


def other_effects(rules: Rules, since: Since, years: np.ndarray, scale: float) -> np.ndarray:
    """Return log points by taking part at all, and by the concurrent programme (firms x years).

    No scenario changes the effect of the concurrent programme.
    """
    entered = np.nan_to_num(since.entered, nan=NEVER)[:, None] <= years
    named = np.nan_to_num(since.named, nan=NEVER)[:, None] <= years
    return (
        scale * rules["effect"]["patents"]["participation"] * entered
        + rules["programmes"]["effect"] * named
    )


def _with_giant(rates: np.ndarray, winner: np.ndarray, share: float) -> np.ndarray:
    """Let the winner that files most file this share of all applications; 0 = no giant."""
    if share == 0:
        return rates
    totals = np.nansum(rates, axis=(1, 2))
    giant = int(np.where(winner, totals, -1.0).argmax())
    rates[giant] *= share / (1 - share) * (totals.sum() - totals[giant]) / totals[giant]
    return rates
