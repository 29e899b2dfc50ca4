"""Figures of a plane while it is dragged: everything that fits into one frame, on one thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from simulation.margin import LesionFate, half_width_mm, lesion_fates
from simulation.organ_model import OrganModel
from simulation.perfusion import (
    lost_branches,
    missing_inputs,
    order_from_root,
    perfusion_from_losses,
    unknown_perfusion,
)
from simulation.vessels import OUTSIDE_MM, is_node_removed, ordered_vessels, vessels_across
from simulation.volumetry import Volumetry, body_ratios, remnant_figures, segment_figures
from twin.figure import Figure
from twin.outcome import CrossedVessel, FigureTree
from twin.patient import PatientFacts
from twin.twin import Twin
from twin.vessel_graph import VesselGraph

__all__ = ["LiveFigures", "LivePlane"]

Point = tuple[float, float, float]


@dataclass(frozen=True)
class LiveFigures:
    """What a plane would do, for one frame.

    ``liver`` has the keys of a settled outcome, intervals included. Volumes equal those of
    :func:`simulation.simulate.simulate` to the voxel. ``margin_mm`` is the distance to the whole plane: never more
    than the settled one, which goes to the cut inside the organ.
    """

    liver: Mapping[str, Figure | FigureTree]
    margin_points_lps_mm: tuple[Point, Point] | None
    lesions: tuple[LesionFate, ...]
    segments: Mapping[str, FigureTree] = field(default_factory=dict)
    clip_list: tuple[CrossedVessel, ...] = ()

    @property
    def removes_nothing(self) -> bool:
        """True when the plane misses the organ and all of it stays."""
        resected = self.liver["resected_ml"]
        return isinstance(resected, Figure) and resected.value == 0.0


@dataclass(frozen=True, eq=False)
class _Tree:
    """A vessel graph prepared: the voxel of each node, whether it lies in the organ, and an order from the root."""

    graph: VesselGraph
    nodes_ijk: NDArray[np.float64]
    is_in_organ: NDArray[np.bool_]
    order: NDArray[np.int64]


class LivePlane:
    """A plane through an organ, asked for its figures at every frame of a drag.

    Parameters
    ----------
    twin
        The anatomy.
    facts
        Of the patient; what is missing leaves figures unknown.
    model
        The organ prepared before, or None to prepare it here (about a second).

    Raises
    ------
    GeometryError
        ``error.organ.empty`` when the organ has no voxel.

    Examples
    --------
    >>> from twin.anatomy import LayerName
    >>> from twin.grid import Grid
    >>> from twin.label_layer import LabelLayer
    >>> grid = Grid.from_spacing((20, 20, 20), (5, 5, 5))
    >>> voxels = np.zeros((20, 20, 20), np.uint8)
    >>> voxels[5:15, 5:15, 5:15] = 1
    >>> plane = LivePlane(Twin(grid, {LayerName.ORGANS: LabelLayer(LayerName.ORGANS, grid, voxels)}))
    >>> plane.figures((62.5, 0, 0), (1, 0, 0)).liver["remnant_ml"].value
    100.0
    """

    def __init__(
        self, twin: Twin, facts: PatientFacts | None = None, *, organ_id: str = "liver", model: OrganModel | None = None
    ) -> None:
        self._model = model or OrganModel.of_twin(twin, organ_id)
        self._facts = facts or PatientFacts()
        self._volumetry = Volumetry(self._model)
        self._hulls = {name: _hull(points) for name, points in self._model.lesion_points_lps_mm.items()}
        self._half_widths_mm = {name: half_width_mm(twin, name) for name in self._hulls}
        self._trees = {name: _prepared(graph, self._model) for name, graph in twin.graphs.items()}
        self._missing = missing_inputs(self._model)
        self.figures(tuple(self._model.grid.origin_lps_mm), (0.0, 0.0, 1.0))  # compiles and fills caches

    @property
    def model(self) -> OrganModel:
        """The prepared organ, for :func:`simulation.simulate.simulate`."""
        return self._model

    def figures(self, origin_lps_mm: Point, normal_lps: Point) -> LiveFigures:
        """Return the figures of a plane; the side the normal points to is removed.

        A plane that misses the organ is no error here: while it is dragged it may.

        Parameters
        ----------
        origin_lps_mm
            A point of the plane.
        normal_lps
            Its normal, of any length but zero.
        """
        normal = np.asarray(normal_lps, dtype=np.float64)
        length = float(np.linalg.norm(normal))
        if abs(length - 1.0) > 1e-12:  # a plan's normal keeps every bit, so that all counts agree to the voxel
            normal = normal / length
        coefficients = self._model.plane_coefficients(origin_lps_mm, (normal[0], normal[1], normal[2]))
        removed = self._model.runs.half_space_counts(coefficients)
        liver: dict[str, Figure | FigureTree] = dict(remnant_figures(self._volumetry, self._volumetry.of(removed)))
        flr_ml, resected_ml = liver["flr_ml"], liver["resected_ml"]
        assert isinstance(flr_ml, Figure)
        assert isinstance(resected_ml, Figure)
        liver |= body_ratios(flr_ml, resected_ml, self._facts)
        depths = {name: _depths_mm(tree, coefficients) for name, tree in self._trees.items()}
        liver |= self._perfusion(removed, depths)
        fates = lesion_fates(self._model, removed)
        liver["margin_mm"], points = self._margin(fates, np.asarray(origin_lps_mm, dtype=np.float64), normal)
        vessels = [v for name, tree in self._trees.items() for v in vessels_across(tree.graph, depths[name])]
        segments = segment_figures(self._volumetry, removed)
        return LiveFigures(liver, points, fates, segments, ordered_vessels(vessels))

    def _margin(
        self, fates: tuple[LesionFate, ...], origin: NDArray[np.float64], normal: NDArray[np.float64]
    ) -> tuple[Figure, tuple[Point, Point] | None]:
        """Return the least distance of the removed lesions to the plane: the support of their convex hulls."""
        best: tuple[float, str, NDArray[np.float64]] | None = None
        for fate in fates:
            if fate.is_left_behind:
                continue
            heights = (self._hulls[fate.lesion_id] - origin) @ normal
            lowest = int(heights.argmin())
            height = max(float(heights[lowest]), 0.0) if fate.is_removed else 0.0
            if best is None or height < best[0]:
                best = (height, fate.lesion_id, self._hulls[fate.lesion_id][lowest])
        if best is None:
            return Figure.unknown("mm", needs=() if fates else ("lesion",)), None
        height, name, point = best
        half_mm = self._half_widths_mm[name]
        foot = point - ((point - origin) @ normal) * normal
        figure = Figure(height, max(height - half_mm, 0.0), height + half_mm, "mm", source="distance to the plane")
        return figure, (_point(point if height > 0 else foot), _point(foot))

    def _perfusion(self, removed: NDArray[np.int64], depths_mm: Mapping[str, NDArray[np.float64]]) -> dict[str, Figure]:
        if self._missing:
            return unknown_perfusion(self._missing)
        lost_portal, lost_hepatic = (
            lost_branches(tree.graph, is_node_removed(tree.graph, depths_mm[name]), order=tree.order)
            for name, tree in ((name, self._trees[name]) for name in ("portal", "hepatic"))
        )
        return perfusion_from_losses(self._model, removed, lost_portal, lost_hepatic)


def _hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the corners of the convex hull: the only points that a plane can meet first."""
    try:
        return np.asarray(points[ConvexHull(points).vertices])
    except QhullError:  # flat or a few points: all of them
        return points


def _prepared(graph: VesselGraph, model: OrganModel) -> _Tree:
    nearest = np.rint(model.grid.ijk_from_lps(graph.nodes_lps_mm)).astype(int)
    is_inside = ((nearest >= 0) & (nearest < np.array(model.organ.shape[::-1]))).all(axis=1)
    i, j, k = nearest[is_inside].T
    is_in_organ = np.zeros(len(nearest), np.bool_)
    is_in_organ[is_inside] = model.organ[k, j, i]
    return _Tree(graph, nearest.astype(np.float64), is_in_organ, order_from_root(graph.parents))


def _depths_mm(tree: _Tree, coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the signed distance of nodes to a plane, in the order of operations of the kernels."""
    ci, cj, ck, c0 = (float(c) for c in coefficients)
    i, j, k = tree.nodes_ijk.T
    return np.where(tree.is_in_organ, ci * i + (cj * j + (ck * k + c0)), OUTSIDE_MM)


def _point(values: NDArray[np.float64]) -> Point:
    return (float(values[0]), float(values[1]), float(values[2]))
