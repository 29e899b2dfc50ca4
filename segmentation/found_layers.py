"""Masks of a segmenter become layers of labels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.anatomy import LayerName, structure
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.provenance import Provenance
from twin.uncertainty import BoundaryUncertainty

__all__ = ["layers_of_masks"]


def layers_of_masks(
    masks: Mapping[str, NDArray[np.bool_]],
    grid: Grid,
    uncertainties: Mapping[str, BoundaryUncertainty],
    provenance: Provenance,
) -> dict[LayerName, LabelLayer]:
    """Return the layers that hold these structures, each with the uncertainties of its own.

    Parameters
    ----------
    masks
        Structure id to bool ``[k, j, i]`` on the grid. Where two of a layer overlap, the later one is written; the
        skin comes first: it is the rest of the body, and bone lies inside it.
    grid
        Grid of the scan.
    uncertainties
        Structure id to the uncertainty of its boundary, for every structure of ``masks``.
    provenance
        What made them.
    """
    voxels: dict[LayerName, NDArray[np.uint8]] = {}
    for structure_id in sorted(masks, key=lambda name: name != "skin"):
        found = structure(structure_id)
        layer = voxels.setdefault(found.layer, np.zeros(grid.shape_kji, np.uint8))
        layer[masks[structure_id]] = found.value
    return {
        name: LabelLayer(
            name, grid, labels, {s: uncertainties[s] for s in masks if structure(s).layer is name}, provenance
        )
        for name, labels in voxels.items()
    }
