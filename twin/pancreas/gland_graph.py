"""The gland as a graph of coarse cells: ways inside of it, from which its ends and its first course are found."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from twin.errors import GeometryError
from twin.geometry.components_cc3d import components
from twin.geometry.distance_edt import depth_mm
from twin.grid import Grid

__all__ = ["GlandGraph"]

# Ours.
_CELL_MM = 2.0
_LEAST_SHARE_OF_PIECE = 0.03  # a smaller piece beside the gland does not bend its axis
_LARGE_SHARE_OF_PIECE = 0.1
_LARGEST_GAP_MM = 30.0
_WEIGHT_OF_SIDE = 0.5
_HALF_OF_NEIGHBOURS = [step for step in product((-1, 0, 1), repeat=3) if step > (0, 0, 0)]


@dataclass(frozen=True, eq=False)
class GlandGraph:
    """Cells of about 2 mm of a gland, joined to their neighbours; pieces of the gland joined where they are nearest.

    Parameters
    ----------
    points_lps_mm
        (n, 3) float64: the middle of the voxels of each cell.
    n_voxels
        (n,) int64: voxels of each cell.
    lengths, efforts
        Sparse (n, n): length of each step, and that length the more the nearer it is to the surface.
    cell_of_voxel
        int32 ``[k, j, i]``: number of the cell of each voxel; -1 outside and in pieces left out.
    n_pieces, largest_gap_mm
        Pieces that the axis goes through, and the widest gap between them (0 for one).
    depth_mm
        (n,) float64: distance of each cell to the surface.
    """

    points_lps_mm: NDArray[np.float64]
    n_voxels: NDArray[np.int64]
    lengths: csr_array
    efforts: csr_array
    cell_of_voxel: NDArray[np.int32]
    n_pieces: int
    largest_gap_mm: float
    depth_mm: NDArray[np.float64]

    @classmethod
    def of_mask(cls, mask: NDArray[np.bool_], grid: Grid) -> GlandGraph:
        """Make the graph of a mask ``[k, j, i]`` on a grid.

        Raises
        ------
        GeometryError
            ``error.pancreas.pieces_apart`` when a tenth of the gland or more lies farther than 30 mm from the rest.
        """
        factors = np.maximum(1, np.round(_CELL_MM / grid.spacing_ijk_mm).astype(int))
        n_cells = -(-np.array(grid.size_ijk) // factors)
        k, j, i = np.nonzero(mask)
        cells = np.stack([i, j, k], axis=1) // factors
        flat = np.ravel_multi_index(tuple(cells[:, ::-1].T), tuple(n_cells[::-1]))
        counts = np.bincount(flat, minlength=int(np.prod(n_cells)))
        is_cell = (counts > 0).reshape(tuple(n_cells[::-1]))
        cell_spacing = grid.spacing_ijk_mm * factors
        depths = depth_mm(np.pad(is_cell, 1), cell_spacing)[1:-1, 1:-1, 1:-1].ravel()
        pieces, n_by_piece = components(is_cell)
        weights = np.bincount(pieces.ravel(), counts, minlength=n_by_piece.size + 1)[1:].astype(np.float64)
        used = np.flatnonzero(weights >= _LEAST_SHARE_OF_PIECE * weights.sum())
        places = np.flatnonzero(np.isin(pieces.ravel(), used + 1))
        piece = pieces.ravel()[places]
        voxels = grid.lps_from_ijk(np.stack([i, j, k], axis=1))
        sums = [np.bincount(flat, voxels[:, axis], minlength=counts.size)[places] for axis in range(3)]
        points = np.stack(sums, axis=1) / counts[places, None]
        ends, gaps, kept = _bridges(points, piece, weights)
        edges = np.concatenate([_neighbours(is_cell, places), ends])
        graph = _graph_of(points, depths[places].astype(np.float64), edges)
        number = np.full(counts.size, -1, np.int32)
        in_use = np.flatnonzero(np.isin(piece, kept))
        number[places[in_use]] = np.arange(in_use.size)
        cell_of_voxel = np.full(mask.shape, -1, np.int32)
        cell_of_voxel[k, j, i] = number[flat]
        lengths, efforts = (matrix[in_use][:, in_use] for matrix in graph)
        return cls(
            points[in_use],
            counts[places[in_use]],
            lengths,
            efforts,
            cell_of_voxel,
            len(kept),
            max(gaps, default=0.0),
            depths[places[in_use]].astype(np.float64),
        )

    def ends(self, head_lps_mm: NDArray[np.float64] | None) -> tuple[int, int]:
        """Return the cells at the head and at the tail.

        Of two ends far apart the head is the one nearest to a given point (the duodenum), else the one more to the
        right of the patient. The uncinate process reaches left behind the vein and may be farther from the tail than
        the head is: a millimetre towards the side of the head counts as half a millimetre along the gland.
        """
        start = int(self.points_lps_mm[:, 0].argmin())
        one = int(self._lengths_from(start).argmax())
        other = int(self._lengths_from(one).argmax())
        if head_lps_mm is None:
            head, tail = sorted((one, other), key=lambda cell: float(self.points_lps_mm[cell, 0]))
        else:
            head, tail = sorted(
                (one, other), key=lambda cell: float(np.linalg.norm(self.points_lps_mm[cell] - head_lps_mm))
            )
        side = np.sign(self.points_lps_mm[tail, 0] - self.points_lps_mm[head, 0]) or 1.0
        head = int((self._lengths_from(tail) - _WEIGHT_OF_SIDE * side * self.points_lps_mm[:, 0]).argmax())
        return head, int(self._lengths_from(head).argmax())

    def way(self, start: int, end: int) -> NDArray[np.int64]:
        """Return the cells of the way of least effort: it keeps to the middle of the gland."""
        before = dijkstra(self.efforts, indices=start, return_predecessors=True)[1]
        cells = [end]
        while cells[-1] != start:
            cells.append(int(before[cells[-1]]))
        return np.array(cells[::-1], np.int64)

    def nearest_of(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return, for every cell, which of some cells (its place in the list) is nearest inside the gland."""
        source = dijkstra(self.lengths, indices=cells, min_only=True, return_predecessors=True)[2]
        place = np.zeros(len(self.n_voxels), np.int64)
        place[cells] = np.arange(len(cells))
        return np.asarray(place[np.maximum(source, 0)])

    def _lengths_from(self, cell: int) -> NDArray[np.float64]:
        return np.asarray(dijkstra(self.lengths, indices=cell))


def _neighbours(is_cell: NDArray[np.bool_], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the pairs of listed cells that touch, by their place in the list, (m, 2)."""
    shape = is_cell.shape
    number = np.full(tuple(n + 2 for n in shape), -1, np.int64)
    kji = np.stack(np.unravel_index(places, shape), axis=1) + 1
    number[tuple(kji.T)] = np.arange(places.size)
    pairs = []
    for step in _HALF_OF_NEIGHBOURS:
        other = number[tuple((kji + step).T)]
        here = np.flatnonzero(other >= 0)
        pairs.append(np.stack([here, other[here]], axis=1))
    return np.concatenate(pairs)


def _bridges(
    points: NDArray[np.float64], piece: NDArray[np.uint32], weights: NDArray[np.float64]
) -> tuple[NDArray[np.int64], list[float], list[int]]:
    """Join pieces to the nearest that is joined already, from the largest on: pairs of cells, gaps, pieces in use."""
    joined = [int(weights.argmax()) + 1]
    waiting = [int(number) for number in np.unique(piece) if int(number) not in joined]
    pairs, gaps = [], []
    while waiting:
        inside = np.flatnonzero(np.isin(piece, joined))
        tree = cKDTree(points[inside])
        found = []
        for number in waiting:
            cells = np.flatnonzero(piece == number)
            distances, nearest = tree.query(points[cells])
            at = int(distances.argmin())
            found.append((float(distances[at]), number, int(cells[at]), int(inside[nearest[at]])))
        gap_mm, number, here, there = min(found)
        waiting.remove(number)
        if gap_mm > _LARGEST_GAP_MM:
            share = float(weights[number - 1] / weights.sum())
            if share >= _LARGE_SHARE_OF_PIECE:
                percent, gap = round(100 * share), round(gap_mm)
                raise GeometryError("error.pancreas.pieces_apart", percent=percent, gap_mm=gap)
            continue
        joined.append(number)
        pairs.append((here, there))
        gaps.append(gap_mm)
    return np.array(pairs, np.int64).reshape(-1, 2), gaps, joined


def _graph_of(
    points: NDArray[np.float64], depths: NDArray[np.float64], edges: NDArray[np.int64]
) -> tuple[csr_array, csr_array]:
    one, other = edges.T
    lengths = np.linalg.norm(points[one] - points[other], axis=1) + 1e-6
    mean_depth = np.maximum(0.5 * (depths[one] + depths[other]), 0.1)
    shape = (len(points), len(points))

    def both_ways(values: NDArray[np.float64]) -> csr_array:
        matrix = coo_array((np.tile(values, 2), (np.append(one, other), np.append(other, one))), shape=shape)
        return csr_array(matrix)

    return both_ways(lengths), both_ways(lengths / mean_depth**2)
