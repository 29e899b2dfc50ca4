"""Compile the kernels of the editing tools before the first stroke needs them."""

from __future__ import annotations

import numpy as np

from segmentation.editing.brush import Brush, stroke_mask
from segmentation.editing.islands import island_at
from segmentation.editing.operations import FillHoles, Grow, LabelledStructure, Smooth, labels_after
from segmentation.editing.paint_rules import LabelTarget, PaintRules, erased, painted
from segmentation.editing.scissors import prism_mask
from segmentation.editing.structure_boxes import boxes_of_values
from twin.anatomy import LayerName
from twin.box import Box
from twin.case import Case
from twin.edit import VoxelEdit
from twin.grid import Grid
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.label_layer import LabelLayer

__all__ = ["warm_up"]


def warm_up(*, progress: ProgressListener = no_progress, cancel: CancelToken | None = None) -> None:
    """Run every kernel of the editing tools once, on labels of a few voxels.

    The first time after an installation this takes some seconds (numba compiles and keeps the result on disk), later
    well under one. It is meant for a thread in the background, with its progress shown.

    Parameters
    ----------
    progress, cancel
        Told and asked between the steps.
    """
    case = _small_case()
    steps = (_stroke, _cut, _operations)
    for done, step in enumerate(steps):
        if cancel is not None:
            cancel.raise_if_cancelled()
        progress(Progress(done / len(steps), "progress.editing.warm_up"))
        step(case)
    progress(Progress(1.0, "progress.editing.ready"))


def _small_case() -> Case:
    grid = Grid.from_spacing((16, 14, 12), (1.0, 1.0, 1.0))
    organs = np.zeros(grid.shape_kji, np.uint8)
    organs[2:10, 2:12, 2:14] = 1
    organs[5, 6, 7] = 0
    return Case("warm up").with_layer(LabelLayer(LayerName.ORGANS, grid, organs))


def _stroke(case: Case) -> None:
    layer, target = case.layers[LayerName.ORGANS], LabelTarget.of("pancreas")
    layer.values()
    boxes_of_values(layer.voxels)
    buffer = layer.voxels.copy()
    covered = stroke_mask([(4, 4, 4), (9, 9, 4)], Brush(2.0), layer.grid)
    assert covered is not None
    buffer[covered.box.slices] = painted(buffer[covered.box.slices].copy(), covered.mask, target, PaintRules())
    _applied(case, covered.box, buffer[covered.box.slices])


def _cut(case: Case) -> None:
    layer, target = case.layers[LayerName.ORGANS], LabelTarget.of("liver")
    square = [(3.5, 3.5, 4.0), (9.5, 3.5, 4.0), (9.5, 9.5, 4.0), (3.5, 9.5, 4.0)]
    cut = prism_mask(square, (0.1, 0.2, 1.0), layer.grid, Box((0, 0, 0), layer.grid.shape_kji))
    assert cut is not None
    _applied(case, cut.box, erased(layer.voxels[cut.box.slices], cut.mask, target, PaintRules()))


def _operations(case: Case) -> None:
    layer, target = case.layers[LayerName.ORGANS], LabelTarget.of("liver")
    liver = LabelledStructure(target, layer.voxels, Box((2, 2, 2), (10, 12, 14)))
    for operation in (FillHoles(), FillHoles(2), Smooth(1.0), Grow(2.0)):
        change = labels_after(operation, liver, layer.grid, PaintRules())
        _applied(case, change.box, change.voxels)
    island_at(target.mask(layer.voxels), (3, 3, 3))


def _applied(case: Case, box: Box, voxels: np.ndarray) -> None:
    edit = VoxelEdit.between(case, LayerName.ORGANS, box, voxels)
    if edit is not None:
        edit.apply(case)
