"""The command line: one command per job, one clear message per problem."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from zgzx_research.atomic import disk_error, disk_problem
from zgzx_research.errors import ZgzxError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="From raw agency files to bilingual reports on 职工之星 (Worker Star).",
)

Name = Annotated[str, typer.Argument(help="study name, as in studies/NAME.toml")]


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(help="an empty or new folder")],
    scenario: Annotated[
        str, typer.Option(help="calibrated, null, teaching or harm")
    ] = "calibrated",
    size: Annotated[str, typer.Option(help="tiny, default or large")] = "tiny",
    seed: Annotated[
        int,
        typer.Option(help="the same seed gives the same world; the demo is 2"),
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
    made = f"{scenario}, {size}, seed {seed}"
    typer.echo(f"{folder}: synthetic world written ({made}); truth/ is for checking only")


@app.command()
def prove(
    method: Annotated[str, typer.Option(help="primary, before_after, two_way …")] = "primary",
    outcome: Annotated[
        str, typer.Option(help="patents_invention, patents_utility_model, retention …")
    ] = ("patents_invention"),
    scenario: Annotated[
        str, typer.Option(help="calibrated, null, teaching or harm")
    ] = "calibrated",
    size: Annotated[str, typer.Option(help="tiny, default or large")] = "tiny",
    seeds: Annotated[int, typer.Option(help="worlds, with the seeds 0, 1, …", min=2)] = 200,
    trap: Annotated[
        list[str] | None, typer.Option(help="a trap that is on; without any, all usual ones are")
    ] = None,
) -> None:
    """Test whether a method finds the truth of synthetic worlds.

    Prints bias, coverage, size or power, and the detectable effect.
    """
    from zgzx_research.proofs.trap_proofs import Proof
    from zgzx_research.proofs.trap_proofs import prove as prove_rows
    from zgzx_research.simulate.world.constants import switched

    proof = Proof(scenario, method, outcome, scenario, size, tuple(trap or switched()["trap"]))
    for name, value in prove_rows([proof], range(seeds))[0].items():
        typer.echo(f"{name:11} {value if isinstance(value, str) else format(value, '.4g')}")


@app.command()
def init(name: Name) -> None:
    """Make the study file, raw folders and blank workbooks of a new study."""
    from zgzx_research.pipeline.new_study import README, TEMPLATES, init_study
    from zgzx_research.study import find_root

    written = init_study(find_root(), name)
    typer.echo(f"{written[0]} written; set [privacy] key_file and the years there")
    raw = f"data/raw/{name}"
    typer.echo(f"{raw}/: put the agencies' files in its folders; {README} (Chinese) says which")
    blank = len(written) - 3
    typer.echo(f"{raw}/{TEMPLATES}/: {blank} blank workbooks for sources that have no file yet")
    typer.echo(f"{written[-1]}: decisions about links, none yet")


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
) -> None:
    """Write the analysis plan: every choice that decides the results, before the data are seen."""
    from zgzx_research.pipeline.freeze import freeze_study
    from zgzx_research.study import find_root

    plan = freeze_study(find_root(), name, date, after_data=after_data, again=again)
    when = "after" if plan.after_data else "before"
    typer.echo(f"studies/{name}.plan.toml: {len(plan.decided)} choices, frozen on {plan.frozen_on}")
    typer.echo(
        f"written {when} data of the study were built; commit it, so that its date can be seen"
    )


@app.command()
def check(name: Name) -> None:
    """List what the raw files hold and every problem a run would fail at; change nothing."""
    from functools import partial

    from zgzx_research.pipeline.check import check_study, say
    from zgzx_research.study import find_root

    if not say(check_study(find_root(), name), typer.echo, partial(typer.echo, err=True)):
        raise typer.Exit(2)
    typer.echo("nothing is wrong that a check can see")


@app.command()
def run(
    name: Name,
    part: Annotated[
        str, typer.Argument(help="all, build (clean to panels), estimate or report")
    ] = "all",
) -> None:
    """Bring panels, estimates and reports of a study up to date; unchanged work is skipped."""
    from zgzx_research.pipeline.run import run_study
    from zgzx_research.study import find_root

    result = run_study(find_root(), name, part, say=typer.echo, live=True)
    _say_result(result.ran, result.skipped, f"reports/{name}")


@app.command()
def verify(name: Name) -> None:
    """Compare every input and output of a study with its manifest."""
    from zgzx_research.pipeline.manifest import verify_manifest
    from zgzx_research.study import check_name, find_root

    count = verify_manifest(find_root(), check_name(name))
    typer.echo(f"{name}: {count} files are as the manifest says")


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
    place = path.relative_to(find_root())
    typer.echo(f"decisions written to {place}: {count}; apply them with zgzx run {name}")


@app.command()
def thresholds(
    name: Name,
    outcome: Annotated[
        str, typer.Option(help="patents_invention, retention …")
    ] = "patents_invention",
    min_score: Annotated[
        list[float] | None, typer.Option(help="a score, 0 to 1; may be given again")
    ] = None,
) -> None:
    """Show the main estimate when only links of firms with a score and above are used."""
    from zgzx_research.pipeline.review import THRESHOLDS, across_thresholds
    from zgzx_research.study import find_root

    table = across_thresholds(find_root(), name, outcome, min_score or THRESHOLDS, say=typer.echo)
    typer.echo(table.to_string(index=False, float_format="{:.4g}".format, na_rep="–"))


@app.command()
def power(
    name: Name,
    effect: Annotated[
        float, typer.Option(help="percent for counts, percentage points for shares")
    ] = 10.0,
    language: Annotated[str, typer.Option(help="zh or en")] = "en",
) -> None:
    """Say how many more editions it takes until an effect of this size would be seen."""
    from zgzx_research.pipeline.editions_power import power_lines
    from zgzx_research.study import find_root

    for line in power_lines(find_root(), name, effect, language):
        typer.echo(line)


@app.command()
def publish(
    name: Name,
    date: Annotated[
        str | None, typer.Option(help="date of publication, e.g. 2026-04-02; today's by default")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="replace what was published before")
    ] = False,
) -> None:
    """Keep the headlines of a study as they are published, for the comparison in later years."""
    from zgzx_research.pipeline.published import publish_study
    from zgzx_research.study import find_root

    kept = publish_study(find_root(), name, date, again=again)
    claims = ", ".join(kept["claims"])
    typer.echo(f"studies/{name}.published.json: {claims}; commit it")


@app.command()
def changes(
    old: Annotated[str, typer.Argument(help="the earlier study")],
    new: Annotated[str, typer.Argument(help="the present study")],
    language: Annotated[str, typer.Option(help="zh or en")] = "en",
) -> None:
    """Split what changed since an earlier report into method, data and new editions."""
    from rich.console import Console

    from zgzx_research.pipeline.changes_command import changes_between
    from zgzx_research.study import find_root

    root = find_root()
    table, path = changes_between(root, old, new, language=language, say=typer.echo)
    Console().print(table)
    typer.echo(f"written: {path.relative_to(root)}; for a page, set [changes] since = {old!r}")


@app.command()
def scan(name: Name) -> None:
    """Search all files that a study wrote for personal data.

    Exit code 2 when a name, a number or the key is found.
    """
    from zgzx_research.pipeline.privacy import scan_study, table_of
    from zgzx_research.study import check_name, find_root

    result = scan_study(find_root(), check_name(name))
    left = (
        f"; not read: {len(result.not_read)} pictures, fonts and PDF files"
        if result.not_read
        else ""
    )
    typer.echo(f"{name}: {result.read} files read{left}")
    if result.findings:
        typer.echo(table_of(result.findings))
        raise typer.Exit(2)
    typer.echo("no name, ID, phone or insurance number of a person in the raw files, and no key")


@app.command()
def analyse(
    file: Annotated[
        Path,
        typer.Argument(help="a tidy panel, a row per unit and period: .csv, .xlsx, .dta, .parquet"),
    ],
    unit: Annotated[
        str, typer.Option(help="column naming the unit; read as text, 001 and NA are names")
    ],
    period: Annotated[
        str, typer.Option(help="column with the period: a year, 2015-03, 2015Q1, 2015-03-01 …")
    ],
    outcome: Annotated[str, typer.Option(help="column with the outcome")],
    first_treated: Annotated[
        str, typer.Option(help="column with the first treated period, empty for never")
    ],
    never_treated: Annotated[
        str | None, typer.Option(help="the code for never treated in that column, e.g. 0")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="name of the report; made from the file's by default")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="group_time (default), imputation, stacked …")
    ] = None,
    controls: Annotated[
        str | None, typer.Option(help="never_treated (default) or not_yet_treated")
    ] = None,
    covariates: Annotated[
        list[str] | None, typer.Option(help="columns; may be given again, or with commas")
    ] = None,
    adjustment: Annotated[
        str | None, typer.Option(help="doubly_robust (default with covariates) …")
    ] = None,
    covariates_at: Annotated[str | None, typer.Option(help="base (default) or earlier")] = None,
    weights: Annotated[str | None, typer.Option(help="column of positive weights")] = None,
    cluster: Annotated[str | None, typer.Option(help="column of clusters above the unit")] = None,
    gaps: Annotated[
        str | None, typer.Option(help="pairwise (default), balance or cross_section")
    ] = None,
    clock: Annotated[
        str | None, typer.Option(help="calendar (default), or observed: counts the periods seen")
    ] = None,
    scale: Annotated[
        str | None, typer.Option(help="difference (default), or ratio for counts")
    ] = None,
    base_period: Annotated[
        str | None, typer.Option(help="universal (default), varying or pooled")
    ] = None,
    anticipation: Annotated[
        int | None, typer.Option(help="periods of possible anticipation")
    ] = None,
    leave_out: Annotated[
        int | None, typer.Option(help="periods before treatment to leave out")
    ] = None,
    family: Annotated[
        str | None, typer.Option(help="of extended_two_way: linear, poisson or logit")
    ] = None,
    event_window: Annotated[
        tuple[int, int] | None,
        typer.Option(help="first and last event time of stacked or imputation, e.g. -3 2"),
    ] = None,
) -> None:
    """Analyse any tidy panel and write the same report about it."""
    from zgzx_research.pipeline.analyse import run_analysis
    from zgzx_research.study import find_root

    roles = {
        "unit": unit,
        "period": period,
        "outcome": outcome,
        "first_treated": first_treated,
        "covariates": _columns(covariates or []),
        "covariates_at": covariates_at,
        "weights": weights,
        "cluster": cluster,
        "gaps": gaps,
        "clock": clock,
    }
    options = {
        "method": method,
        "controls": controls,
        "adjustment": adjustment,
        "scale": scale,
        "base_period": base_period,
        "anticipation": anticipation,
        "leave_out": leave_out,
        "family": family,
        "event_window": event_window,
    }
    result, place, lines = run_analysis(
        find_root(), file, name, roles, options, never_treated, say=typer.echo
    )
    for line in lines:
        typer.echo(line)
    _say_result(result.ran, result.skipped, f"reports/{place.name}")


def _columns(given: list[str]) -> tuple[str, ...]:
    """Split names of columns, given one by one or several with commas between them."""
    return tuple(name for text in given for part in text.split(",") if (name := part.strip()))


def _say_result(ran: tuple[str, ...], skipped: tuple[str, ...], place: str) -> None:
    """Print how many tasks ran and where the report is."""
    if not ran:
        typer.echo(
            f"nothing to do: all {len(skipped)} tasks are up to date; "
            f"see {place} and reports/index.html"
        )
        return
    typer.echo(f"{len(ran)} tasks done, {len(skipped)} were up to date; open reports/index.html")


def main() -> None:
    """Run a command; a problem that the user can correct is one message and exit code 2."""
    try:
        app()
    except Exception as error:
        on_disk = None if isinstance(error, ZgzxError) else disk_problem(error)
        problem = disk_error(on_disk) if on_disk else error
        if not isinstance(problem, ZgzxError):
            raise
        sys.stderr.write(f"zgzx: {problem}\n")
        sys.exit(2)
