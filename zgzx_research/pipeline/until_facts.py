"""Until when each source reaches, as facts `until.*`."""

from __future__ import annotations

import pandas as pd

from zgzx_research.evidence.facts import Fact, fact
from zgzx_research.panels.patent_counts import PATENT_COLUMNS, PUBLISHED_AFTER
from zgzx_research.panels.retention import last_month
from zgzx_research.pipeline.place import Place
from zgzx_research.study import Study


def until_facts(place: Place, study: Study) -> dict[str, Fact]:
    """Return the facts `until.*` of the sources that the study has.

    Parameters
    ----------
    place : Place
        Where the study's tables are.
    study : Study
        The study file.

    Returns
    -------
    dict
        until.roster and until.scores: the last edition in the lists. until.employment: the last
        month in which somebody was insured, began or ended. until.patents: the month of the last
        filing; until.patents_export: the day of the export. until.<kind of patents>: the last year
        of which all applications are published; until.months_to_publication: what inventions take
        at most. until.programmes: the year of the last onset of another programme.
    """
    found: dict[str, Fact] = {}
    for source, table in (("roster", "roster"), ("scores", "entry")):
        edition = _read(place, "clean", table, "edition").max()
        if pd.notna(edition):
            found[f"until.{source}"] = fact(int(edition), "count", "data", "clean")

    month = last_month(pd.read_parquet(place.stage("link", "employment")[0]))
    if month:
        text = f"{month // 100}-{month % 100:02d}"
        found["until.employment"] = fact(text, "text", "data", "link")
    onset = pd.to_datetime(_read(place, "clean", "programme", "onset")).max()
    if pd.notna(onset):
        found["until.programmes"] = fact(onset.year, "year", "data", "clean")
    return found | _patents_until(place, study)


def _patents_until(place: Place, study: Study) -> dict[str, Fact]:
    """Return the facts of the patent files; none where there are none."""
    filed = _read(place, "clean", "patent", "filed").max()
    if pd.isna(filed):
        return {}
    found = {
        "until.patents": fact(f"{filed:%Y-%m}", "text", "data", "clean"),
        "until.patents_export": fact(study.patents_until.isoformat(), "text", "design", "study"),
        "until.months_to_publication": fact(
            PUBLISHED_AFTER["invention"], "count", "design", "study"
        ),
    }
    columns = [f"{name}_complete" for name in PATENT_COLUMNS]
    panel = pd.read_parquet(place.stage("panels", "firm_year")[0], columns=["year", *columns])
    complete = panel.groupby("year")[columns].all()
    for name, column in zip(PATENT_COLUMNS, columns, strict=True):
        years = complete.index[complete[column]]
        if len(years):
            found[f"until.{name}"] = fact(int(years.max()), "year", "data", "panels")
    return found


def _read(place: Place, stage: str, table: str, column: str) -> pd.Series:
    """Read one column of a table."""
    return pd.read_parquet(place.stage(stage, table)[0], columns=[column])[column]
