"""Plain workbooks: a header row and text cells, the same bytes each time."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import xlsxwriter


def write_sheets(path: Path, sheets: Mapping[str, pd.DataFrame], created: str) -> None:
    """One sheet per table, every cell as text; `created` is the date the file says of itself."""
    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False}) as book:
        book.set_properties({"created": datetime.datetime.fromisoformat(created)})
        for name, table in sheets.items():
            sheet = book.add_worksheet(name)
            for place, cells in enumerate([list(table), *table.itertuples(index=False, name=None)]):
                for column, text in enumerate(cells):
                    if text != "":
                        sheet.write_string(place, column, text)
