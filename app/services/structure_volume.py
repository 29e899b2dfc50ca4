"""Volume of any structure with its 90 % interval, from the labels."""

from __future__ import annotations

import numpy as np

from simulation.intervals import LEVELS, reach_kji, shifted_shares
from twin.anatomy import LayerName, structure
from twin.figure import Figure, FigureStatus
from twin.label_layer import LabelLayer
from twin.uncertainty import BoundaryUncertainty, LabelOrigin

__all__ = ["volume_figure"]


def volume_figure(layer: LabelLayer, structure_id: str) -> Figure:
    """Return the volume of a structure, recomputed on its boundary shifted inwards and outwards.

    The body and the bones get no interval: nobody plans with their volume.

    Parameters
    ----------
    layer
        Layer that holds the structure.
    structure_id
        Which one.
    """
    value_ml = layer.volume_ml(structure_id)
    box = layer.box(structure_id)
    if box is None or structure(structure_id).layer is LayerName.CONTEXT:
        return Figure(value_ml, None, None, "ml", FigureStatus.MEASURED, "label volume")
    general = "lesion" if structure_id.startswith("lesion-") else structure_id
    uncertainty = (
        layer.uncertainties.get(structure_id)
        or layer.uncertainties.get(general)
        or BoundaryUncertainty.of_origin(LabelOrigin.IMPORTED)
    )
    spacing_ijk_mm = layer.grid.spacing_ijk_mm
    room = box.grown(reach_kji(spacing_ijk_mm, uncertainty), layer.grid.shape_kji)
    mask = layer.voxels[room.slices] == structure(structure_id).value
    low, high = (
        float(shares.sum(dtype=np.int64)) / LEVELS * layer.grid.voxel_volume_ml
        for shares in shifted_shares(mask, spacing_ijk_mm, uncertainty)
    )
    return Figure(value_ml, low, high, "ml", FigureStatus.MEASURED, "label volume")
