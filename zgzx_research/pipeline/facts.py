"""Gather the facts of a study or an analysis: every number that any page prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from zgzx_research.did.effects import Effects
from zgzx_research.did.prepare import PreparedPanel
from zgzx_research.evidence.disclosure import blank_small_counts
from zgzx_research.evidence.facts import Fact, Facts, fact
from zgzx_research.pipeline import estimates, store
from zgzx_research.pipeline.stages import Place
from zgzx_research.pipeline.summaries import Summary, summarise
from zgzx_research.study import Study

COUNTS = {"rows_in": "rows_in", "rows_kept": "kept", "rows_quarantined": "quarantined", "rows_furniture": "furniture"}


def write_study_facts(place: Place, study: Study, stamp: dict[str, Any], synthetic: bool) -> None:
    """`facts.json` of a study."""
    panel = pd.read_parquet(place.stage("panels", "firm_year")[0])
    facts = _study(study, synthetic) | _data(place) | _links(place) | _panel(panel, place, study) | stamp_facts(stamp)
    linked = facts["link.roster.linked_share"]["value"]
    window, seed = study.estimate.event_window, study.study.seed
    claimed = {"percent": study.grade.claimed_percent, "percentage_point": study.grade.claimed_percentage_points}
    for outcome in study.estimate.outcomes:
        for spec in study.estimate.specs:
            effects = load_effects(place, outcome, spec)
            events = study.estimate.headline_events
            facts |= estimates.estimate_facts(effects, outcome, spec, events=events, window=window, seed=seed)
            facts |= estimates.graded(facts, outcome, spec, claimed=claimed, linked_share=linked)
    Facts(facts).save(place.work / "facts.json")


def load_effects(place: Place, outcome: str, spec: str) -> Effects:
    """Effects as the estimate stage stored them."""
    return Effects.from_json((place.work / "effects" / f"{outcome}.{spec}.json").read_text(encoding="utf-8"))


def load_summary(place: Place, outcome: str, spec: str, window: tuple[int, int], seed: int) -> Summary:
    """What is shown of an estimation: as an analysis stored it, or made from the effects of a study."""
    stored = place.work / "summaries" / f"{outcome}.{spec}.json"
    if stored.is_file():
        return Summary.from_json(stored.read_text(encoding="utf-8"))
    return summarise(load_effects(place, outcome, spec), window, seed)


def estimated(facts: Facts) -> list[tuple[str, str]]:
    """(outcome, specification) of all estimates: retention first, an outcome's main specification first."""
    ending = ".headline.estimate"
    pairs = [key.removesuffix(ending).split(".") for key in facts.facts if key.endswith(ending)]
    ordered = sorted(pairs, key=lambda pair: (pair[0] != "retention", pair[0], pair[1] != "main", pair[1]))
    return [(outcome, spec) for outcome, spec in ordered]


def stamp_facts(stamp: dict[str, Any]) -> dict[str, Fact]:
    """Facts `stamp.<name>`."""
    return {f"stamp.{name}": fact(str(value), "text", "stamp", "study") for name, value in stamp.items()}


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
    ledger = store.read_json(place.work / "clean" / "ledger.json")["sources"]
    facts: dict[str, Fact] = {}
    total = dict.fromkeys(("files", *COUNTS), 0)
    for source, files in ledger.items():
        counts = {"files": len({entry["file"] for entry in files})}
        counts |= {name: sum(entry[column] for entry in files) for name, column in COUNTS.items()}
        facts |= {f"data.{source}.{name}": fact(n, "count", "data", "clean") for name, n in counts.items()}
        total = {name: total[name] + n for name, n in counts.items()}
    facts["data.sources"] = fact(len(ledger), "count", "data", "clean")
    return facts | {f"data.total.{name}": fact(n, "count", "data", "clean") for name, n in total.items()}


def linkage(place: Place) -> list[dict[str, Any]]:
    """Records, linked records and their share, a row per source."""
    from zgzx_research.link.audit import link_summary

    return link_summary(pd.read_parquet(place.stage("link", "link_audit")[0])).to_dict("records")


def arm_linkage(place: Place) -> list[dict[str, Any]]:
    """entity, arm, rows, linked, linked_share of all editions together; missing where it would tell of too few."""
    rates = pd.read_parquet(place.stage("link", "linkage_rates")[0])
    pooled = rates.groupby(["entity", "arm"], as_index=False, sort=False)[["rows", "linked"]].sum()
    pooled["linked_share"] = pooled["linked"] / pooled["rows"]
    shown = blank_small_counts(pooled, ["rows", "linked"]).astype(object)
    return shown.where(shown.notna(), None).to_dict("records")


def _links(place: Place) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    measures = (("rows", "count"), ("linked", "count"), ("linked_share", "share"))
    for row in arm_linkage(place):
        about = f"link.{row['arm']}.{row['entity']}"
        facts |= {f"{about}.{name}": fact(row[name], unit, "data", "link") for name, unit in measures}
    for row in linkage(place):
        for name, unit in measures:
            facts[f"link.{row['source']}.{name}"] = fact(row[name], unit, "data", "link")
    return facts


def _panel(panel: pd.DataFrame, place: Place, study: Study) -> dict[str, Fact]:
    firms = panel.groupby("firm_id")["first_award"].first()
    early = firms.notna() & (firms <= study.study.years[0])
    late = firms.notna() & (firms > study.study.years[1])
    awarded = pd.read_parquet(place.stage("clean", "roster")[0])
    counts = {
        "firms": len(firms), "firm_years": len(panel), "treated_firms": int((firms.notna() & ~early & ~late).sum()),
        "never_treated_firms": int((firms.isna() | late).sum()), "left_out_firms": int(early.sum()),
    }  # fmt: skip
    facts = {f"panel.{name}": fact(n, "count", "data", "panels") for name, n in counts.items()}
    facts["study.editions"] = fact(int(awarded["edition"].nunique()), "count", "data", "clean")
    for name, year in zip(("first_year", "last_year"), study.study.years, strict=True):
        facts[f"panel.{name}"] = fact(year, "year", "data", "panels")
    return facts


def panel_facts(panel: PreparedPanel, rows: int) -> dict[str, Fact]:
    """Facts `panel.*` of any panel."""
    never = int((panel.cohorts[panel.cohort] == float("inf")).sum())
    gone = panel.ledger[panel.ledger["reason"].str.contains("already treated|covariate missing|not observed in every")]
    counts = {
        "units": len(panel.y), "periods": len(panel.periods), "rows": rows, "treated_units": len(panel.y) - never,
        "never_treated_units": never, "left_out_units": int(gone["units"].sum()),
    }  # fmt: skip
    facts = {f"panel.{name}": fact(n, "count", "data", "panels") for name, n in counts.items()}
    labels = panel.clock.labels() if panel.clock is not None else ()
    for name, at in (("first_period", 0), ("last_period", -1)):
        written = str(panel.periods[at]) if not labels else labels[at]
        if written != str(panel.periods[at]):  # the number of a quarter or of a day says nothing to a reader
            facts[f"panel.{name}"] = fact(labels[at], "text", "data", "panels")
        else:
            facts[f"panel.{name}"] = fact(int(panel.periods[at]), "year", "data", "panels")
    return facts


def input_digest(paths: list[Path], root: Path) -> str:
    """One SHA-256 over names and contents of the inputs."""
    lines = [f"{path.relative_to(root).as_posix()}\0{store.file_digest(path)}" for path in sorted(paths)]
    return store.digest("\n".join(lines).encode())
