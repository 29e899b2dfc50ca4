"""Operations on a whole structure, as values: what a window asks for, a job runs and a test can list.

:func:`labels_after` runs any of them on the crop it needs and returns the new labels of a box.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.editing.box_change import BoxChange, Labels
from segmentation.editing.holes import without_holes
from segmentation.editing.interpolation import filled_between_slices
from segmentation.editing.islands import Islands, Mask, island_at, largest_islands, without_small_islands
from segmentation.editing.logical import Logic, combined
from segmentation.editing.margin import Shell, grown, hollowed, reach_kji, shrunk
from segmentation.editing.paint_rules import LabelTarget, PaintRules, painted, with_mask
from segmentation.editing.smoothing import smoothed
from twin.box import Box
from twin.errors import GeometryError, InputError
from twin.grid import Grid

__all__ = [
    "Combine",
    "FillBetweenSlices",
    "FillHoles",
    "Grow",
    "Hollow",
    "InvertInBox",
    "KeepIslandAt",
    "KeepLargestIsland",
    "LabelOperation",
    "LabelledStructure",
    "MoveIslandAt",
    "RemoveIslandAt",
    "RemoveSmallIslands",
    "Shrink",
    "Smooth",
    "SplitIslands",
    "labels_after",
]

Point = tuple[float, float, float]


@dataclass(frozen=True)
class KeepLargestIsland:
    """Drop every piece but the largest."""


@dataclass(frozen=True)
class RemoveSmallIslands:
    """Drop the pieces below a volume."""

    least_ml: float


@dataclass(frozen=True)
class KeepIslandAt:
    """Keep the piece that was clicked, drop the others."""

    point_lps_mm: Point


@dataclass(frozen=True)
class RemoveIslandAt:
    """Drop the piece that was clicked."""

    point_lps_mm: Point


@dataclass(frozen=True)
class MoveIslandAt:
    """Give the piece that was clicked to another structure of the same layer."""

    point_lps_mm: Point
    to_structure_id: str


@dataclass(frozen=True)
class SplitIslands:
    """Keep the largest piece; the next ones by falling size become these structures, further ones stay."""

    to_structure_ids: tuple[str, ...]


@dataclass(frozen=True)
class FillHoles:
    """Fill what is enclosed: in space, or in each slice square to an axis (0, 1, 2 for i, j, k)."""

    axis_ijk: int | None = None
    largest_ml: float | None = None


@dataclass(frozen=True)
class Smooth:
    """Smooth the surface; the volume stays."""

    sigma_mm: float


@dataclass(frozen=True)
class Grow:
    """Move the surface outwards."""

    margin_mm: float


@dataclass(frozen=True)
class Shrink:
    """Move the surface inwards."""

    margin_mm: float


@dataclass(frozen=True)
class Hollow:
    """Leave a wall."""

    thickness_mm: float
    shell: Shell = Shell.INSIDE


@dataclass(frozen=True)
class Combine:
    """Copy, add, subtract or intersect another structure, of any layer."""

    logic: Logic
    other_structure_id: str


@dataclass(frozen=True)
class InvertInBox:
    """What belonged to the structure within a box no longer does, and the rest of the box does."""

    box: Box


@dataclass(frozen=True)
class FillBetweenSlices:
    """Fill the empty slices between drawn ones, square to an axis (0, 1, 2 for i, j, k)."""

    axis_ijk: int = 2


LabelOperation = (
    KeepLargestIsland
    | RemoveSmallIslands
    | KeepIslandAt
    | RemoveIslandAt
    | MoveIslandAt
    | SplitIslands
    | FillHoles
    | Smooth
    | Grow
    | Shrink
    | Hollow
    | Combine
    | InvertInBox
    | FillBetweenSlices
)


@dataclass(frozen=True, eq=False)
class LabelledStructure:
    """A structure in the labels of its whole layer; the voxels are only read.

    Parameters
    ----------
    target
        Its value and layer.
    labels
        The whole layer ``[k, j, i]``.
    box
        A box around it; None when it does not occur.
    """

    target: LabelTarget
    labels: Labels
    box: Box | None

    def mask(self, box: Box) -> Mask:
        """Return its mask in a box."""
        return self.target.mask(self.labels[box.slices])

    def required_box(self) -> Box:
        """Return its box.

        Raises
        ------
        GeometryError
            ``error.editing.empty_structure`` when it does not occur.
        """
        if self.box is None:
            raise GeometryError("error.editing.empty_structure", structure=self.target.structure_id)
        return self.box


def labels_after(
    operation: LabelOperation,
    structure: LabelledStructure,
    grid: Grid,
    rules: PaintRules,
    *,
    other: LabelledStructure | None = None,
    inside: LabelledStructure | None = None,
) -> BoxChange:
    """Return the labels of a box of the layer after an operation.

    Parameters
    ----------
    operation
        What to do.
    structure
        To which structure.
    grid
        Of the layer.
    rules
        What may change in the layer.
    other
        The second structure of :class:`Combine`.
    inside
        Nothing outside this structure changes; None for no such limit.

    Raises
    ------
    GeometryError
        When a structure does not occur, the click is not on it, or nothing of it would be left.
    InputError
        When a length or volume is not positive.
    """
    _require_positive(operation)
    box = _box_needed(operation, structure, other, grid)
    labels = structure.labels[box.slices]
    allowed = None if inside is None else inside.mask(box)
    if isinstance(operation, MoveIslandAt | SplitIslands):
        return BoxChange(
            box, _with_islands_moved(operation, structure.target, labels, grid.cropped(box), rules, allowed)
        )
    mask = structure.target.mask(labels)
    may_join = None
    if isinstance(operation, Smooth):
        may_join = rules.addable(structure.target, int(np.iinfo(labels.dtype).max) + 1)[labels]
        may_join = may_join if allowed is None else may_join & allowed
    after = _mask_after(operation, mask, grid.cropped(box), box, other=other, may_join=may_join)
    voxels = with_mask(labels, after, structure.target, rules, allowed)
    if structure.box is not None and not structure.target.mask(voxels).any():
        raise GeometryError("error.editing.empty_result", structure=structure.target.structure_id)
    return BoxChange(box, voxels)


def _require_positive(operation: LabelOperation) -> None:
    lengths = {
        "margin_mm": getattr(operation, "margin_mm", None),
        "sigma_mm": getattr(operation, "sigma_mm", None),
        "thickness_mm": getattr(operation, "thickness_mm", None),
        "least_ml": getattr(operation, "least_ml", None),
        "largest_ml": getattr(operation, "largest_ml", None),
    }
    for value in lengths.values():
        if value is not None and not (np.isfinite(value) and value > 0):
            raise InputError("error.editing.not_positive", value=value)


def _box_needed(
    operation: LabelOperation, structure: LabelledStructure, other: LabelledStructure | None, grid: Grid
) -> Box:
    """Return the box that an operation reads and can change."""
    spacing = grid.spacing_ijk_mm
    match operation:
        case InvertInBox(box):
            return _clipped(box, grid)
        case Combine(logic):
            if other is None:
                raise ValueError("no second structure is given")
            boxes = [b for b in (structure.box, other.required_box()) if b is not None]
            if logic in (Logic.SUBTRACT, Logic.INTERSECT):
                return structure.required_box()
            return boxes[0] if len(boxes) == 1 else boxes[0].joined(boxes[1])
        case Grow(margin_mm) | Hollow(margin_mm):
            return structure.required_box().grown(reach_kji(spacing, margin_mm), grid.shape_kji)
        case Smooth(sigma_mm):
            return structure.required_box().grown(reach_kji(spacing, 3.0 * sigma_mm), grid.shape_kji)
        case _:
            return structure.required_box().grown(1, grid.shape_kji)


def _mask_after(
    operation: LabelOperation,
    mask: Mask,
    grid: Grid,
    box: Box,
    *,
    other: LabelledStructure | None,
    may_join: NDArray[np.bool_] | None,
) -> Mask:
    """Return the mask of the structure after an operation; ``grid`` is that of the box."""
    spacing = grid.spacing_ijk_mm
    match operation:
        case KeepLargestIsland():
            return largest_islands(mask)
        case RemoveSmallIslands(least_ml):
            return without_small_islands(mask, int(np.ceil(least_ml / grid.voxel_volume_ml - 1e-9)))
        case KeepIslandAt(point):
            return _clicked_island(mask, grid, point)
        case RemoveIslandAt(point):
            return mask & ~_clicked_island(mask, grid, point)
        case FillHoles(axis_ijk, largest_ml):
            unit_ml = grid.voxel_volume_ml
            largest = None if largest_ml is None else int(largest_ml / unit_ml + 1e-9)
            return without_holes(mask, axis_ijk=axis_ijk, largest_voxels=largest)
        case Smooth(sigma_mm):
            return smoothed(mask, spacing, sigma_mm, may_join=may_join).mask
        case Grow(margin_mm):
            return grown(mask, spacing, margin_mm)
        case Shrink(margin_mm):
            return shrunk(mask, spacing, margin_mm)
        case Hollow(thickness_mm, shell):
            return hollowed(mask, spacing, thickness_mm, shell)
        case Combine(logic) if other is not None:
            return combined(mask, other.mask(box), logic)
        case InvertInBox():
            return ~mask
        case FillBetweenSlices(axis_ijk):
            return filled_between_slices(mask, spacing, axis_ijk)
        case _:
            raise ValueError(f"{operation} changes more than one structure")


def _with_islands_moved(
    operation: MoveIslandAt | SplitIslands,
    target: LabelTarget,
    labels: Labels,
    grid: Grid,
    rules: PaintRules,
    allowed: Mask | None,
) -> Labels:
    """Return labels with pieces of a structure given to other structures of its layer."""
    mask = target.mask(labels)
    if isinstance(operation, MoveIslandAt):
        pieces = [(_clicked_island(mask, grid, operation.point_lps_mm), operation.to_structure_id)]
    else:
        islands = Islands.of(mask)
        if islands.n_islands < 2:
            raise GeometryError("error.editing.one_island", structure=target.structure_id)
        numbers = np.arange(islands.n_islands)
        pieces = [(islands.mask(numbers == n), i) for n, i in enumerate(operation.to_structure_ids, 1) if n in numbers]
    only_target = PaintRules(locked_values=rules.locked_values, only_value=target.value)
    for piece, structure_id in pieces:
        there = LabelTarget.of(structure_id)
        if there.layer is not target.layer:
            raise InputError("error.editing.other_layer", structure=structure_id, layer=target.layer.value)
        labels = painted(labels, piece if allowed is None else piece & allowed, there, only_target)
    return labels


def _clicked_island(mask: Mask, grid: Grid, point_lps_mm: Point) -> Mask:
    i, j, k = np.floor(grid.ijk_from_lps(point_lps_mm) + 0.5).astype(int).tolist()
    is_inside = 0 <= k < mask.shape[0] and 0 <= j < mask.shape[1] and 0 <= i < mask.shape[2]
    found = island_at(mask, (k, j, i)) if is_inside else None
    if found is None:
        raise GeometryError("error.editing.not_on_structure")
    return found


def _clipped(box: Box, grid: Grid) -> Box:
    (k0, j0, i0), (k1, j1, i1) = box.start_kji, box.stop_kji
    nk, nj, ni = grid.shape_kji
    start, stop = (max(k0, 0), max(j0, 0), max(i0, 0)), (min(k1, nk), min(j1, nj), min(i1, ni))
    if any(b <= a for a, b in zip(start, stop, strict=True)):
        raise InputError("error.editing.empty_box")
    return Box(start, stop)
