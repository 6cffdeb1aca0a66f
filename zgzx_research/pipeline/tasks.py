"""The task graph of a study, from raw files to the manifest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from zgzx_research.cleaning.secret_key import SYNTHETIC_KEY
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.file_numbers import LIST, is_listed, number_files
from zgzx_research.pipeline import documents, facts, manifest, stages, store
from zgzx_research.pipeline.build import Result, Step, build
from zgzx_research.pipeline.stages import Place, raw_files
from zgzx_research.study import Study, load_study

PAGES = ("brief", "1_data_audit", "3_retention", "4_patents")
PARTS = {
    "all": "",
    "build": "clean,link,panels",
    "estimate": "clean,link,panels,estimate,facts",
    "report": "page,report,brief,index,manifest",
}

# rooms whose sources a stage runs: its own, those it imports, and the glue of this folder
GLUE = ("errors.py", "atomic.py", "pipeline/stages.py", "pipeline/store.py")
ROOMS = {
    "clean": ("ingest", "cleaning", "distinct.py", *GLUE),
    "collect": ("cleaning/audit_workbook.py", "report/wording.py", "report/wording.toml", *GLUE),
    "link": ("link", "engine.py", "distinct.py", "cleaning/rules.toml", *GLUE),
    "panels": ("panels", "link", "engine.py", "distinct.py", *GLUE),
    "estimate": ("did", "panels/retention.py", "pipeline/estimates.py", *GLUE),
    "facts": (
        "did",
        "evidence",
        "pipeline/facts.py",
        "pipeline/estimates.py",
        "report/tables.py",
        *GLUE,
    ),
}
PART_ENDINGS = (
    ".parquet",
    ".non_data.parquet",
    ".json",
)  # what cleaning one source leaves besides its tables
NUMBERS = tuple(sorted({room for rooms in ROOMS.values() for room in rooms}))


def decision_files(place: Place) -> list[Path]:
    """What people decided, as far as they did: corrections of cells and links."""
    return [
        path
        for name in ("corrections.csv", "links.csv")
        if (path := place.decisions / name).is_file()
    ]


def open_study(root: Path, name: str) -> tuple[Place, Study, dict[str, list[Path]]]:
    """A study with its place and raw files.

    Raises
    ------
    ZgzxError : wrong study file; a missing raw folder, or a source without files.
    """
    study = load_study(root, name)
    raw = (root / study.raw.path).resolve()
    files = {source: raw_files(raw, source) for source in stages.SOURCES}
    absent = [source for source in study.needed_sources if not files[source]]
    if absent:
        raise missing_sources(study, absent)
    number_files(
        raw, [path for found in files.values() for path in found]
    )  # once, before sources run side by side
    return Place(root, name, raw), study, files


def missing_sources(study: Study, absent: Sequence[str]) -> ZgzxError:
    """What to say of sources without files that the study cannot do without."""
    name, path = study.study.name, study.raw.path
    outcomes = [outcome for source in absent for outcome in study.needed_sources[source]]
    make = (
        "Make the synthetic files with 'make report'"
        if name == "demo"
        else "Put the agencies' files there"
    )
    leave = f", or take {', '.join(outcomes)} out of [estimate.outcomes]" if outcomes else ""
    folders = [f"{path}/{source}/" for source in absent]
    return ZgzxError(
        "raw files are missing",
        where=f"study {name}",
        count=len(absent),
        examples=folders,
        remedy=f"{make}{leave}.",
    )


def pages_of(study: Study) -> tuple[str, ...]:
    """The pages of a study's report: those about outcomes it does not ask for are left out."""
    needed = {"3_retention": "employment", "4_patents": "patents"}
    return tuple(page for page in PAGES if needed.get(page, "roster") in study.needed_sources)


def run_study(root: Path, name: str, part: str, *, say: Callable[[str], None]) -> Result:
    """Bring a study (or one part of it) up to date."""
    if part not in PARTS:
        raise ZgzxError(
            f"part {part!r} is unknown",
            where="zgzx run",
            remedy=f"Choose one of {', '.join(PARTS)}.",
        )
    place, study, files = open_study(root, name)
    stages.check_corrections(place)
    inputs = [path for found in files.values() for path in found]
    numbers = number_files(place.raw, inputs)
    if not is_listed(place.raw, inputs):
        say(
            f"warning: the folder of the raw files cannot be written, so there is no {LIST}: files are numbered in the "
            "order of their names. Add or rename none, or decisions on cells and rows are about other files."
        )
    synthetic = manifest.is_synthetic(place.raw, inputs)
    key = stages.secret_key(study, root, synthetic)
    _warn_of_public_key(place, inputs, key, say)
    settings = study.model_dump(mode="json")
    stamp: dict[str, Any] = {
        "study": name,
        "version": stages.root_version(root),
        "code": store.code_digest(NUMBERS)[:12],
        "lock": stages.lock_digest(root),
        "inputs": facts.input_digest(inputs, place.raw)[:12],
        "input_files": len(inputs),
        "settings": store.digest(store.json_text(settings).encode())[:12],
        "seed": study.study.seed,
    }
    steps = [
        *_number_steps(place, study, files, numbers, key, stamp, synthetic),
        *documents.steps(
            place, pages_of(study), study.study.languages, synthetic, page_inputs(place, study)
        ),
    ]
    # the landing page belongs to all studies; pytask's own files and partial stages to none
    outputs = [path for step in steps for path in step.outputs if step.name != "index"]
    write = partial(
        manifest.write_manifest,
        root,
        place.work / "manifest.json",
        inputs=numbers,
        outputs=[*outputs, root / stages.CALENDAR, *decision_files(place)],
        settings=settings,
        stamp=stamp,
    )
    done = (place.work / "manifest.json",)
    code = ("pipeline/manifest.py", *GLUE)
    steps.append(
        Step("manifest", write, (*inputs, *outputs), done, code, [settings, stamp], numbers=numbers)
    )
    return build(steps, place.work, say, lock_digest=stamp["lock"], only=PARTS[part])


def _warn_of_public_key(
    place: Place, inputs: list[Path], key: bytes, say: Callable[[str], None]
) -> None:
    """Real people must not get pseudonyms whose key everybody knows."""
    changed = (
        manifest.unmarked(place.raw, number_files(place.raw, inputs))
        if key == SYNTHETIC_KEY
        else []
    )
    if changed:
        say(
            f"warning: {len(changed)} of {len(inputs)} raw files are not in {manifest.MARK} (e.g. {changed[0]}). The "
            "study counts as synthetic, so its pseudonyms use a public key: if these files hold real people, stop, "
            f"take {manifest.MARK} away and set [privacy] key_file."
        )


def page_inputs(place: Place, study: Study) -> dict[str, tuple[Path, ...]]:
    """Stage files each page reads."""
    effects: dict[str, tuple[Path, ...]] = {
        outcome: tuple(
            place.work / "effects" / f"{outcome}.{spec}.json" for spec in study.estimate.specs
        )
        for outcome in study.estimate.outcomes
    }
    always = (place.work / "facts.json",)
    panel = place.stage("panels", "firm_year")
    audit = (
        place.work / "clean" / "ledger.json",
        *place.stage("clean", "quarantine"),
        *place.stage("link", "link_audit", "linkage_rates"),
    )
    patents = tuple(
        path
        for outcome, paths in effects.items()
        if outcome.startswith("patents")
        for path in paths
    )
    return {
        "brief": always,
        "1_data_audit": (
            *always,
            *audit,
            *panel,
            *effects[facts.first_outcome(study.estimate.outcomes)],
        ),
        "3_retention": (*always, *panel, *effects.get("retention", ())),
        "4_patents": (*always, *panel, *patents),
        "workbook": (*always, *audit, *(path for paths in effects.values() for path in paths)),
    }


def _clean_steps(
    place: Place,
    study: Study,
    files: dict[str, list[Path]],
    numbers: dict[Path, str],
    key: bytes,
    corrections: Path | None,
) -> list[Step]:
    """Clean every source, then what belongs to all of them."""
    fingerprint = store.digest(b"pseudonym key" + key)[:12]
    parts = place.work / "clean" / "parts"
    decided = [corrections] if corrections else []
    steps = []
    for source, tables in stages.SOURCES.items():
        outputs = (
            *place.stage("clean", *tables),
            *(parts / f"{source}{ending}" for ending in PART_ENDINGS),
        )
        deliveries = study.raw.deliveries_of(source)
        run = partial(stages.clean, place, source, key, deliveries)
        inputs = (*files[source], *decided)
        own = {path: numbers[path] for path in files[source]}
        settings = [fingerprint, deliveries]
        steps.append(
            Step(
                f"clean.{source}",
                run,
                inputs,
                outputs,
                ROOMS["clean"],
                settings,
                apart=True,
                numbers=own,
            )
        )
    whole = place.work / "clean"
    collected = (*place.stage("clean", "quarantine"), whole / "audit.xlsx", whole / "ledger.json")
    gathered = tuple(
        parts / f"{source}{ending}" for source in stages.SOURCES for ending in PART_ENDINGS
    )
    collect = partial(stages.collect, place)
    steps.append(
        Step("clean.collect", collect, gathered, collected, ROOMS["collect"], apart=True, last=True)
    )
    return steps


def _number_steps(
    place: Place,
    study: Study,
    files: dict[str, list[Path]],
    numbers: dict[Path, str],
    key: bytes,
    stamp: dict[str, Any],
    synthetic: bool,
) -> list[Step]:
    """Clean, link, panels, estimate, facts."""
    decisions = {path.stem: path for path in decision_files(place)}
    steps = _clean_steps(place, study, files, numbers, key, decisions.get("corrections"))
    clean_tables = place.stage(
        "clean", *(table for tables in stages.SOURCES.values() for table in tables)
    )
    linked = place.stage("link", *stages.LINK_TABLES)
    calendar = place.root / stages.CALENDAR
    told = (*clean_tables, calendar, *([decisions["links"]] if "links" in decisions else []))
    steps.append(
        Step(
            "link",
            partial(stages.link, place),
            told,
            (*linked, place.review_workbook),
            ROOMS["link"],
        )
    )
    panel = place.stage("panels", "firm_year")
    settings = [
        study.study.years,
        study.retention.months,
        study.retention.gap,
        study.patents.model_dump(mode="json"),
    ]
    settings.append(sorted(study.needed_sources))
    run = partial(stages.panels, place, study)
    made = place.stage("panels", *stages.PANEL_TABLES)
    steps.append(
        Step("panels", run, (*clean_tables, *linked, calendar), made, ROOMS["panels"], settings)
    )
    effects = []
    for outcome in study.estimate.outcomes:
        for spec in study.estimate.specs:
            output = place.work / "effects" / f"{outcome}.{spec}.json"
            settings = [stages.options(study, outcome, spec), study.retention.min_staff]
            run = partial(stages.estimate, place, study, outcome, spec)
            steps.append(
                Step(
                    f"estimate.{outcome}.{spec}", run, panel, (output,), ROOMS["estimate"], settings
                )
            )
            effects.append(output)
    read = (
        place.work / "clean" / "ledger.json",
        *place.stage("clean", "roster", "entry"),
        calendar,
    )
    inputs = (*effects, *panel, *linked, *read)
    settings = [
        study.estimate.model_dump(mode="json"),
        study.grade.model_dump(),
        stamp,
        synthetic,
        study.study.seed,
    ]
    settings += [study.study.years, sorted(study.needed_sources)]
    run = partial(facts.write_study_facts, place, study, stamp, synthetic)
    steps.append(Step("facts", run, inputs, (place.work / "facts.json",), ROOMS["facts"], settings))
    return steps
