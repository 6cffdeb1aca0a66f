"""The analysis plan of a study: every choice that decides its results, in a file to read.

`studies/<name>.plan.toml` has a line for each choice. A digest over all lines shows whether the
file was edited afterwards.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.claims import Claim, read_claims
from zgzx_research.outcomes import OUTCOMES
from zgzx_research.pipeline import store
from zgzx_research.pipeline.page_folders import STUDY_DOCUMENTS, page_rules
from zgzx_research.pipeline.place import CLAIMS
from zgzx_research.study import Study

ROOMS = ("panels", "did", "designs", "robustness")  # whose code makes the estimates
RULES = {
    "grade": "evidence/grade.toml",
    "negative_controls": "robustness/negative_controls.toml",
}
OF_DELIVERY = ("truncation",)  # of [patents]: a date of the files, known only with them
DIGITS = 16  # of a digest of code or rules
EDITED = "plan_file"  # stands for the file itself among the names of changed lines
HEADER = """\
# Analysis plan of the study {name}, written by `zgzx freeze {name}`. Do not edit it: a run compares
# each line with the study file, the claims, the rules and the code of that day, and the report says
# what was changed since. Commit it: the date of the commit shows when it was written.
# 研究 {name} 的分析计划，由 zgzx freeze {name} 写成。请勿修改，请提交到版本库；每次运行都逐行核对，
# 报告会写明之后改动了什么。
"""

Decided = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """A frozen analysis plan.

    Attributes
    ----------
    study : str
        Name of the study.
    frozen_on, written_on : str
        Date of the plan as given, and the day on which the file was written (ISO).
    after_data : bool
        Whether data of the study had been built when the plan was written.
    outcome_files : int
        Raw files with outcomes that lay in the study's folder on that day, whether read or not.
    earlier : tuple of str
        Plans that this one replaces: date, whether after the data, digest.
    decided : dict
        Name of a choice to its value: text, number, yes or no, or a list.
    digest : str
        SHA-256 over all of the above.
    """

    study: str
    frozen_on: str
    written_on: str
    after_data: bool
    outcome_files: int
    earlier: tuple[str, ...] = ()
    decided: Decided = field(default_factory=dict)
    digest: str = ""

    @property
    def heading(self) -> Decided:
        """All but the choices and the digest."""
        return {
            "study": self.study,
            "frozen_on": self.frozen_on,
            "written_on": self.written_on,
            "after_data": self.after_data,
            "outcome_files": self.outcome_files,
            "earlier": list(self.earlier),
        }

    def sealed(self) -> Plan:
        """Return the plan with the digest of its content."""
        text = store.json_text([self.heading, self.decided])
        return replace(self, digest=store.digest(text.encode()))


def decisions(root: Path, study: Study) -> Decided:
    """Return every choice that decides the results of a study, as it stands now.

    Parameters
    ----------
    root : Path
        The project folder.
    study : Study
        The study file.

    Returns
    -------
    dict
        Dotted name to value. `estimate`, `retention` and `patents` are sections of the study file;
        `outcome` is what holds for each outcome; `claims` the primary family; `rules`, `code` and
        `pages` are digests of the rules of evidence, of the code that estimates, and of the code
        cells of the pages.
    """
    settings = study.model_dump(mode="json", exclude_none=True)
    patents = {key: value for key, value in settings["patents"].items() if key not in OF_DELIVERY}
    primary = [claim for claim in read_claims(root / CLAIMS) if claim.family == "primary"]
    tree = {
        "study": {key: settings["study"][key] for key in ("years", "seed")},
        "retention": settings["retention"],
        "patents": patents,
        "estimate": settings["estimate"],
        "outcome": {name: _outcome(study, name) for name in study.estimate.outcomes},
        "claims": {claim.id: _claim(claim) for claim in primary},
        "rules": {name: _short(store.PACKAGE / path) for name, path in RULES.items()},
        "code": {room: _short(*_sources(store.PACKAGE / room)) for room in ROOMS},
        "pages": dict(_pages(root)),
    }
    return dict(_flat(tree))


def _outcome(study: Study, name: str) -> Decided:
    """Return what holds for an outcome, from its row and from what the study changes in it."""
    row = OUTCOMES[name]
    return {
        "design": study.estimate.primary_design(name),
        "scale": row.scale,
        "sample": row.sample,
        "base_period": study.estimate.base_period(name, "main"),
        "claimed_effect": study.estimate.claimed_effect(name),
    }


def _claim(claim: Claim) -> Decided:
    """Return what the ledger says of a claim of the primary family."""
    said = {"outcome": claim.outcome, "sign": claim.sign}
    own = {} if math.isnan(claim.claimed_effect) else {"claimed_effect": claim.claimed_effect}
    return said | own


def _pages(root: Path) -> Iterator[tuple[str, str]]:
    """Yield each page that estimates, with the digest of its code cells."""
    for notebook in sorted((root / "notebooks").glob("*/page.ipynb")):
        rules = page_rules(notebook.parent)
        if rules.document in STUDY_DOCUMENTS and not (rules.quotes or rules.reads):
            cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
            code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
            yield notebook.parent.name, store.digest("\0".join(code).encode())[:DIGITS]


def _sources(folder: Path) -> list[Path]:
    """List the code and settings of a room."""
    return sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".toml"))


def _short(*paths: Path) -> str:
    """Return a short digest over names and contents of files of the package."""
    lines = [
        f"{path.relative_to(store.PACKAGE).as_posix()}\0{store.file_digest(path)}" for path in paths
    ]
    return store.digest("\n".join(lines).encode())[:DIGITS]


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted names and values of a tree; an empty branch has none."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", list(value) if isinstance(value, tuple) else value


def plan_text(plan: Plan) -> str:
    """Write a plan as TOML, one line for each choice, a blank line between sections."""
    lines = [HEADER.format(name=plan.study), "[plan]"]
    lines += [_line(name, value) for name, value in plan.heading.items()]
    lines += [_line("digest", plan.digest), "", "[decided]"]
    section = ""
    for name, value in sorted(plan.decided.items()):
        if section and name.split(".")[0] != section:
            lines.append("")
        section = name.split(".")[0]
        lines.append(_line(name, value))
    return "\n".join(lines) + "\n"


def _line(name: str, value: Any) -> str:
    """Write one line; texts, numbers, true, false and lists are written in TOML as in JSON."""
    return f"{name} = {json.dumps(value, ensure_ascii=False)}"


def read_plan(path: Path) -> Plan | None:
    """Read a plan; None where there is none.

    Raises
    ------
    ZgzxError
        A file that is not a plan.
    """
    if not path.is_file():
        return None
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        heading = dict(data["plan"])
        earlier = tuple(heading.pop("earlier"))
        return Plan(**heading, earlier=earlier, decided=dict(_flat(data["decided"])))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError):
        raise ZgzxError(
            "the analysis plan cannot be read",
            where=f"studies/{path.name}",
            remedy="Bring the file back from version control, or delete it and freeze again.",
        ) from None


def changed_names(plan: Plan, now: Decided) -> list[str]:
    """List the names of all choices that are not as the plan says.

    Parameters
    ----------
    plan : Plan
        The frozen plan.
    now : dict
        `decisions` of today.

    Returns
    -------
    list of str
        Sorted; `EDITED` first where the plan's own file was edited.
    """
    edited = [EDITED] if plan.sealed().digest != plan.digest else []
    names = plan.decided.keys() | now.keys()
    return edited + sorted(name for name in names if plan.decided.get(name) != now.get(name))
