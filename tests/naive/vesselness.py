"""Plain reference of ``raise_vesselness``: NumPy's eigenvalues of the matrix of second differences."""

import numpy as np


def vesselness(smooth, inside, spacing_kji_mm, scale_mm):
    """Return how strongly each voxel ``inside`` curves like a bright tube at one scale; 0 in the outermost layer."""
    out = np.zeros(smooth.shape)
    for voxel in np.argwhere(inside):
        if (voxel < 1).any() or (voxel > np.array(smooth.shape) - 2).any():
            continue
        matrix = np.array([[_second(smooth, voxel, a, b, spacing_kji_mm) for b in range(3)] for a in range(3)])
        low, middle, high = np.linalg.eigvalsh(matrix)
        if middle >= 0 or np.trace(matrix) >= 0:
            continue
        across = np.sqrt(low * middle)
        along = -high / across if high < 0 else 0.5 * high / across
        out[tuple(voxel)] = scale_mm**2 * across * max(0.0, 1.0 - along)
    return out


def _second(values, voxel, a, b, spacing):
    step_a, step_b = np.eye(3, dtype=int)[a], np.eye(3, dtype=int)[b]
    at = lambda offset: float(values[tuple(voxel + offset)])  # noqa: E731
    if a == b:
        return (at(step_a) + at(-step_a) - 2 * at(0 * step_a)) / spacing[a] ** 2
    crossed = at(step_a + step_b) - at(step_a - step_b) - at(step_b - step_a) + at(-step_a - step_b)
    return crossed / (4 * spacing[a] * spacing[b])
