"""Labelled scans of the BTCV challenge on the fine working grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from segmentation.classical.coarse_organs import COARSE_CLASSES
from segmentation.classical.working_volume_sitk import WorkingVolume, working_volume
from twin.grid import Grid
from twin.volume import Modality, Quantity, Volume

__all__ = ["LabelledScan", "btcv_volumes", "class_of_label", "labels_in_lps", "working_scan"]

# TwinSight's label values (anatomy/structures.json) behind each class of the first look.
_LABELS_OF_CLASS = {
    "liver": (1,),
    "spleen": (11,),
    "kidney": (14,),
    "stomach": (12,),
    "aorta": (6,),
    "ivc": (5,),
    "gallbladder": (9,),
    "pancreas": (2, 3),
}


@dataclass(frozen=True, eq=False)
class LabelledScan:
    """Windowed HU (float32) and labels (uint8) ``[k, j, i]`` on an upright isotropic grid."""

    name: str
    hu: NDArray[np.float32]
    labels: NDArray[np.uint8]
    spacing_mm: float

    def working(self) -> WorkingVolume:
        """Return the scan as the segmenter sees it."""
        k, j, i = self.hu.shape
        grid = Grid.from_spacing((i, j, k), (self.spacing_mm,) * 3)
        return WorkingVolume(self.hu, grid, np.ones(self.hu.shape, np.bool_))


def class_of_label() -> NDArray[np.uint8]:
    """Return the table from label value to class of the first look."""
    table = np.zeros(256, np.uint8)
    for name, values in _LABELS_OF_CLASS.items():
        table[list(values)] = COARSE_CLASSES.index(name)
    return table


def btcv_volumes(folder: Path) -> Iterator[tuple[str, Volume, NDArray[np.uint8]]]:
    """Yield name, volume and labels of each scan ``NAME_ct.nii.gz`` with its ``NAME_labels.nii.gz``."""
    for path in sorted(folder.glob("*_ct.nii.gz")):
        image = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
        labels = labels_in_lps(path.with_name(path.name.replace("_ct.", "_labels.")))
        grid = Grid.from_spacing(
            image.GetSize(), image.GetSpacing(), origin_lps_mm=image.GetOrigin(), direction=image.GetDirection()
        )
        hu = sitk.GetArrayFromImage(image).astype(np.int16)
        volume = Volume("volume-1", grid, hu, Quantity.HOUNSFIELD, Modality.CT)
        yield path.name.removesuffix("_ct.nii.gz"), volume, labels


def labels_in_lps(path: Path) -> NDArray[np.uint8]:
    """Read a label map ``[k, j, i]`` with its axes turned to left, back and up."""
    image = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
    return np.asarray(sitk.GetArrayFromImage(image), dtype=np.uint8)


def working_scan(name: str, volume: Volume, labels: NDArray[np.uint8], spacing_mm: float) -> LabelledScan:
    """Bring a scan and its labels onto the fine grid, without the blank slices that the set has at its ends."""
    scan = working_volume(volume, spacing_mm)
    index = [
        np.clip(np.round((np.arange(n) + 0.5) * spacing_mm / old - 0.5).astype(int), 0, m - 1)
        for n, m, old in zip(scan.hu.shape, labels.shape, volume.grid.spacing_ijk_mm[::-1], strict=True)
    ]
    hu, nearest = scan.windowed_hu, labels[np.ix_(*index)]
    filled = np.flatnonzero(hu.std(axis=(1, 2)) > 1.0)
    kept = slice(int(filled[0]), int(filled[-1]) + 1)
    return LabelledScan(name, hu[kept], nearest[kept], spacing_mm)
