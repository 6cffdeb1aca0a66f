"""Solutions of tutorial 5. Each function makes the answer from the data of the notebook."""

from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

import zgzx_research as zr


def exercise_1(drift: float) -> float:
    """从基期到事件时间 0、1、2 分别过了 1、2、3 年，平均 2 年，所以偏差是两年的偏离：1 个百分点。

    From the base to event times 0, 1, 2 there are 1, 2, 3 years, 2 on average: two years of drift.
    """
    return float(np.mean([drift * (event_time + 1) for event_time in (0, 1, 2)]))


def mistake_1_from_zero(drift: float) -> float:
    """你从事件时间 0 开始数。基期是 −1，到 0 已经过了一年。

    You counted from event time 0. The base is −1, so one year has passed at 0 already.
    """
    return float(np.mean([drift * event_time for event_time in (0, 1, 2)]))


def mistake_1_one_year(drift: float) -> float:
    """这只是一年的偏离。偏离逐年累积。

    This is the drift of one year. It adds up from year to year.
    """
    return drift


def exercise_2(estimate: np.ndarray, std_error: np.ndarray) -> float:
    """校正使误报不超过 5%，代价是检验力更低：看见偏离的世界更少。

    The correction keeps false alarms below 5 %, at the price of even less power.
    """
    largest = np.abs(estimate[:, :4] / std_error[:, :4]).max(axis=1)
    return float((largest > 2.498).mean())


def mistake_2_uncorrected(estimate: np.ndarray, std_error: np.ndarray) -> float:
    """这是用 1.96 的结果。把临界值换成 2.498。

    This is the result with 1.96. Use 2.498.
    """
    return float((np.abs(estimate[:, :4] / std_error[:, :4]) > 1.96).any(axis=1).mean())


def mistake_2_all_tests(estimate: np.ndarray, std_error: np.ndarray) -> float:
    """这是所有检验中显著的比例。要数世界：至少有一个显著就算看见。

    This is the share among all tests. Count worlds: one significant estimate is enough.
    """
    return float((np.abs(estimate[:, :4] / std_error[:, :4]) > 2.498).mean())


def exercise_3(event: Any) -> float:
    """检验有两成的机会放过的偏离，足以使获奖三年后的估计偏出约两个标准误，看上去就“显著”了。

    A drift that the test misses one time in five moves the estimate three years on by about two standard errors: enough to look “significant”.
    """
    return 3 * zr.slope_for_power(event) / _error_at_two(event)


exercise_3.tolerance = 0.02


def mistake_3_two_years(event: Any) -> float:
    """从基期（−1）到事件时间 2 是三年，不是两年。

    From the base (−1) to event time 2 there are three years, not two.
    """
    return 2 * zr.slope_for_power(event) / _error_at_two(event)


def mistake_3_not_divided(event: Any) -> float:
    """这是偏差本身。还要除以事件时间 2 的标准误。

    This is the bias. Divide it by the standard error at event time 2.
    """
    return 3 * zr.slope_for_power(event)


def _error_at_two(event: Any) -> float:
    frame = event.to_frame().set_index("event_time")
    return float(frame.loc[2, "std_error"])


def exercise_4(panel: pd.DataFrame) -> float:
    """以 2015 年为基期，好年景不参加比较；估计为正，只是标准误还不小。回归中去掉其他年份，得到同一个数。

    With 2015 as base the good year takes no part; the estimate is positive, though its error is not small. A regression without the other years gives the same.
    """
    return _regression(panel, [2015])


def mistake_4_base_2016(panel: pd.DataFrame) -> float:
    """你的基期是 2016 年，那正是好年景。

    Your base is 2016, the good year itself.
    """
    return _regression(panel, [2016])


def mistake_4_pooled(panel: pd.DataFrame) -> float:
    """你把 2012 至 2015 年合并为基期。这里只用 2015 年。

    You pooled 2012 to 2015. Here the base is 2015 alone.
    """
    return _regression(panel, [2012, 2013, 2014, 2015])


def mistake_4_before_after(panel: pd.DataFrame) -> float:
    """你只看了获奖企业。还要减去其他企业的变化。

    You looked at winners only. Subtract the change of the others.
    """
    mean = panel[panel["winner"]].groupby("year")["retention"].mean()
    return float(mean.loc[2017:].mean() - mean.loc[2015])


def _regression(panel: pd.DataFrame, base: list[int]) -> float:
    """Interaction of winner and after, with these years as base."""
    table = panel[panel["year"].isin(base) | (panel["year"] >= 2017)]
    table = table.assign(won=table["winner"].astype(int), post=(table["year"] >= 2017).astype(int))
    return float(smf.ols("retention ~ won * post", table).fit().params["won:post"])


def exercise_5() -> str:
    """临界值是一个倍数，以处理前所见的最大变化为单位。它不是概率。

    The breakdown value is a multiple, in units of the largest change seen before treatment. It is no probability.
    """
    return "B"


def mistake_5_probability() -> str:
    """数据说不出平行趋势成立的概率。M 是允许的偏离，以处理前所见为单位。

    Data do not tell how probable parallel trends are. M is a departure that is allowed, in units of what was seen before.
    """
    return "A"


def mistake_5_of_the_effect() -> str:
    """单位不是影响，而是处理前所见的最大变化。

    The unit is not the effect but the largest change seen before treatment.
    """
    return "C"
