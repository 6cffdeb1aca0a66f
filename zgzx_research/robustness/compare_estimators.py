"""Six estimators on one panel, each with its estimand in words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.estimate import DEFAULTS, estimate_effects, options_of
from zgzx_research.did.methods import METHODS
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.bacon import bacon_decomposition
from zgzx_research.robustness.summaries import (
    NUMBERS,
    Target,
    check_options,
    check_target,
    summary_row,
)

ORDER = (
    "group_time",
    "imputation",
    "interaction_weighted",
    "stacked",
    "extended_two_way",
    "two_way_fixed_effects",
)
# without these a method would answer another question; the others it may do without
ESSENTIAL = ("scale", "adjustment", "anticipation", "leave_out")


@dataclass(frozen=True, slots=True, eq=False)
class EstimatorComparison:
    """Result of `compare_estimators`.

    Attributes
    ----------
    frame : DataFrame
        One row per method: method, title, estimate, std_error, ci_low, ci_high, p_value,
        n_treated, n_comparison, estimand_zh, estimand_en, caution_zh, caution_en, not_used
        (options that the method does not have), reason (why there is no estimate, else empty).
    effects : dict
        `Effects` by method, for `comparison_weights`.
    bacon : DataFrame or None
        `bacon_decomposition` of the static two-way coefficient.
    bacon_reason : str
        Why there is none.
    """

    frame: pd.DataFrame
    effects: dict[str, Effects]
    bacon: pd.DataFrame | None
    bacon_reason: str


def compare_estimators(
    panel: PreparedPanel,
    *,
    target: Target = (1, 3),
    methods: Sequence[str] = ORDER,
    **options: Any,
) -> EstimatorComparison:
    """Estimate one summary by every method that the panel and the scale allow.

    Parameters
    ----------
    panel : PreparedPanel
        From `prepare_panel`; the same for all methods.
    target : (int, int), int, "average" or "overall", default (1, 3)
        The summary.
    methods : sequence of str
        Default all six, the naive two-way regression last.
    **options
        As in `estimate_effects`. A method that has no option of this name estimates without it,
        which the row says, unless the option changes the question (scale, adjustment, declared
        windows): then the row says why there is no estimate. "stacked" takes the shortest event
        window that holds the target, unless `event_window` is given.

    Returns
    -------
    EstimatorComparison
        Estimates with their estimands in words; a refusal is a row with its reason.

    Raises
    ------
    ZgzxError
        An unknown method or option.

    Examples
    --------
    >>> import zgzx_research as zr
    >>> pairs = [(u, t) for u in range(14) for t in range(6)]
    >>> rows = [(u, t, (5 * u * t) % 7 + 3 * (u < 6 and t > 3)) for u, t in pairs]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents"])
    >>> table["first_award"] = table["firm"].map(dict.fromkeys(range(6), 4.0))
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = zr.prepare_panel(table, **roles, first_treated="first_award")
    >>> compared = zr.compare_estimators(panel, target=(0, 1), scale="ratio").frame
    >>> compared.set_index("method")["reason"]["two_way_fixed_effects"]
    'this method has no option scale'
    """
    check_options(options, "compare_estimators")
    effects: dict[str, Effects] = {}
    rows = []
    for method in methods:
        row = {"method": method, "title": METHODS[method].title if method in METHODS else method}
        given, not_used, refused = _options_for(method, panel, target, options)
        try:
            if refused:
                raise ZgzxError(f"this method has no option {', '.join(refused)}")
            effects[method] = estimate_effects(panel, method=method, **given)
            numbers = summary_row(effects[method], target) | {"reason": ""}
        except ZgzxError as error:
            effects.pop(method, None)
            numbers = dict.fromkeys(NUMBERS, np.nan) | {"reason": error.what}
        words = estimand_words(method, panel) | {"not_used": ", ".join(not_used)}
        rows.append(row | numbers | words)
    bacon, reason = _bacon(panel)
    return EstimatorComparison(pd.DataFrame(rows), effects, bacon, reason)


def _options_for(
    method: str, panel: PreparedPanel, target: Target, options: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str], list[str]]:
    """Return the options that a method takes, those it does without, and those it may not miss."""
    taken = options_of(method)
    given = {name: value for name, value in options.items() if name in taken}
    changed = [n for n, v in options.items() if n not in taken and v != DEFAULTS.get(n)]
    if method == "stacked" and given.get("event_window") is None:
        masked = sum(int(options.get(n, 0)) for n in ("anticipation", "leave_out"))
        last = int(panel.periods[-1] - panel.periods[0])
        if isinstance(target, tuple | list | int):
            last = check_target(target)[1]
        given["event_window"] = (-1 - masked, max(last, 0))
    refused = [name for name in changed if name in ESSENTIAL]
    return given, [name for name in changed if name not in ESSENTIAL], refused


def _bacon(panel: PreparedPanel) -> tuple[pd.DataFrame | None, str]:
    try:
        return bacon_decomposition(panel), ""
    except ZgzxError as error:
        return None, error.what


def estimand_words(method: str, panel: PreparedPanel) -> dict[str, str]:
    """Estimand of a method, and a caution where this panel calls for one, in both languages.

    Parameters
    ----------
    method : str
        A name in `zgzx_research.did.methods.METHODS`.
    panel : PreparedPanel
        A caution is given where units enter it after its first period.
    """
    words = _words()
    own = words.get(method, {"zh": "", "en": "", "entry": False})
    late = bool(own["entry"]) and bool(np.isnan(panel.y[:, 0]).any())
    caution = words["caution"]["entry"] if late else {"zh": "", "en": ""}
    estimand = {f"estimand_{language}": str(own[language]) for language in ("zh", "en")}
    return estimand | {f"caution_{language}": caution[language] for language in ("zh", "en")}


@cache
def _words() -> dict[str, Any]:
    path = Path(__file__).with_name("estimands.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
