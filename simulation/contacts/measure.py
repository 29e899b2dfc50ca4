"""How far round a vessel a lesion reaches, and over which length: figures with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.contacts.courses import Course, axial_planes, normal_planes
from simulation.contacts.meeting import Meeting, meetings
from simulation.contacts.sections import Planes, sections_of
from twin.contact import Contact
from twin.figure import Figure, FigureStatus
from twin.twin import Twin

__all__ = ["METHOD_ERROR_VOXELS", "contacts_of"]

Floats = NDArray[np.float64]

_N_MOST_INVOLVED = 3
# Error of the method itself along the wall, in voxels (their longest side): nine tenths of 200 cylinders placed at
# random, with radii of 3 to 8 voxels and slices up to three times as thick, lie within it (test_measure.py).
METHOD_ERROR_VOXELS = 0.25
_WITHIN = "share of the circumference with tumour within 1 mm of the wall"
_NORMAL_SOURCE = f"{_WITHIN}; median of the three most involved planes normal to the centreline"
_AXIAL_SOURCE = f"{_WITHIN}; median of the three most involved slices"
_FLAT_SOURCE = "the vessel lies flat in the slices: no axial angle"
_MAXIMUM_SOURCE = f"{_WITHIN}; the most involved plane"
_LENGTH_SOURCE = "length of the centreline along which tumour lies within 1 mm of the wall"


@dataclass(frozen=True, eq=False)
class _Seen:
    """What whole sections of a vessel show: angles (3, p), radius, arcs and place of each."""

    angles_deg: Floats
    radii_mm: Floats
    n_arcs: NDArray[np.int64]
    centres_lps_mm: Floats
    normals_lps: Floats


def contacts_of(twin: Twin) -> tuple[Contact, ...]:
    """Return the contact of each lesion with each labelled vessel that it touches or may touch.

    Contact is tumour within 1 mm of the wall, between sub-voxel surfaces. An angle is the share of the vessel's
    circumference in contact, of 360 degrees: the median of the three most involved planes, the maximum beside it. An
    interval spans the figure for the boundaries moved inwards and outwards, widened by the error of the method.
    A contact that is there only with the boundary moved outwards has the value 0.

    Parameters
    ----------
    twin
        With lesions and vessels; without either there is no contact.

    Examples
    --------
    >>> from twin.anatomy import LayerName
    >>> from twin.grid import Grid
    >>> from twin.label_layer import LabelLayer
    >>> grid = Grid.from_spacing((40, 30, 24), (1, 1, 1))
    >>> k, j, i = np.indices(grid.shape_kji)
    >>> from_axis = np.hypot(j - 10, k - 12)
    >>> lesion = (from_axis > 5) & (j >= 10) & (j < 24) & (abs(i - 20) < 8)
    >>> layers = {
    ...     LayerName.VESSELS: LabelLayer(LayerName.VESSELS, grid, 74 * (from_axis <= 5).astype(np.uint8)),
    ...     LayerName.LESIONS: LabelLayer(LayerName.LESIONS, grid, lesion.astype(np.uint8)),
    ... }
    >>> contact, = contacts_of(Twin(grid, layers))
    >>> contact.vessel, abs(contact.angle_normal_deg.value - 186) < 10
    ('superior_mesenteric_artery', True)
    """
    return tuple(contact for meeting in meetings(twin) for contact in _contacts(meeting))


def _contacts(meeting: Meeting) -> list[Contact]:
    """Return the contacts with each named part of a vessel."""
    by_name: dict[str, list[Course]] = {}
    for course in meeting.courses:
        by_name.setdefault(course.vessel, []).append(course)
    found = (_contact(meeting, name, courses) for name, courses in by_name.items())
    return [contact for contact in found if contact is not None]


def _contact(meeting: Meeting, vessel: str, courses: list[Course]) -> Contact | None:
    voxel_mm = float(meeting.slices.spacing_ijk_mm.max())
    across = [_seen(meeting, normal_planes(course)) for course in courses]
    normal = _joined(across)
    if normal.radii_mm.size == 0 or not (normal.angles_deg > 0).any():
        return None
    axial = _joined([_seen(meeting, axial_planes(course, meeting.slices)) for course in courses])
    worst = int(normal.angles_deg[1:].sum(axis=0).argmax())
    steps = [course.step_mm for course in courses]
    return Contact(
        vessel,
        _angle(axial, voxel_mm, _N_MOST_INVOLVED, _AXIAL_SOURCE),
        _angle(normal, voxel_mm, _N_MOST_INVOLVED, _NORMAL_SOURCE),
        _length(across, steps),
        meeting.lesion,
        _angle(axial, voxel_mm, 1, _MAXIMUM_SOURCE),
        _angle(normal, voxel_mm, 1, _MAXIMUM_SOURCE),
        int(normal.n_arcs[worst]),
        _triple(normal.centres_lps_mm[worst]),
        _triple(normal.normals_lps[worst]),
        all(course.is_named for course in courses),
    )


def _seen(meeting: Meeting, planes: Planes) -> _Seen:
    if len(planes) == 0:
        empty = np.zeros(0)
        return _Seen(np.zeros((3, 0)), empty, empty.astype(np.int64), np.zeros((0, 3)), np.zeros((0, 3)))
    sections = sections_of(meeting.fields, planes)
    whole = sections.is_whole
    return _Seen(
        sections.angles_deg[:, whole],
        sections.walls_mm.mean(axis=1)[whole],
        sections.n_arcs[whole],
        sections.centres_lps_mm[whole],
        planes.normals_lps[whole],
    )


def _joined(parts: list[_Seen]) -> _Seen:
    return _Seen(
        np.concatenate([part.angles_deg for part in parts], axis=1),
        np.concatenate([part.radii_mm for part in parts]),
        np.concatenate([part.n_arcs for part in parts]),
        np.concatenate([part.centres_lps_mm for part in parts]),
        np.concatenate([part.normals_lps for part in parts]),
    )


def _angle(seen: _Seen, voxel_mm: float, n_planes: int, source: str) -> Figure:
    """Return the median of the most involved planes; unknown where the vessel was cut by none."""
    if seen.radii_mm.size == 0:
        return Figure.unknown("deg", source=_FLAT_SOURCE)
    value = _median_of_most(seen.angles_deg[1], n_planes)
    low, high = (_median_of_most(seen.angles_deg[row], n_planes) for row in (0, 2))
    worst = int(seen.angles_deg[1].argmax())
    error = float(np.degrees(METHOD_ERROR_VOXELS * voxel_mm / max(seen.radii_mm[worst], voxel_mm)))
    low, high = min(low, value) - error, max(high, value) + error
    if value == 0.0 and high <= error:
        high = 0.0
    return Figure(value, max(low, 0.0), min(high, 360.0), "deg", FigureStatus.COMPUTED, source)


def _median_of_most(angles_deg: Floats, n_planes: int) -> float:
    return float(np.median(np.sort(angles_deg)[-n_planes:]))


def _length(across: list[_Seen], steps_mm: list[float]) -> Figure:
    """Return the length in contact; the ends lie between two planes."""
    low, value, high = (
        sum(float((seen.angles_deg[row] > 0).sum()) * step for seen, step in zip(across, steps_mm, strict=True))
        for row in range(3)
    )
    step = max(steps_mm)
    return Figure(
        value, max(min(low, value) - step, 0.0), max(high, value) + step, "mm", FigureStatus.COMPUTED, _LENGTH_SOURCE
    )


def _triple(values: Floats) -> tuple[float, float, float]:
    x, y, z = (round(float(v), 3) for v in values)
    return (x, y, z)
