"""What a notebook calls: tables to read, settings to use, numbers to keep, outputs to publish.

page = zr.open_page(study, language, "4_patents")
firm_year = page.read("firm_year")                  # a pandas DataFrame
page.keep(outcome, spec, effects)                   # facts that texts and other pages quote
page.text("headline")                               # these three go into the report
page.figure(zr.plot_event_study(event), outcome)
page.table("event_time", outcome, spec)
"""

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
from zgzx_research.evidence.claims import Claim, read_claims
from zgzx_research.evidence.facts import Fact
from zgzx_research.evidence.frame_facts import frame_facts
from zgzx_research.outcomes import outcome_row
from zgzx_research.pipeline import data_facts, estimates, page_tables, programme_facts, store
from zgzx_research.pipeline.changes_facts import changes_facts, changes_frame
from zgzx_research.pipeline.claim_facts import claim_facts
from zgzx_research.pipeline.design_facts import CONTEST, contest_facts
from zgzx_research.pipeline.grading import graded
from zgzx_research.pipeline.kept_facts import Kept, event_columns, load_facts
from zgzx_research.pipeline.page_folders import checked_folder, page_rules, pages_of, quoted_pages
from zgzx_research.pipeline.page_outputs import Shown, shown_figure, shown_table, shown_text
from zgzx_research.pipeline.page_reading import PageReading
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.questions import question
from zgzx_research.pipeline.refused import Refused
from zgzx_research.pipeline.robustness import (
    Robustness,
    robustness_facts,
    run_checks,
)
from zgzx_research.pipeline.sentence_facts import (
    Question,
    curve_facts,
    paired_facts,
    sentence_facts,
)
from zgzx_research.pipeline.summaries import Summary, summarise
from zgzx_research.pipeline.value_facts import added_facts, cost_facts
from zgzx_research.report import fonts
from zgzx_research.report.figures.report_figure import FigureSpec, FigureStyle
from zgzx_research.report.page_style import label
from zgzx_research.report.prose_rendering import render_prose
from zgzx_research.report.tables.claim_rows import ClaimRow, claim_rows
from zgzx_research.report.tables.estimate_rows import EstimateRow, estimate_rows
from zgzx_research.report.wording import word_about
from zgzx_research.robustness.base_sensitivity import PairedDifference
from zgzx_research.robustness.specification_curve import SpecificationCurve
from zgzx_research.study import check_name, find_root, load_study

STUDY = "study"  # the facts every page knows: facts/study.json


def open_page(study: str, language: str, page: str) -> Page:
    """Open a page of a study that has been run.

    The study's panels must exist, for instance from `zgzx run`.

    Parameters
    ----------
    study : str
        Name of the study, as in `studies/<study>.toml`.
    language : str
        "zh" or "en".
    page : str
        Name of the page's folder in `notebooks/`.

    Returns
    -------
    Page
        What the notebook calls from then on.

    Raises
    ------
    ZgzxError
        Unknown language, page or study; a study without panels (the command that makes them is
        named).
    """
    root = find_root()
    settings = load_study(root, study)
    place = Place(root, check_name(study), (root / settings.raw.path).resolve())
    folder = checked_folder(root, page, language)
    if not place.facts(STUDY).is_file() or not place.stage("panels", "firm_year")[0].is_file():
        make = "make report" if study == "demo" else f"zgzx run {study}"
        remedy = f"Run this once in a terminal, in the project folder: {make}"
        raise ZgzxError(f"study {study} has no panels yet", where=page, remedy=remedy)
    known = load_facts(place.facts(STUDY))
    if page_rules(folder).quotes:  # pages of the study now, not of an earlier run
        for other in quoted_pages(root, pages_of(root, settings)).get(page, ()):
            path = place.facts(other)
            known |= load_facts(path) if path.is_file() else {}
    return Page(page, language, folder, place, settings, known)


@dataclass(frozen=True)
class Page(PageReading):
    """One page in one language: what it reads (`PageReading`), keeps and shows.

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
        self.summaries[outcome, spec] = summary
        found = estimates.summary_facts(summary, outcome, spec, self._headline)
        found |= sentence_facts(found, f"{outcome}.{spec}", self._question(outcome, spec))
        if self.study is None:
            found |= graded(found, outcome, spec)
        elif declared and summary.effective.dominated:
            panel = self.read("firm_year")
            found |= estimates.without_largest_facts(self.study, panel, outcome, spec, self.seed)
        self.kept.update(found)
        events = {f"{outcome}.{spec}": event_columns(summary)}
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
        return self.keep_facts(frame_facts(name, frame, unit, by))

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
        facts = contest_facts(outcome, found, other)
        asked = self._question(outcome, CONTEST)
        return self.keep_facts(facts | sentence_facts(facts, f"{outcome}.{CONTEST}", asked))

    def keep_paired(self, name: str, outcome: str, found: PairedDifference | Refused) -> Kept:
        """Keep the difference of two estimates of one panel, `<name>.{estimate,p_value,reading}`.

        Parameters
        ----------
        name : str
            First parts of the names of the facts, e.g. "retention.main.base".
        outcome : str
            Gives the unit.
        found : PairedDifference or Refused
            From `base_sensitivity`; of a refusal nothing is kept.
        """
        return self.keep_facts(paired_facts(name, self.unit(outcome), found))

    def keep_curve(self, name: str, outcome: str, found: SpecificationCurve) -> Kept:
        """Keep range and signs of a specification curve, `<name>.{lowest,sign_flips,reading}`.

        Parameters
        ----------
        name : str
            First parts of the names of the facts, e.g. "retention.main.curve".
        outcome : str
            Gives the unit.
        found : SpecificationCurve
            From `specification_curve`.
        """
        return self.keep_facts(curve_facts(name, self.unit(outcome), found.summary()))

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
        kept = self.keep_facts(cost_facts(costs))
        for name, found in after.items():
            if not isinstance(found, Refused):
                made = added_facts(name, self.settings, self.facts, costs, found)
                kept |= self.keep_facts(made)
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
        return self.keep_facts(data_facts.data_facts(self.place, self.settings))

    def keep_programme(self) -> Kept:
        """Keep the facts of the programme, `flow.*`: who entered, won, and is in the estimates."""
        return self.keep_facts(programme_facts.programme_facts(self.place, self.settings))

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

    def text(self, *blocks: str, **names: Any) -> Shown:
        """Show blocks of the page's words in the report, one after the other.

        The title also says so where the data contain characters that the fonts lack.

        Parameters
        ----------
        *blocks : str
            Names of blocks of `<language>.md.j2`.
        **names
            Further names that the blocks may use.
        """
        texts = [self._block(block, names) for block in blocks]
        return shown_text(", ".join(blocks), "\n".join(texts))

    def _block(self, block: str, names: Mapping[str, Any]) -> str:
        """Return the Markdown of one block."""
        text = render_prose(self.folder, block, self.language, self.facts, names)
        if block == "title" and self._lacks_characters:
            text += f"\n> {label('geta_note', self.language)}\n"
        return text

    @property
    def _lacks_characters(self) -> bool:
        """Whether texts from the data contain characters that the fonts lack."""
        texts = (str(fact["value"]) for fact in self.facts.facts.values() if fact["unit"] == "text")
        return bool(fonts.missing("".join(texts)))

    def figure(self, figure: FigureSpec | Refused, outcome: str | None = None) -> Shown:
        """Show a figure in the report, with caption and alternative text.

        Parameters
        ----------
        figure : FigureSpec or Refused
            From a function `zr.plot_…`; a refusal shows nothing.
        outcome : str, optional
            Gives the figure the outcome's name and unit.
        """
        if isinstance(figure, Refused):
            return shown_text("", "")
        style = FigureStyle(
            language=self.language,
            synthetic=self.synthetic,
            outcome_label=self.label(outcome) if outcome else "",
            share=bool(outcome) and estimates.is_share(str(outcome)),
            about=self.about,
            disclosure_control=True,
            claimed=self.claimed(outcome),
            complete_until=self.complete_until(outcome),
            title_in_caption=True,
        )
        return shown_figure(figure, style)

    def table(self, table: str, *about: Any) -> Shown:
        """Show a table of `page_tables.py` in the report.

        Parameters
        ----------
        table : str
            Name of a function of `page_tables.py`, e.g. "event_time".
        *about
            Its arguments after the page, e.g. outcome and specification.

        Raises
        ------
        ZgzxError
            No such table; the nearest is named.
        """
        made = page_tables.function(table)(self, *about)
        name = str(about[0]) if table == "results" else table  # each kind of results has its own
        return shown_table(name, made)

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
        return data_facts.roster_linkage(self.place)

    def _question(self, outcome: str, spec: str) -> Question:
        """Return what an estimate is held against."""
        if self.study is None:
            return Question()
        return question(self.study, self._claims, outcome, spec, entrants=self._entrants)

    @cached_property
    def _entrants(self) -> bool:
        """Whether the data hold firms that entered an edition and did not win."""
        path = self.place.stage("panels", "firm_entries")[0]
        return path.is_file() and bool(self.read("firm_entries")["n_winners"].eq(0).any())

    @cached_property
    def _claims(self) -> tuple[Claim, ...]:
        """The claims ledger."""
        return read_claims(self.place.claims)

    @property
    def about(self) -> str:
        """Whose words tables and figures use: "award", or "unit" for a panel without a study."""
        return "award" if self.study else "unit"

    @property
    def _headline(self) -> tuple[int, int] | None:
        """Event times of the headline; None for a panel without a study file."""
        return self.target if self.study else None
