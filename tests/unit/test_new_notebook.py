"""A page from the template: files in both languages, and clear refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.outcomes import OUTCOMES
from zgzx_research.pipeline.new_notebook import OUTCOME, PAGE, TITLE, new_notebook
from zgzx_research.pipeline.page_folders import declared, page_rules


@pytest.mark.parametrize("outcome", sorted(OUTCOMES))
def test_files_of_a_new_page(tmp_path: Path, outcome: str) -> None:
    written = new_notebook(tmp_path, "8_my_page", outcome)
    folder = tmp_path / "notebooks/8_my_page"
    assert [path.name for path in written] == ["en.md.j2", "page.ipynb", "zh.md.j2"]
    assert declared(folder / "page.ipynb")["outcome"] == outcome
    assert page_rules(folder).document == "report"
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not any(mark in text for mark in (PAGE, OUTCOME, TITLE)), path.name
    cells = json.loads((folder / "page.ipynb").read_text("utf-8"))["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert not any(cell.get("outputs") for cell in cells)


WRONG = ["", "8 page", "../8_page", "8_页", "8_Page", "_page", "8-page", "."]


@pytest.mark.parametrize("name", WRONG)
def test_names_that_no_folder_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(ZgzxError, match=r"cannot be the name of a page.*8_utility_models"):
        new_notebook(tmp_path, name, "retention")
    assert not list(tmp_path.iterdir())


def test_a_page_that_is_there_is_left_alone(tmp_path: Path) -> None:
    new_notebook(tmp_path, "8_my_page", "retention")
    with pytest.raises(ZgzxError, match=r"notebooks/8_my_page: there is such a page already"):
        new_notebook(tmp_path, "8_my_page", "patents_design")
    notebook = tmp_path / "notebooks/8_my_page/page.ipynb"
    assert declared(notebook)["outcome"] == "retention"


def test_an_unknown_outcome_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZgzxError, match=r"no outcome 'patents_utility', e\.g\. patents_utility_m"):
        new_notebook(tmp_path, "8_my_page", "patents_utility")
    assert not list(tmp_path.iterdir())
