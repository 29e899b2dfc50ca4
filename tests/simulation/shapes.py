"""Simple anatomies whose answers are known: balls, slabs and blocks on a grid."""

from __future__ import annotations

import numpy as np

from twin.anatomy import LayerName
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.twin import Twin
from twin.uncertainty import BoundaryUncertainty, LabelOrigin

EXACT = BoundaryUncertainty.of_origin(LabelOrigin.TRUTH)


def rotation(seed):
    """A rotation drawn at random, right-handed."""
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q *= np.sign(np.diag(r))
    return q if np.linalg.det(q) > 0 else q[:, [1, 0, 2]]


def grid_of(size_ijk=(60, 60, 60), spacing_ijk_mm=(1.0, 1.0, 1.0), *, direction=None):
    """A grid whose centre is the origin of space."""
    spacing = np.asarray(spacing_ijk_mm, float)
    axes = np.eye(3) if direction is None else direction
    origin = -axes @ (spacing * (np.asarray(size_ijk) - 1) / 2)
    return Grid.from_spacing(size_ijk, spacing, origin_lps_mm=origin, direction=axes)


def centres(grid):
    """LPS of every voxel centre, (k, j, i, 3)."""
    k, j, i = np.indices(grid.shape_kji)
    return grid.lps_from_ijk(np.stack([i, j, k], axis=-1))


def ball(grid, centre_lps_mm, radius_mm):
    """Voxels whose centre lies in a ball."""
    return np.linalg.norm(centres(grid) - np.asarray(centre_lps_mm, float), axis=-1) <= radius_mm


def block(grid, half_mm):
    """Voxels whose centre lies in a block about the origin."""
    return (np.abs(centres(grid)) <= np.asarray(half_mm, float)).all(axis=-1)


def twin_of(grid, liver, lesions=(), *, uncertainty=None, lesion_uncertainty=None, graphs=None, derived=None):
    """A twin from masks; lesions in the order given; ``derived`` maps layer names to arrays."""
    organs = LabelLayer(LayerName.ORGANS, grid, liver.astype(np.uint8))
    if uncertainty is not None:
        organs = organs.with_uncertainties({"liver": uncertainty})
    values = np.zeros(grid.shape_kji, np.uint8)
    for value, mask in enumerate(lesions, start=1):
        values[mask] = value
    layer = LabelLayer(LayerName.LESIONS, grid, values)
    if lesion_uncertainty is not None:
        layer = layer.with_uncertainties({"lesion": lesion_uncertainty})
    layers = {LayerName.ORGANS: organs, LayerName.LESIONS: layer}
    for name, array in (derived or {}).items():
        layers[name] = LabelLayer(name, grid, array)
    return Twin(grid, layers, graphs=graphs or {})
