"""Other programmes for the same firms and people, costs, participation, and district series."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import Order, Rules, words
from zgzx_research.simulate.world.firm_population import alive

PROGRAMME_COLUMNS = ["programme", "firm_id", "worker_id", "onset", "detail"]


def specialised_onset(rules: Rules, firm: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Draw the year in which each firm is named 专精特新, missing = never.

    Only open firms that patent are named.
    """
    rule = rules["programmes"]
    score = (
        np.asarray(rule["named_size"])[firm["size_rank"]]
        + rule["named_level"] * firm["level"].to_numpy()
    )
    score = np.nan_to_num(
        score + rng.gumbel(size=len(firm)), nan=-np.inf
    )  # Gumbel: drawn without replacement
    first, last = rule["named_years"]
    onset = np.full(len(firm), np.nan)
    for year in rng.permutation(np.arange(first, last + 1)):
        open_to = (
            np.isnan(onset)
            & alive(firm, np.asarray([year - 2, year])).all(axis=1)
            & np.isfinite(score)
        )
        best = np.argsort(np.where(open_to, -score, np.inf), kind="stable")
        onset[best[: min(round(rule["named_share"] * len(firm)), int(open_to.sum()))]] = year
    return onset


def simulate_programmes(
    order: Order, firm: pd.DataFrame, spell: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Draw the tables of the programmes folder.

    Parameters
    ----------
    order : Order
        The order of the world.
    firm : DataFrame
        The firms with `specialised`, see `specialised_onset`.
    spell : DataFrame
        The spells.

    Returns
    -------
    dict of str to DataFrame
        programme: programme (specialised, craftsman, visit), firm_id, worker_id (null), onset
        (day), detail (batch, title, or team and matter). cost: edition, item, cny. participation:
        edition, street (or the union's industry), route, participations. district_year: year,
        vintage, indicator, value, source.
    """
    rules = order.rules
    named = _specialised(rules, firm)
    parts = [
        named,
        _craftsmen(rules, spell, order.stream("craftsmen")),
        _visits(rules, firm, named, order.stream("visits")),
    ]
    return {
        "programme": pd.concat([part[PROGRAMME_COLUMNS] for part in parts], ignore_index=True),
        "cost": _costs(rules, order.stream("costs")),
        "participation": _participation(rules, order.stream("participation")),
        "district_year": district_years(rules, order.scale),
    }


def district_years(rules: Rules, scale: float) -> pd.DataFrame:
    """Return published and invented series.

    The district's skill share is the city's trend and what the programme adds.
    """
    rule = rules["programmes"]
    first, low, last, high = rule["skill_trend"]
    year = np.arange(first, last + 1)
    passed = (year - first) / (last - first)
    trend = low + (high - low) * passed
    shares = {
        "high_skill_share": (
            trend + scale * rule["skill_points"] * passed,
            "合成（仿公开数：2012年12%，2024年38%）",
        ),
        "city_high_skill_share": (trend + rule["city_gap"], "合成（仿公开数：2024年39.16%）"),
    }
    frames = [
        pd.DataFrame(rule["district"], columns=["year", "vintage", "indicator", "value", "source"])
    ]
    for name, (value, source) in shares.items():
        rows = {
            "year": year,
            "vintage": year + 1,
            "indicator": name,
            "value": value.round(2),
            "source": source,
        }
        frames.append(pd.DataFrame(rows))
    return pd.concat(frames, ignore_index=True)


def _specialised(rules: Rules, firm: pd.DataFrame) -> pd.DataFrame:
    """Return named firms by year; the batch counts the years."""
    named = firm[firm["specialised"].notna()].sort_values("specialised", kind="stable")
    year = named["specialised"].astype(int)
    ordinals = np.asarray(["一", *words()["category"]["ordinals"][1:]], dtype=object)
    batch = (
        "第"
        + pd.Series(ordinals[year - rules["programmes"]["named_years"][0]], index=year.index)
        + "批"
    )
    onset = pd.to_datetime(year.astype(str) + "-07-01").astype("datetime64[s]")
    return pd.DataFrame(
        {
            "programme": "specialised",
            "firm_id": named["firm_id"],
            "worker_id": None,
            "onset": onset,
            "detail": batch,
        }
    )


def _craftsmen(rules: Rules, spell: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw people named 龙岗工匠 or 行业工匠, with years at their firm; nobody is named twice."""
    rule = rules["programmes"]
    found: list[pd.DataFrame] = []
    named: set[str] = set()
    for title, years in rule["craftsmen"].items():
        for year, count in years:
            old = spell["start_ym"] <= (year - rule["craftsman_years"]) * 100 + 12
            there = spell[
                old & (spell["end_ym"].fillna(999_912) >= year * 100 + 12)
            ].drop_duplicates("worker_id")
            there = there[~there["worker_id"].isin(named)]
            drawn = there.iloc[np.sort(rng.choice(len(there), size=count, replace=False))]
            named |= set(drawn["worker_id"])
            onset = pd.Timestamp(year, 12, 1).as_unit("s")
            kept = drawn[["firm_id", "worker_id"]].assign(
                programme="craftsman", onset=onset, detail=title
            )
            found.append(kept)
    return pd.concat(found).sort_values("onset", kind="stable")


def _visits(
    rules: Rules, firm: pd.DataFrame, named: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw 问诊开方: visits of experts to named firms, from the year after the naming on."""
    end = rules["time"]["panel"][1]
    closed = named["firm_id"].map(firm.set_index("firm_id")["closed"]).dt.year.fillna(end + 1)
    count = (
        (np.minimum(closed - 1, end) - named["onset"].dt.year).clip(lower=0).astype(int).to_numpy()
    )
    row = np.repeat(np.arange(len(named)), count)
    after = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + 1
    hit = rng.random(len(row)) < rules["programmes"]["visits"]
    row, year = row[hit], (named["onset"].dt.year.to_numpy()[row] + after)[hit]
    day = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]") + rng.integers(
        0, 365, len(row)
    )
    lists = (
        np.asarray(words()["programme"][name], dtype=object) for name in ("experts", "matters")
    )
    team, matter = (rng.choice(choices, len(row)) for choices in lists)
    visit = pd.DataFrame(
        {"programme": "visit", "firm_id": named["firm_id"].to_numpy()[row], "worker_id": None}
    )
    visit = visit.assign(onset=day.astype("datetime64[s]"), detail=team + "：" + matter)
    return visit.sort_values(["onset", "firm_id"], kind="stable")


def _costs(rules: Rules, rng: np.random.Generator) -> pd.DataFrame:
    """Invented: items that grow with the years, a tenth up or down, in hundreds of yuan."""
    rule, calendar = rules["programmes"], rules["time"]["editions"]
    year = np.asarray([int(day[:4]) for _, day in calendar])
    growth = (1 + rule["cost_growth"]) ** (year - year[0])
    cost = pd.MultiIndex.from_product(
        [[n for n, _ in calendar], rule["costs"]], names=["edition", "item"]
    ).to_frame(index=False)
    hundreds = np.outer(growth, list(rule["costs"].values())).ravel() * rng.integers(
        90, 111, len(cost)
    )
    return cost.assign(cny=np.rint(hundreds).astype(np.int64) * 100)


def _participation(rules: Rules, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the persons of each edition by route and union; streets have their names of the time."""
    place, share = words()["place"], rules["selection"]["route_industry"]
    streets = pd.Series(place["streets"], dtype="str")
    unions = pd.Series(
        [entry["union"] for entry in words()["industry"]], dtype="str"
    ).drop_duplicates()
    weight = np.append(
        np.asarray(place["weights"]) * (1 - share) / sum(place["weights"]),
        [share / len(unions)] * len(unions),
    )
    found = []
    for (number, day), persons in zip(
        rules["time"]["editions"], rules["programmes"]["participations"], strict=True
    ):
        early = int(day[:4]) <= rules["dirt"]["roster_old_streets_until"]
        table = pd.DataFrame(
            {
                "edition": number,
                "street": [*(streets.replace(dict(place["old"])) if early else streets), *unions],
            }
        )
        table["route"] = ["街道"] * len(streets) + ["行业"] * len(unions)
        table["participations"] = rng.multinomial(persons, weight)
        found.append(
            table.groupby(["edition", "street", "route"], sort=False, as_index=False).sum()
        )
    return pd.concat(found, ignore_index=True)
