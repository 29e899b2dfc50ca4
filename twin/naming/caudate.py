"""The region of the caudate lobe (segment 1), by what lies round it.

Its own portal branches are thin, many and seldom seen, so that "nearest branch" would give it away to its
neighbours. Its borders are seen: it lies behind the plane through the portal fork, the bend of the left portal branch
and the end of the middle and left hepatic veins (the plane of the ligamentum venosum and the hilar plate), to the left
of the way from the middle of the vena cava to the portal fork (higher up: to the hepatic veins) and not behind the vena
cava, and not beyond the fissure of the ligamentum venosum. The paracaval part to the right of that has no border that
a scan shows; it stays with its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.naming.landmarks import CavaAxis

__all__ = ["CaudateRegion"]

Points = NDArray[np.float64]

# Ours, found on phantoms.
_BELOW_FORK_MM = 8.0  # the caudate process
_BEFORE_FISSURE_MM = 4.0
_BEHIND_MM = 4.0  # the trunk of the portal branches is as wide


@dataclass(frozen=True, eq=False)
class CaudateRegion:
    """Half spaces whose intersection holds the caudate lobe: rows of ``normals_lps`` and ``offsets_mm``."""

    normals_lps: Points
    offsets_mm: NDArray[np.float64]
    fork_lps_mm: Points
    confluence_lps_mm: Points
    axis: CavaAxis

    @classmethod
    def between(
        cls, fork_lps_mm: Points, left_branch_lps_mm: Points, confluence_lps_mm: Points, axis: CavaAxis
    ) -> CaudateRegion:
        """Return the region between the portal fork, the left portal branch and the end of the hepatic veins.

        Parameters
        ----------
        fork_lps_mm
            Where the left portal branch begins, (3,).
        left_branch_lps_mm
            Nodes of its trunk up to the umbilical portion, (n, 3).
        confluence_lps_mm
            Where the middle and left hepatic veins end, (3,).
        axis
            Of the vena cava.
        """
        bend = _bend(fork_lps_mm, left_branch_lps_mm)
        front = _towards(np.cross(bend - fork_lps_mm, confluence_lps_mm - fork_lps_mm), np.array([0.0, -1.0, 0.0]))
        along = (bend - fork_lps_mm) * np.array([1.0, 1.0, 0.0])
        plate = _towards(np.cross(along, np.array([0.0, 0.0, 1.0])), front * np.array([1.0, 1.0, 0.0]))
        fissure = bend - confluence_lps_mm
        side = _towards(np.cross(fissure, np.array([0.75, 1.0, 0.0])), np.array([1.0, 0.0, 0.0]))
        normals = np.stack([front, plate, side, np.array([0.0, 0.0, -1.0]), np.array([0.0, 0.0, 1.0])])
        offsets = np.array(
            [
                front @ fork_lps_mm - _BEHIND_MM,
                plate @ fork_lps_mm - _BEHIND_MM,
                side @ bend - _BEFORE_FISSURE_MM,
                -(fork_lps_mm[2] - _BELOW_FORK_MM),
                confluence_lps_mm[2] - 0.1 * (confluence_lps_mm[2] - fork_lps_mm[2]),
            ]
        )
        return cls(normals, offsets, fork_lps_mm, confluence_lps_mm, axis)

    def contains(self, points_lps_mm: Points) -> NDArray[np.bool_]:
        """Tell which points lie in the region, bool (n,)."""
        left = np.arange(len(points_lps_mm))  # each border looks only at what the others left
        for normal, offset in zip(self.normals_lps[::-1], self.offsets_mm[::-1], strict=True):
            left = left[points_lps_mm[left] @ normal <= offset]
        points = points_lps_mm[left]
        way = points[:, :2] - self.axis.at(points[:, 2])
        forward = self._front_at(points[:, 2]) - self.axis.at(points[:, 2])
        to_left = forward[:, 0] * way[:, 1] - forward[:, 1] * way[:, 0]
        is_inside = np.zeros(len(points_lps_mm), np.bool_)
        is_inside[left] = (to_left >= 0.0) & (way[:, 1] <= self.axis.radius_mm)
        return is_inside

    def is_behind_fork(self, points_lps_mm: Points) -> NDArray[np.bool_]:
        """Tell which points lie behind the hilar plate, bool (n,)."""
        return np.asarray(points_lps_mm @ self.normals_lps[1] <= self.offsets_mm[1])

    def _front_at(self, z_mm: NDArray[np.float64]) -> Points:
        """Return the place in front of the vena cava at heights, (n, 2): from the portal fork to the hepatic veins."""
        low, high = self.fork_lps_mm, self.confluence_lps_mm
        share = np.clip((z_mm - low[2]) / max(float(high[2] - low[2]), 1e-6), 0.0, 1.0)[:, None]
        return np.asarray(low[:2] + share * (high[:2] - low[:2]))


def _bend(fork: Points, branch: Points) -> Points:
    """Return the node farthest from the straight way to the end of a branch: where it turns to the front."""
    straight = branch[-1] - fork
    straight /= max(float(np.linalg.norm(straight)), 1e-6)
    ways = branch - fork
    aside = ways - (ways @ straight)[:, None] * straight
    return np.asarray(branch[int(np.linalg.norm(aside, axis=1).argmax())])


def _towards(vector: Points, direction: Points) -> Points:
    """Return a unit vector, turned so that it points along a direction."""
    unit = vector / max(float(np.linalg.norm(vector)), 1e-6)
    return np.asarray(unit if unit @ direction >= 0 else -unit)
