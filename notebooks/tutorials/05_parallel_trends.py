# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 5 平行趋势：检验通过了，能说明什么
#
# 约 35 分钟。需要：教程 1，标准误和检验力的概念。学完后，你能说清楚处理前检验看得见多大的偏离，能读懂允许趋势偏离的稳健区间，也知道什么时候应当去掉处理前一年。
#
# *Parallel trends: what does a passed test show?* About 35 minutes. You need tutorial 1 and the notions of standard error and power. Afterwards you can say how large a departure a
# test before treatment could have seen, read intervals that allow trends to depart, and know when to leave out the year before treatment.

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
check = exercises("05_parallel_trends")

# %% [markdown]
# ## 数据 · Data
#
# 下面的函数造出合成数据：240 家企业，2012 至 2019 年的员工留任率，其中 60 家在 2017 年获奖。三样东西由我们决定：获奖的影响 `effect`，获奖企业每年多出的趋势 `drift`（没有它，两组的趋势就平行），以及获奖前一年（2016 年）的好年景 `good_year`。
#
# The function below makes synthetic data: 240 firms and the retention of their employees from 2012 to 2019; 60 of them win an award in 2017. Three things are ours to choose: the
# `effect` of the award; the `drift` that winners have in addition each year (without it the two trends are parallel); and a `good_year` of the winners just before the award (2016).

# %%
years = np.arange(2012, 2020)
winner = np.arange(240) < 60
COMMON = np.array([0, 0.004, 0.006, 0.002, 0.008, 0.010, 0.004, 0.006])  # 所有企业 all firms


def make_panel(rng, effect=0.0, drift=0.0, good_year=0.0):
    """A row per firm and year."""
    added = drift * (years - 2012) + effect * (years >= 2017) + good_year * (years == 2016)
    usual = rng.normal(0.78, 0.08, 240)[:, None]
    retention = usual + COMMON + winner[:, None] * added + rng.normal(0, 0.06, (240, 8))
    panel = pd.DataFrame({"firm": np.repeat(np.arange(240), 8), "year": np.tile(years, 240)})
    panel["winner"] = np.repeat(winner, 8)
    panel["retention"] = retention.ravel()
    panel["first_award"] = pd.Series(2017, panel.index, dtype="Int64").where(panel["winner"])
    return panel


def event_study(panel, **options):
    """Estimates by event time."""
    prepared = zr.prepare_panel(
        panel, outcome="retention", unit="firm", period="year", first_treated="first_award"
    )
    return zr.estimate_effects(prepared, **options).aggregate("event_time")


# %% [markdown]
# 第一个世界：获奖**没有影响**，但是获奖企业每年比其他企业多上升 0.5 个百分点。
#
# The first world: the award has **no effect**, but winners rise by half a percentage point more than others each year.

# %%
DRIFT = 0.005
drifting = make_panel(np.random.default_rng(3), drift=DRIFT)
event = event_study(drifting)
zr.plot_event_study(event, outcome_label="留任率 retention", share=True, language=language)

# %% [markdown]
# ## 处理前检验 · The test before treatment
#
# 图上处理前的各点看起来没有趋势，检验也通过：
#
# Before treatment the points show no trend, and the test is passed:

# %%
test = event.pretest()
print(f"处理前检验 pre-test: p = {test['p_value']:.2f}")
event.window(0, 2)[["estimate", "std_error", "ci_low", "ci_high"]].round(4)

# %% [markdown]
# 然而获奖后三年的平均“影响”是 +2.5 个百分点，区间不含零。真相是零。检验通过了，结论仍然错：因为这个检验很难看见这样的偏离。
#
# Yet the mean “effect” of the three years after is +2.5 points, and its interval leaves out zero. The truth is zero. The test was passed and the conclusion is wrong, because this
# test can hardly see such a departure.
#
# 假如真有每年 0.5 个百分点的偏离，处理前至少有一个估计显著的概率（检验力）是多少？
#
# If there is a drift of half a point a year, how probable is it that at least one estimate before treatment is significant (the power)?

# %%
power = zr.pretrend_power(event, DRIFT)
print(f"检验力 power: {power.power:.0%}")
print(f"检验力达到 80% 的偏离 drift found with 80 % power: {zr.slope_for_power(event):.4f}")
power.table.round(4)

# %% [markdown]
# 表中 `drift` 是偏离本身给每个估计加上多少；`mean_after_passing` 是只看那些**通过检验**的数据时，平均加上多少。后者更大：通过检验的数据并不更可靠（Roth 2022）。检验力不到一半，等于说：超过一半的时候，这样的偏离会被放过。
#
# In the table, `drift` is what the drift adds to each estimate, and `mean_after_passing` what it adds on average among data that **pass** the test. The latter is larger: data that pass
# are not more reliable (Roth 2022). A power below one half says that such a drift goes unnoticed more often than not.
#
# ## 用模拟核对 · Check by simulation
#
# 造 1500 个同样的世界，数一数。为了快，我们直接用平均值算出事件研究：基期是获奖前一年（2016 年）。
#
# Make 1,500 such worlds and count. To be fast, we compute the event study from means; the base is the year before the award (2016).

# %%
rng = np.random.default_rng(2022)
noise = rng.normal(0, 0.06, (1500, 240, 8))
change = noise + DRIFT * winner[:, None] * (years - 2012)
change = change - change[:, :, [4]]  # 相对于 2016 年 since 2016
won, other = change[:, winner], change[:, ~winner]
estimate = won.mean(axis=1) - other.mean(axis=1)
std_error = np.sqrt(won.var(axis=1) / 60 + other.var(axis=1) / 180)

significant = np.abs(estimate[:, :4]) > 1.96 * std_error[:, :4]  # 2012–2015
seen = significant.any(axis=1)
print(f"看见的比例 share that is seen: {seen.mean():.0%}")
print("2019 年的平均偏差 mean bias in 2019")
print(f"  全部 all: {estimate[:, 7].mean():.4f}")
print(f"  通过检验的 those that pass: {estimate[~seen, 7].mean():.4f}")

# %% [markdown]
# 模拟的结果（约一半）和上面的 44% 接近；上面的数用的是那一份数据自己的标准误，所以略有不同。
#
# About one half by simulation, near the 44 % above, which rest on the standard errors of that one data set and so differ a little.

# %%
figure, axes = plt.subplots(figsize=(6.4, 3.2))
bins = np.linspace(-0.03, 0.06, 37)
axes.hist(estimate[:, 7], bins, color="0.8", label="全部 all")
axes.hist(estimate[~seen, 7], bins, color="C0", alpha=0.7, label="通过检验 pass the test")
axes.axvline(0, color="C3", label="真实影响 true effect")
axes.set_xlabel("2019 年的估计 estimate for 2019")
axes.set_ylabel("世界的个数 worlds")
axes.legend(frameon=False)
figure.tight_layout()
plt.close(figure)
figure

# %% [markdown]
# ## 公式 · Formula
#
# 处理前的估计 $\hat\beta_{-5},\dots,\hat\beta_{-2}$ 近似服从正态分布，均值是偏离 $\delta_e = s\,(e + 1)$（$s$ 是每年的偏离，基期 $e = -1$），协方差是 $\Sigma$。检验力是
#
# The estimates before treatment, $\hat\beta_{-5},\dots,\hat\beta_{-2}$, are nearly normal with mean $\delta_e = s\,(e + 1)$ ($s$ the drift per year, base $e = -1$) and covariance $\Sigma$. The power is
#
# $$1 - \Pr\left(|\hat\beta_e| \le 1.96\,\mathrm{se}_e \text{ for all } e < -1\right) .$$
#
# 稳健区间换一个问法：处理后的偏离最多是处理前所见最大变化的 $M$ 倍时，影响的区间是什么（Rambachan 与 Roth 2023）：
#
# Honest bounds ask another question: what is the interval of the effect if departures after treatment are at most $M$ times the largest change seen before (Rambachan and Roth 2023):
#
# $$|\delta_{t+1} - \delta_t| \le M \cdot \max_{u < -1} |\delta_{u+1} - \delta_u| .$$
#
# ## 稳健区间 · Honest bounds
#
# 先看第一个世界（真实影响为零）：
#
# First the world above (true effect zero):

# %%
bounds = zr.honest_bounds(event, target=(0, 2))
print(f"临界值 breakdown value: M = {bounds.breakdown:.2f}")
zr.plot_honest_bounds(bounds, outcome_label="留任率 retention", share=True, language=language)

# %% [markdown]
# 只要允许处理后每年的偏离达到处理前所见最大变化的 13%，区间就含零了。只有几乎没有偏离时，这个“影响”才站得住。
#
# As soon as departures may be 13 % of the largest change seen before, the interval contains zero. This “effect” stands only if there is almost no departure.
#
# 第二个世界：趋势平行，影响是 8 个百分点。
#
# The second world: trends are parallel, and the effect is 8 points.

# %%
strong = event_study(make_panel(np.random.default_rng(3), effect=0.08))
strong_bounds = zr.honest_bounds(strong, target=(0, 2), bounds=(0.5, 1, 1.5, 2))
print(f"临界值 breakdown value: M = {strong_bounds.breakdown:.2f}")
strong_bounds.to_frame().round(3)

# %% [markdown]
# 另一种限制是平滑性：两组之差的斜率每年最多改变 $M$；$M = 0$ 表示把处理前的直线延长。它更适合缓慢的偏离。再看第一个世界：
#
# Another restriction is smoothness: the slope of the difference between the groups changes by at most $M$ a year; $M = 0$ extends the straight line from before. It suits slow
# drifts. For the first world once more:

# %%
smooth = zr.honest_bounds(event, target=(0, 2), restriction="smoothness", bounds=(0, 0.002, 0.005))
smooth.to_frame().round(3)

# %% [markdown]
# ## 好年景与“甜甜圈” · A good year, and the donut
#
# 第三个世界：趋势平行，影响是 2 个百分点，但企业恰好在好年景之后获奖：2016 年获奖企业多 5 个百分点，随后回到平常。假如以 2016 年为基期，就把“回到平常”当成了奖项的害处。`leave_out=1` 去掉处理前一年，基期变成 2015 年；这种做法叫甜甜圈（donut）。
#
# The third world: trends are parallel, the effect is 2 points, but firms win just after a good year: in 2016 winners have 5 points more, and then are back to normal. With 2016 as
# base, being back to normal counts as harm done by the award. `leave_out=1` leaves out the year before treatment, and the base becomes 2015; this is called the donut.

# %%
picked = make_panel(np.random.default_rng(1), effect=0.02, good_year=0.05)
choices = {
    "基期 2016 base 2016": {},
    "甜甜圈 donut": {"leave_out": 1},
    "甜甜圈，合并基期 donut, pooled base": {"leave_out": 1, "base_period": "pooled"},
}
found = {name: event_study(picked, **options) for name, options in choices.items()}
columns = ["estimate", "std_error", "ci_low", "ci_high"]
windows = {name: result.window(0, 2)[columns] for name, result in found.items()}
pd.concat(windows).droplevel(1).round(4)

# %%
figure, axes = plt.subplots(figsize=(6.4, 3.2))
for (name, result), shift in zip(found.items(), (-0.15, 0, 0.15), strict=True):
    frame = result.to_frame()
    half = (1.96 * frame["std_error"]).fillna(0)
    axes.errorbar(frame["event_time"] + shift, frame["estimate"], half, fmt="o", ms=4, label=name)
axes.axhline(0, color="grey", linewidth=1)
axes.set_xlabel("距获奖的年数 years since the award")
axes.set_ylabel("留任率之差 difference in retention")
axes.legend(frameon=False, fontsize=8)
figure.tight_layout()
plt.close(figure)
figure

# %% [markdown]
# 甜甜圈之后的估计不再是负的；再把 2012 至 2015 年合并为基期，标准误也小了三分之一。本项目的主要设定就是“甜甜圈加合并基期”。但是设定要事先确定，不能看了结果再选。
#
# With the donut the estimate is no longer negative; with 2012 to 2015 pooled as base, the standard error is smaller by a third, too. Donut and pooled base are this project's main
# specification. It has to be chosen in advance, not after seeing the results.

# %% [markdown]
# ## 练习 · Exercises
#
# 解答在 `solutions/05_parallel_trends.py`，先自己做。
#
# The solutions are in `solutions/05_parallel_trends.py`; try first.
#
# **练习 1** 第一个世界里，每年的偏离是 `DRIFT`，基期是获奖前一年。仅仅因为这个偏离，事件时间 0、1、2 的平均估计会有多大的偏差（一个数）？
#
# **Exercise 1** In the first world the drift per year is `DRIFT`, and the base is the year before the award. By how much does this drift alone move the mean estimate of event times 0, 1
# and 2 (one number)?

# %%
answer_1 = None  # 你的答案 your answer

# %%
check(1, answer_1, DRIFT)

# %% [markdown]
# **练习 2** 模拟的 1500 个世界里，检验力（至少有一个处理前的估计显著）是在 5% 的水平上逐个检验得到的。改成 Bonferroni 校正：四个检验都用 2.498 代替 1.96。看见偏离的世界占多大比例？
#
# **Exercise 2** In the 1,500 simulated worlds each estimate is tested at 5 %. Use Bonferroni's correction instead: 2.498 in place of 1.96 for all four tests. What share of
# worlds sees the drift?

# %%
answer_2 = None  # 你的答案 your answer

# %%
check(2, answer_2, estimate, std_error)

# %% [markdown]
# **练习 3** 处理前检验有 80% 的机会看见的偏离是 `zr.slope_for_power(event)`。假如真有这么大的偏离，事件时间 2 的估计会有多大的偏差？它比事件时间 2 的标准误大还是小？写偏差除以标准误的值（一个数，误差不超过 2%）。
#
# **Exercise 3** The drift that the test sees with 80 % power is `zr.slope_for_power(event)`. With such a drift, how large is the bias of the estimate at event time 2? Is it larger than the
# standard error there? Enter the bias divided by the standard error (one number, within 2 %).

# %%
answer_3 = None  # 你的答案 your answer

# %%
check(3, answer_3, event)

# %% [markdown]
# **练习 4** 用 pandas 手工算出甜甜圈的估计：第三个世界 `picked` 中，获奖后三年（2017 至 2019 年）的平均影响，基期是 2015 年。
#
# **Exercise 4** Compute the donut by hand with pandas: in the third world, `picked`, the mean effect of the three years after the award (2017 to 2019), with 2015 as base.

# %%
answer_4 = None  # 你的答案 your answer

# %%
check(4, answer_4, picked)

# %% [markdown]
# **练习 5** 第二个世界的临界值是 `strong_bounds.breakdown`。把它写成一句话，哪一句对？
#
# - `"A"` 平行趋势成立的概率。
# - `"B"` 处理后的偏离超过处理前最大变化的这个倍数，区间才含零。
# - `"C"` 处理前的偏离是影响的这个倍数。
#
# **Exercise 5** The breakdown value of the second world is `strong_bounds.breakdown`. Which sentence says what it means?
#
# - `"A"` The probability that trends are parallel.
# - `"B"` The interval contains zero only if departures after treatment exceed this multiple of the largest change before.
# - `"C"` Departures before treatment are this multiple of the effect.

# %%
answer_5 = None  # 你的答案 your answer

# %%
check(5, answer_5)

# %% [markdown]
# ## 接下来读什么 · What to read next
#
# [处理前检验](../../docs/methodology/pretest.md)（程序包自己的检验是联合检验）、[稳健区间](../../docs/methodology/honest_bounds.md)，以及[安慰剂检验](../../docs/methodology/placebos.md)。报告中的同一步在 `notebooks/5_robustness`。
#
# [Tests before treatment](../../docs/methodology/pretest.md) (the package's own test is a joint one), [honest bounds](../../docs/methodology/honest_bounds.md), and
# [placebos](../../docs/methodology/placebos.md). The same step of the report is in `notebooks/5_robustness`.
