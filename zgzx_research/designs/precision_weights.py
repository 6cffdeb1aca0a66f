"""Weights of firms by what their staff can say about a share, for `prepare_panel(weights=...)`.

The change of a firm's share from its base to the mean of k later years has the variance

    V = τ² + p(1 - p) / (k n) + p(1 - p) / N,

n its staff a year, N the staff-years of its base, p the share, and τ² the variance of true changes
between firms, which no number of staff removes. The weight is 1 / V. A firm with one member of
staff then weighs little, and one with a thousand not a thousand times as much, so that no firm
needs to be left out for being small. p and τ² are estimated from the years before any award.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError

# Staff is the mean of so many first years. The second is at the latest the year of the award, for
# firms with a base; later staff is an outcome itself.
FIRST_YEARS = 2
ROUNDS = 20  # of the moment equation of τ²; it changes by less than 1e-6 after about five
ESTIMAND = (
    "Mean effect over winning firms, weighted by the staff that carry information about the share: "
    "1 / (variance of true changes + binomial variance)"
)


@dataclass(frozen=True, slots=True)
class PrecisionWeights:
    """Weights that are constant within a firm, and what they were made of.

    Attributes
    ----------
    weight : pandas.Series
        The weight of each row of the panel, mean 1 over firms; missing for firms whose share is
        never known.
    change_variance : float
        τ², the variance of true changes between firms, in squared shares.
    binomial : float
        p(1 - p).
    effective_number : float
        (Σ w)² / Σ w² over the winning firms.
    n_treated, n_firms : int
        Winning firms, and all firms, with a weight.
    estimand : str
        What an estimate with these weights is about.
    """

    weight: pd.Series = field(repr=False)
    change_variance: float
    binomial: float
    effective_number: float
    n_treated: int
    n_firms: int
    estimand: str = ESTIMAND


def precision_weights(
    firm_year: pd.DataFrame,
    *,
    share: str = "retention",
    staff: str = "staff_start",
    unit: str = "firm_id",
    period: str = "year",
    first_treated: str = "first_award",
    leave_out: int = 1,
    window_years: int = 3,
) -> PrecisionWeights:
    """Weigh firms by the precision of the change of a share.

    Parameters
    ----------
    firm_year : pandas.DataFrame
        A row per firm and year.
    share : str, default "retention"
        Column of a share of the staff, 0 to 1; missing where it is not known.
    staff : str, default "staff_start"
        Column of the number of staff that the share is of.
    unit, period, first_treated : str
        Columns, as in `prepare_panel`; `first_treated` missing = never treated.
    leave_out : int, default 1
        Years before treatment that are no base, as in `estimate_effects`.
    window_years : int, default 3
        How many years after treatment the headline is the mean of.

    Returns
    -------
    PrecisionWeights
        Its `weight` is a column for `prepare_panel(weights=...)`.

    Raises
    ------
    ZgzxError
        A missing column, a share outside 0 to 1, a share of no staff, fewer than two firms with
        two years before treatment, no year in the window.

    Notes
    -----
    τ² solves Σ (d² - V) / V² = 0 over firms, d the change of the firm's share from the mean of its
    earlier years to the middle one of its years before treatment (k = 1), less the mean change of
    that year: the moment equation of Paule, R. & Mandel, J. (1982), Journal of Research of the
    National Bureau of Standards 87(5), with the weights of a regression of d² on V.

    Examples
    --------
    >>> rows = [(f, y, s, n, None) for f, n in (("A", 100), ("B", 4)) for y, s in
    ...         ((2011, 0.75), (2012, 0.5), (2013, 0.75))]
    >>> columns = ["firm_id", "year", "retention", "staff_start", "first_award"]
    >>> found = precision_weights(pd.DataFrame(rows, columns=columns))
    >>> found.weight.groupby([0, 0, 0, 1, 1, 1]).first().round(2).tolist()
    [1.92, 0.08]
    """
    if window_years < 1:
        raise ZgzxError(
            f"window_years={window_years} is no number of years",
            where="precision_weights",
            remedy="Pass 1 or more, e.g. 3 for years 1 to 3.",
        )
    names = {"unit": unit, "period": period, "share": share, "staff": staff}
    rows = _known_rows(firm_year, names | {"first": first_treated})
    before = rows[~(rows["period"] >= rows["first"] - leave_out)]
    p = float(np.average(before["share"], weights=before["staff"]))
    binomial = p * (1 - p)
    tau = _change_variance(before, binomial)

    size = rows.groupby("unit").head(FIRST_YEARS).groupby("unit")["staff"].mean()
    years = _base_years(rows, leave_out)
    weight = 1 / (tau + binomial / (size * window_years) + binomial / (size * years))
    weight = weight / weight.mean()
    treated = weight[rows.groupby("unit")["first"].first().notna()]
    return PrecisionWeights(
        firm_year[unit].map(weight).astype(float).rename("precision_weight"),
        tau,
        binomial,
        float(treated.sum() ** 2 / (treated**2).sum()) if len(treated) else 0.0,
        len(treated),
        len(weight),
    )


def _known_rows(firm_year: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Rows whose share is known, with plain column names."""
    missing = [column for column in names.values() if column not in firm_year]
    if missing:
        raise ZgzxError(
            "a column is missing",
            where="firm_year",
            count=len(missing),
            examples=missing,
            remedy="Name the columns of the share, of its staff, and of the panel.",
        )
    rows = pd.DataFrame({role: firm_year[column] for role, column in names.items()})
    rows = rows.dropna(subset="share")
    for role in ("period", "share", "staff", "first"):
        rows[role] = rows[role].to_numpy(float, na_value=np.nan)
    for what, bad in (
        ("a share lies outside 0 to 1", ~rows["share"].between(0, 1)),
        ("a share of no staff", ~(rows["staff"] > 0)),
    ):
        if bad.any():
            raise ZgzxError(
                what,
                where=f"columns {names['share']!r} and {names['staff']!r}",
                count=int(bad.sum()),
                examples=rows.loc[bad, "unit"].unique(),
                remedy="Leave the share missing where it is not known.",
            )
    return rows.sort_values(["unit", "period"], kind="stable")


def _change_variance(before: pd.DataFrame, binomial: float) -> float:
    """Estimate τ² from the middle year before treatment against the mean of the earlier years.

    The last year would not do: in the year of its closure everybody leaves a firm.
    """
    place, count = (
        before.groupby("unit").cumcount(),
        before.groupby("unit")["unit"].transform("size"),
    )
    now = before[(place == count // 2) & (place > 0)].set_index("unit")
    base = (
        before[place < count // 2].groupby("unit").agg(mean=("share", "mean"), n=("staff", "sum"))
    )
    if len(now) < 2:
        raise ZgzxError(
            "too few firms with two years before treatment",
            where="precision_weights",
            count=len(now),
            remedy="Pass a panel with more firms, or earlier years.",
        )
    base = base.reindex(now.index)
    noise = (binomial / now["staff"] + binomial / base["n"]).to_numpy()
    change, year = (now["share"] - base["mean"]).to_numpy(), pd.factorize(now["period"])[0]
    tau = 0.0
    for _ in range(ROUNDS):
        weight = 1 / np.maximum(tau + noise, np.finfo(float).tiny)
        means = np.bincount(year, weight * change) / np.bincount(year, weight)
        own = (change - means[year]) ** 2
        tau = max(float(np.average(own - noise, weights=weight**2)), 0.0)
    return tau


def _base_years(rows: pd.DataFrame, leave_out: int) -> pd.Series:
    """Mean over cohorts of the years from the firm's first one to the cohort's base, at least 1.

    It is the same rule for winners and others: with the winners' own bases, others founded late
    would weigh more beside early winners than winners founded late.
    """
    firms = rows.groupby("unit")
    first_seen, starts = firms["period"].first(), firms["first"].first().dropna()
    if not len(starts):
        return (rows["period"].max() - first_seen).clip(lower=1.0)
    cohorts = starts.value_counts(normalize=True)
    years = pd.Series(0.0, index=first_seen.index)
    for start, part in cohorts.items():
        years += part * (start - leave_out - first_seen).clip(lower=0.0)
    return years.clip(lower=1.0)
