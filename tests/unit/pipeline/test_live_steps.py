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


def test_a_terminal_shows_what_runs_and_keeps_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, lines = Terminal(), io.StringIO()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(sys, "stdout", lines)
    with live_steps(True) as watch, watch("clean.roster"):
        print("[ 1/43] link")  # noqa: T201
    assert "clean.roster" in shown.getvalue()
    assert lines.getvalue() == "[ 1/43] link\n"  # lines for a file do not go to the terminal


@pytest.mark.parametrize(("wanted", "stream"), [(True, io.StringIO()), (False, Terminal())])
def test_nothing_without_a_terminal_or_a_wish(
    monkeypatch: pytest.MonkeyPatch, wanted: bool, stream: io.StringIO
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with live_steps(wanted) as watch, watch("clean.roster"):
        pass
    assert stream.getvalue() == ""


def test_rich_is_not_loaded_without_a_terminal() -> None:
    code = (
        "import sys\n"
        "from zgzx_research.pipeline.live_steps import live_steps\n"
        "with live_steps(True) as watch, watch('link'):\n"
        "    print('rich.progress' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
