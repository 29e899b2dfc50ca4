"""Progress of a step inside the progress of the whole."""

from __future__ import annotations

from twin.job import CancelToken, Progress, ProgressListener

__all__ = ["part_of"]


def part_of(whole: ProgressListener, start: float, stop: float, cancel: CancelToken | None = None) -> ProgressListener:
    """Return a listener that maps 0..1 of a step to ``start``..``stop`` of the whole.

    With ``cancel`` the listener raises Cancelled: it stops a step that reports progress and cannot be stopped itself.

    Examples
    --------
    >>> heard = []
    >>> part_of(heard.append, 0.5, 1.0)(Progress(0.5, "progress.import.reading"))
    >>> heard[0].fraction
    0.75
    """

    def report(progress: Progress) -> None:
        if cancel is not None:
            cancel.raise_if_cancelled()
        fraction = start + (stop - start) * min(max(progress.fraction, 0.0), 1.0)
        whole(Progress(fraction, progress.message_id, progress.parameters))

    return report
