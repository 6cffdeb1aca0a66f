"""How Sphinx builds the site: `make docs` runs it from the project's folder, offline."""

from __future__ import annotations

import sys
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import zgzx_research as zr  # noqa: E402

project = "zgzx_research"
version = release = zr.__version__
language = "zh_CN"

# The sources are the whole repository, so that links between pages and to files lead where GitHub
# follows them to. Pages are only these; raw files and what a run makes are never read.
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "notebooks/tutorials/*.py",
    "data/README.md",
    "benchmarks/*.md",
    "README*.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING*.md",
]
exclude_patterns = [".*", "**/.*", "data/raw", "data/work", "reports", "docs/_build", "docs/site"]
source_suffix = {".md": "markdown", ".py": "markdown"}  # tutorials are percent scripts

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "numpydoc",
    "made_parts",
    "mathml",
    "subscripts",
    "chinese_search",
]

myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # docstrings say the types, in words
autodoc_member_order = "bysource"
default_role = "code"
numpydoc_show_class_members = False
nitpicky = True

html_theme = "furo"
html_title = "职工之星评估研究包"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
FONT = HERE.parents[1] / "zgzx_research" / "report" / "fonts" / "NotoSansSC-Regular.ttf"
html_static_path = [str(HERE / "static"), str(FONT)]
html_css_files = ["site.css"]
html_additional_pages = {"index": "to_the_start.html"}
templates_path = [str(HERE / "templates")]
html_math_renderer = "mathml"


def setup(app: Sphinx) -> None:
    """Files of an agency are shown as they are: Pygments has no lexer for them."""
    app.add_lexer("csv", TextLexer)
