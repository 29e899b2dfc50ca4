"""Real scans with their truth, from the folder beside the repository."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from twin.grid import Grid
from twin.readers.study import read_study
from twin.volume import Modality, Quantity, Volume


@dataclass(frozen=True, eq=False)
class RealScan:
    """A scan and the true masks of some structures on its grid."""

    name: str
    volume: Volume
    truth: dict[str, np.ndarray] = field(default_factory=dict)


def dicom_scan(folder: Path) -> RealScan:
    """Read ``dicom.zip`` of a case as the program does, and the truth that lies beside it."""
    series = max(read_study(folder / "dicom.zip").series, key=lambda series: series.n_images)
    volume = series.load()
    truth = {}
    if (folder / "liver_whole.nii.gz").exists():  # 3D-IRCADb: arteries are labelled together, so only liver and cava
        truth["liver"] = labels_on(volume.grid, folder / "liver_whole.nii.gz") > 0
        truth["inferior_vena_cava"] = labels_on(volume.grid, folder / "labels.nii.gz") == 5
    elif (folder / "labels.nii.gz").exists():
        truth["liver"] = labels_on(volume.grid, folder / "labels.nii.gz") == 1
    return RealScan(folder.name, volume, truth)


def btcv_scan(path: Path) -> RealScan:
    """Read a scan of the BTCV set with its truth."""
    image = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
    grid = Grid.from_spacing(
        image.GetSize(), image.GetSpacing(), origin_lps_mm=image.GetOrigin(), direction=image.GetDirection()
    )
    hu = sitk.GetArrayFromImage(image).astype(np.int16)
    name = path.name.removesuffix("_ct.nii.gz")
    labels = labels_on(grid, path.with_name(f"{name}_labels.nii.gz"))
    truth = {"liver": labels == 1, "inferior_vena_cava": labels == 5, "aorta": labels == 6}
    return RealScan(name, Volume("volume-1", grid, hu, Quantity.HOUNSFIELD, Modality.CT), truth)


def real_scans(shared: Path, wanted: set[str]) -> Iterator[RealScan]:
    """Yield the scans that are named, or all that have a truth."""
    for name in ("ircadb17", "chaos_ct3"):
        if not wanted or name in wanted:
            yield dicom_scan(shared / name)
    for path in sorted((shared / "btcv").glob("*_ct.nii.gz")):
        if not wanted or path.name.removesuffix("_ct.nii.gz") in wanted:
            yield btcv_scan(path)


def labels_on(grid: Grid, path: Path) -> np.ndarray:
    """Read a label map and bring it onto a grid by nearest neighbour in patient space."""
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize(grid.size_ijk)
    resampler.SetOutputSpacing(grid.spacing_ijk_mm.tolist())
    resampler.SetOutputOrigin(grid.origin_lps_mm.tolist())
    resampler.SetOutputDirection(grid.direction.ravel().tolist())
    resampler.SetInterpolator(sitk.sitkNearestNeighbor)
    return sitk.GetArrayFromImage(resampler.Execute(sitk.ReadImage(str(path))))
