"""`zgzx changes`: compare two studies of this project in the terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from rich.table import Table

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.claims import read_claims
from zgzx_research.pipeline import store
from zgzx_research.pipeline.changes import Comparison, compare
from zgzx_research.pipeline.changes_facts import changes_frame
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.run import data_up_to_date
from zgzx_research.report.tables.changes_table import changes_table
from zgzx_research.study import load_study


def changes_between(
    root: Path, old: str, new: str, *, language: str = "en", say: Callable[[str], None]
) -> tuple[Table, Path]:
    """Compare the headlines of two studies, and write the result.

    Parameters
    ----------
    root : Path
        The project folder.
    old, new : str
        The earlier study and the present one; their data are brought up to date first.
    language : str, default "en"
        Of the table: "zh" or "en".
    say : callable
        Prints a line.

    Returns
    -------
    table : rich.table.Table
        A row for each claim and level.
    path : Path
        `data/work/<new>/changes_since_<old>.json`, what the table was made from.

    Raises
    ------
    ZgzxError
        One study twice, an unknown one, or data of the present one that cannot be built.
    """
    if old == new:
        remedy = "Name an earlier study first, then the present one."
        raise ZgzxError("one study cannot be compared with itself", where=old, remedy=remedy)
    studies = {name: load_study(root, name) for name in (old, new)}
    places = {
        name: Place(root, name, (root / study.raw.path).resolve())
        for name, study in studies.items()
    }
    for name in (old, new):
        data_up_to_date(root, places[name], studies[name], say)
    if not places[new].stage("panels", "firm_year")[0].is_file():
        raise ZgzxError("the study has no data", where=new, remedy="Put its raw files there.")
    comparison = Comparison(places[old], studies[old], places[new], studies[new])
    claims = read_claims(places[new].claims)
    found = compare(comparison, claims, say)
    path = places[new].work / f"changes_since_{old}.json"
    store.write_json(path, found)
    return terminal_table(changes_frame(found, claims), language), path


def terminal_table(frame: pd.DataFrame, language: str) -> Table:
    """Return the table of a report as one for the terminal."""
    made = changes_table(frame, language)
    if made is None:
        raise ZgzxError(
            "no primary claim can be compared",
            where="changes",
            remedy="Both studies need an outcome of a claim of the primary family.",
        )
    table = Table(title=made.caption, show_lines=False)
    for heading, side in zip(made.columns, made.align, strict=True):
        table.add_column(
            heading, justify="right" if side == "right" else "left", overflow="fold"
        )  # Chinese has no blanks
    for row in made.rows:
        if row[0]:
            table.add_section()
        table.add_row(*row)
    return table
