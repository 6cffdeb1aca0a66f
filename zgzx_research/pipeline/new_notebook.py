"""`zgzx new-notebook`: a page of the report from a template, words in both languages."""

from __future__ import annotations

import re
from pathlib import Path

from zgzx_research.atomic import write_whole
from zgzx_research.errors import ZgzxError
from zgzx_research.outcomes import outcome_row
from zgzx_research.report.wording import LANGUAGES, word_or_code

TEMPLATE = Path(__file__).parent / "new_page"
NAME = re.compile(r"[0-9a-z][0-9a-z_]*")
PAGE, OUTCOME, TITLE = "NEW_PAGE", "NEW_OUTCOME", "NEW_TITLE"  # in the template


def new_notebook(root: Path, name: str, outcome: str) -> list[Path]:
    """Write the folder of a new page.

    Parameters
    ----------
    root : Path
        The project folder.
    name : str
        Of the folder, e.g. "8_utility_models"; pages stand in the order of these names.
    outcome : str
        What the page is about, e.g. "patents_utility_model".

    Returns
    -------
    list of Path
        Files that were written, from the project folder.

    Raises
    ------
    ZgzxError
        A name that is no plain word or is taken, an unknown outcome, a full disk.
    """
    where = f"notebooks/{name}"
    if not NAME.fullmatch(name):
        raise ZgzxError(
            f"{name!r} cannot be the name of a page",
            where="notebooks",
            remedy="Use lower-case letters, digits and _, e.g. 8_utility_models.",
        )
    if (root / where).exists():
        raise ZgzxError(
            "there is such a page already",
            where=where,
            remedy="Choose another name, or delete the folder first.",
        )
    outcome_row(outcome)
    written = []
    for file in sorted(path for path in TEMPLATE.iterdir() if path.is_file()):
        text = file.read_text(encoding="utf-8").replace(PAGE, name).replace(OUTCOME, outcome)
        language = file.name.partition(".")[0]
        if language in LANGUAGES:
            text = text.replace(TITLE, word_or_code("outcome", outcome, language))
        write_whole(root / where / file.name, text.encode("utf-8"))
        written.append(Path(where) / file.name)
    return written
