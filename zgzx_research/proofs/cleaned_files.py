"""A synthetic world as raw files, and what the package reads, cleans and links from them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from zgzx_research.cleaning import sources as cleaning_sources
from zgzx_research.cleaning.secret_key import SYNTHETIC_KEY
from zgzx_research.ingest.raw_table import RawTable
from zgzx_research.ingest.read import read_raw
from zgzx_research.link.clean_rows import RECORD_KEY
from zgzx_research.link.link_firms import FirmLinks, link_firms
from zgzx_research.link.link_people import PeopleLinks, link_people
from zgzx_research.simulate.files.employment_lines import employers, employment_lines, spells_layout
from zgzx_research.simulate.files.insurance_workbooks import agency_table, write_agencies
from zgzx_research.simulate.world.constants import Order
from zgzx_research.simulate.world.model import World, simulate_world
from zgzx_research.simulate.write import WRITERS
from zgzx_research.study import find_root


class Quantity(NamedTuple):
    """One quantity of one world.

    Attributes
    ----------
    true : float
        As it is in the world.
    cleaned : float
        As the package finds it in the raw files.
    naive : float
        As the naive treatment finds it.
    """

    true: float
    cleaned: float
    naive: float


@dataclass(frozen=True)
class CleanedFiles:
    """A world and what the package reads from its raw files.

    Attributes
    ----------
    world : World
        The world.
    clean : dict of str to DataFrame
        The clean tables.
    raw : dict of str to list of RawTable
        The raw tables of each source.
    record : DataFrame
        The firm and the person of each row of the files (truth/record).
    """

    world: World
    clean: dict[str, pd.DataFrame]
    raw: dict[str, list[RawTable]]
    record: pd.DataFrame

    @property
    def export(self) -> datetime.date:
        """The day of the export."""
        return pd.Timestamp(self.world.rules["time"]["export"]).date()

    @cached_property
    def firms(self) -> FirmLinks:
        """The firms that the package links."""
        return link_firms(self.clean, calendar())

    @cached_property
    def people(self) -> PeopleLinks:
        """The persons that the package links, without inventors."""
        tables = without_tables(self.clean, "patent", "patent_party")
        return link_people(tables, self.firms, calendar())

    @cached_property
    def true_firms(self) -> pd.Series:
        """The true firm_id by the package's firm_id, matched by their registry rows."""
        rows = self.clean["registry"].merge(self.record, on=RECORD_KEY, suffixes=("", "_true"))
        by_code = rows.dropna(subset="uscc").drop_duplicates("uscc").set_index("uscc")["firm_id"]
        by_name = rows.dropna(subset="name").drop_duplicates("name").set_index("name")["firm_id"]
        firm = self.firms.firm.set_index("firm_id")
        return firm["uscc"].map(by_code).fillna(firm["name"].map(by_name))


def no_dates() -> pd.DataFrame:
    """A calendar of a reader who does not know when the finals were held."""
    return calendar().iloc[:0]


@cache
def calendar() -> pd.DataFrame:
    """Read the published calendar of the editions."""
    return pd.read_csv(find_root() / "data/published/edition_calendar.csv")


def write_and_clean(order: Order, sources: Sequence[str], raw: Path) -> CleanedFiles:
    """Write the sources of a world below `raw`, read them and clean them."""
    world, records = simulate_world(order), []
    for source in sources:
        (raw / source).mkdir(parents=True)
        write = write_spells_and_agencies if source == "employment" else WRITERS[source]
        records += write(world, raw)

    tables = {source: read_raw(raw, source) for source in sources}
    clean: dict[str, pd.DataFrame] = {}
    for source in sources:
        clean |= cleaning_sources.clean(tables[source], source, key=SYNTHETIC_KEY).tables
    record = _with_numbers(pd.concat(records, ignore_index=True), tables)
    return CleanedFiles(world, clean, tables, record)


def write_spells_and_agencies(world: World, raw: Path) -> list[pd.DataFrame]:
    """Write everybody's employment as spells, and the agency sheets; return the true records.

    Files of months would say the same at twenty times the cost.
    """
    employer = employers(world, world.order.stream("employers"))
    line = employment_lines(world, world.order.stream("employment dirt"))
    table, record = spells_layout(world, employer, line, "employment/spells.csv")
    table.to_csv(raw / "employment/spells.csv", index=False, encoding="utf-8-sig")
    if not (line["agency"] >= 0).any():
        return [record]
    agency = agency_table(world, employer, line, world.order.stream("agency"))
    return [record, *write_agencies(world, raw, line, agency)]


def without_tables(clean: dict[str, pd.DataFrame], *names: str) -> dict[str, pd.DataFrame]:
    """Return the clean tables without those of these names."""
    return {name: table for name, table in clean.items() if name not in names}


def _with_numbers(record: pd.DataFrame, tables: dict[str, list[RawTable]]) -> pd.DataFrame:
    """Replace names of files and sheets by their numbers, as the clean tables have them."""
    number = {
        (one.file_name, one.sheet_name): (one.file, one.sheet)
        for rows in tables.values()
        for one in rows
    }
    pairs = [number[place] for place in zip(record["file"], record["sheet"], strict=True)]
    files, sheets = zip(*pairs, strict=True)
    return record.assign(
        file=pd.Series(files, record.index, dtype="str"),
        sheet=pd.Series(sheets, record.index, dtype="str"),
    )
