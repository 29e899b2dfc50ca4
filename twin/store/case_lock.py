"""The lock of a case folder: one writer at a time. The system lets go of it when the process dies."""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["CaseLock"]


class CaseLock:
    """An advisory lock on the file ``lock`` of a case.

    It is tied to the open file, not to its existence: a file left by a killed process bars nobody.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path, timeout=0, mode=0o600, thread_local=False)

    def is_taken(self) -> bool:
        """Try to take the lock; False when another process, or another part of this one, holds it.

        Raises
        ------
        OSError
            When the folder cannot be written or its file system knows no locks.
        """
        if not os.access(self.path.parent, os.W_OK):
            raise PermissionError(self.path.parent)
        try:
            self._lock.acquire()
        except Timeout:
            return False
        except NotImplementedError as error:
            raise OSError("no locks here") from error
        return True

    def release(self) -> None:
        """Let go of the lock."""
        self._lock.release()
