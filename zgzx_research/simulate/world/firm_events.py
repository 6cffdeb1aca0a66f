"""Events of firms (renames, mergers, moves), and all the names they have had."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import Rules, words
from zgzx_research.simulate.world.firm_population import written_names
from zgzx_research.simulate.world.identities import brands, joined

CURRENT, FORMER, BRANCH, SHORT = "现名", "曾用名", "分公司", "简称"


@dataclass(frozen=True)
class Events:
    """What happened to firms.

    Attributes
    ----------
    event : DataFrame
        firm_rank, date, type (rename, merger, move), into_rank (for mergers, else missing), in the
        order of date.
    name : DataFrame
        firm_rank, core, legal, form, name, valid_from, valid_to (last day, missing = still valid),
        kind (现名, 曾用名, 分公司, 简称). The official names (现名, 曾用名) of a firm follow one
        another without gap or overlap.
    """

    event: pd.DataFrame
    name: pd.DataFrame


def simulate_events(
    rules: Rules, firm: pd.DataFrame, entry: pd.DataFrame, rng: np.random.Generator
) -> Events:
    """Draw renames of any firm, and mergers and moves of firms that never enter a contest.

    Parameters
    ----------
    rules : dict
        The constants.
    firm : DataFrame
        The firms.
    entry : DataFrame
        The entries; only firm_rank is used.
    rng : Generator
        Random numbers.

    Returns
    -------
    Events
        Events and names.
    """
    merged = _draw_mergers(rules, firm, entry, rng)
    moved = _draw_moves(rules, firm, entry, merged, rng)
    renamed, official = _draw_renames(rules, firm, merged, rng)
    event = pd.concat([renamed, merged, moved], ignore_index=True).astype({"into_rank": "Int64"})
    event = event.sort_values(["date", "firm_rank"], kind="stable", ignore_index=True)
    short = official.assign(name=official["core"], kind=SHORT)
    name = pd.concat(
        [official, _draw_branches(rules, firm, official, rng), short], ignore_index=True
    )
    return Events(
        event,
        name.sort_values(["firm_rank", "kind", "valid_from"], kind="stable", ignore_index=True),
    )


def owner(event: pd.DataFrame, firms: int, years: np.ndarray) -> np.ndarray:
    """Return the rank of the firm that owns each firm at the end of each year (firms x years).

    A firm that never merged owns itself.
    """
    ranks = np.repeat(np.arange(firms)[:, None], len(years), axis=1)
    merger = event[event["type"] == "merger"]
    rank = merger["firm_rank"].to_numpy(dtype=int)
    gone = merger["date"].dt.year.to_numpy()[:, None] <= years
    ranks[rank] = np.where(gone, merger["into_rank"].to_numpy(dtype=int)[:, None], ranks[rank])
    return ranks


def registered_end(firm: pd.DataFrame, event: pd.DataFrame) -> pd.Series:
    """Return the day on which each firm leaves the registry, missing while it is in it.

    A firm leaves when it closes or when it merges into another firm.
    """
    merger = event[event["type"] == "merger"].set_index("firm_rank")["date"]
    return firm["closed"].fillna(merger.reindex(np.arange(len(firm))).set_axis(firm.index))


def official_names(name: pd.DataFrame, firm_rank: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Find the official name of each firm on each day.

    Parameters
    ----------
    name : DataFrame
        `Events.name`.
    firm_rank : array
        The firms.
    day : array of datetime64[D]
        The days; before the first and after the last day of a firm its first and last name count.

    Returns
    -------
    array of int
        Positions of rows of `name`.
    """
    rows = np.flatnonzero(name["kind"].isin([CURRENT, FORMER]).to_numpy())
    rank, begun = (
        name["firm_rank"].to_numpy()[rows],
        name["valid_from"].to_numpy().astype("datetime64[D]").astype(int),
    )
    order = np.lexsort((begun[rows], rank))
    rows, rank = rows[order], rank[order]
    span = 10**6  # days; more than any date since 1970
    found = (
        np.searchsorted(rank * span + begun[rows], firm_rank * span + day.astype(int), side="right")
        - 1
    )
    return rows[np.maximum(found, np.searchsorted(rank, firm_rank))]


def firms_on(
    firm: pd.DataFrame, name: pd.DataFrame, firm_rank: np.ndarray, day: np.ndarray
) -> pd.DataFrame:
    """Return rows of `firm` with core, legal form, form and name as they were on each day.

    Parameters
    ----------
    firm : DataFrame
        The firms.
    name : DataFrame
        `Events.name`.
    firm_rank : array
        The firms that are asked for.
    day : array of datetime64[D]
        The days.

    Returns
    -------
    DataFrame
        One row per firm and day; `former` is the official name before that one, missing where it
        was the first.
    """
    place = official_names(name, firm_rank, day)
    then = name.iloc[place].reset_index(drop=True)
    begun = then["valid_from"].to_numpy().astype("datetime64[D]")
    before = official_names(name, firm_rank, begun - 1)
    former = name["name"].to_numpy(dtype=object)[before]
    rows = firm.iloc[firm_rank].reset_index(drop=True)
    return rows.assign(
        **{column: then[column] for column in ("core", "legal", "form", "name")},
        former=np.where(before == place, None, former),
    )


def _never_entered(firm: pd.DataFrame, entry: pd.DataFrame) -> np.ndarray:
    """Mark firms that stay open and never enter a contest."""
    return firm["closed"].isna().to_numpy() & ~np.isin(np.arange(len(firm)), entry["firm_rank"])


def _draw_mergers(
    rules: Rules, firm: pd.DataFrame, entry: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw mergers, on 1 January, into firms that stay open and never merge into others."""
    rule = rules["events"]
    first, last = rule["merger_years"]
    founded = firm["founded"].dt.year.to_numpy()
    may_go = np.flatnonzero(_never_entered(firm, entry) & (founded < first))
    going = rng.permutation(may_go)[: round(rule["merged_share"] * len(firm))]
    stays = firm["closed"].isna().to_numpy() & (founded < first)
    stays[going] = False
    into = rng.choice(np.flatnonzero(stays), len(going))
    year = rng.integers(first, last + 1, len(going))
    return _events(going, (year - 1970).astype("datetime64[Y]"), "merger", into)


def _draw_moves(
    rules: Rules,
    firm: pd.DataFrame,
    entry: pd.DataFrame,
    merged: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Draw moves out of the district; such a firm stays in the insurance and the patent files."""
    rule = rules["events"]
    busy = pd.concat([merged["firm_rank"], merged["into_rank"]]).to_numpy()
    may_go = np.flatnonzero(_never_entered(firm, entry) & ~np.isin(np.arange(len(firm)), busy))
    going = rng.permutation(may_go)[: round(rule["moved_share"] * len(firm))]
    first, last = (
        np.datetime64(f"{rules['time']['spells_from']}-01-01"),
        np.datetime64(rules["time"]["export"]),
    )
    begin = np.maximum(firm["founded"].to_numpy()[going].astype("datetime64[D]"), first)
    return _events(going, _days_within(begin, np.full(len(going), last), rng), "move")


def _draw_renames(
    rules: Rules, firm: pd.DataFrame, merged: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw renames and the official names.

    The firm table has the present name, so earlier ones are drawn backwards.
    """
    once, twice = rules["events"]["renamed_share"]
    end = (
        registered_end(firm, merged)
        .fillna(pd.Timestamp(rules["time"]["export"]))
        .to_numpy()
        .astype("datetime64[D]")
    )
    founded = firm["founded"].to_numpy().astype("datetime64[D]")
    begin = np.maximum(founded, np.datetime64(f"{rules['time']['spells_from']}-01-01"))
    may = rng.permutation(np.flatnonzero(end - begin > np.timedelta64(3 * 366, "D")))
    number = np.zeros(len(firm), dtype=int)
    number[may[: round((once + twice) * len(firm))]] = 1
    number[may[: round(twice * len(firm))]] = 2
    rank = np.repeat(np.arange(len(firm)), number)
    event = _events(rank, _days_within(begin[rank], end[rank], rng), "rename")
    event = event.sort_values(["firm_rank", "date"], ignore_index=True).drop_duplicates(
        ["firm_rank", "date"]
    )
    name = pd.DataFrame(
        {"firm_rank": np.arange(len(firm)), "valid_from": founded.astype("datetime64[s]")}
    )
    later = event.rename(columns={"date": "valid_from"})[["firm_rank", "valid_from"]]
    name = pd.concat([name, later]).sort_values(["firm_rank", "valid_from"], ignore_index=True)
    following = name["valid_from"].shift(-1) - pd.Timedelta(days=1)
    name["kind"] = np.where(name.duplicated("firm_rank", keep="last"), FORMER, CURRENT)
    last_day = registered_end(firm, merged) - pd.to_timedelta(
        np.isin(np.arange(len(firm)), merged["firm_rank"]).astype(int), unit="D"
    )
    ends = last_day.to_numpy()[name["firm_rank"]]
    name["valid_to"] = np.where(name["kind"] == FORMER, following, ends).astype("datetime64[s]")
    return event, _with_texts(rules, firm, name, rng)


def _with_texts(
    rules: Rules, firm: pd.DataFrame, name: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Add core, legal form and text of each official name.

    The present name is in the firm table; names before it have another core or legal form.
    """
    rows = firm.iloc[name["firm_rank"]].reset_index(drop=True)
    plain, listed = words()["firm"]["legal"]
    back = (
        name[::-1].groupby("firm_rank").cumcount().sort_index().to_numpy()
    )  # 0 = present, 1 = the one before …
    drawn = rng.random(len(name)) < rules["events"]["listed_share"]
    by_listing = drawn & (rows["legal"] == listed).to_numpy() & (back == 1)
    new_core = (back > 0) & ~by_listing
    legal = rows["legal"].to_numpy(dtype=object).copy()
    core = rows["core"].to_numpy(dtype=object).copy()
    earlier = np.zeros(len(firm), dtype=bool)
    earlier[name["firm_rank"].to_numpy()[by_listing]] = True
    legal[(back > 0) & earlier[name["firm_rank"]]] = plain
    fresh = np.asarray([text[:4] for text in firm["core"]], dtype=object)
    wanted = int(new_core.sum())
    made = brands(rng, 2 * wanted + 100)
    made = made[~pd.Index(made).isin(fresh)][:wanted]
    core[new_core] = joined(made, np.asarray([text[4:] for text in core[new_core]], dtype=object))
    table = name.assign(core=core, legal=legal, form=rows["form"])
    table["name"] = written_names(table, table["form"].to_numpy())
    return table[["firm_rank", "core", "legal", "form", "name", "valid_from", "valid_to", "kind"]]


def _draw_branches(
    rules: Rules, firm: pd.DataFrame, official: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw branches of some firms, under each of the firm's names."""
    share = np.asarray(rules["events"]["branch_share"])[firm["size_rank"]]
    place = rng.choice(np.asarray(words()["firm"]["branches"], dtype=object), len(firm))
    has = rng.random(len(firm)) < share
    rows = official[has[official["firm_rank"]]]
    return rows.assign(name=joined(rows["name"], place[rows["firm_rank"]]), kind=BRANCH)


def _events(
    rank: np.ndarray, date: np.ndarray, kind: str, into: np.ndarray | None = None
) -> pd.DataFrame:
    into_rank = pd.array([pd.NA] * len(rank) if into is None else into, dtype="Int64")
    date = np.asarray(date).astype("datetime64[s]")
    return pd.DataFrame({"firm_rank": rank, "date": date, "type": kind, "into_rank": into_rank})


def _days_within(begin: np.ndarray, end: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a day in the middle part of each life, if possible a year from both ends."""
    begin, end = begin.astype("datetime64[D]").astype(int), end.astype("datetime64[D]").astype(int)
    margin = np.minimum(366, (end - begin) // 3)
    day = begin + margin + np.floor(rng.random(len(begin)) * (end - begin - 2 * margin)).astype(int)
    return day.astype("datetime64[D]")
