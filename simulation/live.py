"""Figures of a plane or a sheet while it is dragged: everything that fits into one frame, on one thread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulation.absent_part import AbsentPart
from simulation.live_organ import LiveFigures, LiveOrgan, NearestPoints, Point
from simulation.margin import LesionFate
from simulation.organ_model import OrganModel
from simulation.plan_conditions import NO_CONDITIONS, VesselConditions
from simulation.sheet_map import SheetMap
from twin.patient import PatientFacts
from twin.resection import SheetCut
from twin.twin import Twin

__all__ = ["LiveFigures", "LivePlane", "LiveSheet"]


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
    absent
        What of the organ as labelled is not there; the model is that without it.

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
        self,
        twin: Twin,
        facts: PatientFacts | None = None,
        *,
        organ_id: str = "liver",
        model: OrganModel | None = None,
        absent: AbsentPart | None = None,
    ) -> None:
        self._organ = LiveOrgan(model or OrganModel.of_twin(twin, organ_id), facts or PatientFacts(), absent)
        self.figures(tuple(self.model.grid.origin_lps_mm), (0.0, 0.0, 1.0))  # compiles and fills caches

    @property
    def model(self) -> OrganModel:
        """The prepared organ, for :func:`simulation.simulate.simulate`."""
        return self._organ.model

    def figures(
        self, origin_lps_mm: Point, normal_lps: Point, conditions: VesselConditions = NO_CONDITIONS
    ) -> LiveFigures:
        """Return the figures of a plane; the side the normal points to is removed.

        A plane that misses the organ is no error here: while it is dragged it may.

        Parameters
        ----------
        origin_lps_mm
            A point of the plane.
        normal_lps
            Its normal, of any length but zero.
        conditions
            What the plan decides about vessels.
        """
        origin, normal = np.asarray(origin_lps_mm, dtype=np.float64), np.asarray(normal_lps, dtype=np.float64)
        length = float(np.linalg.norm(normal))
        if abs(length - 1.0) > 1e-12:  # a plan's normal keeps every bit, so that all counts agree to the voxel
            normal = normal / length
        coefficients = self.model.plane_coefficients(origin_lps_mm, (normal[0], normal[1], normal[2]))
        ci, cj, ck, c0 = (float(c) for c in coefficients)
        i, j, k = self._organ.nodes_ijk.T

        def nearest(fate: LesionFate) -> NearestPoints:
            """The support of the convex hull of the lesion."""
            hull = self._organ.hulls_lps_mm[fate.lesion_id]
            heights = (hull - origin) @ normal
            at = int(heights.argmin())
            return NearestPoints(max(float(heights[at]), 0.0), hull[at], hull[at] - heights[at] * normal)

        removed = self.model.runs.half_space_counts(coefficients)
        depths = ci * i + (cj * j + (ck * k + c0))
        return self._organ.figures(removed, depths, nearest, source="distance to the plane", conditions=conditions)


class LiveSheet:
    """A curved sheet through an organ, asked for its figures at every frame of a drag.

    Parameters and errors are those of :class:`LivePlane`.

    Examples
    --------
    >>> from twin.anatomy import LayerName
    >>> from twin.grid import Grid
    >>> from twin.label_layer import LabelLayer
    >>> grid = Grid.from_spacing((20, 20, 20), (5, 5, 5))
    >>> voxels = np.zeros((20, 20, 20), np.uint8)
    >>> voxels[5:15, 5:15, 5:15] = 1
    >>> sheet = LiveSheet(Twin(grid, {LayerName.ORGANS: LabelLayer(LayerName.ORGANS, grid, voxels)}))
    >>> flat = SheetCut((((62.5, 0.0, 0.0), (62.5, 90.0, 0.0)), ((62.5, 0.0, 90.0), (62.5, 90.0, 90.0))))
    >>> sheet.figures(flat).liver["remnant_ml"].value
    100.0
    """

    def __init__(
        self,
        twin: Twin,
        facts: PatientFacts | None = None,
        *,
        organ_id: str = "liver",
        model: OrganModel | None = None,
        absent: AbsentPart | None = None,
    ) -> None:
        self._organ = LiveOrgan(model or OrganModel.of_twin(twin, organ_id), facts or PatientFacts(), absent)
        self.figures(_square(self.model.grid.origin_lps_mm))  # compiles and fills caches

    @property
    def model(self) -> OrganModel:
        """The prepared organ, for :func:`simulation.simulate.simulate`."""
        return self._organ.model

    def figures(self, cut: SheetCut, conditions: VesselConditions = NO_CONDITIONS) -> LiveFigures:
        """Return the figures of a sheet; what lies on its positive side is removed.

        A sheet that misses the organ is no error here: while it is dragged it may.

        Parameters
        ----------
        cut
            The sheet.
        conditions
            What the plan decides about vessels.

        Raises
        ------
        GeometryError
            ``error.sheet.no_area`` or ``error.sheet.overhang``, as :class:`simulation.sheet_map.SheetMap`.
        """
        sheet = SheetMap.of_cut(cut, self.model.grid)

        def nearest(fate: LesionFate) -> NearestPoints:
            points = self.model.lesion_points_lps_mm[fate.lesion_id]
            distance_mm, at, place = sheet.nearest(points)
            return NearestPoints(distance_mm, points[at], np.array(place))

        removed = self.model.runs.sheet_counts(sheet)
        depths = sheet.depth_mm(self._organ.nodes_ijk)
        return self._organ.figures(removed, depths, nearest, source="distance to the sheet", conditions=conditions)


def _square(corner_lps_mm: NDArray[np.float64]) -> SheetCut:
    x, y, z = (float(v) for v in corner_lps_mm)
    return SheetCut((((x, y, z), (x + 50, y, z)), ((x, y + 50, z), (x + 50, y + 50, z))))
