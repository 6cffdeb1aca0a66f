"""Write the pages of docs/proofs.

    python -m zgzx_research.proofs coverage 2000
    python -m zgzx_research.proofs traps 2000
    python -m zgzx_research.proofs cleaning 200
    python -m zgzx_research.proofs honest_bounds 200
    python -m zgzx_research.proofs designs 300
    python -m zgzx_research.proofs people 100
    python -m zgzx_research.proofs claims 200
    python -m zgzx_research.proofs robustness 500

Worlds have the seeds 0..N-1. With `--rows growth null` (words of labels) only these rows run, and
the table is printed but no page is written.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Protocol

from zgzx_research.proofs import (
    claims,
    cleaning,
    coverage,
    coverage_rows,
    design_proofs,
    honest_bounds,
    people,
    robustness,
    trap_proofs,
    traps,
)
from zgzx_research.study import find_root


class Labelled(Protocol):
    """A row of any table."""

    @property
    def label(self) -> str:
        """The row in words."""


# page -> its rows, the function that runs them, and the module that writes table and page
PAGES: dict[str, tuple[Sequence[Labelled], Callable[..., list], ModuleType]] = {
    "coverage": (coverage_rows.ROWS, coverage.prove, coverage),
    "traps": (traps.ROWS, trap_proofs.prove, traps),
    "cleaning": (cleaning.ROWS, cleaning.prove, cleaning),
    "honest_bounds": (honest_bounds.ROWS, honest_bounds.prove, honest_bounds),
    "designs": (design_proofs.ROWS, design_proofs.prove, design_proofs),
    "claims": (claims.ROWS, claims.prove, claims),
    "people": (people.ROWS, people.prove, people),
    "robustness": (robustness.ROWS, robustness.prove, robustness),
}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m zgzx_research.proofs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("page", choices=PAGES)
    parser.add_argument("worlds", type=int)
    parser.add_argument("--rows", nargs="+", default=[])
    parser.add_argument("--processes", type=int, default=None)
    asked = parser.parse_args()

    every_row, prove, writer = PAGES[asked.page]
    rows = [row for row in every_row if _is_asked(row.label, asked.rows)]
    results = prove(rows, range(asked.worlds), asked.processes)
    sys.stdout.write(writer.to_markdown(rows, results) + "\n")
    if asked.rows:
        return

    folder = find_root() / "docs/proofs"
    text = writer.page(rows, results, asked.worlds)
    (folder / f"{asked.page}.md").write_text(text, encoding="utf-8")
    if asked.page == "traps":
        writer.draw(rows, results, folder / "traps.svg")


def _is_asked(label: str, words: list[str]) -> bool:
    return not words or any(word in label for word in words)


if __name__ == "__main__":
    main()
