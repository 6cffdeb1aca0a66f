"""The counts of a report as it was published, which later editions must not be subtracted from.

`zgzx publish` keeps them beside the headlines: counts that are facts, and the tables of counts of
figures. The next study finds them by `[changes] since`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from zgzx_research.evidence.earlier_counts import NOTHING, EarlierCounts
from zgzx_research.evidence.facts import Fact, is_withheld
from zgzx_research.pipeline.place import Place
from zgzx_research.study import Study

COUNTS, TABLES = "counts", "tables"  # their places in `studies/<name>.published.json`


def table_json(counts: pd.DataFrame) -> dict[str, Any]:
    """Return a table of counts for JSON; a count that is blank is None.

    Parameters
    ----------
    counts : DataFrame
        As shown (Int64), rows and columns named by text or number.
    """
    values = counts.astype("Int64").astype(object)
    return {
        "rows": [str(name) for name in counts.index],
        "columns": [str(name) for name in counts.columns],
        "values": [[None if pd.isna(one) else int(one) for one in row] for row in values.values],
    }


def table_frame(said: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table of counts from JSON: Int64, missing where blank."""
    frame = pd.DataFrame(said["values"], index=said["rows"], columns=said["columns"])
    return frame.astype("Int64")


def shown_counts(facts: Mapping[str, Fact]) -> dict[str, int | None]:
    """Return the facts that are whole numbers of something, None where one is withheld."""
    counts = {key: one for key, one in sorted(facts.items()) if one["unit"] == "count"}
    return {
        key: one["value"]
        for key, one in counts.items()
        if is_withheld(one) or isinstance(one["value"], int)
    }


def published_parts(facts: Mapping[str, Fact], tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `zgzx publish` keeps of the counts of all pages."""
    return {COUNTS: shown_counts(facts), TABLES: dict(sorted(tables.items()))}


def earlier_file(root: Path, study: Study) -> tuple[Path, ...]:
    """Return the file of what the earlier study published, where there is one."""
    if study.changes.since is None:
        return ()
    path = Place(root, study.changes.since, root).published
    return (path,) if path.is_file() else ()


def earlier_counts(root: Path, study: Study | None) -> EarlierCounts:
    """Read the counts that the earlier study published, `[changes] since`; none without one.

    Parameters
    ----------
    root : Path
        The project folder.
    study : Study or None
        The study of today; None for a panel without a study file.

    Raises
    ------
    ZgzxError
        A damaged file.
    """
    from zgzx_research.pipeline.published import read_published

    if study is None or not earlier_file(root, study):
        return NOTHING
    content = read_published(Place(root, str(study.changes.since), root)) or {}
    tables: Iterable[tuple[str, Any]] = content.get(TABLES, {}).items()
    return EarlierCounts(
        content.get(COUNTS, {}), {name: table_frame(said) for name, said in tables}
    )
