"""The table of traps of cleaning and linkage: cleaned files give the true quantity.

`python -m zgzx_research.proofs cleaning 200` writes docs/proofs/cleaning.md. Worlds are tiny
synthetic ones with the seeds 0..N-1. The raw files that a trap needs are written, read back,
cleaned and linked by the package.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np

from zgzx_research.proofs import patent_quantities, staff_quantities, stay_quantities
from zgzx_research.proofs.cleaned_files import CleanedFiles, Quantity, write_and_clean
from zgzx_research.proofs.many_worlds import by_row
from zgzx_research.proofs.verdicts import TOLERANCE
from zgzx_research.simulate.world.constants import Order, switched

# Large firms patent and enter more in every world: without this trap all firms patent, and the
# files are three times as long.
ALWAYS = ("size_selection",)


@dataclass(frozen=True)
class Trap:
    """A row of the table.

    Attributes
    ----------
    label : str
        The trap in words.
    on : tuple of str
        The traps that are on, beside `ALWAYS`; all others are off.
    sources : tuple of str
        The sources that are written.
    measure : callable
        Returns the quantity of a world.
    quantity : str
        The quantity in words.
    naive : str
        The naive treatment in words.
    relative : bool
        Whether errors are shares of the true quantity; else they are differences of shares of
        people.
    """

    label: str
    on: tuple[str, ...]
    sources: tuple[str, ...]
    measure: Callable[[CleanedFiles], Quantity]
    quantity: str
    naive: str
    relative: bool = True

    def order(self, seed: int) -> Order:
        """Return the order for the world of a seed."""
        off = tuple(name for name in switched()["trap"] if name not in (*self.on, *ALWAYS))
        return Order("calibrated", "tiny", seed, off)


class TrapErrors(TypedDict):
    """The errors of both treatments over many worlds.

    Attributes
    ----------
    true : float
        Mean true quantity.
    cleaned_bias, naive_bias : float
        Mean error.
    cleaned_error, naive_error : float
        Monte-Carlo standard error of the bias.
    exact : bool
        Whether the error after cleaning is zero in every world.
    verdict : str
        "holds", "fails" or "the naive one holds too".
    """

    true: float
    cleaned_bias: float
    cleaned_error: float
    naive_bias: float
    naive_error: float
    exact: bool
    verdict: str


PATENT_FILES, INSURANCE_FILES = ("registry", "patents"), ("registry", "employment")
FINAL_FILES = ("registry", "roster", "scores", "employment")
APPLICATIONS = "applications"
BY_WINNERS = "applications of winners after the first award"
SEEN = "share of a year's inventions that is seen, last year used"
STAFF = "staff, all years"
KEPT = "staff of merged firms still with the group a year on"
PERSONS = "persons in the insurance files"
STAY = "stay of 24 months: winners less other finalists"
EMPLOYER = "the dispatch company is the employer"
TODAY = "finalists are sought among today's staff"
HIRING = "winners from the award, the others from their hiring"

patents, staff, stays = patent_quantities, staff_quantities, stay_quantities
ROWS = (
    Trap(
        "double filing",
        ("double_filing",),
        PATENT_FILES,
        patents.double_filing,
        APPLICATIONS,
        "both filings count",
    ),
    Trap(
        "A and B rows",
        ("publication_rows",),
        PATENT_FILES,
        patents.rows_as_applications,
        APPLICATIONS,
        "rows count",
    ),
    Trap(
        "bought patents",
        ("bought_patents",),
        PATENT_FILES,
        patents.bought_patents,
        BY_WINNERS,
        "the present holder counts",
    ),
    Trap(
        "renames",
        ("renames",),
        PATENT_FILES,
        patents.renames,
        APPLICATIONS + " of renamed firms",
        "present names only",
    ),
    Trap(
        "truncation",
        ("truncation",),
        PATENT_FILES,
        patents.truncation,
        SEEN,
        "the last years are kept",
    ),
    Trap(
        "mergers",
        ("mergers",),
        INSURANCE_FILES,
        staff.mergers,
        KEPT,
        "no record of mergers",
        relative=False,
    ),
    Trap(
        "branches",
        ("branches",),
        INSURANCE_FILES,
        staff.branches,
        STAFF + ", firms with a branch",
        "a branch is another firm",
    ),
    Trap("dispatch", ("dispatch",), INSURANCE_FILES, staff.dispatch, STAFF, EMPLOYER),
    Trap(
        "homonyms", ("homonyms",), INSURANCE_FILES, staff.homonyms, PERSONS, "one person per name"
    ),
    Trap(
        "differential linkage",
        ("differential_linkage",),
        FINAL_FILES,
        stays.differential_linkage,
        STAY,
        TODAY,
        relative=False,
    ),
    Trap(
        "immortal time",
        ("differential_linkage",),
        FINAL_FILES,
        stays.immortal_time,
        STAY,
        HIRING,
        relative=False,
    ),
)


def one_world(traps: Sequence[Trap], seed: int) -> list[Quantity]:
    """Return the quantities of every trap for one seed.

    Neighbouring rows with the same world share its files.
    """
    quantities: list[Quantity] = []
    known: dict[tuple[tuple[str, ...], tuple[str, ...]], CleanedFiles] = {}
    for trap in traps:
        world = (trap.on, trap.sources)
        if world not in known:
            with tempfile.TemporaryDirectory() as folder:
                files = write_and_clean(trap.order(seed), trap.sources, Path(folder))
            known = {world: files}  # one at a time: files are large
        quantities.append(trap.measure(known[world]))
    return quantities


def judge_trap(trap: Trap, quantities: Sequence[Quantity]) -> TrapErrors:
    """Compute the errors of both treatments, and the verdict.

    The cleaned files hold if their bias is below `TOLERANCE` Monte-Carlo errors or exactly zero in
    every world; the naive treatment must not.
    """
    true, *found = np.array(quantities, dtype=float).T
    errors = [each / true - 1 if trap.relative else each - true for each in found]
    bias = [error.mean() for error in errors]
    spread = [error.std(ddof=1) / np.sqrt(len(error)) for error in errors]
    cleaned_holds, naive_holds = (
        abs(b) < TOLERANCE * s or not error.any()
        for b, s, error in zip(bias, spread, errors, strict=True)
    )
    holds = "the naive one holds too" if naive_holds else "holds"
    return {
        "true": true.mean(),
        "cleaned_bias": bias[0],
        "cleaned_error": spread[0],
        "naive_bias": bias[1],
        "naive_error": spread[1],
        "exact": not errors[0].any(),
        "verdict": holds if cleaned_holds else "fails",
    }


def prove(
    traps: Sequence[Trap], seeds: Iterable[int], processes: int | None = None
) -> list[TrapErrors]:
    """Compute the errors and the verdict of each trap.

    Parameters
    ----------
    traps : sequence of Trap
        The rows.
    seeds : iterable of int
        One world per seed.
    processes : int, optional
        How many processes; default all cores.

    Returns
    -------
    list of TrapErrors
        One for each row.
    """
    found = by_row(one_world, traps, seeds, processes)
    return [judge_trap(trap, errors) for trap, errors in zip(traps, found, strict=True)]


def to_markdown(traps: Sequence[Trap], results: Sequence[TrapErrors]) -> str:
    """Write the table in Markdown: errors in percent of the true quantity, or in points."""
    heads = ("trap", "quantity", "true", "cleaned: error (MC error)")
    naive = ("naive treatment", "naive: error (MC error)", "verdict")
    lines = [f"| {' | '.join(heads + naive)} |", "|" + "---|" * len(heads + naive)]
    for trap, r in zip(traps, results, strict=True):
        unit = "%" if trap.relative else "pp"
        cleaned = f"{100 * r['cleaned_bias']:+.3f} {unit} ({100 * r['cleaned_error']:.3f})"
        cells = [
            trap.label,
            trap.quantity,
            f"{r['true']:.3f}" if abs(r["true"]) < 10 else f"{r['true']:,.0f}",
            "0, exactly" if r["exact"] else cleaned,
            trap.naive,
            f"{100 * r['naive_bias']:+.3f} {unit} ({100 * r['naive_error']:.3f})",
            r["verdict"],
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def page(traps: Sequence[Trap], results: Sequence[TrapErrors], worlds: int) -> str:
    """Write the text of docs/proofs/cleaning.md."""
    return f"""# Traps of cleaning and linkage, one at a time

Written by `python -m zgzx_research.proofs cleaning {worlds}`: tiny synthetic worlds,
seeds 0 to {worlds - 1} ({worlds} worlds for each trap). Do not edit. The long run is
`python -m zgzx_research.proofs cleaning 200`.

In each world the named trap is on and every other trap of `simulate/world/world.toml` is off, but
for size selection (without it every firm files patents, and the files are several times as long);
the dirt of the files stays as it is. The raw files a trap needs are written to a folder, read,
cleaned and linked by the package, and the quantity that the trap distorts is taken from the result;
beside it the same with a naive treatment of this trap alone. The truth is that of the same world,
so the error holds no sampling noise. Insurance comes in the layout of spells for everybody.
Immortal time is no switch of the world: its row is measured in the world of the row above it.

Left out on all sides: applications of which a row is damaged beyond repair (wrong check digit,
number turned into 2.01E+11, impossible date).

A row holds if the error after cleaning is below {TOLERANCE} Monte-Carlo errors, or exactly zero in
every world, and that of the naive treatment is not.

{to_markdown(traps, results)}
"""
