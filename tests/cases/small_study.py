"""A small study: the blank workbooks of `zgzx init`, filled in with invented people."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from openpyxl import load_workbook

from zgzx_research.pipeline.new_study import TEMPLATES, init_study, templates
from zgzx_research.simulate.world.identities import (
    application_numbers,
    brands,
    credit_codes,
    resident_ids,
)

ROOT = Path(__file__).parents[2]
NAME = "small"
YEARS = (2019, 2024)
EDITIONS = {9: 2021, 10: 2023}
FIRMS, WINNERS, STAFF = 60, 8, 8  # firms; winning firms of an edition; persons insured at a firm
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈", "甲乙丙丁戊己庚辛壬癸"


class World:
    """Firms, persons and codes of the small study, the same each time."""

    def __init__(self) -> None:
        rng = np.random.default_rng(7)
        self.codes = list(credit_codes(rng, FIRMS))
        self.firms = [f"深圳市{brand}科技有限公司" for brand in brands(rng, FIRMS)]
        count = FIRMS * STAFF
        born = np.datetime64("1980-01-01") + rng.integers(0, 7000, count).astype("timedelta64[D]")
        self.ids = list(resident_ids(born, rng.integers(0, 2, count)))
        self.names = [
            SURNAMES[n % 10] + GIVEN[n // 10 % 10] + GIVEN[n // 100] for n in range(count)
        ]
        self.ends = rng.choice(
            ["201906", "202009", "202203", "202306", "202503", ""], count, p=[0.1] * 5 + [0.5]
        )
        self.filed = rng.poisson(1.0, (FIRMS, 6))

    def winners(self, edition: int) -> range:
        """Firms that win in an edition."""
        first = 0 if edition == 9 else WINNERS
        return range(first, first + WINNERS)

    def roster(self, edition: int) -> list[list[object]]:
        """Rows of the roster's workbook."""
        categories = ("职工创新之星", "班组管理之星", "职工才艺之星", "职工技能之星")
        return [
            [
                f"第{edition}届",
                categories[firm % 4],
                self.names[firm * STAFF],
                "男",
                "",
                self.ids[firm * STAFF],
                self.firms[firm],
                "龙城街道",
            ]
            for firm in self.winners(edition)
        ]

    def registry(self) -> list[list[object]]:
        """Rows of the registry's workbook."""
        rows = zip(self.codes, self.firms, strict=True)
        return [
            [code, firm, "", "2010-03-01", "", "存续", "龙城街道", "", "3972", 20, "小型", "否"]
            for code, firm in rows
        ]

    def employment(self) -> list[list[object]]:
        """Rows of the workbook of insurance by spells."""
        return [
            [
                f"99{person:07d}",
                self.names[person],
                self.ids[person],
                f"9{person // STAFF:07d}",
                self.firms[person // STAFF],
                self.codes[person // STAFF],
                "201501",
                self.ends[person],
            ]
            for person in range(FIRMS * STAFF)
        ]

    def patents(self) -> list[list[object]]:
        """Rows of the workbook of patents: inventions and utility models in turn."""
        rows, serial = [], 0
        for (firm, year), count in np.ndenumerate(self.filed):
            for number in range(count):
                kind, serial = 1 + number % 2, serial + 1
                filed = YEARS[0] + year
                app = application_numbers(np.array([filed]), np.array([kind]), np.array([serial]))[
                    0
                ]
                day = f"{filed}-05-0{1 + serial % 9}"
                rows.append(
                    [
                        app,
                        day,
                        f"CN{900000000 + serial}A",
                        f"{filed + 1}-08-01",
                        "",
                        ["发明", "实用新型"][kind - 1],
                        f"装置{serial}",
                        self.firms[firm],
                        self.names[firm * STAFF],
                        "",
                    ]
                )
        return rows

    def scores(self, edition: int, stage: str) -> list[list[object]]:
        """Rows of a score sheet: the winners and as many who went no further."""
        rows = []
        for rank, firm in enumerate([*self.winners(edition), *range(30, 30 + WINNERS)], start=1):
            points = [95 - rank] * 7
            won = "是" if rank <= WINNERS else "否"
            rows.append(
                [
                    f"第{edition}届",
                    "职工技能之星",
                    stage,
                    self.names[firm * STAFF],
                    self.firms[firm],
                    *points,
                    95 - rank,
                    rank,
                    won,
                ]
            )
        return rows

    def craftsmen(self) -> list[list[object]]:
        """Rows of the list of craftsmen."""
        return [[self.names[n * STAFF + 1], self.firms[n], "龙岗工匠", "2021"] for n in range(12)]


def fill(template: Path, out: Path, rows: Sequence[Sequence[object]]) -> Path:
    """A blank workbook filled in below its headings."""
    book = load_workbook(template)
    sheet = book.worksheets[0]
    for number, row in enumerate(rows, start=2):
        for column, cell in enumerate(row, start=1):
            if cell != "":
                sheet.cell(number, column, cell)
    book.save(out)
    return out


def blank(project: Path, file: str) -> Path:
    """A blank workbook of the study by the name of its kind."""
    source = next(entry["source"] for entry in templates()["template"] if entry["file"] == file)
    return project / "data/raw" / NAME / TEMPLATES / f"{source}_{file}.xlsx"


def make_small_study(
    folder: Path, *, sources: Sequence[str] = ("employment", "patents", "scores", "programmes")
) -> Path:
    """A project with the small study.

    Rosters and registry, and of the other sources those named.
    """
    project = folder / "project"
    shared = "notebooks data/published data/examples requirements.lock pyproject.toml"
    for name in shared.split():
        target = project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, target)
    (project / "studies").mkdir()
    shutil.copy(ROOT / "studies/demo.toml", project / "studies")
    init_study(project, NAME)
    key = folder / "secret.key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o600)
    text = (project / f"studies/{NAME}.toml").read_text(encoding="utf-8")
    own = {
        "[2010, 2025]": str(list(YEARS)),
        "# truncation = 2026-03-31": "truncation = 2026-03-31",
        '# key_file = "~/keys/zgzx.key"': f'key_file = "{key}"',
    }
    for words, ours in own.items():
        text = text.replace(words, ours)
    write_study(project, text)
    _fill(project, World(), sources)
    return project


def write_study(project: Path, text: str) -> None:
    """The study file with this text."""
    (project / f"studies/{NAME}.toml").write_text(text, encoding="utf-8")


def change_study(project: Path, *changes: tuple[str, str]) -> None:
    """The study file with patterns replaced, each of which must be there."""
    text = (project / f"studies/{NAME}.toml").read_text(encoding="utf-8")
    for pattern, new in changes:
        text, count = re.subn(pattern, new, text)
        assert count, pattern
    write_study(project, text)


def _fill(project: Path, world: World, sources: Sequence[str]) -> None:
    raw = project / "data/raw" / NAME
    for edition in EDITIONS:
        fill(blank(project, "获奖名单"), raw / f"roster/{edition}.xlsx", world.roster(edition))
        if "scores" in sources:
            for number, stage in enumerate(("初赛", "决赛")):
                out = raw / f"scores/{edition}_{number}.xlsx"
                fill(blank(project, "评分表"), out, world.scores(edition, stage))
    fill(blank(project, "企业登记"), raw / "registry/firms.xlsx", world.registry())
    if "employment" in sources:
        fill(
            blank(project, "参保记录_起止年月"), raw / "employment/spells.xlsx", world.employment()
        )
    if "patents" in sources:
        fill(blank(project, "专利申请"), raw / "patents/patents.xlsx", world.patents())
    if "programmes" in sources:
        fill(blank(project, "工匠名单"), raw / "programmes/craftsmen.xlsx", world.craftsmen())
