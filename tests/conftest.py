"""How all tests are run: the same random examples every time, and one worker for all that look at the built study."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one file share a worker (`--dist loadgroup`).

    All tests that look at the built study share one worker, so that it is built once; they start first, being longest.
    """

    def looks_at_study(item: pytest.Item) -> bool:
        return "built" in getattr(item, "fixturenames", ())

    for item in items:
        group = "the built study" if looks_at_study(item) else item.nodeid.split("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=looks_at_study, reverse=True)
