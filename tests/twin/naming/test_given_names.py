"""Names given by persons put on a tree by their place."""

import numpy as np
import pytest

from twin.case import Case
from twin.edit import BranchNamesEdit
from twin.errors import InputError
from twin.naming.branch_name import BranchName
from twin.naming.given_names import with_given_names
from twin.vessel_graph import VesselBranch, VesselGraph


def fork():
    """Return a trunk along x that forks into two branches along y, one of which forks again."""
    nodes = [(0, 0, 0), (20, 0, 0), (20, 20, 0), (20, -20, 0), (20, 40, 0), (40, 20, 0)]
    branches = (
        VesselBranch(1, "portal.right", None),
        VesselBranch(2, "portal.right.anterior.8", 1),
        VesselBranch(3, "portal.right.posterior.7", 1),
        VesselBranch(4, "portal.right.anterior.8.1", 2),
        VesselBranch(5, "portal.right.anterior.8.2", 2),
    )
    parents = np.array([-1, 0, 1, 1, 2, 2], np.int32)
    return VesselGraph(
        "portal", np.array(nodes, float), np.ones(6), parents, np.array([1, 1, 2, 3, 4, 5], np.int32), branches
    )


def named(*given):
    graph, lost = with_given_names(fork(), given)
    return {branch.index: branch for branch in graph.branches}, lost


def test_that_a_segmental_name_takes_all_that_hangs_on_the_branch_along():
    branches, lost = named(BranchName("portal", (20.0, 19.0, 0.0), "portal.right.anterior.5", "Dr A"))
    assert [branches[n].name for n in (2, 4, 5)] == [
        "portal.right.anterior.5", "portal.right.anterior.5.1", "portal.right.anterior.5.2",
    ]  # fmt: skip
    assert [branches[n].is_name_confirmed for n in (1, 2, 4)] == [False, True, False]
    assert lost == ()


def test_that_a_branch_that_had_the_name_as_a_proposal_gives_it_up():
    branches, _ = named(BranchName("portal", (20.0, -20.0, 0.0), "portal.right.anterior.8"))
    assert branches[3].name == "portal.right.anterior.8"
    assert branches[2].name == "portal.right.anterior.8.b"
    assert len({branch.name for branch in branches.values()}) == 5


def test_that_a_trunk_is_renamed_alone():
    branches, _ = named(BranchName("portal", (1.0, 0.0, 0.0), "portal.left"))
    assert [branches[n].name for n in (1, 2, 3)] == [
        "portal.left", "portal.right.anterior.8", "portal.right.posterior.7",
    ]  # fmt: skip


def test_that_a_name_below_a_name_stays():
    branches, _ = named(
        BranchName("portal", (20.0, 40.0, 0.0), "portal.left.4a"),
        BranchName("portal", (20.0, 20.0, 0.0), "portal.right.anterior.5"),
    )
    assert branches[4].name == "portal.left.4a"
    assert branches[5].name == "portal.right.anterior.5.1"


def test_that_a_name_whose_branch_is_gone_is_given_back():
    gone = BranchName("portal", (200.0, 0.0, 0.0), "portal.left.2")
    branches, lost = named(gone, BranchName("hepatic", (0.0, 0.0, 0.0), "hepatic.left"))
    assert lost == (gone,)
    assert not any(branch.is_name_confirmed for branch in branches.values())


@pytest.mark.parametrize(
    "name", ["", "hepatic.left", "portal.Right", "portal..left", "portal right", "portal." + "a" * 90]
)
def test_that_a_name_that_is_no_path_of_its_tree_is_refused(name):
    with pytest.raises(InputError) as refusal:
        BranchName("portal", (0.0, 0.0, 0.0), name)
    assert refusal.value.message_id == "error.branch_name.bad"


def test_that_names_are_part_of_a_case_change_its_hash_and_are_undone():
    case = Case("a")
    edit = BranchNamesEdit((BranchName("portal", (1.0, 2.0, 3.0), "portal.left", "Dr A", "2026-01-01T00:00:00Z"),))
    changed = edit.apply(case)
    assert changed.branch_names == edit.names
    assert changed.labels_hash != case.labels_hash
    back = edit.inverted(case).apply(changed)
    assert back.branch_names == ()
    assert back.labels_hash == case.labels_hash


def test_that_a_name_reads_back_as_it_was_written():
    name = BranchName("portal", (1.5, 2.0, -3.25), "portal.left.2", "Dr A", "2026-01-01T00:00:00Z")
    assert BranchName.from_json(name.to_json()) == name
