"""Progress of a step inside the progress of the whole."""

from __future__ import annotations

from twin.job import Progress, ProgressListener

__all__ = ["part_of"]


def part_of(progress: ProgressListener, start: float, stop: float) -> ProgressListener:
    """Return a listener that maps 0..1 of a step to ``start``..``stop`` of the whole.

    Examples
    --------
    >>> heard = []
    >>> part_of(heard.append, 0.5, 1.0)(Progress(0.5, "progress.import.reading"))
    >>> heard[0].fraction
    0.75
    """

    def report(step: Progress) -> None:
        fraction = start + (stop - start) * min(max(step.fraction, 0.0), 1.0)
        progress(Progress(fraction, step.message_id, step.parameters))

    return report
