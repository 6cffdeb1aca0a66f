"""Solutions of tutorial 10. Each function makes the answer from the data of the notebook."""

import pandas as pd

ONE, TWO = "retention", "retention_24_group"


def _year(firm_year: pd.DataFrame) -> pd.DataFrame:
    return firm_year.loc[firm_year["year"].eq(2019), [ONE, TWO]].astype(float)


def exercise_1(firm_year: pd.DataFrame) -> float:
    """同一批企业才能相减：两列空缺的地方不同，各算各的平均会比较不同的企业。

    Subtract over the same firms: the columns are missing in different places, and two separate means would compare different firms.
    """
    both = _year(firm_year).dropna()
    return float((both[ONE] - both[TWO]).mean())


def mistake_1_negative(firm_year: pd.DataFrame) -> float:
    """符号反了。

    The sign is the other way round.
    """
    return -exercise_1(firm_year)


def mistake_1_missing_as_zero(firm_year: pd.DataFrame) -> float:
    """你把空缺当成了 0。

    You took missing for 0.
    """
    filled = _year(firm_year).fillna(0)
    return float((filled[ONE] - filled[TWO]).mean())


def exercise_2() -> int:
    """0 项：输入、代码和设定都没有变，没有什么要做。

    None: inputs, code and settings are the same, so there is nothing to do.
    """
    return 0


def mistake_2_both_pages() -> int:
    """只有变了的才重做。什么变了呢？

    Only what changed is made again. What changed?
    """
    return 2


def exercise_3(lines: list[str]) -> set[str]:
    """每种语言运行一次笔记本。

    The notebook runs once in each language.
    """
    words = {word for line in lines for word in line.split()}
    return {word for word in words if word.endswith("8_two_years")}


def mistake_3_one_language(lines: list[str]) -> set[str]:
    """还有另一种语言。

    There is another language, too.
    """
    return {"page.zh.8_two_years"}
