"""SimpleITK writes label images as NIfTI: LPS becomes RAS in here and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from export.staging import staged_file
from twin.errors import InputError
from twin.grid import Grid

__all__ = ["write_nifti"]

Labels = NDArray[np.uint8] | NDArray[np.uint16]
_READ_BACK_TOLERANCE_MM = 1e-2  # NIfTI keeps single precision


def write_nifti(path: Path, voxels: Labels, grid: Grid) -> None:
    """Write labels as compressed NIfTI in millimetres and read them back.

    Parameters
    ----------
    path
        File ending in ``.nii.gz``.
    voxels
        uint8 or uint16 ``[k, j, i]``.
    grid
        Their place in LPS millimetres.

    Raises
    ------
    InputError
        ``error.export.incomplete`` when what was read back differs, and as ``export.staging``.
    """
    image = sitk.GetImageFromArray(voxels)
    image.SetOrigin([float(x) for x in grid.lps_from_ijk((0, 0, 0))])  # type: ignore[no-untyped-call]
    image.SetSpacing([float(s) for s in grid.spacing_ijk_mm])  # type: ignore[no-untyped-call]
    image.SetDirection([float(d) for d in grid.direction.ravel()])  # type: ignore[no-untyped-call]
    with staged_file(path) as staged:
        try:
            sitk.WriteImage(image, str(staged), useCompression=True)
            written = sitk.ReadImage(str(staged))
        except RuntimeError as error:
            raise InputError("error.export.incomplete", name=path.name) from error
        # ITK does not notice a disk that fills up while it compresses: only reading back tells.
        if not np.array_equal(sitk.GetArrayViewFromImage(written), voxels) or not _lies_on(written, grid):
            raise InputError("error.export.incomplete", name=path.name)


def _lies_on(image: sitk.Image, grid: Grid) -> bool:
    corners_ijk = [(0, 0, 0), *np.diag(np.asarray(grid.size_ijk) - 1).tolist()]
    gaps_mm = [
        np.abs(np.asarray(image.TransformIndexToPhysicalPoint([int(i) for i in corner])) - grid.lps_from_ijk(corner))  # type: ignore[no-untyped-call]
        for corner in corners_ijk
    ]
    return bool(np.max(gaps_mm) < _READ_BACK_TOLERANCE_MM)
