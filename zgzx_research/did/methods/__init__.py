"""The methods of `estimate_effects`: a new one is a module and a line here."""

from __future__ import annotations

from zgzx_research.did.core.method import Method
from zgzx_research.did.methods import (
    extended_two_way,
    group_time,
    imputation,
    interaction_weighted,
    stacked,
    two_way,
)

METHODS: dict[str, Method] = {
    "group_time": group_time.METHOD,
    "extended_two_way": extended_two_way.METHOD,
    "interaction_weighted": interaction_weighted.METHOD,
    "two_way_fixed_effects": two_way.METHOD,
    "stacked": stacked.METHOD,
    "imputation": imputation.METHOD,
}
