"""The folder of a page, and what its notebook says of itself."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from pathlib import Path

from zgzx_research.errors import ZgzxError
from zgzx_research.report.wording import LANGUAGES


@dataclass(frozen=True)
class PageRules:
    """What the notebook's metadata say under "zgzx".

    Attributes
    ----------
    document : {"report", "brief", "any_panel"}
        The document it belongs to; "any_panel" pages run for `zgzx analyse` only.
    quotes_others : bool
        Whether it quotes facts of other pages, and so runs after them.
    """

    document: str = "report"
    quotes_others: bool = False


def page_rules(folder: Path) -> PageRules:
    """The rules of a page."""
    metadata = json.loads((folder / "page.ipynb").read_text(encoding="utf-8"))["metadata"]
    return PageRules(**metadata.get("zgzx", {}))


def page_folder(root: Path, page: str, language: str) -> Path:
    """The folder of a page with its words.

    Raises
    ------
    ZgzxError
        Unknown language, or no such folder; the nearest is named.
    """
    if language not in LANGUAGES:
        remedy = f"Choose one of {', '.join(LANGUAGES)}."
        raise ZgzxError(f"language {language!r} is unknown", where=page, remedy=remedy)
    folder = root / "notebooks" / page
    if not (folder / f"{language}.md.j2").is_file():
        known = sorted(path.parent.name for path in (root / "notebooks").glob("*/page.ipynb"))
        raise ZgzxError(
            f"there is no page {page!r}",
            where="notebooks",
            examples=difflib.get_close_matches(page, known, n=1, cutoff=0),
            remedy=f"The pages are {', '.join(known)}.",
        )
    return folder
