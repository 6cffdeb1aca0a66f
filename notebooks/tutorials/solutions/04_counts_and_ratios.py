"""Solutions of tutorial 4. Each function makes the answer from the data of the notebook."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf


def _interaction(panel: pd.DataFrame) -> float:
    """Coefficient of winner × after in a Poisson regression."""
    table = panel.assign(won=panel["winner"].astype(int), post=panel["after"].astype(int))
    fit = smf.glm("patents ~ won * post", table, family=sm.families.Poisson()).fit()
    return float(fit.params["won:post"])


def _late(panel: pd.DataFrame) -> pd.DataFrame:
    return panel[~panel["after"] | (panel["year"] >= 2018)]


def _base(panel: pd.DataFrame) -> pd.Series:
    """Mean before the award of each winner."""
    return panel[panel["winner"] & ~panel["after"]].groupby("firm")["patents"].mean()


def exercise_1(panel: pd.DataFrame) -> float:
    """两组的平均都只取 2018 和 2019 年；基期不变。泊松回归去掉 2016 和 2017 年，得到同一个数。

    Both groups' means are those of 2018 and 2019; the base stays. Poisson regression without 2016 and 2017 gives the same.
    """
    return float(np.expm1(_interaction(_late(panel))))


def mistake_1_before_after(panel: pd.DataFrame) -> float:
    """这是获奖企业自己的增长，其中也有所有企业共同的增长。要除以其他企业的增长倍数。

    This is the winners' own growth, in which the growth of all firms is counted too. Divide by the factor of the others.
    """
    winners = _late(panel)[lambda table: table["winner"]].groupby("after")["patents"].mean()
    return float(winners[True] / winners[False] - 1)


def mistake_1_log(panel: pd.DataFrame) -> float:
    """这是对数差（泊松回归的系数）。要取指数，再减 1。

    This is a difference in logs (the Poisson coefficient). Take the exponential and subtract 1.
    """
    return _interaction(_late(panel))


def mistake_1_all_years(panel: pd.DataFrame) -> float:
    """你用了获奖后的全部年份。这里只要 2018 和 2019 年。

    You used all years after the award. Only 2018 and 2019 are asked for.
    """
    return float(np.expm1(_interaction(panel)))


def exercise_2() -> float:
    """log(101) 是 4.62，log(13001/10001) 是 0.26：从 0 到 1 的小企业，分量是多了 30 件的大企业的 17.6 倍。

    log(101) is 4.62 and log(13001/10001) is .26: a small firm from 0 to 1 counts 17.6 times a large one with 30 more.
    """
    small, large = np.diff(np.log1p(100 * np.array([[0, 1], [100, 130]]))).ravel()
    return float(small / large)


exercise_2.tolerance = 0.005


def mistake_2_unit_one() -> float:
    """这是 log(1 + y) 的结果。先把件数乘以 100。

    This is the result with log(1 + y). Multiply the counts by 100 first.
    """
    small, large = np.diff(np.log1p(np.array([[0, 1], [100, 130]]))).ravel()
    return float(small / large)


def mistake_2_turned() -> float:
    """你把甲和乙颠倒了。

    You have A and B the wrong way round.
    """
    return 1 / exercise_2()


def exercise_3(panel: pd.DataFrame) -> float:
    """90 家获奖企业，只相当于十二家大小相同的企业：少数大企业决定了合计。

    90 winners are worth twelve firms of equal size: a few large firms decide the total.
    """
    share = _base(panel) / _base(panel).sum()
    return float(1 / (share**2).sum())


def mistake_3_after(panel: pd.DataFrame) -> float:
    """你用了获奖后的数量，其中已经含有影响本身。分量来自反事实，所以要用获奖前的平均。

    You used the counts after the award, which contain the effect itself. Weights are counterfactual: use the mean before.
    """
    after = panel[panel["winner"] & panel["after"]].groupby("firm")["patents"].sum()
    return float(after.sum() ** 2 / (after**2).sum())


def mistake_3_all_firms(panel: pd.DataFrame) -> float:
    """你把没有获奖的企业也算进来了。只算获奖企业。

    You counted firms without an award, too. Winners only.
    """
    base = panel[~panel["after"]].groupby("firm")["patents"].mean()
    return float(base.sum() ** 2 / (base**2).sum())


def exercise_4(panel: pd.DataFrame) -> float:
    """与 `zr.leave_largest_out` 相同。对照组不变，只是少了三家获奖企业。

    The same as `zr.leave_largest_out`. The comparison stays; three winners are left out.
    """
    largest = _base(panel).nlargest(3).index
    return float(np.expm1(_interaction(panel[~panel["firm"].isin(largest)])))


def mistake_4_growth(panel: pd.DataFrame) -> float:
    """你按获奖后的增长挑出三家企业。按结果挑选会带来偏差；要按获奖前的大小。

    You picked the three by their growth after the award. Picking by the outcome makes a bias: pick by size before the award.
    """
    winners = panel[panel["winner"]]
    mean = winners.pivot_table(index="firm", columns="after", values="patents")
    largest = (mean[True] - mean[False]).div(mean[False].clip(lower=0.5)).nlargest(3).index
    return float(np.expm1(_interaction(panel[~panel["firm"].isin(largest)])))


def mistake_4_nobody_left_out(panel: pd.DataFrame) -> float:
    """这是全部 90 家获奖企业的结果。

    This is the result of all 90 winners.
    """
    return float(np.expm1(_interaction(panel)))


def exercise_5() -> float:
    """没有奖项时会有 800 / 1.6 = 500 件，所以多出 300 件。

    Without the awards there would be 800 / 1.6 = 500, so 300 are additional.
    """
    return 800 - 800 / 1.6


def mistake_5_of_actual() -> float:
    """你把 0.6 乘在了实际合计上。0.6 是相对于反事实合计的。

    You applied .6 to the actual total. It is relative to the counterfactual total.
    """
    return 800 * 0.6


def mistake_5_counterfactual() -> float:
    """这是没有奖项时会有的件数。还要用实际件数减去它。

    This is what there would be without the awards. Subtract it from the actual number.
    """
    return 800 / 1.6
