# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2 分批获奖：双向固定效应为什么会错
#
# 约 35 分钟。需要：教程 1。学完后，你能造出一个“效应为正、双向固定效应却为负”的例子，用 Bacon 分解说明错在哪一个比较，并换用正确的方法。
#
# *Staggered adoption: why two-way fixed effects fail.* About 35 minutes. You need tutorial 1. Afterwards you can build an example in which the effect is
# positive and two-way fixed effects are negative, show with Bacon's decomposition which comparison is to blame, and use a method that is right.

# %% tags=["parameters"]
language = "zh"

# %%
import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from matplotlib import pyplot as plt

import zgzx_research as zr
from zgzx_research.exercises import exercises
from zgzx_research.report.fonts import register

plt.rcParams["font.family"] = register()  # 汉字 Chinese characters in pictures
check = exercises("02_staggered_adoption")

# %% [markdown]
# ## 数据 · Data
#
# 合成数据：60 家企业，2012 至 2021 年。30 家在 2014 年获奖，30 家在 2018 年获奖。获奖当年专利多 0.5 件，以后每年再多 0.5 件：效应是正的，而且越来越大。
#
# Synthetic data: 60 firms from 2012 to 2021; 30 win in 2014 and 30 in 2018. An award adds half a patent in its year and another half in each year after: the effect is
# positive, and it grows.

# %%
rng = np.random.default_rng(7)


def panel_of(starts: list[float]) -> pd.DataFrame:
    """Thirty firms for each first award; a missing one is never."""
    firm = pd.DataFrame({"firm": np.arange(30 * len(starts)), "first_award": np.repeat(starts, 30)})
    firm["usual"] = 5 + rng.normal(0, 1, len(firm))
    panel = firm.merge(pd.DataFrame({"year": np.arange(2012, 2022)}), how="cross")
    since = panel["year"] - panel["first_award"]
    panel["treated"] = (since >= 0).astype(int)
    panel["effect"] = (0.5 * (since + 1)).where(since >= 0, 0.0)
    trend = 0.2 * (panel["year"] - 2012)
    panel["patents"] = panel["usual"] + trend + panel["effect"] + rng.normal(0, 0.3, len(panel))
    return panel


winners = panel_of([2014.0, 2018.0])
truth = winners.loc[winners["treated"].eq(1), "effect"].mean()
print(f"真实的平均效应 true mean effect: {truth:+.2f}")
winners.head()

# %%
means = winners.pivot_table(index="year", columns="first_award", values="patents")
figure, axes = plt.subplots(figsize=(6, 3.6))
for start in means.columns:
    axes.plot(means.index, means[start], marker="o", label=f"{start:.0f} 年获奖 award in {start:.0f}")
    axes.axvline(start - 0.5, color="grey", linewidth=0.8, linestyle=":")
axes.set_xlabel("年份 year")
axes.set_ylabel("专利件数 patents")
axes.legend(frameon=False)
figure.tight_layout()

# %% [markdown]
# ## 双向固定效应 · Two-way fixed effects
#
# 最常见的做法：每家企业一个常数，每年一个常数，再加一个“已获奖”的哑变量。用 statsmodels：
#
# The usual regression: a constant for each firm, a constant for each year, and a dummy for "has won". With statsmodels:

# %%
fit = smf.ols("patents ~ treated + C(firm) + C(year)", winners).fit()
two_way = fit.params["treated"]
print(f"双向固定效应 two-way: {two_way:+.3f}   真实 truth: {truth:+.2f}")

# %% [markdown]
# 效应处处为正，回归系数却是负的。原因在于：2018 年以后所有企业都已获奖，回归便拿早获奖的企业作对照。它们的效应还在增长，这个增长被当成了“没有获奖也会有的趋势”。
#
# All effects are positive and the coefficient is negative. After 2018 everyone has won, so the regression takes early winners as the comparison group. Their effect is still
# growing, and this growth is taken for the trend without awards.

# %% [markdown]
# ## Bacon 分解 · Bacon's decomposition
#
# 双向固定效应是许多“两期两组”的加权平均（Goodman-Bacon 2021）：
#
# Two-way fixed effects are a weighted mean of many two-by-two comparisons (Goodman-Bacon 2021):
#
# $$\hat\beta = \sum_k s_k \hat\tau_k, \qquad \sum_k s_k = 1, \quad s_k \ge 0 .$$

# %%
roles = {"outcome": "patents", "unit": "firm", "period": "year", "first_treated": "first_award"}
prepared = zr.prepare_panel(winners.astype({"first_award": "Int64"}), **roles)
pairs = zr.bacon_decomposition(prepared)
pairs

# %% [markdown]
# 三分之二的权重落在错误的比较上：“晚获奖的对早获奖的”。这一行的估计值是负的。
#
# Two thirds of the weight are on the wrong comparison, later winners against earlier ones. Its estimate is negative.
#
# `zr.comparison_weights` 对每一种方法回答同样的问题：每一组、每一年的平均值在估计里占多少权重。早获奖企业在 2018 年以后的权重是负的，虽然它们当时已经获奖。
#
# `zr.comparison_weights` answers the same question for every method: what weight does the mean of each group and year have? Early winners after 2018 have negative
# weights, although they have won.

# %%
old = zr.estimate_effects(prepared, method="two_way_fixed_effects")
weights = zr.comparison_weights(old.aggregate("overall"))
weights.pivot_table(index="mean_period", columns="mean_cohort", values="weight").round(3)

# %% [markdown]
# ## 正确的比较 · The right comparisons
#
# 只拿“还没有获奖”或“从未获奖”的企业作对照，每一批单独估计，然后再平均（Callaway 和 Sant'Anna 2021）：
#
# Compare only with firms that have not won yet, or never do; estimate each cohort by itself, and average afterwards (Callaway and Sant'Anna 2021):
#
# $$\widehat{ATT}(g,t) = (\bar y_{g,t} - \bar y_{g,g-1}) - (\bar y_{C,t} - \bar y_{C,g-1})$$
#
# 其中 $C$ 是对照组。下面加上 30 家从未获奖的企业。
#
# where $C$ is the comparison group. We add 30 firms that never win.

# %%
everyone = panel_of([2014.0, 2018.0, np.nan])
prepared = zr.prepare_panel(everyone.astype({"first_award": "Int64"}), **roles)
effects = zr.estimate_effects(prepared, controls="never_treated")
event = effects.aggregate("event_time")
event.to_frame()[["event_time", "estimate", "ci_low", "ci_high", "n_treated"]]

# %%
shown = event.to_frame()
figure, axes = plt.subplots(figsize=(6, 3.6))
axes.errorbar(
    shown["event_time"], shown["estimate"], yerr=shown["estimate"] - shown["ci_low"], fmt="o",
    label="估计 estimate",
)
after = shown["event_time"] >= 0
axes.plot(
    shown["event_time"], np.where(after, 0.5 * (shown["event_time"] + 1), 0), color="grey",
    label="真实 truth",
)
axes.set_xlabel("获奖后的年数 years since the award")
axes.set_ylabel("效应 effect")
axes.legend(frameon=False)
figure.tight_layout()

# %% [markdown]
# ## 练习 · Exercises
#
# 解答在 `solutions/02_staggered_adoption.py`，先自己做。
#
# The solutions are in `solutions/02_staggered_adoption.py`; try first.
#
# **练习 1** 用 `pairs` 里的权重和估计值算出双向固定效应的系数（一个数）。
#
# **Exercise 1** From the weights and estimates in `pairs`, compute the two-way coefficient (one number).

# %%
answer_1 = None  # 你的答案 your answer

# %%
check(1, answer_1, winners)

# %% [markdown]
# **练习 2** 只看 2012 至 2017 年（此时 2018 年的企业都还没有获奖），再做一次双向固定效应回归。系数是多少？它现在可信吗？
#
# **Exercise 2** Take the years 2012 to 2017 only (nobody of 2018 has won yet) and run the two-way regression again. What is the coefficient? Can it be trusted
# now?

# %%
answer_2 = None  # 你的答案 your answer

# %%
check(2, answer_2, winners)

# %% [markdown]
# **练习 3** 在 `everyone` 里手工算出 $\widehat{ATT}(2014, 2016)$，对照组是从未获奖的企业（一个数）。
#
# **Exercise 3** Compute $\widehat{ATT}(2014, 2016)$ by hand in `everyone`, with the firms that never win as comparison group (one number).

# %%
answer_3 = None  # 你的答案 your answer

# %%
check(3, answer_3, everyone)

# %% [markdown]
# **练习 4** 假如效应不随时间变化（获奖后每年都恰好多 1 件），双向固定效应还会错吗？写 `"yes"` 或 `"no"`。可以改 `panel_of` 试一试。
#
# **Exercise 4** Suppose the effect did not change with time (exactly one patent more in every year after the award). Would two-way fixed effects still be wrong? Write `"yes"` or
# `"no"`. Change `panel_of` and see.

# %%
answer_4 = None  # 你的答案 your answer

# %%
check(4, answer_4)

# %% [markdown]
# ## 接下来读什么 · What to read next
#
# [`two_way_fixed_effects.md`](../../docs/methodology/two_way_fixed_effects.md)、[`comparison_weights.md`](../../docs/methodology/comparison_weights.md) 和
# [`group_time.md`](../../docs/methodology/group_time.md)；报告的第 5 页把六种估计量放在一起比较。
#
# Methods pages as linked above; page 5 of the report puts six estimators side by side.
