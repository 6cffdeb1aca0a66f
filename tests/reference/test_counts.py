"""Every stored specification is compared, or a row of exceptions.csv says why not.

The count cannot fall unseen.
"""

from __future__ import annotations

import test_bacon
import test_extended_two_way
import test_group_time
import test_group_time_edges
import test_imputation
import test_ppml
import test_two_way
from golden import exceptions, load

COMPARED = {
    "did_mpdta": test_group_time.MPDTA,
    "did_mpdta_variants": test_group_time.VARIANTS,
    "did_mpdta_aggte_options": test_group_time.OPTIONS,
    "did_edge_cases": test_group_time_edges.SPECS,
    "fixest": [*test_two_way.SPECS, *test_ppml.SPECS, "stagg_twfe_x1_twoway"],
    "bacondecomp": test_bacon.SPECS,
    "didimputation": test_imputation.SPECS,
    "did2s": test_imputation.DID2S,
    "etwfe": test_extended_two_way.SPECS,
}
AT_LEAST = 48 + 96 + 7 + 40 + 19 + 3 + 7 + 4 + 9
NOT_SPECIFICATIONS = {
    ("bacondecomp", "weighted_sum"),
    ("bacondecomp", "twfe"),
}  # totals of castle_uncontrolled


def stored(file: str) -> set[str]:
    data = load(file)
    return {name for name in data.get("specs", data) if (file, name) not in NOT_SPECIFICATIONS}


def left_out(file: str) -> set[str]:
    return {
        spec
        for (name, spec, what), bound in exceptions().items()
        if (name, what) == (file, "all") and bound > 1
    }


def test_every_stored_specification_is_compared_or_excepted() -> None:
    for file, names in COMPARED.items():
        assert set(names) <= stored(file), file
        assert stored(file) - set(names) == left_out(file), file


def test_no_fewer_are_compared_than_once_were() -> None:
    assert sum(len(set(names)) for names in COMPARED.values()) >= AT_LEAST == 233


def test_no_exception_without_a_formula() -> None:
    rows = (test_group_time.HERE / "exceptions.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert all(
        len(row.split(",", 3)) == 4 and row.split(",", 3)[3].rsplit(",", 1)[0].strip('" ')
        for row in rows
    )
    others = {"honestdid"}  # bounds, held to R in test_honestdid.py
    assert {file for file, _, _ in exceptions()} <= set(COMPARED) | others
