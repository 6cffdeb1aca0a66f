"""What changed since an earlier study: inputs, outputs and body of the step."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from zgzx_research.pipeline import store
from zgzx_research.pipeline.build import Step
from zgzx_research.pipeline.place import LINK_TABLES, PANEL_TABLES, Place
from zgzx_research.pipeline.steps import data
from zgzx_research.study import Study

NOTHING: dict[str, Any] = {"since": "", "published_on": "", "claims": {}}
OF_EARLIER = {  # what is read of the earlier study
    "panels": PANEL_TABLES,
    "clean": tuple(data.PANEL_INPUTS),
    "link": LINK_TABLES,
}


def changes_step(place: Place, study: Study, earlier: tuple[Place, Study] | None) -> Step:
    """Make the step that compares a study with an earlier one; without one it says so.

    Parameters
    ----------
    place : Place
        Where the study's files are.
    study : Study
        Its study file.
    earlier : tuple of Place and Study, optional
        The study that `[changes] since` names.

    Returns
    -------
    Step
        Writes `changes.json`.
    """
    settings = [one.model_dump(mode="json") for one in (study, *(earlier or ())[1:])]
    return Step(
        name="changes",
        run=partial(write_changes, place, study, earlier),
        inputs=_inputs(place, earlier) if earlier else (),
        outputs=(place.changes,),
        settings=settings if earlier else None,
    )


def _inputs(place: Place, earlier: tuple[Place, Study]) -> tuple[Path, ...]:
    """List the files of both studies that are compared; of the earlier one, those that exist."""
    own = [*place.stage("clean", *data.PANEL_INPUTS), *place.stage("link", *LINK_TABLES)]
    own += [*place.stage("panels", *PANEL_TABLES), place.calendar, place.claims]
    then = earlier[0]
    old = [path for stage, names in OF_EARLIER.items() for path in then.stage(stage, *names)]
    return (*own, *(path for path in [*old, then.published] if path.is_file()))


def write_changes(place: Place, study: Study, earlier: tuple[Place, Study] | None) -> None:
    """Write `changes.json`."""
    from zgzx_research.evidence.claims import read_claims
    from zgzx_research.pipeline.changes import Comparison, compare

    if earlier is None:
        store.write_json(place.changes, NOTHING)
        return
    comparison = Comparison(*earlier, place, study)
    store.write_json(place.changes, compare(comparison, read_claims(place.claims)))
