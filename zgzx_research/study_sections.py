"""The sections of the study file, and what may stand in each."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Collection, Iterable
from typing import Annotated, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from zgzx_research.evidence.disclosure_rules import looser_rules
from zgzx_research.outcomes import OUTCOMES

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")  # of a study
Base = Literal["universal", "varying", "pooled"]
Language = Literal["zh", "en"]
# a name in one line, as it stands under the title of a report
Author = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=2, max_length=100, pattern=r"^[^\x00-\x1f]*$"
    ),
]

# Named in the sentences of the reports; others appear in figures, tables and the workbook.
REPORTED_SPECS = ("main", "full_base", "not_yet")
REPORTED_PATENTS = ("patents_invention", "patents_utility_model", "patents_all")
NEEDED = ("roster", "registry")  # sources without which there are no firms and no awards
Given = TypeVar("Given", bound=Collection[str])


def _need(given: Given, reported: tuple[str, ...]) -> Given:
    """Refuse a list without the names that the reports use."""
    missing = [name for name in reported if name not in given]
    if missing:
        raise ValueError(f"the reports also speak of {', '.join(missing)}")
    return given


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Identity(Section):
    name: str
    years: tuple[int, int]
    languages: tuple[Language, ...] = ("zh", "en")
    seed: int = 0
    author: dict[Language, Author] | None = None
    date: dt.date | None = None

    @field_validator("author", mode="before")
    @classmethod
    def _in_each_language(cls, author: object) -> object:
        return {"zh": author, "en": author} if isinstance(author, str) else author

    @model_validator(mode="after")
    def _named_in_its_languages(self) -> Identity:
        missing = [one for one in self.languages if self.author and one not in self.author]
        if missing:
            raise ValueError(f"[study] author has no name for {', '.join(missing)}")
        return self

    @field_validator("languages")
    @classmethod
    def _once(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        if not languages or len(set(languages)) < len(languages):
            raise ValueError('name each language once, e.g. ["zh", "en"]')
        return languages

    @field_validator("years")
    @classmethod
    def _rising(cls, years: tuple[int, int]) -> tuple[int, int]:
        if years[0] >= years[1]:
            raise ValueError("the first year must be before the last")
        return years


class Raw(Section):
    path: str
    # numbers of files (file_numbers.csv), the oldest delivery first
    deliveries: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]+/\d{3,}$")], ...] = ()

    def deliveries_of(self, source: str) -> tuple[str, ...]:
        """Return the deliveries of one source, the oldest first."""
        return tuple(file for file in self.deliveries if file.startswith(f"{source}/"))


class Privacy(Section):
    key_file: str | None = None


class Disclosure(Section):
    """Stricter rules of disclosure control than those of evidence/disclosure.toml."""

    persons: int | None = None
    firms: int | None = None
    nk_largest: int | None = None
    nk_share: float | None = Field(None, gt=0)

    @property
    def stricter(self) -> dict[str, float]:
        """The rules that the study makes stricter."""
        return self.model_dump(exclude_none=True)

    @model_validator(mode="after")
    def _not_looser(self) -> Disclosure:
        if looser := looser_rules(self.stricter):
            raise ValueError(f"may only be stricter than the written rules: {'; '.join(looser)}")
        return self


class Spark(Section):
    """Where Spark works, and its settings under Spark's own names."""

    master: str = Field("local[2,4]", min_length=1)
    options: dict[
        Annotated[str, StringConstraints(pattern=r"^spark\.[A-Za-z0-9_.]+$")],
        bool | int | float | str,
    ] = {}


class Engine(Section):
    """What collapses the large tables and compares the records; results are the same on each."""

    name: Literal["duckdb", "spark"] = "duckdb"
    spark: Spark = Spark()


class Retention(Section):
    months: Literal[12] = 12
    gap: int = Field(3, ge=0, le=11)
    min_staff: int = Field(5, ge=1)


class Patents(Section):
    truncation: dt.date | None = None
    holder: Literal["original", "current"] = "original"
    joint: Literal["whole", "fractional"] = "whole"
    dual: Literal["once", "both"] = "once"


class Specification(Section):
    """How effects are estimated; arguments of `estimate_effects`, and the panel's covariates."""

    method: str = "group_time"
    controls: Literal["never_treated", "not_yet_treated"] = "never_treated"
    anticipation: int = Field(0, ge=0)
    leave_out: int = Field(0, ge=0)
    base_period: Base | None = None
    cohort_correction: bool = True
    adjustment: str = "none"
    covariates: tuple[str, ...] = ()


class Override(Section):
    """What a study changes in the row of an outcome."""

    base_period: Base | None = None
    claimed_effect: float | None = Field(None, gt=0)


class Curve(Section):
    """Choices that the specification curve combines; those of the main specification join them."""

    controls: tuple[Literal["never_treated", "not_yet_treated"], ...] = (
        "never_treated",
        "not_yet_treated",
    )
    base_period: tuple[Base, ...] = ("pooled", "universal")
    leave_out: tuple[int, ...] = (0, 1)
    target: tuple[tuple[int, int], ...] = ((1, 3), (0, 5))


class Primary(Section):
    """The design of an outcome's headline, and why; `zgzx freeze` fixes it before the data."""

    design: Literal["main", "contest", "precision"]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)]


class Worth(Section):
    """What one more of an outcome is worth, in yuan, and why: a judgement."""

    amount: float = Field(gt=0)
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=6)]
    # the same in English; without it, `reason` stands in the English report too
    reason_en: Annotated[str, StringConstraints(strip_whitespace=True, min_length=6)] | None = None


class Value(Section):
    """Judgements of worth; without one, the report shows prices and no break-even."""

    invention: Worth | None = None
    retained_employee: Worth | None = None

    def of(self, name: str) -> Worth | None:
        """Return what one more is worth; None where nobody has said."""
        found: Worth | None = getattr(self, name)
        return found


# the unit of outcomes that a design is for: awards among entrants for counts, staff for shares
DESIGN_UNITS = {"contest": "count", "precision": "share"}


class Estimate(Section):
    outcomes: tuple[str, ...]
    overrides: dict[str, Override] = Field(default_factory=dict)
    primary: dict[str, Primary] = Field(default_factory=dict)
    specs: dict[Annotated[str, StringConstraints(pattern="^[a-z0-9_]{1,40}$")], Specification]
    headline_events: tuple[int, int] = (1, 3)
    event_window: tuple[int, int] = (-5, 6)
    curve: Curve = Curve()

    @field_validator("specs")
    @classmethod
    def _reported_specs(cls, specs: dict[str, Specification]) -> dict[str, Specification]:
        return _need(specs, REPORTED_SPECS)

    @field_validator("headline_events")
    @classmethod
    def _after(cls, events: tuple[int, int]) -> tuple[int, int]:
        if not 0 <= events[0] <= events[1]:
            raise ValueError("the headline's years run from 0 or later upwards, e.g. [1, 3]")
        return events

    @field_validator("event_window")
    @classmethod
    def _around(cls, window: tuple[int, int]) -> tuple[int, int]:
        if not window[0] < 0 <= window[1]:
            raise ValueError(
                "the window reaches from before the award to it or beyond, e.g. [-5, 6]"
            )
        return window

    @field_validator("outcomes")
    @classmethod
    def _known_outcomes(cls, outcomes: tuple[str, ...]) -> tuple[str, ...]:
        if not outcomes:
            raise ValueError("name at least one outcome, e.g. retention")
        if len(set(outcomes)) < len(outcomes):
            raise ValueError("name each outcome once")
        _refuse_unknown(outcomes)
        patents = [name for name in outcomes if OUTCOMES[name].source == "patents"]
        return _need(outcomes, REPORTED_PATENTS) if patents else outcomes

    @field_validator("overrides")
    @classmethod
    def _known_overrides(cls, overrides: dict[str, Override]) -> dict[str, Override]:
        _refuse_unknown(overrides)
        return overrides

    @field_validator("primary")
    @classmethod
    def _fitting_designs(cls, primary: dict[str, Primary]) -> dict[str, Primary]:
        _refuse_unknown(primary)
        for outcome, chosen in primary.items():
            unit = DESIGN_UNITS.get(chosen.design, OUTCOMES[outcome].unit)
            if unit != OUTCOMES[outcome].unit:
                raise ValueError(f"{chosen.design!r} is for a {unit}, and {outcome} is none")
        return primary

    def primary_design(self, outcome: str) -> str:
        """Return the design of an outcome's headline; without a row, the specification "main"."""
        return self.primary[outcome].design if outcome in self.primary else "main"

    def base_period(self, outcome: str, spec: str) -> str:
        """Return the base of a specification, or else the study's, or else the outcome's own."""
        changed = self.overrides.get(outcome, Override())
        own = self.specs[spec].base_period or changed.base_period
        return own or OUTCOMES[outcome].base_period

    def claimed_effect(self, outcome: str) -> float:
        """Return the effect that is claimed, in the unit of the outcome's effects."""
        changed = self.overrides.get(outcome, Override())
        return changed.claimed_effect or OUTCOMES[outcome].claimed_effect


def _refuse_unknown(outcomes: Iterable[str]) -> None:
    """Refuse outcomes without a row in `outcomes.py`."""
    for name in outcomes:
        if name not in OUTCOMES:
            near = difflib.get_close_matches(name, OUTCOMES, n=1, cutoff=0)[0]
            raise ValueError(f"there is no outcome {name!r} (did you mean {near!r}?)")


class Changes(Section):
    """With which earlier study the report compares itself."""

    since: Annotated[str, StringConstraints(pattern=f"^{NAME.pattern}$")] | None = None
