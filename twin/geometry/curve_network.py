"""Skeleton voxels as points in space with radii, joined where they touch: what a vessel tree is made from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

from twin.geometry.distance_edt import depth_mm
from twin.geometry.thinning import skeleton_kji
from twin.grid import Grid

__all__ = ["CurveNetwork", "network_of_mask"]

# One of each pair of opposite neighbours.
_HALF_NEIGHBOURS = np.array([(k, j, i) for k in (-1, 0, 1) for j in (-1, 0, 1) for i in (-1, 0, 1)][:13])


@dataclass(frozen=True, eq=False)
class CurveNetwork:
    """Points of centrelines and which of them are joined.

    Parameters
    ----------
    points_lps_mm
        (n, 3) float64.
    radii_mm
        (n,) float64.
    edges
        (m, 2) int64, each edge once.
    """

    points_lps_mm: NDArray[np.float64]
    radii_mm: NDArray[np.float64]
    edges: NDArray[np.int64]

    @property
    def n_nodes(self) -> int:
        """Number of points."""
        return len(self.radii_mm)

    @property
    def lengths_mm(self) -> NDArray[np.float64]:
        """Length of each edge, (m,) float64."""
        start, end = self.points_lps_mm[self.edges[:, 0]], self.points_lps_mm[self.edges[:, 1]]
        return np.asarray(np.linalg.norm(end - start, axis=1))

    @property
    def degrees(self) -> NDArray[np.int64]:
        """Number of edges at each point, (n,) int64."""
        return np.bincount(self.edges.ravel(), minlength=self.n_nodes)

    def pieces(self) -> NDArray[np.int64]:
        """Return the number of the connected piece of each point, (n,) int64 from 0."""
        return np.asarray(connected_components(self.matrix(), directed=False)[1], np.int64)

    def matrix(self) -> csr_matrix:
        """Return the symmetric (n, n) matrix with 1 for each edge."""
        start, end = np.concatenate([self.edges, self.edges[:, ::-1]]).T
        return coo_matrix((np.ones(start.size), (start, end)), shape=(self.n_nodes, self.n_nodes)).tocsr()

    def only(self, keeps: NDArray[np.bool_]) -> CurveNetwork:
        """Return the part with these points."""
        number = np.cumsum(keeps) - 1
        edges = self.edges[keeps[self.edges].all(axis=1)]
        return CurveNetwork(self.points_lps_mm[keeps], self.radii_mm[keeps], number[edges])

    def led_on(self, node: int, to_lps_mm: NDArray[np.float64], step_mm: float) -> CurveNetwork:
        """Return the network with a line of the node's radius from it to a place; that place is the last point."""
        way = to_lps_mm - self.points_lps_mm[node]
        n_new = max(round(float(np.linalg.norm(way)) / step_mm), 1)
        points = self.points_lps_mm[node] + np.arange(1, n_new + 1)[:, None] / n_new * way
        chain = np.array([node, *range(self.n_nodes, self.n_nodes + n_new)], np.int64)
        return CurveNetwork(
            np.concatenate([self.points_lps_mm, points]),
            np.concatenate([self.radii_mm, np.full(n_new, self.radii_mm[node])]),
            np.concatenate([self.edges, np.stack([chain[:-1], chain[1:]], axis=1)]),
        )

    def with_edges(self, edges: NDArray[np.int64]) -> CurveNetwork:
        """Return the same points joined otherwise."""
        return replace(self, edges=edges)


def network_of_mask(mask_kji: NDArray[np.bool_], grid: Grid) -> CurveNetwork:
    """Return the skeleton of a mask as a network; radii are depths at the skeleton's voxels.

    Parameters
    ----------
    mask_kji
        bool ``[k, j, i]`` without cavities, on ``grid``.
    grid
        Where the voxels are.
    """
    voxels = skeleton_kji(mask_kji)
    radii = depth_mm(mask_kji, grid.spacing_ijk_mm)[tuple(voxels.T)].astype(np.float64)
    return CurveNetwork(grid.lps_from_ijk(voxels[:, ::-1]), radii, _touching(voxels))


def _touching(voxels_kji: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the pairs of voxels (given in the order of the array) that touch by a face, an edge or a corner."""
    size = voxels_kji.max(axis=0, initial=0) + 3
    steps = np.array([size[1] * size[2], size[2], 1])
    places = (voxels_kji + 1) @ steps
    pairs = []
    for offset in _HALF_NEIGHBOURS @ steps:
        found = np.minimum(np.searchsorted(places, places + offset), len(places) - 1)
        is_there = places[found] == places + offset
        pairs.append(np.stack([found[is_there], np.flatnonzero(is_there)], axis=1))
    return np.concatenate(pairs).astype(np.int64)
