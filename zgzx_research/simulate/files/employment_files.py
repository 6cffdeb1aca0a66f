"""The employment folder: files of spells and of months, agency sheets, and statements."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from zgzx_research.simulate.files.employment_lines import employers, employment_lines, spells_layout
from zgzx_research.simulate.files.insurance_workbooks import (
    agency_table,
    write_agencies,
    write_statements,
)
from zgzx_research.simulate.files.monthly_files import registrant_lines, write_months
from zgzx_research.simulate.world.model import World


def write_employment(world: World, raw: Path) -> list[pd.DataFrame]:
    """Write the files of employment/; return the records of their rows."""
    employer = employers(world, world.order.stream("employers"))
    line = employment_lines(world, world.order.stream("employment dirt"))
    records = []
    for first, last in world.rules["dirt"]["employment_files"]:
        file = f"employment/spells_{max(first, world.rules['time']['spells_from'])}_{last}.csv"
        own = line[(line["start"] // 12).between(first, last) & ~line["registrant"]]
        table, record = spells_layout(world, employer, own, file)
        table.to_csv(raw / file, index=False, encoding="utf-8-sig", lineterminator="\r\n")
        records.append(record)
    registrants = registrant_lines(world, line, world.order.stream("months dirt"))
    records += write_months(world, employer, raw, registrants)
    agency = agency_table(world, employer, line, world.order.stream("agency dirt"))
    records += write_agencies(world, raw, line, agency)
    statements = world.order.stream("statements")
    return records + write_statements(world, employer, raw, registrants, statements)
