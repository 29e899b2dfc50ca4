"""How much memory this process may use, and how much a process uses."""

from __future__ import annotations

from pathlib import Path

import psutil

__all__ = ["tree_memory_bytes", "usable_memory_bytes"]

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


def tree_memory_bytes(pid: int) -> int:
    """Resident memory of a process and its children; 0 when it is gone."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    total = 0
    for member in family:
        try:
            total += int(member.memory_info().rss)
        except psutil.Error:
            continue
    return total
