"""Spine, ribs and sternum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.phantom.lattice import Field, Lattice
from twin.phantom.trunk import Trunk, spine_centre_y_mm

__all__ = ["Skeleton", "drawn_skeleton"]

Points = NDArray[np.float64]

# Centres of the vertebral bodies (z, mm), from L5 up to T4, their half width, half depth and half height.
_VERTEBRAE = np.array(
    [
        # z, half width, half depth, half height
        [-150.0, 26.0, 18.0, 14.0],
        [-111.0, 25.0, 18.0, 14.0],
        [-73.0, 24.0, 17.5, 14.0],
        [-36.0, 23.0, 17.0, 13.5],
        [0.0, 22.0, 16.5, 13.0],
        [34.0, 20.5, 16.0, 12.5],
        [66.0, 19.0, 15.5, 12.0],
        [96.0, 17.5, 15.0, 11.5],
        [124.0, 16.5, 14.5, 11.0],
        [151.0, 16.0, 14.0, 10.5],
        [177.0, 15.5, 13.5, 10.0],
        [202.0, 15.0, 13.0, 10.0],
        [226.0, 14.5, 12.5, 9.5],
    ]
)
# Index in the table of the vertebra of the twelfth rib; ribs go up from there.
_TWELFTH = 5


@dataclass(frozen=True)
class Skeleton:
    """Bones on the lattice: what is bone, the marrow inside it, discs, cord with its sac, and costal cartilage."""

    bone: Field
    marrow: Field
    discs: Field
    canal: Field
    cartilage: Field


def drawn_skeleton(lattice: Lattice, trunk: Trunk, rng: np.random.Generator) -> Skeleton:
    """Draw the skeleton of the trunk; ribs follow the inner face of the chest wall."""
    bodies, discs, arches = None, None, None
    for n, (z, half_width, half_depth, half_height) in enumerate(_VERTEBRAE):
        if not _is_in_range(lattice, z - 25.0, z + 25.0):
            continue
        y = float(spine_centre_y_mm(z))
        body = _vertebral_body(lattice, y, z, half_width, half_depth, half_height)
        bodies = body if bodies is None else bodies.joined(body)
        arch = _arch(lattice, y, z, half_width, half_depth, is_lumbar=n < _TWELFTH)
        arches = arch if arches is None else arches.joined(arch)
        if n + 1 < len(_VERTEBRAE):
            middle = 0.5 * (z + _VERTEBRAE[n + 1, 0])
            disc = _vertebral_body(
                lattice, float(spine_centre_y_mm(middle)), middle, half_width, half_depth,
                0.5 * (_VERTEBRAE[n + 1, 0] - z) - half_height + 2.0,
            )  # fmt: skip
            discs = disc if discs is None else discs.joined(disc)
    assert bodies is not None
    assert arches is not None
    assert discs is not None
    canal = _canal(lattice)
    ribs, cartilage = _ribs(lattice, trunk, rng)
    vertebrae = bodies.joined(arches, 3.0).without(canal)
    bone = vertebrae.joined(ribs)
    marrow = bodies.grown(-1.5).joined(arches.grown(-2.4)).without(canal, 2.5).joined(ribs.grown(-2.0))
    return Skeleton(bone, marrow, discs.without(canal), canal, cartilage)


def _is_in_range(lattice: Lattice, low_mm: float, high_mm: float) -> bool:
    scale = lattice.body_map.scale[2]
    bottom = lattice.origin_lps_mm[2]
    top = bottom + lattice.step_mm * (lattice.shape_kji[0] - 1)
    return bool(high_mm * scale > bottom - 15.0 and low_mm * scale < top + 15.0)


def _vertebral_body(
    lattice: Lattice, y: float, z: float, half_width: float, half_depth: float, half_height: float
) -> Field:
    """A waisted drum, flattened behind where the canal is."""
    box = lattice.box_of_body(
        (-half_width, y - half_depth, z - half_height), (half_width, y + half_depth, z + half_height)
    )
    px, py, pz = lattice.coordinates(box)
    u, v, w = np.abs(px) / half_width, (py - y) / half_depth, (pz - z) / half_height
    waist = 1.0 + 0.09 * np.clip(w * w, 0, 1.5) - 0.06
    rho = (u**2.3 + np.abs(v) ** 2.3) ** (1.0 / 2.3) / waist
    side = (rho - 1.0) * min(half_width, half_depth)
    back = py - (y + 0.86 * half_depth)
    ends = np.abs(pz - z) - half_height
    drum = lattice.field(np.maximum(np.maximum(side, back), ends), box)
    return drum.smoothed(1.2)


def _arch(lattice: Lattice, y: float, z: float, half_width: float, half_depth: float, *, is_lumbar: bool) -> Field:
    """Pedicles, laminae, spinous and transverse processes and joints of one vertebra."""
    back = y + half_depth
    half_canal = 12.5
    lean = 0.0 if is_lumbar else -12.0
    parts = []
    for side in (-1.0, 1.0):
        pedicle = [(side * half_canal, back - 5.0, z + 3.0), (side * (half_canal + 1.5), back + 9.0, z + 1.0)]
        lamina = [(side * (half_canal + 1.5), back + 9.0, z + 1.0), (side * 3.0, back + 21.0, z - 5.0)]
        reach = half_width + (16.0 if is_lumbar else 13.0)
        process = [
            (side * (half_canal + 2.0), back + 8.0, z + 1.0),
            (side * reach, back + (8.0 if is_lumbar else 19.0), z + 3.0),
        ]
        joint = [(side * 15.0, back + 14.0, z - 11.0), (side * 17.5, back + 11.0, z + 9.5)]
        parts += [
            lattice.tube(pedicle, (5.0, 5.5)),
            lattice.tube(lamina, (4.5, 4.0)),
            lattice.tube(process, (4.0, 3.2)),
            lattice.tube(joint, (4.0, 4.6)),
        ]
    spinous = [(0.0, back + 20.0, z - 4.0), (0.0, back + 44.0, z - 10.0 + lean)]
    parts.append(lattice.tube(spinous, (4.5, 4.0), flatten=(0.75, 1.0, 1.5) if is_lumbar else (0.8, 1, 1)))
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.joined(part, 3.0)
    return whole


def _canal(lattice: Lattice) -> Field:
    z = np.arange(-260.0, 261.0, 20.0)
    half_depth = np.interp(z, _VERTEBRAE[:, 0], _VERTEBRAE[:, 2])
    y = spine_centre_y_mm(z) + half_depth + 6.0
    points = np.stack([np.zeros_like(z), y, z], axis=1)
    radii = np.full(z.size, 8.5)
    keep = [n for n in range(z.size) if _is_in_range(lattice, z[n] - 40.0, z[n] + 40.0)]
    return lattice.tube(points[keep], radii[keep], flatten=(1.25, 1.0, 1.0))


def _ribs(lattice: Lattice, trunk: Trunk, rng: np.random.Generator) -> tuple[Field, Field]:
    """Ribs 5 to 12 of both sides and the cartilage in front of them.

    Each rib leaves its vertebra, runs back and out, then round the chest 6 mm outside the cavity while it falls.
    """
    bone, cartilage = None, None
    for number in range(4, 13):
        z_head = float(_VERTEBRAE[_TWELFTH + 12 - number, 0]) + 8.0 if number >= 5 else 262.0
        for side in (-1.0, 1.0):
            course, n_bone = _rib_course(number, side, z_head, rng)
            lps = lattice.body_map.lps_from_body(course)
            settled = _on_wall(trunk.cavity, lps, 6.5)
            settled[:2] = lps[:2]
            body = lattice.body_map.body_from_lps(settled)
            if not _is_in_range(lattice, float(body[:, 2].min()), float(body[:, 2].max())):
                continue
            rib = lattice.tube(body[:n_bone], 4.6, flatten=(1.0, 1.0, 1.35))
            bone = rib if bone is None else bone.joined(rib)
            if n_bone < body.shape[0] - 1:
                tip = lattice.tube(body[n_bone - 1 :], 4.4, flatten=(1.0, 1.0, 1.3))
                cartilage = tip if cartilage is None else cartilage.joined(tip)
    assert bone is not None
    sternum = _sternum(lattice, trunk)
    if sternum is not None:
        bone = bone.joined(sternum)
    return bone, cartilage if cartilage is not None else bone.grown(-50.0)


def _sternum(lattice: Lattice, trunk: Trunk) -> Field | None:
    """Breastbone and its xiphoid process, in front of the chest wall's inner face."""
    z = np.array([84.0, 96.0, 112.0, 150.0, 190.0, 250.0])
    rough = np.stack([np.zeros_like(z), np.full_like(z, -95.0), z], axis=1)
    body = lattice.body_map.body_from_lps(_on_wall(trunk.cavity, lattice.body_map.lps_from_body(rough), 6.0))
    body[:, 0] = 0.0
    if not _is_in_range(lattice, 84.0, 250.0):
        return None
    return lattice.tube(body, (2.5, 4.5, 7.0, 8.0, 8.0, 8.0), flatten=(2.3, 0.8, 1.0))


# Rib number: part of the way round at which bone ends, fall (mm) from head to flank, height of the sternal end.
_RIBS: dict[int, tuple[float, float, float | None]] = {
    12: (0.30, 92.0, None),
    11: (0.44, 104.0, None),
    10: (0.62, 110.0, 52.0),
    9: (0.70, 107.0, 76.0),
    8: (0.76, 104.0, 90.0),
    7: (0.80, 100.0, 98.0),
    6: (0.82, 95.0, 112.0),
    5: (0.82, 88.0, 132.0),
    4: (0.82, 80.0, 158.0),
}


def _rib_course(number: int, side: float, z_head: float, rng: np.random.Generator) -> tuple[Points, int]:
    """Rough course of a rib in body millimetres, and how many of its points are bone; it is then laid on the wall."""
    bony, fall, sternal_z = _RIBS[number]
    fall *= 1.0 + 0.04 * float(rng.standard_normal())
    end = 0.96 if sternal_z is not None else bony
    turn = np.arange(0.0, end, 0.028)
    angle = np.pi * (0.5 - turn)  # from straight back round the flank to the front
    z = z_head - fall * (np.minimum(turn, bony) / 0.5) ** 1.08
    if sternal_z is not None:
        z = z + (sternal_z - (z_head - fall * (bony / 0.5) ** 1.08)) * np.clip((turn - bony) / (end - bony), 0, 1)
    points = np.stack([side * 138.0 * np.cos(angle) ** 0.8, -10.0 + 92.0 * np.sin(angle), z], axis=1)
    off_spine = (points[:, 0] * side > 44.0) | (turn > 0.5)
    y0 = float(spine_centre_y_mm(z_head))
    head = [(17.0, y0 + 10.0, z_head), (28.0, y0 + 24.0, z_head - 3.0), (40.0, y0 + 36.0, z_head - 9.0)]
    course = np.concatenate([np.array(head) * (side, 1.0, 1.0), points[off_spine]])
    return course, 3 + int(np.count_nonzero(off_spine & (turn <= bony)))


def _on_wall(cavity: Field, points_lps_mm: Points, outside_mm: float) -> Points:
    """Move points along the wall's normal, level by level, until they lie a distance outside the cavity."""
    lattice = cavity.lattice
    points = points_lps_mm.copy()
    n_k, n_j, n_i = cavity.values.shape
    for _ in range(14):
        ijk = (points - lattice.origin_lps_mm) / lattice.step_mm
        i = np.clip(np.rint(ijk[:, 0]).astype(int), 1, n_i - 2)
        j = np.clip(np.rint(ijk[:, 1]).astype(int), 1, n_j - 2)
        k = np.clip(np.rint(ijk[:, 2]).astype(int), 0, n_k - 1)
        v = cavity.values
        gradient = np.stack([v[k, j, i + 1] - v[k, j, i - 1], v[k, j + 1, i] - v[k, j - 1, i]], axis=1)
        gradient /= np.linalg.norm(gradient, axis=1, keepdims=True) + 1e-6
        off = np.clip(v[k, j, i] - outside_mm, -12.0, 12.0)
        points[:, :2] -= 0.8 * gradient * off[:, None]
    for axis in range(2):
        points[2:, axis] = np.convolve(np.pad(points[2:, axis], 2, mode="edge"), np.ones(5) / 5.0, mode="valid")
    return points
