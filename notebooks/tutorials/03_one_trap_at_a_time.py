# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 3 一次一个陷阱
#
# 约 35 分钟。需要：教程 1。学完后，你能在合成世界里把一个陷阱打开或关掉，看它怎样骗过一种朴素的比较，并说出用什么办法挡住它。
#
# *One trap at a time.* About 35 minutes. You need tutorial 1. Afterwards you can switch a trap of the synthetic world on or off, see how it deceives a naive comparison, and
# say what stops it.

# %% tags=["parameters"]
language = "zh"

# %%
import pandas as pd
from matplotlib import pyplot as plt

from zgzx_research.exercises import exercises
from zgzx_research.report.fonts import register
from zgzx_research.simulate.world.constants import Order, switched
from zgzx_research.simulate.world.model import simulate_contest, simulate_staying
from zgzx_research.simulate.world.outcome_panel import outcome_panel
from zgzx_research.simulate.world.truth import spell_table

plt.rcParams["font.family"] = register()  # 汉字 Chinese characters in pictures
check = exercises("03_one_trap_at_a_time")

# %% [markdown]
# ## 一个没有效应的世界 · A world without effects
#
# 合成世界里有约 20 个陷阱，都可以单独打开。这里用“零效应”的世界：获奖没有任何作用，所以正确的答案永远是 0，凡是不为 0 的都是偏差。`mu0` 是假如没有获奖，一家企业当年预期申请的发明专利件数。只有合成世界才有这一列；用它代替实际件数，几乎没有随机误差，偏差看得最清楚。
#
# The synthetic world has about 20 traps, and each can be switched on by itself. We use a null world: awards do nothing, so the right answer is always 0 and whatever differs from 0 is
# bias. `mu0` is the number of invention patents that a firm is expected to file in a year without an award. Only a synthetic world has it; it carries hardly any random error, so bias is seen
# best.

# %%
TRAPS = switched()["trap"]
print(", ".join(TRAPS))


def world(*traps: str, seed: int = 1) -> pd.DataFrame:
    """A tiny null world in which only these traps are on, without firms that have closed."""
    off = tuple(name for name in TRAPS if name not in traps)
    panel = outcome_panel(Order("null", "tiny", seed, off, ()), "patents_invention")
    panel = panel[~(panel["year"] > panel["closed_year"])].dropna(subset=["mu0"])
    return panel.assign(event=panel["year"] - panel["first_award"])


quiet = world()
quiet[["firm_id", "year", "first_award", "event", "patents_invention", "mu0"]].head()

# %% [markdown]
# ## 陷阱一：挑大企业 · Trap 1: large firms are selected
#
# 大企业专利多，也更常参赛。拿获奖企业同所有没有获奖的企业比，就是拿大企业同小企业比。
#
# Large firms file more and enter more often. To compare winners with all firms that never won is to compare large firms with small ones.


# %%
def winners_against_all(panel: pd.DataFrame) -> float:
    """Winners in the years 1 to 3 after the award against firms that never won, as a proportion."""
    winners = panel.loc[panel["event"].between(1, 3), "mu0"].mean()
    others = panel.loc[panel["first_award"].isna(), "mu0"].mean()
    return winners / others - 1


for traps in ((), ("size_selection",)):
    bias = [winners_against_all(world(*traps, seed=seed)) for seed in (1, 2, 3)]
    print(f"{'关 off' if not traps else '开 on':8}", [f"{value:+.2f}" for value in bias])

# %% [markdown]
# 打开以后，获奖企业“多”出约二十倍，全部是假的。挡住它的办法：比较变化，而不是水平（双重差分）。
#
# With the trap on winners seem to have about twenty times more, and all of it is false. What stops it: compare changes, not levels (difference-in-differences).

# %% [markdown]
# ## 陷阱二：回归均值 · Trap 2: regression to the mean
#
# 评委爱挑刚有一个好年头的企业。好年头过去，专利回到常态，看起来像获奖害了企业。
#
# Juries like firms that have just had a good year. When it is over patents go back to normal, which looks as if the award did harm.

# %%
def worlds(*traps: str) -> pd.DataFrame:
    """Six worlds together, so that few firms decide less."""
    return pd.concat([world(*traps, seed=seed) for seed in range(1, 7)])


lucky = worlds("regression_to_the_mean")
figure, axes = plt.subplots(figsize=(6, 3.6))
for panel, name in ((worlds(), "关 off"), (lucky, "开 on")):
    path = panel[panel["event"].between(-5, 5)].groupby("event")["mu0"].mean()
    axes.plot(path.index, path / path[-4:-2].mean(), marker="o", label=name)
axes.axvline(-0.5, color="grey", linewidth=0.8, linestyle=":")
axes.set_xlabel("获奖后的年数 years since the award")
axes.set_ylabel("预期件数，三四年前 = 1\nexpected filings, 3–4 years before = 1")
axes.legend(frameon=False)
figure.tight_layout()


# %% [markdown]
# 以获奖前一年为基期，正好以那个好年头为基期。办法有两个：空出这一年（donut，`leave_out=1`），或用更早的几年合起来作基期（`base_period="pooled"`）。主要设计两个都用。
#
# With the year before the award as the base, the good year is the base. Two remedies: leave this year out (the donut, `leave_out=1`), or take several earlier years
# together (`base_period="pooled"`). The main design uses both.


# %%
def ratio_in_differences(panel: pd.DataFrame, base: list[int]) -> float:
    """Growth of winners from the base to years 1–3, over that of firms that never won, less 1."""
    others = panel[panel["first_award"].isna()].groupby("year")["mu0"].mean()
    after, before = panel[panel["event"].between(1, 3)], panel[panel["event"].isin(base)]
    growth = after["mu0"].mean() / before["mu0"].mean()
    same_years = after["year"].map(others).mean() / before["year"].map(others).mean()
    return growth / same_years - 1


for base in ([-1], [-2, -3, -4]):
    bias = [ratio_in_differences(world("regression_to_the_mean", seed=s), base) for s in (1, 2, 3)]
    print(f"基期 base {str(base):14}", [f"{value:+.2f}" for value in bias])

# %% [markdown]
# ## 陷阱三：疫情 · Trap 3: COVID
#
# 2020 年和 2022 年所有企业的专利都少。2019 年获奖的企业，前后一比，疫情就成了获奖的结果。
#
# In 2020 and 2022 all firms file less. For firms that won in 2019 a before–after comparison takes the epidemic for the result of the award.

# %%
epidemic = world("covid")
ratio = epidemic.groupby("year")["mu0"].mean() / quiet.groupby("year")["mu0"].mean()
figure, axes = plt.subplots(figsize=(6, 2.8))
axes.bar(ratio.index, ratio)
axes.set_ylim(0.8, 1.02)
axes.set_xlabel("年份 year")
axes.set_ylabel("打开 / 关闭 on / off")
figure.tight_layout()

# %% [markdown]
# 办法：同一年的其他企业。它们也经历了同一场疫情，相减（或相除）就消掉了。
#
# The remedy is firms of the same year. They went through the same epidemic, and it cancels.

# %% [markdown]
# ## 陷阱四：劳务派遣 · Trap 4: dispatch
#
# 有些人在企业上班，社保却由派遣公司缴。只看社保，企业的人就少了。下面数 2019 年末每家企业的在职人数：一次用真实的雇用记录，一次只用以本企业名义参保的记录。
#
# Some people work in a firm while a dispatch company pays their insurance. Judged by insurance alone the firm has fewer staff. We count the staff at the end of 2019 twice: from true employment, and
# from insurance in the firm's own name only.

# %%
order = Order("null", "tiny", 1, tuple(name for name in TRAPS if name != "dispatch"), ())
contest = simulate_contest(order)
spells = spell_table(contest.firm, simulate_staying(order, contest))
spells.head()

# %%
at_end = spells["start_ym"].le(201912) & (spells["end_ym"].isna() | spells["end_ym"].ge(201912))
staff = pd.DataFrame({
    "真实 true": spells[at_end].groupby("firm_id").size(),
    "只看社保 insured": spells[at_end & spells["agency"].lt(0)].groupby("firm_id").size(),
}).fillna(0)
staff.sort_values("真实 true").tail()

# %% [markdown]
# 办法：清洗时把派遣公司名册上的人接回实际用工的企业（`zgzx_research/link`）。名册没有交来的，报告会说明缺了什么。
#
# The remedy: cleaning takes people from the lists of the dispatch companies back to the firm they work in (`zgzx_research/link`). Where no list was delivered the report says what is
# missing.

# %% [markdown]
# ## 练习 · Exercises
#
# 解答在 `solutions/03_one_trap_at_a_time.py`，先自己做。
#
# The solutions are in `solutions/03_one_trap_at_a_time.py`; try first.
#
# **练习 1** 在打开疫情的世界 `epidemic` 里，2019 年获奖的企业从 2018 年到 2020 年，平均 `mu0` 变化了百分之几？写成比例，例如 −0.02（前后比较，不用对照组）。
#
# **Exercise 1** In the world `epidemic`, by what proportion did the mean `mu0` of firms that won in 2019 change from 2018 to 2020? Write a proportion, e.g. −0.02 (before and after, no
# comparison group).

# %%
answer_1 = None  # 你的答案 your answer

# %%
check(1, answer_1, epidemic)

# %% [markdown]
# **练习 2** 同样的两年，除以从未获奖企业的变化，再减 1。
#
# **Exercise 2** The same two years, divided by the change of firms that never won, less 1.

# %%
answer_2 = None  # 你的答案 your answer

# %%
check(2, answer_2, epidemic)

# %% [markdown]
# **练习 3** 主要设计为什么空出获奖前一年？写 `"size_selection"`、`"regression_to_the_mean"`、`"covid"` 或 `"dispatch"`。
#
# **Exercise 3** Which trap makes the main design leave out the year before the award? Write `"size_selection"`, `"regression_to_the_mean"`, `"covid"` or `"dispatch"`.

# %%
answer_3 = None  # 你的答案 your answer

# %%
check(3, answer_3)

# %% [markdown]
# **练习 4** `spells` 里，2019 年末在职的记录中（`start_ym` 不晚于 201912，`end_ym` 空缺或不早于 201912），由派遣公司参保的（`agency` 不小于 0）占多大比例？
#
# **Exercise 4** Of the spells in `spells` that hold at the end of 2019 (`start_ym` not after 201912, `end_ym` missing or not before 201912), what share is insured by a dispatch company
# (`agency` 0 or more)?

# %%
answer_4 = None  # 你的答案 your answer

# %%
check(4, answer_4, spells)

# %% [markdown]
# ## 接下来读什么 · What to read next
#
# 全部陷阱和 2,000 个世界里的结果：[`docs/proofs/traps.md`](../../docs/proofs/traps.md)。参数和理由：[`world.toml`](../../zgzx_research/simulate/world/world.toml)。
#
# All traps, and what came out in 2,000 worlds: [`docs/proofs/traps.md`](../../docs/proofs/traps.md). Constants and reasons:
# [`world.toml`](../../zgzx_research/simulate/world/world.toml).
