"""Plain reference of the kernel box_means."""

import numpy as np
from numpy.typing import NDArray


def plain_box_means(
    values: NDArray[np.float32],
    points_kji: NDArray[np.int32],
    offsets_kji: NDArray[np.int32],
    radii: NDArray[np.int32],
) -> NDArray[np.float64]:
    """Average each box voxel by voxel; centres outside move to the border, boxes are cut there."""
    out = np.zeros((len(points_kji), len(radii)))
    for p, point in enumerate(points_kji):
        for f, (offset, radius) in enumerate(zip(offsets_kji, radii, strict=True)):
            centre = np.clip(point + offset, 0, np.array(values.shape) - 1)
            box = tuple(slice(max(c - radius, 0), c + radius + 1) for c in centre)
            out[p, f] = values[box].astype(np.float64).mean()
    return out
