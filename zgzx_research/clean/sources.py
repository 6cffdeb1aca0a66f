"""Which function cleans which source."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from zgzx_research.clean.cleaned import Cleaned
from zgzx_research.clean.corrections import apply_corrections
from zgzx_research.clean.deliveries import with_deliveries
from zgzx_research.clean.employment import clean_employment
from zgzx_research.clean.patents import clean_patents
from zgzx_research.clean.programmes import clean_programmes
from zgzx_research.clean.quarantine import no_entries
from zgzx_research.clean.registry import clean_registry
from zgzx_research.clean.roster import clean_roster
from zgzx_research.clean.schemas import empty
from zgzx_research.clean.scores import clean_scores
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


def clean_source(
    tables: Sequence[RawTable],
    source: str,
    key: bytes,
    corrections: pd.DataFrame | None = None,
    deliveries: Sequence[str] = (),
) -> Cleaned:
    """Clean the raw tables of one source; `key` makes the pseudonyms of persons.

    corrections : a clerk's decisions, as `clean.corrections.read_corrections` gives them; those on
        other sources are left alone.
    deliveries : numbers of files, the oldest delivery first, where neither names nor contents say
        when it was made.
    """
    if source not in CLEANERS:
        raise ZgzxError(
            f"no cleaning for the source {source}", remedy=f"Known sources: {', '.join(CLEANERS)}."
        )
    if corrections is not None and len(corrections):
        tables = apply_corrections(tables, corrections, source, key)
    return CLEANERS[source](with_deliveries(tables, deliveries), key)


def nothing_to_clean(tables: Sequence[str]) -> Cleaned:
    """What a source without files comes to: these clean tables without a row."""
    return Cleaned({name: empty(name) for name in tables}, no_entries(), [])
