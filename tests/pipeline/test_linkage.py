"""Precision and recall of the links on raw files with all their dirt.

Per source, for firms and for persons.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.pipeline.truth_cases import KEY, Recovered, recovered
from tests.unit.link.evaluation import evaluate

pytestmark = pytest.mark.slow
PRECISION, RECALL = 0.98, 0.93
FIRM_SOURCES = {"roster", "entry", "spell", "si_month", "dispatch", "patent_party", "programme"}
PERSON_SOURCES = {"roster", "entry", "spell", "si_month", "dispatch", "programme"}


@pytest.fixture(scope="module")
def run(built: Path) -> Recovered:
    return recovered(built)


def where_they_work(run: Recovered) -> pd.DataFrame:
    """The links of firms.

    Dispatch employers stand in no registry: their lines get the firm that the person works for, as
    the agency sheets say it.
    """
    audit = run.link["link_audit"].query("entity == 'firm'").reset_index(drop=True)
    spell, month, covered = (
        run.clean["spell"],
        run.clean["si_month"],
        run.link["employment"]["end_ym"].max(),
    )
    lines = [
        spell[KEY].assign(source="spell", at=spell["end_ym"].fillna(covered)),
        month[KEY].assign(source="si_month", at=month["period_ym"]),
    ]
    told = run.truth["record"].loc[
        run.truth["record"]["dirt"].str.contains("dispatch").eq(True), KEY
    ]
    sent_lines = (
        pd.concat(lines).merge(told, on=KEY).merge(run.link["spell_worker"], on=["source", *KEY])
    )
    sent = run.link["employment"].query("via_dispatch")
    pairs = sent_lines.merge(sent[["worker_id", "firm_id", "start_ym", "end_ym"]], on="worker_id")
    there = pairs[pairs["start_ym"].le(pairs["at"]) & pairs["end_ym"].ge(pairs["at"])]
    there = there.drop_duplicates(["source", *KEY]).set_index(["source", *KEY])["firm_id"]
    own = pd.Series(
        there.reindex(pd.MultiIndex.from_frame(audit[["source", *KEY]])).to_numpy(), audit.index
    )
    return audit.assign(firm_id=audit["firm_id"].fillna(own))


def test_firms(run: Recovered) -> None:
    table = evaluate(where_they_work(run), run.truth["record"], run.firms, "firm")
    _hold(table, FIRM_SOURCES, "firms")


def test_persons(run: Recovered) -> None:
    table = evaluate(run.link["spell_worker"], run.truth["record"], run.workers, "worker")
    _hold(table, PERSON_SOURCES, "persons")


def _hold(table: pd.DataFrame, sources: set[str], title: str) -> None:
    text = table.round(4).to_string(index=False)
    print(f"\n{title}\n{text}")  # noqa: T201  # the task asks for the table
    assert set(table["source"]) == {*sources, "all"}
    assert (table["precision"] >= PRECISION).all(), text
    assert (table["recall"] >= RECALL).all(), text
