"""`zgzx power`: how many more editions until an effect of a given size would be seen."""

from __future__ import annotations

from pathlib import Path

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.facts import Facts
from zgzx_research.pipeline.place import Place
from zgzx_research.report.wording import word
from zgzx_research.robustness.power import editions_needed
from zgzx_research.study import check_name

PERCENT = 100.0  # facts are in percent and in percentage points


def power_lines(root: Path, name: str, effect: float, language: str = "en") -> list[str]:
    """Return one line per main estimate of a study, and one with the assumption.

    Parameters
    ----------
    root : Path
        The project folder.
    name : str
        A study that has been run.
    effect : float
        Percent for counts, percentage points for shares.
    language : str, default "en"
        Or "zh".

    Returns
    -------
    list of str
        The standard error is taken to fall with the square root of the number of editions.

    Raises
    ------
    ZgzxError
        An effect of zero or less, another language, or a study that was not run.
    """
    place = Place(root, check_name(name), root / "data" / "raw" / name)
    path = place.work / "facts.json"
    if not path.is_file():
        remedy = f"Run zgzx run {name} first."
        raise ZgzxError("the study has no estimates yet", where=name, remedy=remedy)
    if not effect > 0:
        remedy = "Pass e.g. --effect 10, for 10 percent or 10 percentage points."
        raise ZgzxError(f"--effect {effect:g} is no effect", where="power", remedy=remedy)
    if language not in ("zh", "en"):
        raise ZgzxError(f"no language {language!r}", where="power", remedy="Pass zh or en.")
    facts, ending = Facts.load(path), ".main.headline.std_error"
    outcomes = [key.removesuffix(ending) for key in facts.facts if key.endswith(ending)]
    lines = [_line(facts, outcome, effect, language) for outcome in sorted(outcomes)]
    return [*lines, word("power.assumption", language)]


def _line(facts: Facts, outcome: str, effect: float, language: str) -> str:
    """Say how many more editions one outcome needs."""
    key, held = f"{outcome}.main.headline", facts.get("study.editions")
    record = facts.record(f"{key}.std_error")
    about = {
        "outcome": word(f"outcome.{outcome}", language),
        "effect": f"{effect:g}{word('power.' + record['unit'], language)}",
        "editions": held,
    }
    error, estimate = record["value"], facts.get(f"{key}.estimate")
    if error is None or estimate is None or not held:
        return word("power.unknown", language, **about)
    ratio = record["unit"] == "percent"
    size = error / (PERCENT + estimate) if ratio else error
    wanted = effect / PERCENT if ratio else effect
    more = editions_needed(size, wanted, held, ratio=ratio) - held
    if more <= 0:
        return word("power.enough", language, **about)
    return word("power.more", language, more=more, **about)
