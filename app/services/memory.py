"""How much memory this process may use, how much it took, and an end when it takes too much."""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]

__all__ = ["MEMORY_EXIT_CODE", "end_above_memory_limit", "peak_memory_mib", "usable_memory_bytes"]

MEMORY_EXIT_CODE = 86
_WATCH_S = 0.25

# Version 2 of control groups, then version 1.
_CONTROL_GROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def usable_memory_bytes() -> int:
    """Memory of the machine, or of the container where that is less."""
    total = int(psutil.virtual_memory().total)
    for name in _CONTROL_GROUP_LIMITS:
        try:
            text = Path(name).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdigit():
            total = min(total, int(text))
    return total


def peak_memory_mib() -> float:
    """Most memory that this process has taken so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024.0**2 if sys.platform == "darwin" else peak / 1024.0


def end_above_memory_limit(limit_bytes: int) -> None:
    """End this process with :data:`MEMORY_EXIT_CODE` as soon as it takes more memory than allowed.

    The kernel would end any process of the machine when memory runs out; this ends the one at fault.
    """

    def watch() -> None:
        process = psutil.Process()
        while True:
            if process.memory_info().rss > limit_bytes:
                os._exit(MEMORY_EXIT_CODE)
            time.sleep(_WATCH_S)

    threading.Thread(target=watch, name="memory", daemon=True).start()
