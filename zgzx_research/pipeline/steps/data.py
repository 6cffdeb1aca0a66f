"""From raw files to panels: inputs, outputs and body of each step in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from zgzx_research.engine import DUCKDB, Engine, running
from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline import store
from zgzx_research.pipeline.build import Step
from zgzx_research.pipeline.place import LINK_TABLES, PANEL_TABLES, SOURCES, Place

if TYPE_CHECKING:
    from zgzx_research.link.link_firms import FirmLinks
    from zgzx_research.link.link_people import PeopleLinks
    from zgzx_research.study import Study  # its settings decide what runs, not its code

ALL_TABLES = dict.fromkeys(sorted(name for tables in SOURCES.values() for name in tables))
PANEL_INPUTS = dict.fromkeys(
    ("roster", "entry", "score", "programme")
) | {  # the largest are read in part
    "patent": ["app_no", "type", "filed", "dual_app_no", "title_hash"],
    "patent_party": ["file", "sheet", "row", "part", "role", "app_no"],
}
PART_ENDINGS = (".parquet", ".non_data.parquet", ".json")  # what cleaning one source leaves
NUMBERED = r"[a-z]+/\d{3,}"  # a file by its number


def steps(
    place: Place,
    study: Study,
    files: Mapping[str, Sequence[Path]],
    numbers: Mapping[Path, str],
    key: bytes,
) -> list[Step]:
    """Make all steps from raw files to panels.

    Parameters
    ----------
    place : Place
        Where the study's files are.
    study : Study
        The study file.
    files : mapping
        Source to its raw files.
    numbers : mapping
        Raw file to its number, which is written in place of its name.
    key : bytes
        Secret key of the pseudonyms.

    Returns
    -------
    list of Step
        Cleaning of each source, then the collected quarantine, links and panels.
    """
    cleaning = [_clean_step(place, study, source, files, numbers, key) for source in SOURCES]
    return [*cleaning, _collect_step(place), _link_step(place, study), _panels_step(place, study)]


def _clean_step(
    place: Place,
    study: Study,
    source: str,
    files: Mapping[str, Sequence[Path]],
    numbers: Mapping[Path, str],
    key: bytes,
) -> Step:
    """Make the step that cleans one source."""
    deliveries = study.raw.deliveries_of(source)
    decided = place.decision_files()
    corrections = [decided["corrections"]] if "corrections" in decided else []
    fingerprint = store.digest(b"pseudonym key" + key)[:12]
    return Step(
        name=f"clean.{source}",
        run=partial(clean, place, source, key, deliveries),
        inputs=(*files[source], *corrections),
        outputs=(*place.stage("clean", *SOURCES[source]), *_parts(place, source)),
        settings=[fingerprint, deliveries],
        numbers={path: numbers[path] for path in files[source]},
    )


def clean(place: Place, source: str, key: bytes, deliveries: Sequence[str] = ()) -> None:
    """Clean the raw files of a source into tables, quarantine and ledger."""
    from zgzx_research.cleaning import sources
    from zgzx_research.cleaning.corrections import read_corrections
    from zgzx_research.cleaning.non_data_list import non_data_rows
    from zgzx_research.ingest.read import RawTables, read_raw
    from zgzx_research.pipeline.place import raw_files

    corrections = read_corrections(place.decisions / "corrections.csv")
    if raw_files(place.raw, source):
        tables = read_raw(place.raw, source)
        cleaned = sources.clean(
            tables, source, key=key, corrections=corrections, deliveries=deliveries
        )
    else:  # empty tables take the place of what an earlier run may have left
        tables, cleaned = RawTables(), sources.nothing_to_clean(SOURCES[source])
    for name, table in cleaned.tables.items():
        store.write_table(place.stage("clean", name)[0], table)
    quarantine, non_data, ledger = _parts(place, source)
    store.write_table(quarantine, cleaned.quarantine)
    store.write_table(non_data, non_data_rows(tables, source))
    store.write_json(ledger, cleaned.ledger)


def _parts(place: Place, source: str) -> tuple[Path, ...]:
    """Return the paths of quarantine, non-data rows and ledger of one source."""
    folder = place.work / "clean" / "parts"
    return tuple(folder / f"{source}{ending}" for ending in PART_ENDINGS)


def _collect_step(place: Place) -> Step:
    """Make the step that joins the quarantines and ledgers of all sources."""
    whole = place.work / "clean"
    return Step(
        name="clean.collect",
        run=partial(collect, place),
        inputs=tuple(path for source in SOURCES for path in _parts(place, source)),
        outputs=(*place.stage("clean", "quarantine"), whole / "audit.xlsx", whole / "ledger.json"),
    )


def collect(place: Place) -> None:
    """Join the parts of all sources to one quarantine, one audit workbook and one ledger."""
    from zgzx_research.cleaning.audit_workbook import write_audit

    parts = {source: _parts(place, source) for source in SOURCES}
    quarantines = [pd.read_parquet(quarantine) for quarantine, _, _ in parts.values()]
    filled = [part for part in quarantines if len(part)] or quarantines[:1]
    quarantine = pd.concat(filled, ignore_index=True)
    store.write_table(place.stage("clean", "quarantine")[0], quarantine)
    non_data = pd.concat(
        [pd.read_parquet(non_data) for _, non_data, _ in parts.values()], ignore_index=True
    )
    words = _words("reason", quarantine["reason"]) | _words("non_data_row", non_data["kind"])
    write_audit(quarantine, place.work / "clean" / "audit.xlsx", words, non_data)
    ledger = {source: store.read_json(path) for source, (_, _, path) in parts.items()}
    store.write_json(place.work / "clean" / "ledger.json", {"sources": ledger})


def _words(family: str, codes: pd.Series) -> dict[str, tuple[str, str]]:
    """Return each code with its words in Chinese and English."""
    from zgzx_research.report.wording import word_or_code

    return {
        code: (word_or_code(family, code, "zh"), word_or_code(family, code, "en"))
        for code in codes.unique()
    }


def clean_tables(
    place: Place, wanted: Mapping[str, Sequence[str] | None] = ALL_TABLES
) -> dict[str, pd.DataFrame]:
    """Read the clean tables that exist, by name; of a table some columns, or all (None)."""
    paths = {name: place.stage("clean", name)[0] for name in wanted}
    return {
        name: pd.read_parquet(path, columns=wanted[name])
        for name, path in paths.items()
        if path.is_file()
    }


def _all_clean(place: Place) -> tuple[Path, ...]:
    """Return the paths of all clean tables."""
    return place.stage("clean", *(table for tables in SOURCES.values() for table in tables))


def _link_step(place: Place, study: Study) -> Step:
    """Make the step that links records to firms and persons."""
    decided = place.decision_files()
    links = [decided["links"]] if "links" in decided else []
    return Step(
        name="link",
        run=partial(link, place, engine_of(study)),
        inputs=(*_all_clean(place), place.calendar, *links),
        outputs=(*place.stage("link", *LINK_TABLES), place.review_workbook),
        settings=[study.engine.name],
    )


def link(place: Place, engine: Engine = DUCKDB) -> None:
    """Link the records of all sources to firms and persons."""
    from zgzx_research.link.audit import linkage_rates
    from zgzx_research.link.clean_rows import month_lines
    from zgzx_research.link.decisions import read_decisions
    from zgzx_research.link.link_firms import link_firms
    from zgzx_research.link.link_people import link_people
    from zgzx_research.link.review_workbook import write_review

    calendar = pd.read_csv(place.calendar)
    tables, months = month_lines(clean_tables(place))
    firms = link_firms(tables, calendar, read_decisions(place.decisions / "links.csv"))
    with running(engine):
        people = link_people(tables, firms, calendar, months=months, engine=engine)
    audit = pd.concat([firms.link_audit, people.link_audit], ignore_index=True)
    linked = {
        "firm": firms.firm,
        "firm_name": firms.firm_name,
        "link_audit": audit,
        "link_review": firms.link_review,
        "worker": people.worker,
        "spell_worker": people.spell_worker,
        "employment": people.employment,
        "wage_base": people.wage_base,
        "linkage_rates": linkage_rates(audit, tables["roster"], tables["entry"]),
    }
    for name, table in linked.items():
        store.write_table(place.stage("link", name)[0], table)
    write_review(firms.link_review, firms.firm, place.review_workbook)


def _panels_step(place: Place, study: Study) -> Step:
    """Make the step that builds the panels."""
    settings = [
        study.study.years,
        study.retention.months,
        study.retention.gap,
        study.patents.model_dump(mode="json"),
        sorted(study.needed_sources),
        study.engine.name,
    ]
    return Step(
        name="panels",
        run=partial(panels, place, study),
        inputs=(*_all_clean(place), *place.stage("link", *LINK_TABLES), place.calendar),
        outputs=place.stage("panels", *PANEL_TABLES),
        settings=settings,
    )


def panels(place: Place, study: Study) -> None:
    """Build the panels of firms, of their entries and of persons."""
    from zgzx_research.panels.firm_entries import build_firm_entries
    from zgzx_research.panels.firm_year import check_coverage
    from zgzx_research.panels.inventions_without_finalists import build_inventions_without_finalists
    from zgzx_research.panels.treatment import check_editions

    tables = clean_tables(place, PANEL_INPUTS)
    months = pd.read_parquet(place.stage("clean", "si_month")[0], columns=["period_ym"])
    firms, people = read_links(place)
    calendar = pd.read_csv(place.calendar)
    check_editions(tables["roster"], calendar)
    asked = [source for source in study.needed_sources if source in ("patents", "employment")]
    employment = people.employment
    check_coverage(tables["patent"], employment, *study.study.years, months, sources=asked)
    engine = engine_of(study)
    with running(engine):
        panel = firm_year(study, tables, calendar, firms, people)
        finals = worker_final(study, tables, calendar, firms, people)
        inventions = build_inventions_without_finalists(
            tables,
            firms,
            people,
            firm_year=panel,
            worker_final=finals,
            holder=study.patents.holder,
            joint=study.patents.joint,
            engine=engine,
        )
    made = {
        "firm_year": panel,
        "firm_entries": build_firm_entries(tables, firms, people, calendar=calendar),
        "worker_final": finals,
        "inventions_without_finalists": inventions,
    }
    for name, table in made.items():
        store.write_table(place.stage("panels", name)[0], table)


def engine_of(study: Study) -> Engine:
    """Return the engine of a study file; Spark takes its options as text."""
    asked = study.engine
    options = {name: _as_spark(value) for name, value in asked.spark.options.items()}
    return Engine(asked.name, asked.spark.master, options)


def _as_spark(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_links(place: Place) -> tuple[FirmLinks, PeopleLinks]:
    """Read the links of firms and of persons that the panels need."""
    from zgzx_research.link.link_firms import FirmLinks
    from zgzx_research.link.link_people import PeopleLinks

    firm, employment, wage_base = (
        pd.read_parquet(place.stage("link", name)[0])
        for name in ("firm", "employment", "wage_base")
    )
    # the links of the insurance are in `employment` by now, and are most of the rows
    audit = pd.read_parquet(
        place.stage("link", "link_audit")[0], filters=[("source", "not in", SOURCES["employment"])]
    )
    by_entity = {
        entity: audit[audit["entity"].eq(entity)].reset_index(drop=True)
        for entity in ("firm", "worker")
    }
    return (
        FirmLinks(firm=firm, link_audit=by_entity["firm"]),
        PeopleLinks(employment=employment, link_audit=by_entity["worker"], wage_base=wage_base),
    )


def firm_year(
    study: Study,
    tables: dict[str, pd.DataFrame],
    calendar: pd.DataFrame,
    firms: FirmLinks,
    people: PeopleLinks,
) -> pd.DataFrame:
    """Build the panel of firms by a study's settings."""
    from zgzx_research.panels.firm_year import build_firm_year

    first_year, last_year = study.study.years
    return build_firm_year(
        tables,
        firms,
        people,
        first_year=first_year,
        last_year=last_year,
        patent_truncation=study.patents_until,
        calendar=calendar,
        longest_break=study.retention.gap,
        holder=study.patents.holder,
        joint=study.patents.joint,
        dual=study.patents.dual,
        engine=engine_of(study),
    )


def worker_final(
    study: Study,
    tables: dict[str, pd.DataFrame],
    calendar: pd.DataFrame,
    firms: FirmLinks,
    people: PeopleLinks,
) -> pd.DataFrame:
    """Build the panel of persons by a study's settings."""
    from zgzx_research.panels.worker_final import build_worker_final

    return build_worker_final(
        tables,
        firms,
        people,
        calendar=calendar,
        longest_break=study.retention.gap,
        patent_truncation=study.patents_until,
        engine=engine_of(study),
    )


def check_corrections(place: Place) -> None:
    """Refuse corrections of files that no step reads.

    Parameters
    ----------
    place : Place
        Where the study's decisions are.

    Raises
    ------
    ZgzxError
        Files of no known source; files by name, which may be personal.
    """
    from zgzx_research.cleaning.corrections import read_corrections
    from zgzx_research.ingest.file_numbers import LIST

    files = read_corrections(place.decisions / "corrections.csv")["file"]
    where = f"data/decisions/{place.name}/corrections.csv"
    unknown = files[~files.str.split("/").str[0].isin(SOURCES)]
    if len(unknown):
        raise ZgzxError(
            "corrections of files of no known source",
            where=where,
            count=len(unknown),
            examples=unknown,
            remedy=f"Known: {', '.join(SOURCES)}; correct or delete the lines.",
        )
    named = ~files.str.fullmatch(NUMBERED)
    if named.any():
        raise ZgzxError(
            "corrections that name files instead of their numbers",
            where=where,
            count=int(named.sum()),
            examples=[f"line {row + 2}" for row in named[named].index],
            remedy="Delete these lines and decide again in a new audit workbook; "
            f"{LIST} beside the raw files says which number a file has.",
        )
