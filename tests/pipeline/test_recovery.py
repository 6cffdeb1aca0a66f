"""The panels of the demo study against the world's truth.

What differs is what no cleaning could restore.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.truth_cases import ROW, Recovered, recovered

pytestmark = pytest.mark.slow
TYPES = ("invention", "utility_model", "design")
BRIDGED = 3  # months: so short a break is taken for a missed payment


@pytest.fixture(scope="module")
def run(built: Path) -> Recovered:
    return recovered(built)


def by_firm_year(run: Recovered, column: str, true: pd.Series) -> pd.DataFrame:
    """ours and true (both NaN where missing) by true firm and year.

    Every firm-year stands in both.
    """
    ours = run.firm_year.set_index(["true_id", "year"])[column].astype("Float64")
    assert ours.index.is_unique
    assert set(ours.index) == set(true.index)
    return pd.DataFrame({"ours": ours.to_numpy(float, na_value=np.nan)}, ours.index).join(
        true.rename("true").rename_axis(["true_id", "year"])
    )


def differing(both: pd.DataFrame) -> pd.DataFrame:
    return both[~np.isclose(both["ours"], both["true"], equal_nan=True)]


def observed(run: Recovered, outcome: str) -> pd.Series:
    table = run.truth["firm_year"].query("outcome == @outcome")
    return table.set_index(["firm_id", "year"])["observed"].astype(float)


def test_every_firm_of_the_registry_is_one_firm(run: Recovered) -> None:
    assert run.firms.notna().all()
    assert run.firms.is_unique
    assert set(run.firms) == set(run.truth["firm"]["firm_id"])


def test_rows_are_lost_only_where_nothing_can_be_done(run: Recovered) -> None:
    """Every row in quarantine is marked unrecoverable, and every unrecoverable patent is there."""
    lost = run.lost_rows().merge(run.truth["record"].drop_duplicates(ROW), on=ROW, how="left")
    assert len(lost)
    unexplained = lost[lost["recoverable"].ne(False)]
    assert unexplained.empty, unexplained[["source", "reason", "dirt"]]
    patents = run.truth["record"].query("source == 'patents' and not recoverable")
    kept = patents.merge(lost[ROW], on=ROW, how="left", indicator=True).query(
        "_merge == 'left_only'"
    )
    assert kept.empty, kept["dirt"].value_counts()


def test_no_kind_of_dirt_is_quarantined_more_often_than_it_is_unrecoverable(run: Recovered) -> None:
    lost = run.lost_rows()
    rows = run.rows_with_dirt()
    rows["quarantined"] = pd.MultiIndex.from_frame(rows[ROW]).isin(
        pd.MultiIndex.from_frame(lost[ROW])
    )
    rows["hopeless"] = ~rows["recoverable"]
    kinds = rows.groupby(["source", "kind"]).agg(
        rows=("row", "size"), quarantined=("quarantined", "sum"), hopeless=("hopeless", "sum")
    )
    assert len(kinds) > 30
    worse = kinds[kinds["quarantined"] > kinds["hopeless"]]
    assert worse.empty, worse


def test_patents_equal_the_truth_but_for_lost_applications(run: Recovered) -> None:
    """Lost rows are missing, and nothing else differs but one thing.

    The second filing of a lost or unpublished invention counts.
    """
    filed = run.truth["patent"]
    clean = pd.Index(run.clean["patent"]["app_no"])
    assert set(clean) <= set(filed["app_no"])
    counted = filed[filed["counts"]].dropna(subset="firm_id")
    for kind in TYPES:  # the truth's own counts, made from its list of applications
        total = observed(run, f"patents_{kind}").sum()
        assert total == counted["type"].eq(kind).sum()
    found = filed["app_no"].isin(clean)
    other = filed["dual_app_no"]
    alone = ~filed["counts"] & ~other.isin(clean)
    expected = filed[found & (filed["counts"] | alone)]
    expected = expected.groupby(
        ["firm_id", expected["filed"].dt.year.rename("year"), "type"]
    ).size()
    unread = _firms_without_founding(run)
    for kind in TYPES:
        true = _expected_counts(run, kind, expected)
        differ = differing(by_firm_year(run, f"patents_{kind}", true)).reset_index()
        differ = differ[
            ~(differ["true_id"].isin(unread) & differ["true"].isna() & differ["ours"].eq(0))
        ]
        assert differ.empty, differ
    assert 0 < len(filed) - found.sum() <= len(run.lost_rows())


def _firms_without_founding(run: Recovered) -> set[str]:
    rows = run.truth["record"]
    return set(rows.loc[rows["dirt"].str.contains("founded_bad").eq(True), "firm_id"])


def _expected_counts(run: Recovered, kind: str, expected: pd.Series) -> pd.Series:
    """Counts by firm and year.

    Missing before founding and once the firm has closed or gone into another.
    """
    truth = observed(run, f"patents_{kind}")
    counts = expected.xs(kind, level="type").reindex(truth.index, fill_value=0).astype(float)
    closed = run.truth["firm"].set_index("firm_id")["closed"].dt.year
    merged = run.truth["firm_event"].query("type == 'merger'").set_index("firm_id")["date"]
    last = (merged.dt.year - 1).reindex(closed.index).fillna(closed)  # mergers are on 1 January
    firm, year = truth.index.get_level_values("firm_id"), truth.index.get_level_values("year")
    return counts.mask(truth.isna() | (year > last.reindex(firm).to_numpy()))


def test_retention_equals_the_truth_but_for_decembers_that_cannot_be_read(run: Recovered) -> None:
    both = by_firm_year(run, "retention", observed(run, "retention")).dropna(how="all")
    differ = differing(both)
    assert len(both) > 10_000
    assert 1 - len(differ) / len(both) >= 0.99
    unexplained = differ[~differ.index.isin(_unreadable_decembers(run.truth["spell"]))]
    assert unexplained.empty, unexplained


def _unreadable_decembers(spell: pd.DataFrame) -> pd.MultiIndex:
    """(firm, year) whose staff depends on a December that the files give to nobody for certain.

    Who leaves and is back within three months cannot be told from a missed payment. A job of one
    month after another, with that month paid by both employers, cannot be told from a second job.
    """
    spell = spell.sort_values(["worker_id", "start_ym"]).assign(
        start=lambda t: _month(t["start_ym"])
    )
    spell["end"] = _month(spell["end_ym"])
    back = spell.groupby(["worker_id", "firm_id"])["start"].shift(-1)
    december = (spell["end"] + 1) // 12 * 12 + 11  # the first after leaving
    returned = (back - spell["end"] - 1).between(1, BRIDGED) & (december < back)
    following = spell.groupby("worker_id")[["start", "end"]].shift(-1)
    brief = following["start"].eq(following["end"]) & following["start"].eq(spell["end"] + 1)
    hangs = returned | (brief & following["start"].eq(december))
    firm, year = spell.loc[hangs, "firm_id"], (december[hangs] // 12).astype(int)
    return pd.MultiIndex.from_arrays([pd.concat([firm, firm]), pd.concat([year, year + 1])])


def _month(ym: pd.Series) -> np.ndarray:
    return (ym // 100 * 12 + ym % 100 - 1).astype("Float64").to_numpy(float, na_value=np.nan)


@pytest.mark.parametrize(
    ("column", "stage"), [("first_entry", None), ("first_final", "决赛"), ("first_award", "获奖")]
)
def test_first_entries_finals_and_awards_are_recovered(
    run: Recovered, column: str, stage: str | None
) -> None:
    """Every firm in the right year; no unrecoverable line is the only one of its firm."""
    entry = run.truth["entry"]
    reached = entry[entry["stage"].eq(stage) | entry["outcome"].eq(stage)] if stage else entry
    true = reached.groupby("firm_id")["year"].min().sort_index()
    ours = (
        run.firm_year.drop_duplicates("true_id")
        .set_index("true_id")[column]
        .dropna()
        .astype("int64")
        .sort_index()
    )
    pd.testing.assert_series_equal(ours, true, check_names=False, check_dtype=False)


def test_awards_by_edition_and_category_are_recovered(run: Recovered) -> None:
    audit = run.link["link_audit"].query("source == 'roster' and entity == 'firm'")
    lines = run.clean["roster"].merge(
        audit[[*ROW, "part", "firm_id"]], on=[*ROW, "part"], validate="one_to_one"
    )
    ours = lines.assign(firm_id=lines["firm_id"].map(run.firms))[
        ["edition", "firm_id", "category"]
    ].drop_duplicates()
    true = run.truth["award"][["edition", "firm_id", "category"]]
    assert sorted(map(tuple, ours.to_numpy())) == sorted(map(tuple, true.to_numpy()))


def test_the_entries_of_firms_and_contests(run: Recovered) -> None:
    entry, ours = run.truth["entry"], run.firm_entries
    reached = {"n_entries": True, "n_finalists": entry["stage"].eq("决赛")}
    reached["n_winners"] = entry["outcome"].eq("获奖")
    true = entry.assign(**reached).groupby(["edition", "firm_id", "category"])[[*reached]].sum()
    found = ours.set_index(["edition", "true_id", "category"])[[*reached]].reindex(true.index)
    assert found.eq(true).all(axis=1).mean() >= 0.98
    contest = entry.assign(**reached).groupby(["edition", "category"])[["n_entries", "n_winners"]]
    sizes = ours.groupby(["edition", "category"])[["contest_entries", "contest_winners"]].first()
    assert (sizes.to_numpy() == contest.sum().to_numpy()).all()


@pytest.mark.parametrize("programme", ["specialised", "craftsman", "visit"])
def test_concurrent_programmes_are_recovered(run: Recovered, programme: str) -> None:
    rows = run.truth["programme"].query("programme == @programme").dropna(subset="firm_id")
    true = rows["onset"].dt.year.groupby(rows["firm_id"]).min().sort_index()
    ours = (
        run.firm_year.drop_duplicates("true_id")
        .set_index("true_id")[programme]
        .dropna()
        .astype("int64")
    )
    pd.testing.assert_series_equal(ours.sort_index(), true, check_names=False, check_dtype=False)


def test_the_people_of_the_finals_and_whether_they_stayed(run: Recovered) -> None:
    true = run.truth["worker_final"]
    ours = run.worker_final.rename(columns={"worker_id": "our_worker"})
    both = true.merge(
        ours,
        left_on=["edition", "worker_id"],
        right_on=["edition", "true_id"],
        suffixes=("_true", ""),
    )
    assert len(both) / len(true) >= 0.98
    assert both["arm"].eq(both["outcome_true"].map({"获奖": "winner", "淘汰": "finalist"})).all()
    for months in (12, 24):
        stayed, told = both[f"retention_{months}_group"], both[f"stay_{months}"]
        assert np.isclose(stayed, told, equal_nan=True).mean() >= 0.995
