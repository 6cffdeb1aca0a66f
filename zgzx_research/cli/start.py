"""Commands to begin with: a project, this machine, a synthetic world."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from zgzx_research.cli.answers import AsJson, answer, say, sentence, tell
from zgzx_research.cli.app import app


@app.command("new-project")
def new_project(folder: Annotated[Path, typer.Argument(help="an empty or new folder")]) -> None:
    """Make a project folder anywhere: study file, notebooks, published data and examples."""
    from zgzx_research.pipeline import new_project as project

    tell("new_project", folder=folder, count=len(project.new_project(folder)))
    tell("next_commands", commands=project.next_commands(folder))


@app.command("new-notebook")
def new_notebook(
    name: Annotated[str, typer.Argument(help="folder of the page, e.g. 8_utility_models")],
    outcome: Annotated[
        str, typer.Option(help="retention, patents_invention, patents_utility_model …")
    ] = "patents_utility_model",
) -> None:
    """Make a page of the report from a template: notebook and words, Chinese and English."""
    from zgzx_research.pipeline import new_notebook as page
    from zgzx_research.study import find_root

    for path in page.new_notebook(find_root(), name, outcome):
        typer.echo(path.as_posix())
    tell("new_page", name=name)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say whether this machine has all that a run needs, and what to do where it has not.

    Exit code 2 when something is missing. What it prints names no person and no home folder.
    """
    from zgzx_research.cli.doctor import PROBLEM, examine
    from zgzx_research.study import find_root

    findings = examine(find_root())
    for finding in findings:
        state = sentence(f"doctor_state_{finding.state}")
        say(f"{state:<8} {sentence(f'doctor_{finding.name}')}: {finding.found}")
        if finding.remedy:
            say(f"         {sentence('doctor_remedy')}: {finding.remedy}")
    problems = [finding for finding in findings if finding.state == PROBLEM]
    tell("doctor_problems" if problems else "doctor_fine", count=len(problems))
    answer(findings=[asdict(finding) for finding in findings], problems=len(problems))
    if problems:
        raise typer.Exit(2)


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(help="an empty or new folder")],
    scenario: Annotated[
        str, typer.Option(help="calibrated, null, teaching or harm")
    ] = "calibrated",
    size: Annotated[str, typer.Option(help="tiny, default or large")] = "tiny",
    seed: Annotated[
        int, typer.Option(help="the same seed gives the same world; the demo is 2")
    ] = 2,
    without: Annotated[
        list[str] | None, typer.Option(help="a trap to switch off; may be given again")
    ] = None,
    also: Annotated[
        list[str] | None, typer.Option(help="an optional trap to switch on; may be given again")
    ] = None,
) -> None:
    """Write a synthetic world with known truth as raw agency files."""
    from zgzx_research.simulate.write import write_world

    off, on = without or (), also or ()
    write_world(
        folder, scenario=scenario, size=size, seed=seed, without=off, also=on, progress=typer.echo
    )
    tell("simulated", folder=folder, made=f"{scenario}, {size}, seed {seed}")
