"""The true ducts of phantoms, traced between their ends."""

from functools import cache

import numpy as np
import pytest
from scipy.spatial import cKDTree

from segmentation.ducts.tracing import trace_duct
from twin.anatomy import LayerName
from twin.phantom import Phantom, PhantomRecipe, build_phantom


@cache
def _phantom(seed: int) -> Phantom:
    voxels = {"size_ijk": (220, 200, 150), "spacing_ijk_mm": (0.8, 0.8, 1.0)}
    return build_phantom(PhantomRecipe.small(seed, lesions=(), portal_terminals=40, hepatic_terminals=30, **voxels))


def _course(phantom: Phantom, tree: str, branch: str) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and radii from the root to the end of a branch, as far as the duct lies in its gland."""
    graph = phantom.graphs[tree]
    index = next(b.index for b in graph.branches if b.name == branch)
    nodes = [int(np.flatnonzero(graph.branch_of_node == index)[-1])]
    while graph.parents[nodes[-1]] >= 0:
        nodes.append(int(graph.parents[nodes[-1]]))
    points, radii = graph.nodes_lps_mm[nodes[::-1]], graph.radii_mm[nodes[::-1]]
    if tree == "pancreatic":  # its last millimetres may lie in fat, where nothing can be seen of it
        grid = phantom.volume.grid
        gland = phantom.layers[LayerName.ORGANS].mask("pancreas")
        n_seen = 1 + int(np.flatnonzero(gland[tuple(np.round(grid.ijk_from_lps(points)[:, ::-1]).astype(int).T)])[-1])
        points, radii = points[:n_seen], radii[:n_seen]
    return points, radii


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("tree", "branch"), [("pancreatic", "pancreatic"), ("biliary", "biliary.right"), ("biliary", "biliary.left")]
)
def test_that_a_duct_of_a_phantom_is_followed_from_end_to_end(seed: int, tree: str, branch: str) -> None:
    phantom = _phantom(seed)
    points, radii = _course(phantom, tree, branch)
    duct = trace_duct(phantom.volume, points[[0, -1]], tree=tree)
    gaps_mm, nearest = cKDTree(points).query(duct.graph.nodes_lps_mm)
    assert gaps_mm.mean() < 1.5  # nodes of the truth are 1 to 2 mm apart
    assert np.abs(duct.diameters_mm - 2.0 * radii[nearest]).mean() < 1.2
