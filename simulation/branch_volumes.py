"""How much of the territory of each branch a cut removes: central values, in time for a frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.organ_model import OrganModel

__all__ = ["BranchVolumes", "branch_volumes"]


@dataclass(frozen=True, eq=False)
class BranchVolumes:
    """Volumes of the territories of a tree, as drawn, lesions included.

    ``indices`` int64 (n,) are the branches (:class:`twin.vessel_graph.VesselBranch`) that have a territory in the
    organ; ``total_ml`` and ``removed_ml`` float64 (n,).
    """

    indices: NDArray[np.int64]
    total_ml: NDArray[np.float64]
    removed_ml: NDArray[np.float64]

    @property
    def remnant_ml(self) -> NDArray[np.float64]:
        """What stays of each territory."""
        return self.total_ml - self.removed_ml


def branch_volumes(model: OrganModel, removed_counts: NDArray[np.int64]) -> dict[str, BranchVolumes]:
    """Return the volumes by branch of the trees whose territories are known: ``"portal"``, ``"hepatic"``.

    Parameters
    ----------
    model
        The organ.
    removed_counts
        Removed voxels of each state, int64 (n_states,).
    """
    table = model.table
    in_organ = table.organ[1] * model.grid.voxel_volume_ml
    found = {}
    for tree, layer, branch in (("portal", model.portal, table.portal), ("hepatic", model.venous, table.venous)):
        if layer is None:
            continue
        total, removed = (np.bincount(branch, counts * in_organ) for counts in (model.counts, removed_counts))
        indices = np.flatnonzero(total > 0)
        indices = indices[indices > 0]  # 0 is no branch
        found[tree] = BranchVolumes(indices, *(np.asarray(ml, np.float64)[indices] for ml in (total, removed)))
    return found
