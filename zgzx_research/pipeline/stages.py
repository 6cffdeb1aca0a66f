"""What each stage of a study does: read stage files, call its room, write stage files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from zgzx_research.cleaning.secret_key import SYNTHETIC_KEY
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.file_numbers import LIST
from zgzx_research.pipeline import store
from zgzx_research.study import OutcomeName, Study

if TYPE_CHECKING:
    from zgzx_research.did.effects import Effects
    from zgzx_research.link.link_firms import FirmLinks
    from zgzx_research.link.link_people import PeopleLinks

SOURCES = {
    "roster": ("roster",),
    "registry": ("registry", "registry_name", "registry_event"),
    "employment": ("spell", "si_month", "dispatch"),
    "patents": ("patent", "patent_party"),
    "scores": ("entry", "score"),
    "programmes": ("programme", "cost", "participation", "district_year"),
}
LINK_TABLES = (
    "firm",
    "firm_name",
    "worker",
    "spell_worker",
    "employment",
    "link_audit",
    "link_review",
    "linkage_rates",
)
PANEL_TABLES = ("firm_year", "worker_final")
ALL_TABLES = dict.fromkeys(sorted(name for tables in SOURCES.values() for name in tables))
PANEL_INPUTS = dict.fromkeys(
    ("roster", "entry", "programme")
) | {  # the largest tables are read in part
    "patent": ["app_no", "type", "filed", "dual_app_no", "title_hash"],
    "patent_party": ["file", "sheet", "row", "part", "role", "app_no"],
}
CALENDAR = "data/published/edition_calendar.csv"
ROLES = {"unit": "firm_id", "period": "year", "first_treated": "first_award"}


@dataclass(frozen=True)
class Place:
    """Where a study's files are.

    Attributes
    ----------
    root : the project folder. name : the study's name. raw : the agencies' files.
    """

    root: Path
    name: str
    raw: Path

    @property
    def work(self) -> Path:
        """Stage files of the study."""
        return self.root / "data" / "work" / self.name

    @property
    def reports(self) -> Path:
        """Reports of the study."""
        return self.root / "reports" / self.name

    @property
    def decisions(self) -> Path:
        """What people decided about cells and links: `corrections.csv`, `links.csv`.

        Either may be absent.
        """
        return self.root / "data" / "decisions" / self.name

    @property
    def review_workbook(self) -> Path:
        """Candidates for records without a firm, to be filled in and handed back."""
        return self.work / "link" / "link_review.xlsx"

    def stage(self, stage: str, *names: str) -> tuple[Path, ...]:
        """Parquet files of a stage."""
        return tuple(self.work / stage / f"{name}.parquet" for name in names)


def secret_key(study: Study, root: Path, synthetic: bool) -> bytes:
    """The key of the pseudonyms: the study's own, or for synthetic people without one a fixed key.

    Raises
    ------
    ZgzxError : real data without a key file; a key inside the repository, readable by others, or
        too short.
    """
    if synthetic and study.privacy.key_file is None:
        return SYNTHETIC_KEY
    where = f"studies/{study.study.name}.toml"
    if study.privacy.key_file is None:
        raise ZgzxError(
            "real data need a secret key for the pseudonyms, and [privacy] key_file names none",
            where=where,
            remedy="Make one outside the project: head -c 32 /dev/urandom > ~/zgzx.key && chmod 600 ~/zgzx.key",
        )
    path = Path(study.privacy.key_file).expanduser()
    if not path.is_file():
        raise ZgzxError(
            "[privacy] key_file names no file", where=where, remedy="Make it, or mend the path."
        )
    if path.resolve().is_relative_to(root.resolve()):
        raise ZgzxError(
            "the key file lies inside the project",
            where=where,
            remedy="Move it out of the repository.",
        )
    if path.stat().st_mode & 0o077:
        raise ZgzxError(
            "others can read the key file",
            where=where,
            remedy=f"chmod 600 {study.privacy.key_file}",
        )
    key = path.read_bytes().strip()
    if len(key) < 16:
        raise ZgzxError("the key has fewer than 16 bytes", where=where, remedy="Make a longer one.")
    return key


def raw_files(raw: Path, source: str) -> list[Path]:
    """Files of a source, by name; hidden ones do not count.

    An optional source may have no folder.
    """
    found = (raw / source).rglob("*")
    return sorted(path for path in found if path.is_file() and path.name[0] not in ".~")


def check_corrections(place: Place) -> None:
    """Every correction must be about a file of a known source: no step would ever read another.

    Raises
    ------
    ZgzxError : files of no known source; files by name, which may be personal.
    """
    from zgzx_research.cleaning.corrections import read_corrections

    files = read_corrections(place.decisions / "corrections.csv")["file"]
    where = f"data/decisions/{place.name}/corrections.csv"
    lost = files[~files.str.split("/").str[0].isin(SOURCES)]
    if len(lost):
        raise ZgzxError(
            "corrections of files of no known source",
            where=where,
            count=len(lost),
            examples=lost,
            remedy=f"Known: {', '.join(SOURCES)}; mend or delete the lines.",
        )
    named = ~files.str.fullmatch(r"[a-z]+/\d{3,}")
    if named.any():
        raise ZgzxError(
            "corrections that name files instead of their numbers",
            where=where,
            count=int(named.sum()),
            examples=[f"line {row + 2}" for row in named[named].index],
            remedy=f"Delete these lines and decide again in a new audit workbook; {LIST} beside the raw files says "
            "which number a file has.",
        )


def clean(place: Place, source: str, key: bytes, deliveries: Sequence[str] = ()) -> None:
    """Raw files of a source into clean tables, quarantine and ledger.

    Personal text stays in memory.
    """
    from zgzx_research.cleaning import sources
    from zgzx_research.cleaning.corrections import read_corrections
    from zgzx_research.cleaning.non_data_list import non_data_rows
    from zgzx_research.ingest.read import RawTables, read_raw

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
    store.write_table(place.stage("clean/parts", source)[0], cleaned.quarantine)
    store.write_table(
        place.stage("clean/parts", f"{source}.non_data")[0], non_data_rows(tables, source)
    )
    store.write_json(place.work / "clean" / "parts" / f"{source}.json", cleaned.ledger)


def collect(place: Place) -> None:
    """One quarantine, one audit workbook and one ledger from the sources' parts."""
    from zgzx_research.cleaning.audit_workbook import write_audit
    from zgzx_research.report.wording import word_or_code

    parts = [pd.read_parquet(path) for path in place.stage("clean/parts", *SOURCES)]
    filled = [part for part in parts if len(part)] or parts[:1]
    quarantine = pd.concat(filled, ignore_index=True)
    store.write_table(place.stage("clean", "quarantine")[0], quarantine)
    words = {
        code: (word_or_code("reason", code, "zh"), word_or_code("reason", code, "en"))
        for code in quarantine["reason"].unique()
    }
    left_out = pd.concat(
        [
            pd.read_parquet(path)
            for path in place.stage("clean/parts", *(f"{source}.non_data" for source in SOURCES))
        ],
        ignore_index=True,
    )
    words |= {
        kind: (word_or_code("non_data_row", kind, "zh"), word_or_code("non_data_row", kind, "en"))
        for kind in left_out["kind"].unique()
    }
    write_audit(quarantine, place.work / "clean" / "audit.xlsx", words, left_out)
    ledger = {
        source: store.read_json(place.work / "clean" / "parts" / f"{source}.json")
        for source in SOURCES
    }
    store.write_json(place.work / "clean" / "ledger.json", {"sources": ledger})


def clean_tables(
    place: Place, wanted: Mapping[str, Sequence[str] | None] = ALL_TABLES
) -> dict[str, pd.DataFrame]:
    """The clean tables there are, by name; of a table some columns, or all (None)."""
    paths = {name: place.stage("clean", name)[0] for name in wanted}
    return {
        name: pd.read_parquet(path, columns=wanted[name])
        for name, path in paths.items()
        if path.is_file()
    }


def link(place: Place) -> None:
    """Firms and persons."""
    from zgzx_research.link.audit import linkage_rates
    from zgzx_research.link.clean_rows import month_lines
    from zgzx_research.link.decisions import read_decisions
    from zgzx_research.link.link_firms import link_firms
    from zgzx_research.link.link_people import link_people
    from zgzx_research.link.review_workbook import write_review

    calendar = pd.read_csv(place.root / CALENDAR)
    tables, months = month_lines(clean_tables(place))
    firms = link_firms(tables, calendar, read_decisions(place.decisions / "links.csv"))
    people = link_people(tables, firms, calendar, months=months)
    audit = pd.concat([firms.link_audit, people.link_audit], ignore_index=True)
    linked = {
        "firm": firms.firm,
        "firm_name": firms.firm_name,
        "link_audit": audit,
        "link_review": firms.link_review,
        "worker": people.worker,
        "spell_worker": people.spell_worker,
        "employment": people.employment,
        "linkage_rates": linkage_rates(audit, tables["roster"], tables["entry"]),
    }
    for name, table in linked.items():
        store.write_table(place.stage("link", name)[0], table)
    write_review(firms.link_review, firms.firm, place.review_workbook)


def panels(place: Place, study: Study) -> None:
    """The panels of firms and of persons."""
    from zgzx_research.panels.firm_year import check_coverage
    from zgzx_research.panels.treatment import check_editions
    from zgzx_research.panels.worker_final import build_worker_final

    tables = clean_tables(place, PANEL_INPUTS)
    months = pd.read_parquet(place.stage("clean", "si_month")[0], columns=["period_ym"])
    firms, people = read_links(place)
    calendar = pd.read_csv(place.root / CALENDAR)
    first_year, last_year = study.study.years
    check_editions(tables["roster"], calendar)
    told = [source for source in study.needed_sources if source in ("patents", "employment")]
    check_coverage(
        tables["patent"], people.employment, first_year, last_year, months, sources=told
    )
    store.write_table(
        place.stage("panels", "firm_year")[0], firm_year(study, tables, calendar, firms, people)
    )
    worker_final = build_worker_final(
        tables, firms, people, calendar=calendar, longest_break=study.retention.gap
    )
    store.write_table(place.stage("panels", "worker_final")[0], worker_final)


def read_links(place: Place) -> tuple[FirmLinks, PeopleLinks]:
    """What the panels need of the links of firms and of persons."""
    from zgzx_research.link.link_firms import FirmLinks
    from zgzx_research.link.link_people import PeopleLinks

    firm, employment = (
        pd.read_parquet(place.stage("link", name)[0]) for name in ("firm", "employment")
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
        PeopleLinks(employment=employment, link_audit=by_entity["worker"]),
    )


def firm_year(
    study: Study,
    tables: dict[str, pd.DataFrame],
    calendar: pd.DataFrame,
    firms: FirmLinks,
    people: PeopleLinks,
) -> pd.DataFrame:
    """The panel of firms by a study's settings."""
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
    )


def options(study: Study, outcome: OutcomeName, spec: str) -> dict[str, Any]:
    """Arguments of `estimate_effects` for an outcome and a specification."""
    chosen, how = study.estimate.outcomes[outcome], study.estimate.specs[spec]
    return {
        "scale": chosen.scale,
        "base_period": how.base_period or chosen.base_period,
        "controls": how.controls,
        "anticipation": how.anticipation,
        "leave_out": how.leave_out,
        "cohort_correction": how.cohort_correction,
    }


def estimate(place: Place, study: Study, outcome: OutcomeName, spec: str) -> None:
    """Effects of one outcome and specification."""
    panel = pd.read_parquet(place.stage("panels", "firm_year")[0])
    text = effects(study, outcome, spec, panel).to_json()
    store.write_text(place.work / "effects" / f"{outcome}.{spec}.json", text + "\n")


def effects(study: Study, outcome: OutcomeName, spec: str, panel: pd.DataFrame) -> Effects:
    """The same from a panel of firms."""
    from zgzx_research.pipeline import estimates

    left_out: tuple | None = None
    if outcome == "retention":
        from zgzx_research.panels.retention import large_enough

        whole, panel = panel, large_enough(panel, study.retention.min_staff)
        gone = whole[~whole["firm_id"].isin(panel["firm_id"])]
        left_out = (
            "units",
            "too few staff in the first year seen",
            len(gone),
            gone["firm_id"].nunique(),
            (),
        )
    return estimates.estimate(
        panel, ROLES | {"outcome": outcome}, options(study, outcome, spec), left_out
    )


def lock_digest(root: Path) -> str:
    """Short digest of the dependency lock."""
    lock = root / "requirements.lock"
    return store.file_digest(lock)[:12] if lock.is_file() else "unknown"


def root_version(root: Path) -> str:
    """Version in pyproject.toml, or the package's own when the project is installed elsewhere."""
    import zgzx_research

    path = root / "pyproject.toml"
    if not path.is_file():
        return zgzx_research.__version__
    return tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"]
