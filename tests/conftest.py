"""How all tests are run.

The same random examples every time, and one worker for all that look at the built study.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

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


TESTS = Path(__file__).parent
# files whose tests look at the study that is built once
STUDY_FILES = frozenset(
    path.relative_to(TESTS.parent).as_posix()
    for path in (TESTS / "pipeline").glob("test_*.py")
    if "built: Path" in path.read_text(encoding="utf-8")
)


class StudyTogether(LoadFileScheduling):
    """Tests of one file share a worker.

    All files that look at the built study share one, so it is built once.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return "the built study" if file in STUDY_FILES else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> StudyTogether:
    return StudyTogether(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the built study start first: they take longest."""
    items.sort(key=lambda item: item.nodeid.split("::")[0] in STUDY_FILES, reverse=True)
