"""Solutions of tutorial 7. Each function makes the answer from the data of the notebook."""

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

import zgzx_research as zr

STAY = "retention_24_group"


def exercise_1(people: pd.DataFrame) -> float:
    """与 `zr.winners_and_finalists` 的第一行相同：它回答的是获奖者平均多留下多少。

    The same as the first row of `zr.winners_and_finalists`: how much more winners stay, on average over winners.
    """
    return float(zr.winners_and_finalists(people, STAY).to_frame()["estimate"].iloc[0])


def mistake_1_simple(people: pd.DataFrame) -> float:
    """这是简单相减。先在每个届次 × 类别之内相减，再加权平均。

    This is the simple difference. Subtract within edition and category first, then average.
    """
    mean = people.groupby("arm")[STAY].mean()
    return float(mean["winner"] - mean["finalist"])


def mistake_1_least_squares(people: pd.DataFrame) -> float:
    """这是带届次 × 类别虚拟变量的最小二乘：它按 n₁n₀/(n₁+n₀) 加权，不是按获奖人数。

    These are least squares with a dummy per edition and category, which weigh by n₁n₀/(n₁+n₀) and not by winners.
    """
    table = people.assign(
        won=people["arm"].eq("winner").astype(int),
        contest=people["edition"].astype(str) + people["category"],
    )
    return float(smf.ols(f"{STAY} ~ won + C(contest)", table).fit().params["won"])


def mistake_1_equal_weights(people: pd.DataFrame) -> float:
    """你让每个届次 × 类别的分量相同。要按获奖人数加权。

    You gave every edition and category the same weight. Weigh by the number of winners.
    """
    mean = people.groupby(["edition", "category", "arm"])[STAY].mean().unstack()
    return float((mean["winner"] - mean["finalist"]).mean())


def exercise_2(linked: pd.DataFrame) -> float:
    """绝对值超过 0.1 通常就算不平衡；这里约为 −0.5。标准化差距不随样本变大而变大，检验统计量则会。

    More than .1 in absolute value usually counts as imbalance; here it is about −.5. Unlike a test statistic it does not grow with the sample.
    """
    parts = linked.groupby("arm")["tenure_months"]
    mean, variance = parts.mean(), parts.var()
    return float((mean["winner"] - mean["finalist"]) / np.sqrt(variance.mean()))


def mistake_2_months(linked: pd.DataFrame) -> float:
    """这是以月为单位的差距。还要除以标准差。

    This is the difference in months. Divide it by the standard deviation.
    """
    mean = linked.groupby("arm")["tenure_months"].mean()
    return float(mean["winner"] - mean["finalist"])


def mistake_2_sign(linked: pd.DataFrame) -> float:
    """符号反了：获奖者减未获奖者。

    The sign is wrong: winners less finalists.
    """
    return -exercise_2(linked)


def mistake_2_statistic(linked: pd.DataFrame) -> float:
    """你除以了差距的标准误，得到的是检验统计量。

    You divided by the standard error of the difference, which gives a test statistic.
    """
    parts = linked.groupby("arm")["tenure_months"]
    return mistake_2_months(linked) / float(np.sqrt((parts.var() / parts.count()).sum()))


def exercise_3(linked: pd.DataFrame, propensity: np.ndarray) -> float:
    """按比数（odds）加权，使未获奖者的特征分布与获奖者相同。结果是加权最小二乘中获奖的系数。

    Weights by the odds give finalists the winners' distribution of features. It is the coefficient of winning in weighted least squares.
    """
    won = linked["arm"].eq("winner").to_numpy()
    weights = np.where(won, 1.0, propensity / (1 - propensity))
    table = linked.assign(won=won.astype(float))
    return float(smf.wls(f"{STAY} ~ won", table, weights=weights).fit().params["won"])


def mistake_3_inverse(linked: pd.DataFrame, propensity: np.ndarray) -> float:
    """你用了 1 / (1 − p)：这样未获奖者代表所有人，而不是获奖者。

    You used 1 / (1 − p), which makes finalists stand for everybody, not for the winners.
    """
    return _weighted(linked, 1 / (1 - propensity))


def mistake_3_propensity(linked: pd.DataFrame, propensity: np.ndarray) -> float:
    """你用了得分本身作权重。要用 p / (1 − p)。

    You used the score itself. Use p / (1 − p).
    """
    return _weighted(linked, propensity)


def _weighted(linked: pd.DataFrame, weights: np.ndarray) -> float:
    won = linked["arm"].eq("winner").to_numpy()
    stay = linked[STAY].to_numpy(dtype=float)
    return float(stay[won].mean() - np.average(stay[~won], weights=weights[~won]))


def exercise_4(people: pd.DataFrame) -> float:
    """约 1 个百分点。真实的差距里，获奖本身约占 4.6 个百分点，其余是落选者的失望；只看数据分不开这两部分。

    About one point. Of the true difference some 4.6 points are the award itself, the rest is disappointment; the data alone cannot tell them apart.
    """
    lost = people["arm"].eq("finalist")
    return float((people.loc[lost, "mu0_24"] - people.loc[lost, "mu1_24"]).mean())


def mistake_4_award(people: pd.DataFrame) -> float:
    """这是获奖对获奖者的影响。要看落选者。

    This is the effect of the award on winners. Look at those who lost.
    """
    won = people["arm"].eq("winner")
    return float((people.loc[won, "mu1_24"] - people.loc[won, "mu0_24"]).mean())


def mistake_4_sign(people: pd.DataFrame) -> float:
    """落选者的变化是负的；它使差距变大，所以写正数。

    What happens to losers is negative; it makes the difference larger, so write a number above zero.
    """
    return -exercise_4(people)


def exercise_5() -> str:
    """两组人都参加了决赛，所以参赛的影响在两组里都有，被减掉；落选的失望却留在差距里。

    Both groups stood in the final, so the effect of entering is in both and cancels; the disappointment of losing stays in the difference.
    """
    return "B"


def mistake_5_never_entered() -> str:
    """这个比较里没有从未参赛的人，落选的失望也算在差距里。

    Nobody here has never entered, and disappointment is part of the difference.
    """
    return "A"


def mistake_5_entering() -> str:
    """两组人都参赛了，参赛的影响被减掉了。

    Both groups entered, so the effect of entering cancels.
    """
    return "C"
