"""Effects on the ratio scale for counts (Wooldridge 2023).

Treated total against its proportional counterfactual.

For a cell with means a (treated, t), b (treated, base), c (comparison, t), d (comparison, base) the
treated total is N = n a and the total without treatment D = n b c / d; the effect is N / D - 1.
Cohort sizes count as fixed.
"""

from __future__ import annotations

import numpy as np


def ratio_statistics(value: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(2, cells) treated and counterfactual totals, and their (2, cells, 4) derivatives.

    Parameters
    ----------
    value, weight : (cells, 4)
        Means and total weights, in the order a, b, c, d above.
    """
    a, b, c, d = value.T
    n = weight[:, 0]
    gradient = np.zeros((2, *value.shape))
    gradient[0, :, 0] = n
    gradient[1, :, 1], gradient[1, :, 2], gradient[1, :, 3] = (
        n * c / d,
        n * b / d,
        -n * b * c / d**2,
    )
    return np.stack([n * a, n * b * c / d]), gradient


def difference_statistics(value: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(1, cells) differences in differences of the four means, and their derivatives."""
    signs = np.array([1.0, -1.0, -1.0, 1.0])
    return (value @ signs)[None], np.broadcast_to(signs, (1, *value.shape))


SCALES = {"difference": difference_statistics, "ratio": ratio_statistics}
