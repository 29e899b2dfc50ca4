"""DICOM UIDs that a recipe determines."""

from __future__ import annotations

import hashlib

__all__ = ["phantom_uid"]


def phantom_uid(*words: object) -> str:
    """Return a UID under 2.25 (a UUID as an integer, DICOM PS3.5 B.2) that the words determine.

    Examples
    --------
    >>> phantom_uid("a", 1) == phantom_uid("a", 1), phantom_uid("a", 1) == phantom_uid("a", 2)
    (True, False)
    """
    digest = hashlib.sha256("/".join(map(str, words)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"
