# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1 两期两组：前后比较错在哪里
#
# 约 25 分钟。需要：会用 pandas 选行、求平均。学完后，你能手工算出双重差分，说清楚前后比较和横向比较各自错在哪里，并用本程序包得到同一个数字。
#
# *Two by two: what is wrong with before and after.* About 25 minutes. You need pandas: choosing rows, taking means. Afterwards you can
# compute a difference-in-differences by hand, say what is wrong with a before–after and with a cross-section comparison, and get the same number from this
# package.

# %% tags=["parameters"]
language = "zh"

# %%
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

import zgzx_research as zr
from zgzx_research.exercises import exercises
from zgzx_research.report.fonts import register

plt.rcParams["font.family"] = register()  # 汉字 Chinese characters in pictures
check = exercises("01_two_by_two")

# %% [markdown]
# ## 数据 · Data
#
# 下面是合成数据：600 家企业，两年，其中 200 家在第二年年初获奖。数据是我们自己造的，所以知道真相：获奖使员工留任率提高 3 个百分点。获奖企业本来就好一些（高 6 个百分点），第二年行情不好，所有企业都低 5 个百分点。
#
# The data are synthetic: 600 firms in two years; 200 of them win an award at the beginning of the second year. We make the data ourselves, so we know the
# truth: an award raises retention by 3 percentage points. Winning firms were better before (6 points), and the second year is bad for all (5 points
# lower).

# %%
rng = np.random.default_rng(2012)
EFFECT, HEAD_START, BAD_YEAR = 0.03, 0.06, -0.05

firm = pd.DataFrame({"firm": np.arange(600)})
firm["winner"] = firm["firm"] < 200
firm["usual"] = 0.78 + HEAD_START * firm["winner"] + rng.normal(0, 0.08, 600)

panel = firm.merge(pd.DataFrame({"year": [2019, 2020]}), how="cross")
after = panel["year"].eq(2020)
panel["retention"] = (
    panel["usual"] + BAD_YEAR * after + EFFECT * (panel["winner"] & after) + rng.normal(0, 0.03, 1200)
)
panel.head()

# %% [markdown]
# ## 图 · Picture
#
# 先看图，再算数。每条线是一组企业的平均留任率。
#
# Look before you compute. Each line is the mean retention of one group of firms.

# %%
means = panel.pivot_table(index="winner", columns="year", values="retention")
figure, axes = plt.subplots(figsize=(6, 3.6))
for winner, name in ((True, "获奖企业 winners"), (False, "其他企业 others")):
    axes.plot(means.columns, means.loc[winner], marker="o", label=name)
axes.plot(
    means.columns,
    [means.loc[True, 2019], means.loc[True, 2019] + means.loc[False, 2020] - means.loc[False, 2019]],
    linestyle="--", color="grey", label="假如没有获奖 without the award",
)
axes.set_xticks([2019, 2020], ["2019", "2020"])
axes.set_xlabel("年份 year")
axes.set_ylabel("留任率 retention")
axes.legend(frameon=False)
figure.tight_layout()

# %% [markdown]
# ## 三种比较 · Three comparisons
#
# 前后比较：只看获奖企业，第二年减第一年。它把坏年景也算成了获奖的结果，于是得到一个负数。
#
# Before and after: winners only, second year less first. It counts the bad year as a result of the award, and comes out negative.

# %%
before_after = means.loc[True, 2020] - means.loc[True, 2019]
print(f"前后比较 before and after: {before_after:+.3f}   真实效应 truth: {EFFECT:+.3f}")

# %% [markdown]
# 横向比较：只看第二年，获奖企业减其他企业。它把获奖企业本来就有的优势也算成了获奖的结果，于是大了两倍。
#
# Cross-section: second year only, winners less others. It counts what winners had anyway as a result of the award, and comes out three times as large.

# %%
cross_section = means.loc[True, 2020] - means.loc[False, 2020]
print(f"横向比较 cross-section: {cross_section:+.3f}   真实效应 truth: {EFFECT:+.3f}")

# %% [markdown]
# 双重差分：获奖企业的变化，减去其他企业的变化。坏年景在两组里都有，被减掉；原有的优势在两年里都有，也被减掉。
#
# Difference-in-differences: the change of the winners less the change of the others. The bad year is in both groups and cancels; the head start is in both years
# and cancels, too.

# %%
by_hand = (means.loc[True, 2020] - means.loc[True, 2019]) - (
    means.loc[False, 2020] - means.loc[False, 2019]
)
print(f"双重差分 difference-in-differences: {by_hand:+.4f}   真实效应 truth: {EFFECT:+.3f}")

# %% [markdown]
# ## 公式 · Formula
#
# 记 $\bar y_{g,t}$ 为 $g$ 组在第 $t$ 年的平均值（$w$ 获奖，$o$ 其他）：
#
# Let $\bar y_{g,t}$ be the mean of group $g$ in year $t$ ($w$ winners, $o$ others):
#
# $$\hat\tau = (\bar y_{w,2} - \bar y_{w,1}) - (\bar y_{o,2} - \bar y_{o,1})$$
#
# 它要成立，只需要一个假定，即平行趋势：假如没有获奖，两组的变化会相同。图中的灰色虚线就是这个假定。
#
# It is right under one assumption, parallel trends: without the award both groups would have changed by the same amount. The grey dashed line in the picture is
# this assumption.
#
# 标准误：每家企业的变化 $d_i = y_{i,2} - y_{i,1}$ 是一个数，两组独立，所以
#
# Standard error: the change of a firm, $d_i = y_{i,2} - y_{i,1}$, is one number, and the two groups are independent, so
#
# $$\widehat{\mathrm{se}}^2 = \frac{s_w^2}{n_w} + \frac{s_o^2}{n_o}, \qquad s_g^2 = \frac{1}{n_g}\sum_{i \in g} (d_i - \bar d_g)^2 .$$

# %% [markdown]
# ## 程序包给出同一个数字 · The package gives the same number
#
# 从未获奖的企业，`first_award` 留空。
#
# Firms that never won have nothing in `first_award`.

# %%
panel["first_award"] = pd.Series(2020, index=panel.index, dtype="Int64").where(panel["winner"])
prepared = zr.prepare_panel(
    panel, outcome="retention", unit="firm", period="year", first_treated="first_award"
)
effects = zr.estimate_effects(prepared)
overall = effects.aggregate("overall").to_frame()
print(f"相差 differs by {abs(overall['estimate'].iloc[0] - by_hand):.1e}")
overall[["estimate", "std_error", "ci_low", "ci_high", "n_treated", "n_comparison"]]

# %% [markdown]
# ## 练习 · Exercises
#
# 把答案写在 `None` 的位置，然后运行下一格。答对时会有解释，答错时会有提示。解答在 `solutions/01_two_by_two.py`，先自己做。
#
# Write your answer in place of `None` and run the next cell. It explains a right answer and gives a hint for a wrong one. The solutions are in
# `solutions/01_two_by_two.py`; try first.
#
# **练习 1** 每家企业算出变化 $d_i$，按公式算出双重差分的标准误（一个数）。
#
# **Exercise 1** Compute the change $d_i$ of each firm, and from the formula the standard error of the difference-in-differences (one number).

# %%
answer_1 = None  # 你的答案 your answer

# %%
check(1, answer_1, panel)

# %% [markdown]
# **练习 2** 前后比较的偏差（估计值减真实效应）主要来自哪里？写 `"bad year"` 或 `"head start"`。
#
# **Exercise 2** Where does the bias of before and after (estimate less truth) mainly come from? Write `"bad year"` or `"head start"`.

# %%
answer_2 = None  # 你的答案 your answer

# %%
check(2, answer_2)

# %% [markdown]
# **练习 3** 假如 2020 年的坏年景只打击了其他企业，获奖企业没有受影响，用同样的方法会得到大约多少？写一个到小数点后两位的数。
#
# **Exercise 3** Suppose the bad year of 2020 had hit only the other firms, and the winners not at all. What would the same method give, roughly? Write a number with two
# decimals.

# %%
answer_3 = None  # 你的答案 your answer

# %%
check(3, answer_3, EFFECT, BAD_YEAR)

# %% [markdown]
# **练习 4** 用 statsmodels 做回归 `retention ~ winner * after`，交互项的系数应当等于双重差分。把这个系数写进来（一个数）。
#
# **Exercise 4** Run the regression `retention ~ winner * after` with statsmodels. The coefficient of the interaction should be the difference-in-differences. Enter it (one
# number).

# %%
answer_4 = None  # 你的答案 your answer

# %%
check(4, answer_4, panel)

# %% [markdown]
# ## 接下来读什么 · What to read next
#
# 有许多年、许多届时怎么办：教程 2，以及 [`docs/methodology/group_time.md`](../../docs/methodology/group_time.md)。报告的同一步在 `notebooks/3_retention`。
#
# With many years and many editions: tutorial 2, and [`docs/methodology/group_time.md`](../../docs/methodology/group_time.md). The same step of the report is in
# `notebooks/3_retention`.
