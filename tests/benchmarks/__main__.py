"""Run every benchmark, or those whose subject is named: ``python -m tests.benchmarks [SUBJECT ...]``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from twin.geometry.numba_environment import check_threading_layer, prepare_numba_environment

prepare_numba_environment()

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from tests.benchmarks.bench import Benchmark, Measurement, measured  # noqa: E402

FOLDER = Path(__file__).parent
RESULTS = FOLDER.parents[1] / "build" / "benchmarks.json"


def subjects(wanted: list[str]) -> list[str]:
    """Return the subjects that exist, or those asked for."""
    known = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
    unknown = set(wanted) - set(known)
    if unknown:
        sys.exit(f"No benchmark called {', '.join(sorted(unknown))}. Known: {', '.join(known) or 'none yet'}.")
    return wanted or known


def benchmarks_of(subject: str) -> Iterator[Benchmark]:
    """Yield the rows of one subject."""
    yield from import_module(f"tests.benchmarks.bench_{subject}").benchmarks()


def table_of(measurements: list[Measurement]) -> Table:
    """Return the measurements as a table for people."""
    table = Table(title=f"Medians, interleaved, {os.cpu_count()} cores; ratio above 1: ours is faster")
    for heading in ("operation", "ours ms", "p95 ms", "peer", "peer ms", "ratio", "voxels", "note"):
        table.add_column(heading, justify="left" if heading in {"operation", "peer", "note"} else "right")
    for row in measurements:
        table.add_row(
            row.name,
            f"{row.ours_ms:.3g}",
            f"{row.ours_p95_ms:.3g}",
            row.peer or "",
            "" if row.peer_ms is None else f"{row.peer_ms:.3g}",
            "" if row.ratio is None else f"{row.ratio:.2f}",
            "" if row.voxels is None else f"{row.voxels:,}",
            row.note,
        )
    return table


def main() -> None:
    """Measure, print, write."""
    console = Console()
    check_threading_layer()
    measurements = []
    for subject in subjects(sys.argv[1:]):
        for benchmark in benchmarks_of(subject):
            console.print(f"[dim]{subject}: {benchmark.name}[/dim]")
            measurements.append(measured(benchmark))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(row) for row in measurements], indent=1) + "\n", encoding="utf-8")
    console.print(table_of(measurements))
    console.print(f"Written to {RESULTS.relative_to(FOLDER.parents[1])}")


if __name__ == "__main__":
    main()
