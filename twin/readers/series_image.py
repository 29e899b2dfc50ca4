"""A volume file (NIfTI, NRRD, MetaImage) as the one series of a study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.job import CancelToken, Progress, ProgressListener
from twin.provenance import Provenance
from twin.readers.image_file import LengthUnit
from twin.readers.image_sitk import read_image_file, volume_of_image
from twin.readers.series import Series
from twin.volume import Modality, Volume

__all__ = ["image_series"]


@dataclass(frozen=True, eq=False)
class _ReadVoxels:
    volume: Volume

    def slice(self, k: int) -> NDArray[np.generic]:
        return np.asarray(self.volume.voxels[k])

    def voxels(self, progress: ProgressListener, cancel: CancelToken | None) -> NDArray[np.generic]:
        if cancel is not None:
            cancel.raise_if_cancelled()
        n_slices = self.volume.grid.size_ijk[2]
        progress(Progress(1.0, "progress.import.decoding", {"done": n_slices, "total": n_slices}))
        return self.volume.voxels

    def provenance(self) -> Provenance:
        assert self.volume.provenance is not None
        return self.volume.provenance


def image_series(path: Path, *, units: LengthUnit | None, modality: Modality | None) -> Series:
    """Read a volume file as a series; it is read at once, since its kind shows in its voxels only.

    Raises
    ------
    InputError
        When the file cannot be used.
    """
    volume, problems = volume_of_image(path, read_image_file(path, units=units), modality=modality)
    return Series(
        uid="image-1",
        series_uid=None,
        description="",
        modality=volume.modality,
        quantity=volume.quantity,
        n_images=volume.grid.size_ijk[2],
        grid=volume.grid,
        problems=problems,
        source=_ReadVoxels(volume),
    )
