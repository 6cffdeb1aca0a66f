# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 4 计数、零与少数大企业：为什么用比例
#
# 约 30 分钟。需要：教程 1，对数和指数。学完后，你能说清楚为什么不用 log(1+y)，能用三种写法得到同一个比例影响，能看出估计是不是由少数几家企业决定的，也能正确说明“比值 1.6”的含义。
#
# *Counts, zeros and a few large firms: why ratios.* About 30 minutes. You need tutorial 1, logarithms and exponentials. Afterwards you can say why log(1+y) is not used,
# get the same proportional effect in three ways, see whether a few firms decide an estimate, and say correctly what “a ratio of 1.6” means.

# %% tags=["parameters"]
language = "zh"

# %%
import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from matplotlib import pyplot as plt

import zgzx_research as zr
from zgzx_research.exercises import exercises
from zgzx_research.report.fonts import register

plt.rcParams["font.family"] = register()  # 汉字 Chinese characters in pictures
check = exercises("04_counts_and_ratios")

# %% [markdown]
# ## 数据 · Data
#
# 下面是合成数据：600 家企业，2012 至 2019 年每年的专利申请数。90 家企业在 2016 年获奖。没有奖项时，所有企业的期望申请数每年增长 8%。真实影响由我们设定：87 家获奖企业多 30%，另外 3 家很大的获奖企业多 90%。列 `without` 是没有奖项时的期望，现实中看不到。
#
# The data are synthetic: 600 firms and their patent applications in each year from 2012 to 2019. 90 firms win an award in 2016. Without awards the expected number of
# every firm grows by 8 % a year. We set the true effects: 87 winners file 30 % more, 3 very large winners 90 % more. The column `without` is the expected number without awards,
# which nobody can see in reality.

# %%
rng = np.random.default_rng(2016)
firms, years = 600, np.arange(2012, 2020)
winner = np.arange(firms) < 90
level = rng.lognormal(np.where(winner, 0.3, -0.4), 1.3)
level[:3] = [90, 70, 60]  # 三家大企业 three large firms
effect = np.where(winner, 1.3, 1.0)
effect[:3] = 1.9

after = years >= 2016
without = level[:, None] * 1.08 ** (years - 2012)
with_awards = without * np.where(after, effect[:, None], 1.0)
patents = rng.poisson(with_awards * rng.gamma(4, 1 / 4, (firms, len(years))))

panel = pd.DataFrame({"firm": np.repeat(np.arange(firms), len(years))})
panel["year"] = np.tile(years, firms)
panel["winner"] = np.repeat(winner, len(years))
panel["after"] = panel["year"] >= 2016
panel["patents"] = patents.ravel()
panel["without"] = without.ravel()
panel.head()

# %% [markdown]
# ## 图 · Picture
#
# 左图：将近一半的格子（企业 × 年）是零，少数格子很大。右图：把获奖企业按获奖前的申请数从大到小排列，前三家就占了将近一半。
#
# Left: nearly half of all cells (firm × year) are zero, and a few are very large. Right: sort the winners by their applications before the award; the first three hold nearly
# half of them.

# %%
before = panel[panel["winner"] & ~panel["after"]].groupby("firm")["patents"].mean()
largest_first = before.sort_values(ascending=False)

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
shown = panel["patents"].clip(upper=10).value_counts().sort_index()
left.bar(shown.index, shown)
left.set_xticks([0, 2, 4, 6, 8, 10], ["0", "2", "4", "6", "8", "≥10"])
left.set_xlabel("一年的专利申请数 applications in a year")
left.set_ylabel("企业 × 年 firm-years")
right.plot(np.arange(1, 91), largest_first.cumsum() / largest_first.sum(), marker=".")
right.axvline(3, color="grey", linestyle="--")
right.set_xlabel("获奖企业（从大到小） winners, largest first")
right.set_ylabel("累计份额 cumulative share")
right.set_ylim(0, 1.05)
figure.tight_layout()
plt.close(figure)
figure

# %%
print(f"零的份额 share of zeros: {panel['patents'].eq(0).mean():.0%}")
three = largest_first.head(3).sum() / largest_first.sum()
print(f"三家所占份额 share of the three largest: {three:.0%}")

# %% [markdown]
# ## 为什么不用 log(1+y) · Why not log(1+y)
#
# 零没有对数，所以常有人先加 1 再取对数。问题是：这个“影响”取决于 y 的单位。假如把一件专利记成 10 件（例如改按权利要求项计数），比例影响不变，log(1+y) 的结果却变了。
#
# Zero has no logarithm, so people often add 1 first. The trouble: this “effect” depends on the unit of y. Count every patent as 10 (say, by claims instead of patents): the
# proportional effect stays the same, but the result of log(1+y) does not.

# %%
def difference_in_differences(y):
    """Change of the winners less change of the others; y is (firms, years)."""
    change = y[:, after].mean(axis=1) - y[:, ~after].mean(axis=1)
    return change[winner].mean() - change[~winner].mean()


units = [0.1, 1, 10, 100]
by_unit = pd.Series([difference_in_differences(np.log1p(unit * patents)) for unit in units], units)
by_unit.index.name = "单位 unit"
print(f"真实的对数差（87 家） true difference in logs (87 firms): {np.log(1.3):.3f}")
by_unit.round(3)

# %% [markdown]
# 同一批企业、同一个真相，结果从 0.12 到 0.46。单位越小，从 0 到 1 的企业越重要；而从 0 到 1 是“增加了百分之几”，本来就没有答案。
#
# The same firms and the same truth, and results from .12 to .46. The smaller the unit, the more a firm counts that goes from 0 to 1, and by how many per cent it grew has no
# answer at all.
#
# 直接用件数（不取对数）也不行：大企业每年增长 8% 是好几件，小企业的 8% 不到一件，所以在件数上，两组的趋势并不平行。
#
# Plain counts do not work either: 8 % growth of a large firm is several applications, of a small firm less than one. In numbers of applications the two trends are not parallel.

# %%
truth_in_counts = (with_awards - without)[winner][:, after].mean()
drift = difference_in_differences(without)
print(f"真实影响（件） true effect in applications: {truth_in_counts:.2f}")
print(f"没有奖项时两组之差的变化（件） change of the gap without any award: {drift:.2f}")

# %% [markdown]
# ## 比例尺度 · The ratio scale
#
# 先求平均，再求比值。记 $\bar y_{g,0}$、$\bar y_{g,1}$ 为 $g$ 组获奖前、获奖后的平均（$w$ 获奖，$o$ 其他）：
#
# Take means first and ratios afterwards. Let $\bar y_{g,0}$ and $\bar y_{g,1}$ be the means of group $g$ before and after ($w$ winners, $o$ others):
#
# $$1 + \hat\tau = \frac{\bar y_{w,1}}{\bar y_{w,0}\,\cdot\,\bar y_{o,1} / \bar y_{o,0}} .$$
#
# 分母是反事实：假如获奖企业像其他企业那样成倍增长，会有多少。零照样参加求平均，单位上下约去。假定是：没有奖项时，两组会**按相同的倍数**变化。
#
# The denominator is the counterfactual: what winners would have, had they been multiplied like the others. Zeros simply take part in the means, and the unit cancels. The
# assumption: without awards both groups would have been **multiplied by the same factor**.

# %%
mean = panel.pivot_table(index="winner", columns="after", values="patents")
growth = mean.loc[False, True] / mean.loc[False, False]
ratio = mean.loc[True, True] / (mean.loc[True, False] * growth)
true_ratio = with_awards[winner][:, after].sum() / without[winner][:, after].sum()
print(f"比值 ratio: {ratio:.4f}   真实的比值 true ratio: {true_ratio:.4f}")

# %% [markdown]
# 泊松回归给出同一个数：$\mathrm{E}\,y = \exp(a + b\,w + c\,\text{after} + d\,w\cdot\text{after})$，$\exp(d)$ 就是上面的比值。泊松回归只要求均值写对，不要求数据服从泊松分布；标准误按企业聚类。
#
# Poisson regression gives the same number: $\mathrm{E}\,y = \exp(a + b\,w + c\,\text{after} + d\,w\cdot\text{after})$, and $\exp(d)$ is the ratio above. It needs the mean to be right, not a Poisson
# distribution; standard errors are clustered by firm.

# %%
table = panel.assign(won=panel["winner"].astype(int), post=panel["after"].astype(int))
poisson = smf.glm("patents ~ won * post", table, family=sm.families.Poisson())
fit = poisson.fit(cov_type="cluster", cov_kwds={"groups": table["firm"]})
print(f"exp(d) = {np.exp(fit.params['won:post']):.4f}")

# %% [markdown]
# 程序包有两条路：`zr.ppml` 是带企业和年份固定效应的泊松回归；`scale="ratio"` 直接用两个合计（报告用的就是它）。在这个完整、只有一个届次的面板里，三个估计值完全相同。
#
# The package has two ways: `zr.ppml` is a Poisson regression with firm and year effects; `scale="ratio"` uses the two totals directly (the reports use it). In this
# complete panel with one edition all three estimates are equal.

# %%
panel["first_award"] = pd.Series(2016, index=panel.index, dtype="Int64").where(panel["winner"])
prepared = zr.prepare_panel(
    panel, outcome="patents", unit="firm", period="year", first_treated="first_award"
)
options = {"scale": "ratio", "base_period": "pooled"}
overall = zr.estimate_effects(prepared, **options).aggregate("overall")
ppml = zr.ppml(prepared, "static").to_frame()

columns = ["estimate", "ci_low", "ci_high"]
pd.concat(
    {
        'scale="ratio"': overall.overall[columns].iloc[0],
        "zr.ppml": np.expm1(ppml[columns].iloc[0]),
    },
    axis=1,
).T.astype(float).round(3)

# %% [markdown]
# 区间不同：合计由少数几家企业决定时，取对数再加减 1.96 个标准误的区间太短；报告用 Fieller 区间，见[比例影响](../../docs/methodology/ratio.md)。
#
# The intervals differ: where a few firms decide the totals, logs plus or minus 1.96 standard errors give intervals that are too short; the reports use Fieller's, see
# [ratios](../../docs/methodology/ratio.md).
#
# ## 这个估计由几家企业决定？ · How many firms decide?
#
# 每家获奖企业的分量是它自己的反事实合计 $D_i$。有效数量说的是：这个估计相当于建立在多少家大小相同的企业上。
#
# A winner weighs by its own counterfactual total $D_i$. The effective number says on how many firms of equal size the estimate might as well rest.
#
# $$n_{\mathrm{eff}} = \frac{(\sum_i D_i)^2}{\sum_i D_i^2}$$

# %%
number = overall.effective_number()
print(f"获奖企业 winners: {winner.sum()}   有效数量 effective number: {number.number:.1f}")
print(f"最大三家的份额 share of the three largest: {number.largest_share:.0%}")

# %%
smaller = zr.leave_largest_out(prepared, options, n=3).aggregate("overall")
pd.concat(
    {
        "90 家企业 firms": overall.overall[columns],
        "去掉最大三家 without the three": smaller.overall[columns],
    }
).droplevel(1).astype(float).round(3)

# %% [markdown]
# 去掉三家之后，估计从 +92% 变为 +39%，区间也短了一半多。它并不是“更好的估计”：它回答的是另外 87 家企业的问题（真相是 +30%）。两个数应当并列。
#
# Without the three, the estimate falls from +92 % to +39 %, and the interval is less than half as long. It is no “better estimate”: it answers the question about the other
# 87 firms (truth: +30 %). Show both.

# %%
figure, axes = plt.subplots(figsize=(6.4, 2.6))
rows = pd.concat([overall.overall, smaller.overall])
axes.hlines([0, 1], rows["ci_low"], rows["ci_high"], color="C0", linewidth=2)
axes.plot(rows["estimate"], [0, 1], "o", color="C0", label="估计 estimate")
axes.plot([true_ratio - 1, 0.3], [0, 1], "x", color="C3", markersize=9, label="真相 truth")
axes.axvline(0, color="grey", linewidth=1)
axes.set_yticks([0, 1], ["90 家获奖企业 winners", "去掉最大三家 without the three"])
axes.set_ylim(1.6, -0.6)
axes.set_xlabel("影响（0.5 = 多 50%） effect (0.5 = 50 % more)")
axes.legend(frameon=False, loc="lower right")
figure.tight_layout()
plt.close(figure)
figure

# %% [markdown]
# ## “比值 1.6”是什么意思 · What “a ratio of 1.6” means
#
# 这里真实的比值约为 1.6（见上）。它的意思是：获奖企业合起来，申请数是没有奖项时的 1.6 倍，即多 60%。
#
# The true ratio here is about 1.6 (see above). It means: all winners together file 1.6 times what they would without awards, 60 % more.
#
# - 不是每家企业都多 60%：87 家多 30%，三家多 90%，大企业分量大。每家一票的平均是多 32%。
# - 不是对数差 0.6：$\log 1.6 = 0.47$。对数差 0.47 也不是 47%。
# - 反方向不是少 60%：从 1.6 倍变回 1 倍，是少 37.5%（$1/1.6 = 0.625$）。
# - 多出的件数 = 反事实合计 × 0.6，而不是实际合计 × 0.6。
#
# The same in English:
#
# - Not every firm files 60 % more: 87 file 30 % more, three 90 %, and large firms weigh more. The mean with one vote per firm is 32 %.
# - It is no difference of .6 in logs: $\log 1.6 = 0.47$. And a difference of .47 in logs is not 47 %.
# - The way back is not 60 % less: from 1.6 to 1 is 37.5 % less ($1/1.6 = 0.625$).
# - The additional applications are .6 times the counterfactual total, not .6 times the actual total.

# %% [markdown]
# ## 练习 · Exercises
#
# 解答在 `solutions/04_counts_and_ratios.py`，先自己做。
#
# The solutions are in `solutions/04_counts_and_ratios.py`; try first.
#
# **练习 1** 只看 2018 和 2019 年的结果（基期仍是 2012 至 2015 年的平均），比例影响 $\hat\tau$ 是多少？写一个数，0.5 表示多 50%。
#
# **Exercise 1** Take the outcomes of 2018 and 2019 only (the base is still the mean of 2012 to 2015). What is the proportional effect $\hat\tau$? One number; .5 means 50 % more.

# %%
answer_1 = None  # 你的答案 your answer

# %%
check(1, answer_1, panel)

# %% [markdown]
# **练习 2** 企业甲从 0 件增加到 1 件，企业乙从 100 件增加到 130 件。用 $\log(1 + 100\,y)$ 时，甲的变化是乙的变化的多少倍？
#
# **Exercise 2** Firm A goes from 0 to 1 application, firm B from 100 to 130. With $\log(1 + 100\,y)$, how many times the change of B is the change of A?

# %%
answer_2 = None  # 你的答案 your answer

# %%
check(2, answer_2)

# %% [markdown]
# **练习 3** 手工算出有效数量（一个数）。提示：所有获奖企业的增长倍数相同，所以 $D_i$ 与获奖前的平均成正比。
#
# **Exercise 3** Compute the effective number by hand (one number). Hint: the growth factor is the same for all winners, so $D_i$ is proportional to the mean before the award.

# %%
answer_3 = None  # 你的答案 your answer

# %%
check(3, answer_3, panel)

# %% [markdown]
# **练习 4** 手工去掉获奖前平均申请数最多的三家获奖企业，再算一次比例影响 $\hat\tau$（获奖后的各年都用）。
#
# **Exercise 4** Leave out by hand the three winners with the highest mean before the award, and compute the proportional effect $\hat\tau$ once more (all years after the
# award).

# %%
answer_4 = None  # 你的答案 your answer

# %%
check(4, answer_4, panel)

# %% [markdown]
# **练习 5** 比值是 1.6，获奖企业实际申请了 800 件。其中多少件是因为获奖才有的？
#
# **Exercise 5** The ratio is 1.6, and the winners actually filed 800 applications. How many of them exist because of the awards?

# %%
answer_5 = None  # 你的答案 your answer

# %%
check(5, answer_5)

# %% [markdown]
# ## 接下来读什么 · What to read next
#
# [比例影响](../../docs/methodology/ratio.md)、[泊松回归](../../docs/methodology/ppml.md)、[有效数量](../../docs/methodology/effective_number.md)，以及为什么用 [Fieller 区间](../../docs/decisions/0001-fieller-intervals.md)。报告中的同一步在 `notebooks/4_patents`。
#
# [Ratios](../../docs/methodology/ratio.md), [Poisson regression](../../docs/methodology/ppml.md), the [effective number](../../docs/methodology/effective_number.md), and why
# [Fieller's intervals](../../docs/decisions/0001-fieller-intervals.md) are used. The same step of the report is in `notebooks/4_patents`.
