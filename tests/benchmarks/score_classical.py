"""Score the classical segmenter on the real scans beside the repository and print one row a case.

``python -m tests.benchmarks.score_classical [CASE ...]``. The figures of the ``btcv`` cases are training figures, since
the shipped prior was learned on them: their cross-validated figures are in ``resources/models/classical.json``.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twin.geometry.numba_environment import prepare_numba_environment

prepare_numba_environment()

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from segmentation.classical.segment import ClassicalSegmenter  # noqa: E402
from segmentation.segmenter import SegmentationResult  # noqa: E402
from tests.segmentation.real_scans import RealScan, real_scans  # noqa: E402
from twin.grid import Grid  # noqa: E402

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Score:
    """How well one structure was drawn."""

    dice: float
    hd95_mm: float
    volume_error_percent: float


def dice(drawn: Mask, true: Mask) -> float:
    """Return the overlap of two masks: twice what they share over the sum of both."""
    return 2.0 * int(np.count_nonzero(drawn & true)) / (int(np.count_nonzero(drawn)) + int(np.count_nonzero(true)))


def score(drawn: Mask, true: Mask, grid: Grid) -> Score:
    """Compare a drawn mask with the true one: Dice, 95th percentile of the surface distance, signed volume error."""
    n_drawn, n_true = np.count_nonzero(drawn), np.count_nonzero(true)
    spacing_kji_mm = grid.spacing_ijk_mm[::-1]
    borders = [mask & ~ndimage.binary_erosion(mask) for mask in (drawn, true)]
    gaps_mm = [ndimage.distance_transform_edt(~border, sampling=spacing_kji_mm) for border in borders]
    hd95_mm = max(np.percentile(gaps_mm[1][borders[0]], 95), np.percentile(gaps_mm[0][borders[1]], 95))
    return Score(dice(drawn, true), float(hd95_mm), 100.0 * (n_drawn - n_true) / n_true)


def scores(result: SegmentationResult, scan: RealScan) -> dict[str, Score]:
    """Score every structure that has a truth; one that was not found gets Dice 0."""
    found = {
        structure_id: layer.mask(structure_id)
        for layer in result.layers.values()
        for structure_id in layer.structure_ids()
    }
    return {
        structure_id: score(found[structure_id], true, scan.volume.grid)
        if structure_id in found
        else Score(0.0, float("nan"), -100.0)
        for structure_id, true in scan.truth.items()
    }


def main() -> None:
    """Segment and score the cases that are named, or all."""
    root = Path(__file__).resolve().parents[2]
    shared = Path(os.environ.get("TWINSIGHT_SHARED") or root.parent / "shared") / "data"
    if not shared.is_dir():
        sys.exit("real scans are absent: no folder ../shared/data (TWINSIGHT_SHARED points elsewhere)")
    table = Table("case", "s", "structure", "Dice", "HD95 mm", "volume %", title="Classical segmenter")
    liver_dice = []
    for scan in real_scans(shared, set(sys.argv[1:])):
        started = time.perf_counter()
        result = ClassicalSegmenter().segment(scan.volume)
        seconds = time.perf_counter() - started
        for structure_id, row in scores(result, scan).items():
            cells = (f"{row.dice:.3f}", f"{row.hd95_mm:.1f}", f"{row.volume_error_percent:+.1f}")
            table.add_row(scan.name, f"{seconds:.0f}", structure_id, *cells)
            if structure_id == "liver":
                liver_dice.append(row.dice)
    console = Console()
    console.print(table)
    if liver_dice:
        console.print(
            f"liver: mean Dice {np.mean(liver_dice):.3f}, lowest {min(liver_dice):.3f}, {len(liver_dice)} cases"
        )
    console.print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB")


if __name__ == "__main__":
    main()
