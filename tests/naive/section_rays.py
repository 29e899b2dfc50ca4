"""Plain references of the kernels that look along rays through a smooth field."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates


def values_along(field: NDArray, starts: NDArray, per_mm: NDArray, distances_mm: NDArray) -> NDArray:
    """Value of the field at a distance along each ray; zero beyond the border."""
    places = starts[:, None, :] + distances_mm[..., None] * per_mm
    padded = np.pad(field.astype(np.float64), 1)
    return map_coordinates(padded, np.moveaxis(places + 1, -1, 0), order=1, mode="constant", cval=0.0)


def walls(field: NDArray, starts: NDArray, per_mm: NDArray, reaches_mm: NDArray, step_mm: float) -> NDArray:
    """Distance at which each ray first falls below one half, by linear interpolation between samples."""
    found = np.full(reaches_mm.shape, np.inf)
    for section, ray in np.ndindex(found.shape):
        reach = reaches_mm[section, ray]
        n = int(np.ceil(reach / step_mm - 1e-12))
        at = step_mm * np.arange(n + 1)
        one, way = starts[section : section + 1], np.repeat(per_mm[section, ray][None, None], n + 1, axis=1)
        values = values_along(field, one, way, at[None])[0]
        below = np.flatnonzero(values < 0.5)
        if below.size and below[0] == 0:
            found[section, ray] = 0.0
        elif below.size:
            m = below[0]
            found[section, ray] = at[m] - step_mm * (0.5 - values[m]) / (values[m - 1] - values[m])
    return found
