"""The command for any tidy panel."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zgzx_research.cli.answers import say
from zgzx_research.cli.app import app
from zgzx_research.cli.studies import say_result


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
        find_root(), file, name, roles, options, never_treated, say=say
    )
    for line in lines:
        say(line)
    say_result(result.ran, result.skipped, f"reports/{place.name}")


def _columns(given: list[str]) -> tuple[str, ...]:
    """Split names of columns, given one by one or several with commas between them."""
    return tuple(name for text in given for part in text.split(",") if (name := part.strip()))
