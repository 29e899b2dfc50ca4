"""Phantoms that many tests look at, each built once in a process. Their arrays cannot be written."""

from __future__ import annotations

import functools

from twin.phantom import Phantom, PhantomRecipe, build_phantom
from twin.vessel_tracing import TracedVessels, trace_vessels


@functools.cache
def phantom_of(recipe: PhantomRecipe) -> Phantom:
    """Build a phantom once for each recipe."""
    return build_phantom(recipe)


def small_phantom() -> Phantom:
    """The small phantom: voxels of 2.25 x 2.25 x 2 mm."""
    return phantom_of(PhantomRecipe.small())


def coarse_phantom() -> Phantom:
    """A phantom with voxels of 4 mm and few branches, for segmenters."""
    voxels = {"size_ijk": (96, 66, 75), "spacing_ijk_mm": (4.0, 4.0, 4.0)}
    return phantom_of(PhantomRecipe.small(3, portal_terminals=40, hepatic_terminals=30, **voxels))


def thigh_phantom() -> Phantom:
    """A thigh: no organ of the abdomen at all."""
    return phantom_of(PhantomRecipe.limb())


@functools.cache
def traced_small_phantom() -> TracedVessels:
    """Trees and territories of the small phantom, traced from its labels."""
    return trace_vessels(small_phantom().layers)
