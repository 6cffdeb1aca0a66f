"""Which pages a page quotes, and so which run before it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline.page_folders import page_rules, quoted_pages
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.steps.pages import Edition, steps


def written(root: Path, **quotes: Any) -> list[str]:
    """Write pages that quote these others (none: nothing is said), and list them."""
    for page, of in quotes.items():
        folder = root / "notebooks" / page
        folder.mkdir(parents=True)
        rules = {"document": "report"} | ({} if of is None else {"quotes": of})
        notebook = {"cells": [], "metadata": {"zgzx": rules}, "nbformat": 4, "nbformat_minor": 5}
        (folder / "page.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return list(quotes)


def test_a_page_in_the_middle_is_quoted_by_those_that_quote_all(tmp_path: Path) -> None:
    pages = written(
        tmp_path, brief="all", retention=None, patents=None, value=["patents"], claims="all"
    )
    found = quoted_pages(tmp_path, pages)
    assert found == {
        "brief": ("patents", "retention", "value"),
        "retention": (),
        "patents": (),
        "value": ("patents",),
        "claims": ("patents", "retention", "value"),
    }
    assert list(found) == pages


def test_a_page_that_names_one_that_quotes_all_runs_after_it_and_is_not_among_all(
    tmp_path: Path,
) -> None:
    pages = written(
        tmp_path, brief=["all", "claims"], changes=["claims"], claims="all", patents=None
    )
    assert quoted_pages(tmp_path, pages) == {
        "brief": ("claims", "patents"),
        "changes": ("claims",),
        "claims": ("patents",),
        "patents": (),
    }


def test_pages_that_the_study_leaves_out_are_not_quoted(tmp_path: Path) -> None:
    written(tmp_path, brief="all", retention=None, patents=None, value=["retention", "patents"])
    assert quoted_pages(tmp_path, ["brief", "patents", "value"]) == {
        "brief": ("patents", "value"),
        "patents": (),
        "value": ("patents",),
    }


def test_a_page_that_does_not_exist_names_the_nearest(tmp_path: Path) -> None:
    pages = written(tmp_path, retention=None, value=["retentions"])
    with pytest.raises(ZgzxError, match=r"value, .*e\.g\. retentions\. Did you mean retention\?"):
        quoted_pages(tmp_path, pages)


def test_pages_that_quote_each_other_are_refused(tmp_path: Path) -> None:
    pages = written(tmp_path, patents=["value"], value=["patents"], other=None)
    with pytest.raises(ZgzxError, match=r"quote each other.*patents"):
        quoted_pages(tmp_path, pages)


def test_a_key_that_is_no_rule_is_refused(tmp_path: Path) -> None:
    written(tmp_path, patents=None)
    notebook = tmp_path / "notebooks/patents/page.ipynb"
    text = notebook.read_text(encoding="utf-8").replace('"document"', '"documents"')
    notebook.write_text(text, encoding="utf-8")
    with pytest.raises(
        ZgzxError, match=r"patents, .*unknown key.*e\.g\. documents.*document, quot"
    ):
        page_rules(notebook.parent)


def test_the_step_of_a_page_waits_for_the_facts_it_quotes(tmp_path: Path) -> None:
    pages = written(tmp_path, brief="all", patents=None, value=["patents"])
    place = Place(tmp_path, "x", tmp_path)
    edition = Edition(
        place=place,
        pages=dict.fromkeys(pages, "report"),
        quotes=quoted_pages(tmp_path, pages),
        languages=("zh", "en"),
        synthetic=True,
        inputs=(),
        parameters={},
    )
    inputs = {step.name: step.inputs for step in steps(edition)}
    assert place.facts("patents") in inputs["page.zh.value"]
    assert place.facts("patents") not in inputs["page.zh.patents"]
    assert {place.facts("patents"), place.facts("value")} <= set(inputs["page.en.brief"])


def test_the_pages_of_the_project_can_be_ordered() -> None:
    root = Path(__file__).parents[2]
    pages = [path.parent.name for path in (root / "notebooks").glob("*/page.ipynb")]
    found = quoted_pages(root, pages)
    assert set(found["0_brief"]) >= {"1_data_audit", "3_retention", "4_patents", "6_people"}
    assert page_rules(root / "notebooks/4_patents").quotes == ()
