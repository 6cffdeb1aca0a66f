"""Two-group comparisons behind the static coefficient against R's bacondecomp."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from golden import exceptions, load, same, table

from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.robustness.bacon import bacon_decomposition

SPECS = ["castle_uncontrolled", "mpdta", "castle_controlled_l_income"]
PANELS = {
    "castle_uncontrolled": ("castle", "l_homicide", "sid"),
    "mpdta": ("mpdta", "lemp", "countyreal"),
}


@pytest.mark.parametrize("name", PANELS)
def test_comparisons(name: str) -> None:
    file, outcome, unit = PANELS[name]
    data = table(file)
    data = data[[outcome, unit, "year"]].assign(
        first=data["first" if name == "mpdta" else "effyear"]
    )
    ours = bacon_decomposition(
        prepare_panel(data, outcome=outcome, unit=unit, period="year", first_treated="first")
    ).assign(untreated=lambda x: x["untreated"].fillna(np.inf))
    theirs = pd.DataFrame(load("bacondecomp")["specs"][name])
    theirs["untreated"] = theirs["untreated"].astype(float).fillna(np.inf)
    both = ours.merge(
        theirs, on=["treated", "untreated"], how="outer", suffixes=("", "_r"), indicator=True
    )
    assert (both["_merge"] == "both").all()
    assert (both["type"] == both["type_r"].str.lower()).all()
    same(both["estimate"], both["estimate_r"], 1e-8)
    same(both["weight"], both["weight_r"], 1e-8)
    static = load("fixest")["specs"][f"{file}_twfe"]["coef"][0]
    assert (ours["weight"] * ours["estimate"]).sum() == pytest.approx(static, abs=1e-12)


def test_the_decomposition_with_a_covariate_is_not_compared() -> None:
    assert exceptions()["bacondecomp", "castle_controlled_l_income", "two_by_twos"] == np.inf
