"""Small raw folders written on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

HEADER = [
    "社保电脑号",
    "姓名",
    "证件号码",
    "单位编号",
    "单位名称",
    "统一社会信用代码",
    "参保起始年月",
    "参保终止年月",
]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """write(name, text, encoding) puts a raw file into the folder and gives the folder back."""

    def put(name: str, text: str | bytes, encoding: str = "utf-8-sig") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return tmp_path

    return put


@pytest.fixture
def lines() -> Callable[..., str]:
    """lines(row, ...) is the text of a CSV file with the header of the social insurance extract."""

    def text(*rows: list[str], header: list[str] = HEADER) -> str:
        return "".join(",".join(row) + "\r\n" for row in (header, *rows))

    return text


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    """book(rows, merged=(), hidden=False) writes roster/a.xlsx and gives the folder back."""

    def save(
        rows: list[list],
        merged: tuple[str, ...] = (),
        hidden: bool = False,
        second: list[list] | None = None,
    ) -> Path:
        workbook = openpyxl.Workbook()
        sheet = workbook.active
        sheet.title = "名单"
        for row in rows:
            sheet.append(row)
        for area in merged:
            sheet.merge_cells(area)
        if second is not None:
            other = workbook.create_sheet("说明")
            for row in second:
                other.append(row)
            other.sheet_state = "hidden" if hidden else "visible"
        (tmp_path / "roster").mkdir(exist_ok=True)
        workbook.save(tmp_path / "roster" / "a.xlsx")
        return tmp_path

    return save
