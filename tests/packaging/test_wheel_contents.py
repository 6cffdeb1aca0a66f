"""What wheel and sdist hold: files of the repository, none left out and nothing else."""

from __future__ import annotations

import subprocess
import tarfile
import zipfile
from pathlib import Path

from bare_environment import ROOT, build

from zgzx_research.pipeline.new_project import project_files


def tracked(*under: str) -> set[str]:
    """Files of the repository, those that are not yet committed too."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *under]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return {name for name in listed.split("\0") if name and (ROOT / name).is_file()}


def contents(wheel: Path) -> dict[str, bytes]:
    """Files of a wheel, without what describes it."""
    with zipfile.ZipFile(wheel) as archive:
        return {n: archive.read(n) for n in archive.namelist() if ".dist-info/" not in n}


def test_the_wheel_is_the_package_and_the_files_of_a_new_project(wheel: Path) -> None:
    code = {name: ROOT / name for name in tracked("zgzx_research")}
    project = {f"zgzx_research/project/{name}": path for name, path in project_files().items()}
    expected = {name: path.read_bytes() for name, path in (code | project).items()}
    found = contents(wheel)
    assert sorted(found) == sorted(expected)
    assert [name for name in found if found[name] != expected[name]] == []


def test_the_sdist_is_the_repository(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names == tracked() | {"PKG-INFO"}


def test_the_tree_builds_the_wheel_that_the_sdist_builds(wheel: Path, tmp_path: Path) -> None:
    build(ROOT, tmp_path, "--wheel")
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()
