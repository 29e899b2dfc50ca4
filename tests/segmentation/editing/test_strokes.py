"""Brush and scissors against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from segmentation.editing.brush import Brush, stroke_mask
from segmentation.editing.scissors import outside_of, prism_mask
from segmentation.kernels.paint_path import mark_path
from segmentation.kernels.prism import mark_prism
from tests.naive.editing_kernels import plain_path, plain_prism, plain_winding
from tests.segmentation.editing.masks import grids
from twin.box import Box
from twin.errors import InputError
from twin.grid import Grid

NUMBERS = st.floats(-2, 12, allow_nan=False)
NORMALS = st.sampled_from([None, (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (1.0, -2.0, 0.5), (0.2, 0.9, -0.3)])


def _whole(grid: Grid) -> Box:
    return Box((0, 0, 0), grid.shape_kji)


@settings(max_examples=60)
@given(grids(), st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=4), st.floats(0.1, 5), NORMALS)
def test_that_a_brush_covers_what_brute_force_finds(
    grid: Grid,
    places_ijk: list[tuple[float, float, float]],
    radius_mm: float,
    normal: tuple[float, float, float] | None,
) -> None:
    unit = np.zeros(3) if normal is None else np.array(normal) / np.linalg.norm(normal)
    points_ijk_mm = np.array(places_ijk) * grid.spacing_ijk_mm
    points_ijk_mm -= np.outer((points_ijk_mm - points_ijk_mm[0]) @ unit, unit)
    places = points_ijk_mm / grid.spacing_ijk_mm
    points = grid.lps_from_ijk(places)
    normal_lps = None if normal is None else tuple(grid.direction @ normal)
    found = stroke_mask(points, Brush(radius_mm, normal_lps), grid)  # type: ignore[arg-type]
    half_mm = float(0.5 * np.abs(unit) @ grid.spacing_ijk_mm)
    expected = plain_path(grid.shape_kji, grid.spacing_ijk_mm, points_ijk_mm, radius_mm, unit, half_mm)
    # A voxel at the very edge may fall on either side: the path comes back from patient space rounded.
    more, less = (
        plain_path(grid.shape_kji, grid.spacing_ijk_mm, points_ijk_mm, radius_mm + d, unit, half_mm and half_mm + d)
        for d in (1e-4, -1e-4)
    )
    drawn = np.zeros(grid.shape_kji, bool) if found is None else found.within(_whole(grid))
    agrees = (drawn == expected) | (more & ~less)
    if found is not None:
        agrees |= _near_rounding(places, grid)
    assert agrees.all()


def _near_rounding(ends: NDArray[np.float64], grid: Grid) -> NDArray[np.bool_]:
    """Voxels whose face the path runs along: rounding decides which of two neighbours it runs through."""
    near = np.zeros(grid.shape_kji, bool)
    for a, b in zip(ends, [*ends[1:], ends[-1]], strict=True):
        length_mm = float(np.linalg.norm((b - a) * grid.spacing_ijk_mm))
        n_steps = max(math.ceil(length_mm / (0.5 * grid.spacing_ijk_mm.min())), 1)
        for s in range(n_steps + 1):
            place = a + (b - a) * (s / n_steps)
            rest = np.abs(place + 0.5 - np.round(place + 0.5))
            if rest.min() < 1e-6:
                low = np.clip(np.floor(place - 0.25).astype(int), 0, None)[::-1]
                near[tuple(slice(n, n + 3) for n in low)] = True
    return near


def test_that_a_brush_draws_without_gaps_however_fast_it_moves() -> None:
    grid = Grid.from_spacing((60, 20, 20), (0.7, 0.7, 5.0))
    found = stroke_mask(grid.lps_from_ijk([(2, 10, 3), (55, 12, 15)]), Brush(0.1), grid)
    assert found is not None
    places = np.argwhere(found.mask)
    assert len(places) >= 54
    gaps = np.abs(places[1:] - places[:-1]).max(axis=1)
    assert gaps.max() <= 1


def test_that_a_flat_brush_on_a_slice_paints_one_slice() -> None:
    grid = Grid.from_spacing((30, 30, 9), (0.7, 0.7, 3.0))
    found = stroke_mask([grid.lps_from_ijk((15, 15, 4))], Brush(6.0, (0, 0, 1)), grid)
    assert found is not None
    assert np.flatnonzero(found.within(_whole(grid)).any(axis=(1, 2))).tolist() == [4]


def test_that_a_stroke_beside_the_scan_paints_nothing() -> None:
    grid = Grid.from_spacing((5, 5, 5), (1, 1, 1))
    assert stroke_mask([(-50, 0, 0)], Brush(3.0), grid) is None
    with pytest.raises(InputError) as caught:
        Brush(0.0)
    assert caught.value.message_id == "error.editing.radius"


def test_that_the_kernel_of_the_brush_equals_its_plain_reference() -> None:
    spacing, mask = np.array([0.5, 0.75, 2.0]), np.zeros((5, 9, 11), np.bool_)
    points = np.array([[1.0, 1.5, 2.0], [4.0, 5.0, 7.0]])
    mark_path(mask, np.zeros(3, np.int64), spacing, points, 1.6, np.zeros(3), 0.0)
    np.testing.assert_array_equal(mask, plain_path(mask.shape, spacing, points, 1.6, np.zeros(3), 0.0))


@settings(max_examples=30)
@given(
    grids(6),
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=8),
    st.sampled_from([(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 2.0, -0.5), (0.9, 0.1, 0.2)]),
    st.sampled_from([None, (-1.5, 2.0)]),
)
def test_that_scissors_cut_the_voxels_whose_centre_projects_into_the_line(
    grid: Grid,
    drawn: list[tuple[float, float]],
    view: tuple[float, float, float],
    depth_mm: tuple[float, float] | None,
) -> None:
    normal = np.array(view) / np.linalg.norm(view)
    across = np.linalg.svd(normal[np.newaxis])[2][1:]
    origin = grid.spacing_ijk_mm * np.array(grid.size_ijk) / 2
    places = origin + (np.array(drawn) - 5.0) @ across
    polygon = grid.lps_from_ijk(places / grid.spacing_ijk_mm)
    try:
        found = prism_mask(polygon, grid.direction @ normal, grid, _whole(grid), depth_mm=depth_mm)
    except InputError:
        spread = np.linalg.svd(np.array(drawn) - np.mean(drawn, axis=0), compute_uv=False)
        assert spread.prod() < 1e-6
        return
    cut = np.zeros(grid.shape_kji, bool) if found is None else found.within(_whole(grid))
    corners = places @ across.T
    for k, j, i in np.ndindex(grid.shape_kji):
        centre = np.array([i, j, k]) * grid.spacing_ijk_mm
        u, v = across @ centre
        around = {plain_winding(corners, u + du, v + dv) != 0 for du in (-1e-5, 1e-5) for dv in (-1e-5, 1e-5)}
        height = (centre - places[0]) @ normal
        if len(around) > 1 or (depth_mm is not None and min(abs(height - d) for d in depth_mm) < 1e-5):
            continue  # on the line itself
        is_deep = depth_mm is None or depth_mm[0] <= height < depth_mm[1]
        assert cut[k, j, i] == (around.pop() and is_deep), (k, j, i)


def test_that_the_kernel_of_the_scissors_equals_its_plain_reference() -> None:
    corners = np.array([[0.5, 0.2], [6.1, 1.0], [2.2, 5.5], [5.9, 5.7], [0.1, 3.3]])
    uvt = np.array([[0.9, 0.1, 0.2, 0.0], [0.0, 0.8, 0.3, 0.1], [0.1, 0.2, 1.0, -2.0]])
    mask = np.zeros((5, 6, 7), np.bool_)
    starts, edges = np.array([0, 5], np.int64), np.arange(5)
    mark_prism(mask, corners, starts, edges, 0.2, 5.6, uvt, -1.0, 1.55)
    np.testing.assert_array_equal(mask, plain_prism(mask.shape, corners, uvt, np.array([-1.0, 1.55])))


def test_that_a_line_that_crosses_itself_holds_all_it_goes_round() -> None:
    grid = Grid.from_spacing((20, 20, 1), (1, 1, 1))
    twice = [(4.5 + 4 * math.cos(t), 9.5 + 4 * math.sin(t), 0.0) for t in np.linspace(0, 4 * math.pi, 41)]
    found = prism_mask(twice, (0, 0, 1), grid, _whole(grid))
    assert found is not None
    assert found.within(_whole(grid))[0, 9, 4]


@pytest.mark.parametrize("polygon", [[], [(1, 1, 0), (2, 2, 0)], [(1, 1, 0), (2, 2, 0), (3, 3, 0)]])
def test_that_a_line_that_closes_nothing_is_refused(polygon: list[tuple[float, float, float]]) -> None:
    grid = Grid.from_spacing((9, 9, 9), (1, 1, 1))
    with pytest.raises(InputError) as caught:
        prism_mask(polygon, (0, 0, 1), grid, _whole(grid))
    assert caught.value.message_id == "error.editing.polygon"


def test_that_outside_is_all_that_is_not_inside() -> None:
    grid = Grid.from_spacing((9, 9, 3), (1, 1, 1))
    square = [(1.5, 1.5, 0), (5.5, 1.5, 0), (5.5, 5.5, 0), (1.5, 5.5, 0)]
    inside = prism_mask(square, (0, 0, 1), grid, _whole(grid))
    outside = outside_of(inside, _whole(grid))
    assert int(outside.mask.sum()) == 243 - 48
    assert outside_of(None, _whole(grid)).mask.all()
