"""How all tests are run.

The same random examples each time, and one worker for tests that share what is made once.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

# nbformat's checks load a grammar of web addresses, 1.6 s in each process, that no notebook needs
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

os.environ["ZGZX_LANGUAGE"] = "en"  # messages of commands, whatever the locale of the machine is

FUZZ = 25  # times as many examples: about 20 minutes on two cores

settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.register_profile(
    "fuzz",
    derandomize=False,
    max_examples=FUZZ * 100,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("fixed")


# folders whose files share what takes long to make: the built study; the tiny worlds; Spark's Java
TOGETHER = ("tests/pipeline/", "tests/unit/simulate/", "tests/spark/")


def shared(nodeid: str) -> str:
    """The folder whose tests one worker runs, or nothing."""
    return next((folder for folder in TOGETHER if nodeid.startswith(folder)), "")


class FolderScheduling(LoadFileScheduling):
    """Tests of one file share a worker, and those of such a folder too."""

    def _split_scope(self, nodeid: str) -> str:
        return shared(nodeid) or nodeid.split("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FolderScheduling:
    return FolderScheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and tests stay to the end, so no search for garbage, now or later, looks at them.

    Each search by `multipletests` of statsmodels would take 0.4 s.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # compiled modules report what is left at the end


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is long and cannot be split starts first; whatever looks at the built study is slow."""
    for item in items:
        if "built" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: not shared(item.nodeid))
