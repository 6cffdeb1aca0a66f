"""A finished run beside the truth of its world: for tests only, nothing else may read `truth/`."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from python_calamine import CalamineWorkbook

from tests.unit.link.evaluation import true_workers
from zgzx_research.ingest.file_numbers import read_list

KEY = ["file", "sheet", "row", "part"]
ROW = KEY[:3]
CLEAN = ("registry", "spell", "si_month", "patent", "roster", "quarantine")
TRUTH = (
    "firm",
    "firm_year",
    "firm_event",
    "award",
    "entry",
    "programme",
    "patent",
    "spell",
    "record",
    "worker_final",
)
LINK = ("firm", "link_audit", "spell_worker", "employment")
# A second copy of a row, or a month that was paid back, is no loss.
MERGED = (
    "duplicate_row",
    "duplicate_application",
    "duplicate_month",
    "duplicate_uscc",
    "refunded_period",
)


@dataclass(frozen=True)
class Recovered:
    """A run and its truth.

    truth, clean, link : tables by name. firm_year, firm_entries, worker_final : the panels.
    firms, workers : our identifiers -> the true ones.
    """

    truth: dict[str, pd.DataFrame]
    clean: dict[str, pd.DataFrame]
    link: dict[str, pd.DataFrame]
    firm_year: pd.DataFrame
    firm_entries: pd.DataFrame
    worker_final: pd.DataFrame
    firms: pd.Series
    workers: pd.Series

    def lost_rows(self) -> pd.DataFrame:
        """Rows in quarantine that are no copies: file, sheet, row, reason, value_masked."""
        entries = self.clean["quarantine"]
        lost = (
            entries["row_lost"]
            & ~entries["reason"].isin(MERGED)
            & ~entries["reason"].str.startswith("value_")
        )
        return entries.loc[lost, [*ROW, "reason", "value_masked"]]

    def rows_with_dirt(self) -> pd.DataFrame:
        """source, file, sheet, row, recoverable, kind.

        A line per raw row and kind of dirt on it.
        """
        rows = self.truth["record"].drop_duplicates(ROW)
        return (
            rows.assign(kind=rows["dirt"].fillna("").str.split(";"))
            .explode("kind")
            .query("kind != ''")
        )


def numbered(record: pd.DataFrame, raw: Path) -> pd.DataFrame:
    """The truth of records with files and sheets by number, as the tables have them."""
    number = read_list(raw)
    tabs = {
        (name, tab): str(place)
        for name in record["file"].unique()
        if name.endswith(".xlsx")
        for place, tab in enumerate(CalamineWorkbook.from_path(raw / name).sheet_names, start=1)
    }
    sheet = [tabs.get(place, "") for place in zip(record["file"], record["sheet"], strict=True)]
    return record.assign(
        file=record["file"].map(number), sheet=pd.Series(sheet, record.index, dtype="str")
    )


@functools.cache
def recovered(project: Path) -> Recovered:
    """Read what a run of the demo study left behind, and the truth; not to be changed."""
    raw, work = project / "data/raw/demo/truth", project / "data/work/demo"
    truth = {name: pd.read_parquet(raw / f"{name}.parquet") for name in TRUTH}
    truth["record"] = numbered(truth["record"], project / "data/raw/demo/raw")
    clean = {name: pd.read_parquet(work / "clean" / f"{name}.parquet") for name in CLEAN}
    link = {name: pd.read_parquet(work / "link" / f"{name}.parquet") for name in LINK}
    firms = _true_firms(link["firm"], clean["registry"], truth["record"])
    panel, entries, people = (
        pd.read_parquet(work / "panels" / f"{name}.parquet")
        for name in ("firm_year", "firm_entries", "worker_final")
    )
    workers = true_workers(link["spell_worker"], truth["record"])
    return Recovered(
        truth,
        clean,
        link,
        panel.assign(true_id=panel["firm_id"].map(firms)),
        entries.assign(true_id=entries["firm_id"].map(firms)),
        people.assign(true_id=people["worker_id"].map(workers)),
        firms,
        workers,
    )


def _true_firms(firm: pd.DataFrame, registry: pd.DataFrame, record: pd.DataFrame) -> pd.Series:
    """The true firm by ours.

    Whom the registry's row of that code, or else of that name, is about.
    """
    rows = registry[[*KEY, "uscc", "name"]].merge(
        record[[*KEY, "firm_id"]], on=KEY, validate="one_to_one"
    )
    code, name = (
        rows.dropna(subset=by).drop_duplicates(by).set_index(by)["firm_id"]
        for by in ("uscc", "name")
    )
    found = firm["uscc"].map(code).fillna(firm["name"].map(name))
    return pd.Series(found.to_numpy(), index=firm["firm_id"])
