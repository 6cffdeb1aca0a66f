"""The running steps on a terminal, and nothing where there is none."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

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
