"""Examples in docstrings and how-tos run and give what they show."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

import zgzx_research as zr

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "zgzx_research"
OPTIONS = doctest.NORMALIZE_WHITESPACE
WITH_EXAMPLES = [p for p in sorted(PACKAGE.rglob("*.py")) if ">>> " in p.read_text("utf-8")]
HOW_TOS = [p for p in sorted((ROOT / "docs").rglob("*.md")) if "```pycon" in p.read_text("utf-8")]
CAUSAL_ROOMS = ("did", "designs", "robustness")


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


@pytest.fixture
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples name files as whoever stands in the project's folder does."""
    monkeypatch.chdir(ROOT)


@pytest.mark.usefixtures("in_the_project")
@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=module_name)
def test_examples_of_a_module(path: Path) -> None:
    module = importlib.import_module(module_name(path).removesuffix(".__init__"))
    result = doctest.testmod(module, optionflags=OPTIONS)
    assert result.attempted
    assert not result.failed


@pytest.mark.usefixtures("in_the_project")
@pytest.mark.parametrize("path", HOW_TOS, ids=lambda path: path.stem)
def test_examples_of_a_page(path: Path) -> None:
    blocks = re.findall(r"^```pycon\n(.*?)^```", path.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, path.name, str(path), 0)
    result = doctest.DocTestRunner(optionflags=OPTIONS).run(test)
    assert result.attempted
    assert not result.failed


def causal_functions() -> list[str]:
    """Public functions that estimate, compare or test."""
    rooms = {name: getattr(zr, name).__module__.split(".")[1] for name in callables()}
    return [name for name, room in rooms.items() if room in CAUSAL_ROOMS]


def callables() -> list[str]:
    """Public names that are functions."""
    return sorted(name for name in zr.__all__ if hasattr(getattr(zr, name), "__code__"))


EXAMPLES = {name: getattr(zr, name) for name in causal_functions()}
EXAMPLES["aggregate"] = zr.Effects.aggregate


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_causal_function_has_an_example(name: str) -> None:
    examples = doctest.DocTestParser().get_examples(EXAMPLES[name].__doc__)
    assert any(re.search(rf"\b{name}\(", example.source) for example in examples)
