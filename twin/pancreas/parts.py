"""Head, uncinate process, neck, body and tail: stretches of the axis, bounded by the vessels behind the gland.

The neck lies in front of the trunk of superior mesenteric and portal vein: its borders are the right and the left
border of that trunk; body and tail meet at the left border of the aorta (AJCC Cancer Staging Manual, 8th edition,
exocrine pancreas). The uncinate process is the part of the head that reaches left behind the vein.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twin.pancreas.axis import PancreasAxis

__all__ = ["ASSUMED_BORDERS", "PancreasPart", "PancreasParts", "pancreas_parts"]

Points = NDArray[np.float64]


class PancreasPart(StrEnum):
    """Parts of the gland."""

    HEAD = "head"
    UNCINATE = "uncinate"
    NECK = "neck"
    BODY = "body"
    TAIL = "tail"

    @property
    def value_in_labels(self) -> int:
        """Value in :attr:`PancreasParts.labels`, from 1."""
        return list(PancreasPart).index(self) + 1


# Fractions of the axis at which head and neck, neck and body, body and tail meet where no vessel tells: about the
# middle ones of twelve scans in which they did.
ASSUMED_BORDERS = (0.36, 0.45, 0.60)

# Ours.
_NEAR_MM = 25.0  # of the axis: the trunk behind the neck
_FARTHEST_NECK = 0.6  # of the axis: beyond it veins that run up and down are those of the spleen
_COLUMN_MM = 2.0
_LEAST_HEIGHT_MM = 15.0  # a trunk runs up and down behind the gland, the splenic vein along it
_SHARE_OF_HIGHEST = 0.6
_NARROWEST_TRUNK_MM, _WIDEST_TRUNK_MM = 4.0, 30.0
_LEAST_STRETCH = 0.03  # of the axis: a part is no shorter
# Beyond them the columns that were found are no trunk behind a neck.
_NECK_STARTS = (0.2, 0.55)
_LONGEST_NECK = 0.2


@dataclass(frozen=True, eq=False)
class PancreasParts:
    """The parts of a gland.

    Parameters
    ----------
    borders
        Fractions of the axis at which head and neck, neck and body, body and tail meet.
    labels
        uint8 ``[k, j, i]`` on the grid of the axis: 1 head, 2 uncinate process, 3 neck, 4 body, 5 tail; everywhere,
        outside of the gland too.
    is_neck_assumed, is_tail_assumed
        True where no vessel told the borders of the neck, and of the tail.
    """

    borders: tuple[float, float, float]
    labels: NDArray[np.uint8]
    is_neck_assumed: bool
    is_tail_assumed: bool

    @property
    def has_uncinate(self) -> bool:
        """True where the vein tells the uncinate process from the rest of the head."""
        return not self.is_neck_assumed

    def is_assumed(self, part: PancreasPart) -> bool:
        """Tell whether a border of a part is a share of the axis, and no vessel."""
        if part in (PancreasPart.BODY, PancreasPart.TAIL):
            return self.is_tail_assumed or (part is PancreasPart.BODY and self.is_neck_assumed)
        return self.is_neck_assumed

    def part_at(self, fraction: float) -> PancreasPart:
        """Return the part that a cut at a fraction of the axis goes through."""
        order = (PancreasPart.HEAD, PancreasPart.NECK, PancreasPart.BODY, PancreasPart.TAIL)
        return order[int(np.searchsorted(self.borders, fraction, side="right"))]


def pancreas_parts(axis: PancreasAxis, veins_lps_mm: Points, aorta_lps_mm: Points) -> PancreasParts:
    """Divide a gland.

    Parameters
    ----------
    axis
        Of the gland.
    veins_lps_mm
        (n, 3): voxel centres of the superior mesenteric vein and of the portal vein; none where not labelled.
    aorta_lps_mm
        (n, 3): voxel centres of the aorta.
    """
    trunk = _trunk(axis, veins_lps_mm)
    borders = None if trunk is None else _neck(axis, trunk)
    neck, body = borders or ASSUMED_BORDERS[:2]
    tail = _tail(axis, aorta_lps_mm, body)
    is_tail_assumed = tail is None
    if tail is None:
        tail = body + (1.0 - body) * (ASSUMED_BORDERS[2] - ASSUMED_BORDERS[1]) / (1.0 - ASSUMED_BORDERS[1])
    fractions = axis.position_mm / np.float32(axis.length_mm)
    stretch = np.searchsorted(np.array([neck, body, tail], np.float32), fractions.ravel(), side="right")
    labels: NDArray[np.uint8] = np.array([1, 3, 4, 5], np.uint8)[stretch].reshape(fractions.shape)
    if trunk is not None and borders is not None:
        _mark_uncinate(labels, axis, trunk)
    return PancreasParts((neck, body, tail), labels, borders is None, is_tail_assumed)


@dataclass(frozen=True, eq=False)
class _Trunk:
    """The trunk of the veins behind the neck: its border towards the head and the other, and its voxels."""

    near_x_mm: float
    far_x_mm: float
    points_lps_mm: Points


def _side(axis: PancreasAxis) -> float:
    """Return 1 where the tail lies to the patient's left of the head, as it does; -1 with mirrored organs."""
    return 1.0 if axis.nodes_lps_mm[-1, 0] >= axis.nodes_lps_mm[0, 0] else -1.0


def _trunk(axis: PancreasAxis, veins_lps_mm: Points) -> _Trunk | None:
    """Return the columns in which the veins near the gland run up and down, or None where none are seen."""
    if len(veins_lps_mm) == 0:
        return None
    distances, nearest = cKDTree(axis.nodes_lps_mm).query(veins_lps_mm, distance_upper_bound=_NEAR_MM)
    near = veins_lps_mm[(distances < _NEAR_MM) & (nearest < _FARTHEST_NECK * len(axis.nodes_lps_mm))]
    if len(near) == 0:
        return None
    column = np.floor((near[:, 0] - near[:, 0].min()) / _COLUMN_MM).astype(np.int64)
    top, bottom = np.full(column.max() + 1, -np.inf), np.full(column.max() + 1, np.inf)
    np.maximum.at(top, column, near[:, 2])
    np.minimum.at(bottom, column, near[:, 2])
    heights = top - bottom
    highest = int(heights.argmax())
    least = max(_LEAST_HEIGHT_MM, _SHARE_OF_HIGHEST * heights[highest])
    first, last = highest, highest
    while first > 0 and heights[first - 1] >= least:
        first -= 1
    while last < len(heights) - 1 and heights[last + 1] >= least:
        last += 1
    width_mm = (last - first + 1) * _COLUMN_MM
    if heights[highest] < least or not _NARROWEST_TRUNK_MM <= width_mm <= _WIDEST_TRUNK_MM:
        return None
    low_x = near[:, 0].min() + first * _COLUMN_MM
    in_trunk = (column >= first) & (column <= last)
    ends = sorted((low_x, low_x + width_mm), key=lambda x: x * _side(axis))
    return _Trunk(float(ends[0]), float(ends[1]), near[in_trunk])


def _neck(axis: PancreasAxis, trunk: _Trunk) -> tuple[float, float] | None:
    """Return the fractions at which the axis passes the two borders of the trunk, or None where it does not."""
    across = _side(axis) * axis.nodes_lps_mm[:, 0]
    n_nodes = len(across)
    before = np.flatnonzero(across < _side(axis) * trunk.near_x_mm)
    if before.size == 0:
        return None
    neck = int(before[-1]) + 1
    beyond = np.flatnonzero(across[neck:] > _side(axis) * trunk.far_x_mm)
    if beyond.size == 0:
        return None
    body = neck + int(beyond[0])
    start, stop = neck / (n_nodes - 1), body / (n_nodes - 1)
    is_sound = _NECK_STARTS[0] <= start <= _NECK_STARTS[1] and _LEAST_STRETCH <= stop - start <= _LONGEST_NECK
    return (start, stop) if is_sound else None


def _tail(axis: PancreasAxis, aorta_lps_mm: Points, body: float) -> float | None:
    """Return the fraction at which the axis passes the left border of the aorta, or None where it does not."""
    nodes = axis.nodes_lps_mm[int(np.ceil(body * (len(axis.nodes_lps_mm) - 1))) :]
    if len(aorta_lps_mm) == 0 or len(nodes) == 0:
        return None
    low, high = nodes[:, 2].min(), nodes[:, 2].max()
    beside = aorta_lps_mm[(aorta_lps_mm[:, 2] >= low - 10.0) & (aorta_lps_mm[:, 2] <= high + 10.0)]
    if len(beside) == 0:
        return None
    border = float((_side(axis) * beside[:, 0]).max())
    beyond = np.flatnonzero(_side(axis) * nodes[:, 0] > border)
    if beyond.size == 0:
        return None
    fraction = 1.0 - (len(nodes) - 1 - int(beyond[0])) / (len(axis.nodes_lps_mm) - 1)
    return fraction if body + _LEAST_STRETCH <= fraction <= 1.0 - _LEAST_STRETCH else None


def _mark_uncinate(labels: NDArray[np.uint8], axis: PancreasAxis, trunk: _Trunk) -> None:
    """Mark what of the head lies beyond the near border of the trunk and behind its middle."""
    heights = np.round(trunk.points_lps_mm[:, 2] / _COLUMN_MM).astype(np.int64)
    values, number = np.unique(heights, return_inverse=True)
    middle_y = np.bincount(number, trunk.points_lps_mm[:, 1]) / np.bincount(number)
    k, j, i = np.nonzero(labels == PancreasPart.HEAD.value_in_labels)
    points = axis.grid.lps_from_ijk(np.stack([i, j, k], axis=1))
    behind = points[:, 1] > np.interp(points[:, 2], values * _COLUMN_MM, middle_y)
    beyond = _side(axis) * points[:, 0] > _side(axis) * trunk.near_x_mm
    at = np.flatnonzero(behind & beyond)
    labels[k[at], j[at], i[at]] = PancreasPart.UNCINATE.value_in_labels
