"""The study file: everything a yearly rerun may change, typed and checked before anything runs."""

from __future__ import annotations

import datetime as dt
import difflib
import tomllib
from pathlib import Path

from pydantic import (
    ValidationError,
    model_validator,
)

from zgzx_research.errors import ZgzxError
from zgzx_research.outcomes import OUTCOMES
from zgzx_research.study_sections import (
    NAME,
    NEEDED,
    Changes,
    Disclosure,
    Engine,
    Estimate,
    Identity,
    Override,
    Patents,
    Privacy,
    Raw,
    Retention,
    Section,
    Spark,
    Specification,
    Value,
    Worth,
)


class Study(Section):
    """A study file; unknown keys are refused with the nearest known one."""

    study: Identity
    raw: Raw
    privacy: Privacy = Privacy()
    disclosure: Disclosure = Disclosure()
    engine: Engine = Engine()
    retention: Retention = Retention()
    patents: Patents = Patents()
    estimate: Estimate
    changes: Changes = Changes()
    value: Value = Value()

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

    @model_validator(mode="after")
    def _an_earlier_study(self) -> Study:
        if self.changes.since == self.study.name:
            raise ValueError("[changes] since names this study itself; name an earlier one")
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
        remedy="Work inside one, or make one: zgzx new-project FOLDER.",
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
        stems = (file.stem for file in path.parent.glob("*.toml"))
        known = sorted(stem for stem in stems if NAME.fullmatch(stem))  # no analysis plan
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
        inner: dict[str, type[Section]] = {"specs": Specification, "overrides": Override}
        return list(inner[section[1]].model_fields)
    if not section:
        return list(Study.model_fields)
    if len(section) > 1:
        nested: dict[str, type[Section]] = {"value": Worth, "engine": Spark}
        return list(nested[section[0]].model_fields)
    inside = Study.model_fields[section[0]].annotation
    return list(inside.model_fields) if isinstance(inside, type) else []
