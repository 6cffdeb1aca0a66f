# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 6 检验力：多大的影响看得见，还要办几届
#
# 约 30 分钟。需要：教程 1，正态分布的分位数。学完后，你能算出最小可检出影响，能用模拟核对它，能推算还要再办多少届才看得见某个影响，也知道为什么“显著的估计”往往偏大。
#
# *Power: which effects can be seen, and after how many editions.* About 30 minutes. You need tutorial 1 and quantiles of the normal distribution. Afterwards you can compute the
# smallest detectable effect, check it by simulation, work out after how many more editions an effect would be seen, and say why “significant” estimates tend to be too large.

# %% tags=["parameters"]
language = "zh"

# %%
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from scipy.stats import norm

import zgzx_research as zr
from zgzx_research.exercises import exercises
from zgzx_research.report.fonts import register
from zgzx_research.robustness.power import editions_needed

plt.rcParams["font.family"] = register()  # 汉字 Chinese characters in pictures
check = exercises("06_power")

# %% [markdown]
# ## 数据 · Data
#
# 下面是合成数据：每年办一届，每届 8 家企业第一次获奖，另有 160 家企业从未获奖；结果是员工留任率。真实影响 `effect` 由我们设定，这里是零。
#
# The data are synthetic: an edition each year, 8 firms that win for the first time in each, and 160 firms that never win; the outcome is retention. The true `effect` is ours to set; here
# it is zero.

# %%
def make_panel(rng, editions, effect=0.0):
    """A row per firm and year; the first edition is that of 2013."""
    years = np.arange(2010, 2016 + editions)
    won = 2013 + np.repeat(np.arange(editions, dtype=float), 8)
    first_award = np.concatenate([won, np.full(160, np.nan)])
    firms = len(first_award)
    after = years >= first_award[:, None]  # 从未获奖的企业总是 False; always False if never
    usual = rng.normal(0.8, 0.08, firms)[:, None]
    good_years = 0.01 * np.sin(years)
    retention = usual + good_years + effect * after + rng.normal(0, 0.08, after.shape)
    panel = pd.DataFrame({"firm": np.repeat(np.arange(firms), len(years))})
    panel["year"] = np.tile(years, firms)
    panel["retention"] = retention.ravel()
    panel["first_award"] = np.repeat(first_award, len(years))
    return panel


def event_study(panel, outcome="retention", **options):
    """Estimates by event time, all years before the award pooled as base."""
    prepared = zr.prepare_panel(
        panel, outcome=outcome, unit="firm", period="year", first_treated="first_award"
    )
    effects = zr.estimate_effects(prepared, base_period="pooled", **options)
    return effects.aggregate("event_time")


event = event_study(make_panel(np.random.default_rng(14), editions=12))
row = event.window(0, 2).iloc[0]  # 获奖后三年的平均 mean of the three years after
event.window(0, 2)[["estimate", "std_error", "ci_low", "ci_high", "n_treated"]].round(4)

# %% [markdown]
# ## 图 · Picture
#
# 标准误决定什么看得见。假如真实影响是 $\theta$，估计大约服从 $N(\theta, \mathrm{se}^2)$；区间不含零的概率就是检验力：
#
# The standard error decides what can be seen. If the true effect is $\theta$, the estimate is about $N(\theta, \mathrm{se}^2)$, and the power is the probability that the interval leaves out zero:
#
# $$\Pr(\text{found}) = \Phi(\theta/\mathrm{se} - 1.96) + \Phi(-\theta/\mathrm{se} - 1.96) .$$

# %%
def power_at(effect, std_error):
    """Probability that the 95 % interval leaves out zero."""
    return norm.cdf(effect / std_error - 1.96) + norm.cdf(-effect / std_error - 1.96)


effects = np.linspace(0, 0.035, 141)
figure, axes = plt.subplots(figsize=(6.4, 3.4))
axes.plot(100 * effects, power_at(effects, row["std_error"]))
axes.axhline(0.8, color="grey", linestyle="--", linewidth=1)
axes.set_xlabel("真实影响（百分点） true effect (percentage points)")
axes.set_ylabel("检验力 power")
axes.set_ylim(0, 1.02)
figure.tight_layout()
plt.close(figure)
figure

# %% [markdown]
# ## 最小可检出影响 · The smallest detectable effect
#
# 检验力达到 80% 的影响叫最小可检出影响。由上式，$\theta = (1.96 + 0.84)\,\mathrm{se} = 2.80\,\mathrm{se}$。
#
# The effect found with 80 % power is called the smallest (or minimum) detectable effect. From the formula, $\theta = (1.96 + .84)\,\mathrm{se} = 2.80\,\mathrm{se}$.

# %%
smallest = zr.minimum_detectable_effect(event, (0, 2))
by_hand = (norm.ppf(0.975) + norm.ppf(0.8)) * row["std_error"]
print(f"程序包 package: {smallest.effect:.5f}   手工 by hand: {by_hand:.5f}")
print(f"区间排除的影响 ruled out: above {smallest.excluded_above:.4f}")

# %% [markdown]
# 两个数回答两个问题：最小可检出影响说的是“事前，多大的影响有八成机会被看见”；区间的上端说的是“事后，多大的影响已被这些数据排除”。前者可以大于后者。报告从不说可检出影响大于已被排除的影响，见[检验力](../../docs/methodology/power.md)。
#
# Two numbers for two questions: beforehand, which effect had four chances in five to be seen; afterwards, which effects these data have ruled out. The first may be larger than
# the second. No report names a detectable effect above what is ruled out, see [power](../../docs/methodology/power.md).
#
# ## 用模拟核对 · Check by simulation
#
# 造 200 个没有影响的世界。影响对所有企业相同时，有影响的世界的估计就等于没有影响的估计加上这个影响，所以不必再造一遍。
#
# Make 200 worlds without an effect. As the effect is the same for all firms, the estimate of a world with it is the estimate without it plus the effect, so there is no need to make them
# again.

# %%
rng = np.random.default_rng(2025)
worlds = pd.DataFrame(
    [
        event_study(make_panel(rng, editions=12)).window(0, 2).iloc[0][["estimate", "std_error"]]
        for _ in range(200)
    ]
).astype(float)


def found(effect):
    """Worlds whose interval leaves out zero if this effect is true."""
    return (worlds["estimate"] + effect).abs() > 1.96 * worlds["std_error"]


simulated = [0, smallest.effect / 2, smallest.effect]
pd.DataFrame(
    {
        "真实影响 true effect": simulated,
        "看见的比例 found": [found(effect).mean() for effect in simulated],
        "公式 formula": [power_at(effect, worlds["std_error"].mean()) for effect in simulated],
    }
).round(3)

# %% [markdown]
# 200 个世界的蒙特卡洛误差约为 3 个百分点。
#
# With 200 worlds the Monte-Carlo error is about 3 points.
#
# ## 检验力低时，显著的估计偏大 · With low power, significant estimates are too large
#
# 真实影响只有可检出影响的一半时，多数世界看不见它；而看见它的世界，恰好是误差把估计推高的世界。
#
# If the true effect is half the detectable one, most worlds do not see it, and those that do are the ones in which error has pushed the estimate up.

# %%
half = smallest.effect / 2
estimates = worlds["estimate"] + half
seen = found(half)

figure, axes = plt.subplots(figsize=(6.4, 3.2))
bins = 100 * np.linspace(-0.015, 0.035, 26)
axes.hist(100 * estimates, bins, color="0.8", label="全部 all")
axes.hist(100 * estimates[seen], bins, color="C0", alpha=0.7, label="显著 significant")
axes.axvline(100 * half, color="C3", label="真实影响 true effect")
axes.set_xlabel("估计（百分点） estimate (percentage points)")
axes.set_ylabel("世界的个数 worlds")
axes.legend(frameon=False)
figure.tight_layout()
plt.close(figure)
figure

# %% [markdown]
# ## 还要办几届 · How many more editions
#
# 每多办一届，就多 8 家获奖企业。标准误大约与届数的平方根成反比。先看是不是这样：
#
# Each edition adds 8 winners. The standard error is about inversely proportional to the square root of the number of editions. First, is it?

# %%
rng = np.random.default_rng(12)
sizes = [3, 6, 12, 24]
errors = [
    np.mean([event_study(make_panel(rng, n)).window(0, 2)["std_error"].iloc[0] for _ in range(6)])
    for n in sizes
]
smooth = np.linspace(3, 48, 100)
figure, axes = plt.subplots(figsize=(6.4, 3.2))
axes.plot(sizes, 100 * np.array(errors), "o", label="模拟 simulated")
axes.plot(smooth, 100 * errors[2] * np.sqrt(12 / smooth), label="与届数的平方根成反比 1/√editions")
axes.set_xlabel("届数 editions")
axes.set_ylabel("标准误（百分点） standard error (points)")
axes.set_ylim(0)
axes.legend(frameon=False)
figure.tight_layout()
plt.close(figure)
figure

# %% [markdown]
# 于是，要看见影响 $\theta$，届数 $E'$ 要使 $2.80\,\mathrm{se}\sqrt{E/E'} = \theta$：
#
# So, to see an effect $\theta$, the number of editions $E'$ has to make $2.80\,\mathrm{se}\sqrt{E/E'} = \theta$:
#
# $$E' = E\,\left(\frac{2.80\,\mathrm{se}}{\theta}\right)^2 .$$
#
# 影响减半，届数要变成四倍。比例尺度上用比值的对数：se 是 $\log(1 + \hat\tau)$ 的标准误，$\theta$ 换成 $\log(1 + \theta)$。
#
# Half the effect takes four times as many editions. On the ratio scale logs are used: se is that of $\log(1 + \hat\tau)$, and $\log(1 + \theta)$ takes the place of $\theta$.

# %%
wanted = [0.03, 0.02, 0.01, 0.005]
all_editions = [editions_needed(row["std_error"], effect, 12, ratio=False) for effect in wanted]
pd.DataFrame(
    {
        "影响 effect": wanted,
        "一共 in all": all_editions,
        "再办 more": np.maximum(0, np.array(all_editions) - 12),
    }
)

# %% [markdown]
# 命令行上，对一个已经运行过的研究，同一推算是（在项目文件夹里，先 `make report`）：
#
# On the command line, for a study that has been run, it is (in the project folder, after `make report`):
#
# ```
# .venv/bin/zgzx power demo --effect 10
# ```
#
# 它对每个结果各写一行，最后一行写明假定：今后各届与过去相同，观察期也同样长。`--effect 10` 对专利等计数是 10%，对留任率等份额是 10 个百分点。
#
# It writes a line per outcome and a last one with the assumption: future editions are like the past ones and are watched as long. `--effect 10` is 10 % for counts such as patents and 10
# percentage points for shares such as retention.
#
# ## 有时多大的影响都看不见 · Sometimes no effect is large enough
#
# 专利数由少数几家企业决定时，影响越大，误差也随之越大。下面是两批合成的获奖企业：120 家大小较均匀的，和 60 家大小悬殊的。
#
# Where a few firms hold most patents, the error grows with the effect. Below are two sets of synthetic winners: 120 firms of similar size, and 60 of very different size.

# %%
def make_counts(rng, winners, spread):
    """Patents by firm and year, no effect; awards in 2016."""
    firms, years = 5 * winners, np.arange(2012, 2020)
    level = rng.lognormal(0, spread, firms)[:, None]
    panel = pd.DataFrame({"firm": np.repeat(np.arange(firms), 8), "year": np.tile(years, firms)})
    panel["patents"] = rng.poisson(level * rng.gamma(4, 1 / 4, (firms, 8))).ravel()
    panel["first_award"] = np.repeat(np.where(np.arange(firms) < winners, 2016, np.nan), 8)
    return panel


rows = []
for winners, spread, seed in ((120, 1.0, 0), (60, 1.5, 3)):
    counts = event_study(
        make_counts(np.random.default_rng(seed), winners, spread), "patents", scale="ratio"
    )
    detectable = zr.minimum_detectable_effect(counts, (0, 3))
    number = counts.effective_number((0, 3)).number
    rows.append((winners, number, detectable.effect))
names = ["获奖企业 winners", "有效数量 effective number", "可检出的影响 detectable effect"]
print(f"第二行 second row: {detectable.reason}")
pd.DataFrame(rows, columns=names).round(2)

# %% [markdown]
# 第二行：60 家企业只相当于三四家，没有任何影响能以 80% 的机会被看见。这时程序包给出理由，而不给出没有意义的数字。
#
# Second row: 60 firms are worth three or four, and no effect of any size is found with 80 % power. The package then gives the reason, and no meaningless number.

# %% [markdown]
# ## 练习 · Exercises
#
# 解答在 `solutions/06_power.py`，先自己做。
#
# The solutions are in `solutions/06_power.py`; try first.
#
# **练习 1** 用标准误 `row["std_error"]` 算出检验力为 **90%** 的可检出影响（一个数）。
#
# **Exercise 1** From the standard error `row["std_error"]`, compute the effect that is found with **90 %** power (one number).

# %%
answer_1 = None  # 你的答案 your answer

# %%
check(1, answer_1, event)

# %% [markdown]
# **练习 2** 已办 12 届，标准误是 0.8 个百分点。要有 80% 的机会看见 1 个百分点的影响，**还要再办**多少届？写整数。
#
# **Exercise 2** After 12 editions the standard error is .8 points. How many **more** editions until an effect of 1 point is seen with 80 % power? A whole number.

# %%
answer_2 = None  # 你的答案 your answer

# %%
check(2, answer_2)

# %% [markdown]
# **练习 3** 专利的比例影响：已办 12 届，$\log(1 + \hat\tau)$ 的标准误是 0.12。要有 80% 的机会看见多 10% 的影响，**一共**要办多少届？写整数。
#
# **Exercise 3** Patents on the ratio scale: after 12 editions the standard error of $\log(1 + \hat\tau)$ is .12. How many editions **in all** until 10 % more is seen with 80 % power? A whole
# number.

# %%
answer_3 = None  # 你的答案 your answer

# %%
check(3, answer_3)

# %% [markdown]
# **练习 4** 真实影响是 `half` 时，显著的估计平均是真实影响的多少倍（一个数）？只看估计为正的显著世界。
#
# **Exercise 4** If the true effect is `half`, how many times the true effect are the significant estimates on average (one number)? Look only at worlds with a positive significant
# estimate.

# %%
answer_4 = None  # 你的答案 your answer

# %%
check(4, answer_4, worlds, half)

# %% [markdown]
# ## 接下来读什么 · What to read next
#
# [可检出影响与届数](../../docs/methodology/power.md)、[有效数量](../../docs/methodology/effective_number.md)、[等价检验与结论的写法](../../docs/methodology/verdicts.md)。
#
# [Detectable effects and editions](../../docs/methodology/power.md), the [effective number](../../docs/methodology/effective_number.md), and
# [verdicts](../../docs/methodology/verdicts.md).
