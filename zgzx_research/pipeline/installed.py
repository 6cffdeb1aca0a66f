"""What is installed on this machine, and what the package asks for."""

from __future__ import annotations

from importlib import metadata

from packaging.requirements import Requirement

PACKAGE = "zgzx-research"
PYTHON = "Programming Language :: Python :: 3."


def required_packages() -> list[str]:
    """Return the names of the packages that every run needs on this machine, without extras."""
    wanted = map(Requirement, metadata.requires(PACKAGE) or [])
    return [one.name for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]


def installed_version(name: str) -> str | None:
    """Return the version of a package that is installed; None where it is missing."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def tried_pythons() -> list[str]:
    """Return the versions of Python that the package was tried with, rising, e.g. "3.11"."""
    found = metadata.metadata(PACKAGE).get_all("Classifier") or []
    return sorted(
        (line.rpartition(" ")[2] for line in found if line.startswith(PYTHON)),
        key=lambda version: int(version.partition(".")[2]),
    )
