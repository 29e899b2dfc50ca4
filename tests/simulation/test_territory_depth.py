"""The depth in a territory, asked at some voxels, is the distance to what stays."""

import numpy as np
import pytest

from simulation.organ_model import OrganModel
from simulation.territory_depth import TerritoryDepth
from tests.simulation.shapes import ball, centres, grid_of, twin_of
from twin.geometry.distance_edt import distance_to_mm


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 0.9, 3.0)])
def test_that_the_depth_equals_a_distance_transform(spacing):
    grid = grid_of((44, 40, 18), spacing)
    model = OrganModel.of_twin(twin_of(grid, ball(grid, (0, 0, 0), 15.0)))
    x, y, _ = np.moveaxis(centres(model.grid), -1, 0)
    voxels = (x + 3.0 * np.sin(y / 4.0) > -4.0) | (np.random.default_rng(2).random(x.shape) < 0.001)
    at = np.arange(voxels.size)
    found = TerritoryDepth(voxels, model)(at).reshape(voxels.shape)
    inside = voxels & model.organ
    assert found[inside] == pytest.approx(distance_to_mm(model.organ & ~voxels, grid.spacing_ijk_mm)[inside], abs=1e-4)
    assert (found[~inside] == -min(spacing)).all()
    assert found.max() > 8.0  # deeper than what is looked at voxel by voxel


def test_that_a_territory_that_takes_everything_has_no_border():
    grid = grid_of((20, 20, 20))
    model = OrganModel.of_twin(twin_of(grid, ball(grid, (0, 0, 0), 6.0)))
    middle = np.array([np.ravel_multi_index(tuple(n // 2 for n in model.organ.shape), model.organ.shape)])
    assert TerritoryDepth(np.ones(model.organ.shape, np.bool_), model)(middle).tolist() == [np.inf]
