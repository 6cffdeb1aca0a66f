"""The study file: everything a yearly rerun may change, typed and checked before anything runs."""

from __future__ import annotations

import datetime as dt
import difflib
import re
import tomllib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from zgzx_research.errors import ZgzxError
from zgzx_research.outcomes import OUTCOMES

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
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


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Identity(_Section):
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


class Raw(_Section):
    path: str
    # numbers of files (file_numbers.csv), the oldest delivery first
    deliveries: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]+/\d{3,}$")], ...] = ()

    def deliveries_of(self, source: str) -> tuple[str, ...]:
        """Return the deliveries of one source, the oldest first."""
        return tuple(file for file in self.deliveries if file.startswith(f"{source}/"))


class Privacy(_Section):
    key_file: str | None = None


class Retention(_Section):
    months: Literal[12] = 12
    gap: int = Field(3, ge=0, le=11)
    min_staff: int = Field(5, ge=1)


class Patents(_Section):
    truncation: dt.date | None = None
    holder: Literal["original", "current"] = "original"
    joint: Literal["whole", "fractional"] = "whole"
    dual: Literal["once", "both"] = "once"


class Specification(_Section):
    """How effects are estimated; arguments of `estimate_effects`, and the panel's covariates."""

    method: str = "group_time"
    controls: Literal["never_treated", "not_yet_treated"] = "never_treated"
    anticipation: int = Field(0, ge=0)
    leave_out: int = Field(0, ge=0)
    base_period: Base | None = None
    cohort_correction: bool = True
    adjustment: str = "none"
    covariates: tuple[str, ...] = ()


class Override(_Section):
    """What a study changes in the row of an outcome."""

    base_period: Base | None = None
    claimed_effect: float | None = Field(None, gt=0)


class Curve(_Section):
    """Choices that the specification curve combines; those of the main specification join them."""

    controls: tuple[Literal["never_treated", "not_yet_treated"], ...] = (
        "never_treated",
        "not_yet_treated",
    )
    base_period: tuple[Base, ...] = ("pooled", "universal")
    leave_out: tuple[int, ...] = (0, 1)
    target: tuple[tuple[int, int], ...] = ((1, 3), (0, 5))


class Primary(_Section):
    """The design of an outcome's headline, decided before the data were seen, and why."""

    design: Literal["main", "contest", "precision"]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)]


# the unit of outcomes that a design is for: awards among entrants for counts, staff for shares
DESIGN_UNITS = {"contest": "count", "precision": "share"}


class Estimate(_Section):
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


class Study(_Section):
    """A study file; unknown keys are refused with the nearest known one."""

    study: Identity
    raw: Raw
    privacy: Privacy = Privacy()
    retention: Retention = Retention()
    patents: Patents = Patents()
    estimate: Estimate

    @model_validator(mode="after")
    def _covered(self) -> Study:
        last, end = self.study.years[1], self.patents.truncation
        if "patents" in self.needed_sources:
            if end is None:
                raise ValueError("[patents] truncation, the date of the patent export, is missing")
            if end < dt.date(last, 12, 31):
                raise ValueError(f"the patent export ends {end}, before the end of {last}")
        made = self.study.date
        if made and made <= max(dt.date(last, 12, 31), end or dt.date.min):
            raise ValueError(f"[study] date {made} is not after the last day of the data")
        return self

    @property
    def patents_until(self) -> dt.date:
        """Date of the patent export; without patents, the end of the last year."""
        return self.patents.truncation or dt.date(self.study.years[1], 12, 31)

    @property
    def needed_sources(self) -> dict[str, list[str]]:
        """Sources that the study needs, each with the outcomes that need it (empty: all)."""
        needs: dict[str, list[str]] = {source: [] for source in NEEDED}
        for outcome in self.estimate.outcomes:
            needs.setdefault(OUTCOMES[outcome].source, []).append(outcome)
        return needs


def find_root(start: Path | None = None) -> Path:
    """Find the project folder: the nearest one at or above `start` that holds `studies/`.

    Parameters
    ----------
    start : Path, optional
        Where to begin; the working folder by default.

    Returns
    -------
    Path
        The project folder.

    Raises
    ------
    ZgzxError
        No folder holds `studies/`.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "studies").is_dir():
            return folder
    raise ZgzxError(
        "no project here: no folder above holds studies/",
        where=str(start or "."),
        remedy="Work inside one.",
    )


def check_name(name: str) -> str:
    """Refuse a study name that is not a plain word, for instance one that could be a path."""
    if not NAME.fullmatch(name):
        raise ZgzxError(
            f"study name {name!r} is not a plain word",
            where="study",
            remedy="Use lower-case letters, digits, '-' and '_', for instance demo or year2026; no "
            "path and no ending.",
        )
    return name


def load_study(root: Path, name: str) -> Study:
    """Read `studies/<name>.toml`.

    Parameters
    ----------
    root : Path
        The project folder.
    name : str
        The study.

    Returns
    -------
    Study
        The study file, checked.

    Raises
    ------
    ZgzxError
        No such file, not TOML, an unknown key (the nearest is named) or a wrong value.
    """
    path = root / "studies" / f"{check_name(name)}.toml"
    where = f"studies/{name}.toml"
    if not path.is_file():
        known = sorted(file.stem for file in path.parent.glob("*.toml"))
        remedy = f"Make one with 'zgzx init {name}', or run one of these."
        raise ZgzxError("there is no such study file", where=where, examples=known, remedy=remedy)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        study = Study.model_validate(data)
    except tomllib.TOMLDecodeError as problem:
        raise ZgzxError(
            f"not valid TOML ({problem})", where=where, remedy="Correct that line."
        ) from None
    except UnicodeDecodeError as problem:
        remedy = "Save the file as UTF-8."
        raise ZgzxError(f"not UTF-8 (byte {problem.start})", where=where, remedy=remedy) from None
    except ValidationError as problem:
        raise _explain(problem, where) from None
    if study.study.name != name:
        remedy = "Give file and study one name."
        raise ZgzxError(f"[study] name is {study.study.name!r}", where=where, remedy=remedy)
    return study


def _explain(problem: ValidationError, where: str) -> ZgzxError:
    """Make one error of all wrong keys: the nearest known key, or what was expected."""
    wrong, unknown = [], False
    for error in problem.errors(include_url=False):
        *section, key = [str(part) for part in error["loc"]] or ["patents"]
        if error["type"] == "extra_forbidden":
            unknown = True
            near = difflib.get_close_matches(key, _known(section), n=1, cutoff=0.4)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            wrong.append(f"[{'.'.join(section)}] {key}{hint}" if section else f"[{key}]{hint}")
        else:
            wrong.append(f"[{'.'.join(section)}] {key}: {error['msg'].lower()}")
    what = "unknown or wrong key" if unknown else "wrong or missing value"
    remedy = "See studies/demo.toml, where every key is explained."
    return ZgzxError(what, where=where, count=len(wrong), examples=wrong, remedy=remedy)


def _known(section: list[str]) -> list[str]:
    """Return the known keys at a place of the study file."""
    if len(section) > 2:
        inner: dict[str, type[_Section]] = {"specs": Specification, "overrides": Override}
        return list(inner[section[1]].model_fields)
    if not section:
        return list(Study.model_fields)
    inside = Study.model_fields[section[0]].annotation
    return list(inside.model_fields) if isinstance(inside, type) else []
