"""Gather the facts of a study or an analysis: every number that any page prints."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from zgzx_research.did.effects import Effects
from zgzx_research.did.prepare import PreparedPanel
from zgzx_research.evidence.disclosure import (
    MIN_FIRMS,
    MIN_RECORDS,
    TOTAL,
    Counts,
    blank_small_counts,
    hidden_parts,
    row_balance,
)
from zgzx_research.evidence.facts import Fact, Facts, fact, shown_fact
from zgzx_research.pipeline import estimates, store
from zgzx_research.pipeline.stages import CALENDAR, Place
from zgzx_research.pipeline.summaries import Summary, summarise
from zgzx_research.report.tables import all_lines
from zgzx_research.study import Study

FIRMS = (
    "treated_firms",
    "never_treated_firms",
    "left_out_firms",
)  # they add up to all firms of the panel
UNITS = ("treated_units", "never_treated_units")
COUNTS = {
    "rows_in": "rows_in",
    "rows_kept": "kept",
    "rows_quarantined": "quarantined",
    "rows_non_data": "non_data_rows",
}


def write_study_facts(place: Place, study: Study, stamp: dict[str, Any], synthetic: bool) -> None:
    """`facts.json` of a study."""
    panel = pd.read_parquet(place.stage("panels", "firm_year")[0])
    facts = (
        _study(study, synthetic)
        | _data(place)
        | _links(place)
        | _panel(panel, place, study)
        | stamp_facts(stamp)
    )
    facts |= absent_facts(place, study)
    rosters = link_rows(place).set_index("source").loc["roster"]
    window, seed = study.estimate.event_window, study.study.seed
    claimed = {
        "percent": study.grade.claimed_percent,
        "percentage_point": study.grade.claimed_percentage_points,
    }
    for outcome in study.estimate.outcomes:
        for spec in study.estimate.specs:
            effects = load_effects(place, outcome, spec)
            events = study.estimate.headline_events
            facts |= estimates.estimate_facts(
                effects, outcome, spec, events=events, window=window, seed=seed
            )
            facts |= estimates.graded(
                facts,
                outcome,
                spec,
                claimed=claimed,
                linked_share=float(rosters["linked_share"]),
                withheld=["linkage"] if facts["link.roster.linked_share"]["value"] is None else [],
            )
    Facts(facts).save(place.work / "facts.json")


def load_effects(place: Place, outcome: str, spec: str) -> Effects:
    """Effects as the estimate stage stored them."""
    return Effects.from_json(
        (place.work / "effects" / f"{outcome}.{spec}.json").read_text(encoding="utf-8")
    )


def load_summary(
    place: Place, outcome: str, spec: str, window: tuple[int, int], seed: int
) -> Summary:
    """What is shown of an estimation.

    As an analysis stored it, or made from the effects of a study.
    """
    stored = place.work / "summaries" / f"{outcome}.{spec}.json"
    if stored.is_file():
        return Summary.from_json(stored.read_text(encoding="utf-8"))
    return summarise(load_effects(place, outcome, spec), window, seed)


def estimated(facts: Facts) -> list[tuple[str, str]]:
    """(outcome, specification) of all estimates.

    Retention first, an outcome's main specification first.
    """
    ending = ".headline.estimate"
    pairs = [key.removesuffix(ending).split(".") for key in facts.facts if key.endswith(ending)]
    ordered = sorted(
        pairs, key=lambda pair: (pair[0] != "retention", pair[0], pair[1] != "main", pair[1])
    )
    return [(outcome, spec) for outcome, spec in ordered]


def stamp_facts(stamp: dict[str, Any]) -> dict[str, Fact]:
    """Facts `stamp.<name>`."""
    return {
        f"stamp.{name}": fact(str(value), "text", "stamp", "study") for name, value in stamp.items()
    }


def design_facts(seed: int, window: tuple[int, int], synthetic: bool) -> dict[str, Fact]:
    """What pages need to draw what was estimated."""
    return {
        "study.synthetic": fact(synthetic, "text", "design", "study"),
        "study.seed": fact(seed, "count", "design", "study"),
        "study.event_first": fact(window[0], "count", "design", "study"),
        "study.event_last": fact(window[1], "count", "design", "study"),
    }


def _study(study: Study, synthetic: bool) -> dict[str, Fact]:
    facts = design_facts(study.study.seed, study.estimate.event_window, synthetic)
    facts["study.name"] = fact(study.study.name, "text", "design", "study")
    for name, year in zip(("first_year", "last_year"), study.study.years, strict=True):
        facts[f"study.{name}"] = fact(year, "year", "design", "study")
    return facts


def _data(place: Place) -> dict[str, Fact]:
    ledger = _ledger(place)
    balance = row_balance(all_lines(ledger, "zh"))
    nothing: Counts = dict.fromkeys(COUNTS.values(), 0)
    facts = {"data.sources": fact(sum(map(bool, ledger.values())), "count", "data", "clean")}
    for source, name in [*((source, source) for source in ledger), (TOTAL, "total")]:
        counts = balance.get(source, {TOTAL: nothing})[TOTAL]
        files = {
            file["file"]
            for own in ([ledger[source]] if source else ledger.values())
            for file in own
        }
        facts[f"data.{name}.files"] = fact(len(files), "count", "data", "clean")
        for field, column in COUNTS.items():
            facts[f"data.{name}.{field}"] = shown_fact(counts[column], "count", "data", "clean")
    return facts


def link_rows(place: Place) -> pd.DataFrame:
    """source, rows, linked, linked_share, a row per source that can name a firm.

    Nothing is left blank yet.
    """
    from zgzx_research.link.audit import link_summary
    from zgzx_research.link.firm_records import FIRM_SOURCES

    summary = link_summary(pd.read_parquet(place.stage("link", "link_audit")[0])).set_index(
        "source"
    )
    table = summary.reindex(sorted(FIRM_SOURCES))[["rows", "linked"]].fillna(0).astype("int64")
    return (
        table.assign(linked_share=table["linked"] / table["rows"])
        .rename_axis("source")
        .reset_index()
    )


def linkage(place: Place) -> list[dict[str, Any]]:
    """Records, linked records and their share, a row per source with records.

    None where it would tell of too few.
    """
    rows = link_rows(place)
    return _told(rows[rows["rows"].gt(0)])


def arm_linkage(place: Place) -> list[dict[str, Any]]:
    """entity, arm, rows, linked, linked_share of all editions together.

    None where it would tell of too few.
    """
    rates = pd.read_parquet(place.stage("link", "linkage_rates")[0])
    pooled = rates.groupby(["entity", "arm"], as_index=False, sort=False)[["rows", "linked"]].sum()
    return _told(pooled.assign(linked_share=pooled["linked"] / pooled["rows"]))


def _told(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of rows, linked and linked_share without what would tell of too few."""
    shown = blank_small_counts(rows, ["rows", "linked"]).astype(object)
    return shown.where(shown.notna(), None).to_dict("records")


def _links(place: Place) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    measures = (("rows", "count"), ("linked", "count"), ("linked_share", "share"))
    for row in (*arm_linkage(place), *_told(link_rows(place))):
        about = f"link.{row['arm']}.{row['entity']}" if "arm" in row else f"link.{row['source']}"
        facts |= {
            f"{about}.{name}": shown_fact(row[name], unit, "data", "link")
            for name, unit in measures
        }
    rosters = link_rows(place).set_index("source").loc["roster"]
    if (
        facts["link.roster.linked"]["value"] is None
        and facts["link.roster.rows"]["value"] is not None
    ):
        few = (
            "linked" if rosters["linked"] < MIN_RECORDS else "unlinked"
        )  # which of the two is small, not how small
        facts["link.roster.few"] = fact(few, "text", "data", "link")
    return facts


def first_outcome(outcomes: Collection[str]) -> str:
    """The outcome whose left-out firms the data audit shows.

    Inventions, and retention in a study without patents.
    """
    return "patents_invention" if "patents_invention" in outcomes else next(iter(outcomes))


def absent_facts(place: Place, study: Study) -> dict[str, Fact]:
    """Facts `absent.<what>`, only of what is missing: what the report cannot show, and why."""
    given = {source for source, files in _ledger(place).items() if files}
    asked = set(study.needed_sources)
    stages_seen = set(
        pd.read_parquet(place.stage("clean", "entry")[0], columns=["stage"])["stage"].dropna()
    )
    what = {
        source
        for source in ("scores", "programmes", "employment", "patents")
        if source not in given
    }
    what |= {
        f"{source}_not_asked" for source in ("employment", "patents") if source in given - asked
    }
    if "scores" in given:
        named = {"preliminary": "preliminaries", "final": "finals"}
        what |= {name for stage, name in named.items() if stage not in stages_seen}
    facts = {f"absent.{name}": fact(True, "text", "design", "study") for name in sorted(what)}
    return facts | _absent_editions(place, study)


def _absent_editions(place: Place, study: Study) -> dict[str, Fact]:
    """Editions before the first roster and after the last.

    Their winners pass for firms never awarded.
    """
    known = pd.read_parquet(place.stage("clean", "roster")[0], columns=["edition"])[
        "edition"
    ].dropna()
    calendar = pd.read_csv(place.root / CALENDAR)
    held = calendar.loc[calendar["year"].le(study.study.years[1]), "edition"]
    if known.empty:
        return {}
    edges = {
        "earlier": (int(known.min()), held.lt(known.min())),
        "later": (int(known.max()), held.gt(known.max())),
    }
    told = {name: edition for name, (edition, missing) in edges.items() if missing.any()}
    return {
        f"absent.{name}_editions": fact(edition, "count", "design", "study")
        for name, edition in told.items()
    }


def _ledger(place: Place) -> dict[str, list[dict[str, Any]]]:
    return store.read_json(place.work / "clean" / "ledger.json")["sources"]


def _panel(panel: pd.DataFrame, place: Place, study: Study) -> dict[str, Fact]:
    firms = panel.groupby("firm_id")["first_award"].first()
    early = firms.notna() & (firms <= study.study.years[0])
    late = firms.notna() & (firms > study.study.years[1])
    awarded = pd.read_parquet(place.stage("clean", "roster")[0])
    counts = {
        "firms": len(firms),
        "firm_years": len(panel),
        "treated_firms": int((firms.notna() & ~early & ~late).sum()),
        "never_treated_firms": int((firms.isna() | late).sum()),
        "left_out_firms": int(early.sum()),
    }
    facts = _counted(counts, FIRMS)
    held = set(awarded["edition"].dropna()) | set(pd.read_csv(place.root / CALENDAR)["edition"])
    facts["study.editions"] = fact(len(held), "count", "data", "clean")
    for name, year in zip(("first_year", "last_year"), study.study.years, strict=True):
        facts[f"panel.{name}"] = fact(year, "year", "data", "panels")
    return facts


def _counted(counts: dict[str, int], parts: Collection[str]) -> dict[str, Fact]:
    """Facts `panel.<name>`.

    Of the parts of a total none that would tell of too few firms or units.
    """
    sizes = [counts[name] for name in parts]
    hidden = hidden_parts(sizes, [0 < size < MIN_FIRMS for size in sizes], MIN_FIRMS, largest=True)
    blank = {name for name, hide in zip(parts, hidden, strict=True) if hide}
    shown = {name: None if name in blank else size for name, size in counts.items()}
    return {
        f"panel.{name}": shown_fact(size, "count", "data", "panels") for name, size in shown.items()
    }


def panel_facts(panel: PreparedPanel, rows: int) -> dict[str, Fact]:
    """Facts `panel.*` of any panel."""
    never = int((panel.cohorts[panel.cohort] == float("inf")).sum())
    gone = panel.ledger[
        panel.ledger["reason"].str.contains(
            "already treated|covariate missing|not observed in every"
        )
    ]
    counts = {
        "units": len(panel.y),
        "periods": len(panel.periods),
        "rows": rows,
        "treated_units": len(panel.y) - never,
        "never_treated_units": never,
        "left_out_units": int(gone["units"].sum()),
    }
    facts = _counted(counts, UNITS) | _counted(
        {"left_out_units": counts["left_out_units"]}, ["left_out_units"]
    )
    labels = panel.clock.labels() if panel.clock is not None else ()
    for name, at in (("first_period", 0), ("last_period", -1)):
        written = str(panel.periods[at]) if not labels else labels[at]
        if written != str(
            panel.periods[at]
        ):  # the number of a quarter or of a day says nothing to a reader
            facts[f"panel.{name}"] = fact(labels[at], "text", "data", "panels")
        else:
            facts[f"panel.{name}"] = fact(int(panel.periods[at]), "year", "data", "panels")
    return facts


def input_digest(paths: list[Path], root: Path) -> str:
    """One SHA-256 over names and contents of the inputs."""
    lines = [
        f"{path.relative_to(root).as_posix()}\0{store.file_digest(path)}" for path in sorted(paths)
    ]
    return store.digest("\n".join(lines).encode())
