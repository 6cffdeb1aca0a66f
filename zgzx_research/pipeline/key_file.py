"""Read the secret key of the pseudonyms from the file that the study names."""

from __future__ import annotations

from pathlib import Path

from zgzx_research.cleaning.secret_key import SYNTHETIC_KEY
from zgzx_research.errors import ZgzxError
from zgzx_research.study import Study

SHORTEST_KEY = 16  # bytes


def secret_key(study: Study, root: Path, synthetic: bool) -> bytes:
    """Read the key of the pseudonyms; synthetic data without a key file use a fixed public key.

    Parameters
    ----------
    study : Study
        The study; `[privacy] key_file` names the file.
    root : Path
        The project folder.
    synthetic : bool
        Whether the data are synthetic.

    Returns
    -------
    bytes
        The key.

    Raises
    ------
    ZgzxError
        Real data without a key file; a key inside the repository, readable by others, or too short.
    """
    if synthetic and study.privacy.key_file is None:
        return SYNTHETIC_KEY
    where = f"studies/{study.study.name}.toml"
    if study.privacy.key_file is None:
        raise ZgzxError(
            "real data need a secret key for the pseudonyms, and [privacy] key_file names none",
            where=where,
            remedy="Make one outside the project: "
            "head -c 32 /dev/urandom > ~/zgzx.key && chmod 600 ~/zgzx.key",
        )
    path = Path(study.privacy.key_file).expanduser()
    if not path.is_file():
        remedy = "Make it, or correct the path."
        raise ZgzxError("[privacy] key_file names no file", where=where, remedy=remedy)
    if path.resolve().is_relative_to(root.resolve()):
        remedy = "Move it out of the repository."
        raise ZgzxError("the key file lies inside the project", where=where, remedy=remedy)
    if path.stat().st_mode & 0o077:
        remedy = f"chmod 600 {study.privacy.key_file}"
        raise ZgzxError("others can read the key file", where=where, remedy=remedy)
    key = path.read_bytes().strip()
    if len(key) < SHORTEST_KEY:
        remedy = "Make a longer one."
        raise ZgzxError(f"the key has fewer than {SHORTEST_KEY} bytes", where=where, remedy=remedy)
    return key
