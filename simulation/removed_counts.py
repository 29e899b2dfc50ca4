"""How many voxels of each state a plan removes, and takes out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulation.kernels.half_space import count_states
from simulation.removal import Removal

__all__ = ["removed_counts"]


def removed_counts(removal: Removal) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count what is removed, and what of it is taken out (all but ablations).

    Returns
    -------
    Both int64 (3, n_states): with the boundary of the lesions shifted inwards, as drawn, outwards.
    """
    model = removal.model
    shifted = removal.shifted()
    by_boundary = (removal,) * 3 if shifted is None else (shifted[0], removal, shifted[1])
    counted: dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
    for one in by_boundary:
        if id(one) not in counted:
            box = one.box.slices
            removed = count_states(model.states[box], one.voxels[box], model.table.n_states)
            taken = removed
            if one.has_ablation:
                taken = count_states(model.states[box], one.taken[box], model.table.n_states)
            counted[id(one)] = (removed, taken)
    both = [counted[id(one)] for one in by_boundary]
    return np.stack([removed for removed, _ in both]), np.stack([taken for _, taken in both])
