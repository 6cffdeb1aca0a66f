"""Other tables in the sheet of a table.

An unknown header above or below it, rows above the header that are records.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np

from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.header import Header, place, shown_label
from zgzx_research.ingest.profile import label
from zgzx_research.ingest.sheet import Sheet

LEAST_LABELS = 3  # filled cells of a header none of whose labels is known; one less where one is
_LABEL = re.compile(
    r"\D{0,12}(?:姓名|名称|全称|简称|人员|人|号|号码|编号|编码|代码|日期|时间|年月|年份|年度|单位|企业|公司名|类别|类型|种类|奖项|金额|"
    r"地址|住所|电话|手机|街道|备注|情况|状态|序号|届次|级别|等级|职务|岗位|工种|性别|分数|得分|名次|排名|数|数量|数值|指标|项目|比例|占比|说明)"
)
_RECORD_NUMBER = re.compile(r"(?=(?:.*\d){8})[0-9A-Z*×']{11,19}", re.IGNORECASE)
_FIRM = re.compile(
    r".{2,}(?:公司|工厂|厂|商店|经营部|事务所|合作社|研究院|医院|学校)(?:[(（].*[)）])?"
)


def refuse_other_tables(
    sheet: Sheet, header: Header, kinds: dict[int, str], known: Collection[str], file: str
) -> None:
    """Refuse rows of another table, which would be read under the wrong names or as titles.

    Parameters
    ----------
    sheet : Sheet
        The sheet.
    header : Header
        The header that was found.
    kinds : dict of int to str
        Rows that are no records.
    known : collection of str
        Labels of every profile of the source.
    file : str
        Number of the file, for messages.

    Raises
    ------
    ZgzxError
        Another header, or rows above the header that resemble records.
    """
    above = sheet.filled[sheet.filled < header.first].tolist()
    for row in above:
        later = [other for other in above if other > row]
        if (
            later
            and _is_header(sheet, row, known)
            and not all(_is_header(sheet, other, known) for other in later)
        ):
            raise unknown_second(sheet, file, row, known)
    records = [row for row in above if _is_like_record(sheet, header, row, known)]
    if records:
        raise ZgzxError(
            f"rows above the header (row {header.first + 1}) that resemble records",
            where=place(sheet, file),
            count=len(records),
            examples=[f"row {row + 1}" for row in records],
            remedy="Move them below the header, or give them a header and a sheet of their own.",
        )
    for row in _after_gaps(sheet, header, kinds):
        if sheet.counts[row + 1 : row + 2].sum() >= 2 and _is_header(sheet, row, known):
            raise unknown_second(sheet, file, row, known)


def unknown_second(sheet: Sheet, file: str, row: int, known: Collection[str]) -> ZgzxError:
    """Return the labels of a header in the middle of a sheet that no profile knows."""
    unknown = [
        (column, text)
        for column, text in enumerate(sheet.row(row))
        if text and label(text) not in known
    ]
    return ZgzxError(
        f"a second table under an unknown header in row {row + 1}; unknown columns: "
        + ", ".join(shown_label(column, text) for column, text in unknown),
        where=place(sheet, file),
        count=len(unknown),
        remedy="Give each table a sheet or file of its own, "
        "and its columns names that a profile knows.",
    )


def _after_gaps(sheet: Sheet, header: Header, kinds: dict[int, str]) -> list[int]:
    """Find records that follow a blank row, a row of one cell or one that is no record.

    Another table may begin there.
    """
    filled = sheet.filled[sheet.filled > header.last]
    if not len(filled):
        return []
    is_record = ~np.isin(filled, list(kinds))
    inside = is_record & (sheet.counts[filled] > 1)
    before = np.concatenate([[False], inside[:-1] & (np.diff(filled) == 1)])
    return filled[inside & ~before].tolist()


def _is_header(sheet: Sheet, row: int, known: Collection[str]) -> bool:
    texts = [text for text in sheet.row(row) if text]
    count = sum(label(text) in known for text in texts)
    if count >= 2 and 2 * count >= len(texts):
        return True
    return len(texts) >= LEAST_LABELS - (count > 0) and all(
        label(text) in known or _LABEL.fullmatch(label(text)) for text in texts
    )


def _is_like_record(sheet: Sheet, header: Header, row: int, known: Collection[str]) -> bool:
    """Two cells with the number of a person or firm.

    Or three of which one is a firm, or is said again below.
    """
    cells = {column: text for column, text in enumerate(sheet.row(row)) if text}
    texts = list(cells.values())
    said = any(
        re.search("[:：]", text) or label(text) in known or _LABEL.fullmatch(label(text))
        for text in texts
    )
    if said or len(texts) < 2:
        return False
    if any(_RECORD_NUMBER.fullmatch(text) for text in texts):
        return True
    if len(texts) < LEAST_LABELS:
        return False
    serial = texts[0].isdecimal() and any(not text.isdecimal() for text in texts)
    return serial or any(
        _FIRM.fullmatch(text) or _again(sheet, header, row, column)
        for column, text in cells.items()
    )


def _again(sheet: Sheet, header: Header, row: int, column: int) -> bool:
    """Whether a cell that is no number stands below the header in the same column again."""
    texts = sheet.columns[column]
    code = texts.codes[row]
    return not texts.texts[code].isdecimal() and bool(
        (texts.codes[header.last + 1 :] == code).any()
    )
