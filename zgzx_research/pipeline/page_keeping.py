"""What a page keeps: estimates, results and checks as facts, and what was kept so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pandas as pd

from zgzx_research.designs.contest import ContestEffects
from zgzx_research.designs.value_for_money import AwardCosts, WinnersAfter
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.claims import read_claims
from zgzx_research.evidence.disclosure import SAMPLE, blank_event_times, mark_close_samples
from zgzx_research.evidence.facts import Fact
from zgzx_research.evidence.frame_facts import frame_facts
from zgzx_research.outcomes import outcome_row
from zgzx_research.pipeline import data_facts, estimates, programme_facts, store
from zgzx_research.pipeline.changes_facts import changes_facts, changes_frame
from zgzx_research.pipeline.claim_facts import claim_facts
from zgzx_research.pipeline.design_facts import CONTEST, contest_facts
from zgzx_research.pipeline.disclosure_log import log_facts
from zgzx_research.pipeline.earlier_numbers import told_event_times, withhold_told
from zgzx_research.pipeline.grading import graded
from zgzx_research.pipeline.kept_facts import Kept, event_columns
from zgzx_research.pipeline.page_reading import PageReading
from zgzx_research.pipeline.questions import question_of
from zgzx_research.pipeline.refused import Refused
from zgzx_research.pipeline.robustness import (
    Robustness,
    robustness_facts,
    run_checks,
)
from zgzx_research.pipeline.sentence_facts import compared_facts
from zgzx_research.pipeline.summaries import Summary, summarise
from zgzx_research.pipeline.value_facts import added_facts, blank_sum, cost_facts
from zgzx_research.report.tables.claim_rows import ClaimRow, claim_rows
from zgzx_research.report.tables.estimate_rows import EstimateRow, estimate_rows
from zgzx_research.report.wording import word_about
from zgzx_research.robustness.base_sensitivity import PairedDifference
from zgzx_research.robustness.specification_curve import SpecificationCurve

STUDY = "study"  # the facts every page knows: facts/study.json


@dataclass(frozen=True)
class PageKeeping(PageReading):
    """What a page keeps, and what it has kept.

    Attributes
    ----------
    summaries : dict
        (outcome, spec) to what was kept of each estimation.
    cohort_labels : dict
        Counted period to what the data call it, where these differ (dates).
    """

    summaries: dict[tuple[str, str], Summary] = field(default_factory=dict)
    cohort_labels: dict[str, str] = field(default_factory=dict)

    def keep(self, outcome: str, spec: str, effects: Effects | Refused) -> Kept:
        """Keep the numbers of an estimation as facts, `<outcome>.<spec>.*`.

        Parameters
        ----------
        outcome, spec : str
            Outcome and specification, the first two parts of the names of the facts.
        effects : Effects or Refused
            From `estimate_effects`; of a refusal nothing is kept.

        Returns
        -------
        Kept
            The facts; Jupyter shows how many there are.
        """
        if isinstance(effects, Refused):
            return Kept({}, {})
        declared = self.study is not None and spec in self.study.estimate.specs
        summary = self.summarise(outcome, effects, sampled=declared)
        event_time = told_event_times(summary.event_time, self.earlier, f"{outcome}.{spec}")
        summary = replace(summary, event_time=event_time)
        self.summaries[outcome, spec] = summary
        asked = question_of(self.study, self.place, outcome, spec)
        found = estimates.summary_facts(summary, outcome, spec, self._headline, asked)
        if self.study is None:
            found |= graded(found, outcome, spec)
        elif declared and summary.effective.dominated:
            panel = self.read("firm_year")
            found |= estimates.without_largest_facts(self.study, panel, outcome, spec, self.seed)
        events = {f"{outcome}.{spec}": event_columns(summary)}
        blank = blank_event_times(summary.event_time)
        found |= withhold_told(found, self.earlier)
        found |= log_facts(self.name, "event_sheets", blank, self.kept)
        self.kept.update(found)
        return Kept(found, events)

    def keep_others(self, outcome: str) -> Kept:
        """Estimate and keep the other specifications, and other outcomes of the same unit."""
        kept = Kept({}, {})
        for name in (outcome, *self.outcomes(outcome_row(outcome).unit)):
            for spec in self.specs():
                if (name, spec) not in self.summaries:
                    kept |= self.keep(name, spec, self.estimate(name, spec))
        return kept

    def keep_facts(self, facts: Mapping[str, Fact]) -> Kept:
        """Keep facts that are made elsewhere."""
        self.kept.update(facts)
        return Kept(dict(facts), {})

    def keep_results(
        self,
        name: str,
        frame: pd.DataFrame | Refused,
        unit: str = "number",
        by: str | None = None,
    ) -> Kept:
        """Keep the numbers of a frame of results as facts, `<name>[.<row>].<measure>`.

        Parameters
        ----------
        name : str
            First parts of the names of the facts, e.g. "patents_invention.main.placebo".
        frame : DataFrame or Refused
            One row per result; the columns in `evidence.frame_facts.MEASURES` become facts. No
            row, no fact; nor has a refusal any.
        unit : str, default "number"
            Unit of effects: "percent", "percentage_point" or "number"; see `page.unit`.
        by : str, optional
            Column whose values name the rows.
        """
        if isinstance(frame, Refused) or frame.empty:
            return Kept({}, {})
        shown = mark_close_samples(frame) if by == SAMPLE else frame
        return self.keep_facts(frame_facts(name, shown, unit, by))

    def keep_contest(
        self,
        outcome: str,
        found: ContestEffects | Refused,
        other_base: ContestEffects | Refused | None = None,
    ) -> Kept:
        """Keep the effect of winning among entrants as facts, `<outcome>.contest.*`.

        `other_base` is the same estimate with another base: their paired difference is kept too.
        """
        if isinstance(found, Refused):
            return Kept({}, {})
        other = None if isinstance(other_base, Refused) else other_base
        asked = question_of(self.study, self.place, outcome, CONTEST)
        return self.keep_facts(contest_facts(outcome, found, other, asked))

    def keep_compared(
        self, name: str, outcome: str, found: PairedDifference | SpecificationCurve | Refused
    ) -> Kept:
        """Keep how other choices change an estimate, `<name>.{p_value,sign_flips,reading,…}`.

        Parameters
        ----------
        name : str
            First parts of the names of the facts, e.g. "retention.main.base".
        outcome : str
            Gives the unit.
        found : PairedDifference, SpecificationCurve or Refused
            From `base_sensitivity` or `specification_curve`; of a refusal nothing is kept.
        """
        return self.keep_facts(compared_facts(name, self.unit(outcome), found))

    def keep_checks(self, outcome: str, spec: str = "main", **found: Any) -> Kept:
        """Keep how far an estimate can be trusted, as facts `<outcome>.<spec>.{bounds,base,…}.*`.

        Parameters
        ----------
        outcome, spec : str
            Of an estimate that a page keeps.
        **found
            Results of checks that the notebook has made: bounds, base, placebos, curve (see
            `robustness.Robustness`). Without them they are made here.
        """
        checks = Robustness(**found) if found else run_checks(self, outcome, spec)
        return self.keep_facts(robustness_facts(f"{outcome}.{spec}", self.unit(outcome), checks))

    def keep_other_checks(self, outcome: str) -> Kept:
        """Keep the checks of the main estimates of the primary claims, but for one outcome."""
        claims = read_claims(self.place.claims)
        asked = [one.outcome for one in claims if one.family == "primary"]
        kept = Kept({}, {})
        for name in self.outcomes():
            if name in asked and name != outcome:
                kept |= self.keep_checks(name)
        return kept

    def keep_claims(self) -> Kept:
        """Keep grade and verdict of each claim, `claim.<id>.*`, from the facts of all pages."""
        claims = read_claims(self.place.claims)
        return self.keep_facts(claim_facts(self.settings, self.facts, claims, self._linkage))

    def keep_value(self, costs: AwardCosts | Refused, **after: WinnersAfter | Refused) -> Kept:
        """Keep what awards cost, and what one more costs, as facts `value.*`.

        Parameters
        ----------
        costs : AwardCosts or Refused
            From `award_costs`; of a refusal nothing is kept.
        **after : WinnersAfter or Refused
            What is added up for each of `value_facts.ADDED`, from `winners_after`.
        """
        if isinstance(costs, Refused):
            return Kept({}, {})
        kept = self.keep_facts(cost_facts(costs, self.earlier))
        for name, found in after.items():
            if not isinstance(found, Refused):
                made = added_facts(name, self.settings, self.facts, costs, found)
                log = log_facts(self.name, "sums", blank_sum(found), self.kept)
                kept |= self.keep_facts(made | log)
        return kept

    def changes(self) -> pd.DataFrame:
        """Return what changed since the earlier study: a row for each claim and level.

        Without an earlier study in the study file the frame has no rows.
        """
        return changes_frame(self._changes, read_claims(self.place.claims))

    def keep_changes(self) -> Kept:
        """Keep what changed since the earlier study as facts, `changes.*`."""
        return self.keep_facts(changes_facts(self._changes, self.changes()))

    @cached_property
    def _changes(self) -> dict[str, Any]:
        """What the step "changes" wrote."""
        if not self.place.changes.is_file():
            remedy = f"Run zgzx run {self.place.name} once."
            raise ZgzxError("nothing was compared yet", where=self.name, remedy=remedy)
        found: dict[str, Any] = store.read_json(self.place.changes)
        return found

    def keep_data(self) -> Kept:
        """Keep the facts of the data: rows, links, firms, what is missing."""
        return self.keep_facts(data_facts.data_facts(self.place, self.settings, self.earlier))

    def keep_programme(self) -> Kept:
        """Keep the facts of the programme, `flow.*`: who entered, won, and is in the estimates."""
        found = programme_facts.programme_facts(self.place, self.settings, self.earlier)
        return self.keep_facts(found)

    def event(self, outcome: str, spec: str = "main") -> Aggregate:
        """Return the event study of an estimation that was kept."""
        return self.summary(outcome, spec).event

    def summary(self, outcome: str, spec: str) -> Summary:
        """Return the summary of an estimation; an error if it was not kept."""
        if (outcome, spec) not in self.summaries:
            remedy = f"Call page.keep({outcome!r}, {spec!r}, effects) first."
            raise ZgzxError(f"{outcome}, {spec} was not kept", where=self.name, remedy=remedy)
        return self.summaries[outcome, spec]

    def estimates(self, outcome: str | None = None) -> list[EstimateRow]:
        """List all kept estimates of an outcome, or the headline of every outcome."""
        pairs = [
            (name, spec)
            for name, spec in estimates.kept_pairs(self.facts)
            if (spec == self.headline_spec(name) if outcome is None else name == outcome)
        ]
        spec_words = [word_about("spec", spec, self.about, self.language) for _, spec in pairs]
        words = [self.label(name) for name, _ in pairs] if outcome is None else spec_words
        items = [(text, name, spec) for text, (name, spec) in zip(words, pairs, strict=True)]
        return estimate_rows(self.facts, items)

    def claims(self, family: str | None = None) -> list[ClaimRow]:
        """List the official claims that have an estimate, of one family or all, for their plot."""
        asked = read_claims(self.place.claims)
        return claim_rows(self.facts, [one for one in asked if family in (None, one.family)])

    def headline_spec(self, outcome: str) -> str:
        """Return the primary design of an outcome where it was kept, or else "main"."""
        return estimates.headline_spec(self.study, self.facts, outcome) if self.study else "main"

    def told_events(self, outcome: str | None) -> frozenset[int]:
        """Event times of an outcome whose numbers tell too much beside an earlier report."""
        frames = [one.event_time for (name, _), one in self.summaries.items() if name == outcome]
        told = [frame.loc[frame["told"], "event_time"] for frame in frames if "told" in frame]
        return frozenset(int(time) for times in told for time in times)

    def summarise(self, outcome: str, effects: Effects, *, sampled: bool = True) -> Summary:
        """Summarise an estimation; its ledger begins with the rows that the sample leaves out."""
        summary = summarise(effects, self.window, self.seed, self._headline)
        if self.study is None or not sampled:
            return summary
        gone = estimates.left_out_of_sample(self.study, self.read("firm_year"), outcome)
        ledger = pd.concat([gone, summary.ledger], ignore_index=True) if len(gone) else None
        return summary if ledger is None else replace(summary, ledger=ledger)

    @cached_property
    def _linkage(self) -> tuple[float, bool]:
        """Share of linked award records, and whether it may be shown."""
        return data_facts.roster_linkage(self.place, self.earlier)

    @property
    def _headline(self) -> tuple[int, int] | None:
        """Event times of the headline; None for a panel without a study file."""
        return self.target if self.study else None
