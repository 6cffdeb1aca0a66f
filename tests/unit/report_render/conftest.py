"""The sample report, made once for the whole run."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_report import build_elsewhere


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_elsewhere(
        tmp_path_factory.mktemp("sample") / "one", TZ="Asia/Shanghai", LC_ALL="C.UTF-8"
    )
