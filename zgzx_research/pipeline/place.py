"""Where the files of a study are, and what they are called."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from zgzx_research.atomic import writing

SOURCES = {
    "roster": ("roster",),
    "registry": ("registry", "registry_name", "registry_event"),
    "employment": ("spell", "si_month", "dispatch"),
    "patents": ("patent", "patent_party"),
    "scores": ("entry", "score"),
    "programmes": ("programme", "cost", "participation", "district_year"),
}
LINK_TABLES = (
    "firm",
    "firm_name",
    "worker",
    "spell_worker",
    "employment",
    "wage_base",
    "link_audit",
    "link_review",
    "linkage_rates",
)
PANEL_TABLES = ("firm_year", "firm_entries", "worker_final", "inventions_without_finalists")
# tables a page may read -> the stage that makes them
PAGE_TABLES = {
    "firm_year": "panels",
    "firm_entries": "panels",
    "worker_final": "panels",
    "inventions_without_finalists": "panels",
    "employment": "link",
    "firm": "link",
    "link_audit": "link",
    "linkage_rates": "link",
    "roster": "clean",
    "entry": "clean",
    "cost": "clean",
    "participation": "clean",
    "district_year": "clean",
    "quarantine": "clean",
}
CALENDAR = "data/published/edition_calendar.csv"
CLAIMS = "data/published/claims.csv"


@dataclass(frozen=True)
class Place:
    """Where a study's files are.

    Attributes
    ----------
    root : Path
        The project folder.
    name : str
        The study's name.
    raw : Path
        The agencies' files.
    """

    root: Path
    name: str
    raw: Path

    @property
    def work(self) -> Path:
        """Stage files of the study."""
        return self.root / "data" / "work" / self.name

    @property
    def reports(self) -> Path:
        """Reports of the study."""
        return self.root / "reports" / self.name

    @property
    def decisions(self) -> Path:
        """Decisions of people on cells and links (`corrections.csv`, `links.csv`)."""
        return self.root / "data" / "decisions" / self.name

    @property
    def review_workbook(self) -> Path:
        """Workbook with candidates for records without a firm, to be filled in and returned."""
        return self.work / "link" / "link_review.xlsx"

    @property
    def plan(self) -> Path:
        """The frozen analysis plan (`zgzx freeze`)."""
        return self.root / "studies" / f"{self.name}.plan.toml"

    @property
    def published(self) -> Path:
        """Headlines as they were published (`zgzx publish`)."""
        return self.root / "studies" / f"{self.name}.published.json"

    @property
    def changes(self) -> Path:
        """What changed since an earlier study."""
        return self.work / "changes.json"

    @property
    def calendar(self) -> Path:
        """The published calendar of editions."""
        return self.root / CALENDAR

    @property
    def claims(self) -> Path:
        """The official claims."""
        return self.root / CLAIMS

    def stage(self, stage: str, *names: str) -> tuple[Path, ...]:
        """Return the paths of Parquet files of a stage."""
        return tuple(self.work / stage / f"{name}.parquet" for name in names)

    def facts(self, page: str) -> Path:
        """Return the path of the facts that a page keeps."""
        return self.work / "facts" / f"{page}.json"

    @property
    def cache(self) -> Path:
        """Results of slow functions, by code, data and options."""
        return self.work / "cache"

    def page_folder(self, page: str) -> Path:
        """Return the folder of a page: its notebook and its words."""
        return self.root / "notebooks" / page

    def notebook(self, page: str, language: str) -> Path:
        """Return the path of an executed notebook."""
        return self.reports / language / "notebooks" / f"{page}.ipynb"

    def decision_files(self) -> dict[str, Path]:
        """Return the files of decisions that exist: "corrections", "links"."""
        paths = {name: self.decisions / f"{name}.csv" for name in ("corrections", "links")}
        return {name: path for name, path in paths.items() if path.is_file()}


def raw_files(raw: Path, source: str) -> list[Path]:
    """List the files of a source by name, without hidden ones; a source may have no folder.

    A folder that may not be read is an error: without one its files would silently be missing.
    """
    if not (raw / source).exists():
        return []
    with writing(raw / source):
        found = [
            Path(folder) / name
            for folder, _, names in os.walk(raw / source, onerror=_refuse)
            for name in names
        ]
    return sorted(path for path in found if path.is_file() and path.name[0] not in ".~")


def _refuse(problem: OSError) -> None:
    """Pass on what `os.walk` would pass over."""
    raise problem
