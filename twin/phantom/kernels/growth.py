"""Constructive optimisation of a vessel tree: each new end branch joins where the tree needs least blood volume."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["grow_branches", "thin_out"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]


@njit(cache=True, nogil=True, fastmath=False)
def thin_out(candidates_mm: Float64, distance_mm: float, wanted: int) -> Int32:
    """Return indices of at most ``wanted`` candidates, in their order, no two nearer than ``distance_mm``."""
    kept = np.empty(wanted, np.int32)
    n = 0
    for c in range(candidates_mm.shape[0]):
        if n == wanted:
            break
        is_free = True
        for m in range(n):
            d2 = 0.0
            for a in range(3):
                d2 += (candidates_mm[c, a] - candidates_mm[kept[m], a]) ** 2
            if d2 < distance_mm * distance_mm:
                is_free = False
                break
        if is_free:
            kept[n] = c
            n += 1
    return kept[:n]


@njit(cache=True, nogil=True, fastmath=False)
def _value_at(field: Float32, origin_mm: Float64, step_mm: float, p: Float64) -> float:
    """Trilinear value of a lattice field; far outside beyond the lattice."""
    n_k, n_j, n_i = field.shape
    fx, fy, fz = (p[0] - origin_mm[0]) / step_mm, (p[1] - origin_mm[1]) / step_mm, (p[2] - origin_mm[2]) / step_mm
    i, j, k = math.floor(fx), math.floor(fy), math.floor(fz)
    if i < 0 or j < 0 or k < 0 or i >= n_i - 1 or j >= n_j - 1 or k >= n_k - 1:
        return 1e3
    x, y, z = fx - i, fy - j, fz - k
    value = 0.0
    for a in range(2):
        for b in range(2):
            for c in range(2):
                w = (z if a else 1.0 - z) * (y if b else 1.0 - y) * (x if c else 1.0 - x)
                value += w * field[k + a, j + b, i + c]
    return value


@njit(cache=True, nogil=True, fastmath=False)
def _is_free(field: Float32, origin_mm: Float64, step_mm: float, a: Float64, b: Float64, limit: float) -> bool:
    """Tell whether the straight piece from a to b stays where the field is below ``limit``."""
    length = math.sqrt(((b - a) ** 2).sum())
    n = int(length / (0.75 * step_mm)) + 2
    for s in range(n + 1):  # noqa: SIM110 (generators do not compile)
        if _value_at(field, origin_mm, step_mm, a + (b - a) * (s / n)) > limit:
            return False
    return True


@njit(cache=True, nogil=True, fastmath=False)
def _fork_point(p: Float64, c: Float64, t: Float64, wp: float, wc: float, wt: float) -> Float64:
    """Weighted Fermat point of parent, child and new end: the fork of least volume (Weiszfeld iteration)."""
    b = (wp * p + wc * c + wt * t) / (wp + wc + wt)
    for _ in range(12):
        total = np.zeros(3)
        weight = 0.0
        for q, w in ((p, wp), (c, wc), (t, wt)):
            d = math.sqrt(((b - q) ** 2).sum()) + 1e-6
            total += q * (w / d)
            weight += w / d
        b = total / weight
    return b


@njit(cache=True, nogil=True, fastmath=False)
def grow_branches(
    nodes_mm: Float64,
    parents: Int32,
    regions: Int32,
    flows: Float64,
    n_nodes: int,
    ends_mm: Float64,
    end_regions: Int32,
    field: Float32,
    origin_mm: Float64,
    step_mm: float,
    end_radius_mm: float,
    shortest_mm: float,
) -> int:
    """Connect end points one after the other; return the number of nodes then used.

    Parameters
    ----------
    nodes_mm, parents, regions, flows, n_nodes
        Room for the tree: position, index towards the root (-1 at the root), region that a piece (node to its
        parent) may feed (-1: none), number of end branches downstream. Filled up to ``n_nodes``; a node that
        already exists keeps its index, a fork is inserted as a new node.
    ends_mm, end_regions
        Points to supply and their region.
    field, origin_mm, step_mm
        Lattice field that must stay below minus the radius along every new piece (organ and obstacles).
    end_radius_mm
        Radius of an end branch; a branch with n ends has ``end_radius_mm * n ** (1 / 3)`` (Murray).
    shortest_mm
        No piece becomes shorter than this.
    """
    n = n_nodes
    for e in range(ends_mm.shape[0]):
        t, region = ends_mm[e], end_regions[e]
        best_cost, best_node = 1e30, -1
        best_point = np.zeros(3)
        for c in range(n):
            p = parents[c]
            if p < 0 or regions[c] != region:
                continue
            old = flows[c]
            wp, wc = (old + 1.0) ** (2.0 / 3.0), max(old, 1.0) ** (2.0 / 3.0)
            b = _fork_point(nodes_mm[p], nodes_mm[c], t, wp, wc, 1.0)
            bp = math.sqrt(((b - nodes_mm[p]) ** 2).sum())
            bc = math.sqrt(((b - nodes_mm[c]) ** 2).sum())
            bt = math.sqrt(((b - t) ** 2).sum())
            if min(bp, bc) < shortest_mm or bt < 1.5 * shortest_mm:
                # A fork too near an end of the piece: the middle of the piece is the next best place.
                b = 0.5 * (nodes_mm[p] + nodes_mm[c])
                bp = math.sqrt(((b - nodes_mm[p]) ** 2).sum())
                bc = bp
                bt = math.sqrt(((b - t) ** 2).sum())
                if bp < shortest_mm or bt < 1.5 * shortest_mm:
                    continue
            cost = wp * bp + wc * bc + bt - wc * (bp + bc)
            up = p
            while parents[up] >= 0 and cost < best_cost:
                f = flows[up]
                length = math.sqrt(((nodes_mm[up] - nodes_mm[parents[up]]) ** 2).sum())
                cost += ((f + 1.0) ** (2.0 / 3.0) - f ** (2.0 / 3.0)) * length
                up = parents[up]
            if cost >= best_cost:
                continue
            radius = end_radius_mm * (old + 1.0) ** (1.0 / 3.0)
            if not _is_free(field, origin_mm, step_mm, b, t, -end_radius_mm):
                continue
            if not _is_free(field, origin_mm, step_mm, nodes_mm[p], b, -radius):
                continue
            if not _is_free(field, origin_mm, step_mm, b, nodes_mm[c], -radius):
                continue
            best_cost, best_node = cost, c
            best_point[:] = b
        if best_node < 0:
            continue
        c = best_node
        nodes_mm[n] = best_point
        parents[n] = parents[c]
        regions[n] = region
        flows[n] = flows[c]
        parents[c] = n
        nodes_mm[n + 1] = t
        parents[n + 1] = n
        regions[n + 1] = region
        flows[n + 1] = 1.0
        up = n
        while up >= 0:
            flows[up] += 1.0
            up = parents[up]
        n += 2
    return n
