"""What quality control says of labels drawn by people: ``python -m tests.benchmarks.score_quality [CASE ...]``.

The labels are taken as right, so that a doubt about one of them is a false alarm unless the images bear it out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from segmentation.quality import QualityReport, quality_report
from tests.segmentation.real_scans import btcv_scan, dicom_scan, labels_on
from twin.anatomy import LayerName, structures
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.phantom import PhantomRecipe, build_phantom
from twin.volume import ContrastPhase, Volume
from twin.wording import Wording


def layers_of_labels(grid: Grid, labels: np.ndarray) -> dict[LayerName, LabelLayer]:
    """Return the layers of a map in TwinSight's values, which has no overlaps; lesions become one."""
    layers: dict[LayerName, LabelLayer] = {}
    for name in (LayerName.ORGANS, LayerName.VESSELS, LayerName.DUCTS, LayerName.CONTEXT):
        values = [s.value for s in structures() if s.layer is name]
        voxels = np.where(np.isin(labels, values), labels, 0).astype(np.uint8)
        if voxels.any():
            layers[name] = LabelLayer(name, grid, voxels)
    if (labels == 8).any():
        layers[LayerName.LESIONS] = LabelLayer(LayerName.LESIONS, grid, (labels == 8).astype(np.uint8))
    return layers


def labelled_cases(shared: Path, wanted: set[str]) -> Iterator[tuple[str, Volume, Mapping[LayerName, LabelLayer]]]:
    """Yield phantoms with their truth and real scans with the labels people drew."""
    for seed in (1, 2, 3):
        for phase in (ContrastPhase.PORTAL, ContrastPhase.ARTERIAL):
            name = f"phantom_{seed}_{phase.value}"
            if not wanted or name in wanted:
                phantom = build_phantom(PhantomRecipe.small(seed, phase=phase))
                yield name, phantom.volume, phantom.layers
    for name in ("chaos_ct3", "ircadb17"):
        if not wanted or name in wanted:
            volume = dicom_scan(shared / name).volume
            labels = labels_on(volume.grid, shared / name / "labels.nii.gz")
            layers = layers_of_labels(volume.grid, labels)
            whole = shared / name / "liver_whole.nii.gz"
            if whole.exists():
                organ = (labels_on(volume.grid, whole) > 0).astype(np.uint8)
                layers[LayerName.ORGANS] = LabelLayer(LayerName.ORGANS, volume.grid, organ)
            yield name, volume, layers
    for path in sorted((shared / "btcv").glob("*_ct.nii.gz")):
        name = path.name.removesuffix("_ct.nii.gz")
        if not wanted or name in wanted:
            volume = btcv_scan(path).volume
            labels = labels_on(volume.grid, path.with_name(f"{name}_labels.nii.gz"))
            yield name, volume, layers_of_labels(volume.grid, labels)


def row(name: str, report: QualityReport, seconds: float) -> str:
    """One case: time and the words of each finding."""
    wording = Wording("en")
    lines = [f"{name:22} {seconds:5.2f} s  {len(report.findings)} findings"]
    for finding in report.findings:
        text = wording.text(finding.message_id, **finding.parameters)
        lines.append(f"    {finding.severity.value:8} {finding.structure_id or '-':20} {text[:110]}")
    return "\n".join(lines)


def main(names: list[str]) -> None:
    shared = Path(__file__).resolve().parents[3] / "shared" / "data"
    for name, volume, layers in labelled_cases(shared, set(names)):
        started = time.perf_counter()
        report = quality_report(layers, volume)
        print(row(name, report, time.perf_counter() - started), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
