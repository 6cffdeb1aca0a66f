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
from dataclasses import dataclass, replace
from typing import Any

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure_rules import enforce
from zgzx_research.pipeline import estimates, page_tables
from zgzx_research.pipeline.disclosure_log import check_guarded, log_facts
from zgzx_research.pipeline.kept_facts import Kept, load_facts
from zgzx_research.pipeline.page_folders import checked_folder, page_rules, pages_of, quoted_pages
from zgzx_research.pipeline.page_keeping import PageKeeping
from zgzx_research.pipeline.page_outputs import Shown, shown_figure, shown_table, shown_text
from zgzx_research.pipeline.place import Place
from zgzx_research.pipeline.published_counts import table_json
from zgzx_research.pipeline.refused import Refused
from zgzx_research.report import fonts
from zgzx_research.report.figures.report_figure import FigureSpec, FigureStyle
from zgzx_research.report.page_style import label
from zgzx_research.report.prose_rendering import render_prose
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
    enforce(settings.disclosure.stricter)
    place = Place(root, check_name(study), (root / settings.raw.path).resolve())
    folder = checked_folder(root, page, language)
    if not place.facts(STUDY).is_file() or not place.stage("panels", "firm_year")[0].is_file():
        or_make = ", or make report in the repository" if study == "demo" else ""
        remedy = f"Run this once in a terminal, in the project folder: zgzx run {study}{or_make}"
        raise ZgzxError(f"study {study} has no panels yet", where=page, remedy=remedy)
    known = load_facts(place.facts(STUDY))
    if page_rules(folder).quotes:  # pages of the study now, not of an earlier run
        for other in quoted_pages(root, pages_of(root, settings)).get(page, ()):
            path = place.facts(other)
            known |= load_facts(path) if path.is_file() else {}
    return Page(page, language, folder, place, settings, known)


@dataclass(frozen=True)
class Page(PageKeeping):
    """One page in one language: what it reads, keeps (`PageKeeping`) and shows."""

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
            claimed_unit=self.unit(str(outcome)) if self.claimed(outcome) else "",
            complete_until=self.complete_until(outcome),
            title_in_caption=True,
            earlier=self.earlier,
            told_events=self.told_events(outcome),
        )
        check_guarded(figure.name)
        return self._logged(shown_figure(figure, style))

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
        check_guarded(table)
        name = str(about[0]) if table == "results" else table  # each kind of results has its own
        return self._logged(shown_table(name, made))

    def _logged(self, shown: Shown) -> Shown:
        """Add what an output leaves blank to the log of disclosure control."""
        if not shown.name:  # nothing is shown
            return shown
        facts = log_facts(self.name, shown.name, shown.blank, self.kept)
        self.kept.update(facts)
        tables = {} if shown.counts is None else {shown.name: table_json(shown.counts)}
        return replace(shown, kept=Kept(facts, {}, tables))
