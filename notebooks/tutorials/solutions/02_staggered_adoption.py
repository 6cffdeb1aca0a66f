"""Solutions of tutorial 2. Each function makes the answer from the data of the notebook."""

import pandas as pd
import statsmodels.formula.api as smf


def _two_way(panel: pd.DataFrame) -> float:
    return float(smf.ols("patents ~ treated + C(firm) + C(year)", panel).fit().params["treated"])


def exercise_1(winners: pd.DataFrame) -> float:
    """权重乘估计值再相加，恰好等于回归系数：分解没有余项。

    Weights times estimates add up to the coefficient of the regression exactly: nothing is left over.
    """
    return _two_way(winners)


def mistake_1_plain_mean(winners: pd.DataFrame) -> float:
    """你取了简单平均。两个比较的权重不同，要用 `weight` 加权。

    You took the plain mean. The two comparisons have different weights: use `weight`.
    """
    import zgzx_research as zr

    roles = {"outcome": "patents", "unit": "firm", "period": "year", "first_treated": "first_award"}
    panel = zr.prepare_panel(winners.astype({"first_award": "Int64"}), **roles)
    return float(zr.bacon_decomposition(panel)["estimate"].mean())


def exercise_2(winners: pd.DataFrame) -> float:
    """这几年里只有“早获奖对未获奖”一种比较，系数就是 2014 至 2017 年四年效应的平均，约 1.25，可信。

    In these years there is one comparison only, early winners against firms that have not won: the coefficient is the mean effect of four years, about
    1.25, and can be trusted.
    """
    return _two_way(winners[winners["year"] <= 2017])


def mistake_2_all_years(winners: pd.DataFrame) -> float:
    """这是所有年份的系数。先选出 2012 至 2017 年。

    This is the coefficient of all years. Keep 2012 to 2017 first.
    """
    return _two_way(winners)


def mistake_2_to_2018(winners: pd.DataFrame) -> float:
    """你把 2018 年也算进来了，那一年第二批企业已经获奖。

    You kept 2018, in which the second cohort has won already.
    """
    return _two_way(winners[winners["year"] <= 2018])


def _att(everyone: pd.DataFrame, base: int) -> float:
    means = everyone.pivot_table(
        index="year", columns=everyone["first_award"].fillna(0), values="patents"
    )
    change = means.loc[2016] - means.loc[base]
    return float(change[2014] - change[0])


def exercise_3(everyone: pd.DataFrame) -> float:
    """基期是获奖前一年，2013 年；真实效应是 0.5 × 3 = 1.5。

    The base is the year before the award, 2013; the true effect is .5 × 3 = 1.5.
    """
    return _att(everyone, 2013)


def mistake_3_base_is_award_year(everyone: pd.DataFrame) -> float:
    """你用 2014 年作基期。那一年已经获奖，要用前一年。

    You took 2014 as the base. Firms have won by then: take the year before.
    """
    return _att(everyone, 2014)


def exercise_4() -> str:
    """效应不变时，早获奖企业没有继续上升，作对照不会出错：每个两期两组都等于同一个效应。真实的项目很少如此。

    With a constant effect early winners do not go on rising, so they do no harm as a comparison group: every two by two is the same effect. Real programmes are seldom
    like that.
    """
    return "no"


def mistake_4_yes() -> str:
    """试一试：把 `0.5 * (since + 1)` 改成 `1.0 + 0 * since`，再看系数。

    Try: change `0.5 * (since + 1)` into `1.0 + 0 * since` and look at the coefficient.
    """
    return "yes"
