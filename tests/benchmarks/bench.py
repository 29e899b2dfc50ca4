"""How a thing is timed here: interleaved with its peer, warmed up, median of at least seven rounds.

A module ``tests/benchmarks/bench_SUBJECT.py`` adds rows by a function ``benchmarks()`` that yields
`Benchmark` objects; data are prepared inside it, so that only what is compared is timed.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

LEAST_ROUNDS = 7


@dataclass(frozen=True)
class Benchmark:
    """One row: what is timed, and the peer that does the same work on the same data.

    ``ours`` and ``peer`` take nothing and do all of the work at each call. ``rounds`` may be raised for
    quick things and is never below seven. ``note`` says what a reader must know to judge the ratio. Where each call
    makes one picture, ``frames_asked`` is how many a second are promised: the note then says how many were made.
    """

    name: str
    ours: Callable[[], object]
    peer_name: str = ""
    peer: Callable[[], object] | None = None
    voxels: int | None = None
    note: str = ""
    rounds: int = LEAST_ROUNDS
    frames_asked: float | None = None


@dataclass(frozen=True)
class Measurement:
    """Medians of one row; ``ratio`` is the peer's time over ours (above 1: ours is faster)."""

    name: str
    ours_ms: float
    ours_p95_ms: float
    peer: str | None
    peer_ms: float | None
    ratio: float | None
    voxels: int | None
    rounds: int
    note: str


def measured(benchmark: Benchmark) -> Measurement:
    """Time one row.

    The two sides take turns, and who goes first changes each round: a machine that slows down for a while
    slows both.
    """
    sides = [benchmark.ours] + ([benchmark.peer] if benchmark.peer else [])
    for side in sides:
        side()  # compiles kernels, fills caches
    rounds = max(benchmark.rounds, LEAST_ROUNDS)
    times_ms: list[list[float]] = [[] for _ in sides]
    for number in range(rounds):
        order = range(len(sides)) if number % 2 == 0 else reversed(range(len(sides)))
        for index in order:
            times_ms[index].append(_elapsed_ms(sides[index]))
    ours_ms = statistics.median(times_ms[0])
    peer_ms = statistics.median(times_ms[1]) if benchmark.peer else None
    return Measurement(
        name=benchmark.name,
        ours_ms=ours_ms,
        ours_p95_ms=statistics.quantiles(times_ms[0], n=20, method="inclusive")[-1],
        peer=benchmark.peer_name or None,
        peer_ms=peer_ms,
        ratio=None if peer_ms is None else peer_ms / ours_ms,
        voxels=benchmark.voxels,
        rounds=rounds,
        note=_note(benchmark, ours_ms),
    )


def _note(benchmark: Benchmark, ours_ms: float) -> str:
    """Return the note, with frames a second where they are promised."""
    if benchmark.frames_asked is None:
        return benchmark.note
    frames = f"{1000 / ours_ms:.0f} frames a second, {benchmark.frames_asked:.0f} asked"
    return f"{frames}; {benchmark.note}" if benchmark.note else frames


def cpu_times_ms(work: Callable[[], object], rounds: int = LEAST_ROUNDS) -> tuple[float, float]:
    """Return median and 95th percentile of the CPU time of the calling thread: the machine may be busy with others."""
    work()
    times = []
    for _ in range(max(rounds, LEAST_ROUNDS)):
        start = time.thread_time_ns()
        work()
        times.append((time.thread_time_ns() - start) / 1e6)
    return statistics.median(times), statistics.quantiles(times, n=20, method="inclusive")[-1]


def _elapsed_ms(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - start) / 1e6
