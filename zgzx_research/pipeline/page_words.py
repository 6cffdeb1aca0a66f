"""Title and headline of a page as plain text, for the landing page."""

from __future__ import annotations

import re
from pathlib import Path

from zgzx_research.evidence.facts import Facts
from zgzx_research.pipeline.page_folders import page_rules
from zgzx_research.report.prose_rendering import render_prose


def plain_title(folder: Path, language: str, facts: Facts) -> str:
    """Return the page's title as plain text."""
    lines = render_prose(folder, "title", language, facts).splitlines()
    return plain(next(line for line in lines if line.startswith("#")))


def plain_headline(folder: Path, language: str, facts: Facts) -> str:
    """Return the page's headline as plain text.

    Empty for a page of the report, whose headline needs what its notebook passes to it.
    """
    if page_rules(folder).document == "report":
        return ""
    text = render_prose(folder, "headline", language, facts)
    return plain("\n".join(line for line in text.splitlines() if not line.startswith("#")))


def plain(markdown: str) -> str:
    """Remove the marks of Markdown from our own prose."""
    lines = [line for line in markdown.splitlines() if not line.startswith(("<div", "</div"))]
    return re.sub(r"\s+", " ", re.sub(r"[*_`#\\]+", "", " ".join(lines))).strip()
