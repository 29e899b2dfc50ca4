"""What the machine refuses, as a typed error: a full disk, a missing right, no memory."""

from __future__ import annotations

import errno
from pathlib import Path

from twin.errors import CaseFileError, InputError, TwinSightError

__all__ = ["error_of_system"]


def error_of_system(error: OSError | MemoryError) -> TwinSightError | None:
    """Return the typed error for what the machine refused (full disk, no permission), or None for anything else."""
    if isinstance(error, MemoryError):
        return InputError("error.system.out_of_memory")
    name = Path(str(error.filename)).name if error.filename else "-"
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return CaseFileError("error.system.disk_full", name=name)
        case errno.EROFS:
            return CaseFileError("error.system.read_only", name=name)
        case errno.EACCES | errno.EPERM:
            return CaseFileError("error.system.no_permission", name=name)
        case errno.ENOENT:
            return InputError("error.system.not_there", name=name)
        case errno.ENAMETOOLONG:
            return InputError("error.system.name_too_long", name=name[:40])
        case _:
            return None
