"""The whole organ of a flat label map, in which vessels and lesions were cut out of the organ's own label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cc3d
import numpy as np
from numpy.typing import NDArray

from twin.box import Box
from twin.grid import Grid

__all__ = ["Inclusion", "JoinedComponent", "components_of_organs", "holes_of"]

Mask = NDArray[np.bool_]

# A vessel or lesion belongs to the organ that at least half of its surface adjoins (the rule of the import).
_LEAST_SHARE = 0.5


@dataclass(frozen=True)
class Inclusion:
    """A structure that may lie inside organs.

    Parameters
    ----------
    structure_id
        What it is.
    is_enclosed_only
        True when it counts only where an organ encloses it: the gallbladder adjoins the liver and is no part of it.
    """

    structure_id: str
    is_enclosed_only: bool = False


@dataclass(frozen=True, eq=False)
class JoinedComponent:
    """One connected part of an inclusion and the organ it was compared with.

    Parameters
    ----------
    structure_id
        What it is.
    organ_id
        The organ that adjoins it most.
    share
        Share of its surface that adjoins the whole organ, 0 to 1.
    is_joined
        True when it belongs to the organ.
    n_voxels
        Its size.
    indices
        Flat indices of its voxels in the array ``[k, j, i]``.
    """

    structure_id: str
    organ_id: str
    share: float
    is_joined: bool
    n_voxels: int
    indices: NDArray[np.intp]


def components_of_organs(
    structure_of_voxel: NDArray[np.uint8],
    organs: Mapping[str, int],
    inclusions: Mapping[Inclusion, int],
    grid: Grid,
) -> list[JoinedComponent]:
    """Decide for every connected part of the inclusions whether it belongs to an organ.

    A part belongs to an organ that encloses it, or that at least half of its surface adjoins; parts that belong
    count as organ for those beside them, until nothing changes.

    Parameters
    ----------
    structure_of_voxel
        ``[k, j, i]``, a number per structure.
    organs
        Organ id to its number.
    inclusions
        Inclusion to its number.
    grid
        Spacing, for the areas of voxel faces.
    """
    wanted = np.isin(structure_of_voxel, list(inclusions.values()))
    box = Box.around(wanted)
    if box is None or not organs:
        return []
    box = box.grown(1, structure_of_voxel.shape)
    labels = structure_of_voxel[box.slices]
    parts, n_parts = cc3d.connected_components(np.where(wanted[box.slices], labels, 0), connectivity=26, return_N=True)
    # Nodes of the contact graph: parts are 1...n, organs follow, everything else is 0.
    nodes = parts.astype(np.int64)
    for number, value in enumerate(organs.values(), start=n_parts + 1):
        nodes[labels == value] = number
    n_nodes = n_parts + len(organs) + 1
    contact_mm2 = _contact_areas(nodes, n_nodes, grid, box, structure_of_voxel.shape)
    encloser = _enclosers(structure_of_voxel, organs, parts, n_parts, box)
    first_voxel = _first_voxel(parts, n_parts)
    kinds = [inclusion for part in range(n_parts) for inclusion, value in inclusions.items()
             if value == labels.ravel()[first_voxel[part]]]  # fmt: skip
    owner, share = _owners(contact_mm2, kinds, encloser, len(organs))
    names = list(organs)
    flat = _flat_indices(parts, n_parts, box, structure_of_voxel.shape)
    return [
        JoinedComponent(
            kind.structure_id,
            names[owner[n] if owner[n] >= 0 else int(share[n].argmax())],
            1.0 if encloser[n] >= 0 else float(share[n].max()),
            bool(owner[n] >= 0),
            flat[n].size,
            flat[n],
        )
        for n, kind in enumerate(kinds)
    ]


def holes_of(mask: Mask) -> Mask:
    """Voxels that a mask encloses on all sides (6-connected background that does not reach the border)."""
    outside = cc3d.connected_components(~mask, connectivity=6)
    border = np.zeros(int(outside.max()) + 1, bool)
    for axis in range(3):
        for end in (0, -1):
            border[np.unique(np.take(outside, end, axis=axis))] = True
    border[0] = True  # the mask itself
    return np.asarray(~border[outside])


def _contact_areas(
    nodes: NDArray[np.int64], n_nodes: int, grid: Grid, box: Box, shape_kji: tuple[int, ...]
) -> dict[tuple[int, int], float]:
    """Areas in square millimetres between different nodes; faces on the border of the scan touch node 0."""
    spacing_kji = grid.spacing_ijk_mm[::-1]
    areas: dict[tuple[int, int], float] = {}

    def add(one: NDArray[np.int64], other: NDArray[np.int64], face_mm2: float) -> None:
        differs = one != other
        pairs, counts = np.unique(one[differs] * n_nodes + other[differs], return_counts=True)
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
            a, b = divmod(pair, n_nodes)
            for key in ((a, b), (b, a)):
                areas[key] = areas.get(key, 0.0) + count * face_mm2

    for axis in range(3):
        face_mm2 = float(np.prod(spacing_kji) / spacing_kji[axis])
        moved = np.moveaxis(nodes, axis, 0)
        add(moved[:-1], moved[1:], face_mm2)
        if box.start_kji[axis] == 0:
            add(moved[0], np.zeros_like(moved[0]), face_mm2)
        if box.stop_kji[axis] == shape_kji[axis]:
            add(moved[-1], np.zeros_like(moved[-1]), face_mm2)
    return areas


def _enclosers(
    labels: NDArray[np.uint8], organs: Mapping[str, int], parts: NDArray[Any], n_parts: int, box: Box
) -> NDArray[np.int64]:
    """For each part the position of the organ in whose holes it lies wholly, else -1."""
    encloser = np.full(n_parts, -1)
    sizes = np.bincount(parts.ravel(), minlength=n_parts + 1)[1:]
    for position, value in enumerate(organs.values()):
        organ_box = Box.around(labels == value)
        if organ_box is None:
            continue
        organ_box = organ_box.grown(1, labels.shape).joined(box)
        holes = np.zeros(parts.shape, bool)
        inside = tuple(
            slice(a - c, b - c) for a, b, c in zip(box.start_kji, box.stop_kji, organ_box.start_kji, strict=True)
        )
        holes[...] = holes_of(labels[organ_box.slices] == value)[inside]
        enclosed = np.bincount(parts[holes].ravel(), minlength=n_parts + 1)[1:] == sizes
        encloser[enclosed & (encloser < 0)] = position
    return encloser


def _owners(
    contact_mm2: Mapping[tuple[int, int], float],
    kinds: Sequence[Inclusion],
    encloser: NDArray[np.int64],
    n_organs: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Position of the organ each part belongs to (or -1), and the share of its surface each organ adjoins."""
    n_parts = len(kinds)
    touching = np.zeros((n_parts, n_parts + n_organs + 1))
    for (a, b), area_mm2 in contact_mm2.items():
        if 1 <= a <= n_parts:
            touching[a - 1, b] = area_mm2
    total = touching.sum(axis=1)
    owner = encloser.copy()
    while True:
        share = np.zeros((n_parts, n_organs))
        for organ in range(n_organs):
            members = np.concatenate([[n_parts + 1 + organ], np.flatnonzero(owner == organ) + 1])
            share[:, organ] = touching[:, members].sum(axis=1) / total
        joins = (owner < 0) & (share.max(axis=1) >= _LEAST_SHARE)
        joins &= np.array([not kind.is_enclosed_only for kind in kinds])
        if not joins.any():
            return owner, share
        owner[joins] = share[joins].argmax(axis=1)


def _first_voxel(parts: NDArray[Any], n_parts: int) -> NDArray[np.intp]:
    _, first = np.unique(parts.ravel(), return_index=True)
    return first[-n_parts:] if n_parts else first[:0]


def _flat_indices(parts: NDArray[Any], n_parts: int, box: Box, shape_kji: tuple[int, ...]) -> list[NDArray[np.intp]]:
    """Indices of the voxels of each part in the whole array, flattened."""
    inside = np.flatnonzero(parts)
    order = inside[np.argsort(parts.ravel()[inside], kind="stable")]
    k, j, i = np.unravel_index(order, parts.shape)
    places = np.ravel_multi_index((k + box.start_kji[0], j + box.start_kji[1], i + box.start_kji[2]), shape_kji)
    sizes = np.bincount(parts.ravel(), minlength=n_parts + 1)[1:]
    return list(np.split(np.asarray(places, dtype=np.intp), np.cumsum(sizes)[:-1]))
