# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 10 给报告加一个结果变量、一张图、一页
#
# 约 40 分钟。需要：教程 2 和 9。学完后，你能用 `zgzx new-notebook` 新建一页，在页里算出一个新的结果变量，画一张自己的图，运行研究，并在 PDF 里看到它。
#
# *Add an outcome, a figure and a page to the report.* About 40 minutes. You need tutorials 2 and 9. Afterwards you can make a page with `zgzx new-notebook`, compute a new outcome on it,
# draw a figure of your own, run the study, and see all of it in the PDF.

# %% tags=["parameters"]
language = "zh"

# %%
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pandas as pd
from matplotlib import pyplot as plt

import zgzx_research
from zgzx_research.exercises import exercises
from zgzx_research.pipeline.new_project import new_project
from zgzx_research.report.fonts import register

plt.rcParams["font.family"] = register()  # 汉字 Chinese characters in pictures
check = exercises("10_extend_the_report")

# %% [markdown]
# ## 一个可以随便改的项目 · A project to play with
#
# 结果变量、图和字词都在程序包里，所以这里连程序包一起复制到临时文件夹，改的是副本。平时在代码仓库里直接改同样的文件。
#
# Outcomes, figures and words are parts of the package, so we copy the package, too, into a temporary folder, and change the copy. In a checkout of the repository one changes the same files in
# place.

# %%
place = Path(tempfile.mkdtemp())
package, project = place / "zgzx_research", place / "my_project"
shutil.copytree(Path(zgzx_research.__file__).parent, package)
new_project(project)


def zgzx(*command: str) -> list[str]:
    """Run a command of the changed package in the project, and return what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(place), "ZGZX_LANGUAGE": language}
    arguments = [sys.executable, "-m", "zgzx_research", *command]
    done = subprocess.run(arguments, cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def change(file: Path, before: str, after: str) -> None:
    """Replace a text that stands in the file once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, file
    file.write_text(text.replace(before, after), encoding="utf-8")


zgzx("simulate", "data/raw/demo")[-1]

# %% [markdown]
# ## 先看数据 · First the data
#
# 只做到面板。企业面板里已有一列 `retention_24_group`：两年后仍在同一集团的员工比例，报告还没有用到它。
#
# Build the panels only. The panel of firms holds a column that no report shows yet, `retention_24_group`: the share of employees who are still in the firm's group after two years.

# %%
print(zgzx("run", "demo", "build")[-1])
firm_year = pd.read_parquet(project / "data/work/demo/panels/firm_year.parquet")
by_year = firm_year.groupby("year")[["retention", "retention_24_group"]].mean()
figure, axes = plt.subplots(figsize=(6, 3))
axes.plot(by_year.index, by_year["retention"], marker="o", label="一年 one year")
axes.plot(by_year.index, by_year["retention_24_group"], marker="o", label="两年、集团 two years, group")
axes.set_xlabel("年份 year")
axes.set_ylabel("留存率 retention")
axes.legend(frameon=False)
figure.tight_layout()

# %% [markdown]
# ## 一行：结果变量 · A row: the outcome
#
# 一行定义（名称、尺度、来源、官方声称的影响），两行字词，研究文件里一个名字。逐步说明见 [`outcome_and_profile.md`](../../docs/how_to/outcome_and_profile.md)。
#
# One row says what it is (name, scale, source, claimed effect), two rows give its words, and the study file names it. Step by step:
# [`outcome_and_profile.md`](../../docs/how_to/outcome_and_profile.md).

# %%
row = '    Outcome("retention", "share", "employment", 3.0, sample="enough_staff"),\n'
change(package / "outcomes.py", row, row + row.replace('"retention"', '"retention_24_group"'))
words = package / "report/wording.toml"
for name in ('retention = {zh = "员工留存率", en = "Employee retention"}\n',
             'retention = {zh = "员工留存率", en = "firms\' retention rates"}\n'):
    more = '{zh = "两年集团留存率", en = "Retention in the group over two years"}'
    change(words, name, f"{name}retention_24_group = {more}\n")
change(project / "studies/demo.toml", '"retention", "patents_', '"retention", "retention_24_group", "patents_')

# %% [markdown]
# ## 一个文件：图 · A file: the figure
#
# 图是一个函数：画，说标题，说替代文字（给看不见图的人）。报告不发表没有披露规则的图，所以还要在 `disclosure_outputs.toml` 里写明它受哪一条规则约束。
#
# A figure is a function: it draws, and says a title and an alternative text (for those who cannot see it). The report publishes no figure without a rule of disclosure control, so one line of
# `disclosure_outputs.toml` says which rule guards it.

# %%
FIGURE = '''"""Mean retention by year."""

from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.report_figure import FigureSpec, ReportFigure


def plot_retention_by_year(frame):
    """Plot the mean by year; frame: year, mean."""

    def draw(style):
        figure = fs.new_figure(3.0, "retention-by-year")
        axes = fs.add_axes(figure, left=0.7, right=0.2, top=0.3, bottom=0.5)
        axes.plot(frame["year"], frame["mean"], marker="o")
        first, last = frame["mean"].iloc[0], frame["mean"].iloc[-1]
        title = {"zh": "历年的平均留存率", "en": "Mean retention by year"}[style.language]
        return ReportFigure(figure, title, f"{title}: {first:.2f} … {last:.2f}")

    return FigureSpec(draw)
'''
(package / "report/figures/retention_by_year.py").write_text(FIGURE, encoding="utf-8")
change(package / "evidence/disclosure_outputs.toml", '"outcome_paths", ', '"outcome_paths", "retention_by_year", ')

# %% [markdown]
# ## 一个文件夹：页 · A folder: the page
#
# `zgzx new-notebook` 从模板写出笔记本和两种语言的文字；再加一格，画上面的图。估计量是教程 2 的：
#
# `zgzx new-notebook` writes notebook and words from a template; add a cell with the figure above. The estimator is that of tutorial 2:
#
# $$\widehat{ATT}(g,t) = (\bar y_{g,t} - \bar y_{g,g-2}) - (\bar y_{C,t} - \bar y_{C,g-2}).$$

# %%
print("\n".join(zgzx("new-notebook", "8_two_years", "--outcome", "retention_24_group")))
notebook_file = project / "notebooks/8_two_years/page.ipynb"
notebook = nbformat.read(notebook_file, as_version=4)
cell = """from zgzx_research.report.figures.retention_by_year import plot_retention_by_year

means = sample.groupby("year", as_index=False).agg(mean=(outcome, "mean")).dropna()
page.figure(plot_retention_by_year(means), outcome)"""
notebook.cells.append(nbformat.v4.new_code_cell(cell))
nbformat.write(notebook, notebook_file)

# %% [markdown]
# ## 运行，看 PDF · Run, and look at the PDF
#
# 为了省时间，这里只留下新的一页；在真的项目里，它排在其他页之后。
#
# To save time only the new page stays here; in a real project it stands after the others.

# %%
for other in (project / "notebooks").glob("*/page.ipynb"):
    if other != notebook_file:
        shutil.rmtree(other.parent)
lines = zgzx("run", "demo")
print("\n".join(lines))

# %%
reports = project / "reports/demo" / language
html = (reports / "report.html").read_text(encoding="utf-8")
title = {"zh": "历年的平均留存率", "en": "Mean retention by year"}[language]
print((reports / "report.pdf").relative_to(place), title in html)

# %% [markdown]
# 打开上面的 PDF：标题、结论、事件研究图、新的图都在。
#
# Open the PDF: title, answer, event study and the new figure are there.

# %% [markdown]
# ## 练习 · Exercises
#
# 解答在 `solutions/10_extend_the_report.py`，先自己做。
#
# The solutions are in `solutions/10_extend_the_report.py`; try first.
#
# **练习 1** 2019 年，两年集团留存率比一年留存率低多少（两列都已知的企业的平均之差；一个正数）？
#
# **Exercise 1** In 2019, by how much is retention over two years below that over one year (difference of the means of firms for which both are known; a positive number)?

# %%
answer_1 = None  # 你的答案 your answer

# %%
check(1, answer_1, firm_year)

# %% [markdown]
# **练习 2** 再运行一次 `zgzx run demo`，会做几项任务？
#
# **Exercise 2** How many tasks does `zgzx run demo` do if you run it again?

# %%
answer_2 = None  # 你的答案 your answer

# %%
check(2, answer_2)

# %% [markdown]
# **练习 3** 运行时打印的任务里，哪些的名字里有你的新页？写成集合，例如 `{"page.zh.x"}`。
#
# **Exercise 3** Which tasks that the run printed have your new page in their name? Write a set, e.g. `{"page.zh.x"}`.

# %%
answer_3 = None  # 你的答案 your answer

# %%
check(3, answer_3, lines)

# %% [markdown]
# ## 接下来读什么 · What to read next
#
# 一页里能调用什么：[`docs/notebooks.md`](../../docs/notebooks.md)。披露规则：[`disclosure.md`](../../docs/methodology/disclosure.md)。
#
# What a page can call: [`docs/notebooks.md`](../../docs/notebooks.md). Rules of disclosure control: [`disclosure.md`](../../docs/methodology/disclosure.md).
