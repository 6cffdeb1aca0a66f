"""How many entries are in quarantine by reason, as far as it may be shown.

The row balance shows how many rows of each source were set aside, and most reasons belong to one
source. So the one reason that is blank would follow from the source's total and its other reasons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

import pandas as pd

from zgzx_research.evidence.disclosure_rules import DIFFERENCING, RULES, THRESHOLD, rules
from zgzx_research.evidence.earlier_counts import against_before
from zgzx_research.evidence.protected_table import TOTAL, ProtectedTable, protect_table
from zgzx_research.evidence.row_balance import TOTAL as ALL_LINES
from zgzx_research.evidence.row_balance import Counts

ROW = ["source", "file", "sheet", "row"]  # what a row is known by
VALUE = "value_"  # beginning of reasons that concern one cell


def reason_counts(
    quarantine: pd.DataFrame,
    balance: Mapping[str, Mapping[str, Counts]],
    before: pd.DataFrame | None = None,
) -> tuple[dict[str, int | None], dict[str, int]]:
    """Count entries by reason; None where a number must not be shown.

    Parameters
    ----------
    quarantine : DataFrame
        Columns source, file, sheet, row, reason, row_lost: whether the row was set aside.
    balance : Mapping
        Result of `row_balance`: which totals of sources are shown.
    before : DataFrame, optional
        The numbers that an earlier report showed: a row per reason, one column, "entries".

    Returns
    -------
    dict
        Reason to number of entries; None where it must be blank.
    dict
        Rule to number of reasons left blank.
    """
    counts = quarantine["reason"].value_counts()
    rule_of = {str(reason): "" for reason in counts.index}
    rule_of |= {str(reason): THRESHOLD for reason in counts.index[counts < rules().persons]}
    in_both = counts.rename(str).to_frame("entries")
    differing = in_both.index[against_before(in_both, before, rules().persons)[0][:, 0]]
    rule_of |= {reason: rule_of[reason] or DIFFERENCING for reason in differing}
    told = _told(quarantine, balance, differing).rule[TOTAL].drop(TOTAL)
    rule_of |= {str(reason): rule for reason, rule in told.items() if rule}

    shown = {reason: None if rule else int(counts[reason]) for reason, rule in rule_of.items()}
    applied = Counter(rule for rule in rule_of.values() if rule)
    return shown, {rule: applied[rule] for rule in RULES if applied[rule]}


def _told(
    quarantine: pd.DataFrame,
    balance: Mapping[str, Mapping[str, Counts]],
    differing: Collection[str],
) -> ProtectedTable:
    """Protect the rows set aside by reason and source, of which only totals are shown.

    A row counts under its first reason that concerns a whole row. Rows set aside for the sake of a
    cell are left out, as if a reader knew how many they are.
    """
    whole = quarantine["row_lost"].astype(bool) & ~quarantine["reason"].str.startswith(VALUE)
    lost = quarantine[whole].drop_duplicates(ROW)
    rows = pd.crosstab(lost["reason"], lost["source"])
    shown = [name for name in rows if balance[name][ALL_LINES]["quarantined"] is not None]
    return protect_table(
        rows,
        minimum=rules().persons,
        only_totals=True,
        public=[(TOTAL, name) for name in shown],
        blank_elsewhere=[
            *((TOTAL, name) for name in rows if name not in shown),
            *((reason, TOTAL) for reason in differing if reason in rows.index),
        ],
    )
