"""Commands from one year to the next: what changed, what is published, how much more is needed."""

from __future__ import annotations

from typing import Annotated

import typer

from zgzx_research.cli.answers import AsJson, answer, language, say, tell
from zgzx_research.cli.app import Name, app

Language = Annotated[
    str | None, typer.Option("--language", help="zh or en; that of the messages by default")
]


@app.command()
def changes(
    old: Annotated[str, typer.Argument(help="the earlier study")],
    new: Annotated[str, typer.Argument(help="the present study")],
    language_: Language = None,
    as_json: AsJson = False,
) -> None:
    """Split what changed since an earlier report into method, data and new editions."""
    from rich.console import Console

    from zgzx_research.pipeline.changes_command import changes_between
    from zgzx_research.study import find_root

    root = find_root()
    table, path = changes_between(root, old, new, language=language_ or language(), say=say)
    Console(stderr=as_json).print(table)
    place = path.relative_to(root)
    tell("changed", file=place, old=old)
    answer(old=old, new=new, file=place.as_posix())


@app.command()
def publish(
    name: Name,
    date: Annotated[
        str | None, typer.Option(help="date of publication, e.g. 2026-04-02; today's by default")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="replace what was published before")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Keep the headlines of a study as they are published, for the comparison in later years."""
    from zgzx_research.pipeline.published import publish_study
    from zgzx_research.study import find_root

    kept = publish_study(find_root(), name, date, again=again)
    tell("published", name=name, claims=", ".join(kept["claims"]))
    answer(study=name, file=f"studies/{name}.published.json", claims=list(kept["claims"]))


@app.command()
def power(
    name: Name,
    effect: Annotated[
        float, typer.Option(help="percent for counts, percentage points for shares")
    ] = 10.0,
    language_: Language = None,
) -> None:
    """Say how many more editions it takes until an effect of this size would be seen."""
    from zgzx_research.pipeline.editions_power import power_lines
    from zgzx_research.study import find_root

    for line in power_lines(find_root(), name, effect, language_ or language()):
        typer.echo(line)


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
