"""The audit workbook: what was set aside or not taken, for a clerk to correct and hand back."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd
import xlsxwriter

from zgzx_research.atomic import write_whole
from zgzx_research.cleaning.corrections import ACTIONS, COLUMNS, DROP, KEEP, row_digest, shown
from zgzx_research.cleaning.identifiers import is_among, resident_id, without_personal_numbers
from zgzx_research.cleaning.quarantine import PERSONAL
from zgzx_research.cleaning.rules import RULES
from zgzx_research.cleaning.values import read_dates
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.file_numbers import LIST
from zgzx_research.ingest.read import RawTable
from zgzx_research.ingest.spreadsheet import read_workbook

# heading -> what it holds; the first seven are ours, the last four the clerk's
HEADINGS = {
    "文件 file": "file",
    "工作表 sheet": "sheet",
    "行 row": "row",
    "列 column": "column",
    "内容 value shown": "value_masked",
    "原因": "reason_zh",
    "reason": "reason_en",
    "更正值 corrected value": "corrected",
    "处理 action": "action",
    "经手人 reviewer": "reviewer",
    "日期 date": "date",
}
CHOICES = {"保留": KEEP, "删除": DROP}
GUIDE = (
    "请在“更正值”填写原始文件该格应有的内容，或在“处理”选择保留或删除，并填写经手人和日期。原始文件请勿改动。",
    "Write what the cell of the raw file should hold, or choose 保留 (keep) or 删除 (drop), "
    "with reviewer and date.",
    "个人信息（姓名、证件号、电话）不能在此更正：请在原始系统中更正后重新导出。",
    "Names, IDs and phone numbers cannot be corrected here: correct them at the source and "
    "export again.",
)
GUIDE_FILES = (
    f"文件只写编号（如 employment/007），工作表写从左数的第几张（含隐藏的）。"
    f"编号与文件名的对照表是原始文件夹里的 {LIST}，文件名可能含个人信息，对照表请勿外传。",
    f"Files have numbers (employment/007), sheets count from the left, hidden ones included. "
    f"Which file has which number: {LIST} in the folder of the raw files. "
    "Names of files may be personal: keep that list there.",
)
GUIDE_SHEET = "说明"
LEFT_OUT_SHEET = "非数据行"
LEFT_OUT_GUIDE = (
    "工作表“非数据行”列出未作为记录读入的行（标题、表头、备注、合计等），请核对其中有没有记录；如有，请告知课题组。",
    "The sheet 非数据行 lists the rows that were not read as records; if records are among them, "
    "report it to the team.",
)
LEFT_OUT_HEADINGS = {
    "来源 source": 12,
    "文件 file": 34,
    "工作表 sheet": 14,
    "行 row": 8,
    "类型": 20,
    "kind": 20,
    "内容 text shown": 80,
}
ROWS_PER_SHEET = 1_000_000
WIDTHS = (34, 14, 8, 18, 26, 34, 40, 26, 10, 12, 12)
CODES = frozenset({*RULES["shown"]["codes"], "registration_no"})
_FORMULA = re.compile(r"[=+@]|-(?!\d+(?:\.\d+)?$)")


def write_audit(
    quarantine: pd.DataFrame,
    out: Path,
    words: Mapping[str, tuple[str, str]],
    left_out: pd.DataFrame | None = None,
) -> Path:
    """Write the workbook: a sheet per source, an entry per row, the clerk's four columns empty.

    Parameters
    ----------
    quarantine : pandas.DataFrame
        As `Cleaned.quarantine`, of one source or of several one below the other.
    out : Path
        The workbook.
    words : mapping of str to (str, str)
        Reason code or kind of non-data row -> (Chinese, English); a code without words is written
        as it stands.
    left_out : pandas.DataFrame, optional
        The non-data rows from `non_data_list.non_data_rows`, for a sheet of their own.

    Returns
    -------
    Path
        The workbook.
    """
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})  # equal bytes each time
        guide = book.add_worksheet(GUIDE_SHEET)
        guide.set_column(0, 0, 110)
        for row, text in enumerate(
            (*GUIDE, *GUIDE_FILES, *(LEFT_OUT_GUIDE if left_out is not None else ()))
        ):
            guide.write_string(row, 0, text)
        for source, entries in quarantine.groupby("source", sort=True):
            for first in range(0, len(entries), ROWS_PER_SHEET):
                name = str(source) if not first else f"{source} {first // ROWS_PER_SHEET + 1}"
                _write_sheet(book, name, entries.iloc[first : first + ROWS_PER_SHEET], words)
        rows = pd.DataFrame() if left_out is None else left_out
        for first in range(0, len(rows), ROWS_PER_SHEET):
            name = (
                LEFT_OUT_SHEET if not first else f"{LEFT_OUT_SHEET} {first // ROWS_PER_SHEET + 1}"
            )
            _write_left_out(book, name, rows.iloc[first : first + ROWS_PER_SHEET], words)
    return write_whole(out, buffer.getvalue())


def _write_sheet(
    book: xlsxwriter.Workbook,
    name: str,
    entries: pd.DataFrame,
    words: Mapping[str, tuple[str, str]],
) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bg_color": "#E8EEF4", "text_wrap": True})
    own = book.add_format({"bold": True, "bg_color": "#FDF0E3", "text_wrap": True})
    for column, (heading, content) in enumerate(HEADINGS.items()):
        sheet.write_string(0, column, heading, own if content in COLUMNS[4:] else head)
        sheet.set_column(column, column, WIDTHS[column])
    table = entries.assign(
        reason_zh=[words.get(code, (code, code))[0] for code in entries["reason"]],
        reason_en=[words.get(code, (code, code))[1] for code in entries["reason"]],
    )
    for row, cells in enumerate(
        table[list(HEADINGS.values())[:7]].itertuples(index=False), start=1
    ):
        for column, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(row, column, cell)
            elif pd.notna(cell) and str(cell):
                sheet.write_string(
                    row, column, str(cell)
                )  # whatever it begins with, it is no formula
    action = list(HEADINGS.values()).index("action")
    sheet.data_validation(
        1, action, len(table), action, {"validate": "list", "source": list(CHOICES)}
    )
    sheet.freeze_panes(1, 0)


def _write_left_out(
    book: xlsxwriter.Workbook, name: str, rows: pd.DataFrame, words: Mapping[str, tuple[str, str]]
) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bg_color": "#E8EEF4", "text_wrap": True})
    for column, (heading, width) in enumerate(LEFT_OUT_HEADINGS.items()):
        sheet.write_string(0, column, heading, head)
        sheet.set_column(column, column, width)
    for number, entry in enumerate(rows.itertuples(index=False), start=1):
        kinds = words.get(entry.kind, (entry.kind, entry.kind))
        sheet.write_number(number, 3, entry.row)
        texts = {
            0: entry.source,
            1: entry.file,
            2: entry.sheet,
            4: kinds[0],
            5: kinds[1],
            6: entry.text_masked,
        }
        for column, text in texts.items():
            sheet.write_string(
                number, column, str(text)
            )  # whatever it begins with, it is no formula
    sheet.freeze_panes(1, 0)


def read_audit(
    path: Path, tables: Sequence[RawTable], key: bytes, *, real: bool = True
) -> pd.DataFrame:
    """Read the decisions in a workbook handed back, in the form of `cleaning.corrections`.

    Parameters
    ----------
    path : Path
        The workbook.
    tables : sequence of RawTable
        The raw tables of the sources the workbook is about.
    key : bytes
        The secret key of the pseudonyms.
    real : bool, default True
        False for invented people, whose cells may be corrected too.

    Returns
    -------
    pandas.DataFrame
        A row per decision, columns `corrections.COLUMNS`.

    Raises
    ------
    ZgzxError
        An unknown action or date, no reviewer, a correction of a whole row, of a personal cell or
        to a personal value, and rows that are not there or show something else by now.
    """
    entries = _entries(path)
    _check_form(entries, path.name)
    _check_privacy(entries, tables, path.name, real)
    rows = {
        (t.file, t.sheet, row["row"]): row
        for t in tables
        for _, row in _wanted(t, entries).iterrows()
    }
    found = [rows.get((e.file, e.sheet, e.row)) for e in entries.itertuples()]
    wrong = pd.Series(
        [
            row is None or _differs(row, e)
            for row, e in zip(found, entries.itertuples(), strict=True)
        ]
    )
    _refuse(
        entries,
        wrong,
        path.name,
        "the raw row is not there or holds something else",
        "Write a new audit workbook.",
    )
    columns = [None if pd.isna(name) else name for name in entries["column"]]
    digests = [
        row_digest(row, name, key)
        for row, name in zip(found, columns, strict=True)
        if row is not None
    ]
    return entries.assign(digest=pd.Series(digests, dtype="str"))[COLUMNS]


def _entries(path: Path) -> pd.DataFrame:
    """Rows in which the clerk decided something.

    Blank cells are null, dates ISO, actions in our words.
    """
    frames = []
    for sheet in read_workbook(path, path.name):
        if (
            sheet.name == GUIDE_SHEET
            or sheet.name.startswith(LEFT_OUT_SHEET)
            or not len(sheet.filled)
        ):
            continue
        if sheet.cells[0][: len(HEADINGS)] != list(HEADINGS):
            raise ZgzxError(
                "not an audit workbook",
                where=f"{path.name}, sheet {sheet.name}",
                remedy="Keep the headings of row 1.",
            )
        cells = [row[: len(HEADINGS)] for row in sheet.cells[1:]]
        frames.append(pd.DataFrame(cells, columns=list(HEADINGS.values()), dtype="str"))
    entries = (
        pd.concat(frames, ignore_index=True)
        if frames
        else pd.DataFrame(columns=list(HEADINGS.values()))
    )
    entries = entries.astype("str").replace("", pd.NA).astype("str")
    entries["sheet"] = entries["sheet"].fillna("")
    entries = entries[entries[["corrected", "action"]].notna().any(axis=1)].reset_index(drop=True)
    entries["action"] = [
        KEEP if pd.isna(text) else CHOICES.get(text, text) for text in entries["action"]
    ]
    day = read_dates(entries["date"], RULES["usual_dates"]["day"]).value
    return entries.assign(date=day.dt.strftime("%Y-%m-%d").astype("str")).astype({"row": "int64"})


def _check_form(entries: pd.DataFrame, where: str) -> None:
    corrected = entries["corrected"].notna()
    for wrong, what, remedy in (
        (
            ~entries["action"].isin(ACTIONS),
            "unknown actions",
            f"Choose one of {', '.join(CHOICES)}.",
        ),
        (
            entries["date"].isna() | entries["reviewer"].isna(),
            "decisions without reviewer or date",
            "Fill in both.",
        ),
        (corrected & entries["action"].eq(DROP), "rows both corrected and dropped", "Choose one."),
        (
            corrected & entries["column"].isna(),
            "a corrected value for a whole row",
            "Correct the cells that say why.",
        ),
        (
            entries["corrected"].str.match(_FORMULA).eq(True),
            "corrected values that a spreadsheet would take for a formula",
            "Write the plain value.",
        ),
    ):
        _refuse(entries, wrong, where, what, remedy)


def _check_privacy(
    entries: pd.DataFrame, tables: Sequence[RawTable], where: str, real: bool
) -> None:
    """No name and no number of a person may enter the decision file of a study with real people."""
    if not real:
        return
    corrected = entries["corrected"]
    in_codes = entries["column"].isin(CODES)
    number = corrected.map(
        lambda text: without_personal_numbers(text) != text, na_action="ignore"
    ).eq(True)
    is_id = corrected.map(lambda text: resident_id(text) is not None, na_action="ignore").eq(True)
    columns = [table.rows["person_name"] for table in tables if "person_name" in table.rows]
    names = is_among(corrected, pd.concat(columns)) if columns else corrected.isna() & False
    personal = corrected.notna() & (
        entries["column"].isin(PERSONAL) | (number & ~in_codes) | is_id | names
    )
    _refuse(
        entries,
        personal,
        where,
        "personal cells cannot be corrected in a decision file",
        "Correct them in the system they come from and export again; 删除 is allowed.",
    )


def _wanted(table: RawTable, entries: pd.DataFrame) -> pd.DataFrame:
    own = entries[entries["file"].eq(table.file) & entries["sheet"].eq(table.sheet)]
    return table.rows[table.rows["row"].isin(own["row"])] if len(own) else table.rows.iloc[:0]


def _differs(row: pd.Series, entry: tuple) -> bool:
    """Whether the cell is missing or differs from the value in the workbook.

    A value masked by dots only is not compared.
    """
    column, expected = entry.column, entry.value_masked  # type: ignore[attr-defined]
    if pd.isna(column):
        return False
    if column not in row.index:
        return True
    if pd.isna(expected) or str(expected).startswith("•••"):
        return False
    return shown(row, column) != expected


def _refuse(entries: pd.DataFrame, wrong: pd.Series, where: str, what: str, remedy: str) -> None:
    if wrong.any():
        hit = entries[wrong.to_numpy()]
        places = [
            f"{e.file} row {e.row}" + ("" if pd.isna(e.column) else f" {e.column}")
            for e in hit.itertuples()
        ]
        raise ZgzxError(what, where=where, count=len(hit), examples=places, remedy=remedy)
