"""Zip archives with equal bytes each time (Office files are such archives)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

# 2025-01-01 00:00 UTC, not the time of writing: equal contents are equal bytes
EPOCH = 1735689600
ZIP_TIME = (2025, 1, 1, 0, 0, 0)


def unzip(data: bytes) -> dict[str, bytes]:
    """Read an archive: member name -> content."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def zip_members(members: Mapping[str, bytes]) -> bytes:
    """Make a zip archive of sorted members and fixed times.

    An Office file's [Content_Types].xml, which must be the first member, sorts first.

    Parameters
    ----------
    members : Mapping
        Member name -> content.

    Returns
    -------
    bytes
        The archive.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, members[name])
    return buffer.getvalue()
