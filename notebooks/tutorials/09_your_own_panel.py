# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 9 分析你自己的面板
#
# 约 25 分钟。需要：教程 2。学完后，你能用一条命令为任何一份整洁的面板写出报告，也能在 Python 里得到同样的数字，并看懂程序拒绝数据时说的话。
#
# *Your own panel.* About 25 minutes. You need tutorial 2. Afterwards you can write a report on any tidy panel with one command, get the same numbers in Python, and understand what the
# program says when it refuses data.

# %% tags=["parameters"]
language = "zh"

# %%
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
from matplotlib import pyplot as plt

import zgzx_research as zr
from zgzx_research.exercises import exercises
from zgzx_research.pipeline.new_project import new_project
from zgzx_research.report.fonts import register

plt.rcParams["font.family"] = register()  # 汉字 Chinese characters in pictures
check = exercises("09_your_own_panel")

# %% [markdown]
# ## 数据 · Data
#
# 这是一份真实的公开数据：美国 500 个县，2003 至 2007 年，`lemp` 是青少年就业人数的对数，`first.treat` 是该州提高最低工资的年份，0 表示没有提高。换成你自己的文件也一样：一行是一个单位的一期。
#
# These are real, public data: 500 counties of the United States from 2003 to 2007; `lemp` is the log of teen employment, `first.treat` the year in which the state raised its minimum wage, 0 for never. Your own
# file works alike: one row is one unit in one period.

# %%
project = Path(tempfile.mkdtemp()) / "my_project"
new_project(project)  # 和 zgzx new-project my_project 一样 the same as this command
file = project / "data/examples/mpdta.csv"
table = pd.read_csv(file)
table.head()

# %%
counts = table.drop_duplicates("countyreal")["first.treat"].value_counts().sort_index()
figure, axes = plt.subplots(figsize=(6, 2.6))
axes.barh(["从未 never" if year == 0 else str(year) for year in counts.index], counts)
axes.set_xlabel("县数 counties")
axes.set_ylabel("首次提高 first raised")
figure.tight_layout()

# %% [markdown]
# ## 一条命令 · One command
#
# 下面运行的就是终端里的 `zgzx analyse`，大约半分钟。它写出中英文报告（HTML、PDF、DOCX、XLSX）。
#
# This runs `zgzx analyse` as in a terminal, about half a minute. It writes the report in Chinese and English (HTML, PDF, DOCX, XLSX).

# %%
command = [
    sys.executable, "-m", "zgzx_research", "analyse", "data/examples/mpdta.csv",
    "--unit", "countyreal", "--period", "year", "--outcome", "lemp",
    "--first-treated", "first.treat", "--never-treated", "0", "--name", "counties",
]
done = subprocess.run(command, cwd=project, capture_output=True, text=True)
print(done.stdout, done.stderr)

# %%
sorted(path.relative_to(project).as_posix() for path in (project / "reports/counties/zh").glob("*.*"))

# %% [markdown]
# ## 在 Python 里 · In Python
#
# 从未处理的单位要留空，不能写 0。
#
# Units never treated have a missing value, not 0.

# %%
table["first"] = table["first.treat"].where(table["first.treat"] > 0)
panel = zr.prepare_panel(
    table, outcome="lemp", unit="countyreal", period="year", first_treated="first"
)
effects = zr.estimate_effects(panel)
effects.aggregate("overall").to_frame()[["estimate", "std_error", "ci_low", "ci_high"]]

# %%
event = effects.aggregate("event_time")
shown = event.to_frame()
figure, axes = plt.subplots(figsize=(6, 3.4))
half = (shown["ci_high"] - shown["estimate"]).fillna(0)
axes.errorbar(shown["event_time"], shown["estimate"], yerr=half, fmt="o")
axes.axhline(0, color="grey", linewidth=0.8)
axes.axvline(-0.5, color="grey", linewidth=0.8, linestyle=":")
axes.set_xlabel("提高后的年数 years since the raise")
axes.set_ylabel("效应 effect (log)")
figure.tight_layout()

# %% [markdown]
# 对数的效应 $b$ 换成百分比是
#
# An effect $b$ on the log is in percent
#
# $$100\,(e^{b} - 1).$$

# %% [markdown]
# ## 程序拒绝数据时 · When the program refuses data
#
# 它说清什么、在哪里、多少、举例、怎么办。把 0 留在 `first.treat` 里试试：
#
# It says what, where, how many, an example and the remedy. Try it with 0 left in `first.treat`:

# %%
try:
    zr.prepare_panel(
        table, outcome="lemp", unit="countyreal", period="year", first_treated="first.treat"
    )
except zr.ZgzxError as error:
    print(error)

# %% [markdown]
# ## 练习 · Exercises
#
# 解答在 `solutions/09_your_own_panel.py`，先自己做。
#
# The solutions are in `solutions/09_your_own_panel.py`; try first.
#
# **练习 1** 总效应换成百分比是多少（一个数，例如 −3.9）？
#
# **Exercise 1** What is the overall effect in percent (one number, e.g. −3.9)?

# %%
answer_1 = None  # 你的答案 your answer

# %%
check(1, answer_1, table)

# %% [markdown]
# **练习 2** 用县人口（`lpop`）作协变量、用双重稳健（`adjustment="doubly_robust"`）再估计一次。总效应是多少（对数，一个数）？
#
# **Exercise 2** Estimate once more with the population of the county (`lpop`) as covariate, doubly robust (`adjustment="doubly_robust"`). What is the overall effect (log, one number)?

# %%
answer_2 = None  # 你的答案 your answer

# %%
check(2, answer_2, table)

# %% [markdown]
# **练习 3** 手工算出 2007 年首次提高的县在 2007 年的效应：与从未提高的县相比，2006 到 2007 的变化之差（一个数）。
#
# **Exercise 3** Compute by hand the effect in 2007 on counties that first raised in 2007: the difference in the change from 2006 to 2007 against counties that never raised (one number).

# %%
answer_3 = None  # 你的答案 your answer

# %%
check(3, answer_3, table)

# %% [markdown]
# ## 接下来读什么 · What to read next
#
# 什么算一期，什么时候算处理：[`docs/methodology/clock.md`](../../docs/methodology/clock.md)。全部选项：`zgzx analyse --help`。
#
# What counts as a period, and when a unit counts as treated: [`docs/methodology/clock.md`](../../docs/methodology/clock.md). All options: `zgzx analyse --help`.
