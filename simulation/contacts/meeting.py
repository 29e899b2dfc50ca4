"""Where a lesion and a vessel come near each other: the part of the grid in which their contact is measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from simulation.contacts.courses import Course, Nearness, courses_of, radius_near_mm
from simulation.contacts.fields import ContactFields, contact_fields, joint_uncertainty
from simulation.contacts.sections import CONTACT_MM
from twin.anatomy import LayerName, structure
from twin.box import Box
from twin.geometry.distance_edt import depth_mm, distance_to_mm
from twin.grid import Grid
from twin.twin import Twin

__all__ = ["Meeting", "meetings"]

Mask = NDArray[np.bool_]
Points = NDArray[np.float64]

# Vessels whose labels meet without a wall between them.
_SYSTEMS = (
    ("portal_vein", "superior_mesenteric_vein"),
    ("hepatic_vein", "inferior_vena_cava"),
    (
        "aorta",
        "celiac_trunk",
        "common_hepatic_artery",
        "splenic_artery",
        "superior_mesenteric_artery",
        "gastroduodenal_artery",
        "other_artery",
    ),
)
_ROOM_VOXELS = 4  # beyond what sections reach, for the blur
_WIDEST_MM = 20.0  # no vessel that a lesion meets is wider on one side of its centreline
_LEAST_TRACED_MM = 12.0  # a vessel without a tree is traced so far beyond the contact


@dataclass(frozen=True, eq=False)
class Meeting:
    """A lesion beside a vessel.

    Parameters
    ----------
    lesion, structure_id
        Their ids.
    fields
        Smooth fields of both, on the part of the grid around the place where they meet.
    courses
        Stretches of the vessel there.
    slices
        The whole grid, whose slices are read.
    """

    lesion: str
    structure_id: str
    fields: ContactFields
    courses: tuple[Course, ...]
    slices: Grid


def meetings(twin: Twin) -> Iterator[Meeting]:
    """Yield each lesion with each vessel that its boundary, moved outwards, may touch."""
    lesions, vessels = twin.layers.get(LayerName.LESIONS), twin.layers.get(LayerName.VESSELS)
    if lesions is None or vessels is None:
        return
    for lesion in lesions.structure_ids():
        for structure_id, near_lps_mm in _near_vessels(twin, lesion, vessels.structure_ids()):
            found = _meeting(twin, lesion, structure_id, near_lps_mm)
            if found is not None:
                yield found


def _reach_mm(twin: Twin, lesion: str, structure_id: str) -> float:
    """Return how far a lesion may lie from a wall that it touches in the end."""
    shift = joint_uncertainty(twin.uncertainty(lesion), twin.uncertainty(structure_id))
    return CONTACT_MM + shift.outward_mm + float(twin.grid.spacing_ijk_mm.max())


def _near_vessels(twin: Twin, lesion: str, structure_ids: tuple[str, ...]) -> Iterator[tuple[str, Points]]:
    """Yield the vessels within reach of a lesion, with those of their voxels that are, (n, 3) LPS mm."""
    box = twin.box(lesion)
    if box is None:
        return
    reaches_mm = {structure_id: _reach_mm(twin, lesion, structure_id) for structure_id in structure_ids}
    around = _grown(box, max(reaches_mm.values()), twin.grid)
    voxels = twin.layers[LayerName.VESSELS].voxels[around.slices]
    is_lesion = np.asarray(twin.layers[LayerName.LESIONS].voxels[around.slices] == structure(lesion).value)
    distance = distance_to_mm(is_lesion, twin.grid.spacing_ijk_mm)
    grid = twin.grid.cropped(around)
    for structure_id, reach_mm in reaches_mm.items():
        near = np.argwhere((voxels == structure(structure_id).value) & (distance <= reach_mm))
        if len(near):
            yield structure_id, grid.lps_from_ijk(near[:, ::-1])


def _meeting(twin: Twin, lesion: str, structure_id: str, near_lps_mm: Points) -> Meeting | None:
    """Return a lesion with a vessel; None where only twigs are near that are too thin to be measured."""
    place = _box_around(near_lps_mm, twin.grid)
    nearness = Nearness(cKDTree(near_lps_mm), _reach_mm(twin, lesion, structure_id))
    radius_mm = radius_near_mm(twin, structure_id, nearness) or _radius_mm(twin, structure_id, place)
    traced = _grown(place, max(4.0 * radius_mm, _LEAST_TRACED_MM), twin.grid)
    mask = _vessel_mask(twin, (structure_id,), traced)
    courses = courses_of(twin, structure_id, mask, twin.grid.cropped(traced), nearness)
    if not courses:
        return None
    room = _grown(place, 2.0 * radius_mm + CONTACT_MM, twin.grid).grown(_ROOM_VOXELS, twin.grid.shape_kji)
    system = next(names for names in _SYSTEMS if structure_id in names)
    fields = contact_fields(
        _vessel_mask(twin, system, room),
        np.asarray(twin.layers[LayerName.LESIONS].voxels[room.slices] == structure(lesion).value),
        twin.grid.cropped(room),
        joint_uncertainty(twin.uncertainty(lesion), twin.uncertainty(structure_id)),
    )
    return Meeting(lesion, structure_id, fields, courses, twin.grid)


def _vessel_mask(twin: Twin, structure_ids: tuple[str, ...], box: Box) -> Mask:
    values = [structure(structure_id).value for structure_id in structure_ids]
    return np.asarray(np.isin(twin.layers[LayerName.VESSELS].voxels[box.slices], values))


def _radius_mm(twin: Twin, structure_id: str, place: Box) -> float:
    """Return the largest depth in a vessel around a place, mm."""
    around = _grown(place, _WIDEST_MM, twin.grid)
    mask = _vessel_mask(twin, (structure_id,), around)
    found = Box.around(mask)
    if found is None:
        return 0.0
    depth = depth_mm(np.ascontiguousarray(mask[found.slices]), twin.grid.spacing_ijk_mm)
    return min(float(depth.max()), _WIDEST_MM)


def _grown(box: Box, by_mm: float, grid: Grid) -> Box:
    i, j, k = (int(n) + 1 for n in np.ceil(by_mm / grid.spacing_ijk_mm))
    return box.grown((k, j, i), grid.shape_kji)


def _box_around(points_lps_mm: Points, grid: Grid) -> Box:
    """Return the box of voxels, whose centres are given."""
    voxels = np.rint(grid.ijk_from_lps(points_lps_mm)).astype(int)[:, ::-1]
    start, stop = voxels.min(axis=0), voxels.max(axis=0) + 1
    return Box((int(start[0]), int(start[1]), int(start[2])), (int(stop[0]), int(stop[1]), int(stop[2])))
