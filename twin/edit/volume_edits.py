"""Changes of the scans of a case: import, choice of the planning volume, registrations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from twin.anatomy import LayerName
from twin.case import Case
from twin.edit.edit import Edit
from twin.edit.results_edit import with_results_of
from twin.errors import InputError
from twin.label_layer import LabelLayer
from twin.registration import Registration
from twin.volume import Volume

__all__ = ["PlanningVolumeEdit", "RegistrationsEdit", "ScanLayersEdit", "VolumesEdit"]


@dataclass(frozen=True)
class VolumesEdit:
    """Add, replace or remove scans.

    Parameters
    ----------
    volumes
        Scan by id; None removes it.
    planning_volume_id
        The planning volume afterwards; None leaves it, or takes the first scan where there was none.
    label
        Message id of the words for undo.
    """

    volumes: Mapping[str, Volume | None]
    planning_volume_id: str | None = None
    label: str = "edit.volumes"

    def __post_init__(self) -> None:
        for volume_id, volume in self.volumes.items():
            if volume is not None and volume.id != volume_id:
                raise ValueError(f"the scan {volume.id} is given as {volume_id}")

    @classmethod
    def adding(cls, *volumes: Volume) -> VolumesEdit:
        """Return the edit that imports scans."""
        return cls({volume.id: volume for volume in volumes})

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return 512 + sum(volume.voxels.nbytes for volume in self.volumes.values() if volume is not None)

    def apply(self, case: Case) -> Case:
        """Return the case with other scans.

        Raises
        ------
        GeometryError
            When the planning volume would lie on another grid than the labels.
        """
        for volume_id, volume in self.volumes.items():
            case = _without_volume(case, volume_id) if volume is None else case.with_volume(volume)
        chosen = self.planning_volume_id
        return case if chosen is None else case.with_planning_volume(chosen)

    def inverted(self, case_before: Case) -> VolumesEdit:
        """Return the edit that brings back ``case_before``."""
        before = {volume_id: case_before.volumes.get(volume_id) for volume_id in self.volumes}
        return VolumesEdit(before, case_before.planning_volume_id, self.label)


def _without_volume(case: Case, volume_id: str) -> Case:
    volumes = {name: volume for name, volume in case.volumes.items() if name != volume_id}
    planned = case.planning_volume_id
    return replace(
        case, volumes=volumes, planning_volume_id=next(iter(volumes), None) if planned == volume_id else planned
    )


@dataclass(frozen=True)
class PlanningVolumeEdit:
    """Plan on another scan of the case."""

    volume_id: str
    label: str = "edit.planning_volume"

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return 512

    def apply(self, case: Case) -> Case:
        """Return the case planned on this scan.

        Raises
        ------
        InputError
            When the case holds no such scan.
        GeometryError
            When labels exist on another grid.
        """
        return case.with_planning_volume(self.volume_id)

    def inverted(self, case_before: Case) -> Edit:
        """Return the edit that brings back ``case_before``."""
        if case_before.planning_volume_id is None:
            raise InputError("error.case.no_volume")
        return PlanningVolumeEdit(case_before.planning_volume_id, self.label)


@dataclass(frozen=True)
class RegistrationsEdit:
    """Replace the registrations between the scans of the case."""

    registrations: tuple[Registration, ...]
    label: str = "edit.registrations"

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return 512 * (1 + len(self.registrations))

    def apply(self, case: Case) -> Case:
        """Return the case with these registrations.

        Raises
        ------
        InputError
            When one of them names a scan that the case does not hold.
        """
        return case.with_registrations(self.registrations)

    def inverted(self, case_before: Case) -> Edit:
        """Return the edit that brings back ``case_before``."""
        return with_results_of(RegistrationsEdit(case_before.registrations, self.label), case_before)


@dataclass(frozen=True)
class ScanLayersEdit:
    """Set the labels of a scan of another date, on its own grid; without any they are taken away."""

    volume_id: str
    layers: Mapping[LayerName, LabelLayer]
    label: str = "edit.scan_layers"

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return 512 + sum(layer.voxels.nbytes for layer in self.layers.values())

    def apply(self, case: Case) -> Case:
        """Return the case with these labels; figures that measured growth on others become stale.

        Raises
        ------
        InputError
            When the case holds no such scan, or it is the one that is planned on.
        GeometryError
            When a layer is not on the grid of the scan.
        """
        return case.with_scan_layers(self.volume_id, self.layers)

    def inverted(self, case_before: Case) -> Edit:
        """Return the edit that brings back ``case_before``."""
        before = case_before.scan_layers.get(self.volume_id, {})
        return with_results_of(ScanLayersEdit(self.volume_id, before, self.label), case_before)
