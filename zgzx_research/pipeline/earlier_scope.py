"""What an earlier study covered (years, editions, ends of exports), and later data cut to it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from zgzx_research.panels.retention import last_month
from zgzx_research.pipeline.claim_estimates import Panels
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.steps import data
from zgzx_research.study import Study

if TYPE_CHECKING:
    from zgzx_research.link.link_people import PeopleLinks

LISTS = ("roster", "entry", "score")  # tables with a column `edition`


@dataclass(frozen=True)
class Scope:
    """What an earlier study could see.

    Attributes
    ----------
    years : tuple of int
        First and last year of its panel.
    editions : frozenset of int
        Editions of its rosters and score sheets.
    patents_until : datetime.date
        Date of its patent export.
    insured_until : int
        Last month (YYYYMM) of its employment records.
    """

    years: tuple[int, int]
    editions: frozenset[int]
    patents_until: dt.date
    insured_until: int


def scope_of(place: Place, study: Study) -> Scope:
    """Read the scope of a study from its own files.

    Parameters
    ----------
    place : Place
        Where the study's files are; its data must have been built.
    study : Study
        Its study file.

    Returns
    -------
    Scope
        Years and patent export from the study file, the others from its data.
    """
    lists = [pd.read_parquet(place.stage("clean", name)[0]) for name in ("roster", "entry")]
    months = pd.read_parquet(place.stage("link", "employment")[0], columns=["start_ym", "end_ym"])
    return Scope(
        years=study.study.years,
        editions=frozenset(int(one) for table in lists for one in table["edition"].unique()),
        patents_until=study.patents_until,
        insured_until=last_month(months),
    )


def read_panels(place: Place) -> Panels:
    """Read the panels of a study as they were built."""
    names = ("firm_year", "firm_entries", "worker_final")
    return Panels(*(pd.read_parquet(place.stage("panels", name)[0]) for name in names))


def panels_in_scope(place: Place, study: Study, scope: Scope) -> Panels:
    """Build the panels of a study as if its deliveries had ended where those of a scope end.

    Parameters
    ----------
    place : Place
        Where the files of the study are.
    study : Study
        Its settings; years and patent export are those of the scope.
    scope : Scope
        Years, editions and ends of the exports.

    Returns
    -------
    Panels
        In memory only. Later editions, patents filed later and later months of insurance are left
        out; rows about the years and editions of the scope that came later, or were corrected, are
        in.
    """
    from zgzx_research.panels.firm_entries import build_firm_entries

    tables = _tables_in_scope(data.clean_tables(place, data.PANEL_INPUTS), scope)
    firms, people = data.read_links(place)
    people = _insured_in_scope(people, scope)
    calendar = pd.read_csv(place.calendar)
    settings = in_scope(study, scope)
    return Panels(
        data.firm_year(settings, tables, calendar, firms, people),
        build_firm_entries(tables, firms, people, calendar=calendar),
        data.worker_final(settings, tables, calendar, firms, people),
    )


def in_scope(study: Study, scope: Scope) -> Study:
    """Return a study file with the years and the patent export of a scope."""
    own = study.study.model_copy(update={"years": scope.years})
    patents = study.patents.model_copy(update={"truncation": scope.patents_until})
    return study.model_copy(update={"study": own, "patents": patents})


def _tables_in_scope(tables: dict[str, pd.DataFrame], scope: Scope) -> dict[str, pd.DataFrame]:
    """Leave out later editions, and patents filed after the export."""
    kept = dict(tables)
    for name in LISTS:
        if name in kept:
            kept[name] = kept[name][kept[name]["edition"].isin(scope.editions)]
    patent = kept["patent"]
    kept["patent"] = patent[patent["filed"].le(pd.Timestamp(scope.patents_until))]
    return {name: table.reset_index(drop=True) for name, table in kept.items()}


def _insured_in_scope(people: PeopleLinks, scope: Scope) -> PeopleLinks:
    """End the employment records and contribution bases with the last month of the scope."""
    end = scope.insured_until
    spells = people.employment[people.employment["start_ym"].le(end)]
    spells = spells.assign(end_ym=spells["end_ym"].clip(upper=end)).reset_index(drop=True)
    bases = people.wage_base[people.wage_base["period_ym"].le(end)].reset_index(drop=True)
    return replace(people, employment=spells, wage_base=bases)
