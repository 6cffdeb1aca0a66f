"""Archives with equal bytes each time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

# Not a time of making: a fixed one, so that equal contents are equal bytes (2025-01-01 00:00 UTC).
EPOCH = 1735689600
ZIP_TIME = (2025, 1, 1, 0, 0, 0)


def unzip(data: bytes) -> dict[str, bytes]:
    """Member name -> content."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def zip_members(members: Mapping[str, bytes]) -> bytes:
    """A zip archive of sorted members and fixed times.

    An Office file's [Content_Types].xml sorts first by itself.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type, entry.create_system, entry.external_attr = (
                zipfile.ZIP_DEFLATED,
                3,
                0o644 << 16,
            )
            archive.writestr(entry, members[name])
    return buffer.getvalue()
