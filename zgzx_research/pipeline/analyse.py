"""`zgzx analyse`: the same estimates, facts and report for any tidy panel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from zgzx_research.did.prepare import prepare_panel
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure import MIN_FIRMS
from zgzx_research.evidence.facts import Facts, fact
from zgzx_research.pipeline import documents, estimates, facts, manifest, stages, store
from zgzx_research.pipeline.build import Result, Step, build
from zgzx_research.pipeline.stages import Place
from zgzx_research.study import check_name

OUTCOME = "outcome"  # what the facts call it; its column name is the fact study.outcome_name
SPECS = {"main": "never_treated", "not_yet": "not_yet_treated"}
WINDOW = (-1000, 1000)
SEED = 0
LANGUAGES = ("zh", "en")
ROOMS = ("did", "evidence", "pipeline/analyse.py", "pipeline/facts.py", "pipeline/estimates.py", *documents.GLUE)


def run_analysis(
    root: Path, file: Path, name: str, roles: dict[str, str], options: dict[str, Any], never_treated: float | None,
    *, say: Callable[[str], None],
) -> tuple[Result, list[str]]:  # fmt: skip
    """Estimate, gather facts and render; also lines for the terminal with the overall effect.

    Raises
    ------
    ZgzxError : file, column or panel that cannot be used; a name with path parts; the name of a study.
    """
    file = file.resolve()
    place = Place(root, check_name(name), file.parent)
    estimates.refuse_study_name(root, name)
    table = estimates.read_panel_file(file, roles, never_treated)
    panel = prepare_panel(table, **roles)  # problems of the data come out before anything is written
    _refuse_too_few(panel, file.name)
    settings = {"roles": roles, "options": options, "never_treated": never_treated, "file": file.name}
    stamp: dict[str, Any] = {
        "study": name, "version": stages.root_version(root), "code": store.code_digest(ROOMS)[:12],
        "inputs": store.file_digest(file)[:12], "file": file.name, "seed": SEED,
        "settings": store.digest(store.json_text(settings).encode())[:12], "lock": stages.lock_digest(root),
    }  # fmt: skip
    synthetic = manifest.is_synthetic(file.parent, [file])
    outputs = {spec: place.work / "effects" / f"{OUTCOME}.{spec}.json" for spec in SPECS}
    steps = []
    for spec, controls in SPECS.items():
        run = partial(_estimate, panel, options | {"controls": controls}, outputs[spec])
        steps.append(Step(f"estimate.{spec}", run, (file,), (outputs[spec],), ROOMS, settings))
    gather = partial(_write_facts, place, panel, len(table), roles, file.name, stamp, synthetic)
    read = (place.work / "facts.json", *outputs.values())
    steps.append(Step("facts", gather, tuple(outputs.values()), (read[0],), ROOMS, [settings, stamp, synthetic]))
    steps += documents.steps(place, ("any_panel",), LANGUAGES, synthetic, {"any_panel": read, "workbook": read})
    result = build(steps, place.work, say, lock_digest=stamp["lock"])
    return result, _lines(place)


def _refuse_too_few(panel: Any, file: str) -> None:
    """Say so before anything is written when nothing could be shown."""
    never = int((panel.cohorts[panel.cohort] == float("inf")).sum())
    for count, who in ((len(panel.y) - never, "treated"), (never, "never treated")):
        if count < MIN_FIRMS:
            raise ZgzxError(
                f"the panel has {count} {who} units, and a report needs {MIN_FIRMS}", where=file,
                remedy="Without never-treated units use estimate_effects(…, controls='not_yet_treated') in Python.",
            )  # fmt: skip


def _estimate(panel: Any, options: dict[str, Any], out: Path) -> None:
    from zgzx_research.did.estimate import estimate_effects

    store.write_text(out, estimate_effects(panel, **options).to_json() + "\n")


def _write_facts(
    place: Place, panel: Any, rows: int, roles: dict[str, str], file: str, stamp: dict[str, Any], synthetic: bool
) -> None:
    found = facts.design_facts(SEED, WINDOW, synthetic) | facts.panel_facts(panel, rows) | facts.stamp_facts(stamp)
    names = {f"{role}_name": column for role, column in roles.items()} | {"source_file": file, "name": place.name}
    found |= {f"study.{name}": fact(text, "text", "design", "study") for name, text in names.items()}
    for spec in SPECS:
        effects = facts.load_effects(place, OUTCOME, spec)
        found |= estimates.estimate_facts(effects, OUTCOME, spec, events=None, window=WINDOW, seed=SEED)
        found |= estimates.graded(found, OUTCOME, spec, claimed=None, linked_share=None)
    Facts(found).save(place.work / "facts.json")


def _lines(place: Place) -> list[str]:
    """The overall effect, for the terminal."""
    row = facts.load_effects(place, OUTCOME, "main").aggregate("overall").to_frame().iloc[0]
    interval = f"95% interval {row['ci_low']:.6g} to {row['ci_high']:.6g}"
    return [f"overall effect on the treated: {row['estimate']:.10g} (std. error {row['std_error']:.6g}, {interval})"]
