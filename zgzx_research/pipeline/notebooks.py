"""Run a notebook for one study and language; the only place that knows papermill."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import nbformat

from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline.page_folders import declared

DISK_ERRORS = ("OSError", "PermissionError")  # as a kernel names them


def check_parameters(notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that the notebook does not declare; papermill alone would only warn.

    Parameters
    ----------
    notebook : Path
        The notebook.
    parameters : mapping
        Names and values.

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


def run_notebook(
    notebook: Path, parameters: Mapping[str, Any], root: Path
) -> nbformat.NotebookNode:
    """Execute a notebook in a kernel of its own.

    Parameters
    ----------
    notebook : Path
        The notebook.
    parameters : mapping
        Names and values; paths are passed as text.
    root : Path
        The project folder, in which the kernel runs.

    Returns
    -------
    NotebookNode
        The notebook with its outputs.

    Raises
    ------
    ZgzxError
        Wrong parameters, an error that a cell raised for the user, a disk that cannot be read or
        written, or a kernel that died.
    """
    check_parameters(notebook, parameters)
    import papermill
    from traitlets.config import Config

    from zgzx_research.pipeline.kernel import QuietKernelManager

    passed = {
        name: str(value) if isinstance(value, Path) else value for name, value in parameters.items()
    }
    # a socket path per kernel: notebooks can run at the same time, and none opens a network port
    with tempfile.TemporaryDirectory(prefix="zgzx-kernel-") as folder:
        sockets = Config({"KernelManager": {"transport": "ipc", "ip": str(Path(folder) / "k")}})
        try:
            return papermill.execute_notebook(
                str(notebook),
                None,
                parameters=passed,
                progress_bar=False,
                autosave_cell_every=0,
                kernel_name="python3",
                kernel_manager_class=QuietKernelManager,
                config=sockets,
                resources={"metadata": {"path": str(root)}},
            )
        except papermill.PapermillExecutionError as problem:
            message = _message(problem.ename, problem.evalue, f"notebooks/{notebook.parent.name}")
            if message is None:
                raise
            raise message from None
        except RuntimeError as problem:
            if "kernel" not in str(problem).lower():
                raise
            raise ZgzxError(
                f"the kernel of the notebook died ({problem})",
                where=f"notebooks/{notebook.parent.name}",
                remedy="Often memory was short: close other programs and run again; what was "
                "complete is kept.",
            ) from None


def _message(name: str, text: str, where: str) -> ZgzxError | None:
    """Make an error for the user from an error of a cell; None where it is a fault of the code."""
    if name == "ZgzxError":
        return ZgzxError(text.rstrip("."), where=where)
    if name in DISK_ERRORS:
        return ZgzxError(
            f"a file cannot be read or written ({text})",
            where=where,
            remedy="Make room on the disk, or work in a folder that you may write to, "
            "and run again.",
        )
    return None
