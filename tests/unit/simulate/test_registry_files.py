"""The registry and its changes: exact rates of dirt, statuses, former names, records."""

from __future__ import annotations

import pandas as pd
import pytest
from stdnum.cn import uscc

from zgzx_research.simulate.files.registry_files import changes_table, registry_table
from zgzx_research.simulate.world.model import World

FIRMS = 1500


@pytest.fixture(scope="module")
def registry(world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    return registry_table(world, "registry/registry.csv", world.order.stream("registry dirt"))


@pytest.fixture(scope="module")
def changes(world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    return changes_table(world, "registry/changes.csv", world.order.stream("changes dirt"))


def test_dirt_has_its_rates(registry: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    first, again = registry[0].iloc[:FIRMS], registry[0].iloc[FIRMS:]
    code = first["统一社会信用代码"]
    assert (code == "").sum() == 120
    assert code.str.contains("[OI]").sum() == 8
    assert code.str.contains("O").any()
    assert code.str.contains("I").any()
    wrong = [
        text for text in code if text and not set(text) & set("OI") and not uscc.is_valid(text)
    ]
    assert len(wrong) == 15
    assert again.merge(first, how="inner", on=list(first)).shape[0] == 15
    founded = first["成立日期"]
    styles = [r"\d{4}-\d\d-\d\d", r"\d{4}/\d{1,2}/\d{1,2}", r"\d{4}年\d{1,2}月\d{1,2}日", r"\d{8}"]
    assert all(founded.str.fullmatch(style).sum() > 100 for style in styles)
    assert founded.str.endswith("-02-30").sum() == 4
    assert (founded == "").sum() == 4
    name = first["企业名称"]
    assert name.str.contains(" ").sum() == 15
    assert name.str.contains("[電設備動製膠醫軟業鏈環]").sum() == 8
    assert name.str.contains("[\uf955\uf958\ufa1d\ufa1e]").sum() == 5
    capital = [r"\d+万人民币", r"\d+\.000000万元", r"\d+万元人民币", r"\d+万美元"]
    assert all(first["注册资本"].str.fullmatch(style).any() for style in capital)
    assert first["注册号"].str.fullmatch(r"449900\d{9}|").all()
    assert (first["注册号"] != "").any()


def test_statuses_follow_closures_moves_and_revocations(
    registry: tuple[pd.DataFrame, pd.DataFrame], world: World
) -> None:
    table, record = registry
    state = table["经营状态"].iloc[:FIRMS]
    assert set(state) == {"存续", "在业", "吊销", "注销", "迁出"}
    closed = world.truth["firm"].set_index("firm_id")["closed"].loc[record["firm_id"].iloc[:FIRMS]]
    assert (state.isin(["吊销", "注销"]).to_numpy() == closed.notna().to_numpy()).all()
    assert ((table["注销日期"] != "") == table["经营状态"].isin(["吊销", "注销"])).all()
    moved = world.truth["firm_event"].query("type == 'move'")["firm_id"]
    assert set(record["firm_id"].iloc[:FIRMS][(state == "迁出").to_numpy()]) == set(moved)
    assert not table.loc[table["经营状态"] == "迁出", "住所"].str.contains("龙岗区").any()


def test_former_names_are_listed_or_missing_by_their_share(
    registry: tuple[pd.DataFrame, pd.DataFrame], world: World
) -> None:
    table, record = registry
    former = world.truth["firm_name"].query("kind == '曾用名'")
    names = former.groupby("firm_id")["name"].agg(list)
    listed = dict(zip(record["firm_id"], table["曾用名"], strict=True))
    written = {firm: text.replace("、", ";").split(";") for firm, text in listed.items() if text}
    assert len(written) == 84  # 80 % of 105
    assert all(written[firm] == names[firm] for firm in written)
    left_out = record["dirt"].str.contains("former_name_missing")
    assert set(record.loc[left_out, "firm_id"]) == set(names.index) - set(written)


def test_records_name_every_row(registry: tuple[pd.DataFrame, pd.DataFrame], world: World) -> None:
    table, record = registry
    assert record["row"].tolist() == list(range(2, len(table) + 2))
    firm = world.firm.set_index("firm_id").loc[record["firm_id"]]
    clean = ~record["dirt"].str.contains("uscc").to_numpy()
    assert (table["统一社会信用代码"].to_numpy() == firm["uscc"].to_numpy())[clean].all()
    assert (table["统一社会信用代码"].to_numpy() != firm["uscc"].to_numpy())[~clean].all()
    named = ~record["dirt"].str.contains("name_(?:spaced|trad|look)").to_numpy()
    assert (table["企业名称"].to_numpy() == firm["name"].to_numpy())[named].all()
    assert (table["企业名称"].to_numpy() != firm["name"].to_numpy())[~named].all()
    assert record["dirt"].str.contains("duplicate").sum() == 15


def test_changes_are_the_events(changes: tuple[pd.DataFrame, pd.DataFrame], world: World) -> None:
    table, record = changes
    event = world.truth["firm_event"]
    assert record["firm_id"].tolist() == event["firm_id"].tolist()
    labels = {"rename": "企业名称变更", "merger": "主体变更", "move": "住所变更"}
    assert table["变更类型"].tolist() == event["type"].map(labels).tolist()
    name = world.firm.set_index("firm_id")["name"]
    merger = (event["type"] == "merger").to_numpy()
    assert table.loc[merger, "变更前"].tolist() == name.loc[event.loc[merger, "firm_id"]].tolist()
    assert (
        table.loc[merger, "变更后"].tolist() == name.loc[event.loc[merger, "into_firm_id"]].tolist()
    )
    history = world.truth["firm_name"].set_index(["firm_id", "valid_from"])
    renamed = (event["type"] == "rename").to_numpy()
    official = history[history["kind"].isin(["现名", "曾用名"])]["name"]
    after = official.loc[pd.MultiIndex.from_frame(event.loc[renamed, ["firm_id", "date"]])]
    assert table.loc[renamed, "变更后"].tolist() == after.tolist()
    assert (table.loc[renamed, "变更前"] != table.loc[renamed, "变更后"]).all()
    assert (table["统一社会信用代码"] == "").sum() == record["dirt"].eq("uscc_missing").sum() > 0
