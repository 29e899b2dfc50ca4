"""Shape a sheet by hand: its surface as a mesh, its curve on a slice, and the net after a point of it was dragged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulation.sheet_surface import basis
from twin.resection import SheetCut

__all__ = ["SheetShape", "shape_of_sheet", "sheet_with_point", "sheet_with_surface_moved", "turned_sheet"]

FloatArray = NDArray[np.float64]
_EVERY = 4  # of 65 samples each way: a mesh of 17 x 17 points is smooth on a screen and cheap in every frame


@dataclass(frozen=True, eq=False)
class SheetShape:
    """The surface of a sheet as it is drawn.

    Parameters
    ----------
    points_lps_mm
        float64 (n, n, 3): by row and column.
    rows, columns
        float64 (n, n_rows) and (n, n_columns): how much each control point holds of each sample.
    normal_lps
        (3,): towards the removed side, of the sheet as a whole.
    """

    points_lps_mm: FloatArray
    rows: FloatArray
    columns: FloatArray
    normal_lps: FloatArray

    @property
    def triangles(self) -> NDArray[np.int32]:
        """Two triangles for each mesh of the grid, int32 (m, 3), indices of the flattened points."""
        n = len(self.points_lps_mm)
        first = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
        halves = [(first, first + 1, first + n), (first + 1, first + n + 1, first + n)]
        return np.concatenate([np.stack(half, axis=1) for half in halves]).astype(np.int32)

    def curve_on(self, point_lps_mm: ArrayLike, normal_lps: ArrayLike) -> tuple[FloatArray, NDArray[np.int64]]:
        """Return where a plane meets the sheet, as segments (m, 2, 3) in LPS mm, and the sample next to each, (m,)."""
        points = self.points_lps_mm.reshape(-1, 3)
        heights = (points - np.asarray(point_lps_mm)) @ np.asarray(normal_lps)
        heights = np.where(heights == 0.0, 1e-9, heights)
        triangles = self.triangles
        above = heights[triangles] > 0
        crossed = above.any(axis=1) & ~above.all(axis=1)
        triangles, above = triangles[crossed], above[crossed]
        if not len(triangles):
            return np.zeros((0, 2, 3)), np.zeros(0, np.int64)
        # The corner that is alone on its side: both ends lie on its edges.
        alone = np.where(above.sum(axis=1) == 1, above.argmax(axis=1), (~above).argmax(axis=1))
        corners = [triangles[np.arange(len(triangles)), (alone + turn) % 3] for turn in range(3)]
        ends = []
        for other in corners[1:]:
            share = heights[corners[0]] / (heights[corners[0]] - heights[other])
            ends.append(points[corners[0]] + share[:, None] * (points[other] - points[corners[0]]))
        return np.stack(ends, axis=1), corners[0].astype(np.int64)


def shape_of_sheet(cut: SheetCut) -> SheetShape:
    """Return the surface of a sheet, to be drawn; a fraction of a millisecond."""
    net = np.asarray(cut.control_points_lps_mm, dtype=np.float64)
    rows, columns = basis(net.shape[0]).values[::_EVERY], basis(net.shape[1]).values[::_EVERY]
    points = np.einsum("ar,rcx,bc->abx", rows, net, columns, optimize=True)
    along, up = points[:, -1] - points[:, 0], points[-1] - points[0]
    normal = np.cross(along.mean(axis=0), up.mean(axis=0))
    length = float(np.linalg.norm(normal))
    return SheetShape(points, rows, columns, normal / length if length > 0 else np.array((0.0, 0.0, 1.0)))


def sheet_with_point(cut: SheetCut, row: int, column: int, point_lps_mm: ArrayLike) -> SheetCut:
    """Return the sheet with one control point at another place."""
    net = np.array(cut.control_points_lps_mm, dtype=np.float64)
    net[row, column] = np.asarray(point_lps_mm, dtype=np.float64)
    return _cut(net)


def sheet_with_surface_moved(cut: SheetCut, shape: SheetShape, sample: int, by_lps_mm: ArrayLike) -> SheetCut:
    """Return the sheet with its surface moved at one place, and its control points by as little as that takes.

    The least change of the net that moves the point exactly (Bartels and Beatty, A technique for the direct
    manipulation of spline curves, Graphics Interface 1989): each control point moves by its weight there.

    Parameters
    ----------
    cut, shape
        The sheet and its surface.
    sample
        Which point of the surface, flattened.
    by_lps_mm
        How far it goes.
    """
    at_row, at_column = divmod(sample, len(shape.columns))
    weights = np.outer(shape.rows[at_row], shape.columns[at_column])
    net = np.array(cut.control_points_lps_mm, dtype=np.float64)
    net += (weights / (weights**2).sum())[..., None] * np.asarray(by_lps_mm, dtype=np.float64)
    return _cut(net)


def turned_sheet(cut: SheetCut) -> SheetCut:
    """Return the sheet that removes the other side."""
    return SheetCut(cut.control_points_lps_mm[::-1])


def _cut(net: FloatArray) -> SheetCut:
    return SheetCut(tuple(tuple((float(x), float(y), float(z)) for x, y, z in row) for row in net))
