"""Labels of an open case corrected by clicks, each one step of undo."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import ArrayLike

from app.services.case_session import CaseSession, SessionEvent, SessionEventKind
from segmentation.editing.paint_rules import LabelTarget
from segmentation.seeds.click import Click
from segmentation.seeds.correction import ClickModel, corrected
from segmentation.seeds.neighbours import NEIGHBOURS, Neighbours
from twin.anatomy import LayerName, structure
from twin.case import Case
from twin.edit import VoxelEdit
from twin.errors import CaseFileError, InputError
from twin.label_layer import LabelLayer

__all__ = ["LabelCorrection"]

_LABEL = "edit.label.click_correction"


class LabelCorrection:
    """Corrects one structure by clicks: "this belongs to it", "this does not".

    Earlier clicks are kept to by later ones; what is undone is forgotten. Close it when another structure is chosen.

    Parameters
    ----------
    session
        The open case.
    structure_id
        The structure; it need not occur yet.
    model
        What answers the clicks; by default the shipped one.

    Raises
    ------
    InputError
        ``error.editing.derived``, ``error.editing.all_lesions``, or for an unknown structure.
    CaseFileError
        ``error.case.read_only``.
    """

    def __init__(self, session: CaseSession, structure_id: str, *, model: ClickModel | None = None) -> None:
        if session.is_read_only:
            raise CaseFileError("error.case.read_only", path=str(session.folder.path))
        if structure(structure_id).layer.is_derived:
            raise InputError("error.editing.derived", structure=structure_id)
        self._session = session
        self._target = LabelTarget.of(structure_id)
        self._model = model
        self._guard = threading.Lock()
        self._pending: tuple[VoxelEdit, Click] | None = None
        self._clicks: list[tuple[VoxelEdit, Click]] = []
        self._undone: list[tuple[VoxelEdit, Click]] = []
        self._unsubscribe = session.subscribe(self._follow)

    @property
    def structure_id(self) -> str:
        """The structure that is corrected."""
        return self._target.structure_id

    @property
    def clicks(self) -> tuple[Click, ...]:
        """The clicks that were applied."""
        return tuple(click for _, click in self._clicks)

    def close(self) -> None:
        """Stop following the case."""
        self._unsubscribe()

    def edit(self, points_lps_mm: ArrayLike, *, is_inside: bool) -> VoxelEdit | None:
        """Return the edit that a click makes, or None when the label agrees with it already.

        A click inside takes background, and voxels of the structure that was clicked on; other structures stay.

        Parameters
        ----------
        points_lps_mm
            (3,) a point, or (n, 3) a short scribble.
        is_inside
            True for "this belongs to the structure".

        Raises
        ------
        InputError
            ``error.local.point_outside``.
        BackendUnavailable
            ``error.correction.no_model``.
        """
        case = self._session.case
        click = Click(np.asarray(points_lps_mm, dtype=np.float64), is_inside)
        layer, volume = case.layer(self._target.layer), case.planning_volume
        drawn = self._target.mask(layer.voxels)
        answer = corrected(
            volume.voxels,
            volume.grid,
            drawn,
            [*self.clicks, click],
            neighbours=self._neighbours(case),
            model=self._model,
        )
        labels = layer.voxels[answer.box.slices]
        joins = answer.mask & ~drawn[answer.box.slices]
        joins &= np.isin(labels, [0, self._value_at(layer, click)])
        after = labels.copy()
        after[joins] = self._target.value
        after[drawn[answer.box.slices] & ~answer.mask] = self._target.background
        edit = VoxelEdit.between(case, self._target.layer, answer.box, after, label=_LABEL)
        if edit is not None:
            with self._guard:
                self._pending = (edit, click)
        return edit

    def apply(self, edit: VoxelEdit) -> Case:
        """Apply an edit as one step of undo; raises ``error.edit.outdated`` when its labels have changed since."""
        return self._session.do(edit)

    def _neighbours(self, case: Case) -> Neighbours:
        """Return the labels of the other structures of the case."""
        by_layer: dict[LayerName, dict[str, int]] = {}
        for name in NEIGHBOURS:
            found = structure(name)
            if name != self.structure_id and found.layer in case.layers:
                by_layer.setdefault(found.layer, {})[name] = found.value
        return Neighbours(tuple((case.layers[layer].voxels, values) for layer, values in by_layer.items()))

    def _value_at(self, layer: LabelLayer, click: Click) -> int:
        """Label at the middle of a click."""
        i, j, k = np.rint(layer.grid.ijk_from_lps(click.middle_lps_mm)).astype(int)
        return int(layer.voxels[k, j, i])

    def _follow(self, event: SessionEvent) -> None:
        """Remember applied clicks, forget undone ones."""
        with self._guard:
            if event.kind is SessionEventKind.DONE and self._pending and event.edit is self._pending[0]:
                self._clicks.append(self._pending)
                self._undone.clear()
            elif event.kind is SessionEventKind.UNDONE and self._is_last(event, self._clicks):
                self._undone.append(self._clicks.pop())
            elif event.kind is SessionEventKind.REDONE and self._is_last(event, self._undone):
                self._clicks.append(self._undone.pop())

    @staticmethod
    def _is_last(event: SessionEvent, clicks: list[tuple[VoxelEdit, Click]]) -> bool:
        return bool(clicks) and event.edit is not None and event.edit.label == _LABEL
