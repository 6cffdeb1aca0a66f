"""`zgzx analyse`: the same estimates, facts and report for any tidy panel."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.estimate import options_of
from zgzx_research.did.methods import METHODS
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure import MIN_FIRMS
from zgzx_research.evidence.facts import Fact, Facts, fact
from zgzx_research.pipeline import documents, estimates, facts, manifest, stages, store
from zgzx_research.pipeline.build import Result, Step, build
from zgzx_research.pipeline.command_words import in_command_words
from zgzx_research.pipeline.panel_file import read_panel_file
from zgzx_research.pipeline.stages import Place
from zgzx_research.pipeline.summaries import Summary, summarise
from zgzx_research.study import NAME, check_name

OUTCOME = "outcome"  # what the facts call it; its column name is the fact study.outcome_name
# controls of the main estimate -> name and controls of the other one shown beside it
ANOTHER = {
    "never_treated": ("not_yet", "not_yet_treated"),
    "not_yet_treated": ("never", "never_treated"),
}
# whom a method without `controls` compares the treated with
COMPARED = {"imputation": "not_yet_treated", "interaction_weighted": "never_treated"}
WINDOW = (-1000, 1000)
SEED = 0
LANGUAGES = ("zh", "en")
OWN = ("analyse", "facts", "estimates", "summaries", "panel_file", "panel_values", "command_words")
ROOMS = ("did", "evidence", "ingest", *(f"pipeline/{name}.py" for name in OWN), *documents.GLUE)
RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d")  # names Windows keeps for devices
LONGEST = 41  # characters of a study name


@dataclass(frozen=True)
class Analysis:
    """One analysis of one file.

    Attributes
    ----------
    roles : arguments of `prepare_panel`. options : arguments of `estimate_effects`.
    specs : name -> arguments of each estimate shown, the main one first.
    labels : period as it was counted -> as the file wrote it, where these differ.
    """

    place: Place
    file: Path
    panel: PreparedPanel
    rows: int
    roles: Mapping[str, Any]
    options: Mapping[str, Any]
    specs: Mapping[str, Mapping[str, Any]]
    labels: Mapping[str, str]

    def stored(self, spec: str) -> Path:
        """Where the summary of an estimate stands."""
        return self.place.work / "summaries" / f"{OUTCOME}.{spec}.json"

    def shown(self, period: float) -> str | None:
        """A period as the file wrote it, None where it is the number itself."""
        return self.labels.get(str(int(period)))


def run_analysis(
    root: Path,
    file: Path,
    name: str | None,
    roles: Mapping[str, Any],
    options: Mapping[str, Any],
    never_treated: str | float | None,
    *,
    say: Callable[[str], None],
) -> tuple[Result, Place, list[str]]:
    """Estimate, gather facts and render; where the results are.

    And lines for the terminal with the overall effect.

    Parameters
    ----------
    name : of the report; None makes one from the file's. roles : arguments of `prepare_panel`.
        options : arguments of `estimate_effects`; what is None or empty in either counts as not
        given.

    Raises
    ------
    ZgzxError : file, column or panel that cannot be used, in the words of the command line; a name
        with path parts; the name of a study.
    """
    try:
        return _run(root, file.resolve(), name, _given(roles), _given(options), never_treated, say)
    except ZgzxError as problem:
        raise in_command_words(problem, file.name) from None


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value not in (None, "", ())}


def _run(
    root: Path,
    file: Path,
    name: str | None,
    roles: dict[str, Any],
    options: dict[str, Any],
    never_treated: str | float | None,
    say: Callable[[str], None],
) -> tuple[Result, Place, list[str]]:
    place = Place(root, check_name(name) if name else study_name(root, file), file.parent)
    if (root / "studies" / f"{place.name}.toml").is_file():
        raise ZgzxError(
            f"{place.name!r} is a study", where="zgzx analyse", remedy="Pass another --name."
        )
    options = _with_adjustment(options, roles)
    _refuse_options(options)
    analysis = _prepared(place, file, roles, options, never_treated)
    settings = {
        "roles": roles,
        "options": options,
        "never_treated": never_treated,
        "file": file.name,
    }
    stamp: dict[str, Any] = {
        "study": place.name,
        "version": stages.root_version(root),
        "code": store.code_digest(ROOMS)[:12],
        "inputs": store.file_digest(file)[:12],
        "file": file.name,
        "seed": SEED,
        "settings": store.digest(store.json_text(settings).encode())[:12],
        "lock": stages.lock_digest(root),
    }
    synthetic = manifest.is_synthetic(file.parent, [file])
    stored = tuple(analysis.stored(spec) for spec in analysis.specs)
    steps = [
        Step(
            f"estimate.{spec}", partial(_estimate, analysis, spec), (file,), (out,), ROOMS, settings
        )
        for spec, out in zip(analysis.specs, stored, strict=True)
    ]
    gather = partial(_write_facts, analysis, stamp, synthetic)
    read = (place.work / "facts.json", *stored)
    steps.append(Step("facts", gather, stored, (read[0],), ROOMS, [settings, stamp, synthetic]))
    steps += documents.steps(
        place, ("any_panel",), LANGUAGES, synthetic, {"any_panel": read, "workbook": read}
    )
    result = build(steps, place.work, say, lock_digest=stamp["lock"])
    return result, place, [_overall_line(_read(analysis, "main")), *_notes(analysis)]


def study_name(root: Path, file: Path) -> str:
    """A name for the report from a file's: letters, digits, - and _.

    Others make way for a short digest of all of it.

    Examples
    --------
    >>> study_name(Path("/nowhere"), Path("My panel.v2.csv")), study_name(Path("/nowhere"), Path("企业面板2020.xlsx"))
    ('my-panel-v2', '2020-00fbbb')
    """
    stem = unicodedata.normalize("NFKC", file.stem).lower()
    name = re.sub(r"[^a-z0-9_]+", "-", stem).strip("-_")
    lost = any(not character.isascii() for character in stem) or len(name) > LONGEST or not name
    if lost:
        digest = hashlib.sha256(stem.encode()).hexdigest()[:6]
        name = f"{name[: LONGEST - len(digest) - 1].strip('-_') or 'panel'}-{digest}"
    if RESERVED.fullmatch(name) or (root / "studies" / f"{name}.toml").is_file():
        name = f"{name[: LONGEST - 6]}-panel"
    assert NAME.fullmatch(name), name
    return name


def _with_adjustment(options: dict[str, Any], roles: Mapping[str, Any]) -> dict[str, Any]:
    """Covariates are asked for to be used.

    Without a word on how, doubly robust (on the ratio scale by regression).
    """
    method = options.get("method", "group_time")
    if (
        not roles.get("covariates")
        or "adjustment" in options
        or method not in METHODS
        or "adjustment" not in options_of(method)
    ):
        return options
    plain = method == "group_time" and options.get("scale", "difference") == "difference"
    return options | {"adjustment": "doubly_robust" if plain else "outcome_regression"}


def _refuse_options(options: Mapping[str, Any]) -> None:
    """An option that the method does not take is an error, so that nothing asked for is silently ignored."""
    method = options.get("method", "group_time")
    if method not in METHODS:
        remedy = f"Choose one of {', '.join(METHODS)}."
        raise ZgzxError(f"there is no method {method!r}", where="--method", remedy=remedy)
    ignored = [name for name in options if name != "method" and name not in options_of(method)]
    if ignored:
        takes = [name for name in options_of(method) if name in COMMAND_OPTIONS]
        raise ZgzxError(
            f"--method {method} does not take this option",
            where="zgzx analyse",
            count=len(ignored),
            examples=map(_as_option, ignored),
            remedy=f"It takes {', '.join(map(_as_option, takes))}.",
        )


COMMAND_OPTIONS = (
    "adjustment",
    "controls",
    "base_period",
    "anticipation",
    "leave_out",
    "scale",
    "family",
    "event_window",
)


def _as_option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _prepared(
    place: Place,
    file: Path,
    roles: dict[str, Any],
    options: dict[str, Any],
    never_treated: str | float | None,
) -> Analysis:
    """The panel, and what will be estimated.

    Problems of the data come out before anything is written.
    """
    code = f"{never_treated:g}" if isinstance(never_treated, float) else never_treated
    table = read_panel_file(file, roles, code)
    _refuse_untreated(table, roles, file.name)
    panel = prepare_panel(table, **roles)
    _refuse_too_few(panel, options, file.name)
    specs = _specs(panel, options)
    return Analysis(place, file, panel, len(table), roles, options, specs, _labels(panel))


def _refuse_untreated(table: pd.DataFrame, roles: Mapping[str, Any], file: str) -> None:
    name = roles["first_treated"]
    if table[name].isna().all():
        raise ZgzxError(
            "no unit is ever treated: no cell of this column holds a period",
            where=f"{file}, column {name!r}",
            count=len(table),
            remedy="Name the column with the first treated period of each unit in --first-treated.",
        )


def _refuse_too_few(panel: PreparedPanel, options: Mapping[str, Any], file: str) -> None:
    """Say so before anything is written when nothing could be shown."""
    never = _never(panel)
    treated = len(panel.y) - never
    if not treated:
        left = panel.ledger[panel.ledger["reason"].str.contains("already treated|treated after")]
        raise ZgzxError(
            "no unit is first treated within the periods of the panel",
            where=file,
            examples=(f"{row.reason}: {row.units} units" for row in left.itertuples(index=False)),
            remedy="Add periods before and after treatment, or name another column in --first-treated.",
        )
    if treated < MIN_FIRMS:
        raise ZgzxError(
            f"{treated} of {len(panel.y)} units are treated, and a report needs {MIN_FIRMS}",
            where=file,
            remedy=f"Results of so few tell of single units, so no report is written. {_for_the_user(panel, options)}",
        )
    if (
        never < MIN_FIRMS
        and compared(options) == "never_treated"
        and options.get("method") != "interaction_weighted"
    ):
        later = len(np.unique(panel.cohort)) - (never > 0) > 1
        raise ZgzxError(
            f"the panel has {never} never treated units, and a report needs {MIN_FIRMS}",
            where=file,
            remedy="Add --controls not_yet_treated: units treated later then serve as comparison until then."
            if later
            else "All are treated at once, so nobody is left to compare with: add units never treated.",
        )


def _for_the_user(panel: PreparedPanel, options: Mapping[str, Any]) -> str:
    """The estimate of a panel too small for a report.

    Nobody but whoever ran the command reads it.
    """
    from zgzx_research.did.estimate import estimate_effects

    try:
        return f"For you alone: {_overall_line(summarise(estimate_effects(panel, **options), WINDOW, SEED))}."
    except ZgzxError:
        return "Nor can it be estimated."


def _never(panel: PreparedPanel) -> int:
    return int((panel.cohorts[panel.cohort] == float("inf")).sum())


def compared(options: Mapping[str, Any]) -> str:
    """Whom the treated are compared with: "never_treated", "not_yet_treated" or "all_others"."""
    method = options.get("method", "group_time")
    if "controls" in options_of(method):
        return options.get("controls", "never_treated")
    return COMPARED.get(method, "all_others")


def _specs(panel: PreparedPanel, options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The main estimate, and where there is one the other comparison group's."""
    specs = {"main": options}
    if "controls" in options_of(options.get("method", "group_time")):
        name, controls = ANOTHER[compared(options)]
        if controls == "not_yet_treated" or _never(panel) >= MIN_FIRMS:
            specs[name] = options | {"controls": controls}
    return specs


def _labels(panel: PreparedPanel) -> dict[str, str]:
    """Counted periods -> what the file calls them, where that is not the number.

    Years, months or days.
    """
    written = panel.clock.labels() if panel.clock is not None else ()
    for end in ("-01-01", "-01"):
        if written and all(label.endswith(end) and label.count("-") == 2 for label in written):
            written = tuple(label.removesuffix(end) for label in written)
    numbers = map(str, panel.periods)
    return {
        number: label for number, label in zip(numbers, written, strict=False) if label != number
    }


def _estimate(analysis: Analysis, spec: str) -> None:
    from zgzx_research.did.estimate import estimate_effects

    effects = estimate_effects(analysis.panel, **analysis.specs[spec])
    summary = replace(summarise(effects, WINDOW, SEED), labels=dict(analysis.labels))
    store.write_text(analysis.stored(spec), summary.to_json() + "\n")


def _read(analysis: Analysis, spec: str) -> Summary:
    return Summary.from_json(analysis.stored(spec).read_text(encoding="utf-8"))


def _write_facts(analysis: Analysis, stamp: dict[str, Any], synthetic: bool) -> None:
    found = facts.design_facts(SEED, WINDOW, synthetic) | facts.panel_facts(
        analysis.panel, analysis.rows
    )
    found |= facts.stamp_facts(stamp) | _study_facts(analysis)
    for name, at in (("first_period", 0), ("last_period", -1)):
        if shown := analysis.shown(analysis.panel.periods[at]):
            found[f"panel.{name}"] = fact(shown, "text", "data", "panels")
    for spec in analysis.specs:
        found |= estimates.summary_facts(_read(analysis, spec), OUTCOME, spec)
        found |= estimates.graded(found, OUTCOME, spec, claimed={}, linked_share=None)
    Facts(found).save(analysis.place.work / "facts.json")


def _study_facts(analysis: Analysis) -> dict[str, Fact]:
    """What was asked for, in the words of the command line."""
    told = {"source_file": analysis.file.name, "name": analysis.place.name}
    told |= {
        f"{role}_name": analysis.roles[role]
        for role in ("unit", "period", "outcome", "first_treated")
    }
    told |= {"covariates": ", ".join(analysis.roles.get("covariates", ()))}
    alone = analysis.options.get("method") == "interaction_weighted" and not _never(analysis.panel)
    told |= {"compared": "last_cohort" if alone else compared(analysis.options)}
    told |= {"another": next(iter([*analysis.specs][1:]), "")}
    return {f"study.{name}": fact(text, "text", "design", "study") for name, text in told.items()}


def _overall_line(summary: Summary) -> str:
    """The overall effect, for the terminal."""
    row = summary.overall.iloc[0]
    estimate = f"overall effect on the treated: {row['estimate']:.10g}"
    if pd.isna(row["std_error"]):
        return f"{estimate} (std. error not estimable: the treated or the comparison units do not vary, or are too few)"
    interval = f"95% interval {row['ci_low']:.6g} to {row['ci_high']:.6g}"
    return f"{estimate} (std. error {row['std_error']:.6g}, {interval})"


def _notes(analysis: Analysis) -> list[str]:
    """What a reader of the terminal should know.

    Defaults that were chosen, and what was left out.
    """
    lines = []
    if (how := analysis.options.get("adjustment")) and analysis.roles.get("covariates"):
        lines.append(f"adjusted for {', '.join(analysis.roles['covariates'])}: --adjustment {how}")
    for row in analysis.panel.ledger.itertuples(index=False):
        count = (
            f"{row.rows:,} rows"
            if row.rows
            else f"{row.units:,} units"
            if row.units
            else ", ".join(row.examples)
        )
        lines.append(f"{row.reason}: {count}")
    return lines
