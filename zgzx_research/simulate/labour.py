"""Jobs, who holds them, who enters the contest, and the true effect of an award on staying.

Two worlds run month by month on the same random numbers, one without any award and one as it was.
They part only where an award changes a hazard: for the people of a final, and for the staff of a
firm that has won. So mu1 - mu0 of a firm that sent nobody into a final is exactly 0. A spell that
ends in December still counts as staff at the end of that year; whether its holder stays another
twelve months is decided by the draws from that December to November. Who will stand in the finals
of the coming year is settled in December, by job, so that expectations from then on are exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.simulate.constants import Rules, exact_share, words
from zgzx_research.simulate.members import contest_places, draw_jobs, with_people
from zgzx_research.simulate.staying import (
    NEVER,
    WINDOW,
    Finals,
    colleague_points,
    final_factors,
    firm_powers,
    log_keep,
    log_year,
    month_logs,
    people_points,
    year_powers,
)

VACANT = -1
OPEN = 999_999


@dataclass(frozen=True)
class Labour:
    """What employment gives.

    spell : job, firm_rank, start, end (months, OPEN while it lasts), worker_rank, agency (dispatch
        company, -1 = none); in the order of job and start. Who goes with his firm into another has
        a spell at each.
    retention : firm_rank, year, mu0, mu1 (expected without and with the awards; NaN where that
        world has no staff).
    member : entry_rank, ord, job, month, finalist, worker_rank, of finalists mu0_12, mu1_12,
        stay_12 and those of 24.
    """

    spell: pd.DataFrame
    retention: pd.DataFrame
    member: pd.DataFrame


@dataclass
class _Setting:
    """What the run needs. Per job.

    Firm (changes with mergers), opens, closes (first and last month).

    power, points : firm x year (`years`): powers without awards, probability added to a year's stay
        of colleagues.
    mergers : month -> pairs (firm, firm it goes into). places : entries, see `contest_places`; aims
        : entry x 2 points.
    """

    rules: Rules
    years: np.ndarray
    firm: np.ndarray
    opens: np.ndarray
    closes: np.ndarray
    power: np.ndarray
    points: np.ndarray
    mergers: dict[int, list[tuple[int, int]]]
    places: pd.DataFrame
    aims: np.ndarray

    def column(self, month: np.ndarray | int) -> np.ndarray | int:
        """Position in `years` of the year whose stays a month decides.

        Months after the last one use that.
        """
        return np.minimum((month + 1) // 12 - int(self.years[0]), len(self.years) - 1)

    @staticmethod
    def members_none() -> pd.DataFrame:
        """No members: entry_rank, ord, job, month, finalist."""
        whole = {
            name: np.zeros(0, dtype=np.int64) for name in ("entry_rank", "ord", "job", "month")
        }
        return pd.DataFrame({**whole, "finalist": np.zeros(0, dtype=bool)})

    def powers(self, jobs: np.ndarray, months: np.ndarray) -> np.ndarray:
        """Job x month: powers without awards."""
        return self.power[self.firm[jobs][:, None], self.column(months)]


@dataclass
class _World:
    """Per job: start of its holder, his power in the running year, the final he stood in."""

    start: np.ndarray
    power: np.ndarray
    finals: Finals


def jobs_per_firm(
    rules: Rules, firm: pd.DataFrame, workers: int, rng: np.random.Generator
) -> np.ndarray:
    """Jobs of each firm in the employment files, a sample of all its staff."""
    rule = rules["labour"]
    weight = np.asarray(rule["staff_weight"])[firm["size_rank"]]
    wanted = weight * rule["jobs_per_worker"] * workers / weight.sum()
    return np.maximum(
        1, np.rint(wanted * np.exp(rng.normal(0, rule["staff_log_sd"], len(firm))))
    ).astype(int)


def simulate_labour(
    rules: Rules,
    firm: pd.DataFrame,
    jobs: np.ndarray,
    event: pd.DataFrame,
    first: pd.DataFrame,
    entry: pd.DataFrame,
    edition: pd.DataFrame,
    *,
    scale: float,
    workers: int,
    rng: np.random.Generator,
) -> Labour:
    """Spells as they were, expected retention with and without the awards, the people of the entries.

    Parameters
    ----------
    jobs : jobs of each firm. event : see `Events.event`.
    first : first award of each firm (edition, year, category; missing = never).
    scale : multiple of the true effects.
    """
    time = rules["time"]
    years = np.arange(time["spells_from"], time["panel"][1] + 2)
    draws, people = rng.spawn(2)
    founded, closed = (
        firm[name].dt.year * 12 + firm[name].dt.month - 1 for name in ("founded", "closed")
    )
    firm_of = np.repeat(np.arange(len(firm)), jobs)
    setting = _Setting(
        rules,
        years,
        firm_of,
        founded.to_numpy(dtype=int)[firm_of],
        (closed - 1).fillna(NEVER).to_numpy(dtype=int)[firm_of],
        firm_powers(rules, len(firm), years, rng),
        colleague_points(rules, first, years, scale),
        _mergers(event),
        contest_places(rules, entry, edition, people),
        people_points(rules, entry, scale),
    )
    stay, means, member = _run(setting, draws, people)
    stay["worker_rank"] = _assign_workers(
        stay["start"].to_numpy(), stay["end"].to_numpy(), workers, rng
    )
    dispatched = exact_share(rng, len(stay), rules["labour"]["dispatch_share"])
    stay["agency"] = np.where(
        dispatched, rng.integers(0, len(words()["dispatch"]["companies"]), len(stay)), -1
    )
    panel = np.arange(time["panel"][0], time["panel"][1] + 1)
    cut = means[:, :, np.isin(years, panel)]
    rows = pd.MultiIndex.from_product([np.arange(len(firm)), panel], names=["firm_rank", "year"])
    retention = pd.DataFrame(
        {"mu0": cut[0].ravel(), "mu1": cut[1].ravel()}, index=rows
    ).reset_index()
    member = with_people(member, stay, _month(time["export"]))
    return Labour(_by_firm(stay, firm_of, setting.mergers), retention, member)


def _mergers(event: pd.DataFrame) -> dict[int, list[tuple[int, int]]]:
    merger = event[event["type"] == "merger"]
    month = merger["date"].dt.year * 12 + merger["date"].dt.month - 1
    pairs = pd.Series(
        list(zip(merger["firm_rank"], merger["into_rank"], strict=True)),
        index=merger.index,
        dtype=object,
    )
    return {int(when): list(pairs[month == when]) for when in month.unique()}


def _run(
    setting: _Setting, draws: np.random.Generator, people: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Stays in a job (job, start, end) as they were; mean expected stays (world x firm x year).

    Members by job.
    """
    begin, end = int(setting.years[0]) * 12, _month(setting.rules["time"]["export"])
    worlds = [_begin(setting, begin, draws)]
    means = np.full((2, *setting.power.shape), np.nan)
    left: list[tuple[np.ndarray, np.ndarray, int]] = []
    coming, members, parting = setting.members_none(), [setting.members_none()], _parting(setting)
    for month in range(begin, end):
        fills, leaves = draws.random(len(setting.firm)), np.log(draws.random(len(setting.firm)))
        fills[
            np.isin(setting.firm, setting.places["firm_rank"][setting.places["month"] == month])
        ] = -1.0
        _merge(setting, month)
        if month == parting:
            worlds.append(_World(worlds[0].start.copy(), worlds[0].power.copy(), worlds[0].finals))
        for number, world in enumerate(worlds):
            _fill(setting, world, month, fills, treated=number == 1)
        if month % 12 == 11:
            coming = _draw_members(setting, worlds[-1], month, people)
            means[0, :, setting.column(month)] = _mean_stay(
                setting, worlds[0], month, setting.members_none()
            )
            treated = coming if len(worlds) == 2 else setting.members_none()
            means[1, :, setting.column(month)] = _mean_stay(setting, worlds[-1], month, treated)
        if (coming["month"] == month).any():
            members.append(_hold_final(setting, worlds, coming[coming["month"] == month], month))
        for world in worlds:
            going = _leavers(setting, world, month, leaves)
            if world is worlds[-1]:
                left.append((np.flatnonzero(going), world.start[going], month))
            world.start[going] = VACANT
            world.finals = world.finals.left(going)
    return _stays(left, worlds[-1].start), means, pd.concat(members, ignore_index=True)


def _parting(setting: _Setting) -> int:
    """The December from which on the world with awards differs from the one without."""
    finals = setting.places.loc[setting.places["priority"] < 2, "month"]
    if not setting.aims.any() and not setting.points.any():
        return NEVER
    return (int(finals.min()) // 12) * 12 - 1


def _begin(setting: _Setting, begin: int, rng: np.random.Generator) -> _World:
    """The staff of the first month: tenures as the hazards leave them in the long run."""
    rule = setting.rules["labour"]
    still_there = np.exp(np.cumsum(log_keep(*rule["hazard"])[: rule["longest_tenure"]]))
    tenure = 1 + rng.choice(
        len(still_there), size=len(setting.firm), p=still_there / still_there.sum()
    )
    start = np.where(setting.opens < begin, np.maximum(begin - tenure, setting.opens), VACANT)
    return _World(start, setting.power[setting.firm, 0], Finals.none(len(start)))


def _merge(setting: _Setting, month: int) -> None:
    """Jobs of firms that go into another one this month are that one's from now on."""
    for rank, into in setting.mergers.get(month, []):
        setting.firm = np.where(setting.firm == rank, into, setting.firm)


def _fill(
    setting: _Setting, world: _World, month: int, fills: np.ndarray, *, treated: bool
) -> None:
    """Vacancies filled; powers set for the newcomers, and for everybody when a year of stays begins."""
    is_open = (setting.opens <= month) & (month <= setting.closes)
    new = (world.start == VACANT) & is_open & (fills < setting.rules["labour"]["filled_per_month"])
    world.start[new] = month
    rows = np.flatnonzero(world.start != VACANT if month % 12 == 11 else new)
    firm, column = setting.firm[rows], setting.column(month)
    points = setting.points[firm, column] * treated
    world.power[rows] = year_powers(
        setting.rules, month - world.start[rows], setting.power[firm, column], points
    )


def _draw_members(
    setting: _Setting, world: _World, month: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Who will stand in the finals of the next eleven months.

    A later holder of the job stands in for who left it.
    """
    places = setting.places
    tenure = np.where(world.start == VACANT, 0, month - world.start)
    drawn = [setting.members_none()]
    for when in sorted(
        places["month"][(places["month"] > month) & (places["month"] < month + 12)].unique()
    ):
        found = draw_jobs(setting.rules, places[places["month"] == when], setting.firm, tenure, rng)
        drawn.append(
            found.assign(
                month=when, finalist=places["priority"].to_numpy()[found["entry_rank"]] < 2
            )
        )
    return pd.concat(drawn[1:] or drawn, ignore_index=True)


def _new_finals(setting: _Setting, world: _World, member: pd.DataFrame) -> Finals:
    """What the finals of these members will do to those of today's holders who are still there."""
    rows = member[member["finalist"].to_numpy(dtype=bool)]
    new, jobs = Finals.none(len(setting.firm)), rows["job"].to_numpy(dtype=int)
    for when in rows["month"].unique():
        own = (rows["month"] == when).to_numpy()
        held = own & (world.start[jobs] != VACANT)
        months = int(when) + np.arange(WINDOW)
        logs = month_logs(
            setting.rules, world.start[jobs[held]], int(when), setting.powers(jobs[held], months)
        )
        aims = setting.aims[rows["entry_rank"].to_numpy(dtype=int)[held]]
        new.month[jobs[held]] = when
        new.first[jobs[held]], new.second[jobs[held]] = final_factors(setting.rules, logs, aims)
    return new


def _hold_final(
    setting: _Setting, worlds: list[_World], member: pd.DataFrame, month: int
) -> pd.DataFrame:
    """The final counts for its people from now on.

    `member` with their expected stays (missing for the others).
    """
    world, finals = worlds[-1], worlds[-1].finals
    if len(worlds) == 2:
        finals = world.finals = finals.entered(_new_finals(setting, world, member))
    jobs, months = member["job"].to_numpy(dtype=int), month + np.arange(WINDOW)
    logs = month_logs(setting.rules, world.start[jobs], month, setting.powers(jobs, months))
    lifted = logs * finals.of(jobs).factor(months)
    found = member.copy()
    for name, own in (("mu0", logs), ("mu1", lifted)):
        for horizon in (12, WINDOW):
            lives = found["finalist"].to_numpy(dtype=bool), setting.closes[jobs] >= month + horizon
            stay = np.exp(own[:, :horizon].sum(axis=1)) * lives[1]
            found[f"{name}_{horizon}"] = np.where(lives[0], stay, np.nan)
    return found


def _power_now(setting: _Setting, world: _World, month: int) -> np.ndarray:
    """Per job: who stood in a final follows his own path, the others the year's power of their firm."""
    power, jobs = world.power.copy(), np.flatnonzero(world.finals.month < NEVER)
    own = setting.power[setting.firm[jobs], setting.column(month)]
    power[jobs] = own * world.finals.of(jobs).factor(month)
    return power


def _leavers(setting: _Setting, world: _World, month: int, leaves: np.ndarray) -> np.ndarray:
    """Jobs whose holder leaves at the end of the month.

    By the hazard (logs compared), or because the firm closes.
    """
    held = world.start != VACANT
    plain = log_keep(*setting.rules["labour"]["hazard"])[np.where(held, month - world.start, 0)]
    return held & ((leaves > plain * _power_now(setting, world, month)) | (month == setting.closes))


def _mean_stay(setting: _Setting, world: _World, month: int, coming: pd.DataFrame) -> np.ndarray:
    """Expected share of each firm's staff that is still there in twelve months.

    Missing where there is no staff.

    Those of a past final, and those of the finals `coming`, have a power that changes inside the
    twelve months.
    """
    held = world.start != VACANT
    tenure = np.where(held, month - world.start, 0)
    logs = log_year(*setting.rules["labour"]["hazard"])[tenure] * world.power
    new = _new_finals(setting, world, coming)
    jobs = np.flatnonzero(held & ((world.finals.month < NEVER) | (new.month < NEVER)))
    months = month + np.arange(12)
    before, later = world.finals.of(jobs), world.finals.entered(new).of(jobs)
    plain = month_logs(setting.rules, world.start[jobs], month, setting.powers(jobs, months))
    path = np.where(months >= later.month[:, None], later.factor(months), before.factor(months))
    general = (before.month == NEVER)[:, None] & (months < later.month[:, None])
    ratio = (world.power[jobs] / setting.power[setting.firm[jobs], setting.column(month)])[:, None]
    logs[jobs] = (plain * np.where(general, ratio, path)).sum(axis=1)
    stay = np.where(setting.closes < month + 12, 0.0, np.exp(logs))
    firms = len(setting.power)
    staff = np.bincount(setting.firm, weights=held, minlength=firms)
    total = np.bincount(setting.firm, weights=held * stay, minlength=firms)
    return np.divide(total, staff, out=np.full(firms, np.nan), where=staff > 0)


def _month(day: str) -> int:
    year, month, _ = map(int, day.split("-"))
    return year * 12 + month - 1


def _stays(left: list[tuple[np.ndarray, np.ndarray, int]], start: np.ndarray) -> pd.DataFrame:
    """Stays that ended, and those that were open in the month of the export.

    In the order of job and start.
    """
    job, begun = (np.concatenate([part[i] for part in left]) for i in (0, 1))
    ended = np.repeat([month for _, _, month in left], [len(job) for job, _, _ in left])
    last = np.flatnonzero(start != VACANT)
    stay = pd.DataFrame(
        {
            "job": np.append(job, last),
            "start": np.append(begun, start[last]),
            "end": np.append(ended, np.full(len(last), OPEN)),
        }
    )
    return stay.sort_values(["job", "start"], ignore_index=True)


def _by_firm(
    stay: pd.DataFrame, firm_of: np.ndarray, mergers: dict[int, list[tuple[int, int]]]
) -> pd.DataFrame:
    """Spells: stays cut where the firm goes into another one, with the firm of each part."""
    firms = int(firm_of[-1]) + 1
    cut, into = np.full(firms, NEVER), np.arange(firms)
    for month, pairs in mergers.items():
        for rank, other in pairs:
            cut[rank], into[rank] = month, other
    rank = firm_of[stay["job"]]
    before = stay.assign(
        firm_rank=rank,
        end=np.minimum(stay["end"], np.where(cut[rank] < NEVER, cut[rank] - 1, OPEN)),
    )
    after = stay.assign(firm_rank=into[rank], start=np.maximum(stay["start"], cut[rank]))
    parts = [
        before[(stay["start"] < cut[rank]).to_numpy()],
        after[(stay["end"] >= cut[rank]).to_numpy() & (cut[rank] < NEVER)],
    ]
    spell = pd.concat(parts).sort_values(["job", "start"], ignore_index=True)
    return spell[["job", "firm_rank", "start", "end", "worker_rank", "agency"]]


def _assign_workers(
    start: np.ndarray, end: np.ndarray, workers: int, rng: np.random.Generator
) -> np.ndarray:
    """A worker for each stay, drawn among those without a job.

    More workers come in only when nobody is free.
    """
    worker = np.empty(len(start), dtype=np.int64)
    free_from = np.zeros(workers, dtype=np.int64)
    order = np.argsort(start, kind="stable")
    months, firsts = np.unique(start[order], return_index=True)
    for month, rows in zip(months, np.split(order, firsts[1:]), strict=True):
        free = rng.permutation(np.flatnonzero(free_from <= month))[: len(rows)]
        lacking = len(rows) - len(free)
        if lacking:
            free = np.append(free, np.arange(len(free_from), len(free_from) + lacking))
            free_from = np.append(free_from, np.zeros(lacking, dtype=np.int64))
        worker[rows] = free
        free_from[free] = end[rows] + 1
    return worker
