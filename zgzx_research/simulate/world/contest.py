"""The contest: who enters and who wins.

Firms enter by size, union, level and passing shocks; winners are drawn by merit only.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import Awards, Counts, Rules, words
from zgzx_research.simulate.world.firm_population import alive
from zgzx_research.simulate.world.identities import joined, padded
from zgzx_research.simulate.world.random_draws import exact_share

CONTEST = ["edition", "category"]


def simulate_editions(rules: Rules) -> pd.DataFrame:
    """Return one row per edition: edition, year, final_date."""
    edition = pd.DataFrame(rules["time"]["editions"], columns=["edition", "final_date"])
    edition["final_date"] = pd.to_datetime(edition["final_date"]).astype("datetime64[s]")
    edition.insert(1, "year", edition["final_date"].dt.year.astype("int64"))
    return edition


def simulate_entries(
    rules: Rules,
    firm: pd.DataFrame,
    edition: pd.DataFrame,
    transient: np.ndarray,
    persistent: np.ndarray,
    jobs: np.ndarray,
    counts: Counts,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Draw every entry of a preliminary, by edition.

    Parameters
    ----------
    rules : dict
        The constants.
    firm : DataFrame
        The firms, see `simulate_firms`.
    edition : DataFrame
        The editions, see `simulate_editions`.
    transient, persistent : array (firms, panel years)
        The shock that passes with its year, and the AR(1) shock.
    jobs : array (firms,)
        Jobs of each firm in the employment files; a team needs colleagues.
    counts : dict
        A row of [size]: `entries` of an edition and `awards` by category.
    rng : Generator
        Random numbers.

    Returns
    -------
    DataFrame
        entry_id, edition, year, category, firm_id, firm_rank, street, route (街道, 行业), persons
        (how many are wanted), preliminary and final (place by merit within edition and category, 1
        = best, missing = absent or not there), stage (the furthest reached: 初赛, 决赛), outcome
        (获奖, 淘汰).
    """
    weights = entry_weights(rules, firm, edition["year"].to_numpy(), transient, persistent)
    found = []
    for row, (number, year) in enumerate(zip(edition["edition"], edition["year"], strict=True)):
        count = round(counts["entries"] * rules["selection"]["entries_growth"][row])
        entered = _entrants(weights[:, row], jobs, count, rng)
        quota = edition_awards(rules, counts["awards"], number)
        category = _categories(rules, quota, jobs[entered], rng)
        found.append(
            pd.DataFrame(
                {"edition": number, "year": year, "category": category, "firm_rank": entered}
            )
        )
        found[-1]["quota"] = found[-1]["category"].map(quota)
    entry = pd.concat(found, ignore_index=True)
    entry.insert(0, "entry_id", joined("E", padded(np.arange(1, len(entry) + 1), 6)))
    for name in ("firm_id", "street"):
        entry[name] = firm[name].to_numpy()[entry["firm_rank"]]
    entry["route"] = np.where(
        rng.random(len(entry)) < rules["selection"]["route_industry"], "行业", "街道"
    )
    low, high = rules["selection"]["team_names"]
    entry["persons"] = np.where(
        entry["category"] == "team", rng.integers(low, high + 1, len(entry)), 1
    )
    return _judged(rules, entry, rng)


def edition_awards(rules: Rules, awards: Awards, number: int) -> dict[str, int]:
    """Return the number of winning entries of an edition by category.

    Before the skill contest began, its awards went to innovation.
    """
    quota = dict(next(row for since, row in reversed(awards) if since <= number))
    if number < rules["selection"]["skill_from"]:
        quota["innovation"] += quota.pop("skill")
    return quota


def first_awards(rules: Rules, firm: pd.DataFrame, entry: pd.DataFrame) -> pd.DataFrame:
    """Return edition, year and category of each firm's first award, missing where it never wins."""
    order = {name: place for place, name in enumerate(rules["selection"]["first_category"])}
    won = entry[entry["outcome"] == "获奖"]
    won = won.assign(order=won["category"].map(order)).sort_values(
        ["edition", "order"], kind="stable"
    )
    first = won.drop_duplicates("firm_rank").set_index("firm_rank")
    return first[["edition", "year", "category"]].reindex(np.arange(len(firm)))


def title_of(number: int) -> str:
    """Return the title of an edition, such as 第九届"职工之星" or 首届"职工之星"."""
    ordinal = words()["category"]["ordinals"][number - 1]
    return f'{ordinal}届"职工之星"' if number == 1 else f'第{ordinal}届"职工之星"'


def entry_weights(
    rules: Rules,
    firm: pd.DataFrame,
    years: np.ndarray,
    transient: np.ndarray,
    persistent: np.ndarray,
) -> np.ndarray:
    """Compute how likely an entry comes from each firm (firms x editions).

    The weight is 0 unless the firm is alive in the year before and the year after.
    """
    rule, first_year = rules["selection"], rules["time"]["panel"][0]
    lasting = np.asarray(rule["size"])[firm["size_rank"]] + rule["union"] * firm["union"].to_numpy()
    lasting = lasting + rule["level"] * firm["level"].fillna(0).to_numpy()
    column = years - first_year
    passing = rule["persistent"] * persistent[:, column - 1]
    for back in rule["transient_years"]:
        passing = passing + rule["transient"] * transient[:, np.maximum(column - back, 0)] * (
            column >= back
        )
    lives = alive(firm, years - 1) & alive(firm, years + 1)
    return np.where(lives, np.exp(lasting[:, None] + passing), 0.0)


def _entrants(
    weights: np.ndarray, jobs: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw a firm for each entry; a firm sends no more entries than it has jobs."""
    drawn = pd.Series(rng.choice(len(weights), size=2 * count, p=weights / weights.sum()))
    has_people = drawn.groupby(drawn).cumcount().to_numpy() < jobs[drawn]
    return drawn.to_numpy()[has_people][:count]


def _categories(
    rules: Rules, quota: dict[str, int], jobs: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw a category for each entry, in the proportions of the awards."""
    wanted = np.asarray(list(quota.values())) * len(jobs) / sum(quota.values())
    count = np.floor(wanted).astype(int)
    count[np.argsort(count - wanted, kind="stable")[: len(jobs) - count.sum()]] += 1
    labels = np.repeat(np.asarray(list(quota), dtype=object), count)
    teams = int((labels == "team").sum())
    order = np.argsort(jobs < rules["selection"]["team_names"][0] + 1, kind="stable")
    category = np.empty(len(jobs), dtype=object)
    category[order[:teams]] = "team"
    category[order[teams:]] = rng.permutation(labels[labels != "team"])
    return category


def _judged(rules: Rules, entry: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw places without regard to the firm, and derive stage and outcome."""
    rule, quota = rules["selection"], entry["quota"]
    away, away_later = rule["absent"]
    preliminary = _places(entry, ~exact_share(rng, len(entry), away), rng)
    finalist = (
        (preliminary <= (rule["finalists"] * quota).round()).fillna(False).to_numpy(dtype=bool)
    )
    there = finalist.copy()
    there[finalist] = ~exact_share(rng, int(finalist.sum()), away_later)
    final = _places(entry, there, rng)
    won = (final <= quota).fillna(False).to_numpy(dtype=bool)
    return entry.drop(columns="quota").assign(
        preliminary=preliminary,
        final=final,
        stage=np.where(finalist, "决赛", "初赛"),
        outcome=np.where(won, "获奖", "淘汰"),
    )


def _places(entry: pd.DataFrame, there: np.ndarray, rng: np.random.Generator) -> pd.Series:
    """Draw the place within edition and category of those who are there."""
    merit = pd.Series(rng.permutation(len(entry)), index=entry.index).where(there)
    return merit.groupby([entry[name] for name in CONTEST]).rank().astype("Int64")
