"""What people decide about a study.

Returned workbooks, and how much the answer hangs on weak links.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure import blank_few
from zgzx_research.pipeline import estimates, manifest
from zgzx_research.pipeline.place import SOURCES
from zgzx_research.pipeline.run import open_study
from zgzx_research.pipeline.secret_key import secret_key
from zgzx_research.pipeline.steps import data
from zgzx_research.study import Study

SHOWN = ("n_treated", "estimate", "std_error", "ci_low", "ci_high")
THRESHOLDS = (
    0.0,
    0.8,
    0.85,
    0.9,
    0.95,
)  # any, parents of branches, their names, cores, full names; codes have more


def take_workbook(root: Path, name: str, workbook: Path) -> tuple[int, Path]:
    """Take the decisions of a workbook that came back, of the audit or of the candidate links, by what it holds.

    Returns
    -------
    How many decisions it holds, and the decision file; the next run applies them.

    Raises
    ------
    ZgzxError : no such workbook, no decision in it, or a decision that cannot be taken.
    """
    from zgzx_research.link.review_workbook import is_review

    if not workbook.is_file():
        raise ZgzxError(
            "no such file", where=str(workbook), remedy="Give the workbook the clerk handed back."
        )
    return (
        take_links(root, name, workbook)
        if is_review(workbook)
        else take_audit(root, name, workbook)
    )


def take_links(root: Path, name: str, workbook: Path) -> tuple[int, Path]:
    """Add the decisions in a returned `link_review.xlsx` to the study's `links.csv`.

    Raises
    ------
    ZgzxError : no decision, or one that cannot be taken (see `link.review_workbook.read_review`),
        or about a firm that is none of the registry.
    """
    from zgzx_research.link.decisions import resolve_decisions, write_decisions
    from zgzx_research.link.firm_names import registry_firms
    from zgzx_research.link.review_workbook import read_review

    place, _, _ = open_study(root, name)
    decided = read_review(workbook)
    if decided.empty:
        raise ZgzxError(
            "no row of the workbook holds a decision",
            where=workbook.name,
            remedy="Fill in the columns of the reviewer (decision, reviewer, date).",
        )
    tables = data.clean_tables(
        place, dict.fromkeys(("registry", "registry_name", "registry_event", "roster"))
    )
    if "registry" not in tables:
        raise ZgzxError(
            "the study has not been run", where=name, remedy=f"Run zgzx run {name} build first."
        )
    resolve_decisions(decided, registry_firms(tables)[1])
    return len(decided), write_decisions(decided, place.decisions / "links.csv")


def take_audit(root: Path, name: str, workbook: Path) -> tuple[int, Path]:
    """Add the decisions in an audit workbook that a clerk handed back to the study's decision file.

    Returns
    -------
    How many decisions the workbook holds, and the decision file; the next run applies them.

    Raises
    ------
    ZgzxError : no such workbook, no decision in it, or a decision that cannot be taken (see
        `cleaning.audit_workbook.read_audit`).
    """
    from zgzx_research.cleaning.audit_workbook import read_audit
    from zgzx_research.cleaning.corrections import write_corrections
    from zgzx_research.ingest.read import read_raw

    place, study, files = open_study(root, name)
    if not workbook.is_file():
        raise ZgzxError(
            "no such file", where=str(workbook), remedy="Give the workbook the clerk handed back."
        )
    real = not manifest.is_synthetic(
        place.raw, [path for found in files.values() for path in found]
    )
    key = secret_key(study, root, not real)
    tables = [table for source in SOURCES for table in read_raw(place.raw, source)]
    decided = read_audit(workbook, tables, key, real=real)
    if decided.empty:
        raise ZgzxError(
            "no row of the workbook holds a decision",
            where=workbook.name,
            remedy="Fill in the columns of the clerk (corrected value or action, reviewer, date).",
        )
    return len(decided), write_corrections(decided, place.decisions / "corrections.csv")


def across_thresholds(
    root: Path,
    name: str,
    outcome: str,
    scores: Sequence[float] = THRESHOLDS,
    say: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:
    """The main estimate of an outcome, were only links of firms with these scores and above believed.

    The firms are linked anew; of each score, links below it are taken back, and employment, panel
    and estimate are made of the rest. Accepted decisions stay.

    Returns
    -------
    min_score, linked_share (of the lines of rosters and score sheets), n_treated, estimate,
    std_error, ci_low, ci_high (of the headline's event times); a row per score.

    Raises
    ------
    ZgzxError : a score outside 0 to 1, an outcome the study does not estimate, a study that was
        never run.
    """
    from zgzx_research.link.audit import relink
    from zgzx_research.link.clean_rows import month_lines
    from zgzx_research.link.decisions import read_decisions
    from zgzx_research.link.link_firms import link_firms
    from zgzx_research.link.link_people import link_people

    wrong = [score for score in scores if not 0 <= score <= 1]
    if wrong or not scores:
        raise ZgzxError(
            "scores lie between 0 and 1", where="min_score", examples=wrong, remedy="Give e.g. 0.9."
        )
    place, study, _ = open_study(root, name)
    if outcome not in study.estimate.outcomes:
        known = ", ".join(study.estimate.outcomes)
        raise ZgzxError(
            f"the study does not estimate {outcome!r}",
            where=f"studies/{name}.toml",
            remedy=f"Known: {known}.",
        )
    tables, months = month_lines(data.clean_tables(place))
    if "registry" not in tables:
        raise ZgzxError(
            "the study has not been run", where=name, remedy=f"Run zgzx run {name} build first."
        )
    calendar = pd.read_csv(place.calendar)
    firms = link_firms(tables, calendar, read_decisions(place.decisions / "links.csv"))
    rows = []
    for score in sorted(set(scores)):
        strict = replace(
            firms,
            link_audit=relink(firms.link_audit, min_score=score),
            agency=relink(firms.agency, min_score=score),
        )
        people = link_people(tables, strict, calendar, months=months)
        panel = data.firm_year(study, tables, calendar, strict, people)
        row = _estimate(study, panel, strict.link_audit, outcome)
        rows.append({"min_score": score} | row)
        say(f"links of {score:g} and above: done")
    return pd.DataFrame(rows)


def _estimate(
    study: Study, panel: pd.DataFrame, link_audit: pd.DataFrame, outcome: str
) -> dict[str, float]:
    """linked_share and SHOWN of a panel made with these links of firms."""
    contest = link_audit[link_audit["source"].isin(("roster", "entry"))]
    share = {"linked_share": float(contest["firm_id"].notna().mean())}
    if (
        panel["first_award"].isna().all()
    ):  # rosters give no codes: beyond the score of a name nobody has won
        return share | {"n_treated": 0} | dict.fromkeys(SHOWN[1:], np.nan)
    effects, how = estimates.estimate(study, panel, outcome, "main"), study.estimate
    row = blank_few(
        estimates.headline(effects, how.headline_events, how.event_window, study.study.seed)
    ).iloc[0]
    return share | {name: row[name] for name in SHOWN}
