"""Compile the kernels before a click needs them, and say so when they are compiled."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.services.progress_part import part_of
from twin.job import CancelToken, ProgressListener, no_progress

__all__ = ["prepare_engine", "told_of_compilation"]


def prepare_engine(*, progress: ProgressListener = no_progress, cancel: CancelToken | None = None) -> None:
    """Run every kernel that a click may need once: of the resection engine, then of the editing tools.

    Well under a second of work once they are compiled; up to a minute the first time after an installation.

    Raises
    ------
    Cancelled
        When the caller stopped it.
    """
    from segmentation.editing.warm_up import warm_up as warm_up_editing
    from simulation.warm_up import warm_up as warm_up_engine

    warm_up_engine(progress=part_of(progress, 0.0, 0.7), cancel=cancel)
    warm_up_editing(progress=part_of(progress, 0.7, 1.0), cancel=cancel)


@contextmanager
def told_of_compilation(tell: Callable[[], None]) -> Iterator[None]:
    """Call ``tell`` once, from whichever thread it happens in, when a kernel has to be compiled meanwhile.

    Kernels that are read from the disk are no reason. Nothing happens where numba is not in use.
    """
    if "numba" not in sys.modules:
        yield
        return
    from numba.core import event

    class _Once(event.Listener):
        is_told = False

        def on_start(self, event: object) -> None:
            if not self.is_told:
                self.is_told = True
                tell()

        def on_end(self, event: object) -> None:
            """Nothing to do."""

    with event.install_listener("numba:compile", _Once()):
        yield
