"""Grow from seeds against 3D Slicer's own, on the liver box of ircadb17 with scribbles on seven slices.

The scribbles are drawn from the truth by rule: inside, the middle lines of the liver, outside, every other arc of a
ring around it. The update adds an eighth slice. Both sides get the same image and the same scribbles; both are timed
from the image to the labels, and each update starts from an answer of its own.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich import print as tell
from scipy import ndimage
from skimage.morphology import skeletonize

from segmentation.seeds.grow_cut import BACKGROUND, GrowCut
from tests.benchmarks.bench import Benchmark
from tests.segmentation.clicking_user import dice
from tests.segmentation.real_scans import dicom_scan
from tooling.slicer_environment import slicer_python
from twin.box import Box

_ROOT = Path(__file__).resolve().parents[2]
_MARGIN_VOXELS = 15
_N_SLICES = 7
_AWAY_FROM_ENDS = 0.06


def scribbled(truth: NDArray[np.bool_], spacing_ijk_mm: NDArray[np.float64], slices: list[int]) -> NDArray[np.uint8]:
    """Return scribbles ``[k, j, i]`` on some slices: 1 in the structure, ``BACKGROUND`` around it."""
    seeds = np.zeros(truth.shape, np.uint8)
    sampling = spacing_ijk_mm[1::-1]
    for k in slices:
        depth_mm = ndimage.distance_transform_edt(truth[k], sampling=sampling)
        gap_mm = ndimage.distance_transform_edt(~truth[k], sampling=sampling)
        middle = ndimage.binary_dilation(skeletonize(depth_mm > 6.0)) & (depth_mm > 5.0)
        j, i = np.indices(truth[k].shape)
        centre_j, centre_i = ndimage.center_of_mass(truth[k])
        sector = np.floor((np.arctan2(j - centre_j, i - centre_i) / np.pi + 1.0) * 6.0).astype(int)
        seeds[k][middle] = 1
        seeds[k][(gap_mm > 7.0) & (gap_mm <= 9.0) & (sector % 2 == 0)] = BACKGROUND
    return seeds


def scribbled_slices(truth: NDArray[np.bool_]) -> tuple[list[int], int]:
    """Return the seven slices, evenly from end to end, and the one in the middle of the first gap."""
    low, high = np.flatnonzero(truth.any(axis=(1, 2)))[[0, -1]]
    away = _AWAY_FROM_ENDS * (high - low)
    slices = [int(k) for k in np.rint(np.linspace(low + away, high - away, _N_SLICES))]
    return slices, (slices[0] + slices[1]) // 2


class SlicerPeer:
    """3D Slicer's filter in its own process."""

    def __init__(self, python: Path, data: Path) -> None:
        command = [python, Path(__file__).with_name("slicer_grow_cut.py"), data]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answer()

    def ask(self, request: str) -> str:
        """Send one request and wait for its answer."""
        assert self._process.stdin is not None
        print(request, file=self._process.stdin, flush=True)
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise RuntimeError("3D Slicer's filter ended without an answer")
        return line


def benchmarks() -> Iterator[Benchmark]:
    """Yield the first growth and the update."""
    shared = Path(os.environ.get("TWINSIGHT_SHARED") or _ROOT.parent / "shared") / "data" / "ircadb17"
    if not shared.is_dir():
        tell("grow_cut: skipped, ../shared/data/ircadb17 is absent (TWINSIGHT_SHARED points elsewhere)")
        return
    scan = dicom_scan(shared)
    whole = Box.around(scan.truth["liver"])
    assert whole is not None
    box = whole.grown(_MARGIN_VOXELS, scan.truth["liver"].shape)
    image, truth = np.ascontiguousarray(scan.volume.voxels[box.slices]), scan.truth["liver"][box.slices]
    spacing = scan.volume.grid.spacing_ijk_mm
    slices, one_more = scribbled_slices(truth)
    seeds, more_seeds = (scribbled(truth, spacing, chosen) for chosen in (slices, [*slices, one_more]))
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "case.npz"
        np.savez(data, image=image, truth=truth, seeds=seeds, more_seeds=more_seeds, spacing=spacing)
        peer, reason = _peer(data)
        yield from _rows(image, truth, spacing, (seeds, more_seeds), peer, reason)
        if peer is not None:
            peer.close()


def _peer(data: Path) -> tuple[SlicerPeer | None, str]:
    try:
        return SlicerPeer(slicer_python(), data), ""
    except (RuntimeError, OSError) as error:
        return None, f"no peer: {error}"


def _rows(
    image: NDArray[np.int16],
    truth: NDArray[np.bool_],
    spacing: NDArray[np.float64],
    seeds: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    peer: SlicerPeer | None,
    reason: str,
) -> Iterator[Benchmark]:
    waiting: deque[GrowCut] = deque()
    last: list[NDArray[np.bool_]] = []

    def first() -> None:
        grow_cut = GrowCut(image, spacing)
        last[:] = [grow_cut.labels_from(seeds[0]).labels_kji == 1]
        waiting.append(grow_cut)

    def update() -> None:
        last[:] = [waiting.popleft().updated(seeds[1]).labels_kji == 1]

    for name, ours in (("first", first), ("update", update)):
        asked = None if peer is None else lambda request=name: peer.ask(request)
        yield Benchmark(f"grow from seeds, {name}", ours, "vtkImageGrowCutSegment", asked, image.size, reason)
        theirs = "" if peer is None else f", 3D Slicer {float(peer.ask('dice')):.3f}"
        tell(f"Dice after {name}: ours {dice(last[0], truth):.3f}{theirs}")
