"""Each package on each job, with its fastest documented options.

A contestant takes the frame in the form its package wants (`FORMS`) and returns a frame with
event_time, estimate and std_error, and the critical value of its simultaneous band where the job
asks for one. Packages are imported inside, for they live in two environments.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from panels import COVARIATES

OURS = "zgzx_research"
COLUMNS = {"outcome": "y", "unit": "unit", "period": "period", "first_treated": "start"}
Found = tuple[pd.DataFrame, float | None]


def ours(data: pd.DataFrame | Path, covariates: tuple[str, ...] = (), **options: Any) -> Found:
    """prepare_panel, estimate_effects, aggregate, and the frame with its band."""
    import zgzx_research as zr

    panel = zr.prepare_panel(data, **COLUMNS, covariates=covariates)
    event = zr.estimate_effects(panel, **options).aggregate("event_time").to_frame()
    event = event[event["role"] != "reference"]
    critical = (event["band_high"] - event["estimate"]) / event["std_error"]
    return event[["event_time", "estimate", "std_error"]], float(critical.iloc[0])


def diff_diff(frame: pd.DataFrame, **options: Any) -> Found:
    """Event study at fit time.

    In 3.13 faster than aggregating afterwards, which runs a bootstrap twice.
    """
    from diff_diff import CallawaySantAnna

    covariates = options.pop("covariates", None)
    model = CallawaySantAnna(base_period="universal", **options)
    columns = {"outcome": "y", "unit": "unit", "time": "period", "first_treat": "start"}
    result = model.fit(frame, **columns, covariates=covariates, aggregate="event_study")
    critical = getattr(result, "cband_crit_value", None)
    found = {e: (row["effect"], row["se"]) for e, row in result.event_study_effects.items()}
    return _table(found), critical


def diff_diff_imputation(frame: pd.DataFrame) -> Found:
    """Imputation without pre-trend coefficients, which are extra work."""
    from diff_diff import ImputationDiD

    columns = {"outcome": "y", "unit": "unit", "time": "period", "first_treat": "start"}
    event = ImputationDiD().fit(frame, **columns).aggregate("event_study").to_dataframe()
    event = event[~event["is_reference"]]
    return _table({e: (a, s) for e, a, s in event[["event_time", "att", "se"]].to_numpy()}), None


def diff_diff_poisson(frame: pd.DataFrame) -> Found:
    """Poisson ETWFE with not-yet-treated controls."""
    from diff_diff import WooldridgeDiD

    model = WooldridgeDiD(method="poisson", control_group="not_yet_treated")
    result = model.fit(
        frame, outcome="y", unit="unit", time="period", first_treat="start"
    ).aggregate("event")
    event = result.to_dataframe("event")
    return _table(
        {e: (a, s) for e, a, s in event[["relative_period", "att", "se"]].to_numpy()}
    ), None


def csdid(frame: pd.DataFrame, formula: str = "y~1", method: str = "reg", draws: int = 0) -> Found:
    """The port of R's did."""
    from csdid.att_gt import ATTgt

    boot = {"bstrap": draws > 0}
    model = ATTgt(
        yname="y",
        tname="period",
        idname="unit",
        gname="start",
        data=frame,
        control_group="nevertreated",
        xformla=formula,
        cband=draws > 0,
        biters=draws or 1000,
    ).fit(est_method=method, base_period="universal", **boot)
    model.aggte("dynamic", cband=draws > 0, **boot)
    found = model.atte
    se, critical = np.ravel(found["se_egt"]), np.ravel(found["crit_val_egt"])[0]
    return _table(
        dict(zip(found["egt"], zip(found["att_egt"], se, strict=True), strict=True))
    ), float(critical)


def moderndid(
    frame: pd.DataFrame, formula: str | None = None, method: str = "reg", draws: int = 0
) -> Found:
    """moderndid; more jobs were not faster here."""
    import moderndid as package

    boot = {"boot": draws > 0, "biters": draws or 1000, "cband": draws > 0}
    cells = package.att_gt(
        frame,
        "y",
        "period",
        "unit",
        "start",
        xformla=formula,
        est_method=method,
        base_period="universal",
        random_state=0,
        **boot,
    )
    event = package.aggte(cells, type="dynamic", random_state=0, **boot)
    errors = np.asarray(event.se_by_event, dtype=float)
    found = dict(zip(event.event_times, zip(event.att_by_event, errors, strict=True), strict=True))
    return _table(found), float(np.ravel(event.critical_values)[0])


def differences(frame: pd.DataFrame, formula: str = "y", method: str = "reg") -> Found:
    """differences; its band has no ends with a universal base, so it takes no part in that job."""
    from differences import ATTgt

    model = ATTgt(frame, cohort_column="start", base_period="universal")
    model.fit(formula, est_method=method, progress_bar=False)
    event = model.aggregate("event")
    event.columns = [column[-1] for column in event.columns]
    return _table({e: (row["ATT"], row["std_error"]) for e, row in event.iterrows()}), None


def _table(found: dict[Any, tuple[float, float]]) -> pd.DataFrame:
    """Rows in rising order, without references (estimates of zero that have no standard error)."""
    rows = [(int(e), float(a), float(s)) for e, (a, s) in sorted(found.items())]
    table = pd.DataFrame(rows, columns=["event_time", "estimate", "std_error"])
    return table[(table["estimate"] != 0) | table["std_error"].gt(0)]


def _missing(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(start=frame["start"].where(frame["start"] > 0))


FORMS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    OURS: _missing,
    "diff-diff": lambda frame: frame,
    "csdid": lambda frame: frame,
    "moderndid": lambda frame: frame,
    "differences": lambda frame: _missing(frame).set_index(["unit", "period"]),
}
X, DRAWS = tuple(COVARIATES), 999
SUM = "+".join(COVARIATES)
CALLS: dict[str, dict[str, Callable[[Any], Found]]] = {
    "group_time": {
        OURS: ours,
        "diff-diff": diff_diff,
        "csdid": csdid,
        "moderndid": moderndid,
        "differences": differences,
    },
    "doubly_robust": {
        OURS: lambda frame: ours(frame, X, adjustment="doubly_robust"),
        "diff-diff": lambda frame: diff_diff(frame, estimation_method="dr", covariates=list(X)),
        "csdid": lambda frame: csdid(frame, f"y~{SUM}", "dr"),
        "moderndid": lambda frame: moderndid(frame, f"~{SUM}", "dr"),
        "differences": lambda frame: differences(frame, f"y~{SUM}", "dr"),
    },
    "band": {
        OURS: ours,
        "diff-diff": lambda frame: diff_diff(frame, n_bootstrap=DRAWS, seed=0),
        "csdid": lambda frame: csdid(frame, draws=DRAWS),
        "moderndid": lambda frame: moderndid(frame, draws=DRAWS),
    },
    "imputation": {
        OURS: lambda frame: ours(frame, method="imputation"),
        "diff-diff": diff_diff_imputation,
    },
    "poisson_etwfe": {
        OURS: lambda frame: ours(
            frame, method="extended_two_way", family="poisson", controls="not_yet_treated"
        ),
        "diff-diff": diff_diff_poisson,
    },
    "parquet": {OURS: ours},
}


def call(job: str, package: str, data: Any) -> Found:
    """One contestant's answer, with its own printing and warnings swallowed."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return CALLS[job][package](data)
