"""The scores of the judges, in the order of merit, so that ranks and outcomes fit the entries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.errors import ZgzxError
from zgzx_research.simulate.world.constants import Rules
from zgzx_research.simulate.world.contest import CONTEST

STAGES = ["初赛", "决赛"]
CANDIDATES = 3  # rows of scores drawn per entry, so that enough of them have totals of their own


@dataclass(frozen=True)
class Scores:
    """The scores of all preliminaries and finals.

    Attributes
    ----------
    score : DataFrame
        entry_id, stage, judge_no, score; only of entries that were there. Points are 0 to 100 with
        two decimals.
    result : DataFrame
        entry_id, stage, material (finals), site (mean without the highest and the lowest), total,
        rank (missing = absent), outcome (淘汰, 晋级, 获奖, 弃权, 缺考). Equal totals share a rank.
    """

    score: pd.DataFrame
    result: pd.DataFrame


def simulate_scores(rules: Rules, entry: pd.DataFrame, rng: np.random.Generator) -> Scores:
    """Draw the scores of all preliminaries and finals of these entries (`simulate_entries`)."""
    found = []
    for position, (stage, place) in enumerate(
        zip(STAGES, (entry["preliminary"], entry["final"]), strict=True)
    ):
        passed = (entry["stage"] == "决赛") if position == 0 else (entry["outcome"] == "获奖")
        taking_part = entry.index if position == 0 else entry.index[entry["stage"] == "决赛"]
        found.append(
            _stage(
                rules,
                entry.loc[taking_part],
                place[taking_part],
                passed[taking_part],
                position,
                rng,
            )
        )
        for table in (found[-1].score, found[-1].result):
            table.insert(1, "stage", stage)
    return Scores(
        *(
            pd.concat([getattr(s, name) for s in found], ignore_index=True)
            for name in ("score", "result")
        )
    )


def trimmed_means(points: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """Compute means without the highest and the lowest score, in hundredths, halves rounded up.

    Parameters
    ----------
    points : array (rows, judges)
        Hundredths of a point.
    judged : array (rows, judges) of bool
        False where there is no such judge.

    Returns
    -------
    array (rows,)
        The means.
    """
    rest = judged.sum(axis=1) - 2
    total = np.where(judged, points, 0).sum(axis=1)
    total = (
        total
        - np.where(judged, points, -1).max(axis=1)
        - np.where(judged, points, 10**6).min(axis=1)
    )
    return (2 * total + rest) // (2 * rest)


def _stage(
    rules: Rules,
    entry: pd.DataFrame,
    place: pd.Series,
    passed: pd.Series,
    final: int,
    rng: np.random.Generator,
) -> Scores:
    """Draw scores and results of one stage: scores are drawn, sorted, and given out by place."""
    contest = entry.groupby(CONTEST, sort=False).ngroup().to_numpy()
    there = place.notna().to_numpy()
    rows = np.flatnonzero(there)
    rows = rows[
        np.lexsort((place.to_numpy(dtype=float)[rows], contest[rows]))
    ]  # by contest, best first
    low, high = rules["scores"]["judges"]
    judges = rng.integers(low, high + 1, contest.max() + 1)
    points, material = _ordered(rules, contest[rows], judges, final, rng)
    _tie(rules, contest[rows], passed.to_numpy()[rows], judges, points, material, rng)
    judged = np.arange(high) < judges[contest[rows]][:, None]
    site = trimmed_means(points, judged)
    total = final_totals(rules, site, material, final)
    at, judge = np.nonzero(judged)
    ids = entry["entry_id"].to_numpy()
    score = pd.DataFrame(
        {"entry_id": ids[rows[at]], "judge_no": judge + 1, "score": _decimals(points[at, judge])}
    )
    absent = rng.choice(np.asarray(["弃权", "缺考"], dtype=object), len(entry))
    outcome = np.where(passed, "获奖" if final else "晋级", np.where(there, "淘汰", absent))
    result = pd.DataFrame({"entry_id": ids, "material": np.nan, "site": np.nan, "total": np.nan})
    result.loc[rows, "site"], result.loc[rows, "total"] = _decimals(site), _decimals(total)
    if final:
        result.loc[rows, "material"] = _decimals(material)
    result["rank"] = (
        result.groupby(contest)["total"].rank(method="min", ascending=False).astype("Int64")
    )
    return Scores(
        score.sort_values(["entry_id", "judge_no"], ignore_index=True),
        result.assign(outcome=outcome),
    )


def _ordered(
    rules: Rules, contest: np.ndarray, judges: np.ndarray, final: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw points (rows x judges) and material points, in hundredths.

    The totals of a contest differ, and they fall from row to row.
    """
    rule, drawn = rules["scores"], np.repeat(contest, CANDIDATES)
    most = rule["judges"][1]
    lasting, passing = rule["judge_sd"]
    quality = rng.normal(rule["mean"][final], rule["sd"][final], len(drawn))
    habit = rng.normal(0, lasting, (len(judges), most))[drawn]
    points = _hundredths(quality[:, None] + habit + rng.normal(0, passing, (len(drawn), most)))
    material = _hundredths(quality + rng.normal(0, rule["sd"][final] / 2, len(drawn)))
    total = final_totals(
        rules, trimmed_means(points, np.arange(most) < judges[drawn][:, None]), material, final
    )
    own = pd.DataFrame({"contest": drawn, "total": total}).drop_duplicates()
    own = own.sample(frac=1, random_state=rng)
    if (np.bincount(own["contest"]) < np.bincount(contest)).any():
        raise ZgzxError(
            "too few totals for the entries of a contest",
            remedy="Give [scores] sd more points, or fewer entries.",
        )
    kept = own[own.groupby("contest").cumcount().to_numpy() < np.bincount(contest)[own["contest"]]]
    order = kept.index.to_numpy()[
        np.lexsort((-kept["total"].to_numpy(), kept["contest"].to_numpy()))
    ]
    return points[order], material[order]


def _tie(
    rules: Rules,
    contest: np.ndarray,
    passed: np.ndarray,
    judges: np.ndarray,
    points: np.ndarray,
    material: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Give some neighbouring rows equal totals, in place.

    The second row has the scores of the first, by other judges. Both are on the same side of the
    passing mark, so that nobody wins by a tie.
    """
    row = np.arange(len(contest) - 1)
    first = np.searchsorted(contest, contest)[:-1]
    pair = (contest[:-1] == contest[1:]) & (passed[:-1] == passed[1:]) & ((row - first) % 2 == 0)
    wanted = int(np.ceil(round(rules["scores"]["ties"] * len(contest) / 2, 6)))
    above = np.sort(rng.permutation(row[pair])[:wanted])
    count = judges[contest[above]][:, None]
    judge = np.broadcast_to(np.arange(points.shape[1]), (len(above), points.shape[1]))
    turned = np.where(judge < count, (judge + 1) % count, judge)
    points[above + 1] = np.take_along_axis(points[above], turned, axis=1)
    material[above + 1] = material[above]


def final_totals(rules: Rules, site: np.ndarray, material: np.ndarray, final: int) -> np.ndarray:
    """Compute total points, in hundredths; in a final the material counts too."""
    share = rules["scores"]["material"] * final
    return (share * material + (100 - share) * site + 50) // 100


def _hundredths(points: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(points, 0, 100) * 100).astype(np.int64)


def _decimals(hundredths: np.ndarray) -> np.ndarray:
    return hundredths / 100
