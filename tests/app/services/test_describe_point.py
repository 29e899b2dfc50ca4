"""A point of the twin: its branch, and the distance to the nearest lesion."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.describe_point import describe_point, distance_to_surface_mm
from twin.anatomy import LayerName
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.surface import Surface
from twin.twin import Twin
from twin.vessel_graph import VesselBranch, VesselGraph

TRIANGLE = Surface(
    "lesion-1", np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0]], np.float32), np.array([[0, 1, 2]], np.int32)
)


def _tetrahedron(at: tuple[float, float, float]) -> Surface:
    points = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0], [0, 0, 4]], np.float32) + np.array(at, np.float32)
    return Surface("lesion-1", points, np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.int32))


@pytest.mark.parametrize(
    ("point", "distance"),
    [((2, 2, 5), 5.0), ((-3, 4, 0), 3.0), ((-3, -4, 0), 5.0), ((10, 10, 0), 50**0.5), ((12, 0, 0), 2.0)],
)
def test_that_the_distance_goes_to_the_face_the_edge_or_the_corner(
    point: tuple[float, float, float], distance: float
) -> None:
    assert distance_to_surface_mm(TRIANGLE, point) == pytest.approx(distance)


@given(st.tuples(*[st.floats(-20, 20)] * 3))
def test_that_no_point_of_the_surface_is_nearer_than_the_distance(point: tuple[float, float, float]) -> None:
    a, b = np.meshgrid(np.linspace(0, 1, 41), np.linspace(0, 1, 41))
    inside = a + b <= 1
    samples = np.stack([10 * a[inside], 10 * b[inside], np.zeros(inside.sum())], axis=1)
    nearest = np.linalg.norm(samples - np.array(point), axis=1).min()
    assert nearest - 0.36 <= distance_to_surface_mm(TRIANGLE, point) <= nearest + 1e-6


def _twin() -> Twin:
    grid = Grid.from_spacing((40, 20, 20), (1, 1, 1))
    lesions = np.zeros(grid.shape_kji, np.uint8)
    lesions[2:8, 2:8, 2:8] = 1
    lesions[2:5, 2:5, 30:33] = 2
    nodes = np.array([[0, 0, 0], [10, 0, 0], [20, 0, 0]], np.float64)
    graph = VesselGraph(
        "portal",
        nodes,
        np.ones(3),
        np.array([-1, 0, 1], np.int32),
        np.array([1, 1, 2], np.int32),
        (VesselBranch(1, "portal", None), VesselBranch(2, "portal.left", 1)),
    )
    surfaces = {"lesion-1": _tetrahedron((2, 2, 2)), "lesion-2": _tetrahedron((30, 2, 2))}
    return Twin(grid, {LayerName.LESIONS: LabelLayer(LayerName.LESIONS, grid, lesions)}, surfaces, {"portal": graph})


def test_that_a_point_on_a_vein_knows_its_branch_and_the_nearest_lesion() -> None:
    known = describe_point(_twin(), "portal_vein", (19, 0.5, 0.5))
    assert known.branch == "portal.left"
    assert known.lesion_id == "lesion-2"
    assert known.lesion_mm == pytest.approx(np.linalg.norm(np.array([30, 2, 2]) - (19, 0.5, 0.5)), abs=1e-4)
    assert describe_point(_twin(), "portal_vein", (9, 0, 0)).branch == "portal"


def test_that_a_lesion_is_measured_to_the_next_one_and_has_no_branch() -> None:
    known = describe_point(_twin(), "lesion-2", (30, 2, 2))
    assert known.lesion_id == "lesion-1"
    assert known.branch == ""
