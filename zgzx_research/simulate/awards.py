"""Who enters and who wins: selection on size, union, lasting level, and on last year's transient shock."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.constants import Rules
from zgzx_research.simulate.firms import alive
from zgzx_research.simulate.identities import joined, padded


def simulate_editions(rules: Rules) -> pd.DataFrame:
    """One row per edition: edition, year, final_date."""
    edition = pd.DataFrame(rules["time"]["editions"], columns=["edition", "final_date"])
    edition["final_date"] = pd.to_datetime(edition["final_date"]).astype("datetime64[s]")
    edition.insert(1, "year", edition["final_date"].dt.year.astype("int64"))
    return edition


def simulate_entries(
    rules: Rules,
    firm: pd.DataFrame,
    edition: pd.DataFrame,
    transient: np.ndarray,
    jobs: np.ndarray,
    awards: dict[str, int],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Entries of the finals: entry_id, edition, year, category, firm_id, firm_rank, street, outcome (获奖 or 淘汰).

    Parameters
    ----------
    transient : firm x panel year, the shock that passes with its year.
    jobs : jobs of each firm in the employment files; a team needs colleagues.
    awards : winning entries of one edition by category.
    """
    rule, first_year = rules["selection"], rules["time"]["panel"][0]
    lasting = np.asarray(rule["size"])[firm["size_rank"]] + rule["union"] * firm["union"].to_numpy()
    lasting = lasting + rule["level"] * firm["level"].fillna(0).to_numpy()
    winners = sum(awards.values())
    finalists = round(rule["finalists"] * winners)
    found = []
    for number, year in zip(edition["edition"], edition["year"], strict=True):
        score = lasting + rule["transient"] * transient[:, year - 1 - first_year]
        lives = alive(firm, np.asarray([year - 1, year + 1])).all(axis=1)
        score = np.where(lives, score + rng.gumbel(size=len(firm)), -np.inf)
        entered = rng.permutation(np.argsort(-score, kind="stable")[:finalists])  # Gumbel: drawn without replacement
        category = _categories(rules, number, entered, jobs, awards, rng)
        found.append(pd.DataFrame({"edition": number, "year": year, "category": category, "firm_rank": entered}))
        found[-1]["outcome"] = np.where(np.arange(len(entered)) < winners, "获奖", "淘汰")
    entry = pd.concat(found, ignore_index=True)
    entry.insert(0, "entry_id", joined("E", padded(np.arange(1, len(entry) + 1), 6)))
    return entry.assign(
        firm_id=firm["firm_id"].to_numpy()[entry["firm_rank"]], street=firm["street"].to_numpy()[entry["firm_rank"]]
    )


def _categories(
    rules: Rules, number: int, entered: np.ndarray, jobs: np.ndarray, awards: dict[str, int], rng: np.random.Generator
) -> np.ndarray:
    """A category per finalist: the awards' numbers among the winners (who stand first), the same mix after them."""
    rule = rules["selection"]
    counts = dict(awards)
    if number < rule["skill_from"]:
        counts["innovation"] += counts.pop("skill")
    labels = np.repeat(np.asarray(list(counts), dtype=object), list(counts.values()))
    category = rng.choice(labels, size=len(entered))
    winners = entered[: len(labels)]
    mixed = rng.permutation(labels[labels != "team"])
    few_jobs = jobs[winners] < rule["team_names"][0] + 1
    order = np.argsort(few_jobs, kind="stable")  # teams go to firms with colleagues first
    category[order[: counts["team"]]] = "team"
    category[order[counts["team"] : len(labels)]] = mixed
    return category


def first_awards(firm: pd.DataFrame, entry: pd.DataFrame) -> pd.DataFrame:
    """Per firm (same order): edition, year and category of its first award, missing for firms that never win."""
    won = entry[entry["outcome"] == "获奖"].drop_duplicates("firm_rank").set_index("firm_rank")
    return won[["edition", "year", "category"]].reindex(np.arange(len(firm)))
