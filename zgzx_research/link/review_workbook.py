"""Candidates for records without a firm as a workbook.

A person decides on each line and hands it back.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pandas as pd
import xlsxwriter

from zgzx_research.atomic import write_whole
from zgzx_research.cleaning.rules import RULES
from zgzx_research.cleaning.values import read_dates
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.spreadsheet import read_workbook
from zgzx_research.link.decisions import COLUMNS

# heading -> what it holds; the first seven are ours, the last five the reviewer's
HEADINGS = {
    "来源 source": "source",
    "原文 text": "text",
    "记录数 records": "records",
    "候选 rank": "rank",
    "候选企业 candidate": "firm_name",
    "统一社会信用代码 uscc": "uscc",
    "相似度 score": "score",
    "决定 decision": "decision",
    "其他企业（代码或名称）other firm": "other",
    "经手人 reviewer": "reviewer",
    "日期 date": "date",
    "理由 reason": "reason",
}
OURS = 7
ACCEPT, REJECT, NOWHERE = "是这家", "不是这家", "不在登记中"
MEANING = {ACCEPT: "accept", REJECT: "reject", NOWHERE: "reject"}
SHEET, GUIDE_SHEET = "链接核对", "说明"
GUIDE = (
    "每一行是一个找不到企业的名称和一家名称相近的企业。请在“决定”里选择，并填写经手人和日期；不作决定的行留空。",
    f"{ACCEPT}：原文就是这家企业。{REJECT}：原文不是这家，别的候选不受影响。{NOWHERE}：原文的企业不在企业登记里。",
    f"原文是另一家登记在册的企业时，选“{ACCEPT}”，并在“其他企业”填写它的统一社会信用代码或登记名称。",
    "Each line is a name without a firm and a firm with a similar name. Choose a decision",
    f"({ACCEPT}: it is this firm; {REJECT}: it is not; {NOWHERE}: the firm is in no registry)",
    "with reviewer and date; leave the others blank. If it is another firm of the registry,",
    f"choose {ACCEPT} and write its code or name in the column for it.",
    "交回 hand back: zgzx review NAME link_review.xlsx",
)
WIDTHS = (14, 34, 9, 8, 34, 22, 9, 14, 30, 12, 12, 24)
UNSAID = "link_review.xlsx"  # the reason on record where the reviewer gave none
DAY = datetime(2000, 1, 1)  # equal bytes each time


def write_review(review: pd.DataFrame, firm: pd.DataFrame, out: Path) -> Path:
    """Write the workbook, a line per candidate, the reviewer's columns empty.

    Parameters
    ----------
    review : pandas.DataFrame
        `FirmLinks.link_review`.
    firm : pandas.DataFrame
        `FirmLinks.firm`, for the codes of the candidates.
    out : Path
        The workbook.

    Returns
    -------
    Path
        The workbook.
    """
    codes = firm.set_index("firm_id")["uscc"]
    table = review.assign(uscc=review["firm_id"].map(codes))[list(HEADINGS.values())[:OURS]]
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": DAY})
        _write_lines(book, table)
        guide = book.add_worksheet(GUIDE_SHEET)
        guide.set_column(0, 0, 110)
        for row, text in enumerate(GUIDE):
            guide.write_string(row, 0, text)
    return write_whole(out, buffer.getvalue())


def _write_lines(book: xlsxwriter.Workbook, table: pd.DataFrame) -> None:
    sheet = book.add_worksheet(SHEET)
    ours = book.add_format({"bold": True, "bg_color": "#E8EEF4", "text_wrap": True})
    theirs = book.add_format({"bold": True, "bg_color": "#FDF0E3", "text_wrap": True})
    text = book.add_format({"num_format": "@"})
    for column, heading in enumerate(HEADINGS):
        sheet.set_column(column, column, WIDTHS[column], text if column >= OURS else None)
        sheet.write_string(0, column, heading, ours if column < OURS else theirs)
    for row, cells in enumerate(table.itertuples(index=False), start=1):
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                sheet.write_string(row, column, cell)  # whatever it begins with, it is no formula
            elif pd.notna(cell):
                sheet.write_number(row, column, cell)
    rule = {"validate": "list", "source": list(MEANING)}
    sheet.data_validation(1, OURS, max(len(table), 1), OURS, rule)
    sheet.freeze_panes(1, 0)


def is_review(path: Path) -> bool:
    """Whether a workbook is one of these, by its headings: people rename files."""
    return any(
        sheet.cells and sheet.cells[0][: len(HEADINGS)] == list(HEADINGS) for sheet in _sheets(path)
    )


def _sheets(path: Path) -> list:
    return [
        sheet
        for sheet in read_workbook(path, path.name)
        if sheet.name != GUIDE_SHEET and len(sheet.filled)
    ]


def read_review(path: Path) -> pd.DataFrame:
    """Read the decisions in a workbook handed back, in the form of `decisions.read_decisions`.

    Raises
    ------
    ZgzxError
        Another heading, an unknown decision, no reviewer or date, another firm beside a
        rejection, one name accepted for two firms.
    """
    frames = []
    for sheet in _sheets(path):
        if sheet.cells[0][: len(HEADINGS)] != list(HEADINGS):
            raise ZgzxError(
                "not a workbook of link_review",
                where=f"{path.name}, sheet {sheet.name}",
                remedy="Keep the headings of row 1.",
            )
        cells = [row[: len(HEADINGS)] for row in sheet.cells[1:]]
        frames.append(pd.DataFrame(cells, columns=list(HEADINGS.values()), dtype="str"))
    table = (
        pd.concat(frames, ignore_index=True)
        if frames
        else pd.DataFrame(columns=list(HEADINGS.values()))
    )
    table = table.astype("str").replace("", pd.NA).astype("str")
    table["line"] = table.index + 2
    table = table[table[["decision", "other"]].notna().any(axis=1)].reset_index(drop=True)
    day = read_dates(table["date"], RULES["usual_dates"]["day"]).value
    table["date"] = day.dt.strftime("%Y-%m-%d").astype("str")
    _check(table, path.name)
    return _decisions(table)


def _check(table: pd.DataFrame, where: str) -> None:
    said = table["decision"]
    accept = table[said.eq(ACCEPT)]
    firms = accept.assign(firm=accept["other"].fillna(accept["uscc"]).fillna(accept["firm_name"]))
    torn = (
        firms.groupby(["source", "text"])["firm"]
        .transform("nunique")
        .gt(1)
        .reindex(table.index, fill_value=False)
    )
    nowhere = table.loc[said.eq(NOWHERE), ["source", "text"]]
    both = table["text"].isin(nowhere["text"]) & said.eq(ACCEPT)
    problems: Mapping[str, tuple[pd.Series, str]] = {
        "unknown decisions": (~said.isin(MEANING), f"Choose one of {', '.join(MEANING)}."),
        "decisions without reviewer or date": (
            table["date"].isna() | table["reviewer"].isna(),
            "Fill in both.",
        ),
        "another firm beside a rejection": (
            said.isin([REJECT, NOWHERE]) & table["other"].notna(),
            f"Choose {ACCEPT}, or leave the other firm blank.",
        ),
        "one name accepted for two firms": (torn, "Choose one of them."),
        f"one name both {ACCEPT} and {NOWHERE}": (both, "Choose one of them."),
    }
    for what, (wrong, remedy) in problems.items():
        if wrong.any():
            lines = [f"row {line}" for line in table.loc[wrong, "line"]]
            raise ZgzxError(
                what, where=where, count=int(wrong.sum()), examples=lines, remedy=remedy
            )


def _decisions(table: pd.DataFrame) -> pd.DataFrame:
    """Each line as a line of links.csv; the name of a firm stands where it has no code."""
    other = table["other"].str.strip()
    is_code = other.str.fullmatch(r"[0-9A-Za-z]{18}").eq(True)
    nowhere = table["decision"].eq(NOWHERE)
    uscc = table["uscc"].mask(other.notna(), other.str.upper().where(is_code)).mask(nowhere)
    name = (
        table["firm_name"].mask(other.notna(), other.mask(is_code)).mask(nowhere).mask(uscc.notna())
    )
    decided = table.assign(
        uscc=uscc,
        firm_name=name,
        decision=table["decision"].map(MEANING),
        reason=table["reason"].fillna(UNSAID),
    )
    return decided[COLUMNS].astype("str").drop_duplicates(ignore_index=True)
