"""Kernels of the search: what many planes, and any removal that is given voxel by voxel, do to volumes and trees."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from simulation.kernels.run_table import clip_runs

__all__ = [
    "count_wedges",
    "evaluate_planes",
    "gather_near",
    "judge_trees",
    "labels_near_nodes",
    "least_by_label",
]

_OUTSIDE_MM = -1e6
_MARGIN_TOLERANCE_MM = np.float32(1e-4)


@numba.njit(cache=True, nogil=True, fastmath=False)
def judge_trees(
    depths_mm: NDArray[np.float64],
    limits_mm: NDArray[np.float64],
    parents: NDArray[np.int32],
    order: NDArray[np.int64],
    begins: NDArray[np.bool_],
    slots: NDArray[np.int64],
    kept: NDArray[np.int64],
    is_lost: NDArray[np.bool_],
    workspace: NDArray[np.bool_],
) -> tuple[int, int]:
    """Cut all trees by a removal; return the number of crossed vessels and the first kept branch that is cut off.

    Parameters
    ----------
    depths_mm, limits_mm
        Depth of each node in the removed part, and the depth from which on it is removed.
    parents, order
        The trees, -1 at a root; each parent before its children.
    begins, slots
        Nodes where a branch begins; which branch that is, over all trees.
    kept
        0, or the number of the constraint that the node must not be cut off for.
    is_lost
        Written: branches whose way to the root is cut before they begin.
    workspace
        bool (3, n_nodes), overwritten.
    """
    removed, cut_off, seen = workspace[0], workspace[1], workspace[2]
    is_lost[:] = False
    n_nodes = depths_mm.size
    for n in range(n_nodes):
        removed[n] = depths_mm[n] > limits_mm[n]
        cut_off[n] = removed[n]
        seen[n] = False
    first_cut = 0
    n_crossed = 0
    for at in range(n_nodes):
        n = order[at]
        parent = parents[n]
        if parent >= 0:
            if cut_off[parent]:
                cut_off[n] = True
            if begins[n] and cut_off[parent]:
                is_lost[slots[n]] = True
            if removed[n] != removed[parent]:
                node, up = n, parent
                while depths_mm[node] > 0 and depths_mm[up] > 0 and parents[up] >= 0:
                    node, up = up, parents[up]
                if not seen[node]:
                    seen[node] = True
                    n_crossed += 1
        elif removed[n]:
            is_lost[slots[n]] = True
        if cut_off[n] and kept[n] > 0 and (first_cut == 0 or kept[n] < first_cut):
            first_cut = kept[n]
    return n_crossed, first_cut


@numba.njit(cache=True, nogil=True, fastmath=False)
def _least_distance(distances_mm: NDArray[np.float32], at: int, wedged: NDArray[np.bool_]) -> np.float32:
    """Return the distance of a place to the nearest of some lesions."""
    least = np.float32(1e6)
    for lesion in range(wedged.size):
        distance = distances_mm[at, lesion] if wedged[lesion] else np.float32(1e6)
        least = min(least, distance)
    return least


@numba.njit(cache=True, nogil=True, fastmath=False)
def _add_wedge(
    plane: NDArray[np.float64],
    near: tuple[NDArray[np.int32], NDArray[np.uint32], NDArray[np.float32]],
    n_near: int,
    wedged: NDArray[np.bool_],
    margin_mm: np.float32,
    weight: int,
    counts: NDArray[np.int64],
) -> None:
    """Count the voxels of a wedge that a plane leaves behind; without a jump, since their order is no order."""
    near_ijk, near_group, near_mm = near
    ci, cj, ck, c0 = plane[0], plane[1], plane[2], plane[3]
    for n in range(n_near):
        i, j, k = near_ijk[n, 0], near_ijk[n, 1], near_ijk[n, 2]
        is_beside = not ci * i + (cj * j + (ck * k + c0)) > 0
        is_wedge = margin_mm - _least_distance(near_mm, n, wedged) >= -_MARGIN_TOLERANCE_MM
        counts[near_group[n]] += weight * np.int64(is_beside & is_wedge)


@numba.njit(cache=True, nogil=True, fastmath=False)
def evaluate_planes(
    runs: tuple[
        NDArray[np.int32],
        NDArray[np.int64],
        NDArray[np.int64],
        NDArray[np.uint32],
        NDArray[np.int64],
        NDArray[np.int32],
        NDArray[np.int64],
        NDArray[np.int16],
        NDArray[np.int16],
        NDArray[np.uint32],
    ],
    row_length: int,
    near: tuple[NDArray[np.int32], NDArray[np.uint32], NDArray[np.float32]],
    nodes: tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float32]],
    trees: tuple[
        NDArray[np.float64],
        NDArray[np.int32],
        NDArray[np.int64],
        NDArray[np.bool_],
        NDArray[np.int64],
        NDArray[np.int64],
    ],
    coefficients: NDArray[np.float64],
    row_steps: tuple[int, int],
    wedged: NDArray[np.bool_],
    wedge_mm: NDArray[np.float64],
    n_near: NDArray[np.int64],
    near_weight: int,
    counts: NDArray[np.int64],
    is_lost: NDArray[np.bool_],
    found: NDArray[np.int64],
) -> None:
    """Count what planes remove, and wedges around lesions beside them, and cut the trees by both.

    Parameters
    ----------
    runs, row_length
        Arrays of the run table (:class:`simulation.run_table.RunTable`).
    near
        Voxels of the organ near lesions: i, j, k int32 (n, 3), group, and distance to each lesion float32 (n, lesions).
    nodes
        Voxel of each node of the trees, float64 (n, 3) i, j, k; whether it lies in the organ; distance to each lesion.
    trees
        Limits, parents, order, begins, slots and kept of :func:`judge_trees`.
    coefficients
        float64 (n, 4): the planes.
    row_steps
        Of how many rows along j and k the table holds one.
    wedged, wedge_mm
        bool (n, lesions): around which lesions a wedge is removed beside the plane, and with which margin.
    n_near
        How many of the voxels of ``near``, which are ordered by their distance to any lesion, lie within the margin.
    near_weight
        Voxels of the table's rows that one voxel of ``near`` stands for.
    counts, is_lost, found
        Written: removed voxels of each group (n, groups); lost branches (n, slots); crossed vessels and the first kept
        branch that is cut off (n, 2).
    """
    boxes, first_row, first_sum, sum_states, sum_counts, rows_kj, first_run, starts, stops, states = runs
    node_ijk, in_organ, node_mm = nodes
    limits, parents, order, begins, slots, kept = trees
    step_j, step_k = row_steps
    depths = np.empty(node_ijk.shape[0])
    workspace = np.empty((3, node_ijk.shape[0]), np.bool_)
    for c in range(coefficients.shape[0]):
        ci, cj, ck, c0 = coefficients[c, 0], coefficients[c, 1], coefficients[c, 2], coefficients[c, 3]
        counts[c, :] = 0
        clip_runs(
            boxes, first_row, first_sum, sum_states, sum_counts, rows_kj, first_run, starts, stops, states, row_length,
            ci, cj * step_j, ck * step_k, c0, counts[c],
        )  # fmt: skip
        margin = np.float32(wedge_mm[c])
        has_wedge = wedged[c].any()
        if has_wedge:
            _add_wedge(coefficients[c], near, n_near[c], wedged[c], margin, near_weight, counts[c])
        for n in range(node_ijk.shape[0]):
            if not in_organ[n]:
                depths[n] = _OUTSIDE_MM
                continue
            depths[n] = ci * node_ijk[n, 0] + (cj * node_ijk[n, 1] + (ck * node_ijk[n, 2] + c0))
            if has_wedge:
                depths[n] = max(depths[n], float(margin - _least_distance(node_mm, n, wedged[c])))
        found[c, 0], found[c, 1] = judge_trees(
            depths, limits, parents, order, begins, slots, kept, is_lost[c], workspace
        )


@numba.njit(cache=True, nogil=True, fastmath=False)
def labels_near_nodes(
    labels: NDArray[np.int32],
    organ: NDArray[np.bool_],
    node_ijk: NDArray[np.float64],
    in_organ: NDArray[np.bool_],
    reach_mm: NDArray[np.float64],
    spacing_ijk_mm: NDArray[np.float64],
    near: NDArray[np.bool_],
) -> None:
    """Mark, for each node, the labels that organ voxels within its reach have: bool (n_nodes, n_labels)."""
    nk, nj, ni = labels.shape
    si, sj, sk = spacing_ijk_mm[0], spacing_ijk_mm[1], spacing_ijk_mm[2]
    for n in range(node_ijk.shape[0]):
        near[n, :] = False
        if not in_organ[n]:
            continue
        i0, j0, k0 = int(node_ijk[n, 0]), int(node_ijk[n, 1]), int(node_ijk[n, 2])
        reach = reach_mm[n]
        ri, rj, rk = int(reach / si), int(reach / sj), int(reach / sk)
        for k in range(max(k0 - rk, 0), min(k0 + rk + 1, nk)):
            for j in range(max(j0 - rj, 0), min(j0 + rj + 1, nj)):
                for i in range(max(i0 - ri, 0), min(i0 + ri + 1, ni)):
                    squared = ((i - i0) * si) ** 2 + ((j - j0) * sj) ** 2 + ((k - k0) * sk) ** 2
                    if organ[k, j, i] and squared <= reach * reach:
                        near[n, labels[k, j, i]] = True


@numba.njit(cache=True, nogil=True, fastmath=False)
def gather_near(
    distance_mm: NDArray[np.float32],
    organ: NDArray[np.bool_],
    origin_kji: tuple[int, int, int],
    reach_mm: float,
    column: int,
    place: NDArray[np.int32],
    flat: NDArray[np.int64],
    distances_mm: NDArray[np.float32],
    n_known: int,
) -> tuple[int, float]:
    """Add the organ voxels within the reach of a lesion to a list; return its length and the nearest voxel outside.

    Parameters
    ----------
    distance_mm, origin_kji
        float32 ``[k, j, i]`` in a box, and its first voxel.
    organ
        bool ``[k, j, i]``.
    reach_mm
        Largest distance that is listed.
    column
        Which lesion it is.
    place
        int32 ``[k, j, i]``: where a voxel stands in the list, from 1; 0 for not yet.
    flat, distances_mm
        The list: indices int64 (n,), distances float32 (n, lesions), long enough.
    n_known
        Length of the list so far.
    """
    nk, nj, ni = distance_mm.shape
    k0, j0, i0 = origin_kji
    capsule = np.inf
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                d = distance_mm[k, j, i]
                if not organ[k0 + k, j0 + j, i0 + i]:
                    capsule = min(capsule, float(d))
                elif d <= reach_mm:
                    at = place[k0 + k, j0 + j, i0 + i]
                    if at == 0:
                        n_known += 1
                        at = n_known
                        place[k0 + k, j0 + j, i0 + i] = at
                        flat[at - 1] = ((k0 + k) * organ.shape[1] + j0 + j) * organ.shape[2] + i0 + i
                    distances_mm[at - 1, column] = d
    return n_known, capsule


@numba.njit(cache=True, nogil=True, fastmath=False)
def count_wedges(
    groups: NDArray[np.uint32],
    distances_mm: NDArray[np.float32],
    n_near: int,
    wedged: NDArray[np.bool_],
    margins_mm: NDArray[np.float32],
    is_removed: NDArray[np.bool_],
    counts: NDArray[np.int64],
) -> None:
    """Add to ``counts`` (margins, groups) the voxels of wedges around some lesions that nothing else removes.

    ``groups`` uint32 (n,) and ``distances_mm`` float32 (n, lesions) are voxels ordered by distance, of which the first
    ``n_near`` can lie in a wedge; ``is_removed`` bool (n,) are those that are gone already. The margins rise; a voxel
    counts for the first that reaches it alone, so that sums over them are what each wedge holds.
    """
    for n in range(n_near):
        if is_removed[n]:
            continue
        least = _least_distance(distances_mm, n, wedged)
        for m in range(margins_mm.size):
            if margins_mm[m] - least >= -_MARGIN_TOLERANCE_MM:
                counts[m, groups[n]] += 1
                break


@numba.njit(cache=True, nogil=True, fastmath=False)
def least_by_label(
    labels: NDArray[np.int32], flat: NDArray[np.int64], distances_mm: NDArray[np.float32], least: NDArray[np.float64]
) -> None:
    """Lower ``least`` (labels, lesions) to the least distance of the listed voxels of each label to each lesion."""
    for n in range(flat.size):
        label = labels[flat[n]]
        for lesion in range(distances_mm.shape[1]):
            least[label, lesion] = min(least[label, lesion], float(distances_mm[n, lesion]))
