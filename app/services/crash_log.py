"""What is kept of a defect of ours: where in the program it happened, and nothing of the patient."""

from __future__ import annotations

import os
import platform
import sys
import time
import traceback
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["product_version", "write_crash_log"]

_SOURCE_ROOT = Path(__file__).resolve().parents[2]


def product_version() -> str:
    """Version of the installed distribution."""
    try:
        return version("twinsight")
    except PackageNotFoundError:
        return "0+unknown"


def write_crash_log(error: BaseException, folder: Path, *, doing: str) -> Path | None:
    """Write types, files and line numbers of an exception chain; its texts are left out, they may name a patient.

    Parameters
    ----------
    error
        What nobody caught.
    folder
        Folder of logs of the user.
    doing
        Name of the command or action, without its arguments.

    Returns
    -------
    Path or None
        The file (mode 0600), or None when even that could not be written.
    """
    lines = [
        f"TwinSight {product_version()}, Python {platform.python_version()}, {platform.platform()}",
        f"time (UTC): {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}",
        f"doing: {doing}",
        *_chain(error),
    ]
    path = folder / f"crash-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}.log"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except OSError:
        return None
    return path


def _chain(error: BaseException) -> list[str]:
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        lines.append(f"{type(current).__module__}.{type(current).__qualname__}")
        for frame in traceback.extract_tb(current.__traceback__):
            lines.append(f"  {_place(frame.filename)}:{frame.lineno} in {frame.name}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        if current is not None:
            lines.append("from")
    return lines


def _place(filename: str) -> str:
    """Return a path that names no folder of the user: relative to the sources or to the installed packages."""
    for root in (str(_SOURCE_ROOT), sys.prefix, sys.base_prefix):
        if filename.startswith(root + os.sep):
            return filename[len(root) + 1 :]
    return Path(filename).name
