"""Intervals and pre-tests on the ratio scale: Fieller's compared with those in logs.

`python -m zgzx_research.proofs.ratio_intervals 300` prints coverage of 95 % intervals and size of
the 5 % pre-test (decision 1). Worlds are tiny and calibrated, with the seeds 0..N-1.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd

import zgzx_research as zr
from zgzx_research.did.core.inference import wald_test
from zgzx_research.simulate.world.constants import Order
from zgzx_research.simulate.world.model import simulate_world


def one_world(seed: int) -> dict[str, float]:
    """Compute errors, coverage and rejections of both kinds of inference in one world."""
    truth = simulate_world(Order("calibrated", "tiny", seed)).truth
    first = truth["award"].groupby("firm_id")["year"].min().rename("first_award")
    invention = truth["firm_year"].query("outcome == 'patents_invention'")
    table = invention.merge(first, on="firm_id", how="left")
    panel = zr.prepare_panel(
        table, outcome="observed", unit="firm_id", period="year", first_treated="first_award"
    )
    effects = zr.estimate_effects(panel, scale="ratio", base_period="pooled", leave_out=1)
    event = effects.aggregate("event_time", min_event=-5, max_event=6)
    row = event.window(1, 3).iloc[0]
    shown = effects.cells[effects.cells["event_time"].between(1, 3)]
    whole = shown.groupby("cohort")["event_time"].nunique() == 3
    after = (table["year"] - table["first_award"]).between(1, 3)
    after &= table["first_award"].isin(whole.index[whole])
    true = table.loc[after, "mu1"].sum() / table.loc[after, "mu0"].sum() - 1
    half = 1.959964 * row["std_error"] / (1 + row["estimate"])
    pre = (event.labels["role"] == "pre").to_numpy()
    covariance = event.rows.covariance(effects.numbers)[np.ix_(pre, pre)]
    return {
        "error": np.log1p(row["estimate"]) - np.log1p(true),
        "covered, Fieller": row["ci_low"] <= true <= row["ci_high"],
        "covered, log": abs(np.log1p(row["estimate"]) - np.log1p(true)) <= half,
        "rejected, totals": float(event.pretest()["p_value"]) < 0.05,
        "rejected, log": float(wald_test(event.rows.value[pre], covariance)["p_value"]) < 0.05,
    }


def main(worlds: int) -> None:
    """Print the means over worlds with their Monte-Carlo errors."""
    with ProcessPoolExecutor() as pool:
        results = pd.DataFrame(list(pool.map(one_world, range(worlds)))).astype(float)
    table = pd.DataFrame({"mean": results.mean(), "mc_se": results.std() / np.sqrt(worlds)})
    sys.stdout.write(f"{worlds} worlds\n{table.round(3).to_string()}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
