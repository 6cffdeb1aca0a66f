"""How many entries are in quarantine by reason, as far as it may be shown.

The row balance shows how many rows of each source were set aside, and most reasons belong to one
source. So the one reason that is blank would follow from the source's total and its other reasons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain

import pandas as pd

from zgzx_research.evidence.disclosure_rules import RULES, rules
from zgzx_research.evidence.protected_table import TOTAL, protect_table
from zgzx_research.evidence.row_balance import TOTAL as ALL_LINES
from zgzx_research.evidence.row_balance import Counts


def reason_counts(
    quarantine: pd.DataFrame, balance: Mapping[str, Mapping[str, Counts]]
) -> tuple[dict[str, int | None], dict[str, int]]:
    """Count entries by reason; None where a number must not be shown.

    Parameters
    ----------
    quarantine : DataFrame
        Columns source, reason, row_lost: whether the entry is a whole row.
    balance : Mapping
        Result of `row_balance`: which totals of sources are shown.

    Returns
    -------
    dict
        Reason to number of entries; None where it must be blank.
    dict
        Rule to number of reasons left blank.
    """
    lost = quarantine["row_lost"].astype(bool)
    rows = pd.crosstab(quarantine.loc[lost, "reason"], quarantine.loc[lost, "source"])
    cells = quarantine.loc[~lost, "reason"].value_counts().to_frame("cells")

    totals = {source: own[ALL_LINES]["quarantined"] for source, own in balance.items() if source}
    told = protect_table(
        rows,
        minimum=rules().persons,
        only_totals=True,
        public=[(TOTAL, name) for name in rows if totals[name] is not None],
        blank_elsewhere=[(TOTAL, name) for name in rows if totals[name] is None],
    )
    alone = protect_table(cells, minimum=rules().persons, row_totals=False, column_totals=False)
    return _joined(
        [
            (reason, told.rule.at[reason, TOTAL], int(rows.loc[reason].sum()))
            for reason in rows.index
        ],
        [
            (reason, alone.rule.at[reason, "cells"], int(cells.at[reason, "cells"]))
            for reason in cells.index
        ],
    )


def _joined(
    *parts: Iterable[tuple[str, str, int]],
) -> tuple[dict[str, int | None], dict[str, int]]:
    """Add up rows and single cells of each reason; a reason is blank if one of them is."""
    counts: Counter[str] = Counter()
    rule_of: dict[str, str] = {}
    for reason, rule, number in chain(*parts):
        counts[reason] += number
        rule_of[reason] = rule_of.get(reason) or rule
    shown = {reason: None if rule_of[reason] else count for reason, count in counts.items()}
    applied = Counter(rule for rule in rule_of.values() if rule)
    return shown, {rule: applied[rule] for rule in RULES if applied[rule]}
