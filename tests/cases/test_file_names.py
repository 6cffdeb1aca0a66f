"""Names of files and sheets are personal text.

Numbers everywhere, and one list beside the raw files.
"""

from __future__ import annotations

import json
import stat
from pathlib import Path

import openpyxl
import pytest

from zgzx_research.cleaning.audit_workbook import write_audit
from zgzx_research.cleaning.sources import clean
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest import file_numbers
from zgzx_research.ingest.file_numbers import LIST, is_listed, number_files, read_list
from zgzx_research.ingest.read import read_raw
from zgzx_research.pipeline import manifest
from zgzx_research.pipeline.personal_data import collect_secrets, names_in_file_names
from zgzx_research.pipeline.privacy import scan

SECRET_KEY = b"a key for the tests"
PERSON, PHONE = "甄明", "19900001234"
HEADER = "社保电脑号,姓名,身份证号,单位编号,单位名称,参保起始年月,参保终止年月\n"
ROW = "612345602,伍会,99030720000806812X,30011223,深圳市鸿远精密有限公司,202001,{end}\n"


def spells(folder: Path, name: str, end: str = "至今了") -> Path:
    """A file of social insurance; the end is unreadable, so the quarantine has an entry."""
    path = folder / "employment" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + ROW.format(end=end) + ROW.format(end="202112"), encoding="utf-8-sig")
    return path


def roster(folder: Path, name: str, sheet: str) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "封面"
    book.active.append(["说明"])
    rows = book.create_sheet(sheet)
    for cells in (
        ['龙岗区第九届"职工之星"获奖名单'],
        ["姓名", "工作单位", "奖项类别"],
        ["伍会", "鸿远精密", "技能之星"],
    ):
        rows.append(cells)
    path = folder / "roster" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def test_no_name_of_a_file_or_sheet_leaves_the_cleaning(tmp_path: Path) -> None:
    spells(tmp_path, f"{PERSON}-{PHONE}-社保.csv")
    roster(tmp_path, f"{PERSON}-获奖.xlsx", PERSON)
    texts = []
    for source in ("employment", "roster"):
        result = clean(read_raw(tmp_path, source), source, key=SECRET_KEY)
        assert len(result.quarantine) or source == "roster"
        frames = [*result.tables.values(), result.quarantine]
        texts += [
            *(frame.to_csv() for frame in frames),
            json.dumps(result.ledger, ensure_ascii=False),
        ]
        assert [entry["file"] for entry in result.ledger][-1] == f"{source}/001"
    assert not [text for text in texts if PERSON in text or PHONE in text]
    assert result.tables["roster"][["file", "sheet", "row"]].values.tolist() == [
        ["roster/001", "2", 3]
    ]


def test_the_list_is_for_the_owner_only_and_says_which_file_is_which(tmp_path: Path) -> None:
    spells(tmp_path, f"{PERSON}-社保.csv")
    read_raw(tmp_path, "employment")
    assert stat.S_IMODE((tmp_path / LIST).stat().st_mode) == 0o600
    assert read_list(tmp_path) == {f"employment/{PERSON}-社保.csv": "employment/001"}


def test_a_file_keeps_its_number_when_others_come_and_go(tmp_path: Path) -> None:
    second = spells(tmp_path, "乙.csv")
    read_raw(tmp_path, "employment")
    first = spells(tmp_path, "a.csv")  # before the other by name
    third = spells(tmp_path, "part/丙.csv")
    roster(tmp_path, "a.xlsx", "名单")
    assert [table.file for table in read_raw(tmp_path, "roster")] == ["roster/001", "roster/001"]
    assert number_files(tmp_path, [first, second, third]) == {
        second: "employment/001",
        first: "employment/002",
        third: "employment/003",
    }
    first.unlink()
    fourth = spells(tmp_path, "丁.csv")
    assert [table.file_name for table in read_raw(tmp_path, "employment")] == [
        "employment/乙.csv",
        "employment/part/丙.csv",
        "employment/丁.csv",
    ]
    assert number_files(tmp_path, [fourth]) == {fourth: "employment/004"}  # 002 is not given twice


def test_the_list_is_no_raw_file_and_changes_no_synthetic_status(tmp_path: Path) -> None:
    from zgzx_research.pipeline.store import file_digest

    path = spells(tmp_path, "a.csv")
    mark = {"notice": "", "files": {"employment/a.csv": file_digest(path)}}
    (tmp_path / manifest.MARK).write_text(json.dumps(mark), encoding="utf-8")
    assert len(read_raw(tmp_path, "employment")) == len(read_raw(tmp_path, "employment")) == 1
    numbers = number_files(tmp_path, [path])
    assert manifest.is_synthetic(tmp_path, list(numbers))
    assert manifest.unmarked(tmp_path, numbers) == []
    path.write_text("x", encoding="utf-8")
    assert manifest.unmarked(tmp_path, numbers) == ["employment/001"]


def test_a_folder_that_cannot_be_written_is_numbered_in_the_order_of_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ZgzxError("a file cannot be written") from PermissionError(13, "Permission denied")

    files = [spells(tmp_path, name) for name in ("b.csv", "a.csv")]
    monkeypatch.setattr(file_numbers, "write_whole", refuse)
    assert [table.file_name for table in read_raw(tmp_path, "employment")] == [
        "employment/a.csv",
        "employment/b.csv",
    ]
    assert list(number_files(tmp_path, files).values()) == ["employment/001", "employment/002"]
    assert not (tmp_path / LIST).exists()
    assert not is_listed(tmp_path, files)


@pytest.mark.parametrize(
    "text",
    [
        "number,name\r\nemployment/001,employment/a.csv\r\nemployment/001,employment/b.csv\r\n",
        "number,name\r\nemployment/x,employment/a.csv\r\n",
        "number,name\r\nregistry/001,employment/a.csv\r\n",
        "a,b,c\r\n1,2,3\r\n",
    ],
)
def test_a_damaged_list_is_refused(tmp_path: Path, text: str) -> None:
    spells(tmp_path, "a.csv")
    (tmp_path / LIST).write_text(text, encoding="utf-8-sig")
    with pytest.raises(
        ZgzxError, match=rf"{LIST}: the list of file numbers is damaged.*Bring back the list"
    ):
        read_raw(tmp_path, "employment")


def test_errors_while_reading_name_the_number_and_the_list(tmp_path: Path) -> None:
    path = roster(tmp_path, f"{PERSON}.xlsx", PERSON)
    book = openpyxl.load_workbook(path)
    book[PERSON]["B2"] = "所在地方"
    book.save(path)
    with pytest.raises(
        ZgzxError, match=rf"^roster/001, sheet 2, row 2: unknown header.*{LIST}"
    ) as caught:
        read_raw(tmp_path, "roster")
    assert PERSON not in str(caught.value)
    (tmp_path / "roster" / f"{PERSON}.{PERSON}").write_text("x", encoding="utf-8")
    with pytest.raises(
        ZgzxError, match=r"type that cannot be read, 1 affected, e\.g\. roster/002\. "
    ) as caught:
        read_raw(tmp_path, "roster")
    assert PERSON not in str(caught.value)


def test_the_audit_workbook_says_where_the_list_is(tmp_path: Path) -> None:
    spells(tmp_path, f"{PERSON}.csv")
    result = clean(read_raw(tmp_path, "employment"), "employment", key=SECRET_KEY)
    book = openpyxl.load_workbook(write_audit(result.quarantine, tmp_path / "audit.xlsx", {}))
    assert sum(LIST in str(cell.value) for (cell,) in book["说明"].iter_rows(max_col=1)) == 2
    cells = [str(cell.value) for row in book["employment"].iter_rows() for cell in row]
    assert "employment/001" in cells
    assert not [cell for cell in cells if PERSON in cell]


def test_the_manifest_has_numbers_and_is_compared_by_them(tmp_path: Path) -> None:
    raw = tmp_path / "data/raw/x"
    path, other = spells(raw, f"{PERSON}-{PHONE}.csv"), spells(raw, "b.csv")
    inputs = number_files(raw, [path, other])
    target = tmp_path / "data/work/x/manifest.json"
    settings = {"raw": {"path": "data/raw/x"}, "engine": {"name": "duckdb"}}
    manifest.write_manifest(
        tmp_path, target, inputs=inputs, outputs=[], settings=settings, stamp={}
    )
    text = target.read_text(encoding="utf-8")
    assert sorted(json.loads(text)["inputs"]) == ["employment/001", "employment/002"]
    assert PERSON not in text
    assert PHONE not in text
    assert manifest.verify_manifest(tmp_path, "x") == 2
    path.write_text("changed", encoding="utf-8")
    with pytest.raises(ZgzxError, match=rf"1 affected, e\.g\. {inputs[path]}") as caught:
        manifest.verify_manifest(tmp_path, "x")
    assert PERSON not in str(caught.value)


def test_what_the_task_runner_keeps_holds_no_name(tmp_path: Path) -> None:
    from zgzx_research.pipeline.build import Step, build

    raw, out = spells(tmp_path / "raw", f"{PERSON}-{PHONE}.csv"), tmp_path / "work/out.txt"
    ran: list[int] = []

    def run() -> None:
        ran.append(1)
        out.write_text(str(len(ran)), encoding="utf-8")

    step = Step("clean.x", run, (raw,), (out,), (), numbers={raw: "employment/001"})
    for times in (1, 1, 2):
        if times == 2:
            raw.write_text("changed", encoding="utf-8")
        build([step], tmp_path / "work", say=lambda line: None)
        assert len(ran) == times
    kept = b"".join(path.read_bytes() for path in (tmp_path / "work").rglob("*") if path.is_file())
    assert b"clean.x" in kept
    assert PHONE.encode() not in kept
    assert PERSON.encode() not in kept


def test_scan_looks_for_what_stands_in_names_of_files_and_sheets(tmp_path: Path) -> None:
    spells(tmp_path / "raw", f"尤平-{PHONE}-99000019900307123X.csv")
    roster(tmp_path / "raw", "贾远行获奖名单.xlsx", "厉行 612345678")
    secrets = collect_secrets(Path(__file__).parents[2], tmp_path / "raw", SECRET_KEY)
    assert {"尤平", "贾远行", "厉行"} <= secrets.names
    assert secrets.numbers[PHONE] == "phone"
    assert secrets.numbers["99000019900307123X"] == "resident ID"
    assert secrets.numbers["612345678"] == "insurance number"
    (tmp_path / "work").mkdir()
    (tmp_path / "work/ledger.json").write_text(
        json.dumps({"file": f"尤平-{PHONE}.csv"}), encoding="utf-8"
    )
    assert {(f.kind, f.masked) for f in scan([tmp_path / "work"], secrets).findings} == {
        ("name", "尤*"),
        ("phone", "199********"),
    }


def test_words_of_the_trade_and_firms_are_no_names_of_people() -> None:
    own, firms = {"社保缴费明细表", "获奖名单", "街道", "汇总"}, {"深圳市鸿远精密有限公司"}
    texts = [
        "employment/甄明社保缴费明细表.xlsx",
        "roster/2024获奖名单.xlsx",
        "鸿远精密",
        "汇总",
        "欧阳会明 街道",
        "王",
    ]
    assert names_in_file_names(texts, own, firms) == {"甄明", "欧阳会明"}
