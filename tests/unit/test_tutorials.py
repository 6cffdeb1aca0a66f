"""Sources of the tutorials: both languages, exercises with solutions, links that lead somewhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import jupytext
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tutorials"))
from tutorial_runs import FOLDER, TUTORIALS, exercise_data, solution_names, source

LINK = re.compile(r"\]\(([^)#\s]+)")
CHINESE, ENGLISH = re.compile("[一-鿿]"), re.compile(r"[A-Za-z]{3,}")
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]*\$", re.DOTALL)


def test_there_are_tutorials_in_order() -> None:
    assert [name[:2] for name in TUTORIALS] == [f"{n:02}" for n in range(1, len(TUTORIALS) + 1)]
    assert {path.stem for path in (FOLDER / "solutions").glob("*.py")} == set(TUTORIALS)


@pytest.mark.parametrize("tutorial", TUTORIALS)
def test_source(tutorial: str) -> None:
    notebook = source(tutorial)
    text = (FOLDER / f"{tutorial}.py").read_text("utf-8")
    assert jupytext.writes(notebook, fmt="py:percent").splitlines()[-1] == text.splitlines()[-1]
    assert "jupytext_version" not in text, "no version of jupytext in the head"
    first, second = notebook.cells[:2]
    assert re.match(rf"# {int(tutorial[:2])} ", first.source), "the title begins with its number"
    assert re.search(r"约 \d\d 分钟", first.source)
    assert second.metadata["tags"] == ["parameters"] and 'language = "zh"' in second.source


@pytest.mark.parametrize("tutorial", TUTORIALS)
def test_every_text_is_in_both_languages(tutorial: str) -> None:
    for cell in source(tutorial).cells:
        words = FORMULA.sub("", cell.source)
        if cell.cell_type == "markdown" and words.strip():
            assert CHINESE.search(words), words
            assert ENGLISH.search(words), words


@pytest.mark.parametrize("tutorial", TUTORIALS)
def test_every_exercise_has_answer_check_solution_and_mistake(tutorial: str) -> None:
    notebook, names = source(tutorial), solution_names(tutorial)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    numbers = list(exercise_data(notebook))
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 3
    for number in numbers:
        assert f"answer_{number} = None  # 你的答案 your answer" in code
        assert f"exercise_{number}" in names
        assert any(name.startswith(f"mistake_{number}_") for name in names), number
        markdown = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
        assert sum(f"**练习 {number}**" in text for text in markdown) == 1
        assert sum(f"**Exercise {number}**" in text for text in markdown) == 1


@pytest.mark.parametrize("tutorial", TUTORIALS)
def test_links_lead_somewhere(tutorial: str) -> None:
    for cell in source(tutorial).cells:
        if cell.cell_type == "markdown":
            for link in LINK.findall(cell.source):
                assert link.startswith("http") or (FOLDER / link).exists(), link
