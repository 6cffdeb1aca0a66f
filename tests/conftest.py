"""Random examples: the same ones in every run of `make test`; `make fuzz` tries new and many more of them."""

from __future__ import annotations

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
