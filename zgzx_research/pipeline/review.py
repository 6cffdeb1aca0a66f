"""Decisions of people about a study, and how the answer depends on uncertain links.

`zgzx review` takes over the decisions in a returned workbook. `zgzx thresholds` estimates with only
the links of firms that have a score and above.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure import blank_few
from zgzx_research.pipeline import estimates, manifest
from zgzx_research.pipeline.key_file import secret_key
from zgzx_research.pipeline.place import SOURCES
from zgzx_research.pipeline.run import open_study
from zgzx_research.pipeline.steps import data
from zgzx_research.study import Study

if TYPE_CHECKING:
    from zgzx_research.link.link_firms import FirmLinks

SHOWN = ("n_treated", "estimate", "std_error", "ci_low", "ci_high")
# scores of links: any, parents of branches, their names, cores, full names; codes have more
THRESHOLDS = (0.0, 0.8, 0.85, 0.9, 0.95)
CONTEST = ("roster", "entry")  # sources of records of the contest


def take_workbook(root: Path, name: str, workbook: Path) -> tuple[int, Path]:
    """Take over the decisions of a returned workbook, audit or candidate links.

    Parameters
    ----------
    root : Path
        The project folder.
    name : str
        The study.
    workbook : Path
        `audit.xlsx` or `link_review.xlsx`, filled in.

    Returns
    -------
    count : int
        How many decisions it holds.
    file : Path
        The decision file; the next run applies it.

    Raises
    ------
    ZgzxError
        No such workbook, no decision in it, or a decision that cannot be applied.
    """
    from zgzx_research.link.review_workbook import is_review

    _refuse_missing(workbook)
    take = take_links if is_review(workbook) else take_audit
    return take(root, name, workbook)


def take_links(root: Path, name: str, workbook: Path) -> tuple[int, Path]:
    """Add the decisions in a returned `link_review.xlsx` to the study's `links.csv`.

    Parameters
    ----------
    root : Path
        The project folder.
    name : str
        The study.
    workbook : Path
        The workbook, filled in.

    Returns
    -------
    count : int
        How many decisions the workbook holds.
    file : Path
        The decision file; the next run applies it.

    Raises
    ------
    ZgzxError
        No decision, one that cannot be applied (see `link.review_workbook.read_review`), or one
        about a firm that is not in the registry.
    """
    from zgzx_research.link.decisions import resolve_decisions, write_decisions
    from zgzx_research.link.firm_names import registry_firms
    from zgzx_research.link.review_workbook import read_review

    place, _, _ = open_study(root, name)
    decided = read_review(workbook)
    _refuse_undecided(decided, workbook, "the reviewer (decision, reviewer, date)")
    wanted = dict.fromkeys(("registry", "registry_name", "registry_event", "roster"))
    tables = data.clean_tables(place, wanted)
    _refuse_not_run(tables, name)
    resolve_decisions(decided, registry_firms(tables)[1])
    return len(decided), write_decisions(decided, place.decisions / "links.csv")


def take_audit(root: Path, name: str, workbook: Path) -> tuple[int, Path]:
    """Add the decisions in a returned `audit.xlsx` to the study's `corrections.csv`.

    Parameters
    ----------
    root : Path
        The project folder.
    name : str
        The study.
    workbook : Path
        The workbook, filled in.

    Returns
    -------
    count : int
        How many decisions the workbook holds.
    file : Path
        The decision file; the next run applies it.

    Raises
    ------
    ZgzxError
        No such workbook, no decision in it, or a decision that cannot be applied (see
        `cleaning.audit_workbook.read_audit`).
    """
    from zgzx_research.cleaning.audit_workbook import read_audit
    from zgzx_research.cleaning.corrections import write_corrections
    from zgzx_research.ingest.read import read_raw

    place, study, files = open_study(root, name)
    _refuse_missing(workbook)
    all_files = [path for found in files.values() for path in found]
    synthetic = manifest.is_synthetic(place.raw, all_files)
    key = secret_key(study, root, synthetic)
    tables = [table for source in SOURCES for table in read_raw(place.raw, source)]
    decided = read_audit(workbook, tables, key, real=not synthetic)
    columns = "the clerk (corrected value or action, reviewer, date)"
    _refuse_undecided(decided, workbook, columns)
    return len(decided), write_corrections(decided, place.decisions / "corrections.csv")


def _refuse_missing(workbook: Path) -> None:
    """Refuse a workbook that does not exist."""
    if not workbook.is_file():
        remedy = "Give the workbook the clerk handed back."
        raise ZgzxError("no such file", where=str(workbook), remedy=remedy)


def _refuse_undecided(decided: pd.DataFrame, workbook: Path, columns: str) -> None:
    """Refuse a workbook without any decision; `columns`: whose columns should hold them."""
    if decided.empty:
        raise ZgzxError(
            "no row of the workbook holds a decision",
            where=workbook.name,
            remedy=f"Fill in the columns of {columns}.",
        )


def _refuse_not_run(tables: Mapping[str, pd.DataFrame], name: str) -> None:
    """Refuse a study without clean tables."""
    if "registry" not in tables:
        remedy = f"Run zgzx run {name} build first."
        raise ZgzxError("the study has not been run", where=name, remedy=remedy)


def across_thresholds(
    root: Path,
    name: str,
    outcome: str,
    scores: Sequence[float] = THRESHOLDS,
    say: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:
    """Estimate the main effect with only the links of firms that have a score and above.

    The firms are linked anew. For each score, links below it are removed, and employment, panel and
    estimate are made from the rest. Accepted decisions stay.

    Parameters
    ----------
    root : Path
        The project folder.
    name : str
        The study.
    outcome : str
        One of the study's outcomes.
    scores : sequence of float, default THRESHOLDS
        Lowest scores of links, 0 to 1.
    say : callable
        Prints a line.

    Returns
    -------
    DataFrame
        One row per score: min_score, linked_share (of the rows of rosters and score sheets),
        n_treated, estimate, std_error, ci_low, ci_high (mean over the headline's event times).

    Raises
    ------
    ZgzxError
        A score outside 0 to 1, an outcome the study does not estimate, or a study that has not been
        run.
    """
    from zgzx_research.link.clean_rows import month_lines
    from zgzx_research.link.decisions import read_decisions
    from zgzx_research.link.link_firms import link_firms
    from zgzx_research.link.link_people import link_people

    place, study, _ = open_study(root, name)
    _refuse(scores, outcome, study)
    tables, months = month_lines(data.clean_tables(place))
    _refuse_not_run(tables, name)
    calendar = pd.read_csv(place.calendar)
    firms = link_firms(tables, calendar, read_decisions(place.decisions / "links.csv"))

    engine = data.engine_of(study)
    rows = []
    for score in sorted(set(scores)):
        strict = _reliable_links(firms, score)
        people = link_people(tables, strict, calendar, months=months, engine=engine)
        panel = data.firm_year(study, tables, calendar, strict, people)
        row = _estimate(study, panel, strict.link_audit, outcome)
        rows.append({"min_score": score} | row)
        say(f"links of {score:g} and above: done")
    return pd.DataFrame(rows)


def _refuse(scores: Sequence[float], outcome: str, study: Study) -> None:
    """Refuse scores outside 0 to 1, and an outcome that the study does not estimate."""
    wrong = [score for score in scores if not 0 <= score <= 1]
    if wrong or not scores:
        raise ZgzxError(
            "scores lie between 0 and 1", where="min_score", examples=wrong, remedy="Give e.g. 0.9."
        )
    if outcome not in study.estimate.outcomes:
        known = ", ".join(study.estimate.outcomes)
        raise ZgzxError(
            f"the study does not estimate {outcome!r}",
            where=f"studies/{study.study.name}.toml",
            remedy=f"Known: {known}.",
        )


def _reliable_links(firms: FirmLinks, score: float) -> FirmLinks:
    """Remove the links of firms whose score is lower."""
    from zgzx_research.link.audit import relink

    return replace(
        firms,
        link_audit=relink(firms.link_audit, min_score=score),
        agency=relink(firms.agency, min_score=score),
    )


def _estimate(
    study: Study, panel: pd.DataFrame, link_audit: pd.DataFrame, outcome: str
) -> dict[str, float]:
    """Return linked_share and the columns `SHOWN` of a panel made with these links of firms."""
    contest = link_audit[link_audit["source"].isin(CONTEST)]
    share = {"linked_share": float(contest["firm_id"].notna().mean())}
    if panel["first_award"].isna().all():
        # rosters give no codes: above the score of a name no firm has won
        return share | {"n_treated": 0} | dict.fromkeys(SHOWN[1:], np.nan)

    effects, how = estimates.estimate(study, panel, outcome, "main"), study.estimate
    frame = estimates.headline(effects, how.headline_events, how.event_window, study.study.seed)
    row = blank_few(frame).iloc[0]
    return share | {name: row[name] for name in SHOWN}
