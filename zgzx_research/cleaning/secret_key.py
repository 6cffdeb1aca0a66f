"""The secret key of the pseudonyms: how long it must be, and the public one of synthetic people."""

from __future__ import annotations

from zgzx_research.errors import ZgzxError

SYNTHETIC_KEY = b"synthetic"  # invented people need no secret
LEAST_KEY_BYTES = 16


def check_key(key: bytes) -> None:
    """Refuse a key that could be guessed; the key of invented people is the one exception.

    Raises
    ------
    ZgzxError
        Fewer than 16 bytes.
    """
    if key != SYNTHETIC_KEY and len(key) < LEAST_KEY_BYTES:
        raise ZgzxError(
            f"the key of the pseudonyms has {len(key)} bytes, fewer than {LEAST_KEY_BYTES}",
            remedy="Use 32 random bytes from a file outside the project; "
            f"for synthetic data key={SYNTHETIC_KEY!r}.",
        )
