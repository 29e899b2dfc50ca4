"""How much of the territory of each branch a cut removes.

Branch by branch as central values, in time for a frame; by named level with intervals for a settled outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from simulation.intervals import envelope
from simulation.organ_model import OrganModel
from twin.figure import Figure, FigureStatus
from twin.outcome import FigureTree

__all__ = ["BranchVolumes", "branch_volumes", "named_level", "territory_figures"]

# Segments that a portal branch of each side can go to: other numbers in a name count forks.
_SEGMENTS_BELOW = (
    ("portal.left", ("1", "2", "3", "4", "4a", "4b")),
    ("portal.right.anterior", ("5", "8")),
    ("portal.right.posterior", ("6", "7")),
)


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


def territory_figures(model: OrganModel, removed_counts: NDArray[np.int64]) -> dict[str, dict[str, FigureTree]]:
    """Return total, removed and remaining ml of the territory of each named branch, with all below it.

    Lesions are included, as in ``total_ml`` of the organ; the territories of the first names of a tree add up to it.

    Parameters
    ----------
    model, removed_counts
        The organ and removed voxels of each state, int64 (n_states,).
    """
    table, found = model.table, dict[str, dict[str, FigureTree]]()
    for tree, territory in (("portal", table.portal), ("hepatic", table.venous)):
        graph = model.twin.graphs.get(tree)
        if graph is None or not territory.any():
            continue
        size = int(max(territory.max(), max((b.index for b in graph.branches), default=0))) + 1
        total, removed = (
            np.stack([np.bincount(territory, counts * share, minlength=size) for share in table.organ])
            * model.grid.voxel_volume_ml
            for counts in (model.counts, removed_counts)
        )
        members: dict[str, list[int]] = {}
        for branch in graph.branches:
            for name in _levels(branch.name):
                members.setdefault(name, []).append(branch.index)
        found[tree] = {
            name: _territory(total[:, indices].sum(axis=1), removed[:, indices].sum(axis=1))
            for name, indices in sorted(members.items())
            if total[1, indices].sum() > 0
        }
    return found


@cache
def named_level(name: str) -> str:
    """Return the part of a branch's name that an anatomist would say; numbers and letters beyond it only count forks.

    Examples
    --------
    >>> named_level("portal.right.anterior.8.1.2"), named_level("portal.right.1"), named_level("hepatic.middle.2.1")
    ('portal.right.anterior.8', 'portal.right', 'hepatic.middle')
    >>> named_level("portal.right.b"), named_level("portal.right.anterior.5.c.1")
    ('portal.right', 'portal.right.anterior.5')
    """
    parts = name.split(".")
    for place, part in enumerate(parts):
        if len(part) == 1 and part.isalpha():
            return ".".join(parts[:place])
        if part[:1].isdigit():
            before = ".".join(parts[:place])
            is_segment = any(
                (before == trunk or before.startswith(trunk + ".")) and part in segments
                for trunk, segments in _SEGMENTS_BELOW
            )
            return f"{before}.{part}" if is_segment else before
    return name


@cache
def _levels(name: str) -> tuple[str, ...]:
    """Return the named level of a branch and every one above it, without the tree as a whole."""
    parts = named_level(name).split(".")
    return tuple(".".join(parts[: n + 1]) for n in range(1, len(parts)))


def _territory(total_ml: NDArray[np.float64], removed_ml: NDArray[np.float64]) -> FigureTree:
    return {
        "total_ml": _figure(total_ml),
        "resected_ml": _figure(removed_ml),
        "remnant_ml": _figure(total_ml - removed_ml),
    }


def _figure(by_boundary: NDArray[np.float64]) -> Figure:
    low, high = envelope(float(v) for v in by_boundary)
    return Figure(float(by_boundary[1]), low, high, "ml", FigureStatus.MEASURED, "label volume")
