"""Solutions of tutorial 1. Each function makes the answer from the data of the notebook."""

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf


def _changes(panel: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    wide = panel.pivot(index="firm", columns="year", values="retention")
    change = wide[2020] - wide[2019]
    winner = panel.drop_duplicates("firm").set_index("firm")["winner"]
    return change[winner], change[~winner]


def exercise_1(panel: pd.DataFrame) -> float:
    """每家企业只有一个变化，所以有多少家企业就有多少个独立的数，不是两倍。

    Each firm has one change, so there are as many independent numbers as firms, not twice as many.
    """
    winners, others = _changes(panel)
    return float(np.sqrt(winners.var(ddof=0) / len(winners) + others.var(ddof=0) / len(others)))


def mistake_1_levels(panel: pd.DataFrame) -> float:
    """你用了水平的方差。企业之间的差别在求变化时已经减掉，要用变化的方差。

    You used the variance of the levels. What differs between firms cancels in the change: use the variance of the changes.
    """
    parts = panel.groupby(["winner", "year"])["retention"]
    return float(np.sqrt((parts.var(ddof=0) / parts.count()).sum()))


def mistake_1_no_root(panel: pd.DataFrame) -> float:
    """这是方差，还要开平方。

    This is the variance; take its root.
    """
    return exercise_1(panel) ** 2


def exercise_2() -> str:
    """前后比较只看获奖企业，优势在前后两年都有，会抵消；坏年景只在后一年，不会抵消。

    Before and after looks at winners only: their head start is in both years and cancels, the bad year is in the second only and does not.
    """
    return "bad year"


def mistake_2_head_start() -> str:
    """原有的优势在两年里都有，前后一减就没有了。它使横向比较出错。

    The head start is in both years and cancels before and after. It is what spoils the cross-section.
    """
    return "head start"


def exercise_3(effect: float, bad_year: float) -> float:
    """平行趋势不成立：其他企业的 −0.05 被当成获奖企业“本来也会有”的变化，于是 0.03 − (−0.05) = 0.08。

    Trends are not parallel: the −.05 of the others is taken for what winners would have had, so .03 − (−.05) = .08.
    """
    return effect - bad_year


exercise_3.tolerance = 0.1


def mistake_3_adds(effect: float, bad_year: float) -> float:
    """你把坏年景加上去了。双重差分要减去其他企业的变化，减去一个负数是加。

    You added the bad year. The change of the others is subtracted, and less a negative number is more.
    """
    return effect + bad_year


def exercise_4(panel: pd.DataFrame) -> float:
    """四个平均值、四个系数：回归只是换一种写法，交互项就是双重差分。

    Four means, four coefficients: the regression is another way of writing it, and the interaction is the difference-in-differences.
    """
    table = panel.assign(after=panel["year"].eq(2020).astype(int), won=panel["winner"].astype(int))
    return float(smf.ols("retention ~ won * after", table).fit().params["won:after"])


def mistake_4_main_effect(panel: pd.DataFrame) -> float:
    """这是获奖企业原有的优势（第一年的差距）。要交互项的系数。

    This is the winners' head start (the gap of the first year). Take the coefficient of the interaction.
    """
    table = panel.assign(after=panel["year"].eq(2020).astype(int), won=panel["winner"].astype(int))
    return float(smf.ols("retention ~ won * after", table).fit().params["won"])
