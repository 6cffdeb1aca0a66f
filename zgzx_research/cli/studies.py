"""Commands of a study, from its first file to its reports."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from zgzx_research.cli.answers import AsJson, answer, say, tell
from zgzx_research.cli.app import Name, app


@app.command()
def init(name: Name, as_json: AsJson = False) -> None:
    """Make the study file, raw folders and blank workbooks of a new study."""
    from zgzx_research.pipeline.new_study import README, TEMPLATES, init_study
    from zgzx_research.study import find_root

    written = init_study(find_root(), name)
    raw, blank = f"data/raw/{name}", len(written) - 3
    tell("init_study", file=written[0])
    tell("init_raw", raw=raw, readme=README)
    tell("init_blank", raw=raw, templates=TEMPLATES, count=blank)
    tell("init_decisions", file=written[-1])
    answer(
        study=name,
        study_file=str(written[0]),
        raw=raw,
        blank_workbooks=blank,
        decisions=str(written[-1]),
    )


@app.command()
def freeze(
    name: Name,
    date: Annotated[
        str | None, typer.Option(help="date of the plan, e.g. 2026-03-01; today's by default")
    ] = None,
    after_data: Annotated[
        bool, typer.Option("--after-data", help="freeze although data have been built; it is said")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="replace an earlier plan; the new one names it")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the analysis plan: every choice that decides the results, before the data are seen."""
    from zgzx_research.pipeline.freeze import freeze_study
    from zgzx_research.study import find_root

    plan = freeze_study(find_root(), name, date, after_data=after_data, again=again)
    tell("frozen", name=name, count=len(plan.decided), date=plan.frozen_on)
    tell("frozen_after" if plan.after_data else "frozen_before")
    answer(
        study=name,
        plan=f"studies/{name}.plan.toml",
        choices=len(plan.decided),
        frozen_on=plan.frozen_on,
        after_data=plan.after_data,
    )


@app.command()
def check(name: Name, as_json: AsJson = False) -> None:
    """List what the raw files hold and every problem a run would fail at; change nothing."""
    from zgzx_research.pipeline.check import check_study
    from zgzx_research.pipeline.check import say as say_check
    from zgzx_research.study import find_root

    found = check_study(find_root(), name)
    fine = say_check(found, say, partial(typer.echo, err=True))
    tell("check_fine" if fine else "check_problems", count=len(found.problems), name=name)
    answer(
        study=name,
        fine=fine,
        lines=found.lines,
        problems=[
            {"what": problem.what, "where": problem.where, "remedy": problem.remedy}
            for problem in found.problems
        ],
    )
    if not fine:
        raise typer.Exit(2)


@app.command()
def run(
    name: Name,
    part: Annotated[
        str, typer.Argument(help="all, build (clean to panels), estimate or report")
    ] = "all",
    as_json: AsJson = False,
) -> None:
    """Bring panels, estimates and reports of a study up to date; unchanged work is skipped."""
    from zgzx_research.pipeline.run import run_study
    from zgzx_research.study import find_root

    result = run_study(find_root(), name, part, say=say, live=not as_json)
    say_result(result.ran, result.skipped, f"reports/{name}")
    answer(study=name, ran=result.ran, skipped=len(result.skipped), reports=f"reports/{name}")


def say_result(ran: tuple[str, ...], skipped: tuple[str, ...], place: str) -> None:
    """Print how many tasks ran and where the report is."""
    tell("run_done" if ran else "run_nothing", ran=len(ran), skipped=len(skipped), place=place)


@app.command()
def review(
    name: Name,
    workbook: Annotated[
        Path, typer.Argument(help="audit.xlsx or link_review.xlsx of data/work/NAME, filled in")
    ],
) -> None:
    """Take over the decisions in a returned workbook; the next run applies them."""
    from zgzx_research.pipeline.review import take_workbook
    from zgzx_research.study import find_root

    count, path = take_workbook(find_root(), name, workbook)
    tell("reviewed", file=path.relative_to(find_root()), count=count, name=name)


@app.command()
def verify(name: Name, as_json: AsJson = False) -> None:
    """Compare every input and output of a study with its manifest."""
    from zgzx_research.pipeline.manifest import verify_manifest
    from zgzx_research.study import check_name, find_root

    count = verify_manifest(find_root(), check_name(name))
    tell("verified", name=name, count=count)
    answer(study=name, files=count)


@app.command()
def scan(name: Name, as_json: AsJson = False) -> None:
    """Search all files that a study wrote for personal data.

    Exit code 2 when a name, a number or the key is found.
    """
    from zgzx_research.cli.answers import sentence
    from zgzx_research.pipeline.privacy import scan_study, table_of
    from zgzx_research.study import check_name, find_root

    result = scan_study(find_root(), check_name(name))
    left = sentence("scan_not_read", count=len(result.not_read)) if result.not_read else ""
    tell("scanned", name=name, read=result.read, left=left)
    answer(study=name, read=result.read, not_read=len(result.not_read), found=len(result.findings))
    if result.findings:
        say(table_of(result.findings))
        raise typer.Exit(2)
    tell("scan_clean")
