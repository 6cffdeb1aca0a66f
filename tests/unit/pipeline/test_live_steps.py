"""The running steps on a terminal, and nothing where there is none."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from zgzx_research.pipeline import live_steps as live_steps_module
from zgzx_research.pipeline.live_steps import live_steps


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("lines", [io.StringIO(), Terminal()])
def test_a_terminal_shows_what_runs_and_lines_go_where_they_belong(
    monkeypatch: pytest.MonkeyPatch, lines: io.StringIO
) -> None:
    """A line for a file goes into the file; one for the terminal stands above the list."""
    shown = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(sys, "stdout", lines)

    def to_lines(line: str) -> None:
        lines.write(f"{line}\n")

    with live_steps(to_lines, True) as (watch, say), watch("clean.roster"):
        say("[ 1/43] link  3.0 s")
    assert "clean.roster" in shown.getvalue()
    to, other = (shown, lines) if lines.isatty() else (lines, shown)
    assert "[ 1/43] link  3.0 s\n" in to.getvalue()
    assert "link" not in other.getvalue()


def test_every_line_stands_on_a_row_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads begin and end steps; at the end the terminal shows all lines and no list."""
    shown = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(live_steps_module, "REFRESHED", 0.0005)
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(sys, "stdout", Terminal())
    with live_steps(str, True) as (watch, say), ThreadPoolExecutor(2) as threads:

        def step(number: int) -> None:
            with watch(f"step {number}"):
                time.sleep(0.001)
            say(f"line {number}")

        list(threads.map(step, range(60)))
    left = [line.rstrip() for line in on_terminal(shown.getvalue()) if line.strip()]
    assert sorted(left) == sorted(f"line {number}" for number in range(60))


def on_terminal(text: str) -> list[str]:
    """The lines that a terminal shows after this text, with the codes that rich uses."""
    lines, row, column = [""], 0, 0
    for code, letter, sign in re.findall(r"\x1b\[([?\d;]*)([A-Za-z])|([^\x1b])", text):
        if letter == "A":
            row -= int(code or 1)
        elif letter == "K":
            lines[row] = ""
        elif sign == "\r":
            column = 0
        elif sign == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif sign:
            kept = lines[row].ljust(column)
            lines[row] = kept[:column] + sign + kept[column + 1 :]
            column += 1
    return lines


@pytest.mark.parametrize(("wanted", "stream"), [(True, io.StringIO()), (False, Terminal())])
def test_nothing_without_a_terminal_or_a_wish(
    monkeypatch: pytest.MonkeyPatch, wanted: bool, stream: io.StringIO
) -> None:
    said: list[str] = []
    monkeypatch.setattr(sys, "stderr", stream)
    with live_steps(said.append, wanted) as (watch, say), watch("clean.roster"):
        say("a line")
    assert (stream.getvalue(), said) == ("", ["a line"])


def test_rich_is_not_loaded_without_a_terminal() -> None:
    code = (
        "import sys\n"
        "from zgzx_research.pipeline.live_steps import live_steps\n"
        "with live_steps(print, True) as (watch, say), watch('link'):\n"
        "    print('rich.progress' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
