"""Lesions: where they fit, and their shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.errors import GeometryError
from twin.phantom.appearance import Tissue
from twin.phantom.lattice import Field, Lattice
from twin.phantom.liver import SEGMENTS, segment_index_at
from twin.phantom.recipe import LesionKind, LesionRecipe

__all__ = ["Lesion", "drawn_lesions"]

Points = NDArray[np.float64]

_TISSUE = {
    LesionKind.METASTASIS: Tissue.METASTASIS,
    LesionKind.CYST: Tissue.CYST,
    LesionKind.HYPERVASCULAR: Tissue.HYPERVASCULAR,
    LesionKind.PANCREATIC: Tissue.PANCREATIC_CANCER,
}
# A metastasis has no sharp border: its edge is this many voxels wide.
_SOFTNESS = {LesionKind.METASTASIS: 2.6, LesionKind.PANCREATIC: 3.0}
# Part of the gland's axis, from head to tail, in which a pancreatic lesion lies.
_ALONG_GLAND = {"pancreas.head": 0.16, "pancreas.body": 0.58, "pancreas.tail": 0.88}


@dataclass(frozen=True)
class Lesion:
    """A lesion with its recipe, shape, tissue and the width of its edge in voxels."""

    recipe: LesionRecipe
    shape: Field
    tissue: Tissue
    softness: float


def drawn_lesions(
    recipes: tuple[LesionRecipe, ...],
    liver: Field,
    gland_axis_mm: Points,
    trunks: Field,
    rng: np.random.Generator,
) -> tuple[Lesion, ...]:
    """Place and draw lesions.

    Parameters
    ----------
    recipes
        What is wanted.
    liver
        The organ, as distances.
    gland_axis_mm
        Axis of the pancreas, body millimetres, head first.
    trunks
        Distances to the main vessels, which a lesion spares where it can.
    rng
        Draws places and shapes.

    Raises
    ------
    GeometryError
        ``error.phantom.lesion_does_not_fit`` when the segment has no room for it.
    """
    lesions: list[Lesion] = []
    for recipe in recipes:
        radius = 0.5 * recipe.diameter_mm
        if recipe.is_pancreatic:
            lengths = np.linspace(0.0, 1.0, gland_axis_mm.shape[0])
            centre = np.array([np.interp(_ALONG_GLAND[recipe.place], lengths, gland_axis_mm[:, a]) for a in range(3)])
        else:
            centre = _place(recipe, liver, trunks, [lesion.shape for lesion in lesions], rng)
        shape = _shape(liver.lattice, centre, radius, recipe.kind, rng)
        lesions.append(Lesion(recipe, shape, _TISSUE[recipe.kind], _SOFTNESS.get(recipe.kind, 1.0)))
    return tuple(lesions)


def _place(recipe: LesionRecipe, liver: Field, trunks: Field, others: list[Field], rng: np.random.Generator) -> Points:
    """Choose a point of the segment: deep enough, off the main vessels, away from other lesions."""
    lattice = liver.lattice
    radius = 0.5 * recipe.diameter_mm
    kji = np.argwhere(liver.values < -3.0)[::3]
    points = lattice.origin_lps_mm + lattice.step_mm * (kji[:, ::-1] + np.array(liver.box.start_kji[::-1]))
    body = lattice.body_map.body_from_lps(points)
    here = segment_index_at(body, rng, undulation_mm=0.0) == SEGMENTS.index(recipe.place)
    kji, body = kji[here], body[here]
    if body.shape[0] == 0:
        raise GeometryError("error.phantom.lesion_does_not_fit", place=recipe.place, diameter_mm=recipe.diameter_mm)
    index = tuple(kji.T)
    depth = -liver.values[index]
    shortfall = np.maximum(0.72 * radius - depth, 0.0)
    shortfall += np.maximum(radius + 5.0 - trunks.within(liver.box)[index], 0.0)
    for other in others:
        shortfall += 3.0 * np.maximum(radius + 8.0 - other.within(liver.box)[index], 0.0)
    middle = np.linalg.norm(body - np.median(body, axis=0), axis=1)
    score = shortfall * 3.0 + 0.25 * middle + rng.uniform(0.0, 6.0, shortfall.shape)
    best = int(np.argmin(score))
    if depth[best] < 0.25 * radius:
        raise GeometryError("error.phantom.lesion_does_not_fit", place=recipe.place, diameter_mm=recipe.diameter_mm)
    return np.asarray(body[best])


def _shape(lattice: Lattice, centre_mm: Points, radius_mm: float, kind: LesionKind, rng: np.random.Generator) -> Field:
    stretch = np.exp(rng.normal(scale=0.09, size=3))
    stretch /= np.cbrt(np.prod(stretch))
    shape = lattice.ellipsoid(centre_mm, radius_mm * stretch)
    if kind is LesionKind.CYST:
        return shape
    seed = int(rng.integers(1 << 30))
    return shape.roughened(0.07 * radius_mm, max(9.0, 0.9 * radius_mm), seed).smoothed(0.8)
