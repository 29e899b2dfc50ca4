"""Ways through a grown tree: where they end, what they share, what lies downstream of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.vessels.tree_growth import Growth
from segmentation.vessels.vessel_runs import RunNetwork

__all__ = ["TreeCourses", "shared_start"]

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TreeCourses:
    """The runs that a tree won, with their ways from the root.

    Parameters
    ----------
    network, growth
        Runs, and how the tree reaches them.
    won
        (n_runs,) bool: runs of this tree.
    """

    network: RunNetwork
    growth: Growth
    won: NDArray[np.bool_]

    def ends_lps_mm(self) -> dict[int, Points]:
        """Return the far end of each run of the tree."""
        points = self.network.network.points_lps_mm
        ends = {}
        for run in np.flatnonzero(self.won).tolist():
            far = -1 if self.growth.entered_at[run] == 0 else 0
            ends[run] = points[self.network.runs[run].points[far]]
        return ends

    def way(self, run: int) -> list[int]:
        """Return the runs from the root to a run, the roots that lie outside the tree left out."""
        return [step for step in self.growth.path(run) if self.won[step]]

    def length_mm(self, runs: list[int]) -> float:
        """Return the summed length of runs."""
        return sum(self.network.runs[run].length_mm for run in runs)

    def downstream(self, runs: list[int]) -> list[int]:
        """Return these runs and all that are reached through one of them."""
        wanted = set(runs)
        return [run for run in np.flatnonzero(self.won).tolist() if wanted.intersection(self.growth.path(run))]

    def points(self, runs: list[int]) -> NDArray[np.int64]:
        """Return the points of runs."""
        parts = [self.network.runs[run].points for run in runs]
        return np.unique(np.concatenate(parts)) if parts else np.zeros(0, np.int64)


def shared_start(one: list[int], other: list[int]) -> list[int]:
    """Return the runs that two ways have in common before they part."""
    shared = []
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared.append(a)
    return shared
