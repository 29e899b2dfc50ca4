"""Gallbladder, bile duct and pancreatic duct."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.phantom.great_vessels import Course, graph_of_courses
from twin.phantom.lattice import Field, Lattice
from twin.vessel_graph import VesselGraph

__all__ = ["BILIARY", "PANCREATIC", "drawn_biliary_tree", "drawn_gallbladder", "drawn_pancreatic_duct"]

Points = NDArray[np.float64]

BILIARY = (
    Course(
        "biliary.common", None, "bile_duct",
        ((-41, -34, -32), (-38, -33, -24), (-34, -34, -12), (-32, -39, 1), (-31, -44, 12), (-31, -46, 22)), 2.2, 2.9,
    ),
    Course("biliary.right", "biliary.common", "bile_duct", ((-31, -46, 22), (-38, -45, 29), (-46, -43, 35)), 1.9, 1.4),
    Course("biliary.left", "biliary.common", "bile_duct", ((-31, -46, 22), (-22, -48, 31), (-10, -49, 38)), 1.9, 1.3),
    Course("biliary.cystic", "biliary.common", "bile_duct", ((-31, -44, 12), (-35, -48, 14), (-39, -53, 13)), 1.5, 1.6),
)  # fmt: skip
PANCREATIC = "pancreatic"


def drawn_biliary_tree(lattice: Lattice, rng: np.random.Generator) -> VesselGraph:
    """Return the bile ducts outside the liver, from the papilla upwards."""
    return graph_of_courses("biliary", BILIARY, lattice, rng, wander_mm=0.4)


def drawn_gallbladder(lattice: Lattice, axis_mm: Points, rng: np.random.Generator) -> Field:
    """Draw a pear along an axis from neck to fundus (about 30 ml)."""
    size = 1.0 + 0.08 * float(np.clip(rng.standard_normal(), -2, 2))
    along = np.linspace(0.0, 1.0, 6)
    points = np.stack([np.interp(along, (0.0, 0.5, 1.0), axis_mm[:, a]) for a in range(3)], axis=1)
    radii = np.interp(along, (0.0, 0.25, 0.6, 0.85, 1.0), (4.0, 8.0, 12.5, 13.0, 10.0)) * size
    return lattice.tube(points, radii, blend_mm=3.0)


def drawn_pancreatic_duct(lattice: Lattice, axis_mm: Points, rng: np.random.Generator) -> tuple[Course, VesselGraph]:
    """Return the main pancreatic duct along the gland's axis, from the papilla to the tail.

    2 to 3 mm wide in the head, 1.5 mm in the tail, as in healthy adults (Glaser et al., J Ultrasound Med
    1987;6:189).
    """
    papilla = np.array([[-41.0, -33.0, -32.0], [-35.0, -36.0, -24.0], [-27.0, -42.0, -15.0]])
    course = np.concatenate([papilla, axis_mm[3:-1]])
    points = tuple((float(x), float(y), float(z)) for x, y, z in course)
    duct = Course("pancreatic", None, "pancreatic_duct", points, 1.45, 0.75)
    return duct, graph_of_courses(PANCREATIC, (duct,), lattice, rng, wander_mm=0.3)
