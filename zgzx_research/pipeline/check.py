"""`zgzx check`: everything that a run would fail at, found in one go.

Only the numbers of files are written.

The files are read, cleaned and linked to firms in memory, for some faults show only then: years
that an export does not cover, editions without a roster, a headline that no edition can carry,
firms with too few staff.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure import MIN_FIRMS
from zgzx_research.pipeline import manifest
from zgzx_research.pipeline.place import SOURCES, Place, raw_files
from zgzx_research.pipeline.run import missing_sources
from zgzx_research.pipeline.secret_key import secret_key
from zgzx_research.pipeline.steps import data
from zgzx_research.study import Study, load_study

if TYPE_CHECKING:
    from zgzx_research.ingest.read import RawTable
    from zgzx_research.link.link_firms import FirmLinks

NO_KEY = b"a key for checking only"  # pseudonyms made with it are forgotten with the check
PERSON = [
    "id_key",
    "person_key",
    "name_key",
]  # what tells one insured person from another, the surest first
Tables = dict[str, pd.DataFrame]


@dataclass
class Check:
    """What a check found.

    Attributes
    ----------
    lines : what is there. problems : what is wrong, all of it.
    """

    lines: list[str] = field(default_factory=list)
    problems: list[ZgzxError] = field(default_factory=list)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """A step whose problem is noted; the check goes on behind it."""
        try:
            yield
        except ZgzxError as problem:
            self.problems.append(problem)


def check_study(root: Path, name: str) -> Check:
    """Read study file, raw files and decisions as a run would, and note every problem.

    Raises
    ------
    ZgzxError : a study file that cannot be used (all its wrong keys are in one message).
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
        data.check_corrections(place)
    tables, complete = _tables(check, place, study, files, key)
    _check_years(check, place, study, tables)
    if complete and not absent:
        _check_firms(check, place, study, tables)
    return check


def _key(check: Check, place: Place, study: Study, files: Mapping[str, list[Path]]) -> bytes:
    """The key of the pseudonyms; one for the moment where the study's own cannot be used."""
    first, last = study.study.years
    synthetic = manifest.is_synthetic(
        place.raw, [path for found in files.values() for path in found]
    )
    kind = "synthetic" if synthetic else "real"
    check.lines.append(f"study {place.name}: {first}–{last}, {kind} data")
    with check.noting():
        return secret_key(study, place.root, synthetic)
    return NO_KEY


def _tables(
    check: Check, place: Place, study: Study, files: Mapping[str, list[Path]], key: bytes
) -> tuple[Tables, bool]:
    """Clean tables of the sources that can be read, empty ones for those without files, and whether that is all."""
    from zgzx_research.cleaning.sources import nothing_to_clean

    tables: Tables = {}
    complete = True
    for source, names in SOURCES.items():
        if not files[source]:
            if source not in study.needed_sources:
                check.lines.append(
                    f"{source}: no files; the report will say what it cannot show without them"
                )
            tables |= nothing_to_clean(names).tables
            continue
        found = _cleaned(
            check, place, source, len(files[source]), key, study.raw.deliveries_of(source)
        )
        complete &= found is not None
        tables |= found or {}
    return tables, complete


def _cleaned(
    check: Check, place: Place, source: str, files: int, key: bytes, deliveries: Sequence[str]
) -> Tables | None:
    """Clean tables of a source; None where a file cannot be read or a correction fits no row."""
    from zgzx_research.cleaning.corrections import read_corrections
    from zgzx_research.cleaning.sources import clean
    from zgzx_research.ingest.read import faults_of, read_raw

    try:
        raw = read_raw(place.raw, source)
    except ZgzxError as fault:
        check.problems += faults_of(place.raw, source) or [fault]
        return None
    check.lines += _said(source, files, raw)
    with check.noting():
        corrections = read_corrections(place.decisions / "corrections.csv")
        return clean(raw, source, key=key, corrections=corrections, deliveries=deliveries).tables
    return None


def _said(source: str, files: int, raw: Sequence[RawTable]) -> list[str]:
    """What was read of a source, and every sheet that was set aside."""
    profiles = sorted({table.profile.name for table in raw})
    rows = sum(table.rows_in for table in raw)
    return [
        f"{source}: {files} files, {rows:,} rows, read as {', '.join(profiles)}",
        *(
            f"{source}: sheet {table.sheet} of {table.file} set aside ({table.profile.name}), {table.rows_in:,} rows"
            for table in raw
            if not table.cells
        ),
    ]


def _check_years(check: Check, place: Place, study: Study, tables: Tables) -> None:
    """Editions, the years of the exports, and the years the headline needs."""
    from zgzx_research.panels.treatment import check_editions, final_years

    calendar = pd.read_csv(place.calendar)
    if "roster" in tables and len(tables["roster"]):
        editions = tables["roster"]["edition"]
        with check.noting():
            check_editions(tables["roster"], calendar)
        with check.noting():
            years = final_years(calendar, editions.unique())
            _check_headline(
                check, place, study, sorted({int(year) for year in years[editions.unique()]})
            )
    _check_coverage(check, study, tables)


def _check_headline(check: Check, place: Place, study: Study, finals: list[int]) -> None:
    """Some edition must be seen in all years of the headline and early enough before, for every specification."""
    first, last = study.study.years
    (begin, end), listed = study.estimate.headline_events, ", ".join(map(str, finals))
    for spec, how in study.estimate.specs.items():
        earliest, latest = first + 1 + how.leave_out + how.anticipation, last - end
        if not any(earliest <= year <= latest for year in finals):
            check.problems.append(
                ZgzxError(
                    f"no edition is seen in all of the headline's years {begin} to {end} under {spec!r}: that takes a "
                    f"final from {earliest} to {latest}, and the rosters' are in {listed}",
                    where=f"studies/{place.name}.toml",
                    remedy="Shorten [estimate] headline_events, or lengthen [study] years, or wait for later data.",
                )
            )


def _check_coverage(check: Check, study: Study, tables: Tables) -> None:
    """Every year of the panel must stand in the exports that the outcomes rest on."""
    from zgzx_research.panels.firm_year import nothing_for_years, uncovered_years

    have = {"patents": "patent" in tables, "employment": "spell" in tables}
    needed = [source for source in study.needed_sources if have.get(source)]
    needed = [source for source in needed if any(len(tables[name]) for name in SOURCES[source])]
    filed = tables["patent"]["filed"].dt.year if have["patents"] else pd.Series(dtype="Int64")
    nothing = pd.DataFrame({"start_ym": [], "end_ym": []}, dtype="Int64")
    months = tables.get("si_month", pd.DataFrame({"period_ym": []}, dtype="Int64"))
    spells = tables["spell"][["start_ym", "end_ym"]] if have["employment"] else nothing
    seen = months["period_ym"].drop_duplicates().astype("Int64")
    # an open spell ends with the last month that the export says anything of, as in
    # `link.employment_spells`
    reach = pd.concat([spells["start_ym"], spells["end_ym"], seen]).max()
    spells = spells.assign(end_ym=spells["end_ym"].fillna(reach))
    both = pd.concat(
        [spells.astype("Int64"), pd.DataFrame({"start_ym": seen, "end_ym": seen})],
        ignore_index=True,
    )
    first, last = study.study.years
    absent = uncovered_years(filed, both, range(first, last + 1), months, sources=needed)
    for source, years in absent.items():
        check.problems.append(nothing_for_years(source, years))


def _check_firms(check: Check, place: Place, study: Study, tables: Tables) -> None:
    """Links of firms, and whether winners are left that an estimate can rest on."""
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
    by_year = awards.loc[
        awards["first_award"].gt(first) & awards["first_award"].le(last), "first_award"
    ].value_counts()
    treated = int(by_year.sum())
    told = ", ".join(f"{year}: {count}" for year, count in by_year.sort_index().items())
    check.lines.append(
        f"firms that win for the first time within the years: {treated}"
        + (f" ({told})" * bool(told))
    )
    if treated < MIN_FIRMS:
        check.problems.append(
            _too_few(place, "win for the first time within the years of the panel", treated)
        )
    elif "employment" in study.needed_sources:
        _check_staff(check, place, study, _staff(tables, links), awards)


def _check_staff(
    check: Check, place: Place, study: Study, staff: pd.Series, awards: pd.DataFrame
) -> None:
    least = study.retention.min_staff
    sizes = awards["firm_id"].map(staff).fillna(0)
    enough = int(sizes.ge(least).sum())
    check.lines.append(
        f"winning firms in whose records at least {least} persons were ever insured: {enough}"
    )
    if enough < MIN_FIRMS:
        problem = _too_few(
            place, f"win and have [retention] min_staff = {least} insured persons or more", enough
        )
        check.problems.append(problem)


def _too_few(place: Place, who: str, count: int) -> ZgzxError:
    return ZgzxError(
        f"{count} firms {who}, and a result needs {MIN_FIRMS}",
        where=f"study {place.name}",
        remedy="Add rosters, registry or employment records, lengthen [study] years, or lower the limit.",
    )


def _staff(tables: Tables, links: FirmLinks) -> pd.Series:
    """firm_id -> persons who were ever insured there: as many as retention can see, or more."""
    from zgzx_research.link.clean_rows import RECORD_KEY, month_lines

    lines, _ = month_lines(tables)
    rows = pd.concat(
        [lines[name].assign(source=name) for name in ("spell", "si_month") if len(lines[name])]
        or []
    )
    told = rows[[name for name in PERSON if name in rows]].bfill(axis=1).iloc[:, 0]
    firms = links.link_audit[["source", *RECORD_KEY, "firm_id"]].dropna(subset="firm_id")
    seen = (
        rows[["source", *RECORD_KEY]].assign(person=told).merge(firms, on=["source", *RECORD_KEY])
    )
    return seen.groupby("firm_id")["person"].nunique()


def say(check: Check, out: Callable[[str], None], wrong: Callable[[str], None]) -> bool:
    """Print what was found, each problem on a line of its own; whether nothing is wrong."""
    for line in check.lines:
        out(line)
    for problem in check.problems:
        wrong(f"zgzx: {problem}")
    return not check.problems
