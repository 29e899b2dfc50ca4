"""Figures of a whole plan while one of its cuts changes: any kinds of cut together.

A plane or a sheet alone is answered by :mod:`simulation.live` within one frame. Here the voxels of every cut are
marked, some tenths of a second on a large liver: to be asked beside the window, the newest question first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulation.kernels.half_space import count_states
from simulation.live_organ import LiveFigures, LiveOrgan, NearestPoints
from simulation.margin import LesionFate
from simulation.organ_model import OrganModel
from simulation.removal import Removal, removal_of
from simulation.vessels import node_depths_mm
from twin.patient import PatientFacts
from twin.plan import Plan

__all__ = ["LivePlan"]


class LivePlan:
    """An organ asked for the figures of plans that hold any kinds of cut.

    Volumes are those of :func:`simulation.simulate.simulate` with all boundaries as drawn. The margin is read at
    voxels: the least depth of a lesion's surface in what is removed. What a plan says of closed and reconstructed
    vessels is left to the settled figures.

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

    def figures(self, plan: Plan) -> LiveFigures:
        """Return the figures of a plan.

        Raises
        ------
        TwinSightError
            As :func:`simulation.removal.removal_of`.
        """
        removal = removal_of(plan, self._model)
        model = removal.model
        organ = self._organ if model is self._model else LiveOrgan(model, self._facts)
        counts = count_states(model.states, removal.voxels, model.table.n_states)
        return organ.figures(
            counts,
            _node_depths_mm(removal),
            lambda fate: _nearest(fate, removal),
            source="depth in the specimen",
        )


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
    depths = removal.depth_mm(voxels)[0]
    at = int(depths.argmin())
    point = points[inside[at]]
    return NearestPoints(max(float(depths[at]), 0.0), point, point)
