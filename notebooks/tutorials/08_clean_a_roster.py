# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 8 清洗一份获奖名单
#
# 约 30 分钟。需要：会用 pandas 看表格。学完后，你能读入一份“像真的一样”的名单，说清每一行去了哪里，把隔离出来的格子交给经办人更正，再把更正读回来。
#
# *Clean one roster.* About 30 minutes. You need to read tables with pandas. Afterwards you can read a roster that looks like a real one, say where every row went, hand the cells
# set aside to a clerk, and take the corrections back.

# %% tags=["parameters"]
language = "zh"

# %%
import tempfile
from pathlib import Path

import pandas as pd
import xlsxwriter
from matplotlib import pyplot as plt

import zgzx_research as zr
from zgzx_research.cleaning.audit_workbook import read_audit, write_audit
from zgzx_research.exercises import exercises
from zgzx_research.report.fonts import register
from zgzx_research.report.wording import word_or_code

plt.rcParams["font.family"] = register()  # 汉字 Chinese characters in pictures
check = exercises("08_clean_a_roster")
KEY = b"a public key, for this tutorial only"

# %% [markdown]
# ## 数据 · Data
#
# 各单位交来的名单是 Excel：有标题，有表头，有合计和备注，日期写法不一，奖项会写错。下面照样造一份；人名、企业都是编的（合成数据）。
#
# Rosters come as Excel: with titles, headers, totals and notes, dates written in many ways and misspelt awards. Here is one made in the same manner; persons and firms are invented
# (synthetic data).

# %%
ROSTER = [
    ["第九届“职工之星”获奖名单"],
    ["填报单位：示范区总工会", "", "", "", "", "2021年9月"],
    ["序号", "姓名", "出生年月", "工作单位", "奖项类别", "所属街道"],
    ["1", "赵一", "1985.03", "示范精密制造（深圳）有限公司", "创新之星", "平湖街道"],
    ["2", "钱二", "1990年12月", "示范自动化设备（深圳）有限公司", "创新之星", "坂田街道"],
    ["3", "孙三", "19８８-７", "示范电子科技有限公司", "技能之星", "坂田"],
    ["4", "李四", "1992.13", "示范电子科技有限公司", "技能之星", "龙城街道"],
    ["5", "周五", "1983-11", "示范光电有限公司", "创薪之星", "龙岗街道"],
    ["6", "吴六", "1979-05-01", "示范机器人有限公司", "最佳之星", "布吉街道"],
    ["合计", "6人"],
    ["备注：以上名单已公示。"],
]
folder = Path(tempfile.mkdtemp())
(folder / "roster").mkdir()
with xlsxwriter.Workbook(str(folder / "roster" / "第九届名单.xlsx")) as book:
    sheet = book.add_worksheet("名单")
    for place, row in enumerate(ROSTER):
        sheet.write_row(place, 0, row)

# %% [markdown]
# ## 读入：一行也不丢 · Reading: no row is lost
#
# `zr.read_raw` 只读文字，不猜意思。它按表头认出版式，数清楚每一行：记录、标题、表头、合计、备注，加起来等于文件里的行数。
#
# `zr.read_raw` reads text and guesses no meaning. It finds the layout by the headers and counts every row: records, titles, headers, totals and notes add up to the rows of the
# file.

# %%
raw = zr.read_raw(folder, "roster")
raw

# %%
raw[0].non_data_rows

# %% [markdown]
# ## 清洗：读不懂的进隔离区 · Cleaning: what cannot be read is set aside
#
# `zr.clean` 把文字变成有类型的表：全角数字、“1990年12月”都认得；姓名变成带密钥的代号。读不懂的格子不猜，写进 `quarantine`，并说明原因。`row_lost` 表示整行因此不能用。
#
# `zr.clean` turns text into typed tables: full-width digits and "1990年12月" are understood, names become keyed codes. A cell that cannot be read is not guessed: it goes to
# `quarantine` with the reason. `row_lost` says that the whole row cannot be used because of it.

# %%
cleaned = zr.clean(raw, "roster", key=KEY)
cleaned.tables["roster"][["row", "edition", "category", "firm_name", "street", "birth_year"]]

# %%
cleaned.quarantine[["row", "column", "value_masked", "reason", "row_lost"]]

# %%
ledger = pd.DataFrame(cleaned.ledger)
ledger

# %%
parts = ledger[["kept", "quarantined", "non_data_rows"]].sum()
figure, axes = plt.subplots(figsize=(6, 2.2))
axes.barh(["读入记录 kept", "隔离 set aside", "非数据行 not records"], parts)
axes.set_xlabel("行数 rows")
figure.tight_layout()

# %% [markdown]
# 三者之和恒等于文件行数：
#
# The three always add up to the rows of the file:
#
# $$\text{rows}_{\text{in}} = \text{kept} + \text{quarantined} + \text{non-data}.$$

# %% [markdown]
# ## 交给经办人 · Hand it to the clerk
#
# 程序不改原始文件，也不替人决定。它写一份审核工作簿，最后四列留给经办人：更正值、处理、经手人、日期。个人信息只显示字数。
#
# The program changes no raw file and decides nothing for people. It writes an audit workbook whose last four columns are the clerk's: corrected value, action, reviewer, date. Of personal
# values only the length is shown.

# %%
reasons = {
    code: (word_or_code("reason", code, "zh"), word_or_code("reason", code, "en"))
    for code in cleaned.quarantine["reason"].unique()
}
workbook = write_audit(cleaned.quarantine, folder / "audit.xlsx", reasons)
sent = pd.read_excel(workbook, sheet_name="roster", engine="calamine", dtype="str")
sent.iloc[:, [2, 3, 4, 5]]

# %% [markdown]
# 经办人查了原件：“创薪之星”应为“创新之星”。这里用程序代替经办人填表；实际工作中在 Excel 里填。
#
# The clerk looked at the original: “创薪之星” should be “创新之星”. A program fills in the sheet here; at work one does it in Excel.

# %%
filled = sent.copy()
mine = filled["行 row"].eq("8")
filled.loc[mine, "更正值 corrected value"] = "创新之星"
filled.loc[mine, ["经手人 reviewer", "日期 date"]] = ["办公室", "2026-03-02"]
with pd.ExcelWriter(folder / "returned.xlsx", engine="xlsxwriter") as out:
    filled.to_excel(out, sheet_name="roster", index=False)

decisions = read_audit(folder / "returned.xlsx", raw, KEY, real=False)
decisions[["file", "row", "column", "corrected", "reviewer", "date"]]

# %%
again = zr.clean(raw, "roster", key=KEY, corrections=decisions)
print(len(cleaned.tables["roster"]), "→", len(again.tables["roster"]))
again.quarantine[["row", "column", "value_masked", "reason", "row_lost"]]

# %% [markdown]
# 在研究里，这一步是 `zgzx review NAME returned.xlsx`：决定写入 `data/decisions/`，下一次运行就会用上。
#
# In a study this step is `zgzx review NAME returned.xlsx`: decisions go to `data/decisions/`, and the next run uses them.

# %% [markdown]
# ## 练习 · Exercises
#
# 解答在 `solutions/08_clean_a_roster.py`，先自己做。
#
# The solutions are in `solutions/08_clean_a_roster.py`; try first.
#
# **练习 1** 文件一共有几行？记录（包括被隔离的）有几行？写成 `[总行数, 记录数]`。
#
# **Exercise 1** How many rows has the file, and how many of them are records (those set aside included)? Write `[all, records]`.

# %%
answer_1 = None  # 你的答案 your answer

# %%
check(1, answer_1, ROSTER)

# %% [markdown]
# **练习 2** 李四的出生年月为什么没有读出来？写出原始文字。
#
# **Exercise 2** Why could 李四's month of birth not be read? Write the text as it stands in the file.

# %%
answer_2 = None  # 你的答案 your answer

# %%
check(2, answer_2, ROSTER)

# %% [markdown]
# **练习 3** 更正以后，还有哪几行（Excel 行号）整行不能用？写成集合，例如 `{4, 5}`。
#
# **Exercise 3** After the correction, which rows (numbers as in Excel) are still lost? Write a set, e.g. `{4, 5}`.

# %%
answer_3 = None  # 你的答案 your answer

# %%
check(3, answer_3, again.quarantine, cleaned.quarantine)

# %% [markdown]
# **练习 4** 经办人能不能在工作簿里把“李四”改成“李思”？写 `"yes"` 或 `"no"`，真实数据的情形。
#
# **Exercise 4** Can the clerk change “李四” into “李思” in the workbook? Write `"yes"` or `"no"`, for real data.

# %%
answer_4 = None  # 你的答案 your answer

# %%
check(4, answer_4)

# %% [markdown]
# ## 接下来读什么 · What to read next
#
# 新的版式怎样加：[`docs/profiles.md`](../../docs/profiles.md)。清洗在 200 个合成世界里还原了什么：[`docs/proofs/cleaning.md`](../../docs/proofs/cleaning.md)。
#
# How to add a layout: [`docs/profiles.md`](../../docs/profiles.md). What cleaning restores in 200 synthetic worlds: [`docs/proofs/cleaning.md`](../../docs/proofs/cleaning.md).
