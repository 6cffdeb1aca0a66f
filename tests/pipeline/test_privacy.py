"""No name, ID or phone of a person, and no key, in anything a run leaves behind."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from zgzx_research.cleaning.secret_key import SYNTHETIC_KEY
from zgzx_research.cli import app
from zgzx_research.ingest.read import RawTable
from zgzx_research.pipeline import privacy
from zgzx_research.pipeline.personal_data import Secrets, collect_secrets
from zgzx_research.pipeline.privacy import scan

ROOT = Path(__file__).parents[2]
KEY = b"a key of a test, 32 bytes long.."
PLANTED = {
    "name": "甄拟样",
    "resident ID": "99000019900307123X",
    "phone": "19900001111",
    "insurance number": "990000001",
    "pseudonym key": KEY.decode(),
}
SECRETS = Secrets(
    frozenset({"甄拟样", "高明", "王平", "平五金"}),
    {number: kind for kind, number in PLANTED.items() if number[:2] in ("99", "19")},
    (KEY, KEY.hex().encode()),
    frozenset({"王平五金厂", "高明"}),
    frozenset({"王平", "平五", "五金", "高明"}),
)


def parquet(path: Path, text: str) -> None:
    pd.DataFrame({"text": ["nothing", text]}).to_parquet(path.with_suffix(".parquet"))


def dictionary(path: Path, text: str) -> None:
    """A category that stands in no row any more."""
    texts = pd.Series(["nothing", text], dtype="category")
    pd.DataFrame({"text": texts[:1]}).to_parquet(path.with_suffix(".parquet"))


def log(path: Path, text: str) -> None:
    path.with_suffix(".log").write_text(f"step 1\n{text}\n", encoding="utf-8")


def notebook(path: Path, text: str) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": [f"{text}\n"]}
    cell = {
        "cell_type": "code",
        "source": "",
        "outputs": [output],
        "metadata": {},
        "execution_count": 1,
    }
    content = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.with_suffix(".ipynb").write_text(json.dumps(content, ensure_ascii=True), encoding="utf-8")


def page(path: Path, text: str) -> None:
    escaped = "".join(f"&#{ord(sign)};" for sign in text)
    path.with_suffix(".html").write_text(f"<p>{escaped}</p>", encoding="utf-8")


def workbook(path: Path, text: str) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["x", text])
    book.save(path.with_suffix(".xlsx"))


def document(path: Path, text: str) -> None:
    halves = f"<w:r><w:t>{text[:2]}</w:t></w:r><w:r><w:t>{text[2:]}</w:t></w:r>"
    with zipfile.ZipFile(path.with_suffix(".docx"), "w") as archive:
        archive.writestr("word/document.xml", f"<w:document><w:p>{halves}</w:p></w:document>")


@pytest.mark.parametrize("write", [parquet, dictionary, log, notebook, page, workbook, document])
@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_secret_is_found(
    tmp_path: Path, write: Callable[[Path, str], None], kind: str
) -> None:
    write(tmp_path / "planted", f"由{PLANTED[kind]}填写" if kind == "name" else PLANTED[kind])
    found = scan([tmp_path], SECRETS).findings
    assert {finding.kind for finding in found} == {kind}
    assert not any(PLANTED[kind] in finding.masked for finding in found)


@pytest.mark.parametrize("write", [parquet, dictionary, log, notebook, page, workbook, document])
@pytest.mark.parametrize(
    "text",
    [
        "王平五金厂",
        "王平五金",
        "厂长说王平好",
        "高明",
        "0.19900001111",
        "19900001111.5",
        "a19900001111",
        "919900001111",
        "王拟",
        "甄 拟",
    ],
)
def test_what_only_looks_like_a_person_is_left_alone(
    tmp_path: Path, write: Callable[[Path, str], None], text: str
) -> None:
    write(tmp_path / "planted", text)
    result = scan([tmp_path], SECRETS)
    assert (result.read, result.findings) == (1, [])


def test_a_name_inside_a_known_text_is_found_in_another() -> None:
    assert kinds_in("由平五金填写") == ["name"]
    assert kinds_in("平五金") == ["name"]
    assert kinds_in("王平") == ["name"]
    assert kinds_in("王平五金厂（由平五金填写）") == ["name"]


def kinds_in(text: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        log(Path(folder) / "planted", text)
        return [finding.kind for finding in scan([Path(folder)], SECRETS).findings]


def test_whole_numbers_in_columns_of_numbers_are_found(tmp_path: Path) -> None:
    pd.DataFrame({"a": [19900001111, 5], "b": [990000001.0, 0.5]}).to_parquet(
        tmp_path / "planted.parquet"
    )
    assert [(f.place, f.kind) for f in scan([tmp_path], SECRETS).findings] == [
        ("a", "phone"),
        ("b", "insurance number"),
    ]


def test_names_of_files_count_and_pictures_are_named(tmp_path: Path) -> None:
    (tmp_path / "甄拟样.txt").write_text("", encoding="utf-8")
    (tmp_path / "figure.pdf").write_bytes(b"%PDF")
    result = scan([tmp_path, tmp_path / "absent"], SECRETS)
    assert [(f.place, f.kind) for f in result.findings] == [("name", "name")]
    assert result.not_read == ["figure.pdf"]


@pytest.fixture(scope="module")
def secrets(built: Path) -> Secrets:
    """As `zgzx scan` collects them, with the key of these tests."""
    return collect_secrets(built, built / "data/raw/demo/raw", KEY)


@pytest.mark.slow
def test_persons_of_every_source_are_looked_for(
    raw_tables: dict[str, list[RawTable]], secrets: Secrets
) -> None:
    assert set(secrets.numbers.values()) == {"resident ID", "phone", "insurance number"}
    columns = {"patents": "inventors"} | dict.fromkeys(
        ("roster", "employment", "scores", "programmes"), "person_name"
    )
    for source, column in columns.items():
        cells = pd.concat(
            [table.rows[column].dropna() for table in raw_tables[source] if column in table.rows]
        )
        texts = (
            cells.drop_duplicates()
            .str.split("[;；、]")
            .explode()
            .str.replace(r"\s", "", regex=True)
        )
        people = texts[
            texts.str.fullmatch("[\u3400-\u9fff]{3,4}") & texts.str[1:].str.contains("拟")
        ]
        assert len(people) > 20
        assert set(people) <= secrets.names


@pytest.mark.slow
def test_nothing_personal_is_left_behind_in_stages(built: Path, secrets: Secrets) -> None:
    """What `zgzx scan` finds in the stage files.

    `tests/browser` scans the finished reports as well.
    """
    result = scan(
        [built / "data/work/demo", built / "reports/demo", built / "notebooks"], secrets, built
    )
    assert result.findings == []
    assert result.read > 40


@pytest.mark.slow
@pytest.mark.parametrize("write", [parquet, dictionary, log, notebook, page, workbook, document])
def test_real_secrets_of_the_demo_are_found(
    tmp_path: Path, secrets: Secrets, write: Callable[[Path, str], None]
) -> None:
    number = {kind: number for number, kind in sorted(secrets.numbers.items())}
    write(
        tmp_path / "planted",
        f"由{min(secrets.names)}填写，{' '.join(number.values())}，{KEY.decode()}",
    )
    kinds = {finding.kind for finding in scan([tmp_path], secrets).findings}
    assert kinds == {"name", "pseudonym key", *number}


@pytest.mark.slow
def test_the_command_ends_with_2_and_masks(
    built: Path, copy_of: Callable[[Path], Path], secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = copy_of(built)
    for stage in ("clean", "link", "panels"):  # without persons, as the test above has seen
        shutil.rmtree(project / "data/work/demo" / stage)
    monkeypatch.chdir(project)
    # the raw files are the same, and have been read once
    monkeypatch.setattr(privacy, "collect_secrets", lambda *_: replace(secrets, keys=()))
    assert CliRunner().invoke(app, ["scan", "demo"]).exit_code == 0
    name = min(secrets.names)
    (project / "data/work/demo/run.log").write_text(f"由{name}填写", encoding="utf-8")
    result = CliRunner().invoke(app, ["scan", "demo"])
    assert result.exit_code == 2
    assert "data/work/demo/run.log" in result.output
    assert name not in result.output


def test_the_public_key_of_synthetic_worlds_is_no_secret(tmp_path: Path) -> None:
    assert collect_secrets(ROOT, tmp_path, SYNTHETIC_KEY).keys == ()
