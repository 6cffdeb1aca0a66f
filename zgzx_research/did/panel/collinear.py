"""Which columns carry something of their own.

Of data by a QR decomposition in chunks, of a model by elimination.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack

from zgzx_research.did.panel.chunks import CHUNK, in_chunks

# what is left of a column once the others are taken out, relative to the column: rounding is below
DEPENDENT = 1e-9
COLLINEAR = 1e-10  # the same in sums of squares (as in fixest)
CONSTANT = 1e-12  # standard deviation relative to the mean


def independent_columns(values: np.ndarray) -> np.ndarray:
    """(columns,) bool, those not constant within every period, nor combinations of earlier ones.

    Parameters
    ----------
    values : (units, 1 or periods, columns)
        Rows with NaN are passed over.
    """
    means = column_means(values)
    return independent_of(triangle_about(values, means[0]), means)


Means = tuple[np.ndarray, np.ndarray]
"""(1 or periods, columns) means, and (1 or periods, 1) rows behind them."""


def column_means(values: np.ndarray) -> Means:
    """Means of some units."""
    few = ~np.isnan(values[:1000]).any(axis=2, keepdims=True)  # near the mean is near enough
    shift = np.where(few, values[:1000], 0.0).sum(axis=0) / np.maximum(few.sum(axis=0), 1)

    def sums(start: int) -> tuple[np.ndarray, np.ndarray]:
        away = values[start : start + CHUNK] - shift
        total = np.dot(np.ones(len(away)), away.reshape(len(away), -1))  # faster than a sum
        if not np.isnan(total).any():
            return total.reshape(shift.shape), np.full((len(shift), 1), len(away))
        seen = ~np.isnan(away).any(axis=2, keepdims=True)
        return np.where(seen, away, 0.0).sum(axis=0), seen.sum(axis=0)

    parts = list(in_chunks(sums, range(0, len(values), CHUNK)))
    count = sum((part[1] for part in parts), np.zeros((values.shape[1], 1), dtype=np.int64))
    away = sum((part[0] for part in parts), np.zeros(values.shape[1:]))
    return shift + away / np.maximum(count, 1), count


def add_means(one: Means, other: Means) -> Means:
    """Means of both together."""
    count = one[1] + other[1]
    return one[0] + (other[0] - one[0]) * (other[1] / np.maximum(count, 1)), count


def triangle_about(values: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """(rows, columns) upper triangle with the cross products of the values about their means."""

    def triangle(start: int) -> np.ndarray:
        away = (values[start : start + CHUNK] - mean).reshape(-1, values.shape[2])
        if np.isnan(away.sum()):
            away = away[~np.isnan(away).any(axis=1)]
        return _triangle(away)

    pieces = in_chunks(triangle, range(0, len(values), CHUNK))
    return _triangle(np.concatenate([np.zeros((0, values.shape[2])), *pieces]))


def add_triangles(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the triangle of both together."""
    return _triangle(np.concatenate([one, other]))


def independent_of(triangle: np.ndarray, means: Means) -> np.ndarray:
    """(columns,) bool, as in `independent_columns`, of all units."""
    mean, count = means
    size = np.sqrt((triangle**2).sum(axis=0))
    rows = np.maximum(count, 1).sum()
    kept: list[int] = []
    for column in np.flatnonzero(size > CONSTANT * np.abs(mean).max(axis=0) * np.sqrt(rows)):
        own = triangle[:, column] / size[column]
        others = triangle[:, kept] / size[kept]
        left = own - others @ np.linalg.lstsq(others, own)[0]
        if np.sqrt(left @ left) > DEPENDENT:
            kept.append(int(column))
    return np.isin(np.arange(len(size)), kept)


def _triangle(rows: np.ndarray) -> np.ndarray:
    if not rows.size:
        return rows[: rows.shape[1]]
    # LAPACK itself: NumPy's copies and blocks cost seven times as much on so few columns
    return np.asarray(np.triu(lapack.dgeqrf(rows)[0][: rows.shape[1]]))


def independent(gram: np.ndarray, size: np.ndarray | None = None) -> np.ndarray:
    """(regressors,) bool, those that are no combination of earlier ones, by elimination.

    Parameters
    ----------
    gram : (regressors, regressors)
        Cross products.
    size : (regressors,), optional
        Sums of squares to measure by what is left of them; those of `gram` where it holds the
        regressors as they are, larger where effects were taken out of it.
    """
    rest, kept = gram.copy(), np.zeros(len(gram), dtype=bool)
    for j, whole in enumerate(np.diag(gram) if size is None else size):
        kept[j] = rest[j, j] > COLLINEAR * whole
        if kept[j]:
            rest -= np.outer(rest[:, j], rest[j]) / rest[j, j]
    return kept
