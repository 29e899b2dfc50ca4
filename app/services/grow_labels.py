"""Grow from seeds on an open case: scribbles, a preview as they are drawn, one step of undo in the end."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.services.case_session import CaseSession
from segmentation.editing.paint_rules import LabelTarget
from segmentation.seeds.grow_cut import BACKGROUND, GrowCut
from twin.anatomy import LayerName, structure
from twin.box import Box
from twin.case import Case
from twin.edit import VoxelEdit
from twin.errors import CaseFileError, InputError
from twin.grid import Grid
from twin.job import CancelToken, ProgressListener, no_progress
from twin.label_layer import Labels

__all__ = ["GrowthPreview", "SeededGrowth"]

# Room around the scribbles for what grows from them: a third of a structure that was scribbled end to end.
_MARGIN_MM = 25.0


@dataclass(frozen=True, eq=False)
class GrowthPreview:
    """What would grow.

    Parameters
    ----------
    box
        The part of the grid that was looked at.
    labels_kji
        uint8 ``[k, j, i]`` of the box: 0, or n + 1 for the n-th structure.
    structure_ids
        The structures, in the order of the labels.
    """

    box: Box
    labels_kji: NDArray[np.uint8]
    structure_ids: tuple[str, ...]

    def mask(self, structure_id: str) -> NDArray[np.bool_]:
        """Return one structure as it would become, bool ``[k, j, i]`` of the box."""
        return np.asarray(self.labels_kji == self.structure_ids.index(structure_id) + 1)


class SeededGrowth:
    """Scribbles in some structures and in none, and what grows from them.

    The first preview takes about a second for a liver; later ones work on what changed alone. Scribbles may be drawn
    while a preview is computed on another thread: the next preview sees them.

    Parameters
    ----------
    session
        The open case.
    structure_ids
        One or more structures of one layer.

    Raises
    ------
    InputError
        ``error.editing.nothing_selected``, ``error.seeds.two_layers``, ``error.editing.derived``, or for an unknown
        structure.
    CaseFileError
        ``error.case.read_only``.
    """

    def __init__(self, session: CaseSession, structure_ids: tuple[str, ...]) -> None:
        if not structure_ids:
            raise InputError("error.editing.nothing_selected")
        if session.is_read_only:
            raise CaseFileError("error.case.read_only", path=str(session.folder.path))
        layers = {structure(i).layer for i in structure_ids}
        if len(layers) > 1:
            raise InputError("error.seeds.two_layers")
        self._layer: LayerName = layers.pop()
        if self._layer.is_derived:
            raise InputError("error.editing.derived", structure=structure_ids[0])
        self._session = session
        self._targets = tuple(LabelTarget.of(i) for i in structure_ids)
        self._volume = session.case.planning_volume
        self._seeds = np.zeros(self._volume.grid.shape_kji, np.uint8)
        self._scribbled: Box | None = None
        self._grown: tuple[Box, GrowCut] | None = None
        self._guard = threading.Lock()

    @property
    def structure_ids(self) -> tuple[str, ...]:
        """The structures that grow."""
        return tuple(target.structure_id for target in self._targets)

    def scribble(self, structure_id: str | None, points_lps_mm: ArrayLike, *, radius_mm: float = 1.5) -> None:
        """Draw a scribble along points (n, 3); ``None`` stands for what is none of the structures.

        Raises
        ------
        InputError
            ``error.seeds.not_chosen`` for a structure that does not grow here, ``error.editing.radius``.
        """
        if structure_id is not None and structure_id not in self.structure_ids:
            raise InputError("error.seeds.not_chosen", structure=structure_id)
        value = BACKGROUND if structure_id is None else self.structure_ids.index(structure_id) + 1
        self._draw(value, points_lps_mm, radius_mm)

    def erase(self, points_lps_mm: ArrayLike, *, radius_mm: float = 3.0) -> None:
        """Take scribbles away along points (n, 3)."""
        self._draw(0, points_lps_mm, radius_mm)

    def preview(self, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None) -> GrowthPreview:
        """Return what would grow from the scribbles drawn so far; the case stays as it is.

        Raises
        ------
        InputError
            ``error.seeds.one_side`` until there are scribbles of two kinds.
        Cancelled
            When ``cancel`` was set.
        """
        with self._guard:
            box = self._grown_box()
            seeds = self._seeds[box.slices].copy()
        known = self._grown
        if known is None or known[0] != box:
            voxels = self._volume.voxels[box.slices]
            known = (box, GrowCut(np.asarray(voxels), self._volume.grid.spacing_ijk_mm))
        grown = known[1].updated(seeds, progress=progress, cancel=cancel)
        self._grown = known
        return GrowthPreview(box, grown.labels_kji, self.structure_ids)

    def edit(self, preview: GrowthPreview) -> VoxelEdit:
        """Return a preview as the edit that replaces the structures by it inside its box.

        Labels of other structures stay: what grew over them is left out.

        Raises
        ------
        InputError
            ``error.editing.nothing_changed`` when it would change nothing.
        """
        case = self._session.case
        labels = case.layer(self._layer).voxels[preview.box.slices]
        after = self._after(labels, preview)
        edit = VoxelEdit.between(case, self._layer, preview.box, after, label="edit.label.grow_from_seeds")
        if edit is None:
            raise InputError("error.editing.nothing_changed")
        return edit

    def apply(self, edit: VoxelEdit) -> Case:
        """Apply an edit as one step of undo; raises ``error.edit.outdated`` when its labels have changed since."""
        return self._session.do(edit)

    def _after(self, labels: Labels, preview: GrowthPreview) -> Labels:
        after = labels.copy()
        after[np.isin(labels, [target.value for target in self._targets])] = 0
        for target in self._targets:
            after[preview.mask(target.structure_id) & (after == 0)] = target.value
        return after

    def _draw(self, value: int, points_lps_mm: ArrayLike, radius_mm: float) -> None:
        if not radius_mm > 0:
            raise InputError("error.editing.radius", radius_mm=radius_mm)
        voxels_kji = _voxels_along(self._volume.grid, np.asarray(points_lps_mm, dtype=np.float64), radius_mm)
        if len(voxels_kji) == 0:
            return
        with self._guard:
            self._seeds[tuple(voxels_kji.T)] = value
            start, stop = voxels_kji.min(axis=0), voxels_kji.max(axis=0) + 1
            box = Box((int(start[0]), int(start[1]), int(start[2])), (int(stop[0]), int(stop[1]), int(stop[2])))
            self._scribbled = box if self._scribbled is None else self._scribbled.joined(box)

    def _grown_box(self) -> Box:
        """Box of the scribbles with room around; one that is large enough already is kept."""
        if self._scribbled is None:
            raise InputError("error.seeds.one_side")
        shape = self._volume.grid.shape_kji
        if self._grown is not None and self._grown[0].joined(self._scribbled) == self._grown[0]:
            return self._grown[0]
        k, j, i = (int(np.ceil(_MARGIN_MM / s)) for s in self._volume.grid.spacing_ijk_mm[::-1])
        return self._scribbled.grown((k, j, i), shape)


def _voxels_along(grid: Grid, points_lps_mm: NDArray[np.float64], radius_mm: float) -> NDArray[np.intp]:
    """Voxels (n, 3) k, j, i whose centre lies within a radius of a line through points; at least those on it."""
    points = points_lps_mm.reshape(-1, 3)
    step_mm = 0.5 * float(grid.spacing_ijk_mm.min())
    parts = [points[:1]]
    for a, b in itertools.pairwise(points):
        n = max(int(np.ceil(np.linalg.norm(b - a) / step_mm)), 1)
        parts.append(a + (b - a) * (np.arange(1, n + 1) / n)[:, None])
    centres_kji = grid.ijk_from_lps(np.concatenate(parts))[:, ::-1]
    spacing_kji = grid.spacing_ijk_mm[::-1]
    reach = np.ceil(radius_mm / spacing_kji).astype(int)
    around = np.stack(np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), axis=-1).reshape(-1, 3)
    nearest = np.rint(centres_kji).astype(int)
    candidates = nearest[:, None, :] + around[None]
    gaps_mm = np.linalg.norm((candidates - centres_kji[:, None, :]) * spacing_kji, axis=2)
    voxels = np.concatenate([candidates[gaps_mm <= radius_mm], nearest])
    inside = ((voxels >= 0) & (voxels < grid.shape_kji)).all(axis=1)
    return np.unique(voxels[inside], axis=0)
