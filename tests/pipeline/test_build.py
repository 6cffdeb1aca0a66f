"""The graph runs what changed, and nothing else."""

from __future__ import annotations

import signal
import time
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline.build import Step, build


def copy(sources: tuple[Path, ...], out: Path) -> None:
    out.write_text("".join(source.read_text() for source in sources))


def write(text: str, out: Path) -> None:
    out.write_text(text)


def refuse(source: Path) -> None:
    raise ZgzxError(
        "a wrong file", where=source.name, count=3, examples=["row 2"], remedy="Correct it."
    )


def graph(folder: Path) -> list[Step]:
    """Two steps of raw files, one that gathers them, and one that reads what was gathered."""

    def step(name: str, *inputs: str) -> Step:
        sources = tuple(folder / source for source in inputs)
        out = folder / f"{name}.out"
        return Step(name, partial(copy, sources, out), sources, (out,))

    return [
        step("clean.a", "a"),
        step("clean.b", "b"),
        step("clean.all", "clean.a.out", "clean.b.out"),
        step("link", "clean.a.out", "clean.b.out"),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a").write_text("甲")
    (tmp_path / "b").write_text("乙")
    return tmp_path


def ran(steps: list[Step], folder: Path) -> set[str]:
    return set(build(steps, folder / "work", lambda line: None).ran)


@pytest.mark.slow
def test_only_what_changed_runs_again(folder: Path) -> None:
    assert ran(graph(folder), folder) == {"clean.a", "clean.b", "clean.all", "link"}
    assert ran(graph(folder), folder) == set()
    (folder / "a").write_text("丙")
    assert ran(graph(folder), folder) == {"clean.a", "clean.all", "link"}
    assert (folder / "clean.all.out").read_text() == "丙乙"
    (folder / "a").write_text("丁")
    (folder / "clean.b.out").unlink()
    assert ran(graph(folder), folder) == {"clean.a", "clean.b", "clean.all", "link"}
    assert (folder / "link.out").read_text() == "丁乙"


def test_equal_outputs_stop_the_chain(folder: Path) -> None:
    ran(graph(folder), folder)
    (folder / "a").write_text("甲 ")
    (folder / "b").write_text("乙 ")
    steps = graph(folder)
    for number, text in ((0, "甲"), (1, "乙")):  # they make what they made before
        run = partial(write, text, steps[number].outputs[0])
        steps[number] = replace(steps[number], run=run)
    assert ran(steps, folder) == {"clean.a", "clean.b"}


def test_other_settings_and_another_lock_run_again(folder: Path) -> None:
    ran(graph(folder), folder)
    steps = graph(folder)
    steps[3] = replace(steps[3], settings={"seed": 2})
    assert ran(steps, folder) == {"link"}
    again = build(steps, folder / "work", lambda line: None, lock_digest="another")
    assert len(again.ran) == 4


def test_an_input_that_is_gone_is_noticed(folder: Path) -> None:
    ran(graph(folder), folder)
    steps = graph(folder)
    fewer = steps[2].inputs[:1]
    steps[2] = replace(steps[2], inputs=fewer, run=partial(copy, fewer, steps[2].outputs[0]))
    assert ran(steps, folder) == {"clean.all"}


def test_an_error_for_the_user_passes_through(folder: Path) -> None:
    steps = graph(folder)
    steps[1] = replace(steps[1], run=partial(refuse, folder / "b"))
    expected = r"b: a wrong file, 3 affected, e\.g\. row 2\. Correct it\."
    with pytest.raises(ZgzxError, match=expected):
        ran(steps, folder)
    assert not (folder / "link.out").exists()


def test_two_steps_that_write_one_file_are_named(folder: Path) -> None:
    steps = graph(folder)
    steps[3] = replace(steps[3], outputs=steps[2].outputs)
    with pytest.raises(ZgzxError, match=r"task graph could not be built[\s\S]*clean\.all"):
        ran(steps, folder)


@pytest.mark.slow
def test_steps_without_paths_keep_nodes_of_their_own(folder: Path) -> None:
    """With a common node, the one that ran last would be known and the others run again."""
    outs = {name: folder / f"{name}.out" for name in "abc"}
    steps = [Step(f"w.{name}", partial(write, name, out), (), (out,)) for name, out in outs.items()]
    assert ran(steps, folder) == {"w.a", "w.b", "w.c"}
    lock = tomllib.loads((folder / "work/pytask.lock").read_text(encoding="utf-8"))
    for task in lock["task"]:
        assert all(name.startswith(task["id"]) for name in task["depends_on"])


def interrupt(out: Path) -> None:
    """As Ctrl-C does, while the step runs; the step itself comes to its end."""
    signal.raise_signal(signal.SIGINT)
    time.sleep(0.5)  # the interrupt reaches the main thread meanwhile
    write("a", out)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C as in a fresh process: other tests may leave another handler behind."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, usual)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_run_is_no_finished_run(folder: Path) -> None:
    """What was done stays done; the rest is neither done nor up to date."""
    first, second = folder / "first.out", folder / "second.out"
    steps = [
        Step("first", partial(interrupt, first), (), (first,)),
        Step("second", partial(copy, (first,), second), (first,), (second,)),
    ]
    with pytest.raises(KeyboardInterrupt):
        build(steps, folder / "work", lambda line: None)
    assert not second.exists()
    calm = [replace(steps[0], run=partial(write, "a", first)), steps[1]]
    assert "second" in ran(calm, folder)
