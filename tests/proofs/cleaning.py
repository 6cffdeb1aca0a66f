"""Every trap whose defence is cleaning or linkage, alone.

Cleaned files give the true quantity, uncleaned ones do not.

    python tests/proofs/cleaning.py 200

Worlds are tiny synthetic ones with the seeds 0..N-1, written as raw files and read back (ingest,
clean, link, panels); only the files a trap needs. Writes docs/proofs/cleaning.md. With `--traps
renames dispatch` only these, and no page.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from zgzx_research.cleaning import sources as cleaning_sources
from zgzx_research.cleaning.secret_key import SYNTHETIC_KEY
from zgzx_research.ingest.read import read_raw
from zgzx_research.link.clean_rows import RECORD_KEY, month_number
from zgzx_research.link.link_firms import FirmLinks, link_firms
from zgzx_research.link.link_people import PeopleLinks, link_people
from zgzx_research.panels.patent_counts import count_filings, firm_shares, last_complete_year
from zgzx_research.panels.retention import count_staff, last_month
from zgzx_research.panels.worker_final import build_worker_final
from zgzx_research.simulate import raw_files
from zgzx_research.simulate.constants import Order, switched
from zgzx_research.simulate.employment import employers, employment_lines, spell_table
from zgzx_research.simulate.insurance_books import agency_table, write_agencies
from zgzx_research.simulate.judging import TOLERANCE, over_worlds
from zgzx_research.simulate.patent_files import publication_rows, write_patents
from zgzx_research.simulate.rosters import write_rosters
from zgzx_research.simulate.score_files import write_scores
from zgzx_research.simulate.world import World, simulate_world

PAGE = Path(__file__).parents[2] / "docs/proofs/cleaning.md"
CALENDAR = pd.read_csv(Path(__file__).parents[2] / "data/published/edition_calendar.csv")
NO_DATES = CALENDAR.iloc[:0]  # nobody knows when the finals were held
YEARS = range(2010, 2026)
AWAY = 24  # months after the final
# Large firms patent and enter more in every world: without it all firms patent, and files are three
# times as long.
ALWAYS = ("size_selection",)


class Quantity(NamedTuple):
    """One quantity of one world: as it is, by the package, and by the naive treatment."""

    true: float
    cleaned: float
    naive: float


@dataclass(frozen=True)
class Files:
    """A world and what the package reads from its raw files.

    clean : clean tables. raw : per source its raw tables. record : truth/record of the files.
    """

    world: World
    clean: dict[str, pd.DataFrame]
    raw: dict[str, list[Any]]
    record: pd.DataFrame

    @property
    def export(self) -> Any:
        """The day of the export."""
        return pd.Timestamp(self.world.rules["time"]["export"]).date()

    @cached_property
    def firms(self) -> FirmLinks:
        """The package's firms."""
        return link_firms(self.clean, CALENDAR)

    @cached_property
    def people(self) -> PeopleLinks:
        """The package's persons; inventors are not asked for."""
        return link_people(_without(self.clean, "patent", "patent_party"), self.firms, CALENDAR)

    @cached_property
    def true_firms(self) -> pd.Series:
        """Our firm_id -> the true one, by the registry rows both are about."""
        rows = self.clean["registry"].merge(self.record, on=RECORD_KEY, suffixes=("", "_true"))
        by_code = rows.dropna(subset="uscc").drop_duplicates("uscc").set_index("uscc")["firm_id"]
        by_name = rows.dropna(subset="name").drop_duplicates("name").set_index("name")["firm_id"]
        firm = self.firms.firm.set_index("firm_id")
        return firm["uscc"].map(by_code).fillna(firm["name"].map(by_name))


@dataclass(frozen=True)
class Trap:
    """A row: the traps that are on, the sources that are written, the quantity, and what the naive treatment does.

    relative : errors are shares of the true quantity; else they are differences (of shares of
        people).
    """

    label: str
    on: tuple[str, ...]
    sources: tuple[str, ...]
    measure: Callable[[Files], Quantity]
    quantity: str
    naive: str
    relative: bool = True

    def order(self, seed: int) -> Order:
        """The world of a seed: every other trap is off."""
        return Order(
            "calibrated",
            "tiny",
            seed,
            tuple(t for t in switched()["trap"] if t not in (*self.on, *ALWAYS)),
        )


def deliver(order: Order, sources: Sequence[str], raw: Path) -> Files:
    """Write the sources of a world below `raw`, read and clean them."""
    world, records = simulate_world(order), []
    for source in sources:
        (raw / source).mkdir(parents=True)
        records += WRITERS[source](world, raw)
    tables = {source: read_raw(raw, source) for source in sources}
    clean: dict[str, pd.DataFrame] = {}
    for source in sources:
        clean |= cleaning_sources.clean(tables[source], source, key=SYNTHETIC_KEY).tables
    return Files(world, clean, tables, _numbered(pd.concat(records, ignore_index=True), tables))


def _numbered(record: pd.DataFrame, tables: dict[str, list[Any]]) -> pd.DataFrame:
    """The truth of records with files and sheets by number, as the clean tables have them."""
    number = {
        (one.file_name, one.sheet_name): (one.file, one.sheet)
        for rows in tables.values()
        for one in rows
    }
    pairs = [number[place] for place in zip(record["file"], record["sheet"], strict=True)]
    files, sheets = zip(*pairs, strict=True)
    return record.assign(
        file=pd.Series(files, record.index, dtype="str"),
        sheet=pd.Series(sheets, record.index, dtype="str"),
    )


def _write_employment(world: World, raw: Path) -> list[pd.DataFrame]:
    """Everybody in the spells layout (months would say the same at twenty times the cost), and the agency sheets."""
    employer = employers(world, world.order.stream("employers"))
    line = employment_lines(world, world.order.stream("employment dirt"))
    table, record = spell_table(world, employer, line, "employment/spells.csv")
    table.to_csv(raw / "employment/spells.csv", index=False, encoding="utf-8-sig")
    if not (line["agency"] >= 0).any():
        return [record]
    return [
        record,
        *write_agencies(
            world, raw, line, agency_table(world, employer, line, world.order.stream("agency"))
        ),
    ]


WRITERS: dict[str, Callable[[World, Path], list[pd.DataFrame]]] = {
    "registry": lambda world, raw: raw_files._write_registry(raw, world),
    "patents": lambda world, raw: write_patents(world, raw),
    "employment": _write_employment,
    "roster": lambda world, raw: write_rosters(world, raw),
    "scores": lambda world, raw: write_scores(world, raw),
}


def _without(clean: dict[str, pd.DataFrame], *names: str) -> dict[str, pd.DataFrame]:
    return {name: table for name, table in clean.items() if name not in names}


# Patents
# --------------------------------------------------------------------------------------------------


def _sound(files: Files) -> set[str]:
    """Applications of cases all of whose rows can be read.

    No cleaning restores a number with a wrong check digit.
    """
    rows = publication_rows(files.world, files.world.order.stream("patent dirt"))
    lost = rows["dirt"].str.contains("wrong_check|number_as_float|bad_date")
    return set(rows["app_no"]) - set(
        rows.loc[rows["title"].isin(rows.loc[lost, "title"]), "app_no"]
    )


def _filings(files: Files, sound: set[str]) -> pd.DataFrame:
    """What perfect cleaning gives.

    firm_id, year, type of the applications that firms of this world made.
    """
    patent = files.world.patent
    own = patent[
        patent["seen"] & patent["counts"] & patent["firm_id"].notna() & patent["app_no"].isin(sound)
    ]
    return own[["app_no", "firm_id", "type"]].assign(year=own["filed"].dt.year)


def _counts(
    files: Files,
    firms: FirmLinks,
    sound: set[str],
    party: pd.DataFrame | None = None,
    holder: Literal["original", "current"] = "original",
    **how: Any,
) -> pd.DataFrame:
    """The package's counts by true firm and year."""
    patent = files.clean["patent"]
    party = files.clean["patent_party"] if party is None else party
    counts = count_filings(
        patent[patent["app_no"].isin(sound)],
        firm_shares(party, firms.link_audit, holder),
        files.export,
        firm=firms.firm,
        **how,
    )
    return counts.assign(firm_id=counts["firm_id"].map(files.true_firms))


def double_filing(files: Files) -> Quantity:
    """All applications; naive: both filings of one case."""
    firms, sound = files.firms, _sound(files)
    once, both = (
        _counts(files, firms, sound, dual=dual)["patents_all"].sum() for dual in ("once", "both")
    )
    return Quantity(len(_filings(files, sound)), once, both)


def publication_rows_(files: Files) -> Quantity:
    """All applications; naive: rows of the exports."""
    firms, sound = files.firms, _sound(files)
    readable = files.record[files.record["source"].eq("patents") & files.record["recoverable"]]
    rows = pd.concat(
        [table.rows[["row"]].assign(file=table.file) for table in files.raw["patents"]]
    )
    cleaned = _counts(files, firms, sound)["patents_all"].sum()
    return Quantity(
        len(_filings(files, sound)), cleaned, len(rows.merge(readable, on=["file", "row"]))
    )


def bought_patents(files: Files) -> Quantity:
    """Applications of winners in the years after the first award.

    Naive: of whoever holds them now.
    """
    firms, sound = files.firms, _sound(files)
    award = files.world.award.groupby("firm_id")["year"].min()
    party = files.clean["patent_party"]
    known = party["app_no"].isin(party.loc[party["role"].eq("holder"), "app_no"])
    holder = party[~(known & party["role"].eq("applicant"))]
    holder = holder.assign(role=holder["role"].replace("applicant", "holder"))
    tables = [
        _filings(files, sound)
        .groupby(["firm_id", "year"])
        .size()
        .rename("patents_all")
        .reset_index(),
        _counts(files, firms, sound),
        _counts(files, firms, sound, holder, holder="current"),
    ]
    after = (table[table["year"] > table["firm_id"].map(award)] for table in tables)
    return Quantity(*(float(table["patents_all"].sum()) for table in after))


def renames(files: Files) -> Quantity:
    """Applications of firms that were renamed; naive: parties under the present name only."""
    firms, sound = files.firms, _sound(files)
    event = files.world.truth["firm_event"]
    renamed = set(event.loc[event["type"].eq("rename"), "firm_id"])
    naive = link_firms(_without(files.clean, "registry_name", "registry_event"), NO_DATES)
    tables = [
        _filings(files, sound).assign(patents_all=1),
        _counts(files, firms, sound),
        _counts(files, naive, sound),
    ]
    return Quantity(
        *(float(t.loc[t["firm_id"].isin(renamed), "patents_all"].sum()) for t in tables)
    )


def truncation(files: Files) -> Quantity:
    """Inventions filed in the last year that is used; naive: the last year of the panel."""
    firms, sound = files.firms, _sound(files)
    counts = _counts(files, firms, sound).groupby("year")["patents_invention"].sum()
    patent = files.world.patent
    unseen = set(patent.loc[~patent["seen"], "app_no"])
    own = patent[
        patent["counts"] & patent["type"].eq("invention") & patent["app_no"].isin(sound | unseen)
    ]
    filed = own.groupby(own["filed"].dt.year).size()
    used, last = last_complete_year(files.export, "invention"), YEARS[-1]
    return Quantity(1.0, counts[used] / filed[used], counts.get(last, 0) / filed[last])


# Insurance
# --------------------------------------------------------------------------------------------------


def _true_spells(files: Files) -> pd.DataFrame:
    """The truth's spells as the package writes employment, open ones until the last month of the export."""
    export = pd.Timestamp(files.world.rules["time"]["export"]) - pd.DateOffset(months=1)
    spell = files.world.spell
    return spell.assign(
        end_ym=spell["end_ym"].fillna(export.year * 100 + export.month).astype("int64")
    )


def _true_groups(files: Files) -> pd.DataFrame:
    event = files.world.truth["firm_event"]
    into = event[event["type"].eq("merger")].set_index("firm_id")["into_firm_id"]
    firm = files.world.firm[["firm_id"]]
    return firm.assign(group_id=firm["firm_id"].map(into).astype("str").fillna(firm["firm_id"]))


def _staff(files: Files, firms: FirmLinks, employment: pd.DataFrame) -> pd.DataFrame:
    staff = count_staff(firms.firm, employment, years=YEARS)
    return staff.assign(firm_id=staff["firm_id"].map(files.true_firms))


def _three_staffs(files: Files, naive: tuple[FirmLinks, pd.DataFrame]) -> list[pd.DataFrame]:
    """Staff tables by true firm: true, cleaned, naive (its links and its employment)."""
    true = count_staff(_true_groups(files), _true_spells(files), years=YEARS)
    return [true, _staff(files, files.firms, files.people.employment), _staff(files, *naive)]


def mergers(files: Files) -> Quantity:
    """Of the staff of firms at the end of the year before they merged away, the share a year on with the group."""
    alone = link_firms(_without(files.clean, "registry_event"), NO_DATES)
    naive = alone, link_people(files.clean, alone, NO_DATES).employment
    event = files.world.truth["firm_event"]
    merger = event[event["type"].eq("merger")].assign(year=event["date"].dt.year)[
        ["firm_id", "year"]
    ]
    shares = []
    for staff in _three_staffs(files, naive):
        rows = staff.merge(merger, on=["firm_id", "year"])
        shares.append(rows["retained_12_group"].sum() / rows["staff_start"].sum())
    return Quantity(*shares)


def branches(files: Files) -> Quantity:
    """Staff of firms that have a branch.

    Naive: a branch is a firm of its own, that no registry knows.
    """
    firms, audit = files.firms, files.firms.link_audit
    own = audit.assign(
        firm_id=audit["firm_id"].where(~audit["score"].isin([0.85, 0.83, 0.80, 0.78]))
    )
    links = replace(firms, link_audit=own)
    naive = links, link_people(files.clean, links, NO_DATES).employment
    name = files.world.events.name
    ranks = name.loc[name["kind"].eq("分公司"), "firm_rank"].unique()
    branched = set(files.world.firm["firm_id"].to_numpy()[ranks])
    staffs = _three_staffs(files, naive)
    return Quantity(
        *(
            float(staff.loc[staff["firm_id"].isin(branched), "staff_start"].sum())
            for staff in staffs
        )
    )


def dispatch(files: Files) -> Quantity:
    """Staff of all firms; naive: who stands under a dispatch company works for it."""
    alone = _without(files.clean, "dispatch")
    firms = link_firms(alone, NO_DATES)
    naive = firms, link_people(alone, firms, NO_DATES).employment
    return Quantity(*(float(staff["staff_start"].sum()) for staff in _three_staffs(files, naive)))


def homonyms(files: Files) -> Quantity:
    """Persons in the insurance files; naive: one person per name."""
    names = files.clean["spell"]["name_key"].nunique()
    return Quantity(files.world.spell["worker_id"].nunique(), len(files.people.worker), names)


# People of the finals
# ---------------------------------------------------------------------------------------------


def _gap(rows: pd.DataFrame, won: pd.Series, stayed: str) -> float:
    return float(rows.loc[won, stayed].mean() - rows.loc[~won, stayed].mean())


def _panel(files: Files, audit: pd.DataFrame) -> pd.DataFrame:
    """The package's panel of persons of the finals, by these links of persons."""
    roster, entry = files.clean["roster"], files.clean["entry"]
    rows = build_worker_final(
        {"roster": roster, "entry": entry[entry["stage"].eq("final")]},
        files.firms,
        replace(files.people, link_audit=audit),
        calendar=CALENDAR,
    )
    return rows[rows["employed"] & rows["retention_24_group"].notna()].reset_index(drop=True)


def _true_gap(files: Files) -> float:
    """Winners less other finalists, a row per person and edition."""
    rows = files.world.truth["worker_final"].dropna(subset="stay_24")
    rows = rows.assign(won=rows["outcome"].eq("获奖")).sort_values("won", ascending=False)
    rows = rows.drop_duplicates(["edition", "worker_id"])
    return _gap(rows, rows["won"], "stay_24")


def differential_linkage(files: Files) -> Quantity:
    """Stay of 24 months, winners less other finalists.

    Naive: the others are sought among the firm's staff of today.
    """
    firms, people = files.firms, files.people
    cleaned = _panel(files, people.link_audit)
    today = people.employment[people.employment["end_ym"].eq(last_month(people.employment))]
    group = firms.firm.set_index("firm_id")["group_id"]
    staff = today.assign(group_id=today["firm_id"].map(group)).merge(people.worker, on="worker_id")
    staff = (
        staff[["group_id", "name_key", "worker_id"]]
        .dropna()
        .drop_duplicates(["group_id", "name_key"], keep=False)
    )
    at = firms.link_audit.loc[firms.link_audit["source"].eq("entry"), [*RECORD_KEY, "firm_id"]]
    named = files.clean["entry"][[*RECORD_KEY, "name_key"]].merge(at, on=RECORD_KEY)
    found = named.assign(group_id=named["firm_id"].map(group)).merge(
        staff, on=["group_id", "name_key"]
    )
    audit = people.link_audit.merge(
        found[[*RECORD_KEY, "worker_id"]], on=RECORD_KEY, how="left", suffixes=("", "_today")
    )
    sought = audit.pop("worker_id_today")
    naive = _panel(
        files, audit.assign(worker_id=audit["worker_id"].where(audit["source"].ne("entry"), sought))
    )
    gaps = [_gap(rows, rows["arm"].eq("winner"), "retention_24_group") for rows in (cleaned, naive)]
    return Quantity(_true_gap(files), *gaps)


def immortal_time(files: Files) -> Quantity:
    """The same; naive: the winners' clock starts with the award, the others' on the day they were hired."""
    rows = _panel(files, files.people.link_audit)
    spell = files.people.employment.merge(files.firms.firm[["firm_id", "group_id"]], on="firm_id")
    at = (
        rows[["worker_id", "group_id", "final_ym"]]
        .reset_index()
        .merge(spell, on=["worker_id", "group_id"])
    )
    at = at[at["start_ym"].le(at["final_ym"]) & at["end_ym"].ge(at["final_ym"])].drop_duplicates(
        "index"
    )
    length = (month_number(at["end_ym"]) - month_number(at["start_ym"])).set_axis(at["index"])
    won = rows["arm"].eq("winner")
    hired = length.reindex(rows.index).ge(AWAY).astype("float64")
    naive = _gap(rows.assign(stayed=rows["retention_24_group"].where(won, hired)), won, "stayed")
    return Quantity(_true_gap(files), _gap(rows, won, "retention_24_group"), naive)


PATENTS, INSURANCE = ("registry", "patents"), ("registry", "employment")
FINALS = ("registry", "roster", "scores", "employment")
COUNT, STAFF, STAY = (
    "applications",
    "staff, all years",
    "stay of 24 months: winners less other finalists",
)
TRAPS = (
    Trap("double filing", ("double_filing",), PATENTS, double_filing, COUNT, "both filings count"),
    Trap("A and B rows", ("publication_rows",), PATENTS, publication_rows_, COUNT, "rows count"),
    Trap(
        "bought patents",
        ("bought_patents",),
        PATENTS,
        bought_patents,
        "applications of winners after the first award",
        "the present holder counts",
    ),
    Trap(
        "renames",
        ("renames",),
        PATENTS,
        renames,
        "applications of renamed firms",
        "present names only",
    ),
    Trap(
        "truncation",
        ("truncation",),
        PATENTS,
        truncation,
        "share of a year's inventions that is seen, last year used",
        "the last years are kept",
    ),
    Trap(
        "mergers",
        ("mergers",),
        INSURANCE,
        mergers,
        "staff of merged firms still with the group a year on",
        "no record of mergers",
        relative=False,
    ),
    Trap(
        "branches",
        ("branches",),
        INSURANCE,
        branches,
        STAFF + ", firms with a branch",
        "a branch is another firm",
    ),
    Trap(
        "dispatch",
        ("dispatch",),
        INSURANCE,
        dispatch,
        STAFF,
        "the dispatch company is the employer",
    ),
    Trap(
        "homonyms",
        ("homonyms",),
        INSURANCE,
        homonyms,
        "persons in the insurance files",
        "one person per name",
    ),
    Trap(
        "differential linkage",
        ("differential_linkage",),
        FINALS,
        differential_linkage,
        STAY,
        "finalists are sought among today's staff",
        relative=False,
    ),
    Trap(
        "immortal time",
        ("differential_linkage",),
        FINALS,
        immortal_time,
        STAY,
        "winners from the award, the others from their hiring",
        relative=False,
    ),
)


def one_world(traps: Sequence[Trap], seed: int) -> list[Quantity]:
    """The quantities of every trap for one seed; rows with the same world share its files."""
    quantities, known = [], {}
    for trap in traps:
        world = (trap.on, trap.sources)
        if world not in known:
            with tempfile.TemporaryDirectory() as folder:
                known = {world: deliver(trap.order(seed), trap.sources, Path(folder))}
        quantities.append(trap.measure(known[world]))
    return quantities


def judge(trap: Trap, quantities: Sequence[Quantity]) -> dict[str, Any]:
    """Mean true quantity, bias and Monte-Carlo error of both treatments, and the verdict.

    The cleaned one holds if its bias is below TOLERANCE Monte-Carlo errors or exactly zero in every
    world; the naive one must not.
    """
    true, *found = np.array(quantities, dtype=float).T
    errors = [each / true - 1 if trap.relative else each - true for each in found]
    bias = [error.mean() for error in errors]
    spread = [error.std(ddof=1) / np.sqrt(len(error)) for error in errors]
    holds = [
        abs(b) < TOLERANCE * s or not error.any()
        for b, s, error in zip(bias, spread, errors, strict=True)
    ]
    verdict = {(True, False): "holds", (True, True): "the naive one holds too"}.get(
        tuple(holds), "fails"
    )
    names = ("cleaned", "naive")
    return {"true": true.mean(), "verdict": verdict, "exact": not errors[0].any()} | {
        f"{name}_{what}": value
        for what, values in (("bias", bias), ("error", spread))
        for name, value in zip(names, values, strict=True)
    }


def prove(
    traps: Sequence[Trap], seeds: Iterable[int], processes: int | None = None
) -> list[dict[str, Any]]:
    """Numbers and verdict of each trap over the worlds of these seeds."""
    by_world = list(over_worlds(partial(one_world, tuple(traps)), list(seeds), processes))
    return [judge(trap, [found[k] for found in by_world]) for k, trap in enumerate(traps)]


def to_markdown(traps: Sequence[Trap], results: Sequence[dict[str, Any]]) -> str:
    """The table; errors in percent of the true quantity, or in percentage points."""
    lines = [
        "| trap | quantity | true | cleaned: error (MC error) | naive treatment | naive: error (MC error) | verdict |",
        "|" + "---|" * 7,
    ]
    for trap, r in zip(traps, results, strict=True):
        unit = "%" if trap.relative else "pp"
        cleaned, naive = (
            f"{100 * r[f'{name}_bias']:+.3f} {unit} ({100 * r[f'{name}_error']:.3f})"
            for name in ("cleaned", "naive")
        )
        true = f"{r['true']:.3f}" if abs(r["true"]) < 10 else f"{r['true']:,.0f}"
        cells = [
            trap.label,
            trap.quantity,
            true,
            "0, exactly" if r["exact"] else cleaned,
            trap.naive,
            naive,
            r["verdict"],
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def page(traps: Sequence[Trap], results: Sequence[dict[str, Any]], worlds: int) -> str:
    """docs/proofs/cleaning.md."""
    return f"""# Traps of cleaning and linkage, one at a time

Written by `python tests/proofs/cleaning.py {worlds}`: tiny synthetic worlds, seeds 0 to {worlds - 1} ({worlds} worlds
for each trap). Do not edit. The long run is `python tests/proofs/cleaning.py 200`.

In each world the named trap is on and every other trap of `simulate/world.toml` is off, but for size selection
(without it every firm files patents, and the files are several times as long); the dirt of the files stays as it is.
The raw files a trap needs are written to a folder, read, cleaned and linked by the package, and the quantity that the
trap distorts is taken from the result; beside it the same with a naive treatment of this trap alone. The truth is
that of the same world, so the error holds no sampling noise. Insurance comes in the layout of spells for everybody.
Immortal time is no switch of the world: its row is measured in the world of the row above it.

Left out on all sides: applications of which a row is damaged beyond repair (wrong check digit, number turned into
2.01E+11, impossible date).

A row holds if the error after cleaning is below {TOLERANCE} Monte-Carlo errors, or exactly zero in every world, and
that of the naive treatment is not.

{to_markdown(traps, results)}
"""


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("worlds", type=int, nargs="?", default=200)
    parser.add_argument("--traps", nargs="+", default=[])
    parser.add_argument("--processes", type=int, default=None)
    asked = parser.parse_args()
    traps = [
        trap for trap in TRAPS if not asked.traps or any(word in trap.label for word in asked.traps)
    ]
    results = prove(traps, range(asked.worlds), asked.processes)
    sys.stdout.write(to_markdown(traps, results) + "\n")
    if not asked.traps:
        PAGE.write_text(page(traps, results, asked.worlds), encoding="utf-8")


if __name__ == "__main__":
    main()
