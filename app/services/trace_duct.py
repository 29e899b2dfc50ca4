"""The pancreatic duct and the bile duct of an open case, traced between clicks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.services.case_session import CaseSession
from segmentation.ducts.tracing import DuctTracer, DuctTree, TracedDuct
from twin.anatomy import LayerName, structure
from twin.case import Case
from twin.edit import VoxelEdit
from twin.provenance import Provenance

__all__ = ["DuctSummary", "DuctTracing", "TracedDuct"]

_STRUCTURE = {"pancreatic": "pancreatic_duct", "biliary": "bile_duct"}
_PRODUCER, _VERSION = "segmenter.duct_trace", "1"


@dataclass(frozen=True)
class DuctSummary:
    """Figures of a traced duct: diameters in millimetres, known to plus or minus one voxel.

    Parameters
    ----------
    structure_id
        ``"pancreatic_duct"`` or ``"bile_duct"``.
    length_mm
        Along the centreline.
    median_mm, largest_mm
        Diameters.
    uncertainty_mm
        One voxel across the duct, the largest along it.
    """

    structure_id: str
    length_mm: float
    median_mm: float
    largest_mm: float
    uncertainty_mm: float

    @classmethod
    def of(cls, duct: TracedDuct) -> DuctSummary:
        """Return the figures of a duct."""
        return cls(
            _STRUCTURE[duct.graph.tree],
            duct.length_mm,
            float(np.median(duct.diameters_mm)),
            float(duct.diameters_mm.max()),
            float(duct.diameter_uncertainty_mm.max()),
        )

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "structure": self.structure_id,
            "length_mm": round(self.length_mm, 1),
            "median_mm": round(self.median_mm, 2),
            "largest_mm": round(self.largest_mm, 2),
            "uncertainty_mm": round(self.uncertainty_mm, 2),
        }


class DuctTracing:
    """Traces ducts of one case; the box around the clicks is prepared once and used again.

    Parameters
    ----------
    session
        The open case.
    tree
        ``"pancreatic"`` or ``"biliary"``.
    is_fluid_bright
        None takes dark on CT, bright on MR.
    """

    def __init__(self, session: CaseSession, tree: DuctTree, *, is_fluid_bright: bool | None = None) -> None:
        self._session = session
        self._tree = tree
        self._is_fluid_bright = is_fluid_bright
        self._tracer: DuctTracer | None = None
        self._volume_id: str | None = None

    def prepare(self, points_lps_mm: ArrayLike) -> None:
        """Prepare the box around points (n, 3), in the background after the first click."""
        volume = self._session.case.planning_volume
        self._tracer = DuctTracer(volume, points_lps_mm, is_fluid_bright=self._is_fluid_bright)
        self._volume_id = volume.id

    def trace(self, clicks_lps_mm: ArrayLike) -> TracedDuct:
        """Return the duct through clicks (n, 3), at least two, in order: from the papilla upstream.

        Raises
        ------
        InputError
            ``error.duct.two_clicks``, ``error.duct.same_point``, ``error.local.point_outside``.
        GeometryError
            ``error.duct.no_way``.
        """
        clicks = np.asarray(clicks_lps_mm, dtype=np.float64).reshape(-1, 3)
        is_other_scan = self._session.case.planning_volume_id != self._volume_id
        if self._tracer is None or is_other_scan or not self._tracer.covers(clicks):
            self.prepare(clicks)
        assert self._tracer is not None
        return self._tracer.trace(clicks, tree=self._tree)

    def edit(self, duct: TracedDuct, *, replaces_earlier: bool = False) -> VoxelEdit | None:
        """Return the edit that writes a duct into the layer ``ducts``; None when it is there already.

        Parameters
        ----------
        duct
            What was traced.
        replaces_earlier
            True takes the voxels away that the structure has so far. The gallbladder shares the structure of the
            bile ducts: leave it False for them.
        """
        case = self._session.case
        layer, value = case.layer(LayerName.DUCTS), structure(_STRUCTURE[self._tree]).value
        box = duct.box
        if replaces_earlier:
            earlier = layer.box(_STRUCTURE[self._tree])
            box = box if earlier is None else box.joined(earlier)
        after = layer.voxels[box.slices].copy()
        if replaces_earlier:
            after[after == value] = 0
        drawn = _in_box(duct, box.start_kji, after.shape)
        after[drawn & (after == 0)] = value
        provenance = Provenance(_PRODUCER, _VERSION, DuctSummary.of(duct).to_json())
        return VoxelEdit.between(case, LayerName.DUCTS, box, after, provenance=provenance, label="edit.label.duct")

    def accept(self, duct: TracedDuct, *, replaces_earlier: bool = False) -> Case:
        """Write a duct, one step of undo."""
        edit = self.edit(duct, replaces_earlier=replaces_earlier)
        return self._session.case if edit is None else self._session.do(edit)


def _in_box(duct: TracedDuct, start_kji: tuple[int, int, int], shape_kji: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the mask of a duct in a box that holds its own."""
    mask = np.zeros(shape_kji, np.bool_)
    k, j, i = (a - b for a, b in zip(duct.box.start_kji, start_kji, strict=True))
    nk, nj, ni = duct.mask.shape
    mask[k : k + nk, j : j + nj, i : i + ni] = duct.mask
    return mask
