"""What is ready before a drag begins, and what every cut that is dragged through an organ has in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from simulation.absent_part import AbsentPart
from simulation.branch_volumes import BranchVolumes, branch_volumes
from simulation.margin import LesionFate, half_width_mm, lesion_fates
from simulation.organ_model import OrganModel
from simulation.perfusion import (
    lost_branches,
    missing_inputs,
    perfusion_from_losses,
    unknown_perfusion,
)
from simulation.plan_conditions import NO_CONDITIONS, VesselConditions
from simulation.vessels import (
    OUTSIDE_MM,
    fed_below_ml,
    is_node_removed,
    ordered_vessels,
    vessels_across,
)
from simulation.volumetry import Volumetry, body_ratios, remnant_figures, segment_figures
from twin.figure import Figure
from twin.outcome import CrossedVessel, FigureTree
from twin.patient import PatientFacts
from twin.vessel_graph import VesselGraph

__all__ = ["LiveFigures", "LiveOrgan", "NearestPoints", "Point"]

Point = tuple[float, float, float]


@dataclass(frozen=True)
class LiveFigures:
    """What a cut would do, for one frame.

    ``liver`` has the keys of a settled outcome, intervals included. Volumes equal those of
    :func:`simulation.simulate.simulate` to the voxel. ``margin_mm`` is the distance to the whole plane or sheet: never
    more than the settled one, which goes to the cut inside the organ. ``branches`` are the volumes of the territories
    of each tree, central values.
    """

    liver: Mapping[str, Figure | FigureTree]
    margin_points_lps_mm: tuple[Point, Point] | None
    lesions: tuple[LesionFate, ...]
    segments: Mapping[str, FigureTree] = field(default_factory=dict)
    clip_list: tuple[CrossedVessel, ...] = ()
    branches: Mapping[str, BranchVolumes] = field(default_factory=dict)

    @property
    def removes_nothing(self) -> bool:
        """True when the cut misses the organ and all of it stays."""
        resected = self.liver["resected_ml"]
        return isinstance(resected, Figure) and resected.value == 0.0


@dataclass(frozen=True, eq=False)
class NearestPoints:
    """Least distance of a lesion to a cut, the point of the lesion and the place on the cut (LPS mm)."""

    distance_mm: float
    lesion_point_lps_mm: NDArray[np.float64]
    cut_point_lps_mm: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Tree:
    """A vessel graph prepared: its part of the joint nodes, which of them lie in the organ, which in absent parts."""

    graph: VesselGraph
    nodes: slice
    is_in_organ: NDArray[np.bool_]
    is_absent: NDArray[np.bool_]


class LiveOrgan:
    """An organ with everything prepared that the figures of a frame need.

    Parameters
    ----------
    model
        The organ.
    facts
        Of the patient.
    absent
        What of the organ as labelled is not there; the model is that without it.
    """

    def __init__(self, model: OrganModel, facts: PatientFacts, absent: AbsentPart | None = None) -> None:
        self.model = model
        self._facts = facts
        self._volumetry = Volumetry(model)
        self._half_widths_mm = {name: half_width_mm(model.twin, name) for name in model.lesion_points_lps_mm}
        graphs = model.twin.graphs
        nodes = [np.rint(model.grid.ijk_from_lps(graph.nodes_lps_mm)) for graph in graphs.values()]
        self.nodes_ijk = np.concatenate(nodes) if nodes else np.zeros((0, 3))
        ends = np.cumsum([0, *(len(part) for part in nodes)])
        self._trees = {
            name: _Tree(
                graph,
                slice(int(start), int(stop)),
                model.is_organ_at(graph.nodes_lps_mm),
                np.zeros(len(graph.parents), np.bool_) if absent is None else absent.nodes[name],
            )
            for (name, graph), start, stop in zip(graphs.items(), ends, ends[1:], strict=False)
        }
        self._missing = missing_inputs(model)

    @cached_property
    def hulls_lps_mm(self) -> dict[str, NDArray[np.float64]]:
        """Corners of the convex hull of each lesion: the only points that a plane can meet first."""
        return {name: _hull(points) for name, points in self.model.lesion_points_lps_mm.items()}

    def figures(
        self,
        removed_counts: NDArray[np.int64],
        node_depths_mm: NDArray[np.float64],
        nearest: Callable[[LesionFate], NearestPoints],
        *,
        source: str,
        conditions: VesselConditions = NO_CONDITIONS,
        taken_counts: NDArray[np.int64] | None = None,
    ) -> LiveFigures:
        """Return the figures of a cut.

        Parameters
        ----------
        removed_counts
            Removed voxels of each state, int64 (n_states,).
        node_depths_mm
            Depth in the removed part at the voxels ``nodes_ijk`` of all trees, float64 (n_nodes,).
        nearest
            Distance of a lesion that is removed, in part at least.
        source
            What the margin is measured to.
        conditions
            What the plan decides about vessels.
        taken_counts
            What of the removed voxels is taken out, where not all are.
        """
        liver: dict[str, Figure | FigureTree] = dict(
            remnant_figures(self._volumetry, self._volumetry.of(removed_counts))
        )
        flr_ml, taken_ml = liver["flr_ml"], liver["resected_ml"]
        if taken_counts is not None:
            taken_ml = remnant_figures(self._volumetry, self._volumetry.of(taken_counts))["resected_ml"]
        assert isinstance(flr_ml, Figure)
        assert isinstance(taken_ml, Figure)
        liver |= body_ratios(flr_ml, taken_ml, self._facts)
        depths = {
            name: np.where(tree.is_in_organ, node_depths_mm[tree.nodes], OUTSIDE_MM)
            for name, tree in self._trees.items()
        }
        liver |= self._perfusion(removed_counts, depths, conditions)
        fates = lesion_fates(self.model, removed_counts)
        liver["margin_mm"], points = self._margin(fates, nearest, source)
        vessels = [
            vessel
            for name, tree in self._trees.items()
            for vessel in vessels_across(
                tree.graph,
                depths[name],
                fed_ml=fed_below_ml(tree.graph, self.model, removed_counts, kept=conditions.kept.get(name)),
            )
        ]
        segments = segment_figures(self._volumetry, removed_counts)
        branches = branch_volumes(self.model, removed_counts)
        return LiveFigures(liver, points, fates, segments, ordered_vessels(vessels), branches)

    def _margin(
        self, fates: tuple[LesionFate, ...], nearest: Callable[[LesionFate], NearestPoints], source: str
    ) -> tuple[Figure, tuple[Point, Point] | None]:
        """Return the least distance of the removed lesions to the cut: 0, at the cut, where it goes through one."""
        concerned = [(fate, nearest(fate)) for fate in fates if not fate.is_left_behind]
        if not concerned:
            return Figure.unknown("mm", needs=() if fates else ("lesion",)), None
        by_distance = [(found.distance_mm if fate.is_removed else 0.0, fate, found) for fate, found in concerned]
        distance_mm, fate, found = min(by_distance, key=lambda one: one[0])
        half_mm = self._half_widths_mm[fate.lesion_id]
        figure = Figure(distance_mm, max(distance_mm - half_mm, 0.0), distance_mm + half_mm, "mm", source=source)
        at_cut = _point(found.cut_point_lps_mm)
        return figure, (_point(found.lesion_point_lps_mm) if distance_mm > 0 else at_cut, at_cut)

    def _perfusion(
        self, removed: NDArray[np.int64], depths_mm: Mapping[str, NDArray[np.float64]], conditions: VesselConditions
    ) -> dict[str, Figure]:
        if self._missing:
            return unknown_perfusion(self._missing)
        lost_portal, lost_hepatic = (
            lost_branches(tree.graph, is_node_removed(tree.graph, depths_mm[name]) | tree.is_absent)
            for name, tree in ((name, self._trees[name]) for name in ("portal", "hepatic"))
        )
        return perfusion_from_losses(self.model, removed, lost_portal, lost_hepatic, conditions=conditions)


def _hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the corners of the convex hull."""
    try:
        return np.asarray(points[ConvexHull(points).vertices])
    except QhullError:  # flat or a few points: all of them
        return points


def _point(values: NDArray[np.float64]) -> Point:
    return (float(values[0]), float(values[1]), float(values[2]))
