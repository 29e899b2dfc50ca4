"""Names of the anterior branches of the abdominal aorta, by their courses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation.vessels.courses import TreeCourses, shared_start
from segmentation.vessels.tree_growth import Growth
from segmentation.vessels.vessel_runs import RunNetwork
from twin.grid import Grid

__all__ = ["named_arteries"]

Points = NDArray[np.float64]

# Ours, from ordinary anatomy, counted from where the trunk leaves the aorta.
_SMA_BELOW_MM = 30.0  # the superior mesenteric artery runs down before the aorta
_SMA_ASIDE_MM = 30.0
_SPLENIC_LEFT_MM = 35.0
_HEPATIC_RIGHT_MM = 15.0
_GDA_BELOW_MM = 15.0
_HEPATIC_LENGTH_MM = 60.0  # a common hepatic artery whose branch is not seen is drawn no farther
_CELIAC_ABOVE_SMA_MM = (-2.0, 45.0)


def named_arteries(
    runs: RunNetwork, growth: Growth, won: NDArray[np.bool_], aorta: NDArray[np.bool_], grid: Grid
) -> dict[str, NDArray[np.int64]]:
    """Return the points of the coeliac trunk, its branches and the superior mesenteric artery, where found."""
    if not won.any() or not aorta.any():
        return {}
    tree = TreeCourses(runs, growth, won)
    ends = tree.ends_lps_mm()
    trunks: dict[int, list[int]] = {}
    for run in ends:
        trunks.setdefault(tree.way(run)[0], []).append(run)
    origins = {trunk: _origin(tree, trunk, aorta, grid) for trunk in trunks}
    anterior = {trunk: point for trunk, point in origins.items() if point is not None}
    names: dict[str, list[int]] = {}
    sma = _superior_mesenteric(tree, trunks, anterior, ends)
    if sma is not None:
        names["superior_mesenteric_artery"] = tree.way(sma)
    celiac = _celiac(tree, trunks, anterior, ends, None if sma is None else anterior[tree.way(sma)[0]])
    names |= celiac
    return {name: tree.points(chosen) for name, chosen in names.items() if chosen}


def _origin(tree: TreeCourses, trunk: int, aorta: NDArray[np.bool_], grid: Grid) -> Points | None:
    """Return where a trunk leaves the aorta, or None when it does not leave to the front."""
    points = tree.network.network.points_lps_mm[tree.network.runs[trunk].points]
    k = int(np.clip(round(float(grid.ijk_from_lps(points[0])[2])), 0, aorta.shape[0] - 1))
    at_height = np.argwhere(aorta[k])
    if at_height.size == 0:
        return None
    j, i = at_height.mean(axis=0)
    middle = grid.lps_from_ijk([i, j, k])
    gaps = np.linalg.norm(points[:, :2] - middle[:2], axis=1)
    start, far = points[int(np.argmin(gaps))], points[int(np.argmax(gaps))]
    outwards = far - middle
    return start if outwards[1] < 0 and abs(outwards[0]) <= 1.5 * abs(outwards[1]) else None


def _superior_mesenteric(
    tree: TreeCourses, trunks: dict[int, list[int]], anterior: dict[int, Points], ends: dict[int, Points]
) -> int | None:
    """Return the run at the lower end of the superior mesenteric artery."""
    found: list[tuple[float, int]] = []
    for trunk, origin in anterior.items():
        for run in trunks[trunk]:
            drop = float(origin[2] - ends[run][2])
            if drop >= _SMA_BELOW_MM and abs(ends[run][0] - origin[0]) <= _SMA_ASIDE_MM:
                found.append((drop, run))
    return max(found)[1] if found else None


def _celiac(
    tree: TreeCourses,
    trunks: dict[int, list[int]],
    anterior: dict[int, Points],
    ends: dict[int, Points],
    sma_origin: Points | None,
) -> dict[str, list[int]]:
    """Return coeliac trunk, splenic, common hepatic and gastroduodenal artery of the trunk that has most of them."""
    best: dict[str, list[int]] = {}
    for trunk, origin in anterior.items():
        if sma_origin is not None:
            above = float(origin[2] - sma_origin[2])
            if not _CELIAC_ABOVE_SMA_MM[0] <= above <= _CELIAC_ABOVE_SMA_MM[1]:
                continue
        named = _celiac_branches(tree, trunks[trunk], origin, ends)
        if sum(map(tree.length_mm, named.values())) > sum(map(tree.length_mm, best.values())):
            best = named
    return best


def _celiac_branches(
    tree: TreeCourses, runs: list[int], origin: Points, ends: dict[int, Points]
) -> dict[str, list[int]]:
    left = [run for run in runs if ends[run][0] - origin[0] >= _SPLENIC_LEFT_MM]
    right = [run for run in runs if origin[0] - ends[run][0] >= _HEPATIC_RIGHT_MM]
    right = [run for run in right if origin[2] - ends[run][2] < 2 * _SMA_BELOW_MM]
    if not left or not right:
        return {}
    to_spleen = tree.way(max(left, key=lambda run: float(ends[run][0])))
    to_liver = tree.way(min(right, key=lambda run: float(ends[run][0])))
    trunk = shared_start(to_spleen, to_liver)
    hepatic, splenic = to_liver[len(trunk) :], to_spleen[len(trunk) :]
    if not trunk or not hepatic or not splenic:
        return {}
    named = {"celiac_trunk": trunk, "splenic_artery": splenic}
    common, duodenal = _up_to_gastroduodenal(tree, hepatic, ends)
    return named | {"common_hepatic_artery": common} | ({"gastroduodenal_artery": duodenal} if duodenal else {})


def _up_to_gastroduodenal(
    tree: TreeCourses, hepatic: list[int], ends: dict[int, Points]
) -> tuple[list[int], list[int]]:
    """Part the way to the liver at the branch that runs down from it."""
    for number, run in enumerate(hepatic):
        fork = ends[run]
        side = [other for other in tree.downstream([run]) if other not in hepatic]
        side = [other for other in side if fork[2] - ends[other][2] >= _GDA_BELOW_MM]
        if side:
            lowest = tree.way(min(side, key=lambda other: float(ends[other][2])))
            shared = shared_start(lowest, tree.way(hepatic[-1]))
            common = [step for step in hepatic[: number + 1] if step in shared] or hepatic[: number + 1]
            return common, lowest[len(shared) :]
    common, length_mm = [], 0.0
    for run in hepatic:
        common.append(run)
        length_mm += tree.network.runs[run].length_mm
        if length_mm >= _HEPATIC_LENGTH_MM:
            break
    return common, []
