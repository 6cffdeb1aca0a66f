"""`zgzx freeze`: write the analysis plan of a study, and say later whether it still holds."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.facts import Fact, fact
from zgzx_research.pipeline import store
from zgzx_research.pipeline.analysis_plan import (
    Plan,
    changed_names,
    decisions,
    plan_text,
    read_plan,
)
from zgzx_research.pipeline.place import Place, raw_files
from zgzx_research.study import Study, load_study

BUILT = ("clean", "link", "panels", "facts")  # folders that a run fills from the raw files


def freeze_study(
    root: Path,
    name: str,
    on: str | None = None,
    *,
    after_data: bool = False,
    again: bool = False,
    today: dt.date | None = None,
) -> Plan:
    """Write `studies/<name>.plan.toml`.

    Parameters
    ----------
    root : Path
        The project folder.
    name : str
        The study.
    on : str, optional
        Date of the plan, e.g. "2026-03-01"; today's by default.
    after_data : bool, default False
        Freeze although data of the study have been built; the plan says so.
    again : bool, default False
        Replace an earlier plan; the new one names it.
    today : datetime.date, optional
        The day of writing; that of the clock by default.

    Returns
    -------
    Plan
        What was written.

    Raises
    ------
    ZgzxError
        A date that is none or lies ahead; data that have been built; a plan that exists.
    """
    study = load_study(root, name)
    place = Place(root, name, (root / study.raw.path).resolve())
    written = today or dt.date.today()
    frozen = date_of(on, written)
    before = read_plan(place.plan)
    if before is not None and not again:
        raise ZgzxError(
            f"there is a plan of {before.frozen_on} already",
            where=f"studies/{place.plan.name}",
            remedy="Keep it. To replace it, say --again: the new plan names the earlier one.",
        )
    seen = built(place)
    if seen and not after_data:
        raise ZgzxError(
            "data of this study have been built already, so a plan cannot be from before",
            where=f"data/work/{name}",
            count=len(seen),
            examples=seen,
            remedy="Say --after-data: the plan and the report then say that it was frozen after.",
        )
    earlier = () if before is None else (*before.earlier, _in_short(before))
    plan = Plan(
        study=name,
        frozen_on=frozen.isoformat(),
        written_on=written.isoformat(),
        after_data=bool(seen),
        outcome_files=_outcome_files(place, study),
        earlier=earlier,
        decided=decisions(root, study),
    ).sealed()
    store.write_text(place.plan, plan_text(plan))
    return plan


def built(place: Place) -> list[str]:
    """List the stages of a study that hold data: what a run has made from the raw files."""
    return [stage for stage in BUILT if any((place.work / stage).glob("*"))]


def _outcome_files(place: Place, study: Study) -> int:
    """Count the raw files of the sources that hold outcomes."""
    sources = [source for source, outcomes in study.needed_sources.items() if outcomes]
    return sum(len(raw_files(place.raw, source)) for source in sources)


def date_of(on: str | None, today: dt.date) -> dt.date:
    """Return the date that a user gave, today's without one; a wrong or later one is refused."""
    if on is None:
        return today
    try:
        date = dt.date.fromisoformat(on)
    except ValueError:
        remedy = "Write it as 2026-03-01, or leave --date out for today."
        raise ZgzxError(f"{on!r} is no date", where="--date", remedy=remedy) from None
    if date > today:
        remedy = "Give today's date or an earlier one."
        raise ZgzxError(f"{on} lies ahead", where="--date", remedy=remedy)
    return date


def _in_short(plan: Plan) -> str:
    """Name a plan that is replaced."""
    when = "after the data" if plan.after_data else "before the data"
    return f"{plan.frozen_on}, {when}, {plan.digest[:12]}"


def plan_facts(place: Place, study: Study) -> dict[str, Fact]:
    """Make the facts of the plan: `study.frozen`, `study.frozen_on`, what was changed since.

    Parameters
    ----------
    place : Place
        Where the study's files are.
    study : Study
        The study file.

    Returns
    -------
    dict
        `study.frozen` is "before" or "after" the data, "changed" since, or "no"; the others are
        `study.frozen_on`, `study.frozen_after_data`, `study.frozen_files` (raw files with outcomes
        that had arrived by then), `study.plan_changes` (how many choices differ) and
        `study.plan_changed` (their names).
    """
    plan = read_plan(place.plan)
    changed = [] if plan is None else changed_names(plan, decisions(place.root, study))
    after = plan is not None and plan.after_data
    state = "no" if plan is None else "changed" if changed else "after" if after else "before"
    values = {
        "frozen": (state, "text"),
        "frozen_on": ("" if plan is None else plan.frozen_on, "text"),
        "frozen_after_data": (after, "text"),
        "frozen_files": (0 if plan is None else plan.outcome_files, "count"),
        "plan_changes": (len(changed), "count"),
        "plan_changed": (", ".join(changed), "text"),
    }
    return {
        f"study.{name}": fact(value, unit, "design", "study")
        for name, (value, unit) in values.items()
    }


def plan_lines(place: Place, study: Study) -> list[str]:
    """Say whether a study has a plan and whether it holds."""
    plan = read_plan(place.plan)
    if plan is None:
        return ["analysis plan: none; zgzx freeze writes one before the data are seen"]
    when = "after" if plan.after_data else "before"
    line = f"analysis plan: frozen on {plan.frozen_on}, {when} the data were built"
    changed = changed_names(plan, decisions(place.root, study))
    if not changed:
        return [f"{line}; it holds"]
    return [f"{line}; {len(changed)} changed since:", *(f"  {name}" for name in changed)]
