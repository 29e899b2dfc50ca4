"""Bring another scan of a case into the space of the planning volume: accepted as it is, or fitted on the livers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.services.case_session import CaseSession
from app.services.progress_part import part_of
from twin.anatomy import LayerName
from twin.case import Case
from twin.edit import RegistrationsEdit
from twin.errors import GeometryError, InputError, SafetyRefusal
from twin.figure import Figure, FigureStatus
from twin.geometry.register_sitk import labels_through
from twin.geometry.rigid_fit import RigidFit, rigid_fit_of_masks
from twin.grid import Grid
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.label_layer import LabelLayer
from twin.provenance import Provenance, array_hash
from twin.registration import Registration
from twin.uncertainty import BoundaryUncertainty
from twin.wording import Wording

if TYPE_CHECKING:
    from segmentation.segmenter import Segmenter

__all__ = [
    "RegisteredVolume",
    "accept_identity",
    "layers_through",
    "liver_on_scan",
    "register_session",
    "registration_edit",
    "require_liver",
    "rigid_registration",
]

_VERSION = "1"
# From here on a fit is doubtful: ours. Patients lie alike in the scanner; two livers of one patient, laid on each
# other, differ by breathing, by the drawing of two people (about 2 mm) and by what grew or was removed.
_LARGEST_ROTATION_DEG = 20.0
_LEAST_OVERLAP = 0.85
_LARGEST_P95_MM = 10.0
_LEAST_SHARED = 0.6
_LARGEST_SHIFT_MM = 150.0


@dataclass(frozen=True)
class RegisteredVolume:
    """A registration with the message ids of its doubts, and what they are measured from."""

    registration: Registration
    doubts: tuple[str, ...]
    parameters: Mapping[str, object]

    def lines(self, wording: Wording) -> list[str]:
        """What was reached, then each doubt."""
        reached = wording.text("registration.reached", **self.parameters)
        return [reached, *(wording.text(doubt, **self.parameters) for doubt in self.doubts)]

    def to_json(self, wording: Wording) -> dict[str, object]:
        """Plain values."""
        return {
            "registration": self.registration.to_json(),
            "doubts": [{"message_id": doubt, "text": wording.text(doubt, **self.parameters)} for doubt in self.doubts],
        }


def accept_identity(session: CaseSession, from_volume_id: str, *, by: str) -> Registration:
    """Take two scans of one frame of reference as lying alike, on the word of a person; one edit.

    Nothing is measured: breathing moves the liver by centimetres between two series, so that it stays "assumed".

    Raises
    ------
    InputError
        When there is no such scan, or the two have no common frame of reference.
    SafetyRefusal
        ``error.registration.nobody_accepts`` without a name.
    """
    case = session.case
    moving, fixed = _pair(case, from_volume_id)
    if not by.strip():
        raise SafetyRefusal("error.registration.nobody_accepts", volume=from_volume_id)
    mine, theirs = (case.volumes[i].grid.frame_of_reference_uid for i in (moving, fixed))
    if mine is None or mine != theirs:
        raise InputError("error.registration.no_common_frame", volume=moving, reference=fixed)
    source = "not measured: the same frame of reference, accepted by a person"
    quality = Figure(None, None, None, "mm", FigureStatus.ASSUMED, source)
    provenance = Provenance("register.identity", _VERSION, {"frame_of_reference": "same"})
    registration = Registration(moving, fixed, np.eye(4), "identity", quality, provenance, by.strip())
    session.do(registration_edit(case, registration))
    return registration


def register_session(
    session: CaseSession,
    from_volume_id: str,
    segmenter: Segmenter,
    *,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> RegisteredVolume:
    """Find the liver on another scan and lay it on that of the planning volume; one edit, which can be undone.

    Raises
    ------
    InputError
        When there is no such scan, or the segmenter cannot read it.
    GeometryError
        When one of the livers is missing, or the two share nothing.
    Cancelled
        When ``cancel`` was set.
    """
    case, moving = session.case, from_volume_id
    require_liver(case, moving)
    result = segmenter.segment(case.volumes[moving], progress=part_of(progress, 0.0, 0.8), cancel=cancel)
    liver = liver_on_scan(result.layers, moving)
    found = rigid_registration(case, moving, liver, progress=part_of(progress, 0.8, 1.0), cancel=cancel)
    session.do(registration_edit(case, found.registration))
    return found


def rigid_registration(
    case: Case,
    from_volume_id: str,
    liver: NDArray[np.bool_],
    *,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> RegisteredVolume:
    """Return the rigid registration of a scan whose liver is known; the case is not changed.

    Parameters
    ----------
    case
        Holds both scans and the liver on the planning volume.
    from_volume_id
        The scan to bring into the space of the planning volume.
    liver
        bool ``[k, j, i]`` on its grid.
    progress, cancel
        Contract of long jobs.

    Raises
    ------
    InputError
        When there is no such scan.
    GeometryError
        When one of the livers is missing, or the two share nothing.
    """
    moving, fixed = _pair(case, from_volume_id)
    reference = _reference_liver(case)
    progress(Progress(0.1, "progress.registration.fitting"))
    grid = case.volumes[moving].grid
    fit = rigid_fit_of_masks(liver, grid, reference, case.reference_grid, cancel=cancel)
    parameters = _parameters(fit, liver, grid, reference, case.reference_grid)
    doubts = _doubts(fit, parameters)
    quality = Figure(
        fit.quantile_mm(0.5),
        fit.quantile_mm(0.05),
        fit.quantile_mm(0.95),
        "mm",
        FigureStatus.MEASURED,
        "median symmetric surface distance of both livers; interval: 5 % to 95 % of the distances",
    )
    hashes = {"from": array_hash(liver), "to": array_hash(reference)}
    provenance = Provenance("register.rigid", _VERSION, {**parameters, "doubts": list(doubts)}, hashes)
    progress(Progress(1.0, "progress.registration.done"))
    registration = Registration(moving, fixed, fit.matrix_lps_mm, "rigid", quality, provenance)
    return RegisteredVolume(registration, doubts, parameters)


def layers_through(
    layers: Mapping[LayerName, LabelLayer], registration: Registration, reference: Grid
) -> dict[LayerName, LabelLayer]:
    """Return layers of another scan on the reference grid: nearest neighbour, layer by layer; empty ones left out.

    Their boundaries are less sure by the median distance of the registration, or by an assumed five millimetres
    where that was not measured.
    """
    added_mm = registration.quality.value if registration.quality.value is not None else _ASSUMED_SHIFT_MM
    moved: dict[LayerName, LabelLayer] = {}
    for name, layer in layers.items():
        if name.is_derived:
            continue
        voxels = labels_through(layer.voxels, layer.grid, reference, registration.matrix_lps_mm)
        if not voxels.any():
            continue
        parameters = {"from": registration.from_volume_id, "method": registration.method}
        provenance = Provenance("register.labels", _VERSION, parameters, {"labels": layer.hash})
        placed = LabelLayer(name, reference, voxels, provenance=provenance, doubts=layer.doubts)
        wider = {i: _widened(u, added_mm) for i, u in layer.uncertainties.items() if i in placed.structure_ids()}
        moved[name] = replace(placed, uncertainties=wider)
    return moved


# Ours: half a breath between two series held "alike" (the liver follows the diaphragm by 1 to 2 cm).
_ASSUMED_SHIFT_MM = 5.0


def _widened(uncertainty: BoundaryUncertainty, by_mm: float) -> BoundaryUncertainty:
    return replace(
        uncertainty,
        inward_mm=uncertainty.inward_mm - by_mm,
        outward_mm=uncertainty.outward_mm + by_mm,
        is_assumed=True,
    )


def _pair(case: Case, from_volume_id: str) -> tuple[str, str]:
    """Return the ids of the scan to move and of the planning volume."""
    for volume_id in (from_volume_id, case.planning_volume.id):
        if volume_id not in case.volumes:
            raise InputError("error.case.no_such_volume", volume=volume_id)
    if from_volume_id == case.planning_volume_id:
        raise InputError("error.registration.same_volume", volume=from_volume_id)
    return from_volume_id, case.planning_volume.id


def require_liver(case: Case, from_volume_id: str) -> None:
    """Check that a scan can be registered on the liver of the planning volume.

    Raises
    ------
    InputError
        When there is no such scan, or it is the planning volume.
    GeometryError
        When no liver is labelled on the planning volume.
    """
    _pair(case, from_volume_id)
    _reference_liver(case)


def liver_on_scan(layers: Mapping[LayerName, LabelLayer], volume_id: str) -> NDArray[np.bool_]:
    """Return the liver of a scan, bool ``[k, j, i]`` on its grid.

    Raises
    ------
    GeometryError
        ``error.registration.no_liver_on_scan``.
    """
    organs = layers.get(LayerName.ORGANS)
    if organs is None or "liver" not in organs.structure_ids():
        raise GeometryError("error.registration.no_liver_on_scan", volume=volume_id)
    return organs.mask("liver")


def _reference_liver(case: Case) -> NDArray[np.bool_]:
    return liver_on_scan(case.layers, case.planning_volume.id)


def registration_edit(case: Case, registration: Registration) -> RegistrationsEdit:
    """Return the edit that puts a registration in place of an earlier one of the same two scans."""
    pair = (registration.from_volume_id, registration.to_volume_id)
    others = tuple(r for r in case.registrations if (r.from_volume_id, r.to_volume_id) != pair)
    return RegistrationsEdit((*others, registration))


def _parameters(
    fit: RigidFit, liver: NDArray[np.bool_], grid: Grid, reference: NDArray[np.bool_], reference_grid: Grid
) -> dict[str, object]:
    centre = grid.lps_from_ijk(np.argwhere(liver)[::97, ::-1].mean(axis=0))
    moved = fit.matrix_lps_mm[:3, :3] @ centre + fit.matrix_lps_mm[:3, 3]
    volumes_ml = (
        np.count_nonzero(liver) * grid.voxel_volume_ml,
        np.count_nonzero(reference) * reference_grid.voxel_volume_ml,
    )
    return {
        "median_mm": round(fit.quantile_mm(0.5), 1),
        "p95_mm": round(fit.quantile_mm(0.95), 1),
        "rotation_deg": round(fit.rotation_deg, 1),
        "shift_mm": round(float(np.linalg.norm(moved - centre)), 1),
        "overlap": round(fit.overlap, 3),
        "shared_percent": round(100 * fit.shared_share),
        "from_ml": round(float(volumes_ml[0])),
        "to_ml": round(float(volumes_ml[1])),
        "converged": fit.has_converged,
    }


def _doubts(fit: RigidFit, parameters: Mapping[str, object]) -> tuple[str, ...]:
    """Message ids of what makes the fit doubtful."""
    checks = {
        "registration.doubt.not_converged": not fit.has_converged,
        "registration.doubt.rotation": fit.rotation_deg > _LARGEST_ROTATION_DEG,
        "registration.doubt.shift": float(str(parameters["shift_mm"])) > _LARGEST_SHIFT_MM,
        "registration.doubt.overlap": fit.overlap < _LEAST_OVERLAP or fit.quantile_mm(0.95) > _LARGEST_P95_MM,
        "registration.doubt.partial": fit.shared_share < _LEAST_SHARED,
    }
    return tuple(message_id for message_id, is_so in checks.items() if is_so)
