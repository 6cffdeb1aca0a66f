"""Files of hostile size, made on the spot: small on disk, or large in one dimension."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HEADER = "统一社会信用代码,企业名称,成立日期,从业人数"
ROW = "91449900MA5EQ102X0,深圳市拟样有限公司,2001-1-1,5"
CELLS = HEADER.split(",")
SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:%s:1.0"
MEASURE = """
import json, re, sys, time
from pathlib import Path
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import read_raw
import openpyxl, pyarrow.csv, pandas
begin = time.perf_counter()
try:
    tables = read_raw(Path(sys.argv[1]), "registry")
    said = f"read {sum(len(table.numbers) for table in tables)}"
except ZgzxError as problem:
    said = str(problem)
seconds = time.perf_counter() - begin
# not ru_maxrss: a child begins with the peak of its parent
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
print(json.dumps([said, seconds, peak]))
"""


@dataclass(frozen=True)
class Measured:
    """What reading a folder said, and took.

    Seconds, and bytes at the peak of a process of its own.
    """

    said: str
    seconds: float
    peak: int


def measure(folder: Path, timeout: float = 120) -> Measured:
    command = [sys.executable, "-c", MEASURE, str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    if result.returncode:
        return Measured(f"died with {result.returncode}: {result.stderr[-300:]}", -1, -1)
    said, seconds, peak = json.loads(result.stdout.splitlines()[-1])
    return Measured(said, seconds, peak)


def inline_row(number: int, texts: list[str]) -> str:
    cells = "".join(
        f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{text}</t></is></c>'
        for place, text in enumerate(texts)
    )
    return f'<row r="{number}">{cells}</row>'


TOP = inline_row(1, CELLS) + inline_row(2, ROW.split(","))


def xlsx(path: Path, sheets: list[str], others: dict[str, bytes] | None = None) -> None:
    """A minimal workbook: `sheets` are the contents of <sheetData>, `others` further parts."""
    listed = "".join(
        f'<sheet name="S{n}" sheetId="{n}" r:id="rId{n}"/>' for n in range(1, len(sheets) + 1)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    extra = {"xl/sharedStrings.xml": "sharedStrings", "xl/styles.xml": "styles"}
    links += "".join(
        f'<Relationship Id="x{kind}" Type="{RELATIONS}/{kind}" Target="{part[3:]}"/>'
        for part, kind in extra.items()
        if part in (others or {})
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{RELATIONS}"><sheets>{listed}</sheets></workbook>',
        )
        package = "http://schemas.openxmlformats.org/package/2006/relationships"
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r1" Target="xl/workbook.xml" '
            f'Type="{RELATIONS}/officeDocument"/></Relationships>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}">{links}</Relationships>',
        )
        for number, content in enumerate(sheets, start=1):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", SHEET % content)
        for part, data in (others or {}).items():
            archive.writestr(part, data)


def ods(path: Path, rows: str, styles: str = "") -> None:
    """A minimal OpenDocument spreadsheet with one table."""
    names = "".join(
        f' xmlns:{name}="{OFFICE % name}"' for name in ("office", "table", "text", "style")
    )
    names += ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<office:document-content{names} office:version="1.2">'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f'<office:body><office:spreadsheet><table:table table:name="S">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", kind)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{OFFICE % "manifest"}">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
            "</manifest:manifest>",
        )
        archive.writestr("content.xml", content)


def ods_row(texts: list[str], repeated: int = 1) -> str:
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        for text in texts
    )
    return f'<table:table-row table:number-rows-repeated="{repeated}">{cells}</table:table-row>'


ODS_TOP = ods_row(CELLS) + ods_row(ROW.split(","))
FAR = '<c r="%s" t="inlineStr"><is><t>x</t></is></c>'


def million_commas(path: Path, count: int = 1_000_000) -> None:
    path.write_text(f"{HEADER}\n{ROW}\n{',' * count}\n{ROW}\n", encoding="utf-8")


def header_of_commas(path: Path, count: int = 1_000_000) -> None:
    path.write_text(f"{HEADER}{',' * count}\n{ROW}\n", encoding="utf-8")


def million_labels(path: Path, count: int = 1_000_000) -> None:
    path.write_text("栏," * count + "\n" + "1," * count + "\n", encoding="utf-8")


def quoted_commas(path: Path, count: int = 1_000_000) -> None:
    path.write_text(f'{HEADER}\n"{ROW}"\n{",".join(["x"] * count)}\n', encoding="utf-8")


def long_line(path: Path, size: int = 100_000_000) -> None:
    path.write_text(f"{HEADER}\n{ROW}\n{'x' * size}\n", encoding="utf-8")


def long_quoted_line(path: Path, size: int = 100_000_000) -> None:
    path.write_text(f'{HEADER}\n{ROW},"{"x" * size}"\n', encoding="utf-8")


def long_first_line(path: Path, size: int = 100_000_000) -> None:
    path.write_text(f"{'x' * size}\n{HEADER}\n{ROW}\n", encoding="utf-8")


def far_cell_in_row_one(path: Path, cell: str = "XFD1048576") -> None:
    xlsx(path, [f'{TOP}<row r="1">{FAR % cell}</row>'])


def far_row(path: Path, row: int = 1_048_575) -> None:
    xlsx(path, [f'{TOP}<row r="{row}">{FAR % f"Z{row}"}</row>'])


def far_row_and_column(path: Path) -> None:
    xlsx(path, [f'{TOP}<row r="3">{FAR % "XFD3"}</row><row r="3000">{FAR % "A3000"}</row>'])


def cells_without_place(path: Path, count: int = 1_000_000) -> None:
    row = "<row>" + "<c><v>1</v></c>" * count + "</row>"
    xlsx(path, [f"{TOP}{row}" + "<row><c><v>1</v></c></row>" * 100_000])


def far_cell_with_prefix(path: Path) -> None:
    xlsx(path, [TOP])
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    body = (TOP + f'<row r="1">{FAR % "XFD1048576"}</row>').replace("</", "</x:")
    body = (
        body.replace("<row", "<x:row")
        .replace("<c ", "<x:c ")
        .replace("<is>", "<x:is>")
        .replace("<t>", "<x:t>")
    )
    sheet = f'<x:worksheet xmlns:x="{main}"><x:sheetData>{body}</x:sheetData></x:worksheet>'
    replace_part(path, "xl/worksheets/sheet1.xml", sheet.encode())


def replace_part(path: Path, name: str, data: bytes) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, old in parts.items():
            archive.writestr(part, data if part == name else old)


def many_sheets(path: Path, count: int = 1_000_000) -> None:
    """A workbook that lists a sheet a million times: all of them the same part."""
    xlsx(path, [TOP])
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    listed = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="rId1"/>' for n in range(count))
    text = f'<workbook xmlns="{main}" xmlns:r="{RELATIONS}"><sheets>{listed}</sheets></workbook>'
    replace_part(path, "xl/workbook.xml", text.encode())


def many_parts(path: Path, count: int = 200_000) -> None:
    xlsx(path, [TOP])
    with zipfile.ZipFile(path, "a") as archive:
        for part in range(count):
            archive.writestr(f"xl/media/{part}", b"")


def huge_shared_strings(path: Path, size: int = 900_000_000) -> None:
    text = b"<si><t>" + b"x" * 993 + b"</t></si>"
    start = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    xlsx(path, [TOP], {"xl/sharedStrings.xml": start + text * (size // len(text)) + b"</sst>"})


def many_shared_strings(path: Path, size: int = 900_000_000) -> None:
    start = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    text = b"<si><t/></si>"
    xlsx(path, [TOP], {"xl/sharedStrings.xml": start + text * (size // len(text)) + b"</sst>"})


def long_shared_string(path: Path, size: int = 900_000_000) -> None:
    start = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
    xlsx(path, [TOP], {"xl/sharedStrings.xml": start + b"x" * size + b"</t></si></sst>"})


def deep_zip(path: Path, levels: int = 5, size: int = 100_000_000) -> None:
    """Zips within zips: nobody unpacks the inner ones, so only the outer level counts."""
    data = bytes(size)
    for level in range(levels):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for copy in range(4):
                archive.writestr(f"{level}.{copy}.zip", data)
        data = buffer.getvalue()
    xlsx(path, [TOP], {"xl/media/bomb.zip": data})


def zip_bomb(path: Path, size: int = 1_000_000_000) -> None:
    """A sheet of one gigabyte of rows that say nothing."""
    row = b'<row r="3"><c r="A3"/></row>'
    xlsx(path, [TOP])
    start, end = (SHEET % TOP).encode().split(b"</sheetData>")
    replace_part(
        path, "xl/worksheets/sheet1.xml", start + row * (size // len(row)) + b"</sheetData>" + end
    )


def deep_xml(path: Path, depth: int = 1_000_000) -> None:
    xlsx(path, [TOP + "<row r='3'>" + "<c>" * depth + "</c>" * depth + "</row>"])


def entities(path: Path) -> None:
    """A billion laughs: entities that unfold to others."""
    lines = ['<!ENTITY a0 "ha">'] + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    xlsx(path, [TOP])
    text = '<?xml version="1.0"?><!DOCTYPE x [' + "".join(lines) + "]>"
    with zipfile.ZipFile(path) as archive:
        book = archive.read("xl/workbook.xml").decode()
    replace_part(path, "xl/workbook.xml", (text + book.replace('"S1"', '"&a9;"')).encode())


def ods_repeated_cell(path: Path, count: int = 1_000_000_000) -> None:
    cell = (
        f'<table:table-cell table:number-columns-repeated="{count}" office:value-type="string">'
        "<text:p>x</text:p></table:table-cell>"
    )
    ods(path, f"{ODS_TOP}<table:table-row>{cell}</table:table-row>")


def ods_repeated_row(path: Path, count: int = 1_000_000_000) -> None:
    ods(path, ODS_TOP + ods_row(["x"], repeated=count))


def ods_repeated_both(path: Path, count: int = 16_384, rows: int = 1_048_576) -> None:
    cell = (
        f'<table:table-cell table:number-columns-repeated="{count}" office:value-type="string">'
        "<text:p>x</text:p></table:table-cell>"
    )
    ods(
        path,
        f'{ODS_TOP}<table:table-row table:number-rows-repeated="{rows}">{cell}</table:table-row>',
    )


def ods_far_cell(path: Path) -> None:
    """Blank cells repeated, then a filled one."""
    blank = (
        '<table:table-row table:number-rows-repeated="1048000">'
        "<table:table-cell/></table:table-row>"
    )
    far = '<table:table-row><table:table-cell table:number-columns-repeated="16000"/>'
    far += '<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'
    ods(path, f"{ODS_TOP}{blank}{far}</table:table-row>")


def ods_spaces(path: Path) -> None:
    """<text:s text:c="…"/> stands for so many blanks."""
    text = '<text:p>x<text:s text:c="2000000000"/></text:p>'
    cell = f'<table:table-cell office:value-type="string">{text}</table:table-cell>'
    ods(path, f"{ODS_TOP}<table:table-row>{cell}</table:table-row>")


def ods_blank_to_the_end(path: Path) -> None:
    """What LibreOffice writes: blank rows and columns to the last, which are no rows.

    This is a good file.
    """
    blank = '<table:table-cell table:number-columns-repeated="16384"/>'
    ods(
        path,
        f'{ODS_TOP}<table:table-row table:number-rows-repeated="1048574">{blank}</table:table-row>',
    )


def xls_far_cell(path: Path) -> None:
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    for place, text in enumerate(CELLS):
        sheet.write(0, place, text)
    for place, text in enumerate(ROW.split(",")):
        sheet.write(1, place, text)
    sheet.write(65_534, 255, "x")
    book.save(str(path))


HOSTILE: dict[str, tuple[str, Callable[[Path], None]]] = {
    name: (ending, make)
    for ending, makers in {
        "csv": (
            million_commas,
            header_of_commas,
            million_labels,
            quoted_commas,
            long_line,
            long_quoted_line,
            long_first_line,
        ),
        "xlsx": (
            far_cell_in_row_one,
            far_row,
            far_row_and_column,
            cells_without_place,
            far_cell_with_prefix,
            many_sheets,
            many_parts,
            huge_shared_strings,
            many_shared_strings,
            long_shared_string,
            deep_zip,
            zip_bomb,
            deep_xml,
            entities,
        ),
        "ods": (
            ods_repeated_cell,
            ods_repeated_row,
            ods_repeated_both,
            ods_far_cell,
            ods_spaces,
            ods_blank_to_the_end,
        ),
        "xls": (xls_far_cell,),
    }.items()
    for make in makers
    for name in (make.__name__,)
}


if __name__ == "__main__":
    import tempfile

    for name in sys.argv[1:] or HOSTILE:
        ending, make = HOSTILE[name]
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "registry").mkdir()
            make(Path(folder) / "registry" / f"a.{ending}")
            try:
                found = measure(Path(folder))
            except subprocess.TimeoutExpired:
                found = Measured("more than two minutes", 120, -1)
        print(  # noqa: T201
            f"{name:22} {found.seconds:6.1f} s {found.peak / 1e6:7.0f} MB  {found.said[:200]}",
            flush=True,
        )
