"""No name, ID number or phone leaves the cleaning: not in tables, not in the quarantine, not in messages."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from zgzx_research.clean import quarantine, reasons
from zgzx_research.clean.cleaned import Cleaned
from zgzx_research.clean.sources import clean_source
from zgzx_research.errors import ZgzxError
from zgzx_research.ingest.read import read_source

KEY = b"a key for tests"
NAMES = [
    "甄试样", "欧阳测", "歐陽測", "司徒验", "贾样本", "贾一", "甄填表", "甄审核", "甄旧稿", "甄才", "甄䶮",
    "甄会明", "甄知行", "甄无号",
]  # fmt: skip
NUMBERS = [
    "990000199003071235", "990000197901017776", "990000198506150010", "990000198506150011", "990000880229008",
    "990000198802290085", "990000199212314563", "1235", "7776", "19900001111", "19900002222", "990000001", "990000007",
]  # fmt: skip


def everything(result: Cleaned) -> str:
    frames = [*result.tables.values(), result.quarantine]
    return "\n".join([*(frame.to_csv() for frame in frames), str(result.ledger)])


def test_nothing_planted_in_the_fixtures_comes_out(cleaned: dict[str, Cleaned]) -> None:
    for source, result in cleaned.items():
        text = everything(result).replace("CN201510123456", "")  # holds 1235 by chance
        keys = [column for table in result.tables.values() for column in table if column.endswith("_key")]
        assert keys or source == "registry"
        assert not [secret for secret in NAMES if secret in text]
        hidden = [secret for secret in NUMBERS if len(secret) > 4]
        assert not [secret for secret in hidden if secret in text]


@pytest.mark.parametrize("secret", ["甄试样", "990000199003071235", "19900001111"])
@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("registry", "{},样例五金,x,{},{},x,{},{},x,{},x,{},{},{},{}"),
        ("employment", "1,x,{},{},样例五金,{},{},{}"),
        ("patents", "{},{},{},{},x,x,{},{},x,x"),
        ("patents", "CN201510123456.1,2015.03.20,CN1A,{},x,x,样例公司;{},{},x,x"),
    ],
)
def test_secrets_typed_into_the_wrong_columns_stay_inside(raw: Path, source: str, line: str, secret: str) -> None:
    path = next(path for path in (raw / source).iterdir())
    header = path.read_bytes().split(b"\n")[0].decode("gb18030" if source == "registry" else "utf-8-sig")
    for other in (raw / source).iterdir():
        other.unlink()
    path.write_text(f"{header.strip()}\n{line.replace('{}', secret)}\n", encoding="utf-8")
    text = everything(clean_source(read_source(raw, source), source, KEY))
    if secret.isdigit() or source != "registry":  # a place is no person: the street's text is not judged
        assert secret not in text


def test_personal_columns_show_their_length_only() -> None:
    assert quarantine.mask("person_name", "甄试样") == "•••3"
    assert quarantine.mask("id_no", "990000199003071235") == "•••18"


@pytest.mark.parametrize(
    ("column", "text", "shown"),
    [
        ("founded", "2015.13.01", "2015.13.01"),
        ("founded", "甄试样", "•••"),
        ("capital", "50万美元", "50万美元"),
        ("uscc", "91449900MA5D000165", "91449900MA5D000165"),
        ("uscc", "ZHEN SHIYANG", "•••• •••••••"),
        ("uscc", "990000199003071235", "•••"),
        ("staff", "19900001111", "•••"),
        ("firm_name", "样例五金", "样例五金"),
    ],
)
def test_other_columns_show_harmless_characters(column: str, text: str, shown: str) -> None:
    assert quarantine.mask(column, text) == shown


def test_a_broken_schema_names_columns_and_no_values() -> None:
    frame = pd.DataFrame({name: ["甄试样"] for name in quarantine.SCHEMAS["patent"].columns}, dtype="str")
    with pytest.raises(RuntimeError, match="clean table patent breaks its own schema") as caught:
        quarantine.enforce(frame, "patent")
    assert "甄试样" not in str(caught.value)
    assert caught.value.__context__ is None or "甄试样" not in str(caught.value.__context__)


def test_errors_of_ingest_show_nobody(raw: Path) -> None:
    path = raw / "employment" / "spells.csv"
    path.write_bytes(b"\n".join(path.read_bytes().split(b"\n")[1:]))
    with pytest.raises(ZgzxError) as caught:
        read_source(raw, "employment")
    assert not [secret for secret in [*NAMES, *NUMBERS] if secret in str(caught.value)]


def test_every_reason_is_known(cleaned: dict[str, Cleaned]) -> None:
    used = {reason for result in cleaned.values() for reason in result.quarantine["reason"]}
    assert used <= reasons.ALL
    assert len(used) > 20
