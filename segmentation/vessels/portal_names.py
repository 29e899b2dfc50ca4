"""Names of the veins that form the portal vein, by their courses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation.vessels.courses import TreeCourses, shared_start
from segmentation.vessels.tree_growth import Growth
from segmentation.vessels.vessel_runs import RunNetwork

__all__ = ["named_tributaries"]

Points = NDArray[np.float64]

# Ours, from ordinary anatomy: the splenic vein ends 5 cm or more to the left of where the portal vein enters the liver;
# the superior mesenteric vein comes from 4 cm or more below it, before the spine, and is one of the wide ones.
_SPLENIC_LEFT_MM = 50.0
_MESENTERIC_BELOW_MM = 40.0
_MESENTERIC_LEFT_MM = 60.0
_THINNEST_MM = 1.8  # radius of what counts as one of these veins


def named_tributaries(
    runs: RunNetwork, growth: Growth, won: NDArray[np.bool_], root_lps_mm: Points
) -> dict[str, NDArray[np.int64]]:
    """Return the points of ``portal_vein`` (trunk and splenic vein) and of ``superior_mesenteric_vein``.

    The mesenteric vein begins at the confluence; where no splenic vein is seen the confluence is not known, and all
    belongs to the portal vein.
    """
    tree = TreeCourses(runs, growth, won & _wide_enough(runs))
    ends = tree.ends_lps_mm()
    if not ends:
        return {}
    every = list(ends)
    splenic = [run for run in every if ends[run][0] - root_lps_mm[0] >= _SPLENIC_LEFT_MM]
    splenic = [run for run in splenic if ends[run][2] - root_lps_mm[2] > -_MESENTERIC_BELOW_MM]
    below = [run for run in every if root_lps_mm[2] - ends[run][2] >= _MESENTERIC_BELOW_MM]
    below = [run for run in below if abs(ends[run][0] - root_lps_mm[0]) <= _MESENTERIC_LEFT_MM]
    mesenteric: list[int] = []
    if splenic and below:
        to_spleen = tree.way(max(splenic, key=lambda run: float(ends[run][0])))
        downwards = max((tree.way(run) for run in below), key=lambda way: _calibre(runs, way))
        common = shared_start(to_spleen, downwards)
        first = downwards[len(common) :]
        if first and len(to_spleen) > len(common):
            mesenteric = tree.downstream(first[:1])
    portal = [run for run in every if run not in set(mesenteric)]
    names = {"portal_vein": tree.points(portal)} if portal else {}
    if mesenteric:
        names["superior_mesenteric_vein"] = tree.points(mesenteric)
    return names


def _calibre(runs: RunNetwork, way: list[int]) -> float:
    """Length times radius summed: the mesenteric vein is the wide one among the ways down."""
    return sum(runs.runs[run].length_mm * runs.runs[run].radius_mm for run in way)


def _wide_enough(runs: RunNetwork) -> NDArray[np.bool_]:
    """Runs that are not thin twigs; short ones between forks tell no radius and stay."""
    return np.array([run.radius_mm >= _THINNEST_MM or run.length_mm < 5.0 for run in runs.runs], np.bool_)
