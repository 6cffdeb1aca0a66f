"""`zgzx run`: bring panels, pages and reports of a study up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from zgzx_research import __version__
from zgzx_research.cleaning.secret_key import SYNTHETIC_KEY
from zgzx_research.engine import check_engine
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure_rules import with_stricter
from zgzx_research.evidence.facts import Fact
from zgzx_research.ingest.file_numbers import LIST, is_listed, number_files
from zgzx_research.pipeline import manifest, store, study_facts
from zgzx_research.pipeline.build import Result, Step, build
from zgzx_research.pipeline.code_digest import package_digest
from zgzx_research.pipeline.disclosure_log import rule_facts
from zgzx_research.pipeline.freeze import plan_facts
from zgzx_research.pipeline.key_file import secret_key
from zgzx_research.pipeline.live_steps import Watch, live_steps
from zgzx_research.pipeline.one_run import only_run
from zgzx_research.pipeline.page_folders import pages_of, quoted_pages
from zgzx_research.pipeline.place import PAGE_TABLES, SOURCES, Place, raw_files
from zgzx_research.pipeline.published_counts import earlier_file
from zgzx_research.pipeline.run_log import Entry, logged
from zgzx_research.pipeline.steps import data, pages
from zgzx_research.pipeline.steps.changes import changes_step
from zgzx_research.pipeline.steps.pages import Edition
from zgzx_research.study import Study, load_study

PARTS = {
    "all": "",
    "build": "clean,link,panels",
    "estimate": "clean,link,panels,study,changes,page,facts",
    "report": "study,changes,page,facts,report,brief,index,manifest",
}


def open_study(root: Path, name: str) -> tuple[Place, Study, dict[str, list[Path]]]:
    """Read a study file and list the study's raw files.

    Parameters
    ----------
    root : Path
        The project folder.
    name : str
        The study.

    Returns
    -------
    place : Place
        Where its files are.
    study : Study
        Its study file.
    files : dict
        Source to its raw files.

    Raises
    ------
    ZgzxError
        Wrong study file; a missing raw folder, or a source without files.
    """
    study = load_study(root, name)
    place = Place(root, name, (root / study.raw.path).resolve())
    files = {source: raw_files(place.raw, source) for source in SOURCES}
    absent = [source for source in study.needed_sources if not files[source]]
    if absent:
        raise missing_sources(study, absent)
    return place, study, files


def missing_sources(study: Study, absent: Sequence[str]) -> ZgzxError:
    """Make the error for sources that the study needs and that have no files."""
    name, path = study.study.name, study.raw.path
    outcomes = [outcome for source in absent for outcome in study.needed_sources[source]]
    make = "Make the synthetic ones: zgzx simulate data/raw/demo, or make report in the repository"
    put = make if name == "demo" else "Put the agencies' files there"
    leave = f", or take {', '.join(outcomes)} out of [estimate] outcomes" if outcomes else ""
    folders = [f"{path}/{source}/" for source in absent]
    return ZgzxError(
        "raw files are missing",
        where=f"study {name}",
        count=len(absent),
        examples=folders,
        remedy=f"{put}{leave}.",
    )


def run_study(
    root: Path, name: str, part: str, *, say: Callable[[str], None], live: bool = False
) -> Result:
    """Bring a study (or one part of it) up to date.

    Parameters
    ----------
    root : Path
        The project folder.
    name : str
        The study.
    part : str
        One of PARTS.
    say : callable
        Prints a line.
    live : bool, default False
        Show the running steps where standard error is a terminal.

    Returns
    -------
    Result
        Steps that ran and steps that were up to date.

    Raises
    ------
    ZgzxError
        Unknown part, wrong study file, missing raw files, another run of the study at work, or the
        first problem of a step.
    """
    if part not in PARTS:
        remedy = f"Choose one of {', '.join(PARTS)}."
        raise ZgzxError(f"part {part!r} is unknown", where="zgzx run", remedy=remedy)
    place, study, files = open_study(root, name)
    entry = Entry(f"run {part}", __version__)
    with logged(place.work, entry), live_steps(say, live) as (shown, heard):
        result = _bring_up_to_date(place, study, files, part, heard, entry, shown)
        entry.skipped = len(result.skipped)
    return result


def _bring_up_to_date(
    place: Place,
    study: Study,
    files: Mapping[str, Sequence[Path]],
    part: str,
    say: Callable[[str], None],
    entry: Entry,
    shown: Watch,
) -> Result:
    """Run the steps of a study that are not up to date, and note in `entry` what was done."""
    root = place.root
    check_engine(data.engine_of(study))
    data.check_corrections(place)
    inputs = [path for found in files.values() for path in found]
    numbers = number_files(place.raw, inputs)
    _warn_of_unlisted(place, inputs, entry.counting("files not listed", say))
    synthetic = manifest.is_synthetic(place.raw, inputs)
    key = secret_key(study, root, synthetic)
    _warn_of_public_key(place, numbers, key, entry.counting("public key", say))

    stamp = _stamp(place, study, inputs)
    edition = _edition(place, study, synthetic)
    entry.commit = edition.commit
    say_of_earlier = entry.counting("earlier study without raw files", say)
    earlier = None if part == "build" else earlier_study(root, study, say_of_earlier)
    steps = [
        *data.steps(place, study, files, numbers, key),
        pages.study_step(place, _study_facts(place, study, stamp, synthetic)),
        changes_step(place, study, earlier),
        *pages.steps(edition),
    ]
    steps.append(_manifest_step(place, study, numbers, stamp, steps))

    @contextmanager
    def watch(step: str) -> Iterator[None]:
        with entry.step(step), shown(step):
            yield

    lock = stamp["lock"]
    with only_run(place.work, place.reports):
        return build(steps, place.work, say, lock_digest=lock, only=PARTS[part], watch=watch)


def earlier_study(
    root: Path, study: Study, say: Callable[[str], None]
) -> tuple[Place, Study] | None:
    """Bring the data of the study that `[changes] since` names up to date.

    Without its raw files, its data are used as they were built last.
    """
    if study.changes.since is None:
        return None
    old = load_study(root, study.changes.since)
    place = Place(root, old.study.name, (root / old.raw.path).resolve())
    data_up_to_date(root, place, old, say)
    return place, old


def data_up_to_date(root: Path, place: Place, study: Study, say: Callable[[str], None]) -> None:
    """Bring the data of another study up to date, as far as its raw files are still there."""
    if all(raw_files(place.raw, source) for source in study.needed_sources):
        run_study(root, place.name, "build", say=lambda line: say(f"{place.name}: {line}"))
    else:
        say(f"warning: {place.name} lacks raw files; its data are used as they were built last")


def _stamp(place: Place, study: Study, inputs: list[Path]) -> dict[str, Any]:
    """Return what is needed to make the study again."""
    # the engine changes no number, so reports of either are the same
    settings = study.model_dump(mode="json", exclude={"engine"})
    return {
        "study": place.name,
        "version": __version__,
        "code": package_digest()[:12],
        "lock": study_facts.lock_digest(place.root),
        "inputs": study_facts.input_digest(inputs, place.raw)[:12],
        "input_files": len(inputs),
        "settings": store.digest(store.json_text(settings).encode())[:12],
        "seed": study.study.seed,
    }


def _study_facts(
    place: Place, study: Study, stamp: Mapping[str, Any], synthetic: bool
) -> dict[str, Fact]:
    """Return the facts that every page knows."""
    return (
        study_facts.design_facts(study.study.seed, study.estimate.event_window, synthetic)
        | study_facts.identity_facts(study.study.name, study.study.years)
        | study_facts.front_facts(study)
        | rule_facts(with_stricter(study.disclosure.stricter))
        | study_facts.stamp_facts(stamp)
        | plan_facts(place, study)
    )


def _edition(place: Place, study: Study, synthetic: bool) -> Edition:
    """Return the pages of a study and how they are made."""
    found = pages_of(place.root, study)
    tables = [place.stage(stage, table)[0] for table, stage in PAGE_TABLES.items()]
    ledger, earlier = place.work / "clean" / "ledger.json", earlier_file(place.root, study)
    return Edition(
        place=place,
        pages=found,
        quotes=quoted_pages(place.root, found),
        languages=study.study.languages,
        synthetic=synthetic,
        inputs=(place.facts("study"), ledger, place.calendar, *tables, *earlier),
        parameters={},
        commit=manifest.clean_commit(place.root),
    )


def _manifest_step(
    place: Place,
    study: Study,
    numbers: Mapping[Path, str],
    stamp: Mapping[str, Any],
    steps: Sequence[Step],
) -> Step:
    """Make the last step, which records inputs and outputs (but for all studies' landing page)."""
    outputs = [path for step in steps for path in step.outputs if step.name != "index"]
    settings = study.model_dump(mode="json")
    decided = [*place.decision_files().values(), *([place.plan] if place.plan.is_file() else [])]
    out = place.work / "manifest.json"
    return Step(
        name="manifest",
        run=partial(
            manifest.write_manifest,
            place.root,
            out,
            inputs=numbers,
            outputs=[*outputs, place.calendar, *decided],
            settings=settings,
            stamp=stamp,
        ),
        inputs=(*numbers, *outputs),
        outputs=(out,),
        settings=[settings, dict(stamp)],
        numbers=numbers,
    )


def _warn_of_unlisted(place: Place, inputs: list[Path], say: Callable[[str], None]) -> None:
    """Warn where the numbers of files could not be stored, and so may change."""
    if not is_listed(place.raw, inputs):
        say(
            f"warning: the folder of the raw files cannot be written, so there is no {LIST}: files "
            "are numbered in the order of their names. Add or rename none, or decisions on cells "
            "and rows are about other files."
        )


def _warn_of_public_key(
    place: Place, numbers: Mapping[Path, str], key: bytes, say: Callable[[str], None]
) -> None:
    """Warn where data may be real and their pseudonyms would use the public key."""
    changed = manifest.unmarked(place.raw, numbers) if key == SYNTHETIC_KEY else []
    if changed:
        say(
            f"warning: {len(changed)} of {len(numbers)} raw files are not in {manifest.MARK} (e.g. "
            f"{changed[0]}). The study counts as synthetic, so its pseudonyms use a public key: if "
            f"these files hold real people, stop, take {manifest.MARK} away and set [privacy] "
            "key_file."
        )
