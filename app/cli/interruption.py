"""Ctrl-C: once asks the running job to stop, twice stops at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from twin.job import CancelSource, CancelToken

__all__ = ["cancelled_by_signals"]


@contextmanager
def cancelled_by_signals(on_first: Callable[[], None]) -> Iterator[CancelToken]:
    """Give a token that Ctrl-C (or a polite kill) sets; a second one raises KeyboardInterrupt where the job is.

    Parameters
    ----------
    on_first
        Called when the first signal arrives, to tell the user that it was heard.
    """
    source = CancelSource()

    def hear(_signal: int, _frame: FrameType | None) -> None:
        if source.token.is_cancelled:
            raise KeyboardInterrupt
        source.cancel()
        on_first()

    earlier = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield source.token
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
