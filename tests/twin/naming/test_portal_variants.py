"""Variants of the portal vein: branches of the phantom's tree hung elsewhere are still named by what they supply."""

import numpy as np
import pytest

from tests.phantoms import small_phantom
from twin.anatomy import LayerName
from twin.naming.liver_trees import name_liver_trees
from twin.naming.portal_vein import PortalType
from twin.naming.segment_of_name import segment_of_branch_name
from twin.phantom.liver_vessels import segment_of_branch
from twin.vessel_graph import VesselBranch, VesselGraph

ANTERIOR, POSTERIOR, RIGHT, LEFT = "portal.right.anterior", "portal.right.posterior", "portal.right", "portal.left"


@pytest.fixture(scope="module")
def phantom():
    return small_phantom()


def index_of(graph, name):
    return next(branch.index for branch in graph.branches if branch.name == name)


def nodes_of(graph, name):
    return np.flatnonzero(graph.branch_of_node == index_of(graph, name))


def hung(graph, name, node):
    """Return the tree with a branch, and all below it, hung on another node."""
    index, parents = index_of(graph, name), graph.parents.copy()
    parents[nodes_of(graph, name)[0]] = node
    above = int(graph.branch_of_node[node])
    branches = tuple(VesselBranch(b.index, b.name, above if b.index == index else b.parent) for b in graph.branches)
    return VesselGraph(graph.tree, graph.nodes_lps_mm, graph.radii_mm, parents, graph.branch_of_node, branches)


def parted(graph, name, node):
    """Return the tree with a branch in two at a node, as a fork there asks for."""
    index, new = index_of(graph, name), max(branch.index for branch in graph.branches) + 1
    beyond = nodes_of(graph, name)
    beyond = beyond[beyond > node]
    branch_of_node = graph.branch_of_node.copy()
    branch_of_node[beyond] = new
    branches = tuple(VesselBranch(b.index, b.name, new if b.parent == index else b.parent) for b in graph.branches)
    branches = (*branches, VesselBranch(new, f"{name}.b", index))
    return VesselGraph(graph.tree, graph.nodes_lps_mm, graph.radii_mm, graph.parents, branch_of_node, branches)


def without(graph, name):
    """Return the tree without a branch on which nothing hangs."""
    keep = graph.branch_of_node != index_of(graph, name)
    new = np.cumsum(keep) - 1
    parents = np.where(graph.parents[keep] >= 0, new[graph.parents[keep]], -1).astype(np.int32)
    branches = tuple(branch for branch in graph.branches if branch.name != name)
    nodes, radii = graph.nodes_lps_mm[keep], graph.radii_mm[keep]
    return VesselGraph(graph.tree, nodes, radii, parents, graph.branch_of_node[keep], branches)


def usual(graph):
    return graph


def trifurcation(graph):
    fork = int(nodes_of(graph, "portal")[-1])
    return without(hung(hung(graph, ANTERIOR, fork), POSTERIOR, fork), RIGHT)


def posterior_first(graph):
    place = int(nodes_of(graph, "portal")[-12])
    return hung(parted(graph, "portal", place), POSTERIOR, place)


def anterior_from_left(graph):
    return hung(graph, ANTERIOR, int(nodes_of(graph, LEFT)[-1]))


@pytest.mark.parametrize(
    ("variant", "portal_type"),
    [
        (usual, PortalType.USUAL),
        (trifurcation, PortalType.TRIFURCATION),
        (posterior_first, PortalType.POSTERIOR_FIRST),
        (anterior_from_left, PortalType.ANTERIOR_FROM_LEFT),
    ],
)
def test_that_the_type_and_the_names_are_those_of_the_variant(phantom, variant, portal_type):
    true = variant(phantom.graphs["portal"])
    nameless = true.with_names({branch.index: f"portal.{branch.index}" for branch in true.branches})
    found = name_liver_trees(
        {"portal": nameless, "hepatic": phantom.graphs["hepatic"]},
        phantom.layers[LayerName.ORGANS].mask("liver"),
        phantom.layers[LayerName.VESSELS].mask("inferior_vena_cava"),
        phantom.volume.grid,
    )
    assert found.portal_type is portal_type
    named = {branch.index: branch.name for branch in found.graphs["portal"].branches}
    for name in (ANTERIOR, POSTERIOR, "portal.left.2", "portal.left.3"):
        assert named[index_of(true, name)].startswith(name)
    forks = {branch.parent for branch in true.branches}
    ends = [branch for branch in true.branches if branch.index not in forks and segment_of_branch(branch.name)]
    right = [segment_of_branch_name(named[b.index]) == segment_of_branch(b.name) for b in ends]
    assert np.mean(right) >= 0.93
    assert len(set(named.values())) == len(named)
