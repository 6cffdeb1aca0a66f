"""What a command prints: sentences in Chinese or English by locale, or one JSON object.

With `--json` standard output holds one object and nothing else; progress and sentences go to
standard error. Sentences are rows of `messages.toml`.
"""

from __future__ import annotations

import json
import os
import sys
import tomllib
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

LANGUAGES = ("zh", "en")
CHOICE = "ZGZX_LANGUAGE"  # decides over the locale
LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")  # in the order in which a system asks them

_as_json: ContextVar[bool] = ContextVar("as_json", default=False)


def _choose(value: bool) -> bool:
    _as_json.set(value)
    return value


AsJson = Annotated[
    bool, typer.Option("--json", callback=_choose, help="print one JSON object, nothing else")
]


def language() -> str:
    """Return the language of the messages: that of ZGZX_LANGUAGE, else of the locale."""
    chosen = os.environ.get(CHOICE, "").lower()
    if chosen in LANGUAGES:
        return chosen
    locale = next((value for name in LOCALES if (value := os.environ.get(name))), "")
    return "zh" if locale.lower().startswith("zh") else "en"


@cache
def messages() -> dict[str, dict[str, str]]:
    """Return all sentences: key -> language -> text."""
    text = Path(__file__).with_name("messages.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def sentence(key: str, **values: Any) -> str:
    """Return a sentence in the language of the messages."""
    return messages()[key][language()].format(**values)


def say(line: str) -> None:
    """Print a line: where the answer is JSON, on standard error."""
    typer.echo(line, err=_as_json.get())


def tell(key: str, **values: Any) -> None:
    """Print a sentence."""
    say(sentence(key, **values))


def answer(**fields: Any) -> None:
    """Print the JSON object of a command, if it was asked for."""
    if _as_json.get():
        typer.echo(json.dumps(fields, ensure_ascii=False, indent=1, default=str))


def refuse(problem: Exception, code: int) -> None:
    """Print a problem: in Chinese with a first line that says what to do with it."""
    if _as_json.get():
        fields = ("what", "where", "count", "examples", "remedy")
        parts = {name: getattr(problem, name, None) for name in fields}
        answer(error=str(problem), **parts, exit_code=code)
    first = sentence("problem")
    sys.stderr.write((f"{first}\n" if first else "") + f"zgzx: {problem}\n")
