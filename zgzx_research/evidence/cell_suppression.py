"""Which cells of a published table to leave blank, so that no blank cell can be calculated.

A table is a list of counts and the sums that hold among them. Whoever reads it knows the sums, all
counts shown, that counts are whole numbers, and that a blank one is at least 1 (a zero is always
shown). The *interval* of a blank cell is the range of values it can then have. A cell is protected
if its interval is at least `minimum` wide. The method is in docs/methodology/disclosure.md.

Source: Kelly, Golden & Assad (1992), "Cell suppression: disclosure protection for sensitive tabular
data", Networks 22(4): one programme for each cell to protect, at the least cost of what changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]
ROUNDING = 1e-6  # the solver's whole numbers are whole up to this
FREE = 1e-4  # price of a change of a count that is blank already: prefer small changes


@dataclass(frozen=True)
class Cells:
    """The counts of a table and the sums among them.

    Attributes
    ----------
    values : array of int, shape (n,)
        All counts, totals included.
    sums : array of float, shape (m, n)
        One row per sum: ``sums @ values == 0``, e.g. 1 for each part and -1 for the total.
    public : array of bool, shape (n,)
        Counts that are known anyway, and cannot be left blank.
    cost : array of float, shape (n,)
        How much is lost if a count is left blank, above 0.
    unseen : array of bool, shape (n,)
        Counts that nobody shows, but that are parts of sums. Only the sensitive ones of them are
        protected.
    lowest : array of int, shape (n,)
        Smallest value of a blank count: 1 where zeros are shown, else 0.
    """

    values: NDArray[np.int64]
    sums: Numbers
    public: Flags
    cost: Numbers
    unseen: Flags
    lowest: NDArray[np.int64]


def suppress(cells: Cells, sensitive: Flags, minimum: int) -> Flags:
    """Choose the counts to leave blank: the sensitive ones and those that protect them.

    Each blank cell is protected in turn, at least cost. Counts that later ones made needless are
    shown again. The same table always gives the same answer.

    Parameters
    ----------
    cells : Cells
        The table.
    sensitive : array of bool, shape (n,)
        Counts that must be blank.
    minimum : int
        Smallest width of the interval of a blank cell. Where the public counts alone allow less,
        the interval is as wide as they allow.

    Returns
    -------
    array of bool, shape (n,)
        Which counts to leave blank.
    """
    hidden = (sensitive | cells.unseen) & _may_be_blank(cells)
    idle = cells.unseen & ~sensitive
    proofs: dict[int, Proof] = {}
    while (at := _next(cells, hidden & ~idle, proofs)) is not None:
        proof = _cheapest_proof(cells, hidden, at, minimum)
        hidden |= proof.changed
        own = [
            cell for cell in proof.protects(at, minimum) if cell not in proofs and not idle[cell]
        ]
        proofs |= dict.fromkeys(own, proof)
    hidden = _without_needless(cells, hidden, sensitive, proofs)
    return hidden & ~idle


@dataclass(frozen=True)
class Proof:
    """That blank cells are protected: two possible tables.

    Attributes
    ----------
    width : int
        Smallest difference of the two tables at a protected cell.
    changed : array of bool, shape (n,)
        Counts that differ from the true ones in one of the tables.
    wide : array of bool, shape (n,)
        Protected cells: the two tables differ there by the width or more.
    """

    width: int
    changed: Flags
    wide: Flags

    def protects(self, at: int, needed: int) -> list[int]:
        """List the cells that are protected: one, and all others if the width is the needed one."""
        return [int(cell) for cell in np.flatnonzero(self.wide)] if self.width >= needed else [at]


def _may_be_blank(cells: Cells) -> Flags:
    """Which counts can be left blank: zeros that are shown, and public counts, cannot."""
    return (cells.values >= cells.lowest) & ~cells.public


def _next(cells: Cells, hidden: Flags, proofs: Mapping[int, Proof]) -> int | None:
    """Return the smallest blank count without a proof; None where all have one."""
    left = [int(at) for at in np.flatnonzero(hidden) if at not in proofs]
    return min(left, key=lambda at: (cells.values[at], at), default=None)


def _cheapest_proof(cells: Cells, hidden: Flags, at: int, minimum: int) -> Proof:
    """Protect a cell with as little as possible of what is still shown.

    Where the width is out of reach with all counts blank, the largest one in reach is taken.
    """
    may = _may_be_blank(cells)
    found = _prove(cells, hidden, may, at, minimum)
    width = minimum
    while found is None:
        width -= 1
        found = _prove(cells, hidden, may, at, width)
    return found


def _prove(cells: Cells, hidden: Flags, may: Flags, at: int, width: int) -> Proof | None:
    """Find two possible tables that differ by a width at a cell; None where there are none.

    The tables are written as changes of the true one: up and down in the first, up and down in
    the second, all 0 or more. A change costs nothing where the count is blank already.

    Parameters
    ----------
    cells, hidden
        As for `suppress`.
    may : array of bool, shape (n,)
        Counts that may change.
    at, width : int
        The cell, and what the tables have to differ by there.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    free = np.flatnonzero(may)
    down = np.minimum(cells.values[free] - cells.lowest[free], width)
    up = np.full(len(free), float(width))
    own = cells.sums[:, free]
    none, here = 0 * own, (free == at).astype(float)

    rules = [
        LinearConstraint(np.hstack([own, -own, none, none]), 0, 0),
        LinearConstraint(np.hstack([none, none, own, -own]), 0, 0),
        LinearConstraint(np.concatenate([here, -here, -here, here])[None], width, np.inf),
    ]
    price = np.where(hidden[free], FREE, cells.cost[free])
    bounds = Bounds(0, np.concatenate([up, down, up, down]))
    for whole in (0, 1):  # the sums of most tables give whole numbers of themselves
        found = milp(np.tile(price, 4), constraints=rules, bounds=bounds, integrality=whole)
        if found.x is None:
            return None
        if np.allclose(found.x, np.round(found.x), rtol=0, atol=ROUNDING):
            break
    changes = np.round(found.x.reshape(4, -1))
    differ = np.abs(changes[0] - changes[1] - changes[2] + changes[3])
    changed, wide = np.zeros((2, len(hidden)), dtype=bool)
    changed[free] = changes.any(axis=0)
    wide[free] = differ >= width
    wide[at] = changed[at] = True
    return Proof(width, changed, wide)


def _without_needless(
    cells: Cells, hidden: Flags, sensitive: Flags, proofs: dict[int, Proof]
) -> Flags:
    """Show again, the dearest first, what is not needed to protect the others."""
    extra = np.flatnonzero(hidden & ~sensitive & ~cells.unseen)
    for one in extra[np.argsort(-cells.cost[extra], kind="stable")]:
        found = _proofs_without(cells, hidden, int(one), proofs)
        if found is not None:
            hidden[one] = False
            proofs = found
    return hidden


def _proofs_without(
    cells: Cells, hidden: Flags, one: int, proofs: Mapping[int, Proof]
) -> dict[int, Proof] | None:
    """Prove that the others are protected if one count is shown; None where they are not."""
    fewer = hidden.copy()
    fewer[one] = False
    kept = {at: proof for at, proof in proofs.items() if at != one and not proof.changed[one]}
    for at in sorted(proofs.keys() - kept.keys() - {one}):
        if at in kept:
            continue
        proof = _prove(cells, fewer, fewer, at, proofs[at].width)
        if proof is None:
            return None
        own = proof.protects(at, max(proofs[at].width for at in proofs))
        kept |= {cell: proof for cell in own if cell in proofs and cell not in kept}
    return kept
