"""What a design answers when the data cannot carry it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer of a design to data that cannot carry it.

    Attributes
    ----------
    reason : str
        The message of the refusal: what is missing, how much, and what would help.
    """

    reason: str

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return a frame without rows."""
        return pd.DataFrame()
