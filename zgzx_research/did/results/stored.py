"""Arrays as lists that JSON can hold, and back, to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np


def as_lists(value: Any) -> Any:
    """Return an array as nested lists for JSON; infinity and NaN by name."""
    if not isinstance(value, np.ndarray):
        return value
    if (
        value.ndim > 1 and np.count_nonzero(value) < value.size / 3
    ):  # most weights on means are zero
        at = np.flatnonzero(value)
        return {"shape": value.shape, "at": at.tolist(), "values": as_lists(value.ravel()[at])}
    if value.dtype.kind != "f" or np.isfinite(value).all():
        return {"array": value.tolist()}
    return {
        "array": np.where(np.isfinite(value), value.astype(object), value.astype(str)).tolist(),
        "dtype": "float",
    }


def as_array(value: Any) -> Any:
    """Return the array that `as_lists` stored; other values as they are."""
    if not isinstance(value, dict):
        return value
    if "at" not in value:
        return np.array(value["array"], dtype=value.get("dtype"))
    full = np.zeros(value["shape"])
    full.ravel()[value["at"]] = as_array(value["values"])
    return full
