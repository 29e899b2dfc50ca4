"""How many cores there are to work with."""

from __future__ import annotations

import os

__all__ = ["core_count"]


def core_count() -> int:
    """Cores that this process may use: those it is pinned to, where the system knows, else all of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
