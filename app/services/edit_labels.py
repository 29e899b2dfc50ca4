"""Editing labels of an open case: strokes, scissors and operations on whole structures, each one step of undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.services.case_session import CaseSession, SessionEvent
from app.services.edit_requests import EVERYWHERE, Limits, ScissorsCut
from app.services.label_stroke import LabelStroke, StrokeMode, StrokePlan
from segmentation.editing.box_change import BoxMask
from segmentation.editing.brush import Brush
from segmentation.editing.operations import (
    Combine,
    LabelledStructure,
    LabelOperation,
    MoveIslandAt,
    SplitIslands,
    labels_after,
)
from segmentation.editing.paint_rules import LabelTarget, PaintRules, erased, painted, require_editable
from segmentation.editing.scissors import outside_of, prism_mask
from segmentation.editing.structure_boxes import boxes_of_values
from segmentation.editing.warm_up import warm_up
from twin.anatomy import LayerName, lesion_id, structure
from twin.box import Box
from twin.case import Case
from twin.edit import Edit, GroupEdit, ResultsEdit, VoxelEdit
from twin.errors import CaseFileError, InputError
from twin.job import CancelToken, ProgressListener, no_progress
from twin.label_layer import LabelLayer
from twin.uncertainty import LabelOrigin

__all__ = ["LabelEditor"]

# What undo calls each operation.
_LABELS = {
    "KeepLargestIsland": "edit.label.keep_largest_island",
    "RemoveSmallIslands": "edit.label.remove_small_islands",
    "KeepIslandAt": "edit.label.keep_island",
    "RemoveIslandAt": "edit.label.remove_island",
    "MoveIslandAt": "edit.label.move_island",
    "SplitIslands": "edit.label.split_islands",
    "FillHoles": "edit.label.fill_holes",
    "Smooth": "edit.label.smooth",
    "Grow": "edit.label.grow",
    "Shrink": "edit.label.shrink",
    "Hollow": "edit.label.hollow",
    "InvertInBox": "edit.label.invert",
    "FillBetweenSlices": "edit.label.fill_between_slices",
}


class LabelEditor:
    """The editing tools on an open case.

    Strokes are live (:meth:`begin_stroke`). Scissors and operations give an edit, to be computed on any thread
    and handed to :meth:`apply`, which refuses it when the labels it was made from have changed meanwhile. The locks
    belong to the editor, not to the case.

    Parameters
    ----------
    session
        The open case.
    """

    def __init__(self, session: CaseSession) -> None:
        self._session = session
        self._locked: frozenset[str] = frozenset()
        self._boxes: dict[LayerName, tuple[LabelLayer, dict[int, Box]]] = {}
        self._layers = dict(session.case.layers)
        self._unsubscribe = session.subscribe(self._follow)

    @property
    def locked_structures(self) -> frozenset[str]:
        """Ids of the structures that no tool changes."""
        return self._locked

    def lock(self, structure_id: str) -> None:
        """Let no tool change a structure any more."""
        self._locked |= {structure(structure_id).id}

    def unlock(self, structure_id: str) -> None:
        """Let tools change a structure again."""
        self._locked -= {structure_id}

    def close(self) -> None:
        """Stop following the case."""
        self._unsubscribe()
        self._boxes.clear()

    def prepare(self, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None) -> None:
        """Compile the tools and find where each structure lies, so that the first stroke does not wait for it."""
        warm_up(progress=progress, cancel=cancel)
        for name in tuple(self._session.case.layers):
            if not name.is_derived:
                self._boxes_of(self._session.case, name)

    def place_of(self, structure_id: str) -> NDArray[np.float64] | None:
        """Return the middle of the box around a structure, LPS mm (3,); None when it does not occur."""
        case = self._session.case
        box = self._labelled(case, structure_id).box
        if box is None:
            return None
        middle_kji = [(a + b - 1) / 2 for a, b in zip(box.start_kji, box.stop_kji, strict=True)]
        return case.layer(structure(structure_id).layer).grid.lps_from_ijk(middle_kji[::-1])

    def new_lesion_id(self) -> str:
        """Return the id of a lesion that does not exist yet."""
        return lesion_id(max(self._session.case.layer(LayerName.LESIONS).values(), default=0) + 1)

    def begin_stroke(
        self, structure_id: str, brush: Brush, mode: StrokeMode = StrokeMode.PAINT, *, limits: Limits = EVERYWHERE
    ) -> LabelStroke:
        """Begin a stroke; only one at a time is drawn in a layer.

        Raises
        ------
        InputError
            When no structure is chosen, it is locked, derived or unknown, or the scan that an intensity range needs
            is missing.
        CaseFileError
            ``error.case.read_only``.
        """
        case = self._session.case
        target, rules = self._target(case, structure_id, limits)
        layer = case.layer(target.layer)
        self._boxes_of(case, target.layer)  # counted before the first stroke, not at its end
        is_threshold = limits.intensity_range is not None and mode is StrokeMode.PAINT
        label = "edit.label.threshold_paint" if is_threshold else f"edit.label.{mode.value}"
        allowed = self._allowed(case, limits)
        return LabelStroke(self._session, StrokePlan(target, rules, brush, mode, layer.grid, allowed, label))

    def scissors_edit(self, structure_id: str, cut: ScissorsCut, *, limits: Limits = EVERYWHERE) -> VoxelEdit:
        """Return the edit that a cut of the scissors makes.

        Raises
        ------
        InputError
            Like :meth:`begin_stroke`; ``error.editing.polygon`` for fewer than three corners.
        GeometryError
            When the structure that is to be cut does not occur.
        """
        case = self._session.case
        target, rules = self._target(case, structure_id, limits)
        layer = case.layer(target.layer)
        within = Box((0, 0, 0), layer.grid.shape_kji)
        if not cut.mode.is_fill:
            within = self._labelled(case, structure_id).required_box()
        elif limits.inside is not None:
            within = self._labelled(case, limits.inside).required_box()
        chosen = prism_mask(cut.polygon_lps_mm, cut.view_direction_lps, layer.grid, within, depth_mm=cut.depth_mm)
        chosen = outside_of(chosen, within) if cut.mode.is_outside else chosen
        if chosen is None:
            raise InputError("error.editing.nothing_changed")
        allowed, mask = self._allowed(case, limits), chosen.mask
        if allowed is not None:
            mask = mask & allowed(chosen.box)
        change = painted if cut.mode.is_fill else erased
        voxels = change(layer.voxels[chosen.box.slices], mask, target, rules)
        label = "edit.label.scissors_fill" if cut.mode.is_fill else "edit.label.scissors_erase"
        return _changing(VoxelEdit.between(case, target.layer, chosen.box, voxels, label=label))

    def deletion_edit(self, structure_id: str) -> VoxelEdit:
        """Return the edit that takes a structure away; raises like :meth:`operation_edit`."""
        case = self._session.case
        target, rules = self._target(case, structure_id, EVERYWHERE)
        labelled = self._labelled(case, structure_id)
        box = labelled.required_box()
        voxels = erased(labelled.labels[box.slices], labelled.mask(box), target, rules)
        return _changing(VoxelEdit.between(case, target.layer, box, voxels, label="edit.label.delete"))

    def operation_edit(self, structure_id: str, operation: LabelOperation, *, limits: Limits = EVERYWHERE) -> VoxelEdit:
        """Return the edit that an operation on a whole structure makes.

        Raises
        ------
        InputError
            Like :meth:`begin_stroke`; ``error.editing.nothing_changed`` when it would change nothing.
        GeometryError
            When a structure it needs does not occur, or nothing of it would be left.
        """
        return self._operation(self._session.case, structure_id, operation, limits)

    def preview(self, structure_id: str, edit: VoxelEdit) -> BoxMask:
        """Return a structure as an edit would leave it within the box of the edit; the case stays as it is."""
        after: NDArray[np.uint8] = edit.after.voxels.array()  # type: ignore[assignment]
        return BoxMask(edit.box, self._target_of(self._session.case, structure_id).mask(after))

    def apply(self, edit: VoxelEdit) -> Case:
        """Apply an edit as one step of undo; when this returns it is on the disk.

        Raises
        ------
        InputError
            ``error.edit.outdated`` when the labels it was made from have changed.
        CaseFileError
            When it cannot be written.
        """
        return self._session.do(edit)

    def _operation(self, case: Case, structure_id: str, operation: LabelOperation, limits: Limits) -> VoxelEdit:
        target, rules = self._target(case, structure_id, limits)
        self._require_receivers_editable(case, operation)
        labelled, origin = self._labelled(case, structure_id), LabelOrigin.EDITED
        other = None
        if isinstance(operation, Combine):
            other = self._labelled(case, operation.other_structure_id)
            origin = _origin_of_copy(case, operation.other_structure_id)
        layer = case.layer(target.layer)
        inside = None if limits.inside is None else self._labelled(case, limits.inside)
        change = labels_after(operation, labelled, layer.grid, rules, other=other, inside=inside)
        if limits.intensity_range is not None:
            is_kept = ~_in_range(case, change.box, limits.intensity_range)
            change.voxels[is_kept] = layer.voxels[change.box.slices][is_kept]
        label = _label_of(operation)
        between = VoxelEdit.between(case, target.layer, change.box, change.voxels, new_origin=origin, label=label)
        return _changing(between)

    def _target(self, case: Case, structure_id: str, limits: Limits) -> tuple[LabelTarget, PaintRules]:
        """Check that a structure may be edited, and say what may change."""
        if not structure_id:
            raise InputError("error.editing.nothing_selected")
        if self._session.is_read_only:
            raise CaseFileError("error.case.read_only", path=str(self._session.folder.path))
        target = self._target_of(case, structure_id)
        locked = self._locked_values(target)
        only_value = None
        if limits.inside is not None:
            inside = self._labelled(case, limits.inside)
            inside.required_box()
            if inside.target.layer is target.layer and not inside.target.is_whole_layer:
                only_value = inside.target.value
        return target, PaintRules(limits.overwrite, locked, only_value)

    def _target_of(self, case: Case, structure_id: str) -> LabelTarget:
        layer = structure(structure_id).layer
        if layer.is_derived:
            raise InputError("error.editing.derived", structure=structure_id)
        skin = structure("skin")
        has_skin = layer is skin.layer and skin.value in self._boxes_of(case, layer)
        return LabelTarget.of(structure_id, has_skin=has_skin)

    def _labelled(self, case: Case, structure_id: str) -> LabelledStructure:
        """Return a structure with its labels; ``lesion`` stands for all lesions."""
        if structure_id == "lesion":
            target = LabelTarget("lesion", LayerName.LESIONS, structure("lesion").value, is_whole_layer=True)
        else:
            target = self._target_of(case, structure_id)
        boxes = self._boxes_of(case, target.layer)
        box = boxes.get(target.value)
        if target.is_whole_layer:
            box = None
            for part in boxes.values():
                box = part if box is None else box.joined(part)
        return LabelledStructure(target, case.layer(target.layer).voxels, box)

    def _locked_values(self, target: LabelTarget) -> frozenset[int]:
        """Return the labels that are locked while this structure is edited; refuse it when it is locked itself."""
        structures = [structure(i) for i in self._locked if structure(i).layer is target.layer]
        locked = frozenset(found.value for found in structures)
        require_editable(target, locked)
        skin = structure("skin").value
        if target.layer is LayerName.CONTEXT and skin in locked and not target.is_whole_layer:
            return locked - {skin} | {0}  # a bone may come and go within the body, the body stays as it is
        return locked

    def _require_receivers_editable(self, case: Case, operation: LabelOperation) -> None:
        """Check the structures that pieces are given to."""
        receivers: tuple[str, ...] = ()
        if isinstance(operation, MoveIslandAt):
            receivers = (operation.to_structure_id,)
        elif isinstance(operation, SplitIslands):
            receivers = operation.to_structure_ids
        for structure_id in receivers:
            self._locked_values(self._target_of(case, structure_id))

    def _allowed(self, case: Case, limits: Limits) -> Callable[[Box], NDArray[np.bool_]] | None:
        """Return what tells where in a box anything may change; None for everywhere."""
        inside = None if limits.inside is None else self._labelled(case, limits.inside)
        intensities = limits.intensity_range
        if intensities is not None:
            case.planning_volume  # noqa: B018 -- raises where there is none
        if inside is None and intensities is None:
            return None

        def allowed(box: Box) -> NDArray[np.bool_]:
            where = np.ones(box.shape_kji, np.bool_) if inside is None else inside.mask(box)
            return where if intensities is None else where & _in_range(case, box, intensities)

        return allowed

    def _boxes_of(self, case: Case, name: LayerName) -> dict[int, Box]:
        """Return a box around each structure of a layer: the smallest, or one that strokes have made larger."""
        layer = case.layers.get(name)
        if layer is None:
            return {}
        known = self._boxes.get(name)
        if known is None or known[0] is not layer:
            layer.values()  # counted here once; strokes count on from it
            known = (layer, boxes_of_values(layer.voxels))
            self._boxes[name] = known
        return known[1]

    def _follow(self, event: SessionEvent) -> None:
        """Carry the boxes on through strokes: what an edit brings lies in its box."""
        before, self._layers = self._layers, dict(event.case.layers)
        edits = _voxel_edits(event.edit)
        for name, (layer, boxes) in tuple(self._boxes.items()):
            now = self._layers.get(name)
            mine = [edit for edit in edits if edit.layer is name]
            if now is layer:
                continue
            if now is None or layer is not before.get(name) or len(mine) != 1:
                del self._boxes[name]
                continue
            values = np.unique(mine[0].after.voxels.array())
            grown = {int(v): boxes.get(int(v), mine[0].box).joined(mine[0].box) for v in values if v != 0}
            self._boxes[name] = (now, {**boxes, **grown})


def _voxel_edits(edit: Edit | None) -> list[VoxelEdit]:
    """Return the strokes in an edit: alone, or with the results that an undo brings back; none where layers change."""
    parts = edit.edits if isinstance(edit, GroupEdit) else [edit]
    if not all(isinstance(part, VoxelEdit | ResultsEdit) for part in parts):
        return []
    return [part for part in parts if isinstance(part, VoxelEdit)]


def _changing(edit: VoxelEdit | None) -> VoxelEdit:
    if edit is None:
        raise InputError("error.editing.nothing_changed")
    return edit


def _in_range(case: Case, box: Box, intensity_range: tuple[float, float]) -> NDArray[np.bool_]:
    values: NDArray[Any] = case.planning_volume.voxels[box.slices]
    return np.asarray((values >= intensity_range[0]) & (values <= intensity_range[1]))


def _origin_of_copy(case: Case, other_structure_id: str) -> LabelOrigin:
    """What is copied from a drawing by hand is one; what is copied from anything else was edited."""
    known = case.layer_of(other_structure_id).uncertainties.get(other_structure_id)
    return LabelOrigin.MANUAL if known is not None and known.origin is LabelOrigin.MANUAL else LabelOrigin.EDITED


def _label_of(operation: LabelOperation) -> str:
    if isinstance(operation, Combine):
        return f"edit.label.{operation.logic.value}"
    return _LABELS[type(operation).__name__]
