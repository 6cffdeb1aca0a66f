"""What a report publishes, read back from its tables, alternative texts and workbook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbformat
import openpyxl

from zgzx_research.pipeline.page_outputs import Shown

BLANK = ("—", "not shown", "不显示", "", None)


def outputs_of(notebook: Path) -> list[Shown]:
    """Texts, tables and figures of an executed notebook."""
    found = []
    for cell in nbformat.read(notebook, as_version=4).cells:
        for output in cell.get("outputs", ()):
            mark = output.get("metadata", {}).get("zgzx")
            if mark:
                found.append(Shown(output.data, mark))
    return found


def table_rows(outputs: Iterable[Shown], key: str) -> list[dict[str, str]]:
    """Rows of the tables of one kind, entries by heading."""
    rows = []
    for shown in outputs:
        if shown.mark["kind"] == "table" and shown.mark["key"] == key:
            lines = [cells_of(line) for line in shown.data["text/markdown"].splitlines() if line]
            rows += [dict(zip(lines[0], line, strict=True)) for line in lines[2:]]
    return rows


def cells_of(line: str) -> list[str]:
    """Entries of one line of a Markdown table."""
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip().replace("\\", "") for cell in inner.split(" | ")]


def alternative_texts(outputs: Iterable[Shown]) -> list[str]:
    """Alternative texts of the figures."""
    return [shown.mark["alt"] for shown in outputs if shown.mark["kind"] == "figure"]


def count(text: Any) -> int | None:
    """A count as it is shown; None where it is blank."""
    return None if text in BLANK else int(str(text).replace(",", ""))


def sheet_rows(workbook: Path, name: str) -> list[dict[str, Any]]:
    """Rows of one sheet of a workbook, entries by heading."""
    sheet = openpyxl.load_workbook(workbook, read_only=True)[name]
    lines = [[*line] for line in sheet.iter_rows(values_only=True)]
    width = max(sum(value is not None for value in line) for line in lines)
    start = next(at for at, line in enumerate(lines) if sum(v is not None for v in line) == width)
    heads = [str(head) for head in lines[start]]
    return [
        dict(zip(heads, line, strict=True)) for line in lines[start + 1 :] if line[0] is not None
    ]


def share_limits(text: str) -> tuple[float, float]:
    """The two ends of a share that is shown rounded, e.g. "96.3%"."""
    number = text.removesuffix("%")
    half = 0.5 * 10.0 ** -len(number.partition(".")[2])
    return (float(number) - half) / 100, (float(number) + half) / 100


def numbers_after(texts: Iterable[str], pattern: str) -> list[int]:
    """Whole numbers that a pattern finds in some texts."""
    found = [re.search(pattern, text) for text in texts]
    return [int(match[1].replace(",", "")) for match in found if match]


def facts_of_workbook(workbook: Path, sheet: str) -> Mapping[str, Any]:
    """Facts as the workbook shows them."""
    rows = [list(row.values()) for row in sheet_rows(workbook, sheet)]
    return {str(row[0]): row[1] for row in rows}
