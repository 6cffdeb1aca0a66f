"""Which columns carry something of their own.

Of data by a QR decomposition in chunks, of a model by elimination.
"""

from __future__ import annotations

import numpy as np

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
    few = ~np.isnan(values[:1000]).any(axis=2, keepdims=True)  # near the mean is near enough
    shift = np.where(few, values[:1000], 0.0).sum(axis=0) / np.maximum(few.sum(axis=0), 1)
    pieces = range(0, len(values), CHUNK)

    def sums(start: int) -> tuple[np.ndarray, np.ndarray]:
        away = values[start : start + CHUNK] - shift
        seen = ~np.isnan(away).any(axis=2, keepdims=True)
        return np.where(seen, away, 0.0).sum(axis=0), seen.sum(axis=0)

    parts = list(in_chunks(sums, pieces))
    count = np.maximum(sum(part[1] for part in parts), 1)
    mean = shift + sum(part[0] for part in parts) / count

    def triangle(start: int) -> np.ndarray:
        away = (values[start : start + CHUNK] - mean).reshape(-1, values.shape[2])
        return _triangle(away[~np.isnan(away).any(axis=1)])

    stacked = _triangle(np.concatenate(list(in_chunks(triangle, pieces))))
    size = np.sqrt((stacked**2).sum(axis=0))
    kept: list[int] = []
    for column in np.flatnonzero(size > CONSTANT * np.abs(mean).max(axis=0) * np.sqrt(count.sum())):
        own = stacked[:, column] / size[column]
        others = stacked[:, kept] / size[kept]
        left = own - others @ np.linalg.lstsq(others, own)[0]
        if np.sqrt(left @ left) > DEPENDENT:
            kept.append(int(column))
    return np.isin(np.arange(values.shape[2]), kept)


def _triangle(rows: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.qr(rows, mode="r"))


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
