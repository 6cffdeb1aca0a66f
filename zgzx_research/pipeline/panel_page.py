"""A page about any tidy panel: the same estimates, facts and tables without a study file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research import __version__
from zgzx_research.did.estimate import estimate_effects, options_of
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.evidence.disclosure_rules import enforce, rules
from zgzx_research.evidence.facts import Fact, fact
from zgzx_research.pipeline import manifest, store, study_facts
from zgzx_research.pipeline.code_digest import package_digest
from zgzx_research.pipeline.data_facts import panel_facts, period_labels
from zgzx_research.pipeline.kept_facts import Kept
from zgzx_research.pipeline.page import Page
from zgzx_research.pipeline.page_folders import checked_folder
from zgzx_research.pipeline.page_reading import WITHOUT_STUDY
from zgzx_research.pipeline.panel_file import read_panel_file
from zgzx_research.pipeline.place import Place
from zgzx_research.study import check_name, find_root

PAGE = "9_any_panel"
SEED = 0
WINDOW = (-1000, 1000)  # event times shown: all of them
# controls of the main estimate -> name and controls of the other one shown beside it
OTHER_CONTROLS = {
    "never_treated": ("not_yet", "not_yet_treated"),
    "not_yet_treated": ("never", "never_treated"),
}
# whom a method without `controls` compares the treated with
COMPARED = {"imputation": "not_yet_treated", "interaction_weighted": "never_treated"}
NAMED = ("unit", "period", "outcome", "first_treated")


def find_file(file: str | Path) -> Path:
    """Find a file by its path from the working folder, or else from the project folder."""
    path = Path(file)
    return path if path.is_absolute() or path.is_file() else find_root() / path


def read_panel(
    file: str | Path, columns: Mapping[str, Any], never_treated: str | float | None = None
) -> pd.DataFrame:
    """Read a tidy panel from a file.

    Parameters
    ----------
    file : str or Path
        .csv, .xlsx, .dta, .parquet and what agencies call them; the path from the working folder,
        or from the project folder.
    columns : mapping
        Arguments of `prepare_panel` that name columns: unit, period, outcome, first_treated,
        covariates, weights, cluster.
    never_treated : str or float, optional
        The code for never treated in the column `first_treated`, besides an empty cell.

    Returns
    -------
    DataFrame
        These columns: names of units as text, numbers as numbers, times as `prepare_panel` reads
        them.

    Raises
    ------
    ZgzxError
        No such file or column, another format, an empty or a wide table, cells that cannot be read
        (with their rows).
    """
    code = f"{never_treated:g}" if isinstance(never_treated, int | float) else never_treated
    return read_panel_file(find_file(file), columns, code)


def open_panel_page(
    study: str,
    language: str,
    file: str | Path,
    columns: Mapping[str, Any],
    options: Mapping[str, Any],
    never_treated: str | float | None = None,
) -> PanelPage:
    """Open the page about any panel.

    Parameters
    ----------
    study : str
        Name of the report.
    language : str
        "zh" or "en".
    file, columns, never_treated
        As for `read_panel`.
    options : mapping
        Arguments of `estimate_effects`.

    Returns
    -------
    PanelPage
        What the notebook calls from then on.
    """
    enforce({})  # there is no study file that makes the rules stricter
    root, path = find_root(), find_file(file)
    place = Place(root, check_name(study), path.parent)
    known = study_facts.design_facts(SEED, WINDOW, manifest.is_synthetic(path.parent, [path]))
    known |= study_facts.stamp_facts(_stamp(place, path, columns, options, never_treated))
    names = {f"{role}_name": columns[role] for role in NAMED}
    names |= {"source_file": path.name, "name": study}
    names |= {"covariates": ", ".join(columns.get("covariates") or ())}
    known |= {f"study.{name}": _text(text) for name, text in names.items()}
    folder = checked_folder(root, PAGE, language)
    return PanelPage(PAGE, language, folder, place, None, known, options=options)


def _stamp(
    place: Place,
    file: Path,
    columns: Mapping[str, Any],
    options: Mapping[str, Any],
    never_treated: str | float | None,
) -> dict[str, Any]:
    """Return what is needed to make the page again."""
    settings = {
        "roles": dict(columns),
        "options": dict(options),
        "never_treated": never_treated,
        "file": file.name,
    }
    return {
        "study": place.name,
        "version": __version__,
        "code": package_digest()[:12],
        "inputs": store.file_digest(file)[:12],
        "file": file.name,
        "seed": SEED,
        "settings": store.digest(store.json_text(settings).encode())[:12],
        "lock": study_facts.lock_digest(place.root),
    }


def _text(value: str) -> Fact:
    """Return a fact that is a text."""
    return fact(value, "text", "design", "study")


@dataclass(frozen=True)
class PanelPage(Page):
    """A page about a panel without a study file.

    Attributes
    ----------
    options : mapping
        Arguments of `estimate_effects` for the main estimate.
    """

    options: Mapping[str, Any] = field(default_factory=dict)  # type: ignore[assignment]

    def keep_panel(self, panel: PreparedPanel, table: pd.DataFrame) -> Kept:
        """Keep the facts of the panel: size, columns, and who is compared with whom."""
        self.cohort_labels.update(period_labels(panel))
        other = next(iter(other_controls(panel, self.options)), "")
        last_cohort = self.options.get("method") == "interaction_weighted" and not never(panel)
        group = "last_cohort" if last_cohort else compared(self.options)
        found = {"study.compared": _text(group), "study.another": _text(other)}
        return self.keep_facts(self.known | found | panel_facts(panel, len(table)))

    def keep_other(self, panel: PreparedPanel) -> Kept:
        """Estimate and keep the effects with the other comparison group, where there is one."""
        kept = Kept({}, {})
        for spec, options in other_controls(panel, self.options).items():
            kept |= self.keep(WITHOUT_STUDY, spec, estimate_effects(panel, **options))
        return kept


def never(panel: PreparedPanel) -> int:
    """Count the units that are never treated."""
    return int((panel.cohorts[panel.cohort] == np.inf).sum())


def compared(options: Mapping[str, Any]) -> str:
    """Return the comparison group: "never_treated", "not_yet_treated" or "all_others"."""
    method = options.get("method", "group_time")
    if "controls" in options_of(method):
        return options.get("controls", "never_treated")
    return COMPARED.get(method, "all_others")


def other_controls(panel: PreparedPanel, options: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return name and arguments of the estimate with the other comparison group, if any."""
    if "controls" not in options_of(options.get("method", "group_time")):
        return {}
    name, controls = OTHER_CONTROLS[compared(options)]
    possible = controls == "not_yet_treated" or never(panel) >= rules().firms
    return {name: {**options, "controls": controls}} if possible else {}
