"""A gland whose answers are known: a tube bent along an arc, in the plane of the patient's left and top."""

from __future__ import annotations

import numpy as np

from tests.simulation.shapes import EXACT, ball, centres, grid_of
from twin.anatomy import LayerName
from twin.label_layer import LabelLayer
from twin.twin import Twin
from twin.vessel_graph import VesselBranch, VesselGraph

ARC_MM, TUBE_MM = 70.0, 9.0
START, STOP = np.radians(150.0), np.radians(30.0)  # from the patient's right to his left
LENGTH_MM = ARC_MM * (START - STOP) + 2 * TUBE_MM


def on_arc(angle, radius_mm=ARC_MM):
    """A point of the arc."""
    return np.array([radius_mm * np.cos(angle), 0.0, radius_mm * np.sin(angle)])


def angle_at(fraction):
    """Where the plane of a cut stands on the arc."""
    return START - (fraction * LENGTH_MM - TUBE_MM) / ARC_MM


def fraction_at(angle):
    """The fraction of the axis at an angle of the arc."""
    return ((START - angle) * ARC_MM + TUBE_MM) / LENGTH_MM


def head_ml(fraction):
    """Volume up to a cut that is off both tips (Pappus)."""
    cap = 2 / 3 * np.pi * TUBE_MM**3
    return (cap + np.pi * TUBE_MM**2 * ARC_MM * (START - angle_at(fraction))) / 1000


def bent_tube(grid, tube_mm=TUBE_MM, start=START, stop=STOP):
    """Voxels within a distance of the arc."""
    points = centres(grid)
    angle = np.clip(np.arctan2(points[..., 2], points[..., 0]), stop, start)
    foot = np.stack([ARC_MM * np.cos(angle), np.zeros_like(angle), ARC_MM * np.sin(angle)], axis=-1)
    return np.linalg.norm(points - foot, axis=-1) <= tube_mm


def gland_grid(spacing=(1.0, 1.0, 1.0)):
    """A grid about the upper half of the arc, with room."""
    size = np.ceil(np.array([160.0, 34.0, 170.0]) / spacing).astype(int)
    return grid_of(tuple(int(n) for n in size), spacing)


def duct_graph(radius_mm=1.5, start=START, stop=STOP):
    """A duct along the middle, from the papilla to the tail."""
    angles = np.linspace(start, stop, 150)
    n = len(angles)
    points = np.stack([on_arc(angle) for angle in angles])
    parents, branches = np.arange(-1, n - 1, dtype=np.int32), (VesselBranch(1, "pancreatic", None),)
    return VesselGraph("pancreatic", points, np.full(n, radius_mm), parents, np.ones(n, np.int32), branches)


def gland_twin(grid, mask, *, lesions=(), graphs=None, vessels=None, uncertainty=EXACT, organs=None):
    """A twin with a pancreas; ``organs`` and ``vessels`` map label values to masks."""
    values = np.zeros(grid.shape_kji, np.uint8)
    for value, other in (organs or {}).items():
        values[other] = value
    values[mask] = 2
    layers = {
        LayerName.ORGANS: LabelLayer(LayerName.ORGANS, grid, values).with_uncertainties({"pancreas": uncertainty})
    }
    numbers = np.zeros(grid.shape_kji, np.uint8)
    for number, lesion in enumerate(lesions, start=1):
        numbers[lesion] = number
    layers[LayerName.LESIONS] = LabelLayer(LayerName.LESIONS, grid, numbers).with_uncertainties({"lesion": EXACT})
    if vessels:
        tubes = np.zeros(grid.shape_kji, np.uint8)
        for value, vessel in vessels.items():
            tubes[vessel] = value
        layers[LayerName.VESSELS] = LabelLayer(LayerName.VESSELS, grid, tubes)
    return Twin(grid, layers, graphs=graphs or {})


def lesion_ball(grid, fraction, radius_mm):
    """A ball on the axis."""
    return ball(grid, on_arc(angle_at(fraction)), radius_mm)
