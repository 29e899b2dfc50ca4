"""Paint the abdomen, from the skin inwards, and mark its truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.anatomy import LayerName, structure
from twin.box import Box
from twin.grid import Grid
from twin.job import Progress, ProgressListener
from twin.label_layer import lesion_layer
from twin.phantom.anatomy_layout import AbdomenLayout, Tree, laid_out_abdomen, lattice_over
from twin.phantom.appearance import Appearance, Tissue
from twin.phantom.canvas import Canvas
from twin.phantom.ducts import BILIARY
from twin.phantom.great_vessels import Course
from twin.phantom.hollow_organs import Bowel
from twin.phantom.individual import Individual
from twin.phantom.lattice import Field
from twin.phantom.recipe import PhantomRecipe
from twin.phantom.table import drawn_table
from twin.phantom.truth import couinaud_from_branches, sweep_crumbs, territories
from twin.vessel_graph import VesselGraph

__all__ = ["Scene", "painted_abdomen"]

Labels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Scene:
    """The painted canvas, all truth layers and the vessel graphs."""

    canvas: Canvas
    labels: Mapping[LayerName, Labels]
    graphs: Mapping[str, VesselGraph]


def painted_abdomen(
    recipe: PhantomRecipe, individual: Individual, grid: Grid, look: Appearance, progress: ProgressListener
) -> Scene:
    """Draw and paint the abdomen of an individual."""
    layout = laid_out_abdomen(recipe, individual, lattice_over(grid, individual), progress)
    progress(Progress(0.5, "progress.phantom.painting"))
    brush = _Brush(Canvas(grid), look)
    _paint_trunk(brush, layout)
    _paint_chest(brush, layout)
    _paint_solid_organs(brush, layout)
    _paint_gut(brush, layout)
    _paint_vessels(brush, layout)
    lesions = _paint_lesions(brush, layout)
    return Scene(brush.canvas, _truth(brush.canvas, layout, lesions, grid), _graphs(layout))


class _Brush:
    """Paints a shape with the mean of its tissue."""

    def __init__(self, canvas: Canvas, look: Appearance) -> None:
        self.canvas = canvas
        self._mean_hu = look.mean_hu

    def shape(
        self, field: Field, tissue: Tissue, *structures: str, softness: float = 1.0
    ) -> tuple[Box, NDArray[np.bool_]]:
        """Paint a shape; return the box and mask of what it covers."""
        return self.canvas.paint(field, self._mean_hu[tissue], tissue, structures, softness=softness)

    def graph(self, graph: VesselGraph, tissue: Tissue, *structures: str) -> None:
        self.canvas.paint_graph(graph, self._mean_hu[tissue], tissue, structures)

    def mesentery(self, graph: VesselGraph) -> None:
        """Paint the small veins of the gut, each with its artery beside it; too small to be labelled."""
        child = np.flatnonzero(graph.parents >= 0)
        starts, ends = graph.nodes_lps_mm[graph.parents[child]], graph.nodes_lps_mm[child]
        # The trunk itself is the mesenteric vein, painted with its own radii.
        radii = np.minimum(graph.radii_mm[child], 2.0)
        for shift_mm, share, tissue in (
            ((0.0, 0.0, 0.0), 1.0, Tissue.PORTAL_BLOOD),
            ((3.0, -2.0, 2.5), 0.7, Tissue.ARTERY),
        ):
            self.canvas.paint_tubes(
                starts + np.array(shift_mm), ends + np.array(shift_mm), share * radii, self._mean_hu[tissue], tissue,
                is_connected=False,
            )  # fmt: skip

    def gut(self, bowel: Bowel, *structures: str) -> None:
        """Paint wall, content, and gas above its level."""
        self.shape(bowel.whole, Tissue.BOWEL_WALL, *structures)
        self.shape(bowel.lumen, bowel.content)
        if bowel.gas_above_y_mm is not None:
            y = bowel.lumen.lattice.coordinates(bowel.lumen.box)[1]
            above = np.maximum(bowel.lumen.values, y - np.float32(bowel.gas_above_y_mm))
            self.shape(bowel.lumen.lattice.field(above, bowel.lumen.box), Tissue.GAS)

    def courses(self, graph: VesselGraph, courses: tuple[Course, ...], tissue: Tissue) -> None:
        """Paint each course as its own structure, side vessels first so that their parents keep their wall."""
        for index in range(len(courses), 0, -1):
            child = np.flatnonzero((graph.branch_of_node == index) & (graph.parents >= 0))
            parent = graph.parents[child]
            joins_other = graph.branch_of_node[parent] != index
            start_radii = np.where(joins_other, graph.radii_mm[child], graph.radii_mm[parent])
            self.canvas.paint_tubes(
                graph.nodes_lps_mm[parent], graph.nodes_lps_mm[child], start_radii, self._mean_hu[tissue], tissue,
                (courses[index - 1].structure_id,), end_radii_mm=graph.radii_mm[child],
            )  # fmt: skip


def _paint_trunk(brush: _Brush, layout: AbdomenLayout) -> None:
    trunk, skeleton, muscles = layout.trunk, layout.skeleton, layout.muscles
    foam, cover = drawn_table(trunk.body)
    brush.shape(cover, Tissue.TABLE_COVER)
    brush.shape(foam, Tissue.TABLE)
    brush.shape(trunk.body, Tissue.SKIN, "skin")
    brush.shape(trunk.body.grown(-2.0), Tissue.FAT)
    brush.shape(trunk.muscle_envelope, Tissue.MUSCLE)
    brush.shape(muscles.fat_planes, Tissue.FAT)
    brush.shape(trunk.cavity, Tissue.FAT)
    brush.shape(layout.chest.lungs, Tissue.LUNG)
    brush.shape(muscles.diaphragm, Tissue.MUSCLE)
    brush.shape(trunk.abdomen, Tissue.FAT)
    brush.shape(muscles.inner, Tissue.MUSCLE)
    brush.shape(skeleton.discs, Tissue.DISC)
    brush.shape(skeleton.cartilage, Tissue.CARTILAGE)
    brush.shape(skeleton.bone, Tissue.CORTICAL_BONE, "bone")
    brush.shape(skeleton.marrow, Tissue.MARROW)
    brush.shape(skeleton.canal, Tissue.FAT)
    brush.shape(skeleton.canal.grown(-2.0), Tissue.CORD)


def _paint_chest(brush: _Brush, layout: AbdomenLayout) -> None:
    for graph in layout.chest.lung_vessels:
        brush.graph(graph, Tissue.ARTERY)
    brush.shape(layout.chest.heart, Tissue.HEART)
    brush.shape(layout.chest.chambers, Tissue.HEART_BLOOD)
    brush.shape(layout.oesophagus, Tissue.BOWEL_WALL)


def _paint_solid_organs(brush: _Brush, layout: AbdomenLayout) -> None:
    brush.shape(layout.spleen, Tissue.SPLEEN, "spleen")
    for kidney in layout.kidneys:
        brush.shape(kidney.whole, Tissue.KIDNEY_CORTEX, "kidney")
        brush.shape(kidney.medulla, Tissue.KIDNEY_MEDULLA)
        brush.shape(kidney.sinus, Tissue.FAT)
        brush.shape(kidney.pelvis, Tissue.URINE)
    brush.shape(layout.adrenals, Tissue.PANCREAS)
    brush.shape(layout.liver.parenchyma, Tissue.LIVER, "liver")
    brush.shape(layout.pancreas.gland, Tissue.PANCREAS, "pancreas")


def _paint_gut(brush: _Brush, layout: AbdomenLayout) -> None:
    if layout.mesentery is not None:
        brush.mesentery(layout.mesentery)
    for loop in layout.small_bowel:
        brush.gut(loop)
    for piece in layout.colon:
        brush.gut(piece)
    brush.gut(layout.stomach, "stomach")
    brush.gut(layout.duodenum, "duodenum")
    brush.shape(layout.gallbladder, Tissue.GALLBLADDER_WALL, "bile_duct")
    brush.shape(layout.gallbladder.grown(-1.3), Tissue.BILE)


def _paint_vessels(brush: _Brush, layout: AbdomenLayout) -> None:
    brush.graph(layout.trees.hepatic, Tissue.HEPATIC_BLOOD, "hepatic_vein")
    brush.courses(layout.cava.graph, layout.cava.courses, Tissue.CAVAL_BLOOD)
    brush.courses(layout.biliary, BILIARY, Tissue.BILE)
    brush.courses(layout.mesenteric_veins.graph, layout.mesenteric_veins.courses, Tissue.PORTAL_BLOOD)
    brush.graph(layout.trees.portal, Tissue.PORTAL_BLOOD, "portal_vein")
    # Arteries last: they are thin and cross the veins.
    brush.courses(layout.arteries.graph, layout.arteries.courses, Tissue.ARTERY)
    course, graph = layout.pancreatic_duct
    brush.courses(graph, (course,), Tissue.BILE)


def _paint_lesions(brush: _Brush, layout: AbdomenLayout) -> list[NDArray[np.bool_]]:
    """Paint the lesions and return their masks, those of the liver inside it, those of the gland inside it."""
    masks = []
    organs = brush.canvas.labels[LayerName.ORGANS]
    for lesion in layout.lesions:
        box, inside = brush.shape(lesion.shape, lesion.tissue, softness=lesion.softness)
        if lesion.recipe.is_pancreatic:
            organs[box.slices][inside] = structure("pancreas").value
        mask = np.zeros(organs.shape, np.bool_)
        mask[box.slices] = inside
        masks.append(mask)
    return masks


def _truth(
    canvas: Canvas, layout: AbdomenLayout, lesions: list[NDArray[np.bool_]], grid: Grid
) -> dict[LayerName, Labels]:
    for name in (LayerName.ORGANS, LayerName.VESSELS):
        sweep_crumbs(canvas.labels[name])
    labels: dict[LayerName, Labels] = dict(canvas.labels)
    labels[LayerName.LESIONS] = lesion_layer(grid, lesions).voxels
    is_liver = canvas.labels[LayerName.ORGANS] == structure("liver").value
    portal_branch = territories(layout.trees.portal, is_liver, grid)
    labels[LayerName.PORTAL_BRANCH] = portal_branch
    labels[LayerName.VENOUS_BRANCH] = territories(layout.trees.hepatic, is_liver, grid)
    labels[LayerName.COUINAUD] = couinaud_from_branches(layout.trees.portal, portal_branch)
    return labels


def _graphs(layout: AbdomenLayout) -> dict[str, VesselGraph]:
    trees: dict[str, Tree] = {
        "cava": layout.cava, "arterial": layout.arteries, "mesenteric": layout.mesenteric_veins,
    }  # fmt: skip
    return {
        "portal": layout.trees.portal,
        "hepatic": layout.trees.hepatic,
        **{name: tree.graph for name, tree in trees.items()},
        "biliary": layout.biliary,
        "pancreatic": layout.pancreatic_duct[1],
    }
