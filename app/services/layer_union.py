"""Bring new labels into a layer without losing the structures they say nothing about."""

from __future__ import annotations

import numpy as np

from twin.anatomy import LayerName, structure
from twin.label_layer import LabelLayer
from twin.uncertainty import LabelOrigin

__all__ = ["with_structures_of"]


def with_structures_of(new: LabelLayer, old: LabelLayer | None, *, new_is_automatic: bool) -> LabelLayer:
    """Return the layer that holds every structure of ``new``, and those of ``old`` that ``new`` does not hold.

    Lesions are numbered by volume, so that a new layer of lesions replaces the old one as a whole.

    Parameters
    ----------
    new
        Labels found or imported.
    old
        What the case holds, on the same grid; None for nothing.
    new_is_automatic
        True for a segmentation: where it meets a structure that a person brought, that one keeps its voxels.
    """
    if old is None or new.name is LayerName.LESIONS:
        return new
    kept = [i for i in old.structure_ids() if i not in new.structure_ids()]
    if not kept:
        return new
    dtype = np.promote_types(old.voxels.dtype, new.voxels.dtype)
    voxels = new.voxels.astype(dtype)
    for structure_id in kept:
        uncertainty = old.uncertainties.get(structure_id)
        is_automatic = uncertainty is not None and uncertainty.origin is LabelOrigin.AUTOMATIC
        mask = old.voxels == structure(structure_id).value  # not mask(): that of the skin is the whole body
        if not (new_is_automatic and not is_automatic):
            mask = mask & (new.voxels == 0)
        voxels[mask] = old.voxels[mask]
    uncertainties = {i: u for i, u in old.uncertainties.items() if i in kept}
    doubts = (*new.doubts, *(doubt for doubt in old.doubts if doubt.structure_id in kept))
    return LabelLayer(new.name, new.grid, voxels, {**uncertainties, **new.uncertainties}, new.provenance, doubts=doubts)
