"""Surfaces of masks: closed, true to the volume, in the right place and not mirrored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from tests.simulation.shapes import ball, block, centres, grid_of, rotation
from twin.errors import GeometryError
from twin.geometry.decimation import decimated
from twin.geometry.surface_vtk import clipped_by_planes, surface_of_mask

SPACINGS = [(1, 1, 1), (0.75, 0.75, 1.6), (0.7, 0.7, 5.0)]


def label_ml(mask, grid):
    return np.count_nonzero(mask) * grid.voxel_volume_ml


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("target", [None, 1500])
def test_that_a_surface_is_closed_and_within_one_per_cent_of_its_labels(spacing, target):
    grid = grid_of(tuple(int(60 / s) for s in spacing), spacing)
    mask = ball(grid, (3, -2, 1), 17) | block(grid, (24, 6, 9))
    surface = surface_of_mask(mask, grid, "liver", target_triangles=target)
    assert surface.is_closed
    assert surface.volume_ml == pytest.approx(label_ml(mask, grid), rel=0.01)
    if target:
        assert surface.n_triangles <= target * 1.05


@pytest.mark.parametrize("spacing", SPACINGS)
def test_that_points_lie_on_the_shape_in_patient_space_also_on_an_oblique_grid(spacing):
    direction = rotation(11)
    grid = grid_of(tuple(int(60 / s) for s in spacing), spacing, direction=direction)
    centre, radius = np.array([4.0, -6.0, 3.0]), 18.0
    surface = surface_of_mask(ball(grid, centre, radius), grid, "liver")
    distance = np.linalg.norm(surface.points_lps_mm - centre, axis=1)
    assert np.abs(distance - radius).max() < 0.55 * max(spacing) + 0.3
    assert abs(np.median(distance) - radius) < 0.25
    outward = np.einsum("ij,ij->i", surface.normals_lps, surface.points_lps_mm - centre)
    assert (outward > 0).all()


def test_that_left_stays_left_whatever_the_orientation_of_the_grid():
    """A large ball on the patient's left (+x), a small one on the right, seen on four grids."""
    for seed in range(4):
        grid = grid_of((70, 70, 70), direction=rotation(seed))
        mask = ball(grid, (15, 0, 0), 12) | ball(grid, (-20, 0, 0), 5)
        points = surface_of_mask(mask, grid, "liver").points_lps_mm
        left, right = points[points[:, 0] > 0], points[points[:, 0] < 0]
        assert left.mean(axis=0) == pytest.approx([15, 0, 0], abs=0.4)
        assert right.mean(axis=0) == pytest.approx([-20, 0, 0], abs=0.4)


def test_that_an_organ_at_the_border_of_the_scan_is_closed_there():
    grid = grid_of((40, 40, 30))
    mask = np.zeros(grid.shape_kji, np.bool_)
    mask[:, 10:30, 10:] = True  # touches three faces
    surface = surface_of_mask(mask, grid, "skin")
    assert surface.is_closed
    assert surface.volume_ml == pytest.approx(label_ml(mask, grid), rel=0.01)
    half = np.array(grid.size_ijk) / 2
    assert (np.abs(surface.points_lps_mm) <= half + 0.6).all()


def test_that_a_vessel_one_voxel_wide_is_kept_whole():
    grid = grid_of((60, 20, 20))
    mask = np.zeros(grid.shape_kji, np.bool_)
    mask[10, 10, 5:55] = True
    surface = surface_of_mask(mask, grid, "portal_vein", is_thin=True)
    assert surface.is_closed
    length = np.ptp(surface.points_lps_mm[:, 0])
    assert length > 47


@given(st.integers(0, 10_000), st.floats(0.4, 1.5), st.booleans(), st.sampled_from([None, 60, 400]))
@settings(max_examples=40)
def test_that_any_mask_gives_a_closed_surface(seed, grain, is_thin, target):
    """Noise: holes, bridges, voxels that touch by an edge or a corner."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(14, 17, 15)), grain)
    mask = noise > np.quantile(noise, 0.7)
    grid = grid_of((15, 17, 14), (0.8, 0.8, 1.5))
    surface = surface_of_mask(mask, grid, "lesion-1", is_thin=is_thin, target_triangles=target)
    assert surface.is_closed


def test_that_a_single_voxel_has_a_closed_surface():
    grid = grid_of((9, 9, 9))
    mask = np.zeros(grid.shape_kji, np.bool_)
    mask[4, 4, 4] = True
    surface = surface_of_mask(mask, grid, "lesion-1")
    assert surface.is_closed
    assert surface.points_lps_mm.mean(axis=0) == pytest.approx([0, 0, 0], abs=0.1)


def test_that_an_empty_mask_is_refused_by_name():
    grid = grid_of((5, 5, 5))
    with pytest.raises(GeometryError) as refused:
        surface_of_mask(np.zeros(grid.shape_kji, np.bool_), grid, "pancreas")
    assert refused.value.parameters == {"structure": "pancreas"}


def test_that_smoothing_takes_the_steps_away():
    """On an oblique slab the raw voxels are half a voxel off everywhere; the surface is much flatter."""
    normal = np.array([1.0, 0.3, 0.2]) / np.linalg.norm([1.0, 0.3, 0.2])
    grid = grid_of((50, 50, 50))
    height = centres(grid) @ normal
    mask = (np.abs(height) < 10) & (np.linalg.norm(centres(grid), axis=-1) < 23)
    points = surface_of_mask(mask, grid, "liver").points_lps_mm
    middle = np.linalg.norm(points - np.outer(points @ normal, normal), axis=1) < 12
    assert np.std(np.abs(points[middle] @ normal)) < 0.12


def test_that_a_clip_by_two_planes_keeps_what_lies_above_both():
    grid = grid_of((50, 50, 50))
    surface = surface_of_mask(ball(grid, (0, 0, 0), 20), grid, "liver")
    planes = [(np.zeros(3), np.array([1.0, 0, 0])), (np.array([0, 5.0, 0]), np.array([0, 1.0, 0]))]
    part = clipped_by_planes(surface, planes, "specimen")
    assert part.is_closed
    assert (part.points_lps_mm[:, 0] > -1e-3).all()
    assert (part.points_lps_mm[:, 1] > 5 - 1e-3).all()
    height = 15.0
    cap = np.pi * height**2 * (3 * 20 - height) / 3 / 1000
    assert part.volume_ml == pytest.approx(cap / 2, rel=0.03)


def test_that_decimation_keeps_a_pinched_surface_closed():
    """Two balls that touch by a thread: the collapse joins sheets, which are taken apart again."""
    grid = grid_of((60, 30, 30))
    x, y, z = (centres(grid)[..., a] for a in range(3))
    mask = ball(grid, (-14, 0, 0), 9) | ball(grid, (14, 0, 0), 9) | ((np.hypot(y, z) < 1.1) & (np.abs(x) < 14))
    fine = surface_of_mask(mask, grid, "portal_vein", is_thin=True)
    for target in (300, 120, 60):
        points, triangles = decimated(fine.points_lps_mm.astype(float), fine.triangles.astype(np.int64), target)
        edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        _, counts = np.unique(edges, axis=0, return_counts=True)
        assert (counts == 2).all()
        assert np.isfinite(points).all()


def test_that_thin_tangled_vessels_are_decimated_and_stay_closed():
    """The collapse pinches such a surface somewhere: without taking the sheets apart it would stay as it was."""
    noise = ndimage.gaussian_filter(np.random.default_rng(8).normal(size=(40, 40, 40)), 1.2)
    mask = noise > np.quantile(noise, 0.82)
    grid = grid_of((40, 40, 40))
    fine = surface_of_mask(mask, grid, "portal_vein", is_thin=True)
    target = fine.n_triangles // 5
    coarse = surface_of_mask(mask, grid, "portal_vein", is_thin=True, target_triangles=target)
    assert coarse.is_closed
    assert coarse.n_triangles <= 1.05 * target
