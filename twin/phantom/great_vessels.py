"""The great vessels of the abdomen and the arteries and veins that liver and pancreas surgeons follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.phantom.lattice import Lattice
from twin.vessel_graph import VesselBranch, VesselGraph

__all__ = ["Course", "drawn_arteries", "drawn_cava", "drawn_mesenteric_veins", "graph_of_courses"]

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Course:
    """One vessel: name, parent, structure it is labelled as, points (mm) and radii at both ends (mm).

    A course with a parent begins at the parent's point nearest to its own first point.
    """

    name: str
    parent: str | None
    structure_id: str
    points_mm: tuple[tuple[float, float, float], ...]
    start_radius_mm: float
    end_radius_mm: float


_CAVA = (
    Course(
        "cava", None, "inferior_vena_cava",
        ((-15, -21, -240), (-17, -21, -150), (-20, -22, -75), (-22, -19, -36), (-23, -14, 0), (-24, -9, 34),
         (-24, -6, 60), (-22, -7, 78), (-20, -12, 92), (-18, -22, 106), (-17, -32, 122)),
        9.5, 13.0,
    ),
    Course(
        "left_renal_vein", "cava", "inferior_vena_cava",
        ((-22, -19, -11), (-13, -27, -9), (-1, -29, -8), (12, -24, -6), (28, -8, -3), (48, 4, -2)), 4.2, 3.6,
    ),
    Course(
        "right_renal_vein", "cava", "inferior_vena_cava", ((-22, -18, -16), (-34, -5, -16), (-50, 6, -16)), 4.0, 3.6
    ),
)  # fmt: skip

_ARTERIES = (
    Course(
        "aorta", None, "aorta",
        ((12, 6, 260), (12, 8, 180), (10, 4, 120), (7, -3, 70), (5, -8, 34), (4, -14, 0), (4, -22, -40), (5, -25, -75),
         (4, -24, -112), (3, -22, -140)),
        11.5, 8.0,
    ),
    Course("celiac", "aorta", "celiac_trunk", ((5, -10, 27), (4, -20, 26), (2, -29, 24), (1, -33, 24)), 3.6, 3.4),
    Course(
        "common_hepatic", "celiac", "common_hepatic_artery",
        ((1, -33, 24), (-6, -38, 20), (-14, -44, 14), (-19, -47, 11)), 2.7, 2.5,
    ),
    Course(
        "gastroduodenal", "common_hepatic", "gastroduodenal_artery",
        ((-19, -47, 11), (-22, -51, 2), (-24, -53, -10), (-26, -53, -22)), 1.9, 1.5,
    ),
    Course(
        "proper_hepatic", "common_hepatic", "other_artery",
        ((-19, -47, 11), (-21, -48, 17), (-22, -46, 24)), 2.2, 2.0,
    ),
    Course(
        "right_hepatic", "proper_hepatic", "other_artery",
        ((-22, -46, 24), (-30, -44, 29), (-41, -42, 34), (-49, -40, 37)), 1.6, 1.2,
    ),
    Course(
        "left_hepatic", "proper_hepatic", "other_artery",
        ((-22, -46, 24), (-14, -47, 31), (-4, -49, 38), (4, -53, 43)), 1.4, 1.0,
    ),
    Course(
        "splenic", "celiac", "splenic_artery",
        ((1, -33, 24), (10, -32, 28), (20, -26, 24), (31, -22, 27), (43, -14, 24), (55, -6, 29), (67, 2, 31),
         (77, 8, 36)), 2.9, 2.2,
    ),
    Course(
        "left_gastric", "celiac", "other_artery",
        ((2, -29, 24), (6, -34, 34), (10, -38, 46), (13, -38, 58)), 1.5, 1.1,
    ),
    Course(
        "superior_mesenteric", "aorta", "superior_mesenteric_artery",
        ((4, -13, 11), (5, -24, 7), (6, -31, -3), (7, -36, -18), (8, -44, -38), (8, -53, -62),
         (6, -60, -90), (2, -64, -120)),
        3.6, 2.2,
    ),
    Course(
        "right_renal", "aorta", "other_artery",
        ((1, -15, -4), (-10, -8, -6), (-22, -2, -8), (-36, 4, -10), (-50, 8, -10)), 2.8, 2.4,
    ),
    Course(
        "left_renal", "aorta", "other_artery",
        ((8, -14, -2), (18, -6, 0), (32, 2, 2), (46, 8, 2)), 2.8, 2.4,
    ),
)  # fmt: skip

_MESENTERIC = (
    Course(
        "splenic_vein", None, "portal_vein",
        ((-5, -36, -14), (2, -37, -8), (12, -35, 0), (24, -30, 7), (38, -21, 13),
         (52, -11, 18), (65, -2, 22), (76, 6, 28)),
        4.6, 3.6,
    ),
    Course(
        "superior_mesenteric_vein", None, "superior_mesenteric_vein",
        ((-5, -36, -14), (-5, -38, -24), (-5, -45, -42), (-5, -54, -64), (-7, -60, -92), (-12, -64, -120)), 5.6, 3.6,
    ),
    Course(
        "inferior_mesenteric_vein", "splenic_vein", "portal_vein",
        ((22, -31, 6), (25, -33, -8), (27, -30, -30), (29, -26, -60), (30, -24, -90)), 2.0, 1.6,
    ),
    Course(
        "first_jejunal_vein", "superior_mesenteric_vein", "superior_mesenteric_vein",
        ((-5, -41, -34), (3, -36, -37), (14, -33, -41), (26, -40, -50)), 2.0, 1.6,
    ),
    Course(
        "gastrocolic_trunk", "superior_mesenteric_vein", "superior_mesenteric_vein",
        ((-5, -39, -27), (-12, -48, -27), (-20, -56, -24), (-26, -62, -18)), 2.0, 1.5,
    ),
    Course(
        "ileocolic_vein", "superior_mesenteric_vein", "superior_mesenteric_vein",
        ((-7, -60, -92), (-20, -62, -104), (-34, -58, -118), (-44, -55, -132)), 2.2, 1.8,
    ),
)  # fmt: skip

_STEP_MM = 2.0


def drawn_cava(lattice: Lattice, rng: np.random.Generator) -> tuple[tuple[Course, ...], VesselGraph]:
    """Return the inferior vena cava up to the right atrium."""
    return _CAVA, graph_of_courses("cava", _CAVA, lattice, rng)


def drawn_arteries(lattice: Lattice, rng: np.random.Generator) -> tuple[tuple[Course, ...], VesselGraph]:
    """Return the aorta with celiac trunk, hepatic, splenic, mesenteric and renal arteries."""
    return _ARTERIES, graph_of_courses("arterial", _ARTERIES, lattice, rng)


def drawn_mesenteric_veins(lattice: Lattice, rng: np.random.Generator) -> tuple[tuple[Course, ...], VesselGraph]:
    """Return the splenic and superior mesenteric veins, from their confluence outwards."""
    return _MESENTERIC, graph_of_courses("mesenteric", _MESENTERIC, lattice, rng)


def graph_of_courses(
    tree: str, courses: tuple[Course, ...], lattice: Lattice, rng: np.random.Generator, *, wander_mm: float = 0.8
) -> VesselGraph:
    """Turn courses into a graph in patient space: smooth curves, tapering radii, one branch a course."""
    nodes: list[Points] = []
    radii: list[float] = []
    parents: list[int] = []
    branch_of: list[int] = []
    branches: list[VesselBranch] = []
    nodes_of: dict[str, range] = {}
    scale = float(np.cbrt(np.prod(lattice.body_map.scale)))
    shared: dict[tuple[float, float, float], Points] = {}
    for course in courses:
        index = len(branches) + 1
        parent = next((b.index for b in branches if b.name == course.parent), None)
        branches.append(VesselBranch(index, course.name, parent, True))
        knots = []
        for point in course.points_mm:
            if point not in shared:
                shared[point] = np.asarray(point, dtype=np.float64) + rng.normal(scale=wander_mm, size=3)
            knots.append(shared[point])
        curve = lattice.body_map.lps_from_body(_smooth_curve(np.array(knots)))
        before = -1
        if course.parent is not None:
            candidates = nodes_of[course.parent]
            gaps = [float(np.linalg.norm(nodes[n] - curve[0])) for n in candidates]
            before = candidates[int(np.argmin(gaps))]
            curve = curve[1:]
        first = len(nodes)
        taper = np.linspace(course.start_radius_mm, course.end_radius_mm, curve.shape[0]) * scale
        for point, radius in zip(curve, taper, strict=True):
            nodes.append(point)
            radii.append(float(radius))
            parents.append(before)
            branch_of.append(index)
            before = len(nodes) - 1
        nodes_of[course.name] = range(first, len(nodes))
    return VesselGraph(
        tree, np.array(nodes), np.array(radii), np.array(parents, np.int32), np.array(branch_of, np.int32),
        tuple(branches),
    )  # fmt: skip


def _smooth_curve(knots: Points) -> Points:
    """Catmull-Rom curve through the knots at steps of about 2 mm."""
    padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    pieces = [knots[:1]]
    for a, b, c, d in zip(padded[:-3], padded[1:-2], padded[2:-1], padded[3:], strict=True):
        n = max(1, int(np.ceil(np.linalg.norm(c - b) / _STEP_MM)))
        t = (np.arange(1, n + 1) / n)[:, None]
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate(pieces)
