"""Does the answer hang on one firm, one edition, one industry? Each is left out in turn.

Results say how far the estimate moves, never which firm moves it: a firm is not named, and neither
is a group with fewer treated units than a report may show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.panel.sample import of_units
from zgzx_research.errors import ZgzxError
from zgzx_research.robustness.summaries import (
    NUMBERS,
    Target,
    check_options,
    summary_influence,
    summary_row,
)
from zgzx_research.robustness.unit_groups import (
    FEWEST_NAMED,
    OTHERS,
    ByUnit,
    groups_of_units,
    is_treated,
)

EXACT_UNITS = 20  # units left out one by one; the others move the estimate less, to first order
MOST_GROUPS = 60  # of a table that a reader can still read
LARGEST = 3  # units whose joint share of the variance is shown


@dataclass(frozen=True, slots=True, eq=False)
class LeaveOneOut:
    """Result of `leave_one_out`.

    Attributes
    ----------
    by : str
        "unit", or what the groups are.
    estimate : float
        With everybody.
    low, high : float
        Smallest and largest estimate with one left out.
    count : int
        How many were left out in turn.
    sign_changes, significance_changes : int
        How many of these estimates have another sign, or are on the other side of 5 %.
    largest_share : float
        Share of the variance that comes from the most influential unit or group.
    largest_three_share : float
        Share of the three most influential ones.
    refused : int
        How many leave nothing to estimate.
    groups : DataFrame
        One row per group left out (no rows for units): left_out, estimate, std_error, ci_low,
        ci_high, p_value, n_treated, n_comparison, share, reason.
    """

    by: str
    estimate: float
    low: float
    high: float
    count: int
    sign_changes: int
    significance_changes: int
    largest_share: float
    largest_three_share: float
    refused: int
    groups: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """One row with everything but the groups."""
        names = [name for name in type(self).__dataclass_fields__ if name != "groups"]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def leave_one_out(
    panel: PreparedPanel,
    by: str | ByUnit = "unit",
    *,
    target: Target = (1, 3),
    exact: int = EXACT_UNITS,
    name: str = "group",
    fewest_named: int = FEWEST_NAMED,
    **options: Any,
) -> LeaveOneOut:
    """Estimate without each unit, cohort or group in turn.

    Parameters
    ----------
    panel : PreparedPanel
        From `prepare_panel`.
    by : str or values by unit, default "unit"
        "unit", "cohort" (an edition: its treated units leave), "cluster", or a series with the
        units as index, e.g. their industries (all units of a group leave).
    target : (int, int), int, "average" or "overall", default (1, 3)
        The summary.
    exact : int, default 20
        With by="unit": how many units, the most influential ones, are left out and estimated
        anew. The others move the estimate less, to first order.
    name : str, default "group"
        What a group of a series is called in the result.
    fewest_named : int, default 3
        Groups with fewer treated units are not named in the result.
    **options
        As in `estimate_effects`.

    Returns
    -------
    LeaveOneOut
        Range of the estimates and share of the most influential; no unit is named.

    Raises
    ------
    ZgzxError
        More than 60 groups, fewer than two, or as `estimate_effects`.

    Notes
    -----
    The share of a unit or group is that of its Σψ² in the sum over all units, ψ being the influence
    on the summary.

    Examples
    --------
    >>> import zgzx_research as zr
    >>> pairs = [(u, t) for u in range(14) for t in range(9)]
    >>> rows = [(u, t, (5 * u * t) % 7 + 9 * (u < 6 and t > 5)) for u, t in pairs]
    >>> table = pd.DataFrame(rows, columns=["firm", "year", "patents"])
    >>> table["first_award"] = table["firm"].map(dict.fromkeys(range(6), 6.0))
    >>> roles = {"outcome": "patents", "unit": "firm", "period": "year"}
    >>> panel = zr.prepare_panel(table, **roles, first_treated="first_award")
    >>> found = zr.leave_one_out(panel, target=(0, 2))
    >>> round(found.low, 2), round(found.estimate, 2), round(found.high, 2), found.sign_changes
    (8.42, 8.9, 9.42, 0)
    """
    check_options(options, "leave_one_out")
    main = summary_row(estimate_effects(panel, **options), target)
    influence = summary_influence(panel, target, **options).influence
    if isinstance(by, str) and by == "unit":
        order = np.argsort(-np.abs(influence), kind="stable")[:exact]
        leave = [np.arange(len(influence)) != unit for unit in order]
        rows = [_without(panel, kept, target, options) for kept in leave]
        share = influence**2 / (influence**2).sum()
        return _result("unit", main, pd.DataFrame(rows), share, pd.DataFrame())
    codes, names = groups_of_units(panel, by, "leave_one_out")
    _check_count(len(names))
    rows = [_without(panel, codes != code, target, options) for code in range(len(names))]
    squares = np.bincount(codes[codes >= 0], influence[codes >= 0] ** 2, minlength=len(names))
    frame = pd.DataFrame(rows).assign(share=squares / (influence**2).sum())
    treated = np.bincount(codes[(codes >= 0) & is_treated(panel)], minlength=len(names))
    shown = _without_small(frame.assign(left_out=names), treated, fewest_named)
    called = by if isinstance(by, str) else name
    return _result(called, main, frame, frame["share"].to_numpy(), shown)


def _without(
    panel: PreparedPanel, kept: np.ndarray, target: Target, options: dict[str, Any]
) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(NUMBERS, np.nan)
    try:
        effects = estimate_effects(of_units(panel, kept), **options)
        return summary_row(effects, target) | {"reason": ""}
    except ZgzxError as error:
        return empty | {"reason": error.what}


def _result(
    by: str,
    main: Mapping[str, Any],
    frame: pd.DataFrame,
    share: np.ndarray,
    groups: pd.DataFrame,
) -> LeaveOneOut:
    estimate = frame["estimate"].dropna()
    share = np.sort(share)[::-1]
    significant = frame.loc[estimate.index, "p_value"] < 0.05
    return LeaveOneOut(
        by,
        float(main["estimate"]),
        float(estimate.min()),
        float(estimate.max()),
        len(frame),
        int((np.sign(estimate) != np.sign(main["estimate"])).sum()),
        int((significant != (main["p_value"] < 0.05)).sum()),
        float(share[0]),
        float(share[:LARGEST].sum()),
        int(frame["estimate"].isna().sum()),
        groups,
    )


def _without_small(frame: pd.DataFrame, treated: np.ndarray, fewest: int) -> pd.DataFrame:
    """Return the rows whose groups may be named; one row counts the others."""
    named = treated >= fewest
    columns = ["left_out", *NUMBERS, "share", "reason"]
    shown = frame.loc[named, columns]
    if named.all():
        return shown.reset_index(drop=True)
    blank: dict[str, Any] = dict.fromkeys(columns, np.nan)
    others = blank | {"left_out": OTHERS, "reason": f"{int((~named).sum())} groups are not named"}
    rest = pd.DataFrame([others]).astype(shown.dtypes.to_dict(), errors="ignore")
    return pd.concat([shown, rest], ignore_index=True)


def _check_count(groups: int) -> None:
    if not 2 <= groups <= MOST_GROUPS:
        raise ZgzxError(
            f"{groups} groups to leave out one by one",
            where="leave_one_out",
            remedy=f"Pass 2 to {MOST_GROUPS} groups, e.g. industry sections, or by='unit'.",
        )


def near_other_programme(
    table: pd.DataFrame,
    programmes: list[str],
    *,
    unit: str = "firm_id",
    first_treated: str = "first_award",
    within: int = 2,
) -> pd.Series:
    """Which units entered another programme within a few periods of their first treatment.

    Parameters
    ----------
    table : DataFrame
        One or more rows per unit.
    programmes : list of str
        Columns with the first period in each other programme; missing = never.
    unit, first_treated : str
        Columns.
    within : int, default 2
        Periods before or after treatment.

    Returns
    -------
    pandas.Series
        bool by unit; ~ of it is a level of the axis "units" of `specification_curve`. Units never
        treated are False.

    Raises
    ------
    ZgzxError
        A column that is not there.

    Examples
    --------
    >>> table = pd.DataFrame({"firm_id": [1, 2], "first_award": [2015, 2015]})
    >>> table["visit"] = [2016, 2020]
    >>> near_other_programme(table, ["visit"]).tolist()
    [True, False]
    """
    missing = [name for name in (unit, first_treated, *programmes) if name not in table.columns]
    if missing:
        raise ZgzxError(
            "the table lacks a column",
            where="near_other_programme",
            count=len(missing),
            examples=missing,
            remedy="Name columns of the panel of firms.",
        )
    first = table.groupby(unit)[[first_treated, *programmes]].first().astype("Float64")
    apart = first[programmes].sub(first[first_treated], axis=0).abs()
    return (apart <= within).fillna(False).any(axis=1)
