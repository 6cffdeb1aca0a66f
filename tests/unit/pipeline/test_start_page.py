"""The page that JupyterLab opens on: made from the notebooks in the folders, in any state."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbformat.v4 import new_markdown_cell, new_notebook

from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline.start_page import write_start_page

ROOT = Path(__file__).parents[3]
TUTORIALS = sorted((ROOT / "notebooks/tutorials").glob("*.py"))


def put(root: Path, name: str, *cells: str) -> None:
    path = root / "notebooks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[new_markdown_cell(cell) for cell in cells]), path)


def lines(root: Path) -> list[str]:
    """Rows of the page's tables, without their headings."""
    text = write_start_page(root).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.startswith("| [")]


def test_tutorials_come_first_and_each_has_a_line_in_both_languages(tmp_path: Path) -> None:
    put(tmp_path, "2_b/page.ipynb", "# 乙 · B\n\n**问题。** 多少？\n\n**Question.** How many?")
    put(
        tmp_path,
        "1_a/page.ipynb",
        "# 甲 · A\n\n$$x$$\n\n第一句，\n很短。\n\nOne\nline. Two.",
        "其他",
    )
    put(tmp_path, "tutorials/01_t.ipynb", "# 1 一\n\n值 a|b。\n\n*The one.* Values\na|b.")
    put(tmp_path, "tutorials/mine.ipynb", "# 没有源文件 · Of no source")
    (tmp_path / "notebooks/tutorials/01_t.py").write_text("# %%\n")
    assert lines(tmp_path) == [
        "| [1 一 · The one](tutorials/01_t.ipynb) | 值 a\\|b。<br>Values a\\|b. |",
        "| [甲 · A](1_a/page.ipynb) | 第一句，很短。<br>One line. Two. |",
        "| [乙 · B](2_b/page.ipynb) | 多少？<br>How many? |",
    ]


def test_a_line_ends_with_a_whole_sentence(tmp_path: Path) -> None:
    short, long = "这一句话很短。", "这一句话没有这么短，" * 8 + "完了。"
    text = f"# 甲 · A\n\n{short}{long}\n\n{'Many words ' * 20}here. Not this."
    put(tmp_path, "1_a/page.ipynb", text)
    assert lines(tmp_path) == [
        f"| [甲 · A](1_a/page.ipynb) | {short}<br>{'Many words ' * 20}here. |"
    ]


@pytest.mark.parametrize("cells", [(), ("",), ("No title",), ("## 二级 · Second",)])
def test_a_notebook_without_title_can_be_opened_all_the_same(
    tmp_path: Path, cells: tuple[str, ...]
) -> None:
    put(tmp_path, "1_a/page.ipynb", *cells)
    assert lines(tmp_path)[0].startswith("| [1_a/page.ipynb](1_a/page.ipynb) |")


@pytest.mark.parametrize("content", ["", "{", "{}", "<<<<<<< HEAD"])
def test_a_damaged_notebook_can_be_seen(tmp_path: Path, content: str) -> None:
    put(tmp_path, "1_a/page.ipynb")
    (tmp_path / "notebooks/1_a/page.ipynb").write_text(content)
    assert lines(tmp_path) == ["| [1_a/page.ipynb](1_a/page.ipynb) | <br> |"]


def test_a_tutorial_that_was_not_synced_names_the_command(tmp_path: Path) -> None:
    put(tmp_path, "tutorials/02_t.ipynb")
    (tmp_path / "notebooks/tutorials/01_t.py").write_text("# %%\n")
    with pytest.raises(ZgzxError, match=r"tutorials/01_t\.ipynb.*jupytext --sync"):
        write_start_page(tmp_path)


def test_every_page_of_the_project_says_in_both_languages_what_it_is_about(tmp_path: Path) -> None:
    for page in (ROOT / "notebooks").glob("*/page.ipynb"):
        put(tmp_path, page.relative_to(ROOT / "notebooks").as_posix())
        (tmp_path / page.relative_to(ROOT)).write_bytes(page.read_bytes())
    rows = lines(tmp_path)
    assert rows
    for row in rows:
        assert re.fullmatch(r"\| \[[\u4e00-\u9fff]+ · [A-Z].+\]\(.+\) \| .+<br>[A-Z].+ \|", row), (
            row
        )


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_names_its_kernel_as_jupyterlab_does(path: Path) -> None:
    """Saving in JupyterLab would change the source otherwise."""
    own = KernelSpecManager(kernel_dirs=[str(Path(sys.prefix) / "share/jupyter/kernels")])
    name = own.get_kernel_spec("python3").display_name
    assert f"\n#     display_name: {name}\n" in path.read_text(encoding="utf-8")
