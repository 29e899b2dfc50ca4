"""Lay out the abdomen: every organ in its place, and none through another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from twin.grid import Grid
from twin.job import Progress, ProgressListener
from twin.phantom.chest import Chest, drawn_chest, drawn_oesophagus
from twin.phantom.ducts import drawn_biliary_tree, drawn_gallbladder, drawn_pancreatic_duct
from twin.phantom.great_vessels import Course, drawn_arteries, drawn_cava, drawn_mesenteric_veins
from twin.phantom.hollow_organs import Bowel, drawn_colon, drawn_duodenum, drawn_small_bowel, drawn_stomach
from twin.phantom.individual import Individual
from twin.phantom.lattice import Field, Lattice
from twin.phantom.lesions import Lesion, drawn_lesions
from twin.phantom.liver import Liver, drawn_liver
from twin.phantom.liver_vessels import LiverTrees, drawn_liver_trees, main_trunks
from twin.phantom.muscles import Muscles, drawn_muscles
from twin.phantom.recipe import PhantomRecipe
from twin.phantom.skeleton import Skeleton, drawn_skeleton
from twin.phantom.solid_organs import (
    Kidney,
    Pancreas,
    drawn_adrenals,
    drawn_kidneys,
    drawn_pancreas,
    drawn_spleen,
)
from twin.phantom.trunk import Trunk, drawn_trunk
from twin.phantom.vessel_growth import Trunk as VesselTrunk
from twin.phantom.vessel_growth import graph_from_tree, grown_tree
from twin.vessel_graph import VesselGraph

__all__ = ["AbdomenLayout", "Tree", "laid_out_abdomen", "lattice_over"]


@dataclass(frozen=True)
class Tree:
    """A tree of hand-laid vessels: its courses, its graph, and the space it takes."""

    courses: tuple[Course, ...]
    graph: VesselGraph
    space: Field


@dataclass(frozen=True)
class AbdomenLayout:
    """Everything that is in the abdomen, as shapes and graphs."""

    trunk: Trunk
    skeleton: Skeleton
    muscles: Muscles
    chest: Chest
    oesophagus: Field
    cava: Tree
    arteries: Tree
    mesenteric_veins: Tree
    kidneys: tuple[Kidney, Kidney]
    adrenals: Field
    liver: Liver
    gallbladder: Field
    biliary: VesselGraph
    spleen: Field
    pancreas: Pancreas
    pancreatic_duct: tuple[Course, VesselGraph]
    duodenum: Bowel
    stomach: Bowel
    colon: tuple[Bowel, ...]
    small_bowel: tuple[Bowel, ...]
    mesentery: VesselGraph | None
    lesions: tuple[Lesion, ...]
    trees: LiverTrees


def lattice_over(grid: Grid, individual: Individual) -> Lattice:
    """Return a lattice over the scan, fine enough for organs: 2 mm, more for coarse scans."""
    finest_mm = float(grid.spacing_ijk_mm.min())
    step_mm = 2.0 if finest_mm < 1.5 else 2.5 if finest_mm < 3.0 else 3.5
    far = np.array(grid.size_ijk) - 1
    low, high = grid.lps_from_ijk((0, 0, 0)), grid.lps_from_ijk(far)
    return Lattice.over(
        np.maximum(low, (-200, -150, -400)), np.minimum(high, (200, 150, 400)), step_mm, individual.body_map
    )


def laid_out_abdomen(
    recipe: PhantomRecipe, individual: Individual, lattice: Lattice, progress: ProgressListener
) -> AbdomenLayout:
    """Draw all organs of an individual; each later one gives way to those before it."""

    def rng(stream: int) -> np.random.Generator:
        return np.random.default_rng([recipe.seed, stream])

    trunk = drawn_trunk(lattice, individual.fat_factor, rng(10))
    skeleton = drawn_skeleton(lattice, trunk, rng(11))
    muscles = drawn_muscles(lattice, trunk, 1.06 if individual.sex == "m" else 0.92)
    chest = drawn_chest(lattice, trunk, rng(12))
    cava = _tree(lattice, *drawn_cava(lattice, rng(14)))
    arteries = _tree(lattice, *drawn_arteries(lattice, rng(15)))
    veins = _tree(lattice, *drawn_mesenteric_veins(lattice, rng(16)))
    vessels = cava.space.joined(arteries.space).joined(veins.space)
    oesophagus = drawn_oesophagus(lattice).without(vessels, 1.0)
    fixed = vessels.joined(muscles.inner).joined(skeleton.bone)

    kidneys = _kidneys(lattice, trunk, fixed, rng(20))
    both_kidneys = kidneys[0].whole.joined(kidneys[1].whole)
    adrenals = drawn_adrenals(lattice).without(both_kidneys, 1.5).without(vessels, 0.8)
    press = both_kidneys.joined(adrenals).joined(muscles.inner).joined(oesophagus)
    liver = drawn_liver(lattice, trunk, press, cava.space, rng(21), individual.liver_volume_ml)
    gallbladder = drawn_gallbladder(lattice, liver.gallbladder_axis_mm, rng(22)).without(liver.parenchyma, 0.5)
    biliary = drawn_biliary_tree(lattice, rng(23))
    spleen = drawn_spleen(lattice, trunk, rng(24)).without(both_kidneys, 2.5, 3.0).without(liver.parenchyma, 2.0)
    solid = _union(liver.parenchyma, gallbladder, spleen, both_kidneys, adrenals)
    stomach = _yielding(drawn_stomach(lattice, rng(25)), solid.joined(oesophagus.grown(-3.0)), 2.0, 6.0)
    duodenum = _yielding(drawn_duodenum(lattice, rng(26)), solid.joined(fixed), 1.5, 3.0)
    duodenum = _yielding(duodenum, stomach.whole, 0.0, 0.0)
    stomach, pancreas = _stomach_and_pancreas(lattice, stomach, duodenum, solid, fixed, rng(27))
    duct = drawn_pancreatic_duct(lattice, pancreas.axis_mm, rng(28))
    full = _union(solid, fixed, stomach.whole, duodenum.whole, pancreas.gland)
    colon = tuple(_yielding(_inside(piece, trunk.cavity), full, 1.8, 4.0) for piece in drawn_colon(lattice, rng(29)))
    full = _union(full, *(piece.whole for piece in colon))
    small_bowel = drawn_small_bowel(lattice, trunk.cavity, full, rng(30))
    mesentery = _mesentery(lattice, veins.graph, small_bowel)

    progress(Progress(0.35, "progress.phantom.vessels"))
    trunks = main_trunks(liver, rng(31))
    lesions = drawn_lesions(recipe.lesions, liver.parenchyma, pancreas.axis_mm, trunks.space(lattice), rng(32))
    obstacles = [lesion.shape for lesion in lesions if not lesion.recipe.is_pancreatic] + [arteries.space]
    trees = drawn_liver_trees(liver, trunks, obstacles, recipe.portal_terminals, recipe.hepatic_terminals, rng(33))
    return AbdomenLayout(
        trunk, skeleton, muscles, chest, oesophagus, cava, arteries, veins, kidneys, adrenals, liver, gallbladder,
        biliary, spleen, pancreas, duct, duodenum, stomach, colon, small_bowel, mesentery, lesions, trees,
    )  # fmt: skip


def _tree(lattice: Lattice, courses: tuple[Course, ...], graph: VesselGraph) -> Tree:
    child = np.flatnonzero(graph.parents >= 0)
    parent = graph.parents[child]
    space = lattice.tubes_lps(
        graph.nodes_lps_mm[parent], graph.nodes_lps_mm[child], graph.radii_mm[child], margin_mm=20.0
    )
    return Tree(courses, graph, space)


def _mesentery(lattice: Lattice, veins: VesselGraph, loops: tuple[Bowel, ...]) -> VesselGraph | None:
    """Jejunal and ileal branches from the superior mesenteric vein to each loop of small bowel."""
    if not loops:
        return None
    ends = []
    for loop in loops:
        kji = np.unravel_index(int(np.argmin(loop.whole.values)), loop.whole.values.shape)
        index = np.array(kji[::-1]) + np.array(loop.whole.box.start_kji[::-1])
        ends.append(lattice.origin_lps_mm + lattice.step_mm * index)
    branch = next(b.index for b in veins.branches if b.name == "superior_mesenteric_vein")
    course = veins.nodes_lps_mm[veins.branch_of_node == branch][4::6]
    anywhere = lattice.field(np.full(lattice.shape_kji, -30.0, np.float32))
    regions = np.zeros(len(ends), np.int32)
    tree = grown_tree([VesselTrunk("mesentery", None, course, 0)], np.array(ends), regions, anywhere, 0.85)
    return graph_from_tree(tree, "mesentery", 0.85)


def _union(first: Field, *others: Field) -> Field:
    return reduce(Field.joined, others, first)


def _yielding(bowel: Bowel, others: Field, gap_mm: float, blend_mm: float) -> Bowel:
    """Push a piece of gut out of others, its lumen with it."""
    whole = bowel.whole.without(others, gap_mm, blend_mm).largest_part()
    lumen = bowel.lumen.without(others, gap_mm + 3.0, blend_mm).inside(whole, 1.5)
    return Bowel(whole, lumen, bowel.content, bowel.gas_above_y_mm)


def _inside(bowel: Bowel, cavity: Field) -> Bowel:
    return Bowel(
        bowel.whole.inside(cavity, 3.0, 4.0), bowel.lumen.inside(cavity, 5.5, 4.0), bowel.content, bowel.gas_above_y_mm
    )


def _kidneys(lattice: Lattice, trunk: Trunk, fixed: Field, rng: np.random.Generator) -> tuple[Kidney, Kidney]:
    right, left = (
        Kidney(
            kidney.whole.without(fixed, 2.0, 4.0).inside(trunk.cavity, 5.0, 4.0).inside(trunk.abdomen, 4.0, 4.0),
            kidney.medulla, kidney.sinus, kidney.pelvis,
        )
        for kidney in drawn_kidneys(lattice, rng)
    )  # fmt: skip
    return right, left


def _stomach_and_pancreas(
    lattice: Lattice, stomach: Bowel, duodenum: Bowel, solid: Field, fixed: Field, rng: np.random.Generator
) -> tuple[Bowel, Pancreas]:
    """The stomach lies on the pancreas and gives way to it; the gland moulds itself to vessels and duodenum."""
    drawn = drawn_pancreas(lattice, rng)
    gland = (
        drawn.gland.without(fixed, 0.6, 2.0).without(solid, 2.0, 3.0).without(duodenum.whole, 0.6, 1.5).largest_part()
    )
    stomach = _yielding(stomach, gland, 2.5, 6.0)
    return stomach, Pancreas(gland, drawn.axis_mm)
