"""Figures of a whole plan while one of its cuts changes: any kinds of cut together.

One plane or one sheet is answered by :mod:`simulation.live` within one frame. For other cuts their voxels are marked,
some tenths of a second on a large liver: to be asked beside the window, the newest question first.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulation.absent_part import AbsentPart, absent_part
from simulation.kernels.half_space import count_states
from simulation.live import LivePlane, LiveSheet
from simulation.live_organ import LiveFigures, LiveOrgan, NearestPoints
from simulation.margin import LesionFate, own_margin_mm
from simulation.organ_model import OrganModel
from simulation.plan_conditions import vessel_conditions
from simulation.removal import Removal, removal_of
from simulation.removed_part import FAR_MM
from simulation.vessels import node_depths_mm
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import PlanCondition, PlaneCut, SheetCut

__all__ = ["LivePlan"]


class LivePlan:
    """An organ asked for the figures of plans that hold any kinds of cut.

    One plane or sheet, whatever the plan says of vessels and absent parts beside it, is answered within a frame.
    Volumes are those of :func:`simulation.simulate.simulate` with all boundaries as drawn, and so are the losses of
    supply and drainage; those of a two-stage plan are the figures after both operations. Around a lesion that a cut was
    drawn for the margin is the one asked for, to other cuts it is read where they are: at voxels where they have no
    surface.

    Parameters
    ----------
    model
        The organ, prepared.
    facts
        Of the patient; what is missing leaves figures unknown.

    Examples
    --------
    >>> from twin.anatomy import LayerName
    >>> from twin.grid import Grid
    >>> from twin.label_layer import LabelLayer
    >>> from twin.resection import PlaneCut
    >>> from twin.twin import Twin
    >>> grid = Grid.from_spacing((20, 20, 20), (5, 5, 5))
    >>> voxels = np.zeros((20, 20, 20), np.uint8)
    >>> voxels[5:15, 5:15, 5:15] = 1
    >>> model = OrganModel.of_twin(Twin(grid, {LayerName.ORGANS: LabelLayer(LayerName.ORGANS, grid, voxels)}))
    >>> cuts = (PlaneCut((62.5, 0, 0), (1, 0, 0)), PlaneCut((0, 62.5, 0), (0, 1, 0)))
    >>> LivePlan(model).figures(Plan("A", cuts)).liver["remnant_ml"].value
    80.0
    """

    def __init__(self, model: OrganModel, facts: PatientFacts | None = None) -> None:
        self._model = model
        self._facts = facts or PatientFacts()
        self._organ = LiveOrgan(model, self._facts)
        self._cutters: _Cutters | None = None

    def figures(self, plan: Plan) -> LiveFigures:
        """Return the figures of a plan.

        Raises
        ------
        TwinSightError
            As :func:`simulation.removal.removal_of`; a plane or a sheet alone may miss the organ while it is dragged.
        """
        cuts = [one for one in plan.resections if not isinstance(one, PlanCondition)]
        match cuts:
            case [PlaneCut() as cut]:
                conditions = vessel_conditions(plan.resections, self._model)
                return self._cutters_for(plan).plane.figures(cut.origin_lps_mm, cut.normal_lps, conditions)
            case [SheetCut() as sheet]:
                conditions = vessel_conditions(plan.resections, self._model)
                return self._cutters_for(plan).sheet.figures(sheet, conditions)
            case _:
                return self._any_cuts(plan)

    def _any_cuts(self, plan: Plan) -> LiveFigures:
        removal = removal_of(plan, self._model)
        model, box = removal.model, removal.box.slices
        organ = self._organ if model is self._model else LiveOrgan(model, self._facts, removal.absent)
        counts, taken = (
            count_states(model.states[box], voxels[box], model.table.n_states)
            for voxels in (removal.voxels, removal.taken)
        )
        return organ.figures(
            counts,
            _node_depths_mm(removal),
            lambda fate: _nearest(fate, removal),
            source="depth in the specimen",
            conditions=removal.vessels,
            taken_counts=taken if removal.has_ablation else None,
        )

    def _cutters_for(self, plan: Plan) -> _Cutters:
        """Return plane and sheet through the organ without what the plan calls absent; the last ones are kept."""
        absent = absent_part(plan.resections, self._model)
        if self._cutters is None or self._cutters.absent is not absent:
            self._cutters = _Cutters(self._model, self._facts, absent)
        return self._cutters


class _Cutters:
    """A plane and a sheet through an organ, prepared when they are first asked for."""

    def __init__(self, model: OrganModel, facts: PatientFacts, absent: AbsentPart | None) -> None:
        self._model = model if absent is None else absent.model
        self._facts, self.absent = facts, absent

    @cached_property
    def plane(self) -> LivePlane:
        """The plane."""
        return LivePlane(self._model.twin, self._facts, model=self._model, absent=self.absent)

    @cached_property
    def sheet(self) -> LiveSheet:
        """The sheet."""
        return LiveSheet(self._model.twin, self._facts, model=self._model, absent=self.absent)


def _node_depths_mm(removal: Removal) -> NDArray[np.float64]:
    """Return the depth of every node of every tree, in the order of the organ."""
    graphs = removal.model.twin.graphs.values()
    return np.concatenate([np.zeros(0), *(node_depths_mm(graph, removal) for graph in graphs)])


def _nearest(fate: LesionFate, removal: Removal) -> NearestPoints:
    """Return the least depth of a lesion's surface, and where; the place on the cut is not searched."""
    model = removal.model
    points = model.lesion_points_lps_mm[fate.lesion_id]
    inside, voxels = model.voxels_at(points)
    if not inside.size:
        return NearestPoints(0.0, points[0], points[0])
    points = points[inside]
    depths = np.full(inside.size, FAR_MM)
    for part in removal.parts:
        asked_mm = own_margin_mm(part.resection, fate.lesion_id)
        if not np.isnan(asked_mm):
            depth = np.full(inside.size, asked_mm)
        elif part.depth_between_mm is not None:
            depth = part.depth_between_mm(model.grid.ijk_from_lps(points))
        else:
            depth = part.depth_mm(voxels)
        np.maximum(depths, depth, out=depths)
    at = int(depths.argmin())
    return NearestPoints(max(float(depths[at]), 0.0), points[at], points[at])
