"""Raw folders as clerks leave them.

The CSV texts of tests/unit/fixtures and a roster workbook drawn here.
"""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from zgzx_research.cleaning.cleaned import Cleaned
from zgzx_research.cleaning.sources import clean
from zgzx_research.ingest.read import read_raw

TEXTS = Path(__file__).parents[1] / "fixtures" / "raw_files"
SECRET_KEY = b"a key for the tests"
ENCODINGS = {
    "registry/registry.csv": "gb18030",
    "employment/spells.csv": "utf-8-sig",
    "patents/cnipa_first.csv": "utf-8-sig",
    "patents/cnipa_second.csv": "gb18030",
}
ROSTER_ROWS = [
    ['龙岗区第九届"职工之星"获奖名单'],
    ["样例总工会　2021年3月"],
    [
        "序号",
        "个人信息",
        None,
        None,
        None,
        "工作单位",
        "所属街道（行业）工会",
        "岗位/职务",
        "联系电话",
        "备注",
    ],
    [None, "姓名", "性别", "出生年月", "身份证号码", None, None, None, None, None],
    ["一、职工创新之星（4名）"],
    [
        1,
        "甄　试样",
        "女 ",
        1990.3,
        "990000199003071235",
        "鸿远精密",
        "龙城街道总工会",
        "工程师",
        19900001111,
        None,
    ],
    [
        2,
        "歐陽測",
        "男",
        "1979年1月",
        "'9900**********7776",
        "鴻達電子有限公司",
        "坂田街道",
        None,
        "+86 199-0000-2222",
        None,
    ],
    [
        3,
        "司徒验",
        "男",
        32192,
        990000198802290085,
        "样例五金⻰岗分公司",
        "电子行业工会联合会",
        None,
        None,
        None,
    ],
    [4, "贾样本", "男", "1990.1", "990000198506150011", "样例五金", "平湖街道", None, "待补", None],
    ["二、班组管理之星（3个）"],
    [
        5,
        "甄试样、贾样本;欧阳测",
        None,
        None,
        "990000199003071235、990000198506150010、990000197901017776",
        "鸿远精密",
    ],
    [6, "贾一、贾二", None, None, "990000199003071235", "样例五金"],
    [7, "精密加工一班", None, None, None, "样例五金"],
    [8, None, None, None, None, "样例五金"],
    ["三、职工风采之星（1名）"],
    [9, "司徒验", None, None, None, "样例五金"],
    ["四、职工才艺之星（2名）"],
    [10, "甄才", None, "1985-06", "990000850615001", "样例五金", None, None, None, None, "请核对"],
    [11, "甄才", None, "1985-06", "990000850615001", "样例五金"],
    ["备注：以上排名不分先后"],
    ["填表人：甄填表", None, "审核人：甄审核"],
]


def write_raw(folder: Path) -> Path:
    for name, encoding in ENCODINGS.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((TEXTS / path.name).read_text(encoding="utf-8").encode(encoding))
    (folder / "roster").mkdir()
    roster_book().save(folder / "roster" / "a.xlsx")
    return folder


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Raw files that a test may change."""
    return write_raw(tmp_path)


def roster_book() -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "获奖名单"
    for row in ROSTER_ROWS:
        sheet.append(row)
    for area in ("A1:J1", "A2:J2", "A3:A4", "B3:E3", "F3:F4", "G3:G4", "H3:H4", "I3:I4", "J3:J4"):
        sheet.merge_cells(area)
    for row, cells in enumerate(ROSTER_ROWS, start=1):
        if row > 4 and len(cells) == 1:
            sheet.merge_cells(f"A{row}:J{row}")
    hidden = book.create_sheet("旧稿")
    hidden.append(["姓名", "单位"])
    hidden.append(["甄旧稿", "样例五金"])
    hidden.sheet_state = "hidden"
    book.create_sheet("Sheet3")
    return book


@pytest.fixture(scope="session")
def cleaned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Cleaned]:
    """What the raw files come to; tests must not change it."""
    raw = write_raw(tmp_path_factory.mktemp("raw"))
    sources = ("roster", "registry", "employment", "patents")
    return {source: clean(read_raw(raw, source), source, key=SECRET_KEY) for source in sources}
