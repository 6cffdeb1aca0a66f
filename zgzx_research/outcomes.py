"""The outcomes a study can ask for, a row for each: unit, scale, base, sample, claim, other events.

A new outcome is a new row here (its column is one of the panel of firms), its words under
`[outcome]` in report/wording.toml, and its name in a study file.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

from zgzx_research.errors import ZgzxError

Unit = Literal["share", "count"]
Scale = Literal["difference", "ratio"]
Sample = Literal["all_firms", "enough_staff"]

SCALES: dict[Unit, Scale] = {"share": "difference", "count": "ratio"}
EFFECT_UNITS: dict[Unit, str] = {"share": "percentage_point", "count": "percent"}
BASES: dict[Unit, str] = {"share": "universal", "count": "pooled"}
COVID, SUBSIDY = "covid", "subsidy"  # events that moved outcomes: report/figures/outcome_paths.py


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome of the panel of firms.

    Attributes
    ----------
    name : str
        Its column in the panel `firm_year`.
    unit : {"share", "count"}
        What it measures. The scale of effects follows: a difference in percentage points of a
        share, a ratio in percent of a count; no other pair can be written.
    source : {"employment", "patents"}
        The raw source without which it cannot be made.
    claimed_effect : float
        The effect the programme would need for its claim to matter: percentage points of a share,
        percent of a count. A study file may name another.
    sample : {"all_firms", "enough_staff"}
        Firms that are estimated on; "enough_staff" leaves out those smaller than
        `[retention] min_staff` in their first year.
    events : tuple of str
        Other events that moved the outcome in some years; its figure shades them.
    """

    name: str
    unit: Unit
    source: Literal["employment", "patents"]
    claimed_effect: float
    sample: Sample = "all_firms"
    events: tuple[str, ...] = (COVID,)

    @property
    def scale(self) -> Scale:
        """Scale of effects."""
        return SCALES[self.unit]

    @property
    def effect_unit(self) -> str:
        """Unit in which effects are reported."""
        return EFFECT_UNITS[self.unit]

    @property
    def base_period(self) -> str:
        """Base of the comparison: all earlier years for rare counts, the last one for shares."""
        return BASES[self.unit]


def _patents(kind: str) -> Outcome:
    """Return the row of one kind of patents."""
    return Outcome(f"patents_{kind}", "count", "patents", 10.0, events=(COVID, SUBSIDY))


ROWS = (
    Outcome("retention", "share", "employment", 3.0, sample="enough_staff"),
    _patents("invention"),
    _patents("utility_model"),
    _patents("design"),
    _patents("all"),
)
OUTCOMES = {row.name: row for row in ROWS}


def outcome_row(name: str) -> Outcome:
    """Return the row of an outcome.

    Parameters
    ----------
    name : str
        Column of the outcome in the panel of firms.

    Returns
    -------
    Outcome
        Its row.

    Raises
    ------
    ZgzxError
        There is no such outcome; the nearest is named.
    """
    if name not in OUTCOMES:
        near = difflib.get_close_matches(name, OUTCOMES, n=1, cutoff=0)
        raise ZgzxError(
            f"there is no outcome {name!r}",
            where="outcomes.py",
            examples=near,
            remedy=f"Choose one of {', '.join(OUTCOMES)}, or add a row.",
        )
    return OUTCOMES[name]
