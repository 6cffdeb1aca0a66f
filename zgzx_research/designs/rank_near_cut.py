"""Last winners against first losers of the same final: local randomisation by rank.

A check of `winners_and_finalists`, never a headline: near the cut there are few entries. Within an
edition and category the places near the cut are taken as drawn at random (Cattaneo, Frandsen &
Titiunik 2015, Journal of Causal Inference 3). The variance is that of the permutations, which
imposes the null: about the mean of the whole window, not about the mean of each arm. About the
means of arms one winner and one loser would have an error of zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from zgzx_research.designs.contest_sample import (
    CONTEST,
    ContestSample,
    check_columns,
    contest_sample,
    refuse_too_few,
)
from zgzx_research.designs.winners_and_finalists import FEWEST_ENTRIES, FEWEST_FIRMS, LEVEL
from zgzx_research.did.core.inference import power_factor, t_quantile
from zgzx_research.errors import ZgzxError

WINDOWS = (1, 2, 3, 4, 5)  # ranks on either side of the cut


@dataclass(frozen=True, slots=True)
class WindowMoments:
    """The difference in means of all contests of a window, and its permutation variance.

    Under the null that every award adds `effect`, the variance is a + b · effect + c · effect².

    Attributes
    ----------
    difference : float
        Mean over winning entries of own outcome less the mean of the losers of the contest.
    variance : (3,)
        a, b, c.
    contests, winners, losers : int
        Contests with both arms, and their entries.
    """

    difference: float
    variance: np.ndarray
    contests: int
    winners: int
    losers: int

    def std_error(self) -> float:
        """Return the standard deviation over permutations if no award has an effect."""
        return float(np.sqrt(self.variance[0]))

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Return the effects that permutations do not reject; infinite ends where none is."""
        square = t_quantile(level) ** 2
        a, b, c = self.variance
        lead = 1 - square * c
        middle = -2 * self.difference - square * b
        last = self.difference**2 - square * a
        root = middle**2 - 4 * lead * last
        if lead <= 0 or root < 0:
            return -np.inf, np.inf
        half = np.sqrt(root)
        return float((-middle - half) / (2 * lead)), float((-middle + half) / (2 * lead))


@dataclass(frozen=True, slots=True)
class RankNearCut:
    """Differences at the cut, by window, of the outcome and of what was known before.

    Attributes
    ----------
    outcome : str
        The column compared.
    placebo : tuple of str
        Columns known before the final: no award can have moved them.
    windows : pandas.DataFrame
        See `to_frame`.
    left_out : pandas.DataFrame
        reason, rows.
    """

    outcome: str
    placebo: tuple[str, ...]
    windows: pd.DataFrame
    left_out: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return a row per column and window.

        Columns: column role (outcome, placebo) window estimate std_error ci_low ci_high p_value
        detectable contests winners losers.
        """
        return self.windows.copy()


def rank_near_cut(
    table: pd.DataFrame,
    outcome: str = "retention_24_group",
    *,
    windows: Sequence[int] = WINDOWS,
    placebo: Sequence[str] = (),
) -> RankNearCut:
    """Compare entries just above the cut with those just below it, within edition and category.

    An entry counts once, with the mean of its persons. Entries of one firm in one window are taken
    as independent.

    Parameters
    ----------
    table : pandas.DataFrame
        The panel of persons: edition, category, arm, entry_id, firm_id, cut_distance (1 = last
        winner, -1 = first loser), the outcome and the placebos.
    outcome : str, default "retention_24_group"
        A column of numbers.
    windows : sequence of int, default (1, 2, 3, 4, 5)
        Ranks on either side of the cut.
    placebo : sequence of str
        Columns of numbers known before the final, tested in the same way; a row without such a
        number takes no part in that test.

    Returns
    -------
    RankNearCut
        A row per window; to be read beside `winners_and_finalists`.

    Raises
    ------
    ZgzxError
        Winners below or losers above the cut; one edition alone, fewer than 20 winning entries or
        10 winning firms; no entry in any window.

    Notes
    -----
    With n₁ winners and n₀ losers of contest s in the window and S² the variance (n - 1) of all of
    them about their common mean, the permutation variance of the difference in means is
    S²(1/n₁ + 1/n₀) (Neyman 1923; Imbens & Rubin 2015, chapter 6). The interval holds the constant
    effects not rejected, each with the variance it implies.

    Examples
    --------
    >>> rows = [(e, n, 5.5 - n - (n > 5) * 0) for e in (1, 2) for n in range(1, 30)]
    >>> table = pd.DataFrame(rows, columns=["edition", "entry_id", "place"])
    >>> table["cut_distance"] = np.where(table.entry_id <= 10, 11, 10) - table["entry_id"]
    >>> table["arm"] = np.where(table.entry_id <= 10, "winner", "finalist")
    >>> table = table.assign(category="skill", firm_id=table.entry_id, y=table.entry_id % 2.0)
    >>> found = rank_near_cut(table, "y", windows=[1, 2]).to_frame()
    >>> found[["window", "estimate", "contests", "winners", "losers"]]
       window  estimate  contests  winners  losers
    0       1      -1.0         2        2       2
    1       2       0.0         2        4       4
    """
    where = "rank_near_cut"
    check_columns(table, ["cut_distance", outcome, *placebo], where)
    sample = contest_sample(table, ["cut_distance", outcome], where=where)
    _refuse_wrong_side(sample)
    entries = _entries(sample, outcome)
    refuse_too_few(
        sample,
        where,
        entries=FEWEST_ENTRIES,
        firms=FEWEST_FIRMS,
        detectable=_in_words(entries, outcome, max(windows)),
    )
    rows = [_row(entries, outcome, "outcome", window) for window in windows]
    for name in placebo:
        placed = contest_sample(table, ["cut_distance", name], where=f"{where}, placebo {name}")
        known = _entries(placed, name)
        rows += [_row(known, name, "placebo", window) for window in windows]
    found = [row for row in rows if row]
    if not found:
        raise ZgzxError(
            f"no contest has a winner and a loser within {max(windows)} ranks of the cut",
            where=where,
            remedy="Ask for wider windows.",
        )
    return RankNearCut(outcome, tuple(placebo), pd.DataFrame(found), sample.left_out)


def window_moments(value: np.ndarray, won: np.ndarray, contest: np.ndarray) -> WindowMoments:
    """Compute the difference in means and its permutation variance.

    Parameters
    ----------
    value : (entries,)
        Outcomes.
    won : (entries,) of bool
        Winning entries.
    contest : (entries,) of int
        Codes from 0 on; every contest has a winner and a loser.

    Returns
    -------
    WindowMoments
        Contests weighted by their winners.
    """
    winners, losers = (np.bincount(contest, arm.astype(float)) for arm in (won, ~won))
    both = winners + losers
    weight = winners / winners.sum()
    means = [
        np.bincount(contest, value * arm) / count for arm, count in ((won, winners), (~won, losers))
    ]
    spread = weight**2 * (1 / winners + 1 / losers) / (both - 1)

    y = value - (np.bincount(contest, value) / both)[contest]
    d = won - (winners / both)[contest]
    sums = [np.bincount(contest, part) for part in (y * y, -2 * y * d, d * d)]
    variance = np.array([(spread * part).sum() for part in sums])
    difference = float((weight * (means[0] - means[1])).sum())
    return WindowMoments(difference, variance, len(both), int(won.sum()), int((~won).sum()))


def in_window(entries: pd.DataFrame, window: int) -> pd.DataFrame:
    """Keep entries within `window` ranks of the cut, of contests with both arms there.

    Parameters
    ----------
    entries : pandas.DataFrame
        edition, category, won, cut_distance.
    window : int
        Ranks on either side.
    """
    near = entries[entries["cut_distance"].abs().le(window)]
    share = near["won"].groupby([near[name] for name in CONTEST]).transform("mean")
    return near[share.gt(0) & share.lt(1)]


def _entries(sample: ContestSample, outcome: str) -> pd.DataFrame:
    """Return a row per entry with the mean of its persons."""
    rows = sample.rows.assign(won=sample.won)
    by = rows.groupby([*CONTEST, "entry_id"], as_index=False, observed=True)
    return by.agg(
        won=("won", "first"), cut_distance=("cut_distance", "first"), value=(outcome, "mean")
    )


def _moments(entries: pd.DataFrame, window: int) -> WindowMoments | None:
    near = in_window(entries, window)
    if near.empty:
        return None
    contest = pd.factorize(pd.MultiIndex.from_frame(near[CONTEST]))[0]
    value = near["value"].to_numpy("float64")
    return window_moments(value, near["won"].to_numpy("bool"), contest)


def _row(entries: pd.DataFrame, column: str, role: str, window: int) -> dict[str, object]:
    found = _moments(entries, window)
    if found is None:
        return {}
    error = found.std_error()
    low, high = found.interval()
    statistic = abs(found.difference) / error if error else np.nan
    return {
        "column": column,
        "role": role,
        "window": window,
        "estimate": found.difference,
        "std_error": error,
        "ci_low": low,
        "ci_high": high,
        "p_value": float(2 * special.ndtr(-statistic)),
        "detectable": power_factor(1 - LEVEL) * error,
        "contests": found.contests,
        "winners": found.winners,
        "losers": found.losers,
    }


def _in_words(entries: pd.DataFrame, outcome: str, window: int) -> str:
    """Say what could be detected in these rows."""
    found = _moments(entries, window)
    if found is None:
        return f"No contest has both arms within {window} ranks."
    smallest = power_factor(1 - LEVEL) * found.std_error()
    return (
        f"Within {window} ranks the smallest difference in {outcome} that they could tell from "
        f"zero (80 % power) is {smallest:.3g}"
    )


def _refuse_wrong_side(sample: ContestSample) -> None:
    distance = sample.rows["cut_distance"].to_numpy("float64")
    wrong = np.where(sample.won, distance <= 0, distance >= 0)
    if wrong.any():
        rows = sample.rows[wrong].drop_duplicates("entry_id")
        names = zip(rows["edition"], rows["category"], rows["entry_id"], strict=True)
        raise ZgzxError(
            "winners stand below the cut, or losers above it",
            where="rank_near_cut",
            count=int(wrong.sum()),
            examples=[f"edition {e}, {c}, entry {n}" for e, c, n in list(names)[:3]],
            remedy="cut_distance is 1 for the last winner and -1 for the first loser.",
        )
