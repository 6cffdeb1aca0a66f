"""`zgzx analyse`: run the page about any panel for a file and options of the command line."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.estimate import estimate_effects, options_of
from zgzx_research.did.methods import METHODS
from zgzx_research.did.panel.parts import in_memory
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure_rules import written_rules
from zgzx_research.evidence.facts import Facts
from zgzx_research.pipeline import manifest, study_facts
from zgzx_research.pipeline.build import Result, build
from zgzx_research.pipeline.command_words import METHOD_OPTIONS, in_command_words
from zgzx_research.pipeline.panel_page import PAGE, compared, never, read_panel
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.steps import pages
from zgzx_research.pipeline.steps.pages import Edition
from zgzx_research.study import NAME, check_name

LANGUAGES = ("zh", "en")
DOCUMENT = "any_panel"
RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d")  # names Windows keeps for devices
LONGEST = 41  # characters of a study name
NOT_ESTIMABLE = "the treated or the comparison units do not vary, or are too few"


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
    """Analyse a panel and write the report about it.

    Parameters
    ----------
    root : Path
        The project folder.
    file : Path
        The panel.
    name : str or None
        Name of the report; None makes one from the file's.
    roles, options : mapping
        Arguments of `prepare_panel` and of `estimate_effects`; None or empty counts as not given.
    never_treated : str, float or None
        The code for never treated in the file.
    say : callable
        Prints a line.

    Returns
    -------
    result : Result
        Steps that ran and steps that were up to date.
    place : Place
        Where the results are.
    lines : list of str
        Lines for the terminal.

    Raises
    ------
    ZgzxError
        File, column or panel that cannot be used, in the words of the command line; a name with
        path parts; the name of a study.
    """
    try:
        given = _given(roles), _given(options)
        return _run(root, file.resolve(), name, *given, never_treated, say)
    except ZgzxError as problem:
        raise in_command_words(problem, file.name) from None


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the arguments that were given."""
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
    """Check options and panel, then run the page."""
    place = Place(root, check_name(name) if name else study_name(root, file), file.parent)
    if (root / "studies" / f"{place.name}.toml").is_file():
        raise ZgzxError(
            f"{place.name!r} is a study", where="zgzx analyse", remedy="Pass another --name."
        )
    options = _with_adjustment(options, roles)
    _refuse_options(options)
    panel = _checked_panel(file, roles, options, never_treated)
    edition = Edition(
        place=place,
        pages={PAGE: DOCUMENT},
        quotes={},
        languages=LANGUAGES,
        synthetic=manifest.is_synthetic(file.parent, [file]),
        inputs=(file,),
        parameters={
            "file": file,
            "columns": _plain(roles),
            "options": _plain(options),
            "never_treated": never_treated,
        },
        commit=manifest.clean_commit(root),
    )
    result = build(pages.steps(edition), place.work, say, lock_digest=study_facts.lock_digest(root))
    lines = [_overall_line(edition), *_notes(panel, roles, options)]
    return result, place, lines


def _plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Replace tuples by lists, which papermill can write into a notebook."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in arguments.items()
    }


def study_name(root: Path, file: Path) -> str:
    """Make a name for the report from a file's: letters, digits, - and _.

    Where other characters are lost, a short digest of the whole name is added.

    Parameters
    ----------
    root : Path
        The project folder; a name of one of its studies is not used.
    file : Path
        The file.

    Returns
    -------
    str
        A name that `check_name` accepts.

    Examples
    --------
    >>> study_name(Path("/nowhere"), Path("My panel.v2.csv"))
    'my-panel-v2'
    >>> study_name(Path("/nowhere"), Path("企业面板2020.xlsx"))
    '2020-fae277'
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
    """Add the default adjustment for covariates: doubly robust, or regression for ratios."""
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
    """Refuse options that the method does not take, so that none is silently ignored."""
    method = options.get("method", "group_time")
    if method not in METHODS:
        remedy = f"Choose one of {', '.join(METHODS)}."
        raise ZgzxError(f"there is no method {method!r}", where="--method", remedy=remedy)
    ignored = [name for name in options if name != "method" and name not in options_of(method)]
    if ignored:
        takes = [name for name in options_of(method) if name in METHOD_OPTIONS]
        raise ZgzxError(
            f"--method {method} does not take this option",
            where="zgzx analyse",
            count=len(ignored),
            examples=map(_as_option, ignored),
            remedy=f"It takes {', '.join(map(_as_option, takes))}.",
        )


def _as_option(name: str) -> str:
    """Write the name of an argument as an option of the command."""
    return f"--{name.replace('_', '-')}"


def _checked_panel(
    file: Path,
    roles: dict[str, Any],
    options: dict[str, Any],
    never_treated: str | float | None,
) -> PreparedPanel:
    """Read and prepare the panel; problems come out before anything is written."""
    table = read_panel(file, roles, never_treated)
    _refuse_untreated(table, roles, file.name)
    panel = in_memory(prepare_panel(table, **roles), "the pages of a report")
    _refuse_too_few(panel, options, file.name)
    estimate_effects(panel, **options)
    return panel


def _refuse_untreated(table: pd.DataFrame, roles: Mapping[str, Any], file: str) -> None:
    """Refuse a table in which no unit is treated."""
    name = roles["first_treated"]
    if table[name].isna().all():
        raise ZgzxError(
            "no unit is ever treated: no cell of this column holds a period",
            where=f"{file}, column {name!r}",
            count=len(table),
            remedy="Name the column with the first treated period of each unit in --first-treated.",
        )


def _refuse_too_few(panel: PreparedPanel, options: Mapping[str, Any], file: str) -> None:
    """Refuse a panel with so few units that a report could show nothing."""
    least, untreated = written_rules().firms, never(panel)  # no study file makes it stricter
    treated = len(panel.y) - untreated
    if not treated:
        left = panel.ledger[panel.ledger["reason"].str.contains("already treated|treated after")]
        raise ZgzxError(
            "no unit is first treated within the periods of the panel",
            where=file,
            examples=(f"{row.reason}: {row.units} units" for row in left.itertuples(index=False)),
            remedy="Add periods before and after treatment, or name another column in "
            "--first-treated.",
        )
    if treated < least:
        raise ZgzxError(
            f"{treated} of {len(panel.y)} units are treated, and a report needs {least}",
            where=file,
            remedy="Results of so few would show single units, so no report is written. "
            + _for_the_user(panel, options),
        )
    needs_never = compared(options) == "never_treated"
    last_cohort = options.get("method") == "interaction_weighted"
    if untreated < least and needs_never and not last_cohort:
        raise ZgzxError(
            f"the panel has {untreated} never treated units, and a report needs {least}",
            where=file,
            remedy=_more_comparison(len(np.unique(panel.cohort)) - (untreated > 0)),
        )


def _more_comparison(cohorts: int) -> str:
    """Say how to get more comparison units."""
    if cohorts > 1:
        return (
            "Add --controls not_yet_treated: units treated later then serve as comparison until "
            "they are treated."
        )
    return "All are treated at once, so nobody is left to compare with: add units never treated."


def _for_the_user(panel: PreparedPanel, options: Mapping[str, Any]) -> str:
    """Estimate a panel that is too small for a report, for the terminal only."""
    try:
        frame = estimate_effects(panel, **options).aggregate("overall").to_frame()
        return f"Only for the terminal: {overall_text(frame.iloc[0])}."
    except ZgzxError:
        return "Nor can it be estimated."


def _overall_line(edition: Edition) -> str:
    """Return the overall effect for the terminal."""
    facts = Facts.load(edition.all_facts)
    key = "outcome.main.overall"
    factor = 100.0 if facts.record(f"{key}.estimate")["unit"] == "percent" else 1.0
    names = ("estimate", "std_error", "ci_low", "ci_high")
    values = {name: facts.get(f"{key}.{name}") for name in names}
    shown = {name: np.nan if v is None else v / factor for name, v in values.items()}
    return overall_text(shown)


def overall_text(row: Mapping[str, float]) -> str:
    """Write an overall effect with its standard error and interval."""
    estimate = f"overall effect on the treated: {row['estimate']:.10g}"
    if pd.isna(row["std_error"]):
        return f"{estimate} (std. error not estimable: {NOT_ESTIMABLE})"
    interval = f"95% interval {row['ci_low']:.6g} to {row['ci_high']:.6g}"
    return f"{estimate} (std. error {row['std_error']:.6g}, {interval})"


def _notes(
    panel: PreparedPanel, roles: Mapping[str, Any], options: Mapping[str, Any]
) -> Iterator[str]:
    """Yield lines about the adjustment used and what was left out."""
    if (how := options.get("adjustment")) and roles.get("covariates"):
        yield f"adjusted for {', '.join(roles['covariates'])}: --adjustment {how}"
    for row in panel.ledger.itertuples(index=False):
        units = f"{row.units:,} units" if row.units else ", ".join(row.examples)
        yield f"{row.reason}: " + (f"{row.rows:,} rows" if row.rows else units)
