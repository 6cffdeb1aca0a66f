"""Facts about the data: rows, links, panel, and what is missing; small counts are hidden."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.evidence.disclosure import (
    blank_small_counts,
    hidden_parts,
)
from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.evidence.earlier_counts import NOTHING, EarlierCounts
from zgzx_research.evidence.facts import Fact, fact, shown_fact
from zgzx_research.evidence.linkage_cells import linkage_facts
from zgzx_research.evidence.row_balance import TOTAL, Counts, row_balance
from zgzx_research.pipeline import store
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.until_facts import until_facts
from zgzx_research.report.tables.data_tables import all_lines
from zgzx_research.study import Study

FIRMS = ("treated_firms", "never_treated_firms", "left_out_firms")  # they add up to all firms
UNITS = ("treated_units", "never_treated_units")
COUNTS = {
    "rows_in": "rows_in",
    "rows_kept": "kept",
    "rows_quarantined": "quarantined",
    "rows_non_data": "non_data_rows",
}
OPTIONAL = ("scores", "programmes", "employment", "patents")
STAGES = {"preliminary": "preliminaries", "final": "finals"}  # of the contest, in the score sheets
LEFT_OUT = "already treated|covariate missing|not observed in every"  # reasons that cost units


def data_facts(place: Place, study: Study, before: EarlierCounts = NOTHING) -> dict[str, Fact]:
    """Return all facts about a study's data.

    These are `data.*`, `link.*`, `linkage.*`, `until.*`, `panel.*` and `absent.*`. `before` is what
    an earlier report showed of them.
    """
    rates = pd.read_parquet(place.stage("link", "linkage_rates")[0])
    linked = link_facts(place, before) | linkage_facts(rates, before)
    made = row_facts(place, before) | linked | until_facts(place, study)
    return made | firm_facts(place, study, before) | absent_facts(place, study)


def row_ledger(place: Place) -> dict[str, list[dict[str, Any]]]:
    """Read the counts of rows read, kept and set aside, per source and sheet."""
    return store.read_json(place.work / "clean" / "ledger.json")["sources"]


def row_facts(place: Place, before: EarlierCounts) -> dict[str, Fact]:
    """Return the facts `data.<source>.*` and `data.total.*`."""
    ledger = row_ledger(place)
    balance = row_balance(all_lines(ledger, "zh"), before=before)
    nothing: Counts = dict.fromkeys(COUNTS.values(), 0)
    facts = {"data.sources": fact(sum(map(bool, ledger.values())), "count", "data", "clean")}

    for source, name in [*((source, source) for source in ledger), (TOTAL, "total")]:
        counts = balance.get(source, {TOTAL: nothing})[TOTAL]
        sheets = ledger[source] if source else [sheet for own in ledger.values() for sheet in own]
        files = {sheet["file"] for sheet in sheets}
        facts[f"data.{name}.files"] = fact(len(files), "count", "data", "clean")
        for field, column in COUNTS.items():
            facts[f"data.{name}.{field}"] = shown_fact(counts[column], "count", "data", "clean")
    return facts


def link_rows(place: Place) -> pd.DataFrame:
    """Return source, rows, linked, linked_share, per source that can name a firm; none hidden."""
    from zgzx_research.link.audit import link_summary
    from zgzx_research.link.firm_records import FIRM_SOURCES

    audit = pd.read_parquet(place.stage("link", "link_audit")[0])
    summary = link_summary(audit).set_index("source").reindex(sorted(FIRM_SOURCES))
    table = summary[["rows", "linked"]].fillna(0).astype("int64")
    shares = table.assign(linked_share=table["linked"] / table["rows"])
    return shares.rename_axis("source").reset_index()


def linkage(place: Place, before: EarlierCounts) -> list[dict[str, Any]]:
    """Return records, linked records and their share per source; None where too few."""
    rows = link_rows(place)
    return _withheld(rows[rows["rows"].gt(0)], before)


def arm_linkage(place: Place, before: EarlierCounts) -> list[dict[str, Any]]:
    """Return entity, arm, rows, linked, linked_share over all editions; None where too few."""
    rates = pd.read_parquet(place.stage("link", "linkage_rates")[0])
    pooled = rates.groupby(["entity", "arm"], as_index=False, sort=False)[["rows", "linked"]].sum()
    shares = pooled.assign(linked_share=pooled["linked"] / pooled["rows"])
    return _withheld(shares, before)


def roster_linkage(place: Place, before: EarlierCounts) -> tuple[float, bool]:
    """Return the share of award records that are linked to a firm, and whether it may be shown."""
    rows = link_rows(place)
    rosters = rows[rows["source"].eq("roster")]
    shown = _withheld(rosters, before)[0]["linked_share"]
    return float(rosters["linked_share"].iloc[0]), shown is not None


def _withheld(rows: pd.DataFrame, before: EarlierCounts) -> list[dict[str, Any]]:
    """Hide small counts in rows, linked and linked_share."""
    names = [_link_name(row) for row in rows.to_dict("records")]
    shown = blank_small_counts(rows, ["rows", "linked"], names=names, before=before)
    shown = shown.astype(object)
    return shown.where(shown.notna(), None).to_dict("records")


def _link_name(row: Mapping[Any, Any]) -> str:
    """Return the first parts of the names of the facts of one row."""
    return f"link.{row['arm']}.{row['entity']}" if "arm" in row else f"link.{row['source']}"


def link_facts(place: Place, before: EarlierCounts) -> dict[str, Fact]:
    """Return the facts `link.<source>.*` and `link.<arm>.<entity>.*`."""
    facts: dict[str, Fact] = {}
    measures = (("rows", "count"), ("linked", "count"), ("linked_share", "share"))
    rows = link_rows(place)

    for row in (*arm_linkage(place, before), *_withheld(rows, before)):
        about = _link_name(row)
        for name, unit in measures:
            facts[f"{about}.{name}"] = shown_fact(row[name], unit, "data", "link")

    if facts["link.roster.linked"]["value"] is None:
        roster = rows.set_index("source").loc["roster"]
        few = _why_withheld(int(roster["rows"]), int(roster["linked"]))
        if few == "earlier" or facts["link.roster.rows"]["value"] is not None:
            facts["link.roster.few"] = fact(few, "text", "data", "link")
    return facts


def _why_withheld(rows: int, linked: int) -> str:
    """Say which of the two is small, not how small; "earlier": an earlier report would tell it."""
    if linked < rules().persons:
        return "linked"
    return "unlinked" if rows - linked < rules().persons else "earlier"


def absent_facts(place: Place, study: Study) -> dict[str, Fact]:
    """Return the facts `absent.<name>` of missing data: what the report cannot show, and why."""
    given = {source for source, files in row_ledger(place).items() if files}
    asked = set(study.needed_sources)
    missing = {source for source in OPTIONAL if source not in given}
    unasked = {source for source in ("employment", "patents") if source in given - asked}
    missing |= {f"{source}_not_asked" for source in unasked}
    if "scores" in given:
        entries = pd.read_parquet(place.stage("clean", "entry")[0], columns=["stage"])
        seen = set(entries["stage"].dropna())
        missing |= {name for stage, name in STAGES.items() if stage not in seen}
    facts = {f"absent.{name}": fact(True, "text", "design", "study") for name in sorted(missing)}
    return facts | _absent_editions(place, study)


def _absent_editions(place: Place, study: Study) -> dict[str, Fact]:
    """Editions before the first roster and after the last: their winners count as never awarded."""
    roster = pd.read_parquet(place.stage("clean", "roster")[0], columns=["edition"])
    known = roster["edition"].dropna()
    if known.empty:
        return {}
    calendar = pd.read_csv(place.calendar)
    held = calendar.loc[calendar["year"].le(study.study.years[1]), "edition"]
    edges = {
        "earlier": (int(known.min()), held.lt(known.min())),
        "later": (int(known.max()), held.gt(known.max())),
    }
    return {
        f"absent.{name}_editions": fact(edition, "count", "design", "study")
        for name, (edition, missing) in edges.items()
        if missing.any()
    }


def firm_facts(place: Place, study: Study, before: EarlierCounts) -> dict[str, Fact]:
    """Return the facts `panel.*` of the panel of firms, and `study.editions`."""
    panel = pd.read_parquet(
        place.stage("panels", "firm_year")[0], columns=["firm_id", "first_award"]
    )
    firms = panel.groupby("firm_id")["first_award"].first()
    first, last = study.study.years
    early = firms.notna() & (firms <= first)
    late = firms.notna() & (firms > last)
    counts = {
        "firms": len(firms),
        "firm_years": len(panel),
        "treated_firms": int((firms.notna() & ~early & ~late).sum()),
        "never_treated_firms": int((firms.isna() | late).sum()),
        "left_out_firms": int(early.sum()),
    }
    facts = counted(counts, FIRMS, before)
    roster = pd.read_parquet(place.stage("clean", "roster")[0], columns=["edition"])
    held = set(roster["edition"].dropna()) | set(pd.read_csv(place.calendar)["edition"])
    facts["study.editions"] = fact(len(held), "count", "data", "clean")
    for name, year in (("first_year", first), ("last_year", last)):
        facts[f"panel.{name}"] = fact(year, "year", "data", "panels")
    return facts


def counted(
    counts: dict[str, int], parts: Collection[str], before: EarlierCounts = NOTHING
) -> dict[str, Fact]:
    """Return facts `panel.<name>`; parts of a total that would show too few units are hidden."""
    sizes = [counts[name] for name in parts]
    least = rules().firms
    names = [f"panel.{name}" for name in parts]
    known = [before.knows(*one) for one in zip(names, sizes, strict=True)]
    small = [
        0 < size < least or before.tells(name, size, least)
        for name, size in zip(names, sizes, strict=True)
    ]
    hidden = hidden_parts(sizes, small, least, largest=True, known=known)
    blank = {name for name, hide in zip(parts, hidden, strict=True) if hide}
    shown = {name: None if name in blank else size for name, size in counts.items()}
    return {
        f"panel.{name}": shown_fact(size, "count", "data", "panels") for name, size in shown.items()
    }


def panel_facts(panel: PreparedPanel, rows: int) -> dict[str, Fact]:
    """Return the facts `panel.*` of any panel."""
    never = int((panel.cohorts[panel.cohort] == float("inf")).sum())
    gone = panel.ledger[panel.ledger["reason"].str.contains(LEFT_OUT)]
    left_out = {"left_out_units": int(gone["units"].sum())}
    counts = {
        "units": len(panel.y),
        "periods": len(panel.periods),
        "rows": rows,
        "treated_units": len(panel.y) - never,
        "never_treated_units": never,
    }
    facts = counted(counts, UNITS) | counted(left_out, ["left_out_units"])
    labels = period_labels(panel)
    for name, period in (("first_period", panel.periods[0]), ("last_period", panel.periods[-1])):
        if label := labels.get(str(period)):  # the number of a quarter or a day says nothing
            facts[f"panel.{name}"] = fact(label, "text", "data", "panels")
        else:
            facts[f"panel.{name}"] = fact(int(period), "year", "data", "panels")
    return facts


def period_labels(panel: PreparedPanel) -> dict[str, str]:
    """Return counted periods with their names in the file, where these differ."""
    written = panel.clock.labels() if panel.clock is not None else ()
    for end in ("-01-01", "-01"):
        if written and all(label.endswith(end) and label.count("-") == 2 for label in written):
            written = tuple(label.removesuffix(end) for label in written)
    numbers = map(str, panel.periods)
    return {
        number: label for number, label in zip(numbers, written, strict=False) if label != number
    }
