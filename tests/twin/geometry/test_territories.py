"""Nearest branch of each voxel of an organ."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from twin.geometry.territories import branch_territories
from twin.grid import Grid
from twin.vessel_graph import VesselBranch, VesselGraph

GRID = Grid.from_spacing((30, 26, 18), (1.0, 1.2, 2.0), origin_lps_mm=(4, 5, 6))


def two_branches(shift=0.0):
    """A branch along x at the voxels of row 6, and one at row 20."""
    voxels_ijk = np.array([(i, j, 8) for j in (6, 20) for i in range(5, 25)], float)
    count = len(voxels_ijk)
    parents = np.arange(-1, count - 1, dtype=np.int32)
    parents[count // 2] = -1  # two roots: no course from one row to the other
    branch_of = np.repeat(np.array([1, 2], np.int32), count // 2)
    points = GRID.lps_from_ijk(voxels_ijk) + shift
    branches = (VesselBranch(1, "portal", None), VesselBranch(2, "portal.1", 1))
    return VesselGraph("portal", points, np.ones(count), parents, branch_of, branches)


def test_that_each_voxel_gets_the_nearest_branch_and_none_outside_of_the_organ():
    organ = np.zeros(GRID.shape_kji, bool)
    organ[2:16, 3:24, 4:27] = True
    graph = two_branches()
    found = branch_territories(graph, organ, GRID)
    voxels = np.argwhere(organ)
    gaps, nearest = cKDTree(graph.nodes_lps_mm).query(GRID.lps_from_ijk(voxels[:, ::-1]))
    expected = graph.branch_of_node[nearest]
    is_tie = voxels[:, 1] == 13
    assert np.array_equal(found.branch_kji[organ][~is_tie], expected[~is_tie])
    assert (found.branch_kji[~organ] == 0).all()
    assert found.median_distance_mm == pytest.approx(np.median(gaps), abs=0.05)
    threaded = branch_territories(graph, organ, GRID, n_threads=2)
    assert np.array_equal(threaded.branch_kji, found.branch_kji)


def test_that_only_nodes_in_the_organ_supply_it():
    organ = np.zeros(GRID.shape_kji, bool)
    organ[2:16, 3:12, 4:27] = True
    assert set(np.unique(branch_territories(two_branches(), organ, GRID).branch_kji)) == {0, 1}
    assert branch_territories(two_branches(shift=500.0), organ, GRID) is None
    assert branch_territories(two_branches(), np.zeros(GRID.shape_kji, bool), GRID) is None
