"""The digest of the dependencies, which decides whether the steps of a run are still good."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from zgzx_research.pipeline.study_facts import lock_digest


def test_the_lock_decides_where_there_is_one(tmp_path: Path) -> None:
    without = lock_digest(tmp_path)
    (tmp_path / "requirements.lock").write_text("pandas==1\n", encoding="utf-8")
    first = lock_digest(tmp_path)
    (tmp_path / "requirements.lock").write_text("pandas==2.0\n", encoding="utf-8")
    assert len({without, first, lock_digest(tmp_path)}) == 3


def test_without_a_lock_the_installed_versions_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lock_digest(tmp_path)
    assert lock_digest(tmp_path) == before
    real = metadata.version
    newer = {"pandas": "99", "pytest": "99"}

    def version(name: str) -> str:
        return newer.get(name) or real(name)

    monkeypatch.setattr(metadata, "version", version)
    after = lock_digest(tmp_path)
    assert after != before
    newer["pytest"] = "100"  # a tool of developers changes nothing
    assert lock_digest(tmp_path) == after
