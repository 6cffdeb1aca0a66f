"""Run a notebook for one study and language; the only place that knows papermill."""

from __future__ import annotations

import ast
import difflib
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import nbformat

from zgzx_research.errors import ZgzxError


def declared(notebook: Path) -> dict[str, Any]:
    """Parameters that a notebook declares, and their default values."""
    import papermill

    found = papermill.inspect_notebook(str(notebook))
    return {name: ast.literal_eval(rule["default"]) for name, rule in found.items()}


def check_parameters(notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Parameters passed must be ones that the notebook declares; papermill alone would only warn.

    Raises
    ------
    ZgzxError
        No such notebook, unknown parameter (the nearest is named).
    """
    where = f"notebooks/{notebook.parent.name}"
    if not notebook.is_file():
        raise ZgzxError(
            "there is no such notebook", where=where, remedy="See the folder notebooks/."
        )
    known = declared(notebook)
    unknown = sorted(parameters.keys() - known.keys())
    if unknown:
        near = [difflib.get_close_matches(name, known, n=1, cutoff=0) for name in unknown]
        raise ZgzxError(
            "unknown parameter",
            where=where,
            count=len(unknown),
            examples=unknown,
            remedy=f"Did you mean {near[0][0] if near[0] else 'none'}? "
            f"Its parameters cell declares {', '.join(known) or 'none'}.",
        )


DISK_ERRORS = ("OSError", "PermissionError")  # as a kernel names them


def run_notebook(
    notebook: Path, parameters: Mapping[str, Any], root: Path
) -> nbformat.NotebookNode:
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
                parameters={
                    name: str(value) if isinstance(value, Path) else value
                    for name, value in parameters.items()
                },
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
                    problem.evalue.rstrip("."), where=f"notebooks/{notebook.parent.name}"
                ) from None
            if problem.ename in DISK_ERRORS:
                raise ZgzxError(
                    f"a file cannot be read or written ({problem.evalue})",
                    where=f"notebooks/{notebook.parent.name}",
                    remedy="Make room on the disk, or work in a folder that you may write to, and run again.",
                ) from None
            raise
