"""Supply, drainage and crossed vessels on a tree that forks once."""

import numpy as np
import pytest

from simulation.kernels.tree import spread_down
from simulation.perfusion import lost_branches
from simulation.simulate import simulate
from tests.naive.tree import spread_flags
from tests.simulation.shapes import block, grid_of, twin_of
from twin.anatomy import LayerName
from twin.errors import InputError
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import parse_cut
from twin.vessel_graph import VesselBranch, VesselGraph, order_from_root

NOBODY = PatientFacts()


def forked_tree(name, root_y):
    """A trunk from outside to (-15, 0, 0), then branches along x at y = 8 (2) and y = -8 (3); radius 3 to 1 mm."""
    trunk = [(-40, root_y, 0), *((x, 0, 0) for x in range(-35, -12, 2))]
    upper = [(x, 8, 0) for x in range(-10, 22, 2)]
    lower = [(x, -8, 0) for x in range(-10, 22, 2)]
    t, n = len(trunk), len(upper)
    parents = [-1, *range(t - 1), t - 1, *range(t, t + n - 1), t - 1, *range(t + n, t + 2 * n - 1)]
    branches = (
        VesselBranch(1, name, None),
        VesselBranch(2, f"{name}.upper", 1),
        VesselBranch(3, f"{name}.lower", 1),
    )
    return VesselGraph(
        name,
        np.array(trunk + upper + lower, float),
        np.concatenate([[3.0] * t, np.linspace(2, 1, n), np.linspace(2, 1, n)]),
        np.array(parents, np.int32),
        np.array([1] * t + [2] * n + [3] * n, np.int32),
        branches,
    )


def forked_twin():
    grid = grid_of((70, 50, 30))
    liver = block(grid, (25, 16, 10))
    y = grid.lps_from_ijk(np.stack(np.indices(grid.shape_kji)[::-1], axis=-1))[..., 1]
    branch = np.where(liver, np.where(y > 0, 2, 3), 0).astype(np.uint16)
    couinaud = np.where(liver, np.where(y > 0, 8, 5), 0).astype(np.uint8)
    layers = {LayerName.PORTAL_BRANCH: branch, LayerName.VENOUS_BRANCH: branch, LayerName.COUINAUD: couinaud}
    graphs = {"portal": forked_tree("portal", 0), "hepatic": forked_tree("hepatic", 5)}
    return twin_of(grid, liver, derived=layers, graphs=graphs)


def test_that_a_cut_across_the_ends_of_branches_leaves_the_rest_perfused():
    liver = simulate(Plan("A", (parse_cut("plane:5,0,0:1,0,0"),)), forked_twin(), NOBODY).liver
    assert liver["ischaemic_ml"].value == liver["congested_ml"].value == 0
    assert liver["functional_remnant_ml"].value == pytest.approx(liver["flr_ml"].value)


def test_that_removing_the_trunk_takes_the_supply_of_all_that_stays():
    liver = simulate(Plan("A", (parse_cut("plane:-12,0,0:-1,0,0"),)), forked_twin(), NOBODY).liver
    assert liver["functional_remnant_ml"].value == 0
    assert liver["ischaemic_ml"].value == pytest.approx(liver["flr_ml"].value)
    assert liver["congested_ml"].value == pytest.approx(liver["flr_ml"].value)


def test_that_a_territory_is_removed_by_the_name_of_its_branch():
    twin = forked_twin()
    outcome = simulate(Plan("A", (parse_cut("territory:portal.upper"),)), twin, NOBODY)
    removed = np.count_nonzero(twin.layers[LayerName.PORTAL_BRANCH].voxels == 2)
    assert outcome.liver["resected_ml"].value == pytest.approx(removed * twin.grid.voxel_volume_ml)
    with pytest.raises(InputError) as refused:
        simulate(Plan("A", (parse_cut("territory:portal.middle"),)), twin, NOBODY)
    assert "portal.upper" in refused.value.parameters["known"]


def test_that_crossed_vessels_are_listed_in_order_with_place_and_diameter():
    clips = simulate(Plan("A", (parse_cut("plane:6.5,0,0:1,0,0"),)), forked_twin(), NOBODY).clip_list
    assert {clip.branch for clip in clips} == {"portal.upper", "portal.lower", "hepatic.upper", "hepatic.lower"}
    assert [clip.order for clip in clips] == [1, 2, 3, 4]
    along = [clip.point_lps_mm[1] for clip in clips]
    assert along == sorted(along) or along == sorted(along, reverse=True)
    for clip in clips:
        assert clip.point_lps_mm[0] == pytest.approx(6.5, abs=0.51)
        assert 2.0 < clip.diameter_mm < 4.0


def test_that_without_trees_nothing_is_listed_and_perfusion_says_what_it_needs():
    grid = grid_of((40, 30, 30))
    outcome = simulate(Plan("A", (parse_cut("plane:0,0,0:1,0,0"),)), twin_of(grid, block(grid, (15, 10, 10))), NOBODY)
    assert outcome.clip_list == ()
    assert outcome.liver["ischaemic_ml"].needs == ("portal_branch", "venous_branch")


@pytest.mark.kernel
def test_that_flags_spread_towards_the_tips_as_in_the_plain_reference():
    rng = np.random.default_rng(3)
    for _ in range(20):
        shuffled = rng.permutation(40)
        parents = np.full(40, -1, np.int32)
        for place in range(1, 40):
            parents[shuffled[place]] = shuffled[rng.integers(0, place)] if rng.random() < 0.95 else -1
        flags = rng.random(40) < 0.1
        expected = spread_flags(parents, flags)
        spread_down(order_from_root(parents), parents, flags)
        assert flags.tolist() == expected


def test_that_a_vessel_along_the_cut_is_neither_crossed_nor_lost():
    """The lower branch at y = -8 runs 0.7 mm inside the removed part: less than its radius."""
    twin = forked_twin()
    outcome = simulate(Plan("A", (parse_cut("plane:0,-7.3,0:0,-1,0"),)), twin, NOBODY)
    assert outcome.clip_list == ()
    deeper = simulate(Plan("A", (parse_cut("plane:0,-3,0:0,-1,0"),)), twin, NOBODY)
    assert {vessel.branch for vessel in deeper.clip_list} == {"portal.lower", "hepatic.lower"}
    for vessel in deeper.clip_list:
        assert vessel.point_lps_mm[1] == pytest.approx(-3, abs=0.6)


def test_that_a_branch_whose_tip_alone_is_cut_is_not_lost():
    tree = forked_tree("portal", 0)
    removed = tree.nodes_lps_mm[:, 0] > 8
    assert lost_branches(tree, removed).tolist() == []
    assert lost_branches(tree, tree.nodes_lps_mm[:, 0] < -20).tolist() == [1, 2, 3]
