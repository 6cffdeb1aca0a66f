"""Patent applications: expected numbers with and without the awards, applications, their parties."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.simulate.constants import Rules, by_event_year, exact_share, words
from zgzx_research.simulate.firms import alive
from zgzx_research.simulate.identities import application_numbers
from zgzx_research.simulate.staying import NEVER


@dataclass(frozen=True)
class Rates:
    """Expected applications by firm, year and type without (mu0) and with (mu1) the awards; NaN before founding."""

    mu0: np.ndarray
    mu1: np.ndarray


def panel_years(rules: Rules) -> np.ndarray:
    """Years of the panel."""
    first, last = rules["time"]["panel"]
    return np.arange(first, last + 1)


def transient_shocks(rules: Rules, firms: int, rng: np.random.Generator) -> np.ndarray:
    """Firm x year: log shocks that pass with their year."""
    return rng.normal(0, rules["patents"]["transient_sd"], (firms, len(panel_years(rules))))


def application_rates(
    rules: Rules,
    firm: pd.DataFrame,
    first: pd.DataFrame,
    transient: np.ndarray,
    *,
    scale: float,
    rng: np.random.Generator,
) -> Rates:
    """Expected applications given everything but the gamma-Poisson noise."""
    years = panel_years(rules)
    level = firm["level"].fillna(-np.inf).to_numpy()[:, None]
    log_total = level + _persistent(rules, len(firm), len(years), rng) + transient + _common(rules, years)
    rates = np.exp(log_total)[:, :, None] * _mix(rules, len(firm), years, rng)
    founded = firm["founded"].dt.year.to_numpy()[:, None] <= years
    mu0 = np.where(alive(firm, years)[:, :, None], rates, np.where(founded, 0.0, np.nan)[:, :, None])
    return Rates(mu0, mu0 * np.exp(_true_effects(rules, first, years, scale)))


def simulate_patents(rules: Rules, firm: pd.DataFrame, rates: Rates, rng: np.random.Generator) -> pd.DataFrame:
    """One row per application in the order of filing: app_no, type, filed, published, granted, firm_rank, seen.

    `seen`: published by the day of the export. `granted` is missing for inventions not granted by then.
    """
    rule = rules["patents"]
    shape = rule["gamma_shape"]
    mean = np.nan_to_num(rates.mu1) * rng.gamma(shape, 1 / shape, rates.mu1.shape)
    count = rng.poisson(mean).ravel()
    firm_rank, year, kind = (part.ravel().repeat(count) for part in np.indices(mean.shape))
    filed = _filing_days(firm, firm_rank, panel_years(rules)[year], rng)
    low, high = np.asarray(rule["publication_days"])[kind].T
    published = filed + rng.integers(low, high + 1)
    export = np.datetime64(rules["time"]["export"])
    grant = published + rng.integers(rule["grant_days"][0], rule["grant_days"][1], len(filed))
    kept_grant = exact_share(rng, len(filed), rule["granted_share"]) & (grant <= export)
    granted = np.where(kind > 0, published, np.where(kept_grant, grant, np.datetime64("NaT")))
    patent = pd.DataFrame(
        {
            "type": np.asarray(rule["types"], dtype=object)[kind],
            "filed": filed.astype("datetime64[s]"),
            "published": published.astype("datetime64[s]"),
            "granted": granted.astype("datetime64[s]"),
            "firm_rank": firm_rank,
            "seen": published <= export,
        }
    ).sort_values(["filed", "firm_rank", "type"], kind="stable", ignore_index=True)
    year_filed, digit = (
        patent["filed"].dt.year,
        patent["type"].map({name: i + 1 for i, name in enumerate(rule["types"])}),
    )
    serial = patent.groupby([year_filed, digit]).cumcount().to_numpy()
    patent.insert(0, "app_no", application_numbers(year_filed.to_numpy(), digit.to_numpy(), serial))
    return patent


def simulate_parties(
    rules: Rules, patent: pd.DataFrame, spell: pd.DataFrame, jobs: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Applicants and inventors: app_rank, ord, role, firm_rank, worker_rank, name (of parties from elsewhere).

    Inventors are workers insured at the firm in the month of filing; an application may have none.
    """
    rule = rules["patents"]
    rank = np.arange(len(patent))
    own = pd.DataFrame({"app_rank": rank, "role": "applicant", "firm_rank": patent["firm_rank"]})
    joint = rank[exact_share(rng, len(patent), rule["joint_share"])]
    names = rng.choice(np.asarray(words()["elsewhere"]["applicants"], dtype=object), len(joint))
    other = pd.DataFrame({"app_rank": joint, "role": "applicant", "name": names})
    wanted = rng.integers(rule["inventors"][0], rule["inventors"][1] + 1, len(patent))
    month = (patent["filed"].dt.year * 12 + patent["filed"].dt.month - 1).to_numpy()
    app = np.repeat(rank, wanted)
    worker = staff_of(patent["firm_rank"].to_numpy()[app], month[app], spell, jobs, rng)
    inventor = pd.DataFrame({"app_rank": app, "role": "inventor", "worker_rank": worker}).query("worker_rank >= 0")
    party = pd.concat([own, other, inventor.drop_duplicates()], ignore_index=True)
    party = party.sort_values(["app_rank", "role"], kind="stable", ignore_index=True)
    party.insert(1, "ord", party.groupby(["app_rank", "role"]).cumcount() + 1)
    return party.astype({"firm_rank": "Int64", "worker_rank": "Int64"})


def staff_of(
    firm_rank: np.ndarray, month: np.ndarray, spell: pd.DataFrame, jobs: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A worker insured at each firm in each month, drawn by job; -1 where the job drawn is vacant."""
    first_job = np.cumsum(jobs) - jobs
    job = first_job[firm_rank] + np.floor(rng.random(len(firm_rank)) * jobs[firm_rank]).astype(int)
    return holders(job, month, spell)


def holders(job: np.ndarray, month: np.ndarray, spell: pd.DataFrame) -> np.ndarray:
    """The worker who holds each job in each month, -1 where it is vacant. `spell` is in the order of job and start."""
    keys = spell["job"].to_numpy() * NEVER + spell["start"].to_numpy()
    found = np.searchsorted(keys, job * NEVER + month, side="right") - 1
    there = (found >= 0) & (spell["job"].to_numpy()[found] == job) & (spell["end"].to_numpy()[found] >= month)
    return np.where(there, spell["worker_rank"].to_numpy()[found], -1)


def _persistent(rules: Rules, firms: int, years: int, rng: np.random.Generator) -> np.ndarray:
    rule = rules["patents"]
    rho, sd = rule["persistence"], rule["persistent_sd"]
    shock = rng.normal(0, sd, (firms, years))
    for year in range(1, years):
        shock[:, year] = rho * shock[:, year - 1] + np.sqrt(1 - rho**2) * shock[:, year]
    return shock


def _common(rules: Rules, years: np.ndarray) -> np.ndarray:
    rule = rules["patents"]
    slope, begin, end = rule["growth"]
    return slope * (np.clip(years, begin, end) - begin) + _on_years(years, rule["year_shock"])


def _on_years(years: np.ndarray, shocks: list[list[float]]) -> np.ndarray:
    return sum((value * (years == year) for year, value in shocks), start=np.zeros(len(years)))


def _mix(rules: Rules, firms: int, years: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Firm x year x type: share of each type, with the shocks that hit one type only."""
    rule = rules["patents"]
    invention, utility, design = rule["type_share"]
    own = np.clip(rng.normal(utility, rule["utility_share_sd"], firms), 0.1, 0.9)
    rest = (1 - own) / (invention + design)
    share = np.stack([invention * rest, own, design * rest], axis=1)[:, None, :] * np.ones((1, len(years), 1))
    cut, since, first_part = rule["utility_reform"]
    reach = np.where(years > since, 1.0, np.where(years == since, first_part, 0.0))
    share[:, :, 1] *= np.clip(1 + cut * reach * (own / utility)[:, None], 0.1, None)
    share[:, :, 0] *= np.exp(_on_years(years, rule["invention_shock"]))
    return share


def _true_effects(rules: Rules, first: pd.DataFrame, years: np.ndarray, scale: float) -> np.ndarray:
    """Firm x year x type: log points after the first award."""
    rule = rules["effect"]["patents"]
    event_year = (years - first["year"].fillna(NEVER).to_numpy()[:, None]).astype(int)
    since, multiple = rule["later_editions"]
    strength = first["category"].map(rule["category"]).fillna(0.0).to_numpy(dtype=float)
    strength = strength * np.where(first["edition"] >= since, multiple, 1.0)
    hit = np.isin(rules["patents"]["types"], rule["types"])
    return scale * (strength[:, None] * by_event_year(rule["by_event"], event_year))[:, :, None] * hit


def _filing_days(firm: pd.DataFrame, rank: np.ndarray, year: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A day of the year on which the firm lives."""
    begin = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    end = (year - 1969).astype("datetime64[Y]").astype("datetime64[D]")
    founded, closed = (firm[name].to_numpy().astype("datetime64[D]")[rank] for name in ("founded", "closed"))
    begin = np.maximum(begin, founded)
    end = np.where(np.isnat(closed), end, np.minimum(end, np.maximum(closed, begin + 1)))
    return begin + np.floor(rng.random(len(rank)) * (end - begin).astype(int)).astype(int)
