"""Facts and sentences of a synthetic world that is never written to files.

The estimates, the facts and the sentences come from the package's own functions, called as a page
calls them; only the panels are made in memory.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from zgzx_research.designs.contest import contest_effects
from zgzx_research.designs.precision_weights import precision_weights
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.evidence.claims import read_claims
from zgzx_research.evidence.facts import Fact, Facts
from zgzx_research.outcomes import outcome_row
from zgzx_research.pipeline import estimates
from zgzx_research.pipeline.design_facts import contest_facts
from zgzx_research.pipeline.questions import question
from zgzx_research.pipeline.robustness import curve_axes
from zgzx_research.pipeline.sentence_facts import curve_facts, paired_facts, sentence_facts
from zgzx_research.pipeline.summaries import summarise
from zgzx_research.proofs.contest_worlds import contest_world
from zgzx_research.report.prose_rendering import render_prose
from zgzx_research.robustness.base_sensitivity import base_sensitivity
from zgzx_research.robustness.specification_curve import specification_curve
from zgzx_research.simulate.world.constants import Order
from zgzx_research.simulate.world.outcome_panel import outcome_panel
from zgzx_research.study import Study, load_study

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
RETENTION, INVENTION = "retention", "patents_invention"
OTHERS = ("patents_utility_model", "patents_all")
# outcome -> the design of its headline in studies/demo.toml, and the page that tells it
TOLD = {
    RETENTION: ("precision", "3_retention"),
    INVENTION: ("contest", "4_patents"),
    "patents_utility_model": ("main", "4_patents"),
    "patents_all": ("main", "4_patents"),
}
SENTENCE = Path(__file__).with_name("sentence")  # a page of one block: the headline
NOT_YET = {"controls": "not_yet_treated"}


class World:
    """Panels of one world, and the facts that have been made of them.

    Parameters
    ----------
    order : Order
        Scenario, size and seed.
    """

    def __init__(self, order: Order) -> None:
        self.study: Study = load_study(ROOT, "demo")
        self.claims = read_claims(ROOT / "data/published/claims.csv")
        self.facts: dict[str, Fact] = {}
        self.contest = contest_world(order)
        utility = _alive(outcome_panel(order, "patents_utility_model"))
        keys = ["firm_id", "year"]
        self.counts = self.contest.firm_year.merge(
            utility[[*keys, "patents_utility_model"]], on=keys, how="left"
        )
        staying = _alive(outcome_panel(order, RETENTION))
        self.staying = staying.assign(staff_start=staying["staff"])

    @property
    def target(self) -> tuple[int, int]:
        """Event times of the headline."""
        return self.study.estimate.headline_events

    def rows(self, outcome: str) -> pd.DataFrame:
        """Return the rows on which an outcome is estimated."""
        if outcome == RETENTION:
            return estimates.sample(self.study, self.staying, outcome)
        return self.counts

    def panel(self, outcome: str) -> PreparedPanel:
        """Prepare the panel of an outcome."""
        return prepare_panel(self.rows(outcome), outcome=outcome, **estimates.COLUMNS)

    def keep_headlines(self, *, beside: bool = True) -> None:
        """Keep the estimates that the outcomes' sentences are about, the primary designs first.

        `beside`: also the main specification of outcomes whose headline has another design.
        """
        how = {"outcome": INVENTION, "window": self.target}
        found = [
            contest_effects(self.contest.firm_year, self.contest.firm_entries, base=base, **how)
            for base in (-1, -2)
        ]
        self._keep(contest_facts(INVENTION, *found), INVENTION, "contest")
        weights = precision_weights(self.staying, leave_out=1)
        weighted = self.staying.assign(weight=weights.weight).dropna(subset="weight")
        panel = prepare_panel(weighted, outcome=RETENTION, weights="weight", **estimates.COLUMNS)
        options = estimates.options(self.study, RETENTION, "main") | {"base_period": "pooled"}
        self._estimate(panel, RETENTION, "precision", options)
        for outcome, (primary, _) in TOLD.items():
            if not beside and primary != "main":
                continue
            options = estimates.options(self.study, outcome, "main")
            self._estimate(self.panel(outcome), outcome, "main", options)

    def keep_checks(self) -> None:
        """Keep what the pages of retention and inventions say about other choices."""
        for outcome in (RETENTION, INVENTION):
            panel, unit = self.panel(outcome), outcome_row(outcome).effect_unit
            main = estimates.options(self.study, outcome, "main")
            for spec in ("full_base", "not_yet"):
                options = estimates.options(self.study, outcome, spec)
                self._estimate(panel, outcome, spec, options)
            prefix = f"{outcome}.main"
            base = base_sensitivity(panel, target=self.target, **main)
            apart = base_sensitivity(panel, against=NOT_YET, target=self.target, **main)
            axes = curve_axes(self.study, main, self.target)
            curve = specification_curve(panel, axes, scale=outcome_row(outcome).scale)
            self.facts |= paired_facts(f"{prefix}.base", unit, base)
            self.facts |= paired_facts(f"{prefix}.controls", unit, apart)
            self.facts |= curve_facts(f"{prefix}.curve", unit, curve.summary())

    def _estimate(self, panel: PreparedPanel, outcome: str, spec: str, options: dict) -> None:
        window, seed = self.study.estimate.event_window, self.study.study.seed
        summary = summarise(estimate_effects(panel, **options), window, seed, self.target)
        found = estimates.summary_facts(summary, outcome, spec, self.target)
        self._keep(found, outcome, spec)

    def _keep(self, found: dict[str, Fact], outcome: str, spec: str) -> None:
        asked = question(self.study, self.claims, outcome, spec, entrants=True)
        self.facts |= found | sentence_facts(found, f"{outcome}.{spec}", asked)

    def sentence(self, outcome: str, language: str) -> str:
        """Return the one sentence that answers the question about an outcome."""
        names = {"prefix": f"{outcome}.{TOLD[outcome][0]}"}
        return render_prose(SENTENCE, "sentence", language, Facts(self.facts), names)

    def told(self, outcome: str, block: str, language: str) -> str:
        """Return a block of an outcome's page as its reader sees it."""
        primary, page = TOLD[outcome]
        names = {
            "outcome": outcome,
            "spec": "main",
            "primary": primary,
            "options": estimates.options(self.study, outcome, "main"),
            "others": list(OTHERS),
        }
        return render_prose(NOTEBOOKS / page, block, language, Facts(self.facts), names)


def _alive(panel: pd.DataFrame) -> pd.DataFrame:
    """Leave out the years after a firm has closed."""
    return panel[~(panel["year"] > panel["closed_year"])]
