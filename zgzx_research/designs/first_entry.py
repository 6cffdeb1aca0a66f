"""First entry as a treatment: refused unless asked for, for it is biased where nothing is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.errors import ZgzxError

# 100 null worlds, inventions, years 1 to 3 (Monte-Carlo error .010): design/designs.md A.6
NULL_BIAS = 0.033
WARNING = (
    f"biased by +{NULL_BIAS:.3f} where nothing is true (100 null worlds): a first entry says that "
    "the firm's earlier good years led to no entry, so the years before are worse than usual; "
    "leaving out the year before does not remove the bias"
)
HEADLINE, EVENT_RANGE = (1, 3), (-5, 6)


@dataclass(frozen=True, slots=True)
class FirstEntry:
    """The change after a first entry, with its warning.

    Attributes
    ----------
    table : pandas.DataFrame
        The row of the headline window.
    warning : str
        Why it is no claim.
    """

    table: pd.DataFrame
    warning: str

    def to_frame(self) -> pd.DataFrame:
        """Return estimate, std_error, ci_low, ci_high, null_bias and warning; one row."""
        columns = ["estimate", "std_error", "ci_low", "ci_high"]
        return self.table[columns].assign(null_bias=NULL_BIAS, warning=self.warning)


def first_entry(
    firm_years: pd.DataFrame, outcome: str = "patents_invention", *, despite_bias: bool = False
) -> FirstEntry:
    """Compare firms after their first entry with firms that never entered, on the ratio scale.

    Parameters
    ----------
    firm_years : pandas.DataFrame
        firm_id, year, first_entry (year of the first entry, missing = never) and the outcome.
    outcome : str, default "patents_invention"
        Counts.
    despite_bias : bool, default False
        Must be True: whoever asks has read the warning.

    Returns
    -------
    FirstEntry
        Mean of years 1 to 3, pooled base, the year before left out; the warning stands in every
        row.

    Raises
    ------
    ZgzxError
        By default.

    Examples
    --------
    >>> pairs = [(u, t) for u in range(40) for t in range(2010, 2019)]
    >>> rows = [(u, t, 4 + (u * t) % 3 + 2 * (u < 20 and t > 2014)) for u, t in pairs]
    >>> table = pd.DataFrame(rows, columns=["firm_id", "year", "patents_invention"])
    >>> table["first_entry"] = table["firm_id"].map(dict.fromkeys(range(20), 2014.0))
    >>> found = first_entry(table, despite_bias=True).to_frame()
    >>> found["estimate"].round(2).tolist()
    [0.43]
    """
    if not despite_bias:
        raise ZgzxError(
            f"no effect of a first entry is printed: it is {WARNING}",
            where="first_entry",
            remedy="Use winners against finalists; despite_bias=True shows it with the warning.",
        )
    panel = prepare_panel(
        firm_years, outcome=outcome, unit="firm_id", period="year", first_treated="first_entry"
    )
    options: dict[str, Any] = {"scale": "ratio", "base_period": "pooled", "leave_out": 1}
    effects = estimate_effects(panel, **options)
    event = effects.aggregate("event_time", min_event=EVENT_RANGE[0], max_event=EVENT_RANGE[1])
    window = event.window(*HEADLINE)
    return FirstEntry(window.reset_index(drop=True), WARNING)
