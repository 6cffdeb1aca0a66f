"""The months of all jobs: who leaves, who fills a vacancy, and who is in a final.

Two worlds run month by month on the same random numbers, one without any award and one as it was.
They differ only where an award changes a hazard: for the people of a final, and for the staff of a
firm that has won. So mu1 - mu0 of a firm that sent nobody into a final is exactly 0. A spell that
ends in December still counts as staff at the end of that year; whether its holder stays another
twelve months is decided by the draws from that December to November. Who will be in the finals of
the coming year is decided in December, by job, so that expectations from then on are exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.constants import Rules
from zgzx_research.simulate.world.entry_members import draw_jobs
from zgzx_research.simulate.world.months import month_of_day
from zgzx_research.simulate.world.own_years import entry_odds
from zgzx_research.simulate.world.staying_hazards import (
    NEVER,
    WINDOW,
    Finals,
    final_factors,
    log_keep,
    log_year,
    month_logs,
    year_powers,
)

VACANT = -1


OPEN = 999_999


@dataclass
class JobSetting:
    """The fixed inputs of the run.

    Attributes
    ----------
    rules : dict
        The constants.
    years : array
        The years of the run.
    firm : array (jobs,)
        The firm of each job; it changes with mergers.
    opens, closes : array (jobs,)
        First and last month of each job.
    power : array (firms, years)
        Powers of the hazards without awards.
    points : array (firms, years)
        Probability that awards add to a year's stay of colleagues.
    mergers : dict
        Month -> pairs (firm, the firm it merges into).
    places : DataFrame
        The entries, see `contest_places`.
    aims : array (entries, 2)
        Probability that a final adds to the stays of 12 and of 24 months of its people.
    own : array (jobs, years) or None
        The holders' own shocks, see `own_years`; None = there are none.
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
    own: np.ndarray | None = None

    def column(self, month: np.ndarray | int) -> np.ndarray | int:
        """Return the position in `years` of the year whose stays a month decides.

        Months after the last year use the last one.
        """
        return np.minimum((month + 1) // 12 - int(self.years[0]), len(self.years) - 1)

    @staticmethod
    def no_members() -> pd.DataFrame:
        """Return an empty table of members: entry_rank, ord, job, month, finalist."""
        whole = {
            name: np.zeros(0, dtype=np.int64) for name in ("entry_rank", "ord", "job", "month")
        }
        return pd.DataFrame({**whole, "finalist": np.zeros(0, dtype=bool)})

    def powers(self, jobs: np.ndarray, months: np.ndarray) -> np.ndarray:
        """Return powers without awards (jobs x months)."""
        return self.power[self.firm[jobs][:, None], self.column(months)]


@dataclass
class JobHolders:
    """The holders of all jobs in one of the two worlds.

    Attributes
    ----------
    start : array (jobs,)
        Month in which the holder began, `VACANT` where there is none.
    power : array (jobs,)
        The holder's power in the running year.
    finals : Finals
        The final in which the holder was.
    """

    start: np.ndarray
    power: np.ndarray
    finals: Finals


def run_months(
    setting: JobSetting, draws: np.random.Generator, people: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Run all months in both worlds.

    Parameters
    ----------
    setting : JobSetting
        The fixed inputs; `setting.firm` changes with mergers.
    draws : Generator
        Random numbers for vacancies and for leaving.
    people : Generator
        Random numbers for the members of entries.

    Returns
    -------
    stays : DataFrame
        Stays in a job as they were: job, start, end.
    means : array (2, firms, years)
        Mean expected stay without and with the awards.
    members : DataFrame
        The members of all entries by job, with their expected stays.
    """
    begin, end = int(setting.years[0]) * 12, month_of_day(setting.rules["time"]["export"])
    worlds = [_begin(setting, begin, draws)]
    means = np.full((2, *setting.power.shape), np.nan)
    left: list[tuple[np.ndarray, np.ndarray, int]] = []
    coming, members, parting = setting.no_members(), [setting.no_members()], _parting(setting)
    for month in range(begin, end):
        fills, leaves = draws.random(len(setting.firm)), np.log(draws.random(len(setting.firm)))
        entering = setting.places["firm_rank"][setting.places["month"] == month]
        fills[np.isin(setting.firm, entering)] = -1.0
        _merge(setting, month)

        if month == parting:
            first = worlds[0]
            worlds.append(JobHolders(first.start.copy(), first.power.copy(), first.finals))
        for number, world in enumerate(worlds):
            _fill(setting, world, month, fills, treated=number == 1)

        if month % 12 == 11:
            nobody, column = setting.no_members(), setting.column(month)
            coming = _draw_members(setting, worlds[-1], month, people)
            treated = coming if len(worlds) == 2 else nobody
            means[0, :, column] = mean_stay(setting, worlds[0], month, nobody)
            means[1, :, column] = mean_stay(setting, worlds[-1], month, treated)
        if (coming["month"] == month).any():
            members.append(_hold_final(setting, worlds, coming[coming["month"] == month], month))

        for world in worlds:
            going = _leavers(setting, world, month, leaves)
            if world is worlds[-1]:
                left.append((np.flatnonzero(going), world.start[going], month))
            world.start[going] = VACANT
            world.finals = world.finals.left(going)
    return _stays(left, worlds[-1].start), means, pd.concat(members, ignore_index=True)


def _parting(setting: JobSetting) -> int:
    """Return the December from which on the world with awards differs from the one without."""
    finals = setting.places.loc[setting.places["priority"] < 2, "month"]
    if not setting.aims.any() and not setting.points.any():
        return NEVER
    return (int(finals.min()) // 12) * 12 - 1


def _begin(setting: JobSetting, begin: int, rng: np.random.Generator) -> JobHolders:
    """Draw the staff of the first month, with tenures as the hazards leave them in the long run."""
    rule = setting.rules["labour"]
    still_there = np.exp(np.cumsum(log_keep(*rule["hazard"])[: rule["longest_tenure"]]))
    tenure = 1 + rng.choice(
        len(still_there), size=len(setting.firm), p=still_there / still_there.sum()
    )
    start = np.where(setting.opens < begin, np.maximum(begin - tenure, setting.opens), VACANT)
    return JobHolders(start, setting.power[setting.firm, 0], Finals.none(len(start)))


def _merge(setting: JobSetting, month: int) -> None:
    """Give the jobs of firms that merge this month to the other firm."""
    for rank, into in setting.mergers.get(month, []):
        setting.firm = np.where(setting.firm == rank, into, setting.firm)


def _fill(
    setting: JobSetting, world: JobHolders, month: int, fills: np.ndarray, *, treated: bool
) -> None:
    """Fill vacancies, and set powers.

    Newcomers get a power; everybody gets a new one when a year of stays begins.
    """
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
    setting: JobSetting, world: JobHolders, month: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw who will be in the finals of the next eleven months.

    If a person leaves before the final, the next holder of the job takes the place.
    """
    places = setting.places
    tenure = np.where(world.start == VACANT, 0, month - world.start)
    coming = (places["month"] > month) & (places["month"] < month + 12)
    drawn = [setting.no_members()]
    own = entry_odds(setting.rules, setting.own, month // 12)
    for when in sorted(places["month"][coming].unique()):
        held = places[places["month"] == when]
        found = draw_jobs(setting.rules, held, setting.firm, tenure, rng, own)
        is_finalist = places["priority"].to_numpy()[found["entry_rank"]] < 2
        drawn.append(found.assign(month=when, finalist=is_finalist))
    return pd.concat(drawn[1:] or drawn, ignore_index=True)


def _new_finals(setting: JobSetting, world: JobHolders, member: pd.DataFrame) -> Finals:
    """Return what the finals of these members do to today's holders who are still there then."""
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
    setting: JobSetting, worlds: list[JobHolders], member: pd.DataFrame, month: int
) -> pd.DataFrame:
    """Let the final count for its people from now on.

    Returns `member` with their expected stays (missing for those who were not in the final).
    """
    world, finals = worlds[-1], worlds[-1].finals
    if len(worlds) == 2:
        finals = world.finals = finals.entered(_new_finals(setting, world, member))
    jobs, months = member["job"].to_numpy(dtype=int), month + np.arange(WINDOW)
    logs = month_logs(setting.rules, world.start[jobs], month, setting.powers(jobs, months))
    lifted = logs * finals.of(jobs).factor(months)

    found, finalist = member.copy(), member["finalist"].to_numpy(dtype=bool)
    for name, own in (("mu0", logs), ("mu1", lifted)):
        for horizon in (12, WINDOW):
            is_open = setting.closes[jobs] >= month + horizon
            stay = np.exp(own[:, :horizon].sum(axis=1)) * is_open
            found[f"{name}_{horizon}"] = np.where(finalist, stay, np.nan)
    return found


def _power_now(setting: JobSetting, world: JobHolders, month: int) -> np.ndarray:
    """Return the power of each job's holder.

    People of a final have a power of their own, others that of their firm.
    """
    power, jobs = world.power.copy(), np.flatnonzero(world.finals.month < NEVER)
    own = setting.power[setting.firm[jobs], setting.column(month)]
    power[jobs] = own * world.finals.of(jobs).factor(month)
    return power


def _leavers(setting: JobSetting, world: JobHolders, month: int, leaves: np.ndarray) -> np.ndarray:
    """Mark jobs whose holder leaves at the end of the month.

    People leave by the hazard (logs are compared), or because the firm closes.
    """
    held = world.start != VACANT
    plain = log_keep(*setting.rules["labour"]["hazard"])[np.where(held, month - world.start, 0)]
    return held & ((leaves > plain * _power_now(setting, world, month)) | (month == setting.closes))


def mean_stay(
    setting: JobSetting, world: JobHolders, month: int, coming: pd.DataFrame
) -> np.ndarray:
    """Compute the expected share of each firm's staff that is still there in twelve months.

    The power of those who were in a past final, or will be in one of the finals `coming`, changes
    within the twelve months.

    Parameters
    ----------
    setting : JobSetting
        The fixed inputs.
    world : JobHolders
        The holders today.
    month : int
        Today.
    coming : DataFrame
        Members of the finals of the next twelve months.

    Returns
    -------
    array (firms,)
        Missing where there is no staff.
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


def _stays(left: list[tuple[np.ndarray, np.ndarray, int]], start: np.ndarray) -> pd.DataFrame:
    """Return stays that ended and those that were open in the month of the export.

    They are in the order of job and start.
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
