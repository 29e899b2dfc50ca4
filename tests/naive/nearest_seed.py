"""Plain reference of the feature transform: sweep_slices, sweep_pillars."""

import numpy as np


def nearest_distance_mm(seeds, spacing_ijk_mm):
    """Distance of every voxel centre to the nearest seed, by looking at all of them."""
    scale = np.asarray(spacing_ijk_mm, float)[::-1]
    places = np.argwhere(seeds) * scale
    everywhere = np.argwhere(np.ones(seeds.shape, bool)) * scale
    gaps = np.linalg.norm(everywhere[:, None] - places[None], axis=-1)
    return gaps.min(axis=1).reshape(seeds.shape)
