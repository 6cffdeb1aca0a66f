"""Commands: exit codes, JSON, messages in both languages, and the look at the machine."""

from __future__ import annotations

import json
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from zgzx_research import cli
from zgzx_research.cli import answers, doctor
from zgzx_research.errors import ZgzxError

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
RUNNER = CliRunner()


def run_main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["zgzx", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return int(stopped.value.code or 0)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(answers.messages()))
def test_every_sentence_is_in_both_languages(key: str) -> None:
    both = answers.messages()[key]
    assert set(both) == {"zh", "en"}
    assert fields(both["zh"]) == fields(both["en"]) or key == "problem"
    if key != "doctor_python":
        assert re.search("[一-鿿]", both["zh"]), both["zh"]
    assert not re.search("[一-鿿]", both["en"])


def test_every_sentence_is_used() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "zgzx_research/cli").glob("*.py"))
    looks = {f"doctor_{name}" for name in doctor.LOOKS}
    states = {f"doctor_state_{state}" for state in (doctor.OK, doctor.NOTE, doctor.PROBLEM)}
    for key in set(answers.messages()) - looks - states:
        assert re.search(rf"[\"']{key}[\"']", code), key


LOCALES = [
    ({"LANG": "zh_CN.UTF-8"}, "zh"),
    ({"LANG": "en_US.UTF-8"}, "en"),
    ({"LANG": "C.UTF-8"}, "en"),
    ({}, "en"),
    ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
    ({"LANG": "de_DE", "LC_MESSAGES": "zh_TW"}, "zh"),
    ({"LANG": "zh_CN.UTF-8", "ZGZX_LANGUAGE": "en"}, "en"),
    ({"LANG": "C", "ZGZX_LANGUAGE": "ZH"}, "zh"),
    ({"LANG": "zh_CN", "ZGZX_LANGUAGE": "fr"}, "zh"),
]


@pytest.mark.parametrize(("variables", "expected"), LOCALES)
def test_language(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (answers.CHOICE, *answers.LOCALES):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert answers.language() == expected


def test_a_problem_is_two_in_words_and_in_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert run_main(monkeypatch, "verify", "nothing-here") == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("zgzx: nothing-here: there is no manifest yet")
    assert run_main(monkeypatch, "verify", "nothing-here", "--json") == 2
    said = json.loads(capsys.readouterr().out)
    assert said["exit_code"] == 2 and said["where"] == "nothing-here"
    assert said["remedy"] == "Run it first: zgzx run nothing-here"
    monkeypatch.setenv(answers.CHOICE, "zh")
    assert run_main(monkeypatch, "verify", "nothing-here") == 2
    assert capsys.readouterr().err.startswith("有一个需要您处理的问题")


def test_json_of_one_command_does_not_stay_for_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert RUNNER.invoke(cli.app, ["verify", "no-study", "--json"]).exit_code == 1
    assert RUNNER.invoke(cli.app, ["verify", "no-study"]).exit_code == 1
    assert answers._as_json.get() is False


def test_other_exit_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_main(monkeypatch, "--help") == 0
    assert run_main(monkeypatch, "verify") == 2, "a missing argument can be corrected"
    assert run_main(monkeypatch, "no-such-command") == 2

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("zgzx_research.pipeline.manifest.verify_manifest", stopped)
    assert run_main(monkeypatch, "verify", "demo") == 130


def test_a_fault_of_ours_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import zgzx_research.pipeline.manifest as m, sys\n"
        "def broken(*_): raise KeyError('x')\n"
        "m.verify_manifest = broken\n"
        "sys.argv = ['zgzx', 'verify', 'demo']\n"
        "from zgzx_research.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1 and "KeyError" in done.stderr


def test_the_documentation_has_every_code_and_every_json() -> None:
    codes = set(re.findall(r"^\| (\d+) \|", DOCS, re.MULTILINE))
    assert codes == {"0", "1", "2", "130"}
    documented = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", DOCS, re.MULTILINE))
    for path in (ROOT / "zgzx_research/cli").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        for name, body in re.findall(r"^def (\w+)\((.*?)(?=^def |\Z)", text, re.M | re.S):
            call = re.search(r"^    answer\((.*?)^    \)|^    answer\((.*?)\)$", body, re.M | re.S)
            if call and name != "refuse":
                keys = re.findall(r"\b([a-z_]+)=", call.group(1) or call.group(2))
                told = re.findall(r"`([a-z_]+)`", re.sub(r"\(.*?\)", "", documented[name]))
                assert keys == told, name


def test_doctor_finds_this_machine_fit_and_names_no_home(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = doctor.examine(ROOT)
    assert [finding.name for finding in findings] == list(doctor.LOOKS)
    for finding in findings:
        assert finding.state != doctor.PROBLEM, finding
        assert bool(finding.remedy) == (finding.state == doctor.NOTE), finding
        assert str(Path.home()) not in finding.found + finding.remedy
        assert str(ROOT) not in finding.found + finding.remedy


def test_doctor_names_what_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("studies", "data", "reports"):
        (tmp_path / name).mkdir()
    (tmp_path / "studies/bad.toml").write_text("[study]\n", encoding="utf-8")
    monkeypatch.setattr("platform.python_version_tuple", lambda: ("3", "10", "1"))
    monkeypatch.setattr(doctor, "FREE_GB", 10**9)
    monkeypatch.setattr(doctor.os, "access", lambda place, _: place.name != "data")

    def absent(name: str) -> str | None:
        return None if name == "duckdb" else "1"

    monkeypatch.setattr(doctor, "installed_version", absent)
    found = {one.name: one for one in doctor.examine(tmp_path)}
    for name in ("python", "disk", "writable", "keys", "dependencies"):
        assert found[name].state == doctor.PROBLEM and found[name].remedy, name
    assert "duckdb" in found["dependencies"].found
    assert "data" in found["writable"].found
    assert "bad.toml" in found["keys"].found


def test_a_look_that_fails_is_a_problem_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Path) -> tuple[str, ...]:
        raise OSError("no such device")

    monkeypatch.setitem(doctor.LOOKS, "disk", broken)
    found = {one.name: one for one in doctor.examine(ROOT)}
    assert found["disk"].state == doctor.PROBLEM and "no such device" in found["disk"].found
    assert found["machine"].state != doctor.PROBLEM


def test_errors_keep_their_parts_in_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token = answers._as_json.set(True)
    answers.refuse(ZgzxError("bad", where="here", count=3, examples=[1], remedy="Mend."), 2)
    answers._as_json.reset(token)
    said = json.loads(capsys.readouterr().out)
    assert (said["count"], said["examples"], said["remedy"]) == (3, ["1"], "Mend.")
