"""`zgzx init`: make the study file, raw folders, and a note and blank workbooks for the clerk."""

from __future__ import annotations

import io
import itertools
import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from zgzx_research.atomic import write_whole
from zgzx_research.errors import ZgzxError
from zgzx_research.pipeline import store
from zgzx_research.pipeline.place import SOURCES
from zgzx_research.study import check_name

HERE = Path(__file__).parent
README = "请先读我.md"  # beside the sources' folders, where nothing is read
TEMPLATES = "templates"
ROWS = 2000  # below the heading that have a drop-down list
DATE = datetime(2000, 1, 1)  # equal bytes each time
# What the demo's file says about the demo alone: a new study must say these itself, or leave them
# out. (section, key); of the section "value" everything.
OF_THE_DEMO = {("study", "date"), ("study", "author"), ("patents", "truncation")}
HEAD = """\
# The study {name}, begun from the demo's file. Read every line; change what is not so in your data.
# Values that only held for the demo are comments; write your own, or leave them out. Nothing works
# before [study] years, [patents] truncation and [privacy] key_file are set (docs/new-year.zh.md).
"""


def init_study(root: Path, name: str) -> list[str]:
    """Make a study: its file from the demo's, folders, blank workbooks, and an empty `links.csv`.

    Parameters
    ----------
    root : Path
        The project folder.
    name : str
        The study.

    Returns
    -------
    list of str
        Files that were written, from the project folder.

    Raises
    ------
    ZgzxError
        A wrong name, or a study of that name exists.
    """
    from zgzx_research.link.decisions import COLUMNS

    path = root / "studies" / f"{check_name(name)}.toml"
    if path.exists():
        raise ZgzxError(
            "there is such a study already",
            where=f"studies/{name}.toml",
            remedy="Edit it, or choose a name.",
        )

    raw = root / "data" / "raw" / name
    for source in SOURCES:
        (raw / source).mkdir(parents=True, exist_ok=True)
    files = [raw / README, *write_templates(raw / TEMPLATES)]
    note = (HERE / "clerk_readme.md").read_text(encoding="utf-8")
    store.write_text(files[0], note.format(name=name, templates=TEMPLATES))

    links = root / "data" / "decisions" / name / "links.csv"
    if not links.exists():
        write_whole(links, (",".join(COLUMNS) + "\n").encode("utf-8-sig"))

    demo = (root / "studies/demo.toml").read_text(encoding="utf-8")
    named = demo.replace('name = "demo"', f'name = "{name}"')
    text = _without_demo(named.replace("data/raw/demo/raw", f"data/raw/{name}"), name)
    store.write_text(path, text)  # last, so that a study that exists is complete
    return [file.relative_to(root).as_posix() for file in (path, *files, links)]


def _without_demo(text: str, name: str) -> str:
    """Turn what holds for the demo alone into comments, and replace the lines that describe it."""
    body = list(itertools.dropwhile(lambda line: line.startswith("#"), text.splitlines()))
    lines, section = [], ""
    for line in body:
        if line.startswith("["):
            section = line[1 : line.index("]")]
        key = line.partition("=")[0].strip()
        own = section.partition(".")[0] == "value" or (section, key) in OF_THE_DEMO
        lines.append(f"# {line}" if own and line.strip() else line)
    return HEAD.format(name=name) + "\n".join(lines) + "\n"


def templates() -> dict[str, Any]:
    """Read `clerk_templates.toml`: kinds of columns, and workbooks with source and columns."""
    return tomllib.loads((HERE / "clerk_templates.toml").read_text(encoding="utf-8"))


def write_templates(folder: Path) -> list[Path]:
    """Write the blank workbooks, `<source>_<name>.xlsx` each."""
    known = templates()
    written = []
    for template in known["template"]:
        path = folder / f"{template['source']}_{template['file']}.xlsx"
        written.append(write_whole(path, _workbook(template, known["kinds"])))
    return written


def _workbook(template: Mapping[str, Any], kinds: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Make a workbook with headings; cells are text, so codes and dates stay as typed."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": DATE})
        sheet = book.add_worksheet(template["file"])
        head = book.add_format(
            {"bold": True, "bg_color": "#E8EEF4", "text_wrap": True, "border": 1}
        )
        text = book.add_format({"num_format": "@"})
        for column, (heading, kind) in enumerate(template["columns"]):
            width = max(12, 2 * len(heading) + 4)
            sheet.set_column(column, column, width, text if kind != "number" else None)
            sheet.write_string(0, column, heading, head)
            rule = _validation(heading, kinds[kind])
            if rule:
                sheet.data_validation(1, column, ROWS, column, rule)
        sheet.freeze_panes(1, 0)
    return buffer.getvalue()


def _validation(heading: str, kind: Mapping[str, Any]) -> dict[str, Any]:
    """Return a drop-down list, or a hint shown when the cell is chosen; nothing for plain text."""
    if "choices" in kind:
        wrong = {"error_title": heading, "error_message": "请从下拉框里选。"}
        return {"validate": "list", "source": list(kind["choices"]), **wrong}
    if kind["prompt"]:
        return {"validate": "any", "input_title": heading[:32], "input_message": kind["prompt"]}
    return {}
