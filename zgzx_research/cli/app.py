"""The application that all commands join, and what their arguments share."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="From raw agency files to bilingual reports on 职工之星 (Worker Star).",
)

Name = Annotated[str, typer.Argument(help="study name, as in studies/NAME.toml")]
