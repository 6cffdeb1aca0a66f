"""The rows of "Where to change what" in ARCHITECTURE.md, carried out in a scratch copy.

Each test names the files it touches, and no others change. A new agency layout is carried out in
tests/cases/test_profile_guide.py.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Copy = Callable[[Path], Path]

ESTIMATOR = '''
"""Group-time effects against the period before, in pre-treatment comparisons too."""

from dataclasses import dataclass
from typing import Literal

from zgzx_research.did.core.method import Method
from zgzx_research.did.methods.group_time.group_time import fit
from zgzx_research.did.methods.group_time.options import Options as GroupTimeOptions


@dataclass(frozen=True, kw_only=True)
class Options(GroupTimeOptions):
    """Options of the new method."""


METHOD = Method("Group-time effects, again", Options, fit)
'''
FIGURE = '''
"""Firms by year."""

from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.report_figure import FigureSpec, ReportFigure


def plot_firms(frame):
    """Plot the number of firms by year."""

    def draw(style):
        figure = fs.new_figure(3.0, "firms")
        axes = fs.add_axes(figure, left=0.6, right=0.2, top=0.6, bottom=0.5)
        axes.plot(frame["year"], frame["firms"])
        return ReportFigure(figure, "Firms by year", f"{len(frame)} years")

    return FigureSpec(draw)
'''


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A copy of the package that a test may change."""
    copy = tmp_path / "scratch" / "zgzx_research"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "zgzx_research", copy, ignore=ignored)
    return copy


def change(path: Path, before: str, after: str) -> str:
    """Replace a text that stands once in a file; the file's name."""
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, path.name
    path.write_text(text.replace(before, after), encoding="utf-8")
    return path.name


def run(package: Path, project: Path, code: str) -> dict[str, object]:
    """Run code with the changed package in a project; what it prints, as JSON."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent)}
    command = [sys.executable, "-c", "import json\nimport zgzx_research as zr\n" + code]
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_an_outcome_is_three_files(built: Path, copy_of: Copy, scratch: Path) -> None:
    project, name = copy_of(built), "retention_24_group"
    row = '    Outcome("retention", "share", "employment", 3.0, sample="enough_staff"),\n'
    words = 'retention = {zh = "员工留存率", en = "Employee retention"}\n'
    subject = 'retention = {zh = "员工留存率", en = "firms\' retention rates"}\n'
    touched = {
        change(scratch / "outcomes.py", row, row + row.replace('"retention"', f'"{name}"')),
        change(scratch / "report/wording.toml", words, words + f"{name}{words[9:]}"),
        change(scratch / "report/wording.toml", subject, subject + f"{name}{subject[9:]}"),
        change(project / "studies/demo.toml", '"retention", ', f'"retention", "{name}", '),
    }
    assert len(touched) <= 4
    code = f"""
page = zr.open_page("demo", "en", "3_retention")
page.keep("{name}", "main", page.estimate("{name}"))
options = page.options("{name}", "main")
text = page.text("headline", outcome="{name}", spec="main", primary="main", options=options)
text = text.data["text/markdown"]
value = page.facts.get("{name}.main.headline.estimate")
print(json.dumps({{"text": text, "shown": f"{{abs(value):.1f}}"}}))
"""
    said = run(scratch, project, code)
    assert str(said["shown"]) in str(said["text"])
    assert "retention rates" in str(said["text"])


@pytest.mark.slow
def test_an_estimator_is_two_files(built: Path, scratch: Path) -> None:
    methods = scratch / "did/methods"
    (methods / "again.py").write_text(ESTIMATOR, encoding="utf-8")
    change(
        methods / "__init__.py", "    extended_two_way,\n", "    again,\n    extended_two_way,\n"
    )
    line = '    "group_time": group_time.METHOD,\n'
    change(methods / "__init__.py", line, line + '    "again": again.METHOD,\n')
    code = """
import pandas as pd
rows = [(u, t, u + t * (u % 3) + (u < 4 and t > 2), 3 if u < 4 else None)
        for u in range(9) for t in range(1, 6)]
table = pd.DataFrame(rows, columns=["u", "t", "y", "g"])
panel = zr.prepare_panel(table, outcome="y", unit="u", period="t", first_treated="g")
values = [zr.estimate_effects(panel, method=name).to_frame()["estimate"].tolist()
          for name in ("again", "group_time")]
print(json.dumps({"same": values[0] == values[1], "count": len(values[0])}))
"""
    assert run(scratch, built, code) == {"same": True, "count": 5}


@pytest.mark.study
@pytest.mark.slow
def test_a_page_with_a_new_figure_is_four_files_and_a_rule(
    built: Path, copy_of: Copy, scratch: Path
) -> None:
    project = copy_of(built)
    (scratch / "report/figures/firms_by_year.py").write_text(FIGURE, encoding="utf-8")
    guards = scratch / "evidence/disclosure_outputs.toml"
    change(guards, '"cohorts", "participation",', '"cohorts", "participation", "firms_by_year",')
    folder = project / "notebooks/5_firms"
    shutil.copytree(project / "notebooks/0_brief", folder)
    cells = [
        'study = "demo"\nlanguage = "zh"',
        'import zgzx_research as zr\npage = zr.open_page(study, language, "5_firms")',
        "from zgzx_research.report.figures.firms_by_year import plot_firms\n"
        'counts = page.read("firm_year").groupby("year", as_index=False).agg(\n'
        '    firms=("firm_id", "nunique")\n)\n'
        "page.figure(plot_firms(counts))",
        'page.text("title")',
    ]
    book = json.loads((folder / "page.ipynb").read_text(encoding="utf-8"))
    book["metadata"]["zgzx"] = {"document": "report"}
    book["cells"] = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {} if number else {"tags": ["parameters"]},
            "source": source,
            "execution_count": None,
            "outputs": [],
        }
        for number, source in enumerate(cells)
    ]
    (folder / "page.ipynb").write_text(json.dumps(book), encoding="utf-8")
    for language, title in (("zh", "企业数"), ("en", "Number of firms")):
        words = f"{{% block title %}}\n# {title}\n{{% endblock %}}\n"
        (folder / f"{language}.md.j2").write_text(words, encoding="utf-8")
    code = """
from pathlib import Path
from zgzx_research.pipeline.notebooks import run_notebook
from zgzx_research.pipeline.page_folders import pages_of
from zgzx_research.study import load_study
root = Path.cwd()
book = run_notebook(root / "notebooks/5_firms/page.ipynb", {"language": "en"}, root)
marks = [o.metadata["zgzx"] for c in book.cells for o in c.get("outputs", []) if o.metadata]
print(json.dumps({"pages": list(pages_of(root, load_study(root, "demo"))),
                  "marks": [[m["kind"], m.get("alt")] for m in marks]}))
"""
    said = run(scratch, project, code)
    assert "5_firms" in said["pages"]  # type: ignore[operator]
    assert said["marks"] == [["figure", "16 years"], ["text", None]]


@pytest.mark.slow
def test_a_sentence_is_one_file_a_language(built: Path, copy_of: Copy, scratch: Path) -> None:
    project = copy_of(built)
    for language, sentence in (("zh", "多说一句。"), ("en", "One more sentence.")):
        path = project / f"notebooks/4_patents/{language}.md.j2"
        text = path.read_text(encoding="utf-8")
        at = text.index("{% endblock %}", text.index("{% block limits %}"))
        path.write_text(f"{text[:at]}\n{sentence}\n{text[at:]}", encoding="utf-8")
    code = """
said = {language: zr.open_page("demo", language, "4_patents").text("limits").data["text/markdown"]
        for language in ("zh", "en")}
print(json.dumps(said))
"""
    said = run(scratch, project, code)
    assert "多说一句。" in str(said["zh"])
    assert "One more sentence." in str(said["en"])
