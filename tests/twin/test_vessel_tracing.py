"""Vessels of a twin traced from its labels alone, beside the phantom's true trees."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from tests.phantoms import small_phantom, traced_small_phantom
from twin.anatomy import LayerName
from twin.case import Case
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.twin import build_twin
from twin.vessel_tracing import trace_vessels
from twin.wording import Wording


@pytest.fixture(scope="module")
def phantom():
    return small_phantom()


@pytest.fixture(scope="module")
def traced():
    return traced_small_phantom()


def roots_of(graph):
    return graph.nodes_lps_mm[graph.parents < 0]


def test_that_every_labelled_tree_is_traced(traced):
    assert set(traced.graphs) == {"portal", "hepatic", "arterial", "pancreatic", "biliary"}
    for graph in traced.graphs.values():
        assert sum(graph.lengths_mm.values()) > 20.0


def test_that_each_tree_begins_where_blood_or_juice_enters_or_leaves(phantom, traced):
    grid, liver = phantom.volume.grid, phantom.layers[LayerName.ORGANS].mask("liver")
    portal = roots_of(traced.graphs["portal"])[0]
    assert not liver[tuple(np.rint(grid.ijk_from_lps(portal)).astype(int)[::-1])]
    cava = np.argwhere(phantom.layers[LayerName.VESSELS].mask("inferior_vena_cava"))
    gaps, _ = cKDTree(grid.lps_from_ijk(cava[:, ::-1])).query(roots_of(traced.graphs["hepatic"]))
    assert (gaps < 5.0).all()
    arterial = traced.graphs["arterial"]
    assert roots_of(arterial)[0][2] > arterial.nodes_lps_mm[:, 2].max() - 25.0
    duodenum = phantom.layers[LayerName.ORGANS].mask("duodenum")
    wall = grid.lps_from_ijk(np.argwhere(duodenum)[:, ::-1])
    assert cKDTree(wall).query(roots_of(traced.graphs["pancreatic"])[:1])[0][0] < 12.0


def test_that_the_gallbladder_is_no_bile_duct(traced):
    assert traced.graphs["biliary"].radii_mm.max() < 9.0


def test_that_the_territories_fill_the_liver_and_belong_to_their_graphs(phantom, traced):
    liver = phantom.layers[LayerName.ORGANS].mask("liver")
    for tree, name in (("portal", LayerName.PORTAL_BRANCH), ("hepatic", LayerName.VENOUS_BRANCH)):
        layer = traced.territories[name]
        assert np.array_equal(layer.voxels > 0, liver)
        assert set(layer.values()) <= {branch.index for branch in traced.graphs[tree].branches}


def test_that_a_twin_built_from_labels_has_graphs_and_its_own_territories(phantom):
    case = Case("a")
    for layer in phantom.layers.values():
        case = case.with_layer(layer)
    twin = build_twin(case, structure_ids=())
    assert {"portal", "hepatic"} <= set(twin.graphs)
    for tree, name in (("portal", LayerName.PORTAL_BRANCH), ("hepatic", LayerName.VENOUS_BRANCH)):
        assert max(twin.layers[name].values()) <= len(twin.graphs[tree].branches)
    given = build_twin(case, structure_ids=(), graphs=phantom.graphs)
    assert given.graphs is phantom.graphs
    assert given.layers[LayerName.PORTAL_BRANCH] is case.layers[LayerName.PORTAL_BRANCH]


def test_that_a_trunk_alone_has_no_territories(phantom):
    grid = phantom.volume.grid
    trunk = phantom.layers[LayerName.VESSELS].mask("portal_vein")
    liver = phantom.layers[LayerName.ORGANS].mask("liver")
    depth = cKDTree(grid.lps_from_ijk(np.argwhere(~liver)[::5, ::-1]))
    inside = np.argwhere(trunk & liver)
    deep = inside[depth.query(grid.lps_from_ijk(inside[:, ::-1]))[0] > 12.0]
    short = trunk & ~liver
    short[tuple(deep[deep[:, 0] < np.percentile(deep[:, 0], 2)].T)] = True
    vessels = LabelLayer(LayerName.VESSELS, grid, np.where(short, 3, 0).astype(np.uint8))
    organs = phantom.layers[LayerName.ORGANS]
    assert trace_vessels({LayerName.ORGANS: organs, LayerName.VESSELS: vessels}).territories == {}


def test_that_what_was_mended_is_told_with_the_territories():
    grid = Grid.from_spacing((40, 24, 24), (1, 1, 1))
    liver, vessels = np.zeros(grid.shape_kji, np.uint8), np.zeros(grid.shape_kji, np.uint8)
    liver[3:21, 3:21, 8:38] = 1
    vessels[10:14, 10:14, 2:18] = 3
    vessels[10:14, 10:14, 22:36] = 3
    layers = {
        LayerName.ORGANS: LabelLayer(LayerName.ORGANS, grid, liver),
        LayerName.VESSELS: LabelLayer(LayerName.VESSELS, grid, vessels),
    }
    traced = trace_vessels(layers)
    assert roots_of(traced.graphs["portal"])[0][0] < 8
    (doubt,) = traced.territories[LayerName.PORTAL_BRANCH].doubts
    assert doubt.message_id == "tracing.gaps"
    assert doubt.parameters["count"] == 1
    assert 2.0 < doubt.parameters["length_mm"] < 8.0
    for language in ("fr", "en"):
        assert "{" not in Wording(language).text(doubt.message_id, **doubt.parameters)


def test_that_no_label_gives_no_graph():
    grid = Grid.from_spacing((6, 6, 6), (2, 2, 2))
    liver = np.zeros((6, 6, 6), np.uint8)
    liver[1:5, 1:5, 1:5] = 1
    found = trace_vessels({LayerName.ORGANS: LabelLayer(LayerName.ORGANS, grid, liver)})
    assert found.graphs == {}
    assert found.territories == {}
