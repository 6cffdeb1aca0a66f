"""The graph runs what changed, and large steps that stand apart side by side in processes of their own."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline import build as building
from zgzx_research.pipeline.build import Step, build


def copy(sources: tuple[Path, ...], out: Path, process: Path) -> None:
    """Writes what it read, and beside it the process it ran in."""
    out.write_text("".join(source.read_text() for source in sources))
    process.write_text(str(os.getpid()))


def write(text: str, out: Path) -> None:
    out.write_text(text)


def refuse(source: Path) -> None:
    raise ZgzxError(
        "a wrong file", where=source.name, count=3, examples=["row 2"], remedy="Mend it."
    )


def graph(folder: Path) -> list[Step]:
    """Two steps of raw files, one that gathers them, and one that reads what was gathered."""

    def step(name: str, *inputs: str, **settings: bool) -> Step:
        sources = tuple(folder / source for source in inputs)
        run = partial(copy, sources, folder / f"{name}.out", folder / f"{name}.pid")
        return Step(name, run, sources, (folder / f"{name}.out",), ("errors.py",), **settings)

    return [
        step("clean.a", "a", apart=True),
        step("clean.b", "b", apart=True),
        step("clean.all", "clean.a.out", "clean.b.out", apart=True, last=True),
        step("link", "clean.a.out", "clean.b.out"),
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(building, "LARGE", 0)
    (tmp_path / "a").write_text("甲")
    (tmp_path / "b").write_text("乙")
    return tmp_path


def test_steps_that_stand_apart_run_in_processes_of_their_own(folder: Path) -> None:
    result = build(graph(folder), folder / "work", lambda line: None)
    assert set(result.ran) == {"clean.a", "clean.b", "clean.all", "link"}
    assert (folder / "clean.all.out").read_text() == (folder / "link.out").read_text() == "甲乙"
    processes = {name: int((folder / f"{name}.pid").read_text()) for name in result.ran}
    assert processes["link"] == os.getpid()
    assert all(processes[name] != os.getpid() for name in ("clean.a", "clean.b", "clean.all"))
    assert result.ran.index("clean.all") == 3  # nobody waits for it


def test_only_what_changed_runs_again(folder: Path) -> None:
    build(graph(folder), folder / "work", lambda line: None)
    assert build(graph(folder), folder / "work", lambda line: None).ran == ()
    before = (folder / "clean.b.pid").stat().st_mtime_ns
    (folder / "a").write_text("丙")
    result = build(graph(folder), folder / "work", lambda line: None)
    assert set(result.ran) == {"clean.a", "clean.all", "link"}
    assert (folder / "clean.b.pid").stat().st_mtime_ns == before
    assert (folder / "clean.all.out").read_text() == "丙乙"
    assert (folder / "clean.all.pid").read_text() == str(
        os.getpid()
    )  # until a is done nobody knows whether it must
    (folder / "a").write_text("丁")
    (folder / "clean.b.out").unlink()
    assert set(build(graph(folder), folder / "work", lambda line: None).ran) == {
        "clean.a",
        "clean.b",
        "clean.all",
        "link",
    }
    assert (folder / "link.out").read_text() == "丁乙"


def test_equal_outputs_stop_the_chain(folder: Path) -> None:
    build(graph(folder), folder / "work", lambda line: None)
    (folder / "a").write_text("甲 ")
    (folder / "b").write_text("乙 ")
    steps = graph(folder)
    for number, text in (
        (0, "甲"),
        (1, "乙"),
    ):  # they read the change and make what they made before
        run = partial(write, text, steps[number].outputs[0])
        steps[number] = replace(steps[number], run=run)
    assert set(build(steps, folder / "work", lambda line: None).ran) == {"clean.a", "clean.b"}


def test_small_inputs_stay_in_this_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "LARGE", 1_000)
    result = build(graph(folder), folder / "work", lambda line: None)
    assert {int((folder / f"{name}.pid").read_text()) for name in result.ran} == {os.getpid()}


def test_an_error_in_another_process_is_the_users_error(folder: Path) -> None:
    steps = graph(folder)
    steps[1] = Step(
        "clean.b",
        partial(refuse, folder / "b"),
        (folder / "b",),
        steps[1].outputs,
        ("errors.py",),
        apart=True,
    )
    with pytest.raises(ZgzxError, match=r"b: a wrong file, 3 affected, e\.g\. row 2\. Mend it\."):
        build(steps, folder / "work", lambda line: None)
    assert not (folder / "link.out").exists()
