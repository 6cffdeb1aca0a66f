"""The published figures of the programme compared with those of a synthetic world."""

from __future__ import annotations

import pandas as pd

from zgzx_research.simulate.world.model import World


def calibration(world: World) -> pd.DataFrame:
    """Compare the figures of [published] in world.toml with a world.

    The figures hold for worlds of the sizes named there; a tiny one has fewer stars.

    Parameters
    ----------
    world : World
        A world.

    Returns
    -------
    DataFrame
        One row per figure: fact, published, world, gap (relative).
    """
    figures = _figures(world)
    published = {name: world.rules["published"][name] for name in figures}
    table = pd.DataFrame({"fact": list(published), "published": list(published.values())})
    table["world"] = table["fact"].map(figures).astype(float)
    return table.assign(gap=table["world"] / table["published"] - 1)


def calibration_lines(world: World) -> list[str]:
    """Return the comparison as lines to print; none for a world of another size."""
    if world.order.size not in world.rules["published"]["sizes"]:
        return []
    return [
        f"{row.fact:32} published {row.published:>10,g}"
        f"   this world {row.world:>10,.6g}   {row.gap:+.1%}"
        for row in calibration(world).itertuples()
    ]


def _figures(world: World) -> dict[str, float]:
    stars = world.entry[world.entry["outcome"] == "获奖"].groupby("edition").size()
    persons = world.programmes["participation"].groupby("edition")["participations"].sum()
    series = world.programmes["district_year"].drop_duplicates(["indicator", "year"], keep="last")
    series = series.set_index(["indicator", "year"])["value"]
    craftsman = world.programmes["programme"].query(
        "programme == 'craftsman' and detail == '龙岗工匠'"
    )
    return {
        "editions": len(world.edition),
        "participations_total": persons.sum(),
        "first_edition_entrants": persons[1],
        "stars_total": stars.sum(),
        "stars_after_nine_editions": stars[stars.index <= 9].sum(),
        "winners_planned_2021": stars[9],
        "yearly_turnover_2010": 100 * _turnover(world, 2010),
        "labour_intensive_share_2010": series["labour_intensive_share", 2010],
        "skilled_worker_share_2010": series["skilled_share", 2010],
        "high_skill_share_2012": series["high_skill_share", 2012],
        "high_skill_share_2024": series["high_skill_share", 2024],
        "high_skill_share_city_2024": series["city_high_skill_share", 2024],
        "industrial_workers": series["industrial_workers", 2024],
        "skills_contests_since_2015": series["skills_contests", 2024],
        "longgang_craftsmen_since_2018": len(craftsman),
    }


def _turnover(world: World, year: int) -> float:
    """Compute the share of last year's staff who are no longer with the same firm a year later."""
    spell, before, now = world.spell, (year - 1) * 100 + 12, year * 100 + 12
    end = spell["end_ym"].fillna(999_912)
    staff = spell[(spell["start_ym"] <= before) & (end >= before)][["worker_id", "firm_id"]]
    later = spell[(spell["start_ym"] <= now) & (end >= now)][["worker_id", "firm_id"]]
    return 1 - len(staff.drop_duplicates().merge(later.drop_duplicates())) / len(
        staff.drop_duplicates()
    )
