"""Names, portal type and Couinaud segments of trees traced from labels, beside the phantom's truth."""

import numpy as np
import pytest

from tests.phantoms import small_phantom, traced_small_phantom
from twin.anatomy import LayerName
from twin.geometry.territories import branch_territories
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.liver_territories import couinaud_of_trees, end_branches
from twin.naming.branch_tree import TRUNK, BranchTree, Supplied
from twin.naming.liver_trees import LiverNames, name_liver_trees
from twin.naming.portal_vein import PortalType
from twin.naming.segment_of_name import segment_of_branch_name
from twin.phantom.liver_vessels import segment_of_branch
from twin.vessel_graph import VesselBranch, VesselGraph
from twin.vessel_tracing import trace_vessels
from twin.wording import Wording


@pytest.fixture(scope="module")
def phantom():
    return small_phantom()


@pytest.fixture(scope="module")
def liver(phantom):
    return phantom.layers[LayerName.ORGANS].mask("liver")


@pytest.fixture(scope="module")
def traced():
    return traced_small_phantom()


def names_of(graph):
    return {branch.name for branch in graph.branches}


@pytest.mark.parametrize(("tree", "layer"), [("portal", "portal_branch"), ("hepatic", "venous_branch")])
def test_that_nearly_all_of_the_liver_gets_its_true_end_branch(phantom, liver, tree, layer):
    graph, truth = phantom.graphs[tree], phantom.layers[LayerName(layer)].voxels
    found = branch_territories(graph, liver, phantom.volume.grid, branches=end_branches(graph))
    assert np.mean(found.branch_kji[liver] == truth[liver]) >= 0.95


def test_that_nearly_all_of_the_liver_gets_its_true_segment_from_the_true_tree(phantom, liver):
    graph = phantom.graphs["portal"]
    found = branch_territories(graph, liver, phantom.volume.grid, branches=end_branches(graph)).branch_kji[liver]
    segment = np.array([""] + [segment_of_branch(branch.name) or "" for branch in graph.branches])
    truth = phantom.layers[LayerName.PORTAL_BRANCH].voxels[liver]
    assert np.mean(segment[found] == segment[truth]) >= 0.99


def test_that_a_traced_portal_tree_has_the_names_of_the_anatomy(traced):
    names = names_of(traced.graphs["portal"])
    assert {
        "portal", "portal.right", "portal.right.anterior", "portal.right.posterior", "portal.left",
        "portal.right.anterior.5", "portal.right.anterior.8", "portal.right.posterior.6", "portal.right.posterior.7",
        "portal.left.2", "portal.left.3", "portal.left.4a", "portal.left.4b",
    } <= names  # fmt: skip
    assert len(names) == len(traced.graphs["portal"].branches)
    assert traced.portal_type is PortalType.USUAL
    assert not any(branch.is_name_confirmed for branch in traced.graphs["portal"].branches)


def test_that_a_traced_hepatic_tree_has_its_three_veins_and_their_common_trunk(traced):
    assert {"hepatic.right", "hepatic.middle", "hepatic.left", "hepatic.middle_left"} <= names_of(
        traced.graphs["hepatic"]
    )


def test_that_segments_of_traced_trees_agree_with_the_truth(phantom, liver, traced):
    layer = traced.territories[LayerName.COUINAUD]
    truth = phantom.layers[LayerName.COUINAUD]
    assert np.array_equal(layer.voxels > 0, liver)
    assert np.mean(layer.voxels[liver] == truth.voxels[liver]) >= 0.93
    assert set(layer.structure_ids()) == set(truth.structure_ids())
    assert "couinaud.from_trees" in {doubt.message_id for doubt in layer.doubts}


def test_that_a_hepatic_vein_divides_where_it_is_asked_to_and_the_left_one_never_segment_4(phantom, liver, traced):
    names = name_liver_trees(
        traced.graphs, liver, phantom.layers[LayerName.VESSELS].mask("inferior_vena_cava"), phantom.volume.grid
    )
    free = traced.territories[LayerName.COUINAUD].voxels

    def barred(vein):
        grid = phantom.volume.grid
        made = couinaud_of_trees(traced.graphs, names, traced.territories, liver, grid, barriers=(vein,))
        return made.layer.voxels

    left = barred("left")
    assert (left != free).any()
    assert np.isin(free[left != free], (2, 3)).all()
    assert np.isin(left[left != free], (2, 3)).all()
    assert n_behind_beyond_right_vein(barred("right"), names, phantom.volume.grid) == 0
    assert n_behind_beyond_right_vein(free, names, phantom.volume.grid) > 100


def n_behind_beyond_right_vein(couinaud, names, grid):
    """Count the voxels of segments 6 and 7 in front of the plane of the right hepatic vein, where that is seen."""
    points = grid.lps_from_ijk(np.argwhere(np.isin(couinaud, (6, 7)))[:, ::-1])
    course = names.courses["right"]
    is_beyond = names.axis.azimuth_deg(points) > course.azimuth_at(points[:, 2])
    return np.count_nonzero(is_beyond & course.reaches(points, names.axis, 10.0))


def without_vessel(phantom, *structure_ids):
    vessels = phantom.layers[LayerName.VESSELS]
    gone = np.logical_or.reduce([vessels.mask(name) for name in structure_ids])
    return {
        LayerName.ORGANS: phantom.layers[LayerName.ORGANS],
        LayerName.VESSELS: vessels.with_voxels(np.where(gone, 0, vessels.voxels).astype(np.uint8)),
    }


@pytest.mark.parametrize(
    ("gone", "message_id"),
    [
        (("portal_vein",), "couinaud.needs_tree"),
        (("hepatic_vein", "inferior_vena_cava"), "couinaud.needs_tree"),
    ],
)
def test_that_segments_are_not_invented_without_the_trees_they_need(phantom, gone, message_id):
    found = trace_vessels(without_vessel(phantom, *gone))
    assert LayerName.COUINAUD not in found.territories
    assert [doubt.message_id for doubt in found.doubts] == [message_id]
    for language in ("fr", "en"):
        words = Wording(language).text(message_id, **found.doubts[0].parameters)
        assert words != message_id
        assert "{" not in words


def test_that_touching_trees_are_told():
    grid = Grid.from_spacing((40, 40, 40), (1, 1, 1))
    liver, vessels = np.zeros(grid.shape_kji, np.uint8), np.zeros(grid.shape_kji, np.uint8)
    liver[4:36, 4:36, 4:36] = 1
    vessels[18:21, 10:30, 2:34], vessels[21:24, 10:30, 2:34] = 3, 4
    layers = {
        LayerName.ORGANS: LabelLayer(LayerName.ORGANS, grid, liver),
        LayerName.VESSELS: LabelLayer(LayerName.VESSELS, grid, vessels),
    }
    doubts = trace_vessels(layers).territories[LayerName.PORTAL_BRANCH].doubts
    assert "tracing.touching" in {doubt.message_id for doubt in doubts}


def test_that_a_piece_of_the_liver_without_a_branch_is_told():
    grid = Grid.from_spacing((60, 30, 30), (1, 1, 1))
    liver, vessels = np.zeros(grid.shape_kji, np.uint8), np.zeros(grid.shape_kji, np.uint8)
    liver[4:26, 4:26, 4:26], liver[4:26, 4:26, 34:54] = 1, 1
    vessels[14:17, 14:17, 2:24] = 3
    layers = {
        LayerName.ORGANS: LabelLayer(LayerName.ORGANS, grid, liver),
        LayerName.VESSELS: LabelLayer(LayerName.VESSELS, grid, vessels),
    }
    layer = trace_vessels(layers).territories[LayerName.PORTAL_BRANCH]
    (doubt,) = (doubt for doubt in layer.doubts if doubt.message_id == "territories.bare_piece")
    assert doubt.parameters["count"] == 1
    assert doubt.parameters["volume_ml"] == round(22 * 22 * 20 / 1000)


def test_that_nothing_is_named_without_vena_cava_and_hepatic_veins(phantom, liver, traced):
    portal = {"portal": traced.graphs["portal"]}
    assert name_liver_trees(portal, liver, None, phantom.volume.grid).graphs == LiverNames({}).graphs


def small_tree(parents):
    branches = tuple(VesselBranch(n, str(n), parent) for n, parent in parents.items())
    nodes = np.array([[float(n), 0.0, 0.0] for n in parents])
    above = np.array([-1 if parent is None else list(parents).index(parent) for parent in parents.values()], np.int32)
    return VesselGraph("portal", nodes, np.ones(len(parents)), above, np.array(list(parents), np.int32), branches)


def test_that_a_subtree_is_divided_only_where_that_puts_a_good_share_right():
    graph = small_tree({1: None, 2: 1, 3: 1, 4: 2, 5: 2})
    branch = np.repeat([3, 4, 5], [400, 590, 10])
    tree = BranchTree(graph, Supplied(np.zeros((1000, 3)), branch))
    classes = np.repeat([1, 0, 1], [400, 590, 10])  # the ten points of branch 5 reach over the border
    parts = tree.divided([1], classes, 2)
    assert parts.class_of == {1: TRUNK, 2: 0, 4: 0, 5: 0, 3: 1}
    assert tree.divided([1], classes, 2, without=[3]).class_of == {1: 0, 2: 0, 3: 0, 4: 0, 5: 0}


def test_that_a_name_tells_its_segment():
    assert segment_of_branch_name("portal.left.4a.b.1") == "4a"
    assert segment_of_branch_name("portal.right.1") == "1"
    assert segment_of_branch_name("portal.left.transverse.b") is None
    assert segment_of_branch_name("hepatic.right.1") is None
