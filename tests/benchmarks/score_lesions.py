"""Score candidates and outlines of lesions: ``python -m tests.benchmarks.score_lesions [CASE ...]``.

A scripted user (tests/segmentation/clicking_user.py) clicks the centre of the largest error five times. Lesions of
phantoms (several seeds, every kind) and of ``ircadb17``, once with the whole liver and once with a liver that misses
every lesion; candidates there and, as false positives, on healthy livers: ``chaos_ct3`` (a donor) and phantoms
without lesions. Livers of ``btcv`` have no lesion labels: what is proposed there is counted, not judged.
Cases: ``phantoms``, ``ircadb17``, ``chaos_ct3``, ``btcv``; none means all.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.geometry.numba_environment import prepare_numba_environment

prepare_numba_environment()

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from segmentation.lesions.candidates import find_lesion_candidates  # noqa: E402
from segmentation.lesions.refinement import refine_lesion  # noqa: E402
from segmentation.lesions.stroke import LesionRegion, Stroke  # noqa: E402
from tests.segmentation.clicking_user import Click, ClickingUser, dice  # noqa: E402
from tests.segmentation.real_scans import btcv_scan, dicom_scan, labels_on  # noqa: E402
from twin.anatomy import LayerName  # noqa: E402
from twin.geometry.components_cc3d import components  # noqa: E402
from twin.phantom import PhantomRecipe, build_phantom  # noqa: E402
from twin.phantom.recipe import LesionKind, LesionRecipe  # noqa: E402
from twin.volume import Volume  # noqa: E402

Mask = NDArray[np.bool_]

_HIT = 0.2  # a candidate whose outline overlaps a lesion by this Dice has found it
_M, _C, _H, _P = LesionKind.METASTASIS, LesionKind.CYST, LesionKind.HYPERVASCULAR, LesionKind.PANCREATIC
PHANTOMS: dict[int, tuple[LesionRecipe, ...]] = {
    11: (LesionRecipe("8", 36.0, _M), LesionRecipe("6", 24.0, _C), LesionRecipe("4b", 20.0, _H),
         LesionRecipe("pancreas.head", 28.0, _P)),
    12: (LesionRecipe("7", 48.0, _M), LesionRecipe("5", 14.0, _C), LesionRecipe("2", 18.0, _H),
         LesionRecipe("pancreas.body", 24.0, _P)),
    13: (LesionRecipe("4a", 26.0, _H), LesionRecipe("8", 40.0, _C), LesionRecipe("6", 18.0, _M),
         LesionRecipe("pancreas.tail", 30.0, _P)),
    14: (),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class LesionCase:
    """A scan, its whole liver (or pancreas) and the lesions that are known in it."""

    name: str
    volume: Volume
    liver: Mask
    lesions: dict[str, Mask] = field(default_factory=dict)
    organ_of: dict[str, Mask] = field(default_factory=dict)
    is_healthy: bool = False
    is_without_truth: bool = False


def outlined(volume: Volume, organ: Mask, truth: Mask) -> tuple[list[float], float]:
    """Return the Dice before and after each of five clicks, and the longest answer in seconds of the processor."""
    strokes: list[Stroke] = []
    regions: list[LesionRegion | None] = [None]
    seconds: list[float] = []

    def answer(click: Click) -> Mask:
        strokes.append(Stroke(click.point_lps_mm, click.is_inside))
        started = time.thread_time()
        region = refine_lesion(volume, organ, strokes, previous=regions[-1])
        seconds.append(time.thread_time() - started)
        regions.append(region)
        return region.whole(volume.grid)

    scores = ClickingUser(truth, volume.grid).corrected(np.zeros_like(truth), answer)
    return scores, max(seconds)


def phantom_cases() -> Iterator[LesionCase]:
    """Build the phantoms."""
    for seed, recipes in PHANTOMS.items():
        phantom = build_phantom(
            PhantomRecipe.small(seed, lesions=recipes, size_ijk=(250, 174, 150), spacing_ijk_mm=(1.5, 1.5, 2.0))
        )
        organs, lesions = phantom.layers[LayerName.ORGANS], phantom.layers[LayerName.LESIONS]
        masks = {i: lesions.mask(i) for i in lesions.structure_ids()}
        organ_of = {
            i: organs.mask(max(("liver", "pancreas"), key=lambda o, m=mask: int((organs.mask(o) & m).sum())))
            for i, mask in masks.items()
        }
        yield LesionCase(f"phantom {seed}", phantom.volume, organs.mask("liver"), masks, organ_of, not recipes)


def real_cases(data: Path, wanted: set[str]) -> Iterator[LesionCase]:
    """Read the real scans that are wanted."""
    if "ircadb17" in wanted:
        scan = dicom_scan(data / "ircadb17")
        labels = labels_on(scan.volume.grid, data / "ircadb17" / "labels.nii.gz")
        pieces, n_voxels = components(labels == 8)
        masks = {f"tumour {n}": pieces == n for n in range(1, len(n_voxels) + 1)}
        liver = scan.truth["liver"]
        yield LesionCase("ircadb17", scan.volume, liver, masks, dict.fromkeys(masks, liver))
        cut = liver & (labels != 8)
        yield LesionCase("ircadb17, liver without lesions", scan.volume, cut, masks, dict.fromkeys(masks, cut))
    if "chaos_ct3" in wanted:
        scan = dicom_scan(data / "chaos_ct3")
        yield LesionCase("chaos_ct3", scan.volume, scan.truth["liver"], is_healthy=True)
    if "btcv" in wanted:
        for path in sorted((data / "btcv").glob("*_ct.nii.gz")):
            scan = btcv_scan(path)
            yield LesionCase(scan.name, scan.volume, scan.truth["liver"], is_without_truth=True)


def main() -> None:
    """Score the cases that are named, or all."""
    root = Path(__file__).resolve().parents[2]
    data = Path(os.environ.get("TWINSIGHT_SHARED") or root.parent / "shared") / "data"
    wanted = set(sys.argv[1:]) or {"phantoms", "ircadb17", "chaos_ct3", "btcv"}
    if not data.is_dir() and wanted != {"phantoms"}:
        sys.exit("real scans are absent: no folder ../shared/data (TWINSIGHT_SHARED points elsewhere)")
    clicks = Table("case", "lesion", "ml", "1", "2", "3", "4", "5", "s", title="Dice after n clicks")
    found = Table("case", "known", "found", "false", "not judged", "s", title="Candidates in the liver")
    last: list[float] = []
    cases = [*(phantom_cases() if "phantoms" in wanted else ()), *real_cases(data, wanted)]
    for case in cases:
        for name, truth in case.lesions.items():
            scores, seconds = outlined(case.volume, case.organ_of[name], truth)
            last.append(scores[-1])
            volume_ml = np.count_nonzero(truth) * case.volume.grid.voxel_volume_ml
            clicks.add_row(case.name, name, f"{volume_ml:.1f}", *(f"{s:.3f}" for s in scores[1:]), f"{seconds:.2f}")
        if "without lesions" not in case.name:
            found.add_row(*_candidate_row(case))
    console = Console()
    if last:
        console.print(
            clicks, f"after five clicks: mean {np.mean(last):.3f}, lowest {min(last):.3f}, {len(last)} lesions"
        )
    console.print(found)


def _candidate_row(case: LesionCase) -> tuple[str, ...]:
    started = time.process_time()
    candidates = find_lesion_candidates(case.volume, case.liver)
    seconds = time.process_time() - started
    known = {n: m for n, m in case.lesions.items() if case.organ_of[n] is case.liver or (m & case.liver).any()}
    drawn = [c.region.whole(case.volume.grid) for c in candidates]
    hits = [any(dice(d, m) >= _HIT for d in drawn) for m in known.values()]
    strays = [d for d in drawn if not any((d & m).any() for m in known.values())]
    listed = ", ".join(f"{c.kind} {c.volume_ml:.1f} ml" for c, d in zip(candidates, drawn, strict=True)
                       if any(d is stray for stray in strays))  # fmt: skip
    false, open_ = ("-", f"{len(strays)} {listed}") if case.is_without_truth else (f"{len(strays)} {listed}", "-")
    return case.name, str(len(known)), str(sum(hits)), false, open_, f"{seconds:.1f}"


if __name__ == "__main__":
    main()
