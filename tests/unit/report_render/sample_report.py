"""A made-up report in both languages and all formats: `python sample_report.py FOLDER`."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from zgzx_research.report import fonts
from zgzx_research.report.assemble import join_notebooks, strip_notebook
from zgzx_research.report.excel_workbook import SheetTable, write_workbook
from zgzx_research.report.front_matter import FrontMatter
from zgzx_research.report.landing_page import StudyCard, write_index
from zgzx_research.report.render import render_document

STAMP = {
    "version": "0.1.0",
    "git": "9c96fa4",
    "lock": "sha256:" + "3f" * 32,
    "seed": "20250401",
    "inputs": "sha256:" + "a7" * 32,
}
FRONT = {
    "zh": FrontMatter({"编制": "示例单位", "报告日期": "2026 年 4 月 30 日"}, "示例单位"),
    "en": FrontMatter(
        {"Prepared by": "A sample office", "Date": "30 April 2026"}, "A sample office"
    ),
}
TITLES = {
    "zh": (
        "“职工之星”是否提高了企业的专利申请与员工留任？",
        "技术报告 · 示例研究 · 第一届至第十二届",
    ),
    "en": (
        "Did Worker Star raise patents and retention?",
        "Technical report · sample study · editions 1 to 12",
    ),
}
TEXT = {
    "zh": """# 主要结果

::: headline
获奖后三年，企业年均发明专利申请变化 **+3.1%**（95% 区间 −12.0% 至 +21.1%）。证据等级：**低**。
:::

比较的是**首次获奖**企业与从未获奖企业，同一日历年内前后之差。平均处理效应按届次加权[^1]：

$$\\widehat{\\theta}_e=\\sum_{g} w_g\\,\\widehat{\\mathrm{ATT}}(g,\\,g+e),\\qquad \\sum_g w_g=1$$

其中 $\\mathrm{ATT}(g,t)$ 是第 $g$ 年首次获奖的企业在第 $t$ 年的平均效应。

- 企业层面：发明、实用新型、外观设计分开统计；
- 员工层面：十二个月留任率；
- 每个估计旁边都印出**最小可检出效应**。

[^1]: 权重为各届企业数占比，$w_g=n_g/\\sum_h n_h$。

## 数据与口径

::: note
**说明**　以下内容全部由程序生成，用来检查版面：标题、方框、列表、公式、脚注、图与表。
:::

1. 名册、工商登记、参保记录与专利四类来源；
2. 每一条被剔除的记录都留有原因。
""",
    "en": """# Main results

::: headline
In the three years after a first award, firms' yearly invention applications changed by **+3.1%**
(95% interval −12.0% to +21.1%). Certainty: **low**; no effect at all cannot be ruled out.
:::

Firms with a **first award** are compared with firms that never had one, before and after, within
the same calendar year. The average effect weights cohorts by size[^1]:

$$\\widehat{\\theta}_e=\\sum_{g} w_g\\,\\widehat{\\mathrm{ATT}}(g,\\,g+e),\\qquad \\sum_g w_g=1$$

where $\\mathrm{ATT}(g,t)$ is the average effect in year $t$ on firms first awarded in year $g$.

- Firms: inventions, utility models and designs are counted apart.
- Workers: twelve-month retention.
- The **minimum detectable effect** stands beside every estimate.

[^1]: The weights are the cohorts' shares of firms, $w_g=n_g/\\sum_h n_h$.

## Data and definitions

::: note
**Note.** Everything below is "made by a program" to check the layout: headings, boxes, lists,
equations, footnotes.
:::

1. Four sources: roster, business register, insured employment, patents.
2. Every record left out has its reason.
""",
}
MORE = {
    "zh": "# 结果如何得来\n\n## 平行趋势\n\n"
    "获奖前各年的估计与零没有系统差别[^1]，但检验功效有限。\n\n[^1]: 见图 1 左侧。\n",
    "en": "# Where it comes from\n\n## Parallel trends\n\n"
    "Before the award the estimates do not differ from zero[^1]; the test has little power."
    "\n\n[^1]: See the left of Figure 1.\n",
}
LAST = {
    "zh": "## 敏感性\n\n## 局限\n\n公开时滞使最后两届的发明专利统计不完整。",
    "en": "## Sensitivity\n\n## Limits\n\nThe last two cohorts are incomplete: publication lags.",
}
FIGURES = {
    "zh": (
        ("事件研究：首次获奖前后的发明专利申请", "首次获奖后的年数", "效应（件/企业·年）"),
        ("各届首次获奖企业数", "届次（年）", "企业数"),
    ),
    "en": (
        (
            "Event study: invention applications around the first award",
            "years since first award",
            "effect, per firm",
        ),
        ("Firms with a first award, by cohort", "cohort (year)", "firms"),
    ),
}
ALT = {
    "zh": "点与竖线表示每个年份的估计值和区间，获奖前后都跨过零线。",
    "en": 'Points and bars show each year\'s estimate and interval; all of them "cross" zero.',
}
COLUMNS = {
    "zh": (
        "估计方法",
        "估计",
        "标准误",
        "下限",
        "上限",
        "获奖企业",
        "对照企业",
        "最小可检出",
        "判断",
    ),
    "en": ("Estimator", "Estimate", "SE", "Low", "High", "Treated", "Comparison", "MDE", "Verdict"),
}
METHODS = {
    "zh": (
        "分组分期双重差分",
        "插补法",
        "交互加权",
        "堆叠双重差分",
        "扩展双向固定效应",
        "双向固定效应（对照）",
    ),
    "en": (
        "Group-time",
        "Imputation",
        "Interaction-weighted",
        "Stacked",
        "Extended two-way",
        "Two-way fixed effects",
    ),
}
VERDICT = {"zh": "与零无法区分", "en": "not distinguishable from zero"}
TABLE_NOTE = {"zh": "标准误按企业聚类。", "en": "Standard errors are clustered by firm."}
CAPTIONS = {"zh": "六种估计方法，同一样本", "en": "Six estimators, one sample"}


def rows(language: str) -> list[list[object]]:
    numbers = [(3.1, 8.4), (2.7, 7.9), (3.3, 8.6), (1.9, 8.8), (2.9, 8.2), (5.6, 7.1)]
    table: list[list[object]] = []
    for method, (value, error) in zip(METHODS[language], numbers, strict=True):
        low, high = round(value - 1.96 * error, 1), round(value + 1.96 * error, 1)
        table.append([method, value, error, low, high, 361, 5412, 23.5, VERDICT[language]])
    return table


def pipe_table(language: str) -> str:
    lines = ["| " + " | ".join(COLUMNS[language]) + " |", "|:---" + "|---:" * 7 + "|:---|"]
    for row in rows(language):
        cells = [
            f"{cell:,}".replace("-", "−") if isinstance(cell, int | float) else str(cell)
            for cell in row
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(number: int, language: str) -> dict[str, str]:
    """Figure `number` as {MIME: data}."""
    _, x_label, y_label = FIGURES[language][number]
    matplotlib.rcParams.update(
        {"font.family": fonts.register(), "svg.hashsalt": "zgzx", "axes.unicode_minus": True}
    )
    figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    if number == 0:
        axes.axhline(0, color="#5b6774", linewidth=0.8)
        axes.errorbar(
            range(-4, 5),
            [0.1, -0.2, 0.05, -0.1, 0, 0.3, 0.2, 0.4, 0.25],
            yerr=0.5,
            fmt="o",
            color="#1f4e79",
        )
    else:
        axes.bar(range(2012, 2024), [28, 31, 35, 30, 40, 33, 29, 0, 45, 38, 0, 52], color="#1f4e79")
    axes.set(xlabel=x_label, ylabel=y_label)
    axes.spines[["top", "right"]].set_visible(False)
    data = {}
    for mime, options in (
        ("svg", {"metadata": {"Date": None}}),
        ("png", {"dpi": 200, "metadata": {"Software": None}}),
    ):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=mime, **options)
        data[mime] = buffer.getvalue()
    plt.close(figure)
    return {
        "image/svg+xml": data["svg"].decode(),
        "image/png": base64.b64encode(data["png"]).decode(),
    }


def marked(
    kind: str, key: str, data: dict[str, str], caption: str = "", alt: str = ""
) -> nbformat.NotebookNode:
    mark = {"kind": kind, "key": key, "caption": caption, "alt": alt}
    return new_output("display_data", data=data, metadata={"zgzx": mark})


def notebooks(language: str) -> dict[str, nbformat.NotebookNode]:
    """Two executed notebooks: results with a figure and the table, then a second figure."""
    figures = [
        marked(
            "figure",
            f"sample.{number}",
            draw(number, language),
            FIGURES[language][number][0],
            ALT[language],
        )
        for number in range(2)
    ]
    pipes = f"{pipe_table(language)}\n\n{TABLE_NOTE[language]}\n"
    table = marked("table", "sample.methods", {"text/markdown": pipes}, CAPTIONS[language])
    text, more, last = (
        marked("text", key, {"text/markdown": part[language]})
        for key, part in (("a", TEXT), ("b", MORE), ("c", LAST))
    )
    first = new_notebook(
        cells=[
            new_markdown_cell("For students only."),
            new_code_cell(
                "page.text('a')",
                outputs=[text, new_output("stream", name="stdout", text="not in the report")],
            ),
            new_code_cell("page.table('sample.methods')", outputs=[table]),
        ]
    )
    outputs = [more, figures[0], last, figures[1]]
    second = new_notebook(
        cells=[new_code_cell("page.text('b')", execution_count=3, outputs=outputs)]
    )
    return {"1_results": first, "2_design": second}


def build(folder: Path) -> None:
    """Every kind of report file under `folder`, laid out as `reports/`."""
    cards = []
    for language in ("zh", "en"):
        place, parts = folder / "sample" / language, notebooks(language)
        title, subtitle = TITLES[language]
        document = join_notebooks(parts, language=language)
        render_document(
            document,
            language=language,
            title=title,
            subtitle=subtitle,
            stamp=STAMP,
            front=FRONT[language],
            synthetic=True,
            out=place / "report",
            formats=("html", "pdf", "docx", "typ"),
        )
        (place / "report.md").write_text(document.markdown, encoding="utf-8")
        for name, notebook in parts.items():
            nbformat.write(strip_notebook(notebook), place / f"{name}.ipynb")
        sheet = SheetTable(
            "methods",
            CAPTIONS[language],
            COLUMNS[language],
            tuple(map(tuple, rows(language))),
            (ALT[language],),
        )
        write_workbook(
            [sheet], place / "report.xlsx", language=language, synthetic=True, stamp=STAMP
        )
    headlines = {
        lang: text.split(":::")[1].partition("\n")[2].strip().replace("**", "")
        for lang, text in TEXT.items()
    }
    cards.append(
        StudyCard("sample", {k: v[0] for k, v in TITLES.items()}, headlines, synthetic=True)
    )
    write_index(cards, folder / "index.html")


def build_elsewhere(folder: Path, **environment: str) -> Path:
    """The same in a process of its own, working in `folder` under another environment.

    Returns the reports' folder.
    """
    folder.mkdir(parents=True)
    command = [sys.executable, str(Path(__file__).resolve()), "reports"]
    subprocess.run(command, cwd=folder, env={**os.environ, **environment}, check=True)
    return folder / "reports"


if __name__ == "__main__":
    build(Path(sys.argv[1]))
