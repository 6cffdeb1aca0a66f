"""Rewrite errors of the library for the command line: options in place of Python arguments."""

from __future__ import annotations

import re

from zgzx_research.errors import ZgzxError

# Arguments of the library that `zgzx analyse` takes as an option of the same name.
COLUMNS = ("unit", "period", "outcome", "first_treated", "covariates", "weights", "cluster")
PANEL_OPTIONS = ("covariates_at", "gaps", "clock")
METHOD_OPTIONS = (
    "adjustment",
    "controls",
    "base_period",
    "anticipation",
    "leave_out",
    "scale",
    "family",
    "event_window",
)
OPTIONS = (*COLUMNS, *PANEL_OPTIONS, "method", *METHOD_OPTIONS)
FUNCTIONS = ("prepare_panel", "estimate_effects", "aggregate", "group_time", "stacked")
PYTHON_PLACES = {*FUNCTIONS, *OPTIONS}

# Words about Python -> words about the command, replaced in this order.
NAMES = "|".join(OPTIONS)
REWRITTEN = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (
            r"[Pp]ass pandas\.to_datetime\(.*\)",
            "Write the periods as dates (2015-12, 2015-12-31, 2015Q4)",
        ),
        (r"[Pp]repare the panel without (?:them|covariates)", "leave out --covariates"),
        (r"[Pp]repare the panel with ", "add "),
        (r"Name covariates in prepare_panel", "Name columns with --covariates"),
        (r" (?:in|to) prepare_panel", ""),
        (r" \(see panel\.ledger\)", ""),
        (r" ?\(on the command line: (--[^)]*)\)", r" with \1"),
        (r"event_window=\((\S+), (\S+)\)", r"--event-window \1 \2"),
        (rf"\b({NAMES})=\('([^']*)',\)", r"--\1 \2"),
        (rf"\b({NAMES})='([^']*)'", r"--\1 \2"),
        (rf"\b({NAMES})=\"([^\"]*)\"", r"--\1 \2"),
        (rf"\b({NAMES})=(-?\d+)", r"--\1 \2"),
        (r"first_treated is the right column", "--first-treated names the right column"),
        (r"\b(anticipation|leave_out|event_window|covariates_at|base_period)\b(?!=)", r"--\1"),
    )
)
DOUBLE = re.compile(r"-{3,}")
OPTION = re.compile(r"--[a-z_]+")
# what is still Python afterwards: a call, an attribute, an argument with a value
PYTHON = re.compile(
    r"\w\.\w+\(|\b\w+\([^)]*[=\"'…]|\bzr\.|\bpandas\.|\b[a-z_]+=['\"(\d]|\bastype\b|prepare_panel"
)
SENTENCE = re.compile(r"(?<=[.;])\s+(?=[A-Z(])")


def in_command_words(problem: ZgzxError, file: str) -> ZgzxError:
    """Rewrite an error for a user of `zgzx analyse FILE`.

    Parameters
    ----------
    problem : ZgzxError
        An error of the library.
    file : str
        Name of the user's file.

    Returns
    -------
    ZgzxError
        The same error with options in place of Python arguments.
    """
    where = problem.where
    if not where or where in PYTHON_PLACES:
        where = file
    elif not where.startswith(file):
        where = f"{file}, {where}"
    remedy = " ".join(_sentence(part) for part in SENTENCE.split(problem.remedy))
    what = _options(problem.what)
    return ZgzxError(
        what, where=where, count=problem.count, examples=problem.examples, remedy=remedy
    )


def _sentence(text: str) -> str:
    """Rewrite a sentence; one that still contains Python is marked as such."""
    rewritten = _options(text)
    rewritten = rewritten[:1].upper() + rewritten[1:]
    return f"In Python: {rewritten}" if PYTHON.search(rewritten) else rewritten


def _options(text: str) -> str:
    """Replace Python arguments by options."""
    for pattern, new in REWRITTEN:
        text = pattern.sub(new, text)
    text = DOUBLE.sub("--", text)
    text = re.sub(r"\bPass (?=--)", "Add ", text)
    return OPTION.sub(lambda found: found[0].replace("_", "-"), text)
