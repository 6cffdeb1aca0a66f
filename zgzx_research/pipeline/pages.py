"""The face of a notebook: `page.text`, `page.figure`, `page.table` show what was stored.

Nothing is refitted.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.disclosure import (
    MIN_FIRMS,
    MIN_RECORDS,
    blank_few_units,
    enough_firms,
    pooled_categories,
)
from zgzx_research.evidence.facts import SHARE_OUTCOMES, Facts
from zgzx_research.pipeline import store
from zgzx_research.pipeline.facts import (
    arm_linkage,
    estimated,
    first_outcome,
    linkage,
    load_effects,
    load_summary,
)
from zgzx_research.pipeline.stages import Place
from zgzx_research.pipeline.summaries import Summary
from zgzx_research.report import alt_text, canvas, figures, fonts, tables
from zgzx_research.report.look import label
from zgzx_research.report.wording import LANGUAGES, from_data, render_prose, word, word_or_code
from zgzx_research.study import check_name, find_root


@dataclass(frozen=True)
class Shown:
    """An output Jupyter displays and the report picks up by its mark."""

    data: Mapping[str, Any]
    mark: Mapping[str, str]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        return dict(self.data), {"zgzx": dict(self.mark)}


def open_page(study: str, language: str, page: str) -> Page:
    """What a notebook shows of a study.

    Parameters
    ----------
    study : name of a study that has been run. language : "zh" or "en". page : name of the notebook
        and of its prose.

    Raises
    ------
    ZgzxError : unknown language, or a study that has not been run.
    """
    if language not in LANGUAGES:
        raise ZgzxError(
            f"language {language!r} is unknown",
            where=page,
            remedy=f"Choose one of {', '.join(LANGUAGES)}.",
        )
    root = find_root()
    place = Place(root, check_name(study), root)
    if not (place.work / "facts.json").is_file():
        raise ZgzxError(
            f"study {study} has no results yet",
            where=page,
            remedy=f"Run it first: zgzx run {study}",
        )
    return Page(place, language, page)


@dataclass(frozen=True)
class Page:
    """One page of one study in one language."""

    place: Place
    language: str
    name: str
    summaries: dict[tuple[str, str], Summary] = field(default_factory=dict, compare=False)

    @cached_property
    def facts(self) -> Facts:
        """All numbers of the study."""
        return Facts.load(self.place.work / "facts.json")

    @property
    def synthetic(self) -> bool:
        """Whether the data are."""
        return bool(self.facts.get("study.synthetic"))

    def text(self, key: str) -> Shown:
        """A block of the page's prose.

        The first says so where data hold characters that the fonts lack.
        """
        text = render_prose(self.name, key, self.language, self.facts)
        if key == "title" and self._lacks_characters:
            text += f"\n> {label('geta_note', self.language)}\n"
        return Shown({"text/markdown": text}, _mark("text", key))

    @property
    def _lacks_characters(self) -> bool:
        texts = (str(fact["value"]) for fact in self.facts.facts.values() if fact["unit"] == "text")
        return bool(fonts.missing("".join(texts)))

    def figure(self, key: str) -> Shown:
        """A figure; `key` is its kind, then outcome and specification, e.g.

        "event_study.retention.main".
        """
        kind, *rest = key.split(".")
        figure, caption, alt = _known(FIGURES, kind, key)(self, *rest)
        bundle = canvas.figure_bundle(figure)
        png = base64.b64encode(bundle["image/png"]).decode("ascii")  # type: ignore[arg-type]
        return Shown(bundle | {"image/png": png}, _mark("figure", key, caption=caption, alt=alt))

    def table(self, key: str) -> Shown:
        """A table; `key` as for figures."""
        kind, *rest = key.split(".")
        made: tables.Table = _known(TABLES, kind, key)(self, *rest)
        return Shown(
            {"text/markdown": made.to_markdown()}, _mark("table", key, caption=made.caption)
        )

    def effects(self, outcome: str, spec: str = "main") -> Effects:
        """The estimates themselves, to go on from.

        An analysis of a file keeps only what its report shows.
        """
        if not (self.place.work / "effects").is_dir():
            raise ZgzxError(
                "an analysis of a file does not keep its estimates",
                where=self.name,
                remedy="Estimate them again in Python: zr.prepare_panel(table, …), then zr.estimate_effects(panel, …).",
            )
        return load_effects(self.place, outcome, spec)

    def summary(self, outcome: str, spec: str) -> Summary:
        """What is shown of one estimation."""
        if (outcome, spec) not in self.summaries:
            window = (self.facts.get("study.event_first"), self.facts.get("study.event_last"))
            seed = self.facts.get("study.seed")
            self.summaries[outcome, spec] = load_summary(self.place, outcome, spec, window, seed)
        return self.summaries[outcome, spec]

    def label(self, outcome: str) -> str:
        """What an outcome is called: ours have words, another panel's has its column name."""
        return (
            from_data(str(self.facts.get("study.outcome_name")))
            if outcome == "outcome"
            else word(f"outcome.{outcome}", self.language)
        )

    @property
    def about(self) -> str:
        """Whose words figures use: the programme's, or those for any panel."""
        return "unit" if "study.outcome_name" in self.facts.facts else "award"

    def event_frame(self, outcome: str, spec: str) -> pd.DataFrame:
        """The event study as shown: nothing that rests on too few units."""
        return enough_firms(self.summary(outcome, spec).event_time)

    def estimate_rows(self, items: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
        """Rows of label, estimate, interval for forest plots and tables."""
        return tables.estimate_rows(self.facts, items)

    def style(self, outcome: str, spec: str) -> dict[str, Any]:
        """How figures of an outcome are drawn."""
        return {
            "language": self.language,
            "scale": self.summary(outcome, spec).options.get("scale", "difference"),
            "share": outcome in SHARE_OUTCOMES,
            "synthetic": self.synthetic,
            "outcome_label": self.label(outcome),
            "about": self.about,
        }


def _mark(kind: str, key: str, **more: str) -> dict[str, str]:
    return {"kind": kind, "key": key, **more}


def _known(builders: Mapping[str, Callable[..., Any]], kind: str, key: str) -> Callable[..., Any]:
    if kind not in builders:
        raise ZgzxError(
            f"there is nothing to show under {key!r}",
            where="page",
            remedy=f"Known: {', '.join(builders)}.",
        )
    return builders[kind]


def _event_study(page: Page, outcome: str, spec: str) -> tuple[Any, str, str]:
    frame, how = page.event_frame(outcome, spec), page.style(outcome, spec)
    options = page.summary(outcome, spec).options
    how["step"] = (options["step_unit"], options["step_count"]) if "step_unit" in options else None
    title = word(f"event_study.title.{page.about}", page.language, outcome=page.label(outcome))
    return figures.plot_event_study(frame, **how), title, alt_text.alt_event_study(frame, **how)


def _paths(page: Page, outcome: str) -> tuple[Any, str, str]:
    panel = pd.read_parquet(page.place.stage("panels", "firm_year")[0]).dropna(subset=[outcome])
    group = panel["first_award"].notna().map({True: "treated", False: "never_treated"})
    named = panel.assign(group=group, mean=panel[outcome].astype(float))
    frame = named.groupby(["year", "group"], as_index=False).agg(
        mean=("mean", "mean"), firms=("firm_id", "nunique")
    )
    frame = frame[frame["firms"].ge(MIN_FIRMS)]
    shocks = figures.SHOCKS if outcome.startswith("patents") else figures.SHOCKS[:1]
    how = page.style(outcome, "main") | {"shocks": shocks}
    caption = word("paths.title", page.language, outcome=page.label(outcome))
    return (
        figures.plot_outcome_paths(frame, **how),
        caption,
        alt_text.alt_outcome_paths(frame, **how),
    )


def _estimators(page: Page, which: str) -> tuple[Any, str, str]:
    rows = page.estimate_rows(_items(page, which))
    how: dict[str, Any] = {"language": page.language, "synthetic": page.synthetic}
    return (
        figures.plot_estimators(rows, **how),
        word("estimators.title", page.language),
        alt_text.alt_estimators(rows, **how),
    )


def _items(page: Page, which: str) -> list[tuple[str, str, str]]:
    """(label, outcome, spec).

    Every outcome's main specification, or every specification of one outcome.
    """
    pairs = estimated(page.facts)
    if which == "main":
        return [(page.label(outcome), outcome, spec) for outcome, spec in pairs if spec == "main"]
    return [
        (word_or_code("spec", spec, page.language), outcome, spec)
        for outcome, spec in pairs
        if outcome == which
    ]


def _cohorts(page: Page) -> tuple[Any, str, str]:
    firms = pd.read_parquet(page.place.stage("panels", "firm_year")[0]).dropna(
        subset=["first_award"]
    )
    counts = (
        firms.groupby(["first_award", "first_category"])["firm_id"]
        .nunique()
        .reset_index(name="firms")
    )
    frame = counts.rename(columns={"first_award": "year", "first_category": "category"}).astype(
        {"year": int}
    )
    frame = pooled_categories(frame)
    how: dict[str, Any] = {"language": page.language, "synthetic": page.synthetic}
    return (
        figures.plot_cohorts(frame, **how),
        word("cohorts.title", page.language),
        alt_text.alt_cohorts(frame, **how),
    )


def _rows(page: Page) -> tuple[Any, str, str]:
    sources = _ledger(page.place)
    how: dict[str, Any] = {
        "language": page.language,
        "synthetic": page.synthetic,
        "minimum": MIN_RECORDS,
    }
    return (
        figures.plot_rows(sources, **how),
        word("rows.title", page.language),
        alt_text.alt_rows(sources, **how),
    )


def _ledger(place: Place) -> dict[str, list[dict[str, Any]]]:
    return store.read_json(place.work / "clean" / "ledger.json")["sources"]


FIGURES: dict[str, Callable[..., tuple[Any, str, str]]] = {
    "event_study": _event_study,
    "paths": _paths,
    "estimators": _estimators,
    "cohorts": _cohorts,
    "rows": _rows,
}


def _event_time(page: Page, outcome: str, spec: str) -> tables.Table:
    frame, scale = page.event_frame(outcome, spec), page.style(outcome, spec)["scale"]
    share = outcome in SHARE_OUTCOMES
    return tables.event_time_table(
        frame, scale, page.language, share=share, outcome_label=page.label(outcome)
    )


def _cohort(page: Page, outcome: str, spec: str) -> tables.Table:
    summary = page.summary(outcome, spec)
    frame = summary.event_time[:0] if summary.cohort is None else enough_firms(summary.cohort)
    scale = summary.options.get("scale", "difference")
    share = outcome in SHARE_OUTCOMES
    return tables.cohort_table(frame, scale, page.language, share=share, labels=summary.labels)


def _quarantine(page: Page) -> tables.Table:
    reasons = pd.read_parquet(page.place.stage("clean", "quarantine")[0])["reason"]
    counts = {
        code: count if count >= MIN_RECORDS else None
        for code, count in reasons.value_counts().items()
    }
    return tables.quarantine_table(counts, page.language)


def _left_out(page: Page, outcome: str = "", spec: str = "main") -> tables.Table:
    """What estimation left out; without an outcome that of the study's first."""
    asked = dict.fromkeys(name for name, _ in estimated(page.facts))
    ledger = page.summary(outcome or first_outcome(asked), spec).ledger
    return tables.ledger_table(blank_few_units(ledger), page.language)


def _grade(page: Page, outcome: str) -> tables.Table:
    start = f"{outcome}.main.grade_rule."
    rules = [rule for rule in tables.RULE_DIGITS if f"{start}{rule}.value" in page.facts.facts]
    return tables.grade_table(page.facts, outcome, "main", rules, page.language)


def _panel(page: Page) -> tables.Table:
    names = [key.removeprefix("panel.") for key in page.facts.facts if key.startswith("panel.")]
    return tables.panel_table(page.facts, names, page.language)


def _stamp(page: Page) -> tables.Table:
    keys = sorted(key for key in page.facts.facts if key.startswith("stamp."))
    return tables.stamp_table(
        {key.removeprefix("stamp."): page.facts.get(key) for key in keys}, page.language
    )


TABLES: dict[str, Callable[..., tables.Table]] = {
    "event_time": _event_time,
    "cohort": _cohort,
    "estimates": lambda page, which: tables.estimates_table(
        page.estimate_rows(_items(page, which)), page.language
    ),
    "rows": lambda page: tables.rows_table(_ledger(page.place), page.language, MIN_RECORDS),
    "quarantine": _quarantine,
    "linkage": lambda page: tables.linkage_table(linkage(page.place), page.language),
    "arms": lambda page: tables.arms_table(arm_linkage(page.place), page.language),
    "ledger": _left_out,
    "grade": _grade,
    "panel": _panel,
    "stamp": _stamp,
}


def plain_title(page: str, language: str, facts: Facts) -> str:
    """The page's title as plain text."""
    heading = next(
        line
        for line in render_prose(page, "title", language, facts).splitlines()
        if line.startswith("#")
    )
    return plain(heading)


def plain_headline(page: str, language: str, facts: Facts) -> str:
    """The page's headline as plain text."""
    text = render_prose(page, "headline", language, facts)
    return plain("\n".join(line for line in text.splitlines() if not line.startswith("#")))


def plain(markdown: str) -> str:
    """Markdown of our own prose without its marks."""
    lines = [line for line in markdown.splitlines() if not line.startswith(("<div", "</div"))]
    return re.sub(r"\s+", " ", re.sub(r"[*_`#\\]+", "", " ".join(lines))).strip()
