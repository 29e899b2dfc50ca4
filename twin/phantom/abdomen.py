"""Compose the abdomen: every organ in its place, none through another, painted from the outside in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.anatomy import LayerName
from twin.grid import Grid
from twin.job import Progress, ProgressListener
from twin.phantom.appearance import Appearance, Tissue
from twin.phantom.canvas import Canvas
from twin.phantom.great_vessels import Course, drawn_arteries, drawn_cava, drawn_mesenteric_veins
from twin.phantom.individual import Individual
from twin.phantom.lattice import Lattice
from twin.phantom.liver import drawn_liver
from twin.phantom.liver_vessels import drawn_liver_trees
from twin.phantom.recipe import PhantomRecipe
from twin.phantom.skeleton import drawn_skeleton
from twin.phantom.trunk import drawn_trunk
from twin.phantom.truth import couinaud_from_branches, territories
from twin.vessel_graph import VesselGraph

__all__ = ["Scene", "painted_abdomen"]


@dataclass(frozen=True, eq=False)
class Scene:
    """The painted canvas, all truth layers and the vessel graphs."""

    canvas: Canvas
    labels: Mapping[LayerName, NDArray[np.uint8] | NDArray[np.uint16]]
    graphs: Mapping[str, VesselGraph]


def painted_abdomen(
    recipe: PhantomRecipe, individual: Individual, grid: Grid, look: Appearance, progress: ProgressListener
) -> Scene:
    """Draw and paint the abdomen of an individual."""
    lattice = _lattice(grid, individual)
    hu = look.mean_hu

    def rng(stream: int) -> np.random.Generator:
        return np.random.default_rng([recipe.seed, stream])

    trunk = drawn_trunk(lattice, individual.fat_factor, rng(10))
    skeleton = drawn_skeleton(lattice, trunk, rng(11))
    liver = drawn_liver(lattice, trunk, rng(12), individual.liver_volume_ml)
    progress(Progress(0.25, "progress.phantom.vessels"))
    trees = drawn_liver_trees(liver, recipe.portal_terminals, recipe.hepatic_terminals, rng(13))
    cava_courses, cava = drawn_cava(lattice, rng(14))
    artery_courses, arteries = drawn_arteries(lattice, rng(15))
    vein_courses, veins = drawn_mesenteric_veins(lattice, rng(16))

    progress(Progress(0.5, "progress.phantom.painting"))
    canvas = Canvas(grid)
    canvas.paint(trunk.body, hu[Tissue.SKIN], Tissue.SKIN, ("skin",))
    canvas.paint(trunk.body.grown(-2.0), hu[Tissue.FAT], Tissue.FAT)
    canvas.paint(trunk.muscle_envelope, hu[Tissue.MUSCLE], Tissue.MUSCLE)
    canvas.paint(trunk.cavity, hu[Tissue.FAT], Tissue.FAT)
    canvas.paint(trunk.chest, hu[Tissue.LUNG], Tissue.LUNG)
    canvas.paint(skeleton.discs, hu[Tissue.DISC], Tissue.DISC)
    canvas.paint(skeleton.bone, hu[Tissue.CORTICAL_BONE], Tissue.CORTICAL_BONE, ("bone",))
    canvas.paint(skeleton.marrow, hu[Tissue.MARROW], Tissue.MARROW)
    canvas.paint(skeleton.cartilage, hu[Tissue.CARTILAGE], Tissue.CARTILAGE)
    canvas.paint(skeleton.canal, hu[Tissue.CORD], Tissue.CORD)
    canvas.paint(liver.parenchyma, hu[Tissue.LIVER], Tissue.LIVER, ("liver",))
    _paint_courses(canvas, cava, cava_courses, hu[Tissue.CAVAL_BLOOD], Tissue.CAVAL_BLOOD)
    _paint_courses(canvas, arteries, artery_courses, hu[Tissue.ARTERY], Tissue.ARTERY)
    _paint_courses(canvas, veins, vein_courses, hu[Tissue.PORTAL_BLOOD], Tissue.PORTAL_BLOOD)
    canvas.paint_graph(trees.hepatic, hu[Tissue.HEPATIC_BLOOD], Tissue.HEPATIC_BLOOD, ("hepatic_vein",))
    canvas.paint_graph(trees.portal, hu[Tissue.PORTAL_BLOOD], Tissue.PORTAL_BLOOD, ("portal_vein",))

    labels: dict[LayerName, NDArray[np.uint8] | NDArray[np.uint16]] = dict(canvas.labels)
    is_liver = canvas.labels[LayerName.ORGANS] == 1
    portal_branch = territories(trees.portal, is_liver, grid)
    labels[LayerName.PORTAL_BRANCH] = portal_branch
    labels[LayerName.VENOUS_BRANCH] = territories(trees.hepatic, is_liver, grid)
    labels[LayerName.COUINAUD] = couinaud_from_branches(trees.portal, portal_branch)
    graphs = {
        "portal": trees.portal,
        "hepatic": trees.hepatic,
        "cava": cava,
        "arterial": arteries,
        "mesenteric": veins,
    }
    return Scene(canvas, labels, graphs)


def _paint_courses(
    canvas: Canvas, graph: VesselGraph, courses: tuple[Course, ...], value_hu: float, tissue: Tissue
) -> None:
    """Paint each course as its own structure, smaller vessels first so that their parents keep their wall."""
    for index in range(len(courses), 0, -1):
        child = np.flatnonzero((graph.branch_of_node == index) & (graph.parents >= 0))
        parent = graph.parents[child]
        joins_other = graph.branch_of_node[parent] != index
        start_radii = np.where(joins_other, graph.radii_mm[child], graph.radii_mm[parent])
        canvas.paint_tubes(
            graph.nodes_lps_mm[parent], graph.nodes_lps_mm[child], start_radii, value_hu, tissue,
            (courses[index - 1].structure_id,), end_radii_mm=graph.radii_mm[child],
        )  # fmt: skip


def _lattice(grid: Grid, individual: Individual) -> Lattice:
    """A lattice over the scan, fine enough for organs: 2 mm, or 2.5 mm for coarse scans."""
    step_mm = 2.0 if float(grid.spacing_ijk_mm.min()) < 1.5 else 2.5
    far = np.array(grid.size_ijk) - 1
    low, high = grid.lps_from_ijk((0, 0, 0)), grid.lps_from_ijk(far)
    return Lattice.over(
        np.maximum(low, (-200, -150, -400)), np.minimum(high, (200, 150, 400)), step_mm, individual.body_map
    )
