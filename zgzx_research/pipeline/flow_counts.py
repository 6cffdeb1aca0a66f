"""The flow of entries, firms and persons from the lists to the estimates, from the tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from zgzx_research.designs.contest_sample import contest_sample
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.flow import Flow, Level, ProgrammeFlow, check_sums
from zgzx_research.link.audit import contestants
from zgzx_research.link.clean_rows import RECORD_KEY, merged_by_key
from zgzx_research.panels.firm_entries import ENTRY_KEY, REACHED
from zgzx_research.pipeline.headline_counts import HeadlineCount

STAY = ("retention_24_group", "tenure_months")  # what the comparison of persons needs
FINAL = REACHED["finalist"]


def programme_flow(
    tables: Mapping[str, pd.DataFrame],
    headlines: Mapping[str, HeadlineCount],
    *,
    years: tuple[int, int],
    last_event: int,
) -> ProgrammeFlow:
    """Count who reaches each level, and why the others leave.

    Parameters
    ----------
    tables : Mapping of str to pandas.DataFrame
        roster, entry (clean); link_audit (links of firms and persons); firm_year, worker_final
        (panels).
    headlines : Mapping of str to HeadlineCount
        Outcome -> the firms of its headline.
    years : (int, int)
        First and last year of the panel of firms.
    last_event : int
        Last year after the award that the headline needs.

    Returns
    -------
    ProgrammeFlow
        Flows that add up; numbers are not hidden yet.
    """
    lines = listed_lines(tables)
    absent = absent_levels(tables)
    first = first_awards_by_firm(tables["firm_year"])
    return ProgrammeFlow(
        entry_flow(lines),
        firm_flow(lines, first, years, absent),
        {
            outcome: outcome_flow(first, years, count, last_event)
            for outcome, count in headlines.items()
        },
        person_flow(lines, tables["worker_final"], absent),
        absent,
    )


def listed_lines(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """List everybody who competed, once per edition and list, with the links.

    Returns
    -------
    pandas.DataFrame
        ENTRY_KEY, edition, category, arm, reached (1 = preliminary, 2 = final, 3 = award), firm_id
        and worker_id (missing where not found; persons known by their ID alone are not found).
    """
    audit, key = tables["link_audit"], ["source", *RECORD_KEY]
    audit = audit[audit["source"].isin(["roster", "entry"])]
    rows = contestants(tables["roster"], tables["entry"])
    for entity, column in (("firm", "firm_id"), ("worker", "worker_id")):
        own = audit[audit["entity"].eq(entity)]
        found = own[column].mask(own["method"].eq("id_only"))
        rows = merged_by_key(rows, own[key].assign(**{column: found}), key, how="left")
    return rows.assign(reached=rows["arm"].map(REACHED).astype("int64"))


def absent_levels(tables: Mapping[str, pd.DataFrame]) -> tuple[str, ...]:
    """Name the levels that no file tells of, with the words of the facts `absent.*`."""
    stages = set(tables["entry"]["stage"].dropna())
    absent = [] if stages else ["scores"]
    absent += ["finals"] if stages and "final" not in stages else []
    absent += ["preliminaries"] if stages and "preliminary" not in stages else []
    persons = tables["link_audit"].query("source in ('roster', 'entry') and entity == 'worker'")
    insured = persons["worker_id"].notna() & persons["method"].ne("id_only")
    return (*absent, *([] if insured.any() else ["employment"]))


def entry_flow(lines: pd.DataFrame) -> Flow:
    """Count the entries in the lists, and those of which a firm is known."""
    known = lines["firm_id"].notna().groupby([lines[name] for name in ENTRY_KEY]).any()
    linked = int(known.sum())
    return _flow(
        "entries",
        Level("listed", len(known)),
        Level("linked", linked, {"no_firm": int((~known).sum())}),
    )


def first_awards_by_firm(firm_year: pd.DataFrame) -> pd.Series:
    """Return the year of the first award by firm, missing where there is none."""
    first = firm_year.groupby("firm_id")["first_award"].first()
    return pd.Series(first.to_numpy(float, na_value=float("nan")), index=first.index)


def firm_flow(
    lines: pd.DataFrame, first: pd.Series, years: tuple[int, int], absent: tuple[str, ...]
) -> Flow:
    """Count the firms that entered, reached a final, won, and first won within the panel.

    Without sheets of finals nobody is known to have lost one, and without those of preliminaries
    nobody to have gone no further: such a level is left out.
    """
    reached = lines.dropna(subset="firm_id").groupby("firm_id")["reached"].max()
    final, won = int(reached.ge(FINAL).sum()), int(reached.gt(FINAL).sum())
    levels = [Level("entered", len(reached))] if not {"scores", "preliminaries"} & {*absent} else []
    if not {"scores", "finals"} & {*absent}:
        levels.append(Level("final", final, {"preliminary_only": len(reached) - final}))
    lost = (levels[-1].count or 0) - won if levels else 0
    levels.append(Level("awarded", won, {"no_award": lost}))

    year = first.reindex(reached.index[reached.gt(FINAL)])
    before, after = int(year.le(years[0]).sum()), int(year.gt(years[1]).sum())
    gone = {"not_in_panel": int(year.isna().sum()), "award_before": before, "award_after": after}
    levels.append(Level("in_panel", won - sum(gone.values()), gone))
    levels[0] = Level(levels[0].name, levels[0].count)
    return _flow("firms", *levels)


def outcome_flow(
    first: pd.Series, years: tuple[int, int], count: HeadlineCount, last_event: int
) -> Flow:
    """Count the firms first awarded within the panel, and those in the headline of an outcome.

    Those that are in neither of the first two groups lack a year that the estimate needs.
    """
    own = first[first.gt(years[0]) & first.le(years[1])]
    used = own[own.index.isin(count.firms)]
    left, rest = {}, len(own) - count.treated
    for reason, number in (
        ("few_staff", len(own) - len(used)),
        ("years_open", int((used + last_event).gt(count.last_year).sum())),
    ):
        left[reason] = min(number, rest)
        rest -= left[reason]
    left["years_missing"] = rest
    return _flow("firms", Level("in_panel", len(own)), Level("estimate", count.treated, left))


def person_flow(lines: pd.DataFrame, persons: pd.DataFrame, absent: tuple[str, ...]) -> Flow:
    """Count the persons in the lists who can be compared with others of their final."""
    finals = lines[lines["reached"].ge(FINAL)]
    if {"scores", "finals"} & {*absent}:
        levels = [Level("awarded", len(finals))]  # nobody is known to have lost a final
    elif "preliminaries" in absent:
        levels = [Level("final", len(finals))]
    else:
        gone = {"preliminary_only": len(lines) - len(finals)}
        levels = [Level("named", len(lines)), Level("final", len(finals), gone)]
    if "employment" in absent:
        return _flow("persons", *levels)

    found = finals.dropna(subset="worker_id")
    each = len(found.drop_duplicates(["edition", "worker_id"]))
    gone = {"not_found": len(finals) - len(found), "named_twice": len(found) - each}
    levels.append(Level("found", each, gone))
    own = persons[persons["arm"].isin(["winner", "finalist"])]
    employed = int(own["employed"].eq(True).fillna(False).sum())
    levels.append(Level("employed", employed, {"not_employed": each - employed}))
    return _flow("persons", *levels, *_compared(own, employed))


def _compared(persons: pd.DataFrame, employed: int) -> list[Level]:
    """Return the last level: persons with a winner and another finalist in their contest."""
    try:
        sample = contest_sample(persons, STAY, where="flow")
    except ZgzxError:  # no contest with winners and others
        return []
    gone = sample.left_out.set_index("reason")["rows"]
    left = {
        "months_open": int(gone[f"{STAY[0]} is missing"]),
        "one_arm": int(gone["edition and category without both arms"]),
    }
    used = len(sample.rows)
    return [Level("compared", used, {**left, "incomplete": employed - used - sum(left.values())})]


def _flow(unit: str, *levels: Level) -> Flow:
    return check_sums(Flow(unit, levels))
