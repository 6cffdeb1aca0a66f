# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 7 获奖者与其他决赛选手：匹配、双重稳健、风险率
#
# 约 40 分钟。需要：教程 1，逻辑回归。学完后，你能用 scikit-learn 手工做倾向得分匹配和双重稳健估计，能用 statsmodels 估计离职的风险率，能看懂分界线附近名次的图，也知道这种比较回答不了什么。
#
# *Winners and the other finalists: matching, doubly robust, hazards.* About 40 minutes. You need tutorial 1 and logistic regression. Afterwards you can match on a propensity score and
# estimate doubly robustly with scikit-learn by hand, estimate the hazard of leaving with statsmodels, read a picture of ranks near the cut, and say what this comparison cannot
# answer.

# %% tags=["parameters"]
language = "zh"

# %%
import numpy as np
import pandas as pd
import statsmodels.api as sm
from matplotlib import pyplot as plt
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import zgzx_research as zr
from zgzx_research.exercises import exercises
from zgzx_research.proofs.person_worlds import person_panel
from zgzx_research.report.fonts import register
from zgzx_research.simulate.world.constants import Order

plt.rcParams["font.family"] = register()  # 汉字 Chinese characters in pictures
check = exercises("07_winners_and_finalists")

# %% [markdown]
# ## 数据 · Data
#
# 下面是合成数据：一个合成世界中各届决赛的选手，一行是一届中的一个人。`arm` 是 winner（获奖）或 finalist（进入决赛而未获奖）；`retention_24_group` 是决赛后 24 个月是否仍在本单位；`tenure_months` 是决赛时的工龄（月）。`mu0_24` 和 `mu1_24` 是真相：没有决赛、有决赛时的期望留任率；真实数据里没有这两列。
#
# The data are synthetic: the people of the finals of a synthetic world; a row is a person in an edition. `arm` is winner or finalist (in the final, no award); `retention_24_group` says whether the person is still
# there 24 months after the final; `tenure_months` is tenure at the final. `mu0_24` and `mu1_24` are the truth: the expected stay without and with the final; real data have no such
# columns.

# %%
everybody = person_panel(Order("calibrated", "default", seed=6))
people = everybody[everybody["retention_24_group"].notna()].reset_index(drop=True)
columns = ["edition", "category", "arm", "firm_id", "tenure_months", "retention_24_group"]
people[columns].head()

# %% [markdown]
# 为什么拿获奖者同其他决赛选手比，而不同所有职工比？决赛选手都报了名、受了训、被选中过；时钟也相同：都从决赛当月算起，当月都在职。
#
# Why compare winners with other finalists and not with all workers? Finalists all entered, trained and were picked; and they share one clock: it starts in the month of the final, when
# all of them are employed.

# %%
won = people["arm"].eq("winner")
stay = people["retention_24_group"]
moved = people["mu1_24"] - people["mu0_24"]
truth = moved[won].mean() - moved[~won].mean()
print(f"简单相减 simple difference: {stay[won].mean() - stay[~won].mean():+.4f}")
print(f"真实的差距 true difference: {truth:+.4f}")

# %% [markdown]
# 程序包在每个届次 × 类别之内比较，标准误按企业聚类（同事共有一家企业）。按人和按参赛项目是两个不同的问题，并列而不平均。真相在区间之内，离估计约一个标准误。
#
# The package compares within edition and category, with errors clustered by firm (colleagues share one). By persons and by entries are two different questions; they stand side by
# side and are not averaged. The truth lies in the interval, about one standard error from the estimate.

# %%
shown = ["weighting", "estimate", "std_error", "ci_low", "ci_high", "detectable", "firms"]
zr.winners_and_finalists(people, "retention_24_group").to_frame()[shown].round(4)

# %% [markdown]
# ## 名单不全时 · When the list is incomplete
#
# 在上面的完整名单里，两组人很相像，简单相减就够了。现在假设未获奖者的旧名单不全：工龄长的人容易在社保记录中找到，工龄短的人多半找不到。
#
# In the complete list above the two groups are alike, and a simple difference will do. Now suppose that the old lists of those who did not win are incomplete: people with long tenure
# are easily found in the insurance records, people with short tenure mostly not.

# %%
rng = np.random.default_rng(1)
easy_to_find = np.clip(everybody["tenure_months"] / 100, 0.1, 0.9)
kept = everybody["arm"].eq("winner") | (rng.random(len(everybody)) < easy_to_find)
all_linked = everybody[kept].reset_index(drop=True)
linked = all_linked[all_linked["retention_24_group"].notna()].reset_index(drop=True)

won = linked["arm"].eq("winner").to_numpy()
stay = linked["retention_24_group"].to_numpy()
simple = stay[won].mean() - stay[~won].mean()
print(f"简单相减 simple difference: {simple:+.4f}   真实 truth: {truth:+.4f}")
linked.groupby("arm")["tenure_months"].agg(["count", "mean"]).round(1)

# %% [markdown]
# 工龄长的人本来就更少离职，而留在名单里的未获奖者工龄偏长，所以差距被低估了三分之一以上。下面用三种办法校正；它们都只能校正**看得见的**差别。
#
# People with long tenure leave less anyway, and the finalists still on the list have long tenure, so the difference is too small by more than a third. Below are several ways to correct for it; all
# of them correct only for differences **that can be seen**.
#
# ## 倾向得分 · The propensity score
#
# $p(x) = \Pr(W = 1 \mid x)$ （$W = 1$ 表示获奖）把许多特征变成一个数：得分相同的人，特征的分布相同。
#
# $p(x) = \Pr(W = 1 \mid x)$ ($W = 1$ for winners) makes one number of many features: among people with the same score the features have the same distribution.

# %%
features = pd.get_dummies(linked[["tenure_months", "edition", "category"]], dtype=float)
features["tenure_squared"] = features["tenure_months"] ** 2
logit = make_pipeline(StandardScaler(), LogisticRegression(C=100)).fit(features, won)
propensity = logit.predict_proba(features)[:, 1]

figure, axes = plt.subplots(figsize=(6.4, 3.2))
bins = np.linspace(0, 1, 31)
axes.hist(propensity[won], bins, density=True, alpha=0.6, label="获奖 winners")
axes.hist(propensity[~won], bins, density=True, alpha=0.6, label="其他决赛选手 other finalists")
axes.set_xlabel("倾向得分 propensity score")
axes.set_ylabel("密度 density")
axes.legend(frameon=False)
figure.tight_layout()
plt.close(figure)
figure

# %% [markdown]
# 两组的得分范围重叠，所以每名获奖者都能找到相像的人。没有重叠的地方，任何方法都只是外推。
#
# The scores overlap, so there is somebody like every winner. Where they do not overlap, every method merely extrapolates.
#
# ## 匹配 · Matching
#
# 为每名获奖者找得分最近的 5 名未获奖者，取他们的平均作为反事实。
#
# For each winner take the five finalists with the nearest scores; their mean is the counterfactual.

# %%
tree = NearestNeighbors(n_neighbors=5).fit(propensity[~won][:, None])
neighbours = tree.kneighbors(propensity[won][:, None], return_distance=False)
matched = (stay[won] - stay[~won][neighbours].mean(axis=1)).mean()

tenure = linked["tenure_months"].to_numpy()
print(f"匹配 matching: {matched:+.4f}")
print(f"工龄 tenure: 获奖 winners {tenure[won].mean():.0f}，其他人 others {tenure[~won].mean():.0f}，")
print(f"匹配到的人 matched others {tenure[~won][neighbours].mean():.0f}")

# %% [markdown]
# 匹配之后，先看特征是否平衡，再看结果。标准误不能用普通的自助法（Abadie 与 Imbens 2008），这里不报告。
#
# After matching, look at balance first, and at the outcome afterwards. The usual bootstrap gives no valid standard error here (Abadie and Imbens 2008), so none is shown.
#
# ## 双重稳健 · Doubly robust
#
# 用两个模型：未获奖者的结果 $m_0(x)$，和倾向得分 $p(x)$。两个之中只要有一个对，估计就对：
#
# Two models: $m_0(x)$, the outcome of finalists, and the propensity $p(x)$. The estimate is right if one of the two is:
#
# $$\hat\theta = \frac{1}{n_w} \sum_i \left[ W_i - (1 - W_i) \frac{p(x_i)}{1 - p(x_i)} \right] \bigl( Y_i - m_0(x_i) \bigr) .$$
#
# 学习器会记住训练数据，所以每家企业都用没有见过它的模型来预测（交叉拟合）。
#
# Learners remember what they were trained on, so every firm is predicted by models that never saw it (cross-fitting).

# %%
expected, score = np.zeros(len(linked)), np.zeros(len(linked))
folds = GroupKFold(5, shuffle=True, random_state=0)
for train, test in folds.split(features, groups=linked["firm_id"]):
    lost = train[~won[train]]
    trees = HistGradientBoostingRegressor(
        max_iter=60, max_leaf_nodes=8, learning_rate=0.05, random_state=0
    )
    expected[test] = trees.fit(features.iloc[lost], stay[lost]).predict(features.iloc[test])
    logit.fit(features.iloc[train], won[train])
    score[test] = logit.predict_proba(features.iloc[test])[:, 1]

weight = np.where(won, 1.0, -score / (1 - score))
robust = (weight * (stay - expected)).sum() / won.sum()
print(f"双重稳健 doubly robust: {robust:+.4f}")

# %% [markdown]
# `zr.winners_aipw` 做的是同一件事，另加按企业聚类的标准误；`zr.winners_and_finalists` 也可以线性地调整工龄。
#
# `zr.winners_aipw` does the same, with errors clustered by firm; `zr.winners_and_finalists` can adjust for tenure linearly.

# %%
aipw = zr.winners_aipw(linked, covariates=["tenure_months"]).to_frame().iloc[0]
adjusted = zr.winners_and_finalists(linked, covariates=["tenure_months"]).to_frame().iloc[0]

# %% [markdown]
# ## 风险率 · Hazards
#
# “24 个月后是否仍在”丢掉了一些信息：哪个月离开；记录不满 24 个月的人。风险率是：仍在职的人，当月离开的概率。先看留任曲线。
#
# “Still there after 24 months” drops information: the month of leaving, and people seen for less than 24 months. The hazard is the probability to leave in a month for those still
# there. First the curves of staying.

# %%
last = all_linked[["leave_month", "observed_months"]].min(axis=1).clip(upper=24).astype(int)
leaves = all_linked["leave_month"].le(last)

figure, axes = plt.subplots(figsize=(6.4, 3.2))
for arm, name in (("winner", "获奖 winners"), ("finalist", "其他决赛选手 other finalists")):
    own = all_linked["arm"].eq(arm)
    curve = sm.SurvfuncRight(last[own], leaves[own])
    axes.step([0, *curve.surv_times], [1, *curve.surv_prob], where="post", label=name)
axes.set_xlabel("决赛后的月数 months after the final")
axes.set_ylabel("仍在的比例 share still there")
axes.legend(frameon=False)
figure.tight_layout()
plt.close(figure)
figure

# %% [markdown]
# 把每个人展开成每月一行，结果是“这个月离开”，用互补双对数连接（band 是月段）：$\log(-\log(1 - h)) = a_{\text{band}} + b\,W + c\,x$。$e^b$ 是风险比。
#
# Expand every person to a row per month; the outcome is “leaves this month”, with the complementary log-log link: $\log(-\log(1 - h)) = a_{\text{band}} + b\,W + c\,x$. $e^b$ is the hazard ratio.

# %%
needed = ["arm", "category", "tenure_months", "firm_id"]
months = all_linked.loc[all_linked.index.repeat(last), needed]
months["month"] = months.groupby(level=0).cumcount() + 1
months["leaves"] = (months["month"] == last[months.index]) & leaves[months.index]
months = months.reset_index(drop=True)

design = pd.get_dummies(months["category"], drop_first=True, dtype=float)
design["won"] = months["arm"].eq("winner").astype(float)
design["tenure_years"] = months["tenure_months"] / 12
for start in (6, 12, 18):
    design[f"after_{start}"] = (months["month"] > start).astype(float)
family = sm.families.Binomial(link=sm.families.links.CLogLog())
model = sm.GLM(months["leaves"].astype(float), sm.add_constant(design), family=family)
hazard = model.fit(cov_type="cluster", cov_kwds={"groups": months["firm_id"]})
low, high = np.exp(hazard.conf_int().loc["won"])
print(f"风险比 hazard ratio: {np.exp(hazard.params['won']):.3f}  [{low:.3f}, {high:.3f}]")

# %% [markdown]
# 风险比小于 1：获奖者每个月离开的可能性较小。`zr.winners_hazard` 把它换算回 24 个月的留任率之差，单位与前面相同。
#
# A ratio below 1: winners are less likely to leave in any month. `zr.winners_hazard` turns it back into a difference in 24-month stays, in the same unit as before.

# %%
by_hazard = zr.winners_hazard(all_linked, covariates=["tenure_months"]).to_frame().iloc[0]
results = pd.DataFrame(
    [
        ("简单相减 simple difference", simple, np.nan),
        ("匹配 matching", matched, np.nan),
        ("双重稳健，手工 doubly robust, by hand", robust, np.nan),
        ("zr.winners_aipw", aipw["estimate"], aipw["std_error"]),
        ("zr.winners_and_finalists", adjusted["estimate"], adjusted["std_error"]),
        ("zr.winners_hazard", by_hazard["estimate"], by_hazard["std_error"]),
    ],
    columns=["方法 method", "估计 estimate", "标准误 std_error"],
)

figure, axes = plt.subplots(figsize=(7, 3))
half = (1.96 * results["标准误 std_error"]).fillna(0)
axes.errorbar(100 * results["估计 estimate"], results["方法 method"], xerr=100 * half, fmt="o")
axes.axvline(100 * truth, color="C3", label="真实 truth")
axes.axvline(0, color="grey", linewidth=1)
axes.invert_yaxis()
axes.set_xlabel("留任率之差（百分点） difference in stays (percentage points)")
axes.legend(frameon=False)
figure.tight_layout()
plt.close(figure)
figure

# %% [markdown]
# 校正后的估计都比简单相减更靠近真相；标准误都在 2 个百分点左右，因为它们用的是同一批人。一份数据比不出方法的好坏。把最上面的 `seed=6` 换成 1 至 14 各做一遍，平均偏差是：简单相减 −2.2 个百分点，线性调整和风险率约 −1.0，匹配和双重稳健约 −0.2（蒙特卡洛误差约 0.5）。工龄与离职的关系不是一条直线，所以线性调整校正得不够。
#
# All corrected estimates are nearer to the truth than the simple difference; all errors are near 2 points, because they use the same people. One data set cannot rank methods. With
# 1 to 14 in place of `seed=6` above, the mean bias is −2.2 points for the simple difference, about −1.0 with linear adjustment and with the hazard, and about −.2 with matching and
# doubly robust (Monte-Carlo error about .5). Leaving depends on tenure along a curve, and a straight line corrects too little.
#
# ## 分界线附近的名次 · Rank near the cut
#
# 最后一名获奖者和第一名落选者，水平几乎相同。下图是完整名单中每个名次的平均留任率；1 是最后一名获奖者，−1 是第一名落选者。
#
# The last winner and the first loser are almost equally good. The picture shows the mean stay at each rank in the complete list; 1 is the last winner, −1 the first loser.

# %%
near = people[people["cut_distance"].abs() <= 8]
entries = near.groupby(["entry_id", "cut_distance"], as_index=False)["retention_24_group"].mean()
by_rank = entries.groupby("cut_distance")["retention_24_group"].agg(["mean", "sem"])

figure, axes = plt.subplots(figsize=(6.4, 3.4))
axes.errorbar(by_rank.index, by_rank["mean"], 1.96 * by_rank["sem"], fmt="o", markersize=4)
axes.axvline(0, color="grey", linestyle="--")
axes.set_xlabel("距分界线的名次（右边获奖） ranks from the cut (winners to the right)")
axes.set_ylabel("24 个月后仍在 still there after 24 months")
figure.tight_layout()
plt.close(figure)
figure

# %%
cut = zr.rank_near_cut(people, "retention_24_group", windows=(1, 3, 5), placebo=["tenure_months"])
cut_columns = ["column", "role", "window", "estimate", "ci_low", "ci_high", "detectable"]
cut.to_frame()[cut_columns].round(3)

# %% [markdown]
# 工龄在决赛前就已确定，奖项不可能改变它；分界处工龄没有明显的跳跃，这支持“名次近似随机”。但可检出的差距很大（10 个百分点以上），所以这只是一项检查，不作主要结论。
#
# Tenure was fixed before the final, and no award can change it; there is no clear jump in tenure at the cut, which supports that ranks there are nearly random. But the detectable difference is
# large (above 10 points), so this is a check and no headline.

# %% [markdown]
# ## 练习 · Exercises
#
# 解答在 `solutions/07_winners_and_finalists.py`，先自己做。
#
# The solutions are in `solutions/07_winners_and_finalists.py`; try first.
#
# **练习 1** 用完整名单 `people` 手工算出按人加权的估计：在每个届次 × 类别之内，获奖者平均减未获奖者平均，再按该届次 × 类别的获奖人数加权平均（一个数）。
#
# **Exercise 1** From the complete list `people`, compute the person-weighted estimate by hand: within edition and category the winners' mean less the finalists', then the mean
# weighted by the number of winners there (one number).

# %%
answer_1 = None  # 你的答案 your answer

# %%
check(1, answer_1, people)

# %% [markdown]
# **练习 2** 在不全的名单 `linked` 中，工龄的标准化差距是多少？公式是 $(\bar x_w - \bar x_f) / \sqrt{(s_w^2 + s_f^2)/2}$，方差用 pandas 的 `var()`。
#
# **Exercise 2** In the incomplete list `linked`, what is the standardised difference in tenure? It is $(\bar x_w - \bar x_f) / \sqrt{(s_w^2 + s_f^2)/2}$, with variances by pandas' `var()`.

# %%
answer_2 = None  # 你的答案 your answer

# %%
check(2, answer_2, linked)

# %% [markdown]
# **练习 3** 不用匹配，改用加权：未获奖者的权重是 `propensity / (1 - propensity)`。获奖者平均减去未获奖者的加权平均是多少？
#
# **Exercise 3** Weight instead of matching: finalists get the weight `propensity / (1 - propensity)`. What is the winners' mean less the weighted mean of the finalists?

# %%
answer_3 = None  # 你的答案 your answer

# %%
check(3, answer_3, linked, propensity)

# %% [markdown]
# **练习 4** 在这个世界里，落选使人失望，落选者因此更容易离开。用真相（`mu0_24`、`mu1_24`，完整名单 `people`）算一算：真实的差距 `truth` 中，有多少来自落选者的失望（一个数，为正）？
#
# **Exercise 4** In this world losing disappoints, and losers leave more easily. From the truth (`mu0_24`, `mu1_24`, the complete list `people`): how much of the true difference `truth`
# comes from the losers' disappointment (one number, above zero)?

# %%
answer_4 = None  # 你的答案 your answer

# %%
check(4, answer_4, people)

# %% [markdown]
# **练习 5** 现实中没有真相这两列。获奖者与其他决赛选手的比较，单独回答得了哪个问题？
#
# - `"A"` 获奖相对于从未参赛，影响是多少。
# - `"B"` 获奖相对于进入决赛而未获奖，影响是多少。
# - `"C"` 参赛相对于不参赛，影响是多少。
#
# **Exercise 5** Real data have no such columns. Which question can the comparison of winners with other finalists answer by itself?
#
# - `"A"` The effect of an award against never having entered.
# - `"B"` The effect of an award against being in the final without one.
# - `"C"` The effect of entering against not entering.

# %%
answer_5 = None  # 你的答案 your answer

# %%
check(5, answer_5)

# %% [markdown]
# ## 接下来读什么 · What to read next
#
# [获奖者与决赛选手](../../docs/methodology/winners_and_finalists.md)、[分界线附近的名次](../../docs/methodology/rank_near_cut.md)、[企业层面的竞赛设计](../../docs/methodology/contest.md)。报告中的同一步在 `notebooks/6_people`。
#
# [Winners and finalists](../../docs/methodology/winners_and_finalists.md), [rank near the cut](../../docs/methodology/rank_near_cut.md), and the
# [contest design for firms](../../docs/methodology/contest.md). The same step of the report is in `notebooks/6_people`.
