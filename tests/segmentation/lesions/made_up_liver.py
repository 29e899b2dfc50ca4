"""A block of liver with balls in it, as CT and as MR: small enough for fast tests."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from twin.grid import Grid
from twin.volume import Modality, Quantity, Volume


@dataclass(frozen=True, eq=False)
class MadeUpLiver:
    """A scan, its organ and its balls, all on one grid."""

    volume: Volume
    organ: np.ndarray
    lesions: tuple[np.ndarray, ...]


def made_up_liver(*balls: tuple[ArrayLike, float, float], is_mr: bool = False, seed: int = 1) -> MadeUpLiver:
    """Return an ellipsoid of liver (110 HU) in fat, with balls: centre in LPS mm, radius mm, HU.

    On MR the values are turned round and scaled, and a coil makes one side brighter.
    """
    grid = Grid.from_spacing((76, 60, 44), (1.6, 1.6, 2.2), origin_lps_mm=(-60.0, -47.0, -47.0))
    places = grid.lps_from_ijk(np.moveaxis(np.indices(grid.shape_kji), 0, -1)[..., ::-1])
    organ = ((places / (52.0, 40.0, 40.0)) ** 2).sum(axis=-1) <= 1.0
    hu = np.where(organ, 110.0, -100.0)
    lesions = []
    for centre, radius_mm, value in balls:
        lesion = np.linalg.norm(places - np.asarray(centre), axis=-1) <= radius_mm
        hu[lesion] = value
        lesions.append(lesion)
    random = np.random.default_rng(seed)
    hu = ndimage.gaussian_filter(hu, 0.5) + ndimage.gaussian_filter(random.normal(0.0, 30.0, hu.shape), 0.6)
    if not is_mr:
        volume = Volume("volume-1", grid, hu.astype(np.int16), Quantity.HOUNSFIELD, Modality.CT)
    else:
        coil = 1.0 + 0.002 * places[..., 0]
        signal = ((600.0 - 2.0 * np.clip(hu, -120, 250)) * coil).astype(np.int16)
        volume = Volume("volume-1", grid, signal, Quantity.SIGNAL, Modality.MR)
    return MadeUpLiver(volume, organ, tuple(lesions))
