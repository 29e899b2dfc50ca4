"""Plain references of look_up, first_offsets and list_border."""

import numpy as np


def look_up(labels, wanted):
    """Which labels are wanted."""
    return np.isin(labels, wanted)


def first_offsets(mask, voxels_kji, reach_mm, spacing_ijk_mm):
    """Distance of each voxel to the nearest true one within reach, else infinity."""
    there = np.argwhere(mask) * spacing_ijk_mm[::-1]
    found = []
    for voxel in voxels_kji * spacing_ijk_mm[::-1]:
        least = np.linalg.norm(there - voxel, axis=1).min(initial=np.inf)
        found.append(least if least <= reach_mm else np.inf)
    return np.array(found)


def list_border(mask):
    """True voxels with a false one, or nothing, beside a face."""
    padded = np.pad(mask, 1)
    beside = [np.roll(padded, step, axis) for axis in range(3) for step in (-1, 1)]
    return np.argwhere((padded & ~np.logical_and.reduce(beside))[1:-1, 1:-1, 1:-1])
