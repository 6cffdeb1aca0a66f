"""How far a finding can be trusted: the checks of one estimate, and the facts of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.evidence.facts import Fact
from zgzx_research.evidence.frame_facts import frame_facts
from zgzx_research.outcomes import outcome_row
from zgzx_research.pipeline.estimates import COLUMNS, prepared
from zgzx_research.pipeline.refused import Refused
from zgzx_research.pipeline.sentence_facts import curve_facts, paired_facts
from zgzx_research.robustness.base_sensitivity import PairedDifference, base_sensitivity
from zgzx_research.robustness.honest_bounds.honest_bounds import honest_bounds
from zgzx_research.robustness.honest_bounds.result import HonestBounds
from zgzx_research.robustness.placebos import placebo_dates
from zgzx_research.robustness.specification_curve import SpecificationCurve, specification_curve
from zgzx_research.study import Study

if TYPE_CHECKING:
    from zgzx_research.pipeline.page_keeping import PageKeeping


@dataclass(frozen=True)
class Robustness:
    """The checks of one estimate.

    Attributes
    ----------
    bounds : HonestBounds or Refused
        Intervals when trends may differ.
    base : PairedDifference or Refused
        The estimate with the year before the award in the base, less the estimate without it.
    placebos : DataFrame
        Effects of awards that had not been given yet.
    curve : SpecificationCurve
        All declared specifications.
    """

    bounds: HonestBounds | Refused
    base: PairedDifference | Refused
    placebos: pd.DataFrame
    curve: SpecificationCurve


def run_checks(page: PageKeeping, outcome: str, spec: str) -> Robustness:
    """Run the checks of one estimate that was kept."""
    firm_year = page.read("firm_year")
    panel = prepared(page.settings, firm_year, outcome, spec)
    options, target = page.options(outcome, spec), page.target
    first, last = page.window
    event = estimate_effects(panel, **options).aggregate(
        "event_time", min_event=first, max_event=last, seed=page.seed
    )
    return Robustness(
        bounds=page.ask(honest_bounds, event, target=target),
        base=page.ask(base_sensitivity, panel, target=target, **options),
        placebos=page.cached(placebo_dates, panel, **options),
        curve=page.cached(
            specification_curve,
            page.sample(firm_year, outcome),
            page.axes(outcome, spec),
            roles={**COLUMNS, "outcome": outcome},
            scale=outcome_row(outcome).scale,
        ),
    )


def robustness_facts(prefix: str, unit: str, found: Robustness) -> dict[str, Fact]:
    """Make the facts ``<prefix>.{bounds,base,placebo,curve,axis}.*``."""
    frames: dict[str, tuple[pd.DataFrame, str | None]] = {
        "placebo": (found.placebos, "shift"),
        "axis": (found.curve.axis_effects(), "axis"),
    }
    if not isinstance(found.bounds, Refused):
        frames["bounds"] = (found.bounds.to_frame(), "bound")
        frames["sensitivity"] = (pd.DataFrame({"breakdown": [found.bounds.breakdown]}), None)
    facts = paired_facts(f"{prefix}.base", unit, found.base)
    facts |= curve_facts(f"{prefix}.curve", unit, found.curve.summary())
    for name, (frame, by) in frames.items():
        facts |= frame_facts(f"{prefix}.{name}", frame, unit, by)
    return facts


def curve_axes(study: Study, options: Mapping[str, Any], target: Any) -> dict[str, list[Any]]:
    """Return the declared choices of the study file, the main one of each first."""
    main = {**options, "target": target}
    return {
        axis: [main[axis], *(level for level in levels if level != main[axis])]
        for axis, levels in study.estimate.curve.model_dump().items()
        if axis in main
    }
