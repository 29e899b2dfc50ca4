"""Questions to a vessel graph, and parts of it taken off and joined; the graph itself never changes."""

import numpy as np
import pytest

from twin.errors import InputError
from twin.vessel_graph import VesselBranch, VesselGraph


def tree(name="portal", offset=(0.0, 0.0, 0.0)):
    """A trunk of 10 mm along x that forks into 6 mm up and 4 mm down; the upper one forks again."""
    parts = {
        1: ([(float(x), 0.0, 0.0) for x in range(11)], -1, 3.0),
        2: ([(10.0, 0.0, float(z)) for z in range(1, 7)], 10, 2.0),
        3: ([(10.0, 0.0, -float(z)) for z in range(1, 5)], 10, 1.0),
        4: ([(11.0, 0.0, 6.0)], 16, 0.5),
        5: ([(9.0, 0.0, 6.0)], 16, 0.5),
    }
    points, parents, radii, branch_of = [], [], [], []
    for index, (nodes, above, radius) in parts.items():
        for number, node in enumerate(nodes):
            parents.append(above if number == 0 else len(points) - 1)
            points.append(np.add(node, offset))
            radii.append(radius)
            branch_of.append(index)
    branches = tuple(
        VesselBranch(index, f"{name}{path}", parent)
        for index, path, parent in ((1, "", None), (2, ".1", 1), (3, ".2", 1), (4, ".1.1", 2), (5, ".1.2", 2))
    )
    return VesselGraph(
        name, np.array(points), np.array(radii), np.array(parents, np.int32), np.array(branch_of, np.int32), branches
    )


def check_contract(graph):
    nodes = np.arange(len(graph.parents))
    assert (graph.parents < nodes).all()
    by_index = {branch.index: branch for branch in graph.branches}
    assert len(by_index) == len(graph.branches) == len({branch.name for branch in graph.branches})
    assert set(graph.branch_of_node.tolist()) <= set(by_index)
    for node in nodes[graph.parents >= 0]:
        mine, above = int(graph.branch_of_node[node]), int(graph.branch_of_node[graph.parents[node]])
        assert above in (mine, by_index[mine].parent)


def test_that_downstream_of_a_branch_is_itself_and_what_leaves_it():
    assert tree().downstream_branches(1) == (1, 2, 4, 5, 3)
    assert tree().downstream_branches(2) == (2, 4, 5)
    assert tree().downstream_branches(3) == (3,)


def test_that_branches_have_their_length_from_the_fork_and_their_mean_diameter():
    graph = tree()
    assert graph.lengths_mm == pytest.approx({1: 10.0, 2: 6.0, 3: 4.0, 4: 1.0, 5: 1.0})
    assert graph.mean_diameters_mm == pytest.approx({1: 6.0, 2: 4.0, 3: 2.0, 4: 1.0, 5: 1.0})


def test_that_the_nearest_node_is_found():
    graph = tree()
    assert graph.nodes_lps_mm[graph.nearest_node((3.2, 5.0, 0.1))].tolist() == [3.0, 0.0, 0.0]
    empty = VesselGraph("portal", np.zeros((0, 3)), np.zeros(0), np.zeros(0, np.int32), np.zeros(0, np.int32))
    with pytest.raises(InputError, match=r"error\.vessels\.empty"):
        empty.nearest_node((0, 0, 0))


def test_that_names_change_in_a_copy_and_stay_unique():
    graph = tree()
    named = graph.with_names({2: "portal.right"}, is_confirmed=True)
    assert [branch.name for branch in named.branches] == [
        "portal",
        "portal.right",
        "portal.2",
        "portal.1.1",
        "portal.1.2",
    ]
    assert [branch.is_name_confirmed for branch in named.branches] == [False, True, False, False, False]
    assert graph.branch(2).name == "portal.1"
    with pytest.raises(InputError, match=r"error\.vessels\.same_name"):
        graph.with_names({2: "portal.2"})
    with pytest.raises(InputError, match=r"error\.vessels\.no_branch"):
        graph.with_names({9: "portal.right"})


def test_that_a_named_branch_has_all_that_hangs_on_it_but_the_other_side() -> None:
    names = (
        "portal",
        "portal.left",
        "portal.left.4",
        "portal.left.4a",
        "portal.left.umbilical",
        "portal.right.anterior",
    )
    parents = (None, 1, 2, 3, 2, 2)  # the anterior branch comes from the left one
    branches = tuple(
        VesselBranch(n, name, parent) for n, (name, parent) in enumerate(zip(names, parents, strict=True), 1)
    )
    count = len(branches)
    graph = VesselGraph(
        "portal",
        np.arange(3.0 * count).reshape(count, 3),
        np.ones(count),
        np.array([-1, 0, 1, 2, 1, 1], np.int32),
        np.arange(1, count + 1, dtype=np.int32),
        branches,
    )
    assert graph.branches_of("portal.left.4") == (3, 4)
    assert graph.branches_of("portal.left") == (2, 3, 4, 5)
    assert graph.branches_of("portal.right") == (6,)
    assert graph.branches_of("portal") == (1, 2, 3, 4, 5, 6)
    assert graph.branches_of("portal.middle") == ()
