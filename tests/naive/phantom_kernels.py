"""Plain references for the kernels of the phantom: one point at a time, nothing skipped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def cone_distance(point: Floats, a: Floats, b: Floats, ra: float, rb: float) -> float:
    """Distance to the axis of a round cone, less the radius where the foot of the perpendicular falls."""
    u = b - a
    length2 = float(u @ u)
    t = 0.0 if length2 <= 1e-12 else float(np.clip((point - a) @ u / length2, 0.0, 1.0))
    return float(np.linalg.norm(point - (a + t * u))) - (ra + t * (rb - ra))


def tube_distance(
    shape_kji: tuple[int, int, int], origin: Floats, spacing: Floats, starts: Floats, ends: Floats, radii: Floats,
    end_radii: Floats, far: float,
) -> Floats:  # fmt: skip
    """Distance of each voxel centre to the nearest cone, at most ``far``."""
    out = np.full(shape_kji, far)
    for index in np.ndindex(*shape_kji):
        point = origin + spacing * index[::-1]
        for a, b, ra, rb in zip(starts, ends, radii, end_radii, strict=True):
            out[index] = min(out[index], cone_distance(point, a, b, ra, rb))
    return out


def nearest_branch(
    mask: NDArray[np.bool_], origin: Floats, spacing: Floats, starts: Floats, ends: Floats
) -> tuple[NDArray[np.int64], Floats]:
    """Index of the nearest piece for each voxel of the mask (-1 outside), and the two smallest distances' gap."""
    out = np.full(mask.shape, -1)
    gap = np.full(mask.shape, np.inf)
    for index in zip(*np.nonzero(mask), strict=True):
        point = origin + spacing * np.array(index[::-1])
        distances = [cone_distance(point, a, b, 0.0, 0.0) for a, b in zip(starts, ends, strict=True)]
        order = np.argsort(distances)
        out[index] = order[0]
        gap[index] = distances[order[1]] - distances[order[0]]
    return out, gap


def trilinear(field: Floats, kji: Floats) -> float:
    """Trilinear value of an array at a place inside it."""
    k, j, i = np.floor(kji).astype(int)
    w = kji - np.floor(kji)
    value = 0.0
    for a, b, c in np.ndindex(2, 2, 2):
        weight = np.prod(np.where((a, b, c), w, 1.0 - w))
        value += float(weight * field[k + a, j + b, i + c])
    return value


def paint_shape(
    image: Floats, first_cell: Floats, cells_per_voxel: Floats, shape: Floats, value: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """Paint a shape given on lattice cells over a whole image; edges as wide as a voxel along the gradient."""
    out = image.copy()
    inside = np.zeros(image.shape, bool)
    for index in np.ndindex(*image.shape):
        place = (first_cell + cells_per_voxel * index[::-1])[::-1]
        if (place < 0).any() or (np.floor(place) >= np.array(shape.shape) - 1).any():
            continue
        d = trilinear(shape, place)
        k, j, i = np.floor(place).astype(int)
        corner = shape[k, j, i]
        gradient = np.array([shape[k, j, i + 1], shape[k, j + 1, i], shape[k + 1, j, i]]) - corner
        width = max(float(np.linalg.norm(gradient * cells_per_voxel)), 1e-3)
        cover = float(np.clip(0.5 - d / width, 0.0, 1.0))
        inside[index] = d <= 0.0
        out[index] += cover * (value - out[index])
    return out, inside


def paint_distance(image: Floats, distance: Floats, spacing: Floats, value: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Paint from distances at the voxels; the edge is as wide as the steepest step to a neighbour."""
    out = image.copy()
    padded = np.pad(distance, 1, mode="edge")
    for index in np.ndindex(*image.shape):
        d = distance[index]
        k, j, i = np.array(index) + 1
        steps = [
            max(abs(padded[k + 1, j, i] - d), abs(padded[k - 1, j, i] - d)),
            max(abs(padded[k, j + 1, i] - d), abs(padded[k, j - 1, i] - d)),
            max(abs(padded[k, j, i + 1] - d), abs(padded[k, j, i - 1] - d)),
        ]
        width = max(float(np.linalg.norm(steps)), 0.5 * float(spacing[0]))
        cover = float(np.clip(0.5 - d / width, 0.0, 1.0))
        if d <= np.linalg.norm(spacing):
            out[index] += cover * (value - out[index])
    return out, distance <= 0.0


def add_texture(
    image: Floats, tissue: NDArray[np.uint8], tiles: Floats, steps: Floats, spacing: Floats, spread: Floats,
    kind: NDArray[np.int64],
) -> Floats:  # fmt: skip
    """Add the periodic tile of each voxel's tissue, times its spread."""
    out = image.copy()
    for index in np.ndindex(*image.shape):
        t = tissue[index]
        n = kind[t]
        tile = np.pad(tiles[n], ((0, 1),) * 3, mode="wrap")
        place = (spacing * index[::-1] / steps[n])[::-1] % tiles.shape[1]
        out[index] += spread[t] * trilinear(tile, place)
    return out


def thin_out(candidates: Floats, distance: float, wanted: int) -> list[int]:
    """Keep candidates in order while none kept is nearer than the distance."""
    kept: list[int] = []
    for index, point in enumerate(candidates):
        if len(kept) < wanted and all(np.linalg.norm(point - candidates[other]) >= distance for other in kept):
            kept.append(index)
    return kept


def blood_volume(nodes: Floats, parents: NDArray[np.int32], flows: Floats) -> float:
    """Volume of a tree up to a constant: sum of length times flow^(2/3), as radius^3 goes with flow."""
    child = np.flatnonzero(parents >= 0)
    lengths = np.linalg.norm(nodes[child] - nodes[parents[child]], axis=1)
    return float((lengths * flows[child] ** (2.0 / 3.0)).sum())


def grow_branches(nodes: Floats, parents: NDArray[np.int32], flows: Floats, end: Floats, shortest: float) -> float:
    """Least blood volume of the tree with one more end, over all pieces and a dense choice of fork points."""
    best = np.inf
    for c in np.flatnonzero(parents >= 0):
        p = parents[c]
        for along in np.linspace(0.02, 0.98, 49):
            for towards in np.linspace(0.0, 0.6, 31):
                fork = nodes[c] + along * (nodes[p] - nodes[c])
                fork = fork + towards * (end - fork)
                pieces = [np.linalg.norm(fork - nodes[p]), np.linalg.norm(fork - nodes[c])]
                if min(pieces) < shortest:
                    continue
                new_nodes = np.vstack([nodes, fork, end])
                new_parents = np.concatenate([parents, [p, len(nodes)]]).astype(np.int32)
                new_parents[c] = len(nodes)
                new_flows = np.concatenate([flows, [flows[c], 1.0]])
                up = len(nodes)
                while up >= 0:
                    new_flows[up] += 1.0
                    up = new_parents[up]
                best = min(best, blood_volume(new_nodes, new_parents, new_flows))
    return best
