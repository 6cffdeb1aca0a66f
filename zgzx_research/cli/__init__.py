"""The command line: one command per job, one clear message per problem.

Exit codes: 0 done, 2 a problem that the user can correct, 1 a fault of the package, 130
interrupted (docs/commands.md). Commands are in the order in which a study uses them.
"""

from __future__ import annotations

import sys
from importlib import import_module

from zgzx_research.atomic import disk_error, disk_problem
from zgzx_research.cli.answers import refuse
from zgzx_research.cli.app import app
from zgzx_research.errors import ZgzxError

for _group in ("start", "studies", "years", "panels", "methods"):
    import_module(f"{__name__}.{_group}")  # its commands join the application in this order

CORRECTABLE = 2


def main() -> None:
    """Run a command; a problem that the user can correct is one message and exit code 2."""
    try:
        app()
    except Exception as error:
        on_disk = None if isinstance(error, ZgzxError) else disk_problem(error)
        problem = disk_error(on_disk) if on_disk else error
        if not isinstance(problem, ZgzxError):
            raise
        refuse(problem, CORRECTABLE)
        sys.exit(CORRECTABLE)
