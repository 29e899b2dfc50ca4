"""Work on a range of numbers, shared by threads: for kernels that let go of the interpreter."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

__all__ = ["in_stretches"]

_STRETCHES_PER_THREAD = 4  # a thread that was slow takes fewer


def in_stretches(n_threads: int, n: int, work: Callable[[int, int], None]) -> None:
    """Call ``work(first, stop)`` for stretches that cover 0 to ``n``, on so many threads.

    Examples
    --------
    >>> found = []
    >>> in_stretches(1, 10, lambda first, stop: found.append((first, stop)))
    >>> found
    [(0, 10)]
    """
    if n_threads <= 1:
        work(0, n)
        return
    borders = np.linspace(0, n, min(_STRETCHES_PER_THREAD * n_threads, n) + 1).astype(int).tolist()
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(work, borders[:-1], borders[1:]))
