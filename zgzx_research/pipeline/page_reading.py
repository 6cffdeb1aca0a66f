"""What a page reads: facts known before it, tables, and the settings of the study file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure_rules import rules
from zgzx_research.evidence.earlier_counts import EarlierCounts
from zgzx_research.evidence.facts import Fact, Facts
from zgzx_research.evidence.flow import ProgrammeFlow
from zgzx_research.outcomes import OUTCOMES, outcome_row
from zgzx_research.panels.treatment import edition_calendar
from zgzx_research.pipeline import data_facts, estimates, programme_facts
from zgzx_research.pipeline.code_digest import code_digest
from zgzx_research.pipeline.place import PAGE_TABLES, Place
from zgzx_research.pipeline.published_counts import earlier_counts
from zgzx_research.pipeline.refused import Refused
from zgzx_research.pipeline.robustness import curve_axes
from zgzx_research.report.figures.outcome_paths import SHOCKS, Shock
from zgzx_research.report.wording import from_data, word
from zgzx_research.study import Study

WITHOUT_STUDY = "outcome"  # name of its outcome in facts
CODE_DIGITS = 16  # of a code digest, enough to tell versions of the code apart
T = TypeVar("T")


@dataclass(frozen=True)
class PageReading:
    """What a page can read.

    Attributes
    ----------
    name, language : str
        Folder in `notebooks/`; "zh" or "en".
    folder : Path
        Where its words are.
    place : Place
        Where the study's files are.
    study : Study or None
        The study file; None for a panel without one (`zgzx analyse`).
    known : dict
        Facts known before this page: of the study, and of the pages before it.
    kept : dict
        Facts this page keeps.
    """

    name: str
    language: str
    folder: Path
    place: Place
    study: Study | None
    known: dict[str, Fact]
    kept: dict[str, Fact] = field(default_factory=dict)

    @property
    def facts(self) -> Facts:
        """All facts a text can quote."""
        return Facts(self.known | self.kept)

    @property
    def synthetic(self) -> bool:
        """Whether the data are synthetic."""
        return bool(self.facts.get("study.synthetic"))

    @property
    def settings(self) -> Study:
        """The study file; an error where the page is about a panel without one."""
        if self.study is None:
            raise ZgzxError("this page has no study file", where=self.name)
        return self.study

    @property
    def about(self) -> str:
        """Whose words tables and figures use: "award", or "unit" for a panel without a study."""
        return "award" if self.study else "unit"

    @property
    def window(self) -> tuple[int, int]:
        """First and last event time shown."""
        return self.facts.get("study.event_first"), self.facts.get("study.event_last")

    @property
    def target(self) -> tuple[int, int]:
        """First and last event time of the headline."""
        return self.settings.estimate.headline_events

    @property
    def seed(self) -> int:
        """Seed of the draws behind simultaneous intervals."""
        return self.facts.get("study.seed")

    @cached_property
    def earlier(self) -> EarlierCounts:
        """What the study that `[changes] since` names has published."""
        return earlier_counts(self.place.root, self.study)

    @property
    def fewest_firms(self) -> int:
        """Smallest number of firms that a result may rest on (rules of disclosure)."""
        return rules().firms

    def example(self, name: str) -> Path:
        """Return the path of a file or folder in `data/examples`."""
        return self.place.root / "data" / "examples" / name

    def row_ledger(self) -> dict[str, list[dict[str, Any]]]:
        """Return the counts of rows read, kept and set aside, per source and sheet."""
        return data_facts.row_ledger(self.place)

    def flow(self) -> ProgrammeFlow:
        """Count entries, firms and persons from the lists to the estimates."""
        return programme_facts.read_flow(self.place, self.settings)

    def edition_calendar(self) -> pd.DataFrame:
        """Return the published calendar of the editions.

        Returns
        -------
        DataFrame
            edition, year (of the final), assumed (whether the year is an assumption), version (of
            the programme), source; a row per edition up to the last year of the study.
        """
        calendar = pd.read_csv(self.place.calendar)
        rows = edition_calendar(calendar)[["edition", "year", "version"]]
        rows = rows.assign(assumed=calendar["status"].ne("source"), source=calendar["source"])
        return rows[rows["year"].le(self.settings.study.years[1])].reset_index(drop=True)

    def read(self, table: str) -> pd.DataFrame:
        """Read a table of the study.

        Parameters
        ----------
        table : str
            For example "firm_year": one row per firm and year.

        Returns
        -------
        DataFrame
            The table.

        Raises
        ------
        ZgzxError
            No such table; the tables are named.
        """
        if table not in PAGE_TABLES:
            remedy = f"The tables are {', '.join(PAGE_TABLES)}."
            raise ZgzxError(f"there is no table {table!r}", where=self.name, remedy=remedy)
        return pd.read_parquet(self.place.stage(PAGE_TABLES[table], table)[0])

    def outcomes(self, unit: str | None = None) -> list[str]:
        """List the study's outcomes, inventions first; `unit` keeps shares or counts only."""
        asked = sorted(self.settings.estimate.outcomes, key=lambda name: "invention" not in name)
        return [name for name in asked if unit in (None, OUTCOMES[name].unit)]

    def specs(self) -> list[str]:
        """List the study's specifications, the main one first."""
        return list(self.settings.estimate.specs)

    def sample(self, firm_year: pd.DataFrame, outcome: str) -> pd.DataFrame:
        """Return the rows an outcome is estimated on: for retention, firms with enough staff."""
        return estimates.sample(self.settings, firm_year, outcome)

    def covariates(self, spec: str) -> tuple[str, ...]:
        """Return the columns of the panel of firms that a specification adjusts for."""
        self._check_spec(spec)
        return self.settings.estimate.specs[spec].covariates

    def shocks(self, outcome: str) -> list[Shock]:
        """List other events that moved an outcome, for its figure."""
        return [shock for shock in SHOCKS if shock[0] in outcome_row(outcome).events]

    def options(self, outcome: str, spec: str) -> dict[str, Any]:
        """Return the arguments of `estimate_effects` for an outcome and a specification.

        Parameters
        ----------
        outcome : str
            A row of `outcomes.py`.
        spec : str
            A specification of the study file, `[estimate.specs.<spec>]`.

        Returns
        -------
        dict
            Names and values of arguments.

        Raises
        ------
        ZgzxError
            An outcome without a row in `outcomes.py`, a specification the study file does not
            have; the known ones are named.
        """
        outcome_row(outcome)
        self._check_spec(spec)
        return estimates.options(self.settings, outcome, spec)

    def _check_spec(self, spec: str) -> None:
        """Refuse a specification that the study file does not have."""
        if spec not in self.settings.estimate.specs:
            remedy = f"[estimate.specs] has {', '.join(self.specs())}."
            raise ZgzxError(f"there is no specification {spec!r}", where="study", remedy=remedy)

    def axes(self, outcome: str, spec: str) -> dict[str, list[Any]]:
        """Return the declared choices of the specification curve, the main one of each first."""
        return curve_axes(self.settings, self.options(outcome, spec), self.target)

    def estimate(self, outcome: str, spec: str = "main") -> Effects:
        """Call `prepare_panel` and `estimate_effects` with the settings of the study file."""
        self.options(outcome, spec)
        return estimates.estimate(self.settings, self.read("firm_year"), outcome, spec)

    def label(self, outcome: str) -> str:
        """Return the name of an outcome in the page's language, or its column's in other panels."""
        if outcome == WITHOUT_STUDY:
            return from_data(str(self.facts.get("study.outcome_name")))
        return word(f"outcome.{outcome}", self.language)

    def claimed(self, outcome: str | None) -> float | None:
        """Return the effect that is claimed, in percent or percentage points; None without one."""
        known = self.study is not None and outcome in OUTCOMES
        return self.settings.estimate.claimed_effect(str(outcome)) if known else None

    def complete_until(self, outcome: str | None) -> int | None:
        """Return the last year whose patents are all published; None where every year is."""
        flag = f"{outcome}_complete"
        if self.study is None or outcome not in OUTCOMES or OUTCOMES[outcome].source != "patents":
            return None
        years = self.read("firm_year").groupby("year")[flag].all()
        return None if years.all() or not years.any() else int(years.index[years].max())

    def unit(self, outcome: str) -> str:
        """Return the unit of an outcome's effects."""
        return outcome_row(outcome).effect_unit

    def ask(self, design: Callable[..., T], *arguments: Any, **options: Any) -> T | Refused:
        """Call a design; where the data cannot carry it, the refusal is the answer.

        A design that is given such an answer gives it back.

        Parameters
        ----------
        design : callable
            A public function, e.g. `zr.winners_and_finalists`; or `page.cached`, with a slow one
            as its first argument.
        *arguments, **options
            Its arguments.
        """
        for one in arguments:
            if isinstance(one, Refused):
                return one
        try:
            return design(*arguments, **options)
        except ZgzxError as refusal:
            return Refused(str(refusal))

    def cached(self, function: Callable[..., T], *arguments: Any, **options: Any) -> T:
        """Call a slow function, or read what it gave before for the same data, options and code.

        The page in the second language has the same results, so it costs nothing there.

        Parameters
        ----------
        function : callable
            A public function, e.g. `zr.specification_curve`.
        *arguments, **options
            Its arguments.
        """
        from joblib import Memory

        code = code_digest(modules=(function.__module__,))
        memory = Memory(self.place.cache / code[:CODE_DIGITS], verbose=0)
        result: T = memory.cache(function)(*arguments, **options)
        return result
