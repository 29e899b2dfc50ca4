"""Plain references of the kernels that count voxels on the sides of a plane."""

import numpy as np

# References of: mark_plane_rows, count_removed, count_runs, fill_runs, clip_runs.


def half_space(shape_kji, coefficients):
    """Every voxel on the positive side of a plane, by evaluating it everywhere."""
    ci, cj, ck, c0 = (float(c) for c in coefficients)
    k, j, i = np.indices(shape_kji, dtype=np.float64)
    return ci * i + (cj * j + (ck * k + c0)) > 0


def half_space_counts(states, coefficients, n_states):
    """Voxels of each state on the positive side, background left out."""
    counts = np.bincount(states[half_space(states.shape, coefficients)], minlength=n_states)
    counts[0] = 0
    return counts


def runs(states):
    """(k, j, start, stop, state) of every run of equal, non-zero states along i."""
    found = []
    for k, j in np.ndindex(states.shape[:2]):
        row = states[k, j]
        i = 0
        while i < row.size:
            stop = i
            while stop < row.size and row[stop] == row[i]:
                stop += 1
            if row[i] != 0:
                found.append((k, j, i, stop, int(row[i])))
            i = stop
    return found
