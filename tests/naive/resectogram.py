"""Plain references of the kernels of the resectogram: unfold_rows, read_along_cut, mark_vessels; and of find_leans."""

import numpy as np
from scipy import ndimage

from tests.naive.sheet import height_at


def read_along_cut(places_uv, heights, to_voxels, organ, distance, label):
    """In the organ or not, distance between voxels, and label of the nearest voxel, by SciPy."""
    u, v = places_uv[..., 0], places_uv[..., 1]
    h = height_at(heights, u, v)
    i, j, k = (t[0] * u + t[1] * v + t[2] * h + t[3] for t in np.reshape(to_voxels, (3, 4)))
    at = np.stack([k, j, i])
    nearest = np.floor(at + 0.5)
    inside = ndimage.map_coordinates(organ.astype(np.uint8), nearest, order=0, mode="constant", cval=0) > 0
    between = ndimage.map_coordinates(distance, at, order=1, mode="nearest")
    labels = ndimage.map_coordinates(label, nearest, order=0, mode="nearest")
    return inside, np.where(inside, between, np.nan), np.where(inside, labels, 0)


def mark_vessels(points_mm, in_organ, centres_mm, axes, radii_mm, reach):
    """Number of the tube around each pixel whose axis is nearest for its radius."""
    vessel = np.zeros(in_organ.shape, np.uint16)
    for place in zip(*np.nonzero(in_organ), strict=True):
        shares = []
        for centre, axis, radius in zip(centres_mm, axes, radii_mm, strict=True):
            arm = points_mm[place] - centre
            across = np.linalg.norm(arm - (arm @ axis) * axis) / radius
            shares.append(across if np.linalg.norm(arm) <= reach * radius else np.inf)
        if shares and min(shares) <= 1.0:
            vessel[place] = int(np.argmin(shares)) + 1
    return vessel


def find_leans(removed, place_kji, axis, sign, spacing_ijk_mm, reach, organ=None):
    """Lean of a cut at a face: the moment of the removed voxels in a ball about the middle of the face.

    Only those count whose opposite voxel lies in the organ as they do themselves.
    """
    centre = np.array(place_kji[::-1], float)
    centre[axis] += 0.5 * sign
    k, j, i = np.nonzero(removed)
    arms = np.stack([i, j, k], axis=1) - centre
    opposite = np.rint(centre - arms).astype(int)[:, ::-1]
    whole = np.ones_like(removed) if organ is None else organ
    is_pair = ((opposite >= 0) & (opposite < removed.shape)).all(axis=1)
    is_pair[is_pair] = whole[tuple(opposite[is_pair].T)] & whole[k, j, i][is_pair]
    moment = arms[is_pair & ((arms**2).sum(axis=1) <= reach**2)].sum(axis=0) / spacing_ijk_mm
    if not moment.any():
        return np.eye(3)[axis]
    return moment / np.linalg.norm(moment)
