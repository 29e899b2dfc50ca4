"""Small made-up scans: cylinders and noise, none of which holds a liver."""

import numpy as np

from twin.grid import Grid
from twin.volume import Modality, Quantity, Volume


def ct(hu: np.ndarray, spacing_ijk_mm: tuple[float, float, float] = (4.0, 4.0, 5.0)) -> Volume:
    """Return a CT volume of these Hounsfield units."""
    k, j, i = hu.shape
    grid = Grid.from_spacing((i, j, k), spacing_ijk_mm)
    return Volume("volume-1", grid, hu.astype(np.int16), Quantity.HOUNSFIELD, Modality.CT)


def _disc(shape_ji: tuple[int, int], centre_ji: tuple[float, float], radius_ji: tuple[float, float]) -> np.ndarray:
    j, i = np.mgrid[: shape_ji[0], : shape_ji[1]]
    return ((j - centre_ji[0]) / radius_ji[0]) ** 2 + ((i - centre_ji[1]) / radius_ji[1]) ** 2 <= 1.0


def limb(n_slices: int = 30) -> Volume:
    """A thigh: fat, muscle and one bone."""
    plane = np.full((64, 64), -1000.0)
    for radius, hu in ((24.0, -100.0), (20.0, 55.0), (4.0, 700.0)):
        plane[_disc(plane.shape, (32, 32), (radius, radius))] = hu
    return ct(_grainy(np.repeat(plane[None], n_slices, axis=0)))


def chest(n_slices: int = 24) -> Volume:
    """A chest above the diaphragm: two lungs, a heart, a spine."""
    plane = np.full((80, 100), -1000.0)
    plane[_disc(plane.shape, (40, 50), (32, 46))] = -100.0
    plane[_disc(plane.shape, (40, 50), (29, 43))] = 50.0
    for side in (30, 70):
        plane[_disc(plane.shape, (40, side), (22, 14))] = -850.0
    plane[_disc(plane.shape, (36, 52), (14, 11))] = 140.0
    plane[_disc(plane.shape, (62, 50), (6, 5))] = 400.0
    return ct(_grainy(np.repeat(plane[None], n_slices, axis=0)))


def noise(n_slices: int = 20) -> Volume:
    """Noise around water in the whole field of view."""
    return ct(np.random.default_rng(5).normal(0.0, 300.0, (n_slices, 45, 45)))


def air(n_slices: int = 20) -> Volume:
    """An empty scanner."""
    return ct(np.full((n_slices, 50, 50), -1000.0))


def _grainy(hu: np.ndarray) -> np.ndarray:
    return hu + np.random.default_rng(6).normal(0.0, 8.0, hu.shape)
