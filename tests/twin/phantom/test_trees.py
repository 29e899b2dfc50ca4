"""The trees of the phantom: oriented, named, of Murray's radii, whole, and supplying the whole liver."""

from __future__ import annotations

import cc3d
import numpy as np
import pytest
from scipy.spatial import cKDTree

from twin.anatomy import LayerName, structure
from twin.phantom import Phantom
from twin.phantom.liver_vessels import segment_of_branch
from twin.phantom.truth import sweep_crumbs
from twin.vessel_graph import VesselGraph

ARTERIES = (
    "aorta", "other_artery", "celiac_trunk", "common_hepatic_artery", "splenic_artery", "superior_mesenteric_artery",
    "gastroduodenal_artery",
)  # fmt: skip


def _radius_by_branch(graph: VesselGraph) -> dict[int, float]:
    return {branch.index: float(graph.radii_mm[graph.branch_of_node == branch.index][0]) for branch in graph.branches}


@pytest.mark.parametrize(
    "together",
    [
        ("portal_vein",),
        ("portal_vein", "superior_mesenteric_vein"),
        ("hepatic_vein", "inferior_vena_cava"),
        ("inferior_vena_cava",),
        ("aorta",),
        ("splenic_artery",),
        ARTERIES,
    ],
)
def test_that_vessels_that_belong_together_are_one_component(phantom: Phantom, together: tuple[str, ...]) -> None:
    vessels = phantom.layers[LayerName.VESSELS].voxels
    mask = np.isin(vessels, [structure(name).value for name in together])
    assert cc3d.connected_components(mask, connectivity=26).max() == 1


@pytest.mark.parametrize("name", ["portal", "hepatic", "arterial", "mesenteric", "cava", "biliary", "pancreatic"])
def test_that_every_graph_is_oriented_from_its_roots(phantom: Phantom, name: str) -> None:
    graph = phantom.graphs[name]
    nodes = np.arange(graph.parents.size)
    assert (graph.parents < nodes).all()  # a parent comes before its children, so there is no loop
    assert (graph.radii_mm > 0.2).all()
    names = [branch.name for branch in graph.branches]
    assert len(set(names)) == len(names)
    by_index = {branch.index: branch for branch in graph.branches}
    for node in nodes[graph.parents >= 0]:
        mine, above = int(graph.branch_of_node[node]), int(graph.branch_of_node[graph.parents[node]])
        assert above in (mine, by_index[mine].parent)


def test_that_the_portal_vein_has_one_root_and_the_hepatic_veins_enter_the_cava(phantom: Phantom) -> None:
    assert np.count_nonzero(phantom.graphs["portal"].parents < 0) == 1
    hepatic, cava = phantom.graphs["hepatic"], phantom.graphs["cava"]
    roots = hepatic.nodes_lps_mm[hepatic.parents < 0]
    gap, nearest = cKDTree(cava.nodes_lps_mm).query(roots)
    assert (gap < cava.radii_mm[nearest] + 1.0).all()


def test_that_branches_carry_their_clinical_names(phantom: Phantom) -> None:
    portal = {branch.name: branch for branch in phantom.graphs["portal"].branches}
    hepatic = {branch.name for branch in phantom.graphs["hepatic"].branches}
    assert {"hepatic.right", "hepatic.middle", "hepatic.left"} <= hepatic
    parents = {
        "portal.right": "portal",
        "portal.left": "portal",
        "portal.right.anterior": "portal.right",
        "portal.right.posterior": "portal.right",
        "portal.right.anterior.5": "portal.right.anterior",
        "portal.right.anterior.8": "portal.right.anterior",
        "portal.right.posterior.6": "portal.right.posterior",
        "portal.right.posterior.7": "portal.right.posterior",
    }
    names = {branch.index: name for name, branch in portal.items()}
    for child, parent in parents.items():
        assert names[portal[child].parent] == parent
    assert {"portal.left.umbilical", "portal.left.2", "portal.left.3", "portal.left.4a", "portal.left.4b"} <= set(
        portal
    )


@pytest.mark.parametrize("name", ["portal", "hepatic"])
def test_that_radii_obey_murray_at_every_fork(phantom: Phantom, name: str) -> None:
    graph = phantom.graphs[name]
    radius = _radius_by_branch(graph)
    cubes: dict[int, float] = {}
    for branch in graph.branches:
        if branch.parent is not None:
            cubes[branch.parent] = cubes.get(branch.parent, 0.0) + radius[branch.index] ** 3
    assert len(cubes) > 50
    for parent, cube in cubes.items():
        assert cube == pytest.approx(radius[parent] ** 3, rel=1e-9)


def test_that_main_vessels_have_the_width_of_adults(phantom: Phantom) -> None:
    # Portal vein 11 to 15 mm wide on CT: Stamm et al., AJR 2016;207:W1; aorta at the hiatus 18 to 28 mm: Rogers
    # et al., Am J Cardiol 2013;111:1510.
    assert 5.5 <= phantom.graphs["portal"].radii_mm[0] <= 7.6
    arterial = phantom.graphs["arterial"]
    aorta = arterial.radii_mm[arterial.branch_of_node == 1]
    assert 7.0 <= aorta.min() <= aorta.max() <= 14.0


def test_that_portal_and_hepatic_veins_do_not_run_through_each_other(phantom: Phantom) -> None:
    portal, hepatic = phantom.graphs["portal"], phantom.graphs["hepatic"]
    gap, nearest = cKDTree(portal.nodes_lps_mm).query(hepatic.nodes_lps_mm)
    touching = gap < 0.9 * (portal.radii_mm[nearest] + hepatic.radii_mm)
    assert touching.mean() < 0.005


def test_that_the_trees_fill_the_liver(phantom: Phantom) -> None:
    liver = phantom.layers[LayerName.ORGANS].mask("liver")
    points = phantom.volume.grid.lps_from_ijk(np.argwhere(liver)[::7, ::-1])
    recipe = phantom.recipe
    for name, wanted in (("portal", recipe.portal_terminals), ("hepatic", recipe.hepatic_terminals)):
        gap, _ = cKDTree(phantom.graphs[name].nodes_lps_mm).query(points)
        apart_mm = np.cbrt(liver.sum() * phantom.volume.grid.voxel_volume_ml * 1000.0 / wanted)
        assert np.percentile(gap, 50) < 0.5 * apart_mm
        assert np.percentile(gap, 98) < 1.2 * apart_mm


@pytest.mark.parametrize("layer", [LayerName.PORTAL_BRANCH, LayerName.VENOUS_BRANCH, LayerName.COUINAUD])
def test_that_each_voxel_of_the_liver_and_no_other_is_supplied(phantom: Phantom, layer: LayerName) -> None:
    assert np.array_equal(phantom.layers[layer].voxels > 0, phantom.layers[LayerName.ORGANS].mask("liver"))


def test_that_only_end_branches_supply(phantom: Phantom) -> None:
    for name, layer in (("portal", LayerName.PORTAL_BRANCH), ("hepatic", LayerName.VENOUS_BRANCH)):
        parents = {branch.parent for branch in phantom.graphs[name].branches}
        assert not parents & set(phantom.layers[layer].values())


def test_that_couinaud_segments_are_the_territories_of_their_branches(phantom: Phantom) -> None:
    couinaud = phantom.layers[LayerName.COUINAUD].voxels
    branch_of = phantom.layers[LayerName.PORTAL_BRANCH].voxels
    for branch in phantom.graphs["portal"].branches:
        segments = set(np.unique(couinaud[branch_of == branch.index]).tolist())
        if segments:
            assert segments == {structure(f"couinaud_{segment_of_branch(branch.name)}").value}


def test_that_segments_have_plausible_shares(phantom: Phantom) -> None:
    # Mean shares of 107 livers: segment 8 26 % (11 to 38), segments 2 and 3 below 10 % each (Mise et al., HPB
    # 2013); here each lies within wide limits.
    couinaud = phantom.layers[LayerName.COUINAUD].voxels
    total = np.count_nonzero(couinaud)
    shares = {value: np.count_nonzero(couinaud == value) / total for value in (1, 2, 3, 41, 42, 5, 6, 7, 8)}
    assert 0.11 < shares[8] < 0.38
    assert 0.01 < shares[1] < 0.08
    assert 0.10 < shares[41] + shares[42] < 0.25
    for value in (2, 3, 5, 6, 7):
        assert 0.02 < shares[value] < 0.27


def test_that_the_pancreatic_duct_runs_in_the_gland_and_the_mesenteric_vein_behind_its_neck(phantom: Phantom) -> None:
    gland = phantom.layers[LayerName.ORGANS].mask("pancreas")
    near_gland = cKDTree(phantom.volume.grid.lps_from_ijk(np.argwhere(gland)[:, ::-1]))
    gap, _ = near_gland.query(phantom.graphs["pancreatic"].nodes_lps_mm)
    assert np.percentile(gap, 90) < 3.5
    confluence = phantom.graphs["portal"].nodes_lps_mm[0]
    in_front = confluence - (0.0, 15.0, -6.0)
    assert near_gland.query(in_front)[0] < 6.0


def test_that_crumbs_are_swept_and_whole_pieces_stay() -> None:
    labels = np.zeros((8, 8, 20), np.uint8)
    labels[2:5, 2:5, 1:5] = 14
    labels[2:5, 2:5, 10:13] = 14  # two kidneys
    labels[6, 6, 17] = 14  # a crumb
    labels[0, 0, 0:3] = 3  # a small structure that is all there is
    sweep_crumbs(labels)
    assert np.count_nonzero(labels == 14) == 36 + 27
    assert np.count_nonzero(labels == 3) == 3
