"""Run a notebook for one study and language; the only place that knows papermill."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import nbformat

from zgzx_research.errors import ZgzxError


def check_parameters(notebook: Path, parameters: dict[str, str]) -> None:
    """Parameters passed and parameters the notebook declares must be the same.

    Papermill alone would only warn.

    Raises
    ------
    ZgzxError : no such notebook, unknown or missing parameter.
    """
    import papermill

    if not notebook.is_file():
        raise ZgzxError(
            "there is no such notebook", where=notebook.name, remedy="See the folder notebooks/."
        )
    declared = set(papermill.inspect_notebook(str(notebook)))
    unknown, missing = sorted(parameters.keys() - declared), sorted(declared - parameters.keys())
    for names, what in ((unknown, "unknown parameter"), (missing, "parameter without a value")):
        if names:
            raise ZgzxError(
                what,
                where=f"notebooks/{notebook.name}",
                count=len(names),
                examples=names,
                remedy=f"Its parameters cell declares {', '.join(sorted(declared)) or 'none'}.",
            )


DISK_ERRORS = ("OSError", "PermissionError")  # as a kernel names them


def run_notebook(notebook: Path, parameters: dict[str, str], root: Path) -> nbformat.NotebookNode:
    """Execute a notebook in a fresh kernel of its own and give it back with its outputs.

    Raises
    ------
    ZgzxError : wrong parameters, or a message a cell raised for the user.
    """
    check_parameters(notebook, parameters)
    import papermill
    from traitlets.config import Config

    from zgzx_research.pipeline.kernel import QuietKernelManager

    # a socket path of its own per kernel: notebooks can run side by side, and nothing listens on
    # the network
    with tempfile.TemporaryDirectory(prefix="zgzx-kernel-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sockets = Config({"KernelManager": {"transport": "ipc", "ip": str(Path(folder) / "k")}})
        try:
            return papermill.execute_notebook(
                str(notebook),
                None,
                parameters=parameters,
                progress_bar=False,
                autosave_cell_every=0,
                kernel_name="python3",
                kernel_manager_class=QuietKernelManager,
                config=sockets,
                resources={"metadata": {"path": str(root)}},
            )
        except papermill.PapermillExecutionError as problem:
            if problem.ename == "ZgzxError":
                raise ZgzxError(
                    problem.evalue.rstrip("."), where=f"notebooks/{notebook.name}"
                ) from None
            if problem.ename in DISK_ERRORS:
                raise ZgzxError(
                    f"a file cannot be read or written ({problem.evalue})",
                    where=f"notebooks/{notebook.name}",
                    remedy="Make room on the disk, or work in a folder that you may write to, and run again.",
                ) from None
            raise
