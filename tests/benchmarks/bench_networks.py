"""The whole automatic segmentation of a CT of 512 x 512 x 400 voxels: time, and peak memory in a process of its own.

``python -m tests.benchmarks.bench_networks [SCAN]`` measures it once and prints the steps; SCAN is a CT file (NIfTI),
brought onto 512 x 512 x 400 voxels over its own extent. Without it the phantom is taken.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from twin.geometry.numba_environment import prepare_numba_environment

prepare_numba_environment()

from segmentation.networks.network_segmenter import NetworkSegmenter  # noqa: E402
from tests.benchmarks.bench import Benchmark  # noqa: E402
from twin.grid import Grid  # noqa: E402
from twin.job import Progress  # noqa: E402
from twin.phantom import PhantomRecipe, build_phantom  # noqa: E402
from twin.volume import Modality, Quantity, Volume  # noqa: E402

SIZE_IJK = (512, 512, 400)
TARGET = "target 60 s and 6 GiB on 2 cores"


def benchmarks() -> Iterator[Benchmark]:
    """Yield the row; none where the weights are not shipped."""
    segmenter = NetworkSegmenter()
    if not segmenter.availability().is_available:
        print("networks: no row, their weights are not here", file=sys.stderr)
        return
    alone = _measured_alone()
    volume = large_scan()
    yield Benchmark(
        "automatic segmentation of a CT",
        lambda: segmenter.segment(volume),
        voxels=int(np.prod(SIZE_IJK)),
        note=f"alone in a process: {alone['seconds']:.0f} s, peak {alone['peak_gib']:.1f} GiB; {TARGET}",
    )


def large_scan(path: Path | None = None) -> Volume:
    """Return a CT of 512 x 512 x 400 voxels: a file, or the phantom, interpolated over its own extent."""
    if path is None:
        small = build_phantom(PhantomRecipe.small(3)).volume
        image = sitk.GetImageFromArray(small.voxels)
        image.SetSpacing(small.grid.spacing_ijk_mm.tolist())
        image.SetOrigin(small.grid.origin_lps_mm.tolist())
    else:
        image = sitk.DICOMOrient(sitk.ReadImage(str(path), sitk.sitkInt16), "LPS")
    spacing = [n * s / m for n, s, m in zip(image.GetSize(), image.GetSpacing(), SIZE_IJK, strict=True)]
    first = np.array(image.GetOrigin()) + (np.array(spacing) - np.array(image.GetSpacing())) / 2
    grid = Grid.from_spacing(SIZE_IJK, spacing, origin_lps_mm=first)
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize(SIZE_IJK)
    resampler.SetOutputSpacing(spacing)
    resampler.SetOutputOrigin(first.tolist())
    resampler.SetUseNearestNeighborExtrapolator(True)
    hu = sitk.GetArrayFromImage(resampler.Execute(image))
    return Volume("volume-1", grid, hu, Quantity.HOUNSFIELD, Modality.CT)


def _measured_alone() -> dict[str, float]:
    root = Path(__file__).resolve().parents[2]
    line = [sys.executable, "-m", "tests.benchmarks.bench_networks", "--json"]
    done = subprocess.run(line, cwd=root, capture_output=True, text=True, check=True, env=os.environ)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measure once, in this process."""
    import resource

    names = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    volume = large_scan(Path(names[0]) if names else None)
    before_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    started, started_cpu, heard = time.perf_counter(), time.process_time(), ""

    def listen(progress: Progress) -> None:
        nonlocal heard
        if progress.message_id != heard:
            heard = progress.message_id
            elapsed = time.perf_counter() - started
            print(f"{elapsed:6.1f} s  cpu {time.process_time() - started_cpu:6.1f} s  {heard}", file=sys.stderr)

    result = NetworkSegmenter().segment(volume, progress=listen)
    figures = {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - started_cpu,
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "before_gib": before_gib,
        "n_structures": sum(len(layer.structure_ids()) for layer in result.layers.values()),
    }
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
