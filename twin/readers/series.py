"""A series of a study: what its headers say, its grid, and its voxels when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twin.errors import InputError
from twin.grid import Grid
from twin.job import CancelToken, ProgressListener, no_progress
from twin.provenance import Provenance
from twin.readers.problem import Problem, Severity
from twin.volume import ContrastPhase, Modality, Quantity, Volume

__all__ = ["Series", "SliceImage", "VoxelSource"]

Voxels = NDArray[np.generic]


class VoxelSource(Protocol):
    """Where the voxels of a series come from; nothing is decoded before it is asked for."""

    def slice(self, k: int) -> Voxels:
        """Decode one slice ``[j, i]`` of the grid."""
        ...

    def voxels(self, progress: ProgressListener, cancel: CancelToken | None) -> Voxels:
        """Decode all slices ``[k, j, i]``."""
        ...

    def provenance(self) -> Provenance:
        """Reader and file hashes; complete after :meth:`voxels`."""
        ...


@dataclass(frozen=True, eq=False)
class SliceImage:
    """One slice of a series.

    Parameters
    ----------
    k
        Its index along the slice normal.
    voxels
        ``[j, i]`` in the quantity of the series.
    grid
        Grid of the whole series.
    """

    k: int
    voxels: Voxels
    grid: Grid


@dataclass(frozen=True, eq=False)
class Series:
    """One stack of images that can become a volume.

    Parameters
    ----------
    uid
        Unique within its study: the SeriesInstanceUID, with ``#2``, ``#3``... for further stacks split from it.
    series_uid
        SeriesInstanceUID, None outside DICOM.
    description
        Description without identity.
    number
        Series number, None when absent.
    modality, quantity, phase
        What it is; the phase is a proposal.
    phase_source
        ``"description"``, ``"timing"`` or empty.
    scan_date
        ``YYYYMMDD`` or None.
    n_images
        Images that belong to it.
    grid
        Where its voxels lie; None when it is refused.
    nominal_thickness_mm
        Slice thickness as declared.
    facts
        Plain technical facts.
    problems
        What quality control found.
    """

    uid: str
    series_uid: str | None
    description: str
    modality: Modality
    quantity: Quantity
    n_images: int
    number: int | None = None
    phase: ContrastPhase = ContrastPhase.UNKNOWN
    phase_source: str = ""
    scan_date: str | None = None
    grid: Grid | None = None
    nominal_thickness_mm: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    source: VoxelSource | None = None

    @property
    def is_importable(self) -> bool:
        """True when it can be loaded."""
        return self.source is not None and self.refusal is None

    @property
    def refusal(self) -> Problem | None:
        """The problem that refuses it, or None."""
        return next((p for p in self.problems if p.severity is Severity.REFUSED), None)

    def slice(self, k: int) -> SliceImage:
        """Decode one slice of the grid, at once and without the others.

        Raises
        ------
        InputError
            When the series was refused or the slice cannot be decoded.
        """
        source, grid = self._required()
        return SliceImage(k, source.slice(k), grid)

    def middle_slice(self) -> SliceImage:
        """Decode the slice in the middle: what the eye wants first."""
        _, grid = self._required()
        return self.slice(grid.size_ijk[2] // 2)

    def load(
        self,
        progress: ProgressListener = no_progress,
        cancel: CancelToken | None = None,
        *,
        volume_id: str = "volume-1",
    ) -> Volume:
        """Decode all slices.

        Parameters
        ----------
        progress
            Told after each slice.
        cancel
            Looked at before each slice.
        volume_id
            Id of the volume inside its case.

        Raises
        ------
        InputError
            When the series was refused or a slice cannot be decoded.
        Cancelled
            When asked to stop.
        """
        source, grid = self._required()
        voxels = source.voxels(progress, cancel)
        phase_facts = {"phase_source": self.phase_source} if self.phase_source else {}
        return Volume(
            id=volume_id,
            grid=grid,
            voxels=voxels,
            quantity=self.quantity,
            modality=self.modality,
            phase=self.phase,
            description=self.description,
            scan_date=self.scan_date,
            series_uid=self.series_uid,
            nominal_thickness_mm=self.nominal_thickness_mm,
            provenance=source.provenance(),
            facts={**self.facts, **phase_facts},
        )

    def _required(self) -> tuple[VoxelSource, Grid]:
        refusal = self.refusal
        if refusal is not None:
            raise InputError(refusal.message_id, **refusal.parameters)
        if self.source is None or self.grid is None:
            raise InputError("error.import.nothing_usable", count=1)
        return self.source, self.grid
