"""The command that puts a method on trial."""

from __future__ import annotations

from typing import Annotated

import typer

from zgzx_research.cli.app import app


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
