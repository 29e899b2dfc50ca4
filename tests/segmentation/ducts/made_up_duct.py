"""A curved duct of known course and width in a block of gland, with fat beside it."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from twin.grid import Grid
from twin.volume import Modality, Quantity, Volume


@dataclass(frozen=True, eq=False)
class MadeUpDuct:
    """A scan and the true course (n, 3) in LPS mm and radius of its duct."""

    volume: Volume
    course_lps_mm: np.ndarray
    radius_mm: float


def made_up_duct(radius_mm: float = 2.0, *, is_mr: bool = False, noise: float = 12.0) -> MadeUpDuct:
    """Return an arc of 50 mm: fluid of 8 HU in gland of 90 HU, fat 8 mm above it, a wide bowel of fluid below.

    On MR fluid is bright and the rest is grey.
    """
    fine = 2  # painted on voxels half as wide, then averaged, as a scanner does
    size, spacing = (80, 56, 40), np.array([0.8, 0.8, 1.0])
    grid = Grid.from_spacing(size, spacing, origin_lps_mm=(-32.0, -22.0, -20.0))
    painted = Grid.from_spacing(
        tuple(n * fine for n in size), spacing / fine, origin_lps_mm=grid.origin_lps_mm - 0.5 * spacing * (1 - 1 / fine)
    )
    along = np.linspace(-1.0, 1.0, 401)
    course = np.stack([24.0 * along, -6.0 + 8.0 * along**2, 4.0 * along], axis=1)
    places = painted.lps_from_ijk(np.moveaxis(np.indices(painted.shape_kji), 0, -1)[..., ::-1])
    gap_mm = cKDTree(course).query(places.reshape(-1, 3), distance_upper_bound=12.0)[0].reshape(painted.shape_kji)
    hu = np.full(painted.shape_kji, 90.0)
    hu[places[..., 1] < -15.0] = -100.0
    hu[(places[..., 1] > 16.0) & (np.abs(places[..., 0]) < 20.0)] = 10.0
    hu[gap_mm <= radius_mm] = 8.0
    hu = ndimage.gaussian_filter(hu, 0.6 / (spacing / fine)[::-1])
    hu = hu.reshape(size[2], fine, size[1], fine, size[0], fine).mean(axis=(1, 3, 5))
    hu += np.random.default_rng(3).normal(0.0, noise, hu.shape)
    if not is_mr:
        return MadeUpDuct(
            Volume("volume-1", grid, hu.astype(np.int16), Quantity.HOUNSFIELD, Modality.CT), course, radius_mm
        )
    signal = 700.0 - 5.0 * np.abs(hu - 8.0).clip(0.0, 120.0)
    return MadeUpDuct(
        Volume("volume-1", grid, signal.astype(np.int16), Quantity.SIGNAL, Modality.MR), course, radius_mm
    )
