"""Muscles and fat planes that a radiologist misses when they are not there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.phantom.lattice import Field, Lattice
from twin.phantom.trunk import Trunk, spine_centre_y_mm

__all__ = ["Muscles", "drawn_muscles"]


@dataclass(frozen=True)
class Muscles:
    """Muscle inside the cavity (psoas, quadratus lumborum, crura) and the fat planes of the wall."""

    inner: Field
    fat_planes: Field
    diaphragm: Field


def drawn_muscles(lattice: Lattice, trunk: Trunk, bulk: float) -> Muscles:
    """Draw muscles; ``bulk`` scales their radius (about 0.9 for a slight person to 1.1)."""
    inner = None
    for side in (-1.0, 1.0):
        for part in (_psoas(lattice, side, bulk), _quadratus(lattice, side, bulk), _crus(lattice, side)):
            inner = part if inner is None else inner.joined(part, 2.0)
    assert inner is not None
    shell = trunk.abdomen.grown(2.6).inside(trunk.cavity, 0.0)
    return Muscles(inner, _fat_planes(lattice, trunk), shell)


def _psoas(lattice: Lattice, side: float, bulk: float) -> Field:
    z = np.array([22.0, -10.0, -40.0, -80.0, -125.0, -170.0])
    x = np.array([20.0, 27.0, 32.0, 38.0, 45.0, 52.0]) * side
    y = spine_centre_y_mm(z) + np.array([5.0, 7.0, 7.0, 5.0, 0.0, -8.0])
    radii = np.array([3.5, 9.0, 14.0, 18.5, 21.0, 20.0]) * bulk
    return lattice.tube(np.stack([x, y, z], axis=1), radii, blend_mm=4.0, flatten=(0.92, 1.0, 1.0))


def _quadratus(lattice: Lattice, side: float, bulk: float) -> Field:
    z = np.array([5.0, -40.0, -80.0, -120.0])
    x = np.array([44.0, 56.0, 64.0, 68.0]) * side
    y = spine_centre_y_mm(z) + np.array([35.0, 34.0, 32.0, 28.0])
    radii = np.array([6.0, 11.0, 14.0, 15.0]) * bulk
    return lattice.tube(np.stack([x, y, z], axis=1), radii, flatten=(1.3, 0.6, 1.0))


def _crus(lattice: Lattice, side: float) -> Field:
    """A pillar of the diaphragm; the right one is stouter and reaches lower."""
    bottom = -62.0 if side < 0 else -38.0
    z = np.array([62.0, 45.0, 25.0, 0.0, bottom])
    front = spine_centre_y_mm(z) - 19.0
    x = np.array([-1.0, -9.0, -12.0, -11.0, -9.0]) if side < 0 else np.array([13.0, 18.0, 19.0, 18.0, 16.0])
    y = front + np.array([-8.0, -5.0, -1.0, 3.0, 5.0])
    radii = np.array([4.0, 5.0, 5.0, 4.2, 2.5]) * (1.0 if side < 0 else 0.85)
    return lattice.tube(np.stack([x, y, z], axis=1), radii, flatten=(0.8, 1.25, 1.0))


def _fat_planes(lattice: Lattice, trunk: Trunk) -> Field:
    """Thin sheets of fat: between the oblique muscles, around erector spinae and outside the ribs."""
    x, y, z = lattice.coordinates()
    patchy = lattice.noise(lattice.whole, 16.0, 41)
    out = trunk.cavity.values
    low = np.clip((25.0 - z) / 40.0, 0.0, 1.0)  # three oblique muscles below the ribs
    lateral = np.clip((np.abs(x) - 70.0) / 30.0, 0.0, 1.0) * np.clip((55.0 - y) / 20.0, 0.0, 1.0)
    sheets = np.full(lattice.shape_kji, 9.0, np.float32)
    for depth_mm in (3.6, 7.2):
        width = 0.75 * low * lateral + 0.25 * patchy - (1.0 - low * lateral) * 2.0
        np.minimum(sheets, np.abs(out - depth_mm) - width, out=sheets)
    high = np.clip((z - 10.0) / 40.0, 0.0, 1.0)  # the big muscles over the ribs
    width = 1.3 * high + 0.6 * patchy - (1.0 - high) * 2.0
    np.minimum(sheets, np.abs(out - 11.5) - width, out=sheets)
    spine_y = spine_centre_y_mm(z.astype(np.float64)).astype(np.float32)
    for side in (-1.0, 1.0):
        u, v = (x - side * 31.0) / 27.0, (y - (spine_y + 48.0)) / 19.0
        edge = np.abs(np.sqrt(u * u + v * v) - 1.0) * 21.0
        np.minimum(sheets, edge - (0.9 + 0.6 * patchy), out=sheets)
    front = np.clip((-55.0 - y) / 10.0, 0.0, 1.0) * np.clip((75.0 - z) / 15.0, 0.0, 1.0)
    white_line = np.abs(x) - (1.2 + 1.2 * np.clip(-z / 100.0, 0.0, 1.0)) * front + 4.0 * (1.0 - front)
    crescent = np.abs(np.abs(x) - 66.0 + 0.12 * z) - (0.9 + 0.4 * patchy) * front + 4.0 * (1.0 - front)
    np.minimum(sheets, np.minimum(white_line, crescent), out=sheets)
    # Only in muscle: never on the skin side nor in the cavity.
    wall = np.maximum(trunk.muscle_envelope.values + 1.5, 1.5 - out)
    return lattice.field(np.maximum(sheets, wall))
