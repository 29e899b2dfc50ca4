"""A cut as a height map over its plane, laid over an organ: what all counting, measuring and drawing of a sheet asks.

The map is the sheet: volumes, margins, vessels and the resectogram read the same heights, so that their answers agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulation.kernels.height_map import extend_heights, gaps_at, gradients_at_nodes, rasterise_sheet, tile_bounds
from simulation.kernels.sheet_distance import nearest_on_sheet
from simulation.kernels.sheet_rows import TILE_CELLS, mark_sheet_rows, mark_sheet_voxels
from simulation.sheet_surface import SheetFrame, SheetSamples, sheet_samples
from twin.errors import GeometryError
from twin.grid import Grid
from twin.resection import PlaneCut, SheetCut

__all__ = ["SheetMap"]

_N_CELLS = 128
_STEEPEST = 8.0  # 83 degrees over the plane: more is no height any more

Points = NDArray[np.float64]
Point = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class SheetMap:
    """Heights of a cut over its plane, at the nodes of a map that covers a grid.

    Parameters
    ----------
    frame
        The plane; its normal points to what is removed.
    heights_mm
        float64 (n_v, n_u): height over the plane at the nodes, bilinear between them.
    corner_uv_mm, cell_uv_mm
        Place of the first node in the plane, and the size of a cell, along its two directions.
    transform
        float64 (12,): from voxel indices to u, v (cells) and w (mm), see :mod:`simulation.kernels.sheet_rows`.
    """

    frame: SheetFrame
    heights_mm: NDArray[np.float64]
    corner_uv_mm: NDArray[np.float64]
    cell_uv_mm: NDArray[np.float64]
    transform: NDArray[np.float64]
    _bounds: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]

    @classmethod
    def of_cut(cls, cut: SheetCut | PlaneCut, grid: Grid) -> SheetMap:
        """Lay a cut over a grid; a plane becomes a map without height.

        Raises
        ------
        GeometryError
            ``error.sheet.no_area`` for a net on a line or a point; ``error.sheet.overhang`` where the sheet folds
            over itself or stands upright, seen along the normal of its plane.
        """
        samples = None if isinstance(cut, PlaneCut) else sheet_samples(cut)
        frame = SheetFrame.of_plane(cut) if isinstance(cut, PlaneCut) else samples.frame  # type: ignore[union-attr]
        corner, cell = _extent(frame, grid)
        heights = np.zeros((_N_CELLS + 1, _N_CELLS + 1))
        if samples is not None:
            _write_heights(samples, corner, cell, heights)
        transform = _transform(frame, grid, corner, cell)
        n_tiles = _N_CELLS // TILE_CELLS
        fall, rise = np.zeros((n_tiles + 1, n_tiles + 1)), np.zeros((n_tiles + 1, n_tiles + 1))
        steepness = np.zeros((n_tiles, n_tiles, 2))
        tile_bounds(heights, transform[0], transform[4], transform[8], fall, rise, steepness)
        heights.setflags(write=False)
        return cls(frame, heights, corner, cell, transform, (fall, rise, steepness))

    @property
    def fall_mm(self) -> NDArray[np.float64]:
        """Greatest fall of the gap over one voxel of a row, by tile, the whole map last; float64."""
        return self._bounds[0]

    @property
    def rise_mm(self) -> NDArray[np.float64]:
        """Greatest rise of the gap over one voxel of a row, by tile, the whole map last; float64."""
        return self._bounds[1]

    @property
    def steepness(self) -> NDArray[np.float64]:
        """Greatest slopes along u and v by tile, in mm per cell, float64 (tiles, tiles, 2)."""
        return self._bounds[2]

    @cached_property
    def gradients(self) -> NDArray[np.float64]:
        """Slopes of the sheet along the two directions of its plane at the nodes, float64 (n_v, n_u, 2)."""
        gradients = np.empty((*self.heights_mm.shape, 2))
        gradients_at_nodes(self.heights_mm, float(self.cell_uv_mm[0]), float(self.cell_uv_mm[1]), gradients)
        return gradients

    @cached_property
    def stretch(self) -> NDArray[np.float64]:
        """Area of the sheet over that of its plane at the nodes, float64 (n_v, n_u), at least 1."""
        return np.asarray(np.sqrt(1.0 + (self.gradients**2).sum(axis=-1)))

    @cached_property
    def to_voxels(self) -> NDArray[np.float64]:
        """From u, v (cells) and w (mm) back to voxel indices i, j, k: float64 (12,), the inverse of ``transform``."""
        whole = np.vstack([self.transform.reshape(3, 4), [0.0, 0.0, 0.0, 1.0]])
        return np.ascontiguousarray(np.linalg.inv(whole)[:3].ravel())

    def mark(self, removed: NDArray[np.bool_]) -> None:
        """Set every voxel ``[k, j, i]`` of the grid on the removed side to true, in place."""
        if removed.dtype != np.bool_ or not removed.flags.c_contiguous or removed.ndim != 3:
            raise TypeError("removed must be a C-contiguous bool array [k, j, i]")
        mark_sheet_rows(removed, self.transform, self.heights_mm, self.fall_mm, self.rise_mm)

    def depth_mm(self, points_ijk: Points) -> NDArray[np.float64]:
        """Return the distance of points (n, 3) to the sheet by its slope under them, positive where removed.

        Exact for a plane; elsewhere good where the distance is small against the bend of the sheet.
        """
        points = np.ascontiguousarray(points_ijk, dtype=np.float64).reshape(-1, 3)
        gaps = np.empty(len(points))
        gaps_at(points, self.transform, self.heights_mm, self.stretch, gaps)
        return gaps

    def removes(self, voxels_ijk: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which voxels (n, 3) lie on the removed side, as :meth:`mark` does, bool (n,)."""
        found = np.empty(len(voxels_ijk), np.bool_)
        mark_sheet_voxels(np.ascontiguousarray(voxels_ijk, np.int32), self.transform, self.heights_mm, found)
        return found

    def normals_lps(self, points_ijk: Points) -> Points:
        """Return the unit normals of the sheet under (or over) points (n, 3), towards the removed side."""
        points = np.asarray(points_ijk, dtype=np.float64)
        rows = self.transform.reshape(3, 4)
        u, v = (np.rint(points @ row[:3] + row[3]).astype(np.int64) for row in rows[:2])
        slopes = self.gradients[np.clip(v, 0, _N_CELLS), np.clip(u, 0, _N_CELLS)]
        upright = np.concatenate([-slopes, np.ones((len(points), 1))], axis=1)
        return np.asarray(upright / np.linalg.norm(upright, axis=1, keepdims=True) @ self.frame.axes_lps)

    def gap_mm(self, points_lps_mm: Points) -> NDArray[np.float64]:
        """Return the height of points (n, 3) over the sheet along the normal of its plane, positive where removed."""
        u, v, w = self._cells(points_lps_mm).T
        a = np.clip(u.astype(np.int64), 0, self.heights_mm.shape[1] - 2)
        b = np.clip(v.astype(np.int64), 0, self.heights_mm.shape[0] - 2)
        x, y, h = u - a, v - b, self.heights_mm
        low, high = h[b, a] * (1 - x) + h[b, a + 1] * x, h[b + 1, a] * (1 - x) + h[b + 1, a + 1] * x
        return np.asarray(w - (low * (1 - y) + high * y))

    def nearest(self, points_lps_mm: Points) -> tuple[float, int, Point]:
        """Return the least distance from points (n, 3) to the sheet, which point that is, and the place on the sheet.

        The sheet is looked at as far as its map goes, inside the organ and beyond it.
        """
        cell_u, cell_v = (float(size) for size in self.cell_uv_mm)
        points = self._cells(points_lps_mm)
        distance_mm, at, u, v, h = nearest_on_sheet(points, self.heights_mm, cell_u, cell_v, self.steepness)
        place = self.frame.lps_from_uvw(np.array([*(self.corner_uv_mm + np.array([u, v]) * self.cell_uv_mm), h]))
        return float(distance_mm), int(at), (float(place[0]), float(place[1]), float(place[2]))

    def nodes_lps_mm(self) -> Points:
        """Return the nodes of the map as points of the sheet, (n_v, n_u, 3)."""
        n_v, n_u = self.heights_mm.shape
        v, u = np.meshgrid(np.arange(n_v), np.arange(n_u), indexing="ij")
        plane = np.stack([u, v], axis=-1) * self.cell_uv_mm + self.corner_uv_mm
        return self.frame.lps_from_uvw(np.concatenate([plane, self.heights_mm[..., None]], axis=-1))

    def _cells(self, points_lps_mm: ArrayLike) -> Points:
        """Return points as u, v in cells of the map and w in mm, (n, 3)."""
        uvw = self.frame.uvw_from_lps(np.asarray(points_lps_mm, dtype=np.float64).reshape(-1, 3))
        uvw[:, :2] = (uvw[:, :2] - self.corner_uv_mm) / self.cell_uv_mm
        return uvw


def _extent(frame: SheetFrame, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corner and the cells of a map that covers the voxel centres of a grid and half a voxel around."""
    corners = np.stack(np.meshgrid(*([-0.5, n - 0.5] for n in grid.size_ijk), indexing="ij"), axis=-1).reshape(-1, 3)
    in_plane = frame.uvw_from_lps(grid.lps_from_ijk(corners))[:, :2]
    corner = in_plane.min(axis=0)
    return corner, np.maximum(in_plane.max(axis=0) - corner, 1e-3) / _N_CELLS


def _transform(
    frame: SheetFrame, grid: Grid, corner: NDArray[np.float64], cell: NDArray[np.float64]
) -> NDArray[np.float64]:
    per_voxel = frame.axes_lps @ grid.affine_lps_mm[:3, :3]
    start = frame.uvw_from_lps(grid.origin_lps_mm)
    rows = np.concatenate([per_voxel, start[:, None]], axis=1)
    rows[:2] /= cell[:, None]
    rows[:2, 3] -= corner / cell
    return np.ascontiguousarray(rows.ravel())


def _write_heights(
    samples: SheetSamples, corner: NDArray[np.float64], cell: NDArray[np.float64], heights: NDArray[np.float64]
) -> None:
    """Fill a map: the sheet where it lies over it, its slope carried on beyond the border."""
    if np.abs(samples.slopes).max() > _STEEPEST:
        raise GeometryError("error.sheet.overhang")
    nodes = samples.points_uvw_mm.copy()
    nodes[..., :2] = (nodes[..., :2] - corner) / cell
    slopes = samples.slopes * cell
    sides, ends = _borders(nodes, slopes, heights.shape)
    is_set = np.zeros(heights.shape, np.bool_)
    n_folded = rasterise_sheet(nodes, heights, is_set)
    n_left = 0
    if not is_set.all():
        at = np.ix_([0, -1], [0, -1])
        corners = np.concatenate([nodes[at], slopes[at]], axis=-1)
        n_left = extend_heights(sides, ends, corners, heights, is_set)
    if n_folded or n_left:
        raise GeometryError("error.sheet.overhang")


def _borders(nodes: Points, slopes: Points, shape: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the borders of the sheet at the rows and the columns of its map, as the kernel that extends it wants."""
    along = [np.arange(n, dtype=np.float64) for n in shape]
    found = []
    for across, run in ((0, 1), (1, 0)):  # left and right borders cross rows, lower and upper ones columns
        at = along[0] if across == 0 else along[1]
        both = []
        for end in (0, -1):
            border = nodes[:, end] if across == 0 else nodes[end]
            slope = (slopes[:, end] if across == 0 else slopes[end])[:, across]
            place = border[:, run]
            if not (np.diff(place) > 0).all():
                raise GeometryError("error.sheet.overhang")
            meets = (at >= place[0]) & (at <= place[-1])
            columns = (meets, *(np.interp(at, place, v) for v in (border[:, across], border[:, 2], slope)))
            both.append(np.stack(columns, axis=-1))
        found.append(np.stack(both))
    return found[0], found[1]
