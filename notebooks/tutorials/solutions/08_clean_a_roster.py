"""Solutions of tutorial 8. Each function makes the answer from the data of the notebook."""

import pandas as pd


def _records(roster: list[list[str]]) -> list[list[str]]:
    return [row for row in roster if row[0].isdigit()]


def exercise_1(roster: list[list[str]]) -> list[int]:
    """11 行里 6 行是记录，其余是两行标题、表头、合计和备注。

    6 of 11 rows are records; the rest are two titles, the header, the total and the note.
    """
    return [len(roster), len(_records(roster))]


def mistake_1_kept_only(roster: list[list[str]]) -> list[int]:
    """被隔离的也是记录，要算进来。

    Rows set aside are records, too.
    """
    known = {"创新之星", "技能之星"}
    return [len(roster), sum(row[4] in known for row in _records(roster))]


def exercise_2(roster: list[list[str]]) -> str:
    """一年没有第 13 个月。程序不猜是 1992.1.3 还是 1992.12，只把这一格隔离；这一行的其余内容照用。

    No year has a 13th month. The program does not guess 1992.1.3 or 1992.12; it sets this cell aside and uses the rest of the row.
    """
    return next(row[2] for row in roster if row[1:2] == ["李四"])


def mistake_2_full_width(roster: list[list[str]]) -> str:
    """这是孙三的，全角数字读得出来。

    That is 孙三's, and full-width digits are read.
    """
    return next(row[2] for row in roster if row[1:2] == ["孙三"])


def exercise_3(after: pd.DataFrame, before: pd.DataFrame) -> set[int]:
    """第 9 行的“最佳之星”不是任何一个奖项，没有人更正它，所以仍在隔离区。

    “最佳之星” in row 9 is none of the awards, and nobody corrected it, so it stays set aside.
    """
    return set(after.loc[after["row_lost"], "row"].astype(int))


def mistake_3_before(after: pd.DataFrame, before: pd.DataFrame) -> set[int]:
    """这是更正以前的。看 `again.quarantine`。

    That was before the correction. Look at `again.quarantine`.
    """
    return set(before.loc[before["row_lost"], "row"].astype(int))


def mistake_3_all_cells(after: pd.DataFrame, before: pd.DataFrame) -> set[int]:
    """只缺一格的行还能用。只要 `row_lost` 为真的。

    A row that lacks one cell can still be used. Keep those with `row_lost`.
    """
    return set(after["row"].astype(int))


def exercise_4() -> str:
    """姓名、证件号、电话要在原始系统里更正，再重新导出：工作簿和决定文件里不能有个人信息。

    Names, IDs and phone numbers are corrected at the source and exported again: neither workbook nor decisions may hold personal data.
    """
    return "no"


def mistake_4_yes() -> str:
    """想一想，决定文件会提交到版本库。

    Think: the file of decisions is committed.
    """
    return "yes"
