"""A known movement is found again, also between partial, noisy and coarse masks."""

from functools import cache

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from twin.anatomy import LayerName
from twin.errors import Cancelled, GeometryError
from twin.geometry.distance_edt import signed_distance_mm
from twin.geometry.register_sitk import labels_through
from twin.geometry.rigid_fit import RigidFit, rigid_fit_of_masks
from twin.grid import Grid
from twin.job import CancelSource
from twin.phantom import PhantomRecipe, build_phantom


@cache
def _liver(seed: int) -> tuple[np.ndarray, Grid]:
    phantom = build_phantom(PhantomRecipe.small(seed))
    return phantom.layers[LayerName.ORGANS].mask("liver"), phantom.volume.grid


def _movement(points: np.ndarray, rotation_deg: float, shift_mm: tuple[float, float, float], seed: int) -> np.ndarray:
    axis = np.random.default_rng(seed).normal(size=3)
    matrix, centre = np.eye(4), points.mean(axis=0)
    matrix[:3, :3] = Rotation.from_rotvec(np.radians(rotation_deg) * axis / np.linalg.norm(axis)).as_matrix()
    matrix[:3, 3] = centre + shift_mm - matrix[:3, :3] @ centre
    return matrix


def _noisy(mask: np.ndarray, grid: Grid, noise_mm: float, seed: int) -> np.ndarray:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=mask.shape), 4)
    return signed_distance_mm(mask, grid.spacing_ijk_mm) + noise * noise_mm / noise.std() > 0


def _mean_error_mm(
    seed: int,
    spacing_mm: tuple[float, float, float],
    *,
    rotation_deg: float = 8.0,
    shift_mm: tuple[float, float, float] = (6.0, -8.0, 25.0),
    seen: tuple[float, float] = (0.0, 1.0),
) -> tuple[float, RigidFit]:
    """Return the mean error of the movement over the liver, and the fit.

    The moving scan shows the liver before the movement, with a noisy border, and only a share of its slices.
    """
    mask, grid = _liver(seed)
    points = grid.lps_from_ijk(np.argwhere(mask)[::200, ::-1])
    matrix = _movement(points, rotation_deg, shift_mm, seed)
    size = np.ceil(grid.spacing_ijk_mm * grid.size_ijk / spacing_mm).astype(int)
    first, last = (round(share * int(size[2])) for share in seen)
    origin = grid.origin_lps_mm + np.array([0, 0, first * spacing_mm[2]])
    other = Grid.from_spacing((int(size[0]), int(size[1]), last - first), spacing_mm, origin_lps_mm=origin)
    noisy = _noisy(mask, grid, 1.5, seed).astype(np.uint8)
    moving = labels_through(noisy, grid, other, np.linalg.inv(matrix)).astype(bool)
    fit = rigid_fit_of_masks(moving, other, mask, grid)
    before = points @ np.linalg.inv(matrix)[:3, :3].T + np.linalg.inv(matrix)[:3, 3]
    after = before @ fit.matrix_lps_mm[:3, :3].T + fit.matrix_lps_mm[:3, 3]
    return float(np.linalg.norm(after - points, axis=1).mean()), fit


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("spacing_mm", [(1.5, 1.5, 3.0), (2.5, 2.5, 5.0)])
def test_that_a_breath_and_a_turn_are_found_again(seed: int, spacing_mm: tuple[float, float, float]) -> None:
    error_mm, fit = _mean_error_mm(seed, spacing_mm)
    assert error_mm < 1.5
    assert fit.has_converged
    assert fit.quantile_mm(0.5) < 2.5
    assert fit.overlap > 0.94
    assert 7.0 < fit.rotation_deg < 9.0


@pytest.mark.parametrize("seen", [(0.0, 0.62), (0.4, 1.0)])
def test_that_a_liver_cut_by_its_scan_is_laid_on_the_part_it_shows(seen: tuple[float, float]) -> None:
    error_mm, fit = _mean_error_mm(2, (2.25, 2.25, 2.5), seen=seen)
    assert error_mm < 2.5
    assert fit.shared_share < 0.95


def test_that_nothing_moved_gives_next_to_nothing() -> None:
    mask, grid = _liver(1)
    fit = rigid_fit_of_masks(mask, grid, mask, grid)
    assert np.abs(fit.matrix_lps_mm - np.eye(4)).max() < 0.05
    assert fit.quantile_mm(0.95) < 0.5


def test_that_a_mirrored_liver_does_not_fit() -> None:
    mask, grid = _liver(1)
    fit = rigid_fit_of_masks(np.ascontiguousarray(mask[:, :, ::-1]), grid, mask, grid)
    assert fit.overlap < 0.85
    assert fit.quantile_mm(0.95) > 10.0


def test_that_the_direction_of_the_matrix_is_from_moving_to_fixed() -> None:
    grid = Grid.from_spacing((40, 40, 40), (3, 3, 3))
    mask = np.zeros((40, 40, 40), bool)
    mask[8:20, 6:22, 9:18] = True
    fit = rigid_fit_of_masks(mask, grid, np.roll(mask, (3, -1, 2), (0, 1, 2)), grid)
    assert np.allclose(fit.matrix_lps_mm[:3, 3], (6, -3, 9), atol=0.3)


def test_that_an_empty_mask_and_a_cancel_are_typed() -> None:
    mask, grid = _liver(1)
    with pytest.raises(GeometryError) as refused:
        rigid_fit_of_masks(np.zeros_like(mask), grid, mask, grid)
    assert refused.value.message_id == "error.registration.no_liver"
    source = CancelSource()
    source.cancel()
    with pytest.raises(Cancelled):
        rigid_fit_of_masks(mask, grid, mask, grid, cancel=source.token)
