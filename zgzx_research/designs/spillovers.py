"""Beyond the winners: colleagues who stay, and patents of the firm that name no finalist."""

from __future__ import annotations

import pandas as pd

from zgzx_research.designs.contest_sample import check_columns, check_numbers
from zgzx_research.designs.finalist_firms import (
    FirmContrast,
    compare_firms,
    finalist_firms,
    firm_windows,
)
from zgzx_research.errors import ZgzxError

# Variance of a firm's change in a share: lasting differences, and one binomial year of one person
# (160 calibrated worlds, design/designs.md B.2). They set weights only, no error.
BETWEEN_FIRMS, ONE_PERSON = 0.004, 0.13
# A firm counts by 1 / (3 + .35 · inventions before): a few large firms would decide otherwise
# (detectable 36 % of the level instead of 43 %; design/designs.md B.1). Both arms alike.
CONSTANT, PER_INVENTION = 3.0, 0.35
COLLEAGUES = (
    "colleagues of winners less colleagues of finalists: an effect that reaches both firms alike "
    "cannot be seen; detectable was 2.5 points where half a point is true in synthetic worlds"
)
OWN_PATENTS = (
    "inventions that name no winner and no finalist of any edition, in both arms; dropping the "
    "winners' own alone would make a fall by itself"
)


def colleagues_retention(firm_years: pd.DataFrame, finals: pd.DataFrame) -> FirmContrast:
    """Compare the yearly stay of colleagues between winning and finalist firms.

    First awards only. Years 1 to 3 less years -5 to -1; a firm counts by the precision of its
    change.

    Parameters
    ----------
    firm_years : pandas.DataFrame
        firm_id, year, colleagues, stayed (`colleague_years`).
    finals : pandas.DataFrame
        A row per entry of a final: edition, year, category, firm_id, won.

    Returns
    -------
    FirmContrast
        A difference of shares.

    Raises
    ------
    ZgzxError
        One edition alone or fewer than 20 winning firms; more stayed than there were colleagues.

    Examples
    --------
    >>> rows = [(e, n, n % 3 == 0) for e in (1, 2) for n in range(90)]
    >>> finals = pd.DataFrame(rows, columns=["edition", "firm_id", "won"])
    >>> finals["year"], finals["category"] = 2014 + finals["edition"], "skill"
    >>> pairs = [(f, t) for f in range(90) for t in range(2009, 2020)]
    >>> table = pd.DataFrame(pairs, columns=["firm_id", "year"]).assign(colleagues=50)
    >>> better = table["firm_id"].mod(3).eq(0) & table["year"].gt(2015)
    >>> table["stayed"] = 40 + table["firm_id"] % 2 + 2 * better
    >>> colleagues_retention(table, finals).to_frame()["estimate"].round(3).tolist()  # 2 more of 50
    [0.04]
    """
    where = "colleagues_retention"
    check_columns(firm_years, ["firm_id", "year", "colleagues", "stayed"], where)
    check_numbers(firm_years, ["colleagues", "stayed"], where)
    wrong = firm_years["stayed"].gt(firm_years["colleagues"])
    if wrong.any():
        raise ZgzxError(
            "more colleagues stayed than there were",
            where=where,
            count=int(wrong.sum()),
            examples=[f"{row.firm_id} {row.year}" for row in firm_years[wrong].itertuples()],
            remedy="`stayed` counts those of `colleagues` who are still there a year later.",
        )
    rows = firm_windows(firm_years, finalist_firms(finals, where), ["colleagues", "stayed"])
    after = rows["stayed_after"] / rows["colleagues_after"].where(rows["colleagues_after"] > 0)
    before = rows["stayed_before"] / rows["colleagues_before"].where(rows["colleagues_before"] > 0)
    noise = 1 / rows["colleagues_after"] + 1 / rows["colleagues_before"]
    weight = 1 / (BETWEEN_FIRMS + ONE_PERSON * noise)
    return compare_firms(
        rows,
        after - before,
        after,
        weight,
        where=where,
        outcome="colleagues' stay of a year",
        reason=COLLEAGUES,
    )


def patents_without_finalists(
    firm_years: pd.DataFrame, finals: pd.DataFrame, *, column: str = "inventions_without_finalists"
) -> FirmContrast:
    """Compare the firm's inventions that name no finalist between winning and finalist firms.

    Parameters
    ----------
    firm_years : pandas.DataFrame
        firm_id, year and the column: inventions of the firm that name nobody who ever stood in a
        final (missing before founding and in incomplete years).
    finals : pandas.DataFrame
        A row per entry of a final: edition, year, category, firm_id, won.
    column : str, default "inventions_without_finalists"
        The counts.

    Returns
    -------
    FirmContrast
        Inventions a year, years 1 to 3 less years -5 to -1. Firms that filed much before count
        less, in both arms: the mean is that of a usual winning firm, not of all patents.

    Raises
    ------
    ZgzxError
        No inventor was linked to a person, so that the column is empty; one edition alone or fewer
        than 20 winning firms; a missing column.

    Examples
    --------
    >>> rows = [(e, n, n % 3 == 0) for e in (1, 2) for n in range(90)]
    >>> finals = pd.DataFrame(rows, columns=["edition", "firm_id", "won"])
    >>> finals["year"], finals["category"] = 2014 + finals["edition"], "skill"
    >>> pairs = [(f, t) for f in range(90) for t in range(2009, 2020)]
    >>> table = pd.DataFrame(pairs, columns=["firm_id", "year"])
    >>> more = table["firm_id"].mod(3).eq(0) & table["year"].gt(2015)
    >>> table["inventions_without_finalists"] = 3.0 + table["firm_id"] % 2 + more
    >>> patents_without_finalists(table, finals).to_frame()["estimate"].round(3).tolist()
    [1.0]
    """
    where = "patents_without_finalists"
    check_columns(firm_years, ["firm_id", "year", column], where)
    if firm_years[column].isna().all():
        raise ZgzxError(
            f"{column} is missing in all rows: no inventor was linked to a person",
            where=where,
            count=len(firm_years),
            remedy="Deliver the inventors of the patents and the employment of the persons.",
        )
    check_numbers(firm_years, [column], where)
    counts = firm_years[["firm_id", "year"]].assign(count=firm_years[column])
    rows = firm_windows(counts, finalist_firms(finals, where), ["count"])
    after = rows["count_after"] / rows["years_after"]
    change = after - rows["count_before"] / rows["years_before"]
    return compare_firms(
        rows,
        change,
        after,
        1 / (CONSTANT + PER_INVENTION * rows["count_before"]),
        where=where,
        outcome="inventions a year that name no finalist",
        reason=OWN_PATENTS,
    )
