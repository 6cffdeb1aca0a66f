"""Clean the raw tables of a source by the function for this source."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from zgzx_research.cleaning.clean_employment import clean_employment
from zgzx_research.cleaning.clean_patents import clean_patents
from zgzx_research.cleaning.clean_programmes import clean_programmes
from zgzx_research.cleaning.clean_registry import clean_registry
from zgzx_research.cleaning.clean_roster import clean_roster
from zgzx_research.cleaning.clean_scores import clean_scores
from zgzx_research.cleaning.cleaned import Cleaned
from zgzx_research.cleaning.corrections import apply_corrections
from zgzx_research.cleaning.deliveries import with_deliveries
from zgzx_research.cleaning.quarantine import no_entries
from zgzx_research.cleaning.schemas import empty
from zgzx_research.cleaning.secret_key import check_key
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import RawTable

CLEANERS: dict[str, Callable[[Sequence[RawTable], bytes], Cleaned]] = {
    "roster": clean_roster,
    "registry": clean_registry,
    "employment": clean_employment,
    "patents": clean_patents,
    "scores": clean_scores,
    "programmes": clean_programmes,
}


def clean(
    raw: Sequence[RawTable],
    source: str,
    *,
    key: bytes,
    corrections: pd.DataFrame | None = None,
    deliveries: Sequence[str] = (),
) -> Cleaned:
    """Clean the raw tables of one source.

    Values are parsed and checked, doubles are removed, and persons become keyed pseudonyms. No row
    is lost without a reason: it is in a table, in the quarantine or among the non-data rows.

    Parameters
    ----------
    raw : sequence of RawTable
        The tables from `read_raw`.
    source : str
        The source they are of: "roster", "registry", "employment", "patents", "scores" or
        "programmes".
    key : bytes
        The secret key of the pseudonyms, at least 16 random bytes kept outside the project. The
        same key must be used for all sources, for pseudonyms are compared when records are linked.
        For synthetic people `SYNTHETIC_KEY` (b"synthetic") is enough.
    corrections : pandas.DataFrame, optional
        Decisions of a clerk on cells and rows, from `cleaning.corrections.read_corrections`; those
        on other sources have no effect.
    deliveries : sequence of str, default ()
        Numbers of files ("registry/001"), the oldest delivery first, where neither names nor
        contents say which delivery is newer.

    Returns
    -------
    Cleaned
        `tables` (by name, columns as in data/README.md), `ledger` (rows in, kept, quarantined and
        non-data rows per sheet) and `quarantine` (a row per value or row not taken, with the
        reason; personal text is masked).

    Raises
    ------
    ZgzxError
        An unknown source, tables of another source, a short key, corrections that fit no row.
    """
    if source not in CLEANERS:
        raise ZgzxError(
            f"no cleaning for the source {source}", remedy=f"Known sources: {', '.join(CLEANERS)}."
        )
    others = [table.file for table in raw if table.profile.source != source]
    if others:
        raise ZgzxError(
            f"the raw tables are not of the source {source}",
            count=len(others),
            examples=others,
            remedy="Give `read_raw` and `clean` the same source.",
        )
    check_key(key)
    if corrections is not None and len(corrections):
        raw = apply_corrections(raw, corrections, source, key)
    return CLEANERS[source](with_deliveries(raw, deliveries), key)


def nothing_to_clean(tables: Sequence[str]) -> Cleaned:
    """Return the result for a source without files: these clean tables without a row."""
    return Cleaned({name: empty(name) for name in tables}, no_entries(), [])
