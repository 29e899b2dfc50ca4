"""Pointing at the twin: the nearest solid structure, through what is transparent, never what is cut away."""

import numpy as np
import pytest

from app.scene.orbit_camera import OrbitCamera, ViewSide
from app.scene.picking import first_hit
from twin.surface import Surface

SIZE = (400, 300)


def _box(low: tuple[float, float, float], high: tuple[float, float, float]) -> Surface:
    corners = np.array(np.meshgrid(*zip(low, high, strict=True), indexing="ij")).reshape(3, 8).T
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    triangles = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))], np.int32)
    return Surface("liver", corners.astype(np.float32), triangles)


# Seen from the front, the eye is where y is low: the liver lies before the vein, the spine behind it.
SURFACES = {
    "liver": _box((-50, -50, -50), (50, 50, 50)),
    "portal_vein": _box((-5, 0, -5), (5, 10, 5)),
    "bone": _box((-50, 60, -50), (50, 70, 50)),
}
OPACITIES = {"liver": 0.3, "portal_vein": 1.0, "bone": 1.0}
CAMERA = OrbitCamera.from_side(ViewSide.FRONT)
MIDDLE = (200.0, 150.0)


def test_that_a_vessel_is_met_through_a_transparent_organ() -> None:
    hit = first_hit(SURFACES, OPACITIES, CAMERA, MIDDLE, SIZE)
    assert hit is not None
    assert hit.structure_id == "portal_vein"
    assert np.allclose(hit.point_lps_mm, (0, 0, 0), atol=1e-6)


def test_that_an_opaque_organ_hides_what_lies_behind_it() -> None:
    hit = first_hit(SURFACES, OPACITIES | {"liver": 1.0}, CAMERA, MIDDLE, SIZE)
    assert hit is not None
    assert hit.structure_id == "liver"
    assert hit.point_lps_mm[1] == pytest.approx(-50)


def test_that_what_is_cut_away_is_not_met() -> None:
    clip = (np.array([0.0, 5.0, 0.0]), np.array([0.0, -1.0, 0.0]))  # away with all before y = 5
    hit = first_hit(SURFACES, OPACITIES, CAMERA, MIDDLE, SIZE, clip=clip)
    assert hit is not None
    assert hit.structure_id == "portal_vein"
    assert hit.point_lps_mm[1] == pytest.approx(10)


def test_that_nothing_is_met_beside_everything() -> None:
    assert first_hit(SURFACES, OPACITIES, CAMERA, (2.0, 2.0), SIZE) is None
    assert first_hit({}, {}, CAMERA, MIDDLE, SIZE) is None
