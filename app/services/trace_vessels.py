"""Trace the vessels of an open case again from clicked roots, and move a branch to the other tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from app.services.case_session import CaseSession
from twin.anatomy import LayerName
from twin.case import Case
from twin.edit import Basis, LayersEdit, VoxelEdit
from twin.errors import GeometryError, InputError
from twin.job import CancelToken, ProgressListener, no_progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation.segmenter import SegmentationWarning

__all__ = ["BranchMoved", "VesselSummary", "reassign_branch", "trace_vessels", "vessels_edit"]


@dataclass(frozen=True)
class VesselSummary:
    """What was traced: volumes by structure id, reasons (message ids) for what was not found, doubts."""

    volumes_ml: Mapping[str, float]
    not_found: Mapping[str, str]
    warnings: tuple[SegmentationWarning, ...]


@dataclass(frozen=True)
class BranchMoved:
    """A branch that changed its tree: where it was, where it is, and how much of it there is."""

    from_structure: str
    to_structure: str
    volume_ml: float


def trace_vessels(
    session: CaseSession,
    *,
    portal_root_lps_mm: ArrayLike | None = None,
    hepatic_root_lps_mm: ArrayLike | None = None,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> VesselSummary:
    """Trace the vessels of the planning volume from the labels of the case; one edit, which can be undone.

    Parameters
    ----------
    session
        The open case; its liver is needed, vena cava and aorta help.
    portal_root_lps_mm, hepatic_root_lps_mm
        (3,) one click each where the automatic root was wrong; None looks for the root.
    progress
        Told how far it is.
    cancel
        Stops it within half a second.

    Raises
    ------
    GeometryError
        ``error.vessels.no_liver`` when the case has no liver.
    InputError
        ``error.vessels.click_outside``, ``error.vessels.no_volume``; ``error.edit.outdated`` when the labels changed.
    """
    edit, summary = vessels_edit(
        session.case,
        portal_root_lps_mm=portal_root_lps_mm,
        hepatic_root_lps_mm=hepatic_root_lps_mm,
        progress=progress,
        cancel=cancel,
    )
    session.do(edit)
    return summary


def vessels_edit(
    case: Case,
    *,
    portal_root_lps_mm: ArrayLike | None = None,
    hepatic_root_lps_mm: ArrayLike | None = None,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[LayersEdit, VesselSummary]:
    """Return the edit of :func:`trace_vessels` without doing it, for a job on another thread; raises like it."""
    from segmentation.segmenter import SegmentationResult
    from segmentation.vessels.automatic import TRACED_STRUCTURES, with_vessels

    if case.planning_volume_id is None:
        raise InputError("error.vessels.no_volume")
    names = (LayerName.ORGANS, LayerName.VESSELS)
    start = SegmentationResult({name: case.layers[name] for name in names if name in case.layers})
    if not start.has("liver"):
        raise GeometryError("error.vessels.no_liver")
    result = with_vessels(
        case.planning_volume,
        start,
        portal_root_lps_mm=portal_root_lps_mm,
        hepatic_root_lps_mm=hepatic_root_lps_mm,
        progress=progress,
        cancel=cancel,
    )
    layer = result.layers.get(LayerName.VESSELS)
    changed = {} if layer is None else {LayerName.VESSELS: layer}
    edit = LayersEdit(dict(changed), dict(result.not_found), Basis.of(case, names), "edit.vessels")
    found = () if layer is None else tuple(i for i in layer.structure_ids() if i in TRACED_STRUCTURES)
    volumes_ml = {i: layer.volume_ml(i) for i in found} if layer is not None else {}
    return edit, VesselSummary(volumes_ml, dict(result.not_found), result.warnings)


def reassign_branch(session: CaseSession, point_lps_mm: ArrayLike, to_structure: str | None = None) -> BranchMoved:
    """Move the branch at a point, with all that lies downstream, to the other venous tree; one edit.

    Raises
    ------
    InputError
        ``error.vessels.no_branch_here`` when no vein of the liver is within 6 mm; ``error.vessels.same_tree``.
    """
    from segmentation.vessels.reassign import reassign_branch as change_of

    layer = session.case.layer(LayerName.VESSELS)
    change = change_of(layer, point_lps_mm, to_structure)
    n_changed = int((change.voxels != layer.voxels[change.box.slices]).sum())
    edit = VoxelEdit.between(session.case, LayerName.VESSELS, change.box, change.voxels, label="edit.branch")
    if edit is not None:
        session.do(edit)
    return BranchMoved(change.from_structure, change.to_structure, n_changed * layer.grid.voxel_volume_ml)
