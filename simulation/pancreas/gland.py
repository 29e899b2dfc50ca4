"""The pancreas prepared for its operations: the organ, its axis, its parts and its duct."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulation.organ_model import OrganModel
from twin.anatomy import structure
from twin.pancreas.axis import PancreasAxis
from twin.pancreas.parts import PancreasParts, pancreas_parts
from twin.twin import Twin
from twin.vessel_graph import VesselGraph

__all__ = ["Gland"]

_DUCT = "pancreatic"
_ABOUT_MM = 3.0  # of the axis: the width of a section is looked up so far around a cut
_ROOM_MM = 4.0


@dataclass(frozen=True, eq=False)
class Gland:
    """A pancreas with everything that the figures of its operations need; made once for a twin.

    Parameters
    ----------
    model
        The organ, :meth:`simulation.organ_model.OrganModel.of_twin` with ``"pancreas"``.
    """

    model: OrganModel

    @classmethod
    def of_twin(cls, twin: Twin) -> Gland:
        """Prepare the pancreas of a twin.

        Raises
        ------
        GeometryError
            ``error.organ.empty`` when it is not labelled.
        """
        return cls(OrganModel.of_twin(twin, "pancreas"))

    @property
    def axis(self) -> PancreasAxis:
        """From the tip of the head to the tip of the tail."""
        return self.model.axis

    @cached_property
    def parts(self) -> PancreasParts:
        """Head, uncinate process, neck, body and tail."""
        twin = self.model.twin
        veins = [_centres(twin, name) for name in ("superior_mesenteric_vein", "portal_vein")]
        return pancreas_parts(self.axis, np.concatenate(veins), _centres(twin, "aorta"))

    @cached_property
    def part_of_state(self) -> NDArray[np.int64]:
        """Voxels of each state in each part, int64 (6, n_states); row 0 is empty."""
        return self.counts_by_part(np.ones_like(self.model.organ))

    def counts_by_part(self, voxels: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return how many of some voxels of the box are of each part and state, int64 (6, n_states)."""
        states = self.model.states
        chosen = np.flatnonzero(voxels.ravel() & (states.ravel() > 0))
        n_states = self.model.table.n_states
        joint = self.parts.labels.ravel()[chosen].astype(np.int64) * n_states + states.ravel()[chosen]
        return np.bincount(joint, minlength=6 * n_states).reshape(6, n_states)

    @property
    def duct(self) -> VesselGraph | None:
        """The graph of the pancreatic duct, or None where it was not traced."""
        return self.model.twin.graphs.get(_DUCT)

    @cached_property
    def duct_positions_mm(self) -> NDArray[np.float64]:
        """Position along the axis of each node of the duct; not a number outside of the gland and its shift."""
        assert self.duct is not None
        points = self.duct.nodes_lps_mm
        places, voxels = self.model.voxels_at(points)
        is_inside = np.zeros(len(points), np.bool_)
        is_inside[places] = self.model.states.ravel()[voxels] > 0
        return np.where(is_inside, self.axis.positions_of(points), np.nan)

    @cached_property
    def _reach_of_position_mm(self) -> NDArray[np.float64]:
        """Largest distance from the axis of the voxels of each millimetre of it."""
        k, j, i = np.nonzero(self.model.states > 0)
        position = np.clip(self.axis.position_mm[k, j, i], 0.0, self.axis.length_mm)
        nodes = self.axis.nodes_lps_mm[np.rint(position / self.axis.step_mm).astype(np.int64)]
        distance = np.linalg.norm(self.axis.grid.lps_from_ijk(np.stack([i, j, k], axis=1)) - nodes, axis=1)
        reach = np.zeros(int(self.axis.length_mm) + 2)
        np.maximum.at(reach, position.astype(np.int64), distance)
        return reach

    def reach_mm(self, fraction: float) -> float:
        """Return how far from the axis the gland reaches at a cut, with room for its outward shift."""
        at = fraction * self.axis.length_mm
        about = self._reach_of_position_mm[max(int(at - _ABOUT_MM), 0) : int(at + _ABOUT_MM) + 1]
        return float(about.max()) + _ROOM_MM

    @cached_property
    def shares(self) -> NDArray[np.float32]:
        """Share of each voxel in the gland by boundary (inward shift, drawn, outward), float32 (3, k, j, i)."""
        return self.model.table.organ.astype(np.float32)[:, self.model.states]


def _centres(twin: Twin, structure_id: str) -> NDArray[np.float64]:
    """Return the voxel centres of a structure, (n, 3); none where it is not labelled."""
    box = twin.box(structure_id)
    if box is None:
        return np.zeros((0, 3))
    layer = twin.layers[structure(structure_id).layer]
    k, j, i = np.nonzero(layer.voxels[box.slices] == structure(structure_id).value)
    return twin.grid.cropped(box).lps_from_ijk(np.stack([i, j, k], axis=1))
