"""From a panel to effects and from effects to facts: the part that studies and `zgzx analyse` share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pandas as pd

from zgzx_research.did.effects import Aggregate, Effects
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.prepare import prepare_panel
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.claims import grade
from zgzx_research.evidence.disclosure import blank_few, enough_firms
from zgzx_research.evidence.facts import Fact, effect_facts, fact, grade_facts


def estimate(
    table: pd.DataFrame, roles: dict[str, str], options: dict[str, Any], left_out: tuple | None = None
) -> Effects:
    """Effects of one outcome and specification; `roles` names the columns as `prepare_panel` does.

    `left_out` is a row for the ledger on what the caller left out of `table` beforehand.
    """
    panel = prepare_panel(table, **roles)
    if left_out is not None:
        before = pd.DataFrame([left_out], columns=panel.ledger.columns)
        panel = replace(
            panel, ledger=pd.concat([before, panel.ledger], ignore_index=True) if len(panel.ledger) else before
        )
    return estimate_effects(panel, **options)


def event_study(effects: Effects, window: tuple[int, int], seed: int) -> Aggregate:
    """The event study over the event times shown."""
    return effects.aggregate("event_time", min_event=window[0], max_event=window[1], seed=seed)


def headline(effects: Effects, events: tuple[int, int] | None, window: tuple[int, int], seed: int) -> pd.DataFrame:
    """One row: the mean over the headline's event times; when none are set, the overall effect on the treated."""
    if events is None:
        return effects.aggregate("overall", seed=seed).to_frame()
    return event_study(effects, window, seed).window(*events)


def estimate_facts(
    effects: Effects, outcome: str, spec: str, *, events: tuple[int, int] | None, window: tuple[int, int], seed: int
) -> dict[str, Fact]:
    """All facts of one outcome and specification."""
    scale = effects.options["scale"]
    event = event_study(effects, window, seed)
    head = headline(effects, events, window, seed)
    frames = {
        "overall": blank_few(effects.aggregate("overall", seed=seed).to_frame()),
        "headline": blank_few(head),
        "event_time": enough_firms(event.to_frame()),
    }
    facts: dict[str, Fact] = {}
    for name, frame in frames.items():
        facts |= effect_facts(outcome, spec, name, frame, scale)
    shown = event.to_frame().query("role == 'post'")["event_time"]
    first, last = events or (int(shown.min()), int(shown.max()))
    prefix = f"{outcome}.{spec}"
    facts[f"{prefix}.headline.first_event"] = fact(first, "count", "design", "estimate")
    facts[f"{prefix}.headline.last_event"] = fact(last, "count", "design", "estimate")
    test = event.pretest()
    facts[f"{prefix}.pretest.statistic"] = fact(float(test["statistic"]), "number", "estimate", "estimate")
    facts[f"{prefix}.pretest.df"] = fact(int(test["df"]), "count", "estimate", "estimate")
    facts[f"{prefix}.pretest.p_value"] = fact(float(test["p_value"]), "number", "estimate", "estimate")
    return facts


def graded(
    facts: dict[str, Fact], outcome: str, spec: str, *, claimed: float | None, linked_share: float | None,
    withheld: Collection[str] = (),
) -> dict[str, Fact]:  # fmt: skip
    """Grade facts of one outcome and specification, from its own facts and the design's.

    withheld : rules whose measure may not be shown.
    """
    prefix = f"{outcome}.{spec}"
    detectable = facts[f"{prefix}.headline.mde"]
    test = facts[f"{prefix}.pretest.p_value"]["value"]
    nan, treated = float("nan"), facts[f"{prefix}.headline.n_treated"]["value"]
    few = [] if treated is not None else ["effective_treated"]
    result = grade(
        effective_treated=nan if treated is None else float(treated),
        pretest_p=nan if test is None else test,
        linked_share=linked_share,
        mde=(nan if detectable["value"] is None else detectable["value"]) if claimed is not None else None,
        claimed_effect=claimed,
    )
    return grade_facts(outcome, spec, result, detectable["unit"], withheld=[*withheld, *few])


def read_panel_file(path: Any, roles: dict[str, str], never_treated: float | None) -> pd.DataFrame:
    """A tidy panel from .csv or .parquet, units as text, the code for never treated turned into missing.

    Raises
    ------
    ZgzxError : no such file, another format, unreadable text.
    """
    unit = roles["unit"]  # as text: 01000 and 1000 are two
    if not path.is_file():
        raise ZgzxError("there is no such file", where=str(path), remedy="Give the path of a .csv or .parquet file.")
    if path.suffix not in {".csv", ".parquet"}:
        raise ZgzxError(
            f"files ending in {path.suffix!r} are not read here", where=path.name, remedy="Use .csv or .parquet."
        )
    try:
        table = (
            pd.read_csv(path, encoding="utf-8-sig", dtype={unit: str})
            if path.suffix == ".csv"
            else pd.read_parquet(path)
        )
    except (UnicodeDecodeError, ValueError, OSError) as problem:
        what = f"the file cannot be read ({type(problem).__name__})"
        raise ZgzxError(what, where=path.name, remedy="Save it as UTF-8 CSV.") from None
    columns, first_treated = list(roles.values()), roles["first_treated"]
    missing = [name for name in columns if name not in table.columns]
    if missing:
        remedy = f"Its columns are {', '.join(map(str, table.columns))}."
        raise ZgzxError(
            "the file has no such column", where=path.name, count=len(missing), examples=missing, remedy=remedy
        )
    if never_treated is not None:
        table[first_treated] = table[first_treated].mask(table[first_treated] == never_treated)
    return table[list(dict.fromkeys(columns))]


def refuse_study_name(root: Any, name: str) -> None:
    """An analysis must not write over a study of the same name."""
    if (root / "studies" / f"{name}.toml").is_file():
        raise ZgzxError(f"{name!r} is a study", where="zgzx analyse", remedy="Pass another --name.")
