"""Insurance files: months collapse to the true spells, records name the right rows."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from tiny_worlds import tiny_world

from zgzx_research.simulate.files.employment_files import write_employment
from zgzx_research.simulate.files.employment_lines import employers, employment_lines, registrants
from zgzx_research.simulate.files.monthly_files import line_months, registrant_lines
from zgzx_research.simulate.world.model import World

pytestmark = pytest.mark.slow  # together more than five seconds

SEED = 7
MONTHS = ["months_2008_2014.csv", "months_2015_2019.csv", "months_2020_2026.csv"]
SPELLS = ["spells_2008_2016.csv", "spells_2017_2026.csv"]
CODES = "AAC001,AAC002,AAC003,AAC004,AAB001,AAB004,AAE003,AAE002,AAE180,AAE079,AAE140"


@pytest.fixture(scope="module")
def written(world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """Folder and records."""
    raw = tmp_path_factory.mktemp("raw")
    (raw / "employment").mkdir()
    return raw / "employment", pd.concat(write_employment(world, raw), ignore_index=True)


@pytest.fixture(scope="module")
def lines(world: World) -> pd.DataFrame:
    return employment_lines(world, world.order.stream("employment dirt"))


def read(path: Path) -> pd.DataFrame:
    encoding = "utf-16" if path.read_bytes()[:2] == b"\xff\xfe" else "utf-8-sig"
    return pd.read_csv(path, dtype="str", encoding=encoding, keep_default_na=False)


@pytest.fixture(scope="module")
def months(written: tuple[Path, pd.DataFrame]) -> pd.DataFrame:
    frames = [read(written[0] / name).assign(file=name) for name in MONTHS]
    return pd.concat(
        [frame.assign(row=np.arange(len(frame)) + 2) for frame in frames], ignore_index=True
    )


def month_number(period: pd.Series) -> np.ndarray:
    number = period.to_numpy(dtype=np.int64)
    return number // 100 * 12 + number % 100 - 1


# --- layouts
# --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_layouts(written: tuple[Path, pd.DataFrame], months: pd.DataFrame) -> None:
    folder, _ = written
    assert {path.name for path in folder.iterdir()} == {
        *MONTHS,
        *SPELLS,
        *(f"agency_{n}.xlsx" for n in range(1, 7)),
        *(f"statement_{n:02d}.xlsx" for n in range(1, 13)),
    }
    assert ",".join(months.columns[:11]) == CODES
    assert [(folder / name).read_bytes()[:2] == b"\xff\xfe" for name in MONTHS] == [
        False,
        True,
        False,
    ]
    assert ",".join(read(folder / SPELLS[0])) == (
        "社保电脑号,姓名,证件号码,单位编号,单位名称,统一社会信用代码,参保起始年月,参保终止年月"
    )
    assert not months.duplicated(["AAC001", "AAB001", "AAE003", "AAE079"]).any()
    assert set(months["AAE079"]) == {"正常", "补缴", "退费"}
    assert set(months["AAC004"]) == {"1", "2"}
    for name, (first, last) in zip(MONTHS, [(2008, 2014), (2015, 2019), (2020, 2026)], strict=True):
        years = months.loc[months["file"] == name, "AAE003"].str[:4].astype(int)
        assert years.between(first, last).all()
    assert months["AAE003"].max() == "202602", "the month before the export"


def test_individual_entrants_and_finalists_are_in_months_and_the_others_in_spells(
    written: tuple[Path, pd.DataFrame], world: World
) -> None:
    record = written[1]
    member = world.member.merge(world.entry, on="entry_id")
    entrants = set(member["worker_id"][member["persons"].eq(1) | member["stage"].eq("决赛")])
    assert 0 < len(entrants) < world.member["worker_id"].nunique()
    kind = record["file"].str.extract(r"employment/(\w+?)_")[0]
    assert set(record.loc[kind == "months", "worker_id"]) == entrants
    spells = record[kind == "spells"]
    assert set(spells["worker_id"]) == set(world.spell["worker_id"]) - entrants
    assert len(spells) == (~world.spell["worker_id"].isin(entrants)).sum()


# --- records
# --------------------------------------------------------------------------------------------------


def test_records_of_spells_name_person_and_firm(
    written: tuple[Path, pd.DataFrame], world: World
) -> None:
    folder, record = written
    person = world.worker.set_index("worker_id")
    code = world.firm.set_index("firm_id")["uscc"]
    for name in SPELLS:
        own, table = record[record["file"] == f"employment/{name}"], read(folder / name)
        assert own["row"].tolist() == list(range(2, len(table) + 2))
        who = person.loc[own["worker_id"]]
        number = table["社保电脑号"].to_numpy()
        assert (
            (number == who["insurance_no"].to_numpy()) | (number == who["second_no"].to_numpy())
        ).all()
        given = (table["证件号码"] != "").to_numpy()
        assert (table["证件号码"].to_numpy() == who["resident_id"].to_numpy())[given].all()
        assert (~given == own["dirt"].str.contains("id_missing").to_numpy()).all()
        written_code = table["统一社会信用代码"].to_numpy()
        other = own["dirt"].str.contains("dispatch|branch").to_numpy()
        assert ((written_code == "") == own["dirt"].str.contains("uscc_missing").to_numpy()).all()
        assert (written_code == code.loc[own["firm_id"]].to_numpy())[
            ~other & (written_code != "")
        ].all()
        assert not np.isin(written_code[other], world.firm["uscc"]).any()


def test_records_of_months_are_at_the_first_row_of_a_line(
    written: tuple[Path, pd.DataFrame], world: World, months: pd.DataFrame
) -> None:
    record = written[1]
    record = record[record["file"].str.contains("months_")].assign(
        file=lambda t: t["file"].str[11:]
    )
    first = months[~months.duplicated(["file", "AAC001", "AAB001"])]
    met = record.merge(months, on=["file", "row"], validate="one_to_one")
    assert len(met) == len(record)
    assert set(zip(first["file"], first["row"], strict=True)) <= set(
        zip(met["file"], met["row"], strict=True)
    )
    who = world.worker.set_index("worker_id").loc[met["worker_id"]]
    number = met["AAC001"].to_numpy()
    assert (
        (number == who["insurance_no"].to_numpy()) | (number == who["second_no"].to_numpy())
    ).all()
    second = number == who["second_no"].to_numpy()
    assert met.loc[second, "dirt"].str.contains("two_numbers").all()


@pytest.mark.slow
def test_months_collapse_to_the_true_spells_but_for_their_dirt(
    written: tuple[Path, pd.DataFrame], world: World, months: pd.DataFrame, lines: pd.DataFrame
) -> None:
    marked = registrant_lines(world, lines, world.order.stream("months dirt"))
    number = employers(world, world.order.stream("employers")).number[marked["employer"]]
    sign = np.where(months["AAE079"] == "退费", -1, 1)
    net = months.assign(net=sign, month=month_number(months["AAE003"]))
    net = net.groupby(["AAC001", "AAB001", "month"], as_index=False)["net"].sum()
    paid = set(
        net.loc[net["net"] > 0, ["AAC001", "AAB001", "month"]].itertuples(index=False, name=None)
    )
    true = set()
    for line, employer in zip(marked.itertuples(), number, strict=True):
        assert line.start == max(world.rules["time"]["spells_from"] * 12, line.start)
        true |= {(line.person_no, employer, month) for month in range(line.start, line.end + 1)}
    gap = marked["mark"] == 1
    assert len(true - paid) == marked.loc[gap, "length"].sum()
    overlap = marked[marked["mark"] == 4]
    assert paid - true == set(
        zip(overlap["person_no"], number[overlap.index], overlap["end"] + 1, strict=True)
    )  # a refunded month is gone
    spell = world.spell[world.spell["worker_id"].isin(registrants(world))]
    assert len(spell[spell["end_ym"].fillna(999_912) >= 200801]) == len(marked)


@pytest.mark.slow
def test_gaps_are_inside_spells_and_arrears_are_paid_later(
    world: World, lines: pd.DataFrame, months: pd.DataFrame
) -> None:
    marked = registrant_lines(world, lines, world.order.stream("months dirt"))
    gap = marked[marked["mark"] == 1]
    assert gap["length"].between(1, 3).all()
    assert (gap["offset"] >= 1).all()
    assert (gap["offset"] + gap["length"] < gap["count"]).all()
    overlap = marked[marked["mark"] == 4].assign(start=lambda t: t["end"] + 1)
    after = overlap.merge(marked, on=["worker_rank", "start"], suffixes=("", "_after"))
    assert len(after) == len(overlap)
    assert (after["employer"] != after["employer_after"]).all(), "a transfer is to another employer"
    late = months[months["AAE079"] == "补缴"]
    waited = month_number(late["AAE002"]) - month_number(late["AAE003"])
    assert waited.min() >= 6
    assert waited.max() <= 24
    assert len(late) == marked.loc[marked["mark"] == 2, "length"].sum()
    normal = months[months["AAE079"] == "正常"]
    assert (normal["AAE002"] == normal["AAE003"]).all()
    base = months["AAE180"].astype(int)
    assert ((base < 0) == (months["AAE079"] == "退费")).all()


# --- rates
# --------------------------------------------------------------------------------------------------


def test_rates_are_exact(world: World, lines: pd.DataFrame) -> None:
    rows = len(lines)
    for kind, share in (("name_spaced", 0.02), ("name_traditional", 0.005), ("id_missing", 0.01)):
        assert lines["dirt"].str.contains(kind).sum() == math.ceil(round(share * rows, 6)), kind
    assert lines["no_uscc"].sum() == math.ceil(0.08 * rows)
    assert (lines["form"] >= 0).sum() == math.ceil(0.05 * rows)
    marked = registrant_lines(world, lines, world.order.stream("months dirt"))
    count = marked["mark"].value_counts()
    for mark, share in ((1, 0.06), (2, 0.03), (3, 0.01), (4, 0.02)):
        assert count[mark] == math.ceil(round(share * len(marked), 6))
    assert (world.worker["second_no"] != "").sum() == 42  # .7 % of 6,000
    assert not set(world.worker["second_no"]) & set(world.worker["insurance_no"])


@pytest.mark.slow
def test_gaps_can_be_switched_off() -> None:
    world = tiny_world(without=("insurance_gaps",))
    line = employment_lines(world, world.order.stream("employment dirt"))
    marked = registrant_lines(world, line, world.order.stream("months dirt"))
    assert (marked["mark"] == 0).all()
    assert (world.worker["second_no"] == "").all()
    months = line_months(world, marked, 0, 10**6)
    assert len(months) == marked["count"].sum()
    assert (months["kind"] == 0).all()


@pytest.mark.parametrize("mark", range(5))
def test_files_share_out_the_months_of_a_line(world: World, lines: pd.DataFrame, mark: int) -> None:
    marked = registrant_lines(world, lines, world.order.stream("months dirt"))
    own = marked[marked["mark"] == mark].head(20).reset_index(drop=True)
    whole = line_months(world, own, 0, 10**6)
    for border in range(2009 * 12, 2026 * 12, 7):
        parts = [line_months(world, own, 0, border - 1), line_months(world, own, border, 10**6)]
        both = pd.concat(parts).sort_values(["line", "period", "kind"], ignore_index=True)
        pd.testing.assert_frame_equal(
            both, whole.sort_values(["line", "period", "kind"], ignore_index=True)
        )


def test_bases_bunch_at_the_bounds(months: pd.DataFrame) -> None:
    base = months.loc[
        (months["AAE003"] == "201909") & (months["AAE079"] == "正常"), "AAE180"
    ].astype(int)
    low, high = round(1700 * 1.06**9), round(11500 * 1.06**9)
    assert base.between(low, high).all()
    assert (base == low).mean() > 0.01
    assert base.nunique() > 300


def test_names_are_those_of_the_time(world: World, months: pd.DataFrame) -> None:
    renamed = world.events.name[world.events.name["kind"] == "曾用名"]
    old = months[months["AAB004"].isin(renamed["name"])].merge(
        renamed, left_on="AAB004", right_on="name"
    )
    assert len(old) > 0
    assert (old["AAE003"] <= old["valid_to"].dt.strftime("%Y%m")).all()


# --- workbooks
# --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_agency_sheets_name_the_firm_where_people_work(
    written: tuple[Path, pd.DataFrame], world: World
) -> None:
    folder, record = written
    company = {}
    for number in range(1, 7):
        rows = list(
            openpyxl.load_workbook(folder / f"agency_{number}.xlsx").active.iter_rows(
                values_only=True
            )
        )
        table = pd.DataFrame(rows[1:], columns=rows[0]).fillna("")
        own = record[record["file"] == f"employment/agency_{number}.xlsx"]
        assert own["row"].tolist() == list(range(2, len(table) + 2))
        assert table["代理公司"].nunique() == 1
        company[number] = table["代理公司"].iloc[0]
        assert table["参保月份"].str.fullmatch(r"\d{4}\.\d\d(?:-\d{4}\.\d\d)?").all()
        name = world.firm.set_index("firm_id")["name"].loc[own["firm_id"]].to_numpy()
        assert (table["服务公司"].to_numpy() == name).mean() > 0.85
        spells = pd.concat([read(folder / file) for file in SPELLS])
        there = spells[spells["单位名称"] == company[number]]
        assert set(
            there.loc[there["参保终止年月"].replace("", "999912") >= "200801", "社保电脑号"]
        ) <= set(table["社保电脑号"])
    recorded = (world.spell["agency"] >= 0) & (world.spell["end_ym"].fillna(999_912) >= 200801)
    assert record["file"].str.contains("agency").sum() == recorded.sum()


def test_statements_repeat_months_of_winners(
    written: tuple[Path, pd.DataFrame], world: World, months: pd.DataFrame
) -> None:
    folder, record = written
    sheet = openpyxl.load_workbook(folder / "statement_03.xlsx").active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][0] == "深圳市社会保险历年参保缴费明细表（个人）"
    assert len(rows[2]) == 18
    assert ",".join(rows[3][3:]) == (
        "基数,单位交,个人交,险种,基数,单位交,个人交,险种,基数,单位交,基数,单位交,基数,单位交,个人交"
    )
    own = record[record["file"] == "employment/statement_03.xlsx"]
    worker = own["worker_id"].unique()
    assert len(worker) == 1
    assert worker[0] in set(world.award["worker_id"])
    person = world.worker.set_index("worker_id").loc[worker[0]]
    assert rows[1][0].startswith(f"姓名：{person['name']} 社保电脑号：99")
    assert rows[1][0].endswith(f"身份证号：{person['resident_id']}")
    data = [rows[number - 1] for number in own["row"]]
    listed = {(f"{row[0]}{row[1]}", row[2], str(row[3])) for row in data}
    mine = months[months["AAC001"].isin([person["insurance_no"], person["second_no"]])]
    paid = mine[mine["AAE079"] != "退费"]
    assert listed == set(zip(paid["AAE003"], paid["AAB001"], paid["AAE180"], strict=True))
    assert rows[len(data) + 4][0] == "合计"
    assert {row[0] for row in rows[len(data) + 7 :]} == {row[2] for row in data}
