"""An image in patient space: CT in Hounsfield units or MR signal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from twin.errors import GeometryError
from twin.grid import Grid
from twin.provenance import Provenance

__all__ = ["ContrastPhase", "Modality", "Quantity", "Volume"]

Voxels = NDArray[np.generic]


class Modality(StrEnum):
    """Kind of scanner."""

    CT = "CT"
    MR = "MR"
    UNKNOWN = "unknown"


class Quantity(StrEnum):
    """What a voxel value means."""

    HOUNSFIELD = "hu"
    SIGNAL = "signal"


class ContrastPhase(StrEnum):
    """Phase of the contrast agent; unknown unless the file or a person says it."""

    UNENHANCED = "unenhanced"
    ARTERIAL = "arterial"
    PORTAL = "portal"
    DELAYED = "delayed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False)
class Volume:
    """A scan: voxels on a grid.

    Parameters
    ----------
    id
        Stable id inside its case, e.g. ``"volume-1"``.
    grid
        Where the voxels are.
    voxels
        Array ``[k, j, i]``, int16 for CT in HU, int16, uint16 or float32 for MR; made read-only.
    quantity, modality, phase
        What the values are.
    description
        Series description without identity.
    scan_date
        ``YYYYMMDD`` or None.
    series_uid
        DICOM SeriesInstanceUID or None.
    nominal_thickness_mm
        Reconstructed slice thickness where known (may exceed the spacing).
    provenance
        Reader, file hashes.
    facts
        Plain technical facts that later steps need: kernel, kVp, contrast agent, manufacturer.
    """

    id: str
    grid: Grid
    voxels: Voxels
    quantity: Quantity
    modality: Modality
    phase: ContrastPhase = ContrastPhase.UNKNOWN
    description: str = ""
    scan_date: str | None = None
    series_uid: str | None = None
    nominal_thickness_mm: float | None = None
    provenance: Provenance | None = None
    facts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.voxels.shape != self.grid.shape_kji:
            raise GeometryError("error.volume.shape", voxels=str(self.voxels.shape), grid=str(self.grid.shape_kji))
        voxels = np.ascontiguousarray(self.voxels)
        voxels.setflags(write=False)
        object.__setattr__(self, "voxels", voxels)

    @property
    def is_thick_sliced(self) -> bool:
        """True when slices are more than 3 mm apart: a margin measured on it is not reliable."""
        return self.grid.slice_thickness_mm > 3.0

    @property
    def scan_day(self) -> date | None:
        """Day of the scan, or None when it does not say."""
        try:
            return date.fromisoformat(self.scan_date or "")
        except ValueError:
            return None
