"""`zgzx check`: find all problems that would stop a run, in one pass; writes file numbers only.

The files are read, cleaned and linked to firms in memory, because some problems appear only then:
years that an export does not cover, editions without a roster, headline years that no edition
reaches, firms with too few staff.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from zgzx_research.engine import check_engine
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure_rules import with_stricter
from zgzx_research.pipeline import manifest
from zgzx_research.pipeline.freeze import plan_lines
from zgzx_research.pipeline.key_file import secret_key
from zgzx_research.pipeline.place import SOURCES, Place, raw_files
from zgzx_research.pipeline.run import missing_sources
from zgzx_research.pipeline.steps import data
from zgzx_research.study import Study, load_study

if TYPE_CHECKING:
    from zgzx_research.ingest.read import RawTable
    from zgzx_research.link.link_firms import FirmLinks

CHECK_KEY = b"a key for checking only"  # its pseudonyms are never written
PERSON_KEYS = ("id_key", "person_key", "name_key")  # of insured persons, the most reliable first
Tables = dict[str, pd.DataFrame]


@dataclass
class Check:
    """Result of a check.

    Attributes
    ----------
    lines : list of str
        What the files hold.
    problems : list of ZgzxError
        All problems.
    """

    lines: list[str] = field(default_factory=list)
    problems: list[ZgzxError] = field(default_factory=list)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note a problem of the block and go on after it."""
        try:
            yield
        except ZgzxError as problem:
            self.problems.append(problem)


def check_study(root: Path, name: str) -> Check:
    """Read study file, raw files and decisions as a run would, and note every problem.

    Parameters
    ----------
    root : Path
        The project folder.
    name : str
        The study.

    Returns
    -------
    Check
        Lines to print, and problems.

    Raises
    ------
    ZgzxError
        A study file that cannot be used (all its wrong keys are in one message).
    """
    study = load_study(root, name)
    place = Place(root, name, (root / study.raw.path).resolve())
    files = {source: raw_files(place.raw, source) for source in SOURCES}
    check = Check()
    absent = [source for source in study.needed_sources if not files[source]]
    if absent:
        check.problems.append(missing_sources(study, absent))
    key = _key(check, place, study, files)
    with check.noting():
        check_engine(data.engine_of(study))
    with check.noting():
        check.lines += plan_lines(place, study)
    with check.noting():
        data.check_corrections(place)
    tables, complete = _tables(check, place, study, files, key)
    _check_years(check, place, study, tables)
    if complete and not absent:
        _check_firms(check, place, study, tables)
    return check


def _key(check: Check, place: Place, study: Study, files: Mapping[str, list[Path]]) -> bytes:
    """Read the key of the pseudonyms; a key for this check where the study's cannot be used."""
    first, last = study.study.years
    all_files = [path for found in files.values() for path in found]
    synthetic = manifest.is_synthetic(place.raw, all_files)
    kind = "synthetic" if synthetic else "real"
    check.lines.append(f"study {place.name}: {first}–{last}, {kind} data")
    with check.noting():
        return secret_key(study, place.root, synthetic)
    return CHECK_KEY


def _tables(
    check: Check, place: Place, study: Study, files: Mapping[str, list[Path]], key: bytes
) -> tuple[Tables, bool]:
    """Return the clean tables (empty for sources without files), and whether all could be read."""
    from zgzx_research.cleaning.sources import nothing_to_clean

    tables: Tables = {}
    complete = True
    for source, names in SOURCES.items():
        count = len(files[source])
        if not count:
            if source not in study.needed_sources:
                check.lines.append(
                    f"{source}: no files; the report will say what it cannot show without them"
                )
            tables |= nothing_to_clean(names).tables
            continue

        found = _cleaned(check, place, source, count, key, study.raw.deliveries_of(source))
        complete &= found is not None
        tables |= found or {}
    return tables, complete


def _cleaned(
    check: Check, place: Place, source: str, files: int, key: bytes, deliveries: Sequence[str]
) -> Tables | None:
    """Clean a source; None where a file cannot be read or a correction fits no row."""
    from zgzx_research.cleaning.corrections import read_corrections
    from zgzx_research.cleaning.sources import clean
    from zgzx_research.ingest.read import faults_of, read_raw

    try:
        raw = read_raw(place.raw, source)
    except ZgzxError as fault:
        check.problems += faults_of(place.raw, source) or [fault]
        return None
    check.lines += _contents(source, files, raw)
    with check.noting():
        corrections = read_corrections(place.decisions / "corrections.csv")
        return clean(raw, source, key=key, corrections=corrections, deliveries=deliveries).tables
    return None


def _contents(source: str, files: int, raw: Sequence[RawTable]) -> list[str]:
    """Say what was read of a source, and which sheets were set aside."""
    profiles = sorted({table.profile.name for table in raw})
    rows = sum(table.rows_in for table in raw)
    lines = [f"{source}: {files} files, {rows:,} rows, read as {', '.join(profiles)}"]
    for table in raw:
        if not table.cells:
            sheet = f"sheet {table.sheet} of {table.file}"
            why = f"({table.profile.name}), {table.rows_in:,} rows"
            lines.append(f"{source}: {sheet} set aside {why}")
    return lines


def _check_years(check: Check, place: Place, study: Study, tables: Tables) -> None:
    """Check editions, the years of the exports, and the years the headline needs."""
    from zgzx_research.panels.treatment import check_editions, final_years

    calendar = pd.read_csv(place.calendar)
    if "roster" in tables and len(tables["roster"]):
        editions = tables["roster"]["edition"]
        with check.noting():
            check_editions(tables["roster"], calendar)
        with check.noting():
            years = final_years(calendar, editions.unique())
            finals = sorted({int(year) for year in years[editions.unique()]})
            _check_headline(check, place, study, finals)
    _check_coverage(check, study, tables)


def _check_headline(check: Check, place: Place, study: Study, finals: list[int]) -> None:
    """For each specification, check that the years cover some edition's base and headline years."""
    first, last = study.study.years
    (begin, end), listed = study.estimate.headline_events, ", ".join(map(str, finals))
    for spec, how in study.estimate.specs.items():
        earliest, latest = first + 1 + how.leave_out + how.anticipation, last - end
        if any(earliest <= year <= latest for year in finals):
            continue
        problem = ZgzxError(
            f"no edition is seen in all of the headline's years {begin} to {end} under {spec!r}: "
            f"that takes a final from {earliest} to {latest}, and the rosters' are in {listed}",
            where=f"studies/{place.name}.toml",
            remedy="Shorten [estimate] headline_events, or lengthen [study] years, or wait for "
            "later data.",
        )
        check.problems.append(problem)


def _check_coverage(check: Check, study: Study, tables: Tables) -> None:
    """Check that the exports behind the outcomes cover every year of the panel."""
    from zgzx_research.panels.firm_year import nothing_for_years, uncovered_years

    have = {"patents": "patent" in tables, "employment": "spell" in tables}
    needed = [source for source in study.needed_sources if have.get(source)]
    needed = [source for source in needed if any(len(tables[name]) for name in SOURCES[source])]
    filed = tables["patent"]["filed"].dt.year if have["patents"] else pd.Series(dtype="Int64")
    nothing = pd.DataFrame({"start_ym": [], "end_ym": []}, dtype="Int64")
    spells = tables["spell"][["start_ym", "end_ym"]] if have["employment"] else nothing
    months = tables.get("si_month", pd.DataFrame({"period_ym": []}, dtype="Int64"))

    first, last = study.study.years
    insured = _insured_periods(spells, months["period_ym"])
    absent = uncovered_years(filed, insured, range(first, last + 1), months, sources=needed)
    for source, years in absent.items():
        check.problems.append(nothing_for_years(source, years))


def _insured_periods(spells: pd.DataFrame, months: pd.Series) -> pd.DataFrame:
    """Return start_ym and end_ym of all spells and single months of insurance.

    An open spell ends with the last month in the export, as in `link.employment_spells`.
    """
    seen = months.drop_duplicates().astype("Int64")
    last_month = pd.concat([spells["start_ym"], spells["end_ym"], seen]).max()
    closed = spells.assign(end_ym=spells["end_ym"].fillna(last_month)).astype("Int64")
    single = pd.DataFrame({"start_ym": seen, "end_ym": seen})
    return pd.concat([closed, single], ignore_index=True)


def _check_firms(check: Check, place: Place, study: Study, tables: Tables) -> None:
    """Check that enough firms are linked and win, for an estimate to be possible."""
    from zgzx_research.link.decisions import read_decisions
    from zgzx_research.link.link_firms import link_firms
    from zgzx_research.panels.treatment import first_awards

    calendar = pd.read_csv(place.calendar)
    links, awards = None, None
    with check.noting():
        links = link_firms(tables, calendar, read_decisions(place.decisions / "links.csv"))
        awards = first_awards(tables["roster"], links.link_audit, calendar)
    if links is None or awards is None:
        return

    first, last = study.study.years
    years = awards["first_award"]
    by_year = years[years.gt(first) & years.le(last)].value_counts().sort_index()
    treated = int(by_year.sum())
    counts = ", ".join(f"{year}: {count}" for year, count in by_year.items())
    line = f"firms that win for the first time within the years: {treated}"
    check.lines.append(f"{line} ({counts})" if counts else line)

    least = with_stricter(study.disclosure.stricter).firms
    if treated < least:
        who = "win for the first time within the years of the panel"
        check.problems.append(_too_few(place, who, treated, least))
    elif "employment" in study.needed_sources:
        _check_staff(check, place, study, _staff(tables, links), awards)


def _check_staff(
    check: Check, place: Place, study: Study, staff: pd.Series, awards: pd.DataFrame
) -> None:
    """Check that enough winning firms have the staff that retention needs."""
    staff_needed = study.retention.min_staff
    least = with_stricter(study.disclosure.stricter).firms
    sizes = awards["firm_id"].map(staff).fillna(0)
    enough = int(sizes.ge(staff_needed).sum())
    check.lines.append(
        f"winning firms in whose records at least {staff_needed} persons were ever insured: "
        f"{enough}"
    )
    if enough < least:
        who = f"win and have [retention] min_staff = {staff_needed} insured persons or more"
        check.problems.append(_too_few(place, who, enough, least))


def _too_few(place: Place, who: str, count: int, least: int) -> ZgzxError:
    """Make the error for too few firms."""
    return ZgzxError(
        f"{count} firms {who}, and a result needs {least}",
        where=f"study {place.name}",
        remedy="Add rosters, registry or employment records, lengthen [study] years, or lower the "
        "limit.",
    )


def _staff(tables: Tables, links: FirmLinks) -> pd.Series:
    """Count, by firm_id, the persons ever insured there: at least as many as retention counts."""
    from zgzx_research.link.clean_rows import RECORD_KEY, month_lines

    lines, _ = month_lines(tables)
    rows = pd.concat(
        [lines[name].assign(source=name) for name in ("spell", "si_month") if len(lines[name])]
    )
    keys = rows[[name for name in PERSON_KEYS if name in rows]]
    record = ["source", *RECORD_KEY]
    persons = rows[record].assign(person=keys.bfill(axis=1).iloc[:, 0])
    firms = links.link_audit[[*record, "firm_id"]].dropna(subset="firm_id")
    seen = persons.merge(firms, on=record)
    return seen.groupby("firm_id")["person"].nunique()


def say(check: Check, out: Callable[[str], None], wrong: Callable[[str], None]) -> bool:
    """Print the result, each problem on a line of its own; return whether there is none."""
    for line in check.lines:
        out(line)
    for problem in check.problems:
        wrong(f"zgzx: {problem}")
    return not check.problems
