"""The entry of a contestant: its number, its rank in the final, and its distance to the cut."""

from __future__ import annotations

import pandas as pd

from zgzx_research.link.clean_rows import RECORD_KEY, merged_by_key
from zgzx_research.link.link_firms import FirmLinks
from zgzx_research.link.link_people import PeopleLinks
from zgzx_research.panels.firm_entries import CONTEST, ENTRY_KEY, contest_entries

TOKENS = ["name_key", "worker_id"]  # what says that two lists mean one person
LINE = ["file", "sheet", "row"]  # a line of a sheet; a team is one line
RANKS = ["rank", "rank_total", "cut_distance", "tied", "n_judges"]


def entry_ranks(
    roster: pd.DataFrame,
    entry: pd.DataFrame,
    score: pd.DataFrame | None,
    firms: FirmLinks,
    people: PeopleLinks,
) -> pd.DataFrame:
    """Number all entries and give those of a final their rank.

    A winner's line in the sheet of the final is found by the people on it and by its firm.

    Returns
    -------
    pandas.DataFrame
        ENTRY_KEY, entry_id, RANKS; a row per entry.

        - entry_id: edition and a running number by category and list.
        - rank: 名次 in the sheet of the final, 1 = best; where a sheet has none, from the totals.
        - rank_total: entries with a rank in that contest (edition and category).
        - cut_distance: ranks from the cut between winners and losers: 1 = the last winner, -1 =
          the first loser. Missing where a loser is ranked as high as a winner, for then no rank is
          the cut.
        - tied: whether another entry of the contest has the same rank.
        - n_judges: judges who gave scores in that final.
    """
    entries = contest_entries(roster, entry, firms).sort_values(
        [*CONTEST, *ENTRY_KEY], ignore_index=True
    )
    number = entries.groupby("edition").cumcount() + 1
    entries["entry_id"] = (
        entries["edition"].map("{:02d}".format) + "-" + number.map("{:04d}".format)
    ).astype("str")
    final = _with_links(entry[entry["stage"].eq("final")], "entry", firms, people)
    lines = final_lines(final)
    matched = _winners_lines(_with_links(roster, "roster", firms, people), final, lines)
    ranked = _cut(lines.assign(won=lines["won"] | lines.index.isin(matched["line"])))
    found = pd.concat(
        [
            ranked[LINE].assign(source="entry", line=ranked.index),
            matched.assign(source="roster"),
        ]
    )
    measures = ranked[["rank", "cut_distance", "tied"]].loc[found["line"]].set_axis(found.index)
    found = pd.concat([found.drop(columns="line"), measures], axis=1)
    entries = entries.merge(found, on=ENTRY_KEY, how="left", validate="one_to_one")
    return _contest_sizes(entries, ranked, score)[[*ENTRY_KEY, "entry_id", *RANKS]]


def final_lines(final: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of the sheets of the finals.

    Columns: LINE, edition, category, outcome, rank (Int64), won (bool; a blank result is none),
    is_team, firm_id; numbered from 0.
    """
    for column, kind in (("rank", "Int64"), ("total", "float64")):
        if column not in final:
            final[column] = pd.Series(None, index=final.index, dtype=kind)
    lines = final.groupby(LINE, as_index=False).first()
    contest = [lines[name] for name in CONTEST]
    by_total = lines["total"].groupby(contest).rank(method="min", ascending=False)
    unranked = ~lines["rank"].notna().groupby(contest).transform("any")
    absent = lines["outcome"].eq("absent").fillna(False).astype("bool")
    rank = lines["rank"].astype("Int64").mask(unranked, by_total.astype("Int64"))
    won = lines["outcome"].eq("awarded").fillna(False).astype("bool")
    kept = [*LINE, *CONTEST, "outcome", "is_team", "firm_id"]
    return lines[kept].assign(rank=rank.mask(absent), won=won)


def _with_links(
    rows: pd.DataFrame, source: str, firms: FirmLinks, people: PeopleLinks
) -> pd.DataFrame:
    """Add the linked firm and person to rows of a list, in the order of their keys."""
    for links, column in ((firms.link_audit, "firm_id"), (people.link_audit, "worker_id")):
        own = links.loc[links["source"].eq(source), [*RECORD_KEY, column]]
        rows = merged_by_key(rows, own, RECORD_KEY, how="left")
    if "name_key" not in rows:
        rows = rows.assign(name_key=pd.Series(None, index=rows.index, dtype="str"))
    return rows.sort_values(RECORD_KEY)


def _winners_lines(listed: pd.DataFrame, final: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Return the line of the final (index of `lines`) of each line of the rosters.

    People in common weigh more than the firm; only teams, whose members may be written in another
    way, are found by the firm alone. Each must be the best for the other, and no other as good.
    """
    first = listed.groupby(LINE, as_index=False).first()
    first = first.assign(winner=first.index)
    open_lines = lines[~lines["outcome"].isin(["out", "absent", "advanced"])]
    open_lines = open_lines.assign(line=open_lines.index)
    names = _common_names(
        listed.merge(first[[*LINE, "winner"]], on=LINE),
        final.merge(open_lines[[*LINE, "line"]], on=LINE),
    )
    of_teams = first[first["is_team"]], open_lines[open_lines["is_team"]]
    firm = [
        rows.dropna(subset="firm_id")[[*CONTEST, "firm_id", number]]
        for rows, number in ((first, "winner"), (open_lines, "line"))
    ]
    same_firm = firm[0].merge(firm[1], on=[*CONTEST, "firm_id"])[["winner", "line"]]
    alone = same_firm["winner"].isin(of_teams[0]["winner"]) & same_firm["line"].isin(
        of_teams[1]["line"]
    )
    named = pd.MultiIndex.from_frame(names[["winner", "line"]])
    alone |= pd.MultiIndex.from_frame(same_firm).isin(named)
    pairs = pd.concat([names.assign(weight=2 * names["names"]), same_firm[alone].assign(weight=1)])
    pairs = pairs.groupby(["winner", "line"], as_index=False)["weight"].sum()
    best = _only_best(pairs, "winner") & _only_best(pairs, "line")
    return first[[*LINE, "winner"]].merge(pairs[best], on="winner")[[*LINE, "line"]]


def _common_names(winners: pd.DataFrame, scored: pd.DataFrame) -> pd.DataFrame:
    """winner, line, names: how many names or persons a roster's line and a final's have in common.

    winners : CONTEST, TOKENS, winner. scored : CONTEST, TOKENS, line. A row per person.
    """
    said = []
    for token in TOKENS:
        left, right = (
            rows[[*CONTEST, token, number]].dropna(subset=token).drop_duplicates()
            for rows, number in ((winners, "winner"), (scored, "line"))
        )
        said.append(left.merge(right, on=[*CONTEST, token])[["winner", "line"]])
    both = pd.concat(said, ignore_index=True)
    return both.groupby(["winner", "line"]).size().rename("names").reset_index()


def _only_best(pairs: pd.DataFrame, side: str) -> pd.Series:
    """Mark pairs that weigh most for one side, and alone."""
    best = pairs["weight"].eq(pairs.groupby(side)["weight"].transform("max"))
    return best & best.groupby(pairs[side]).transform("sum").eq(1)


def _cut(lines: pd.DataFrame) -> pd.DataFrame:
    """Add cut_distance and tied."""
    contest = [lines[name] for name in CONTEST]
    rank, won = lines["rank"].astype("float64"), lines["won"]
    last_winner = rank.where(won).groupby(contest).transform("max")
    first_loser = rank.mask(won).groupby(contest).transform("min")
    above, below = 1 + last_winner - rank, first_loser - rank - 1
    sharp = last_winner.lt(first_loser.fillna(float("inf")))
    same = lines.groupby([*CONTEST, "rank"])["won"].transform("size").gt(1)
    tied = same.astype("boolean").mask(lines["rank"].isna())
    distance = above.where(won, below).where(sharp)
    return lines.assign(cut_distance=distance.astype("Int64"), tied=tied)


def _contest_sizes(
    entries: pd.DataFrame, lines: pd.DataFrame, score: pd.DataFrame | None
) -> pd.DataFrame:
    """Add rank_total and n_judges to the entries of a final."""
    of_contest = pd.MultiIndex.from_frame(entries[CONTEST])
    ranked = lines["rank"].notna().groupby([lines[name] for name in CONTEST]).sum()
    total = ranked.where(ranked.gt(0)).reindex(of_contest).to_numpy()
    if score is None or score.empty:
        judges = pd.Series(dtype="float64").reindex(range(len(entries))).to_numpy()
    else:
        final = score[score["stage"].eq("final")]
        judges = final.groupby(CONTEST)["part"].nunique().reindex(of_contest).to_numpy()
    there = entries["reached"].ge(2).to_numpy()
    counts = pd.DataFrame({"rank_total": total, "n_judges": judges}, index=entries.index)
    return entries.assign(**{name: counts[name].where(there).astype("Int64") for name in counts})
