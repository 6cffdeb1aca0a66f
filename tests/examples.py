"""How many random examples a test tries: as it asks, or many times as many under `make fuzz`."""

from __future__ import annotations

from hypothesis import settings

USUAL = 100  # examples of a test that asks for no number


def examples(count: int) -> settings:
    """Try `count` examples, times the factor of the profile in use (see conftest.py)."""
    return settings(max_examples=count * settings.default.max_examples // USUAL)
